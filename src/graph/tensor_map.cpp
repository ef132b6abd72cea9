#include "graph/tensor_map.h"

namespace tilewright {
namespace {

constexpr RegionOwner kNobody{UINT32_MAX, 0};

}  // namespace

void TensorMap::set_watermarks(const uint32_t* completed) {
  writers_.set_watermarks(completed);
  readers_.set_watermarks(completed);
}

OneHit TensorMap::update_bytes(ByteRange range, RegionOwner owner) {
  if (const OneHit hit = writers_.update_one(range, owner); !hit.is_unknown()) [[likely]]
    return hit;
  return access_bytes_anyhow(range, TensorArgType::INOUT, owner);
}

OneHit TensorMap::access_bytes_anyhow(ByteRange range, TensorArgType tag, RegionOwner owner) {
  hits_.clear();
  access_bytes(range, tag, owner);
  return OneHit::unknown();
}

inline void TensorMap::access_bytes(ByteRange range, TensorArgType tag, RegionOwner owner) {
  if (tag == TensorArgType::INPUT) {
    writers_.find_bytes(range, owner, false, hits_);
    if (track_war_) readers_.insert_bytes(range, owner);
  } else if (tag == TensorArgType::INOUT || (tag == TensorArgType::OUTPUT_EXISTING && track_war_)) {
    writers_.update_bytes(range, owner, hits_);
    if (readers_.maybe_occupied()) readers_.find_bytes(range, owner, true, hits_);
  } else if (tag == TensorArgType::OUTPUT_EXISTING) {
    writers_.insert_bytes(range, owner);
  }
}

// Nothing is called but at the end, so that nothing need be saved.
OneHit TensorMap::find_gapped(const ChipTensor& view, ByteRange range, RegionOwner owner) {
  if (const ShapedRegion* const region = shapes_.same_shape(view); region != nullptr) [[likely]]
    return writers_.find_one(*region, range, owner);
  return find_other_shape(view, range, owner);
}

OneHit TensorMap::find_other_shape(const ChipTensor& view, ByteRange range, RegionOwner owner) {
  return writers_.find_one(shapes_.shape_of(view), range, owner);
}

OneHit TensorMap::update_gapped(const ChipTensor& view, ByteRange range, RegionOwner owner) {
  if (const ShapedRegion* const region = shapes_.same_shape(view); region != nullptr) [[likely]]
    return writers_.update_one(*region, range, owner);
  return update_other_shape(view, range, owner);
}

OneHit TensorMap::update_other_shape(const ChipTensor& view, ByteRange range, RegionOwner owner) {
  return writers_.update_one(shapes_.shape_of(view), range, owner);
}

OneHit TensorMap::access_gapped_anyhow(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                       RegionOwner owner) {
  hits_.clear();
  ShapedRegion& region = shapes_.shape_of(view);
  region.range = range;
  region.buffer = view.buffer.addr;
  access_region(region, lasting, tag, owner);
  return OneHit::unknown();
}

void TensorMap::access_region(const ShapedRegion& region, const ChipTensor& lasting, TensorArgType tag, RegionOwner owner) {
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
