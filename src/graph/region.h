// Region: the bytes of a strided view in a canonical form, in which overlap is decided and regions are indexed.
#pragma once

#include <cstdint>

#include "tensor.h"

namespace tilewright {

/// The bytes from a view's first to its last one, as addresses. Empty if begin == end.
struct ByteRange {
  uint64_t begin;
  uint64_t end;
  friend bool operator==(ByteRange, ByteRange) = default;
};

inline ByteRange byte_range(const ChipTensor& view) {
  const uint64_t size = get_element_size(view.dtype);
  const uint64_t begin = view.buffer.addr + view.start_offset * size;
  return {begin, begin + view.extent_elem() * size};
}

inline bool intersects(ByteRange a, ByteRange b) { return a.begin < b.end && b.begin < a.end; }
inline bool contains(ByteRange outer, ByteRange inner) { return outer.begin <= inner.begin && inner.end <= outer.end; }

/// Runs of `run` bytes that start at range.begin + sum(i_k * dims[k].stride), 0 <= i_k < dims[k].count. Canonical:
/// strides ascend, counts are at least 2, runs that touch or overlap are joined, and so are dimensions that together are
/// one. A contiguous view has rank 0. The bytes are those of the view exactly, whatever its element type, the order of its
/// dimensions, or whether its elements overlap.
struct Region {
  struct Dim {
    uint64_t stride;  ///< bytes
    uint64_t count;
    friend bool operator==(const Dim&, const Dim&) = default;
  };
  ByteRange range;
  uint64_t run;
  uint32_t rank;
  Dim dims[MAX_TENSOR_DIMS];

  Region() : range{0, 0}, run(0), rank(0) {}
  explicit Region(const ChipTensor& view) : Region(view, byte_range(view)) {}
  /// The same, for a caller who has computed the range.
  Region(const ChipTensor& view, ByteRange bytes) : range(bytes), run(bytes.end - bytes.begin), rank(0) {
    if (!view.is_contiguous) add_dimensions(view);
  }
  /// A contiguous one.
  explicit Region(ByteRange bytes) : range(bytes), run(bytes.end - bytes.begin), rank(0) {}

  bool empty() const { return range.begin == range.end; }
  /// Whether what lies within one step of each dimension fits into that step: the region is a box of a grid then.
  bool nested() const {
    uint64_t extent = run;
    for (uint32_t i = 0; i < rank; ++i) {
      if (extent > dims[i].stride) return false;
      extent += (dims[i].count - 1) * dims[i].stride;
    }
    return true;
  }
  /// The dimension `stride` and `count` around what is there. Strides must not descend, nor counts be 0.
  void add_dimension(uint64_t stride, uint64_t count);

  friend bool operator==(const Region& a, const Region& b);

 private:
  void add_dimensions(const ChipTensor& view);
  void add_sorted(const ChipTensor& view);
};

inline void Region::add_dimension(uint64_t stride, uint64_t count) {
  if (count == 1) return;
  if (rank == 0) {
    if (stride <= run) {
      run += (count - 1) * stride;
      return;
    }
  } else if (Dim& inner = dims[rank - 1]; stride <= inner.stride * inner.count && stride % inner.stride == 0) {
    inner.count += (count - 1) * (stride / inner.stride);
    return;
  }
  dims[rank++] = {stride, count};
}

inline void Region::add_dimensions(const ChipTensor& view) {
  if (range.begin == range.end) return;
  const uint64_t size = get_element_size(view.dtype);
  run = size;
  uint64_t inner = 0;
  for (uint32_t i = view.ndims; i-- > 0;) {
    if (view.shapes[i] == 1) continue;
    const uint64_t stride = view.strides[i] * size;
    if (stride < inner) [[unlikely]]
      return add_sorted(view);  // transposed
    inner = stride;
    add_dimension(stride, view.shapes[i]);
  }
}

}  // namespace tilewright
