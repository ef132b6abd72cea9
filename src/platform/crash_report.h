// What a device process says when a kernel crashes it: signal, kernel, core and stack.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tilewright {

/// What a thread is running. Whoever calls foreign code sets it before the call and clears it afterwards. The strings
/// must live until then: point at names, do not build them.
struct CrashContext {
  const char* kernel = nullptr;  ///< "add", "orchestration vector"; null outside foreign code
  const char* core = nullptr;    ///< "AIC 3", "AIV 17", "orchestrator"
};

/// The context of the calling thread. Not inlined and opaque to the compiler: fibers move between threads, so it must
/// be asked for again after every switch. The pointer belongs to the thread.
[[gnu::noinline]] CrashContext* crash_context();

/// What the orchestration waits for while kernels run, for deadline reports.
struct CrashWait {
  const char* what;  ///< "get_tensor_data"
  int32_t status;    ///< PTO2_ERROR_* of a run that ends meanwhile
};
/// Of this process; null: nothing. What it points at is static.
std::atomic<const CrashWait*>& crash_wait();

/// Gives the calling thread a stack for signal handlers, so that a kernel which overruns its own can be reported, and
/// lists the thread's context in deadline reports. Undone when the thread ends. For every thread that runs kernels; has
/// no effect beyond the stack where no handlers are installed.
void install_crash_stack();

/// Receives the report in pieces, in order, from inside a signal handler: it must be async-signal-safe.
using CrashSink = void (*)(const char* data, size_t size);

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT send a report to `sink` and end the process with status
/// 128 + signal; SIGPROF (the CPU deadline, setitimer(ITIMER_PROF)) does the same and lists what every thread was
/// running. Only device processes call this: the library installs no handlers in a user's process.
void install_crash_handlers(CrashSink sink);

/// A report, read back.
struct CrashReport {
  struct Frame {
    std::string symbol;  ///< demangled; empty if no exported symbol covers the address
    uint64_t symbol_offset = 0;
    std::string module;  ///< "add.so", "/lib/x86_64-linux-gnu/libc.so.6"; empty if unknown
    uint64_t module_offset = 0;  ///< address as in the module's file, for addr2line
  };
  struct Running {
    std::string kernel;
    std::string core;
  };
  int signal = 0;
  uint64_t address = 0;  ///< faulting address for SIGSEGV, SIGBUS, SIGFPE, SIGILL
  std::string kernel;    ///< empty if it happened outside kernels and orchestrations
  std::string core;
  std::vector<Frame> frames;     ///< innermost first
  std::vector<Running> running;  ///< deadline reports: what the threads ran
  std::string waits_for;         ///< deadline reports: what the orchestration waited for; empty if it did not
  int32_t wait_status = 0;       ///< the status for that
};

/// Understands what a report says so far: a process may die while it writes one.
CrashReport parse_crash_report(std::string_view text);

/// "SIGSEGV (invalid memory access)".
std::string describe_signal(int signal);
/// The signal, with the faulting address where it says something: "SIGSEGV (invalid memory access) at address 0x10".
std::string describe_signal(const CrashReport& report);

/// The frames, one indented line each: "  #0 kernel_entry+0x1c (add.so+0x115c)".
std::string describe_frames(const CrashReport& report);

}  // namespace tilewright
