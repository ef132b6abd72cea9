// The arithmetic of the CPU backend on contiguous runs of elements, compiled for several instruction sets and chosen at run time
// (Highway). Nothing here knows about tiles. A kernel may work in place (dst equal to a source); other overlap is not allowed.
#pragma once

#include <cstdint>

#include "pto/common/sim_abi.h"
#include "pto/common/type.hpp"

namespace tilewright::isa {

/// Lines of n contiguous elements each, steps in bytes from line to line; a step of 0 repeats a line. Of an operand that is a scalar, a
/// line is one element. The destination may be one of the sources (same lines); other overlap is not allowed.
struct Strips {
  uint8_t* dst;
  const uint8_t *a, *b, *c;
  int64_t dst_step, a_step, b_step, c_step;
  int64_t lines, n;
};
using StripKernel = void (*)(const Strips& strips);

/// On floating-point elements only: kExpDif, exp(a - b); kSubRelu, max(a - b, 0); kLeaky, a > 0 ? a : a * b. On integers only: the bit
/// operations and shifts, which shift every bit out by the width or more. kFmod is C's fmod, kRem has the sign of the divisor; integers
/// by zero are 0.
enum class BinaryOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMax,
  kMin,
  kExpDif,
  kSubRelu,
  kLeaky,
  kRem,
  kFmod,
  kAnd,
  kOr,
  kXor,
  kShl,
  kShr,
  kCount
};
enum class UnaryOp : uint8_t { kAbs, kNeg, kExp, kLog, kSqrt, kRsqrt, kRecip, kRelu, kNot, kCount };
/// a + b + c, a - b + c, and on floating-point elements a * b + c, rounded once in f32, and max(that, 0).
enum class TernaryOp : uint8_t { kAddAdd, kSubAdd, kMulAdd, kMulAddRelu, kCount };
enum class ReduceOp : uint8_t { kSum, kMax, kMin };

/// Which operands are runs; the other is a scalar.
enum class BinaryForm : uint8_t { kRunRun, kRunScalar, kScalarRun, kCount };

/// dst = a op b. kScalarRun is there for arithmetic only. Null for what is not there.
StripKernel binary_kernel(BinaryOp op, PtoElement element, BinaryForm form);

/// dst = op(a). Mathematical functions are for f32, f16 and bf16 only.
StripKernel unary_kernel(UnaryOp op, PtoElement element);

/// dst = op(a, b, c); b may be a scalar.
StripKernel ternary_kernel(TernaryOp op, PtoElement element, bool b_is_scalar);

/// dst = a, a scalar of 1, 2, 4 or 8 bytes.
StripKernel spread_kernel(int element_bytes);

/// dst = a where the line's bit is set, else b, which may be a scalar; c is the lines of bits, the first in the lowest bit of a byte.
/// `element_bytes` as above.
StripKernel selection_kernel(int element_bytes, bool b_is_scalar);

/// ranks[i] = how many keys are less than keys[i].
void rank_keys(const uint64_t* keys, uint64_t* ranks, int64_t n);

/// Reductions of rows >= 1 rows of n >= 1 elements at src + r * row_step bytes: out[r] of row r, or out[c] of column c. f16 and bf16
/// accumulate in f32.
using ReduceKernel = void (*)(void* out, const void* src, int64_t row_step, int64_t rows, int64_t n);
ReduceKernel row_reduce_kernel(ReduceOp op, PtoElement element);
ReduceKernel col_reduce_kernel(ReduceOp op, PtoElement element);

/// dst[i] = src[i], rounded to nearest even; between f32, f16 and bf16, from integers to f32, and within one type. Null for any
/// other pair.
using ConvertKernel = void (*)(void* dst, const void* src, int64_t n);
ConvertKernel convert_kernel(PtoElement from, PtoElement to);

/// Conversion with a rounding mode and optional saturation, through f64, for every pair of types of up to 32 bits.
struct Conversion {
  PtoElement from, to;
  pto::RoundMode mode;
  bool saturate;
};
void convert_rounded(const Conversion& conversion, void* dst, const void* src, int64_t n);

/// A panel product: c(m, j) (+)= sum over k of a(m, k) b(k, j), for m < rows and j < 16. T is float or int32_t. a lies in boxes of 16 rows,
/// row-major inside, as in a Left tile.
template <typename T>
struct PanelProduct {
  const T* a;  ///< the first box
  int64_t a_row_step;  ///< elements to the box of the next 16 rows
  int64_t a_box_step;  ///< elements to the box of the next columns
  int inner;  ///< columns of a box: 8, 16 or 32 of float, 32 of int32_t
  const void* b;  ///< rows of 16 elements
  PtoElement b_element;  ///< with float: f32, f16 or bf16, which are widened on the way; with int32_t: i32
  T* c;  ///< row m at c + 16 * m
  int64_t rows, depth;
  bool accumulate;
  /// Set: nothing is in `a` yet; the kernel widens it from b_element, f16 or bf16, into `a`, which it may write then, while it multiplies.
  /// `rows` is a multiple of 16 then, and a's boxes lie one behind the other up to whole boxes.
  struct {
    const void* boxes;
    int64_t row_step, box_step;  ///< elements, as above
  } source;
};
constexpr int kPanelCols = 16;
void panel_product(const PanelProduct<float>& product);
void panel_product(const PanelProduct<int32_t>& product);

/// The same of i8 (c is i32) or bf16 (c is f32) in groups of four bytes, that is of four or two k, which are multiplied and summed at once.
struct GroupPanelProduct {
  const uint8_t* a;  ///< row m at a + m * a_stride: `groups` groups
  int64_t a_stride;  ///< bytes
  const uint8_t* b;  ///< group g of 16 columns at b + 64 * g
  void* c;  ///< 16 results of row m at c + 64 * m
  int64_t rows, groups;
  bool accumulate;
};
/// What this processor has for it. Products of bf16 are right if bf16_products_stay_normal; the sums run in another order than k.
struct GroupKernel {
  void (*run)(const GroupPanelProduct& product) = nullptr;  ///< null: nothing
  uint8_t flip = 0;  ///< bits of every byte of `a` that are to be turned
};
GroupKernel group_kernel(PtoElement element);

/// The instructions above take subnormal operands for zero and round subnormal sums to zero (Intel SDM, VDPBF16PS and TDPBF16PS: DAZ and FTZ).
/// With bf16 elements of these smallest magnitudes other than zero (bits without sign; 0xffff if there is none) neither happens: no element
/// is subnormal, and products, whose 16 digits f32 holds, and their sums are multiples of 2^-115 or more.
constexpr bool bf16_products_stay_normal(uint16_t smallest_a, uint16_t smallest_b) {
  constexpr int kNormal = 0x80, kBias = 127;
  return smallest_a >= kNormal && smallest_b >= kNormal && (smallest_a >> 7) + (smallest_b >> 7) - 2 * kBias >= -100;
}
/// The smallest magnitude other than zero of n elements of 16 bits; 0xffff if there is none.
uint16_t smallest_magnitude(const uint16_t* elements, int64_t n);

/// Whether this processor has a matrix unit (AMX) and the kernel lets this process use it; the products below, which group_kernel gives out,
/// must not be called where not.
bool has_matrix_unit();
void group_product_bf16(const GroupPanelProduct& product);
void group_product_i8(const GroupPanelProduct& product);

/// c[j] (+)= sum over k < depth of a[k] b(k, j), j < cols. b is the first box of a Right tile.
struct RowProduct {
  const void* a;  ///< f32, or i32 for i8
  const uint8_t* b;
  int64_t box_step;  ///< bytes from a row of boxes to the next
  uint8_t* c;  ///< 16 columns of a's type
  int64_t c_step;  ///< bytes to the next 16
  int64_t depth, cols;
  bool accumulate;
};
void row_product(PtoElement element, const RowProduct& product);

/// dst(c, r) = src(r, c) for r < rows and c < cols; rows of src are src_step bytes apart and contiguous, rows of dst (columns
/// of src) dst_step bytes.
struct Transposition {
  uint8_t* dst;
  const uint8_t* src;
  int64_t dst_step, src_step;
  int64_t rows, cols;
  int element_bytes;  ///< 1, 2, 4 or 8
};
void transpose(const Transposition& transposition);

}  // namespace tilewright::isa
