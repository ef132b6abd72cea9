#include "paged_attention/attention_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"

namespace tilewright::examples {
namespace {

/// Pages that no sequence uses, so that a wrong page number finds NaNs.
constexpr uint32_t kSparePages = 3;

/// Where token `token` of sequence `b` keeps its 128 numbers for `kv_head`.
size_t cache_at(const AttentionCase& problem, uint32_t b, uint32_t token, uint32_t kv_head) {
  const auto page = static_cast<size_t>(problem.block_table[b * problem.max_blocks + token / AttentionCase::kBlock]);
  const size_t slot = page * AttentionCase::kBlock + token % AttentionCase::kBlock;
  return (slot * problem.kv_heads + kv_head) * AttentionCase::kHeadDim;
}

/// One query head over one context: 128 outputs and their bounds.
///
/// The bound is a first-order error analysis of: logits s_t from f32 dot products, weights w_t = exp(s_t - max) rounded to
/// f16, out = sum(w_t v_t) / sum(w_t) in f32, in any order. Let p_t be the exact weights of sum 1 and u = 2^-24.
///   - A dot product of n terms is off by at most n u sum|q_i k_i| (Higham, "Accuracy and Stability of Numerical
///     Algorithms", 3.1), so w_t by that factor times scale.
///   - A weight is a product of one exponential for its page and one for each merge of pages. Scaling and subtracting
///     the maximum moves an exponent by at most 4 u max|s|; the exponential itself is good to 2^-21.
///   - Rounding w_t to f16 adds 2^-11 relative; below 2^-14, where f16 has no more exponents, 2^-25 of the page's largest weight.
///   - Relative errors e_t of the weights move the quotient by at most sum(p_t e_t |v_t - out|): what moves all weights
///     alike moves nothing, because the sum is taken of the rounded weights.
///   - The f32 sums over n tokens are off by (n + 2 pages + 8) u (sum(p_t |v_t|) + |out|).
void attend(const AttentionCase& problem, uint32_t b, uint32_t head, double* value, double* bound) {
  constexpr uint32_t kDim = AttentionCase::kHeadDim;
  const double u = std::ldexp(1.0, -24);
  const auto tokens = static_cast<uint32_t>(problem.context_lens[b]);
  const uint32_t kv_head = head / AttentionCase::kHeadsPerKvHead;
  const _Float16* query = &problem.query[(static_cast<size_t>(b) * problem.heads + head) * kDim];

  std::vector<double> weight(tokens);  // the logit at first
  std::vector<double> error(tokens);   // of the weight, relative
  double largest = -std::numeric_limits<double>::infinity();
  double largest_magnitude = 0;
  for (uint32_t t = 0; t < tokens; ++t) {
    const _Float16* key = &problem.key_cache[cache_at(problem, b, t, kv_head)];
    double dot = 0;
    double magnitude = 0;
    for (uint32_t d = 0; d < kDim; ++d) {
      const double term = static_cast<double>(query[d]) * static_cast<double>(key[d]);
      dot += term;
      magnitude += std::abs(term);
    }
    weight[t] = dot * problem.scale;
    error[t] = std::ldexp(1.0, -11) + kDim * u * magnitude * problem.scale;
    largest = std::max(largest, weight[t]);
    largest_magnitude = std::max(largest_magnitude, std::abs(weight[t]));
  }
  const double pages = std::ceil(static_cast<double>(tokens) / AttentionCase::kBlock);
  double total = 0;
  for (uint32_t t = 0; t < tokens; ++t) {
    error[t] += (pages + 1) * (4 * u * largest_magnitude + std::ldexp(1.0, -21));
    weight[t] = std::exp(weight[t] - largest);
    total += weight[t];
  }

  std::vector<double> absolute(kDim);
  std::fill(value, value + kDim, 0.0);
  std::fill(bound, bound + kDim, 0.0);
  for (uint32_t t = 0; t < tokens; ++t) {
    const _Float16* v = &problem.value_cache[cache_at(problem, b, t, kv_head)];
    for (uint32_t d = 0; d < kDim; ++d) {
      value[d] += weight[t] / total * static_cast<double>(v[d]);
      absolute[d] += weight[t] / total * std::abs(static_cast<double>(v[d]));
    }
  }
  for (uint32_t t = 0; t < tokens; ++t) {
    const _Float16* v = &problem.value_cache[cache_at(problem, b, t, kv_head)];
    for (uint32_t d = 0; d < kDim; ++d) {
      bound[d] += (weight[t] * error[t] + std::ldexp(1.0, -25)) / total * std::abs(static_cast<double>(v[d]) - value[d]);
    }
  }
  for (uint32_t d = 0; d < kDim; ++d) bound[d] += (tokens + 2 * pages + 8) * u * (absolute[d] + std::abs(value[d]));
}

}  // namespace

AttentionCase make_attention_case(uint32_t heads, const std::vector<int32_t>& contexts, uint64_t seed) {
  if (heads == 0 || heads % AttentionCase::kHeadsPerKvHead != 0) {
    throw Error(ErrorCode::kInvalidArgument, "paged attention: " + std::to_string(heads) + " heads are not a multiple of 16",
                "give 16, 32, 48, ... heads");
  }
  if (contexts.empty()) throw Error(ErrorCode::kInvalidArgument, "paged attention: a batch of no sequences", "give at least one context");
  AttentionCase problem;
  problem.batch = static_cast<uint32_t>(contexts.size());
  problem.heads = heads;
  problem.kv_heads = heads / AttentionCase::kHeadsPerKvHead;
  problem.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(AttentionCase::kHeadDim)));
  problem.context_lens = contexts;

  uint32_t used = 0;
  for (int32_t context : contexts) {
    if (context < 1) {
      throw Error(ErrorCode::kInvalidArgument, "paged attention: a context of " + std::to_string(context) + " tokens",
                  "attention needs at least one token to attend to");
    }
    const uint32_t blocks = (static_cast<uint32_t>(context) + AttentionCase::kBlock - 1) / AttentionCase::kBlock;
    problem.max_blocks = std::max(problem.max_blocks, blocks);
    used += blocks;
  }
  problem.pages = used + kSparePages;

  Random random(seed);
  std::vector<int32_t> page_order(problem.pages);
  std::iota(page_order.begin(), page_order.end(), 0);
  for (size_t i = page_order.size() - 1; i > 0; --i) std::swap(page_order[i], page_order[random.below(i + 1)]);
  problem.block_table.assign(static_cast<size_t>(problem.batch) * problem.max_blocks, -1);
  size_t next_page = 0;
  for (uint32_t b = 0; b < problem.batch; ++b) {
    const uint32_t blocks = (static_cast<uint32_t>(contexts[b]) + AttentionCase::kBlock - 1) / AttentionCase::kBlock;
    for (uint32_t i = 0; i < blocks; ++i) problem.block_table[b * problem.max_blocks + i] = page_order[next_page++];
  }

  // Queries up to 8 make the logits spread over about -10 to 10, so that some tokens matter and most do not.
  problem.query = random.uniform<_Float16>(static_cast<size_t>(problem.batch) * heads * AttentionCase::kHeadDim, -8, 8);
  const size_t cache_size = static_cast<size_t>(problem.pages) * AttentionCase::kBlock * problem.kv_heads * AttentionCase::kHeadDim;
  const auto nan = static_cast<_Float16>(std::numeric_limits<float>::quiet_NaN());
  problem.key_cache.assign(cache_size, nan);
  problem.value_cache.assign(cache_size, nan);
  for (uint32_t b = 0; b < problem.batch; ++b) {
    for (uint32_t t = 0; t < static_cast<uint32_t>(contexts[b]); ++t) {
      for (uint32_t kv_head = 0; kv_head < problem.kv_heads; ++kv_head) {
        const size_t at = cache_at(problem, b, t, kv_head);
        for (uint32_t d = 0; d < AttentionCase::kHeadDim; ++d) {
          problem.key_cache[at + d] = random.uniform<_Float16>(-1, 1);
          problem.value_cache[at + d] = random.uniform<_Float16>(-1, 1);
        }
      }
    }
  }
  return problem;
}

AttentionReference attention_reference(const AttentionCase& problem) {
  const size_t size = static_cast<size_t>(problem.batch) * problem.heads * AttentionCase::kHeadDim;
  AttentionReference reference{std::vector<double>(size), std::vector<double>(size)};
  for (uint32_t b = 0; b < problem.batch; ++b) {
    for (uint32_t head = 0; head < problem.heads; ++head) {
      const size_t at = (static_cast<size_t>(b) * problem.heads + head) * AttentionCase::kHeadDim;
      attend(problem, b, head, &reference.value[at], &reference.bound[at]);
    }
  }
  return reference;
}

Problem attention_problem(const AttentionCase& attention, AttentionReference reference) {
  constexpr uint32_t kDim = AttentionCase::kHeadDim;
  const std::vector<uint32_t> cache_shape = {attention.pages, AttentionCase::kBlock, attention.kv_heads, kDim};
  Problem problem;
  problem.input({attention.batch, attention.heads, kDim}, attention.query);
  problem.input(cache_shape, attention.key_cache);
  problem.input(cache_shape, attention.value_cache);
  problem.input({attention.batch, attention.max_blocks}, attention.block_table);
  problem.input({attention.batch}, attention.context_lens);
  problem.output("out", {attention.batch, attention.heads, kDim}, std::move(reference.value), std::move(reference.bound));
  problem.scalar(attention.scale);
  return problem;
}

}  // namespace tilewright::examples
