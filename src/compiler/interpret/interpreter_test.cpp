#include "compiler/interpret/interpreter.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <regex>
#include <sstream>

#include "compiler/interpret/machine.h"
#include "compiler/interpret/test_program.h"
#include "compiler/pipeline.h"
#include "compiler/target.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright::interpret {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using Values = std::vector<double>;

HostTensor f32(std::vector<uint32_t> shape, const Values& values) { return tensor_of("f32", std::move(shape), values); }
HostTensor empty(const std::string& dtype, std::vector<uint32_t> shape) { return HostTensor(parse_dtype(dtype), std::move(shape)); }

/// What an orchestration leaves in a tensor of `count` integers, after `body`, which has numbers %c0 to %c9 of type index.
Values integers_of(const std::string& body, uint32_t count, std::vector<Argument> more = {}, const std::string& parameters = "") {
  std::string constants;
  for (int i = 0; i < 10; ++i) constants += fmt::format("  %c{} = arith.constant {} : index\n", i, i);
  const std::string program = fmt::format("tw.orchestration @test(%y: !tw.tensor<{}xi32> {{tw.out}}{}) {{\n{}{}\n  tw.return\n}}", count,
                                          parameters, constants, body);
  std::vector<Argument> arguments = arguments_of(empty("i32", {count}));
  for (Argument& each : more) arguments.emplace_back(std::move(each));
  return result_of(program, std::move(arguments), 0);
}

/// Stores index %NAME in element `at` of %y.
std::string put(const std::string& name, int at) {
  return fmt::format(
      "  %put_{0}_{1} = arith.index_cast %{0} : index to i32\n  tw.write %put_{0}_{1}, %y[%c{1}] : i32, !tw.tensor<{2}xi32>\n", name, at,
      "N");
}
std::string sized(std::string text, int count) {
  return std::regex_replace(text, std::regex("tensor<Nxi32>"), fmt::format("tensor<{}xi32>", count));
}

// ---- loops, branches, variables

TEST(InterpreterTest, LoopsCarryWhatTheyYield) {
  const std::string body = R"(
  %sum = scf.for %i = %c1 to %c5 step %c1 iter_args(%s = %c0) -> (index) {
    %next = arith.addi %s, %i : index
    scf.yield %next : index
  }
  %none = scf.for %i = %c5 to %c5 step %c1 iter_args(%s = %c7) -> (index) {
    scf.yield %i : index
  }
  %high = arith.constant 9223372036854775807 : index
  %low = arith.constant -9223372036854775808 : index
  %few = scf.for %i = %low to %high step %high iter_args(%s = %c0) -> (index) {
    %next = arith.addi %s, %c1 : index
    scf.yield %next : index
  }
  %a, %b = scf.for %i = %c0 to %c3 step %c2 iter_args(%p = %c1, %q = %c2) -> (index, index) {
    scf.yield %q, %p : index, index
  }
)" + put("sum", 0) + put("none", 1) +
                           put("a", 2) + put("b", 3) + put("few", 4);
  EXPECT_THAT(integers_of(sized(body, 5), 5), ElementsAre(10, 7, 1, 2, 3)) << "two turns of swapping; bounds at the ends of the range";
}

TEST(InterpreterTest, WhileEndsByItsConditionAndGivesWhatThatSays) {
  const std::string body = R"(
  %n, %twice = scf.while (%k = %c1) : (index) -> (index, index) {
    %less = arith.cmpi slt, %k, %c9 : index
    %double = arith.muli %k, %c2 : index
    scf.condition(%less) %k, %double : index, index
  } do {
  ^bb0(%k: index, %double: index):
    scf.yield %double : index
  }
)" + put("n", 0) + put("twice", 1);
  EXPECT_THAT(integers_of(sized(body, 2), 2), ElementsAre(16, 32));
}

TEST(InterpreterTest, BranchesGiveResults) {
  const std::string body = R"(
  %true = arith.constant true
  %a = scf.if %true -> (index) {
    scf.yield %c3 : index
  } else {
    scf.yield %c4 : index
  }
  %false = arith.cmpi sgt, %c1, %c2 : index
  scf.if %false {
    %five = arith.constant 5 : i32
    tw.write %five, %y[%c1] : i32, !tw.tensor<2xi32>
  }
)" + put("a", 0);
  EXPECT_THAT(integers_of(sized(body, 2), 2), ElementsAre(3, IsNan())) << "what nothing wrote is undefined";
}

TEST(InterpreterTest, VariablesHoldWhatWasSetLast) {
  const std::string body = R"(
  %v = tw.declare %c1 : !tw.var<index>
  %w = tw.declare : !tw.var<index>
  scf.for %i = %c0 to %c4 step %c1 {
    %now = tw.get %v : !tw.var<index>
    %next = arith.muli %now, %c2 : index
    tw.set %next, %v : !tw.var<index>
    tw.set %now, %w : !tw.var<index>
  }
  %a = tw.get %v : !tw.var<index>
  %b = tw.get %w : !tw.var<index>
)" + put("a", 0) + put("b", 1);
  EXPECT_THAT(integers_of(sized(body, 2), 2), ElementsAre(16, 8));
}

// ---- numbers

TEST(InterpreterTest, IndexArithmetic) {
  const std::string body = R"(
  %m = arith.constant -7 : index
  %a = arith.divsi %m, %c2 : index
  %b = arith.remsi %m, %c2 : index
  %c = arith.floordivsi %m, %c2 : index
  %d = arith.ceildivsi %m, %c2 : index
  %e = arith.maxsi %m, %c3 : index
  %f = arith.minsi %m, %c3 : index
  %g = arith.shli %c3, %c2 : index
  %h = arith.shrsi %m, %c1 : index
  %is = arith.cmpi ult, %c3, %m : index
  %i = arith.select %is, %c1, %c0 : index
)" + put("a", 0) + put("b", 1) +
                           put("c", 2) + put("d", 3) + put("e", 4) + put("f", 5) + put("g", 6) + put("h", 7) + put("i", 8);
  EXPECT_THAT(integers_of(sized(body, 9), 9), ElementsAre(-3, -1, -4, -3, 3, -7, 12, -4, 1));
}

TEST(InterpreterTest, NumbersOfOtherTypes) {
  const std::string body = R"(
  %x = arith.constant 200 : i8
  %wide = arith.extsi %x : i8 to i32
  tw.write %wide, %y[%c0] : i32, !tw.tensor<6xi32>
  %zero = arith.extui %x : i8 to i32
  tw.write %zero, %y[%c1] : i32, !tw.tensor<6xi32>
  %half = arith.constant 2.5 : f32
  %three = arith.addf %half, %half : f32
  %n = arith.fptosi %three : f32 to i32
  tw.write %n, %y[%c2] : i32, !tw.tensor<6xi32>
  %bits = arith.bitcast %half : f32 to i32
  tw.write %bits, %y[%c3] : i32, !tw.tensor<6xi32>
  %big = arith.constant 1.0e20 : f32
  %poison = arith.fptosi %big : f32 to i32
  tw.write %poison, %y[%c4] : i32, !tw.tensor<6xi32>
  %h = arith.truncf %big : f32 to f16
  %w = arith.extf %h : f16 to f32
  %same = arith.cmpf oeq, %w, %w : f32
  %t = arith.extsi %same : i1 to i32
  tw.write %t, %y[%c5] : i32, !tw.tensor<6xi32>
)";
  EXPECT_THAT(integers_of(body, 6), ElementsAre(-56, 200, 5, 0x40200000, IsNan(), -1));
}

// ---- tensors

TEST(InterpreterTest, ViewsOfViewsNameTheSameElements) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<4x6xf32> {tw.inout}, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = tw.view %x[%c1, %n] : !tw.tensor<4x6xf32> -> !tw.tensor<3x4xf32>
  %t = tw.transpose %v, 0, 1 : !tw.tensor<3x4xf32> -> !tw.tensor<4x3xf32>
  %w = tw.view %t[%c1, %c0] extents(%n) : !tw.tensor<4x3xf32> -> !tw.tensor<?x3xf32>
  %rows = tw.dim %w, 0 : !tw.tensor<?x3xf32>
  %last = arith.subi %rows, %c1 : index
  %e = tw.read %w[%last, %c1] : !tw.tensor<?x3xf32> -> f32
  tw.write %e, %x[%c0, %c0] : f32, !tw.tensor<4x6xf32>
  %hundred = arith.constant 100.0 : f32
  tw.write %hundred, %w[%c0, %c0] : f32, !tw.tensor<?x3xf32>
  tw.return
})";
  Values values(24);
  std::iota(values.begin(), values.end(), 0);
  std::vector<double> expected = values;
  expected[0] = values[2 * 6 + 4];  // w[1, 1] = t[2, 1] = v[1, 2] = x[2, 4]
  expected[1 * 6 + 3] = 100;        // w[0, 0] = t[1, 0] = v[0, 1] = x[1, 3]
  EXPECT_EQ(result_of(program, arguments_of(f32({4, 6}, values), scalar_of("i64:2")), 0), expected);
}

TEST(InterpreterTest, ReshapesAndAssemblesAndCreates) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<2x3xf32>, %y: !tw.tensor<3x4xf32> {tw.out}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tw.reshape %x : !tw.tensor<2x3xf32> -> !tw.tensor<3x2xf32>
  tw.assemble %r, %y[%c0, %c1] : !tw.tensor<3x2xf32>, !tw.tensor<3x4xf32>
  %nine = arith.constant 9.0 : f32
  %filled = tw.create filled %nine : f32 : !tw.tensor<3x1xf32>
  tw.assemble %filled, %y[%c0, %c0] : !tw.tensor<3x1xf32>, !tw.tensor<3x4xf32>
  %unset = tw.create(%c1) : !tw.tensor<?x1xf32>
  %three = arith.constant 3 : index
  tw.assemble %unset, %y[%c1, %three] : !tw.tensor<?x1xf32>, !tw.tensor<3x4xf32>
  tw.return
})";
  EXPECT_THAT(result_of(program, arguments_of(f32({2, 3}, {1, 2, 3, 4, 5, 6}), empty("f32", {3, 4})), 1),
              ElementsAre(9, 1, 2, IsNan(), 9, 3, 4, IsNan(), 9, 5, 6, IsNan()));
}

TEST(InterpreterTest, AnAssemblyFromTheSameTensorReadsFirst) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<4xf32> {tw.inout}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = tw.view %x[%c0] : !tw.tensor<4xf32> -> !tw.tensor<3xf32>
  tw.assemble %v, %x[%c1] : !tw.tensor<3xf32>, !tw.tensor<4xf32>
  tw.return
})";
  EXPECT_THAT(result_of(program, arguments_of(f32({4}, {1, 2, 3, 4})), 0), ElementsAre(1, 1, 2, 3));
}

TEST(InterpreterTest, WhatACallerPutsIntoAnOutputIsNotThere) {
  const std::string program = "tw.orchestration @test(%y: !tw.tensor<2xf32> {tw.out}, %z: !tw.tensor<2xf32> {tw.inout}) { tw.return }";
  EXPECT_THAT(result_of(program, arguments_of(f32({2}, {1, 2}), f32({2}, {3, 4})), 0), ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(result_of(program, arguments_of(f32({2}, {1, 2}), f32({2}, {3, 4})), 1), ElementsAre(3, 4));
}

TEST(InterpreterTest, UndefinedIntegersAreNoZeros) {
  TestProgram test("tw.orchestration @test(%y: !tw.tensor<2xi32> {tw.out}) { tw.return }");
  std::vector<Argument> arguments = arguments_of(empty("i32", {2}));
  const Outcome outcome = test.run(arguments);
  EXPECT_THAT(outcome.tensors[0].undefined, ElementsAre(1, 1));
  EXPECT_EQ(std::get<HostTensor>(arguments[0]).elements<uint32_t>()[0], 0xa5a5a5a5U);
}

// ---- tasks

TEST(InterpreterTest, BlocksOfATaskRunWithTheirNumbers) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<4x2xf32>, %y: !tw.tensor<4x2xf32> {tw.out}, %n: index) {
  %t = tw.at blocks %n {
    %z = arith.constant 0 : index
    %block = tile.block_index
    %count = tile.block_count
    %a = tile.load %x[%block, %z] : !tw.tensor<4x2xf32> -> !tile.tile<1x2xf32>
    %k = arith.index_cast %count : index to i32
    %f = arith.sitofp %k : i32 to f32
    %b = tile.muls %a, %f : (!tile.tile<1x2xf32>, f32) -> !tile.tile<1x2xf32>
    tile.store %b, %y[%block, %z] : !tile.tile<1x2xf32>, !tw.tensor<4x2xf32>
  }
  tw.return
})";
  const Values x = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_THAT(result_of(program, arguments_of(f32({4, 2}, x), empty("f32", {4, 2}), scalar_of("i32:3")), 1),
              ElementsAre(3, 6, 9, 12, 15, 18, IsNan(), IsNan()));
  TestProgram test(program);
  EXPECT_THAT(test.error(arguments_of(f32({4, 2}, x), empty("f32", {4, 2}), scalar_of("i64:0"))).message(),
              HasSubstr("test.mlir:3:8: error: tw.at: has 0 blocks"));
}

TEST(InterpreterTest, MixedTasksRunEachKernelOnItsCore) {
  const std::string program = R"(
tile.func @cube(%x: !tw.tensor<2x2xf32>, %y: !tw.tensor<6xf32> {tw.out}, %s: f32) {
  %z = arith.constant 0 : index
  %a = tile.load %x[%z, %z] : !tw.tensor<2x2xf32> -> !tile.tile<2x2xf32>
  %p = tile.matmul %a, %a : !tile.tile<2x2xf32>
  %r = tile.reshape %p : !tile.tile<2x2xf32> -> !tile.tile<1x4xf32>
  tile.store %r, %y[%z] : !tile.tile<1x4xf32>, !tw.tensor<6xf32>
  tile.return
}
tile.func aiv @vector(%x: !tw.tensor<2x2xf32>, %y: !tw.tensor<6xf32> {tw.out}, %s: f32) {
  %four = arith.constant 4 : index
  %lane = tile.subblock_index
  %at = arith.addi %four, %lane : index
  tw.write %s, %y[%at] : f32, !tw.tensor<6xf32>
  tile.return
}
tw.orchestration @test(%x: !tw.tensor<2x2xf32>, %y: !tw.tensor<6xf32> {tw.out}) {
  %s = arith.constant 0.5 : f32
  %t = tw.submit @cube with @vector with @vector(%x, %y, %s : !tw.tensor<2x2xf32>, !tw.tensor<6xf32>, f32)
  tw.return
})";
  EXPECT_THAT(result_of(program, arguments_of(f32({2, 2}, {1, 2, 3, 4}), empty("f32", {6})), 1), ElementsAre(7, 10, 15, 22, 0.5, 0.5));
}

TEST(InterpreterTest, PredicatesAreReadWhenTheTaskRuns) {
  const std::string body = R"(
  %flags = tw.create : !tw.tensor<2xui8>
  %one = arith.constant 1 : i8
  %high = arith.constant 200 : i8
  tw.write %one, %flags[%c0] : i8, !tw.tensor<2xui8>
  tw.write %high, %flags[%c1] : i8, !tw.tensor<2xui8>
  %t0 = tw.at when %flags[%c0] eq 1 : !tw.tensor<2xui8> {
    %n = arith.constant 10 : i32
    tw.write %n, %y[%c0] : i32, !tw.tensor<5xi32>
    %z = arith.constant 0 : i8
    tw.write %z, %flags[%c0] : i8, !tw.tensor<2xui8>
  }
  %t1 = tw.at when %flags[%c0] eq 1 : !tw.tensor<2xui8> {
    %n = arith.constant 11 : i32
    tw.write %n, %y[%c1] : i32, !tw.tensor<5xi32>
  }
  %t2 = tw.at when %flags[%c1] gt 150 : !tw.tensor<2xui8> {
    %n = arith.constant 12 : i32
    tw.write %n, %y[%c2] : i32, !tw.tensor<5xi32>
  }
  %t3 = tw.at when %flags[%c1] le -1 : !tw.tensor<2xui8> {
    %n = arith.constant 13 : i32
    tw.write %n, %y[%c3] : i32, !tw.tensor<5xi32>
  }
  %named = tw.is_task %t1
  %is = arith.extui %named : i1 to i32
  tw.write %is, %y[%c4] : i32, !tw.tensor<5xi32>
)";
  EXPECT_THAT(integers_of(body, 5), ElementsAre(10, IsNan(), 12, IsNan(), 1)) << "a task that does not run is one all the same";
}

TEST(InterpreterTest, TaskIdsAreValues) {
  const std::string body = R"(
  %none = tw.no_task
  %ids = tw.no_tasks : !tw.task_ids<3>
  %t = tw.scope manual -> (!tw.task_id) {
    %d = tw.dummy after(%none, %ids : !tw.task_id, !tw.task_ids<3>)
    tw.yield %d : !tw.task_id
  }
  %more = tw.set_task %t, %ids[%c1] : !tw.task_ids<3>
  scf.for %i = %c0 to %c3 step %c1 {
    %id = tw.get_task %more[%i] : !tw.task_ids<3>
    %named = tw.is_task %id
    %is = arith.extui %named : i1 to i32
    tw.write %is, %y[%i] : i32, !tw.tensor<5xi32>
  }
  %clusters = tw.cluster_count
  %aivs = tw.aiv_count
)" + put("clusters", 3) + put("aivs", 4);
  EXPECT_THAT(integers_of(sized(body, 5), 5), ElementsAre(0, 1, 0, 24, 48));
}

// ---- tiles

TEST(InterpreterTest, LoadsTakeTheValidRegionOnly) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<?x3xf32>, %y: !tw.tensor<4x3xf32> {tw.out}, %sizes: !tw.tensor<2xi32> {tw.out}) {
  %t = tw.at {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tw.dim %x, 0 : !tw.tensor<?x3xf32>
    %a = tile.load %x[%c0, %c1] valid(%n) : !tw.tensor<?x3xf32> -> !tile.tile<4x8xf32, valid ?x2>
    %b = tile.adds %a, %half : (!tile.tile<4x8xf32, valid ?x2>, f32) -> !tile.tile<4x8xf32, valid ?x2>
    %rows = tile.valid_rows %b : !tile.tile<4x8xf32, valid ?x2>
    %columns = tile.valid_columns %b : !tile.tile<4x8xf32, valid ?x2>
    %r = arith.index_cast %rows : index to i32
    tw.write %r, %sizes[%c0] : i32, !tw.tensor<2xi32>
    %c = arith.index_cast %columns : index to i32
    tw.write %c, %sizes[%c1] : i32, !tw.tensor<2xi32>
    tile.store %b, %y[%c1, %c0] : !tile.tile<4x8xf32, valid ?x2>, !tw.tensor<4x3xf32>
  }
  tw.return
})";
  const std::string with_half = std::regex_replace(program, std::regex("  %t = tw.at"), "  %half = arith.constant 0.5 : f32\n  %t = tw.at");
  std::vector<Argument> arguments = arguments_of(f32({2, 3}, {1, 2, 3, 4, 5, 6}), empty("f32", {4, 3}), empty("i32", {2}));
  TestProgram test(with_half);
  const Outcome outcome = test.run(arguments);
  EXPECT_THAT(values_of(std::get<HostTensor>(arguments[1])),
              ElementsAre(IsNan(), IsNan(), IsNan(), 2.5, 3.5, IsNan(), 5.5, 6.5, IsNan(), IsNan(), IsNan(), IsNan()));
  EXPECT_THAT(values_of(std::get<HostTensor>(arguments[2])), ElementsAre(2, 2));
}

TEST(InterpreterTest, PartsOfTiles) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<3x4xf32>, %y: !tw.tensor<3x4xf32> {tw.out}, %n: index) {
  %t = tw.at {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = tile.load %x[%c0, %c0] : !tw.tensor<3x4xf32> -> !tile.tile<3x4xf32>
    %p = tile.extract %a[%c1, %n] : !tile.tile<3x4xf32> -> !tile.tile<2x2xf32>
    %m = tile.move %p : !tile.tile<2x2xf32> -> !tile.tile<2x2xf32, vec, col_major>
    tile.set_flag mte2 to v 0
    tile.wait_flag mte2 to v 0
    %q = tile.move %m : !tile.tile<2x2xf32, vec, col_major> -> !tile.tile<2x2xf32>
    %b = tile.insert %q, %a[%c0, %c1] : !tile.tile<2x2xf32>, !tile.tile<3x4xf32>
    %e = tile.read %b[%c0, %c1] : !tile.tile<3x4xf32> -> f32
    %w = tile.write %e, %b[%c0, %c0] : f32, !tile.tile<3x4xf32>
    tile.barrier all
    tile.store %w, %y[%c0, %c0] : !tile.tile<3x4xf32>, !tw.tensor<3x4xf32>
  }
  tw.return
})";
  Values x(12);
  std::iota(x.begin(), x.end(), 1);
  EXPECT_THAT(result_of(program, arguments_of(f32({3, 4}, x), empty("f32", {3, 4}), scalar_of("i64:2")), 1),
              ElementsAre(7, 7, 8, 4, 5, 11, 12, 8, 9, 10, 11, 12));
}

TEST(InterpreterTest, SettingTheValidRegionShowsWhatThePaddingHeld) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<2x2xf32>, %y: !tw.tensor<2x2xf32> {tw.out}, %n: index) {
  %t = tw.at {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %a = tile.load %x[%c0, %c0] : !tw.tensor<2x2xf32> -> !tile.tile<2x2xf32>
    %s = tile.set_valid %a valid(%n) : !tile.tile<2x2xf32> -> !tile.tile<2x2xf32, valid 2x?>
    %l = tile.set_valid %s : !tile.tile<2x2xf32, valid 2x?> -> !tile.tile<2x2xf32>
    tile.store %l, %y[%c0, %c0] : !tile.tile<2x2xf32>, !tw.tensor<2x2xf32>
  }
  tw.return
})";
  EXPECT_THAT(result_of(program, arguments_of(f32({2, 2}, {1, 2, 3, 4}), empty("f32", {2, 2}), scalar_of("i64:1")), 1),
              ElementsAre(1, 2, 3, 4));
  TestProgram test(program);
  EXPECT_THAT(test.error(arguments_of(f32({2, 2}, {1, 2, 3, 4}), empty("f32", {2, 2}), scalar_of("i64:3"))).message(),
              HasSubstr("test.mlir:7:10: error: tile.set_valid: makes a valid region of 2x3 in a tile of 2x2"));
}

TEST(InterpreterTest, RowsByIndex) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<3x2xf32>, %i: !tw.tensor<1x4xi32>,
                       %y: !tw.tensor<4x2xf32> {tw.out}, %z: !tw.tensor<3x2xf32> {tw.out}) {
  %t = tw.at {
    %c0 = arith.constant 0 : index
    %k = tile.load %i[%c0, %c0] : !tw.tensor<1x4xi32> -> !tile.tile<1x4xi32>
    %a = tile.gather_load %x[%k] : !tw.tensor<3x2xf32>, !tile.tile<1x4xi32> -> !tile.tile<4x2xf32>
    tile.store %a, %y[%c0, %c0] : !tile.tile<4x2xf32>, !tw.tensor<4x2xf32>
    tile.scatter_store %a, %z[%k] : !tile.tile<4x2xf32>, !tw.tensor<3x2xf32>, !tile.tile<1x4xi32>
  }
  tw.return
})";
  const auto arguments = [] {
    return arguments_of(f32({3, 2}, {1, 2, 3, 4, 5, 6}), tensor_of("i32", {1, 4}, {2, 3, 0, 2}), empty("f32", {4, 2}),
                        empty("f32", {3, 2}));
  };
  EXPECT_THAT(result_of(program, arguments(), 2), ElementsAre(5, 6, 0, 0, 1, 2, 5, 6)) << "0 for a row outside";
  EXPECT_THAT(result_of(program, arguments(), 3), ElementsAre(1, 2, IsNan(), IsNan(), 5, 6)) << "which writes nothing";
}

TEST(InterpreterTest, AtomicAdditionsAddInAnyOrder) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<1x2xf32>, %y: !tw.tensor<1x2xf32> {tw.inout}) {
  %n = arith.constant 4 : index
  %t = tw.at blocks %n {
    %c0 = arith.constant 0 : index
    %a = tile.load %x[%c0, %c0] : !tw.tensor<1x2xf32> -> !tile.tile<1x2xf32>
    tile.store %a, %y[%c0, %c0] atomic_add : !tile.tile<1x2xf32>, !tw.tensor<1x2xf32>
  }
  tw.return
})";
  std::vector<Argument> arguments = arguments_of(f32({1, 2}, {0.1, 1}), f32({1, 2}, {10, 0}));
  TestProgram test(program);
  const Outcome outcome = test.run(arguments);
  EXPECT_THAT(values_of(std::get<HostTensor>(arguments[1])), ElementsAre(testing::DoubleNear(10.4, 1e-5), 4));
  EXPECT_GT(outcome.tensors[1].error[0], 0);
  EXPECT_LT(outcome.tensors[1].error[0], 1e-4);
}

// ---- after the passes

TEST(InterpreterTest, PassesChangeNothing) {
  const std::string program = R"(
tw.orchestration @test(%a: !tw.tensor<64x64xf16>, %b: !tw.tensor<64x64xf16>, %c: !tw.tensor<32x64xf32>,
                       %y: !tw.tensor<32x64xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %end = arith.constant 32 : index
  %step = arith.constant 16 : index
  %products = tw.create : !tw.tensor<32x64xf32>
  scf.for %m = %zero to %end step %step {
    %t = tw.at "product" {
      %sixteen = arith.constant 16 : index
      %k_end = arith.constant 64 : index
      %l = tile.load %a[%m, %zero] : !tw.tensor<64x64xf16> -> !tile.tile<16x16xf16>
      %r = tile.load %b[%zero, %zero] : !tw.tensor<64x64xf16> -> !tile.tile<16x64xf16>
      %first = tile.matmul %l, %r : (!tile.tile<16x16xf16>, !tile.tile<16x64xf16>) -> !tile.tile<16x64xf32>
      %sum = tw.declare %first : !tw.var<!tile.tile<16x64xf32>>
      scf.for %k = %sixteen to %k_end step %sixteen {
        %l1 = tile.load %a[%m, %k] : !tw.tensor<64x64xf16> -> !tile.tile<16x16xf16>
        %r1 = tile.load %b[%k, %zero] : !tw.tensor<64x64xf16> -> !tile.tile<16x64xf16>
        %now = tw.get %sum : !tw.var<!tile.tile<16x64xf32>>
        %next = tile.matmul_acc %now, %l1, %r1
            : (!tile.tile<16x64xf32>, !tile.tile<16x16xf16>, !tile.tile<16x64xf16>) -> !tile.tile<16x64xf32>
        tw.set %next, %sum : !tw.var<!tile.tile<16x64xf32>>
      }
      %all = tw.get %sum : !tw.var<!tile.tile<16x64xf32>>
      tile.store %all, %products[%m, %zero] : !tile.tile<16x64xf32>, !tw.tensor<32x64xf32>
    }
    %u = tw.at "activate" {
      %p = tile.load %products[%m, %zero] : !tw.tensor<32x64xf32> -> !tile.tile<16x64xf32>
      %q = tile.load %c[%m, %zero] : !tw.tensor<32x64xf32> -> !tile.tile<16x64xf32>
      %mask = tile.compare gt %p, %q : (!tile.tile<16x64xf32>, !tile.tile<16x64xf32>) -> !tile.tile<16x64xi1>
      %e = tile.exp %q : !tile.tile<16x64xf32>
      %s = tile.select %mask, %p, %e : (!tile.tile<16x64xi1>, !tile.tile<16x64xf32>, !tile.tile<16x64xf32>) -> !tile.tile<16x64xf32>
      %rows = tile.row_max %s : (!tile.tile<16x64xf32>) -> !tile.tile<16x1xf32>
      %d = tile.row_expand_sub %s, %rows : (!tile.tile<16x64xf32>, !tile.tile<16x1xf32>) -> !tile.tile<16x64xf32>
      tile.store %d, %y[%m, %zero] : !tile.tile<16x64xf32>, !tw.tensor<32x64xf32>
    }
  }
  tw.return
})";
  const auto arguments = [] {
    return arguments_of(make_tensor(parse_tensor_spec("f16[64,64]=randn:1")), make_tensor(parse_tensor_spec("f16[64,64]=randn:2")),
                        make_tensor(parse_tensor_spec("f32[32,64]=randn:3")), empty("f32", {32, 64}));
  };
  const Values expected = result_of(program, arguments(), 3);
  TestProgram lowered(program);
  mlir::PassManager passes(&lowered.context());
  add_lowering(passes, *find_target("a2a3sim"));
  ASSERT_TRUE(succeeded(passes.run(lowered.module())));
  std::vector<Argument> after = arguments();
  const Outcome outcome = lowered.run(after);
  EXPECT_EQ(values_of(std::get<HostTensor>(after[3])), expected);
  EXPECT_EQ(outcome.unstable, "");
}

// ---- decisions that hang on rounding

TEST(InterpreterTest, ABranchThatRoundingDecidesIsNoted) {
  const std::string program = R"(
tw.orchestration @test(%x: !tw.tensor<1x2xf32>, %y: !tw.tensor<1x1xf32> {tw.out}, %limit: f32) {
  %t = tw.at {
    %c0 = arith.constant 0 : index
    %a = tile.load %x[%c0, %c0] : !tw.tensor<1x2xf32> -> !tile.tile<1x2xf32>
    %e = tile.exp %a : !tile.tile<1x2xf32>
    %v = tile.read %e[%c0, %c0] : !tile.tile<1x2xf32> -> f32
    %less = arith.cmpf olt, %v, %limit : f32
    scf.if %less {
      tw.write %v, %y[%c0, %c0] : f32, !tw.tensor<1x1xf32>
    }
  }
  tw.return
})";
  TestProgram test(program);
  const auto unstable = [&](const std::string& limit) {
    std::vector<Argument> arguments = arguments_of(f32({1, 2}, {1, 1}), empty("f32", {1, 1}), scalar_of("f32:" + limit));
    return test.run(arguments).unstable;
  };
  EXPECT_EQ(unstable("3"), "");
  EXPECT_EQ(unstable("2.7182817"), "test.mlir:9:5: scf.if");
}

// ---- completeness

// A new operation without a handler, or that nobody uses in a test, fails here; values of operators are asked for in operator_test.cpp.
TEST(InterpreterTest, EveryOperationHasAHandlerAndATest) {
  std::ostringstream text;
  for (const char* file : {"interpreter_test.cpp", "operator_test.cpp"}) {
    text << std::ifstream(std::string(TW_SOURCE_DIR) + "/src/compiler/interpret/" + file).rdbuf();
  }
  TestProgram program("tile.func @none() { tile.return }");
  program.context().loadAllAvailableDialects();
  int operations = 0;
  for (const mlir::RegisteredOperationName name : program.context().getRegisteredOperations()) {
    if (name.getDialectNamespace() != "tw" && name.getDialectNamespace() != "tile") continue;
    const std::string full = name.getStringRef().str();
    const bool function = full == "tw.orchestration" || full == "tile.func";
    const bool terminator = name.hasTrait<mlir::OpTrait::IsTerminator>();
    EXPECT_TRUE(function || terminator || find_handler(name) != nullptr) << full;
    ++operations;
    if (name.hasInterface<tile::Operator>()) continue;
    EXPECT_TRUE(std::regex_search(text.str(), std::regex(std::regex_replace(full, std::regex("[.]"), "[.]") + "[^a-z_\"]")))
        << full << " stands in no test";
  }
  EXPECT_GT(operations, 120);
}

// What the emitters write in C++ has a meaning here too.
TEST(InterpreterTest, ArithmeticThatIsCompiledIsKnown) {
  TestProgram program("tile.func @none() { tile.return }");
  program.context().loadAllAvailableDialects();
  for (const mlir::RegisteredOperationName name : program.context().getRegisteredOperations()) {
    const std::string full = name.getStringRef().str();
    const bool wide = full == "arith.addui_extended" || full == "arith.mulsi_extended" || full == "arith.mului_extended";
    if (name.getDialectNamespace() != "arith" || wide) continue;
    EXPECT_NE(find_handler(name), nullptr) << full;
  }
}

}  // namespace
}  // namespace tilewright::interpret
