// Tensors and scalars as text: what '--arg x=f32[256,512]=randn:7' and '--scalar n=i32:5' say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/host_tensor.h"

namespace tilewright {

/// A tensor to make. Either a shape and a generator, or a .npy file, for which dtype may be unset.
struct TensorSpec {
  std::optional<DataType> dtype;
  std::vector<uint32_t> shape;
  std::string generator;         ///< as generate() takes it; "zeros" if the text names none
  std::filesystem::path file;    ///< empty if generated
};

/// "DTYPE[D0,D1,...]" (zeros), "DTYPE[D0,D1,...]=GENERATOR", "@FILE" or "DTYPE@FILE". Spaces are not allowed. "f32[]" is
/// of rank 0. Throws Error(kInvalidArgument) with the forms, kLimitExceeded for more than 5 dimensions.
TensorSpec parse_tensor_spec(std::string_view text);

/// Generates or reads the tensor. Throws as generate and read_npy.
HostTensor make_tensor(const TensorSpec& spec);

/// A scalar argument as it crosses to the callable.
struct ScalarSpec {
  DataType dtype;
  uint64_t bits;  ///< the value's bytes in the low end, the rest zero, as to_u64
};

/// "DTYPE:VALUE", such as "i32:5", "f32:1.5", "bool:1"; not for fp8 and fp4. Throws Error(kInvalidArgument, kUnsupported).
ScalarSpec parse_scalar_spec(std::string_view text);

}  // namespace tilewright
