#include "graph/region_table.h"

#include <algorithm>
#include <bit>

namespace tilewright {
namespace {

constexpr uint32_t kInitialGroups = 2;  // one page
constexpr uint64_t kManyEntries = 1 << 14;

}  // namespace

RegionTable::RegionTable() { allocate(kInitialGroups); }

void RegionTable::allocate(uint64_t groups) {
  memory_ = std::make_unique<LazyArray<RegionEntry>>(groups << kGroupBits);
  buckets_ = &(*memory_)[0];
  if (groups << kGroupBits >= (1u << 16)) memory_->use_huge_pages(groups << kGroupBits);
  shift_ = 64 - static_cast<uint32_t>(std::countr_zero(groups));
  spill_limit_ = bucket_count() / 8;
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
  // Spilling costs more than the cache that a sparse table takes: a large table with two buckets an entry is twice as slow as with four.
  const uint64_t room = entries < kManyEntries ? 8 : 4;
  if (room * entries > bucket_count()) {
    allocate(std::bit_ceil(room * entries) >> kGroupBits);
  } else {
    std::fill(buckets_, buckets_ + bucket_count(), RegionEntry());
  }
  spill_.clear();
  free_ = 0;
  spilled_ = 0;
}

}  // namespace tilewright
