// RegionTable: a hash table of regions of like size, and the accesses to them that may be live.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "graph/grid.h"
#include "graph/lazy_array.h"
#include "graph/region.h"
#include "graph/ring_sizes.h"

namespace tilewright {

/// One access to a region: where, and by which task.
class RegionEntry {
 public:
  struct Bytes {
    ByteRange range;
    const ChipTensor* view;  ///< the access's own descriptor if the region has gaps (then set_gapped()); null if it is contiguous
  };
  union {
    Bytes bytes;  ///< in tables of byte ranges
    Box box;      ///< in tables of grids
  };
  uint32_t task;  ///< id in its ring

  RegionEntry() : bytes{}, task(0) {}

  bool has_older() const { return older() != 0; }
  /// Whether there is an access here, live or not, no older one behind it, and no set_gapped().
  bool is_single() const { return (link_ & ~(uint32_t{kRingCount - 1} << kRingShift)) == kPresent; }
  void set_gapped() { link_ |= kGapped; }
  uint32_t ring() const { return link_ >> kRingShift & (kRingCount - 1); }
  /// Tasks of ring r with an id below completed[r] are complete; ids are compared around the wrap of 32 bits.
  bool live(const uint32_t* completed) const { return (link_ & kPresent) != 0 && static_cast<int32_t>(task - completed[ring()]) >= 0; }

 private:
  friend class RegionTable;
  static_assert(kRingCount == 4, "the ring takes two bits of link_");
  static constexpr uint32_t kPresent = 1u << 31;
  static constexpr uint32_t kRingShift = 29;
  static constexpr uint32_t kGapped = 1u << 28;
  static constexpr uint32_t kOlder = kGapped - 1;

  uint32_t older() const { return link_ & kOlder; }
  void set_older(uint32_t older) { link_ = (link_ & ~kOlder) | older; }

  uint32_t link_ = 0;  ///< place + 1 of the bucket's next older entry among the spilled ones, 0 for none; gapped; ring; present
};
static_assert(sizeof(RegionEntry) == 32, "two buckets a cache line");

/// Buckets with the newest entry in place and older ones spilled. It does not know keys: its user hashes, and says where an
/// entry belongs when the table grows. Nothing needs to be deleted: entries of completed tasks are overwritten, and leave
/// when they are come across. A new table has 128 buckets; memory is committed as it is touched. Not thread safe.
class RegionTable {
 public:
  RegionTable();

  uint64_t bucket_count() const { return uint64_t{1} << (kGroupBits + 64 - shift_); }
  /// Buckets come in groups of 2 KiB: keys that differ in the low six bits of `low` alone, and so have one hash, share a
  /// group, and neighbours often a line. Where in the group depends on the hash too: keys a power of two apart, which have the
  /// same low bits, do not gather in one place of each group. The hash must be good in its high bits.
  static constexpr uint32_t kGroupBits = 6;
  class Group {
   public:
    Group(RegionEntry* buckets, uint64_t mix) : buckets_(buckets), mix_(mix) {}
    RegionEntry& operator[](uint64_t low) const { return buckets_[(low ^ mix_) & ((1u << kGroupBits) - 1)]; }

   private:
    RegionEntry* buckets_;
    uint64_t mix_;
  };
  Group group(uint64_t hash) { return {buckets_ + (hash >> shift_ << kGroupBits), hash >> kPlaceShift}; }
  RegionEntry& bucket(uint64_t hash, uint64_t low) { return group(hash)[low]; }

  /// Calls test(const RegionEntry&) for the live entries of a bucket; true removes the entry.
  template <typename Test>
  void visit(RegionEntry& bucket, const uint32_t* completed, Test&& test) {
    if (bucket.live(completed) && test(static_cast<const RegionEntry&>(bucket))) bucket.link_ &= ~RegionEntry::kPresent;
    if (bucket.older() != 0) [[unlikely]]
      visit_spilled(bucket, completed, test);
  }
  template <typename Test>
  void visit_all(const uint32_t* completed, Test&& test) {
    for (uint64_t i = 0, n = bucket_count(); i < n; ++i) visit(buckets_[i], completed, test);
  }

  /// Makes place at the head of a bucket for an access by `task`; the caller fills in where it is. Does not look at older ones.
  RegionEntry& insert(RegionEntry& bucket, uint32_t ring, uint32_t task, const uint32_t* completed) {
    return put(bucket, bucket.live(completed) ? spill(bucket) : bucket.older(), ring, task);
  }
  /// insert where the bucket holds nothing that is to stay.
  RegionEntry& overwrite(RegionEntry& bucket, uint32_t ring, uint32_t task) { return put(bucket, 0, ring, task); }
  /// visit, then insert.
  template <typename Test>
  RegionEntry& replace(RegionEntry& bucket, uint32_t ring, uint32_t task, const uint32_t* completed, Test&& test) {
    if (bucket.older() != 0) [[unlikely]]
      visit_spilled(bucket, completed, test);
    uint32_t older = bucket.older();
    if (bucket.live(completed) && !test(static_cast<const RegionEntry&>(bucket))) older = spill(bucket);
    return put(bucket, older, ring, task);
  }
  /// Whether so much is spilled that rebuild() should be called.
  bool crowded() const { return spilled_ > spill_limit_; }
  /// Forgets what is dead, grows if the rest needs it, and inserts it again where bucket_of(entry) says.
  template <typename BucketOf>
  void rebuild(const uint32_t* completed, BucketOf&& bucket_of) {
    std::vector<RegionEntry> entries;
    visit_all(completed, [&](const RegionEntry& entry) {
      entries.push_back(entry);
      return false;
    });
    reset(entries.size());
    for (size_t i = entries.size(); i-- > 0;) {  // the newest of a bucket came first and goes in last
      RegionEntry& bucket = bucket_of(entries[i]);
      entries[i].set_older(bucket.live(completed) ? spill(bucket) : 0);
      bucket = entries[i];
    }
    // If many share a bucket whatever its number, the next rebuild waits until there are twice as many.
    spill_limit_ = std::max(bucket_count() / 8, 2 * spilled_);
  }

 private:
  static constexpr uint32_t kPlaceShift = 20;  // below the bits that name the group of any table with fewer than 2^38 groups

  template <typename Test>
  [[gnu::noinline]] void visit_spilled(RegionEntry& bucket, const uint32_t* completed, Test& test) {
    RegionEntry* newer = &bucket;
    while (newer->older() != 0) {
      RegionEntry& entry = spill_[newer->older() - 1];
      if (entry.live(completed) && !test(static_cast<const RegionEntry&>(entry))) {
        newer = &entry;
        continue;
      }
      const uint32_t place = newer->older();
      newer->set_older(entry.older());
      entry.link_ = free_;
      free_ = place;
      --spilled_;
    }
  }
  static RegionEntry& put(RegionEntry& bucket, uint32_t older, uint32_t ring, uint32_t task) {
    bucket.task = task;
    bucket.link_ = RegionEntry::kPresent | ring << RegionEntry::kRingShift | older;
    return bucket;
  }
  uint32_t spill(const RegionEntry& entry);
  void reset(uint64_t entries);

  void allocate(uint64_t groups);  ///< a power of two, at least 2

  std::unique_ptr<LazyArray<RegionEntry>> memory_;
  RegionEntry* buckets_;  ///< the array in memory_
  uint32_t shift_;        ///< 64 - log2(number of groups)
  uint32_t free_ = 0;  ///< place + 1 of the first unused one in spill_, linked like the used
  uint64_t spilled_ = 0;
  uint64_t spill_limit_;
  std::vector<RegionEntry> spill_;
};

}  // namespace tilewright
