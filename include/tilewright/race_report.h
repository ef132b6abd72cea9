// What a run with RunOptions::check_races found: accesses of tasks to the same bytes that no dependency orders.
// docs/design/dependencies.md says what counts as an access and as an order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "task_id.h"

namespace tilewright {

/// One side of a race.
struct RaceAccess {
  PTO2TaskId task = PTO2TaskId::invalid();  ///< invalid: the orchestration itself, through get_tensor_data or set_tensor_data
  int32_t kernel_ids[3] = {-1, -1, -1};     ///< of the task: AIC, AIV0, AIV1; -1 for none
  std::string access;      ///< "reads", "writes", "adds to" or "reads and writes"
  int32_t argument = -1;   ///< the task's tensor that holds the bytes; -1: none does
  std::string elements;    ///< of that tensor, first and last: "[0, 0] to [3, 63]"; empty without one
  std::vector<std::string> places;  ///< lines of kernels that do it: "add.cpp:41"; in order, each once
  std::string submitted;   ///< line of the orchestration, or "orchestration.so+0x1a2b (built without lines)"
};

/// Two tasks that access the same bytes, at least one writing, in no order.
struct Race {
  RaceAccess first;   ///< the task that was submitted first
  RaceAccess second;
  int32_t tensor = -1;  ///< the callable's tensor argument whose memory it is; -1: memory that a task was given
  PTO2TaskId creator = PTO2TaskId::invalid();  ///< and that task
  uint64_t begin = 0;   ///< the first stretch of bytes, from the start of that memory
  uint64_t end = 0;
  uint64_t bytes = 0;   ///< of all stretches
};

struct RaceReport {
  std::vector<Race> races;  ///< one for each pair of tasks and memory, by order of submission
  uint64_t unlisted = 0;    ///< pairs beyond the number that is listed, as far as they were counted

  bool clean() const { return races.empty() && unlisted == 0; }
};

/// Whether the environment asks for every run to be looked at: TW_CHECK_RACES=1. Throws Error(kInvalidArgument) if the variable is
/// neither 0 nor 1.
bool environment_asks_for_races();

/// "r0t12": ring and number.
std::string task_name(PTO2TaskId task);

/// How reports call kernels (by func_id) and the callable's tensors (by index). Empty functions: by number.
struct RaceNames {
  std::function<std::string(int32_t)> kernel;
  std::function<std::string(int32_t)> tensor;
};
/// The kernels of a task: "add", "matmul+relu"; "-" for none.
std::string kernels_text(const int32_t (&kernel_ids)[3], const RaceNames& names);
/// "x", "memory of r0t3" or "device memory".
std::string memory_text(const Race& race, const RaceNames& names);

/// The report as text, four lines for each of the first 20 races; empty if there is none.
std::string format_race_report(const RaceReport& report, const RaceNames& names = {});

}  // namespace tilewright
