// A simulated core as the instruction set sees it: its memories, its place in the launch, and who it reports to.
//
// Layers above create one CoreContext per core, set it before they enter kernel code on a thread, and keep it until the kernel
// has returned. Kernels run on fibers that may move between threads: after a yield the current core is looked up again, always
// through current_core(), which the compiler can neither inline nor hoist.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "pto/common/legality.hpp"
#include "pto/common/sim_abi.h"

namespace tilewright {

/// A cube core (matrix products) or a vector core.
enum class CoreKind : uint8_t { kAic, kAiv };

/// Number of memories of a core; they are indexed by pto::TileType.
constexpr int kSpaceCount = 10;

/// What distinguishes the cores of one chip generation. Sizes from spec/tile-isa.md, 1.3.
struct CoreArch {
  const char* name;                                ///< "a2a3" or "a5"
  std::array<uint64_t, kSpaceCount> memory_bytes;  ///< 0: this generation has no such memory
  pto::legality::Generation generation;            ///< which instructions it has: pto/common/legality.hpp

  static const CoreArch& a2a3();
  static const CoreArch& a5();
};

/// "UB", "L1", ...: the memory that tiles of a pto::TileType live in.
const char* space_name(int space);

/// The on-chip memories of one core, and scratch for the backend. Pages are committed on first use; no two memories share
/// bytes, and a page between them faults on access. Contents start as zero. Not copyable; one thread at a time.
class CoreMemory {
 public:
  explicit CoreMemory(const CoreArch& arch);  // throws Error(kDeviceMemory) if address space is exhausted
  ~CoreMemory();
  CoreMemory(const CoreMemory&) = delete;
  CoreMemory& operator=(const CoreMemory&) = delete;

  uint8_t* base(int space) const { return bases_[space]; }
  uint64_t capacity(int space) const { return capacities_[space]; }

  /// kScratchBytes that an instruction may use while it executes.
  uint8_t* scratch() const { return scratch_; }
  static constexpr uint64_t kScratchBytes = 1 << 20;

 private:
  uint8_t* mapping_;
  uint64_t mapping_bytes_;
  uint8_t* scratch_;
  std::array<uint8_t*, kSpaceCount> bases_;
  std::array<uint64_t, kSpaceCount> capacities_;
};

/// A condition of other cores' making that a kernel waits for. It lives on the waiting kernel's stack; its functions are called
/// on other stacks and threads, so what they read is atomic or does not change. They must not throw, yield or wait.
struct CoreWait {
  bool (*ready)(const void* data);
  const void* data;
  /// "flag 3 of AIV 7 (0 of 2 set)": completes "kernel K on AIC 3 waits for ...".
  std::string (*describe)(const void* data);
};

/// Whom a core reports to. The instruction set calls it on the core's own stack.
class CoreHost {
 public:
  virtual ~CoreHost() = default;
  /// Lets other cores run; may return on another thread. For kernels that poll memory.
  virtual void yield() = 0;
  /// Returns when the condition holds, and lets other cores run meanwhile; may return on another thread. If nothing can make
  /// it hold any more, the run ends with a deadlock report and this does not return.
  virtual void wait(const CoreWait& condition) = 0;
  /// What some core waits for may hold now: to be called after each change of it, by the core that made the change.
  virtual void notify() = 0;
  /// The kernel did something wrong. `code` is an ErrorCode, `text` says what and what to do. Does not return: throws, or
  /// leaves the fiber.
  virtual void fail(int code, const std::string& text) = 0;
};

class LaunchSlot;

struct CoreContext {
  CoreKind kind;
  const CoreArch* arch;
  CoreMemory* memory;
  CoreHost* host;
  int32_t block_idx = 0;
  int32_t block_num = 1;
  int32_t sub_block_id = 0;   ///< which AIV of its cluster
  int32_t sub_block_num = 1;  ///< AIVs of its cluster
  int32_t core_id = 0;
  uint64_t control_register = 0;
  LaunchSlot* launch = nullptr;  ///< what the cores of the task share; null: the core belongs to no task
  int32_t lane = -1;             ///< of the task: kLaneAic, kLaneAiv0, kLaneAiv1; -1: the core serves as every lane (host test programs)
  uint8_t lanes = 0;             ///< mask of the task's lanes
  const void* issued_from = nullptr;  ///< return address of the instruction under way; set for the instruction hook only
  void* watcher = nullptr;            ///< belongs to the instruction hook: what it knows of this core

  /// Reports an error of the kernel to the host, and aborts if that returns.
  [[noreturn]] void fail(int code, const std::string& text) const;
};

/// The core whose kernel runs on this thread. If none was set: a default core of this thread (all memories of the default generation,
/// a host whose fail() prints and aborts, whose yield() returns, and whose wait() fails if the condition does not hold already), which
/// serves host test programs.
CoreContext* current_core();

/// The generation of default cores that are made from now on; a2a3 if nobody says. Thread safe.
void set_default_core_arch(const CoreArch& arch);
const CoreArch& default_core_arch();

/// Ends a host test program: prints "pto: error CODE: TEXT" and aborts.
[[noreturn]] void abort_kernel(int code, const std::string& text);

/// Makes `core` the current one of this thread; null returns to the default core. `core` must outlive its being current.
void set_current_core(CoreContext* core);

/// The table to bind kernel objects to, and one that also refuses what the core's generation does not have (isa/legality.h): for objects
/// whose compiler was not asked to.
const PtoSimTable* sim_table();
const PtoSimTable* strict_sim_table();

}  // namespace tilewright

/// The same for a program that is linked with this library and its kernels.
extern "C" const PtoSimTable* pto_sim_default_table();
