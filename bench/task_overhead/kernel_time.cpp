#include "task_overhead/kernel_time.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/error.h"
#include "task_overhead/stamps.h"

namespace tilewright::bench {

namespace {

// Long beside the clock's own 30 ns, short beside a time slice, so that most trials are undisturbed.
constexpr uint64_t kCalibrationSteps = 50000;
constexpr int kCalibrationTrials = 60;

double time_multiply_chain(uint64_t steps) {
  const auto start = std::chrono::steady_clock::now();
  multiply_chain(steps);
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double calibrate_step_ns(const std::function<double(uint64_t steps)>& time_ns, uint64_t steps, int trials) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < trials; ++i) least = std::min(least, time_ns(steps));
  if (!(least > 0) || least == std::numeric_limits<double>::infinity()) {
    throw Error(ErrorCode::kInternal, "the clock does not advance while kernels are calibrated");
  }
  return least / static_cast<double>(steps);
}

uint64_t work_steps_for(uint32_t kernel_ns) {
  static const double step_ns = calibrate_step_ns(time_multiply_chain, kCalibrationSteps, kCalibrationTrials);
  if (kernel_ns == 0) return 0;
  return std::max<uint64_t>(1, static_cast<uint64_t>(kernel_ns / step_ns + 0.5));
}

}  // namespace tilewright::bench
