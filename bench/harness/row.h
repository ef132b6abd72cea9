// One measured figure and its JSON form: a row of build/bench/<case>.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tilewright::bench {

using FieldValue = std::variant<std::string, int64_t, double>;

/// A fact about a row: what was measured ("shape": "chain") or how ("threads": 2).
struct Field {
  std::string name;
  FieldValue value;
};

/// The value as it stands in a table: text as it is, numbers in their shortest form.
std::string to_text(const FieldValue& value);

/// Why a row has no value.
enum class Absence {
  kNotFound,       ///< not installed: a fact about the machine
  kNotApplicable,  ///< it cannot do this: a fact about the system
  kFailed,         ///< an error
};

/// "not found", "not applicable", "failed".
std::string_view absence_text(Absence absence);

/// A figure of one system. A row without a value says in `error` why there is none; it is never left out.
struct Row {
  std::string system;
  std::vector<Field> fields;
  std::string metric;
  std::string unit;
  std::optional<double> value;         ///< the median of the runs
  double min = 0;                      ///< valid if value is
  double max = 0;                      ///< valid if value is
  int runs = 0;                        ///< how many runs the median is of
  Absence absence = Absence::kFailed;  ///< meaningless if value is set
  std::string error;                   ///< complete text; empty if value is set

  /// Sets value, min, max and runs from one sample per run. Throws Error(kInvalidArgument) if there is none.
  void set_samples(std::vector<double> samples);
  /// nullptr if the row has no such field.
  const FieldValue* field(std::string_view name) const;
};

/// The middle sample, or the mean of the two middle ones. Throws Error(kInvalidArgument) if there is none.
double median(std::vector<double> samples);

/// One line of JSON: {"system", fields..., "metric", "value", "unit", "runs", "min", "max"}, or with
/// "value": null, "status" (absence_text) and "error". How a system's process hands its row to the driver.
std::string to_json_line(const Row& row);

/// The inverse of to_json_line. Throws Error(kParseError) that quotes the line.
Row row_from_json(std::string_view line);

}  // namespace tilewright::bench
