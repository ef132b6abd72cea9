// The simulated cores of a device and who uses them.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core_type.h"

namespace tilewright {

/// Cluster i is AIC core i with AIV cores 2i and 2i + 1. Thread safe.
class CorePool {
 public:
  static constexpr int32_t kNone = -1;

  explicit CorePool(int32_t aic_cores);
  int32_t aic_cores() const { return static_cast<int32_t>(free_[0].size()); }

  /// A free core of the kind, the one used last first, because its memories are warm; or kNone, also if the kind is reserved.
  int32_t acquire(CoreType kind);
  /// The same for whom cores are reserved.
  int32_t acquire_reserved(CoreType kind);
  /// The AIC core and as many AIV cores as `lanes` (PTO2_SUBTASK_MASK_*) names, all of one cluster; its index or kNone.
  int32_t acquire_cluster(uint8_t lanes);
  /// `count` cores if `lanes` is one lane, else that many clusters; all of them or none.
  std::vector<int32_t> acquire_all(uint8_t lanes, int32_t count);
  void release(CoreType kind, int32_t core);

  /// From now on acquire() finds no core of these kinds (bit 0 for AIC, bit 1 for AIV).
  void reserve(uint32_t kinds);

  /// Cores used since the last reset, by kind.
  uint32_t used(CoreType kind) const;
  /// Frees all cores.
  void reset();

 private:
  int32_t take(CoreType kind, int32_t core);
  int32_t take_warm(CoreType kind);
  bool cluster_is_free(uint8_t lanes, int32_t cluster) const;
  int32_t take_cluster(uint8_t lanes, int32_t cluster);

  mutable std::mutex mutex_;
  uint32_t reserved_ = 0;
  std::vector<bool> free_[2];
  std::vector<bool> used_[2];
  std::vector<int32_t> warm_[2];  ///< free cores, most recently used last; may hold cores taken by acquire_cluster
};

}  // namespace tilewright
