// What a run of bench/task_overhead measures: which systems, on which workloads, under which conditions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task_overhead/system.h"

namespace tilewright::bench {

/// A system that the driver can start, as its program describes itself.
struct KnownSystem {
  std::string_view name;
  bool sees_memory;            ///< as System::sees_memory()
  bool uses_threads;           ///< as System::uses_threads()
  std::string_view if_absent;  ///< why its program may be missing
};

/// In the order of the tables; ours first.
std::span<const KnownSystem> known_systems();

/// One figure to be taken: a system on a workload.
struct Measurement {
  const KnownSystem* system;
  Shape shape;
  uint32_t tasks;
  Conditions conditions;  ///< layout kAny and 1 thread for a system that does not tell them apart

  bool operator==(const Measurement& other) const;
};

/// Lists as the command line gives them, comma-separated. One that is empty is left to the plan.
struct PlanOptions {
  bool quick = false;
  std::string systems;
  std::string shapes;
  std::string layouts;
  std::string counts;
  std::string threads;
  std::string kernel_ns;
};

/// A plan is made of blocks: the overhead of all systems, our sizes, kernels that take time (docs in bench/README.md). A
/// list given replaces that list in every block; what several blocks ask for is measured once. In an order that takes
/// the systems in turn, so that a disturbance of the machine does not hit one of them alone.
/// Throws Error(kInvalidArgument) that names what is wrong and what is known.
std::vector<Measurement> make_plan(const PlanOptions& options);

/// The fields that name a measurement in its row: "shape", "tasks", "layout", "threads", "kernel_ns".
std::vector<Field> fields_of(const Measurement& measurement);

}  // namespace tilewright::bench
