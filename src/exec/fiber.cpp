#include "exec/fiber.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

#if defined(__SANITIZE_ADDRESS__)
#define TW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TW_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define TW_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TW_TSAN 1
#endif
#endif

#ifdef TW_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef TW_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace tilewright {
namespace {

namespace context = boost::context::detail;

constexpr size_t kGuardBytes = 4096;

// The Itanium C++ ABI's per-thread exception state: the stack of caught exceptions and the count of uncaught ones.
struct ExceptionState {
  void* caught;
  unsigned int uncaught;
};

// AddressSanitizer still guards the frames of a stack that was abandoned; whoever gets the memory next must not meet them.
void forget_frames([[maybe_unused]] void* stack, [[maybe_unused]] size_t bytes) {
#ifdef TW_ASAN
  __asan_unpoison_memory_region(stack, bytes);
#endif
}

#if defined(__clang__)
#define TW_OPAQUE [[gnu::noinline]]
#else
#define TW_OPAQUE [[gnu::noipa]]
#endif

/// What of a thread follows a fiber. Read and written through opaque functions: the addresses of errno and of the exception state
/// are constant for the compiler, which would keep them across a switch that ends on another thread.
struct ThreadState {
  int error_number;
  ExceptionState exceptions;
};

TW_OPAQUE ThreadState save_thread_state() {
  asm volatile("" ::: "memory");
  return {errno, *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals())};
}

TW_OPAQUE void restore_thread_state(const ThreadState& state) {
  asm volatile("" ::: "memory");
  errno = state.error_number;
  *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals()) = state.exceptions;
}

}  // namespace

struct FiberEntry {
  static void enter(context::transfer_t from) {
    Fiber* self = static_cast<Fiber*>(from.data);
    self->caller_ = from.fctx;
#ifdef TW_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->caller_stack_, &self->caller_stack_bytes_);
#endif
    self->body_();
    self->finished_ = true;
    self->suspend();
    std::abort();  // a finished fiber is started anew, never resumed
  }
};

Fiber::Fiber(size_t stack_bytes) : memory_bytes_(kGuardBytes + stack_bytes) {
  void* memory = ::mmap(nullptr, memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED)
    throw Error(ErrorCode::kDeviceMemory, fmt::format("cannot reserve a stack of {} bytes for a simulated core", stack_bytes));
  memory_ = static_cast<std::byte*>(memory);
  ::mprotect(memory_, kGuardBytes, PROT_NONE);
#ifdef TW_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef TW_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  forget_frames(memory_, memory_bytes_);
  ::munmap(memory_, memory_bytes_);
}

void Fiber::start(std::function<void()> body) {
  forget_frames(memory_, memory_bytes_);
#ifdef TW_TSAN
  if (context_ != nullptr) {  // abandoned frames stay on its record of calls, which has an end
    __tsan_destroy_fiber(tsan_fiber_);
    tsan_fiber_ = __tsan_create_fiber(0);
  }
#endif
  body_ = std::move(body);
  attachment_ = nullptr;
  finished_ = false;
  context_ = context::make_fcontext(memory_ + memory_bytes_, memory_bytes_ - kGuardBytes, FiberEntry::enter);
}

void Fiber::resume() {
  const ThreadState saved = save_thread_state();
  restore_thread_state({saved.error_number, {}});
#ifdef TW_ASAN
  __sanitizer_start_switch_fiber(&caller_fake_stack_, memory_ + kGuardBytes, memory_bytes_ - kGuardBytes);
#endif
#ifdef TW_TSAN
  tsan_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  const context::transfer_t back = context::jump_fcontext(context_, this);
#ifdef TW_ASAN
  __sanitizer_finish_switch_fiber(caller_fake_stack_, nullptr, nullptr);
#endif
  context_ = back.fctx;
  restore_thread_state(saved);
}

void Fiber::suspend() {
  const ThreadState saved = save_thread_state();
#ifdef TW_ASAN
  __sanitizer_start_switch_fiber(finished_ ? nullptr : &fake_stack_, caller_stack_, caller_stack_bytes_);
#endif
#ifdef TW_TSAN
  __tsan_switch_to_fiber(tsan_caller_, 0);
#endif
  const context::transfer_t again = context::jump_fcontext(caller_, nullptr);
#ifdef TW_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_, &caller_stack_bytes_);
#endif
  caller_ = again.fctx;
  restore_thread_state(saved);
}

}  // namespace tilewright
