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

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS and SIGABRT send a report to `sink` and end the process with
/// status 128 + signal; so does the CPU timer of CpuDeadline (SIGPROF), which reports what every thread runs, with stacks.
/// Only device processes call this: the library installs no handlers in a user's process.
void install_crash_handlers(CrashSink sink);

/// When a run is given up.
struct Deadline {
  uint64_t cpu_ms = 0;            ///< CPU time of this process; 0: never
  bool waived_if_traced = false;  ///< not while a debugger is attached

  /// What RunOptions::deadline_ms asks for.
  static Deadline of(uint64_t deadline_ms);
};

/// While it lives, the process ends with a report of SIGPROF once it has used up the deadline. One at a time, and only with
/// install_crash_handlers.
class CpuDeadline {
 public:
  explicit CpuDeadline(const Deadline& deadline);
  ~CpuDeadline();
  CpuDeadline(const CpuDeadline&) = delete;
  CpuDeadline& operator=(const CpuDeadline&) = delete;

 private:
  const bool armed_;
};

/// The caller's frames as describe_frames has them: where a kernel polls, say.
std::string describe_own_stack();

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
    std::vector<Frame> frames;  ///< of deadline reports; empty if the thread could not be asked
  };
  int signal = 0;
  int sender = 0;        ///< process that sent the signal; 0 if none did
  uint64_t address = 0;  ///< faulting address for SIGSEGV, SIGBUS, SIGFPE, SIGILL
  std::string kernel;    ///< empty if it happened outside kernels and orchestrations
  std::string core;
  std::vector<Frame> frames;     ///< innermost first; empty in deadline reports
  std::vector<Running> running;  ///< what the other threads ran, in deadline reports all threads
  std::string waits_for;         ///< deadline reports: what the orchestration waited for; empty if it did not
  int32_t wait_status = 0;       ///< the status for that
};

/// Understands what a report says so far: a process may die while it writes one.
CrashReport parse_crash_report(std::string_view text);

/// "SIGSEGV (invalid memory access)".
std::string describe_signal(int signal);
/// The signal, with the faulting address where it says something: "SIGSEGV (invalid memory access) at address 0x10"; or who
/// sent it: "SIGSEGV, sent by process 12".
std::string describe_signal(const CrashReport& report);

/// The frames, one indented line each: "  #0 kernel_entry+0x1c (add.so+0x115c)".
std::string describe_frames(const std::vector<CrashReport::Frame>& frames);
inline std::string describe_frames(const CrashReport& report) { return describe_frames(report.frames); }

}  // namespace tilewright
