#include "chaos.h"

namespace tilewright::queue {
namespace {

TEST_F(ChaosTest, TwoHundredSubmittersOverFourDevices) { run_chaos(200, seed()); }

}  // namespace
}  // namespace tilewright::queue
