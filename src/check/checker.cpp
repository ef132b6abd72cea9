#include "check/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "check/accesses.h"
#include "check/core_state.h"
#include "check/faults.h"
#include "check/limits.h"
#include "check/sites.h"
#include "check/source_lines.h"
#include "isa/execution.h"
#include "isa/hook.h"
#include "isa/launch.h"

namespace tilewright {
namespace check {
namespace {

using pto::Op;

constexpr uint32_t kNoSite = UINT32_MAX;

const char* pipe_name(int pipe) {
  constexpr const char* kNames[] = {"PIPE_S", "PIPE_V", "PIPE_MTE1", "PIPE_MTE2", "PIPE_MTE3", "PIPE_M", "PIPE_ALL", "PIPE_FIX"};
  return pipe >= 0 && pipe < kPipes ? kNames[pipe] : "no pipe";
}

/// Instructions that kernels know under another name.
std::string instruction_name(uint16_t op) {
  switch (static_cast<Op>(op)) {
    case Op::SET_FLAG: return "set_flag";
    case Op::WAIT_FLAG: return "wait_flag";
    case Op::PIPE_BARRIER: return "pipe_barrier";
    case Op::SCALAR_GET: return "GetValue";
    case Op::SCALAR_SET: return "SetValue";
    case Op::FFTS_CROSS_CORE_SYNC: return "ffts_cross_core_sync";
    case Op::SET_INTRA_BLOCK: return "set_intra_block";
    default: break;
  }
  const std::string name = op_name(op);  // TMOV_M2L and TSTORE_VEC are written as TMOV and TSTORE
  if (const size_t at = name.find('_'); at != std::string::npos && name.size() > at + 3) {
    const std::string form = name.substr(at + 1);
    if ((form.size() == 3 && form[1] == '2') || form == "VEC" || form == "MAT" || (form == "ACC" && name.starts_with("TSTORE"))) {
      return name.substr(0, at);
    }
  }
  return name;
}

const char* access_word(bool write, bool atomic) { return !write ? "reads" : atomic ? "adds to" : "writes"; }

/// "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0)"
std::string flag_call(const char* call, const FlagKey& key) {
  return fmt::format("{}({}, {}, EVENT_ID{})", call, pipe_name(key.source), pipe_name(key.destination), key.id);
}

/// An instruction that is being looked at.
struct Step {
  CoreState& core;
  const PtoInstruction& instruction;
  uint32_t site;
  uint32_t time;

  isa::Execution execution() const { return {instruction, *core.core}; }
};

}  // namespace
}  // namespace check

namespace check {
/// CoreContext::watcher of a core that is looked at.
struct Watched {
  Checker::Impl* checker;
  CoreState* core;
};
}  // namespace check

using check::Access;
using check::ByteRange;
using check::Clock;
using check::CoreState;
using check::Flag;
using check::FlagKey;
using check::kNoSite;
using check::Step;
using check::TaskState;
using check::Touch;

class Checker::Impl {
 public:
  explicit Impl(const CheckOptions& options) : options_(options), faults_(options.limit) {}

  void begin(CoreContext& core, const CheckedKernel& kernel);
  void end(CoreContext& core);
  CheckReport report();
  RaceReport race_report();
  /// Hooks. What they return ends the kernel, if it is not empty.
  std::string before(const PtoInstruction& instruction, CoreContext& core);
  void after(const PtoInstruction& instruction, CoreContext& core);

  std::mutex mutex_;
  const CheckOptions options_;
  check::SourceLines lines_;
  std::function<void(const CheckReport&)> listener_;

 private:
  CoreState& attach(CoreContext& core, const CheckedKernel& kernel);
  void look_at_flags(const CoreState& core);
  void let_go(CoreContext& context);
  void close(TaskState& task);
  void set_flag(const Step& step);
  void wait_flag(const Step& step);
  void order_within(const Step& step);
  void check_operand(const Step& step, int operand);
  std::string check_bounds(const Step& step, const Access& access);
  std::string touch(const Step& step);
  void touch_ranges(const Step& step, const Access& access);
  void report_conflict(const Step& step, const Access& access, const Touch& earlier, const std::vector<ByteRange>& parts);
  std::string remedy(const CoreState& core, const Touch& earlier, int pipe, int32_t number);
  uint8_t free_event(const CoreState& core, int source, int destination) const;

  const std::string& place_of(uint32_t site);
  CheckedInstruction describe(const CoreState& core, uint32_t site, const std::string& core_name);
  CheckFault fault(const Step& step, std::string problem, std::string remedy);
  void place_bytes(CheckFault& fault, const Step& step, int operand, const std::vector<ByteRange>& parts);
  void add(const char* kind, uint32_t first_site, uint32_t second_site, CheckFault fault);

  check::Sites sites_;
  std::map<uint32_t, std::string> places_;  ///< by site
  check::Faults faults_;
  std::map<const LaunchSlot*, std::unique_ptr<TaskState>> tasks_;
  std::map<CoreContext*, std::shared_ptr<check::Watched>> attached_;
};

// ---- the hook that all checkers share -------------------------------------------------------------------

namespace check {
namespace {

struct Hook {
  std::mutex mutex;
  std::set<Checker::Impl*> checkers;
  std::atomic<Checker::Impl*> attach_all{nullptr};
};
Hook& hook() {
  static Hook the_hook;
  return the_hook;
}

Checker::Impl* checker_of(const CoreContext& core) {
  if (core.watcher != nullptr) return static_cast<const Watched*>(core.watcher)->checker;
  return hook().attach_all.load(std::memory_order_acquire);
}

void before(const PtoInstruction& instruction, CoreContext& core) {
  Checker::Impl* const checker = checker_of(core);
  if (checker == nullptr) return;
  const std::string fatal = checker->before(instruction, core);
  if (!fatal.empty()) core.fail(kPtoFailOutOfBounds, fatal);
}

void after(const PtoInstruction& instruction, CoreContext& core) {
  if (core.watcher != nullptr) static_cast<const Watched*>(core.watcher)->checker->after(instruction, core);
}

/// The core of a thread ends.
void core_ends(CoreContext& core) {
  if (core.watcher == nullptr) return;
  Checker::Impl& checker = *static_cast<const Watched*>(core.watcher)->checker;
  const std::lock_guard lock(checker.mutex_);
  checker.end(core);
}

void enter(Checker::Impl* checker) {
  const std::lock_guard lock(hook().mutex);
  hook().checkers.insert(checker);
  if (checker->options_.attach_all) {
    hook().attach_all = checker;
    set_core_end_hook(core_ends);
  }
  set_instruction_hook(before, after);
}

void leave(Checker::Impl* checker) {
  const std::lock_guard lock(hook().mutex);
  hook().checkers.erase(checker);
  if (hook().attach_all == checker) {
    hook().attach_all = nullptr;
    set_core_end_hook(nullptr);
  }
  if (hook().checkers.empty()) set_instruction_hook(nullptr);
}

CoreState& state_of(const CoreContext& core) { return *static_cast<const Watched*>(core.watcher)->core; }

}  // namespace
}  // namespace check

// ---- kernels begin and end ------------------------------------------------------------------------------

CoreState& Checker::Impl::attach(CoreContext& core, const CheckedKernel& kernel) {
  std::unique_ptr<TaskState>& task = tasks_[core.launch];
  // A task of a host test program in which some blocks had nothing to do is not known to be over; another may lie at its place now.
  const auto ended = [](const auto& entry) { return entry.second->core == nullptr; };
  if (task != nullptr && task->cores.contains(CoreState::number_of(core)) && std::all_of(task->cores.begin(), task->cores.end(), ended)) {
    task = nullptr;
  }
  if (task == nullptr) task = std::make_unique<TaskState>(core.block_num, core.lanes);
  auto state = std::make_unique<CoreState>(*task, core, kernel.kernel, check::Tensors(kernel.tensors, kernel.directions), kernel.task);
  CoreState& result = *state;
  task->cores[result.number] = std::move(state);
  result.on_chip[0] = std::move(task->ub_of_later[result.number]);
  const auto watched = std::make_shared<check::Watched>(check::Watched{this, &result});
  core.watcher = watched.get();
  attached_[&core] = watched;
  return result;
}

void Checker::Impl::begin(CoreContext& core, const CheckedKernel& kernel) {
  const std::lock_guard lock(mutex_);
  if (core.watcher != nullptr) end(core);
  attach(core, kernel);
}

void Checker::Impl::end(CoreContext& core) {
  if (core.watcher == nullptr) return;
  CoreState& state = check::state_of(core);
  TaskState& task = state.task;
  look_at_flags(state);
  let_go(core);
  // A core of a host test program serves as all lanes of its block.
  const int lanes = core.lane < 0 ? 1 : (task.lanes & 1) + (task.lanes >> 1 & 1) + (task.lanes >> 2 & 1);
  if (++task.kernels_ended < task.blocks * lanes) return;
  close(task);
  tasks_.erase(core.launch);
}

/// The kernel's own flags, at its end.
void Checker::Impl::look_at_flags(const CoreState& core) {
  for (const auto& [key, flag] : core.flags) {
    if (!flag.set || faults_.seen_before("flag-left-set", flag.site, kNoSite)) continue;
    CheckFault fault;
    fault.kernel = core.kernel;
    fault.problem = fmt::format("the flag from {} to {} with EVENT_ID{} is still set at the end of the kernel",
                                check::pipe_name(key.source), check::pipe_name(key.destination), key.id);
    fault.second = describe(core, flag.site, core.task.core_name(core.number));
    fault.remedy = fmt::format("{} before the kernel ends", check::flag_call("wait_flag", key));
    add("flag-left-set", flag.site, kNoSite, std::move(fault));
  }
}

/// The core is not looked at any more. Its accesses to device memory stay: other cores of its task may run on.
void Checker::Impl::let_go(CoreContext& context) {
  CoreState& core = check::state_of(context);
  core.flags.clear();
  for (check::Shadow& shadow : core.on_chip) shadow = {};
  core.core = nullptr;
  attached_.erase(&context);
  context.watcher = nullptr;
}

void Checker::Impl::close(TaskState& task) {
  for (const TaskState::LeftFlag& left : task.left_flags()) {
    if (faults_.seen_before("flag-left-set", left.site, kNoSite)) continue;
    const CoreState& core = *task.cores.begin()->second;
    CheckFault fault;
    fault.kernel = core.kernel;
    fault.problem = fmt::format("{} is still set at the end of the task", left.name);
    fault.second = describe(core, left.site, "a core of the task");
    fault.remedy = left.remedy + " before its kernel ends";
    add("flag-left-set", left.site, kNoSite, std::move(fault));
  }
}

CheckReport Checker::Impl::report() {
  const std::lock_guard lock(mutex_);
  // They were given up, and their flags with them. Cores that nobody announced may be gone.
  for (const auto& [core, watched] : attached_) {
    if (!options_.attach_all) core->watcher = nullptr;
  }
  attached_.clear();
  tasks_.clear();
  return faults_.report();
}

RaceReport Checker::Impl::race_report() {
  const std::lock_guard lock(mutex_);
  return options_.races->report([this](uint32_t site) { return place_of(site); },
                                [this](check::CallStack stack) { return lines_.place(stack); });
}

// ---- instructions ---------------------------------------------------------------------------------------

std::string Checker::Impl::before(const PtoInstruction& instruction, CoreContext& context) {
  const std::lock_guard lock(mutex_);
  CoreState& core = context.watcher != nullptr ? check::state_of(context) : attach(context, {.kernel = "of the program"});
  const uint32_t site = sites_.number(instruction, context.issued_from);
  const int pipe = instruction.pipe < check::kPipes ? instruction.pipe : static_cast<int>(PIPE_S);
  const Step step{core, instruction, site, core.issue(pipe)};
  const bool pops = static_cast<pto::Op>(instruction.op) == pto::Op::TPOP;
  if (!options_.faults) return pops ? std::string() : touch(step);
  order_within(step);
  for (const check::LimitBroken& broken : check::limits_broken(instruction)) {
    if (!faults_.seen_before("limit", kNoSite, site)) add("limit", kNoSite, site, fault(step, broken.problem, broken.remedy));
  }
  core.task.release(core, instruction, site);
  // A tile is popped when there is one; until then nothing of the place is overwritten.
  return pops ? std::string() : touch(step);
}

void Checker::Impl::after(const PtoInstruction& instruction, CoreContext& context) {
  const std::lock_guard lock(mutex_);
  CoreState& core = check::state_of(context);
  if (options_.faults) core.task.acquire(core, instruction);
  if (static_cast<pto::Op>(instruction.op) != pto::Op::TPOP) return;
  core.clock(instruction.pipe).join(core.clock(PIPE_S));
  const uint32_t site = sites_.number(instruction, context.issued_from);
  touch({core, instruction, site, core.time[check::index_of(instruction.pipe)]});
}

/// What orders pipes of one core.
void Checker::Impl::order_within(const Step& step) {
  CoreState& core = step.core;
  const PtoInstruction& i = step.instruction;
  switch (static_cast<pto::Op>(i.op)) {
    case pto::Op::SET_FLAG: return set_flag(step);
    case pto::Op::WAIT_FLAG: return wait_flag(step);
    case pto::Op::PIPE_BARRIER:  // of one pipe: its instructions are in order here anyway
      if (i.pipe == PIPE_ALL) core.barrier();
      return;
    case pto::Op::GET_BUF: core.clock(i.pipe).join(core.buffers[i.attributes.scalar]); return;
    case pto::Op::RLS_BUF: core.buffers[i.attributes.scalar].join(core.clock(i.pipe)); return;
    case pto::Op::TMATMUL:
    case pto::Op::TMATMUL_ACC:
    case pto::Op::TMATMUL_BIAS:
    case pto::Op::TGEMV:
    case pto::Op::TGEMV_ACC:
    case pto::Op::TGEMV_BIAS:
    case pto::Op::TSTORE_ACC:
    case pto::Op::TMOV_A2V:
    case pto::Op::TMOV_A2M:
      // An accumulation phase and the phase of a store make the hardware order M and FIX by the Acc memory's unit flags.
      if (i.attributes.phase == 0) return;
      core.clock(i.pipe).join(core.unit_flag);
      core.unit_flag.join(core.clock(i.pipe));
      return;
    default: return;
  }
}

void Checker::Impl::set_flag(const Step& step) {
  const PtoAttributes& a = step.instruction.attributes;
  if (a.scalar >= 8) {
    if (faults_.seen_before("no-such-event", kNoSite, step.site)) return;
    return add("no-such-event", kNoSite, step.site,
               fault(step, fmt::format("there is no event {} between two pipes", a.scalar), "use EVENT_ID0 to EVENT_ID7"));
  }
  const FlagKey key{static_cast<uint8_t>(a.index[0]), static_cast<uint8_t>(a.index[1]), static_cast<uint8_t>(a.scalar)};
  step.core.ids_used[{key.source, key.destination}] |= 1u << key.id;
  Flag& flag = step.core.flags[key];
  if (flag.set && !faults_.seen_before("flag-set-twice", flag.site, step.site)) {
    CheckFault twice = fault(step,
                             fmt::format("the flag from {} to {} with EVENT_ID{} is set again before anything has waited for it",
                                         check::pipe_name(key.source), check::pipe_name(key.destination), key.id),
                             fmt::format("{} between the two, or another event", check::flag_call("wait_flag", key)));
    twice.first = describe(step.core, flag.site, step.core.task.core_name(step.core.number));
    add("flag-set-twice", flag.site, step.site, std::move(twice));
  }
  flag = {true, step.core.clock(key.source), step.site};
}

void Checker::Impl::wait_flag(const Step& step) {
  const PtoAttributes& a = step.instruction.attributes;
  if (a.scalar >= 8) {
    if (faults_.seen_before("no-such-event", kNoSite, step.site)) return;
    return add("no-such-event", kNoSite, step.site,
               fault(step, fmt::format("there is no event {} between two pipes", a.scalar), "use EVENT_ID0 to EVENT_ID7"));
  }
  const FlagKey key{static_cast<uint8_t>(a.index[0]), static_cast<uint8_t>(a.index[1]), static_cast<uint8_t>(a.scalar)};
  step.core.ids_used[{key.source, key.destination}] |= 1u << key.id;
  Flag& flag = step.core.flags[key];
  if (flag.set) {
    step.core.clock(key.destination).join(flag.clock);
    flag.set = false;
    return;
  }
  if (faults_.seen_before("wait-without-set", kNoSite, step.site)) return;
  add("wait-without-set", kNoSite, step.site,
      fault(step,
            fmt::format("nothing has set the flag from {} to {} with EVENT_ID{} that this waits for", check::pipe_name(key.source),
                        check::pipe_name(key.destination), key.id),
            fmt::format("{} before it, after the instructions of {} that it is to wait for", check::flag_call("set_flag", key),
                        check::pipe_name(key.source))));
}

// ---- bytes ----------------------------------------------------------------------------------------------

std::string Checker::Impl::touch(const Step& step) {
  for (const Access& access : check::accesses_of(step.instruction, *step.core.core)) {
    const bool on_device = step.instruction.operands[access.operand].tile == nullptr && !access.remote;
    if (options_.races != nullptr && on_device) {
      options_.races->touch(step.core.task_id, access.ranges, access.write, access.atomic, step.site);
    }
    if (!options_.faults) continue;
    check_operand(step, access.operand);
    if (std::string fatal = check_bounds(step, access); !fatal.empty()) return fatal;
    touch_ranges(step, access);
  }
  return {};
}

/// Tiles start at multiples of 32 bytes, views of tiles included.
void Checker::Impl::check_operand(const Step& step, int operand) {
  const PtoOperand& o = step.instruction.operands[operand];
  if (o.tile == nullptr) return;
  const uint64_t offset = reinterpret_cast<uint64_t>(o.data) - reinterpret_cast<uint64_t>(step.core.core->memory->base(o.tile->space));
  if (offset % 32 == 0 || faults_.seen_before("misaligned", kNoSite, step.site)) return;
  CheckFault wrong =
      fault(step, fmt::format("a tile starts at {:#x} in {}, which is not a multiple of 32", offset, space_name(o.tile->space)),
            "start views of tiles (TSUBVIEW) at a multiple of 32 bytes, or move the data with TEXTRACT");
  wrong.second.operand = isa::describe_operand(step.execution(), operand);
  wrong.second.access = "takes";
  add("misaligned", kNoSite, step.site, std::move(wrong));
}

std::string Checker::Impl::check_bounds(const Step& step, const Access& access) {
  const PtoOperand& operand = step.instruction.operands[access.operand];
  const uint64_t begin = access.ranges.front().begin, end = access.ranges.back().end;
  const auto describe_access = [&](std::string problem, std::string remedy) {
    CheckFault wrong = fault(step, std::move(problem), std::move(remedy));
    wrong.second.operand = isa::describe_operand(step.execution(), access.operand);
    wrong.second.access = check::access_word(access.write, access.atomic);
    return wrong;
  };
  if (operand.tile != nullptr) {
    const CoreMemory& memory = *step.core.core->memory;
    const uint64_t base = reinterpret_cast<uint64_t>(memory.base(operand.tile->space)), capacity = memory.capacity(operand.tile->space);
    if (begin >= base && end <= base + capacity) return {};
    CheckFault wrong = describe_access(fmt::format("the access leaves {}, which has {} bytes", space_name(operand.tile->space), capacity),
                                       "keep the view within the memory");
    wrong.memory = space_name(operand.tile->space);
    wrong.begin = begin - base;
    wrong.end = end - base;
    wrong.bytes = end - begin;
    const std::string text = fmt::format("{} at {}: {}", wrong.second.name, wrong.second.place, wrong.problem);
    add("outside-memory", kNoSite, step.site, std::move(wrong));
    return text;
  }
  if (access.remote) return {};
  const check::Tensors& tensors = step.core.tensors;
  std::vector<ByteRange> outside, read_only;
  for (const ByteRange& range : access.ranges) {
    if (tensors.empty()) break;
    const std::optional<int> tensor = tensors.holding(range);
    if (!tensor) outside.push_back(range);
    if (tensor && access.write && !tensors.writable(*tensor)) read_only.push_back(range);
  }
  if (!outside.empty() && !faults_.seen_before("outside-tensor", kNoSite, step.site)) {
    CheckFault wrong =
        describe_access(fmt::format("device memory outside every tensor of the task: {}", tensors.describe_outside(outside.front())),
                        "give the global tensor the shape and strides of the argument, or pass the task the tensor that is meant");
    place_bytes(wrong, step, -1, outside);
    add("outside-tensor", kNoSite, step.site, std::move(wrong));
  }
  if (!read_only.empty() && !faults_.seen_before("writes-input", kNoSite, step.site)) {
    const int tensor = *tensors.holding(read_only.front());
    CheckFault wrong = describe_access(fmt::format("tensor {} is IN in the kernel's signature, and is written", tensor),
                                       "make it OUT or INOUT in the signature, and add it to the task as an output");
    place_bytes(wrong, step, -1, read_only);
    add("writes-input", kNoSite, step.site, std::move(wrong));
  }
  if (options_.device_end != 0 && (begin < options_.device_begin || end > options_.device_end)) {
    return fmt::format("{} accesses {:#x} to {:#x}, which is no device memory", check::instruction_name(step.instruction.op), begin,
                       end - 1);
  }
  return {};
}

void Checker::Impl::touch_ranges(const Step& step, const Access& access) {
  CoreState& core = step.core;
  const PtoOperand& operand = step.instruction.operands[access.operand];
  const bool on_chip = operand.tile != nullptr;
  const uint64_t base = on_chip ? reinterpret_cast<uint64_t>(core.core->memory->base(operand.tile->space)) : 0;
  check::Shadow& shadow = on_chip ? core.on_chip[operand.tile->space] : core.task.device;
  const int pipe = step.instruction.pipe;
  const Touch touch{core.number, static_cast<uint8_t>(pipe), access.operand, access.write, access.atomic, step.time, step.site};
  const Clock& clock = core.clock(pipe);
  const auto ordered = [&](const Touch& earlier) { return clock.knows(core.number, earlier.core, earlier.pipe, earlier.time); };
  std::vector<std::pair<Touch, std::vector<ByteRange>>> conflicts;
  const auto conflict = [&](const Touch& earlier, const ByteRange& part) {
    for (auto& [other, parts] : conflicts) {
      if (other == earlier) return parts.push_back(part);
    }
    conflicts.push_back({earlier, {part}});
  };
  std::vector<ByteRange> unwritten;
  const auto touch_in = [&](check::Shadow& memory) {
    for (const ByteRange& range : access.ranges) {
      memory.touch({range.begin - base, range.end - base}, touch, ordered, conflict, [&](const ByteRange& part) {
        if (on_chip) unwritten.push_back(part);
      });
    }
  };
  if (access.lanes == 0) {
    touch_in(shadow);
  } else {
    for (int lane = 0; lane < kLaneCount; ++lane) {
      if ((access.lanes >> lane & 1) != 0) touch_in(core.task.ub_of(core.number / 4 * 4 + lane));
    }
  }
  for (const auto& [earlier, parts] : conflicts) report_conflict(step, access, earlier, parts);
  if (!unwritten.empty() && !faults_.seen_before("never-written", kNoSite, step.site)) {
    CheckFault wrong =
        fault(step, fmt::format("bytes of {} are read that nothing in this kernel has written", space_name(operand.tile->space)),
              "write them before, or read a smaller valid region");
    wrong.second.operand = isa::describe_operand(step.execution(), access.operand);
    wrong.second.access = "reads";
    place_bytes(wrong, step, access.operand, unwritten);
    add("never-written", kNoSite, step.site, std::move(wrong));
  }
}

void Checker::Impl::report_conflict(const Step& step, const Access& access, const Touch& earlier, const std::vector<ByteRange>& parts) {
  if (faults_.seen_before("unordered", earlier.site, step.site)) return;
  const CoreState& core = step.core;
  CheckFault wrong = fault(step, {}, remedy(core, earlier, step.instruction.pipe, core.number));
  const bool same_core = earlier.core == core.number;
  wrong.problem = fmt::format("nothing orders two accesses to the same bytes by {}",
                              same_core ? fmt::format("{} and {}", check::pipe_name(earlier.pipe), check::pipe_name(step.instruction.pipe))
                                        : fmt::format("{} and {}", core.task.core_name(earlier.core), core.task.core_name(core.number)));
  wrong.first = describe(core, earlier.site, core.task.core_name(earlier.core));
  wrong.first.access = check::access_word(earlier.write, earlier.atomic);
  wrong.first.operand = fmt::format("operand {}", earlier.operand);
  wrong.second.operand = isa::describe_operand(step.execution(), access.operand);
  wrong.second.access = check::access_word(access.write, access.atomic);
  place_bytes(wrong, step, step.instruction.operands[access.operand].tile != nullptr ? access.operand : -1, parts);
  add("unordered", earlier.site, step.site, std::move(wrong));
}

/// What would order an instruction on `pipe` after an earlier access.
std::string Checker::Impl::remedy(const CoreState& core, const Touch& earlier, int pipe, int32_t number) {
  if (earlier.core == number) {
    if (pipe == PIPE_ALL || earlier.pipe == PIPE_ALL) return "pipe_barrier(PIPE_ALL) between the two";
    const FlagKey key{earlier.pipe, static_cast<uint8_t>(pipe), free_event(core, earlier.pipe, pipe)};
    return fmt::format("{} after the first and {} before the second", check::flag_call("set_flag", key),
                       check::flag_call("wait_flag", key));
  }
  const char* const first = check::pipe_name(earlier.pipe);
  const bool same_block = earlier.core / 4 == number / 4;
  if (!same_block) {
    return fmt::format(
        "SYNCALL between the two, or ffts_cross_core_sync({}, mode 0) after the first and wait_flag_dev before the second, or "
        "TNOTIFY and TWAIT",
        first);
  }
  const bool cube_and_vector = (earlier.core % 4 == kLaneAic) != (number % 4 == kLaneAic);
  const bool a5 = core.core != nullptr && core.core->arch == &CoreArch::a5();
  const std::string flag =
      fmt::format("ffts_cross_core_sync({}, mode {}) after the first and wait_flag_dev before the second", first, cube_and_vector ? 2 : 1);
  if (!cube_and_vector) return flag + ", or SYNCALL between the two";
  return a5 ? fmt::format("set_intra_block({}, id) after the first and wait_intra_block({}, id) before the second, or {}", first,
                          check::pipe_name(pipe), flag)
            : flag + ", or TPUSH and TPOP";
}

/// An event between two pipes that the kernel has not used so far, else one that is not set now.
uint8_t Checker::Impl::free_event(const CoreState& core, int source, int destination) const {
  const auto from = static_cast<uint8_t>(source), to = static_cast<uint8_t>(destination);
  const auto used = core.ids_used.find({from, to});
  for (uint8_t id = 0; id < 8; ++id) {
    if (used == core.ids_used.end() || (used->second >> id & 1) == 0) return id;
  }
  for (uint8_t id = 0; id < 8; ++id) {
    const auto flag = core.flags.find({from, to, id});
    if (flag == core.flags.end() || !flag->second.set) return id;
  }
  return 0;
}

// ---- words ----------------------------------------------------------------------------------------------

CheckedInstruction Checker::Impl::describe(const CoreState&, uint32_t site, const std::string& core_name) {
  const check::Site& s = sites_[site];
  return {check::instruction_name(s.op), check::pipe_name(s.pipe), core_name, {}, {}, place_of(site)};
}

const std::string& Checker::Impl::place_of(uint32_t site) {
  auto [place, added] = places_.try_emplace(site);
  if (added) place->second = lines_.place(sites_[site].stack());
  return place->second;
}

CheckFault Checker::Impl::fault(const Step& step, std::string problem, std::string remedy) {
  CheckFault fault;
  fault.kernel = step.core.kernel;
  fault.problem = std::move(problem);
  fault.remedy = std::move(remedy);
  fault.second = describe(step.core, step.site, step.core.task.core_name(step.core.number));
  return fault;
}

/// Of an operand on chip, or (-1) of device memory.
void Checker::Impl::place_bytes(CheckFault& fault, const Step& step, int operand, const std::vector<ByteRange>& parts) {
  // Stretches that touch are one.
  ByteRange first = parts.front();
  fault.bytes = 0;
  for (const ByteRange& part : parts) {
    if (part.begin == first.end) first.end = part.end;
    fault.bytes += part.end - part.begin;
  }
  uint64_t base = 0;
  if (operand >= 0) {
    fault.memory = space_name(step.instruction.operands[operand].tile->space);
  } else if (const std::optional<int> tensor = step.core.tensors.holding(first)) {
    fault.memory = fmt::format("tensor {}", *tensor);
    base = step.core.tensors.begin(*tensor);
  } else {
    fault.memory = "device memory";
    base = options_.device_begin;
  }
  fault.begin = first.begin - base;
  fault.end = first.end - base;
}

void Checker::Impl::add(const char* kind, uint32_t first_site, uint32_t second_site, CheckFault fault) {
  fault.kind = kind;
  const bool new_one = faults_.add(kind, first_site, second_site, std::move(fault));
  if (new_one && listener_) listener_(faults_.report());
}

// ---- the interface --------------------------------------------------------------------------------------

Checker::Checker(const CheckOptions& options) : impl_(std::make_unique<Impl>(options)) { check::enter(impl_.get()); }

Checker::~Checker() {
  check::leave(impl_.get());
  impl_->report();  // lets go of the cores
}

void Checker::add_code(const void* address, std::span<const uint8_t> bytes) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->lines_.add_object(address, bytes);
}

void Checker::begin_kernel(CoreContext& core, const CheckedKernel& kernel) { impl_->begin(core, kernel); }

void Checker::end_kernel(CoreContext& core) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->end(core);
}

CheckReport Checker::report() { return impl_->report(); }

RaceReport Checker::race_report() { return impl_->race_report(); }

void Checker::on_fault(std::function<void(const CheckReport&)> listener) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->listener_ = std::move(listener);
}

}  // namespace tilewright
