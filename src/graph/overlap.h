// Whether two views may touch a common byte.
#pragma once

#include <cstdint>

#include "tensor.h"

namespace tilewright {

/// The bytes from a view's first to its last one, as addresses. Empty if begin == end.
struct ByteRange {
  uint64_t begin;
  uint64_t end;
};

inline ByteRange byte_range(const ChipTensor& view) {
  const uint64_t size = get_element_size(view.dtype);
  const uint64_t begin = view.buffer.addr + view.start_offset * size;
  return {begin, begin + view.extent_elem() * size};
}

inline bool intersects(ByteRange a, ByteRange b) { return a.begin < b.end && b.begin < a.end; }

/// For views whose byte ranges intersect. Exact if both are contiguous, and if they are boxes of one row-major grid
/// (equal dtype, rank and strides, each stride a multiple of the next); otherwise true.
bool views_overlap(const ChipTensor& a, const ChipTensor& b);

/// Whether `outer` contains every byte of `inner`, as far as contiguous ranges and boxes of one grid tell; false
/// where it is not certain.
bool view_covers(const ChipTensor& outer, const ChipTensor& inner);

}  // namespace tilewright
