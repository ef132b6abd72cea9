#include "task_overhead/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TableOptions kOptions{"ours", Statistic::kMedian};

struct What {
  std::string shape = "wavefront_100";
  int64_t tasks = 1000;
  std::string layout = "own_buffers";
  FieldValue threads = int64_t{2};
  int64_t kernel_ns = 0;
};

Row time_row(const std::string& system, const What& what, std::vector<double> samples) {
  Row row;
  row.system = system;
  row.fields = {
      {"shape", what.shape}, {"tasks", what.tasks}, {"layout", what.layout}, {"threads", what.threads}, {"kernel_ns", what.kernel_ns}};
  row.metric = "ns_per_task";
  row.unit = "ns";
  row.set_samples(std::move(samples));
  return row;
}

/// Rows of kernels of 100, 1000 and 10000 ns on two threads whose efficiency is as given.
std::vector<Row> curve(const std::string& system, std::vector<double> efficiencies, What what = {}) {
  std::vector<Row> rows;
  for (double efficiency : efficiencies) {
    what.kernel_ns = rows.empty() ? 100 : rows.size() == 1 ? 1000 : 10000;
    rows.push_back(time_row(system, what, {static_cast<double>(what.kernel_ns) / (2 * efficiency)}));
  }
  return rows;
}

std::vector<Row> joined(std::vector<Row> first, const std::vector<Row>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Lines with runs of spaces as one, so that widths do not matter.
std::string squeezed(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result += c;
  }
  return result;
}

TEST(OverheadTables, SystemsStandSideBySideWithRatios) {
  const std::vector<Row> rows = {time_row("ours", {}, {40, 50, 60}), time_row("theirs", {}, {400, 500, 700})};
  const std::string text = squeezed(overhead_tables(rows, kOptions));
  EXPECT_THAT(text, HasSubstr("1000 tasks that do nothing, 2 threads: ns per task (median"));
  EXPECT_THAT(text, HasSubstr("\nshape layout ours theirs x\nwavefront_100 own_buffers 50.0 500 10.00\n"));
}

TEST(OverheadTables, ThreadsAndSizesHaveTablesOfTheirOwn) {
  What one_thread;
  one_thread.threads = int64_t{1};
  What more_tasks;
  more_tasks.tasks = 20000;
  const std::vector<Row> rows = {time_row("ours", {}, {2}), time_row("theirs", {}, {2}), time_row("ours", one_thread, {1}),
                                 time_row("ours", more_tasks, {3}), time_row("theirs", more_tasks, {3})};
  const std::string text = squeezed(overhead_tables(rows, kOptions));
  const size_t first = text.find("1000 tasks that do nothing, 1 thread:");
  const size_t second = text.find("1000 tasks that do nothing, 2 threads:");
  const size_t third = text.find("20000 tasks that do nothing, 2 threads:");
  ASSERT_NE(third, std::string::npos) << text;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_THAT(text.substr(first, second - first), HasSubstr("own_buffers 1.0 - -\n"));
  EXPECT_THAT(text, Not(HasSubstr("20000 tasks that do nothing, 1 thread")));
}

TEST(OverheadTables, ARowOfAnyLayoutAndAnyThreadsStandsInEveryLineAndMakesNone) {
  What tiles;
  tiles.layout = "tiles";
  What everywhere;
  everywhere.layout = "any";
  everywhere.threads = std::string("any");
  What elsewhere = everywhere;
  elsewhere.shape = "chain";
  const std::vector<Row> rows = {time_row("ours", {}, {10}), time_row("ours", tiles, {20}), time_row("floor", everywhere, {5}),
                                 time_row("floor", elsewhere, {5})};
  const std::string text = squeezed(overhead_tables(rows, kOptions));
  EXPECT_THAT(text, HasSubstr("own_buffers 10.0 5.0 0.50\nwavefront_100 tiles 20.0 5.0 0.25\n"));
  EXPECT_THAT(text, Not(HasSubstr("chain")));
  EXPECT_THAT(squeezed(overhead_tables({time_row("floor", everywhere, {5})}, kOptions)), HasSubstr("wavefront_100 any 5.0"))
      << "alone it makes a line";
}

TEST(OverheadTables, UnsteadyRunsAreMarkedAndTheQuickestCanBeShown) {
  const std::vector<Row> rows = {time_row("ours", {}, {10, 30, 90}), time_row("theirs", {}, {40, 50, 80})};
  EXPECT_THAT(squeezed(overhead_tables(rows, kOptions)), HasSubstr("own_buffers 30.0~ 50.0 1.67\n"));
  EXPECT_THAT(squeezed(overhead_tables(rows, {"ours", Statistic::kLeast})), HasSubstr("own_buffers 10.0~ 40.0 4.00\n"));
}

TEST(OverheadTables, WhatIsMissingAndWhatWasNotAskedForAreToldApart) {
  What tiles;
  tiles.layout = "tiles";
  std::vector<Row> rows = {time_row("ours", {}, {10}), time_row("ours", tiles, {10}), time_row("theirs", {}, {1})};
  rows.back().value.reset();
  rows.back().absence = Absence::kNotFound;
  const std::string text = squeezed(overhead_tables(rows, kOptions));
  EXPECT_THAT(text, HasSubstr("own_buffers 10.0 not found -\nwavefront_100 tiles 10.0 - -\n"));
}

TEST(OverheadTables, KernelsThatTakeTimeAreNotInThem) { EXPECT_THAT(overhead_tables(curve("ours", {0.5}), kOptions), IsEmpty()); }

TEST(OverheadTables, SizesOfTheBaselineAloneAreLeftToTheSizesTable) {
  What more_tasks;
  more_tasks.tasks = 20000;
  const std::vector<Row> rows = {time_row("ours", {}, {2}), time_row("theirs", {}, {2}), time_row("ours", more_tasks, {3})};
  const std::string text = overhead_tables(rows, kOptions);
  EXPECT_THAT(text, HasSubstr("1000 tasks"));
  EXPECT_THAT(text, Not(HasSubstr("20000 tasks")));
  EXPECT_THAT(overhead_tables({time_row("ours", {}, {2})}, kOptions), HasSubstr("1000 tasks")) << "one size has no other place";
}

TEST(SizesTable, ShowsTheBaselineBySize) {
  std::vector<Row> rows;
  for (int64_t tasks : {10000, 1000}) {
    What what;
    what.tasks = tasks;
    rows.push_back(time_row("ours", what, {tasks == 1000 ? 20.0 : 30.0}));
    rows.push_back(time_row("theirs", what, {999}));
  }
  const std::string text = squeezed(sizes_table(rows, kOptions));
  EXPECT_THAT(text, HasSubstr("shape layout threads 1000 10000 largest/smallest\nwavefront_100 own_buffers 2 20.0 30.0 1.50\n"));
  EXPECT_THAT(text, Not(HasSubstr("999")));
  EXPECT_THAT(sizes_table({rows[0]}, kOptions), IsEmpty()) << "one size";
}

TEST(EfficiencyTables, ShowTheShareOfTheThreadsTime) {
  const auto rows = joined(curve("ours", {0.25, 0.5, 0.99}), curve("theirs", {0.1, 0.2, 0.3}));
  const std::string text = squeezed(efficiency_tables(rows, kOptions));
  EXPECT_THAT(
      text, HasSubstr("own_buffers 100 25 % 10 %\nwavefront_100 own_buffers 1000 50 % 20 %\nwavefront_100 own_buffers 10000 99 % 30 %\n"));
}

TEST(Metg, IsInterpolatedInTheLogarithmOfTheTime) {
  const auto metg = metg_rows(curve("ours", {0.3, 0.4, 0.9}), Statistic::kMedian);
  ASSERT_EQ(metg.size(), 1u);
  EXPECT_EQ(metg[0].system, "ours");
  EXPECT_EQ(metg[0].metric, "metg_50");
  EXPECT_NEAR(metg[0].value.value(), 1000 * std::pow(10, 0.2), 1e-6) << "0.5 is a fifth of the way from 0.4 to 0.9";
  EXPECT_EQ(*metg[0].field("bound"), FieldValue(std::string("between")));
  EXPECT_EQ(*metg[0].field("shape"), FieldValue(std::string("wavefront_100")));
  EXPECT_EQ(*metg[0].field("threads"), FieldValue(int64_t{2}));
}

TEST(Metg, CountsFromWhereEveryLongerKernelReachesIt) {
  const auto metg = metg_rows(curve("ours", {0.6, 0.4, 0.9}), Statistic::kMedian);
  EXPECT_NEAR(metg.at(0).value.value(), 1000 * std::pow(10, 0.2), 1e-6);
}

TEST(Metg, IsAtMostTheShortestKernelIfThatReachesIt) {
  const auto metg = metg_rows(curve("ours", {0.5, 0.8, 0.9}), Statistic::kMedian);
  EXPECT_DOUBLE_EQ(metg.at(0).value.value(), 100);
  EXPECT_EQ(*metg[0].field("bound"), FieldValue(std::string("at most")));
  EXPECT_THAT(squeezed(metg_tables(metg, kOptions)), HasSubstr("wavefront_100 own_buffers <100\n"));
}

TEST(Metg, OneThatIsNotReachedSaysHowFarItGot) {
  const auto metg = metg_rows(joined(curve("ours", {0.5, 0.8, 0.9}), curve("theirs", {0.1, 0.2, 0.42})), Statistic::kMedian);
  ASSERT_EQ(metg.size(), 2u);
  EXPECT_FALSE(metg[1].value);
  EXPECT_EQ(metg[1].absence, Absence::kNotApplicable);
  EXPECT_EQ(metg[1].error, "kernels of 10000 ns keep 42 % of the threads busy, not yet 50 %");
  EXPECT_THAT(squeezed(metg_tables(metg, kOptions)), HasSubstr("own_buffers <100 not reached -\n"));
}

TEST(Metg, RatiosAreOverTheBaseline) {
  const auto metg = metg_rows(joined(curve("ours", {0.4, 0.6, 0.9}), curve("theirs", {0.2, 0.4, 0.6})), Statistic::kMedian);
  EXPECT_THAT(squeezed(metg_tables(metg, kOptions)), HasSubstr("own_buffers 316 3162 10.00\n"));
}

TEST(Metg, NeedsTwoDurationsAndThreadsThatCouldBeBusy) {
  EXPECT_THAT(metg_rows(curve("ours", {0.4}), Statistic::kMedian), IsEmpty());
  What chain;
  chain.shape = "chain";
  EXPECT_THAT(metg_rows(curve("ours", {0.4, 0.5}, chain), Statistic::kMedian), IsEmpty());
  chain.threads = int64_t{1};
  EXPECT_EQ(metg_rows(curve("ours", {0.4, 0.5}, chain), Statistic::kMedian).size(), 1u);
  What floor;
  floor.threads = std::string("any");
  EXPECT_THAT(metg_rows(curve("floor", {0.4, 0.5}, floor), Statistic::kMedian), IsEmpty());
}

TEST(Metg, TheQuickestRunsCanCount) {
  What what;
  what.kernel_ns = 100;
  What longer = what;
  longer.kernel_ns = 1000;
  const std::vector<Row> rows = {time_row("ours", what, {100, 500, 900}), time_row("ours", longer, {600, 600, 600})};
  EXPECT_DOUBLE_EQ(metg_rows(rows, Statistic::kLeast).at(0).value.value(), 100);
  EXPECT_GT(metg_rows(rows, Statistic::kMedian).at(0).value.value(), 100);
}

}  // namespace
}  // namespace tilewright::bench
