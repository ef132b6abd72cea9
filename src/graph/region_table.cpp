#include "graph/region_table.h"

#include <algorithm>
#include <bit>

namespace tilewright {
namespace {

constexpr uint32_t kInitialGroupBits = 4;  // 16 groups of eight buckets: one page

}  // namespace

RegionTable::RegionTable() { allocate(kInitialGroupBits); }

void RegionTable::allocate(uint32_t group_bits) {
  memory_ = std::make_unique<LazyArray<RegionEntry>>(size_t{8} << group_bits);
  buckets_ = &(*memory_)[0];
  shift_ = 64 - group_bits;
  spill_limit_ = bucket_count() / 4;
}

uint32_t RegionTable::spill(const RegionEntry& entry) {
  ++spilled_;
  if (free_ == 0) {
    spill_.push_back(entry);
    return static_cast<uint32_t>(spill_.size());
  }
  const uint32_t place = free_;
  free_ = spill_[place - 1].link_;
  spill_[place - 1] = entry;
  return place;
}

void RegionTable::reset(uint64_t entries) {
  if (entries > bucket_count() / 2) {
    allocate(static_cast<uint32_t>(std::countr_zero(std::bit_ceil(4 * entries) / 8)));
  } else {
    std::fill(buckets_, buckets_ + bucket_count(), RegionEntry());
  }
  spill_.clear();
  free_ = 0;
  spilled_ = 0;
}

}  // namespace tilewright
