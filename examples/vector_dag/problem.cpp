#include "vector_dag/problem.h"

#include <cmath>
#include <utility>

namespace tilewright::examples {

Problem vector_dag_problem(uint64_t seed) {
  constexpr uint32_t kRows = 256, kWidth = 128, kCount = kRows * kWidth;
  Random random(seed);
  const auto a = random.uniform<float>(kCount, -4, 4);
  const auto b = random.uniform<float>(kCount, -4, 4);

  std::vector<double> want(kCount), bound(kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    const double s = static_cast<double>(a[i]) + static_cast<double>(b[i]), u = s + 1, v = s + 2;
    want[i] = u * v + s;
    // Every operation rounds once, by a relative 2^-24 of its result; products carry their factors' errors on.
    const double e = 0x1p-24, s_error = e * std::abs(s);
    const double u_error = s_error + e * std::abs(u), v_error = s_error + e * std::abs(v);
    const double w_error = std::abs(u) * v_error + std::abs(v) * u_error + u_error * v_error + e * std::abs(u * v);
    bound[i] = (w_error + s_error + e * std::abs(want[i])) * 1.001;
  }

  Problem problem;
  problem.input({kRows, kWidth}, a);
  problem.input({kRows, kWidth}, b);
  problem.output("f", {kRows, kWidth}, std::move(want), std::move(bound));
  return problem;
}

}  // namespace tilewright::examples
