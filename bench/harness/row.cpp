#include "harness/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "harness/row_json.h"

namespace tilewright::bench {

namespace {

/// Keys of a row that are members of Row; every other key is a field.
constexpr std::array<std::string_view, 9> kMembers = {"system", "metric", "value", "unit", "runs", "min", "max", "status", "error"};

Absence parse_absence(const std::string& text) {
  for (Absence absence : {Absence::kNotFound, Absence::kNotApplicable, Absence::kFailed}) {
    if (text == absence_text(absence)) return absence;
  }
  throw Error(ErrorCode::kParseError, fmt::format("a benchmark row has no status \"{}\"", text));
}

FieldValue field_value(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  throw Error(ErrorCode::kParseError, fmt::format("a field of a benchmark row is a string or a number, not {}", value.dump()));
}

}  // namespace

std::string_view absence_text(Absence absence) {
  switch (absence) {
    case Absence::kNotFound: return "not found";
    case Absence::kNotApplicable: return "not applicable";
    case Absence::kFailed: return "failed";
  }
  return "failed";
}

std::string to_text(const FieldValue& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

double median(std::vector<double> samples) {
  if (samples.empty()) throw Error(ErrorCode::kInvalidArgument, "the median of no samples", "measure at least one run");
  std::sort(samples.begin(), samples.end());
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

void Row::set_samples(std::vector<double> samples) {
  value = median(samples);
  const auto [least, most] = std::minmax_element(samples.begin(), samples.end());
  min = *least;
  max = *most;
  runs = static_cast<int>(samples.size());
}

const FieldValue* Row::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

nlohmann::ordered_json to_json(const Row& row) {
  nlohmann::ordered_json json;
  json["system"] = row.system;
  for (const Field& field : row.fields) {
    std::visit([&](const auto& value) { json[field.name] = value; }, field.value);
  }
  json["metric"] = row.metric;
  if (row.value) {
    json["value"] = *row.value;
  } else {
    json["value"] = nullptr;
  }
  json["unit"] = row.unit;
  json["runs"] = row.runs;
  if (row.value) {
    json["min"] = row.min;
    json["max"] = row.max;
  } else {
    json["status"] = absence_text(row.absence);
    json["error"] = row.error;
  }
  return json;
}

std::string to_json_line(const Row& row) {
  // Text from a compiler may hold any bytes; a row must still be valid JSON.
  return to_json(row).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Row row_from_json(std::string_view line) {
  try {
    const auto json = nlohmann::ordered_json::parse(line);
    Row row;
    row.system = json.at("system").get<std::string>();
    row.metric = json.at("metric").get<std::string>();
    row.unit = json.at("unit").get<std::string>();
    row.runs = json.at("runs").get<int>();
    if (!json.at("value").is_null()) {
      row.value = json.at("value").get<double>();
      row.min = json.at("min").get<double>();
      row.max = json.at("max").get<double>();
    } else {
      row.absence = parse_absence(json.at("status").get<std::string>());
      row.error = json.at("error").get<std::string>();
    }
    for (const auto& [name, value] : json.items()) {
      if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) row.fields.push_back({name, field_value(value)});
    }
    return row;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kParseError, fmt::format("not a benchmark row: {}: {}", error.what(), line));
  }
}

}  // namespace tilewright::bench
