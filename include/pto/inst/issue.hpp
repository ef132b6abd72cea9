// How an instruction leaves the kernel: operands and attributes as plain data, handed to the simulator in one call.
#pragma once

#include "pto/common/event.hpp"
#include "pto/common/pto_tile.hpp"
#include "pto/inst/generation.hpp"

#pragma GCC visibility push(hidden)

namespace pto::detail {

template <typename T>
concept TileArgument = is_tile_data<std::remove_const_t<T>>::value;
template <typename T>
concept ConvTileArgument = is_conv_tile<std::remove_const_t<T>>::value;
template <typename T>
concept GlobalArgument = is_global_data<std::remove_const_t<T>>::value;

template <typename... Operands>
PTO_FN RecordEvent issue(Op op, pipe_t pipe, const PtoAttributes& attributes, const Operands&... operands) {
  static_assert(sizeof...(Operands) <= kPtoMaxOperands);
  PtoInstruction instruction;
  instruction.op = static_cast<uint16_t>(op);
  instruction.pipe = pipe;
  instruction.operand_count = sizeof...(Operands);
  instruction.attributes = attributes;
  PtoOperand* next = instruction.operands;
  (operands.describe(*next++), ...);
  sim().execute(&instruction);
  return {};
}

/// Whether operands may be of fp4, of which two elements share a byte.
constexpr bool takes_twins(Op op) {
  switch (op) {
    case Op::TLOAD:
    case Op::TSTORE_VEC:
    case Op::TSTORE_MAT:
    case Op::TMOV_V2V:
    case Op::TMOV_V2M:
    case Op::TMOV_M2L:
    case Op::TMOV_M2V:
    case Op::TEXTRACT_V2V:
    case Op::TEXTRACT_V2M:
    case Op::TEXTRACT_M2L:
    case Op::TINSERT_V2V:
    case Op::TINSERT_V2M:
    case Op::TFILLPAD:
    case Op::TSUBVIEW:
    case Op::TRESHAPE:
    case Op::TCVT:
    case Op::TPRINT:
    case Op::TPREFETCH:
    case Op::TPREFETCH_ASYNC: return true;
    default: return false;
  }
}
template <typename Operand>
constexpr bool has_twins() {
  if constexpr (requires { typename Operand::RawDType; })
    return is_twin_v<std::remove_cv_t<typename Operand::RawDType>>;
  else
    return is_twin_v<typename Operand::DType>;
}
#define PTO_DETAIL_NO_TWINS "two fp4 elements share a byte, which this instruction would separate; TCVT converts them"

/// The same for instructions that the table of pto/common/legality.hpp may refuse: at compile time, if the kernel is for one generation.
template <Op kOp, typename... Operands>
PTO_FN __attribute__((always_inline)) RecordEvent issue(pipe_t pipe, const PtoAttributes& attributes, const Operands&... operands) {
  static_assert(takes_twins(kOp) || !(has_twins<Operands>() || ...), PTO_DETAIL_NO_TWINS);
  check_generation<kOp, Operands...>();
  return issue(kOp, pipe, attributes, operands...);
}
template <Op kOp, typename... Operands>
PTO_FN __attribute__((always_inline)) RecordEvent issue(const Operands&... operands) {
  return issue<kOp>(op_pipe(kOp), PtoAttributes{}, operands...);
}

/// The bytes of a scalar, zero-extended.
template <typename T>
PTO_FN uint64_t scalar_bits(T value) {
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return bits;
}

// What an instruction asks of its operands' types, each with the message a kernel author needs.

template <typename T>
inline constexpr bool is_float_v = std::is_same_v<T, float> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16_t>;
template <typename T>
inline constexpr bool is_arithmetic_v = is_float_v<T> || std::is_integral_v<T>;
template <typename T>
inline constexpr bool is_signed_v = is_float_v<T> || std::is_signed_v<T>;

template <typename... Tiles>
inline constexpr bool all_vec_v = ((Tiles::Loc == TileType::Vec) && ...);
template <typename First, typename... Rest>
inline constexpr bool same_element_v = (std::is_same_v<typename First::DType, typename Rest::DType> && ...);
template <typename First, typename... Rest>
inline constexpr bool same_width_v = ((sizeof(typename First::DType) == sizeof(typename Rest::DType)) && ...);

/// For a static_assert that fails only when its template is used.
template <typename...>
inline constexpr bool never_v = false;

}  // namespace pto::detail

#pragma GCC visibility pop
