// The rules of the runtime variants, each a policy of one engine.
#include "graph/graph_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>

#include "graph/graph.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

constexpr const char* kBuildMode = "PTO_AICPU_BUILD_GRAPH_BUILD_MODE";

/// Sets an environment variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

class BuildMode : public Variable {
 public:
  explicit BuildMode(const char* value) : Variable(kBuildMode, value) {}
};

class PolicyTest : public testing::Test {
 protected:
  void begin(RuntimeVariant variant, uint64_t window = 64, uint64_t heap = 1 << 16) {
    if (graph_ != nullptr) graph_->end_run();
    const GraphPolicy policy = policy_of({.runtime = variant});
    RingSizes sizes;
    sizes.task_window.fill(window);
    sizes.heap_bytes.fill(heap);
    memory_.reset(new std::byte[4 * (heap + 4096)]);
    graph_ = std::make_unique<Graph>(used_rings(sizes, policy), reinterpret_cast<uint64_t>(memory_.get()));
    graph_->begin_run(&lanes_, nullptr, policy);
  }
  PTO2TaskId submit(const CoreTaskArgs& args) {
    outputs_ = TaskOutputTensors();
    MixedKernels kernels;
    kernels.aiv0_kernel_id = 0;
    state_ = graph_->submit(kernels, args, outputs_);
    return outputs_.task_id();
  }
  PTO2TaskId submit_empty() { return submit(CoreTaskArgs()); }
  /// What cores can see now, in order; each is completed.
  std::vector<uint32_t> run_published() {
    std::vector<uint32_t> ids;
    for (uint32_t slot = 0; graph_->table().claim(&slot, 1) == 1;) {
      ids.push_back(graph_->table().record(slot).id);
      graph_->table().mark_done({slot, ids.back()});
    }
    return ids;
  }
  /// Ids of the predecessors in the record of a task of ring 0.
  std::multiset<uint32_t> predecessors(PTO2TaskId id) {
    const TaskSlot& task = graph_->table().record(graph_->table().slot_of(0, id.local()));
    std::multiset<uint32_t> ids;
    for (uint32_t i = 0; i < task.predecessor_count; ++i) ids.insert(task.predecessors()[i].id);
    return ids;
  }
  void expect_fatal(int32_t code, const std::string& text) {
    EXPECT_EQ(graph_->error_code(), code) << graph_->error_text();
    EXPECT_NE(graph_->error_text().find(text), std::string::npos) << graph_->error_text();
  }
  static ChipTensor floats(uint64_t at, uint32_t count) { return make_tensor_external(reinterpret_cast<void*>(at), &count, 1); }

  static constexpr RuntimeVariant kHost = RuntimeVariant::kHostBuildGraph;
  static constexpr RuntimeVariant kAicpu = RuntimeVariant::kAicpuBuildGraph;
  const std::vector<uint8_t> lanes_ = {7};
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<Graph> graph_;
  TaskOutputTensors outputs_;
  SubmitState state_ = SubmitState::kAccepted;
};

const std::vector<uint32_t> kNothing;

// ---- host_build_graph ----

TEST_F(PolicyTest, HostBuiltTasksAreSeenWhenTheGraphIsComplete) {
  begin(kHost);
  submit_empty();
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit_empty();
  graph_->end_scope();
  submit_empty();
  EXPECT_EQ(run_published(), kNothing);
  EXPECT_EQ(graph_->published_count(), 0u);
  graph_->finish_build();
  EXPECT_EQ(graph_->published_count(), 3u);
  EXPECT_EQ(run_published(), (std::vector<uint32_t>{0, 1, 2}));
}

TEST_F(PolicyTest, HostBuiltTasksOfAllDepthsUseOneRing) {
  begin(kHost);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  EXPECT_EQ(submit_empty(), PTO2TaskId::make(0, 0));
  RingSizes sizes;
  sizes.task_window.fill(1 << 20);
  sizes.heap_bytes.fill(uint64_t{1} << 40);
  const RingSizes used = used_rings(sizes, policy_of({.runtime = kHost}));
  EXPECT_EQ(used.heap_bytes, (std::array<uint64_t, 4>{uint64_t{1} << 40, 1024, 1024, 1024}));
  EXPECT_EQ(used.task_window, (std::array<uint64_t, 4>{1 << 20, 4, 4, 4}));
}

TEST_F(PolicyTest, HostBuiltTasksFindTheirDependencies) {
  begin(kHost);
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs write;
  write.add_inout(t);
  submit(write);
  EXPECT_EQ(predecessors(submit(write)), (std::multiset<uint32_t>{0}));
}

TEST_F(PolicyTest, AHostBuiltGraphLargerThanTheWindowFailsAtOnce) {
  begin(kHost, 8);
  for (int i = 0; i < 8; ++i) submit_empty();
  EXPECT_EQ(state_, SubmitState::kAccepted);
  submit_empty();
  EXPECT_EQ(state_, SubmitState::kFatal);
  expect_fatal(PTO2_ERROR_FLOW_CONTROL_DEADLOCK, "ring 0: all 8 task slots are in use");
  expect_fatal(PTO2_ERROR_FLOW_CONTROL_DEADLOCK, "raise ring_task_window (PTO2_RING_TASK_WINDOW)");
}

TEST_F(PolicyTest, HostBuiltOutputsBeyondTheHeapFailAtOnceAlsoAcrossEndedScopes) {
  begin(kHost, 64, 4096);
  const uint32_t shape[] = {2048};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  CoreTaskArgs args;
  args.add_output(info);
  for (int i = 0; i < 3; ++i) {
    graph_->begin_scope(PTO2ScopeMode::AUTO);
    submit(args);
    graph_->end_scope();
  }
  EXPECT_EQ(state_, SubmitState::kFatal);
  expect_fatal(PTO2_ERROR_HEAP_RING_DEADLOCK, "the heap has 4096 bytes, 4096 in use");
  expect_fatal(PTO2_ERROR_HEAP_RING_DEADLOCK, "raise ring_heap (PTO2_RING_HEAP)");
}

TEST_F(PolicyTest, HostBuiltGraphsReadOnlyWhatNoSubmittedTaskWrites) {
  begin(kHost);
  const ChipTensor t = floats(0x10000, 32);
  const uint32_t half[] = {16}, first[] = {0}, second[] = {16};
  const ChipTensor low = t.view(half, first), high = t.view(half, second);
  CoreTaskArgs read, write;
  read.add_input(t);
  write.add_output(low);
  submit(read);
  EXPECT_TRUE(graph_->check_published(t, true)) << "only read so far";
  submit(write);
  EXPECT_TRUE(graph_->check_published(high, true));
  EXPECT_FALSE(graph_->check_published(t, false));
  expect_fatal(PTO2_ERROR_INVALID_ARGS, "task 1 writes it and runs only when the graph is complete");
}

TEST_F(PolicyTest, HostBuiltGraphsDoNotReadOutputsOrManuallyOrderedWrites) {
  const uint32_t shape[] = {16};
  const TensorCreateInfo info(shape, 1);
  CoreTaskArgs make;
  make.add_output(info);
  begin(kHost);
  submit(make);
  EXPECT_FALSE(graph_->check_published(outputs_.get_ref(0), false));
  expect_fatal(PTO2_ERROR_INVALID_ARGS, "the task that makes it runs only when the graph is complete");

  begin(kHost);
  graph_->begin_scope(PTO2ScopeMode::MANUAL);
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs write;
  write.add_inout(t);
  submit(write);
  graph_->end_scope();
  EXPECT_FALSE(graph_->check_published(t, false));

  begin(kHost);
  TaskOutputTensors made;
  ASSERT_EQ(graph_->allocate(make, made), SubmitState::kAccepted);
  EXPECT_TRUE(graph_->check_published(made.get_ref(0), true)) << "allocated tensors exist at once";
}

// ---- aicpu_build_graph ----

TEST_F(PolicyTest, ExplicitEdgesAreTheOnlyOnes) {
  begin(kAicpu);
  const uint32_t shape[] = {16};
  const TensorCreateInfo info(shape, 1);
  CoreTaskArgs make;
  make.add_output(info);
  const PTO2TaskId creator = submit(make);
  const ChipTensor made = outputs_.get_ref(0);
  CoreTaskArgs use;
  use.add_inout(made);
  EXPECT_EQ(predecessors(submit(use)).size(), 0u) << "no creator edge";
  const PTO2TaskId second = submit(use);
  EXPECT_EQ(predecessors(second).size(), 0u) << "no edge by overlap";
  graph_->add_dependency(creator, second);
  EXPECT_EQ(predecessors(second), (std::multiset<uint32_t>{0}));
}

TEST_F(PolicyTest, TasksOfAScopeArePublishedTogetherAtItsEnd) {
  begin(kAicpu);
  submit_empty();
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit_empty();
  submit_empty();
  EXPECT_EQ(run_published(), kNothing);
  graph_->end_scope();
  EXPECT_EQ(run_published(), (std::vector<uint32_t>{0, 1})) << "ids of ring 1; the outer task waits";
  EXPECT_EQ(graph_->published_count(), 2u);
  submit_empty();
  graph_->finish_build();
  EXPECT_EQ(run_published(), (std::vector<uint32_t>{0, 1})) << "ids of ring 0";
}

TEST_F(PolicyTest, BuildModeZeroPublishesNothingBeforeTheEnd) {
  const BuildMode mode("0");
  begin(kAicpu, 8);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit_empty();
  graph_->end_scope();
  EXPECT_EQ(run_published(), kNothing);
  EXPECT_FALSE(graph_->policy().automatic);
  for (int i = 0; i < 8; ++i) submit_empty();
  submit_empty();
  expect_fatal(PTO2_ERROR_FLOW_CONTROL_DEADLOCK, "nothing runs before the graph is complete");
}

TEST_F(PolicyTest, BuildModeOneIsTheDefaultAndAnInvalidOneIsIgnored) {
  using enum GraphPolicy::Publish;
  EXPECT_EQ(policy_of({.runtime = kAicpu}).publish, kAtScopeEnd);
  for (const char* value : {"1", "2", "", "00"}) {
    const BuildMode mode(value);
    EXPECT_EQ(policy_of({.runtime = kAicpu}).publish, kAtScopeEnd) << value;
  }
}

TEST_F(PolicyTest, TrackWarComesFromTheOptionOrTheVariable) {
  EXPECT_FALSE(policy_of({}).track_war);
  EXPECT_TRUE(policy_of({.track_war = true}).track_war);
  for (const char* value : {"0", "", "yes"}) {
    const Variable variable("TW_TRACK_WAR", value);
    EXPECT_FALSE(policy_of({}).track_war) << value;
    EXPECT_TRUE(policy_of({.track_war = true}).track_war) << value;
  }
  const Variable variable("TW_TRACK_WAR", "1");
  EXPECT_TRUE(policy_of({.runtime = kHost}).track_war);
  EXPECT_FALSE(policy_of({.runtime = kAicpu}).track_war) << "no accesses are ordered there: the variable is for other runs";
}

TEST_F(PolicyTest, TrackWarIsRefusedWhereAccessesAreNotOrdered) {
  try {
    policy_of({.runtime = kAicpu, .track_war = true});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("aicpu_build_graph"), std::string::npos) << error.what();
  }
}

TEST_F(PolicyTest, ManyLateEdgesAreKeptAndTwinsAreOne) {
  begin(kAicpu, 128);
  std::vector<PTO2TaskId> producers;
  for (int i = 0; i < 50; ++i) producers.push_back(submit_empty());
  CoreTaskArgsWithDeps<8> args;
  args.add_dep(producers[0], producers[1], producers[2], producers[3], producers[4]);
  const PTO2TaskId consumer = submit(args.finalize_for_submit());
  for (PTO2TaskId producer : producers) graph_->add_dependency(producer, consumer);
  for (PTO2TaskId producer : producers) graph_->add_dependency(producer, consumer);
  const auto found = predecessors(consumer);
  EXPECT_EQ(found.size(), 50u);
  EXPECT_EQ(std::set<uint32_t>(found.begin(), found.end()).size(), 50u);
  EXPECT_FALSE(graph_->is_fatal());
}

TEST_F(PolicyTest, AnEdgeMayPointToATaskThatWasSubmittedEarlier) {
  begin(kAicpu);
  const PTO2TaskId first = submit_empty(), second = submit_empty();
  graph_->add_dependency(second, first);
  EXPECT_EQ(predecessors(first), (std::multiset<uint32_t>{1}));
  EXPECT_FALSE(graph_->is_fatal());
}

TEST_F(PolicyTest, CyclesAreRefused) {
  for (const bool backward_first : {true, false}) {
    begin(kAicpu);
    const PTO2TaskId a = submit_empty(), b = submit_empty(), c = submit_empty();
    graph_->add_dependency(a, b);
    if (backward_first) {
      graph_->add_dependency(c, a);
      graph_->add_dependency(b, c);  // forward, and closes the cycle
    } else {
      graph_->add_dependency(b, c);
      graph_->add_dependency(c, a);
    }
    expect_fatal(PTO2_ERROR_INVALID_ARGS, "neither could ever run");
  }
}

TEST_F(PolicyTest, CyclesThroughAnInnerScopeAreRefused) {
  begin(kAicpu);
  const PTO2TaskId outer = submit_empty();
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  const PTO2TaskId inner = submit_empty();
  graph_->add_dependency(outer, inner);
  graph_->end_scope();
  EXPECT_FALSE(graph_->is_fatal());
  graph_->add_dependency(inner, outer);
  expect_fatal(PTO2_ERROR_INVALID_ARGS, "neither could ever run");
}

TEST_F(PolicyTest, LateEdgesNeedAnUnpublishedConsumer) {
  const auto refused = [&](const std::string& text) {
    expect_fatal(PTO2_ERROR_INVALID_ARGS, text);
    begin(kAicpu);
  };
  begin(kAicpu);
  const PTO2TaskId outer = submit_empty();
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  const PTO2TaskId inner = submit_empty();
  graph_->end_scope();
  graph_->add_dependency(outer, inner);
  refused("the consumer is published already");
  graph_->add_dependency(submit_empty(), PTO2TaskId::make(0, 7));
  refused("the consumer is not a submitted task");
  graph_->add_dependency(PTO2TaskId::invalid(), submit_empty());
  refused("the producer is not a submitted task");
  const PTO2TaskId task = submit_empty();
  graph_->add_dependency(task, task);
  refused("a task cannot wait for itself");
  begin(RuntimeVariant::kTensormapAndRingbuffer);
  const PTO2TaskId a = submit_empty(), b = submit_empty();
  graph_->add_dependency(a, b);
  refused("tasks of this runtime run from their submission on");
}

TEST_F(PolicyTest, ARingFullOfTheOpenScopesTasksIsADeadlockAndOfAnEndedOnesIsNot) {
  begin(kAicpu, 4);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  for (int i = 0; i < 4; ++i) submit_empty();
  graph_->end_scope();
  graph_->set_scope_site("here.cpp", 7);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit_empty();
  EXPECT_EQ(state_, SubmitState::kFull) << "the first scope's tasks can run";
  run_published();
  for (int i = 0; i < 4; ++i) submit_empty();
  EXPECT_EQ(state_, SubmitState::kAccepted);
  submit_empty();
  expect_fatal(PTO2_ERROR_SCOPE_DEADLOCK, "4 tasks in it are not published; begun at here.cpp:7");
}

TEST_F(PolicyTest, ARingHeldByAnInnerScopeThatWaitsForTheOuterIsADeadlock) {
  begin(kAicpu, 4);
  const PTO2TaskId outer = submit_empty();
  for (int i = 0; i < 2; ++i) {
    graph_->begin_scope(PTO2ScopeMode::AUTO);
    for (int j = 0; j < 2; ++j) graph_->add_dependency(outer, submit_empty());
    graph_->end_scope();
  }
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit_empty();
  expect_fatal(PTO2_ERROR_SCOPE_DEADLOCK, "waits for a scope that is still open");
}

TEST_F(PolicyTest, OutputsStayForTasksThatAreOnlyOrderedExplicitly) {
  begin(kAicpu, 64, 4096);
  const uint32_t shape[] = {3072};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  CoreTaskArgs make, read;
  make.add_output(info);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit(make);
  const ChipTensor made = outputs_.get_ref(0);
  read.add_input(made);
  submit(read);  // no edge at all
  graph_->end_scope();
  uint32_t slot = 0;
  ASSERT_EQ(graph_->table().claim(&slot, 1), 1u);
  graph_->table().mark_done({slot, 0});
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit(make);
  EXPECT_EQ(state_, SubmitState::kFull) << "the reader has not run";
  run_published();
  submit(make);
  EXPECT_EQ(state_, SubmitState::kAccepted);
}

TEST_F(PolicyTest, ReadingWaitsForPublishedTasksOnly) {
  begin(kAicpu);
  const ChipTensor t = floats(0x10000, 16), other = floats(0x20000, 16);
  CoreTaskArgs write;
  write.add_inout(t);
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  submit(write);
  EXPECT_TRUE(graph_->check_published(other, true));
  EXPECT_FALSE(graph_->check_published(t, true));
  expect_fatal(PTO2_ERROR_INVALID_ARGS, "task 0 writes it and runs only when its scope has ended");

  begin(kAicpu);
  const PTO2TaskId outer = submit_empty();
  graph_->begin_scope(PTO2ScopeMode::AUTO);
  graph_->add_dependency(outer, submit(write));
  graph_->end_scope();
  EXPECT_FALSE(graph_->check_published(t, true));
  expect_fatal(PTO2_ERROR_INVALID_ARGS, "task 0 of ring 1 waits for a task of a scope that is still open");
}

// ---- the rules as a model: random programs of explicit edges in nested scopes ----

// Each task has exactly the edges it was given, is seen when its scope has ended and not before, and runs after all it waits for,
// also where edges point against the order of submission.
TEST_F(PolicyTest, RandomExplicitProgramsFollowTheModel) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 150; ++round) {
    const bool at_the_end = round % 4 == 3;
    std::optional<BuildMode> mode;
    if (at_the_end) mode.emplace("0");
    begin(kAicpu, 256);
    struct Task {
      PTO2TaskId id;
      std::set<size_t> waits_for;
      bool published = false, done = false;
    };
    std::vector<Task> tasks;
    std::vector<std::vector<size_t>> scopes(1);  // unpublished tasks of each open scope
    std::map<uint32_t, size_t> task_of_slot;
    const std::function<bool(size_t, size_t)> reaches = [&](size_t from, size_t to) {  // whether `from` waits for `to`
      if (from == to) return true;
      return std::any_of(tasks[from].waits_for.begin(), tasks[from].waits_for.end(), [&](size_t next) { return reaches(next, to); });
    };
    const auto publish = [&](const std::vector<size_t>& scope) {
      for (size_t task : scope) tasks[task].published = true;
    };
    std::vector<uint32_t> claimed;
    const auto run_some = [&](uint32_t limit) {
      for (uint32_t slot = 0; graph_->table().claim(&slot, 1) == 1;) claimed.push_back(slot);
      std::shuffle(claimed.begin(), claimed.end(), random);
      for (size_t i = 0; i < claimed.size() && limit != 0;) {
        const TaskSlot& record = graph_->table().record(claimed[i]);
        Task& task = tasks[task_of_slot.at(claimed[i])];
        ASSERT_TRUE(task.published) << "a task of an open scope is seen";
        if (graph_->table().undone_predecessor(record).slot != kNoSlot) {
          ++i;
          continue;
        }
        for (size_t other : task.waits_for) ASSERT_TRUE(tasks[other].done);
        graph_->table().mark_done({claimed[i], record.id});
        task.done = true;
        claimed.erase(claimed.begin() + static_cast<ptrdiff_t>(i));
        i = 0;
        --limit;
      }
    };
    for (int step = 0; step < 120; ++step) {
      switch (random() % 8) {
        case 0:
          if (scopes.size() < 6) {
            graph_->begin_scope(PTO2ScopeMode::AUTO);
            scopes.emplace_back();
          }
          break;
        case 1:
          if (scopes.size() > 1) {
            graph_->end_scope();
            if (at_the_end) {
              scopes[0].insert(scopes[0].end(), scopes.back().begin(), scopes.back().end());
            } else {
              publish(scopes.back());
            }
            scopes.pop_back();
          }
          break;
        case 2: run_some(random() % 8); break;
        case 3:
        case 4:
        case 5: {  // an edge between any two tasks, of which the consumer is not published
          std::vector<size_t> open;
          for (const auto& scope : scopes) open.insert(open.end(), scope.begin(), scope.end());
          if (open.empty()) break;
          const size_t consumer = open[random() % open.size()], producer = random() % tasks.size();
          if (reaches(producer, consumer)) break;  // a cycle: refused, which another test provokes
          graph_->add_dependency(tasks[producer].id, tasks[consumer].id);
          tasks[consumer].waits_for.insert(producer);
          break;
        }
        default: {
          const ChipTensor t = floats(0x10000 + 64 * (random() % 4), 16);
          CoreTaskArgsWithDeps<8> args;
          args.add_inout(t);
          Task task;
          for (uint32_t i = random() % 3; i > 0 && !tasks.empty(); --i) {
            const size_t producer = random() % tasks.size();
            args.add_dep(tasks[producer].id);
            task.waits_for.insert(producer);
          }
          task.id = submit(args.finalize_for_submit());
          ASSERT_EQ(state_, SubmitState::kAccepted) << graph_->error_text();
          const uint32_t ring = task.id.ring();
          task_of_slot[graph_->table().slot_of(ring, task.id.local())] = tasks.size();
          scopes.back().push_back(tasks.size());
          tasks.push_back(task);
        }
      }
      ASSERT_FALSE(graph_->is_fatal()) << graph_->error_text();
    }
    graph_->finish_build();
    for (const auto& scope : scopes) publish(scope);
    run_some(UINT32_MAX);
    for (const Task& task : tasks) ASSERT_TRUE(task.done);
  }
}

}  // namespace
}  // namespace tilewright
