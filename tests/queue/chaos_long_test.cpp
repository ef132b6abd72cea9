#include "chaos.h"

namespace tilewright::queue {
namespace {

TEST_F(ChaosTest, ManyRounds) {
  const unsigned first = seed();
  for (unsigned round = 0; round < 20 && !HasFailure(); ++round) run_chaos(200, first + round);
}

}  // namespace
}  // namespace tilewright::queue
