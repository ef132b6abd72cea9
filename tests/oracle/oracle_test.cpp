// Verdicts on programs that are written down with their orders, so that no pass has a say; then on what derive-dependencies makes.
#include "oracle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/error.h"
#include "compiler/passes/passes.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright::oracle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

// Tensors of 8 floats, halves of them, and flags.
constexpr const char* kKernels = R"(
tile.func @fill(%x: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
  tile.store %t, %x[%zero] : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
}
tile.func @use(%x: !tw.tensor<8xf32>) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tw.tensor<8xf32> -> !tile.tile<1x8xf32>
  tile.return
}
tile.func @copy(%x: !tw.tensor<8xf32>, %y: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tw.tensor<8xf32> -> !tile.tile<1x8xf32>
  tile.store %t, %y[%zero] : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
}
tile.func @add(%x: !tw.tensor<8xf32> {tw.inout}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
  tile.store %t, %x[%zero] atomic_add : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
}
tile.func @fill_half(%x: !tw.tensor<4xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32, valid 1x4>
  tile.store %t, %x[%zero] : !tile.tile<1x8xf32, valid 1x4>, !tw.tensor<4xf32>
  tile.return
}
tile.func @use_half(%x: !tw.tensor<4xf32>) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tw.tensor<4xf32> -> !tile.tile<1x8xf32, valid 1x4>
  tile.return
}
tile.func @fill_first_half(%x: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32, valid 1x4>
  tile.store %t, %x[%zero] : !tile.tile<1x8xf32, valid 1x4>, !tw.tensor<8xf32>
  tile.return
}
tile.func @set_flags(%f: !tw.tensor<8xi32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1 : i32
  %t = tile.fill %h : (i32) -> !tile.tile<1x8xi32>
  tile.store %t, %f[%zero] : !tile.tile<1x8xi32>, !tw.tensor<8xi32>
  tile.return
}
)";

HostTensor floats() { return HostTensor(DataType::FLOAT32, {8}); }
HostTensor flags() {
  HostTensor tensor(DataType::INT32, {8});
  for (int32_t i = 0; int32_t& each : tensor.elements<int32_t>()) each = i++;
  return tensor;
}

/// Parameters %x, %y and %z of 8 floats and %f of 8 integers, all written and with these marks; a number %n.
struct Program {
  explicit Program(const std::string& body, const std::string& marks = "tw.ordered") {
    std::string parameters;
    for (const char* name : {"x", "y", "z"}) parameters += fmt::format("%{}: !tw.tensor<8xf32> {{tw.inout, {}}}, ", name, marks);
    parameters += fmt::format("%f: !tw.tensor<8xi32> {{tw.inout, {}}}, %n: i64", marks);
    std::string constants;
    for (int i = 0; i < 9; ++i) constants += fmt::format("  %c{0} = arith.constant {0} : index\n", i);
    example.text = fmt::format(
        "{}tw.orchestration @test({}) {{\n{}  %h = arith.constant 1.0 : f32\n  %i = arith.constant 1 : i32\n{}\n  tw.return\n}}\n",
        kKernels, parameters, constants, body);
    // So that tests need not repeat types: `(out %x, in %y)` takes floats.
    example.text = std::regex_replace(example.text, std::regex("T8"), "!tw.tensor<8xf32>");
    example.text = std::regex_replace(example.text, std::regex("T4"), "!tw.tensor<4xf32>");
    example.text = std::regex_replace(example.text, std::regex("F8"), "!tw.tensor<8xi32>");
    example.text = std::regex_replace(example.text, std::regex("ID"), "!tw.task_id");
    for (int i = 0; i < 3; ++i) example.arguments.emplace_back(floats());
    example.arguments.emplace_back(flags());
    example.arguments.emplace_back(parse_scalar_spec("i64:0"));
  }

  Judgement judge(Tracking tracking = Tracking::kUnlessOrdered) {
    module = parse(*context, example.text);
    log = run(*module, example);
    return oracle::judge(*module, log, tracking);
  }
  Judgement compile_and_judge(bool derive = true, Tracking tracking = Tracking::kUnlessOrdered) {
    module = compile(*context, example.text, derive);
    log = run(*module, example);
    return oracle::judge(*module, log, tracking);
  }

  std::unique_ptr<mlir::MLIRContext> context = make_context();
  Case example;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  interpret::Log log;
};

Pairs pairs_of(const std::vector<Violation>& violations) {
  Pairs pairs;
  for (const Violation& each : violations) pairs.emplace_back(each.earlier, each.later);
  return pairs;
}
Pairs violations_of(const std::string& body, const std::string& marks = "tw.ordered") {
  Program program(body, marks);
  const Judgement judgement = program.judge();
  EXPECT_THAT(judgement.own_violations, IsEmpty()) << text_of(program.log);
  return pairs_of(judgement.violations);
}
Pairs own_violations_of(const std::string& body, const std::string& marks = "tw.ordered") {
  Program program(body, marks);
  const Judgement judgement = program.judge();
  EXPECT_THAT(judgement.violations, IsEmpty()) << text_of(program.log);
  return pairs_of(judgement.own_violations);
}

// ---- two tasks, one tensor

TEST(OracleTest, ReadingBehindWriting) {
  const std::string tasks = "%a = tw.submit @fill(out %x : T8)\n tw.submit @use(in %x : T8) ";
  EXPECT_EQ(violations_of(tasks), (Pairs{{0, 1}}));
  EXPECT_THAT(violations_of(tasks + "derived(%a : ID)"), IsEmpty());
  EXPECT_THAT(violations_of(tasks + "after(%a : ID)"), IsEmpty());
  EXPECT_THAT(violations_of(tasks, "tw.tracked = \"so\""), IsEmpty()) << "the runtime finds the writer";
}

TEST(OracleTest, WritingBehindReading) {
  const std::string tasks = "%a = tw.submit @use(in %x : T8)\n tw.submit @fill(out %x : T8) ";
  EXPECT_EQ(violations_of(tasks), (Pairs{{0, 1}}));
  EXPECT_THAT(violations_of(tasks + "derived(%a : ID)"), IsEmpty());
  EXPECT_THAT(violations_of(tasks, "tw.tracked = \"so\""), IsEmpty()) << "the artifact asks for track_war";
}

TEST(OracleTest, WritingBehindWriting) {
  const std::string tasks = "%a = tw.submit @fill(out %x : T8)\n tw.submit @fill(out %x : T8) ";
  EXPECT_EQ(violations_of(tasks), (Pairs{{0, 1}}));
  EXPECT_THAT(violations_of(tasks + "derived(%a : ID)"), IsEmpty());
  EXPECT_EQ(violations_of(tasks, "tw.tracked = \"so\""), (Pairs{{0, 1}})) << "'out' does not wait";
  EXPECT_THAT(violations_of("tw.submit @fill(out %x : T8)\n tw.submit @fill(inout %x : T8)", "tw.tracked = \"so\""), IsEmpty());
  EXPECT_THAT(violations_of("tw.submit @fill(inout %x : T8)\n tw.submit @fill(inout %x : T8)", "tw.tracked = \"so\""), IsEmpty());
}

TEST(OracleTest, ReadersAndOtherTensorsDoNotConflict) {
  EXPECT_THAT(violations_of("tw.submit @use(in %x : T8)\n tw.submit @use(in %x : T8)\n tw.submit @fill(out %y : T8)"), IsEmpty());
}

TEST(OracleTest, ElementsCountNotTensors) {
  EXPECT_THAT(violations_of(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  %right = tw.view %x[%c4] : T8 -> T4
  %middle = tw.view %x[%c2] : T8 -> T4
  tw.submit @fill_half(out %left : T4)
  tw.submit @use_half(in %right : T4)
  tw.submit @fill_first_half(out %y : T8)
  %part = tw.view %y[%c4] : T8 -> T4
  tw.submit @use_half(in %part : T4))"),
              IsEmpty());
  Program program(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  %middle = tw.view %x[%c2] : T8 -> T4
  tw.submit @fill_half(out %left : T4)
  tw.submit @use_half(in %middle : T4))");
  const Judgement judgement = program.judge();
  ASSERT_EQ(judgement.violations.size(), 1);
  EXPECT_EQ(judgement.violations[0].element, 2) << "the first of the common ones";
  EXPECT_THAT(judgement.violations[0].text,
              testing::MatchesRegex("task 0 @fill_half \\(case.mlir:[0-9]+:[0-9]+\\) writes and task 1 @use_half "
                                    "\\(case.mlir:[0-9]+:[0-9]+\\) reads \\[2\\] of argument 0, and nothing orders them"));
}

TEST(OracleTest, TheRuntimeFindsOnlyWhatArgumentsShare) {
  // The kernel of the second task is given other elements than those of the first.
  EXPECT_THAT(violations_of(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  tw.submit @fill_half(out %left : T4)
  tw.submit @use(in %x : T8))",
                            "tw.tracked = \"so\""),
              IsEmpty());
}

TEST(OracleTest, AWrongDirectionIsNoOrder) {
  Program program("tw.submit @lies(in %x : T8)\n tw.submit @use(in %x : T8)", "tw.tracked = \"so\"");
  program.example.text += R"(
tile.func @lies(%x: !tw.tensor<8xf32>) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
  tile.store %t, %x[%zero] : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
})";
  EXPECT_EQ(pairs_of(program.judge().violations), (Pairs{{0, 1}})) << "nobody knows the writer";
}

TEST(OracleTest, AWayOverOtherTasksIsEnough) {
  EXPECT_THAT(violations_of(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @copy(in %x, out %y : T8, T8) derived(%a : ID)
  %d = tw.dummy after(%b : ID)
  tw.submit @copy(in %y, out %x : T8, T8) derived(%d : ID))"),
              IsEmpty());
  EXPECT_EQ(violations_of(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @use(in %x : T8) derived(%a : ID)
  %c = tw.submit @use(in %x : T8) derived(%a : ID)
  tw.submit @fill(out %x : T8) derived(%b : ID))"),
            (Pairs{{2, 3}}))
      << "the other reader";
  EXPECT_THAT(violations_of(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @copy(in %x, out %y : T8, T8)
  tw.submit @copy(in %y, out %x : T8, T8))",
                            "tw.tracked = \"so\""),
              IsEmpty())
      << "over two tensors that the runtime follows";
}

TEST(OracleTest, MarksAreOfTensors) {
  const std::string text = R"(
  %u = tw.create {tw.ordered} : T8
  %t = tw.create {tw.tracked = "so"} : T8
  tw.submit @fill(out %u : T8)
  tw.submit @fill(out %t : T8)
  tw.submit @use(in %u : T8)
  tw.submit @use(in %t : T8))";
  Program program(text);
  const Judgement judgement = program.judge();
  EXPECT_EQ(pairs_of(judgement.violations), (Pairs{{2, 4}}));
  EXPECT_THAT(judgement.violations[0].text, testing::ContainsRegex("\\[0\\] of the tensor of case.mlir:[0-9]+"));
  EXPECT_EQ(judgement.tensors, 6);
  EXPECT_EQ(judgement.ordered, 5);
  EXPECT_EQ(judgement.tracked, 1);
  EXPECT_THAT(program.judge(Tracking::kAll).violations, IsEmpty()) << "as long as nothing has been removed";
}

TEST(OracleTest, WithoutThePassDerivedIdsDoNotCount) {
  Program program("%a = tw.submit @fill(out %x : T8)\n tw.submit @fill(out %x : T8) derived(%a : ID)");
  EXPECT_THAT(program.judge().violations, IsEmpty());
  EXPECT_EQ(pairs_of(program.judge(Tracking::kAll).violations), (Pairs{{0, 1}}));
}

TEST(OracleTest, WhatACreateFillsIsThereForAll) {
  EXPECT_THAT(violations_of("%u = tw.create filled %h : f32 {tw.ordered} : T8\n tw.submit @fill(out %u : T8)"), IsEmpty());
}

// ---- ids

constexpr const char* kBranch = R"(
  %none = tw.no_task
  %v = tw.declare %none : !tw.var<!tw.task_id>
  %a = tw.submit @fill(out %x : T8)
  %flag = tw.read %f[%cFLAG] : F8 -> i32
  %zero = arith.constant 0 : i32
  %taken = arith.cmpi ne, %flag, %zero : i32
  scf.if %taken {
    %b = tw.submit @fill(inout %x : T8) derived(%a : ID)
    tw.set %b, %v : !tw.var<!tw.task_id>
  }
  %g = tw.get %v : !tw.var<!tw.task_id>
  tw.submit @use(in %x : T8) derived(IDS))";

Pairs branch(const std::string& flag, const std::string& ids) {
  std::string text = std::regex_replace(kBranch, std::regex("FLAG"), flag);
  return violations_of(std::regex_replace(text, std::regex("IDS"), ids), "tw.ordered");
}

TEST(OracleTest, IdsOfBranchesThatAreNotTakenAreNone) {
  EXPECT_THAT(branch("1", "%g, %a : ID, ID"), IsEmpty());
  EXPECT_THAT(branch("0", "%g, %a : ID, ID"), IsEmpty());
  EXPECT_THAT(branch("1", "%g : ID"), IsEmpty());
  EXPECT_EQ(branch("0", "%g : ID"), (Pairs{{0, 2}})) << "what was there before the branch";
  EXPECT_EQ(branch("1", "%a : ID"), (Pairs{{2, 3}}));
}

TEST(OracleTest, GuardedAndChosenIds) {
  const std::string guarded = R"(
  %none = tw.no_task
  %a = tw.submit @fill(out %x : T8)
  %is = tw.is_task %ONE
  %chosen = arith.select %is, %ONE, %OTHER : ID
  tw.submit @use(in %x : T8) derived(%chosen : ID))";
  const auto of = [&](const std::string& one, const std::string& other) {
    return violations_of(std::regex_replace(std::regex_replace(guarded, std::regex("ONE"), one), std::regex("OTHER"), other));
  };
  EXPECT_THAT(of("none", "a"), IsEmpty());
  EXPECT_THAT(of("a", "none"), IsEmpty());
  EXPECT_EQ(of("none", "none"), (Pairs{{0, 1}}));
}

TEST(OracleTest, ArraysOfIds) {
  const std::string text = R"(
  %none = tw.no_tasks : !tw.task_ids<2>
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @fill(out %y : T8)
  %first = tw.set_task %a, %none[%c0] : !tw.task_ids<2>
  %both = tw.set_task %b, %first[%cPLACE] : !tw.task_ids<2>
  tw.submit @use(in %x : T8) after(%both : !tw.task_ids<2>)
  tw.submit @use(in %y : T8) after(%both : !tw.task_ids<2>))";
  EXPECT_THAT(violations_of(std::regex_replace(text, std::regex("PLACE"), "1")), IsEmpty());
  EXPECT_EQ(violations_of(std::regex_replace(text, std::regex("PLACE"), "0")), (Pairs{{0, 2}})) << "another id took the place";
}

// ---- scopes and loops

TEST(OracleTest, InAManualScopeTheProgramOrders) {
  EXPECT_EQ(own_violations_of("tw.scope manual {\n tw.submit @fill(out %x : T8)\n tw.submit @use(in %x : T8)\n }"), (Pairs{{0, 1}}));
  EXPECT_EQ(own_violations_of("tw.submit @fill(out %x : T8)\n tw.scope manual {\n tw.submit @use(in %x : T8)\n }"), (Pairs{{0, 1}}));
  EXPECT_EQ(own_violations_of("tw.submit @fill(out %x : T8)\n tw.scope manual {\n tw.submit @use(in %x : T8)\n }", "tw.tracked = \"so\""),
            (Pairs{{0, 1}}))
      << "the runtime looks for nothing there";
  EXPECT_THAT(own_violations_of("%a = tw.submit @fill(out %x : T8)\n tw.scope manual {\n tw.submit @use(in %x : T8) after(%a : ID)\n }"),
              IsEmpty());
}

TEST(OracleTest, BehindAManualScopeTheCompilerOrders) {
  const std::string text = R"(
  %a = tw.scope manual -> (ID) {
    %b = tw.submit @fill(out %x : T8)
    tw.yield %b : ID
  }
  tw.submit @use(in %x : T8) )";
  EXPECT_EQ(violations_of(text, "tw.tracked = \"so\""), (Pairs{{0, 1}})) << "the runtime does not know the writer";
  EXPECT_THAT(violations_of(text + "derived(%a : ID)"), IsEmpty());
}

TEST(OracleTest, TurnsOfLoopsAreTasksOfTheirOwn) {
  const std::string text = R"(
  scf.for %k = %c0 to %c3 step %c1 {
    tw.submit @add(inout %x : T8)
    tw.submit @fill(DIRECTION %y : T8)
  } PARALLEL)";
  const auto of = [&](const std::string& direction, const std::string& parallel, const std::string& marks) {
    return violations_of(std::regex_replace(std::regex_replace(text, std::regex("DIRECTION"), direction), std::regex("PARALLEL"), parallel),
                         marks);
  };
  EXPECT_EQ(of("inout", "", "tw.ordered"), (Pairs{{1, 3}, {1, 5}, {3, 5}})) << "what is only added to needs no order";
  EXPECT_THAT(of("inout", "", "tw.tracked = \"so\""), IsEmpty());
  EXPECT_EQ(of("out", "{tw.parallel}", "tw.tracked = \"so\""), (Pairs{{1, 3}, {1, 5}, {3, 5}})) << "a promise is no order";
}

// ---- the orchestration's own accesses

TEST(OracleTest, TheOrchestrationWaitsForWritersThatTheRuntimeKnows) {
  const std::string text = "tw.submit @fill(out %x : T8)\n %e = tw.read %x[%c3] : T8 -> f32";
  EXPECT_THAT(violations_of(text, "tw.tracked = \"so\""), IsEmpty());
  EXPECT_EQ(violations_of(text), (Pairs{{0, 1}}));
  EXPECT_EQ(
      own_violations_of("tw.scope manual {\n tw.submit @fill(out %x : T8)\n }\n %e = tw.read %x[%c3] : T8 -> f32", "tw.tracked = \"so\""),
      (Pairs{{0, 1}}));
  Program program(text);
  EXPECT_THAT(program.judge().violations.at(0).text, testing::ContainsRegex("and the orchestration \\(case.mlir:[0-9:]+\\) reads \\[3\\]"));
}

TEST(OracleTest, TheOrchestrationWaitsForWritersOfTheTensorThatItReads) {
  // Not of the element alone: the runtime is given the tensor.
  EXPECT_THAT(violations_of(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  tw.submit @fill_half(out %left : T4)
  %e = tw.read %x[%c7] : T8 -> f32
  tw.submit @use(in %x : T8))",
                            "tw.tracked = \"so\""),
              IsEmpty());
  Program program(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  %a = tw.submit @fill_half(out %left : T4)
  %e = tw.read %x[%c7] : T8 -> f32
  tw.scope manual {
    tw.submit @use(in %x : T8)
  })",
                  "tw.tracked = \"so\"");
  EXPECT_THAT(program.judge().own_violations, IsEmpty()) << "it comes behind the access, which waited";
}

TEST(OracleTest, TheOrchestrationWaitsForAllBeforeItWrites) {
  EXPECT_THAT(violations_of("tw.submit @use(in %x : T8)\n tw.write %h, %x[%c0] : f32, T8\n tw.submit @use(in %x : T8)"), IsEmpty());
  EXPECT_THAT(violations_of("tw.submit @fill(out %x : T8)\n tw.write %h, %y[%c0] : f32, T8\n tw.submit @use(in %x : T8)"), IsEmpty());
  EXPECT_THAT(own_violations_of(R"(
  tw.scope manual {
    tw.submit @fill(out %x : T8)
  }
  tw.write %h, %y[%c0] : f32, T8
  %e = tw.read %x[%c0] : T8 -> f32)"),
              IsEmpty());
}

// ---- predicates

TEST(OracleTest, APredicateReadsOneElement) {
  const std::string writer = "%a = tw.submit @set_flags(out %f : F8)\n";
  const std::string task = "tw.submit @fill(out %x : T8) ";
  EXPECT_EQ(violations_of(writer + task + "when %f[%c2] eq 1 : F8"), (Pairs{{0, 1}}));
  EXPECT_THAT(violations_of(writer + task + "derived(%a : ID) when %f[%c2] eq 1 : F8"), IsEmpty());
  EXPECT_EQ(violations_of(task + "when %f[%c2] eq 1 : F8\n tw.submit @set_flags(out %f : F8)"), (Pairs{{0, 1}}));
  EXPECT_EQ(violations_of(writer + task + "when %f[%c2] eq 1 : F8", "tw.tracked = \"so\""), (Pairs{{0, 1}}))
      << "by itself the runtime does not look at it";
}

TEST(OracleTest, ATaskThatDoesNotRunAccessesNothingElse) {
  const std::string text = "tw.submit @fill(out %x : T8)\n tw.submit @fill(out %x : T8) when %f[%c2] eq VALUE : F8";
  EXPECT_EQ(violations_of(std::regex_replace(text, std::regex("VALUE"), "2")), (Pairs{{0, 1}}));
  EXPECT_THAT(violations_of(std::regex_replace(text, std::regex("VALUE"), "3")), IsEmpty());
}

TEST(OracleTest, ATaskThatDoesNotRunStillWaits) {
  EXPECT_THAT(violations_of(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @fill(out %x : T8) derived(%a : ID) when %f[%c2] eq 3 : F8
  tw.submit @use(in %x : T8) derived(%b : ID))"),
              IsEmpty());
}

// ---- blocks and lanes

constexpr const char* kLaunches = R"(
tile.func @row(%x: !tw.tensor<8xf32> {tw.inout}) {
  %b = tile.block_index
  %two = arith.constant 2 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32, valid 1x2>
  %at = arith.muli %b, %two : index
  tile.store %t, %x[%at] : !tile.tile<1x8xf32, valid 1x2>, !tw.tensor<8xf32>
  tile.return
}
tile.func aic @cube(%x: !tw.tensor<8xf32>, %y: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tw.tensor<8xf32> -> !tile.tile<1x8xf32>
  tile.return
}
tile.func aiv @vector(%x: !tw.tensor<8xf32>, %y: !tw.tensor<8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
  tile.store %t, %y[%zero] : !tile.tile<1x8xf32>, !tw.tensor<8xf32>
  tile.return
}
)";

TEST(OracleTest, AllBlocksAndLanesAreOneTask) {
  Program program(R"(
  %right = tw.view %x[%c4] : T8 -> T4
  %left = tw.view %x[%c0] : T8 -> T4
  tw.submit @row(inout %x : T8) blocks %c2
  tw.submit @use_half(in %right : T4)
  tw.submit @use_half(in %left : T4)
  tw.submit @cube with @vector(in %y, out %z : T8, T8)
  tw.submit @fill(out %y : T8)
  tw.submit @use(in %z : T8))");
  program.example.text = kLaunches + program.example.text;
  EXPECT_EQ(pairs_of(program.judge().violations), (Pairs{{0, 2}, {3, 4}, {3, 5}}));
}

// ---- arguments that share memory

TEST(OracleTest, ArgumentsInOneMemory) {
  const std::string text = "%a = tw.submit @fill(out %x : T8)\n tw.submit @use(in %y : T8) ";
  const auto of = [](const std::string& text, const std::string& marks) {
    Program program(text, "tw.may_alias" + marks);
    program.example.aliases = {{0, 1, 0}};
    const Judgement judgement = program.judge();
    EXPECT_THAT(judgement.own_violations, IsEmpty());
    return pairs_of(judgement.violations);
  };
  EXPECT_EQ(of(text, ", tw.ordered"), (Pairs{{0, 1}}));
  EXPECT_THAT(of(text + "derived(%a : ID)", ", tw.ordered"), IsEmpty());
  EXPECT_THAT(of(text, ""), IsEmpty()) << "the runtime compares addresses";
  EXPECT_THAT(violations_of(text), IsEmpty()) << "apart";
}

TEST(OracleTest, OfTwoThatShareTheRuntimeFollowsBothOrNone) {
  Program program("tw.submit @fill(out %x : T8)\n tw.submit @use(in %y : T8)", "tw.may_alias");
  program.example.text = std::regex_replace(program.example.text, std::regex("@test\\(%x: (\\S+) \\{"), "@test(%x: $1 {tw.ordered, ");
  program.example.aliases = {{0, 1, 0}};
  EXPECT_EQ(pairs_of(program.judge().violations), (Pairs{{0, 1}}));
}

// ---- additions

TEST(OracleTest, AdditionsAreInAnyOrder) {
  EXPECT_THAT(violations_of("tw.submit @add(inout %x : T8)\n tw.submit @add(inout %x : T8)"), IsEmpty());
  EXPECT_EQ(violations_of("tw.submit @fill(out %x : T8)\n tw.submit @add(inout %x : T8)\n tw.submit @use(in %x : T8)"),
            (Pairs{{0, 1}, {0, 2}, {1, 2}}));
}

// ---- what the program took into its own hands

TEST(OracleTest, UntrackedTensorsAreTheProgramsOwn) {
  const std::string text = "%u = tw.create untracked : T8\n %a = tw.submit @fill(out %u : T8)\n tw.submit @use(in %u : T8) ";
  EXPECT_EQ(own_violations_of(text), (Pairs{{1, 2}}));
  EXPECT_EQ(own_violations_of(text, "tw.tracked = \"so\""), (Pairs{{1, 2}}));
  EXPECT_THAT(own_violations_of(text + "after(%a : ID)"), IsEmpty());
  EXPECT_EQ(own_violations_of("%u = tw.create untracked : T8\n tw.submit @fill(out %u : T8)\n %e = tw.read %u[%c0] : T8 -> f32"),
            (Pairs{{1, 2}}));
  EXPECT_EQ(own_violations_of(
                "%u = tw.create untracked : F8\n tw.submit @set_flags(out %u : F8)\n tw.submit @fill(out %x : T8) when %u[%c0] eq 1 : F8"),
            (Pairs{{1, 2}}));
}

TEST(OracleTest, WhatIsCalledNoDepIsTheProgramsOwn) {
  EXPECT_EQ(own_violations_of("tw.submit @fill(out %x : T8)\n tw.submit @use(no_dep %x : T8)"), (Pairs{{0, 1}}));
  EXPECT_EQ(own_violations_of("tw.submit @fill(no_dep %x : T8)\n tw.submit @use(in %x : T8)", "tw.tracked = \"so\""), (Pairs{{0, 1}}));
  EXPECT_EQ(violations_of("tw.submit @fill(out %x : T8)\n tw.submit @copy(in %x, no_dep %x : T8, T8)"), (Pairs{{0, 1}}))
      << "it has the elements by another argument too";
  EXPECT_EQ(own_violations_of("tw.submit @set_flags(out %f : F8)\n tw.submit @set_flags(no_dep %f : F8) when %f[%c1] eq 9 : F8"),
            (Pairs{{0, 1}}));
}

// ---- figures

TEST(OracleTest, FiguresOfADiamond) {
  Program program(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @copy(in %x, out %y : T8, T8) derived(%a : ID)
  %c = tw.submit @copy(in %x, out %z : T8, T8) derived(%a : ID)
  %d = tw.submit @copy(in %y, inout %z : T8, T8) derived(%b, %c, %a : ID, ID, ID)
  tw.submit @fill(inout %x : T8) derived(%d : ID))");
  const Judgement judgement = program.judge();
  EXPECT_THAT(judgement.violations, IsEmpty());
  EXPECT_EQ(judgement.tasks, 5);
  EXPECT_EQ(judgement.conflicts, 7) << "0-1, 0-2, 1-3, 2-3, 0-4, 1-4, 2-4";
  EXPECT_EQ(judgement.reduction, 6) << "without 0-4";
  EXPECT_EQ(judgement.needed, 6);
  EXPECT_EQ(judgement.derived, 6);
  EXPECT_EQ(judgement.user, 0);
  EXPECT_EQ(judgement.excess, 1) << "3 before 4";
  EXPECT_EQ(judgement.path_needed, 3);
  EXPECT_EQ(judgement.path_given, 4);
  ASSERT_EQ(judgement.needless.size(), 2);
  EXPECT_EQ(judgement.needless[0].earlier, 0);
  EXPECT_EQ(judgement.needless[0].later, 3);
  EXPECT_EQ(judgement.needless[1].earlier, 3);
  EXPECT_EQ(judgement.needless[1].later, 4);
  EXPECT_THAT(judgement.needless[0].text, HasSubstr("with which it shares nothing"));
}

TEST(OracleTest, FiguresLeaveOutWhatIsOrderedAnyway) {
  Program program(R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @use(in %x : T8) after(%a : ID)
  %d = tw.dummy after(%b : ID)
  tw.write %h, %y[%c0] : f32, T8
  %c = tw.submit @fill(inout %x : T8)
  tw.submit @use(in %x : T8) derived(%c : ID))");
  const Judgement judgement = program.judge();
  EXPECT_THAT(judgement.violations, IsEmpty());
  EXPECT_EQ(judgement.tasks, 4) << "without the dummy and the access";
  EXPECT_EQ(judgement.conflicts, 5);
  EXPECT_EQ(judgement.reduction, 3);
  EXPECT_EQ(judgement.user, 2);
  EXPECT_EQ(judgement.derived, 1);
  EXPECT_EQ(judgement.needed, 1) << "the program names one, and the access orders the next";
  EXPECT_EQ(judgement.excess, 0);
  EXPECT_EQ(judgement.path_needed, 4);
  EXPECT_EQ(judgement.path_given, 4);
}

TEST(OracleTest, FiguresOfIndependentTasks) {
  Program program(R"(
  %left = tw.view %x[%c0] : T8 -> T4
  %right = tw.view %x[%c4] : T8 -> T4
  %a = tw.submit @fill_half(out %left : T4)
  tw.submit @fill_half(out %right : T4) derived(%a : ID))");
  const Judgement judgement = program.judge();
  EXPECT_EQ(judgement.conflicts, 0);
  EXPECT_EQ(judgement.needed, 0);
  EXPECT_EQ(judgement.excess, 1);
  EXPECT_EQ(judgement.needless.size(), 1);
  EXPECT_EQ(judgement.path_needed, 1);
  EXPECT_EQ(judgement.path_given, 2);
}

// ---- each derived id is needed

/// Takes the derived ids away, one at a time, and gives the violations of each.
void expect_each_derived_id_is_needed(Program& program, mlir::ModuleOp module) {
  ASSERT_THAT(judge(module, run(module, program.example)).violations, IsEmpty());
  std::vector<mlir::OpOperand*> ids;
  module.walk([&](tw::SubmitOp submit) {
    for (mlir::OpOperand& id : submit.getDerivedMutable()) ids.push_back(&id);
  });
  ASSERT_FALSE(ids.empty());
  for (mlir::OpOperand* id : ids) {
    const mlir::Value kept = id->get();
    mlir::OpBuilder builder(id->getOwner());
    id->set(builder.create<tw::NoTaskOp>(id->getOwner()->getLoc(), kept.getType()));
    EXPECT_FALSE(judge(module, run(module, program.example)).violations.empty())
        << "without operand " << id->getOperandNumber() << " of " << fmt::format("{}", id->getOwner()->getName().getStringRef().str());
    id->set(kept);
  }
  EXPECT_THAT(judge(module, run(module, program.example)).violations, IsEmpty());
}

constexpr const char* kMinimal[] = {
    R"(
  %a = tw.submit @fill(out %x : T8)
  %b = tw.submit @copy(in %x, out %y : T8, T8) derived(%a : ID)
  %c = tw.submit @copy(in %x, out %z : T8, T8) derived(%a : ID)
  %d = tw.submit @copy(in %y, inout %z : T8, T8) derived(%b, %c : ID, ID)
  %e = tw.submit @fill(inout %x : T8) derived(%b, %c : ID, ID)
  tw.submit @use(in %x : T8) derived(%e : ID)
  tw.submit @use(in %z : T8) derived(%d : ID))",
    R"(
  %left = tw.view %x[%c0] : T8 -> T4
  %right = tw.view %x[%c4] : T8 -> T4
  %middle = tw.view %x[%c2] : T8 -> T4
  %a = tw.submit @fill_half(out %left : T4)
  %b = tw.submit @fill_half(out %right : T4)
  %c = tw.submit @use_half(in %middle : T4) derived(%a, %b : ID, ID)
  %d = tw.submit @add(inout %x : T8) derived(%c : ID)
  %e = tw.submit @add(inout %x : T8) derived(%c : ID)
  tw.submit @use(in %x : T8) derived(%d, %e : ID, ID))",
};

TEST(OracleTest, AnIdThatIsMissingIsFound) {
  for (const char* text : kMinimal) {
    Program program(text);
    const auto module = parse(*program.context, program.example.text);
    expect_each_derived_id_is_needed(program, *module);
  }
}

/// The module of a program with other ids: those that derive-dependencies finds. No pass takes away what kernels load for nothing.
mlir::OwningOpRef<mlir::ModuleOp> derive_anew(Program& program) {
  auto module = parse(*program.context, std::regex_replace(program.example.text, std::regex("derived\\([^)]*\\)"), ""));
  mlir::PassManager passes(program.context.get());
  passes.addPass(create_derive_dependencies());
  EXPECT_TRUE(succeeded(passes.run(*module)));
  return module;
}

TEST(OracleTest, ThePassMakesNoIdThatIsNotNeeded) {
  for (const char* text : kMinimal) {
    Program program(text, "tw.ordered");
    const auto module = derive_anew(program);
    expect_each_derived_id_is_needed(program, *module);
    const Judgement judgement = judge(*module, run(*module, program.example));
    EXPECT_EQ(judgement.derived, judgement.needed);
    EXPECT_EQ(judgement.excess, 0);
  }
}

TEST(OracleTest, ThePassOrdersWhatMayShareMemory) {
  for (const char* text : kMinimal) {
    Program program(text, "tw.may_alias");
    const auto module = derive_anew(program);
    EXPECT_THAT(judge(*module, run(*module, program.example)).violations, IsEmpty());
    program.example.aliases = {{0, 1, 0}, {0, 2, 0}};
    EXPECT_THAT(judge(*module, run(*module, program.example)).violations, IsEmpty());
  }
}

TEST(OracleTest, WhatThePassMakesIsEnough) {
  Program program(R"(
  %a = tw.at "one" {
    %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
    tile.store %t, %x[%c0] : !tile.tile<1x8xf32>, T8
  }
  tw.at "two" {
    %t = tile.load %x[%c0] : T8 -> !tile.tile<1x8xf32>
    tile.store %t, %y[%c0] : !tile.tile<1x8xf32>, T8
  }
  tw.at "three" {
    %t = tile.fill %h : (f32) -> !tile.tile<1x8xf32>
    tile.store %t, %x[%c0] : !tile.tile<1x8xf32>, T8
  })",
                  "tw.may_alias");
  const Judgement with = program.compile_and_judge(true);
  EXPECT_THAT(with.violations, IsEmpty());
  EXPECT_EQ(with.derived, 2);
  EXPECT_EQ(with.ordered, 4);
  const Judgement without = program.compile_and_judge(false);
  EXPECT_EQ(without.derived, 0);
  EXPECT_EQ(without.ordered, 0);
  EXPECT_EQ(judge(*program.context, program.example, true).derived, 2);
}

// ---- bad input

ErrorCode error_of(const std::function<void()>& action, const std::string& words) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(words));
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kOk;
}

TEST(OracleTest, WhatIsNoProgramIsRefused) {
  const auto context = make_context();
  EXPECT_EQ(error_of([&] { parse(*context, "tw.orchestration"); }, "case.mlir:1"), ErrorCode::kParseError);
  EXPECT_EQ(error_of(
                [&] {
                  compile(*context,
                          "tw.orchestration @a(%x: !tw.tensor<8xf32>, %i: index) {\n"
                          "  tw.at \"set\" {\n    %h = arith.constant 1.0 : f32\n    tw.write %h, %x[%i] : f32, !tw.tensor<8xf32>\n  }\n"
                          "  tw.return\n}",
                          false);
                },
                "case.mlir:"),
            ErrorCode::kInvalidArgument)
      << "an argument that is written and not marked";
  EXPECT_EQ(error_of([&] { judge(*parse(*context, ""), {}); }, "one orchestration"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([&] { judge(*parse(*context, "tw.orchestration @a() {\n tw.return\n}\ntw.orchestration @b() {\n tw.return\n}"), {}); },
                     "one orchestration"),
            ErrorCode::kInvalidArgument);
}

TEST(OracleTest, TasksWithoutKernelsAreRefused) {
  Program program("tw.at {\n }");
  EXPECT_EQ(error_of([&] { program.judge(); }, "no tw.submit yet"), ErrorCode::kInvalidArgument);
  Program assembles("%u = tw.create : T4\n tw.assemble %u, %x[%c0] : T4, T8");
  EXPECT_EQ(error_of([&] { assembles.judge(); }, "no tw.submit yet"), ErrorCode::kInvalidArgument);
}

TEST(OracleTest, ArgumentsStayAsTheyAre) {
  Program program("tw.submit @fill(out %x : T8)");
  program.judge();
  EXPECT_EQ(std::get<HostTensor>(program.example.arguments[0]).elements<float>()[0], 0);
}

TEST(OracleTest, TheLogAsText) {
  Program program(R"(
  %a = tw.submit @fill_first_half(out %x : T8)
  tw.scope manual {
    tw.submit @use(no_dep %x : T8) after(%a : ID) derived(%a : ID) when %f[%c2] eq 3 : F8
  })");
  program.judge();
  EXPECT_THAT(text_of(program.log), testing::MatchesRegex(R"(0 task 0 @fill_first_half \(case.mlir:[0-9:]+\)
    out argument 0 \{0-7\}
    memory 0: reads \{\} writes \{0-3\} adds to \{\}
1 task 1 @use \(case.mlir:[0-9:]+\) manual after 0 derived 0 when \[2\] of argument 3, and did not run
    no_dep argument 0 \{0-7\}
)"));
}

}  // namespace
}  // namespace tilewright::oracle
