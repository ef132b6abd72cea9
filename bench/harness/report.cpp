#include "harness/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "harness/row_json.h"
#include "harness/text_table.h"

namespace tilewright::bench {

namespace {

using Key = std::vector<std::string>;

Key key_of(const Row& row, const TableLayout& layout) {
  Key key;
  for (const std::string& name : layout.group_fields) {
    const FieldValue* value = row.field(name);
    key.push_back(value != nullptr ? to_text(*value) : "-");
  }
  return key;
}

bool is_concrete(const Key& key) { return std::find(key.begin(), key.end(), kAnyGroup) == key.end(); }

bool belongs_to(const Key& key, const Key& group) {
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] != group[i] && key[i] != kAnyGroup) return false;
  }
  return true;
}

/// The groups in the order they first appear. One of "any" alone stands for itself if nothing more definite covers it.
std::vector<Key> groups_of(const std::vector<Row>& rows, const TableLayout& layout) {
  std::vector<Key> groups;
  const auto append = [&](const Key& key) {
    if (std::find(groups.begin(), groups.end(), key) == groups.end()) groups.push_back(key);
  };
  std::vector<Key> concrete;
  for (const Row& row : rows) {
    if (const Key key = key_of(row, layout); is_concrete(key)) concrete.push_back(key);
  }
  for (const Row& row : rows) {
    const Key key = key_of(row, layout);
    bool covered = false;
    for (const Key& group : concrete) {
      if (!belongs_to(key, group)) continue;
      append(group);
      covered = true;
    }
    if (!covered) append(key);
  }
  return groups;
}

std::optional<double> baseline_value(const std::vector<const Row*>& group, const Row& row, const std::string& baseline) {
  for (const Row* other : group) {
    if (other->system == baseline && other->metric == row.metric) return other->value;
  }
  return std::nullopt;
}

std::string number(double value) { return value < 10 ? fmt::format("{:.2f}", value) : fmt::format("{:.1f}", value); }

/// The values of a text field that differ, in the order they appear.
std::vector<std::string> texts_of(const std::string& field, const std::vector<const Row*>& rows) {
  std::vector<std::string> texts;
  for (const Row* row : rows) {
    const FieldValue* value = row->field(field);
    const std::string* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
    if (text != nullptr && std::find(texts.begin(), texts.end(), *text) == texts.end()) texts.push_back(*text);
  }
  return texts;
}

bool is_constant(const Field& field, const std::vector<const Row*>& rows) {
  return std::all_of(rows.begin(), rows.end(), [&](const Row* row) {
    const FieldValue* value = row->field(field.name);
    return value != nullptr && *value == field.value;
  });
}

/// "name: field: value; ..." of what the system's rows say: texts, each once, and numbers that are the same in all rows.
std::string about_system(const std::string& system, const std::vector<Row>& all, const TableLayout& layout) {
  std::vector<const Row*> rows;
  for (const Row& row : all) {
    if (row.system == system && row.value) rows.push_back(&row);
  }
  std::string text;
  std::vector<std::string> told = layout.group_fields;
  for (const Row* row : rows) {
    for (const Field& field : row->fields) {
      if (std::find(told.begin(), told.end(), field.name) != told.end()) continue;
      told.push_back(field.name);
      std::vector<std::string> values = texts_of(field.name, rows);
      if (values.empty() && is_constant(field, rows)) values.push_back(to_text(field.value));
      if (!values.empty()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", field.name, fmt::join(values, ", "));
    }
  }
  return text.empty() ? std::string() : fmt::format("  {}: {}\n", system, text);
}

/// Each reason why a system has no value, once and in full, and where it applies.
std::string reasons(const std::vector<Row>& rows, const TableLayout& layout) {
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto same = [&](const Row& row) { return !row.value && row.system == rows[i].system && row.error == rows[i].error; };
    if (rows[i].value || std::any_of(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    std::string where;
    for (const Row& row : rows) {
      if (same(row)) where += fmt::format("{}{}", where.empty() ? "" : ", ", fmt::join(key_of(row, layout), " "));
    }
    const bool everywhere =
        std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return row.system != rows[i].system || same(row); });
    text +=
        fmt::format("  {}: {} ({}): {}\n", rows[i].system, absence_text(rows[i].absence), everywhere ? "everywhere" : where, rows[i].error);
  }
  return text;
}

}  // namespace

bool Report::has_failures() const {
  return std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return !row.value && row.absence == Absence::kFailed; });
}

std::string Report::json() const {
  nlohmann::ordered_json json;
  json["case"] = case_name_;
  json["machine"] = {{"cpu", machine_.cpu},
                     {"cores", machine_.cores},
                     {"kernel", machine_.kernel},
                     {"compiler", machine_.compiler},
                     {"load", machine_.load}};
  json["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : rows_) json["rows"].push_back(to_json(row));
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void Report::write(const std::filesystem::path& path) const {
  if (path.has_parent_path()) {
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    if (failure) throw errno_error(failure.value(), fmt::format("cannot create {}", path.parent_path().string()));
  }
  write_file_atomically(path, json());
}

std::string Report::heading() const {
  return fmt::format("{} on {}, {} cores, {}, {}, load {:.2f}\n", case_name_, machine_.cpu, machine_.cores, machine_.kernel,
                     machine_.compiler, machine_.load);
}

std::string Report::remarks(const TableLayout& layout) const {
  std::vector<std::string> systems;
  for (const Row& row : rows_) {
    if (std::find(systems.begin(), systems.end(), row.system) == systems.end()) systems.push_back(row.system);
  }
  std::string text;
  for (const std::string& system : systems) text += about_system(system, rows_, layout);
  return text + reasons(rows_, layout);
}

std::string Report::table(const TableLayout& layout) const {
  TextTable table;
  std::vector<std::string> header = layout.group_fields;
  header.insert(header.end(), {"system", "metric", "median", "min", "max", "runs", fmt::format("x {}", layout.baseline)});
  table.add(std::move(header));
  for (const Key& group : groups_of(rows_, layout)) {
    std::vector<const Row*> members;
    for (const Row& row : rows_) {
      if (belongs_to(key_of(row, layout), group)) members.push_back(&row);
    }
    for (const Row* row : members) {
      std::vector<std::string> cells = group;
      cells.push_back(row->system);
      cells.push_back(fmt::format("{} ({})", row->metric, row->unit));
      if (row->value) {
        const auto base = baseline_value(members, *row, layout.baseline);
        const std::string ratio = base && *base > 0 ? fmt::format("{:.2f}", *row->value / *base) : "-";
        cells.insert(cells.end(), {number(*row->value), number(row->min), number(row->max), std::to_string(row->runs), ratio});
      } else {
        cells.insert(cells.end(), {std::string(absence_text(row->absence)), "-", "-", "0", "-"});
      }
      table.add(std::move(cells));
    }
  }
  return heading() + "\n" + table.text(layout.group_fields.size() + 2) + "\n" + remarks(layout);
}

}  // namespace tilewright::bench
