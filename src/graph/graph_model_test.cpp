// Random programs against the rules written a second time. graph_model_long_test.cpp does a million submissions.
#include "graph/graph_model.h"

namespace tilewright {
namespace {

using RandomPrograms = test::RandomTest;

TEST_F(RandomPrograms, FollowTheModelOfTheRules) { test::compare_with_model(random_, 50'000); }

}  // namespace
}  // namespace tilewright
