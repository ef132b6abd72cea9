#include "matmul_bias/problem.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem matmul_bias_problem(uint64_t seed) {
  constexpr uint32_t kM = 128, kN = 256, kK = 384;
  Random random(seed);
  const auto a = random.uniform<_Float16>(kM * kK, -1, 1);
  const auto b = random.uniform<_Float16>(kK * kN, -1, 1);
  const auto bias = random.uniform<float>(kN, -4, 4);

  std::vector<double> want(kM * kN), bound(kM * kN);
  for (uint32_t m = 0; m < kM; ++m) {
    for (uint32_t n = 0; n < kN; ++n) {
      double sum = bias[n];
      double magnitude = std::abs(sum);
      for (uint32_t k = 0; k < kK; ++k) {
        const double term = static_cast<double>(a[m * kK + k]) * static_cast<double>(b[k * kN + n]);
        sum += term;
        magnitude += std::abs(term);
      }
      want[m * kN + n] = std::max(sum, 0.0);
      bound[m * kN + n] = f32_sum_bound(kK + 1, magnitude);
    }
  }

  Problem problem;
  problem.input({kM, kK}, a);
  problem.input({kK, kN}, b);
  problem.input({kN}, bias);
  problem.output("c", {kM, kN}, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
