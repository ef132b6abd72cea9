// What regions of one shape have in common, worked out once: programs access many views of few shapes.
#pragma once

#include <array>
#include <cstdint>

#include "graph/region.h"

namespace tilewright {

/// Boxes of like shape: their pitches, and the power of two that bounds their size in each dimension.
struct GridKey {
  uint64_t pitches = 0;  ///< outer << 32 | inner
  uint32_t levels = 0;   ///< a byte per dimension of Box, the first lowest
  /// Whether the boxes have one pitch; of no box otherwise.
  bool is_tile() const { return pitches >> 32 == (pitches & UINT32_MAX) && pitches != 0; }
  friend bool operator==(const GridKey&, const GridKey&) = default;
};

/// A region, and what RegionIndex wants to know of its shape.
struct ShapedRegion : Region {
  ShapedRegion() = default;
  explicit ShapedRegion(const Region& region);

  bool boxed = false;         ///< it is a box of a grid with one or two pitches
  GridKey key;                ///< if it is
  uint64_t buffer = 0;        ///< if it is: where its buffer begins
  mutable uint32_t grid = 0;  ///< of the index: where it found the class of regions like this one last
};

/// The canonical forms of the shapes that were seen last. Not thread safe.
class RegionShapes {
 public:
  RegionShapes() = default;
  RegionShapes(const RegionShapes&) = delete;
  RegionShapes& operator=(const RegionShapes&) = delete;

  /// The region of `view`, which has gaps, but for range and buffer, which are those of some view of that shape. Valid until the next
  /// call.
  ShapedRegion& shape_of(const ChipTensor& view) {
    if (!last_->is(view)) [[unlikely]]
      look_up(view);
    return last_->region;
  }
  /// The same if it was `view`'s shape that was asked for last, else null.
  ShapedRegion* same_shape(const ChipTensor& view) { return last_->is(view) ? &last_->region : nullptr; }

 private:
  struct Seen {
    uint32_t ndims = 0;
    DataType dtype{};
    uint32_t shapes[MAX_TENSOR_DIMS];
    uint32_t strides[MAX_TENSOR_DIMS];
    ShapedRegion region;

    bool is(const ChipTensor& view) const {
      if (ndims != view.ndims || dtype != view.dtype) return false;
      for (uint32_t i = 0; i < 2; ++i) {  // a view with gaps has two dimensions or more, or one whose other values do not matter
        if (shapes[i] != view.shapes[i] || strides[i] != view.strides[i]) return false;
      }
      for (uint32_t i = 2; i < ndims; ++i) {
        if (shapes[i] != view.shapes[i] || strides[i] != view.strides[i]) return false;
      }
      return true;
    }
    void set(const ChipTensor& view);
  };
  void look_up(const ChipTensor& view);

  std::array<Seen, 8> seen_;
  Seen* last_ = &seen_[0];  ///< of the shape seen last
};

}  // namespace tilewright
