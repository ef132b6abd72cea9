// Grid: coordinates in which the tiles of a matrix, or of a stack of matrices, are boxes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "graph/region.h"

namespace tilewright {

/// Division by a number known beforehand: a multiplication and a correction.
class Divisor {
 public:
  explicit Divisor(uint64_t value = 1) : value_(value), inverse_(value == 1 ? UINT64_MAX : UINT64_MAX / value) {}
  uint64_t value() const { return value_; }
  /// Returns the quotient and leaves the remainder in `number`.
  uint64_t divide(uint64_t& number) const {
    uint64_t quotient = static_cast<uint64_t>(static_cast<unsigned __int128>(number) * inverse_ >> 64);
    number -= quotient * value_;
    while (number >= value_) {  // at most twice: the inverse is rounded down
      number -= value_;
      ++quotient;
    }
    return quotient;
  }

 private:
  uint64_t value_;
  uint64_t inverse_;
};

constexpr uint32_t kBoxDims = 3;

/// Coordinates, outermost first: row of the outer pitch, row of the inner pitch, byte within that row.
struct Box {
  uint32_t at[kBoxDims];
  uint32_t size[kBoxDims];
  friend bool operator==(const Box&, const Box&) = default;
};

/// The same with wide coordinates, first and last inclusive: around a region that need not be a box of the grid.
struct Bounds {
  uint64_t first[kBoxDims];
  uint64_t last[kBoxDims];
  bool exact;  ///< the region is the whole of it, or of the two
};

inline bool intersects(const Box& a, const Box& b) {
  bool common = true;
  for (uint32_t i = 0; i < kBoxDims; ++i) {
    common = common && a.at[i] < uint64_t{b.at[i]} + b.size[i] && b.at[i] < uint64_t{a.at[i]} + a.size[i];
  }
  return common;
}

inline bool contains(const Box& outer, const Box& inner) {
  bool inside = true;
  for (uint32_t i = 0; i < kBoxDims; ++i) {
    inside = inside && outer.at[i] <= inner.at[i] && uint64_t{inner.at[i]} + inner.size[i] <= uint64_t{outer.at[i]} + outer.size[i];
  }
  return inside;
}

inline bool intersects(const Box& box, const Bounds& bounds) {
  bool common = true;
  for (uint32_t i = 0; i < kBoxDims; ++i) {
    common = common && box.at[i] <= bounds.last[i] && bounds.first[i] < uint64_t{box.at[i]} + box.size[i];
  }
  return common;
}

inline bool contains(const Bounds& bounds, const Box& box) {
  bool inside = true;
  for (uint32_t i = 0; i < kBoxDims; ++i) {
    inside = inside && bounds.first[i] <= box.at[i] && uint64_t{box.at[i]} + box.size[i] - 1 <= bounds.last[i];
  }
  return inside;
}

/// Two pitches (bytes, outer >= inner) and the address of coordinate (0, 0, 0). A matrix has one pitch; its grid has the same
/// one twice, so that the middle coordinate is always 0.
class Grid {
 public:
  Grid() = default;
  /// Coordinates are laid out so that `base` is at a multiple of a large power of two in each dimension.
  Grid(uint64_t outer_pitch, uint64_t inner_pitch, uint64_t base);

  uint64_t outer_pitch() const { return outer_.value(); }
  uint64_t inner_pitch() const { return inner_.value(); }

  /// Whether `region`, nested and of these pitches, is a box here; it is none if it lies across the end of a row, or too far
  /// from the base.
  bool place(const Region& region, Box& box) const;
  /// The row in which `address` lies, of the outer pitch, and the byte in that row: what the coordinates of a region with this one pitch
  /// are, if holds_tile() says that it has some.
  uint64_t tile_row(uint64_t address, uint64_t& column) const {
    column = address - origin_;
    return outer_.divide(column);
  }
  bool holds_tile(ByteRange range, uint64_t width, uint64_t column) const {
    return range.begin >= origin_ && range.end <= end_ && column + width <= outer_.value();
  }
  /// One box around `region`, as tight as its strides make easy to tell, or two disjoint ones if it lies across the end of a
  /// row; cut at the ends of the grid. Returns how many: 0 if it lies wholly outside.
  uint32_t bound(const Region& region, Bounds bounds[2]) const;
  ByteRange range_of(const Box& box) const;
  Region region_of(const Box& box) const;

 private:
  Divisor outer_, inner_;
  uint64_t origin_ = 0;
  uint64_t end_ = 0;
};

inline bool Grid::place(const Region& region, Box& box) const {
  if (region.range.begin < origin_ || region.range.end > end_) return false;
  uint64_t at = region.range.begin - origin_;
  const Region::Dim& outer = region.dims[region.rank - 1];
  box.at[0] = static_cast<uint32_t>(outer_.divide(at));
  box.size[0] = static_cast<uint32_t>(outer.count);
  if (region.rank == 1) {
    box.at[1] = 0;
    box.size[1] = 1;
  } else {
    const Region::Dim& inner = region.dims[0];
    if (at + (inner.count - 1) * inner.stride + region.run > outer_.value()) return false;
    box.at[1] = static_cast<uint32_t>(inner_.divide(at));
    box.size[1] = static_cast<uint32_t>(inner.count);
  }
  box.at[2] = static_cast<uint32_t>(at);
  box.size[2] = static_cast<uint32_t>(region.run);
  return at + region.run <= inner_.value();
}

inline ByteRange Grid::range_of(const Box& box) const {
  const uint64_t begin = origin_ + box.at[0] * outer_.value() + box.at[1] * inner_.value() + box.at[2];
  return {begin, begin + (box.size[0] - 1) * outer_.value() + (box.size[1] - 1) * inner_.value() + box.size[2]};
}

}  // namespace tilewright
