#include "exec/run_failure.h"

#include <fmt/format.h>

#include <ctime>

#include "pto_orchestration_api.h"
#include "task/status.h"

namespace tilewright {

uint64_t process_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

RunFailure Standstill::failure() const {
  const int32_t detail = classify_stall_detail(kernels, static_cast<int32_t>(ready), static_cast<int32_t>(unfinished), orchestration_done);
  return {RunFailure::Kind::kStalled, PTO2_ERROR_SCHEDULER_TIMEOUT, detail,
          fmt::format("nothing can go on ({}): of {} submitted tasks {} have not completed; {} kernels wait, {} ready tasks have no core, "
                      "{} wait for counters; the orchestration {}{}",
                      stall_detail_name(detail), submitted, unfinished, kernels, ready, returned,
                      orchestration_done ? "has ended" : "waits", lines)};
}

RunFailure deadline_failure(bool orchestration_done) {
  const int32_t detail = classify_stall_detail(1, 0, 0, orchestration_done);
  return {RunFailure::Kind::kDeadline, PTO2_ERROR_SCHEDULER_TIMEOUT, detail,
          fmt::format("the run used up its device time ({}): kernels poll, and nothing else can go on", stall_detail_name(detail))};
}

}  // namespace tilewright
