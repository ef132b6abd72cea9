// Part of tilewright/language.h: indices, scalars, conditions.
#pragma once

#include <utility>

#include "tilewright/language/values.h"

namespace tilewright {

namespace detail {

inline IndexValue calculate(twb_arith how, const IndexArg& l, const IndexArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return IndexValue(twb_calculate(b, how, left, right));
}
inline ConditionValue test(twb_compare how, const IndexArg& l, const IndexArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return ConditionValue(twb_test(b, how, left, right));
}

/// Both as values, a number of C++ in the type of the other one.
inline std::pair<twb_value, twb_value> read_pair(twb_builder* b, const ScalarArg& l, const ScalarArg& r) {
  if (l.is_number()) {
    const twb_value right = r.read(b, TWB_F32);
    return {l.read(b, twb_dtype_of(b, right)), right};
  }
  const twb_value left = l.read(b, TWB_F32);
  return {left, r.read(b, twb_dtype_of(b, left))};
}
inline ScalarValue calculate(twb_arith how, const ScalarArg& l, const ScalarArg& r) {
  twb_builder* b = at(l.where());
  const auto [left, right] = read_pair(b, l, r);
  return ScalarValue(twb_calculate(b, how, left, right));
}
inline ConditionValue test(twb_compare how, const ScalarArg& l, const ScalarArg& r) {
  twb_builder* b = at(l.where());
  const auto [left, right] = read_pair(b, l, r);
  return ConditionValue(twb_test(b, how, left, right));
}
inline ConditionValue both(twb_arith how, const ConditionArg& l, const ConditionArg& r) {
  twb_builder* b = at(l.where());
  const twb_value left = l.read(b), right = r.read(b);
  return ConditionValue(twb_calculate(b, how, left, right));
}

// In this namespace they are found wherever an operand is of the language.
#define TW_LANGUAGE_OPERATOR(SIGN, HOW)                                                                               \
  inline IndexValue operator SIGN(IndexArg left, IndexArg right) { return calculate(HOW, left, right); }              \
  inline ScalarValue operator SIGN(ScalarArg left, ScalarArg right) { return calculate(HOW, left, right); }           \
  inline Index& operator SIGN##=(Index & variable, IndexArg value) {                                                  \
    return variable = IndexArg(calculate(HOW, IndexArg(variable, value.where()), value), value.where());              \
  }                                                                                                                   \
  inline Scalar& operator SIGN##=(Scalar & variable, ScalarArg value) {                                               \
    return variable = Argument<ScalarKind>(calculate(HOW, ScalarArg(variable, value.where()), value), value.where()); \
  }
TW_LANGUAGE_OPERATOR(+, TWB_ADD)
TW_LANGUAGE_OPERATOR(-, TWB_SUB)
TW_LANGUAGE_OPERATOR(*, TWB_MUL)
TW_LANGUAGE_OPERATOR(/, TWB_DIV)
TW_LANGUAGE_OPERATOR(%, TWB_REM)
#undef TW_LANGUAGE_OPERATOR
#define TW_LANGUAGE_COMPARISON(SIGN, HOW)                                                               \
  inline ConditionValue operator SIGN(IndexArg left, IndexArg right) { return test(HOW, left, right); } \
  inline ConditionValue operator SIGN(ScalarArg left, ScalarArg right) { return test(HOW, left, right); }
TW_LANGUAGE_COMPARISON(==, TWB_EQ)
TW_LANGUAGE_COMPARISON(!=, TWB_NE)
TW_LANGUAGE_COMPARISON(<, TWB_LT)
TW_LANGUAGE_COMPARISON(>, TWB_GT)
TW_LANGUAGE_COMPARISON(>=, TWB_GE)
TW_LANGUAGE_COMPARISON(<=, TWB_LE)
#undef TW_LANGUAGE_COMPARISON
/// Both sides are computed, as with every other operator.
inline ConditionValue operator&(ConditionArg left, ConditionArg right) { return both(TWB_AND, left, right); }
inline ConditionValue operator|(ConditionArg left, ConditionArg right) { return both(TWB_OR, left, right); }

}  // namespace detail

inline IndexValue min(IndexArg left, IndexArg right) { return detail::calculate(TWB_MIN, left, right); }
inline IndexValue max(IndexArg left, IndexArg right) { return detail::calculate(TWB_MAX, left, right); }
inline ScalarValue min(ScalarArg left, ScalarArg right) { return detail::calculate(TWB_MIN, left, right); }
inline ScalarValue max(ScalarArg left, ScalarArg right) { return detail::calculate(TWB_MAX, left, right); }

/// A number of this type.
inline ScalarValue scalar(double number, DType dtype, Where where = Where::current()) {
  return ScalarValue(twb_float(detail::at(where), static_cast<twb_dtype>(dtype), number));
}
/// The number in another type; an index as a scalar, and a scalar of integers as an index.
inline ScalarValue convert(ScalarArg number, DType dtype) {
  twb_builder* b = detail::at(number.where());
  return ScalarValue(twb_convert(b, static_cast<twb_dtype>(dtype), number.read(b, static_cast<twb_dtype>(dtype))));
}
inline ScalarValue to_scalar(IndexArg index, DType dtype) {
  twb_builder* b = detail::at(index.where());
  return ScalarValue(twb_convert(b, static_cast<twb_dtype>(dtype), index.read(b)));
}
inline IndexValue to_index(ScalarArg number) {
  twb_builder* b = detail::at(number.where());
  return IndexValue(twb_convert(b, TWB_INDEX, number.read(b, TWB_I64)));
}
/// One of two numbers.
inline IndexValue choose(ConditionArg condition, IndexArg if_true, IndexArg if_false) {
  twb_builder* b = detail::at(condition.where());
  const twb_value c = condition.read(b), t = if_true.read(b), f = if_false.read(b);
  return IndexValue(twb_choose(b, c, t, f));
}

}  // namespace tilewright
