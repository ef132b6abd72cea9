#include "compiler/emit/body_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

namespace tilewright::emit {

using namespace mlir;

namespace {

constexpr size_t kInlineLength = 48;  ///< a longer expression gets a name, even if it is used once

/// Whether `name` stands in `expression` as a word.
bool mentions(const std::string& expression, const std::string& name) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (size_t at = expression.find(name); at != std::string::npos; at = expression.find(name, at + 1)) {
    const bool begins = at == 0 || !part(expression[at - 1]);
    const size_t end = at + name.size();
    if (begins && (end == expression.size() || !part(expression[end]))) return true;
  }
  return false;
}

std::string unsigned_type(Type type) {
  const std::string name = cpp_type(type);
  return name.starts_with("int") ? "u" + name : name;
}

/// Floating-point types that C++ does not compute in.
bool is_narrow_float(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32; }

}  // namespace

// ---- constants

std::string literal(Attribute value, Type type) {
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    if (type.isInteger(1)) return integer.getValue().isZero() ? "false" : "true";
    if (type.isUnsignedInteger()) return fmt::format("{}u", integer.getValue().getZExtValue());
    const int64_t number = integer.getValue().getSExtValue();
    if (number == INT64_MIN) return "INT64_MIN";
    if (number == INT32_MIN && type.isInteger(32)) return "INT32_MIN";
    return fmt::format("{}", number);
  }
  auto number = dyn_cast<FloatAttr>(value);
  if (!number) return "";
  const double real = number.getValueAsDouble();
  const std::string name = cpp_type(type);
  if (std::isnan(real)) return fmt::format("{}(__builtin_nanf(\"\"))", name);
  if (std::isinf(real)) return fmt::format("{}({}__builtin_inff())", name, real < 0 ? "-" : "");
  std::string digits = type.isF64() ? fmt::format("{}", real) : fmt::format("{}", static_cast<float>(real));
  if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
  if (!type.isF64()) digits += "f";
  return is_narrow_float(type) ? fmt::format("{}({})", name, digits) : digits;
}

bool BodyWriter::is_constant(Value value, int64_t number) {
  APInt constant;
  return matchPattern(value, m_ConstantInt(&constant)) && constant.getSExtValue() == number;
}

// ---- values

std::string BodyWriter::variable_type(Type type) const { return cpp_type(type); }
std::string BodyWriter::constant_text(Attribute value, Type type) const { return literal(value, type); }

Code BodyWriter::code(Value value) const {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant))) {
    std::string text = constant_text(constant, value.getType());
    if (!text.empty()) return {text, text[0] == '-' ? kUnary : kAtom};
  }
  const auto found = codes_.find(value);
  return found == codes_.end() ? Code{"/* no value */"} : found->second;
}

std::string BodyWriter::operand(Value value, int binding) const {
  Code found = code(value);
  return found.binding < binding ? "(" + found.text + ")" : found.text;
}

std::string BodyWriter::name_for(Value value, StringRef otherwise) {
  const std::string given = name_of(value.getLoc());
  return names.unique(given.empty() ? std::string_view(otherwise) : given);
}

std::string BodyWriter::place_comment(Location location) {
  std::string place = place_of(location);
  if (place.empty() || place == last_place_) return "";
  last_place_ = place;
  return "  // " + place;
}

void BodyWriter::define(Value value, StringRef otherwise, const std::string& expression) {
  const std::string name = name_for(value, otherwise);
  line(fmt::format("const {} {} = {};", variable_type(value.getType()), name, expression), value.getLoc());
  set_code(value, {name});
}

// ---- blocks

LogicalResult BodyWriter::write_block(Block& block) {
  for (Operation& op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) continue;
    if (failed(write_op(op))) return failure();
  }
  return success();
}

LogicalResult BodyWriter::write_op(Operation& op) {
  if (isa<arith::ArithDialect>(op.getDialect())) return write_arith(op);
  if (auto loop = dyn_cast<scf::ForOp>(op)) return write_for(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op)) return write_if(branch);
  if (auto loop = dyn_cast<scf::WhileOp>(op)) return write_while(loop);
  return write_other(op);
}

// ---- arithmetic

LogicalResult BodyWriter::write_arith(Operation& op) {
  if (isa<arith::ConstantOp>(op)) {
    if (!constant_text(cast<arith::ConstantOp>(op).getValue(), op.getResult(0).getType()).empty()) return success();
    return op.emitOpError("has a constant that is no number of C++");
  }
  FailureOr<Code> result = arith_code(op);
  if (failed(result)) return failure();
  const Value value = op.getResult(0);
  const bool once = value.use_empty() || value.hasOneUse();
  // A tensor that a condition chooses has a name: what uses it calls its members.
  const bool number = value.getType().isIntOrIndexOrFloat();
  if (once && number && result->text.size() <= kInlineLength) {
    set_code(value, *result);
  } else {
    define(value, isa<arith::SelectOp>(op) ? "chosen" : op.getName().stripDialect().drop_back(1), result->text);
  }
  return success();
}

FailureOr<Code> BodyWriter::arith_code(Operation& op) {
  struct Infix {
    const char* sign;
    int binding;
    bool is_unsigned;
  };
  static const llvm::StringMap<Infix> kInfix = {
      {"addi", {"+", kSum, false}},      {"subi", {"-", kSum, false}},     {"muli", {"*", kProduct, false}},
      {"divsi", {"/", kProduct, false}}, {"divui", {"/", kProduct, true}}, {"remsi", {"%", kProduct, false}},
      {"remui", {"%", kProduct, true}},  {"andi", {"&", kAnd, false}},     {"ori", {"|", kOr, false}},
      {"xori", {"^", kXor, false}},      {"shli", {"<<", kShift, false}},  {"shrsi", {">>", kShift, false}},
      {"shrui", {">>", kShift, true}},   {"addf", {"+", kSum, false}},     {"subf", {"-", kSum, false}},
      {"mulf", {"*", kProduct, false}},  {"divf", {"/", kProduct, false}}};
  struct Call {
    const char* function;
    bool is_unsigned;
  };
  static const llvm::StringMap<Call> kCalls = {
      {"floordivsi", {"floor_div", false}}, {"ceildivsi", {"ceil_div", false}}, {"ceildivui", {"ceil_div", true}},
      {"maxsi", {"greater", false}},        {"minsi", {"lesser", false}},       {"maxui", {"greater", true}},
      {"minui", {"lesser", true}},          {"maximumf", {"greater", false}},   {"minimumf", {"lesser", false}},
      {"maxnumf", {"greater", false}},      {"minnumf", {"lesser", false}}};

  const StringRef name = op.getName().stripDialect();
  const Type type = op.getResult(0).getType();
  const std::string result_type = variable_type(type);
  const bool narrow = is_narrow_float(type) || llvm::any_of(op.getOperandTypes(), is_narrow_float);
  const auto cannot = [&]() -> FailureOr<Code> {
    return op.emitOpError() << "cannot be written in C++ here, for " << op.getOperandTypes() << " and " << type;
  };
  if (result_type.empty()) return cannot();
  // C++ computes in float what is narrower, and in int what is narrower: the result goes back into its type.
  const auto value = [&](Value operand_value, int binding, bool as_unsigned) -> std::string {
    if (is_narrow_float(operand_value.getType())) return "static_cast<float>(" + text(operand_value) + ")";
    if (as_unsigned) return fmt::format("static_cast<{}>({})", unsigned_type(operand_value.getType()), text(operand_value));
    return operand(operand_value, binding);
  };
  const auto returned = [&](Code result, bool was_unsigned) -> Code {
    const bool small = type.isInteger(8) || type.isInteger(16);
    if (is_narrow_float(type)) return {fmt::format("{}({})", result_type, result.text)};
    if (small || was_unsigned) return {fmt::format("static_cast<{}>({})", result_type, result.text)};
    return result;
  };
  if (narrow && variable_type(Float16Type::get(op.getContext())) != "half") return cannot();

  if (const auto found = kInfix.find(name); found != kInfix.end()) {
    const Infix& infix = found->second;
    return returned({fmt::format("{} {} {}", value(op.getOperand(0), infix.binding, infix.is_unsigned), infix.sign,
                                 value(op.getOperand(1), infix.binding + 1, infix.is_unsigned)),
                     infix.binding},
                    infix.is_unsigned);
  }
  if (const auto found = kCalls.find(name); found != kCalls.end()) {
    helpers.insert(found->second.function);
    const std::string type_name = found->second.is_unsigned ? unsigned_type(type) : narrow ? "float" : result_type;
    return returned({fmt::format("{}<{}>({}, {})", found->second.function, type_name, text(op.getOperand(0)), text(op.getOperand(1)))},
                    found->second.is_unsigned);
  }
  return llvm::TypeSwitch<Operation*, FailureOr<Code>>(&op)
      .Case([&](arith::NegFOp neg) { return returned({"-" + value(neg.getOperand(), kUnary, false), kUnary}, false); })
      .Case([&](arith::SelectOp select) -> FailureOr<Code> {
        return Code{fmt::format("{} ? {} : {}", operand(select.getCondition(), kTernary + 1), operand(select.getTrueValue(), kTernary + 1),
                                operand(select.getFalseValue(), kTernary)),
                    kTernary};
      })
      .Case([&](arith::CmpIOp compare) -> FailureOr<Code> {
        constexpr const char* kSigns[] = {"==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">="};
        const auto predicate = static_cast<unsigned>(compare.getPredicate());
        const bool is_unsigned = predicate >= static_cast<unsigned>(arith::CmpIPredicate::ult);
        const int binding = predicate < 2 ? kEqual : kRelation;
        return Code{fmt::format("{} {} {}", value(compare.getLhs(), binding + 1, is_unsigned), kSigns[predicate],
                                value(compare.getRhs(), binding + 1, is_unsigned)),
                    binding};
      })
      .Case([&](arith::CmpFOp compare) -> FailureOr<Code> {
        using enum arith::CmpFPredicate;
        const char* sign = nullptr;
        bool negated = false;
        switch (compare.getPredicate()) {
          case OEQ: sign = "=="; break;
          case OLT: sign = "<"; break;
          case OLE: sign = "<="; break;
          case OGT: sign = ">"; break;
          case OGE: sign = ">="; break;
          case UNE: sign = "!="; break;
          // Unordered: true if the opposite comparison is not.
          case ULT: sign = ">=", negated = true; break;
          case ULE: sign = ">", negated = true; break;
          case UGT: sign = "<=", negated = true; break;
          case UGE: sign = "<", negated = true; break;
          default: return cannot();
        }
        std::string comparison =
            fmt::format("{} {} {}", value(compare.getLhs(), kRelation + 1, false), sign, value(compare.getRhs(), kRelation + 1, false));
        if (negated) return Code{"!(" + comparison + ")", kUnary};
        return Code{comparison, sign[1] == '=' && (sign[0] == '=' || sign[0] == '!') ? kEqual : kRelation};
      })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp, arith::UIToFPOp>([&](Operation* cast) -> FailureOr<Code> {
        return Code{fmt::format("static_cast<{}>({})", result_type, value(cast->getOperand(0), kTernary, true))};
      })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp, arith::SIToFPOp, arith::FPToSIOp, arith::FPToUIOp, arith::ExtFOp,
            arith::TruncFOp>([&](Operation* cast) -> FailureOr<Code> {
        const Value from = cast->getOperand(0);
        if (from.getType().isInteger(1) && isa<arith::ExtSIOp, arith::SIToFPOp>(cast)) {  // a set bit is -1
          return Code{fmt::format("static_cast<{}>({} ? -1 : 0)", result_type, operand(from, kTernary + 1))};
        }
        if (type.isInteger(1)) return Code{fmt::format("({} & 1) != 0", operand(from, kAnd + 1)), kEqual};
        if (cpp_type(from.getType()) == result_type) return code(from);
        return Code{fmt::format("static_cast<{}>({})", result_type, value(from, kTernary, false))};
      })
      .Case([&](arith::BitcastOp cast) -> FailureOr<Code> {
        return Code{fmt::format("__builtin_bit_cast({}, {})", result_type, text(cast.getIn()))};
      })
      .Default([&](Operation*) { return cannot(); });
}

// ---- what loops and branches carry

LogicalResult BodyWriter::declare(Operation& op, Value value, Value initial, StringRef otherwise) {
  if (is_carried_otherwise(value.getType())) return initial ? carry_otherwise(value, initial) : success();
  const std::string type = variable_type(value.getType());
  if (type.empty()) return op.emitOpError() << "carries a value of type " << value.getType() << ", which generated code cannot";
  const std::string name = name_for(value, otherwise);
  out.line(initial ? fmt::format("{} {} = {};", type, name, text(initial)) : fmt::format("{} {};", type, name));
  set_code(value, {name});
  return success();
}

LogicalResult BodyWriter::assign(ValueRange to, ValueRange from) {
  // All right sides are those before the assignments: a temporary for each whose variables an earlier assignment changes.
  struct Assignment {
    std::string variable, expression;
  };
  std::vector<Assignment> assignments;
  for (const auto [target, source] : llvm::zip_equal(to, from)) {
    if (is_carried_otherwise(target.getType())) {
      if (failed(carry_otherwise(target, source))) return failure();
      continue;
    }
    Assignment next{text(target), text(source)};
    if (next.variable == next.expression) continue;
    for (const Assignment& before : assignments) {
      if (!mentions(next.expression, before.variable)) continue;
      const std::string kept = names.unique("next_" + next.variable);
      // Before all assignments.
      assignments.insert(assignments.begin(), {"const " + variable_type(target.getType()) + " " + kept, next.expression});
      next.expression = kept;
      break;
    }
    assignments.push_back(std::move(next));
  }
  for (const Assignment& assignment : assignments) out.line(fmt::format("{} = {};", assignment.variable, assignment.expression));
  return success();
}

// ---- loops and branches

LogicalResult BodyWriter::write_for(scf::ForOp loop) {
  for (const auto [carried, initial] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getInitArgs())) {
    if (failed(declare(*loop, carried, initial, "carried"))) return failure();
  }
  const Value index = loop.getInductionVar();
  const std::string type = variable_type(index.getType());
  const std::string name = name_for(index, "i");
  set_code(index, {name});
  const std::string step = is_constant(loop.getStep(), 1) ? "++" + name : fmt::format("{} += {}", name, text(loop.getStep()));
  out.open(fmt::format("for ({} {} = {}; {} < {}; {}) {{{}", type, name, text(loop.getLowerBound()), name,
                       operand(loop.getUpperBound(), kRelation + 1), step, place_comment(loop.getLoc())));
  if (failed(write_block(*loop.getBody()))) return failure();
  if (failed(assign(loop.getRegionIterArgs(), loop.getYieldedValues()))) return failure();
  out.close();
  for (const auto [result, carried] : llvm::zip_equal(loop.getResults(), loop.getRegionIterArgs())) {
    if (is_carried_otherwise(result.getType())) {
      if (failed(carry_otherwise(result, carried))) return failure();
    } else {
      set_code(result, code(carried));
    }
  }
  return success();
}

LogicalResult BodyWriter::write_if(scf::IfOp branch) {
  for (const Value result : branch.getResults()) {
    if (failed(declare(*branch, result, {}, "chosen"))) return failure();
  }
  out.open(fmt::format("if ({}) {{{}", text(branch.getCondition()), place_comment(branch.getLoc())));
  if (failed(write_block(branch.getThenRegion().front()))) return failure();
  if (failed(assign(branch.getResults(), branch.thenYield().getResults()))) return failure();
  if (!branch.getElseRegion().empty()) {
    out.reopen("} else {");
    if (failed(write_block(branch.getElseRegion().front()))) return failure();
    if (failed(assign(branch.getResults(), branch.elseYield().getResults()))) return failure();
  }
  out.close();
  return success();
}

LogicalResult BodyWriter::write_while(scf::WhileOp loop) {
  for (const auto [carried, initial] : llvm::zip_equal(loop.getBeforeArguments(), loop.getInits())) {
    if (failed(declare(*loop, carried, initial, "carried"))) return failure();
  }
  for (const Value result : loop.getResults()) {
    if (failed(declare(*loop, result, {}, "result"))) return failure();
  }
  out.open("while (true) {" + place_comment(loop.getLoc()));
  if (failed(write_block(*loop.getBeforeBody()))) return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  if (failed(assign(loop.getResults(), condition.getArgs()))) return failure();
  out.line(fmt::format("if (!{}) break;", operand(condition.getCondition(), kUnary)));
  for (const auto [inside, result] : llvm::zip_equal(loop.getAfterArguments(), loop.getResults())) {
    if (is_carried_otherwise(inside.getType())) {
      if (failed(carry_otherwise(inside, result))) return failure();
    } else {
      set_code(inside, code(result));
    }
  }
  if (failed(write_block(*loop.getAfterBody()))) return failure();
  if (failed(assign(loop.getBeforeArguments(), loop.getYieldOp().getResults()))) return failure();
  out.close();
  return success();
}

// ---- helpers

std::string helper_functions(const std::set<std::string>& used, const std::string& prefix) {
  std::string text;
  const auto add = [&](const char* name, const char* body) {
    if (used.contains(name)) text += fmt::format("template <typename T>\n{}T {}(T a, T b) {{\n  return {};\n}}\n\n", prefix, name, body);
  };
  add("floor_div", "a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0)");
  add("ceil_div", "a / b + ((a % b != 0 && (a % b < 0) == (b < 0)) ? 1 : 0)");
  add("lesser", "a < b ? a : b");
  add("greater", "a > b ? a : b");
  return text;
}

}  // namespace tilewright::emit
