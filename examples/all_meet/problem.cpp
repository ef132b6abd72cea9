#include "all_meet/problem.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem all_meet_problem(uint64_t seed) {
  constexpr uint32_t kChunks = 160, kCount = kChunks * 16 * 128;
  Random random(seed);
  const auto x = random.uniform<float>(kCount, -8, 8);

  const double maximum = *std::max_element(x.begin(), x.end());
  std::vector<double> want(kCount), bound(kCount);
  double sum = 0;
  for (uint32_t i = 0; i < kCount; ++i) sum += want[i] = std::exp(static_cast<double>(x[i]) - maximum);
  for (uint32_t i = 0; i < kCount; ++i) {
    want[i] /= sum;
    // An exponent of at most 16 rounds by 16 * 2^-24, the exponential is good to 2^-21. No number goes through more than 16 + 160 + 128 +
    // 128 additions on its way into the sum (rows of a chunk, chunks of a block, columns, blocks), all of positive numbers, so the sum is
    // good to that many times 2^-24. A reciprocal and a product follow.
    const double exponential = 16 * 0x1p-24 + 0x1p-21;
    bound[i] = want[i] * (2 * exponential + (16 + 160 + 128 + 128 + 3) * 0x1p-24);
  }

  Problem problem;
  problem.input({kChunks, 16, 128}, x);
  problem.output("y", {kChunks, 16, 128}, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
