// Fibers: the stacks that simulated cores run on. Switching takes nanoseconds and no system call.
#pragma once

#include <cstddef>
#include <functional>

namespace tilewright {

/// A stack with a body. A carrier thread resumes it; the body runs until it suspends or returns. A fiber that has started
/// stays on the thread that started it. Across a switch errno and the state of exception handling are kept apart.
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

 private:
  struct Switch;

  std::byte* memory_;
  size_t memory_bytes_;
  void* context_ = nullptr;  // where to continue: the fiber's when suspended
  void* caller_ = nullptr;   // the resumer's, while the fiber runs
  std::function<void()> body_;
  bool finished_ = true;
  void* attachment_ = nullptr;

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
