// Fibers: the stacks that simulated cores run on. Switching takes nanoseconds and no system call.
#pragma once

#include <cstddef>
#include <functional>

#include "exec/kernel_mark.h"

namespace tilewright {

/// A stack with a body. A carrier thread resumes it; the body runs until it suspends or returns. Any thread may resume it next, so
/// the body asks again for what belongs to its thread, through functions that the compiler cannot see into. Across a switch errno
/// and the state of exception handling stay with the fiber.
class Fiber {
 public:
  /// Reserves `stack_bytes` (committed as touched) above a guard page. Throws Error(kDeviceMemory).
  explicit Fiber(size_t stack_bytes);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Gives the fiber a body to run from its start. What the stack held before is abandoned without unwinding. The body
  /// must not let an exception out.
  void start(std::function<void()> body);

  /// Runs the body until it suspends or returns. Called on a thread's own stack.
  void resume();
  /// Called by the body: back to resume()'s caller.
  void suspend();
  bool finished() const { return finished_; }

  /// For whoever runs in the body: start() clears it.
  void attach(void* attachment) { attachment_ = attachment; }
  void* attachment() const { return attachment_; }
  /// Whether it runs a kernel; kept by the scheduler.
  KernelMark& mark() { return mark_; }

 private:
  struct Switch;

  std::byte* memory_;
  size_t memory_bytes_;
  void* context_ = nullptr;  // where to continue: the fiber's when suspended
  void* caller_ = nullptr;   // the resumer's, while the fiber runs
  std::function<void()> body_;
  bool finished_ = true;
  void* attachment_ = nullptr;
  KernelMark mark_;

  // Sanitizer bookkeeping.
  void* fake_stack_ = nullptr;
  void* caller_fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  size_t caller_stack_bytes_ = 0;
  void* tsan_fiber_ = nullptr;
  void* tsan_caller_ = nullptr;

  friend struct FiberEntry;
};

}  // namespace tilewright
