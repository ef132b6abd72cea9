#include "platform/crash_report.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "platform/code_object.h"
#include "platform/compile_for_test.h"

namespace tilewright {
namespace {

int g_report_fd = -1;
void write_report(const char* data, size_t size) {
  if (::write(g_report_fd, data, size) < 0) ::_exit(99);
}

/// Runs `crash` in a child with handlers installed; what the child reported. (A fork is fine here: this test program
/// has one thread.)
CrashReport report_of(const std::function<void()>& crash, int* exit_status = nullptr) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    g_report_fd = ends[1];
    install_crash_handlers(&write_report);
    crash();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (exit_status != nullptr) *exit_status = status;
  return parse_crash_report(text);
}

const char* const kCrashingCode = R"(
  #include <cstdlib>
  extern "C" __attribute__((noinline)) void read_from(volatile int* where) { (void)*where; }
  namespace deep { __attribute__((noinline)) void helper(volatile int* where) { read_from(where); asm volatile(""); } }
  extern "C" void kernel_entry(long* args) {
    if (args[0] == 0) deep::helper((int*)args[1]);
    if (args[0] == 1) std::abort();
    if (args[0] == 2) asm volatile("ud2");
    if (args[0] == 3) { volatile int zero = 0; volatile int x = 7 / zero; (void)x; }
    if (args[0] == 4) ((void (*)())args[1])();
    if (args[0] == 5) for (volatile long i = 0;;) i = i + 1;
    if (args[0] == 6) { volatile char big[4096]; big[0] = 1; kernel_entry(args); big[1] = 1; }
    asm volatile("");
  }
)";

void run_kernel(const std::vector<uint8_t>& code, long what, long argument) {
  const CodeObject object(code, "bad_kernel.so");
  long args[2] = {what, argument};
  crash_context()->kernel = "bad kernel";
  crash_context()->core = "AIV 7";
  object.function<void(long*)>("kernel_entry")(args);
}

class CrashReportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { code_ = compile_for_test(kCrashingCode); }
  static std::vector<uint8_t> code_;
};
std::vector<uint8_t> CrashReportTest::code_;

TEST_F(CrashReportTest, SignalKernelCoreAddressAndStackAreReported) {
  int status = 0;
  const CrashReport report = report_of([] { run_kernel(code_, 0, 0x30); }, &status);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGSEGV);
  EXPECT_EQ(report.signal, SIGSEGV);
  EXPECT_EQ(report.address, 0x30u);
  EXPECT_EQ(report.kernel, "bad kernel");
  EXPECT_EQ(report.core, "AIV 7");
  ASSERT_GE(report.frames.size(), 3u);
  EXPECT_EQ(report.frames[0].symbol, "read_from");
  EXPECT_EQ(report.frames[1].symbol, "deep::helper(int volatile*)");
  EXPECT_EQ(report.frames[2].symbol, "kernel_entry");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(report.frames[static_cast<size_t>(i)].module, "bad_kernel.so");
}

TEST_F(CrashReportTest, EverySignalIsReported) {
  const int expected[] = {SIGSEGV, SIGABRT, SIGILL, SIGFPE};
  for (long what = 0; what < 4; ++what) {
    const CrashReport report = report_of([what] { run_kernel(code_, what, 0); });
    EXPECT_EQ(report.signal, expected[what]);
    EXPECT_EQ(report.kernel, "bad kernel");
    const bool has_kernel = std::any_of(report.frames.begin(), report.frames.end(), [](auto& f) { return f.symbol == "kernel_entry"; });
    EXPECT_TRUE(has_kernel) << describe_frames(report);
  }
}

TEST_F(CrashReportTest, AJumpIntoNowhereStillNamesTheKernel) {
  const CrashReport report = report_of([] { run_kernel(code_, 4, 0x123); });
  EXPECT_EQ(report.signal, SIGSEGV);
  EXPECT_EQ(report.kernel, "bad kernel");
  ASSERT_EQ(report.frames.size(), 2u);
  EXPECT_EQ(report.frames[0].module_offset, 0x123u);
  EXPECT_EQ(report.frames[1].symbol, "kernel_entry");
}

TEST_F(CrashReportTest, AStackOverflowIsReportedFromAnyThread) {
  const auto overflow = [] {
    install_crash_stack();
    run_kernel(code_, 6, 0);
  };
  for (const bool on_thread : {false, true}) {
    const CrashReport report = report_of([&] {
      if (on_thread) {
        std::thread(overflow).join();
      } else {
        overflow();
      }
    });
    EXPECT_EQ(report.signal, SIGSEGV);
    EXPECT_EQ(report.core, "AIV 7");
  }
}

TEST_F(CrashReportTest, ADeadlineListsWhatTheThreadsRun) {
  const CrashReport report = report_of([] {
    std::atomic<bool> running{false};
    std::thread other([&] {
      install_crash_stack();
      *crash_context() = {"sleeper", "AIC 2"};
      running = true;
      for (;;) ::pause();
    });
    while (!running) std::this_thread::yield();
    const CpuDeadline soon({20, false});
    run_kernel(code_, 5, 0);
  });
  EXPECT_EQ(report.signal, SIGPROF);
  ASSERT_EQ(report.running.size(), 2u);
  EXPECT_EQ(report.running[0].kernel, "bad kernel");
  EXPECT_EQ(report.running[1].kernel, "sleeper");
  EXPECT_EQ(report.running[1].core, "AIC 2");
  EXPECT_TRUE(report.frames.empty());
  const auto calls = [](const CrashReport::Running& thread, const std::string& function) {
    return std::any_of(thread.frames.begin(), thread.frames.end(), [&](auto& frame) { return frame.symbol.find(function) == 0; });
  };
  EXPECT_TRUE(calls(report.running[0], "kernel_entry")) << describe_frames(report.running[0].frames);
  EXPECT_TRUE(calls(report.running[1], "pause")) << describe_frames(report.running[1].frames);
}

TEST_F(CrashReportTest, AThreadThatBlocksTheSignalCostsTheReportItsStackOnly) {
  const CrashReport report = report_of([] {
    std::atomic<bool> running{false};
    std::thread other([&] {
      install_crash_stack();
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
      *crash_context() = {"deaf", "AIC 2"};
      running = true;
      for (;;) ::pause();
    });
    while (!running) std::this_thread::yield();
    const CpuDeadline soon({20, false});
    run_kernel(code_, 5, 0);
  });
  ASSERT_EQ(report.running.size(), 2u);
  EXPECT_FALSE(report.running[0].frames.empty());
  EXPECT_EQ(report.running[1].kernel, "deaf");
  EXPECT_TRUE(report.running[1].frames.empty());
}

TEST_F(CrashReportTest, ADeadlineCountsCpuTimeOfTheWholeProcess) {
  int status = 0;
  const CrashReport report = report_of(
      [] {
        std::thread other([] {
          for (volatile long i = 0;;) i = i + 1;
        });
        const CpuDeadline soon({20, false});
        other.join();
      },
      &status);
  EXPECT_EQ(report.signal, SIGPROF);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGPROF);
  EXPECT_TRUE(report.running.empty());
}

TEST_F(CrashReportTest, ADeadlineThatIsOverEndsNothing) {
  int status = 0;
  const CrashReport report = report_of(
      [] {
        {
          const CpuDeadline soon({20, false});
        }
        const clock_t begin = ::clock();
        while (::clock() - begin < CLOCKS_PER_SEC / 20) {
        }
        ::_exit(7);
      },
      &status);
  EXPECT_EQ(report.signal, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

/// The exit code of a child that uses up a deadline several times over while this process traces it, if it is let.
int exit_code_of_traced(bool waived_if_traced) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    install_crash_handlers([](const char*, size_t) {});
    const CpuDeadline soon({10, waived_if_traced});
    const clock_t begin = ::clock();
    while (::clock() - begin < CLOCKS_PER_SEC / 10) {
    }
    ::_exit(7);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    const long signal = WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
    ::ptrace(PTRACE_CONT, child, nullptr, signal);
  }
  return WEXITSTATUS(status);
}

TEST(CrashReport, TheDefaultDeadlineDoesNotCountUnderADebugger) {
  EXPECT_EQ(exit_code_of_traced(true), 7);
  EXPECT_EQ(exit_code_of_traced(false), 128 + SIGPROF);
  EXPECT_EQ(Deadline::of(0).cpu_ms, 60'000u);
  EXPECT_TRUE(Deadline::of(0).waived_if_traced);
  EXPECT_EQ(Deadline::of(UINT64_MAX).cpu_ms, 0u);
  EXPECT_EQ(Deadline::of(5).cpu_ms, 5u);
  EXPECT_FALSE(Deadline::of(5).waived_if_traced) << "who names a deadline gets it";
}

TEST_F(CrashReportTest, ASignalFromOutsideNamesItsSender) {
  const pid_t sender = ::getpid();
  const CrashReport report = report_of([&] {
    *crash_context() = {"bystander", "AIV 1"};
    union sigval nothing{};
    ::sigqueue(::getpid(), SIGSEGV, nothing);  // says who sent it, like kill
  });
  EXPECT_EQ(report.signal, SIGSEGV);
  EXPECT_EQ(report.sender, 0) << "itself";
  EXPECT_EQ(report.address, 0u);
  const CrashReport parsed = parse_crash_report("signal\tb\nsender\t" + [&] {
    char hex[20];
    std::snprintf(hex, sizeof hex, "%x", static_cast<unsigned>(sender));
    return std::string(hex);
  }() + "\nkernel\tbystander\n");
  EXPECT_EQ(describe_signal(parsed), "SIGSEGV, sent by process " + std::to_string(sender));
}

TEST_F(CrashReportTest, ManyThreadsCrashingAtOnceGiveOneReport) {
  const CrashReport report = report_of([] {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        install_crash_stack();
        ++ready;
        while (ready < 4) std::this_thread::yield();
        run_kernel(code_, 0, 0);
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_EQ(report.signal, SIGSEGV);
  EXPECT_FALSE(report.frames.empty());
}

TEST(CrashReport, ThreadsGiveTheirStacksAndContextsBack) {
  for (int i = 0; i < 3000; ++i) std::thread([] { install_crash_stack(); }).join();
  CrashContext* here = crash_context();
  CrashContext* there = nullptr;
  std::thread([&] { there = crash_context(); }).join();
  EXPECT_NE(here, there);
}

TEST(CrashReport, AReportThatBreaksOffIsUnderstoodSoFar) {
  const CrashReport report = parse_crash_report("signal\tb\naddress\t10\nkernel\tadd\nframe\t5\t15\tmain\t/bin/x\nframe\t5\t");
  EXPECT_EQ(report.signal, SIGSEGV);
  EXPECT_EQ(report.kernel, "add");
  ASSERT_EQ(report.frames.size(), 1u);
  EXPECT_EQ(describe_frames(report), "  #0 main+0x5 (/bin/x+0x15)");
  EXPECT_EQ(describe_signal(report), "SIGSEGV (invalid memory access) at address 0x10");
  EXPECT_TRUE(parse_crash_report("").kernel.empty());
}

}  // namespace
}  // namespace tilewright
