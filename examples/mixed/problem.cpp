#include "mixed/problem.h"

#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem mixed_problem(uint64_t seed) {
  constexpr uint32_t kRows = 96, kWidth = 128;
  Random random(seed);
  const auto x = random.uniform<_Float16>(kRows * kWidth, -1, 1);
  const auto w = random.uniform<_Float16>(kWidth * kWidth, -1, 1);
  const auto gate = random.uniform<float>(kRows * kWidth, -8, 8);

  std::vector<double> y(kRows * kWidth), y_bound(kRows * kWidth), silu(kRows * kWidth), silu_bound(kRows * kWidth);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t column = 0; column < kWidth; ++column) {
      const uint32_t at = row * kWidth + column;
      double magnitude = 0;
      for (uint32_t k = 0; k < kWidth; ++k) {
        const double term = static_cast<double>(x[row * kWidth + k]) * static_cast<double>(w[k * kWidth + column]);
        y[at] += term;
        magnitude += std::abs(term);
      }
      y_bound[at] = f32_sum_bound(kWidth, magnitude);
      silu[at] = gate[at] / (1 + std::exp(-static_cast<double>(gate[at])));
      // One exponential good to 2^-21, one addition and one division of a relative 2^-24 each.
      silu_bound[at] = std::abs(silu[at]) * (0x1p-21 + 2 * 0x1p-24);
    }
  }

  Problem problem;
  problem.input({kRows, kWidth}, x);
  problem.input({kWidth, kWidth}, w);
  problem.input({kRows, kWidth}, gate);
  problem.output("y", {kRows, kWidth}, std::move(y), std::move(y_bound));
  problem.output("silu", {kRows, kWidth}, std::move(silu), std::move(silu_bound));
  return problem;
}

}  // namespace tilewright::examples
