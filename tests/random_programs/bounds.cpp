#include "bounds.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace tilewright::random_programs {

using tile::Rule;

namespace {

/// Significant bits.
int precision(twb_dtype dtype) {
  switch (dtype) {
    case TWB_F32: return 24;
    case TWB_F16: return 11;
    case TWB_BF16: return 8;
    case TWB_F8E4M3: return 4;
    case TWB_F8E5M2: return 3;
    default: return 53;
  }
}

/// The largest magnitude that programs let a number of a type have: far from the end for floats, so that nothing rounds to infinity.
double limit(twb_dtype dtype) {
  switch (dtype) {
    case TWB_F32:
    case TWB_BF16: return 0x1p20;
    case TWB_F16: return 0x1p14;
    case TWB_F8E4M3: return 256;
    case TWB_F8E5M2: return 0x1p14;
    default: return std::min(std::ldexp(1, 8 * dtype_bytes(dtype) - (is_unsigned(dtype) ? 0 : 1)) - 1, 0x1p40);
  }
}

bool is_multiple(double value, int unit) {
  const double scaled = std::ldexp(value, -unit);
  return scaled == std::floor(scaled);
}

/// Bounds of numbers of which these are some.
std::optional<Bounds> enclosing(const std::vector<double>& values, twb_dtype dtype, bool exact) {
  Bounds bounds{values.front(), values.front(), 8, exact};
  for (double value : values) {
    if (!std::isfinite(value)) return std::nullopt;
    if (!is_float(dtype)) value = std::trunc(value);
    bounds.low = std::min(bounds.low, value);
    bounds.high = std::max(bounds.high, value);
    while (bounds.unit > -20 && !is_multiple(value, bounds.unit)) --bounds.unit;
    if (bounds.unit == -20) bounds.unit = Bounds::kNoUnit;
    if (bounds.unit == Bounds::kNoUnit) bounds.exact = false;
  }
  return converted(bounds, dtype);
}

/// Some of the numbers, those at the ends and around 0 among them.
std::vector<double> samples(const Bounds& bounds) {
  std::vector<double> values = {bounds.low, bounds.high};
  const auto add = [&](double value) {
    if (value >= bounds.low && value <= bounds.high && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  };
  if (bounds.unit == Bounds::kNoUnit) {
    for (int i = 1; i < 5; ++i) add(bounds.low + (bounds.high - bounds.low) * i / 5);
    add(0);
    return values;
  }
  const double step = std::ldexp(1, bounds.unit);
  for (const double value :
       {0.0, step, -step, bounds.low + step, bounds.high - step, std::floor((bounds.low + bounds.high) / 2 / step) * step})
    add(value);
  return values;
}

using Reference = std::function<double(double, double, double)>;

std::optional<Bounds> by_reference(const Reference& reference, twb_dtype dtype, std::span<const Bounds> operands) {
  std::vector<double> values;
  const std::vector<double> none = {0};
  const std::vector<double> a = samples(operands[0]), b = operands.size() > 1 ? samples(operands[1]) : none,
                            c = operands.size() > 2 ? samples(operands[2]) : none;
  bool exact = true;
  for (const Bounds& operand : operands) exact = exact && operand.exact;
  for (const double x : a) {
    for (const double y : b) {
      for (const double z : c) values.push_back(reference(x, y, z));
    }
  }
  // Below 0 unsigned numbers begin again at the end: then they may be any.
  if (is_unsigned(dtype) && std::any_of(values.begin(), values.end(), [](double v) { return v < 0; }) &&
      std::all_of(values.begin(), values.end(), [](double v) { return std::fabs(v) <= 0x1p20; })) {
    return Bounds{0, std::ldexp(1, 8 * dtype_bytes(dtype)) - 1, 0, exact};
  }
  return enclosing(values, dtype, exact);
}

Bounds product_of(const Bounds& a, const Bounds& b, int length) {
  const double most = length * std::max(std::fabs(a.low), std::fabs(a.high)) * std::max(std::fabs(b.low), std::fabs(b.high));
  const bool units = a.unit != Bounds::kNoUnit && b.unit != Bounds::kNoUnit;
  return {-most, most, units ? a.unit + b.unit : Bounds::kNoUnit, a.exact && b.exact};
}

Bounds sum_of(const Bounds& a, const Bounds& b) { return {a.low + b.low, a.high + b.high, std::min(a.unit, b.unit), a.exact && b.exact}; }

}  // namespace

Bounds united(const Bounds& a, const Bounds& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high), std::min(a.unit, b.unit), a.exact && b.exact};
}

Bounds number(double value) { return *enclosing({value}, TWB_F32, true); }

Bounds bounds_of(Domain domain, twb_dtype dtype) {
  const bool tiny = dtype == TWB_F8E4M3 || dtype == TWB_F8E5M2;
  switch (domain) {
    case Domain::kGeneral:
      if (is_float(dtype)) return tiny ? Bounds{-2, 2, -2} : Bounds{-4, 4, -2};
      return is_unsigned(dtype) ? Bounds{0, 7, 0} : Bounds{-7, 7, 0};
    case Domain::kPositive:
      if (is_float(dtype)) return tiny ? Bounds{0.5, 2, -2} : Bounds{0.5, 4, -2};
      return {1, 7, 0};
    case Domain::kCount: return {0, 3, 0};
    case Domain::kBit: return {0, 1, 0};
    case Domain::kRows: return {0, 63, 0};
  }
  return {};
}

Bounds carried_bounds(twb_dtype dtype) {
  if (dtype == TWB_F8E4M3 || dtype == TWB_F8E5M2) return bounds_of(Domain::kGeneral, dtype);
  if (is_float(dtype)) return {-8, 8, -2};
  return is_unsigned(dtype) ? Bounds{0, 15, 0} : Bounds{-15, 15, 0};
}

std::optional<Bounds> converted(const Bounds& bounds, twb_dtype dtype) {
  Bounds result = bounds;
  if (!is_float(dtype)) {
    result.low = std::floor(result.low);
    result.high = std::ceil(result.high);
    result.unit = std::max(result.unit, 0);
    if (is_unsigned(dtype) && result.low < 0) return std::nullopt;
  }
  const double most = std::max(std::fabs(result.low), std::fabs(result.high));
  if (!(most <= limit(dtype))) return std::nullopt;
  if (result.unit != Bounds::kNoUnit && std::ldexp(most, -result.unit) > std::ldexp(1, precision(dtype))) {
    result.unit = Bounds::kNoUnit;
    result.exact = false;
  }
  return result;
}

std::optional<Bounds> result_of(const tile::OperatorInfo& info, twb_dtype dtype, std::span<const Bounds> operands, int length) {
  switch (info.rule) {
    case Rule::kSameTilesToMask:
    case Rule::kTileAndNumberToMask: return Bounds{0, 1, 0, operands[0].exact && operands[1].exact};
    case Rule::kProduct: return converted(product_of(operands[0], operands[1], length), dtype);
    case Rule::kAccumulate: return converted(sum_of(operands[0], product_of(operands[1], operands[2], length)), dtype);
    case Rule::kProductAndRow: return converted(sum_of(operands[2], product_of(operands[0], operands[1], length)), dtype);
    case Rule::kCount: return converted({operands[0].low, operands[0].high + length - 1, operands[0].unit, operands[0].exact}, dtype);
    case Rule::kRowToOne:
    case Rule::kColumnToOne: {
      Bounds sum = operands[0];
      for (int i = 1; i < length; ++i) {
        const Bounds pair[] = {sum, operands[0]};
        const std::optional<Bounds> next = by_reference(info.reference, dtype, pair);
        if (!next) return std::nullopt;
        sum = *next;
        // What the order of a sum decides is no multiple of anything, and so does a maximum not grow.
        if (sum.low == operands[0].low && sum.high == operands[0].high) break;
      }
      return sum;
    }
    default: break;
  }
  if (info.reference != nullptr) return by_reference(info.reference, dtype, operands);
  Bounds all = operands[0];
  for (const Bounds& operand : operands) all = united(all, operand);
  if (info.rule == Rule::kGather || info.rule == Rule::kScatter) all = operands[0];  // the others are places
  if (info.rule == Rule::kScatter) all = united(operands[0], operands[1]);
  if (info.rule == Rule::kGather || info.rule == Rule::kPadded) all = united(all, {0, 0, 0});
  return converted(all, dtype);
}

}  // namespace tilewright::random_programs
