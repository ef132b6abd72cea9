// The rules of submission, written down a second time, and random programs that are compared with them. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <deque>
#include <iterator>
#include <random>
#include <set>
#include <vector>

#include "graph/graph.h"
#include "graph/random_views.h"
#include "pto_orchestration_api.h"

namespace tilewright::test {

/// One run of a random program: views with all tags, outputs, explicit edges of all kinds, AUTO and MANUAL scopes, tasks without a
/// kernel, allocations; completions in any order that the engine allows. The model knows bytes, scopes and who reads what, and
/// looks through lists: no rings, tables or watermarks. It demands:
///   - a task follows everything the rules name, directly or over others, and has no edge without a reason;
///   - a task that the engine says is ready has nothing undone that it must follow;
///   - outputs get memory that nobody uses: of no task whose scope is open, that is incomplete or is read by an incomplete task;
///   - a ring is full only while something can still run, and a deadlock is reported only where an open scope has outputs.
class GraphModel {
 public:
  static constexpr uint32_t kMaxTasks = 120;
  struct Options {
    GraphPolicy policy;
    uint64_t window = 64;
    uint64_t heap_bytes = 1 << 16;
    bool observed = true;  ///< edges are those that an observer sees; else those that the tasks store, and half of the tasks are plain
  };

  GraphModel(std::mt19937& random, const Options& options)
      : random_(random), options_(options), graph_(used_rings(sizes(options), options.policy), uint64_t{1} << 40) {}

  /// Returns how many tasks were submitted: fewer than kMaxTasks if open scopes filled a ring.
  uint32_t run() {
    graph_.begin_run(&lanes_, options_.observed ? &edges_ : nullptr, options_.policy);
    scopes_ = {{false, next_scope_++}};
    while (tasks_.size() < kMaxTasks && !testing::Test::HasFailure()) {
      change_scope();
      if (!submit()) break;
      for (uint32_t i = random_() % 3; i > 0; --i) complete_one();
    }
    const uint32_t submitted = static_cast<uint32_t>(tasks_.size());
    if (!graph_.is_fatal()) {
      graph_.finish_build();
      while (complete_one()) {
      }
      const bool all = std::all_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.done; });
      EXPECT_TRUE(all || testing::Test::HasFailure()) << "a task was never ready";
    }
    graph_.end_run();
    return submitted;
  }

 private:
  struct Edges : GraphObserver {
    void on_task(const TaskRecord&) override {}
    void on_edge(const DependencyEdge& edge) override { found.insert(edge.predecessor.raw); }
    std::set<uint64_t> found;  ///< of the submission under way
  };
  struct Scope {
    bool manual;
    uint32_t serial;
  };
  struct Task {
    PTO2TaskId id;
    bool done = false;
    std::set<size_t> follows;            ///< what the rules name
    std::bitset<kMaxTasks> all_before;  ///< what the engine's edges order before it
  };
  struct Access {
    size_t task;
    bool writes;
    ByteSet bytes;
  };
  struct Output {
    size_t creator;
    uint32_t scope;
    ChipTensor tensor;
    std::vector<size_t> readers;
  };
  struct Argument {
    ChipTensor tensor;
    TensorArgType tag = TensorArgType::INPUT;
    Output* made = nullptr;  ///< of which it is a part
  };

  static RingSizes sizes(const Options& options) {
    RingSizes sizes;
    sizes.task_window.fill(options.window);
    sizes.heap_bytes.fill(options.heap_bytes);
    return sizes;
  }
  bool automatic() const { return options_.policy.automatic && !scopes_.back().manual; }
  bool is_open(uint32_t scope) const {
    return std::any_of(scopes_.begin(), scopes_.end(), [&](const Scope& open) { return open.serial == scope; });
  }
  bool is_live(const Output& output) const {
    if (is_open(output.scope) || !tasks_[output.creator].done) return true;
    return std::any_of(output.readers.begin(), output.readers.end(), [&](size_t reader) { return !tasks_[reader].done; });
  }

  void change_scope() {
    const uint32_t choice = random_() % 8;
    if (choice == 0 && scopes_.size() < 6) {
      const bool manual = scopes_.back().manual || random_() % 4 == 0;
      graph_.begin_scope(manual ? PTO2ScopeMode::MANUAL : PTO2ScopeMode::AUTO);
      scopes_.push_back({manual, next_scope_++});
    } else if (choice < 3 && scopes_.size() > 1) {
      graph_.end_scope();
      scopes_.pop_back();
    }
  }

  // A task of one of the three sorts. False if the run is over.
  bool submit() {
    enum Sort { kKernel, kDummy, kAllocation };
    const Sort sort = random_() % 12 == 0 ? kAllocation : random_() % 8 == 0 ? kDummy : kKernel;
    const TensorCreateInfo info(kOutputShape, 1, DataType::INT8);
    std::deque<Argument> arguments;
    CoreTaskArgs args;
    const bool simple = !options_.observed && sort == kKernel && random_() % 2 == 0;
    const uint32_t outputs = simple ? 0 : sort == kAllocation ? 1 : scopes_.size() > 1 && random_() % 4 == 0 ? 1 + random_() % 2 : 0;
    for (uint32_t i = 0; i < outputs; ++i) args.add_output(info);
    for (uint32_t i = sort == kAllocation ? 0 : random_() % (simple ? 10 : 4); i > 0; --i) {
      arguments.push_back(random_argument());
      const Argument& argument = arguments.back();
      if (argument.tag == TensorArgType::INPUT) args.add_input(argument.tensor);
      if (argument.tag == TensorArgType::INOUT) args.add_inout(argument.tensor);
      if (argument.tag == TensorArgType::OUTPUT_EXISTING) args.add_output(argument.tensor);
      if (argument.tag == TensorArgType::NO_DEP) args.add_no_dep(argument.tensor);
    }
    PTO2TaskId dependencies[3];
    DepFlags kinds[3];
    std::vector<size_t> named;
    for (uint32_t i = sort == kAllocation || simple || tasks_.empty() ? 0 : random_() % 4; i > 0; --i) {
      named.push_back(random_() % tasks_.size());
      dependencies[named.size() - 1] = tasks_[named.back()].id;
      kinds[named.size() - 1] = static_cast<DepFlags>(1 + random_() % 3);
    }
    args.set_dependencies_with_kinds(dependencies, kinds, static_cast<uint32_t>(named.size()));

    TaskOutputTensors made;
    MixedKernels kernels;
    kernels.aic_kernel_id = 0;
    for (;;) {
      edges_.found.clear();
      const SubmitState state = sort == kAllocation ? graph_.allocate(args, made)
                                : sort == kDummy    ? graph_.submit_dummy(args, made)
                                                    : graph_.submit(kernels, args, made);
      if (state == SubmitState::kAccepted) break;
      if (state == SubmitState::kFatal) return check_deadlock();
      if (!complete_one()) {
        ADD_FAILURE() << "full, and nothing can run: " << graph_.full_text();
        return false;
      }
    }
    check_submission(made.task_id(), arguments, named, kinds);
    if (sort == kAllocation) tasks_.back().done = true;
    for (uint32_t i = 0; i < outputs; ++i) check_output(made.get_ref(i));
    return !testing::Test::HasFailure();
  }

  // A view of one of three buffers, or of an output that is still there.
  Argument random_argument() {
    static constexpr TensorArgType kTags[] = {TensorArgType::INPUT, TensorArgType::INOUT, TensorArgType::OUTPUT_EXISTING,
                                              TensorArgType::NO_DEP};
    Argument argument;
    argument.tag = kTags[random_() % 4];
    std::vector<Output*> open;
    for (Output& output : outputs_) {
      if (is_open(output.scope)) open.push_back(&output);
    }
    if (!open.empty() && random_() % 2 == 0) {
      argument.made = open[random_() % open.size()];
      uint32_t part[1], at[1];
      part[0] = 1 + random_() % kOutputShape[0];
      at[0] = random_() % (kOutputShape[0] - part[0] + 1);
      argument.tensor = argument.made->tensor.view(part, at);
    } else {
      argument.tensor = random_view(random_, 0x10000 + 960 * (random_() % 3));
    }
    argument.tensor.manual_dep = random_() % 8 == 0;
    return argument;
  }

  // The engine has found exactly what the rules name, but for what is reached over others.
  void check_submission(PTO2TaskId id, const std::deque<Argument>& arguments, const std::vector<size_t>& named, const DepFlags kinds[]) {
    const size_t self = tasks_.size();
    const bool track_war = options_.policy.track_war;
    Task task{id, false, {}, {}};
    EXPECT_EQ(id.ring(), std::min<size_t>(scopes_.size() - 1, options_.policy.rings - 1));
    for (size_t i = 0; i < named.size(); ++i) {
      if ((kinds[i] & DEP_WAIT) != 0) task.follows.insert(named[i]);
      if ((kinds[i] & DEP_RETAIN) == 0) continue;
      for (Output& output : outputs_) {
        if (output.creator == named[i] && is_open(output.scope)) output.readers.push_back(self);
      }
    }
    std::vector<Access> accesses;
    for (const Argument& argument : arguments) {
      if (argument.made != nullptr) argument.made->readers.push_back(self);
      if (argument.made != nullptr && automatic()) task.follows.insert(argument.made->creator);
      if (!automatic() || argument.tensor.manual_dep || argument.tag == TensorArgType::NO_DEP) continue;
      const bool writes = argument.tag != TensorArgType::INPUT;
      const ByteSet bytes = bytes_of(argument.tensor);
      for (const Access& other : accesses_) {
        if (argument.made != nullptr && other.task < argument.made->creator) continue;  // of what lay there before
        const bool ordered = track_war ? writes || other.writes : other.writes && argument.tag != TensorArgType::OUTPUT_EXISTING;
        if (ordered && share_a_byte(bytes, other.bytes)) task.follows.insert(other.task);
      }
      accesses.push_back({self, writes, bytes});
    }
    if (!options_.observed) take_stored_edges(id);
    for (const uint64_t raw : edges_.found) {
      const size_t other = index_of(PTO2TaskId{raw});
      ASSERT_LT(other, self) << "an edge from a task that does not exist";
      EXPECT_EQ(task.follows.count(other), 1u) << "task " << self << " need not follow " << other;
      task.all_before |= tasks_[other].all_before;
      task.all_before.set(other);
    }
    for (const size_t other : task.follows) {
      EXPECT_TRUE(task.all_before[other] || (!options_.observed && tasks_[other].done)) << "task " << self << " must follow " << other;
    }
    accesses_.insert(accesses_.end(), accesses.begin(), accesses.end());
    tasks_.push_back(task);
  }

  // Without an observer, edges to what is known to be complete are not stored.
  void take_stored_edges(PTO2TaskId id) {
    const TaskSlot& record = graph_.table().record(graph_.table().slot_of(id.ring(), id.local()));
    for (uint32_t i = 0; i < record.predecessor_count; ++i) {
      const TaskRef other = record.predecessors()[i];
      uint32_t ring = 0;
      while (ring + 1 < kRingCount && other.slot >= graph_.table().slot_of(ring + 1, 0)) ++ring;
      EXPECT_TRUE(edges_.found.insert(PTO2TaskId::make(static_cast<uint8_t>(ring), other.id).raw).second) << "listed twice";
    }
  }

  void check_output(const ChipTensor& tensor) {
    for (const Output& other : outputs_) {
      const bool apart = tensor.buffer.addr + kOutputShape[0] <= other.tensor.buffer.addr ||
                         other.tensor.buffer.addr + kOutputShape[0] <= tensor.buffer.addr;
      EXPECT_TRUE(apart || !is_live(other)) << "task " << tasks_.size() - 1 << " got the memory of task " << other.creator;
    }
    outputs_.push_back({tasks_.size() - 1, scopes_.back().serial, tensor, {}});
  }

  // Only outputs that an open scope keeps can make a ring full for ever.
  bool check_deadlock() {
    const int32_t codes[] = {PTO2_ERROR_SCOPE_DEADLOCK, PTO2_ERROR_FLOW_CONTROL_DEADLOCK, PTO2_ERROR_HEAP_RING_DEADLOCK};
    EXPECT_NE(std::find(std::begin(codes), std::end(codes), graph_.error_code()), std::end(codes)) << graph_.error_text();
    const uint32_t ring = std::min<uint32_t>(static_cast<uint32_t>(scopes_.size()) - 1, options_.policy.rings - 1);
    const bool kept = std::any_of(outputs_.begin(), outputs_.end(),
                                  [&](const Output& output) { return is_open(output.scope) && tasks_[output.creator].id.ring() == ring; });
    EXPECT_TRUE(kept) << "no open scope has outputs in ring " << ring << ": " << graph_.error_text();
    return false;
  }

  // Completes any task that the engine says is ready. False if there is none.
  bool complete_one() {
    uint32_t slots[16];
    for (uint32_t count; (count = graph_.table().claim(slots, 16)) != 0;) pending_.insert(pending_.end(), slots, slots + count);
    std::shuffle(pending_.begin(), pending_.end(), random_);
    for (size_t i = 0; i < pending_.size(); ++i) {
      const TaskSlot& record = graph_.table().record(pending_[i]);
      if (graph_.table().undone_predecessor(record).slot != kNoSlot) continue;
      Task& task = tasks_[index_of(PTO2TaskId::make(record.ring, record.id))];
      EXPECT_FALSE(task.done) << "completed before";
      for (const size_t other : task.follows) EXPECT_TRUE(tasks_[other].done) << "ready before what it must follow";
      task.done = true;
      graph_.table().mark_done({pending_[i], record.id});
      pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(i));
      return !testing::Test::HasFailure();
    }
    EXPECT_TRUE(pending_.empty() || options_.policy.publish != GraphPolicy::Publish::kAtSubmit) << "nothing of what was claimed can run";
    return false;
  }

  size_t index_of(PTO2TaskId id) const {
    for (size_t i = tasks_.size(); i > 0; --i) {
      if (tasks_[i - 1].id == id) return i - 1;
    }
    return tasks_.size();
  }

  static constexpr uint32_t kOutputShape[] = {600};
  std::mt19937& random_;
  const Options options_;
  const std::vector<uint8_t> lanes_ = {7};
  Edges edges_;
  Graph graph_;
  std::vector<Scope> scopes_;
  uint32_t next_scope_ = 0;
  std::vector<Task> tasks_;
  std::vector<Access> accesses_;
  std::deque<Output> outputs_;
  std::vector<uint32_t> pending_;
};

/// Runs random programs until `submissions` tasks were compared, under the policy of every variant in turn.
inline void compare_with_model(std::mt19937& random, uint64_t submissions) {
  const GraphPolicy plain, war = {.track_war = true}, host = policy_of({.runtime = RuntimeVariant::kHostBuildGraph}),
                           explicit_only = policy_of({.runtime = RuntimeVariant::kAicpuBuildGraph});
  for (uint64_t round = 0, done = 0; done < submissions && !testing::Test::HasFailure(); ++round) {
    GraphModel::Options options;
    options.policy = round % 8 == 7 ? explicit_only : round % 8 == 6 ? host : round % 2 == 0 ? plain : war;
    options.window = options.policy.publish == GraphPolicy::Publish::kAtSubmit ? uint64_t{4} << random() % 6 : 128;
    options.heap_bytes = options.policy.publish == GraphPolicy::Publish::kAtSubmit ? uint64_t{4096} << random() % 4 : 1 << 18;
    options.observed = random() % 2 == 0;
    SCOPED_TRACE(testing::Message() << "round " << round << ", window " << options.window);
    done += GraphModel(random, options).run();
  }
}

}  // namespace tilewright::test
