#include "graph/grid.h"

#include <bit>

namespace tilewright {
namespace {

constexpr uint64_t kMostRows = uint64_t{1} << 32;  // coordinates have 32 bits

}  // namespace

Grid::Grid(uint64_t outer_pitch, uint64_t inner_pitch, uint64_t base) : outer_(outer_pitch), inner_(inner_pitch) {
  uint64_t rows_below = std::min(base / outer_pitch, kMostRows / 2);
  if (rows_below > 1) rows_below = std::bit_floor(rows_below);
  origin_ = base - rows_below * outer_pitch;
  const uint64_t extent = kMostRows * outer_pitch;  // pitches have 32 bits: no overflow
  end_ = extent > UINT64_MAX - origin_ ? UINT64_MAX : origin_ + extent;
}

uint32_t Grid::bound(const Region& region, Bounds parts[2]) const {
  if (region.range.end <= origin_ || region.range.begin >= end_) return 0;
  const bool inside = region.range.begin >= origin_ && region.range.end <= end_;
  uint64_t at = std::max(region.range.begin, origin_) - origin_;
  uint64_t extent = std::min(region.range.end, end_) - origin_ - at;
  uint32_t remaining = inside ? region.rank : 0;  // region.dims below this one are not accounted for yet
  const bool matrix = inner_.value() == outer_.value();
  Bounds& bounds = parts[0];
  bounds.exact = inside;
  bounds.first[1] = bounds.last[1] = 0;
  const Divisor* pitches[] = {&outer_, &inner_};
  for (uint32_t d = 0; d < (matrix ? 1u : 2u); ++d) {
    const uint64_t pitch = pitches[d]->value();
    uint64_t steps = 0;
    while (remaining > 0) {
      const Region::Dim& dim = region.dims[remaining - 1];
      if (dim.stride != pitch && dim.stride % pitch != 0) break;
      const uint64_t length = (dim.count - 1) * dim.stride;
      bounds.exact = bounds.exact && dim.stride == pitch && steps == 0;
      steps += length / pitch;
      extent -= length;
      --remaining;
    }
    uint64_t in_row = at;
    bounds.first[d] = pitches[d]->divide(in_row);
    bounds.last[d] = bounds.first[d] + steps;
    if (in_row + extent <= pitch) {
      at = in_row;
      continue;
    }
    bounds.first[2] = 0;
    bounds.last[2] = inner_.value() - 1;
    if (matrix && in_row + extent < 2 * pitch) {  // the end of one row and the beginning of the next
      bounds.exact = bounds.exact && remaining == 0;
      parts[1] = bounds;
      bounds.first[2] = in_row;
      ++parts[1].first[0];
      ++parts[1].last[0];
      parts[1].last[2] = in_row + extent - pitch - 1;
      // Ends that face each other: one box, or something could be found twice.
      if (parts[1].last[2] < in_row) return 2;
    }
    // All columns of the rows it touches.
    bounds.exact = bounds.exact && remaining == 0 && steps == 0 && in_row == 0 && extent % pitch == 0;
    bounds.first[2] = 0;
    bounds.last[d] += (in_row + extent - 1) / pitch;
    if (d == 0 && !matrix) bounds.last[1] = (pitch - 1) / inner_.value();
    return 1;
  }
  bounds.first[2] = at;
  bounds.last[2] = at + extent - 1;
  bounds.exact = bounds.exact && remaining == 0;
  return 1;
}

Region Grid::region_of(const Box& box) const {
  const ByteRange range = range_of(box);
  Region region(ByteRange{range.begin, range.begin + box.size[2]});
  region.add_dimension(inner_.value(), box.size[1]);
  region.add_dimension(outer_.value(), box.size[0]);
  region.range.end = range.end;
  return region;
}

}  // namespace tilewright
