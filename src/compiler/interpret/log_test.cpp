#include "compiler/interpret/log.h"

#include <fmt/format.h>

#include "compiler/interpret/test_program.h"

namespace tilewright::interpret {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

HostTensor f32(std::vector<uint32_t> shape, std::vector<double> values = {}) {
  HostTensor tensor(DataType::FLOAT32, shape);
  if (!values.empty()) return tensor_of("f32", std::move(shape), values);
  return tensor;
}

/// A program, run with a log.
struct Logged {
  Logged(const std::string& text, std::vector<Argument> arguments, std::vector<Alias> aliases = {})
      : program(text), arguments(std::move(arguments)) {
    Options options;
    options.log = &log;
    options.aliases = std::move(aliases);
    outcome = program.run(this->arguments, options);
  }
  const Event& event(size_t i) const { return log.events.at(i); }
  /// Of the only memory that event `i` touches.
  const LoggedAccess& access(size_t i) const {
    EXPECT_EQ(event(i).accesses.size(), 1);
    return event(i).accesses.at(0);
  }

  TestProgram program;
  std::vector<Argument> arguments;
  Log log;
  Outcome outcome;
};

constexpr const char* kKernels = R"(
tile.func @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
  tile.store %t, %x[%zero] : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
}
)";

TEST(LogTest, EventsAreInProgramOrderAndIdsAreTheirNumbers) {
  const std::string text = std::string(kKernels) + R"(
tw.orchestration @test(%x: !tw.tensor<8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %h = arith.constant 2.0 : f32
  %c = tw.create filled %h : f32 : !tw.tensor<2x4xf32>
  %a = tw.submit @fill(out %x : !tw.tensor<8xf32>)
  %e = tw.read %x[%one] : !tw.tensor<8xf32> -> f32
  tw.write %e, %x[%two] : f32, !tw.tensor<8xf32>
  tw.scope manual {
    %n = tw.no_task
    %none = tw.no_tasks : !tw.task_ids<3>
    %some = tw.set_task %a, %none[%two] : !tw.task_ids<3>
    %d = tw.dummy after(%some, %n : !tw.task_ids<3>, !tw.task_id)
    %b = tw.submit @fill(no_dep %x : !tw.tensor<8xf32>) after(%d : !tw.task_id) derived(%a, %n, %d : !tw.task_id, !tw.task_id, !tw.task_id)
  }
  %f = tw.submit @fill(%x : !tw.tensor<8xf32>)
  tw.return
})";
  const Logged logged(text, arguments_of(f32({8})));
  ASSERT_EQ(logged.log.events.size(), 7);
  std::vector<Event::Kind> kinds;
  std::vector<bool> manual;
  for (const Event& event : logged.log.events) {
    kinds.push_back(event.kind);
    manual.push_back(event.manual);
  }
  using enum Event::Kind;
  EXPECT_THAT(kinds, ElementsAre(kCreate, kTask, kRead, kWrite, kTask, kTask, kTask));
  EXPECT_THAT(manual, ElementsAre(false, false, false, false, true, true, false)) << "the scope ends";
  EXPECT_THAT(logged.event(4).after, ElementsAre(1)) << "ids that name no task are left out";
  EXPECT_THAT(logged.event(5).after, ElementsAre(4));
  EXPECT_THAT(logged.event(5).derived, ElementsAre(1, 4));

  ASSERT_EQ(logged.log.roots.size(), 2);
  EXPECT_EQ(logged.log.memories, 2);
  EXPECT_TRUE(isa<mlir::BlockArgument>(logged.log.roots[0].value));
  EXPECT_EQ(logged.log.roots[1].value.getDefiningOp(), logged.event(0).op);
  EXPECT_EQ(logged.access(0).memory, 1);
  EXPECT_EQ(logged.access(0).written, (ElementSet{{0, 8}})) << "what a create fills";
  EXPECT_EQ(logged.access(1).written, (ElementSet{{0, 8}}));
  EXPECT_TRUE(logged.access(1).read.empty());
  EXPECT_EQ(logged.access(2).read, (ElementSet{{1, 2}}));
  EXPECT_EQ(logged.access(3).written, (ElementSet{{2, 3}}));
  EXPECT_THAT(logged.event(4).accesses, IsEmpty());

  ASSERT_EQ(logged.event(5).arguments.size(), 1);
  EXPECT_EQ(logged.event(1).arguments[0].direction, tw::Direction::kOut);
  EXPECT_EQ(logged.event(5).arguments[0].direction, tw::Direction::kNoDep);
  EXPECT_EQ(logged.event(6).arguments[0].direction, tw::Direction::kUndecided);
}

TEST(LogTest, ElementsOfViewsAndLanes) {
  const std::string program = R"(
tile.func @block(%x: !tw.tensor<4x6xf32> {tw.inout}, %y: !tw.tensor<6x4xf32>) {
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %b = tile.block_index
  %t = tile.load %x[%b, %two] : !tw.tensor<4x6xf32> -> !tile.tile<1x4xf32>
  tile.store %t, %x[%b, %zero] atomic_add : !tile.tile<1x4xf32>, !tw.tensor<4x6xf32>
  %s = tile.load %y[%two, %zero] : !tw.tensor<6x4xf32> -> !tile.tile<2x1xf32>
  tile.return
}
tw.orchestration @test(%x: !tw.tensor<4x6xf32> {tw.inout}, %z: !tw.tensor<4x6xf32>) {
  %blocks = arith.constant 3 : index
  %y = tw.transpose %z, 0, 1 : !tw.tensor<4x6xf32> -> !tw.tensor<6x4xf32>
  tw.submit @block(inout %x, in %y : !tw.tensor<4x6xf32>, !tw.tensor<6x4xf32>) blocks %blocks
  tw.return
})";
  const Logged logged(program, arguments_of(f32({4, 6}, std::vector<double>(24, 1)), f32({4, 6}, std::vector<double>(24, 1))));
  ASSERT_EQ(logged.log.events.size(), 1);
  ASSERT_EQ(logged.event(0).accesses.size(), 2);
  const LoggedAccess &x = logged.event(0).accesses[0], &y = logged.event(0).accesses[1];
  EXPECT_EQ(x.read, (ElementSet{{2, 6}, {8, 12}, {14, 18}}));
  EXPECT_EQ(x.added, (ElementSet{{0, 4}, {6, 10}, {12, 16}}));
  EXPECT_TRUE(x.written.empty());
  EXPECT_EQ(y.read, (ElementSet{{2, 4}})) << "rows 2 and 3 of the transposed tensor, column 0";
  const LoggedTensor& view = logged.event(0).arguments[1].tensor;
  EXPECT_EQ(view.root, 1);
  EXPECT_THAT(view.shape, ElementsAre(6, 4));
  EXPECT_THAT(view.strides, ElementsAre(1, 6));
  EXPECT_EQ(view.elements(), (ElementSet{{0, 24}}));
}

TEST(LogTest, ElementsOfAViewWithGaps) {
  LoggedTensor view;
  view.first = 5;
  view.shape = {2, 2, 3};
  view.strides = {20, 6, 1};
  EXPECT_EQ(view.elements(), (ElementSet{{5, 8}, {11, 14}, {25, 28}, {31, 34}}));
  view.strides = {1, 6, 20};
  EXPECT_EQ(view.elements(), (ElementSet{{5, 7}, {11, 13}, {25, 27}, {31, 33}, {45, 47}, {51, 53}}));
}

TEST(LogTest, RowsThatIndicesName) {
  const std::string program = R"(
tile.func @rows(%x: !tw.tensor<6x8xf32>, %y: !tw.tensor<6x8xf32> {tw.inout}) {
  %two = arith.constant 2 : i32
  %i = tile.iota %two : (i32) -> !tile.tile<1x2xi32>
  %t = tile.gather_load %x[%i] : !tw.tensor<6x8xf32>, !tile.tile<1x2xi32> -> !tile.tile<2x8xf32>
  tile.scatter_store %t, %y[%i] : !tile.tile<2x8xf32>, !tw.tensor<6x8xf32>, !tile.tile<1x2xi32>
  tile.return
}
tw.orchestration @test(%x: !tw.tensor<6x8xf32>, %y: !tw.tensor<6x8xf32> {tw.inout}) {
  tw.submit @rows(in %x, inout %y : !tw.tensor<6x8xf32>, !tw.tensor<6x8xf32>)
  tw.return
})";
  const Logged logged(program, arguments_of(f32({6, 8}), f32({6, 8})));
  EXPECT_EQ(logged.event(0).accesses.at(0).read, (ElementSet{{16, 32}}));
  EXPECT_EQ(logged.event(0).accesses.at(1).written, (ElementSet{{16, 32}}));
}

TEST(LogTest, PredicatesReadOneElementAndMayKeepATaskFromRunning) {
  const std::string program = std::string(kKernels) + R"(
tw.orchestration @test(%x: !tw.tensor<8xf32> {tw.inout}, %f: !tw.tensor<2x4xi32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %v = tw.view %f[%zero, %one] : !tw.tensor<2x4xi32> -> !tw.tensor<2x2xi32>
  tw.submit @fill(out %x : !tw.tensor<8xf32>) when %v[%one, %one] eq 7 : !tw.tensor<2x2xi32>
  tw.submit @fill(out %x : !tw.tensor<8xf32>) when %v[%one, %one] eq 6 : !tw.tensor<2x2xi32>
  tw.return
})";
  const Logged logged(program, arguments_of(f32({8}), tensor_of("i32", {2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})));
  ASSERT_TRUE(logged.event(0).tested);
  EXPECT_EQ(logged.event(0).tested->element, 6);
  EXPECT_EQ(logged.event(0).tested->tensor.root, 1);
  EXPECT_FALSE(logged.event(0).ran);
  EXPECT_THAT(logged.event(0).accesses, IsEmpty());
  EXPECT_EQ(logged.event(0).arguments.size(), 1);
  EXPECT_TRUE(logged.event(1).ran);
  EXPECT_EQ(logged.access(1).written, (ElementSet{{0, 8}}));
}

TEST(LogTest, TasksBeforeTheyAreOutlined) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %c = tw.create : !tw.tensor<4xf32>
  %p = tw.at "set" no_dep(%x : !tw.tensor<8xf32>) {
    %e = tw.read %x[%zero] : !tw.tensor<8xf32> -> f32
    tw.write %e, %c[%zero] : f32, !tw.tensor<4xf32>
  }
  tw.assemble %c, %x[%zero] : !tw.tensor<4xf32>, !tw.tensor<8xf32>
  tw.return
})";
  const Logged logged(program, arguments_of(f32({8})));
  ASSERT_EQ(logged.log.events.size(), 3);
  EXPECT_EQ(logged.event(1).kind, Event::Kind::kTask);
  EXPECT_EQ(logged.event(1).arguments.at(0).direction, tw::Direction::kNoDep);
  ASSERT_EQ(logged.event(1).accesses.size(), 2) << "what a task reads is its own";
  EXPECT_EQ(logged.event(1).accesses[0].read, (ElementSet{{0, 1}}));
  EXPECT_EQ(logged.event(1).accesses[1].written, (ElementSet{{0, 1}}));
  EXPECT_EQ(logged.event(2).kind, Event::Kind::kAssemble);
  EXPECT_EQ(logged.event(2).accesses.at(0).read, (ElementSet{{0, 4}}));
  EXPECT_EQ(logged.event(2).accesses.at(1).written, (ElementSet{{0, 4}}));
}

TEST(LogTest, EachRunBeginsANewOne) {
  const std::string text = std::string(kKernels) + R"(
tw.orchestration @test(%x: !tw.tensor<8xf32> {tw.out}) {
  tw.submit @fill(out %x : !tw.tensor<8xf32>)
  tw.return
})";
  Logged logged(text, arguments_of(f32({8})));
  Options options;
  options.log = &logged.log;
  logged.program.run(logged.arguments, options);
  EXPECT_EQ(logged.log.events.size(), 1);
  EXPECT_EQ(logged.log.roots.size(), 1);
}

// ---- arguments that share memory

constexpr const char* kAliased = R"(
tw.orchestration @test(%a: !tw.tensor<2x4xf32> {tw.inout, tw.may_alias}, %b: !tw.tensor<4xf32> {tw.MARK tw.may_alias}, %n: i32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %h = arith.constant 9.0 : f32
  %e = tw.read %b[%two] : !tw.tensor<4xf32> -> f32
  tw.write %e, %a[%zero, %zero] : f32, !tw.tensor<2x4xf32>
  tw.write %h, %a[%one, %one] : f32, !tw.tensor<2x4xf32>
  tw.return
})";

std::string with_mark(std::string text, const std::string& mark) { return text.replace(text.find("tw.MARK "), 8, mark); }

TEST(AliasTest, BothArgumentsAreInOneMemory) {
  const Logged logged(with_mark(kAliased, "tw.inout, "),
                      arguments_of(f32({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}), f32({4}, {90, 91, 92, 93}), scalar_of("i32:0")), {{0, 1, 3}});
  EXPECT_EQ(logged.log.memories, 1);
  ASSERT_EQ(logged.log.roots.size(), 2);
  EXPECT_EQ(logged.log.roots[1].memory, 0);
  EXPECT_EQ(logged.log.roots[1].first, 3);
  EXPECT_EQ(logged.access(0).read, (ElementSet{{5, 6}})) << "element 2 of what begins at element 3";
  EXPECT_EQ(logged.access(2).written, (ElementSet{{5, 6}}));
  EXPECT_THAT(values_of(std::get<HostTensor>(logged.arguments[0])), ElementsAre(5, 1, 2, 3, 4, 9, 6, 7));
  EXPECT_THAT(values_of(std::get<HostTensor>(logged.arguments[1])), ElementsAre(3, 4, 9, 6));
  EXPECT_EQ(logged.outcome.tensors[1].undefined.size(), 4);
}

TEST(AliasTest, AnArgumentThatIsOnlyReadChangesWithTheOther) {
  const Logged logged(with_mark(kAliased, ""),
                      arguments_of(f32({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}), f32({4}, {90, 91, 92, 93}), scalar_of("i32:0")), {{0, 1, 4}});
  EXPECT_THAT(values_of(std::get<HostTensor>(logged.arguments[1])), ElementsAre(4, 9, 6, 7));
}

TEST(AliasTest, WhatIsOnlyWrittenHoldsWhatTheInnerOneHas) {
  const std::string text = R"(
tw.orchestration @test(%a: !tw.tensor<8xf32> {tw.out, tw.may_alias}, %b: !tw.tensor<4xf32> {tw.may_alias}) {
  tw.return
})";
  const Logged logged(text, arguments_of(f32({8}), f32({4}, {1, 2, 3, 4})), {{0, 1, 2}});
  EXPECT_THAT(logged.outcome.tensors[0].undefined, ElementsAre(1, 1, 0, 0, 0, 0, 1, 1));
  EXPECT_THAT(values_of(std::get<HostTensor>(logged.arguments[1])), ElementsAre(1, 2, 3, 4));
}

TEST(AliasTest, WhatCannotShareIsRefused) {
  TestProgram program(with_mark(kAliased, "tw.inout, "));
  const auto error = [&](std::vector<Alias> aliases) {
    Options options;
    options.aliases = std::move(aliases);
    return program.error(arguments_of(f32({2, 4}), f32({4}), scalar_of("i32:0")), options);
  };
  EXPECT_THAT(error({{0, 1, 5}}).what(), HasSubstr("argument 1 cannot lie in argument 0 from element 5 on: it does not fit"));
  EXPECT_THAT(error({{0, 1, -1}}).what(), HasSubstr("it does not fit"));
  EXPECT_THAT(error({{1, 0, 0}}).what(), HasSubstr("it does not fit"));
  EXPECT_THAT(error({{0, 2, 0}}).what(), HasSubstr("2 is no tensor"));
  EXPECT_THAT(error({{7, 1, 0}}).what(), HasSubstr("7 is no tensor"));
  EXPECT_THAT(error({{0, 1, 0}, {0, 1, 1}}).what(), HasSubstr("it lies in several"));
  EXPECT_THAT(error({{0, 0, 0}}).what(), HasSubstr("that one lies in another one itself"));
  EXPECT_EQ(error({{0, 1, 5}}).code(), ErrorCode::kSignatureMismatch);
}

TEST(AliasTest, WhatIsWrittenSharesOnlyIfBothSaySo) {
  const std::string text = R"(
tw.orchestration @test(%a: !tw.tensor<4xf32> {tw.out, tw.may_alias}, %b: !tw.tensor<4xf32>, %c: !tw.tensor<4xf32>, %d: !tw.tensor<4xi32>) {
  tw.return
})";
  TestProgram program(text);
  const auto arguments = [] { return arguments_of(f32({4}), f32({4}), f32({4}), tensor_of("i32", {4}, {0, 0, 0, 0})); };
  Options options;
  options.aliases = {{0, 1, 0}};
  const Error error = program.error(arguments(), options);
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what(), HasSubstr("mark both tw.may_alias"));
  options.aliases = {{1, 3, 0}};
  EXPECT_THAT(program.error(arguments(), options).what(), HasSubstr("their elements have different types"));
  options.aliases = {{1, 2, 0}};
  std::vector<Argument> read = arguments();
  EXPECT_NO_THROW(program.run(read, options)) << "neither is written";
}

}  // namespace
}  // namespace tilewright::interpret
