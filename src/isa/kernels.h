// The arithmetic of the CPU backend on contiguous runs of elements, compiled for several instruction sets and chosen at run time
// (Highway). Nothing here knows about tiles. A kernel may work in place (dst equal to a source); other overlap is not allowed.
#pragma once

#include <cstdint>

#include "pto/common/sim_abi.h"
#include "pto/common/type.hpp"

namespace tilewright::isa {

/// kExpDif is exp(a - b), on floating-point elements only.
enum class BinaryOp : uint8_t { kAdd, kSub, kMul, kDiv, kMax, kMin, kExpDif };
enum class UnaryOp : uint8_t { kAbs, kNeg, kExp, kLog, kSqrt, kRsqrt, kRecip, kRelu };
enum class ReduceOp : uint8_t { kSum, kMax, kMin };

/// Which operands are runs; the other is one element.
enum class BinaryForm : uint8_t { kRunRun, kRunScalar, kScalarRun };

/// dst[i] = a[i] op b[i] for i < n, or with a[0] or b[0] in place of a scalar operand.
using BinaryKernel = void (*)(void* dst, const void* a, const void* b, int64_t n);
BinaryKernel binary_kernel(BinaryOp op, PtoElement element, BinaryForm form);

/// dst[i] = op(src[i]). Mathematical functions are for f32, f16 and bf16 only.
using UnaryKernel = void (*)(void* dst, const void* src, int64_t n);
UnaryKernel unary_kernel(UnaryOp op, PtoElement element);

/// out[r] = reduction of row r, n >= 1 elements at src + r * row_step bytes. f16 and bf16 accumulate in f32.
using RowReduceKernel = void (*)(void* out, const void* src, int64_t row_step, int64_t rows, int64_t n);
RowReduceKernel row_reduce_kernel(ReduceOp op, PtoElement element);

/// acc[i] op= src[i] with acc in f32; for sums of f16 and bf16 columns.
using AccumulateKernel = void (*)(float* acc, const void* src, int64_t n);
AccumulateKernel accumulate_kernel(PtoElement element);

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

/// A panel product: c(m, j) (+)= sum over k of a(m, k) b(k, j), for m < rows and j < 16. T is float or int32_t.
template <typename T>
struct PanelProduct {
  const T* a;  ///< row m at a + m * a_stride
  int64_t a_stride;
  const T* b;  ///< row k at b + 16 * k
  T* c;        ///< row m at c + 16 * m
  int64_t rows, depth;
  bool accumulate;
};
constexpr int kPanelCols = 16;
void panel_product(const PanelProduct<float>& product);
void panel_product(const PanelProduct<int32_t>& product);

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
