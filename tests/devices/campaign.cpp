#include "campaign.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "processes.h"
#include "tilewright/worker.h"
#include "toolchain/toolchain.h"

namespace tilewright::faults {
namespace {

constexpr int kElements = 1024;

constexpr const char* kOrchestration = R"(
#include "pto_orchestration_api.h"
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch) {
  const ChipTensor &x = orch.tensor(0).ref();
  const uint64_t tasks = orch.scalar(0), mode = orch.scalar(1);
  for (uint64_t i = 0; i < tasks; ++i) {
    CoreTaskArgs args;
    args.add_inout(x);
    args.add_scalar(i == tasks / 2 ? mode : 0);
    args.launch_spec.set_block_num(4);
    args.launch_spec.set_require_sync_start(true);
    rt_submit_aiv_task(0, args);
  }
}
)";

// Adds one to a quarter of x, in two halves between which the blocks meet. The last block does what the mode says.
constexpr const char* kKernel = R"(
#include <pto/pto-inst.hpp>
#include "intrinsic.h"
#include "tensor.h"
static void misbehave(int64_t mode) {
  if (mode == 1) *reinterpret_cast<volatile int *>(uintptr_t{0x40}) = 1;
  if (mode == 2) for (volatile int i = 0;; i = 1) {}
  if (mode == 3) for (;;) dsb(DSB_DDR);
  if (mode == 4) wait_flag_dev(3);
  if (mode == 5) {
    char *const memory = new char[1 << 30];
    asm volatile("" : : "r"(memory) : "memory");
    delete[] memory;
  }
}
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  const ChipTensor &t = *reinterpret_cast<ChipTensor *>(args[0]);
  const int block = get_block_idx(args), quarter = 1024 / 4;
  float *const mine = t.data_as<float>() + block * quarter;
  for (int i = 0; i < quarter / 2; ++i) mine[i] += 1;
  if (block == 3) misbehave(args[1]);
  for (volatile int i = 0; i < 20000; i = i + 1) {}
  pto::SYNCALL<pto::SyncCoreType::AIVOnly>();
  for (int i = quarter / 2; i < quarter; ++i) mine[i] += 1;
}
)";

enum class Program { kGood, kCrashes, kComputesForEver, kPollsForEver, kWaitsInVain, kWantsMemory };
enum class Fault { kNone, kKill, kStop, kSegv, kAbort, kTerminate, kNoMemory };
constexpr const char* kFaultNames[] = {"none", "SIGKILL", "SIGSTOP, SIGCONT", "SIGSEGV", "SIGABRT", "SIGTERM", "RLIMIT_AS"};

using Microseconds = std::chrono::microseconds;

struct Plan {
  Program program = Program::kGood;
  uint64_t tasks = 1;
  uint64_t deadline_ms = 0;
  Fault fault = Fault::kNone;
  Microseconds delay{};     ///< from the start of the run
  Microseconds stopped{};   ///< from SIGSTOP to SIGCONT
  uint64_t spare_bytes = 0;  ///< address space left
};

Plan draw(std::mt19937_64& random) {
  const auto below = [&random](uint64_t limit) { return random() % limit; };
  Plan plan;
  if (below(3) == 0) plan.program = static_cast<Program>(1 + below(5));
  plan.tasks = 1 + below(40);
  plan.deadline_ms = 20 + below(40);
  if (plan.program != Program::kComputesForEver && plan.program != Program::kPollsForEver) plan.deadline_ms = 0;
  if (below(2) == 0) plan.fault = static_cast<Fault>(1 + below(6));
  if (plan.program == Program::kWantsMemory && below(2) == 0) plan.fault = Fault::kNoMemory;
  plan.delay = Microseconds(below(6000));
  plan.stopped = Microseconds(below(20000));
  plan.spare_bytes = below(4 << 20);
  return plan;
}

/// Signals by descriptor, so that nobody else's process is hit.
bool send(int process, int signal) { return ::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0) == 0; }

uint64_t address_space_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Does what a plan says to a device's process, some time after it was made and not after it is gone.
class Injector {
 public:
  Injector(int device_id, const Plan& plan) : device_id_(device_id), plan_(plan) {
    if (plan.fault != Fault::kNone) thread_ = std::thread([this] { inject(); });
  }
  ~Injector() { finish(); }
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;

  /// Whether the fault happened.
  bool finish() {
    if (!thread_.joinable()) return done_;
    {
      const std::lock_guard lock(mutex_);
      run_is_over_ = true;
    }
    over_.notify_all();
    thread_.join();
    return done_;
  }

 private:
  bool wait(Microseconds time) {
    std::unique_lock lock(mutex_);
    return !over_.wait_for(lock, time, [this] { return run_is_over_; });
  }

  void inject() {
    if (!wait(plan_.delay)) return;
    const pid_t pid = device_process(device_id_);
    if (pid == 0) return;
    const FileDescriptor process_descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process_descriptor || process(pid).parent != ::getpid()) return;
    const int target = process_descriptor.get();
    switch (plan_.fault) {
      case Fault::kNone: return;
      case Fault::kKill: done_ = send(target, SIGKILL); return;
      case Fault::kSegv: done_ = send(target, SIGSEGV); return;
      case Fault::kAbort: done_ = send(target, SIGABRT); return;
      case Fault::kTerminate: done_ = send(target, SIGTERM); return;
      case Fault::kStop:
        done_ = send(target, SIGSTOP);
        wait(plan_.stopped);
        send(target, SIGCONT);
        return;
      case Fault::kNoMemory: {
        const rlimit limit{address_space_of(pid) + plan_.spare_bytes, RLIM_INFINITY};
        done_ = ::prlimit(pid, RLIMIT_AS, &limit, nullptr) == 0;
        return;
      }
    }
  }

  const int device_id_;
  const Plan& plan_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool run_is_over_ = false;
  bool done_ = false;
};

/// What may come of a run.
struct Allowed {
  bool right = false;
  std::set<ErrorCode> errors;
};

/// `faults`: what was done to the device's process in this run, or in an earlier one without anybody noticing.
Allowed allowed(const Plan& plan, const std::set<Fault>& faults) {
  Allowed all;
  switch (plan.program) {
    case Program::kGood:
    case Program::kWantsMemory: all.right = true; break;
    case Program::kCrashes: all.errors.insert(ErrorCode::kKernelCrashed); break;
    case Program::kComputesForEver:
    case Program::kPollsForEver: all.errors.insert(ErrorCode::kDeadline); break;
    case Program::kWaitsInVain: all.errors.insert(ErrorCode::kDeadlock); break;
  }
  for (const Fault fault : faults) {
    if (fault == Fault::kKill || fault == Fault::kTerminate) all.errors.insert(ErrorCode::kDeviceLost);
    // A process that has not installed its handlers yet cannot say who sent the signal.
    if (fault == Fault::kSegv || fault == Fault::kAbort) all.errors.insert({ErrorCode::kDeviceLost, ErrorCode::kKernelCrashed});
    if (fault == Fault::kNoMemory) {
      all.errors.insert({ErrorCode::kDeviceMemory, ErrorCode::kDeviceLost, ErrorCode::kRunFailed, ErrorCode::kKernelCrashed});
    }
  }
  return all;
}

/// What an error must name; the first text that is missing.
std::string missing_text(const Error& error, const Plan& plan) {
  std::vector<std::string> texts;
  const std::string text = error.what();
  const bool never_returned = plan.program == Program::kComputesForEver || plan.program == Program::kPollsForEver;
  if (error.code() == ErrorCode::kDeadline && never_returned) texts = {"step (func_id 0) on AIV", "kernel_entry+0x"};
  if (error.code() == ErrorCode::kDeadlock) texts = {"step (func_id 0) on AIV", "waits for", "flag 3"};
  if (error.code() == ErrorCode::kKernelCrashed && plan.program == Program::kCrashes && plan.fault == Fault::kNone) {
    texts = {"step (func_id 0) crashed on AIV", "SIGSEGV", "address 0x40", "kernel_entry+0x"};
  }
  if (error.code() == ErrorCode::kDeviceLost || error.code() == ErrorCode::kKernelCrashed) texts.push_back("in flight: ");
  for (const std::string& wanted : texts) {
    if (text.find(wanted) == std::string::npos && text.find("did not start") == std::string::npos) return wanted;
  }
  return {};
}

/// One device and its client.
class Client {
 public:
  Client(int device_id, uint64_t seed) : device_id_(device_id), random_(seed), worker_(options(device_id)) {}

  void run(int runs) {
    handle_ = worker_.register_callable(campaign_image());
    for (int i = 0; i < runs; ++i) run_once(fmt::format("device {}, run {}", device_id_, i), draw(random_));
    // What hit it last may be noticed only in the run after it, for a process that is ending takes its time; the last has no excuse.
    end_device();
    pending_.insert(Fault::kKill);
    run_once(fmt::format("device {}, the last run but one", device_id_), Plan{});
    pending_.clear();
    run_once(fmt::format("device {}, the last run", device_id_), Plan{});
  }

  CampaignResult result;

 private:
  static WorkerOptions options(int device_id) {
    WorkerOptions options;
    options.device_id = device_id;
    return options;
  }

  /// Kills the device's process between two runs, and returns when it has ended, unless it was ending already; the worker has yet
  /// to notice.
  void end_device() {
    const pid_t pid = device_process(device_id_);
    siginfo_t info{};
    if (pid != 0 && ::kill(pid, SIGKILL) == 0) ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }

  void run_once(const std::string& what, const Plan& plan) {
    std::vector<float> x(kElements);
    for (float& value : x) value = static_cast<float>(random_() % 1000);
    const std::vector<float> before = x;
    const TaskArguments arguments = TaskArguments()
                                        .add_tensor(x.data(), DataType::FLOAT32, {kElements}, ArgDirection::INOUT)
                                        .add_scalar(plan.tasks)
                                        .add_scalar(static_cast<uint64_t>(plan.program));
    RunOptions run_options;
    run_options.deadline_ms = plan.deadline_ms;
    std::optional<Error> error;
    bool happened = false;
    {
      Injector injector(device_id_, plan);
      try {
        worker_.run(handle_, arguments, {}, run_options);
      } catch (const Error& failure) {
        error = failure;
      }
      happened = injector.finish();
    }
    if (happened) {
      ++result.faults[kFaultNames[static_cast<int>(plan.fault)]];
      pending_.insert(plan.fault);
      limited_ = limited_ || plan.fault == Fault::kNoMemory;
    }
    ++result.outcomes[error ? error_name(error->code()) : "right"];
    check(what, plan, error, before, x);
    const bool replaced = error && (error->code() == ErrorCode::kDeviceLost || error->code() == ErrorCode::kKernelCrashed);
    if (replaced) {  // with everything that hit it
      pending_.clear();
      limited_ = false;
    }
    if (limited_ && random_() % 2 == 0) {  // it would refuse run after run
      end_device();
      pending_.insert(Fault::kKill);
      limited_ = false;
    }
  }

  void check(const std::string& what, const Plan& plan, const std::optional<Error>& error, const std::vector<float>& before,
             const std::vector<float>& after) {
    const auto wrong = [&](const std::string& why) {
      result.wrong.push_back(fmt::format("{} (program {}, {} tasks, fault {} after {} us): {}", what, static_cast<int>(plan.program),
                                         plan.tasks, kFaultNames[static_cast<int>(plan.fault)], plan.delay.count(), why));
    };
    const Allowed may = allowed(plan, pending_);
    const float added = error ? 0.0f : static_cast<float>(plan.tasks);
    for (size_t i = 0; i < before.size(); ++i) {
      if (after[i] == before[i] + added) continue;
      wrong(fmt::format("{}, but element {} is {} after {}", error ? "it failed" : "it succeeded", i, after[i], before[i]));
      break;
    }
    if (!error) {
      if (!may.right) wrong("it succeeded");
      return;
    }
    if (may.errors.count(error->code()) == 0) return wrong(error->what());
    if (const std::string text = missing_text(*error, plan); !text.empty()) wrong(fmt::format("no '{}' in: {}", text, error->what()));
  }

  const int device_id_;
  std::mt19937_64 random_;
  ChipWorker worker_;
  CallableHandle handle_;
  std::set<Fault> pending_;  ///< happened to the process that runs now, or to one whose end nobody has noticed
  bool limited_ = false;     ///< its address space is
};

}  // namespace

int CampaignResult::runs() const {
  int sum = 0;
  for (const auto& [name, count] : outcomes) sum += count;
  return sum;
}

std::string CampaignResult::describe() const {
  std::string text = fmt::format("{} runs:", runs());
  for (const auto& [name, count] : outcomes) text += fmt::format(" {} {},", count, name);
  text += " faults:";
  for (const auto& [name, count] : faults) text += fmt::format(" {} {},", count, name);
  text.back() = ';';
  text += fmt::format(" {} broke the rules", wrong.size());
  for (const std::string& line : wrong) text += "\n  " + line;
  return text;
}

const std::vector<uint8_t>& campaign_image() {
  static const std::vector<uint8_t> image = [] {
    const TemporaryDirectory directory;
    Store store(directory.path() / "store");
    write_file_atomically((directory.path() / "orchestration.cpp").string(), kOrchestration);
    write_file_atomically((directory.path() / "step.cpp").string(), kKernel);
    CallableSpec spec;
    spec.name = "campaign";
    spec.base_dir = directory.path();
    spec.orchestration.source = "orchestration.cpp";
    spec.incores.push_back({0, "step.cpp", CoreType::AIV, {}, "step", {}});
    return build_callable(spec, {}, store).image;
  }();
  return image;
}

CampaignResult run_campaign(const CampaignOptions& options) {
  campaign_image();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < options.devices; ++i) clients.push_back(std::make_unique<Client>(i, options.seed + static_cast<uint64_t>(i)));
  std::vector<std::thread> threads;
  for (auto& client : clients) threads.emplace_back([&client, &options] { client->run(options.runs); });
  CampaignResult all;
  for (size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    const CampaignResult& one = clients[i]->result;
    for (const auto& [name, count] : one.faults) all.faults[name] += count;
    for (const auto& [name, count] : one.outcomes) all.outcomes[name] += count;
    all.wrong.insert(all.wrong.end(), one.wrong.begin(), one.wrong.end());
  }
  return all;
}

}  // namespace tilewright::faults
