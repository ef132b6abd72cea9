// TensorMap: which unfinished task last wrote the bytes of a view. Private to the submitter.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "graph/overlap.h"
#include "graph/task_table.h"

namespace tilewright {

/// A region of memory and the task that writes it. `tensor` points at the task's own descriptor of the region; it is
/// valid as long as the task is in flight.
struct RegionWriter {
  ByteRange range{0, 0};
  const ChipTensor* tensor = nullptr;
  TaskRef task{kNoSlot, 0};
  uint8_t ring = 0;
};

/// An index over address ranges. A region of at most 2^L bytes (L >= 6) is kept in the bucket of (begin >> L, L); a
/// probe looks, on each level that has live regions, at the buckets its range touches and at the one before, where a
/// region that straddles into the range would be. So the cost depends on how many levels are in use and on what
/// overlaps, not on how many regions a buffer has. The newest region of a bucket stands in the bucket itself.
///
/// Nothing is deleted: an entry whose writer has completed is dead, which a comparison with the ring's watermark of
/// completed tasks tells, and dead entries are overwritten. Not thread safe.
class TensorMap {
 public:
  TensorMap();

  /// Tasks of ring r with an id below completed[r] are complete. The array must outlive the map.
  void set_watermarks(const uint32_t* completed) { completed_ = completed; }

  /// Calls visit(const RegionWriter&) for every live region that overlaps `view`; a region may be visited once for
  /// each of its writers. visit returns true to drop the region (it is superseded).
  template <typename Visit>
  void for_each_overlap(const ChipTensor& view, ByteRange range, Visit&& visit);

  /// Adds a region. Its writer must be newer than all before.
  void insert(const RegionWriter& region);

  void clear();

 private:
  static constexpr uint32_t kMinLevel = 6;
  static constexpr uint32_t kLevels = 64;
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kGroupBits = 3;

  struct Entry {
    RegionWriter region;
    uint32_t older = kNone;  ///< index into spill_
    uint8_t level = 0;
  };
  static_assert(sizeof(Entry) <= 64);

  static uint32_t level_of(ByteRange range) {
    const uint64_t bytes = range.end - range.begin;
    return bytes <= (1u << kMinLevel) ? kMinLevel : static_cast<uint32_t>(std::bit_width(bytes - 1));
  }
  bool live(const RegionWriter& region) const {
    return region.task.slot != kNoSlot && static_cast<int32_t>(region.task.id - completed_[region.ring]) >= 0;
  }
  // Neighbouring granules share a hash and lie side by side: a probe that looks at two or three finds them in few lines.
  Entry& bucket(uint64_t granule, uint32_t level) {
    const uint64_t hash = ((granule >> kGroupBits) * 0x9E3779B97F4A7C15ull) ^ (uint64_t{level} * 0xC2B2AE3D27D4EB4Full);
    const uint64_t group = (hash ^ hash >> 29) << kGroupBits;
    return buckets_[(group | (granule & ((1u << kGroupBits) - 1))) & bucket_mask_];
  }
  /// Whether any region of this level may be live; forgets the level if not.
  bool level_live(uint32_t level);
  template <typename Visit>
  void visit_bucket(uint64_t granule, uint32_t level, const ChipTensor& view, ByteRange range, Visit&& visit);
  void place(const RegionWriter& region, uint32_t level);
  uint32_t spill(const Entry& entry);
  void grow();

  std::unique_ptr<Entry[]> buckets_;
  uint64_t bucket_mask_ = 0;
  std::vector<Entry> spill_;          ///< older regions of buckets, linked by Entry::older
  std::vector<uint32_t> spill_free_;  ///< unused places in spill_
  uint64_t levels_ = 0;  ///< bit L: level L may have live regions
  struct Level {
    uint32_t newest[kRingCount];
    bool used[kRingCount];
    bool straddles;
  };
  Level level_[kLevels] = {};
  const uint32_t* completed_ = nullptr;
};

template <typename Visit>
void TensorMap::visit_bucket(uint64_t granule, uint32_t level, const ChipTensor& view, ByteRange range, Visit&& visit) {
  Entry* entry = &bucket(granule, level);
  for (;;) {
    RegionWriter& region = entry->region;
    if (entry->level == level && region.range.begin >> level == granule && intersects(region.range, range) && live(region)) {
      const bool same = region.range.begin == range.begin && region.range.end == range.end;
      if (same || views_overlap(view, *region.tensor)) {
        if (visit(static_cast<const RegionWriter&>(region))) region.task.slot = kNoSlot;
      }
    }
    while (entry->older != kNone && !live(spill_[entry->older].region)) {  // the dead leave the chain
      spill_free_.push_back(entry->older);
      entry->older = spill_[entry->older].older;
    }
    if (entry->older == kNone) return;
    entry = &spill_[entry->older];
  }
}

template <typename Visit>
void TensorMap::for_each_overlap(const ChipTensor& view, ByteRange range, Visit&& visit) {
  if (range.begin == range.end) return;
  for (uint64_t levels = levels_; levels != 0; levels &= levels - 1) {
    const uint32_t level = static_cast<uint32_t>(std::countr_zero(levels));
    if (!level_live(level)) continue;
    const uint64_t last = (range.end - 1) >> level;
    uint64_t first = range.begin >> level;
    if (level_[level].straddles && first != 0) --first;
    if (last - first < 2 * bucket_mask_) {
      for (uint64_t granule = first; granule <= last; ++granule) visit_bucket(granule, level, view, range, visit);
      continue;
    }
    // A probe far wider than this level's granules: look at everything there is instead.
    const auto visit_entry = [&](Entry& entry) {
      RegionWriter& region = entry.region;
      if (entry.level != level || !intersects(region.range, range) || !live(region) || !views_overlap(view, *region.tensor)) return;
      if (visit(static_cast<const RegionWriter&>(region))) region.task.slot = kNoSlot;
    };
    for (uint64_t i = 0; i <= bucket_mask_; ++i) {
      if (buckets_[i].level != 0) visit_entry(buckets_[i]);
    }
    for (Entry& entry : spill_) visit_entry(entry);  // free places hold dead regions
  }
}

}  // namespace tilewright
