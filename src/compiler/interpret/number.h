// Numbers of the interpreter: a value in the format of its type, how far a device's may lie from it, and whether there is one at all.
#pragma once

#include <cstdint>
#include <optional>

#include "data_type.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "mlir/IR/Types.h"

namespace tilewright::interpret {

enum class Rounding : uint8_t { kToEven, kAwayFromZero, kDown, kUp, kToZero, kToOdd };

/// The numbers that a type has: IEEE 754 binary floating point, or integers in two's complement.
struct Format {
  enum class Kind : uint8_t { kReal, kSigned, kUnsigned };
  Kind kind = Kind::kSigned;
  unsigned width = 64;  ///< bits
  // Of kReal.
  int digits = 0;            ///< of the significand, with the hidden one
  int smallest = 0;          ///< exponent of the smallest normal number
  double largest = 0;        ///< finite number
  bool has_infinity = true;  ///< if not, what is too large is NaN

  bool is_real() const { return kind == Kind::kReal; }
};

/// Of an element type, index, i1 or f64. Integers without a sign in their type have one, i1 has none. Nothing for a type that is no number.
std::optional<Format> format_of(mlir::Type type);
/// The DataType of a tensor's elements; nothing for those that a host has no tensors of (f8E5M2).
std::optional<DataType> dtype_of(mlir::Type element);

/// One element of a tensor or tile, or a scalar. `real` or `integer` is its value, as its format says; integers are sign- or zero-extended.
struct Number {
  union {
    double real = 0;
    int64_t integer;
  };
  /// What a device computes lies within this of the value, NaN and infinities being only within infinity of other numbers. 0: equal.
  double error = 0;
  bool defined = false;  ///< false: no value, the default

  static Number of_real(double value, double error = 0);
  static Number of_integer(int64_t value, double error = 0);
  bool certain() const { return defined && error == 0; }
};

/// The value as a double, exact but for large 64-bit integers.
double as_real(const Format& format, const Number& number);

/// `value`, rounded to a number of a real format.
double round_real(const Format& format, long double value, Rounding rounding = Rounding::kToEven);
/// `value`, rounded to an integer.
long double round_to_integer(long double value, Rounding rounding);
/// The low bits of `value` as a number of an integer format.
int64_t wrap(const Format& format, uint64_t value);
/// The distance of neighbouring numbers of the format at `value`.
double ulp(const Format& format, double value);

/// How far two results of one computation lie apart: 0 if both are NaN or the same infinity.
double distance(double a, double b);

using RealFunction = llvm::function_ref<double(double a, double b, double c)>;
using IntegerFunction = llvm::function_ref<int64_t(int64_t a, int64_t b, int64_t c)>;

/// `function` of up to three numbers of the format `from`, rounded once to the real format `to`. A device's result is the exact one of its
/// operands, off by at most `extra` and so many ulps, and rounded. The function is monotone in each operand, but perhaps at 0: then its
/// values at the ends of the operands' intervals bound it.
Number apply_real(const Format& from, const Format& to, llvm::ArrayRef<Number> operands, RealFunction function, double ulps = 0,
                  double extra = 0);
/// `function` of numbers of integer formats; the low bits of its result are those of a number of `to`.
Number apply_integer(const Format& to, llvm::ArrayRef<Number> operands, IntegerFunction function);

/// What a conversion makes of a number. To integers it rounds as told and keeps the low 64 bits, then those that the format has; NaN and
/// what is too large for 64 bits become 0 (docs/design/isa.md: TCVT without saturation). Real to the same real format is a copy.
Number convert(const Format& from, const Format& to, const Number& number, Rounding rounding);

enum class Relation : uint8_t { kEqual, kNotEqual, kLess, kGreater, kGreaterEqual, kLessEqual };

/// 1 or 0, with error 1 where a device's numbers may compare otherwise. A NaN is unequal to everything, and neither less nor greater.
Number compare(const Format& format, Relation relation, const Number& a, const Number& b);
/// `if_true` where `condition` is 1, else `if_false`.
Number choose(const Format& format, const Number& condition, const Number& if_true, const Number& if_false);

}  // namespace tilewright::interpret
