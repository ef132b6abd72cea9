// Random programs against the rules written a second time, for minutes rather than for a second.
#include "graph/graph_model.h"

namespace tilewright {
namespace {

using RandomPrograms = test::RandomTest;

TEST_F(RandomPrograms, AMillionSubmissionsFollowTheModelOfTheRules) { test::compare_with_model(random_, 1'000'000); }

}  // namespace
}  // namespace tilewright
