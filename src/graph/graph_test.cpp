#include "graph/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "graph/random_views.h"
#include "pto_orchestration_api.h"

namespace tilewright {
namespace {

class Edges : public GraphObserver {
 public:
  void on_task(const TaskRecord& task) override { tasks.push_back(task); }
  void on_edge(const DependencyEdge& edge) override { edges.push_back(edge); }
  /// (predecessor, source) of the successor's edges, each once.
  std::set<std::pair<uint64_t, EdgeSource>> of(PTO2TaskId successor) const {
    std::set<std::pair<uint64_t, EdgeSource>> result;
    for (const DependencyEdge& edge : edges) {
      if (edge.successor == successor) result.insert({edge.predecessor.raw, edge.source});
    }
    return result;
  }
  std::vector<TaskRecord> tasks;
  std::vector<DependencyEdge> edges;
};

RingSizes rings(uint64_t window, uint64_t heap = 1 << 20) {
  RingSizes sizes;
  sizes.task_window.fill(window);
  sizes.heap_bytes.fill(heap);
  return sizes;
}

using EdgeSet = std::set<std::pair<uint64_t, EdgeSource>>;

class GraphTest : public testing::Test {
 protected:
  explicit GraphTest(const RingSizes& sizes = rings(64))
      : heap_(new std::byte[4 * (sizes.heap_bytes[0] + 4096)]), graph_(sizes, reinterpret_cast<uint64_t>(heap_.get())) {
    begin();
  }
  void begin(const GraphPolicy& policy = {}) {
    edges_ = Edges();
    graph_.begin_run(&lanes_, &edges_, policy);
  }
  PTO2TaskId submit(const CoreTaskArgs& args, int32_t kernel = 0) {
    outputs_ = TaskOutputTensors();
    MixedKernels kernels;
    kernels.aiv0_kernel_id = kernel;
    state_ = graph_.submit(kernels, args, outputs_);
    return outputs_.task_id();
  }
  /// Runs the oldest unclaimed task; false if there is none.
  bool complete_one() {
    uint32_t slot;
    if (graph_.table().claim(&slot, 1) == 0) return false;
    const TaskSlot& task = graph_.table().record(slot);
    EXPECT_EQ(graph_.table().undone_predecessor(task).slot, kNoSlot) << "submission order is a valid schedule";
    graph_.table().mark_done({slot, task.id});
    return true;
  }
  void expect_fatal(int32_t code, const std::string& text) {
    EXPECT_EQ(state_, SubmitState::kFatal);
    EXPECT_EQ(graph_.error_code(), code);
    EXPECT_NE(graph_.error_text().find(text), std::string::npos) << graph_.error_text();
  }
  static ChipTensor floats(uint64_t at, uint32_t count) { return make_tensor_external(reinterpret_cast<void*>(at), &count, 1); }

  const std::vector<uint8_t> lanes_ = {7, PTO2_SUBTASK_MASK_AIC};
  std::unique_ptr<std::byte[]> heap_;
  Graph graph_;
  Edges edges_;
  TaskOutputTensors outputs_;
  SubmitState state_ = SubmitState::kAccepted;
};

PTO2TaskId id(uint32_t local, uint8_t ring = 0) { return PTO2TaskId::make(ring, local); }

TEST_F(GraphTest, ReaderWaitsForWriterAndWriterForWriterButNotForReader) {
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs read, write;
  read.add_input(t);
  write.add_inout(t);
  submit(write);  // 0
  submit(read);   // 1
  submit(write);  // 2: after the writer; readers are not tracked
  submit(read);   // 3: after the newest writer only, which superseded the first
  EXPECT_EQ(edges_.of(id(0)), EdgeSet{});
  EXPECT_EQ(edges_.of(id(1)), (EdgeSet{{id(0).raw, EdgeSource::kTensorMap}}));
  EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(0).raw, EdgeSource::kTensorMap}}));
  EXPECT_EQ(edges_.of(id(3)), (EdgeSet{{id(2).raw, EdgeSource::kTensorMap}}));
}

TEST_F(GraphTest, OutputExistingRegistersWithoutLookingUp) {
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs read, overwrite;
  read.add_input(t);
  overwrite.add_output(t);
  submit(overwrite);  // 0
  submit(overwrite);  // 1
  submit(read);       // 2
  EXPECT_EQ(edges_.of(id(1)), EdgeSet{});
  EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(0).raw, EdgeSource::kTensorMap}, {id(1).raw, EdgeSource::kTensorMap}}));
}

TEST_F(GraphTest, WithTrackWarWritersWaitForReadersAndOverwritersForWriters) {
  const ChipTensor t = floats(0x10000, 16);
  const uint32_t half[] = {8}, at[] = {4};
  const ChipTensor part = t.view(half, at);
  CoreTaskArgs read, write, overwrite_part;
  read.add_input(t);
  write.add_inout(t);
  overwrite_part.add_output(part);
  for (const bool track_war : {false, true, false}) {
    SCOPED_TRACE(track_war);
    graph_.end_run();
    begin({.track_war = track_war});
    const EdgeSource map = EdgeSource::kTensorMap;
    submit(read);            // 0
    submit(write);           // 1: after the reader
    submit(read);            // 2
    submit(read);            // 3: readers do not wait for each other
    submit(overwrite_part);  // 4: after the writer and both readers, of which it leaves a part
    submit(write);           // 5: after all, but 0, which 1 replaced
    EXPECT_EQ(edges_.of(id(1)), track_war ? (EdgeSet{{id(0).raw, map}}) : EdgeSet{});
    EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(1).raw, map}}));
    EXPECT_EQ(edges_.of(id(3)), (EdgeSet{{id(1).raw, map}}));
    EXPECT_EQ(edges_.of(id(4)), track_war ? (EdgeSet{{id(1).raw, map}, {id(2).raw, map}, {id(3).raw, map}}) : EdgeSet{});
    EXPECT_EQ(edges_.of(id(5)), track_war ? (EdgeSet{{id(1).raw, map}, {id(2).raw, map}, {id(3).raw, map}, {id(4).raw, map}})
                                          : (EdgeSet{{id(1).raw, map}, {id(4).raw, map}}));
  }
}

TEST_F(GraphTest, NoDepAndManualDepKeepOnlyTheCreatorEdge) {
  const uint32_t shape[] = {16};
  const TensorCreateInfo info(shape, 1);
  CoreTaskArgs create;
  create.add_output(info);
  submit(create);  // 0
  const ChipTensor made = outputs_.get_ref(0);
  EXPECT_EQ(made.owner_task_id, id(0));
  ChipTensor manual = made;
  manual.manual_dep = true;
  CoreTaskArgs write, no_dep, manual_in;
  write.add_inout(made);
  no_dep.add_no_dep(made);
  manual_in.add_input(manual);
  submit(write);      // 1
  submit(no_dep);     // 2
  submit(manual_in);  // 3
  EXPECT_EQ(edges_.of(id(1)), (EdgeSet{{id(0).raw, EdgeSource::kCreator}}));
  EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(0).raw, EdgeSource::kCreator}}));
  EXPECT_EQ(edges_.of(id(3)), (EdgeSet{{id(0).raw, EdgeSource::kCreator}}));
}

// The heap gives memory again; what was done to what lay there before orders nobody, though an observed run forgets nothing.
class RecycledMemoryTest : public GraphTest {
 protected:
  RecycledMemoryTest() : GraphTest(rings(64, 1024)) {}
  /// A tensor in all the memory of ring 1, and a scope in which it was made.
  ChipTensor make() {
    graph_.begin_scope(PTO2ScopeMode::AUTO);
    const uint32_t shape[] = {256};
    const TensorCreateInfo info(shape, 1);
    CoreTaskArgs create;
    create.add_output(info);
    submit(create);
    EXPECT_EQ(state_, SubmitState::kAccepted) << graph_.error_text();
    return outputs_.get_ref(0);
  }
  void end() {
    graph_.end_scope();
    while (complete_one()) {
    }
  }
};

TEST_F(RecycledMemoryTest, EarlierContentsOrderNobody) {
  const ChipTensor old = make();  // 1.0
  CoreTaskArgs write_old;
  write_old.add_inout(old);
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  submit(write_old);  // 2.0: of another ring than the memory
  graph_.end_scope();
  end();
  const ChipTensor recycled = make();  // 1.1
  ASSERT_EQ(recycled.buffer.addr, old.buffer.addr);
  ASSERT_EQ(recycled.owner_task_id, id(1, 1));
  CoreTaskArgs write, read;
  write.add_output(recycled);
  read.add_input(recycled);
  submit(write);                         // 1.2
  const PTO2TaskId reader = submit(read);  // 1.3
  EXPECT_EQ(edges_.of(reader), (EdgeSet{{id(1, 1).raw, EdgeSource::kCreator}, {id(2, 1).raw, EdgeSource::kTensorMap}}));
  std::vector<TaskRef> producers;
  graph_.collect_producers(recycled, producers);
  std::set<uint64_t> before;
  for (const TaskRef task : producers) before.insert(graph_.id_of(graph_.table().record(task.slot)).raw);
  EXPECT_EQ(before, (std::set<uint64_t>{id(1, 1).raw, id(2, 1).raw}));
}

TEST_F(RecycledMemoryTest, NorDoEarlierReadersWithTrackWar) {
  graph_.end_run();
  begin({.track_war = true});
  const ChipTensor old = make();
  CoreTaskArgs read_old;
  read_old.add_input(old);
  submit(read_old);
  end();
  const ChipTensor recycled = make();  // 1.2
  ASSERT_EQ(recycled.buffer.addr, old.buffer.addr);
  CoreTaskArgs write;
  write.add_inout(recycled);
  EXPECT_EQ(edges_.of(submit(write)), (EdgeSet{{id(2, 1).raw, EdgeSource::kCreator}}));
}

TEST_F(GraphTest, ManualScopesTakeExplicitEdgesOnly) {
  const ChipTensor t = floats(0x10000, 16);
  graph_.begin_scope(PTO2ScopeMode::MANUAL);
  CoreTaskArgs write;
  write.add_inout(t);
  const PTO2TaskId first = submit(write);
  EXPECT_EQ(first, id(0, 1));  // depth 1: ring 1
  CoreTaskArgsWithDeps<2> after;
  after.add_inout(t);
  after.add_dep(first);
  const PTO2TaskId second = submit(after.finalize_for_submit());
  const PTO2TaskId third = submit(write);
  EXPECT_EQ(edges_.of(second), (EdgeSet{{first.raw, EdgeSource::kExplicit}}));
  EXPECT_EQ(edges_.of(third), EdgeSet{});
  graph_.end_scope();
  EXPECT_FALSE(graph_.is_fatal());
}

TEST_F(GraphTest, ATaskNeverDependsOnItself) {
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs args;
  args.add_inout(t, t);
  args.add_input(t);
  submit(args);
  EXPECT_EQ(edges_.of(id(0)), EdgeSet{});
}

TEST_F(GraphTest, TheSameProducerIsOnePredecessorHoweverOftenItIsFound) {
  const ChipTensor a = floats(0x10000, 16), b = floats(0x20000, 16);
  CoreTaskArgs both;
  both.add_inout(a, b);
  submit(both);
  submit(both);
  const TaskSlot& task = graph_.table().record(graph_.table().slot_of(0, 1));
  EXPECT_EQ(task.predecessor_count, 1u);
  EXPECT_EQ(edges_.edges.size(), 2u);
  EXPECT_EQ(graph_.edge_count()[static_cast<int>(EdgeSource::kTensorMap)], 1u);
}

TEST_F(GraphTest, LongListsOfPredecessorsAreKeptWhole) {
  std::deque<ChipTensor> parts;
  CoreTaskArgs all;
  for (uint32_t i = 0; i < 30; ++i) {
    parts.push_back(floats(0x10000 + 64 * i, 16));
    CoreTaskArgs write;
    write.add_inout(parts.back());
    submit(write);
  }
  const ChipTensor whole = floats(0x10000, 16 * 30);
  all.add_input(whole, whole);
  submit(all);
  const TaskSlot& task = graph_.table().record(graph_.table().slot_of(0, 30));
  std::set<uint32_t> found;
  for (uint32_t i = 0; i < task.predecessor_count; ++i) found.insert(task.predecessors()[i].id);
  EXPECT_EQ(task.predecessor_count, 30u);
  EXPECT_EQ(found.size(), 30u);
}

TEST_F(GraphTest, OutputsAreAlignedDisjointAndInitialised) {
  const uint32_t shape[] = {100};
  TensorCreateInfo first(shape, 1), second(shape, 1, DataType::INT16);
  first.set_initial_value(1.5f);
  CoreTaskArgs args;
  args.add_output(first, second);
  submit(args);
  const ChipTensor &a = outputs_.get_ref(0), &b = outputs_.get_ref(1);
  EXPECT_EQ(b.buffer.addr - a.buffer.addr, 1024u);
  EXPECT_EQ(b.buffer.size, 200u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.data_as<float>()[i], 1.5f);
}

TEST_F(GraphTest, AllocatedTensorsAreCompleteAtOnce) {
  const uint32_t shape[] = {16};
  const TensorCreateInfo info(shape, 1);
  CoreTaskArgs args;
  args.add_output(info);
  TaskOutputTensors made;
  ASSERT_EQ(graph_.allocate(args, made), SubmitState::kAccepted);
  EXPECT_FALSE(graph_.table().has_unclaimed());
  const ChipTensor t = made.get_ref(0);
  CoreTaskArgs use;
  use.add_inout(t);
  submit(use);
  EXPECT_TRUE(complete_one());
  CoreTaskArgs wrong;
  wrong.add_output(t);
  EXPECT_EQ(graph_.allocate(wrong, made), SubmitState::kFatal);
}

// ---- bad input ----

TEST_F(GraphTest, BadArgumentsAreFatalAndNamed) {
  const ChipTensor t = floats(0x10000, 16);
  const uint32_t part[] = {8}, at[] = {12};
  const ChipTensor outside = t.view(part, at);
  ChipTensor beyond = t;
  beyond.start_offset = 1;
  const uint32_t vast_shape[] = {1u << 31, 1u << 31};  // 2^62 elements of four bytes
  ChipTensor vast = make_tensor_external(reinterpret_cast<void*>(0x10000), vast_shape, 2);
  vast.buffer.size = UINT64_MAX;
  const ChipTensor columns = vast.slice(1, 0, (1u << 31) - 1);
  const ChipTensor wrapped = floats(UINT64_MAX - 15, 16);
  struct Case {
    std::function<void(CoreTaskArgs&)> fill;
    int32_t kernel;
    std::string text;
  };
  const Case cases[] = {
      {[&](CoreTaskArgs& a) {
         a.add_scalar(1);
         a.add_input(t);
       },
       0, "tensors must be added before scalars"},
      {[&](CoreTaskArgs& a) { a.add_input(outside); }, 0, "argument 0: the tensor is a view that leaves its parent"},
      {[&](CoreTaskArgs& a) { a.add_input(beyond); }, 0, "ends 4 bytes after its buffer of 64 bytes"},
      {[&](CoreTaskArgs& a) { a.add_input(columns); }, 0, "leaves the address space"},
      {[&](CoreTaskArgs& a) { a.add_inout(wrapped); }, 0, "leaves the address space"},
      {[&](CoreTaskArgs& a) { a.add_input(t); }, 5, "no kernel with func_id 5"},
      {[&](CoreTaskArgs& a) { a.add_input(t); }, -7, "no kernel with func_id -7"},
      {[&](CoreTaskArgs& a) { a.add_input(t); }, 1, "compiled for AIC cores and is submitted to an AIV core"},
      {[&](CoreTaskArgs& a) { a.add_input(t); }, -1, "no kernel given"},
      {[&](CoreTaskArgs& a) { a.launch_spec.set_block_num(0); }, 0, "block_num is 0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    CoreTaskArgs args;
    c.fill(args);
    submit(args, c.kernel);
    expect_fatal(PTO2_ERROR_INVALID_ARGS, c.text);
    graph_.end_run();
    begin();
  }
}

TEST_F(GraphTest, DependenciesThatTheCompilerNamedAreToldApart) {
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs write, read;
  write.add_inout(t);
  read.add_input(t);
  submit(write);  // 0
  submit(write);  // 1
  const PTO2TaskId named[] = {id(0), id(1), id(0)};
  read.set_dependencies(named, 3, 2);
  submit(read);  // 2: 0 by both, 1 by the compiler and the TensorMap
  EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(0).raw, EdgeSource::kExplicit},
                                       {id(0).raw, EdgeSource::kDerived},
                                       {id(1).raw, EdgeSource::kDerived},
                                       {id(1).raw, EdgeSource::kTensorMap}}));
  EXPECT_EQ(graph_.edge_count(), (std::array<uint64_t, 3>{0, 1, 2}));
  EXPECT_EQ(edges_.tasks[1].named_dependencies, 0u);
  EXPECT_EQ(edges_.tasks[2].named_dependencies, 3u);
}

TEST_F(GraphTest, CompletePredecessorsCountAsNamed) {
  submit(CoreTaskArgs());  // 0
  ASSERT_TRUE(complete_one());
  const PTO2TaskId named[] = {id(0)};
  const DepFlags retain[] = {DEP_RETAIN};
  CoreTaskArgs args;
  args.set_dependencies_with_kinds(named, retain, 1, 1);
  submit(args);  // 1: no edge, and named nevertheless
  EXPECT_EQ(edges_.of(id(1)), EdgeSet{});
  EXPECT_EQ(edges_.tasks[1].named_dependencies, 1u);
  args.reset();
  args.set_dependencies(named, 1, 1);
  submit(args);  // 2
  EXPECT_EQ(edges_.of(id(2)), (EdgeSet{{id(0).raw, EdgeSource::kDerived}}));
  EXPECT_EQ(edges_.tasks[2].named_dependencies, 1u);
}

TEST_F(GraphTest, ExplicitDependenciesMustBeSubmittedTasks) {
  for (PTO2TaskId bad : {PTO2TaskId::invalid(), id(0), id(0, 3), id(0, 9)}) {
    CoreTaskArgs args;
    args.set_dependencies(&bad, 1);
    submit(args);
    expect_fatal(PTO2_ERROR_INVALID_ARGS, "explicit dependency 0");
    graph_.end_run();
    begin();
  }
}

TEST_F(GraphTest, ScopesNestAsTheRulesSay) {
  graph_.begin_scope(PTO2ScopeMode::MANUAL);
  graph_.begin_scope(PTO2ScopeMode::MANUAL);
  EXPECT_FALSE(graph_.is_fatal());
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  EXPECT_EQ(graph_.error_code(), PTO2_ERROR_INVALID_ARGS);
  graph_.end_run();
  begin();
  graph_.end_scope();
  EXPECT_EQ(graph_.error_code(), PTO2_ERROR_INVALID_ARGS);
}

// ---- rings ----

class SmallGraphTest : public GraphTest {
 protected:
  SmallGraphTest() : GraphTest(rings(4, 4096)) {}
};

TEST_F(SmallGraphTest, AFullWindowWaitsForTheOldestTask) {
  const ChipTensor t = floats(0x10000, 16);
  CoreTaskArgs args;
  args.add_inout(t);
  for (int i = 0; i < 4; ++i) submit(args);
  EXPECT_EQ(state_, SubmitState::kAccepted);
  submit(args);
  EXPECT_EQ(state_, SubmitState::kFull);
  EXPECT_EQ(graph_.blocking_task(), (TaskRef{0, 0}));
  EXPECT_TRUE(complete_one());
  submit(args);
  EXPECT_EQ(state_, SubmitState::kAccepted);
  EXPECT_FALSE(graph_.is_fatal());
}

TEST_F(SmallGraphTest, AScopeThatFillsItsRingIsADeadlockAtOnce) {
  const uint32_t shape[] = {1};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  graph_.set_scope_site("here.cpp", 12);
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  CoreTaskArgs args;
  args.add_output(info);
  for (int i = 0; i < 4; ++i) submit(args);
  EXPECT_EQ(state_, SubmitState::kAccepted);
  while (complete_one()) {
  }
  submit(args);
  expect_fatal(PTO2_ERROR_SCOPE_DEADLOCK, "here.cpp:12");
}

TEST_F(SmallGraphTest, AHeapHeldByAnOpenScopeIsADeadlockAndByAnEndedOneIsNot) {
  const uint32_t shape[] = {2048};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  CoreTaskArgs args;
  args.add_output(info);
  for (int round = 0; round < 10; ++round) {  // the scope ends: its memory comes back
    graph_.begin_scope(PTO2ScopeMode::AUTO);
    submit(args);
    ASSERT_EQ(state_, SubmitState::kAccepted);
    graph_.end_scope();
    complete_one();
  }
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  submit(args);
  submit(args);
  submit(args);
  expect_fatal(PTO2_ERROR_HEAP_RING_DEADLOCK, "needs 2048 bytes");
}

TEST_F(SmallGraphTest, AnOutputLargerThanTheHeapIsSaid) {
  const uint32_t shape[] = {5000};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  CoreTaskArgs args;
  args.add_output(info);
  submit(args);
  expect_fatal(PTO2_ERROR_HEAP_RING_DEADLOCK, "the heap has 4096 bytes");
}

TEST_F(SmallGraphTest, OutputsStayWhileATaskThatReadsThemRuns) {
  const uint32_t shape[] = {3072};
  const TensorCreateInfo info(shape, 1, DataType::INT8);
  CoreTaskArgs make, read;
  make.add_output(info);
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  submit(make);
  const ChipTensor made = outputs_.get_ref(0);
  read.add_input(made);
  submit(read);
  graph_.end_scope();
  EXPECT_TRUE(complete_one());  // the producer
  graph_.begin_scope(PTO2ScopeMode::AUTO);
  submit(make);
  EXPECT_EQ(state_, SubmitState::kFull);
  EXPECT_EQ(graph_.blocking_task().id, 1u);  // the reader
  EXPECT_TRUE(complete_one());
  submit(make);
  EXPECT_EQ(state_, SubmitState::kAccepted);
}

// ---- the rules as a model: random programs against a list of everything written ----

struct ModelAccess {
  uint64_t task;
  bool writes;
  test::ByteSet bytes;
  ChipTensor view;
};

// Every ordering that the rules demand is there, and no edge without a reason; also with rings of every size.
TEST(GraphModel, RandomProgramsMatchTheRules) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::vector<uint8_t> lanes = {7};
  for (int round = 0; round < 90; ++round) {
    const bool host_built = round % 3 == 2;  // then nothing runs before the end, and everything has to fit
    const RingSizes sizes = rings(host_built ? 128 : uint64_t{4} << random() % 6);
    std::vector<std::byte> heap(4 * (sizes.heap_bytes[0] + 4096));
    Graph graph(sizes, reinterpret_cast<uint64_t>(heap.data()));
    Edges edges;
    const bool track_war = round % 2 != 0;
    GraphPolicy policy = host_built ? policy_of({.runtime = RuntimeVariant::kHostBuildGraph}) : GraphPolicy();
    policy.track_war = track_war;
    graph.begin_run(&lanes, &edges, policy);
    std::vector<ModelAccess> earlier;
    std::deque<uint32_t> pending;
    const auto complete_one = [&] {
      uint32_t slot;
      if (graph.table().claim(&slot, 1) == 1) pending.push_back(slot);
      if (pending.empty()) return;
      const TaskSlot& task = graph.table().record(pending.front());
      ASSERT_EQ(graph.table().undone_predecessor(task).slot, kNoSlot);
      graph.table().mark_done({pending.front(), task.id});
      pending.pop_front();
    };
    for (int step = 0; step < 120; ++step) {
      std::deque<ChipTensor> tensors;
      CoreTaskArgs args;
      std::set<uint64_t> expected;  // predecessors that the rules demand
      std::vector<std::pair<TensorArgType, ChipTensor>> accesses;
      for (uint32_t i = 0, n = 1 + random() % 4; i < n; ++i) {
        tensors.push_back(test::random_view(random, 0x10000 + 960 * (random() % 3)));
        const TensorArgType tag = static_cast<TensorArgType>(std::array{0, 2, 3, 4}[random() % 4]);
        tensors.back().manual_dep = random() % 8 == 0;
        accesses.push_back({tag, tensors.back()});
        if (tag == TensorArgType::INPUT) args.add_input(tensors.back());
        if (tag == TensorArgType::INOUT) args.add_inout(tensors.back());
        if (tag == TensorArgType::OUTPUT_EXISTING) args.add_output(tensors.back());
        if (tag == TensorArgType::NO_DEP) args.add_no_dep(tensors.back());
      }
      TaskOutputTensors outputs;
      MixedKernels kernels;
      kernels.aic_kernel_id = 0;
      SubmitState state;
      while ((state = graph.submit(kernels, args, outputs)) == SubmitState::kFull) complete_one();
      ASSERT_EQ(state, SubmitState::kAccepted) << graph.error_text();
      const uint64_t self = outputs.task_id().raw;

      std::set<uint64_t> found;
      for (const DependencyEdge& edge : edges.edges) {
        if (edge.successor.raw == self) found.insert(edge.predecessor.raw);
      }
      for (const auto& [tag, view] : accesses) {
        const bool writes = tag == TensorArgType::INOUT || tag == TensorArgType::OUTPUT_EXISTING;
        const bool waits = tag == TensorArgType::INPUT || tag == TensorArgType::INOUT || (writes && track_war);
        if (view.manual_dep || !waits) continue;
        const test::ByteSet bytes = test::bytes_of(view);
        for (const ModelAccess& other : earlier) {
          if ((other.writes || (writes && track_war)) && test::share_a_byte(bytes, other.bytes)) expected.insert(other.task);
        }
      }
      // A superseded writer is reached through the one that superseded it.
      std::set<uint64_t> reached = found;
      for (bool grew = true; grew;) {
        grew = false;
        for (const DependencyEdge& edge : edges.edges) {
          if (reached.count(edge.successor.raw) != 0) grew = reached.insert(edge.predecessor.raw).second || grew;
        }
      }
      for (uint64_t task : expected) ASSERT_EQ(reached.count(task), 1u) << "task " << self << " must follow " << task;
      for (uint64_t task : found) ASSERT_EQ(expected.count(task), 1u) << "task " << self << " need not follow " << task;
      for (const auto& [tag, view] : accesses) {
        if (view.manual_dep || tag == TensorArgType::NO_DEP) continue;
        earlier.push_back({self, tag != TensorArgType::INPUT, test::bytes_of(view), view});
      }
      if (random() % 3 == 0) complete_one();
    }
    if (host_built) {
      ASSERT_FALSE(graph.table().has_unclaimed());
      graph.finish_build();
      for (int task = 0; task < 120; ++task) complete_one();
      ASSERT_TRUE(pending.empty() && !graph.table().has_unclaimed());
    }
    graph.end_run();
  }
}

TEST_F(GraphTest, AGroupWiderThanTheDeviceIsRefusedWithBothNumbers) {
  graph_.set_cores(3);
  CoreTaskArgs args;
  args.launch_spec.set_require_sync_start(true);
  args.launch_spec.set_block_num(6);
  submit(args);
  EXPECT_EQ(state_, SubmitState::kAccepted) << graph_.error_text();
  MixedKernels mixed;
  mixed.aic_kernel_id = mixed.aiv0_kernel_id = 0;
  args.launch_spec.set_block_num(3);
  EXPECT_EQ(graph_.submit(mixed, args, outputs_), SubmitState::kAccepted);
  args.launch_spec.set_require_sync_start(false);
  args.launch_spec.set_block_num(100);
  EXPECT_EQ(graph_.submit(mixed, args, outputs_), SubmitState::kAccepted) << "without the hint, blocks come in waves";
  args.launch_spec.set_require_sync_start(true);
  args.launch_spec.set_block_num(4);
  state_ = graph_.submit(mixed, args, outputs_);
  expect_fatal(PTO2_ERROR_REQUIRE_SYNC_START_INVALID, "4 blocks are to start together, and the device has 3 clusters");
}

TEST_F(GraphTest, AGroupOfAivBlocksMayHaveTwiceAsManyAsAicCores) {
  graph_.set_cores(3);
  CoreTaskArgs args;
  args.launch_spec.set_require_sync_start(true);
  args.launch_spec.set_block_num(7);
  submit(args);
  expect_fatal(PTO2_ERROR_REQUIRE_SYNC_START_INVALID, "7 blocks are to start together, and the device has 6 AIV cores");
}

}  // namespace
}  // namespace tilewright
