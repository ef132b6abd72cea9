// What works with other cores and chips, pipes aside: cross-core flags, SYNCALL, signals and copies in device memory.
#include <fmt/format.h>

#include "isa/combine.h"
#include "isa/execution.h"
#include "isa/hook.h"
#include "isa/tile_grid.h"
#include "pto/comm/comm_types.hpp"

namespace tilewright::isa {
namespace {

void do_nothing(const Execution&) {}

/// The lane, where one is needed: a core of a host test program is AIV0.
int lane_of(const CoreContext& core) { return core.lane >= 0 ? core.lane : kLaneAiv0; }

void require_flag(const Execution& execution, int64_t id, int64_t count) {
  if (id >= 0 && id < count) return;
  fail(execution, kPtoFailInvalidArgument, fmt::format("there is no flag {}", id), fmt::format("flags are 0 to {}", count - 1));
}

void cross_core_sync(const Execution& execution) {
  const uint64_t config = execution.attributes().scalar;
  const int mode = static_cast<int>(config >> 4 & 3), id = static_cast<int>(config >> 8 & 15);
  const CoreContext& core = execution.core;
  Launch& launch = launch_of(execution);
  const int lane = lane_of(core);
  if ((config & 1) == 0 || mode == 3) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("{:#x} is no configuration", config),
         "bit 0 is 1, bits 4-5 are mode 0, 1 or 2, bits 8-11 the flag id");
  }
  if (mode == 1 && lane == kLaneAic) {
    fail(execution, kPtoFailInvalidArgument, "mode 1 is among the vector cores of a block", "call it on AIV, or use mode 2");
  }
  if (mode == 2 && !(lane == kLaneAic ? launch.aiv_lanes() > 0 : launch.has_lane(kLaneAic))) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("mode 2 is between AIC and AIV, and the task has no {} lane", lane == kLaneAic ? "AIV" : "AIC"),
         "submit a task with both, or use another mode");
  }
  launch.cross_core_sync(core.block_idx, lane, mode, id);
  core.host->notify();
}

/// Waits until a flag is set and takes it away.
void take_flag(const Execution& execution, std::atomic<int32_t>& flag, int64_t id) {
  wait_until(
      execution, [&] { return flag.load(std::memory_order_acquire) > 0; },
      [&] { return fmt::format("flag {} in {}", id, op_name(execution.instruction.op)); });
  flag.fetch_sub(1, std::memory_order_acq_rel);
  take_deposits(execution);
}

void wait_flag_dev(const Execution& execution) {
  const int64_t id = static_cast<int64_t>(execution.attributes().scalar);
  require_flag(execution, id, Launch::kFlags);
  take_flag(execution, launch_of(execution).flag(execution.core.block_idx, lane_of(execution.core), static_cast<int>(id)), id);
}

void set_intra_block(const Execution& execution) {
  const CoreContext& core = execution.core;
  Launch& launch = launch_of(execution);
  const int lane = lane_of(core);
  const int64_t id = static_cast<int64_t>(execution.attributes().scalar);
  require_flag(execution, id, lane == kLaneAic ? Launch::kIntraFlags : Launch::kFlags);
  const int receiver = lane != kLaneAic ? kLaneAic : id < Launch::kFlags ? kLaneAiv0 : kLaneAiv1;
  if (!launch.has_lane(receiver)) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("flag {} belongs to a lane that the task does not have", id),
         "submit the task with that lane");
  }
  const int at = static_cast<int>(lane == kLaneAiv1 ? Launch::kFlags + id : lane == kLaneAic ? id % Launch::kFlags : id);
  launch.intra_flag(core.block_idx, receiver, at).fetch_add(1, std::memory_order_acq_rel);
  core.host->notify();
}

void wait_intra_block(const Execution& execution) {
  const int lane = lane_of(execution.core);
  const int64_t id = static_cast<int64_t>(execution.attributes().scalar);
  require_flag(execution, id, lane == kLaneAic ? Launch::kIntraFlags : Launch::kFlags);
  take_flag(execution, launch_of(execution).intra_flag(execution.core.block_idx, lane, static_cast<int>(id)), id);
}

void sync_all(const Execution& execution) {
  const CoreContext& core = execution.core;
  const pto::SyncCoreType type = static_cast<pto::SyncCoreType>(execution.attributes().index[0]);
  const bool aic = type != pto::SyncCoreType::AIVOnly, aiv = type != pto::SyncCoreType::AICOnly;
  const bool mine = core.lane < 0 || (core.lane == kLaneAic ? aic : aiv);
  if (!mine) return;
  Launch& launch = launch_of(execution);
  const bool soft = execution.instruction.operand_count != 0;
  if (soft && execution.operand(0).shape[0] * execution.operand(0).shape[1] * execution.operand(0).shape[2] *
                      execution.operand(0).shape[3] * execution.operand(0).shape[4] <
                  pto::SYNCALL_SOFT_WORKSPACE_INT32) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 0) + " is too small for a workspace",
         fmt::format("give it {} elements", pto::SYNCALL_SOFT_WORKSPACE_INT32));
  }
  // A core of a host test program is all lanes of its block.
  const int32_t all = core.lane < 0 ? launch.blocks() : launch.cores(aic, aiv);
  const int32_t used = execution.attributes().index[1];
  if (used < 0 || used > all) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("{} cores are to meet, and the task has {} of the kind", used, all),
         "give at most that number, or 0 for all");
  }
  const int32_t cores = used == 0 ? all : used;
  uint64_t seen = 0;
  const Meeting& meeting = launch.arrive(static_cast<int>(type), soft ? execution.operand(0).data : nullptr, cores, seen);
  if (meeting.round.load(std::memory_order_acquire) != seen) {
    core.host->notify();
    return take_deposits(execution);
  }
  wait_until(
      execution, [&] { return meeting.round.load(std::memory_order_acquire) != seen; },
      [&] { return fmt::format("{} cores to come to SYNCALL; {} have come", cores, meeting.arrived.load(std::memory_order_relaxed)); });
  take_deposits(execution);
}

// ---- signals --------------------------------------------------------------------------------------------

template <typename Visit>
void for_each_signal(const PtoOperand& tensor, Visit visit) {
  const Extent extent = global_extent(tensor);
  const Grid grid = global_grid(tensor);
  for (int64_t r = 0; r < extent.rows; ++r) {
    for (int64_t c = 0; c < extent.cols; ++c) {
      if (!visit(reinterpret_cast<int32_t*>(grid.at(r, c)))) return;
    }
  }
}

bool compare(int32_t a, int32_t b, pto::comm::WaitCmp cmp) {
  switch (cmp) {
    case pto::comm::WaitCmp::EQ: return a == b;
    case pto::comm::WaitCmp::NE: return a != b;
    case pto::comm::WaitCmp::GT: return a > b;
    case pto::comm::WaitCmp::GE: return a >= b;
    case pto::comm::WaitCmp::LT: return a < b;
    default: return a <= b;
  }
}

bool satisfied(const PtoOperand& tensor, const PtoSignalAccess& access) {
  bool all = true;
  for_each_signal(tensor, [&](const int32_t* signal) {
    all = compare(__atomic_load_n(signal, __ATOMIC_SEQ_CST), access.value, static_cast<pto::comm::WaitCmp>(access.how));
    return all;
  });
  return all;
}

PtoSignalAccess& access_of(const Execution& execution) {
  PtoSignalAccess& access = *reinterpret_cast<PtoSignalAccess*>(execution.attributes().scalar);
  const int last =
      execution.op() == pto::Op::TNOTIFY ? static_cast<int>(pto::comm::NotifyOp::Set) : static_cast<int>(pto::comm::WaitCmp::LE);
  if (access.how > last) {
    fail(execution, kPtoFailInvalidArgument, fmt::format("there is no operation {} on signals", access.how),
         "use the values of NotifyOp and WaitCmp");
  }
  if (reinterpret_cast<uintptr_t>(execution.operand(0).data) % alignof(int32_t) != 0) {
    fail(execution, kPtoFailInvalidArgument, "the signal is not aligned to 4 bytes", "align it");
  }
  return access;
}

void notify_signal(const Execution& execution) {
  const PtoSignalAccess& access = access_of(execution);
  for_each_signal(execution.operand(0), [&](int32_t* signal) {
    if (access.how == static_cast<uint8_t>(pto::comm::NotifyOp::Set)) {
      __atomic_store_n(signal, access.value, __ATOMIC_SEQ_CST);
    } else {
      __atomic_fetch_add(signal, access.value, __ATOMIC_SEQ_CST);
    }
    return true;
  });
  execution.core.host->notify();
}

const char* compare_name(uint8_t how) {
  constexpr const char* kNames[] = {"==", "!=", ">", ">=", "<", "<="};
  return kNames[how];
}

void wait_signal(const Execution& execution) {
  const PtoSignalAccess& access = access_of(execution);
  const PtoOperand& tensor = execution.operand(0);
  wait_until(
      execution, [&] { return satisfied(tensor, access); },
      [&] {
        return fmt::format("the signal at {} to be {} {} in TWAIT (its first element is {})", tensor.data, compare_name(access.how),
                           access.value, __atomic_load_n(static_cast<const int32_t*>(tensor.data), __ATOMIC_RELAXED));
      });
  take_deposits(execution);
}

void test_signal(const Execution& execution) {
  execution.core.host->yield();  // a loop around TTEST must let the notifying core run
  PtoSignalAccess& access = access_of(execution);
  access.result = satisfied(execution.operand(0), access);
  take_deposits(execution);
}

// ---- tensors --------------------------------------------------------------------------------------------

/// TPUT, TGET and their asynchronous forms: from one global tensor to another of the same extent.
void copy_tensor(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const Extent extent = global_extent(dst), given = global_extent(src);
  if (extent.rows != given.rows || extent.cols != given.cols) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("{} and {} have different extents", describe_operand(execution, 0), describe_operand(execution, 1)),
         "copy between tensors of one shape");
  }
  const Grid to = global_grid(dst), from = global_grid(src);
  if (execution.attributes().atomic_add == 0) return copy_grid(to, 0, 0, from, 0, 0, extent.rows, extent.cols);
  const Combine combine = combine_for(dst.global->element);
  for (int64_t r = 0; r < extent.rows; ++r) {
    for (int64_t c = 0; c < extent.cols; ++c) combine(to.at(r, c), from.at(r, c), pto::ScatterAtomicOp::Add);
  }
}

}  // namespace

Handler sync_handler(pto::Op op) {
  switch (op) {
    case pto::Op::FFTS_CROSS_CORE_SYNC: return cross_core_sync;
    case pto::Op::WAIT_FLAG_DEV: return wait_flag_dev;
    case pto::Op::SET_INTRA_BLOCK: return set_intra_block;
    case pto::Op::WAIT_INTRA_BLOCK: return wait_intra_block;
    case pto::Op::SYNCALL: return sync_all;
    case pto::Op::TNOTIFY: return notify_signal;
    case pto::Op::TWAIT: return wait_signal;
    case pto::Op::TTEST: return test_signal;
    case pto::Op::TPUT:
    case pto::Op::TGET:
    case pto::Op::TPUT_ASYNC:
    case pto::Op::TGET_ASYNC: return copy_tensor;
    case pto::Op::SET_FFTS_BASE_ADDR:
    case pto::Op::GET_BUF:
    case pto::Op::RLS_BUF: return do_nothing;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
