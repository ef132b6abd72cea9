#include "oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace tilewright::oracle {
namespace {

TEST(OracleTest, WritersThatNothingOrdersAreFound) {
  const auto context = make_context();
  Case example;
  example.text = R"(
tile.func @set(%x: !tw.tensor<8x8xf32> {tw.out}) {
  %zero = arith.constant 0 : index
  %h = arith.constant 1.0 : f32
  %t = tile.fill %h : (f32) -> !tile.tile<8x8xf32>
  tile.store %t, %x[%zero, %zero] : !tile.tile<8x8xf32>, !tw.tensor<8x8xf32>
  tile.return
}
tw.orchestration @test(%x: !tw.tensor<8x8xf32> {tw.out}) {
  %a = tw.submit @set(out %x : !tw.tensor<8x8xf32>)
  %b = tw.submit @set(out %x : !tw.tensor<8x8xf32>)
  tw.return
})";
  example.arguments.emplace_back(HostTensor(DataType::FLOAT32, {8, 8}));
  auto module = compile(*context, example.text, false);
  const auto log = run(*module, example);
  const Judgement judgement = judge(*module, log);
  ASSERT_EQ(judgement.violations.size(), 1) << text_of(log);
  EXPECT_EQ(judgement.violations[0].text,
            "task 0 @set (case.mlir:10:8) writes and task 1 @set (case.mlir:11:8) writes [0, 0] of argument 0, and nothing orders them");
}

}  // namespace
}  // namespace tilewright::oracle
