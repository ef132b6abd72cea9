#include "data/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/error.h"
#include "data/element.h"

namespace tilewright {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Errors {
  double absolute = 0;
  double relative = 0;
};

template <typename Value>
Errors errors_between(Value actual, Value golden) {
  if constexpr (std::is_floating_point_v<Value>) {
    if (actual == golden) return {};
    if (!std::isfinite(actual) || !std::isfinite(golden)) return {kInfinity, kInfinity};
    const double absolute = std::fabs(actual - golden);
    return {absolute, golden == 0 ? kInfinity : absolute / std::fabs(golden)};
  } else {
    if (actual == golden) return {};
    // In the unsigned type of 64 bits the difference of any two values is exact.
    const uint64_t difference = actual > golden ? static_cast<uint64_t>(actual) - static_cast<uint64_t>(golden)
                                                : static_cast<uint64_t>(golden) - static_cast<uint64_t>(actual);
    const double absolute = static_cast<double>(difference);
    return {absolute, golden == 0 ? kInfinity : absolute / std::fabs(static_cast<double>(golden))};
  }
}

template <typename Type>
std::string element_text(typename Type::Storage bits) {
  if constexpr (std::is_same_v<Type, BoolElement>) {
    return bits != 0 ? "true" : "false";
  } else if constexpr (std::is_same_v<typename Type::Value, double>) {
    return fmt::format("{}", static_cast<float>(Type::load(bits)));
  } else {
    return fmt::format("{}", Type::load(bits));
  }
}

template <typename Type>
class Comparison {
 public:
  using Storage = typename Type::Storage;
  using Value = typename Type::Value;

  Comparison(const HostTensor& actual, const HostTensor& golden, std::span<const double> allowed, CompareReport& report)
      : actual_(actual.elements<Storage>()),
        golden_(golden.elements<Storage>()),
        allowed_(allowed),
        shape_(actual.shape()),
        report_(report) {}

  void run() {
    uint64_t worst_absolute_at = 0;
    uint64_t worst_relative_at = 0;
    Errors worst;
    const Tolerance tolerance = report_.options.tolerance;
    for (uint64_t i = 0; i < golden_.size(); ++i) {
      const double allowed = allowed_.empty() ? 0 : allowed_[i];
      report_.has_bounds = report_.has_bounds || (allowed != 0 && std::isfinite(allowed));
      if (std::isinf(allowed)) {
        ++report_.ignored;
        continue;
      }
      const Value actual = Type::load(actual_[i]);
      const Value golden = Type::load(golden_[i]);
      if (is_nan(golden)) {
        if (report_.options.nan == NanRule::kIgnoreInGolden) {
          ++report_.ignored;
          continue;
        }
        if (report_.options.nan == NanRule::kEqual && is_nan(actual)) continue;
      }
      const Errors errors = errors_between(actual, golden);
      if (errors.absolute == 0) continue;
      if (errors.absolute > worst.absolute) {
        worst.absolute = errors.absolute;
        worst_absolute_at = i;
      }
      if (golden != 0 && errors.relative > worst.relative) {
        worst.relative = errors.relative;
        worst_relative_at = i;
      }
      // Spelled so that an infinite error is a mismatch even where an infinite golden makes the bound infinite.
      const bool matches = std::isfinite(errors.absolute) &&
                           errors.absolute <= tolerance.absolute + tolerance.relative * std::fabs(static_cast<double>(golden)) + allowed;
      if (matches) continue;
      ++report_.mismatches;
      if (report_.examples.size() < report_.options.max_examples) report_.examples.push_back(difference_at(i));
    }
    if (worst.absolute > 0) report_.worst_absolute = difference_at(worst_absolute_at);
    if (worst.relative > 0) report_.worst_relative = difference_at(worst_relative_at);
  }

 private:
  static bool is_nan(Value value) {
    if constexpr (std::is_floating_point_v<Value>) return std::isnan(value);
    return false;
  }

  ElementDifference difference_at(uint64_t i) const {
    const Errors errors = errors_between(Type::load(actual_[i]), Type::load(golden_[i]));
    return {i, unflatten(i, shape_), element_text<Type>(actual_[i]), element_text<Type>(golden_[i]), errors.absolute, errors.relative};
  }

  std::span<const Storage> actual_;
  std::span<const Storage> golden_;
  std::span<const double> allowed_;
  const std::vector<uint32_t>& shape_;
  CompareReport& report_;
};

nlohmann::json number_as_json(double value) {
  if (std::isfinite(value)) return value;
  return fmt::format("{}", value);
}

nlohmann::json difference_as_json(const ElementDifference& difference) {
  // The texts are JSON numbers and literals already, except nan and inf.
  const auto value = [](const std::string& text) {
    nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    return parsed.is_discarded() ? nlohmann::json(text) : parsed;
  };
  return {{"index", difference.index},
          {"flat_index", difference.flat_index},
          {"actual", value(difference.actual)},
          {"golden", value(difference.golden)},
          {"absolute_error", number_as_json(difference.absolute_error)},
          {"relative_error", number_as_json(difference.relative_error)}};
}

std::string difference_as_text(const ElementDifference& difference) {
  return fmt::format("[{}] actual {}, golden {}, absolute error {:.6g}, relative error {:.6g}", fmt::join(difference.index, ","),
                     difference.actual, difference.golden, difference.absolute_error, difference.relative_error);
}

const char* nan_rule_name(NanRule rule) {
  switch (rule) {
    case NanRule::kNeverEqual: return "never";
    case NanRule::kEqual: return "equal";
    case NanRule::kIgnoreInGolden: return "ignore";
  }
  return "?";
}

}  // namespace

Tolerance default_tolerance(DataType dtype) {
  switch (dtype) {
    case DataType::FLOAT32: return {1e-5, 1e-5};
    case DataType::FLOAT16: return {1e-3, 1e-3};
    case DataType::BFLOAT16: return {1e-2, 1e-2};
    case DataType::FP8E4M3FN: return {0.125, 0.125};
    default: return {0, 0};
  }
}

void check_tolerance(const Tolerance& tolerance) {
  for (const double bound : {tolerance.relative, tolerance.absolute}) {
    if (std::isfinite(bound) && bound >= 0) continue;
    throw Error(ErrorCode::kInvalidArgument, fmt::format("a tolerance of {} makes no sense", bound), "use a finite number of at least 0");
  }
}

NanRule parse_nan_rule(std::string_view text) {
  for (const NanRule rule : {NanRule::kNeverEqual, NanRule::kEqual, NanRule::kIgnoreInGolden}) {
    if (text == nan_rule_name(rule)) return rule;
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("unknown NaN rule '{}'", text), "use never, equal or ignore");
}

CompareReport compare(const HostTensor& actual, const HostTensor& golden, const CompareOptions& options, std::span<const double> allowed) {
  if (actual.dtype() != golden.dtype() || actual.shape() != golden.shape()) {
    throw Error(ErrorCode::kSignatureMismatch, fmt::format("cannot compare {} with golden {}", actual.description(), golden.description()));
  }
  if (!allowed.empty() && allowed.size() != actual.element_count()) {
    throw Error(ErrorCode::kInvalidArgument, "there is not one bound for each element of the tensor");
  }
  check_tolerance(options.tolerance);
  CompareReport report;
  report.description = actual.description();
  report.options = options;
  report.total = actual.element_count();
  visit_element_type(actual.dtype(), [&]<typename Type>(Type) { Comparison<Type>(actual, golden, allowed, report).run(); });
  return report;
}

std::string format_report(const CompareReport& report, std::string_view name) {
  const Tolerance& tolerance = report.options.tolerance;
  const uint64_t compared = report.total - report.ignored;
  std::string text = report.passed() ? fmt::format("{}: {} matches golden: {} elements compared", name, report.description, compared)
                                     : fmt::format("{}: {} does not match golden: {} of {} elements differ", name, report.description,
                                                   report.mismatches, compared);
  if (report.ignored != 0) text += fmt::format(", {} ignored because golden does not say", report.ignored);
  text += fmt::format(" (rtol {}, atol {}{}, NaN {})\n", tolerance.relative, tolerance.absolute,
                      report.has_bounds ? " beyond each bound" : "", nan_rule_name(report.options.nan));
  if (report.worst_absolute) text += fmt::format("  worst absolute error at {}\n", difference_as_text(*report.worst_absolute));
  if (report.worst_relative) text += fmt::format("  worst relative error at {}\n", difference_as_text(*report.worst_relative));
  if (!report.examples.empty()) text += fmt::format("  first {} of {} mismatches:\n", report.examples.size(), report.mismatches);
  for (const ElementDifference& example : report.examples) text += fmt::format("    {}\n", difference_as_text(example));
  return text;
}

std::string report_as_json(const CompareReport& report, std::string_view name) {
  nlohmann::json examples = nlohmann::json::array();
  for (const ElementDifference& example : report.examples) examples.push_back(difference_as_json(example));
  const nlohmann::json json = {
      {"name", name},
      {"tensor", report.description},
      {"passed", report.passed()},
      {"rtol", report.options.tolerance.relative},
      {"atol", report.options.tolerance.absolute},
      {"nan", nan_rule_name(report.options.nan)},
      {"has_bounds", report.has_bounds},
      {"total", report.total},
      {"ignored", report.ignored},
      {"mismatches", report.mismatches},
      {"worst_absolute", report.worst_absolute ? difference_as_json(*report.worst_absolute) : nlohmann::json()},
      {"worst_relative", report.worst_relative ? difference_as_json(*report.worst_relative) : nlohmann::json()},
      {"examples", examples},
  };
  return json.dump();
}

}  // namespace tilewright
