#include "compiler/interpret/number.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <vector>

#include "llvm/ADT/SmallVector.h"
#include "mlir/IR/BuiltinTypes.h"

namespace tilewright::interpret {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Format real_format(unsigned width, int digits, int smallest, double largest, bool has_infinity = true) {
  return {Format::Kind::kReal, width, digits, smallest, largest, has_infinity};
}

/// An integer as it is, also an unsigned one of 64 bits.
long double exact(const Format& format, const Number& number) {
  if (format.is_real()) return number.real;
  return format.kind == Format::Kind::kUnsigned ? static_cast<long double>(static_cast<uint64_t>(number.integer))
                                                : static_cast<long double>(number.integer);
}

/// Calls `visit` with the ends of the operands' intervals, in all combinations, and with 0 for an operand that may be 0.
void for_each_corner(const Format& from, llvm::ArrayRef<Number> operands, llvm::function_ref<void(const double*)> visit) {
  llvm::SmallVector<llvm::SmallVector<double, 3>, 3> points;
  for (const Number& operand : operands) {
    const double value = as_real(from, operand);
    llvm::SmallVector<double, 3>& of_operand = points.emplace_back();
    if (operand.error == 0) {
      of_operand = {value};
      continue;
    }
    of_operand = {value - operand.error, value + operand.error};
    if (std::fabs(value) <= operand.error) of_operand.push_back(0);
  }
  double at[3] = {};
  const auto fix = [&](auto&& self, size_t operand) -> void {
    if (operand == points.size()) return visit(at);
    for (const double point : points[operand]) {
      at[operand] = point;
      self(self, operand + 1);
    }
  };
  fix(fix, 0);
}

/// What no operand decides: an undefined operand makes the result undefined, one that may be anything makes it anything.
struct Known {
  bool defined = true;
  bool bounded = true;
  bool certain = true;
};
Known known(llvm::ArrayRef<Number> operands) {
  Known all;
  for (const Number& operand : operands) {
    all.defined = all.defined && operand.defined;
    all.bounded = all.bounded && operand.error != kInfinity;
    all.certain = all.certain && operand.error == 0;
  }
  return all;
}

double operand_at(const Format& from, llvm::ArrayRef<Number> operands, size_t i) {
  return i < operands.size() ? as_real(from, operands[i]) : 0;
}

}  // namespace

// ---- formats

std::optional<Format> format_of(mlir::Type type) {
  if (type.isF64()) return real_format(64, 53, -1022, std::numeric_limits<double>::max());
  if (type.isF32()) return real_format(32, 24, -126, std::numeric_limits<float>::max());
  if (type.isF16()) return real_format(16, 11, -14, 65504);
  if (type.isBF16()) return real_format(16, 8, -126, std::ldexp(255, 120));
  if (type.isFloat8E4M3FN()) return real_format(8, 4, -6, 448, false);
  if (type.isFloat8E5M2()) return real_format(8, 3, -14, 57344);
  if (type.isIndex()) return Format{};
  auto integer = mlir::dyn_cast<mlir::IntegerType>(type);
  if (!integer || integer.getWidth() > 64) return std::nullopt;
  const bool is_unsigned = integer.isUnsigned() || integer.getWidth() == 1;
  return Format{is_unsigned ? Format::Kind::kUnsigned : Format::Kind::kSigned, integer.getWidth()};
}

std::optional<DataType> dtype_of(mlir::Type element) {
  if (element.isF32()) return DataType::FLOAT32;
  if (element.isF16()) return DataType::FLOAT16;
  if (element.isBF16()) return DataType::BFLOAT16;
  if (element.isFloat8E4M3FN()) return DataType::FP8E4M3FN;
  auto integer = mlir::dyn_cast<mlir::IntegerType>(element);
  if (!integer) return std::nullopt;
  const bool is_unsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
    case 8: return is_unsigned ? DataType::UINT8 : DataType::INT8;
    case 16: return is_unsigned ? DataType::UINT16 : DataType::INT16;
    case 32: return is_unsigned ? DataType::UINT32 : DataType::INT32;
    case 64: return is_unsigned ? DataType::UINT64 : DataType::INT64;
    default: return std::nullopt;
  }
}

// ---- numbers

Number Number::of_real(double value, double error) {
  Number number;
  number.real = value;
  number.error = error;
  number.defined = true;
  return number;
}

Number Number::of_integer(int64_t value, double error) {
  Number number;
  number.integer = value;
  number.error = error;
  number.defined = true;
  return number;
}

double as_real(const Format& format, const Number& number) { return static_cast<double>(exact(format, number)); }

// ---- rounding

long double round_to_integer(long double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::kToEven: return std::nearbyint(value);  // the mode of the environment is never changed
    case Rounding::kAwayFromZero: return std::round(value);
    case Rounding::kDown: return std::floor(value);
    case Rounding::kUp: return std::ceil(value);
    case Rounding::kToZero: return std::trunc(value);
    case Rounding::kToOdd: {
      const long double whole = std::trunc(value);
      if (whole == value || std::fmod(whole, 2.0L) != 0) return whole;
      return whole + std::copysign(1.0L, value);
    }
  }
  return value;
}

double round_real(const Format& format, long double value, Rounding rounding) {
  const auto too_large = [&](bool negative) {
    const double beyond = format.has_infinity ? kInfinity : std::numeric_limits<double>::quiet_NaN();
    return negative ? -beyond : beyond;
  };
  if (std::isnan(value) || value == 0) return static_cast<double>(value);
  if (std::isinf(value)) return too_large(value < 0);
  const int quantum = std::max(std::ilogb(value), format.smallest) - (format.digits - 1);
  const long double rounded = std::ldexp(round_to_integer(std::ldexp(value, -quantum), rounding), quantum);
  if (std::fabs(rounded) <= format.largest) return static_cast<double>(rounded);
  const bool towards_zero =
      rounding == Rounding::kToZero || rounding == Rounding::kToOdd || rounding == (value < 0 ? Rounding::kUp : Rounding::kDown);
  if (towards_zero) return value < 0 ? -format.largest : format.largest;
  return too_large(value < 0);
}

int64_t wrap(const Format& format, uint64_t value) {
  if (format.width == 64) return static_cast<int64_t>(value);
  const unsigned spare = 64 - format.width;
  if (format.kind == Format::Kind::kUnsigned) return static_cast<int64_t>(value << spare >> spare);
  return static_cast<int64_t>(value << spare) >> spare;
}

double ulp(const Format& format, double value) {
  if (!std::isfinite(value)) return 0;
  const int exponent = value == 0 ? format.smallest : std::max(std::ilogb(value), format.smallest);
  return std::ldexp(1.0, exponent - (format.digits - 1));
}

double distance(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double between = std::fabs(a - b);
  return std::isnan(between) ? kInfinity : between;
}

// ---- functions

Number apply_real(const Format& from, const Format& to, llvm::ArrayRef<Number> operands, RealFunction function, double ulps, double extra) {
  const Known all = known(operands);
  if (!all.defined) return {};
  const double exact_value = function(operand_at(from, operands, 0), operand_at(from, operands, 1), operand_at(from, operands, 2));
  const double value = round_real(to, exact_value);
  if (!all.bounded) return Number::of_real(value, kInfinity);
  if (all.certain && ulps == 0 && extra == 0) return Number::of_real(value);
  double low = exact_value, high = exact_value;
  bool numbers = !std::isnan(exact_value), any_number = numbers;
  for_each_corner(from, operands, [&](const double* at) {
    const double corner = function(at[0], at[1], at[2]);
    low = std::fmin(low, corner);
    high = std::fmax(high, corner);
    numbers = numbers && !std::isnan(corner);
    any_number = any_number || !std::isnan(corner);
  });
  if (!numbers) return Number::of_real(value, any_number ? kInfinity : 0);
  const double reach = extra + (ulps == 0 ? 0 : ulps * ulp(to, std::max(std::fabs(low), std::fabs(high))));
  // Rounding is monotone, and a device's result is a number of the format: rounded ends bound it.
  const double error = std::max(distance(round_real(to, low - reach), value), distance(round_real(to, high + reach), value));
  return Number::of_real(value, error);
}

Number apply_integer(const Format& to, llvm::ArrayRef<Number> operands, IntegerFunction function) {
  const Known all = known(operands);
  if (!all.defined) return {};
  const auto at = [&](size_t i) { return i < operands.size() ? operands[i].integer : 0; };
  return Number::of_integer(wrap(to, static_cast<uint64_t>(function(at(0), at(1), at(2)))), all.certain ? 0 : kInfinity);
}

// ---- conversions

namespace {

/// Rounded and cut to 64 bits.
uint64_t to_64_bits(long double value, Rounding rounding) {
  if (std::isnan(value)) return 0;
  const long double whole = round_to_integer(value, rounding);
  if (whole >= std::ldexp(1.0L, 63)) return whole < std::ldexp(1.0L, 64) ? static_cast<uint64_t>(whole) : 0;
  return whole < -std::ldexp(1.0L, 63) ? 0 : static_cast<uint64_t>(static_cast<int64_t>(whole));
}

}  // namespace

Number convert(const Format& from, const Format& to, const Number& number, Rounding rounding) {
  if (!number.defined) return {};
  const bool same = from.is_real() && to.is_real() && from.digits == to.digits && from.smallest == to.smallest;
  if (same) return number;
  if (to.is_real()) {
    const double value = round_real(to, exact(from, number), rounding);
    const double middle = as_real(from, number);
    const auto to_end = [&](double end) { return distance(round_real(to, end, rounding), value); };
    return Number::of_real(value, number.error == 0 ? 0 : std::max(to_end(middle - number.error), to_end(middle + number.error)));
  }
  if (!from.is_real()) return apply_integer(to, number, [](int64_t a, int64_t, int64_t) { return a; });
  const int64_t value = wrap(to, to_64_bits(number.real, rounding));
  if (number.error == 0) return Number::of_integer(value);
  // A number that may lie outside of the range may become any other.
  const long double low = to.kind == Format::Kind::kUnsigned ? 0 : -std::ldexp(1.0L, static_cast<int>(to.width) - 1);
  const long double high = std::ldexp(1.0L, static_cast<int>(to.width) - (to.kind == Format::Kind::kUnsigned ? 0 : 1)) - 1;
  const long double first = round_to_integer(number.real - number.error, rounding);
  const long double last = round_to_integer(number.real + number.error, rounding);
  if (!(first >= low && last <= high)) return Number::of_integer(value, kInfinity);
  const auto middle = static_cast<long double>(exact(to, Number::of_integer(value)));
  return Number::of_integer(value, static_cast<double>(std::max(middle - first, last - middle)));
}

// ---- comparing and choosing

Number compare(const Format& format, Relation relation, const Number& a, const Number& b) {
  if (!a.defined || !b.defined) return {};
  const auto holds = [relation](auto x, auto y) {
    switch (relation) {
      case Relation::kEqual: return x == y;
      case Relation::kNotEqual: return x != y;
      case Relation::kLess: return x < y;
      case Relation::kGreater: return x > y;
      case Relation::kGreaterEqual: return x >= y;
      case Relation::kLessEqual: return x <= y;
    }
    return false;
  };
  bool result = false;
  if (format.is_real()) {
    result = holds(a.real, b.real);
  } else if (format.kind == Format::Kind::kUnsigned) {
    result = holds(static_cast<uint64_t>(a.integer), static_cast<uint64_t>(b.integer));
  } else {
    result = holds(a.integer, b.integer);
  }
  const double reach = a.error + b.error;
  const bool apart = reach == 0 || std::fabs(as_real(format, a) - as_real(format, b)) > reach;
  const bool is_nan = format.is_real() && (std::isnan(a.real) || std::isnan(b.real));
  return Number::of_integer(result ? 1 : 0, apart || (is_nan && reach != kInfinity) ? 0 : 1);
}

Number choose(const Format& format, const Number& condition, const Number& if_true, const Number& if_false) {
  if (!condition.defined) return {};
  Number chosen = condition.integer != 0 ? if_true : if_false;
  if (condition.error == 0) return chosen;
  if (!if_true.defined || !if_false.defined) return {};
  chosen.error = std::max(if_true.error, if_false.error) + distance(as_real(format, if_true), as_real(format, if_false));
  return chosen;
}

}  // namespace tilewright::interpret
