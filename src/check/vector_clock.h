// What has happened before: vector clocks over the pipes of cores. A pipe of a core is a thread of its own; its time is the number of
// instructions that it has been given. Lamport 1978, Mattern 1989; used for races as in FastTrack (Flanagan and Freund, 2009).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>

namespace tilewright::check {

/// Values of pipe_t. PIPE_ALL is a pipe too: that of instructions which occupy all of them.
constexpr int kPipes = 8;
using PipeTimes = std::array<uint32_t, kPipes>;

/// By the number that a core has within its task.
using CoreTimes = std::map<int32_t, PipeTimes>;

/// The times of all cores at some moment, as one core hands them to another. Null: none.
using Times = std::shared_ptr<const CoreTimes>;

/// The later of both, pipe by pipe.
inline Times later(const Times& a, const Times& b) {
  if (a == b || b == nullptr) return a;
  if (a == nullptr) return b;
  auto both = std::make_shared<CoreTimes>(*a);
  for (const auto& [core, times] : *b) {
    PipeTimes& mine = (*both)[core];
    for (size_t i = 0; i < times.size(); ++i) mine[i] = std::max(mine[i], times[i]);
  }
  return both;
}

/// What one pipe of core `core` knows. Own times are apart, because nearly everything is between pipes of one core.
struct Clock {
  PipeTimes own{};
  Times others;

  void join(const Clock& other) {
    for (size_t i = 0; i < own.size(); ++i) own[i] = std::max(own[i], other.own[i]);
    others = later(others, other.others);
  }

  /// For other cores.
  Times hand_out(int32_t core) const {
    auto all = others == nullptr ? std::make_shared<CoreTimes>() : std::make_shared<CoreTimes>(*others);
    (*all)[core] = own;
    return all;
  }

  /// From other cores.
  void take(int32_t core, const Times& times) {
    if (times == nullptr) return;
    if (const auto mine = times->find(core); mine != times->end()) {
      for (size_t i = 0; i < own.size(); ++i) own[i] = std::max(own[i], mine->second[i]);
    }
    others = later(others, times);
  }

  /// Whether instruction number `time` of a pipe of a core came before. `self` is the core this clock belongs to.
  bool knows(int32_t self, int32_t core, int pipe, uint32_t time) const {
    if (core == self) return own[static_cast<size_t>(pipe)] >= time;
    if (others == nullptr) return false;
    const auto found = others->find(core);
    return found != others->end() && found->second[static_cast<size_t>(pipe)] >= time;
  }
};

}  // namespace tilewright::check
