// Numbers of arith. What MLIR calls poison is undefined.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "compiler/interpret/machine.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

Format format_at(Operation* op, Value value) {
  if (const std::optional<Format> format = format_of(value.getType())) return *format;
  std::string type;
  llvm::raw_string_ostream(type) << value.getType();
  fail(op, ErrorCode::kUnsupported, fmt::format("works on {}; the interpreter knows numbers up to 64 bits", type));
}

llvm::SmallVector<Number, 3> operands_of(Machine& machine, Operation* op) {
  llvm::SmallVector<Number, 3> numbers;
  for (const Value operand : op->getOperands()) numbers.push_back(machine.number(operand));
  return numbers;
}

uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }
int64_t value(uint64_t bits) { return static_cast<int64_t>(bits); }
/// Without the sign: numbers of arith have one here, i1 aside.
uint64_t without_sign(const Format& format, int64_t number) {
  Format positive = format;
  positive.kind = Format::Kind::kUnsigned;
  return bits(wrap(positive, bits(number)));
}

void run_constant(Machine& machine, arith::ConstantOp constant) {
  const Format format = format_at(constant, constant);
  if (format.is_real()) {
    machine.set(constant, Number::of_real(cast<FloatAttr>(constant.getValue()).getValueAsDouble()));
  } else {
    machine.set(constant, Number::of_integer(wrap(format, cast<IntegerAttr>(constant.getValue()).getValue().getZExtValue())));
  }
}

// ---- integers

/// `kFunction` of the operands and the width of their type; nothing for what is poison.
template <std::optional<int64_t> (*kFunction)(const Format& format, int64_t a, int64_t b)>
void run_integer(Machine& machine, Operation* op) {
  const Format format = format_at(op, op->getResult(0));
  const auto operands = operands_of(machine, op);
  Number result = apply_integer(format, operands, [](int64_t a, int64_t, int64_t) { return a; });
  if (result.defined) {
    const std::optional<int64_t> number = kFunction(format, operands[0].integer, operands.size() > 1 ? operands[1].integer : 0);
    result.integer = number ? wrap(format, bits(*number)) : 0;
    result.defined = number.has_value();
  }
  machine.set(op->getResult(0), result);
}

/// The same for what divides.
template <std::optional<int64_t> (*kFunction)(const Format& format, int64_t a, int64_t b)>
void run_division(Machine& machine, Operation* op) {
  const Number& divisor = machine.number(op->getOperand(1));
  if (divisor.defined && divisor.integer == 0) fail(op, ErrorCode::kInvalidArgument, "divides by 0");
  run_integer<kFunction>(machine, op);
}

using Result = std::optional<int64_t>;
Result sum(const Format&, int64_t a, int64_t b) { return value(bits(a) + bits(b)); }
Result difference(const Format&, int64_t a, int64_t b) { return value(bits(a) - bits(b)); }
Result product(const Format&, int64_t a, int64_t b) { return value(bits(a) * bits(b)); }
Result conjunction(const Format&, int64_t a, int64_t b) { return a & b; }
Result disjunction(const Format&, int64_t a, int64_t b) { return a | b; }
Result exclusive(const Format&, int64_t a, int64_t b) { return a ^ b; }
Result greater_signed(const Format&, int64_t a, int64_t b) { return std::max(a, b); }
Result lesser_signed(const Format&, int64_t a, int64_t b) { return std::min(a, b); }
Result greater_unsigned(const Format& f, int64_t a, int64_t b) { return without_sign(f, a) < without_sign(f, b) ? b : a; }
Result lesser_unsigned(const Format& f, int64_t a, int64_t b) { return without_sign(f, b) < without_sign(f, a) ? b : a; }

bool overflows(const Format& format, int64_t a, int64_t b) {
  return b == -1 && a == wrap(format, uint64_t{1} << (format.width - 1));  // the lowest number has no opposite
}
Result quotient(const Format& f, int64_t a, int64_t b) { return overflows(f, a, b) ? Result() : a / b; }
Result rest(const Format& f, int64_t a, int64_t b) { return overflows(f, a, b) ? 0 : a % b; }
Result quotient_unsigned(const Format& f, int64_t a, int64_t b) { return value(without_sign(f, a) / without_sign(f, b)); }
Result rest_unsigned(const Format& f, int64_t a, int64_t b) { return value(without_sign(f, a) % without_sign(f, b)); }
Result quotient_down(const Format& f, int64_t a, int64_t b) {
  if (overflows(f, a, b)) return {};
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}
Result quotient_up(const Format& f, int64_t a, int64_t b) {
  if (overflows(f, a, b)) return {};
  return a / b + (a % b != 0 && (a % b < 0) == (b < 0) ? 1 : 0);
}
Result quotient_up_unsigned(const Format& f, int64_t a, int64_t b) {
  const uint64_t x = without_sign(f, a), y = without_sign(f, b);
  return value(x / y + (x % y != 0 ? 1 : 0));
}

bool leaves(const Format& format, int64_t shift) { return without_sign(format, shift) >= format.width; }
Result shifted_left(const Format& f, int64_t a, int64_t b) { return leaves(f, b) ? Result() : value(bits(a) << b); }
Result shifted_right(const Format& f, int64_t a, int64_t b) { return leaves(f, b) ? Result() : a >> b; }
Result shifted_right_unsigned(const Format& f, int64_t a, int64_t b) { return leaves(f, b) ? Result() : value(without_sign(f, a) >> b); }

// ---- real numbers

template <double (*kFunction)(double a, double b)>
void run_real(Machine& machine, Operation* op) {
  const Format format = format_at(op, op->getResult(0));
  machine.set(op->getResult(0),
              apply_real(format, format, operands_of(machine, op), [](double a, double b, double) { return kFunction(a, b); }));
}

double real_sum(double a, double b) { return a + b; }
double real_difference(double a, double b) { return a - b; }
double real_product(double a, double b) { return a * b; }
double real_quotient(double a, double b) { return a / b; }
double real_rest(double a, double b) { return std::fmod(a, b); }
double opposite(double a, double) { return -a; }
double greater_number(double a, double b) { return std::fmax(a, b); }
double lesser_number(double a, double b) { return std::fmin(a, b); }
double nan_of(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::quiet_NaN() : 0; }
double greater(double a, double b) { return std::isnan(nan_of(a, b)) ? nan_of(a, b) : std::fmax(a, b); }
double lesser(double a, double b) { return std::isnan(nan_of(a, b)) ? nan_of(a, b) : std::fmin(a, b); }

// ---- comparing and choosing

void run_cmpi(Machine& machine, arith::CmpIOp op) {
  using enum arith::CmpIPredicate;
  Format format = format_at(op, op.getLhs());
  Number a = machine.number(op.getLhs()), b = machine.number(op.getRhs());
  Relation relation = Relation::kEqual;
  bool is_unsigned = false;
  switch (op.getPredicate()) {
    case eq: relation = Relation::kEqual; break;
    case ne: relation = Relation::kNotEqual; break;
    case slt: relation = Relation::kLess; break;
    case sle: relation = Relation::kLessEqual; break;
    case sgt: relation = Relation::kGreater; break;
    case sge: relation = Relation::kGreaterEqual; break;
    case ult: relation = Relation::kLess, is_unsigned = true; break;
    case ule: relation = Relation::kLessEqual, is_unsigned = true; break;
    case ugt: relation = Relation::kGreater, is_unsigned = true; break;
    case uge: relation = Relation::kGreaterEqual, is_unsigned = true; break;
  }
  format.kind = is_unsigned ? Format::Kind::kUnsigned : Format::Kind::kSigned;
  a.integer = wrap(format, bits(a.integer));
  b.integer = wrap(format, bits(b.integer));
  machine.set(op, compare(format, relation, a, b));
}

void run_cmpf(Machine& machine, arith::CmpFOp op) {
  using enum arith::CmpFPredicate;
  const Format format = format_at(op, op.getLhs());
  const Number &a = machine.number(op.getLhs()), &b = machine.number(op.getRhs());
  // An ordered comparison is false for NaN, an unordered one is true, and the opposite of the opposite ordered one.
  const auto result = [&](Relation relation, bool opposite) {
    Number number = compare(format, relation, a, b);
    if (opposite) number.integer = 1 - number.integer;
    machine.set(op, number);
  };
  const auto whether_nan = [&](bool ordered) {
    if (!a.defined || !b.defined) return machine.set(op, Number{});
    const bool any = std::isnan(a.real) || std::isnan(b.real);
    machine.set(op, Number::of_integer(any != ordered ? 1 : 0, std::isinf(a.error) || std::isinf(b.error) ? 1 : 0));
  };
  const bool any_nan = a.defined && b.defined && (std::isnan(a.real) || std::isnan(b.real));
  switch (op.getPredicate()) {
    case AlwaysFalse: return machine.set(op, Number::of_integer(0));
    case AlwaysTrue: return machine.set(op, Number::of_integer(1));
    case OEQ: return result(Relation::kEqual, false);
    case OGT: return result(Relation::kGreater, false);
    case OGE: return result(Relation::kGreaterEqual, false);
    case OLT: return result(Relation::kLess, false);
    case OLE: return result(Relation::kLessEqual, false);
    case UNE: return result(Relation::kNotEqual, false);
    case ULE: return result(Relation::kGreater, true);
    case ULT: return result(Relation::kGreaterEqual, true);
    case UGE: return result(Relation::kLess, true);
    case UGT: return result(Relation::kLessEqual, true);
    case ONE: return any_nan ? result(Relation::kEqual, false) : result(Relation::kNotEqual, false);
    case UEQ: return any_nan ? result(Relation::kNotEqual, false) : result(Relation::kEqual, false);
    case ORD: return whether_nan(true);
    case UNO: return whether_nan(false);
  }
}

void run_select(Machine& machine, arith::SelectOp op) {
  const Datum &if_true = machine.get(op.getTrueValue()), &if_false = machine.get(op.getFalseValue());
  const Number& condition = machine.number(op.getCondition());
  if (std::holds_alternative<Number>(if_true)) {
    const Format format = format_at(op, op);
    return machine.set(op, Datum(choose(format, condition, std::get<Number>(if_true), std::get<Number>(if_false))));
  }
  Datum chosen = machine.decided(op, condition) != 0 ? if_true : if_false;  // of tensors, tiles, tasks
  machine.set(op, std::move(chosen));
}

// ---- casts

/// Between integers: `kUnsigned` fills what is added with zeros.
template <bool kUnsigned>
void run_width(Machine& machine, Operation* op) {
  const Format from = format_at(op, op->getOperand(0)), to = format_at(op, op->getResult(0));
  const Number operand = machine.number(op->getOperand(0));
  const bool negative = !kUnsigned && from.width == 1;  // a set bit is -1
  Number result = apply_integer(to, operand, [&](int64_t a, int64_t, int64_t) {
    return negative ? -a : kUnsigned ? value(without_sign(from, a)) : a;
  });
  if (operand.defined && std::isfinite(operand.error)) result.error = operand.error;  // truth values that are not certain
  machine.set(op->getResult(0), result);
}

template <bool kUnsigned>
void run_to_real(Machine& machine, Operation* op) {
  Format from = format_at(op, op->getOperand(0));
  Number operand = machine.number(op->getOperand(0));
  if (kUnsigned) {
    from.kind = Format::Kind::kUnsigned;
    operand.integer = wrap(from, bits(operand.integer));
  } else if (from.width == 1) {
    operand.integer = -operand.integer;
    from.kind = Format::Kind::kSigned;
  }
  machine.set(op->getResult(0), convert(from, format_at(op, op->getResult(0)), operand, Rounding::kToEven));
}

template <bool kUnsigned>
void run_to_integer(Machine& machine, Operation* op) {
  const Format from = format_at(op, op->getOperand(0));
  Format to = format_at(op, op->getResult(0));
  const Format result = to;
  if (kUnsigned) to.kind = Format::Kind::kUnsigned;
  const Number& operand = machine.number(op->getOperand(0));
  const double low = to.kind == Format::Kind::kUnsigned ? 0 : -std::ldexp(1.0, static_cast<int>(to.width) - 1);
  const double end = std::ldexp(1.0, static_cast<int>(to.width) - (to.kind == Format::Kind::kUnsigned ? 0 : 1));
  const double whole = std::trunc(operand.real);
  if (!operand.defined || !(whole >= low && whole < end)) return machine.set(op->getResult(0), Number{});  // poison
  Number number = convert(from, to, operand, Rounding::kToZero);
  number.integer = wrap(result, bits(number.integer));
  machine.set(op->getResult(0), number);
}

void run_real_width(Machine& machine, Operation* op) {
  const Format from = format_at(op, op->getOperand(0)), to = format_at(op, op->getResult(0));
  machine.set(op->getResult(0), convert(from, to, machine.number(op->getOperand(0)), Rounding::kToEven));
}

/// The bits of a number of a real format.
uint64_t pattern_of(const llvm::fltSemantics& semantics, double real) {
  llvm::APFloat number(real);
  bool inexact = false;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
  return number.bitcastToAPInt().getZExtValue();
}

void run_bitcast(Machine& machine, arith::BitcastOp op) {
  const Number& operand = machine.number(op.getIn());
  if (!operand.defined) return machine.set(op, Number{});
  auto from = dyn_cast<FloatType>(op.getIn().getType()), to = dyn_cast<FloatType>(op.getType());
  const Format from_format = format_at(op, op.getIn()), to_format = format_at(op, op);
  const uint64_t pattern = from ? pattern_of(from.getFloatSemantics(), operand.real) : without_sign(from_format, operand.integer);
  const double error = operand.error == 0 ? 0 : std::numeric_limits<double>::infinity();
  if (!to) return machine.set(op, Number::of_integer(wrap(to_format, pattern), error));
  llvm::APFloat real(to.getFloatSemantics(), llvm::APInt(to_format.width, pattern));
  bool inexact = false;
  real.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  machine.set(op, Number::of_real(real.convertToDouble(), error));
}

/// For handlers that serve several operations.
template <typename... Ops>
void add_all(Handlers& handlers, Handler handler) {
  (handlers.insert_or_assign(Ops::getOperationName(), handler), ...);
}

}  // namespace

void add_arith(Handlers& handlers) {
  add_handler<arith::ConstantOp, run_constant>(handlers);
  add_all<arith::AddIOp>(handlers, run_integer<sum>);
  add_all<arith::SubIOp>(handlers, run_integer<difference>);
  add_all<arith::MulIOp>(handlers, run_integer<product>);
  add_all<arith::AndIOp>(handlers, run_integer<conjunction>);
  add_all<arith::OrIOp>(handlers, run_integer<disjunction>);
  add_all<arith::XOrIOp>(handlers, run_integer<exclusive>);
  add_all<arith::MaxSIOp>(handlers, run_integer<greater_signed>);
  add_all<arith::MinSIOp>(handlers, run_integer<lesser_signed>);
  add_all<arith::MaxUIOp>(handlers, run_integer<greater_unsigned>);
  add_all<arith::MinUIOp>(handlers, run_integer<lesser_unsigned>);
  add_all<arith::ShLIOp>(handlers, run_integer<shifted_left>);
  add_all<arith::ShRSIOp>(handlers, run_integer<shifted_right>);
  add_all<arith::ShRUIOp>(handlers, run_integer<shifted_right_unsigned>);
  add_all<arith::DivSIOp>(handlers, run_division<quotient>);
  add_all<arith::RemSIOp>(handlers, run_division<rest>);
  add_all<arith::DivUIOp>(handlers, run_division<quotient_unsigned>);
  add_all<arith::RemUIOp>(handlers, run_division<rest_unsigned>);
  add_all<arith::FloorDivSIOp>(handlers, run_division<quotient_down>);
  add_all<arith::CeilDivSIOp>(handlers, run_division<quotient_up>);
  add_all<arith::CeilDivUIOp>(handlers, run_division<quotient_up_unsigned>);
  add_all<arith::AddFOp>(handlers, run_real<real_sum>);
  add_all<arith::SubFOp>(handlers, run_real<real_difference>);
  add_all<arith::MulFOp>(handlers, run_real<real_product>);
  add_all<arith::DivFOp>(handlers, run_real<real_quotient>);
  add_all<arith::RemFOp>(handlers, run_real<real_rest>);
  add_all<arith::NegFOp>(handlers, run_real<opposite>);
  add_all<arith::MaximumFOp>(handlers, run_real<greater>);
  add_all<arith::MinimumFOp>(handlers, run_real<lesser>);
  add_all<arith::MaxNumFOp>(handlers, run_real<greater_number>);
  add_all<arith::MinNumFOp>(handlers, run_real<lesser_number>);
  add_handler<arith::CmpIOp, run_cmpi>(handlers);
  add_handler<arith::CmpFOp, run_cmpf>(handlers);
  add_handler<arith::SelectOp, run_select>(handlers);
  add_all<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(handlers, run_width<false>);
  add_all<arith::ExtUIOp, arith::IndexCastUIOp>(handlers, run_width<true>);
  add_all<arith::SIToFPOp>(handlers, run_to_real<false>);
  add_all<arith::UIToFPOp>(handlers, run_to_real<true>);
  add_all<arith::FPToSIOp>(handlers, run_to_integer<false>);
  add_all<arith::FPToUIOp>(handlers, run_to_integer<true>);
  add_all<arith::ExtFOp, arith::TruncFOp>(handlers, run_real_width);
  add_handler<arith::BitcastOp, run_bitcast>(handlers);
}

}  // namespace tilewright::interpret
