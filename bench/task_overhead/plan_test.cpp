#include "task_overhead/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;

bool holds(const std::vector<Measurement>& plan, std::string_view system, Shape shape, uint32_t tasks, const Conditions& conditions) {
  return std::any_of(plan.begin(), plan.end(), [&](const Measurement& m) {
    return m.system->name == system && m.shape == shape && m.tasks == tasks && m.conditions.layout == conditions.layout &&
           m.conditions.threads == conditions.threads && m.conditions.kernel_ns == conditions.kernel_ns;
  });
}

TEST(Plan, EverySystemIsMeasuredInEveryLayoutOnOneThreadAndTwo) {
  const auto plan = make_plan({});
  for (const KnownSystem& system : known_systems()) {
    for (Shape shape : kAllShapes) {
      for (uint32_t tasks : {10000u, 100000u}) {
        for (Layout layout : kMemoryLayouts) {
          for (int threads : {1, 2}) {
            const Conditions conditions = {system.sees_memory ? layout : Layout::kAny, system.uses_threads ? threads : 1, 0};
            EXPECT_TRUE(holds(plan, system.name, shape, tasks, conditions)) << system.name << " " << shape_name(shape);
          }
        }
      }
    }
  }
}

TEST(Plan, OursIsMeasuredInEverySizeAndEverySystemWithKernelsThatTakeTime) {
  const auto plan = make_plan({});
  for (uint32_t tasks : {1000u, 10000u, 100000u, 1000000u}) {
    EXPECT_TRUE(holds(plan, "tilewright", Shape::kWavefront, tasks, {Layout::kTiles, 2, 0}));
  }
  for (uint32_t kernel_ns : {50u, 100u, 200u, 500u, 1000u, 2000u, 5000u, 10000u}) {
    EXPECT_TRUE(holds(plan, "gomp_depend", Shape::kForkJoin, 10000, {Layout::kOwnBuffers, 2, kernel_ns}));
    EXPECT_TRUE(holds(plan, "serial_loop", Shape::kForkJoin, 10000, {Layout::kAny, 1, kernel_ns}));
  }
}

TEST(Plan, NothingIsMeasuredTwice) {
  for (bool quick : {false, true}) {
    PlanOptions options;
    options.quick = quick;
    const auto plan = make_plan(options);
    for (size_t i = 0; i < plan.size(); ++i) {
      EXPECT_EQ(std::count(plan.begin(), plan.end(), plan[i]), 1) << plan[i].system->name << ", quick: " << quick;
    }
  }
}

TEST(Plan, ListsGivenReplaceThoseOfEveryBlock) {
  const auto plan = make_plan({false, "starpu", "chain", "tiles", "77", "3", "40"});
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_TRUE(holds(plan, "starpu", Shape::kChain, 77, {Layout::kTiles, 3, 40}));
}

TEST(Plan, SystemsThatTellNoLayoutsOrThreadsApartAreMeasuredOnce) {
  PlanOptions options;
  options.systems = "tbb_flow_graph,serial_loop";
  options.shapes = "chain";
  options.counts = "10";
  options.kernel_ns = "0";
  const auto plan = make_plan(options);
  EXPECT_EQ(plan.size(), 3u);
  EXPECT_TRUE(holds(plan, "tbb_flow_graph", Shape::kChain, 10, {Layout::kAny, 1, 0}));
  EXPECT_TRUE(holds(plan, "tbb_flow_graph", Shape::kChain, 10, {Layout::kAny, 2, 0}));
  EXPECT_TRUE(holds(plan, "serial_loop", Shape::kChain, 10, {Layout::kAny, 1, 0}));
}

TEST(Plan, FieldsNameTheMeasurement) {
  const auto plan = make_plan({false, "serial_loop,starpu", "chain", "tiles", "77", "3", "40"});
  ASSERT_EQ(plan.size(), 2u);
  std::string text;
  for (const Measurement& m : plan) {
    for (const Field& field : fields_of(m)) text += field.name + "=" + to_text(field.value) + " ";
  }
  EXPECT_EQ(text,
            "shape=chain tasks=77 layout=any threads=any kernel_ns=40 "
            "shape=chain tasks=77 layout=tiles threads=3 kernel_ns=40 ");
}

std::string refusal(PlanOptions options) {
  try {
    make_plan(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Plan, BadListsAreNamed) {
  EXPECT_THAT(refusal({false, "tilewright,nobody", "", "", "", "", ""}), HasSubstr("no system \"nobody\""));
  EXPECT_THAT(refusal({false, "", "circle", "", "", "", ""}), HasSubstr("circle"));
  EXPECT_THAT(refusal({false, "", "", "heap", "", "", ""}), HasSubstr("heap"));
  EXPECT_THAT(refusal({false, "", "", "any", "", "", ""}), HasSubstr("not chosen"));
  EXPECT_THAT(refusal({false, "", "", "", "0", "", ""}), HasSubstr("\"0\" is no number of tasks"));
  EXPECT_THAT(refusal({false, "", "", "", "99999999999", "", ""}), HasSubstr("is no number of tasks"));
  EXPECT_THAT(refusal({false, "", "", "", "", "2x", ""}), HasSubstr("\"2x\" is no number of threads"));
  EXPECT_THAT(refusal({false, "", "", "", "", "", "-1"}), HasSubstr("\"-1\" is no kernel time"));
}

}  // namespace
}  // namespace tilewright::bench
