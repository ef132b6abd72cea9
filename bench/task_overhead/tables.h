// The rows of bench/task_overhead as tables to read: systems side by side, with ratios.
#pragma once

#include <string>
#include <vector>

#include "harness/row.h"

namespace tilewright::bench {

/// Which of a row's samples stand in the tables.
enum class Statistic {
  kMedian,
  kLeast,  ///< the quickest run: what a disturbed machine still tells
};

struct TableOptions {
  std::string baseline;  ///< the system that ratios are taken against
  Statistic statistic = Statistic::kMedian;
};

/// Nanoseconds per task of tasks that do nothing, a table per number of tasks and of threads: a line per shape and layout, a column
/// per system with its value over the baseline's. Numbers of tasks at which only the baseline was measured are left to
/// sizes_table, unless there is but one. Empty if there are no such rows.
std::string overhead_tables(const std::vector<Row>& rows, const TableOptions& options);

/// Nanoseconds per task of the baseline, a column per number of tasks, and the largest over the smallest of a line. Empty
/// with fewer than two numbers of tasks.
std::string sizes_table(const std::vector<Row>& rows, const TableOptions& options);

/// Share of the threads' time that kernels took, a table per number of tasks and threads. Empty if no kernel took time.
std::string efficiency_tables(const std::vector<Row>& rows, const TableOptions& options);

/// The smallest kernel time that keeps half of the threads busy (METG, minimum effective task granularity, at 50 %), for each
/// system, shape, number of tasks, layout and number of threads with kernels of at least two durations: from it on every
/// measured efficiency is at least 50 %. Between the last duration below and the first above it is interpolated, efficiency
/// linearly in the logarithm of the time. Metric "metg_50", unit "ns"; field "bound" is "between", or "at most" if the
/// shortest kernel already reaches it. A row without value (kNotApplicable) says how far the longest got. Chains on more
/// than one thread are left out, because they cannot pass 50 % on two, and systems without threads to keep busy.
std::vector<Row> metg_rows(const std::vector<Row>& rows, Statistic statistic);

/// The rows of metg_rows as a table per number of tasks and threads; "<" for "at most". Empty if there are none.
std::string metg_tables(const std::vector<Row>& metg, const TableOptions& options);

/// The mark of a value whose slowest run took more than twice its quickest: the machine was disturbed, or the system is erratic.
inline constexpr const char* kUnsteadyMark = "~";

}  // namespace tilewright::bench
