// The classes of a RegionIndex: regions of like shape with their hash table, and the short ways through them. For those who look
// regions up in their own loops; others need region_index.h alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "graph/neighbourhood.h"
#include "graph/overlap.h"
#include "graph/region_index.h"

namespace tilewright {

constexpr uint64_t kMix = 0x9E3779B97F4A7C15ull;

inline bool owned(const RegionEntry& entry, RegionOwner owner) { return entry.task == owner.task() && entry.ring() == owner.ring(); }

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
    return bucket_elsewhere(granule);
  }
  [[gnu::noinline]] RegionEntry& bucket_elsewhere(uint64_t granule) { return bucket(granule); }

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
    return entry.bytes.range == range && entry.is_single() && disjoint && entry.live(completed);
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
  /// find without supersede, if the newest access of the bucket says everything.
  OneHit find_one(ByteRange range, RegionOwner owner, const uint32_t* completed) {
    const RegionEntry& entry = bucket(granule(range.begin));
    if (!is_the_one(entry, range, completed)) return OneHit::unknown();
    return owned(entry, owner) ? OneHit::none() : OneHit(entry);
  }
  /// find without supersede.
  void read(ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const uint64_t at = granule(range.begin);
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
    RegionEntry& entry = table.insert(bucket(at), owner.ring(), owner.task(), completed);
    entry.bytes = {range, view};
    if (view != nullptr) entry.set_gapped();
    if (table.crowded()) [[unlikely]]
      rebuild(completed);
    note(range, owner);
  }
  /// find with supersede and insert in one, if the newest access of the bucket says everything, or nothing touches the region.
  OneHit update_one(ByteRange range, RegionOwner owner, const uint32_t* completed) {
    const uint64_t at = granule(range.begin);
    const RegionTable::Group near = group(at);
    RegionEntry& entry = near[at];
    if (is_the_one(entry, range, completed)) {
      if (owned(entry, owner)) [[unlikely]]
        return OneHit::unknown();
      const OneHit hit(entry);
      table.overwrite(entry, owner.ring(), owner.task());
      newest[owner.ring()] = owner.task();
      return hit;
    }
    if (entry.has_older() || entry.live(completed) || !is_clear_beside(near, at, range, completed)) return OneHit::unknown();
    table.overwrite(entry, owner.ring(), owner.task()).bytes = {range, nullptr};
    straddles = straddles || granule(range.end - 1) != at;
    note(range, owner);
    return OneHit::none();
  }
  /// The same in any case.
  void update(ByteRange range, RegionOwner owner, const uint32_t* completed, RegionHits& hits) {
    const OneHit hit = update_one(range, owner, completed);
    if (hit.is_unknown()) [[unlikely]]
      return update_crowded(granule(range.begin), range, owner, completed, hits);
    if (hit.is_one()) hits.add({range, hit.task(), hit.ring()});
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
  uint8_t middle_bits, column_bits;  ///< that number the granules side by side in these dimensions
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
  /// Granules are numbered row by row, as they lie in memory: like those of a level, neighbours share groups of buckets.
  RegionEntry& bucket(const Granules& at) { return bucket(((at[0] << middle_bits) + at[1]) << column_bits, at[2]); }
  RegionEntry& bucket(uint64_t row_number, uint64_t column) {
    const uint64_t number = row_number + column;
    return table.bucket((number >> RegionTable::kGroupBits) * kMix, number);
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
  /// Where a tile of a matrix begins, if it is one of this grid's: row, byte in the row, and the bucket of that granule.
  struct TilePlace {
    uint64_t row, column;  ///< wide: a tile of another matrix far away must not have the coordinates of one that is near
    RegionEntry* bucket;
  };
  TilePlace place_of(uint64_t address) {
    TilePlace place;
    place.row = grid.tile_row(address, place.column);
    place.bucket = &bucket(place.row >> levels[0] << column_bits, place.column >> levels[2]);
    return place;
  }
  static bool is_at(const Box& box, const TilePlace& place, const ShapedRegion& region) {
    return box.at[0] == place.row && box.at[2] == place.column && box.size[0] == region.dims[0].count && box.size[2] == region.run;
  }
  /// Whether the tile is a box here and lies in one granule.
  bool in_one_granule(const TilePlace& place, const ShapedRegion& region, ByteRange range) const {
    if (!grid.holds_tile(range, region.run, place.column)) return false;
    return ((place.row ^ (place.row + region.dims[0].count - 1)) >> levels[0] |
            (place.column ^ (place.column + region.run - 1)) >> levels[2]) == 0;
  }
  static Box box_of(const TilePlace& place, const ShapedRegion& region) {
    return {{static_cast<uint32_t>(place.row), 0, static_cast<uint32_t>(place.column)},
            {static_cast<uint32_t>(region.dims[0].count), 1, static_cast<uint32_t>(region.run)}};
  }
  /// find without supersede of a tile that is as those here; unknown unless the newest access of its bucket says everything.
  OneHit find_one(const ShapedRegion& region, ByteRange range, RegionOwner owner, const uint32_t* completed) {
    const TilePlace place = place_of(range.begin);
    const RegionEntry& entry = *place.bucket;
    if (entry.is_single() && is_at(entry.box, place, region) && entry.live(completed) && !any_straddles && !owned(entry, owner)) [[likely]]
      return OneHit(entry);
    return find_none(region, range, completed);
  }
  /// Whether there is nothing to find, if that is easy to tell.
  [[gnu::noinline]] OneHit find_none(const ShapedRegion& region, ByteRange range, const uint32_t* completed) {
    const TilePlace place = place_of(range.begin);
    const RegionEntry& entry = *place.bucket;
    if (entry.has_older() || any_straddles || !in_one_granule(place, region, range)) return OneHit::unknown();
    return !entry.live(completed) || !intersects(entry.box, box_of(place, region)) ? OneHit::none() : OneHit::unknown();
  }
  /// The same of update: if the result is unknown, nothing has happened.
  OneHit update_one(const ShapedRegion& region, ByteRange range, RegionOwner owner, const uint32_t* completed) {
    const TilePlace place = place_of(range.begin);
    RegionEntry& entry = *place.bucket;
    if (entry.has_older() || any_straddles) return OneHit::unknown();
    if (entry.live(completed)) {
      if (!is_at(entry.box, place, region) || owned(entry, owner)) return OneHit::unknown();
      const OneHit hit(entry);
      table.overwrite(entry, owner.ring(), owner.task());
      newest[owner.ring()] = owner.task();
      return hit;
    }
    if (!in_one_granule(place, region, range)) return OneHit::unknown();
    table.overwrite(entry, owner.ring(), owner.task()).box = box_of(place, region);
    note(range, owner);
    return OneHit::none();
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

inline OneHit RegionIndex::find_one(ByteRange range, RegionOwner owner) const {
  if (level_of(range) != only_level_) [[unlikely]]
    return OneHit::unknown();
  return only_class_->find_one(range, owner, completed_);
}

inline OneHit RegionIndex::update_one(ByteRange range, RegionOwner owner) {
  if (is_ancient(owner) || level_of(range) != only_level_) [[unlikely]]
    return OneHit::unknown();
  return only_class_->update_one(range, owner, completed_);
}

inline OneHit RegionIndex::find_one(const ShapedRegion& region, ByteRange range, RegionOwner owner) const {
  if (only_tiles_ == nullptr || only_tiles_->key != region.key) return OneHit::unknown();
  return only_tiles_->find_one(region, range, owner, completed_);
}

inline OneHit RegionIndex::update_one(const ShapedRegion& region, ByteRange range, RegionOwner owner) {
  if (is_ancient(owner) || only_tiles_ == nullptr || only_tiles_->key != region.key) return OneHit::unknown();
  return only_tiles_->update_one(region, range, owner, completed_);
}

}  // namespace tilewright
