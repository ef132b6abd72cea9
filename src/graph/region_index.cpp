#include "graph/region_index.h"

#include <algorithm>

#include "graph/neighbourhood.h"
#include "graph/overlap.h"

namespace tilewright {
namespace {

constexpr uint64_t kMix = 0x9E3779B97F4A7C15ull;
constexpr uint64_t kMiddleMix = 0xC2B2AE3D27D4EB4Full;
constexpr uint64_t kColumnMix = 0xD6E8FEB86659FD93ull;

bool owned(const RegionEntry& entry, RegionOwner owner) { return entry.task == owner.task() && entry.ring() == owner.ring(); }

}  // namespace

struct RegionIndex::Class {
  RegionTable table;
  uint32_t newest[kRingCount];  ///< task of the newest access, by ring; a completed one if there is none
  Neighbourhood neighbourhood;

  void reset(const uint32_t* completed) {
    for (uint32_t ring = 0; ring < kRingCount; ++ring) newest[ring] = completed[ring] - 1;
    neighbourhood.clear();
  }
  void note(ByteRange range, RegionOwner owner) {
    newest[owner.ring()] = owner.task();
    neighbourhood.add(range);
  }
  bool alive(const uint32_t* completed) const {
    bool any = false;
    for (uint32_t ring = 0; ring < kRingCount; ++ring) any = any || static_cast<int32_t>(newest[ring] - completed[ring]) >= 0;
    return any;
  }
  /// Moves what is complete to the newest completed task, so that the ids' wrap does not revive it.
  void forget_completed(const uint32_t* completed) {
    for (uint32_t ring = 0; ring < kRingCount; ++ring) {
      if (static_cast<int32_t>(newest[ring] - completed[ring]) < 0) newest[ring] = completed[ring] - 1;
    }
  }
};

struct RegionIndex::LevelClass : Class {
  uint32_t level;
  uint64_t offset;  ///< added to addresses, so that the first buffer starts at a granule's border
  bool straddles;   ///< a region here crosses a border between granules
  bool disjoint;    ///< live regions here that overlap are equal: who finds its own region has found all

  uint64_t granule(uint64_t address) const { return (address + offset) >> level; }
  /// The granule of the first region that may reach `address`.
  uint64_t first_granule(uint64_t address) const {
    const uint64_t at = granule(address);
    return straddles && at != 0 ? at - 1 : at;
  }
  RegionTable::Group group(uint64_t granule) { return table.group((granule >> RegionTable::kGroupBits) * kMix); }
  RegionEntry& bucket(uint64_t granule) { return group(granule)[granule]; }
  /// The bucket of a granule beside granule `at`, which is of `group`.
  RegionEntry& bucket_beside(const RegionTable::Group& group, uint64_t at, uint64_t granule) {
    if ((at ^ granule) >> RegionTable::kGroupBits == 0) [[likely]]
      return group[granule];
    return bucket(granule);
  }

  /// Calls test(entry) for what is live in granules first to last; true removes the entry.
  template <typename Test>
  void visit_granules(uint64_t first, uint64_t last, const uint32_t* completed, Test&& test) {
    for (uint64_t at = first; at <= last; ++at) {
      table.visit(bucket(at), completed, [&](const RegionEntry& entry) { return granule(entry.bytes.range.begin) == at && test(entry); });
    }
  }
  /// Of a contiguous region that belongs to this level.
  [[gnu::noinline]] void find(ByteRange range, RegionOwner owner, bool supersede, const uint32_t* completed, RegionHits& hits) {
    visit_granules(first_granule(range.begin), granule(range.end - 1), completed, [&](const RegionEntry& entry) {
      return intersects(entry.bytes.range, range) && met(entry, range, owner, supersede, hits);
    });
  }
  /// Whether `entry` is a live access to `range` itself, and so the only one that touches it.
  bool is_the_one(const RegionEntry& entry, ByteRange range, const uint32_t* completed) const {
    return disjoint && entry.bytes.range == range && !entry.has_older() && entry.live(completed) && entry.bytes.view == nullptr;
  }
  /// Whether a bucket holds no live access that touches `range`; may say no where it holds none.
  static bool is_clear(const RegionEntry& entry, ByteRange range, const uint32_t* completed) {
    return !entry.has_older() && !(intersects(entry.bytes.range, range) && entry.live(completed));
  }
  /// The same of the granules beside `at`, in which `range` begins, that it can meet: the one before, and the one in which it ends. A
  /// region of this level touches two granules at most.
  bool is_clear_beside(const RegionTable::Group& near, uint64_t at, ByteRange range, const uint32_t* completed) {
    const uint64_t last = granule(range.end - 1);
    if (straddles && at != 0 && !is_clear(bucket_beside(near, at, at - 1), range, completed)) [[unlikely]]
      return false;
    return last == at || is_clear(bucket_beside(near, at, last), range, completed);
  }
  /// find without supersede.
  void read(ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const uint64_t at = granule(range.begin);
    const RegionEntry& entry = bucket(at);
    if (!is_the_one(entry, range, completed)) return read_others(at, range, owner, completed, hits);
    if (!owned(entry, owner)) [[likely]]
      hits.add({range, entry.task, entry.ring()});
  }
  [[gnu::noinline]] void read_others(uint64_t at, ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const RegionTable::Group near = group(at);
    if (is_clear(near[at], range, completed) && is_clear_beside(near, at, range, completed)) return;
    find(range, owner, false, completed, hits);
  }
  /// What find does with an entry whose range intersects. Out of the way of the many that find nothing.
  [[gnu::noinline]] bool met(const RegionEntry& entry, ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits) {
    const ByteRange other = entry.bytes.range;
    disjoint = disjoint && other == range;
    if (owned(entry, owner)) return false;
    if (entry.bytes.view != nullptr && !regions_overlap(Region(range), Region(*entry.bytes.view))) return false;
    hits.add({other, entry.task, entry.ring()});
    return supersede && contains(range, other);
  }
  void insert(ByteRange range, const ChipTensor* view, RegionOwner owner, const uint32_t* completed) {
    const uint64_t at = granule(range.begin);
    disjoint = false;  // unless somebody looked
    straddles = straddles || granule(range.end - 1) != at;
    table.insert(bucket(at), owner.ring(), owner.task(), completed).bytes = {range, view};
    if (table.crowded()) [[unlikely]]
      rebuild(completed);
    note(range, owner);
  }
  /// find with supersede and insert in one, of a contiguous region.
  void update(ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const uint64_t at = granule(range.begin);
    const RegionTable::Group near = group(at);
    RegionEntry& entry = near[at];
    if (is_the_one(entry, range, completed) && !owned(entry, owner)) {
      hits.add({range, entry.task, entry.ring()});
      table.overwrite(entry, owner.ring(), owner.task());
      newest[owner.ring()] = owner.task();
    } else if (!entry.has_older() && !entry.live(completed) && is_clear_beside(near, at, range, completed)) {
      table.overwrite(entry, owner.ring(), owner.task()).bytes = {range, nullptr};
      straddles = straddles || granule(range.end - 1) != at;
      note(range, owner);
    } else {
      update_crowded(at, range, owner, completed, hits);
    }
  }
  [[gnu::noinline]] void update_crowded(uint64_t at, ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const uint64_t last = granule(range.end - 1);
    const auto test = [&](const RegionEntry& entry) {
      return intersects(entry.bytes.range, range) && met(entry, range, owner, true, hits);
    };
    if (straddles && at != 0) visit_granules(at - 1, at - 1, completed, test);
    if (last != at) {
      visit_granules(last, last, completed, test);
      straddles = true;
    }
    put(bucket(at), at, range, owner, completed, hits);
  }
  void put(RegionEntry& home, uint64_t at, ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    RegionEntry& entry = table.replace(home, owner.ring(), owner.task(), completed, [&](const RegionEntry& other) {
      return intersects(other.bytes.range, range) && granule(other.bytes.range.begin) == at && met(other, range, owner, true, hits);
    });
    entry.bytes = {range, nullptr};
    if (table.crowded()) [[unlikely]]
      rebuild(completed);
    note(range, owner);
  }
  [[gnu::noinline]] void rebuild(const uint32_t* completed) {
    table.rebuild(completed, [&](const RegionEntry& entry) -> RegionEntry& { return bucket(granule(entry.bytes.range.begin)); });
  }
};

using Granules = std::array<uint64_t, kBoxDims>;  // wide: bounds of large regions have large coordinates

struct RegionIndex::GridClass : Class {
  GridKey key;
  uint8_t levels[kBoxDims];
  Grid grid;
  std::array<bool, kBoxDims> straddles;  ///< by dimension, as above
  bool any_straddles;

  /// The granules of the box's first bytes in each dimension.
  Granules first_granules(const Box& box) const { return {box.at[0] >> levels[0], box.at[1] >> levels[1], box.at[2] >> levels[2]}; }
  Granules last_granules(const Box& box) const {
    Granules last;
    for (uint32_t d = 0; d < kBoxDims; ++d) last[d] = (box.at[d] + (box.size[d] - 1)) >> levels[d];
    return last;
  }
  /// Of the regions that may reach into granules from `first` on.
  Granules widened(Granules first) const {
    for (uint32_t d = 0; d < kBoxDims; ++d) {
      if (straddles[d] && first[d] != 0) --first[d];
    }
    return first;
  }
  RegionEntry& bucket(const Granules& at) {
    return table.bucket(at[0] * kMix + at[1] * kMiddleMix + (at[2] >> RegionTable::kGroupBits) * kColumnMix, at[2]);
  }

  template <typename Test>
  void visit_granules(const Granules& first, const Granules& last, const uint32_t* completed, Test&& test) {
    if (first == last) return table.visit(bucket(first), completed, test);
    uint64_t buckets = 1;
    for (uint32_t d = 0; d < kBoxDims; ++d) buckets *= std::min(last[d] - first[d] + 1, uint64_t{1} << 20);
    if (buckets > table.bucket_count()) return table.visit_all(completed, test);
    Granules at;
    for (at[0] = first[0]; at[0] <= last[0]; ++at[0]) {
      for (at[1] = first[1]; at[1] <= last[1]; ++at[1]) {
        for (at[2] = first[2]; at[2] <= last[2]; ++at[2]) {
          table.visit(bucket(at), completed, [&](const RegionEntry& entry) { return first_granules(entry.box) == at && test(entry); });
        }
      }
    }
  }
  /// Whether the box lies in one granule.
  bool in_one_granule(const Box& box) const {
    uint32_t crossed = 0;
    for (uint32_t d = 0; d < kBoxDims; ++d)
      crossed |= static_cast<uint32_t>((box.at[d] ^ (uint64_t{box.at[d]} + box.size[d] - 1)) >> levels[d]);
    return crossed == 0;
  }
  /// A tile of a matrix that is a box here and lies in one granule, if those of this class do.
  struct Tile {
    uint32_t row, column, rows, width;
    RegionEntry* bucket;  ///< null if it is not so

    Box box() const { return {{row, 0, column}, {rows, 1, width}}; }
    bool is(const Box& other) const {
      return other.at[0] == row && other.at[2] == column && other.size[0] == rows && other.size[2] == width;
    }
  };
  Tile tile_of(const ShapedRegion& region) {
    Tile tile;
    tile.bucket = nullptr;
    if (region.rank != 1 || any_straddles || !grid.place_tile(region, tile.row, tile.column)) return tile;
    tile.rows = static_cast<uint32_t>(region.dims[0].count);
    tile.width = static_cast<uint32_t>(region.run);
    const uint32_t last_row = tile.row + tile.rows - 1, last_column = tile.column + tile.width - 1;
    if (((tile.row ^ last_row) >> levels[0] | (tile.column ^ last_column) >> levels[2]) == 0) {
      tile.bucket = &bucket({tile.row >> levels[0], 0, tile.column >> levels[2]});
    }
    return tile;
  }
  /// find without supersede of such a tile; false, and nothing found, if it is none or the newest entry of its bucket does not say
  /// everything.
  bool read(const ShapedRegion& region, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const Tile tile = tile_of(region);
    if (tile.bucket == nullptr || tile.bucket->has_older()) return false;
    const RegionEntry& entry = *tile.bucket;
    if (!entry.live(completed) || owned(entry, owner)) return true;
    if (tile.is(entry.box)) [[likely]] {
      hits.add({region.range, entry.task, entry.ring()});
      return true;
    }
    return !intersects(entry.box, tile.box());
  }
  /// The same of update: false, and nothing done.
  bool update(const ShapedRegion& region, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const Tile tile = tile_of(region);
    if (tile.bucket == nullptr || tile.bucket->has_older()) return false;
    RegionEntry& entry = *tile.bucket;
    if (entry.live(completed)) {
      if (!tile.is(entry.box) || owned(entry, owner)) return false;
      hits.add({region.range, entry.task, entry.ring()});
    }
    table.overwrite(entry, owner.ring(), owner.task()).box = tile.box();
    note(region.range, owner);
    return true;
  }
  /// Of a region that is a box here.
  void find(const Box& box, RegionOwner owner, bool supersede, const uint32_t* completed, RegionHits& hits) {
    visit_granules(widened(first_granules(box)), last_granules(box), completed,
                   [&](const RegionEntry& entry) { return intersects(entry.box, box) && met(entry, box, owner, supersede, hits); });
  }
  [[gnu::noinline]] bool met(const RegionEntry& entry, const Box& box, RegionOwner owner, bool supersede, RegionHits& hits) const {
    if (owned(entry, owner)) return false;
    hits.add({grid.range_of(entry.box), entry.task, entry.ring()});
    return supersede && contains(box, entry.box);
  }
  void insert(const Box& box, ByteRange range, RegionOwner owner, const uint32_t* completed) {
    const Granules first = first_granules(box);
    note_straddling(first, last_granules(box));
    table.insert(bucket(first), owner.ring(), owner.task(), completed).box = box;
    if (table.crowded()) [[unlikely]]
      rebuild(completed);
    note(range, owner);
  }
  /// find with supersede, and insert.
  void update(const Box& box, ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    if (any_straddles || !in_one_granule(box)) {
      find(box, owner, true, completed, hits);
      return insert(box, range, owner, completed);
    }
    const auto test = [&](const RegionEntry& entry) { return intersects(entry.box, box) && met(entry, box, owner, true, hits); };
    table.replace(bucket(first_granules(box)), owner.ring(), owner.task(), completed, test).box = box;
    if (table.crowded()) [[unlikely]]
      rebuild(completed);
    note(range, owner);
  }
  void note_straddling(const Granules& first, const Granules& last) {
    if (first == last) return;
    for (uint32_t d = 0; d < kBoxDims; ++d) straddles[d] = straddles[d] || first[d] != last[d];
    any_straddles = true;
  }
  [[gnu::noinline]] void rebuild(const uint32_t* completed) {
    table.rebuild(completed, [&](const RegionEntry& entry) -> RegionEntry& { return bucket(first_granules(entry.box)); });
  }
};

RegionIndex::RegionIndex() = default;
RegionIndex::~RegionIndex() = default;

void RegionHits::grow() {
  const size_t count = this->count(), capacity = std::max<size_t>(64, 2 * count);
  auto hits = std::make_unique<RegionHit[]>(capacity);
  std::copy_n(hits_.get(), count, hits.get());
  hits_ = std::move(hits);
  end_ = hits_.get() + count;
  limit_ = hits_.get() + capacity;
}

// ---- homes ----

inline void RegionIndex::locate(const ShapedRegion& region, Home& home) {
  if (region.boxed) {
    if ((live_grids_ >> region.grid & 1) != 0) [[likely]] {
      GridClass& c = *grids_[region.grid];
      if (c.key == region.key && c.grid.place(region, home.box)) [[likely]] {
        home.grid = &c;
        return;
      }
    }
    locate_in_grids(region, home);
  } else if (region.rank == 0) {
    const uint32_t level = level_of(region.range);
    if ((live_levels_ >> level & 1) != 0) home.level = levels_[level].get();
  }
}

void RegionIndex::locate_in_grids(const ShapedRegion& region, Home& home) {
  for (uint64_t grids = live_grids_; grids != 0; grids &= grids - 1) {
    const uint32_t index = static_cast<uint32_t>(std::countr_zero(grids));
    GridClass& c = *grids_[index];
    if (c.key != region.key || !c.grid.place(region, home.box)) continue;
    home.grid = &c;
    region.grid = index;
    return;
  }
}

inline void RegionIndex::settle(const ShapedRegion& region, const ChipTensor& view, Home& home) {
  locate(region, home);
  if (home.level == nullptr && home.grid == nullptr) [[unlikely]]
    open(region, view, home);
}

void RegionIndex::open(const ShapedRegion& region, const ChipTensor& view, Home& home) {
  if (region.boxed) {
    home.grid = open_grid(region, view);
    if (home.grid != nullptr && home.grid->grid.place(region, home.box)) return;
    home.grid = nullptr;
  }
  home.level = open_level(level_of(region.range), region.range.begin);
}

RegionIndex::LevelClass* RegionIndex::open_level(uint32_t level, uint64_t begin) {
  const uint64_t bit = uint64_t{1} << level;
  if ((live_levels_ & bit) == 0) {
    if (levels_[level] == nullptr) levels_[level] = std::make_unique<LevelClass>();
    LevelClass& c = *levels_[level];
    c.reset(completed_);
    c.level = level;
    c.offset = (0 - begin) & (bit - 1);
    c.straddles = false;
    c.disjoint = true;
    live_levels_ |= bit;
    live_classes_changed();
  }
  return levels_[level].get();
}

// Makes a class for regions like this one; null if all are in use.
RegionIndex::GridClass* RegionIndex::open_grid(const ShapedRegion& region, const ChipTensor& view) {
  if (live_grids_ == ~uint64_t{0}) close_dead_classes();
  if (live_grids_ == ~uint64_t{0}) return nullptr;
  const uint32_t index = static_cast<uint32_t>(std::countr_one(live_grids_));
  if (grids_[index] == nullptr) grids_[index] = std::make_unique<GridClass>();
  GridClass& c = *grids_[index];
  c.reset(completed_);
  c.key = region.key;
  for (uint32_t d = 0; d < kBoxDims; ++d) c.levels[d] = static_cast<uint8_t>(c.key.levels >> 8 * d);
  c.straddles.fill(false);
  c.any_straddles = false;
  const uint64_t outer = c.key.pitches >> 32, inner = c.key.pitches & UINT32_MAX;
  c.grid = Grid(outer, inner, view.buffer.addr);
  Box box;
  if (!c.grid.place(region, box)) c.grid = Grid(outer, inner, region.range.begin);
  live_grids_ |= uint64_t{1} << index;
  region.grid = index;
  live_classes_changed();
  return &c;
}

// ---- lookup ----

// Whether nothing is live but boxes like this one.
inline bool RegionIndex::is_only_class(const ShapedRegion& region) const {
  return region.boxed && (live_levels_ | (live_grids_ ^ uint64_t{1} << region.grid)) == 0 && grids_[region.grid]->key == region.key;
}

void RegionIndex::find(const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  if (!supersede && is_only_class(region) && grids_[region.grid]->read(region, owner, completed_, hits)) [[likely]]
    return;
  find_anywhere(region, owner, supersede, hits);
}

void RegionIndex::find_anywhere(const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  Home home;
  locate(region, home);
  find_elsewhere(home, region, owner, supersede, hits);
  find_at_home(home, region, owner, supersede, hits);
}

void RegionIndex::update(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner, RegionHits& hits) {
  if (is_ancient(owner)) [[unlikely]]
    forget_ancient(owner);
  if (is_only_class(region) && grids_[region.grid]->update(region, owner, completed_, hits)) [[likely]]
    return;
  update_anywhere(region, view, owner, hits);
}

void RegionIndex::update_anywhere(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner, RegionHits& hits) {
  Home home;
  settle(region, view, home);
  find_elsewhere(home, region, owner, true, hits);
  if (home.grid != nullptr) return home.grid->update(home.box, region.range, owner, completed_, hits);
  if (region.rank == 0) return home.level->update(region.range, owner, completed_, hits);
  find_at_home(home, region, owner, true, hits);
  insert_at(home, region, view, owner);
}

void RegionIndex::insert(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner) {
  if (is_ancient(owner)) [[unlikely]]
    forget_ancient(owner);
  Home home;
  settle(region, view, home);
  insert_at(home, region, view, owner);
}

// The same for contiguous regions, which are most of all: nothing leaves registers that need not.

void RegionIndex::find_bytes(ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits) {
  const uint32_t level = level_of(range);
  if (level != only_level_ || supersede) [[unlikely]]
    return find_bytes_anywhere(range, owner, supersede, hits);
  only_class_->read(range, owner, completed_, hits);
}

void RegionIndex::find_bytes_anywhere(ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits) {
  find(ShapedRegion(Region(range)), owner, supersede, hits);
}

void RegionIndex::update_bytes(ByteRange range, RegionOwner owner, RegionHits& hits) {
  if (is_ancient(owner)) [[unlikely]]
    forget_ancient(owner);
  const uint32_t level = level_of(range);
  LevelClass& c = level == only_level_ ? *only_class_ : settle_bytes(range, level, owner, hits);
  c.update(range, owner, completed_, hits);
}

void RegionIndex::insert_bytes(ByteRange range, RegionOwner owner) {
  if (is_ancient(owner)) [[unlikely]]
    forget_ancient(owner);
  open_level(level_of(range), range.begin)->insert(range, nullptr, owner, completed_);
}

RegionIndex::LevelClass& RegionIndex::settle_bytes(ByteRange range, uint32_t level, RegionOwner owner, RegionHits& hits) {
  Home home;
  home.level = open_level(level, range.begin);
  find_elsewhere(home, ShapedRegion(Region(range)), owner, true, hits);
  return *home.level;
}

void RegionIndex::live_classes_changed() {
  only_level_ = kLevels;
  if (live_grids_ != 0 || !std::has_single_bit(live_levels_)) return;
  only_level_ = static_cast<uint32_t>(std::countr_zero(live_levels_));
  only_class_ = levels_[only_level_].get();
}

inline void RegionIndex::find_at_home(const Home& home, const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  if (home.level != nullptr && region.rank == 0) {
    home.level->find(region.range, owner, supersede, completed_, hits);
  } else if (home.level != nullptr) {
    find_in_level(*home.level, region, owner, supersede, hits);
  } else if (home.grid != nullptr) {
    home.grid->find(home.box, owner, supersede, completed_, hits);
  }
}

inline void RegionIndex::find_elsewhere(const Home& home, const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  uint64_t levels = live_levels_, grids = live_grids_;
  if (home.level != nullptr) levels &= ~(uint64_t{1} << home.level->level);
  if (home.grid != nullptr) grids &= ~(uint64_t{1} << region.grid);
  if ((levels | grids) != 0) find_in_classes(levels, grids, region, owner, supersede, hits);
}

void RegionIndex::find_in_classes(uint64_t levels, uint64_t grids, const Region& region, RegionOwner owner, bool supersede,
                                  RegionHits& hits) {
  for (; levels != 0; levels &= levels - 1) {
    const uint32_t level = static_cast<uint32_t>(std::countr_zero(levels));
    LevelClass& c = *levels_[level];
    if (!c.neighbourhood.touches(region.range)) continue;
    if (c.alive(completed_)) {
      find_in_level(c, region, owner, supersede, hits);
    } else {
      live_levels_ &= ~(uint64_t{1} << level);
      live_classes_changed();
    }
  }
  for (; grids != 0; grids &= grids - 1) {
    const uint32_t index = static_cast<uint32_t>(std::countr_zero(grids));
    GridClass& c = *grids_[index];
    if (!c.neighbourhood.touches(region.range)) continue;
    if (c.alive(completed_)) {
      find_in_grid(c, region, owner, supersede, hits);
    } else {
      live_grids_ &= ~(uint64_t{1} << index);
      live_classes_changed();
    }
  }
}

void RegionIndex::find_in_level(LevelClass& c, const Region& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  const auto test = [&](const RegionEntry& entry) {
    const ByteRange range = entry.bytes.range;
    if (!intersects(range, region.range) || owned(entry, owner)) return false;
    if (region.rank == 0 && entry.bytes.view == nullptr) {
      hits.add({range, entry.task, entry.ring()});
      return supersede && contains(region.range, range);
    }
    const Region other = entry.bytes.view != nullptr ? Region(*entry.bytes.view) : Region(range);
    if (!regions_overlap(region, other)) return false;
    hits.add({range, entry.task, entry.ring()});
    return supersede && region_covers(region, other);
  };
  const uint64_t first = c.first_granule(region.range.begin), last = c.granule(region.range.end - 1);
  // Row by row where rows are further apart than granules, if that is less to look at.
  uint64_t run = region.run;
  uint32_t inner = 0;
  while (inner < region.rank && region.dims[inner].stride <= uint64_t{1} << c.level) {
    run += (region.dims[inner].count - 1) * region.dims[inner].stride;
    ++inner;
  }
  uint64_t by_rows = (run >> c.level) + 2;
  for (uint32_t i = inner; i < region.rank && by_rows < last - first; ++i) by_rows *= region.dims[i].count;
  const bool rows = by_rows < last - first && region.nested();
  if ((rows ? by_rows : last - first + 1) > c.table.bucket_count()) return c.table.visit_all(completed_, test);
  if (!rows) return c.visit_granules(first, last, completed_, test);
  uint64_t index[MAX_TENSOR_DIMS] = {};
  uint64_t unseen = 0;
  for (uint64_t begin = region.range.begin;;) {
    const uint64_t end_granule = c.granule(begin + run - 1);
    c.visit_granules(std::max(unseen, c.first_granule(begin)), end_granule, completed_, test);
    unseen = end_granule + 1;
    uint32_t d = inner;
    for (; d < region.rank; ++d) {
      begin += region.dims[d].stride;
      if (++index[d] < region.dims[d].count) break;
      begin -= region.dims[d].count * region.dims[d].stride;
      index[d] = 0;
    }
    if (d == region.rank) return;
  }
}

void RegionIndex::find_in_grid(GridClass& c, const Region& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  Bounds parts[2];
  const uint32_t count = c.grid.bound(region, parts);
  for (uint32_t part = 0; part < count; ++part) {
    const Bounds& bounds = parts[part];
    Granules first, last;
    for (uint32_t d = 0; d < kBoxDims; ++d) {
      first[d] = bounds.first[d] >> c.levels[d];
      last[d] = bounds.last[d] >> c.levels[d];
    }
    c.visit_granules(c.widened(first), last, completed_, [&](const RegionEntry& entry) {
      if (!intersects(entry.box, bounds) || owned(entry, owner)) return false;
      if (part == 1 && intersects(entry.box, parts[0])) return false;  // found already
      bool covered;
      if (bounds.exact) {
        covered = supersede && contains(bounds, entry.box);
      } else {
        const Region other = c.grid.region_of(entry.box);
        if (!regions_overlap(region, other)) return false;
        covered = supersede && region_covers(region, other);
      }
      hits.add({c.grid.range_of(entry.box), entry.task, entry.ring()});
      return covered;
    });
  }
}

// ---- insertion ----

inline void RegionIndex::insert_at(const Home& home, const Region& region, const ChipTensor& view, RegionOwner owner) {
  if (home.level != nullptr) {
    home.level->insert(region.range, region.rank == 0 ? nullptr : &view, owner, completed_);
  } else {
    home.grid->insert(home.box, region.range, owner, completed_);
  }
}

void RegionIndex::close_dead_classes() {
  for (uint64_t levels = live_levels_; levels != 0; levels &= levels - 1) {
    const int level = std::countr_zero(levels);
    if (!levels_[static_cast<size_t>(level)]->alive(completed_)) live_levels_ &= ~(uint64_t{1} << level);
  }
  for (uint64_t grids = live_grids_; grids != 0; grids &= grids - 1) {
    const int index = std::countr_zero(grids);
    if (!grids_[static_cast<size_t>(index)]->alive(completed_)) live_grids_ &= ~(uint64_t{1} << index);
  }
  live_classes_changed();
}

// Ids are compared around the wrap of 32 bits, so an entry must not stay in its table for half of it.
void RegionIndex::forget_ancient(RegionOwner owner) {
  const auto forget = [&](auto& classes) {
    for (auto& c : classes) {
      if (c == nullptr) continue;
      c->rebuild(completed_);
      c->forget_completed(completed_);
    }
  };
  forget(levels_);
  forget(grids_);
  close_dead_classes();
  sweep_at_[owner.ring()] = owner.task() + (1u << 30);
}

}  // namespace tilewright
