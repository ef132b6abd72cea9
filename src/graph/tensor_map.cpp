#include "graph/tensor_map.h"

namespace tilewright {
namespace {

constexpr RegionOwner kNobody{UINT32_MAX, 0};

}  // namespace

void TensorMap::set_watermarks(const uint32_t* completed) {
  writers_.set_watermarks(completed);
  readers_.set_watermarks(completed);
}

void TensorMap::access_region(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag, RegionOwner owner) {
  const ShapedRegion& region = shapes_.region_of(view, range);
  if (tag == TensorArgType::INPUT) {
    writers_.find(region, owner, false, hits_);
    if (track_war_) readers_.insert(region, lasting, owner);
  } else if (tag == TensorArgType::INOUT || (tag == TensorArgType::OUTPUT_EXISTING && track_war_)) {
    writers_.update(region, lasting, owner, hits_);
    if (readers_.maybe_occupied()) readers_.find(region, owner, true, hits_);
  } else if (tag == TensorArgType::OUTPUT_EXISTING) {
    writers_.insert(region, lasting, owner);
  }
}

std::span<const RegionHit> TensorMap::writers_of(const ChipTensor& view) {
  hits_.clear();
  const ShapedRegion region{Region(view)};
  if (!region.empty()) writers_.find(region, kNobody, false, hits_);
  return hits_.all();
}

}  // namespace tilewright
