// Whether two views touch a common byte.
#pragma once

#include <cstdint>

#include "graph/region.h"

namespace tilewright {

/// Whether the regions share a byte. Exact, with one exception: where both have so many strides that do not nest that the
/// search for a common byte exceeds kOverlapWorkLimit steps, the answer is true. (Deciding it is a bounded linear
/// Diophantine equation, which is NP-complete in the number of strides; regions with two different strides left after
/// canonicalisation, and all nested ones, are decided in a few steps.)
bool regions_overlap(const Region& a, const Region& b);

constexpr uint32_t kOverlapWorkLimit = 20000;

/// Whether `outer` contains every byte of `inner`. Exact for equal regions, for a contiguous `outer`, and for boxes of one
/// grid; otherwise it may say false where true would be right, never the reverse.
bool region_covers(const Region& outer, const Region& inner);

inline bool views_overlap(const ChipTensor& a, const ChipTensor& b) { return regions_overlap(Region(a), Region(b)); }
inline bool view_covers(const ChipTensor& outer, const ChipTensor& inner) { return region_covers(Region(outer), Region(inner)); }

}  // namespace tilewright
