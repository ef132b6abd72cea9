#include "graph/region_index.h"

#include <algorithm>

#include "graph/overlap.h"
#include "graph/region_classes.h"

namespace tilewright {

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

inline void RegionIndex::settle(const ShapedRegion& region, Home& home) {
  locate(region, home);
  if (home.level == nullptr && home.grid == nullptr) [[unlikely]]
    open(region, home);
}

void RegionIndex::open(const ShapedRegion& region, Home& home) {
  if (region.boxed) {
    home.grid = open_grid(region);
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
RegionIndex::GridClass* RegionIndex::open_grid(const ShapedRegion& region) {
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
  c.middle_bits = static_cast<uint8_t>(std::bit_width((outer / inner - 1) >> c.levels[1]));
  c.column_bits = static_cast<uint8_t>(std::bit_width((inner - 1) >> c.levels[2]));
  c.grid = Grid(outer, inner, region.buffer);
  Box box;
  if (!c.grid.place(region, box)) c.grid = Grid(outer, inner, region.range.begin);
  live_grids_ |= uint64_t{1} << index;
  region.grid = index;
  live_classes_changed();
  return &c;
}

// ---- lookup ----

void RegionIndex::find(const ShapedRegion& region, RegionOwner owner, bool supersede, RegionHits& hits) {
  const OneHit hit = supersede ? OneHit::unknown() : find_one(region, region.range, owner);
  if (hit.is_unknown()) return find_anywhere(region, owner, supersede, hits);
  if (hit.is_one()) hits.add({region.range, hit.task(), hit.ring()});
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
  const OneHit hit = update_one(region, region.range, owner);
  if (hit.is_unknown()) return update_anywhere(region, view, owner, hits);
  if (hit.is_one()) hits.add({region.range, hit.task(), hit.ring()});
}

void RegionIndex::update_anywhere(const ShapedRegion& region, const ChipTensor& view, RegionOwner owner, RegionHits& hits) {
  Home home;
  settle(region, home);
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
  settle(region, home);
  insert_at(home, region, view, owner);
}

// The same for contiguous regions, which are most of all: nothing leaves registers that need not.

void RegionIndex::find_bytes(ByteRange range, RegionOwner owner, bool supersede, RegionHits& hits) {
  if (level_of(range) != only_level_ || supersede) [[unlikely]]
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
  only_tiles_ = nullptr;
  if (live_levels_ == 0 && std::has_single_bit(live_grids_)) {
    GridClass* const grid = grids_[static_cast<size_t>(std::countr_zero(live_grids_))].get();
    if (grid->key.is_tile()) only_tiles_ = grid;
  }
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
