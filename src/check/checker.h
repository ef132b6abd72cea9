// The checker: one happens-before engine behind the instruction hook. docs/design/checker.md says what it knows and what it cannot.
//
//   Checker checker;
//   checker.begin_kernel(core, {.kernel = "add", .tensors = ...});
//   kernel_entry(args);
//   checker.end_kernel(core);
//   CheckReport report = checker.report();
//
// Cores without begin_kernel are not looked at, unless attach_all is set. Thread safe. What it finds does not depend on threads, but
// which of several faults at one place it finds first does: a run on one thread gives the same report every time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "check/races.h"
#include "isa/core.h"
#include "task_args.h"
#include "tilewright/check_report.h"

namespace tilewright {

struct CheckOptions {
  size_t limit = 20;        ///< faults that are listed in full
  bool faults = true;       ///< look for mistakes in kernels; without it nothing is reported but races
  bool attach_all = false;  ///< look at every core of the process that nobody else looks at: host test programs
  /// Device memory: what lies outside must not be accessed, and ends the kernel. Empty: nothing is known.
  uint64_t device_begin = 0, device_end = 0;
  /// Is told what tasks do to device memory, under the checker's lock; outlives the checker. Null: nobody is.
  check::Races* races = nullptr;
};

/// What a kernel was given. Everything is copied.
struct CheckedKernel {
  std::string kernel;                        ///< its name, for reports
  std::span<const ChipTensor> tensors = {};  ///< of the task; none: device memory has no bounds
  std::span<const ArgDirection> directions = {};  ///< of the kernel's arguments, tensors first; none: all may be written
  PTO2TaskId task = PTO2TaskId::invalid();  ///< for CheckOptions::races
};

class Checker {
 public:
  /// Sets the process's instruction hook, which all checkers share, until the last of them ends.
  explicit Checker(const CheckOptions& options = {});
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  /// Code that was loaded from memory, for lines in reports: an address in it, and its bytes, which outlive the checker.
  void add_code(const void* address, std::span<const uint8_t> bytes);

  /// The core starts a kernel with memories that hold nothing. Its task is the one of core.launch; block, lane and their numbers are set.
  void begin_kernel(CoreContext& core, const CheckedKernel& kernel);
  /// The kernel has returned. After the last one of a task its flags between cores are looked at.
  void end_kernel(CoreContext& core);

  /// What was found so far. Kernels that have not ended are given up: of their flags nothing is said.
  CheckReport report();
  /// The report of CheckOptions::races, with lines of sources. Only with races.
  RaceReport race_report();

  /// Called for each new fault, under the checker's lock.
  void on_fault(std::function<void(const CheckReport&)> listener);

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace tilewright
