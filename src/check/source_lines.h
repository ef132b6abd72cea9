// From code addresses to lines of sources, through the debugging information (DWARF) of the object that holds the code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace tilewright::check {

/// Where a kernel issued an instruction: return addresses, the innermost first. Instructions are inline functions that may or may not
/// have been inlined, so the innermost address lies in the kernel's own code or in a function of the instruction set's headers.
using CallStack = std::span<const void* const>;

/// Not thread safe.
class SourceLines {
 public:
  SourceLines();
  ~SourceLines();
  SourceLines(const SourceLines&) = delete;
  SourceLines& operator=(const SourceLines&) = delete;

  /// An object that was loaded from memory: an address in it, and the file's bytes, which must outlive this. Other objects are read from
  /// the files that the loader names.
  void add_object(const void* address, std::span<const uint8_t> bytes);

  /// "add.cpp:41": the innermost line that is not in the instruction set's own headers. Without debugging information
  /// "add.so+0x1a2b (built without lines)".
  std::string place(CallStack stack);

 private:
  struct Object;
  Object* object_of(const void* address);

  std::map<const void*, std::unique_ptr<Object>> objects_;  ///< by the loader's record of it
};

}  // namespace tilewright::check
