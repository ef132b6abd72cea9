// How much work takes how long: kernels of a chosen duration.
#pragma once

#include <cstdint>
#include <functional>

namespace tilewright::bench {

/// Nanoseconds that one step of multiply_chain takes, from timing `steps` steps `trials` times and taking the quickest:
/// whatever disturbs a trial only lengthens it. `time_ns` runs the given number of steps and says how long they took.
/// Throws Error(kInternal) if no trial took any time.
double calibrate_step_ns(const std::function<double(uint64_t steps)>& time_ns, uint64_t steps, int trials);

/// Steps of multiply_chain that take `kernel_ns` on this machine; 0 for 0, else at least 1. The first call in a process calibrates
/// against the clock, in about 3 ms. Thread safe.
uint64_t work_steps_for(uint32_t kernel_ns);

}  // namespace tilewright::bench
