#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "task_overhead/system.h"

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Runs tasks here and now, well or badly.
class FakeSystem : public System {
 public:
  enum class Conduct { kGood, kBackwards, kDropsTheLast, kFails, kCannot };
  explicit FakeSystem(Conduct conduct, bool sees_memory = true) : conduct_(conduct), sees_memory_(sees_memory) {}

  int runs = 0;
  Conditions conditions;

  std::string name() const override { return "fake"; }
  bool sees_memory() const override { return sees_memory_; }
  void prepare(const Workload& workload, const Order&, const Conditions& given) override {
    if (conduct_ == Conduct::kFails) throw Error(ErrorCode::kLimitExceeded, "too many tasks for fake", "use fewer");
    if (conduct_ == Conduct::kCannot) throw Error(ErrorCode::kUnsupported, "fake has no such thing");
    conditions = given;
    tasks_ = workload.task_count();
  }
  std::vector<Field> describe() const override { return {{"discovery", "data"}}; }
  RunTimes run(StampBoard& board) override {
    ++runs;
    const uint32_t count = conduct_ == Conduct::kDropsTheLast ? tasks_ - 1 : tasks_;
    for (uint32_t i = 0; i < count; ++i) board.run_task(conduct_ == Conduct::kBackwards ? tasks_ - 1 - i : i);
    RunTimes times;
    times.elapsed = std::chrono::microseconds(tasks_);  // 1000 ns a task
    times.build = std::chrono::microseconds(tasks_ / 2);
    return times;
  }

 private:
  Conduct conduct_;
  bool sees_memory_;
  uint32_t tasks_ = 0;
};

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome run_main(System& system, std::vector<std::string> options) {
  options.insert(options.begin(), "tw-bench-task_overhead-fake");
  std::vector<char*> argv;
  for (std::string& option : options) argv.push_back(option.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = system_main(static_cast<int>(argv.size()), argv.data(), system);
  return {code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

const std::vector<std::string> kChain = {"--shape", "chain", "--n", "100", "--layout", "own_buffers"};

std::vector<std::string> chain_and(std::initializer_list<std::string> more) {
  std::vector<std::string> options = kChain;
  options.insert(options.end(), more);
  return options;
}

TEST(SystemMain, AGoodSystemGivesOneRow) {
  FakeSystem system(FakeSystem::Conduct::kGood);
  const Outcome outcome = run_main(system, chain_and({"--runs", "3"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Row row = row_from_json(outcome.out);
  EXPECT_EQ(row.system, "fake");
  EXPECT_DOUBLE_EQ(row.value.value(), 1000);
  EXPECT_EQ(row.runs, 3);
  EXPECT_EQ(*row.field("shape"), FieldValue(std::string("chain")));
  EXPECT_EQ(*row.field("tasks"), FieldValue(int64_t{100}));
  EXPECT_EQ(*row.field("discovery"), FieldValue(std::string("data")));
  EXPECT_DOUBLE_EQ(std::get<double>(*row.field("build_ns_per_task")), 500);
  EXPECT_EQ(system.runs, 4) << "the warm-up and three";
}

TEST(SystemMain, WrongOrderGivesNoRow) {
  for (const char* stamp : {"sequence", "count"}) {
    FakeSystem system(FakeSystem::Conduct::kBackwards);
    const Outcome outcome = run_main(system, chain_and({"--stamp", stamp}));
    EXPECT_EQ(outcome.exit_code, 1) << stamp;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, HasSubstr("before its predecessor"));
  }
}

TEST(SystemMain, ATaskLeftOutGivesNoRow) {
  FakeSystem system(FakeSystem::Conduct::kDropsTheLast);
  const Outcome outcome = run_main(system, kChain);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("task 99 of 100 never ran"));
}

TEST(SystemMain, ASystemThatCannotDoItGivesARowThatSaysWhy) {
  FakeSystem system(FakeSystem::Conduct::kCannot);
  const Outcome outcome = run_main(system, chain_and({"--threads", "1"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Row row = row_from_json(outcome.out);
  EXPECT_FALSE(row.value);
  EXPECT_EQ(row.absence, Absence::kNotApplicable);
  EXPECT_EQ(row.error, "fake has no such thing");
  EXPECT_EQ(*row.field("threads"), FieldValue(int64_t{1}));
}

TEST(SystemMain, TheConditionsReachTheSystemAndTheRow) {
  FakeSystem system(FakeSystem::Conduct::kGood);
  const Outcome outcome = run_main(system, {"--shape", "chain", "--n", "100", "--layout", "tiles", "--threads", "3", "--kernel-ns", "600"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(system.conditions.layout, Layout::kTiles);
  EXPECT_EQ(system.conditions.threads, 3);
  EXPECT_EQ(system.conditions.kernel_ns, 600u);
  const Row row = row_from_json(outcome.out);
  EXPECT_EQ(*row.field("layout"), FieldValue(std::string("tiles")));
  EXPECT_EQ(*row.field("threads"), FieldValue(int64_t{3}));
  EXPECT_EQ(*row.field("kernel_ns"), FieldValue(int64_t{600}));
  EXPECT_DOUBLE_EQ(std::get<double>(*row.field("efficiency")), 0.2) << "600 ns of 1000, on three threads";
}

TEST(SystemMain, AFailureIsTold) {
  FakeSystem system(FakeSystem::Conduct::kFails);
  const Outcome outcome = run_main(system, kChain);
  EXPECT_EQ(outcome.exit_code, exit_code(ErrorCode::kLimitExceeded));
  EXPECT_THAT(outcome.err, HasSubstr("too many tasks for fake\n  hint: use fewer"));
}

TEST(SystemMain, OverBudgetThereAreFewerRunsButAtLeastOne) {
  FakeSystem system(FakeSystem::Conduct::kGood);  // 100 us a run
  EXPECT_EQ(row_from_json(run_main(system, chain_and({"--runs", "5", "--budget", "0.00035"})).out).runs, 3);
  EXPECT_EQ(row_from_json(run_main(system, chain_and({"--runs", "5", "--budget", "0"})).out).runs, 1);
}

TEST(SystemMain, ALayoutThatDoesNotFitIsMisuse) {
  FakeSystem sees(FakeSystem::Conduct::kGood, true);
  EXPECT_EQ(run_main(sees, {"--shape", "chain", "--n", "10", "--layout", "any"}).exit_code, 2);
  FakeSystem blind(FakeSystem::Conduct::kGood, false);
  EXPECT_EQ(run_main(blind, kChain).exit_code, 2);
  EXPECT_EQ(run_main(blind, {"--shape", "chain", "--n", "10", "--layout", "any"}).exit_code, 0);
}

TEST(SystemMain, BadOptionsAreMisuse) {
  FakeSystem system(FakeSystem::Conduct::kGood);
  EXPECT_EQ(run_main(system, {}).exit_code, 2);
  EXPECT_EQ(run_main(system, chain_and({"--runs", "0"})).exit_code, 2);
  for (const char* threads : {"0", "-1", "2x", "any", "1025", ""}) {
    EXPECT_EQ(run_main(system, chain_and({"--threads", threads})).exit_code, 2) << threads;
  }
  EXPECT_EQ(run_main(system, chain_and({"--kernel-ns", "-5"})).exit_code, 2);
  EXPECT_EQ(run_main(system, chain_and({"--stamp", "never"})).exit_code, 2);
  EXPECT_EQ(run_main(system, {"--shape", "circle", "--n", "10", "--layout", "own_buffers"}).exit_code, 2);
  EXPECT_EQ(run_main(system, {"--shape", "chain", "--n", "0", "--layout", "own_buffers"}).exit_code, 2);
}

}  // namespace
}  // namespace tilewright::bench
