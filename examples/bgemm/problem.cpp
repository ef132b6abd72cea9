#include "bgemm/problem.h"

#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem bgemm_problem(uint64_t seed) {
  constexpr uint32_t kBatch = 3, kM = 128, kN = 64, kK = 256;
  Random random(seed);
  const auto a = random.uniform<_Float16>(kBatch * kM * kK, -1, 1);
  const auto b = random.uniform<_Float16>(kBatch * kK * kN, -1, 1);
  const auto c = random.uniform<float>(kBatch * kM * kN, -1, 1);

  std::vector<double> want(c.begin(), c.end()), bound(c.size());
  for (uint32_t i = 0; i < kBatch; ++i) {
    for (uint32_t m = 0; m < kM; ++m) {
      for (uint32_t n = 0; n < kN; ++n) {
        const uint32_t at = (i * kM + m) * kN + n;
        double magnitude = std::abs(want[at]);
        for (uint32_t k = 0; k < kK; ++k) {
          const double term = static_cast<double>(a[(i * kM + m) * kK + k]) * static_cast<double>(b[(i * kK + k) * kN + n]);
          want[at] += term;
          magnitude += std::abs(term);
        }
        bound[at] = f32_sum_bound(kK + 1, magnitude);
      }
    }
  }

  Problem problem;
  problem.input({kBatch, kM, kK}, a);
  problem.input({kBatch, kK, kN}, b);
  problem.inout("c", {kBatch, kM, kN}, c, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
