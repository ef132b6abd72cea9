// Operators of operators.td, by the rule of their types: what they compute of elements is the entry's reference for floating-point numbers,
// and the table below for integers.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>

#include "compiler/interpret/machine.h"

namespace tilewright::interpret {

using namespace mlir;
using tile::OperatorInfo;
using tile::Rule;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kUnit = 0x1p-24;  ///< half an ulp of 1 in f32, in which devices accumulate

// ---- functions of integer elements

using OfIntegers = int64_t (*)(const Format& format, int64_t a, int64_t b, int64_t c);

bool is_signed(const Format& format) { return format.kind == Format::Kind::kSigned; }
uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }
int64_t value(uint64_t bits) { return static_cast<int64_t>(bits); }
bool less(const Format& format, int64_t a, int64_t b) { return is_signed(format) ? a < b : bits(a) < bits(b); }
bool leaves(const Format& format, int64_t shift) { return shift < 0 || shift >= static_cast<int64_t>(format.width); }

int64_t quotient(const Format& format, int64_t a, int64_t b, int64_t) {
  if (b == 0) return 0;
  if (!is_signed(format)) return value(bits(a) / bits(b));
  return b == -1 ? value(0 - bits(a)) : a / b;
}
int64_t dividend_signed(const Format& format, int64_t a, int64_t b, int64_t) {
  if (b == 0 || (is_signed(format) && b == -1)) return 0;
  return is_signed(format) ? a % b : value(bits(a) % bits(b));
}
int64_t divisor_signed(const Format& format, int64_t a, int64_t b, int64_t) {
  const int64_t rest = dividend_signed(format, a, b, 0);
  return is_signed(format) && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
int64_t shifted_right(const Format& format, int64_t a, int64_t b, int64_t) {
  if (!is_signed(format)) return leaves(format, b) ? 0 : value(bits(a) >> b);
  return a >> (leaves(format, b) ? 63 : b);
}

/// By the name without what says how elements meet: "adds" and "row_expand_add" add. docs/design/isa.md has what the specification leaves
/// open: what is divided by 0 is 0, shifts by the width and more leave nothing.
const std::map<std::string, OfIntegers>& integer_functions() {
  static const std::map<std::string, OfIntegers> kFunctions = {
      {"add", [](const Format&, int64_t a, int64_t b, int64_t) { return value(bits(a) + bits(b)); }},
      {"sub", [](const Format&, int64_t a, int64_t b, int64_t) { return value(bits(a) - bits(b)); }},
      {"mul", [](const Format&, int64_t a, int64_t b, int64_t) { return value(bits(a) * bits(b)); }},
      {"div", quotient},
      {"max", [](const Format& format, int64_t a, int64_t b, int64_t) { return less(format, a, b) ? b : a; }},
      {"min", [](const Format& format, int64_t a, int64_t b, int64_t) { return less(format, b, a) ? b : a; }},
      {"and", [](const Format&, int64_t a, int64_t b, int64_t) { return a & b; }},
      {"or", [](const Format&, int64_t a, int64_t b, int64_t) { return a | b; }},
      {"xor", [](const Format&, int64_t a, int64_t b, int64_t) { return a ^ b; }},
      {"shl", [](const Format& format, int64_t a, int64_t b, int64_t) { return leaves(format, b) ? 0 : value(bits(a) << b); }},
      {"shr", shifted_right},
      {"rem", divisor_signed},
      {"fmod", dividend_signed},
      {"abs", [](const Format& format, int64_t a, int64_t, int64_t) { return is_signed(format) && a < 0 ? value(0 - bits(a)) : a; }},
      {"neg", [](const Format&, int64_t a, int64_t, int64_t) { return value(0 - bits(a)); }},
      {"relu", [](const Format& format, int64_t a, int64_t, int64_t) { return is_signed(format) && a < 0 ? 0 : a; }},
      {"not", [](const Format&, int64_t a, int64_t, int64_t) { return ~a; }},
  };
  return kFunctions;
}

/// "add" of "adds", "row_expand_add" and "row_sum".
std::string function_name(const OperatorInfo& info) {
  StringRef name = info.name;
  if (name.consume_front("row_expand_") || name.consume_front("col_expand_")) return name.str();
  if (name.consume_front("row_") || name.consume_front("col_")) return name == "sum" ? "add" : name.str();
  if (info.rule == Rule::kTileAndNumber) name.consume_back("s");
  return name.str();
}

// ---- functions of floating-point elements

/// What an operand's error may change, where a function jumps: its whole quotients at the ends of the intervals are one.
bool jumps(ArrayRef<Number> operands, double (*whole)(double)) {
  double low = kInfinity, high = -kInfinity;
  for (const double a : {operands[0].real - operands[0].error, operands[0].real + operands[0].error}) {
    for (const double b : {operands[1].real - operands[1].error, operands[1].real + operands[1].error}) {
      low = std::fmin(low, whole(a / b));
      high = std::fmax(high, whole(a / b));
    }
  }
  return low != high || std::fabs(operands[1].real) <= operands[1].error;
}

Number of_reals(const OperatorInfo& info, const Format& format, ArrayRef<Number> operands) {
  const std::string name = function_name(info);
  const auto reference = [&info](double a, double b, double c) { return info.reference(a, b, c); };
  const bool defined = llvm::all_of(operands, [](const Number& operand) { return operand.defined; });
  if (!defined) return {};
  double ulps = 0, extra = 0;
  // docs/reference/accuracy.md: what is not correctly rounded.
  if (name == "exp" || name == "log" || name == "rsqrt") ulps = 2;
  if (name == "axpy") ulps = 0.5;  // one rounding there, two here
  if (name == "expdif") {
    const double difference = std::fabs(operands[0].real - operands[1].real) + operands[0].error + operands[1].error;
    ulps = 2;
    extra = info.reference(operands[0].real + operands[0].error, operands[1].real - operands[1].error, 0) * std::expm1(difference * kUnit);
    if (std::isnan(extra)) extra = kInfinity;
  }
  if (name == "rem" || name == "fmod") {
    const bool uncertain = operands[0].error != 0 || operands[1].error != 0;
    if (uncertain && jumps(operands, name == "rem" ? +[](double q) { return std::floor(q); } : +[](double q) { return std::trunc(q); })) {
      return Number::of_real(info.reference(operands[0].real, operands[1].real, 0), kInfinity);
    }
  }
  if (name == "rem" && std::isfinite(operands[0].real) && operands[1].real != 0) {
    // The quotient rounds before it is cut, and so does its product with the divisor.
    const double a = std::fabs(operands[0].real), b = std::fabs(operands[1].real), q = operands[0].real / operands[1].real;
    extra = 8 * ulp(format, a + b);
    if (std::floor(q - std::fabs(q) * ulp(format, 1)) != std::floor(q + std::fabs(q) * ulp(format, 1))) extra += b;
  }
  return apply_real(format, format, operands, reference, ulps, extra);
}

Number compute(Operation* op, const OperatorInfo& info, const Format& format, ArrayRef<Number> operands) {
  if (format.is_real()) return of_reals(info, format, operands);
  const auto found = integer_functions().find(function_name(info));
  if (found == integer_functions().end()) fail(op, ErrorCode::kUnsupported, "has no meaning for integers");
  const OfIntegers function = found->second;
  return apply_integer(format, operands, [&](int64_t a, int64_t b, int64_t c) { return function(format, a, b, c); });
}

// ---- operands and results

/// One operator on its operands. Results are computed for the valid region of the operand that says it; what is taken from outside of
/// another one's is undefined, and so is what comes of it.
class OperatorRun {
 public:
  OperatorRun(Machine& machine, Operation* op, const OperatorInfo& info) : machine_(machine), op_(op), info_(info) {}

  Tile run() {
    switch (info_.rule) {
      case Rule::kOneTile:
      case Rule::kSameTiles:
      case Rule::kSameTilesAndNumber:
      case Rule::kTileAndNumber:
      case Rule::kTileAndColumn:
      case Rule::kTileAndRow: return like(tile(0), [&](int64_t r, int64_t c) { return of_elements(r, c); });
      case Rule::kSameTilesToMask:
      case Rule::kTileAndNumberToMask: return like(tile(0), [&](int64_t r, int64_t c) { return compared(r, c); });
      case Rule::kMaskAndTiles:
      case Rule::kMaskTileAndNumber:
        return like(tile(1),
                    [&](int64_t r, int64_t c) { return choose(tile(1).format, tile(0).at(r, c), operand(1, r, c), operand(2, r, c)); });
      case Rule::kNumber: return alone([&](int64_t, int64_t) { return number(0); });
      case Rule::kCount:
        return alone([&](int64_t, int64_t c) {
          return apply_integer(result_format(), number(0), [c](int64_t first, int64_t, int64_t) { return value(bits(first) + bits(c)); });
        });
      case Rule::kOtherElement:
        return like(tile(0), [&](int64_t r, int64_t c) { return convert(tile(0).format, result_format(), tile(0).at(r, c), rounding()); });
      case Rule::kTransposed:
        return make(tile(0).valid_columns, tile(0).valid_rows, [&](int64_t r, int64_t c) { return tile(0).at(c, r); });
      case Rule::kRowToOne:
        return make(tile(0).valid_rows, 1, [&](int64_t r, int64_t) {
          return reduced(tile(0).valid_columns, [&](int64_t i) -> const Number& { return tile(0).at(r, i); });
        });
      case Rule::kColumnToOne:
        return make(1, tile(0).valid_columns, [&](int64_t, int64_t c) {
          return reduced(tile(0).valid_rows, [&](int64_t i) -> const Number& { return tile(0).at(i, c); });
        });
      case Rule::kColumnToTile:
        return make(tile(0).valid_rows, stated(result_type().getValidColumns()), [&](int64_t r, int64_t) { return tile(0).at(r, 0); });
      case Rule::kRowToTile:
        return make(stated(result_type().getValidRows()), tile(0).valid_columns, [&](int64_t, int64_t c) { return tile(0).at(0, c); });
      case Rule::kProduct: return product(tile(0), tile(1), [](int64_t, int64_t) -> const Number* { return nullptr; });
      case Rule::kAccumulate: return product(tile(1), tile(2), [&](int64_t r, int64_t c) { return &tile(0).at(r, c); });
      case Rule::kProductAndRow: return product(tile(0), tile(1), [&](int64_t, int64_t c) { return &tile(2).at(0, c); });
      case Rule::kSideBySide:
        return make(tile(0).valid_rows, tile(0).columns + tile(1).valid_columns,
                    [&](int64_t r, int64_t c) { return c < tile(0).columns ? tile(0).at(r, c) : tile(1).at(r, c - tile(0).columns); });
      case Rule::kGather: return like(tile(1), [&](int64_t r, int64_t c) { return gathered(tile(1).at(r, c)); });
      case Rule::kScatter: return scattered();
      case Rule::kPadded: return padded();
    }
    llvm_unreachable("a rule without a meaning");
  }

 private:
  using Element = llvm::function_ref<Number(int64_t row, int64_t column)>;

  const Tile& tile(unsigned operand) const { return machine_.tile(op_->getOperand(operand)); }
  tile::TileType result_type() const { return cast<tile::TileType>(op_->getResult(0).getType()); }
  Format result_format() const { return *format_of(result_type().getElement()); }
  /// The number that operand `operand` is, as an element of the tile in front of it, or of the result.
  Number number(unsigned operand) const {
    const Type like = operand == 0 ? op_->getResult(0).getType() : op_->getOperand(operand - 1).getType();
    return as_element(*format_of(cast<tile::TileType>(like).getElement()), machine_.number(op_->getOperand(operand)));
  }
  Number operand(unsigned i, int64_t r, int64_t c) const {
    if (!isa<tile::TileType>(op_->getOperand(i).getType())) return number(i);
    if (i == 1 && info_.rule == Rule::kTileAndColumn) return tile(1).at(r, 0);
    if (i == 1 && info_.rule == Rule::kTileAndRow) return tile(1).at(0, c);
    return tile(i).at(r, c);
  }

  Tile make(int64_t valid_rows, int64_t valid_columns, Element element) const {
    Tile result = empty_tile(op_, result_type().with_valid(valid_rows, valid_columns), {});
    for (int64_t r = 0; r < valid_rows; ++r) {
      for (int64_t c = 0; c < valid_columns; ++c) result.at(r, c) = element(r, c);
    }
    return result;
  }
  /// With the valid region of an operand.
  Tile like(const Tile& operand, Element element) const { return make(operand.valid_rows, operand.valid_columns, element); }
  /// With the valid region that the type states.
  Tile alone(Element element) const { return make(stated(result_type().getValidRows()), stated(result_type().getValidColumns()), element); }
  int64_t stated(int64_t size) const {
    if (!ShapedType::isDynamic(size)) return size;
    fail(op_, ErrorCode::kInvalidArgument, fmt::format("makes {}, whose valid region nothing tells at run time", result_type().text()));
  }

  // ---- elements

  Number of_elements(int64_t r, int64_t c) const {
    llvm::SmallVector<Number, 3> operands;
    for (unsigned i = 0; i < op_->getNumOperands(); ++i) operands.push_back(operand(i, r, c));
    return compute(op_, info_, result_format(), operands);
  }

  Number compared(int64_t r, int64_t c) const {
    const auto how = cast<tw::CompareAttr>(op_->getAttr("how")).getValue();
    return compare(tile(0).format, relation_of(how), tile(0).at(r, c), operand(1, r, c));
  }

  Rounding rounding() const {
    switch (cast<tile::RoundAttr>(op_->getAttr("round")).getValue()) {
      case tile::Round::kNone:
      case tile::Round::kRint: return Rounding::kToEven;
      case tile::Round::kRound: return Rounding::kAwayFromZero;
      case tile::Round::kFloor: return Rounding::kDown;
      case tile::Round::kCeil: return Rounding::kUp;
      case tile::Round::kTrunc: return Rounding::kToZero;
      case tile::Round::kOdd: return Rounding::kToOdd;
    }
    llvm_unreachable("a rounding without a meaning");
  }

  // ---- sums

  /// Terms that are summed in double and rounded once. A device rounds after each in f32, in an order of its own.
  class Sum {
   public:
    void add(const Format& format, const Number& a) { add(as_real(format, a), a.error, a.defined); }
    void add(double term, double error, bool defined) {
      total_ += term;
      magnitude_ += std::fabs(term);
      error_ += error;
      defined_ = defined_ && defined;
      ++terms_;
    }
    /// `roundings` of a device on the way of one term into the sum.
    Number rounded(const Format& format, double roundings) const {
      if (!defined_) return {};
      const Number total = Number::of_real(total_, error_);
      const auto same = [](double a, double, double) { return a; };
      const double largest = std::numeric_limits<float>::max();
      if (std::isfinite(magnitude_) && magnitude_ + error_ > largest) return Number::of_real(round_real(format, total_), kInfinity);
      const double gamma = roundings * kUnit / (1 - roundings * kUnit);
      const double reach = roundings == 0 || !std::isfinite(magnitude_) ? 0 : gamma * (magnitude_ + error_) + roundings * 0x1p-149;
      return apply_real(format, format, total, same, 0, reach);
    }
    double terms() const { return terms_; }

   private:
    double total_ = 0, magnitude_ = 0, error_ = 0, terms_ = 0;
    bool defined_ = true;
  };

  Number reduced(int64_t count, llvm::function_ref<const Number&(int64_t i)> element) const {
    if (count == 0) return {};
    const Format format = result_format();
    if (format.is_real() && function_name(info_) == "add") {
      Sum sum;
      for (int64_t i = 0; i < count; ++i) sum.add(format, element(i));
      return sum.rounded(format, sum.terms() - 1);
    }
    Number combined = element(0);
    for (int64_t i = 1; i < count; ++i) {
      const Number both[] = {combined, element(i)};
      combined = compute(op_, info_, format, both);
    }
    return combined;
  }

  /// The sum of the products of a row of `a` and a column of `b`, and of `begin` if there is one.
  Number dot(const Tile& a, const Tile& b, int64_t r, int64_t c, const Number* begin) const {
    const Format format = result_format();
    if (!format.is_real()) {
      Number total = begin != nullptr ? *begin : Number::of_integer(0);
      for (int64_t k = 0; k < a.valid_columns; ++k) {
        const Number terms[] = {total, a.at(r, k), b.at(k, c)};
        total = apply_integer(format, terms, [](int64_t sum, int64_t x, int64_t y) { return value(bits(sum) + bits(x) * bits(y)); });
      }
      return total;
    }
    Sum sum;
    for (int64_t k = 0; k < a.valid_columns; ++k) {
      const Number &x = a.at(r, k), &y = b.at(k, c);
      const double error = x.error == 0 && y.error == 0 ? 0 : std::fabs(x.real) * y.error + std::fabs(y.real) * x.error + x.error * y.error;
      sum.add(x.real * y.real, std::isnan(error) ? kInfinity : error, x.defined && y.defined);
    }
    if (begin != nullptr) sum.add(format, *begin);
    // A rounding for each product and sum, and one for each part of K that is summed by itself (docs/reference/differences.md, Numbers).
    return sum.rounded(format, sum.terms() == 1 && begin != nullptr ? 0 : sum.terms() + 2 + std::floor(sum.terms() / 256));
  }

  Tile product(const Tile& a, const Tile& b, llvm::function_ref<const Number*(int64_t r, int64_t c)> begin) const {
    return make(a.valid_rows, b.valid_columns, [&](int64_t r, int64_t c) { return dot(a, b, r, c, begin(r, c)); });
  }

  // ---- other places

  Number gathered(const Number& index) const {
    if (!index.defined) return {};
    const Tile& source = tile(0);
    const int64_t at = index.integer;
    const bool inside = at >= 0 && at < source.rows * source.columns;
    Number element = inside                    ? source.elements[static_cast<size_t>(at)]
                     : source.format.is_real() ? Number::of_real(0)
                                               : Number::of_integer(0);
    if (index.error != 0) element.error = kInfinity;
    return element;
  }

  Tile scattered() const {
    Tile result = tile(0);
    const Tile &source = tile(1), &indices = tile(2);
    std::vector<bool> taken(result.elements.size());
    for (int64_t r = 0; r < source.valid_rows; ++r) {
      for (int64_t c = 0; c < source.valid_columns; ++c) {
        const int64_t row = machine_.decided(op_, indices.at(r, c));
        if (!result.has(row, c)) {
          fail(op_, ErrorCode::kOutOfBounds, fmt::format("has index {} at [{}, {}] for {} rows", row, r, c, result.rows));
        }
        // Two for one place: the specification does not say which one stays.
        const auto at = static_cast<size_t>(row * result.columns + c);
        result.at(row, c) = taken[at] ? Number{} : source.at(r, c);
        taken[at] = true;
      }
    }
    return result;
  }

  /// spec/tile-isa.md, 1.2: infinities for f32, f16 and bf16, the ends of the range for integers, 0 for what has 64 bits or is an fp8.
  Number padding() const {
    const Format format = result_format();
    const auto pad = cast<tile::PadAttr>(op_->getAttr("pad")).getValue();
    const bool least = pad == tile::Pad::kMin;
    const bool zero = pad == tile::Pad::kZero || format.width == 64 || (format.is_real() && format.width == 8);
    if (format.is_real()) return Number::of_real(zero ? 0 : least ? -kInfinity : kInfinity);
    if (zero) return Number::of_integer(0);
    const int64_t highest = (int64_t{1} << (is_signed(format) ? format.width - 1 : format.width)) - 1;
    return Number::of_integer(!least ? highest : is_signed(format) ? -highest - 1 : 0);
  }

  Tile padded() const {
    const Tile& from = tile(0);
    const Number pad = padding();
    return make(from.rows, from.columns,
                [&](int64_t r, int64_t c) { return r < from.valid_rows && c < from.valid_columns ? from.at(r, c) : pad; });
  }

  Machine& machine_;
  Operation* op_;
  const OperatorInfo& info_;
};

}  // namespace

bool has_integer_function(const OperatorInfo& info) { return integer_functions().contains(function_name(info)); }

void run_operator(Machine& machine, Operation* op) {
  machine.set_tile(op->getResult(0), OperatorRun(machine, op, *tile::operator_info(op)).run());
}

}  // namespace tilewright::interpret
