// The sources of every example, orchestration and kernels, run serially in this process: what is wrong here is wrong in the
// sources or in the instruction set, not in the engine, a worker or the toolchain.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "bgemm/problem.h"
#include "common/example.h"
#include "common/serial_runtime.h"
#include "matmul_bias/problem.h"
#include "mixed/problem.h"
#include "paged_attention/attention_case.h"
#include "vector_dag/problem.h"

extern "C" {
void hello_orchestration(const ChipTaskArgs& args);
void hello_add(int64_t* args);
void matmul_bias_orchestration(const ChipTaskArgs& args);
void matmul_bias_matmul(int64_t* args);
void matmul_bias_bias_relu(int64_t* args);
void mixed_orchestration(const ChipTaskArgs& args);
void mixed_project(int64_t* args);
void mixed_silu(int64_t* args);
void bgemm_orchestration(const ChipTaskArgs& args);
void bgemm_tile_product(int64_t* args);
void bgemm_accumulate(int64_t* args);
void vector_dag_orchestration(const ChipTaskArgs& args);
void vector_dag_add(int64_t* args);
void vector_dag_add_scalar(int64_t* args);
void vector_dag_multiply(int64_t* args);
void paged_attention_orchestration(const ChipTaskArgs& args);
void paged_attention_qk_matmul(int64_t* args);
void paged_attention_softmax_prepare(int64_t* args);
void paged_attention_pv_matmul(int64_t* args);
void paged_attention_online_update(int64_t* args);
}

namespace tilewright::examples {
namespace {

constexpr uint64_t kSeed = 20260101;

void expect_right(const Problem& problem) {
  for (const Problem::Output& output : problem.outputs()) {
    const Comparison comparison = compare(output);
    EXPECT_TRUE(comparison.within) << output.name << ": " << describe(comparison);
  }
}

SerialRuntime paged_attention_runtime() {
  return SerialRuntime({{0, paged_attention_qk_matmul},
                        {1, paged_attention_softmax_prepare},
                        {2, paged_attention_pv_matmul},
                        {3, paged_attention_online_update}});
}

TEST(Hello, AddsEveryElementWithAPartialStretchAtTheEnd) {
  constexpr uint32_t kCount = 10000;
  Random random(kSeed);
  const auto a = random.uniform<float>(kCount, -1, 1);
  const auto b = random.uniform<float>(kCount, -1, 1);
  std::vector<double> want;
  for (uint32_t i = 0; i < kCount; ++i) want.push_back(a[i] + b[i]);
  Problem problem;
  problem.input({kCount}, a);
  problem.input({kCount}, b);
  problem.output("c", {kCount}, want, std::vector<double>(kCount));
  SerialRuntime runtime({{0, hello_add}});
  ASSERT_TRUE(runtime.run(hello_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 3);
  expect_right(problem);
}

TEST(MatmulBias, IsTheProductPlusTheBiasClipped) {
  const Problem problem = matmul_bias_problem(kSeed);
  SerialRuntime runtime({{0, matmul_bias_matmul}, {1, matmul_bias_bias_relu}});
  ASSERT_TRUE(runtime.run(matmul_bias_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 2 * 2 * 2);
  expect_right(problem);
}

TEST(MatmulBias, RefusesRowsThatFillNoTile) {
  Problem problem;
  problem.input<_Float16>({63, 128}, std::vector<_Float16>(63 * 128));
  problem.input<_Float16>({128, 128}, std::vector<_Float16>(128 * 128));
  problem.input<float>({128}, std::vector<float>(128));
  problem.output("c", {63, 128}, std::vector<double>(63 * 128), std::vector<double>(63 * 128));
  SerialRuntime runtime({});
  EXPECT_FALSE(runtime.run(matmul_bias_orchestration, problem.args()));
  EXPECT_EQ(runtime.failure(), "matmul_bias takes M, N, K in multiples of 64, 128, 128, not 63, 128, 128");
}

TEST(Mixed, LanesWriteTheirPartsOfBothOutputs) {
  const Problem problem = mixed_problem(kSeed);
  SerialRuntime runtime({{0, mixed_project}, {1, mixed_silu}});
  ASSERT_TRUE(runtime.run(mixed_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 3);
  expect_right(problem);
}

TEST(Bgemm, AddsTheProductsOfAllTiles) {
  const Problem problem = bgemm_problem(kSeed);
  SerialRuntime runtime({{0, bgemm_tile_product}, {1, bgemm_accumulate}});
  ASSERT_TRUE(runtime.run(bgemm_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 3 * 2 * 1 * 4 * 2);
  expect_right(problem);
}

TEST(VectorDag, EvaluatesTheFormulaWithItsTemporariesInNestedScopes) {
  const Problem problem = vector_dag_problem(kSeed);
  SerialRuntime runtime({{0, vector_dag_add}, {1, vector_dag_add_scalar}, {2, vector_dag_multiply}});
  ASSERT_TRUE(runtime.run(vector_dag_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 8 * 5);
  expect_right(problem);
}

TEST(PagedAttention, MatchesItsDefinition) {
  const AttentionCase attention = make_attention_case(16, {300, 1, 128, 129}, kSeed);
  const Problem problem = attention_problem(attention, attention_reference(attention));
  SerialRuntime runtime = paged_attention_runtime();
  ASSERT_TRUE(runtime.run(paged_attention_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 4 * (3 + 1 + 1 + 2));
  expect_right(problem);
}

TEST(PagedAttention, MatchesItsDefinitionWithSeveralKeyValueHeads) {
  const AttentionCase attention = make_attention_case(48, {200, 40}, kSeed);
  const Problem problem = attention_problem(attention, attention_reference(attention));
  SerialRuntime runtime = paged_attention_runtime();
  ASSERT_TRUE(runtime.run(paged_attention_orchestration, problem.args())) << runtime.failure();
  EXPECT_EQ(runtime.task_count(), 4 * 3 * (2 + 1));
  expect_right(problem);
}

/// What the orchestration says about arguments that have no right answer.
std::string refusal(const AttentionCase& attention) {
  const std::vector<double> nothing(attention.query.size());
  const Problem problem = attention_problem(attention, {nothing, nothing});
  SerialRuntime runtime = paged_attention_runtime();
  return runtime.run(paged_attention_orchestration, problem.args()) ? "" : runtime.failure();
}

TEST(PagedAttention, RefusesAContextThatItsBlockTableCannotHold) {
  AttentionCase attention = make_attention_case(16, {100, 300}, kSeed);
  attention.context_lens[1] = 385;
  EXPECT_EQ(refusal(attention), "sequence 1 has a context of 385 tokens; the block table holds 1 to 384");
  attention.context_lens[1] = 0;
  EXPECT_EQ(refusal(attention), "sequence 1 has a context of 0 tokens; the block table holds 1 to 384");
}

TEST(PagedAttention, RefusesAPageOutsideTheCache) {
  AttentionCase attention = make_attention_case(16, {300}, kSeed);
  for (int32_t page : {-1, static_cast<int32_t>(attention.pages)}) {
    attention.block_table[1] = page;
    EXPECT_EQ(refusal(attention), "task 4: tensor argument 1 is a faulty view");
  }
}

}  // namespace
}  // namespace tilewright::examples
