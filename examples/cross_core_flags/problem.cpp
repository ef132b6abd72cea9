#include "cross_core_flags/problem.h"

#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem cross_core_flags_problem(uint64_t seed) {
  constexpr uint32_t kTileRows = 32, kRows = 90 * kTileRows, kWidth = 128;
  Random random(seed);
  const auto x = random.uniform<_Float16>(kRows * kWidth, -1, 1);
  const auto w = random.uniform<_Float16>(kWidth * kWidth, -1, 1);

  std::vector<double> want(kRows * kWidth), bound(kRows * kWidth);
  for (uint32_t row = 0; row < kRows; ++row) {
    for (uint32_t column = 0; column < kWidth; ++column) {
      double magnitude = 0;
      for (uint32_t k = 0; k < kWidth; ++k) {
        const double term = static_cast<double>(x[row * kWidth + k]) * static_cast<double>(w[k * kWidth + column]);
        want[row * kWidth + column] += term;
        magnitude += std::abs(term);
      }
      bound[row * kWidth + column] = f32_sum_bound(kWidth, magnitude);
    }
  }
  for (uint32_t tile = 0; tile < kRows; tile += kTileRows) {
    for (uint32_t column = 0; column < kWidth; ++column) {
      double sum = 0, sum_error = 0, magnitude = 0;
      for (uint32_t row = tile; row < tile + kTileRows; ++row) {
        const uint32_t at = row * kWidth + column;
        sum += want[at];
        sum_error += bound[at];
        magnitude += std::abs(want[at]) + bound[at];
      }
      // Of the mean: the errors of its terms, those of 32 additions in any order, and a multiplication by a power of two.
      const double mean = sum / kTileRows, mean_error = (sum_error + f32_sum_bound(kTileRows, magnitude)) / kTileRows;
      for (uint32_t row = tile; row < tile + kTileRows; ++row) {
        const uint32_t at = row * kWidth + column;
        want[at] -= mean;
        bound[at] += mean_error + 0x1p-24 * (std::abs(want[at]) + bound[at] + mean_error);
      }
    }
  }

  Problem problem;
  problem.input({kRows, kWidth}, x);
  problem.input({kWidth, kWidth}, w);
  problem.output("y", {kRows, kWidth}, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
