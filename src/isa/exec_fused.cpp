// Several operations in one: additions of three, multiply-additions, leaky relus, remainders. What each does is documented in
// pto/inst/fused.hpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_runs.h"

namespace tilewright::isa {
namespace {

enum class Fused : uint8_t { kAddAdd, kSubAdd, kMulAdd, kMulAddRelu, kSubRelu, kLeaky, kRem, kFmod };

/// a op b op c, as the operation takes them; c is the third operand, or what the destination held before.
template <Fused kOp, typename T>
T apply(T a, T b, T c) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    const auto wrapped = [](auto value) { return static_cast<T>(value); };
    if constexpr (kOp == Fused::kAddAdd) return wrapped(static_cast<U>(a) + static_cast<U>(b) + static_cast<U>(c));
    if constexpr (kOp == Fused::kSubAdd) return wrapped(static_cast<U>(a) - static_cast<U>(b) + static_cast<U>(c));
    if constexpr (kOp == Fused::kRem || kOp == Fused::kFmod) {
      if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
      const T rest = static_cast<T>(a % b);
      return kOp == Fused::kRem && rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
    }
  } else {
    if constexpr (kOp == Fused::kAddAdd) return a + b + c;
    if constexpr (kOp == Fused::kSubAdd) return a - b + c;
    // The product of two f32 is exact in f64, so that the result rounds once but for one bit in 2^29.
    if constexpr (kOp == Fused::kMulAdd) return static_cast<T>(static_cast<double>(a) * b + c);
    if constexpr (kOp == Fused::kMulAddRelu) return std::fmax(static_cast<T>(static_cast<double>(a) * b + c), T{0});
    if constexpr (kOp == Fused::kSubRelu) return std::fmax(a - b, T{0});
    if constexpr (kOp == Fused::kLeaky) return a > 0 ? a : a * b;
    if constexpr (kOp == Fused::kFmod) return std::fmod(a, b);
    if constexpr (kOp == Fused::kRem) {
      const T rest = std::fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
  }
  return T{};
}

/// dst[i] = apply(a[i], b[i], c[i]), with b[0] for all if that is a scalar
using Kernel = void (*)(void* dst, const void* a, const void* b, bool b_is_scalar, const void* c, int64_t n);

template <Fused kOp, typename T>
void run(void* dst, const void* a, const void* b, bool b_is_scalar, const void* c, int64_t n) {
  T* out = static_cast<T*>(dst);
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  const T* z = static_cast<const T*>(c);
  const int64_t step = b_is_scalar ? 0 : 1;
  for (int64_t i = 0; i < n; ++i) out[i] = apply<kOp>(x[i], y[i * step], z[i]);
}

/// f16 and bf16 through f32.
template <Fused kOp, PtoElement kElement>
void run_half(void* dst, const void* a, const void* b, bool b_is_scalar, const void* c, int64_t n) {
  static const ConvertKernel widen = convert_kernel(kElement, kPtoF32), narrow = convert_kernel(kPtoF32, kElement);
  alignas(64) float x[kGatherRun], y[kGatherRun], z[kGatherRun];
  if (b_is_scalar) widen(y, b, 1);
  for (int64_t i = 0; i < n; i += kGatherRun) {
    const int64_t count = std::min<int64_t>(kGatherRun, n - i);
    const auto at = [i](const void* p) { return static_cast<const uint8_t*>(p) + 2 * i; };
    widen(x, at(a), count);
    widen(z, at(c), count);
    if (!b_is_scalar) widen(y, at(b), count);
    run<kOp, float>(x, x, y, b_is_scalar, z, count);
    narrow(static_cast<uint8_t*>(dst) + 2 * i, x, count);
  }
}

template <Fused kOp>
Kernel for_element(uint8_t element) {
  switch (element) {
    case kPtoF32: return run<kOp, float>;
    case kPtoF16: return run_half<kOp, kPtoF16>;
    case kPtoBf16: return run_half<kOp, kPtoBf16>;
    case kPtoI8: return run<kOp, int8_t>;
    case kPtoU8: return run<kOp, uint8_t>;
    case kPtoI16: return run<kOp, int16_t>;
    case kPtoU16: return run<kOp, uint16_t>;
    case kPtoI32: return run<kOp, int32_t>;
    case kPtoU32: return run<kOp, uint32_t>;
    case kPtoI64: return run<kOp, int64_t>;
    default: return run<kOp, uint64_t>;
  }
}

Kernel kernel_for(pto::Op op, uint8_t element) {
  using enum pto::Op;
  switch (op) {
    case TADDC:
    case TADDSC: return for_element<Fused::kAddAdd>(element);
    case TSUBC:
    case TSUBSC: return for_element<Fused::kSubAdd>(element);
    case TMULADDDST:
    case TAXPY:
    case TFUSEDMULADD: return for_element<Fused::kMulAdd>(element);
    case TFUSEDMULADDRELU: return for_element<Fused::kMulAddRelu>(element);
    case TSUBRELU: return for_element<Fused::kSubRelu>(element);
    case TPRELU:
    case TLRELU: return for_element<Fused::kLeaky>(element);
    case TREM:
    case TREMS: return for_element<Fused::kRem>(element);
    default: return for_element<Fused::kFmod>(element);
  }
}

void fused(const Execution& execution) {
  using enum pto::Op;
  const PtoOperand& dst = execution.operand(0);
  const pto::Op op = execution.op();
  const Kernel kernel = kernel_for(op, dst.tile->element);
  const int count = execution.instruction.operand_count;
  for (int i = 1; i < count; ++i) require_region(execution, i, 0, 0, dst.valid_rows, dst.valid_cols);
  const uint64_t* scalar = &execution.attributes().scalar;
  const auto each = [&](const auto& operands, auto visit) { for_each_run(operands, dst.valid_rows, dst.valid_cols, visit); };
  const PtoOperand& a = execution.operand(1);
  // A run of dst may be a buffer that holds nothing yet, so what it held comes as an operand of its own.
  switch (op) {
    case TADDC:
    case TSUBC:
      return each(std::array{&dst, &a, &execution.operand(2), &execution.operand(3)},
                  [=](const auto& p, int64_t n) { kernel(p[0], p[1], p[2], false, p[3], n); });
    case TADDSC:
    case TSUBSC:
      return each(std::array{&dst, &a, &execution.operand(2)},
                  [=](const auto& p, int64_t n) { kernel(p[0], p[1], scalar, true, p[2], n); });
    case TAXPY: return each(std::array{&dst, &a, &dst}, [=](const auto& p, int64_t n) { kernel(p[0], p[1], scalar, true, p[2], n); });
    case TMULADDDST:
      return each(std::array{&dst, &a, &execution.operand(2), &dst},
                  [=](const auto& p, int64_t n) { kernel(p[0], p[1], p[2], false, p[3], n); });
    case TFUSEDMULADD:
    case TFUSEDMULADDRELU:
      return each(std::array{&dst, &a, &execution.operand(2), &dst},
                  [=](const auto& p, int64_t n) { kernel(p[0], p[1], p[3], false, p[2], n); });
    case TLRELU:
    case TREMS:
    case TFMODS: return each(std::array{&dst, &a}, [=](const auto& p, int64_t n) { kernel(p[0], p[1], scalar, true, p[1], n); });
    default:
      return each(std::array{&dst, &a, &execution.operand(2)}, [=](const auto& p, int64_t n) { kernel(p[0], p[1], p[2], false, p[1], n); });
  }
}

}  // namespace

Handler fused_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TADDC:
    case TSUBC:
    case TADDSC:
    case TSUBSC:
    case TMULADDDST:
    case TFUSEDMULADD:
    case TFUSEDMULADDRELU:
    case TSUBRELU:
    case TPRELU:
    case TLRELU:
    case TAXPY:
    case TREM:
    case TREMS:
    case TFMOD:
    case TFMODS: return fused;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
