// The rows of bench/compile as two tables: programs by phase, kernels one by one.
#pragma once

#include <string>
#include <vector>

#include "harness/report.h"

namespace tilewright::bench {

inline constexpr double kKernelTargetSeconds = 1.0;
inline constexpr double kUnchangedTargetSeconds = 0.1;

/// The metrics of a program, in the order of the table. "build", "record" and "passes" make C++ of it, "objects" compiles that, "load" hands
/// it to a device; "cold" is all of it, "unchanged" the same with everything in the store.
inline constexpr const char* kPhases[] = {"build", "record", "passes", "objects", "load", "cold", "unchanged"};
inline constexpr const char* kKernelMetric = "kernel";

std::string program_tables(const Report& report);

}  // namespace tilewright::bench
