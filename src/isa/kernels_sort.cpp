// The place of each of a few keys among all of them: every one is compared with every other, without a branch.
#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_sort.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

void rank_all(const uint64_t* keys, uint64_t* ranks, int64_t n) {
  for (int64_t i = 0; i < n; ++i) ranks[i] = 0;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t key = keys[i];
    for (int64_t j = 0; j < n; ++j) ranks[j] += key < keys[j] ? 1 : 0;
  }
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(rank_all);

void rank_keys(const uint64_t* keys, uint64_t* ranks, int64_t n) { HWY_DYNAMIC_DISPATCH(rank_all)(keys, ranks, n); }

}  // namespace tilewright::isa
#endif
