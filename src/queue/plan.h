// Who starts now, and when the others should: a pure function of the queue's state and the clock.
//
// Every process of the queue plans for itself and has to come to the same result, so nothing here depends on who asks.
// The order and the reservation are explained in docs/design/queue.md, "Order". Backfilling is that of EASY (Lifka, 1995; Mu'alem
// and Feitelson, 2001) with devices that are not interchangeable: instead of counting spare nodes, the reservation of the first
// blocked job is computed again with the candidate in place, and must be no later.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace tilewright::queue {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
/// What one device that a user holds or asks for in front costs his next job in the order, as waiting time.
inline constexpr int64_t kFairShareDelay = 60 * kSecond;

struct PlanDevice {
  int id = 0;
  std::string group;  ///< empty: a group of its own
  int slots = 1;
  std::string out;  ///< why it is given to nobody now; empty if it is available
};

struct PlanJob {
  std::string id;
  uint32_t uid = 0;
  int priority = 0;
  int64_t arrival = 0;
  int width = 0;
  std::vector<int> pool;  ///< ids it may be given, without those it avoids
  bool one_group = true;
  int64_t limit = 0;  ///< ns from start to the end of its tree; 0 none
};

struct PlanRunning {
  std::string id;
  uint32_t uid = 0;
  std::vector<int> devices;
  int64_t ends = kNever;
};

struct PlanInput {
  int64_t now = 0;
  std::vector<PlanDevice> devices;  ///< in the order in which they are preferred
  std::vector<PlanRunning> running;
  std::vector<PlanJob> waiting;  ///< in the order of arrival
  int deviceless_limit = 1;      ///< jobs without a device that may run at once
};

struct Decision {
  std::string id;
  bool start = false;
  std::vector<int> devices;  ///< if it starts: what it gets
  int64_t expected = kNever;  ///< if it waits: when it should start by the limits of those in front; kNever: not known
  std::string reason;         ///< if it waits: why, for people
};

/// Sorts by priority, then by virtual arrival. `held` of the running jobs counts for their users.
std::vector<PlanJob> queue_order(std::vector<PlanJob> waiting, const std::vector<PlanRunning>& running);

/// One decision for every waiting job, in queue order. With `forecast`, the waiting jobs' expected starts and reasons are filled in,
/// which costs more.
std::vector<Decision> plan(const PlanInput& input, bool forecast = false);

/// Plain first in, first out: the first job that cannot start stops all behind it. For comparison.
std::vector<Decision> plan_fifo(const PlanInput& input);

/// Whether a job of this width could ever run on these devices (all free and in order): "" or why not.
std::string never_possible(const std::vector<PlanDevice>& devices, const std::vector<int>& pool, int width, bool one_group);

}  // namespace tilewright::queue
