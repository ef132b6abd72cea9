#include "check/core_state.h"

#include <fmt/format.h>

#include "isa/launch.h"
#include "isa/tile_grid.h"
#include "pto/common/type.hpp"

namespace tilewright::check {
namespace {

using pto::Op;

int lane_of(const CoreContext& core) { return core.lane >= 0 ? core.lane : kLaneAiv0; }

constexpr uint8_t kAivs = 1 << kLaneAiv0 | 1 << kLaneAiv1;

const char* lane_name(int lane) {
  constexpr const char* kNames[] = {"AIC", "AIV0", "AIV1"};
  return kNames[lane];
}

/// On A2A3 the scalar pipe waits for other cores, and with it all that it issues; A5 lets the pipe of the instruction wait.
int waiting_pipe(const CoreState& core, const PtoInstruction& instruction) {
  return core.core->arch == &CoreArch::a2a3() ? static_cast<int>(PIPE_S) : instruction.pipe;
}

}  // namespace

uint32_t CoreState::issue(int pipe) {
  if (pipe == PIPE_ALL) {
    clock(PIPE_ALL).join(joined());
  } else {
    clock(pipe).join(clock(PIPE_S));
  }
  const uint32_t now = ++time[index_of(pipe)];
  clock(pipe).own[index_of(pipe)] = now;
  if (pipe == PIPE_ALL) barrier();
  return now;
}

Clock CoreState::joined() const {
  Clock all;
  for (const Clock& one : clocks) all.join(one);
  return all;
}

void CoreState::barrier() {
  const Clock all = joined();
  for (Clock& one : clocks) one.join(all);
}

std::string TaskState::core_name(int32_t number) const {
  const int lane = number % 4;
  const std::string name = lane == 3 ? "the core" : lane_name(lane);
  return blocks == 1 ? name : fmt::format("{} of block {}", name, number / 4);
}

void TaskState::release(CoreState& core, const PtoInstruction& instruction, uint32_t site) {
  switch (static_cast<Op>(instruction.op)) {
    case Op::FFTS_CROSS_CORE_SYNC: return call_ffts(core, instruction, site);
    case Op::SET_INTRA_BLOCK: return set_intra(core, instruction, site);
    case Op::SYNCALL: return arrive(core, instruction);
    case Op::TNOTIFY: return signals(core, instruction, true);
    case Op::DSB:
    case Op::DCCI: memory_ = later(memory_, core.clock(PIPE_S).hand_out(core.number)); return;
    case Op::TPUSH:
    case Op::TPOP:
    case Op::TALLOC:
    case Op::TFREE: return pipe_release(core, instruction);
    default: return;
  }
}

void TaskState::acquire(CoreState& core, const PtoInstruction& instruction) {
  switch (static_cast<Op>(instruction.op)) {
    case Op::WAIT_FLAG_DEV: return take_flag(core, flags_, static_cast<int>(instruction.attributes.scalar), PIPE_S);
    case Op::WAIT_INTRA_BLOCK: return take_flag(core, intra_, static_cast<int>(instruction.attributes.scalar), instruction.pipe);
    case Op::SYNCALL:
      if (core.meeting_result == nullptr) return;
      core.clock(PIPE_S).take(core.number, *core.meeting_result);
      core.meeting_result = nullptr;
      return;
    case Op::TWAIT: return signals(core, instruction, false);
    case Op::TTEST:
      if (reinterpret_cast<const PtoSignalAccess*>(instruction.attributes.scalar)->result != 0) signals(core, instruction, false);
      return;
    case Op::DSB:
    case Op::DCCI: return core.clock(PIPE_S).take(core.number, memory_);
    case Op::TPUSH:
    case Op::TPOP:
    case Op::TALLOC: return pipe_acquire(core, instruction);
    default: return;
  }
}

// ---- flags between cores: as Launch::cross_core_sync counts them ----------------------------------------

void TaskState::call_ffts(CoreState& core, const PtoInstruction& instruction, uint32_t site) {
  const uint64_t config = instruction.attributes.scalar;
  const int mode = static_cast<int>(config >> 4 & 3), id = static_cast<int>(config >> 8 & 15), lane = lane_of(*core.core);
  if ((config & 1) == 0 || mode == 3) return;  // refused
  const int32_t block = core.core->block_idx;
  const uint8_t kind = lanes & (lane == kLaneAic ? 1 << kLaneAic : kAivs);
  const int32_t first = mode == 0 ? 0 : block, last = mode == 0 ? blocks : block + 1;
  const uint8_t receivers = mode == 2 ? static_cast<uint8_t>(lanes & ~kind) : kind;
  const auto each = [&](uint8_t mask, auto visit) {
    for (int32_t b = first; b < last; ++b) {
      for (int l = 0; l < kLaneCount; ++l) {
        if ((mask >> l & 1) != 0) visit(b, l);
      }
    }
  };
  calls_[{mode, id, block, lane}].push_back(core.clock(instruction.pipe).hand_out(core.number));
  bool complete = true;
  each(kind, [&](int32_t b, int l) { complete = complete && !calls_[{mode, id, b, l}].empty(); });
  if (!complete) return;
  Times all;
  each(kind, [&](int32_t b, int l) {
    std::deque<Times>& calls = calls_[{mode, id, b, l}];
    all = later(all, calls.front());
    calls.pop_front();
  });
  each(receivers, [&](int32_t b, int l) { flags_[{b, l, id}].push_back({all, site}); });
}

void TaskState::set_intra(CoreState& core, const PtoInstruction& instruction, uint32_t site) {
  const int lane = lane_of(*core.core), id = static_cast<int>(instruction.attributes.scalar);
  const int receiver = lane != kLaneAic ? kLaneAic : id < Launch::kFlags ? kLaneAiv0 : kLaneAiv1;
  const int at = lane == kLaneAiv1 ? Launch::kFlags + id : lane == kLaneAic ? id % Launch::kFlags : id;
  intra_[{core.core->block_idx, receiver, at}].push_back({core.clock(instruction.pipe).hand_out(core.number), site});
}

void TaskState::take_flag(CoreState& core, std::map<Receiver, std::deque<CrossFlag>>& flags, int id, int pipe) {
  std::deque<CrossFlag>& set = flags[{core.core->block_idx, lane_of(*core.core), id}];
  if (set.empty()) return;
  core.clock(pipe).take(core.number, set.front().times);
  set.pop_front();
}

std::vector<TaskState::LeftFlag> TaskState::left_flags() const {
  std::vector<LeftFlag> left;
  const auto collect = [&](const std::map<Receiver, std::deque<CrossFlag>>& flags, const char* wait) {
    for (const auto& [receiver, set] : flags) {
      if (set.empty()) continue;
      std::string name = fmt::format("flag {} of {}", receiver.id, lane_name(receiver.lane));
      if (blocks != 1) name += fmt::format(" of block {}", receiver.block);
      left.push_back({std::move(name), fmt::format("{} on {}", fmt::format(fmt::runtime(wait), receiver.id), lane_name(receiver.lane)),
                      set.front().site, set.size()});
    }
  };
  collect(flags_, "wait_flag_dev({})");
  collect(intra_, "wait_intra_block(pipe, {})");
  return left;
}

// ---- meetings, signals ----------------------------------------------------------------------------------

void TaskState::arrive(CoreState& core, const PtoInstruction& instruction) {
  const auto type = static_cast<pto::SyncCoreType>(instruction.attributes.index[0]);
  const bool aic = type != pto::SyncCoreType::AIVOnly, aiv = type != pto::SyncCoreType::AICOnly;
  const int lane = core.core->lane;
  if (lane >= 0 && !(lane == kLaneAic ? aic : aiv)) return;
  const int32_t used = instruction.attributes.index[1];
  const int32_t of_a_block = (aic && has(kLaneAic) ? 1 : 0) + (aiv ? has(kLaneAiv0) + has(kLaneAiv1) : 0);
  const int32_t cores = used > 0 ? used : lane < 0 ? blocks : blocks * of_a_block;
  const void* const workspace = instruction.operand_count != 0 ? instruction.operands[0].data : nullptr;
  Meeting& meeting = meetings_[{static_cast<int>(type), workspace}];
  if (meeting.result == nullptr) meeting.result = std::make_shared<Times>();
  meeting.times = later(meeting.times, core.joined().hand_out(core.number));
  core.meeting_result = meeting.result;
  if (++meeting.arrived < cores) return;
  *meeting.result = meeting.times;
  meeting = {};
}

void TaskState::signals(CoreState& core, const PtoInstruction& instruction, bool set) {
  const PtoOperand& tensor = instruction.operands[0];
  const isa::Extent extent = isa::global_extent(tensor);
  const isa::Grid grid = isa::global_grid(tensor);
  // TNOTIFY makes visible what the core wrote before, on whatever pipe.
  const Times mine = set ? core.joined().hand_out(core.number) : nullptr;
  for (int64_t r = 0; r < extent.rows; ++r) {
    for (int64_t c = 0; c < extent.cols; ++c) {
      Times& signal = signals_[reinterpret_cast<uint64_t>(grid.at(r, c))];
      if (set) {
        signal = later(signal, mine);
      } else {
        core.clock(PIPE_S).take(core.number, signal);
      }
    }
  }
}

// ---- pipes between cores: as src/isa/exec_fifo.cpp counts slots -----------------------------------------

TaskState::PipeEnd TaskState::pipe_end(const CoreState& core, const PtoInstruction& instruction, bool producer) {
  const auto& access = *reinterpret_cast<const PtoPipeAccess*>(instruction.attributes.scalar);
  const bool on_cube = core.core->kind == CoreKind::kAic;
  const bool to_cube = access.direction == kPtoPipeByCore ? producer != on_cube : access.direction == kPtoPipeToCube;
  const bool vector_side = producer == to_cube;
  const size_t index = vector_side && core.core->lane > kLaneAiv0 ? 1 : 0;
  return {rings_[{core.core->block_idx, access.key, to_cube}], index, access.key >> 40 & 0xff};
}

Times TaskState::at(const std::array<std::map<uint64_t, Times>, 2>& times, uint64_t slot) {
  Times both;
  for (const auto& side : times) {
    if (const auto found = side.find(slot); found != side.end()) both = later(both, found->second);
  }
  return both;
}

void TaskState::forget_before(Ring& ring, uint64_t slot) {
  for (auto* times : {&ring.pushed, &ring.freed}) {
    for (auto& side : *times) side.erase(side.begin(), side.lower_bound(slot));
  }
}

void TaskState::pipe_release(CoreState& core, const PtoInstruction& instruction) {
  const Op op = static_cast<Op>(instruction.op);
  const bool producer = op == Op::TPUSH || op == Op::TALLOC;
  const PipeEnd end = pipe_end(core, instruction, producer);
  Ring& ring = end.ring;
  const size_t i = end.index;
  const bool tile = instruction.operand_count != 0 && instruction.operands[0].tile != nullptr;
  const bool a2a3 = core.core->arch == &CoreArch::a2a3();
  // A slot that a kernel has filled or read through a view is given away by an instruction on another pipe than those that did so:
  // the pipe's handshake waits for them.
  const auto all = [&] { return core.joined().hand_out(core.number); };
  const auto mine = [&] { return core.clock(instruction.pipe).hand_out(core.number); };
  switch (op) {
    case Op::TALLOC: core.slot = ring.taken[i]++; return;
    case Op::TPUSH:
      if (tile) ring.taken[i]++;
      core.slot = ring.pushes[i]++;
      ring.pushed[i][core.slot] = tile ? mine() : all();
      return;
    case Op::TPOP:
      core.slot = ring.pops[i]++;
      if (tile && a2a3) ring.freed[i][ring.frees[i]++] = mine();
      return;
    default:  // TFREE
      if (instruction.operand_count == 0 && a2a3) return;
      ring.freed[i][ring.frees[i]++] = all();
      return;
  }
}

void TaskState::pipe_acquire(CoreState& core, const PtoInstruction& instruction) {
  const bool producer = static_cast<Op>(instruction.op) != Op::TPOP;
  const PipeEnd end = pipe_end(core, instruction, producer);
  const uint64_t n = core.slot, before = n - end.slots;  // the slot's previous use, if n >= slots
  Clock& clock = core.clock(waiting_pipe(core, instruction));
  if (!producer) clock.take(core.number, at(end.ring.pushed, n));
  if (n < end.slots) return;
  clock.take(core.number, at(end.ring.pushed, before));
  clock.take(core.number, at(end.ring.freed, before));
  if (before >= 2 * end.slots) forget_before(end.ring, before - 2 * end.slots);
}

}  // namespace tilewright::check
