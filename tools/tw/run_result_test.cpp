#include "run_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/generate.h"
#include "text_table.h"

namespace tilewright {
namespace {

using testing::HasSubstr;
using testing::Not;

CompareReport comparison_of(const char* actual, const char* golden) {
  HostTensor a(DataType::INT32, {2}), g(DataType::INT32, {2});
  generate(a, actual);
  generate(g, golden);
  return compare(a, g, {});
}

RunResult two_rounds() {
  RunResult result;
  result.callable = "demo/callable.json";
  result.callable_id = "abc";
  result.platform = "a2a3sim";
  result.device = 3;
  result.build_ns = 1'500'000'000;
  result.units = 3;
  result.units_cached = 2;
  result.kernel_names = {{0, "add"}, {1, "mul"}};
  RunRound round;
  round.report.task_count = 3;
  round.report.edge_count[0] = 1;
  round.report.edge_count[1] = 2;
  round.report.aic_cores_used = 1;
  round.report.aiv_cores_used = 2;
  round.report.run_ns = 1234;
  round.report.staged_early = 5;
  round.report.timing_slots[7] = {100, 1100};
  const auto task = [](uint32_t n) { return PTO2TaskId::make(0, n); };
  round.report.tasks = {{task(0), {-1, 0, -1}}, {task(1), {1, 0, 0}}, {task(2), {-1, -1, 7}}};
  round.report.edges = {{task(1), task(2), EdgeSource::kTensorMap, 1, 512},
                        {task(0), task(2), EdgeSource::kTensorMap, 0, 256},
                        {task(0), task(1), EdgeSource::kExplicit, -1, 0},
                        {task(0), task(1), EdgeSource::kCreator, 0, 0}};
  round.comparisons.push_back({"y", comparison_of("full:1", "full:1")});
  result.rounds = {round, round};
  return result;
}

TEST(RunResult, TensorsAreListedOfWhatTheCompilerLookedAt) {
  RunResult result = two_rounds();
  EXPECT_EQ(tensor_orders_text(result), "");
  result.tensor_orders.emplace();
  EXPECT_EQ(tensor_orders_text(result), "tensors: 0 (ordered by named dependencies alone: 0)\n");
  result.tensor_orders->push_back({"x", "p.cpp:3", true, ""});
  result.tensor_orders->push_back({"arg1", "", false, "it may share memory with x"});
  EXPECT_EQ(tensor_orders_text(result),
            "tensors: 2 (ordered by named dependencies alone: 1)\n"
            "TENSOR  LINE     ORDERED BY\n"
            "x       p.cpp:3  named dependencies\n"
            "arg1    -        the runtime: it may share memory with x\n");
}

TEST(RunResult, TextNamesWhatRanAndWhatItFound) {
  const std::string text = format_result(two_rounds());
  EXPECT_THAT(text, HasSubstr("demo/callable.json (SHA-256 abc)"));
  EXPECT_THAT(text, HasSubstr("a2a3sim device 3, runtime tensormap_and_ringbuffer"));
  EXPECT_THAT(text, HasSubstr("1.5 s (2 of 3 sources from the store)"));
  EXPECT_THAT(text, HasSubstr("edges     3: creator 1, tensormap 2, explicit 0\n"));
  EXPECT_THAT(text, HasSubstr("1 AIC, 2 AIV"));
  EXPECT_THAT(text, HasSubstr("slot 7    1 us (from 100 ns to 1.1 us after the start)\n"));
  EXPECT_THAT(text, Not(HasSubstr("slot 0")));
  EXPECT_THAT(text, HasSubstr("1.234 us in round 2"));
  EXPECT_THAT(text, HasSubstr("round 2, y: i32[2] matches golden"));
  EXPECT_THAT(text, Not(HasSubstr("dependencies")));
}

TEST(RunResult, DependenciesAreListedBySourceWithKernelNames) {
  RunResult result = two_rounds();
  result.lists_dependencies = true;
  EXPECT_THAT(format_result(result), HasSubstr("SOURCE     PREDECESSOR       SUCCESSOR         ARGUMENT  OVERLAP BYTES\n"
                                               "creator    r0t0 add          r0t1 mul+add+add  0         -\n"
                                               "tensormap  r0t0 add          r0t2 func_id 7    0         256\n"
                                               "tensormap  r0t1 mul+add+add  r0t2 func_id 7    1         512\n"
                                               "explicit   r0t0 add          r0t1 mul+add+add  -         -\n"));
  result.rounds[1].report.edges.clear();
  EXPECT_THAT(format_result(result), HasSubstr("dependencies: none"));
}

TEST(RunResult, JsonHoldsTheSame) {
  RunResult result = two_rounds();
  result.lists_dependencies = true;
  result.outputs = {{"y", "i32[2]", "y.npy"}};
  const nlohmann::json json = nlohmann::json::parse(result_as_json(result));
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["build"]["from_store"], 2);
  EXPECT_EQ(json["rounds"].size(), 2u);
  EXPECT_EQ(json["rounds"][1]["edges"]["tensormap"], 2);
  EXPECT_EQ(json["rounds"][1]["edges"]["total"], 3);
  EXPECT_EQ(json["rounds"][1]["staged_early"], 5);
  ASSERT_EQ(json["rounds"][1]["timing_slots"].size(), 1u);
  EXPECT_EQ(json["rounds"][1]["timing_slots"][0]["slot"], 7);
  EXPECT_EQ(json["rounds"][1]["timing_slots"][0]["last_finish_ns"], 1100);
  EXPECT_EQ(json["rounds"][0]["comparisons"][0]["name"], "y");
  EXPECT_EQ(json["dependencies"].size(), 4u);
  EXPECT_EQ(json["dependencies"][1]["overlap_bytes"], 256);
  EXPECT_TRUE(json["dependencies"][3]["argument"].is_null());
  EXPECT_EQ(json["tasks"][1]["kernels"], "mul+add+add");
  EXPECT_EQ(json["outputs"][0]["file"], "y.npy");
}

TEST(RunResult, OneBadComparisonInAnyRoundFails) {
  RunResult result = two_rounds();
  EXPECT_TRUE(result.passed());
  result.rounds[0].comparisons.push_back({"z", comparison_of("full:1", "full:2")});
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(format_result(result), HasSubstr("round 1, z: i32[2] does not match golden: 2 of 2 elements differ"));
}

TEST(TextTable, ColumnsFitTheirLongestCell) {
  TextTable table({"A", "LONG HEADER", "C"});
  table.add({"a longer cell", "b", "c"});
  EXPECT_EQ(table.text(), "A              LONG HEADER  C\na longer cell  b            c\n");
}

TEST(TextTable, SizesAndTimesHaveUnits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(uint64_t{64} << 30), "64 GiB");
  EXPECT_EQ(duration_text(999), "999 ns");
  EXPECT_EQ(duration_text(12'300), "12.3 us");
  EXPECT_EQ(duration_text(90'000'000'000), "90 s");
}

}  // namespace
}  // namespace tilewright
