// The functions behind the table that kernels are bound to: placing tiles, and executing instructions.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

#include "base/error.h"
#include "isa/execution.h"
#include "isa/hook.h"
#include "isa/interruptible.h"
#include "isa/legality.h"

namespace tilewright {
namespace {

using isa::Execution;
using isa::Handler;

static_assert(kPtoFailInvalidArgument == static_cast<int>(ErrorCode::kInvalidArgument));
static_assert(kPtoFailUnsupported == static_cast<int>(ErrorCode::kUnsupported));
static_assert(kPtoFailOutOfBounds == static_cast<int>(ErrorCode::kOutOfBounds));

constexpr int kOpCount = static_cast<int>(pto::Op::OP_COUNT);

std::atomic<PtoInstructionHook> active_hook{nullptr};
std::atomic<PtoInstructionHook> after_hook{nullptr};
uint32_t watch_scalars = 0;  // written with __atomic_store_n; kernels read it through the table

void do_nothing(const Execution&) {}
void yield_core(const Execution& execution) { execution.core.host->yield(); }

Handler control_handler(pto::Op op) {
  switch (op) {
    // A core executes in program order, so these order nothing; checkers see them through the hook.
    case pto::Op::SET_FLAG:
    case pto::Op::WAIT_FLAG:
    case pto::Op::PIPE_BARRIER:
    case pto::Op::SCALAR_GET:
    case pto::Op::SCALAR_SET: return do_nothing;
    case pto::Op::DCCI:
    case pto::Op::DSB: return yield_core;
    default: return nullptr;
  }
}

struct HandlerTable {
  Handler handlers[kOpCount];
  HandlerTable() {
    for (int i = 0; i < kOpCount; ++i) {
      const pto::Op op = static_cast<pto::Op>(i);
      handlers[i] = control_handler(op);
      for (const auto family :
           {isa::move_handler, isa::elementwise_handler, isa::reduce_handler, isa::matmul_handler, isa::fifo_handler, isa::sync_handler,
            isa::select_handler, isa::gather_handler, isa::sort_handler, isa::print_handler, isa::generate_handler}) {
        if (handlers[i] == nullptr) handlers[i] = family(op);
      }
    }
  }
};
const HandlerTable handler_table;

/// The way of an instruction while a hook is set. After a wait it may be on another thread, with another hook.
[[gnu::noinline, gnu::cold]] void execute_watched(const Execution& execution, Handler handler, PtoInstructionHook before,
                                                  const void* issued_from) {
  CoreContext& core = execution.core;
  core.issued_from = issued_from;
  before(execution.instruction, core);
  handler(execution);
  core.issued_from = issued_from;
  if (const PtoInstructionHook after = after_hook.load(std::memory_order_relaxed)) after(execution.instruction, core);
}

template <bool kStrict>
void execute(const PtoInstruction* instruction) {
  const Execution execution{*instruction, *current_core()};
  if constexpr (kStrict) {
    if (instruction->op < kOpCount) isa::check_generation(execution);
  }
  const Handler handler = instruction->op < kOpCount ? handler_table.handlers[instruction->op] : nullptr;
  if (handler == nullptr) {
    isa::fail(execution, kPtoFailUnsupported, "this simulator does not have the instruction",
              "use the kernel headers and the simulator of one version");
  }
  isa::check_operands(execution);
  if (const PtoInstructionHook hook = active_hook.load(std::memory_order_relaxed); hook != nullptr) [[unlikely]]
    return execute_watched(execution, handler, hook, __builtin_return_address(0));
  handler(execution);
}

[[noreturn]] void refuse_address(const CoreContext& core, const PtoTileType& tile, uint64_t address, uint64_t bytes) {
  const uint64_t capacity = core.memory->capacity(tile.space);
  const std::string what = fmt::format("TASSIGN: a tile {} {}x{} ({} bytes)", element_name(tile.element), tile.rows, tile.cols, bytes);
  if (capacity == 0) {
    core.fail(kPtoFailUnsupported, fmt::format("{} is assigned to {}, which {} does not have; use a platform that has it", what,
                                               space_name(tile.space), core.arch->name));
  }
  if (address % 32 != 0) {
    core.fail(kPtoFailInvalidArgument, fmt::format("{} is assigned to {:#x} in {}, which is not a multiple of 32; align the address", what,
                                                   address, space_name(tile.space)));
  }
  core.fail(
      kPtoFailOutOfBounds,
      fmt::format("{} at {:#x} ends at {:#x}, outside {} of {}, which has {} ({:#x}) bytes; lower the address or the size of the tile",
                  what, address, address + bytes, space_name(tile.space), core.arch->name, capacity, capacity));
}

void* assign(const PtoTileType* tile, uint64_t address) {
  const CoreContext& core = *current_core();
  const uint64_t capacity = core.memory->capacity(tile->space);
  const uint64_t base = reinterpret_cast<uint64_t>(core.memory->base(tile->space));
  const uint64_t offset = address >= base && address < base + capacity ? address - base : address;
  const uint64_t elements = static_cast<uint64_t>(tile->rows) * static_cast<uint64_t>(tile->cols);
  const uint64_t bytes = tile->element_bytes != 0 ? elements * tile->element_bytes : elements / 2;
  if (offset % 32 != 0 || bytes > capacity || offset > capacity - bytes) refuse_address(core, *tile, offset, bytes);
  return reinterpret_cast<void*>(base + offset);
}

void* core_memory(int space, uint64_t* capacity_bytes) {
  const CoreContext& core = *current_core();
  if (space < 0 || space >= kSpaceCount) {
    core.fail(kPtoFailInvalidArgument,
              fmt::format("core_memory: there is no memory number {}; numbers are 0 to {}", space, kSpaceCount - 1));
  }
  if (capacity_bytes != nullptr) *capacity_bytes = core.memory->capacity(space);
  return core.memory->base(space);
}

void yield() { current_core()->host->yield(); }

void fail_kernel(int code, const char* text) { current_core()->fail(code, text); }

int64_t core_query(int what) {
  const CoreContext& core = *current_core();
  switch (what) {
    case kPtoBlockIdx: return core.block_idx;
    case kPtoBlockNum: return core.block_num;
    case kPtoSubBlockId: return core.sub_block_id;
    case kPtoSubBlockNum: return core.sub_block_num;
    case kPtoCoreId: return core.core_id;
    case kPtoControlRegister: return static_cast<int64_t>(core.control_register);
    default: core.fail(kPtoFailInvalidArgument, fmt::format("core_query: there is no query number {}", what));
  }
}

void set_control_register(uint64_t value) { current_core()->control_register = value; }

void set_default_arch(int npu_arch) { set_default_core_arch(npu_arch == 2201 ? CoreArch::a2a3() : CoreArch::a5()); }

template <bool kStrict>
const PtoSimTable table = {
    .version = PTO_SIM_ABI_VERSION,
    .size = sizeof(PtoSimTable),
    .execute = execute<kStrict>,
    .assign = assign,
    .core_memory = core_memory,
    .yield = yield,
    .fail = fail_kernel,
    .core_query = core_query,
    .set_control_register = set_control_register,
    .watch_scalars = &watch_scalars,
    .set_default_arch = set_default_arch,
};

template <bool kStrict>
void execute_interruptibly(const PtoInstruction* instruction) {
  static_cast<InterruptibleHost*>(current_core()->host)->interrupt();
  execute<kStrict>(instruction);
}

template <bool kStrict>
const PtoSimTable interruptible_table = [] {
  PtoSimTable changed = table<kStrict>;
  changed.execute = execute_interruptibly<kStrict>;
  return changed;
}();

}  // namespace

const PtoSimTable* sim_table() { return &table<false>; }
const PtoSimTable* strict_sim_table() { return &table<true>; }
const PtoSimTable* interruptible_sim_table(bool strict) { return strict ? &interruptible_table<true> : &interruptible_table<false>; }

void clear_memory(const CoreMemory& memory) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto clear = [page](uint8_t* begin, uint64_t bytes) {
    const uint64_t first = reinterpret_cast<uint64_t>(begin) / page * page;  // no two memories share a page
    if (bytes != 0) madvise(reinterpret_cast<void*>(first), reinterpret_cast<uint64_t>(begin) + bytes - first, MADV_DONTNEED);
  };
  for (int space = 0; space < kSpaceCount; ++space) clear(memory.base(space), memory.capacity(space));
  clear(memory.scratch(), CoreMemory::kScratchBytes);
}

void set_instruction_hook(PtoInstructionHook before, PtoInstructionHook after) {
  active_hook.store(before, std::memory_order_relaxed);
  after_hook.store(after, std::memory_order_relaxed);
  __atomic_store_n(&watch_scalars, before != nullptr ? 1u : 0u, __ATOMIC_RELAXED);
}

PtoInstructionHook instruction_hook() { return active_hook.load(std::memory_order_relaxed); }

bool executes(uint16_t op) { return op < kOpCount && handler_table.handlers[op] != nullptr; }

const char* op_name(uint16_t op) {
  static constexpr const char* kNames[] = {
#define TW_OP_NAME(name, pipe) #name,
      PTO_OP_LIST(TW_OP_NAME)
#undef TW_OP_NAME
  };
  return op < kOpCount ? kNames[op] : "?";
}

const char* element_name(uint8_t element) {
  static constexpr const char* kNames[] = {"f32", "f16", "bf16", "i8",   "u8",   "i16",  "u16",    "i32",    "u32",
                                           "i64", "u64", "e4m3", "e5m2", "e8m0", "hif8", "e2m1x2", "e1m2x2", "i4"};
  return element < kPtoElementCount ? kNames[element] : "?";
}

}  // namespace tilewright

[[gnu::visibility("default")]] const PtoSimTable* pto_sim_default_table() { return tilewright::sim_table(); }
