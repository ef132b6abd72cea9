#include "exec/core_pool.h"

#include <algorithm>

#include "task_args.h"

namespace tilewright {

CorePool::CorePool(int32_t aic_cores) {
  free_[0].resize(aic_cores);
  free_[1].resize(2 * aic_cores);
  reset();
}

void CorePool::reset() {
  const std::lock_guard lock(mutex_);
  reserved_ = 0;
  for (int kind = 0; kind < 2; ++kind) {
    free_[kind].assign(free_[kind].size(), true);
    used_[kind].assign(free_[kind].size(), false);
    warm_[kind].clear();
    for (int32_t core = static_cast<int32_t>(free_[kind].size()); core-- > 0;) warm_[kind].push_back(core);
  }
}

int32_t CorePool::take(CoreType kind, int32_t core) {
  const size_t k = static_cast<size_t>(kind);
  free_[k][core] = false;
  used_[k][core] = true;
  return core;
}

int32_t CorePool::acquire(CoreType kind) {
  const std::lock_guard lock(mutex_);
  return (reserved_ >> static_cast<uint32_t>(kind) & 1) != 0 ? kNone : take_warm(kind);
}

int32_t CorePool::acquire_reserved(CoreType kind) {
  const std::lock_guard lock(mutex_);
  return take_warm(kind);
}

int32_t CorePool::take_warm(CoreType kind) {
  std::vector<int32_t>& warm = warm_[static_cast<size_t>(kind)];
  while (!warm.empty()) {
    const int32_t core = warm.back();
    warm.pop_back();
    if (free_[static_cast<size_t>(kind)][core]) return take(kind, core);
  }
  return kNone;
}

bool CorePool::cluster_is_free(uint8_t lanes, int32_t cluster) const {
  return ((lanes & PTO2_SUBTASK_MASK_AIC) == 0 || free_[0][cluster]) && ((lanes & PTO2_SUBTASK_MASK_AIV0) == 0 || free_[1][2 * cluster]) &&
         ((lanes & PTO2_SUBTASK_MASK_AIV1) == 0 || free_[1][2 * cluster + 1]);
}

int32_t CorePool::take_cluster(uint8_t lanes, int32_t cluster) {
  if ((lanes & PTO2_SUBTASK_MASK_AIC) != 0) take(CoreType::AIC, cluster);
  if ((lanes & PTO2_SUBTASK_MASK_AIV0) != 0) take(CoreType::AIV, 2 * cluster);
  if ((lanes & PTO2_SUBTASK_MASK_AIV1) != 0) take(CoreType::AIV, 2 * cluster + 1);
  return cluster;
}

int32_t CorePool::acquire_cluster(uint8_t lanes) {
  const std::lock_guard lock(mutex_);
  for (int32_t cluster = 0; cluster < aic_cores(); ++cluster) {
    if (cluster_is_free(lanes, cluster)) return take_cluster(lanes, cluster);
  }
  return kNone;
}

std::vector<int32_t> CorePool::acquire_all(uint8_t lanes, int32_t count) {
  const std::lock_guard lock(mutex_);
  const bool clusters = (lanes & (lanes - 1)) != 0;
  const CoreType kind = lanes == PTO2_SUBTASK_MASK_AIC ? CoreType::AIC : CoreType::AIV;
  const std::vector<bool>& cores = free_[static_cast<size_t>(kind)];
  std::vector<int32_t> all;
  const int32_t places = clusters ? aic_cores() : static_cast<int32_t>(cores.size());
  for (int32_t i = 0; i < places && static_cast<int32_t>(all.size()) < count; ++i) {
    if (clusters ? cluster_is_free(lanes, i) : cores[static_cast<size_t>(i)]) all.push_back(i);
  }
  if (static_cast<int32_t>(all.size()) < count) return {};
  for (const int32_t i : all) clusters ? take_cluster(lanes, i) : take(kind, i);
  return all;
}

void CorePool::reserve(uint32_t kinds) {
  const std::lock_guard lock(mutex_);
  reserved_ = kinds;
}

void CorePool::release(CoreType kind, int32_t core) {
  const std::lock_guard lock(mutex_);
  free_[static_cast<size_t>(kind)][core] = true;
  std::vector<int32_t>& warm = warm_[static_cast<size_t>(kind)];
  warm.erase(std::remove(warm.begin(), warm.end(), core), warm.end());
  warm.push_back(core);
}

uint32_t CorePool::used(CoreType kind) const {
  const std::lock_guard lock(mutex_);
  const std::vector<bool>& used = used_[static_cast<size_t>(kind)];
  return static_cast<uint32_t>(std::count(used.begin(), used.end(), true));
}

}  // namespace tilewright
