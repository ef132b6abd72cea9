// What a shared object exports, read from its bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tilewright {

/// The defined global and weak functions in .dynsym, in the order of the table, mangled as they are. Throws
/// Error(kInvalidArgument) if `object` is not a 64-bit ELF shared object that can be read.
std::vector<std::string> exported_functions(std::span<const uint8_t> object);

/// "scale(float*)" for "_Z5scalePf"; the name itself if it is not mangled.
std::string demangle(const std::string& symbol);

}  // namespace tilewright
