// The sources of every example, orchestration and kernels, run serially in this process: what is wrong here is wrong in the
// sources or in the instruction set, not in the engine, a worker or the toolchain.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
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
void batch_paged_attention_orchestration(const ChipTaskArgs& args);
void batch_paged_attention_qk_chunk(int64_t* args);
void batch_paged_attention_softmax_chunk(int64_t* args);
void batch_paged_attention_pv_chunk(int64_t* args);
void batch_paged_attention_update_chunk(int64_t* args);
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

SerialRuntime batch_paged_attention_runtime() {
  return SerialRuntime({{0, batch_paged_attention_qk_chunk},
                        {1, batch_paged_attention_softmax_chunk},
                        {2, batch_paged_attention_pv_chunk},
                        {3, batch_paged_attention_update_chunk}});
}

Problem batch_problem(const AttentionCase& attention, AttentionReference reference, uint64_t chunk) {
  Problem problem = attention_problem(attention, std::move(reference));
  problem.scalar(chunk);
  return problem;
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

TEST(BatchPagedAttention, MatchesItsDefinitionWhateverTheChunk) {
  const AttentionCase attention = make_attention_case(32, {300, 1, 128, 129, 20, 257, 127, 40, 256}, kSeed);
  const AttentionReference reference = attention_reference(attention);
  // Steps of the chunks: what the longest request of each needs.
  const std::map<uint64_t, int> steps = {{1, 3 + 1 + 1 + 2 + 1 + 3 + 1 + 1 + 2}, {4, 3 + 3 + 2}, {9, 3}, {32767, 3}};
  for (const auto& [chunk, want] : steps) {
    const Problem problem = batch_problem(attention, reference, chunk);
    SerialRuntime runtime = batch_paged_attention_runtime();
    ASSERT_TRUE(runtime.run(batch_paged_attention_orchestration, problem.args())) << runtime.failure();
    EXPECT_EQ(runtime.task_count(), 2 * 4 * want) << "chunk of " << chunk;
    expect_right(problem);
  }
}

TEST(BatchPagedAttention, BlocksWhoseRequestHasNoPageTouchNothing) {
  int32_t lengths[] = {300, 128};
  const uint32_t shape[] = {2};
  const ChipTensor context_lens = make_tensor_external(lengths, shape, 1, DataType::INT32);
  const BlockPosition second{.block_idx = 1, .block_num = 2};
  constexpr uint64_t kStep = 1;  // the second request has just one page
  // Whatever a kernel looks at besides the lengths is a null descriptor.
  call_kernel(batch_paged_attention_qk_chunk, {nullptr, nullptr, nullptr, &context_lens, nullptr}, {kStep}, second);
  call_kernel(batch_paged_attention_softmax_chunk, {nullptr, &context_lens, nullptr, nullptr, nullptr}, {kStep, to_u64(1.0f)}, second);
  call_kernel(batch_paged_attention_pv_chunk, {nullptr, nullptr, nullptr, &context_lens, nullptr}, {kStep}, second);
  call_kernel(batch_paged_attention_update_chunk, {nullptr, nullptr, nullptr, &context_lens, nullptr, nullptr, nullptr}, {kStep}, second);
}

/// What the orchestration says about arguments that have no right answer.
std::string batch_refusal(const AttentionCase& attention, uint64_t chunk) {
  const std::vector<double> nothing(attention.query.size());
  const Problem problem = batch_problem(attention, {nothing, nothing}, chunk);
  SerialRuntime runtime = batch_paged_attention_runtime();
  return runtime.run(batch_paged_attention_orchestration, problem.args()) ? "" : runtime.failure();
}

TEST(BatchPagedAttention, RefusesAContextThatItsBlockTableCannotHold) {
  AttentionCase attention = make_attention_case(16, {100, 300}, kSeed);
  for (int32_t context : {385, 0, -5}) {
    attention.context_lens[1] = context;
    EXPECT_EQ(batch_refusal(attention, 2),
              "request 1 has a context of " + std::to_string(context) + " tokens; the block table holds 1 to 384");
  }
}

TEST(BatchPagedAttention, RefusesAPageOutsideTheCache) {
  AttentionCase attention = make_attention_case(16, {100, 300}, kSeed);
  for (int32_t page : {-1, static_cast<int32_t>(attention.pages)}) {
    attention.block_table[3 + 2] = page;
    EXPECT_EQ(batch_refusal(attention, 2), "block 2 of request 1 is page " + std::to_string(page) + " of a cache of 7");
  }
}

TEST(BatchPagedAttention, RefusesAChunkThatNoTaskHasBlocksFor) {
  const AttentionCase attention = make_attention_case(16, {100}, kSeed);
  EXPECT_EQ(batch_refusal(attention, 0), "a chunk has 1 to 32767 requests, not 0");
  EXPECT_EQ(batch_refusal(attention, 32768), "a chunk has 1 to 32767 requests, not 32768");
  EXPECT_EQ(batch_refusal(attention, UINT64_MAX), "a chunk has 1 to 32767 requests, not 18446744073709551615");
}

TEST(BatchPagedAttention, RefusesHeadsThatFillNoTile) {
  AttentionCase attention = make_attention_case(32, {100}, kSeed);
  attention.heads = 16;
  attention.query.resize(16 * AttentionCase::kHeadDim);
  EXPECT_EQ(batch_refusal(attention, 1),
            "batch paged attention takes head dim 128, pages of 128 tokens and 16 query heads per key/value head, not head dim 128, pages "
            "of 128 tokens and 16 query heads for 2 key/value heads");
}

}  // namespace
}  // namespace tilewright::examples
