// Bit operations and shifts of integers, in plain loops that the compiler vectorises.
#include <array>
#include <type_traits>

#include "isa/execution.h"
#include "isa/tile_runs.h"

namespace tilewright::isa {
namespace {

enum class Bits : uint8_t { kAnd, kOr, kXor, kNot, kShl, kShr };

template <Bits kOp, typename T>
T apply(T a, T b) {
  using U = std::make_unsigned_t<T>;
  constexpr U kWidth = static_cast<U>(8 * sizeof(T));
  if constexpr (kOp == Bits::kAnd) return static_cast<T>(a & b);
  if constexpr (kOp == Bits::kOr) return static_cast<T>(a | b);
  if constexpr (kOp == Bits::kXor) return static_cast<T>(a ^ b);
  if constexpr (kOp == Bits::kNot) return static_cast<T>(~a);
  const U amount = static_cast<U>(b);  // a negative amount is a large one
  if constexpr (kOp == Bits::kShl) return amount >= kWidth ? T{0} : static_cast<T>(static_cast<U>(a) << amount);
  if constexpr (kOp == Bits::kShr) return amount >= kWidth ? static_cast<T>(a < 0 ? -1 : 0) : static_cast<T>(a >> amount);
}

/// dst[i] = a[i] op b[i], or b[0] for all
using Kernel = void (*)(void* dst, const void* a, const void* b, bool b_is_scalar, int64_t n);

template <Bits kOp, typename T>
void run(void* dst, const void* a, const void* b, bool b_is_scalar, int64_t n) {
  T* out = static_cast<T*>(dst);
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  if (b_is_scalar) {
    const T value = *y;
    for (int64_t i = 0; i < n; ++i) out[i] = apply<kOp>(x[i], value);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = apply<kOp>(x[i], y[i]);
  }
}

template <Bits kOp>
Kernel for_element(uint8_t element) {
  switch (element) {
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
    case TAND:
    case TANDS: return for_element<Bits::kAnd>(element);
    case TOR:
    case TORS: return for_element<Bits::kOr>(element);
    case TXOR:
    case TXORS: return for_element<Bits::kXor>(element);
    case TNOT: return for_element<Bits::kNot>(element);
    case TSHL:
    case TSHLS: return for_element<Bits::kShl>(element);
    default: return for_element<Bits::kShr>(element);
  }
}

void bitwise(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const Kernel kernel = kernel_for(execution.op(), dst.tile->element);
  for (int i = 1; i < execution.instruction.operand_count; ++i) require_region(execution, i, 0, 0, dst.valid_rows, dst.valid_cols);
  if (execution.instruction.operand_count == 3) {
    const std::array operands{&dst, &execution.operand(1), &execution.operand(2)};
    return for_each_run(operands, dst.valid_rows, dst.valid_cols,
                        [kernel](const auto& p, int64_t n) { kernel(p[0], p[1], p[2], false, n); });
  }
  const uint64_t* scalar = &execution.attributes().scalar;
  const std::array operands{&dst, &execution.operand(1)};
  for_each_run(operands, dst.valid_rows, dst.valid_cols, [=](const auto& p, int64_t n) { kernel(p[0], p[1], scalar, true, n); });
}

}  // namespace

Handler bitwise_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TAND:
    case TOR:
    case TXOR:
    case TNOT:
    case TSHL:
    case TSHR:
    case TANDS:
    case TORS:
    case TXORS:
    case TSHLS:
    case TSHRS: return bitwise;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
