// RegionIndex: which live accesses touch the bytes of a region.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

#include "graph/region.h"
#include "graph/region_shapes.h"
#include "graph/region_table.h"

namespace tilewright {

/// An access that a lookup found.
struct RegionHit {
  ByteRange range;  ///< from its first to its last byte
  uint32_t task;    ///< id in its ring
  uint32_t ring;
};

/// The hits of a lookup. Keeps its memory from one to the next.
class RegionHits {
 public:
  void clear() { end_ = hits_.get(); }
  void add(const RegionHit& hit) {
    if (end_ == limit_) [[unlikely]]
      grow();
    *end_++ = hit;
  }
  size_t count() const { return static_cast<size_t>(end_ - hits_.get()); }
  /// Forgets all but the first `count`.
  void shrink(size_t count) { end_ = hits_.get() + count; }
  std::span<const RegionHit> all() const { return {hits_.get(), end_}; }

 private:
  [[gnu::noinline]] void grow();

  std::unique_ptr<RegionHit[]> hits_;
  RegionHit* end_ = nullptr;
  RegionHit* limit_ = nullptr;
};

/// The task on whose behalf the index is asked: it never finds itself. One word, as compilers would store two halves and load them
/// at once, which waits for all stores before.
class RegionOwner {
 public:
  constexpr RegionOwner(uint32_t ring, uint32_t task) : both_(ring | uint64_t{task} << 32) {}
  constexpr uint32_t ring() const { return static_cast<uint32_t>(both_); }
  constexpr uint32_t task() const { return static_cast<uint32_t>(both_ >> 32); }

 private:
  uint64_t both_;
};

/// What an access by a short way found: nothing, or one access, which is to the same bytes; or it is not known.
class OneHit {
 public:
  static constexpr OneHit unknown() { return {kRingCount + 1, 0}; }
  static constexpr OneHit none() { return {kRingCount, 0}; }
  constexpr OneHit(uint32_t ring, uint32_t task) : ring_(ring), task_(task) {}
  explicit OneHit(const RegionEntry& entry) : OneHit(entry.ring(), entry.task) {}

  bool is_one() const { return ring_ < kRingCount; }
  bool is_unknown() const { return ring_ > kRingCount; }
  uint32_t ring() const { return ring_; }
  uint32_t task() const { return task_; }

 private:
  uint32_t ring_;
  uint32_t task_;
};

/// Regions are kept in classes of like shape, each with a hash table:
///  - by level: regions whose extent has at most 2^L bytes, keyed by (first address >> L). Contiguous regions are here, and
///    those that are no boxes of a grid;
///  - by grid: boxes of one or two pitches and given levels (the power of two that bounds the size) per dimension, keyed by
///    (coordinate >> level) in each.
/// So a region that an access touches lies in one of few buckets, however many there are: its own granule, and the one
/// before in a dimension in which regions of the class cross granules. An access looks so into every class that has
/// live regions in its neighbourhood; classes of which all tasks are complete are forgotten.
///
/// A lookup costs a few ns per class plus what it finds; it does not depend on how many regions are live. Not thread safe.
/// Addresses must be below 2^63.
class RegionIndex {
 public:
  RegionIndex();
  ~RegionIndex();

  /// Tasks of ring r with an id below completed[r] are complete and their accesses are dead. Must outlive the index.
  void set_watermarks(const uint32_t* completed) { completed_ = completed; }

  /// Forgets classes of which all tasks are complete, so that no lookup considers them.
  void close_dead_classes();
  bool maybe_occupied() const { return (live_levels_ | live_grids_) != 0; }

  /// Adds a hit for every live access whose region shares a byte with `region`. With `supersede`, accesses to regions that
  /// `region` covers are removed (where region_covers is sure).
  void find(const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits);

  /// Adds an access. `view` is where the access's descriptor, of which `region` is the canonical form, will be when another
  /// owner's access comes, and while the task is incomplete. Ids of a ring's tasks ascend.
  void insert(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner);

  /// find with supersede, then insert: what a write does.
  void update(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner, RegionHits& hits);

  /// The three for a contiguous region.
  void find_bytes(ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits);
  void insert_bytes(ByteRange range, RegionOwner owner);
  void update_bytes(ByteRange range, RegionOwner owner, RegionHits& hits);

  // Short ways, in region_classes.h. They find nothing but accesses to the same bytes, and only if nothing else touches these.
  /// find_bytes without supersede.
  OneHit find_one(ByteRange range, RegionOwner owner) const;
  /// update_bytes. If the result is unknown, nothing has happened.
  OneHit update_one(ByteRange range, RegionOwner owner);
  /// find without supersede. `range` is that of the region, region.range may be another.
  OneHit find_one(const ShapedRegion& region, ByteRange range, RegionOwner owner) const;
  /// The same of update. If the result is unknown, nothing has happened.
  OneHit update_one(const ShapedRegion& region, ByteRange range, RegionOwner owner);

 private:
  static constexpr uint32_t kLevels = 64;
  static constexpr uint32_t kGrids = 64;
  static constexpr uint32_t kMinLevel = 6;
  struct Class;
  struct LevelClass;
  struct GridClass;

  static uint32_t level_of(ByteRange range) {
    return static_cast<uint32_t>(std::bit_width((range.end - range.begin - 1) | ((1u << kMinLevel) - 1)));
  }
  /// Where a region is kept: one of the two, or neither if its class is not open.
  struct Home {
    LevelClass* level = nullptr;
    GridClass* grid = nullptr;  ///< grids_[region.grid]
    Box box;                    ///< in it
  };

  void locate(const ShapedRegion& region, Home& home);
  /// locate, with the class opened if it is not. Every region has a home then.
  void settle(const ShapedRegion& region, Home& home);
  void open(const ShapedRegion& region, Home& home);
  void locate_in_grids(const ShapedRegion& region, Home& home);
  GridClass* open_grid(const ShapedRegion& region);
  LevelClass* open_level(uint32_t level, uint64_t begin);

  [[gnu::noinline]] void find_anywhere(const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits);
  [[gnu::noinline]] void update_anywhere(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner, RegionHits& hits);
  void find_at_home(const Home& home, const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits);
  void find_elsewhere(const Home& home, const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits);
  [[gnu::noinline]] void find_bytes_anywhere(ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits);
  /// The class of a level, opened if it is not, after a lookup in all others.
  [[gnu::noinline]] LevelClass& settle_bytes(ByteRange range, uint32_t level, RegionOwner owner, RegionHits& hits);
  void find_in_classes(uint64_t levels, uint64_t grids, const Region& region, RegionOwner owner, bool supersede, RegionHits& hits);
  void find_in_level(LevelClass& c, const Region& region, RegionOwner owner, bool supersede, RegionHits& hits);
  void find_in_grid(GridClass& c, const Region& region, RegionOwner owner, bool supersede, RegionHits& hits);
  void insert_at(const Home& home, const Region& region, const ChipTensor& view, RegionOwner owner);
  /// To be called when live_levels_ or live_grids_ have changed.
  void live_classes_changed();
  bool is_ancient(RegionOwner owner) const { return static_cast<int32_t>(owner.task() - sweep_at_[owner.ring()]) >= 0; }
  [[gnu::noinline]] void forget_ancient(RegionOwner owner);

  const uint32_t* completed_ = nullptr;
  uint64_t live_levels_ = 0;  ///< bit L: level L may have live regions
  uint64_t live_grids_ = 0;
  uint32_t only_level_ = kLevels;     ///< the level, if only one class may have live regions and it is a level
  LevelClass* only_class_ = nullptr;  ///< and that class
  GridClass* only_tiles_ = nullptr;   ///< the grid, if only one class may have live regions and it is a grid of one pitch
  std::array<uint32_t, kRingCount> sweep_at_{};  ///< ids from which on dead entries must be gone, lest the ids' wrap revive them
  std::array<std::unique_ptr<LevelClass>, kLevels> levels_;
  std::array<std::unique_ptr<GridClass>, kGrids> grids_;
};

}  // namespace tilewright
