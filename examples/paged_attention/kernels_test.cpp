// Each kernel of paged attention alone, against its formula in double precision, for full and partial pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/example.h"
#include "common/serial_runtime.h"

extern "C" void paged_attention_qk_matmul(int64_t* args);
extern "C" void paged_attention_softmax_prepare(int64_t* args);
extern "C" void paged_attention_pv_matmul(int64_t* args);
extern "C" void paged_attention_online_update(int64_t* args);

namespace tilewright::examples {
namespace {

constexpr uint32_t kHeads = 16;
constexpr uint32_t kDim = 128;
constexpr uint32_t kBlock = 128;
constexpr uint64_t kSeed = 20260101;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <typename T>
ChipTensor tensor(std::vector<T>& data, std::vector<uint32_t> shape) {
  return make_tensor_external(data.data(), shape.data(), static_cast<uint32_t>(shape.size()),
                              sizeof(T) == 2 ? DataType::FLOAT16 : DataType::FLOAT32);
}

/// The first `tokens` tokens of key/value head 1 in a page of two heads: rows 256 elements apart, 128 in.
ChipTensor page_view(std::vector<_Float16>& page, uint32_t tokens) {
  const uint32_t shape[] = {1, tokens, 1, kDim};
  const uint32_t at[] = {0, 0, 1, 0};
  return tensor(page, {1, kBlock, 2, kDim}).view(shape, at);
}

/// Random numbers in head 1 of the first `tokens` tokens, NaN elsewhere.
std::vector<_Float16> random_page(Random& random, uint32_t tokens) {
  std::vector<_Float16> page(kBlock * 2 * kDim, static_cast<_Float16>(kNan));
  for (uint32_t t = 0; t < tokens; ++t) {
    for (uint32_t d = 0; d < kDim; ++d) page[(t * 2 + 1) * kDim + d] = random.uniform<_Float16>(-1, 1);
  }
  return page;
}

class PageOf : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Tokens, PageOf, testing::Values(1, 15, 16, 77, 127, 128), testing::PrintToStringParamName());

TEST_P(PageOf, ScoresAreDotProducts) {
  const uint32_t tokens = GetParam();
  Random random(kSeed);
  auto query = random.uniform<_Float16>(kHeads * kDim, -8, 8);
  auto page = random_page(random, tokens);
  std::vector<float> scores(kHeads * kBlock, -7);
  const ChipTensor args[] = {tensor(query, {1, kHeads, kDim}), page_view(page, tokens), tensor(scores, {kHeads, kBlock})};
  call_kernel(paged_attention_qk_matmul, {&args[0], &args[1], &args[2]}, {});

  std::vector<double> want(kHeads * kBlock, -7), bound(kHeads * kBlock);
  for (uint32_t h = 0; h < kHeads; ++h) {
    for (uint32_t t = 0; t < tokens; ++t) {
      double sum = 0, magnitude = 0;
      for (uint32_t d = 0; d < kDim; ++d) {
        const double term = static_cast<double>(query[h * kDim + d]) * static_cast<double>(page[(t * 2 + 1) * kDim + d]);
        sum += term;
        magnitude += std::abs(term);
      }
      want[h * kBlock + t] = sum;
      bound[h * kBlock + t] = f32_sum_bound(kDim, magnitude);
    }
  }
  const Comparison comparison = compare(scores, want, bound);
  EXPECT_TRUE(comparison.within) << describe(comparison);
}

TEST_P(PageOf, WeightsAreTheExponentialsOfTheirRow) {
  const uint32_t tokens = GetParam();
  constexpr double kScale = 0.25;
  Random random(kSeed);
  auto scores = random.uniform<float>(kHeads * kBlock, -40, 40);
  for (uint32_t i = 0; i < kHeads * kBlock; ++i) {
    if (i % kBlock >= tokens) scores[i] = kNan;
  }
  std::vector<_Float16> weights(kHeads * kBlock, static_cast<_Float16>(kNan));
  std::vector<float> max(kHeads, kNan), sum(kHeads, kNan);
  const ChipTensor args[] = {tensor(scores, {kHeads, kBlock}), tensor(weights, {kHeads, kBlock}), tensor(max, {kHeads}),
                             tensor(sum, {kHeads})};
  call_kernel(paged_attention_softmax_prepare, {&args[0], &args[1], &args[2], &args[3]}, {tokens, to_u64(static_cast<float>(kScale))});

  std::vector<float> got(weights.begin(), weights.end());
  std::vector<double> want(kHeads * kBlock), bound(kHeads * kBlock), want_max(kHeads), want_sum(kHeads);
  for (uint32_t h = 0; h < kHeads; ++h) {
    const float* row = &scores[h * kBlock];
    want_max[h] = *std::max_element(row, row + tokens) * kScale;
    for (uint32_t t = 0; t < tokens; ++t) {
      const double weight = std::exp(row[t] * kScale - want_max[h]);
      want[h * kBlock + t] = weight;
      // Half precision, subnormals included, and f32 before it: an exponent of magnitude at most 20 and an exponential.
      bound[h * kBlock + t] = std::max(weight * 0x1p-11, 0x1p-25) + weight * (20 * 4 * 0x1p-24 + 0x1p-21);
      want_sum[h] += static_cast<double>(weights[h * kBlock + t]);
    }
  }
  const Comparison comparison = compare(got, want, bound);
  EXPECT_TRUE(comparison.within) << describe(comparison);
  EXPECT_TRUE(compare(max, want_max, std::vector<double>(kHeads, 10 * 0x1p-24)).within);
  std::vector<double> sum_bound;
  for (double s : want_sum) sum_bound.push_back(f32_sum_bound(kBlock, s));
  EXPECT_TRUE(compare(sum, want_sum, sum_bound).within);
}

TEST_P(PageOf, OutputIsTheWeightedSumOfTheValidTokensOnly) {
  const uint32_t tokens = GetParam();
  Random random(kSeed);
  auto weights = random.uniform<_Float16>(kHeads * kBlock, 0, 1);
  for (uint32_t i = 0; i < kHeads * kBlock; ++i) {
    if (i % kBlock >= tokens) weights[i] = 0;
  }
  auto page = random_page(random, tokens);
  std::vector<float> out(kHeads * kDim, kNan);
  const ChipTensor args[] = {tensor(weights, {kHeads, kBlock}), page_view(page, tokens), tensor(out, {kHeads, kDim})};
  call_kernel(paged_attention_pv_matmul, {&args[0], &args[1], &args[2]}, {});

  std::vector<double> want(kHeads * kDim), bound(kHeads * kDim);
  for (uint32_t h = 0; h < kHeads; ++h) {
    for (uint32_t d = 0; d < kDim; ++d) {
      double magnitude = 0;
      for (uint32_t t = 0; t < tokens; ++t) {
        const double term = static_cast<double>(weights[h * kBlock + t]) * static_cast<double>(page[(t * 2 + 1) * kDim + d]);
        want[h * kDim + d] += term;
        magnitude += std::abs(term);
      }
      bound[h * kDim + d] = f32_sum_bound(tokens, magnitude);
    }
  }
  const Comparison comparison = compare(out, want, bound);
  EXPECT_TRUE(comparison.within) << describe(comparison);
}

/// The state that online_update keeps, and what a page adds to it.
struct State {
  std::vector<float> max, sum, out;
};
State random_state(Random& random) {
  return {random.uniform<float>(kHeads, -10, 10), random.uniform<float>(kHeads, 1, 128), random.uniform<float>(kHeads * kDim, -64, 64)};
}

void update(State& running, State page, bool first, bool last) {
  const ChipTensor args[] = {tensor(page.max, {kHeads}),    tensor(page.sum, {kHeads}),    tensor(page.out, {kHeads, kDim}),
                             tensor(running.max, {kHeads}), tensor(running.sum, {kHeads}), tensor(running.out, {1, kHeads, kDim})};
  call_kernel(paged_attention_online_update, {&args[0], &args[1], &args[2], &args[3], &args[4], &args[5]}, {first, last});
}

TEST(OnlineUpdate, FirstPageReplacesWhateverWasThere) {
  Random random(kSeed);
  const State page = random_state(random);
  State running{std::vector<float>(kHeads, kNan), std::vector<float>(kHeads, kNan), std::vector<float>(kHeads * kDim, kNan)};
  update(running, page, true, false);
  EXPECT_EQ(running.max, page.max);
  EXPECT_EQ(running.sum, page.sum);
  EXPECT_EQ(running.out, page.out);
}

TEST(OnlineUpdate, OnlyPageIsNormalised) {
  Random random(kSeed);
  const State page = random_state(random);
  State running = random_state(random);
  update(running, page, true, true);
  for (uint32_t i = 0; i < kHeads * kDim; ++i) {
    const double want = static_cast<double>(page.out[i]) / page.sum[i / kDim];
    EXPECT_NEAR(running.out[i], want, std::abs(want) * 0x1p-23);
  }
}

TEST(OnlineUpdate, PagesAreWeightedByTheirMaxima) {
  for (bool last : {false, true}) {
    Random random(kSeed);
    const State page = random_state(random);
    const State before = random_state(random);
    State running = before;
    update(running, page, false, last);

    std::vector<double> max(kHeads), sum(kHeads), sum_bound(kHeads), out(kHeads * kDim), out_bound(kHeads * kDim);
    for (uint32_t h = 0; h < kHeads; ++h) {
      max[h] = std::max(before.max[h], page.max[h]);
      const double a = std::exp(before.max[h] - max[h]);
      const double b = std::exp(page.max[h] - max[h]);
      sum[h] = a * before.sum[h] + b * page.sum[h];
      // An exponent of magnitude at most 20 rounded once, an exponential, a product and a sum.
      constexpr double kRelative = 20 * 0x1p-24 + 0x1p-21 + 4 * 0x1p-24;
      sum_bound[h] = sum[h] * kRelative;
      for (uint32_t d = 0; d < kDim; ++d) {
        const uint32_t i = h * kDim + d;
        const double divisor = last ? sum[h] : 1;
        out[i] = (a * before.out[i] + b * page.out[i]) / divisor;
        out_bound[i] = (a * std::abs(before.out[i]) + b * std::abs(page.out[i])) / divisor * (last ? 2 : 1) * kRelative;
      }
    }
    EXPECT_TRUE(compare(running.max, max, std::vector<double>(kHeads)).within);
    EXPECT_TRUE(compare(running.sum, sum, sum_bound).within);
    const Comparison comparison = compare(running.out, out, out_bound);
    EXPECT_TRUE(comparison.within) << "last " << last << ": " << describe(comparison);
  }
}

}  // namespace
}  // namespace tilewright::examples
