// How a run ends before its last task, and when.
#pragma once

#include <cstdint>
#include <string>

namespace tilewright {

/// Why a run ended before its last task. The first failure counts.
struct RunFailure {
  enum class Kind : uint8_t {
    kNone,
    kKernel,    ///< fail_kernel()
    kStalled,   ///< every core waits and nothing can make it go on: a fact, not a time-out
    kDeadline,  ///< the device time ran out while kernels polled
  };
  Kind kind = Kind::kNone;
  int32_t status = 0;        ///< PTO2_ERROR_* (spec/api.md, F); 0 for a kernel's own error
  int32_t stall_detail = 0;  ///< sub-class of SCHEDULER_TIMEOUT (task/status.h)
  std::string text;          ///< says who waits for what, a line each
};

/// What stands still when nothing can go on.
struct Standstill {
  uint64_t submitted = 0;   ///< tasks
  uint64_t unfinished = 0;
  int32_t kernels = 0;      ///< that wait
  uint32_t ready = 0;       ///< tasks without a core
  uint32_t returned = 0;    ///< tasks that wait for counters
  bool orchestration_done = false;
  std::string lines;        ///< who waits for what, each after a line end

  /// The failure that says so.
  RunFailure failure() const;
};

/// A run in which kernels have only polled for too long.
RunFailure deadline_failure(bool orchestration_done);

/// The time a device worked: the CPU time of this process.
uint64_t process_cpu_ns();

/// When a run whose kernels only poll is given up. Pauses between polls count as work of the device.
struct RunLimits {
  uint64_t device_ns = 0;  ///< 0: never
  uint64_t (*clock)() = process_cpu_ns;
  bool (*waived)() = nullptr;  ///< asked when the time is over: if true, the run goes on
};

}  // namespace tilewright
