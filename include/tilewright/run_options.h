// RunOptions and RunReport: what a run may be told beyond CallConfig, and what it tells afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "task_id.h"
#include "tilewright/check_report.h"
#include "tilewright/race_report.h"

namespace tilewright {

/// The three ways a task graph is built (spec/l2-runtime.md). Policies of one engine.
enum class RuntimeVariant : uint8_t { kTensormapAndRingbuffer = 0, kHostBuildGraph = 1, kAicpuBuildGraph = 2 };

const char* runtime_name(RuntimeVariant variant);
/// Throws Error(kUnknownRuntime) that lists the names.
RuntimeVariant parse_runtime(const std::string& name);

/// Why a task waits for another. kDerived: explicit too, but the compiler named the predecessor (set_dependencies), not the user.
enum class EdgeSource : uint8_t { kCreator = 0, kTensorMap = 1, kExplicit = 2, kDerived = 3 };
const char* edge_source_name(EdgeSource source);

/// One dependency as the engine found it. A pair of tasks may have several, one per source and argument.
struct DependencyEdge {
  PTO2TaskId predecessor;
  PTO2TaskId successor;
  EdgeSource source;
  int16_t argument;  ///< index of the successor's tensor argument; -1 for explicit and derived edges
  /// Bytes from the first to the last byte both accesses may touch; 0 for all but TensorMap edges.
  uint64_t overlap_bytes;
};

/// One submitted task, for reports.
struct TaskRecord {
  PTO2TaskId id;
  int32_t kernel_ids[3];  ///< AIC, AIV0, AIV1; -1 for none
  /// How many ids its set_dependencies named (or add_dep, which makes such a call); 0: there was none.
  uint32_t named_dependencies = 0;
};

/// RunOptions::deadline_ms: the run may take for ever.
constexpr uint64_t kNoDeadline = UINT64_MAX;
/// The deadline of a run that is told none.
constexpr uint64_t kDefaultDeadlineMs = 60'000;

/// Milliseconds of "60", "0.5" (seconds, above 0) or "none" (kNoDeadline). Throws Error(kInvalidArgument).
uint64_t parse_deadline(const std::string& text);
/// The deadline that TW_DEADLINE asks for, for runs that are told none; 0 if it is not set or not valid, which is warned of.
uint64_t deadline_from_environment();

struct RunOptions {
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  int32_t host_threads = 0;  ///< threads that simulate cores; 0 = as many as the machine has processors
  int32_t aic_cores = 0;     ///< 0 = all of the platform; AIV cores are always twice as many
  bool record_dependencies = false;  ///< fill RunReport::edges and RunReport::tasks
  /// CPU time of the device process, in milliseconds, after which the run is ended: kDeadline names kernels, cores and stacks.
  /// A busy host does not use it up. While kernels do nothing but poll memory, the pauses between polls count too. 0: what
  /// TW_DEADLINE said when the device was started, else kDefaultDeadlineMs, which does not count while a debugger is attached to the
  /// device process; kNoDeadline: none. Needs a device process: a kernel that does not yield costs it; the device is replaced, its
  /// memory stays. In process there is none, and asking for one is refused (kUnsupported).
  uint64_t deadline_ms = 0;
  /// Writers also wait for earlier readers of their bytes, and write-only accesses (add_output of an existing tensor) for
  /// earlier writers. Refused (kUnsupported) for aicpu_build_graph, which orders tasks by explicit edges alone. The
  /// environment variable TW_TRACK_WAR=1 sets it for every run that orders accesses by itself.
  bool track_war = false;
  /// Look for mistakes in kernels: docs/guide/checking.md. Simulates on one thread, so host_threads must be 0 or 1. Kernels that
  /// were built with line tables (BuildOptions::line_tables) are named with the lines of their sources. The environment
  /// variable TW_CHECK=1 checks every run; one that was not asked to and finds something throws Error(kCheckFailed).
  bool check = false;
  /// Look for races between tasks: docs/guide/races.md. As for check: one thread, line tables for names of lines, and the environment
  /// variable TW_CHECK_RACES=1 looks in every run; one that was not asked to and finds some throws Error(kCheckFailed).
  bool check_races = false;
  /// Not 0: this seed decides the whole schedule of a simulated platform. Everything runs on one thread whatever host_threads
  /// says, times are virtual, and device memory that the run has not written yet is the same each time, so the same seed gives the
  /// same run on any host. Real platforms refuse it (kUnsupported). 0: what TW_SIM_SEED says, else no seed.
  uint64_t sim_seed = 0;
  /// With a seed: a file that gets one line for each event of the schedule; replaced. Kept up to the last event before a crash.
  std::string sim_log{};
};

/// The seed that TW_SIM_SEED asks for, 0 if it is not set. Throws Error(kInvalidArgument) if it is no number above 0.
uint64_t sim_seed_from_environment();
/// A seed as written by a user: a decimal number above 0. Throws Error(kInvalidArgument); `what` names it in the message.
uint64_t parse_sim_seed(const std::string& what, const std::string& text);

/// When the tasks of one timing slot (set_task_timing_slot) ran, over all their blocks and lanes, in nanoseconds since the
/// run began. Both are 0 if no kernel of the slot ran.
struct TimingSlot {
  uint64_t first_dispatch_ns = 0;
  uint64_t last_finish_ns = 0;
};

struct RunReport {
  uint64_t task_count = 0;  ///< submitted tasks, hidden allocation tasks included
  /// Distinct (predecessor, successor) pairs, counted under their first EdgeSource, kDerived as kExplicit.
  uint64_t edge_count[3] = {};
  uint32_t aic_cores_used = 0;
  uint32_t aiv_cores_used = 0;
  /// From the call of the orchestration's entry to the last completion; virtual under a seed, where each event and each instruction
  /// takes one nanosecond. So are the times of timing slots.
  uint64_t run_ns = 0;
  uint64_t task_window[4] = {};  ///< ring sizes in force, in tasks
  uint64_t heap_bytes[4] = {};   ///< and bytes
  /// Tasks that had cores and arguments before what they waited for had ended (set_allow_early_resolve).
  uint64_t staged_early = 0;
  TimingSlot timing_slots[16];
  uint64_t sim_events = 0;  ///< of a run under a seed: events of its schedule
  uint64_t sim_digest = 0;  ///< and a hash over them: equal for the same schedule
  std::vector<DependencyEdge> edges;
  std::vector<TaskRecord> tasks;
  CheckReport check;  ///< of a run with RunOptions::check; clean otherwise
  RaceReport races;   ///< of a run with RunOptions::check_races; clean otherwise
};

}  // namespace tilewright
