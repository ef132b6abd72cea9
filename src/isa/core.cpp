#include "isa/core.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "isa/hook.h"
#include "isa/launch.h"

namespace tilewright {
namespace {

constexpr uint64_t kKiB = 1024;
/// Of Ctrl tiles; the specification gives no size.
constexpr uint64_t kCtrlBytes = 16 * kKiB;

/// Serves host test programs: nobody else can run, and nobody can take over after an error.
class AbortingHost final : public CoreHost {
 public:
  void yield() override {}
  void wait(const CoreWait& condition) override {
    if (condition.ready(condition.data)) return;
    fail(static_cast<int>(ErrorCode::kDeadlock),
         "the kernel waits for " + condition.describe(condition.data) + ", and no other core runs; run it on a device");
  }
  void notify() override {}
  void fail(int code, const std::string& text) override { abort_kernel(code, text); }
};

std::atomic<const CoreArch*> default_arch{nullptr};
std::atomic<void (*)(CoreContext&)> core_end_hook{nullptr};

struct DefaultCore {
  ~DefaultCore() { report_core_end(context); }
  const CoreArch& arch = default_core_arch();
  CoreMemory memory{arch};
  AbortingHost host;
  LaunchSlot launch;
  CoreContext context{
      .kind = CoreKind::kAiv, .arch = &arch, .memory = &memory, .host = &host, .launch = &launch, .lanes = 1 << kLaneAic | 1 << kLaneAiv0};
};

Error out_of_address_space(int error_number) {
  return Error(ErrorCode::kDeviceMemory, std::string("cannot reserve memory for a simulated core: ") + std::strerror(error_number),
               "raise the address-space limit (ulimit -v) or run fewer cores");
}

struct ThreadState {
  CoreContext* current = nullptr;
  std::unique_ptr<DefaultCore> fallback;
};
thread_local ThreadState thread_state;

}  // namespace

const CoreArch& CoreArch::a2a3() {
  static const CoreArch arch{"a2a3",
                             {192 * kKiB, 512 * kKiB, 64 * kKiB, 64 * kKiB, 128 * kKiB, 1 * kKiB, 2 * kKiB, 0, 0, kCtrlBytes},
                             pto::legality::Generation::kA2A3};
  return arch;
}

const CoreArch& CoreArch::a5() {
  static const CoreArch arch{"a5",
                             {256 * kKiB, 512 * kKiB, 64 * kKiB, 64 * kKiB, 256 * kKiB, 4 * kKiB, 4 * kKiB, 4 * kKiB, 4 * kKiB, kCtrlBytes},
                             pto::legality::Generation::kA5};
  return arch;
}

void set_default_core_arch(const CoreArch& arch) { default_arch.store(&arch, std::memory_order_relaxed); }

const CoreArch& default_core_arch() {
  const CoreArch* arch = default_arch.load(std::memory_order_relaxed);
  return arch != nullptr ? *arch : CoreArch::a2a3();
}

void abort_kernel(int code, const std::string& text) {
  std::fprintf(stderr, "pto: error %d: %s\n", code, text.c_str());
  std::abort();
}

const char* space_name(int space) {
  constexpr const char* kNames[kSpaceCount] = {"UB (Vec)",   "L1 (Mat)",       "L0A (Left)",       "L0B (Right)",       "L0C (Acc)",
                                               "Bias table", "FBUF (Scaling)", "ScaleLeft memory", "ScaleRight memory", "Ctrl"};
  return space >= 0 && space < kSpaceCount ? kNames[space] : "unknown memory";
}

CoreMemory::CoreMemory(const CoreArch& arch) : capacities_(arch.memory_bytes) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto pages = [page](uint64_t bytes) { return (bytes + page - 1) / page * page; };
  mapping_bytes_ = pages(kScratchBytes) + page;
  for (const uint64_t bytes : capacities_) mapping_bytes_ += pages(bytes) + page;
  void* mapping = mmap(nullptr, mapping_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw out_of_address_space(errno);
  mapping_ = static_cast<uint8_t*>(mapping);
  uint8_t* next = mapping_ + page;
  const auto open = [&](uint64_t bytes) {
    uint8_t* base = next;
    // A memory ends where its last page ends, so that the guard page is close; sizes are multiples of the alignment.
    if (bytes != 0 && mprotect(base, pages(bytes), PROT_READ | PROT_WRITE) != 0) {
      const int error = errno;
      munmap(mapping_, mapping_bytes_);
      throw out_of_address_space(error);
    }
    next += pages(bytes) + page;
    return base + (pages(bytes) - bytes);
  };
  for (int space = 0; space < kSpaceCount; ++space) bases_[space] = open(capacities_[space]);
  scratch_ = open(kScratchBytes);
}

void CoreContext::fail(int code, const std::string& text) const {
  host->fail(code, text);
  std::abort();
}

CoreMemory::~CoreMemory() { munmap(mapping_, mapping_bytes_); }

void set_core_end_hook(void (*hook)(CoreContext& core)) { core_end_hook.store(hook, std::memory_order_release); }

void report_core_end(CoreContext& core) {
  if (const auto hook = core_end_hook.load(std::memory_order_acquire)) hook(core);
}

// noipa keeps the compiler from learning that the result only depends on the thread, which would let a caller keep it across a
// yield.
#if defined(__clang__)
#define TW_OPAQUE [[gnu::noinline]]
#else
#define TW_OPAQUE [[gnu::noipa]]
#endif

TW_OPAQUE CoreContext* current_core() {
  asm volatile("" ::: "memory");
  ThreadState& state = thread_state;
  if (state.current == nullptr) {
    if (state.fallback == nullptr) state.fallback = std::make_unique<DefaultCore>();
    state.current = &state.fallback->context;
  }
  return state.current;
}

TW_OPAQUE void set_current_core(CoreContext* core) {
  asm volatile("" ::: "memory");
  thread_state.current = core;
}

}  // namespace tilewright
