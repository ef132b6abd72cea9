// The .npy format of NumPy, versions 1.0, 2.0 and 3.0 (numpy.lib.format, NEP 1). Types and conventions: docs/guide/running.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "data/host_tensor.h"

namespace tilewright {

/// Reads a file. Fortran order becomes row-major and big-endian numbers are swapped.
///
/// NumPy has no bfloat16, fp8 or fp4: such files hold 'V2' or 'V1' (what ml_dtypes writes) or unsigned integers of that
/// size. V2 is read as bfloat16; V1 needs `dtype` to say which. `dtype`, if given, must otherwise be the file's type.
///
/// Throws Error with the file's name: kFileNotFound, kIoError, kParseError (not .npy, malformed header, data shorter or
/// longer than the shape says), kUnsupported (a type without a DataType, such as f8, complex, strings, structures),
/// kLimitExceeded (more than 5 dimensions, one past 2^32 - 1), kSignatureMismatch (the file's type is not `dtype`).
HostTensor read_npy(const std::filesystem::path& path, std::optional<DataType> dtype = std::nullopt);

/// The same for the content of a file; `name` is used in messages.
HostTensor parse_npy(std::string_view content, std::string_view name, std::optional<DataType> dtype = std::nullopt);

/// The bytes of a version 1.0 file, as NumPy writes them; bfloat16 becomes '<V2', fp8 and fp4 '|V1'.
std::string format_npy(const HostTensor& tensor);

/// Writes format_npy(tensor) with write_file_atomically.
void write_npy(const std::filesystem::path& path, const HostTensor& tensor);

}  // namespace tilewright
