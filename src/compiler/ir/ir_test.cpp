#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "compiler/ir/register.h"
#include "compiler/ir/tile_dialect.h"
#include "mlir/IR/DialectRegistry.h"

namespace tilewright::tile {
namespace {

using namespace mlir;

std::string read(const std::string& path) {
  std::ifstream in(std::string(TW_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

class IrTest : public testing::Test {
 protected:
  IrTest() {
    DialectRegistry registry;
    register_dialects(registry);
    context_.appendDialectRegistry(registry);
    context_.loadAllAvailableDialects();
  }

  /// All operations of this project's dialects.
  std::vector<RegisteredOperationName> operations() {
    std::vector<RegisteredOperationName> names;
    for (const RegisteredOperationName name : context_.getRegisteredOperations()) {
      if (name.getDialectNamespace() == "tw" || name.getDialectNamespace() == "tile") names.push_back(name);
    }
    return names;
  }

  std::vector<const OperatorInfo*> operators() {
    std::vector<const OperatorInfo*> infos;
    for (const RegisteredOperationName name : operations()) {
      if (const Operator::Concept* concept_ = name.getInterface<Operator>()) infos.push_back(&concept_->info());
    }
    return infos;
  }

  TileType tile(int64_t rows, int64_t columns, Type element) { return TileType::get(rows, columns, element); }

  MLIRContext context_;
  Builder builder_{&context_};
};

// A new operation that nobody adds to tests/lit/ir fails here.
TEST_F(IrTest, EveryOperationIsInARoundTripTest) {
  std::string text;
  for (const char* file : {"tw.mlir", "tile.mlir", "operators.mlir"}) text += read("tests/lit/ir/" + std::string(file));
  for (const RegisteredOperationName name : operations()) {
    const std::string full = name.getStringRef().str();
    const std::regex line("(^|\n)(?! *//)[^\n]*" + std::regex_replace(full, std::regex("[.]"), "[.]") + "\\b");
    EXPECT_TRUE(std::regex_search(text, line)) << full << " stands in no file of tests/lit/ir";
  }
  EXPECT_GT(operations().size(), 100U);
}

TEST_F(IrTest, OperatorsBecomeInstructionsThatThisVersionHas) {
  const std::string instructions = read("docs/reference/instructions.md");
  for (const OperatorInfo* info : operators()) {
    const std::string call = info->call;
    const std::string name = call.substr(0, call.find_first_of("(<"));
    const std::regex row("\\| `" + name + "` \\|[^|]*\\| done \\|");
    EXPECT_TRUE(std::regex_search(instructions, row)) << info->name << " becomes " << name;
  }
}

TEST_F(IrTest, CallsNameTheResultAndScratchIfThereIsAny) {
  for (const OperatorInfo* info : operators()) {
    const std::string call = info->call;
    EXPECT_THAT(call, testing::HasSubstr("($result")) << info->name;
    EXPECT_EQ(call.find("$scratch") != std::string::npos, info->scratch != Scratch::kNone) << info->name;
    EXPECT_TRUE(!info->in_place || info->onto == 0) << info->name << ": in place says it already";
  }
}

TEST_F(IrTest, OperatorsAreFoundByName) {
  ASSERT_NE(find_operator(&context_, "row_sum"), nullptr);
  EXPECT_STREQ(find_operator(&context_, "row_sum")->call, "TROWSUM($result, $0, $scratch)");
  EXPECT_EQ(find_operator(&context_, "load"), nullptr) << "an operation, but no operator";
  EXPECT_EQ(find_operator(&context_, "row_sums"), nullptr);
}

TEST_F(IrTest, ReferencesComputeWhatTheNameSays) {
  const auto value = [&](const char* name, double a, double b = 0, double c = 0) {
    return find_operator(&context_, name)->reference(a, b, c);
  };
  EXPECT_EQ(value("sub", 5, 3), 2);
  EXPECT_EQ(value("rdivs", 4, 2), 0.5);
  EXPECT_EQ(value("rem", -7, 4), 1) << "the sign of the divisor";
  EXPECT_EQ(value("fmod", -7, 4), -3) << "the sign of the dividend";
  EXPECT_EQ(value("axpy", 1, 2, 3), 7);
  EXPECT_EQ(value("row_max", 2, 3), 3);
  EXPECT_EQ(value("min", NAN, 3), 3) << "a NaN is no operand";
  EXPECT_EQ(find_operator(&context_, "transpose")->reference, nullptr);
}

TEST_F(IrTest, TypesAreInferredFromRules) {
  const auto no_error = [&]() -> InFlightDiagnostic { return emitError(builder_.getUnknownLoc(), "unexpected"); };
  const auto infer = [&](const char* name, TypeRange operands, TileType wanted = {}) {
    return *infer_result(no_error, *find_operator(&context_, name), operands, wanted);
  };
  const Type f16 = builder_.getF16Type(), f32 = builder_.getF32Type();
  EXPECT_EQ(infer("add", {tile(4, 8, f32), tile(4, 8, f32)}), tile(4, 8, f32));
  EXPECT_EQ(infer("exp", {tile(4, 8, f32).with_space(Space::kVec).with_address(64)}), tile(4, 8, f32)) << "not placed";
  EXPECT_EQ(infer("matmul", {tile(4, 8, f16), tile(8, 16, f16)}), tile(4, 16, f32));
  EXPECT_EQ(infer("row_max", {tile(4, 8, f32).with_valid(3, ShapedType::kDynamic)}), tile(4, 1, f32).with_valid(3, 1));
  EXPECT_EQ(infer("transpose", {tile(4, 8, f32).with_valid(3, 5)}), tile(8, 4, f32).with_valid(5, 3));
  EXPECT_EQ(infer("cast", {tile(4, 8, f32)}, tile(1, 1, f16)), tile(4, 8, f16));
  EXPECT_EQ(infer("row_expand", {tile(4, 1, f32)}, tile(1, 32, f16)), tile(4, 32, f32));
  EXPECT_EQ(infer("concat", {tile(4, 8, f32), tile(4, 4, f32)}), tile(4, 12, f32));
}

TEST_F(IrTest, WhatIsMissingForARuleIsAnError) {
  std::string message;
  ScopedDiagnosticHandler handler(&context_, [&](Diagnostic& diagnostic) {
    message = diagnostic.str();
    return success();
  });
  const auto error = [&]() -> InFlightDiagnostic { return emitError(builder_.getUnknownLoc()); };
  EXPECT_TRUE(failed(infer_result(error, *find_operator(&context_, "fill"), {builder_.getF32Type()}, {})));
  EXPECT_EQ(message, "does not know the type of its result");
}

TEST_F(IrTest, TheCubeWorksOnItsOwnMemories) {
  const OperatorInfo& acc = *find_operator(&context_, "matmul_acc");
  EXPECT_EQ(operand_space(acc, 0), Space::kAcc);
  EXPECT_EQ(operand_space(acc, 1), Space::kLeft);
  EXPECT_EQ(operand_space(acc, 2), Space::kRight);
  EXPECT_EQ(result_space(acc), Space::kAcc);
  EXPECT_EQ(operand_space(*find_operator(&context_, "matmul_bias"), 2), Space::kBias);
  EXPECT_EQ(operand_space(*find_operator(&context_, "add"), 1), Space::kVec);
}

}  // namespace
}  // namespace tilewright::tile
