#include "tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "harness/text_table.h"

namespace tilewright::bench {
namespace {

std::string text_of(const Row& row, const char* field) {
  const FieldValue* value = row.field(field);
  return value != nullptr ? to_text(*value) : "-";
}

std::string seconds(const Row& row) { return row.value ? fmt::format("{:.3f}", *row.value) : std::string(absence_text(row.absence)); }

/// One line for each program and system.
std::string programs_table(const std::vector<Row>& rows) {
  struct Line {
    std::string program, system, objects;
    std::string cells[std::size(kPhases)];
  };
  std::vector<Line> lines;
  for (const Row& row : rows) {
    const auto* const phase = std::find(std::begin(kPhases), std::end(kPhases), row.metric);
    if (phase == std::end(kPhases)) continue;
    const std::string program = text_of(row, "program");
    auto line =
        std::find_if(lines.begin(), lines.end(), [&](const Line& each) { return each.program == program && each.system == row.system; });
    if (line == lines.end()) line = lines.insert(line, {program, row.system, text_of(row, "objects"), {}});
    line->cells[phase - std::begin(kPhases)] = seconds(row);
  }
  TextTable table;
  std::vector<std::string> head = {"program", "system", "objects"};
  head.insert(head.end(), std::begin(kPhases), std::end(kPhases));
  table.add(head);
  for (Line& line : lines) {
    std::vector<std::string> cells = {line.program, line.system, line.objects};
    for (std::string& cell : line.cells) cells.push_back(cell.empty() ? "" : std::move(cell));
    table.add(std::move(cells));
  }
  return table.text(2);
}

std::string kernels_table(const std::vector<Row>& rows) {
  TextTable table;
  table.add({"program", "kernel", "system", "s"});
  for (const Row& row : rows) {
    if (row.metric == kKernelMetric) table.add({text_of(row, "program"), text_of(row, "kernel"), row.system, seconds(row)});
  }
  return table.text(3);
}

/// The row with the largest median of a metric, or null.
const Row* slowest(const std::vector<Row>& rows, std::string_view metric) {
  const Row* most = nullptr;
  for (const Row& row : rows) {
    if (row.system == "tilewright" && row.metric == metric && row.value && (most == nullptr || *row.value > *most->value)) most = &row;
  }
  return most;
}

std::string verdict(const std::vector<Row>& rows, const char* metric, const char* field, double target) {
  const Row* row = slowest(rows, metric);
  if (row == nullptr) return "";
  return fmt::format("slowest {}: {:.3f} s ({}), target {} s: {}\n", metric, *row->value, text_of(*row, field), target,
                     *row->value <= target ? "met" : "missed");
}

}  // namespace

std::string program_tables(const Report& report) {
  const std::vector<Row>& rows = report.rows();
  std::string text = report.heading() + "\n\nPrograms, s:\n\n" + programs_table(rows) +
                     "\nKernels one at a time, source to object, s:\n\n" + kernels_table(rows) + "\n" +
                     verdict(rows, kKernelMetric, "kernel", kKernelTargetSeconds) +
                     verdict(rows, "unchanged", "program", kUnchangedTargetSeconds);
  for (const Row& row : rows) {
    if (!row.value) text += fmt::format("\n{} {} {}: {}\n", text_of(row, "program"), row.system, row.metric, row.error);
  }
  return text;
}

}  // namespace tilewright::bench
