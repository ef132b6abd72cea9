#include "pipeline/problem.h"

#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem pipeline_problem(uint64_t seed) {
  constexpr uint32_t kRows = 32 * 100, kWidth = 128;
  Random random(seed);
  const auto x = random.uniform<_Float16>(kRows * kWidth, -1, 1);
  const auto w1 = random.uniform<_Float16>(kWidth * kWidth, -0.5, 0.5);
  const auto w2 = random.uniform<_Float16>(kWidth * kWidth, -0.5, 0.5);

  std::vector<double> want(kRows * kWidth), bound(kRows * kWidth), activated(kWidth), error(kWidth);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t k = 0; k < kWidth; ++k) {
      double hidden = 0, magnitude = 0;
      for (uint32_t i = 0; i < kWidth; ++i) {
        const double term = static_cast<double>(x[row * kWidth + i]) * static_cast<double>(w1[i * kWidth + k]);
        hidden += term;
        magnitude += std::abs(term);
      }
      activated[k] = hidden / (1 + std::exp(-hidden));
      // The derivative of silu stays below 1.1; one exponential good to 2^-21, three more operations of 2^-24; rounding to f16 adds a
      // relative 2^-11, or 2^-25 where f16 has no more exponents.
      error[k] = 1.1 * f32_sum_bound(kWidth, magnitude) + std::abs(activated[k]) * (0x1p-21 + 3 * 0x1p-24 + 0x1p-11) + 0x1p-25;
    }
    for (uint32_t column = 0; column < kWidth; ++column) {
      const uint32_t at = row * kWidth + column;
      double magnitude = 0;
      for (uint32_t k = 0; k < kWidth; ++k) {
        const double weight = static_cast<double>(w2[k * kWidth + column]);
        want[at] += activated[k] * weight;
        bound[at] += error[k] * std::abs(weight);
        magnitude += (std::abs(activated[k]) + error[k]) * std::abs(weight);
      }
      bound[at] += f32_sum_bound(kWidth, magnitude);
    }
  }

  Problem problem;
  problem.input({kRows, kWidth}, x);
  problem.input({kWidth, kWidth}, w1);
  problem.input({kWidth, kWidth}, w2);
  problem.output("y", {kRows, kWidth}, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
