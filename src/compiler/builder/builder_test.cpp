// The C interface by itself: misuse, and the order that does not depend on the compiler. What programs in the language record is tested
// in tests/lit/language.
#include "tilewright/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "compiler/builder/order.h"
#include "compiler/builder/recorder.h"
#include "mlir/Parser/Parser.h"

namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BuilderTest : public testing::Test {
 protected:
  BuilderTest() { twb_locate(b, "program.x", 7, 3); }
  ~BuilderTest() override { twb_destroy(b); }

  void begin(std::vector<twb_parameter> parameters = {}) {
    values.resize(parameters.size());
    ASSERT_EQ(twb_begin_orchestration(b, "f", parameters.data(), parameters.size(), values.data()), 1);
  }
  twb_value index(int64_t number) { return twb_integer(b, TWB_INDEX, number); }
  /// The only error so far.
  std::string error() { return twb_error_count(b) == 1 ? twb_error_text(b, 0) : std::to_string(twb_error_count(b)) + " errors"; }

  static constexpr int64_t kExtents[] = {64, 128};
  twb_parameter tensor(twb_dtype dtype = TWB_F32, twb_direction direction = TWB_IN) {
    return {TWB_TENSOR, dtype, direction, kExtents, 2, nullptr, 0};
  }

  twb_builder* b = twb_create();
  std::vector<twb_value> values;
};

TEST_F(BuilderTest, AnEmptyOrchestrationIsAModule) {
  begin();
  twb_end_function(b);
  EXPECT_EQ(twb_finish(b), 1);
  EXPECT_STREQ(twb_text(b, 0), "module {\n  tw.orchestration @f() {\n    tw.return\n  }\n}\n\n");
  EXPECT_STREQ(twb_error_text(b, 0), "");
}

TEST_F(BuilderTest, NamesOfParametersStandInTheModule) {
  twb_parameter parameters[] = {tensor(), tensor(TWB_F32, TWB_OUT), {TWB_NUMBER, TWB_F32, TWB_IN, nullptr, 0, "scale", 0}};
  parameters[0].name = "x";
  begin({std::begin(parameters), std::end(parameters)});
  twb_end_function(b);
  EXPECT_EQ(twb_finish(b), 1);
  EXPECT_THAT(twb_text(b, 0), HasSubstr("@f(%x: !tw.tensor<64x128xf32>, %arg1: !tw.tensor<64x128xf32> {tw.out}, %scale: f32)"));
  EXPECT_THAT(twb_text(b, 1), HasSubstr("loc(\"x\"(#loc1))"));
}

TEST_F(BuilderTest, TensorsOfAnOrchestrationMayAlias) {
  twb_parameter parameters[] = {tensor(), tensor(TWB_F32, TWB_INOUT), tensor(TWB_F32, TWB_OUT)};
  parameters[0].may_alias = parameters[1].may_alias = 1;
  begin({std::begin(parameters), std::end(parameters)});
  twb_end_function(b);
  EXPECT_EQ(twb_finish(b), 1);
  EXPECT_THAT(twb_text(b, 0), HasSubstr("@f(%arg0: !tw.tensor<64x128xf32> {tw.may_alias}, %arg1: !tw.tensor<64x128xf32> "
                                        "{tw.inout, tw.may_alias}, %arg2: !tw.tensor<64x128xf32> {tw.out})"));
}

TEST_F(BuilderTest, NothingElseMayAlias) {
  const twb_parameter parameters[] = {tensor(), {TWB_NUMBER, TWB_F32, TWB_IN, nullptr, 0, nullptr, 1}};
  twb_value given[2] = {};
  EXPECT_EQ(twb_begin_orchestration(b, "f", parameters, 2, given), 0);
  EXPECT_EQ(error(), "program.x:7:3: error: parameter 1 may alias, which only a tensor of an orchestration can");
  twb_parameter of_kernel = tensor();
  of_kernel.may_alias = 1;
  EXPECT_EQ(twb_begin_kernel(b, "k", &of_kernel, 1, given), 0);
  EXPECT_THAT(twb_error_text(b, 1), HasSubstr("parameter 0 may alias, which only a tensor of an orchestration can"));
}

TEST_F(BuilderTest, NamesOfParametersAreWordsAndDiffer) {
  for (const char* name : {"", "1x", "a-b", "a b"}) {
    twb_parameter wrong = tensor();
    wrong.name = name;
    twb_value value = 0;
    EXPECT_EQ(twb_begin_orchestration(b, "f", &wrong, 1, &value), 0);
    EXPECT_THAT(twb_error_text(b, twb_error_count(b) - 1), HasSubstr("'" + std::string(name) + "' is no name for a parameter, which"));
  }
  twb_parameter twice[] = {tensor(), tensor()};
  twice[0].name = twice[1].name = "x";
  twb_value given[2] = {};
  EXPECT_EQ(twb_begin_orchestration(b, "f", twice, 2, given), 0);
  EXPECT_THAT(twb_error_text(b, twb_error_count(b) - 1), HasSubstr("there are two parameters 'x'"));
}

TEST_F(BuilderTest, NothingIsRecordedOutsideOfFunctions) {
  EXPECT_EQ(index(3), 0U);
  EXPECT_EQ(error(), "program.x:7:3: error: stands outside of a function");
}

TEST_F(BuilderTest, WhatIsNotEndedIsAnError) {
  begin();
  EXPECT_EQ(twb_begin_if(b, twb_integer(b, TWB_BOOL, 1)), 1);
  EXPECT_EQ(twb_finish(b), 0);
  EXPECT_EQ(error(), "program.x:7:3: error: this if is never ended");
}

TEST_F(BuilderTest, EndsMustFitTheirBegins) {
  begin();
  twb_begin_scope(b, 0);
  twb_end_for(b);
  EXPECT_EQ(error(), "program.x:7:3: error: ends 'loop', but what is open is 'scope'");
  twb_end_scope(b);
  twb_end_function(b);
  twb_end_function(b);
  EXPECT_THAT(twb_error_text(b, 1), HasSubstr("ends 'function', but nothing is open"));
  EXPECT_EQ(twb_finish(b), 0);
}

TEST_F(BuilderTest, ElseAndDoNeedTheirOpening) {
  begin();
  twb_begin_else(b);
  twb_while_do(b, 0);
  EXPECT_THAT(twb_error_text(b, 0), HasSubstr("ends 'if'"));
  EXPECT_THAT(twb_error_text(b, 1), HasSubstr("ends 'condition of a while'"));
}

TEST_F(BuilderTest, NumbersThatWereNeverGivenOutAreErrors) {
  begin();
  EXPECT_EQ(twb_dim(b, 99, 0), 0U);
  EXPECT_EQ(error(), "program.x:7:3: error: there is no value 99");
  EXPECT_EQ(twb_kind_of(b, 99), TWB_NONE);
  EXPECT_EQ(twb_rank(b, 99), 0U);
  EXPECT_EQ(twb_extent(b, 99, 0), TWB_OPEN);
  int64_t constant;
  EXPECT_EQ(twb_constant(b, 99, &constant), 0);
}

TEST_F(BuilderTest, OneMistakeIsOneError) {
  begin({tensor()});
  const twb_value bad = twb_transpose(b, values[0], 0, 5);
  EXPECT_EQ(bad, 0U);
  const twb_value at[] = {index(0), index(0)};
  const twb_shape shape = {index(64), index(64), 0, 0, TWB_ANYWHERE};
  EXPECT_EQ(twb_load(b, bad, at, 2, &shape), 0U);
  twb_write(b, 0, bad, at, 2);
  const twb_value variable = twb_declare(b, bad);
  EXPECT_EQ(twb_get(b, variable), 0U);
  EXPECT_THAT(error(), HasSubstr("exchanges dimensions 0 and 5"));
}

TEST_F(BuilderTest, KindsAreChecked) {
  begin({tensor()});
  const twb_value number = index(4);
  twb_dim(b, number, 0);
  twb_valid(b, values[0], 0);
  twb_calculate(b, TWB_ADD, values[0], number);
  twb_is_task(b, number);
  twb_get_task(b, number, number);
  twb_get(b, number);
  const std::vector<const char*> expected = {"takes a tensor, not a value of type 'index'",
                                             "takes a tile, not a value of type '!tw.tensor<64x128xf32>'",
                                             "takes a number, not a value of type '!tw.tensor<64x128xf32>'",
                                             "takes a task id, not a value of type 'index'",
                                             "takes an array of task ids, not a value of type 'index'",
                                             "takes a variable, not a value of type 'index'"};
  ASSERT_EQ(twb_error_count(b), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_THAT(twb_error_text(b, i), HasSubstr(expected[i]));
}

TEST_F(BuilderTest, ParametersAreChecked) {
  const int64_t none[] = {0};
  const twb_parameter empty = {TWB_TENSOR, TWB_F32, TWB_IN, none, 1, nullptr, 0};
  twb_value value;
  EXPECT_EQ(twb_begin_orchestration(b, "f", &empty, 1, &value), 0);
  EXPECT_THAT(error(), HasSubstr("a tensor's extents are positive; 0 is not"));
  EXPECT_EQ(twb_begin_orchestration(b, "g", nullptr, 0, nullptr), 1);
  EXPECT_EQ(twb_begin_kernel(b, "g", nullptr, 0, nullptr), 0);
  EXPECT_THAT(twb_error_text(b, 1), HasSubstr("there is a function 'g' already"));
}

TEST_F(BuilderTest, KernelsMustBeThereAtTheEnd) {
  begin();
  const char* const names[] = {"nobody"};
  twb_submit(b, names, 1, nullptr, 0, nullptr);
  twb_end_function(b);
  EXPECT_EQ(twb_finish(b), 0);
  EXPECT_EQ(error(), "program.x:7:3: error: submit: names @nobody, and there is no such kernel");
}

TEST_F(BuilderTest, OperatorsAndTheirWordsAreChecked) {
  begin();
  twb_begin_at(b, nullptr);
  const twb_shape shape = {index(8), index(8), 0, 0, TWB_ANYWHERE};
  const twb_value tile = twb_new_tile(b, TWB_F32, &shape);
  const twb_value both[] = {tile, tile};
  EXPECT_EQ(twb_operator(b, "plus", both, 2, nullptr, TWB_F32, nullptr), 0U);
  EXPECT_EQ(twb_operator(b, "compare", both, 2, nullptr, TWB_F32, "like"), 0U);
  EXPECT_EQ(twb_operator(b, "pad", both, 1, nullptr, TWB_F32, nullptr), 0U);
  EXPECT_EQ(twb_query(b, "weather"), 0U);
  const std::vector<const char*> expected = {"there is no operator 'plus'", "compare: 'like' is no how", "pad: '' is no pad",
                                             "there is no query 'weather'"};
  ASSERT_EQ(twb_error_count(b), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_THAT(twb_error_text(b, i), HasSubstr(expected[i]));
}

TEST_F(BuilderTest, AProductThatIsUsedElsewhereIsNotAccumulated) {
  begin();
  twb_begin_at(b, nullptr);
  const twb_shape shape = {index(16), index(16), 0, 0, TWB_ANYWHERE};
  const twb_value tile = twb_new_tile(b, TWB_F32, &shape);
  const twb_value both[] = {tile, tile};
  const twb_value product = twb_operator(b, "matmul", both, 2, nullptr, TWB_F32, nullptr);
  twb_declare(b, product);
  EXPECT_NE(twb_accumulate(b, tile, product), 0U);
  twb_end_at(b);
  EXPECT_THAT(twb_text(b, 0), testing::Not(HasSubstr("matmul_acc")));
}

TEST_F(BuilderTest, AProductThatWasAccumulatedIsStillAValue) {
  begin({tensor(TWB_F32, TWB_OUT)});
  twb_begin_at(b, nullptr);
  const twb_shape shape = {index(16), index(16), 0, 0, TWB_ANYWHERE};
  const twb_value tile = twb_new_tile(b, TWB_F32, &shape);
  const twb_value both[] = {tile, tile}, at[] = {index(0), index(0)};
  const twb_value first = twb_operator(b, "matmul", both, 2, nullptr, TWB_F32, nullptr);
  const twb_value second = twb_operator(b, "matmul", both, 2, nullptr, TWB_F32, nullptr);
  twb_store(b, twb_accumulate(b, tile, first), values[0], at, 2, 0);
  twb_store(b, twb_accumulate(b, tile, second), values[0], at, 2, 0);
  twb_store(b, second, values[0], at, 2, 0);
  twb_end_at(b);
  twb_end_function(b);
  ASSERT_EQ(twb_finish(b), 1) << twb_error_text(b, 0);
  const std::string text = twb_text(b, 0);
  const auto count = [&](const std::string& what) {
    int found = 0;
    for (size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("tile.matmul_acc"), 2);
  EXPECT_EQ(count("tile.matmul "), 1) << "of the first only the sum is used";
}

TEST_F(BuilderTest, AVariableTakesTheTypeOfItsFirstValue) {
  begin();
  const twb_value variable = twb_declare(b, 0);
  EXPECT_EQ(twb_get(b, variable), 0U);
  EXPECT_THAT(error(), HasSubstr("uses a variable that has no value yet"));
  twb_set(b, variable, index(3));
  twb_set(b, variable, twb_float(b, TWB_F32, 1));
  EXPECT_THAT(twb_error_text(b, 1), HasSubstr("assigns f32 to a variable that holds index"));
}

TEST_F(BuilderTest, ConstantsAreKnownAndFold) {
  begin();
  int64_t constant = 0;
  EXPECT_EQ(twb_constant(b, twb_calculate(b, TWB_MUL, index(6), index(7)), &constant), 1);
  EXPECT_EQ(constant, 42);
  EXPECT_EQ(twb_constant(b, twb_query(b, "aiv_count"), &constant), 0);
  EXPECT_EQ(twb_float(b, TWB_I32, 1.5), 0U);
  EXPECT_THAT(error(), HasSubstr("is no value of type 'i32'"));
}

// ---- the order that recording leaves to compilers

/// A module whose reads and computations are in an order that the seed chooses, as far as uses allow; what has effects stays.
void shuffle(mlir::ModuleOp module, std::mt19937& random) {
  std::vector<mlir::Block*> blocks;
  module->walk([&](mlir::Block* block) { blocks.push_back(block); });
  for (mlir::Block* block : blocks) {
    if (mlir::isa<mlir::ModuleOp>(block->getParentOp())) continue;
    for (int turn = 0; turn < 40; ++turn) {
      std::vector<mlir::Operation*> ops;
      for (mlir::Operation& op : *block) ops.push_back(&op);
      if (ops.size() < 3) break;
      mlir::Operation* first = ops[random() % (ops.size() - 2)];
      mlir::Operation* second = first->getNextNode();
      const auto moves = [](mlir::Operation* op) {
        return op->getNumRegions() == 0 &&
               (mlir::isMemoryEffectFree(op) || mlir::hasEffect<mlir::MemoryEffects::Read>(op) ||
                mlir::isa<tilewright::tw::DeclareOp>(op)) &&
               !mlir::hasEffect<mlir::MemoryEffects::Write>(op);
      };
      const bool used = llvm::is_contained(second->getOperands(), first->getNumResults() == 0 ? mlir::Value() : first->getResult(0));
      if (moves(first) && moves(second) && !used) first->moveAfter(second);
    }
  }
}

std::string printed(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module->print(out);
  return text;
}

TEST_F(BuilderTest, WhateverOrderIsRecordedTheModuleIsTheSame) {
  const char* source = R"(
    tw.orchestration @f(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}, %n: index) {
      %c0 = arith.constant 0 : index
      %v = tw.declare %n : !tw.var<index>
      %w = tw.declare %c0 : !tw.var<index>
      %u = tw.declare %x : !tw.var<!tw.tensor<64x128xf32>>
      %t = tw.at {
        %g = tw.get %v : !tw.var<index>
        %h = tw.get %w : !tw.var<index>
        %x1 = tw.get %u : !tw.var<!tw.tensor<64x128xf32>>
        %a = tile.load %x1[%g, %c0] : !tw.tensor<64x128xf32> -> !tile.tile<8x8xf32>
        %b = tile.load %x[%h, %c0] : !tw.tensor<64x128xf32> -> !tile.tile<8x8xf32>
        %e = tile.exp %a : !tile.tile<8x8xf32>
        %l = tile.log %b : !tile.tile<8x8xf32>
        %s = tile.sub %l, %e : !tile.tile<8x8xf32>
        tile.store %s, %y[%h, %g] : !tile.tile<8x8xf32>, !tw.tensor<64x128xf32>
        %c = tile.load %y[%g, %h] : !tw.tensor<64x128xf32> -> !tile.tile<8x8xf32>
        %m = tile.mul %c, %b : !tile.tile<8x8xf32>
        tile.store %m, %y[%c0, %c0] : !tile.tile<8x8xf32>, !tw.tensor<64x128xf32>
      }
      tw.return
    })";
  std::string expected;
  std::set<std::string> recorded;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(source, &b->context);
    ASSERT_TRUE(module);
    if (seed != 0) shuffle(*module, random);
    recorded.insert(printed(*module));
    tilewright::recording::order_operations(*module);
    if (seed == 0) expected = printed(*module);
    ASSERT_EQ(printed(*module), expected) << "seed " << seed;
  }
  EXPECT_GT(recorded.size(), 150U) << "the orders that were tried";
  EXPECT_LT(expected.find("tile.store"), expected.rfind("tile.load")) << "the load behind a store stays behind it";
}

}  // namespace
