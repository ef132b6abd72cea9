#include "task_overhead/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "harness/report.h"
#include "harness/text_table.h"
#include "task_overhead/shapes.h"
#include "task_overhead/slot_memory.h"

namespace tilewright::bench {

namespace {

constexpr double kGoal = 0.5;  // of METG
constexpr const char* kNotMeasured = "-";

std::string text_of(const Row& row, const char* field) {
  const FieldValue* value = row.field(field);
  return value != nullptr ? to_text(*value) : std::string();
}

int64_t number_of(const Row& row, const char* field) {
  const FieldValue* value = row.field(field);
  const int64_t* number = value != nullptr ? std::get_if<int64_t>(value) : nullptr;
  return number != nullptr ? *number : 0;
}

/// A line or a column of a table wants the row of these.
struct Place {
  std::string shape;
  int64_t tasks;
  std::string layout;
  std::string threads;
  int64_t kernel_ns;
};

/// Rows, found by what they measure. What is asked for is in the order in which tables show it.
class Rows {
 public:
  Rows(const std::vector<Row>& rows, const std::function<bool(const Row&)>& wanted) {
    for (const Row& row : rows) {
      if (wanted(row)) rows_.push_back(&row);
    }
  }

  bool empty() const { return rows_.empty(); }

  /// The row of the system at the place, also if it does not tell layouts or threads apart. nullptr if there is none.
  const Row* find(const std::string& system, const Place& place) const {
    for (const Row* row : rows_) {
      if (row->system == system && covers(*row, place)) return row;
    }
    return nullptr;
  }

  /// Whether a row is of this place and of no other: one that belongs everywhere makes no line.
  bool has_own(const Place& place) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Row* row) { return covers(*row, place) && text_of(*row, "layout") == place.layout; });
  }

  std::vector<std::string> systems() const {
    std::vector<std::string> names;
    for (const Row* row : rows_) {
      if (std::find(names.begin(), names.end(), row->system) == names.end()) names.push_back(row->system);
    }
    return names;
  }
  std::vector<int64_t> numbers(const char* field) const {
    std::set<int64_t> numbers;
    for (const Row* row : rows_) numbers.insert(number_of(*row, field));
    return {numbers.begin(), numbers.end()};
  }
  /// Smaller numbers of threads first, "any" only if there is nothing else.
  std::vector<std::string> threads() const {
    std::vector<std::string> texts;
    for (int64_t number : numbers("threads")) {
      if (number > 0) texts.push_back(fmt::format("{}", number));
    }
    if (texts.empty()) texts.emplace_back(kAnyGroup);
    return texts;
  }
  std::vector<std::string> layouts() const {
    std::vector<std::string> names;
    for (Layout layout : kMemoryLayouts) {
      if (std::any_of(rows_.begin(), rows_.end(), [&](const Row* row) { return text_of(*row, "layout") == layout_name(layout); })) {
        names.emplace_back(layout_name(layout));
      }
    }
    if (names.empty()) names.emplace_back(kAnyGroup);
    return names;
  }
  std::vector<std::string> shapes() const {
    std::vector<std::string> names;
    for (Shape shape : kAllShapes) {
      if (std::any_of(rows_.begin(), rows_.end(), [&](const Row* row) { return text_of(*row, "shape") == shape_name(shape); })) {
        names.emplace_back(shape_name(shape));
      }
    }
    return names;
  }

 private:
  static bool covers(const Row& row, const Place& place) {
    const auto same_or_any = [&](const char* field, const std::string& wanted) {
      const std::string text = text_of(row, field);
      return text == wanted || text == kAnyGroup;
    };
    return text_of(row, "shape") == place.shape && number_of(row, "tasks") == place.tasks &&
           number_of(row, "kernel_ns") == place.kernel_ns && same_or_any("layout", place.layout) && same_or_any("threads", place.threads);
  }

  std::vector<const Row*> rows_;
};

double value_of(const Row& row, Statistic statistic) { return statistic == Statistic::kLeast ? row.min : *row.value; }

std::string ns_text(double ns) { return ns < 100 ? fmt::format("{:.1f}", ns) : fmt::format("{:.0f}", ns); }

std::string ns_cell(const Row* row, Statistic statistic) {
  if (row == nullptr) return kNotMeasured;
  if (!row->value) return std::string(absence_text(row->absence));
  return ns_text(value_of(*row, statistic)) + (row->max > 2 * row->min ? kUnsteadyMark : "");
}

std::string ratio_cell(const Row* row, const Row* baseline, Statistic statistic) {
  if (row == nullptr || baseline == nullptr || !row->value || !baseline->value || !(*baseline->value > 0)) return kNotMeasured;
  return fmt::format("{:.2f}", value_of(*row, statistic) / value_of(*baseline, statistic));
}

std::string statistic_text(Statistic statistic) { return statistic == Statistic::kLeast ? "quickest run" : "median"; }

std::string threads_text(const std::string& threads) { return threads == "1" ? "1 thread" : threads + " threads"; }

std::string legend(const TableOptions& options) {
  return fmt::format("x: over {}; {}: slowest run over twice the quickest", options.baseline, kUnsteadyMark);
}

/// One of the kinds of table that have systems as columns.
struct TableKind {
  std::function<bool(const Row&)> wanted;
  bool by_kernel_time;  ///< a line per kernel time
  bool ratios;          ///< a column with the value over the baseline's after each system
  std::function<std::string(const Row*)> cell;
  std::function<std::string(int64_t tasks, const std::string& threads)> title;
};

std::string one_table(const Rows& rows, int64_t tasks, const std::string& threads, const TableKind& kind, const TableOptions& options) {
  const auto systems = rows.systems();
  TextTable table;
  std::vector<std::string> header = {"shape", "layout"};
  if (kind.by_kernel_time) header.emplace_back("kernel ns");
  for (const std::string& system : systems) {
    header.push_back(system);
    if (kind.ratios && system != options.baseline) header.emplace_back("x");
  }
  table.add(std::move(header));
  for (const std::string& shape : rows.shapes()) {
    for (const std::string& layout : rows.layouts()) {
      for (int64_t kernel_ns : rows.numbers("kernel_ns")) {
        const Place place = {shape, tasks, layout, threads, kernel_ns};
        if (!rows.has_own(place)) continue;
        std::vector<std::string> cells = {shape, layout};
        if (kind.by_kernel_time) cells.push_back(fmt::format("{}", kernel_ns));
        const Row* const baseline = rows.find(options.baseline, place);
        for (const std::string& system : systems) {
          const Row* const row = rows.find(system, place);
          cells.push_back(kind.cell(row));
          if (kind.ratios && system != options.baseline) cells.push_back(ratio_cell(row, baseline, options.statistic));
        }
        table.add(std::move(cells));
      }
    }
  }
  return kind.title(tasks, threads) + "\n" + table.text(2) + "\n";
}

/// A table per number of tasks and threads.
std::string all_tables(const std::vector<Row>& all, const TableKind& kind, const TableOptions& options) {
  std::string text;
  for (int64_t tasks : Rows(all, kind.wanted).numbers("tasks")) {
    const Rows rows(all, [&](const Row& row) { return kind.wanted(row) && number_of(row, "tasks") == tasks; });
    for (const std::string& threads : rows.threads()) text += one_table(rows, tasks, threads, kind, options);
  }
  return text;
}

bool is_time(const Row& row) { return row.metric == "ns_per_task"; }

std::optional<double> efficiency_of(const Row& row, Statistic statistic) {
  if (!row.value) return std::nullopt;
  const double threads = static_cast<double>(std::max<int64_t>(1, number_of(row, "threads")));  // "any" is one
  return static_cast<double>(number_of(row, "kernel_ns")) / (threads * value_of(row, statistic));
}

/// Efficiency at a kernel time, in nanoseconds.
struct Point {
  double kernel_ns;
  double efficiency;
};

/// See metg_rows. `curve` ascends by kernel time and has at least two points.
void set_metg(Row& row, const std::vector<Point>& curve) {
  size_t reached = curve.size();
  while (reached > 0 && curve[reached - 1].efficiency >= kGoal) --reached;
  if (reached == curve.size()) {
    row.absence = Absence::kNotApplicable;
    row.error = fmt::format("kernels of {} ns keep {:.0f} % of the threads busy, not yet {:.0f} %", curve.back().kernel_ns,
                            100 * curve.back().efficiency, 100 * kGoal);
    return;
  }
  const Point& above = curve[reached];
  double metg = above.kernel_ns;
  if (reached > 0) {
    const Point& below = curve[reached - 1];
    const double share = (kGoal - below.efficiency) / (above.efficiency - below.efficiency);
    metg = below.kernel_ns * std::pow(above.kernel_ns / below.kernel_ns, share);
  }
  row.fields.push_back({"bound", reached > 0 ? "between" : "at most"});
  row.set_samples({metg});
}

}  // namespace

std::string overhead_tables(const std::vector<Row>& rows, const TableOptions& options) {
  TableKind kind;
  const auto empty_tasks = [](const Row& row) { return is_time(row) && number_of(row, "kernel_ns") == 0; };
  std::set<int64_t> compared;  // sizes that another system than the baseline was measured at
  for (const Row& row : rows) {
    if (empty_tasks(row) && row.system != options.baseline) compared.insert(number_of(row, "tasks"));
  }
  const bool one_size = Rows(rows, empty_tasks).numbers("tasks").size() == 1;
  kind.wanted = [&](const Row& row) { return empty_tasks(row) && (one_size || compared.count(number_of(row, "tasks")) > 0); };
  kind.by_kernel_time = false;
  kind.ratios = true;
  kind.cell = [&](const Row* row) { return ns_cell(row, options.statistic); };
  kind.title = [&](int64_t tasks, const std::string& threads) {
    return fmt::format("{} tasks that do nothing, {}: ns per task ({}; {})", tasks, threads_text(threads),
                       statistic_text(options.statistic), legend(options));
  };
  return all_tables(rows, kind, options);
}

std::string sizes_table(const std::vector<Row>& all, const TableOptions& options) {
  const Rows rows(all, [&](const Row& row) { return is_time(row) && number_of(row, "kernel_ns") == 0 && row.system == options.baseline; });
  const auto sizes = rows.numbers("tasks");
  if (sizes.size() < 2) return {};
  TextTable table;
  std::vector<std::string> header = {"shape", "layout", "threads"};
  for (int64_t tasks : sizes) header.push_back(fmt::format("{}", tasks));
  header.emplace_back("largest/smallest");
  table.add(std::move(header));
  for (const std::string& shape : rows.shapes()) {
    for (const std::string& layout : rows.layouts()) {
      for (const std::string& threads : rows.threads()) {
        std::vector<std::string> cells = {shape, layout, threads};
        std::vector<double> values;
        for (int64_t tasks : sizes) {
          const Row* const row = rows.find(options.baseline, {shape, tasks, layout, threads, 0});
          cells.push_back(ns_cell(row, options.statistic));
          if (row != nullptr && row->value) values.push_back(value_of(*row, options.statistic));
        }
        if (values.empty()) continue;
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        cells.push_back(*least > 0 ? fmt::format("{:.2f}", *most / *least) : kNotMeasured);
        table.add(std::move(cells));
      }
    }
  }
  return fmt::format("{} by number of tasks: ns per task ({})\n{}\n", options.baseline, statistic_text(options.statistic), table.text(3));
}

std::string efficiency_tables(const std::vector<Row>& rows, const TableOptions& options) {
  TableKind kind;
  kind.wanted = [](const Row& row) { return is_time(row) && number_of(row, "kernel_ns") > 0; };
  kind.by_kernel_time = true;
  kind.ratios = false;
  kind.cell = [&](const Row* row) {
    const auto efficiency = row != nullptr ? efficiency_of(*row, options.statistic) : std::nullopt;
    return efficiency ? fmt::format("{:.0f} %", 100 * *efficiency) : ns_cell(row, options.statistic);
  };
  kind.title = [&](int64_t tasks, const std::string& threads) {
    return fmt::format("{} tasks, {}: efficiency, kernel time x tasks / threads / elapsed ({})", tasks, threads_text(threads),
                       statistic_text(options.statistic));
  };
  return all_tables(rows, kind, options);
}

std::vector<Row> metg_rows(const std::vector<Row>& all, Statistic statistic) {
  const auto wanted = [](const Row& row) {
    const bool serial_shape = text_of(row, "shape") == shape_name(Shape::kChain) && number_of(row, "threads") > 1;
    const bool has_threads = text_of(row, "threads") != kAnyGroup;
    return is_time(row) && row.value && number_of(row, "kernel_ns") > 0 && has_threads && !serial_shape;
  };
  std::vector<const Row*> pending;
  for (const Row& row : all) {
    if (wanted(row)) pending.push_back(&row);
  }
  std::vector<Row> metg;
  while (!pending.empty()) {
    const Row& first = *pending.front();
    const auto same_curve = [&](const Row* row) {
      const auto same = [&](const char* field) { return text_of(*row, field) == text_of(first, field); };
      return row->system == first.system && same("shape") && same("tasks") && same("layout") && same("threads");
    };
    std::vector<Point> curve;
    for (const Row* row : pending) {
      if (same_curve(row)) curve.push_back({static_cast<double>(number_of(*row, "kernel_ns")), *efficiency_of(*row, statistic)});
    }
    std::sort(curve.begin(), curve.end(), [](const Point& a, const Point& b) { return a.kernel_ns < b.kernel_ns; });
    if (curve.size() >= 2) {
      Row row;
      row.system = first.system;
      for (const char* field : {"shape", "tasks", "layout", "threads"}) row.fields.push_back({field, *first.field(field)});
      row.metric = "metg_50";
      row.unit = "ns";
      set_metg(row, curve);
      metg.push_back(std::move(row));
    }
    pending.erase(std::remove_if(pending.begin(), pending.end(), same_curve), pending.end());
  }
  return metg;
}

std::string metg_tables(const std::vector<Row>& metg, const TableOptions& options) {
  TableKind kind;
  kind.wanted = [](const Row& row) { return row.metric == "metg_50"; };
  kind.by_kernel_time = false;
  kind.ratios = true;
  kind.cell = [](const Row* row) -> std::string {
    if (row == nullptr) return kNotMeasured;
    if (!row->value) return "not reached";
    return (text_of(*row, "bound") == "at most" ? "<" : "") + ns_text(*row->value);
  };
  kind.title = [&](int64_t tasks, const std::string& threads) {
    return fmt::format("METG, {} tasks, {}: the smallest kernel in ns that keeps half of the threads busy ({}; x: over {})", tasks,
                       threads_text(threads), statistic_text(options.statistic), options.baseline);
  };
  return all_tables(metg, kind, options);
}

}  // namespace tilewright::bench
