#include "harness/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "harness/row_json.h"

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

/// Lines of cells, each column as wide as its widest cell; numbers to the right.
class TextTable {
 public:
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }

  std::string text(size_t left_columns) const {
    std::vector<size_t> widths;
    for (const auto& cells : lines_) {
      widths.resize(std::max(widths.size(), cells.size()));
      for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    }
    std::string text;
    for (const auto& cells : lines_) {
      std::string line;
      for (size_t i = 0; i < cells.size(); ++i) {
        line += i < left_columns ? fmt::format("{:<{}}  ", cells[i], widths[i]) : fmt::format("{:>{}}  ", cells[i], widths[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> lines_;
};

std::string number(double value) { return value < 10 ? fmt::format("{:.2f}", value) : fmt::format("{:.1f}", value); }

/// "name: field=value, ..." of the fields that are the same in all of the system's rows.
std::string about_system(const std::string& system, const std::vector<Row>& rows, const TableLayout& layout) {
  std::string text;
  const auto first = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.system == system && row.value; });
  if (first == rows.end()) return {};
  for (const Field& field : first->fields) {
    if (std::find(layout.group_fields.begin(), layout.group_fields.end(), field.name) != layout.group_fields.end()) continue;
    const bool constant = std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
      if (row.system != system || !row.value) return true;
      const FieldValue* value = row.field(field.name);
      return value != nullptr && *value == field.value;
    });
    if (constant) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", field.name, to_text(field.value));
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

std::string Report::table(const TableLayout& layout) const {
  std::string text = fmt::format("{} on {}, {} cores, {}, {}, load {:.2f}\n\n", case_name_, machine_.cpu, machine_.cores, machine_.kernel,
                                 machine_.compiler, machine_.load);
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
  text += table.text(layout.group_fields.size() + 2);

  std::vector<std::string> systems;
  for (const Row& row : rows_) {
    if (std::find(systems.begin(), systems.end(), row.system) == systems.end()) systems.push_back(row.system);
  }
  text += "\n";
  for (const std::string& system : systems) text += about_system(system, rows_, layout);
  return text + reasons(rows_, layout);
}

}  // namespace tilewright::bench
