#include "graph/region_shapes.h"

#include <algorithm>
#include <bit>

namespace tilewright {
namespace {

constexpr uint32_t kMinColumnLevel = 4;

uint32_t level_of(uint64_t size, uint32_t least) { return std::max(least, static_cast<uint32_t>(std::bit_width(size - 1))); }

}  // namespace

ShapedRegion::ShapedRegion(const Region& region) : Region(region) {
  if (rank == 0 || rank > 2) return;
  const Dim& outer = dims[rank - 1];
  const Dim& inner = dims[0];
  if (outer.stride > UINT32_MAX || outer.count > UINT32_MAX || (rank == 2 && !nested())) return;
  boxed = true;
  key.pitches = outer.stride << 32 | inner.stride;
  key.levels = level_of(outer.count, 0) | (rank == 2 ? level_of(inner.count, 0) << 8 : 0) | level_of(run, kMinColumnLevel) << 16;
}

void RegionShapes::look_up(const ChipTensor& view) {
  last_ = &seen_[((view.shapes[0] ^ view.strides[0]) * 0x9E3779B1u + view.shapes[1] * 0x85EBCA77u) >> 29];
  if (!last_->is(view)) last_->set(view);
}

void RegionShapes::Seen::set(const ChipTensor& view) {
  ndims = view.ndims;
  dtype = view.dtype;
  std::copy_n(view.shapes, MAX_TENSOR_DIMS, shapes);
  std::copy_n(view.strides, MAX_TENSOR_DIMS, strides);
  region = ShapedRegion(Region(view));
}

}  // namespace tilewright
