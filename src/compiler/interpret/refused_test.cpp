// What the interpreter refuses, and what it says then.
#include <fmt/format.h>

#include "compiler/interpret/test_program.h"

namespace tilewright::interpret {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::vector<double>;

HostTensor f32(std::vector<uint32_t> shape, const Values& values) { return tensor_of("f32", std::move(shape), values); }
HostTensor empty(const std::string& dtype, std::vector<uint32_t> shape) { return HostTensor(parse_dtype(dtype), std::move(shape)); }

struct Refused {
  std::string body;
  ErrorCode code;
  std::string message;
};

TEST(RefusedTest, MistakesAreReportedAtTheirLine) {
  // The body begins in line 4.
  const std::string frame = R"(tw.orchestration @test(%x: !tw.tensor<4x4xf32>, %y: !tw.tensor<4x4xf32> {{tw.out}}, %n: index) {{
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : index
  {}
  tw.return
}})";
  const Refused refused[] = {
      {"%v = tw.view %x[%n, %c0] : !tw.tensor<4x4xf32> -> !tw.tensor<2x4xf32>", ErrorCode::kOutOfBounds,
       "test.mlir:4:8: error: tw.view: takes 2 elements from 3 on in dimension 0, which has 4"},
      {"%m = arith.subi %c0, %n : index %v = tw.read %x[%c0, %m] : !tw.tensor<4x4xf32> -> f32", ErrorCode::kOutOfBounds,
       "tw.read: takes index -3 of dimension 1 of a tensor of 4x4"},
      {"%t = tw.at { %a = tile.load %x[%n, %c0] : !tw.tensor<4x4xf32> -> !tile.tile<2x4xf32> }", ErrorCode::kOutOfBounds,
       "tile.load: takes 2 elements from 3 on in dimension 0 of a tensor of 4x4"},
      {"%t = tw.at { %a = tile.create : !tile.tile<2x4xf32> tile.store %a, %y[%c0, %n] : !tile.tile<2x4xf32>, !tw.tensor<4x4xf32> }",
       ErrorCode::kOutOfBounds, "tile.store: takes 4 elements from 3 on in dimension 1"},
      {"%t = tw.at { %a = tile.create : !tile.tile<4x4xf32> %p = tile.extract %a[%n, %c0] : !tile.tile<4x4xf32> -> !tile.tile<2x4xf32> }",
       ErrorCode::kOutOfBounds, "tile.extract: has a part of 2x4 from row 3"},
      {"%t = tw.at { %a = tile.create : !tile.tile<2x4xf32> %p = tile.read %a[%n, %c0] : !tile.tile<2x4xf32> -> f32 }",
       ErrorCode::kOutOfBounds, "tile.read: takes element [3, 0] of a tile of 2x4"},
      {"%ids = tw.no_tasks : !tw.task_ids<2> %i = tw.get_task %ids[%n] : !tw.task_ids<2>", ErrorCode::kOutOfBounds,
       "tw.get_task: takes number 3 of 2 task ids"},
      {"%v = tw.declare : !tw.var<index> %a = tw.get %v : !tw.var<index>", ErrorCode::kInvalidArgument,
       "tw.get: reads a variable that nothing has set"},
      {"%d = arith.divsi %n, %c0 : index", ErrorCode::kInvalidArgument, "arith.divsi: divides by 0"},
      {"%d = arith.remui %n, %c0 : index", ErrorCode::kInvalidArgument, "arith.remui: divides by 0"},
      {"scf.for %i = %c0 to %n step %c0 { }", ErrorCode::kInvalidArgument, "scf.for: has a step of 0"},
      {"%e = tw.read %y[%c0, %c0] : !tw.tensor<4x4xf32> -> f32 %i = arith.fptosi %e : f32 to i32 "
       "%k = arith.index_cast %i : i32 to index scf.for %j = %c0 to %k step %one { }",
       ErrorCode::kInvalidArgument, "scf.for: hangs on an element that was never set"},
      {"%f = arith.constant 1.0 : f32 tw.write %f, %x[%c0, %c0] : f32, !tw.tensor<4x4xf32>", ErrorCode::kInvalidArgument,
       "tw.write: writes a tensor that its orchestration only reads"},
      {"%v = tw.transpose %x, 0, 1 : !tw.tensor<4x4xf32> -> !tw.tensor<4x4xf32> "
       "%r = tw.reshape %v : !tw.tensor<4x4xf32> -> !tw.tensor<16xf32>",
       ErrorCode::kInvalidArgument, "tw.reshape: reshapes a view whose elements do not lie one behind the other"},
      {"%r = tw.reshape %x extents(%n) : !tw.tensor<4x4xf32> -> !tw.tensor<?xf32>", ErrorCode::kInvalidArgument,
       "tw.reshape: makes a tensor of 3 elements of one of 16"},
      {"%m = arith.subi %c0, %n : index %r = tw.create(%m) : !tw.tensor<?xf32>", ErrorCode::kInvalidArgument,
       "tw.create: makes a tensor with an extent of -3"},
      {"%r = tw.create(%n) : !tw.tensor<?x1073741824xf32>", ErrorCode::kLimitExceeded, "tw.create: makes a tensor of more than"},
      {"%v = arith.constant dense<1> : vector<2xi32>", ErrorCode::kUnsupported, "arith.constant: works on vector<2xi32>"},
  };
  for (const Refused& each : refused) {
    TestProgram test(fmt::format(fmt::runtime(frame), each.body));
    const Error error = test.error(arguments_of(f32({4, 4}, Values(16)), empty("f32", {4, 4}), scalar_of("i64:3")));
    EXPECT_EQ(error.code(), each.code) << each.body;
    EXPECT_THAT(error.message(), HasSubstr("test.mlir:4:")) << each.body;
    EXPECT_THAT(error.message(), HasSubstr(each.message)) << each.body;
  }
}

TEST(RefusedTest, AWhileLoopWithoutEndIsStopped) {
  TestProgram test(R"(
tw.orchestration @test(%y: !tw.tensor<1xf32> {tw.out}) {
  %true = arith.constant true
  scf.while : () -> () {
    scf.condition(%true)
  } do {
    scf.yield
  }
  tw.return
})");
  Options options;
  options.max_while_turns = 100;
  const Error error = test.error(arguments_of(empty("f32", {1})), options);
  EXPECT_EQ(error.code(), ErrorCode::kLimitExceeded);
  EXPECT_THAT(error.message(), HasSubstr("test.mlir:4:3: error: scf.while: has not ended after 100 turns"));
}

TEST(RefusedTest, ArgumentsFitTheTypes) {
  TestProgram test("tw.orchestration @test(%x: !tw.tensor<?x4xf32>, %n: index, %s: f16) { tw.return }");
  const auto scalar = [](const char* text) { return scalar_of(text); };
  std::vector<Argument> good = arguments_of(empty("f32", {7, 4}), scalar("i32:5"), scalar("f16:1"));
  EXPECT_EQ(test.run(good).tensors.size(), 3U);
  EXPECT_THAT(test.error(arguments_of(empty("f32", {7, 4}))).message(), HasSubstr("'test' takes 3 arguments, and 1 are given"));
  const auto message = [&](std::vector<Argument> arguments) {
    const Error error = test.error(std::move(arguments));
    EXPECT_EQ(error.code(), ErrorCode::kSignatureMismatch);
    return error.message();
  };
  EXPECT_THAT(message(arguments_of(empty("f32", {7, 5}), scalar("i32:5"), scalar("f16:1"))),
              HasSubstr("argument 0 is !tw.tensor<?x4xf32>, and f32[7,5] is given"));
  EXPECT_THAT(message(arguments_of(empty("f32", {4}), scalar("i32:5"), scalar("f16:1"))), HasSubstr("f32[4] is given"));
  EXPECT_THAT(message(arguments_of(empty("f16", {7, 4}), scalar("i32:5"), scalar("f16:1"))), HasSubstr("f16[7,4] is given"));
  EXPECT_THAT(message(arguments_of(scalar("i32:5"), scalar("i32:5"), scalar("f16:1"))), HasSubstr("a scalar i32 is given"));
  EXPECT_THAT(message(arguments_of(empty("f32", {7, 4}), scalar("f32:5"), scalar("f16:1"))), HasSubstr("argument 1"));
  EXPECT_THAT(message(arguments_of(empty("f32", {7, 4}), scalar("i32:-5"), scalar("f16:1"))), HasSubstr("argument 1"));
  EXPECT_THAT(message(arguments_of(empty("f32", {7, 4}), scalar("i32:5"), scalar("bf16:1"))), HasSubstr("argument 2"));
}

TEST(RefusedTest, OrchestrationsAreNamedWhereThereAreSeveral) {
  TestProgram none("tile.func @k() { tile.return }");
  EXPECT_THAT(none.error({}).message(), HasSubstr("has no orchestration"));
  TestProgram two("tw.orchestration @a() { tw.return }\ntw.orchestration @b() { tw.return }");
  EXPECT_THAT(two.error({}).message(), HasSubstr("several orchestrations"));
  EXPECT_THAT(two.error({}, {}, "c").message(), HasSubstr("no orchestration 'c'"));
  std::vector<Argument> nothing;
  EXPECT_EQ(two.run(nothing, {}, "b").tensors.size(), 0U);
}

TEST(RefusedTest, TensorsKeepWhatTheyHeldWhenTheProgramFails) {
  TestProgram test(R"(
tw.orchestration @test(%x: !tw.tensor<2xi32> {tw.inout}) {
  %c0 = arith.constant 0 : index
  %five = arith.constant 5 : i32
  tw.write %five, %x[%c0] : i32, !tw.tensor<2xi32>
  %d = arith.divsi %c0, %c0 : index
  tw.return
})");
  std::vector<Argument> arguments = arguments_of(tensor_of("i32", {2}, {1, 2}));
  EXPECT_THROW(test.run(arguments), Error);
  EXPECT_THAT(values_of(std::get<HostTensor>(arguments[0])), ElementsAre(1, 2));
}

}  // namespace
}  // namespace tilewright::interpret
