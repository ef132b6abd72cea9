// The elements of a tensor as numbers, whatever their type: for references and what is compared with them.
#pragma once

#include <span>
#include <vector>

#include "data/host_tensor.h"

namespace tilewright {

/// All elements in row-major order. 64-bit integers beyond 2^53 are rounded.
std::vector<double> to_numbers(const HostTensor& tensor);

/// A tensor with these elements in row-major order, rounded to the nearest value of its type, ties to even, as generators round. For
/// integers they must be integers within the type's range, and for bool 0 or 1. Throws Error: kInvalidArgument if there are more or fewer
/// than the shape says or one is not in range; kUnsupported for fp8 and fp4; what HostTensor throws.
HostTensor from_numbers(DataType dtype, std::vector<uint32_t> shape, std::span<const double> numbers);

}  // namespace tilewright
