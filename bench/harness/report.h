// The result of one benchmark case: its JSON file and its table.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/machine.h"
#include "harness/row.h"

namespace tilewright::bench {

/// Rows with the same values of these fields stand together and are compared with each other.
struct TableLayout {
  std::vector<std::string> group_fields;
  std::string baseline;  ///< the system that ratios are taken against
};

/// A group field of this value puts a row into every group: a system that does not tell the difference.
inline constexpr std::string_view kAnyGroup = "any";

/// Not thread safe.
class Report {
 public:
  Report(std::string case_name, Machine machine) : case_name_(std::move(case_name)), machine_(std::move(machine)) {}

  void add(Row row) { rows_.push_back(std::move(row)); }
  const std::string& case_name() const { return case_name_; }
  const std::vector<Row>& rows() const { return rows_; }
  /// Whether a row has no value because its measurement failed. A system that is not there is no failure.
  bool has_failures() const;

  /// {"case", "machine", "rows"}, indented, ending in a newline.
  std::string json() const;
  /// Writes json() to `path` atomically and creates its directory. Throws Error (kDiskFull, kStoreUnwritable, kIoError).
  void write(const std::filesystem::path& path) const;
  /// The case and the machine, one line.
  std::string heading() const;
  /// What each system says about itself, each text and each number that is the same in all its rows; every error in
  /// full with the groups where it occurred.
  std::string remarks(const TableLayout& layout) const;
  /// heading; one line a row with median, min, max and value / baseline's value in the same group and metric; remarks.
  std::string table(const TableLayout& layout) const;

 private:
  std::string case_name_;
  Machine machine_;
  std::vector<Row> rows_;
};

}  // namespace tilewright::bench
