#include "graph/tensor_map.h"

namespace tilewright {
namespace {

constexpr uint64_t kInitialBuckets = 4096;

}  // namespace

TensorMap::TensorMap() : buckets_(new Entry[kInitialBuckets]), bucket_mask_(kInitialBuckets - 1) {}

bool TensorMap::level_live(uint32_t level) {
  Level& state = level_[level];
  for (uint32_t ring = 0; ring < kRingCount; ++ring) {
    if (state.used[ring] && static_cast<int32_t>(state.newest[ring] - completed_[ring]) >= 0) return true;
  }
  state = Level{};
  levels_ &= ~(uint64_t{1} << level);
  return false;
}

void TensorMap::insert(const RegionWriter& region) {
  if (region.range.begin == region.range.end) return;
  const uint32_t level = level_of(region.range);
  Level& state = level_[level];
  levels_ |= uint64_t{1} << level;
  state.newest[region.ring] = region.task.id;
  state.used[region.ring] = true;
  state.straddles = state.straddles || region.range.begin >> level != (region.range.end - 1) >> level;
  place(region, level);
  if (spill_.size() - spill_free_.size() > bucket_mask_ / 2) grow();
}

void TensorMap::place(const RegionWriter& region, uint32_t level) {
  Entry& head = bucket(region.range.begin >> level, level);
  if (live(head.region)) head.older = spill(head);
  head.region = region;
  head.level = static_cast<uint8_t>(level);
}

uint32_t TensorMap::spill(const Entry& entry) {
  if (spill_free_.empty()) {
    spill_.push_back(entry);
    return static_cast<uint32_t>(spill_.size() - 1);
  }
  const uint32_t at = spill_free_.back();
  spill_free_.pop_back();
  spill_[at] = entry;
  return at;
}

void TensorMap::grow() {
  std::vector<Entry> entries;
  for (uint64_t i = 0; i <= bucket_mask_; ++i) {
    if (live(buckets_[i].region)) entries.push_back(buckets_[i]);
  }
  for (const Entry& entry : spill_) {
    if (live(entry.region)) entries.push_back(entry);
  }
  uint64_t count = bucket_mask_ + 1;
  while (count < 4 * entries.size()) count *= 2;
  buckets_.reset(new Entry[count]);
  bucket_mask_ = count - 1;
  spill_.clear();
  spill_free_.clear();
  for (const Entry& entry : entries) place(entry.region, entry.level);
}

void TensorMap::clear() {
  for (uint64_t i = 0; i <= bucket_mask_; ++i) buckets_[i] = Entry{};
  spill_.clear();
  spill_free_.clear();
  levels_ = 0;
  for (Level& level : level_) level = Level{};
}

}  // namespace tilewright
