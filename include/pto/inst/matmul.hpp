// Matrix products (spec/tile-isa.md, 2.7): C (M x N) = A (M x K) B (K x N), with M and K from a's valid shape and N from b's.
// Element triples: i8, i8 -> i32; pairs of f16, bf16, f32, hif8 or any two of e4m3 and e5m2 -> f32. Sums run over k in order, in the accumulator's type.
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename T>
inline constexpr bool is_fp8_v = std::is_same_v<T, float8_e4m3_t> || std::is_same_v<T, float8_e5m2_t>;
template <typename A, typename B>
inline constexpr bool float_product_v =
    (std::is_same_v<A, B> && (is_float_v<A> || std::is_same_v<A, hifloat8_t>)) || (is_fp8_v<A> && is_fp8_v<B>);
template <typename A, typename B, typename C>
inline constexpr bool matmul_elements_v =
    (std::is_same_v<typename A::DType, int8_t> && std::is_same_v<typename B::DType, int8_t> &&
     std::is_same_v<typename C::DType, int32_t>) ||
    (float_product_v<typename A::DType, typename B::DType> && std::is_same_v<typename C::DType, float>);

constexpr bool static_extents_agree(int a, int b) { return a == DYNAMIC || b == DYNAMIC || a == b; }

template <typename C, typename A, typename B>
PTO_FN constexpr void check_matmul() {
  static_assert(A::Loc == TileType::Left && B::Loc == TileType::Right && C::Loc == TileType::Acc,
                "a matrix product takes a Left and a Right tile and writes an Acc tile");
  static_assert(matmul_elements_v<A, B, C>,
                "element types of a matrix product: i8 x i8 -> i32, or pairs of f16, bf16, f32, fp8 or hif8 -> f32");
  static_assert(A::isInnerRowMajor, "a Left tile is boxed with row-major boxes (TileLeft)");
  static_assert(is_Zn_layout<B>, "a Right tile is row-major boxed with column-major boxes (TileRight)");
  static_assert(is_Nz_layout<C>, "an Acc tile is column-major boxed with row-major boxes (TileAcc)");
  static_assert(static_extents_agree(A::ValidCol, B::ValidRow), "K differs: a's valid columns are b's valid rows");
  static_assert(static_extents_agree(A::ValidRow, C::ValidRow), "M differs: a's valid rows are c's valid rows");
  static_assert(static_extents_agree(B::ValidCol, C::ValidCol), "N differs: b's valid columns are c's valid columns");
}

template <Op kOp, AccPhase Phase, typename... Operands>
PTO_FN RecordEvent issue_matmul(Operands&... operands) {
  PtoAttributes attributes = {};
  attributes.phase = static_cast<uint8_t>(Phase);
  return issue<kOp>(PIPE_M, attributes, operands...);
}

template <Op kOp, AccPhase Phase, typename C, typename A, typename B>
PTO_FN RecordEvent matmul(C& c, A& a, B& b) {
  check_matmul<C, A, B>();
  return issue_matmul<kOp, Phase>(c, a, b);
}

template <Op kOp, AccPhase Phase, typename C, typename A, typename B>
PTO_FN RecordEvent matmul_acc(C& c_out, C& c_in, A& a, B& b) {
  check_matmul<C, A, B>();
  return issue_matmul<kOp, Phase>(c_out, a, b, c_in);
}

template <Op kOp, AccPhase Phase, typename C, typename A, typename B, typename Bias>
PTO_FN RecordEvent matmul_bias(C& c, A& a, B& b, Bias& bias) {
  check_matmul<C, A, B>();
  static_assert(Bias::Loc == TileType::Bias && Bias::Rows == 1, "the bias is a Bias tile of one row");
  static_assert(std::is_same_v<typename Bias::DType, typename C::DType>, "the bias has the accumulator's element type");
  return issue_matmul<kOp, Phase>(c, a, b, bias);
}

}  // namespace detail

// Each product in two spellings: without and with an accumulation phase, which steers hardware only.
#define PTO_DETAIL_MATMUL(NAME)                                                                                                          \
  template <detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::EventArgument... WaitEvents>                 \
  PTO_FN RecordEvent NAME(C& cMatrix, A& aMatrix, B& bMatrix, WaitEvents&... events) {                                                   \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul<Op::NAME, AccPhase::Unspecified>(cMatrix, aMatrix, bMatrix);                                                   \
  }                                                                                                                                      \
  template <AccPhase Phase, detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(C& cMatrix, A& aMatrix, B& bMatrix, WaitEvents&... events) {                                                   \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul<Op::NAME, Phase>(cMatrix, aMatrix, bMatrix);                                                                   \
  }                                                                                                                                      \
  template <detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::EventArgument... WaitEvents>                 \
  PTO_FN RecordEvent NAME##_ACC(C& cOutMatrix, C& cInMatrix, A& aMatrix, B& bMatrix, WaitEvents&... events) {                            \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul_acc<Op::NAME##_ACC, AccPhase::Unspecified>(cOutMatrix, cInMatrix, aMatrix, bMatrix);                           \
  }                                                                                                                                      \
  template <AccPhase Phase, detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME##_ACC(C& cOutMatrix, C& cInMatrix, A& aMatrix, B& bMatrix, WaitEvents&... events) {                            \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul_acc<Op::NAME##_ACC, Phase>(cOutMatrix, cInMatrix, aMatrix, bMatrix);                                           \
  }                                                                                                                                      \
  template <detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::TileArgument Bias,                           \
            detail::EventArgument... WaitEvents>                                                                                         \
  PTO_FN RecordEvent NAME##_BIAS(C& cMatrix, A& aMatrix, B& bMatrix, Bias& biasData, WaitEvents&... events) {                            \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul_bias<Op::NAME##_BIAS, AccPhase::Unspecified>(cMatrix, aMatrix, bMatrix, biasData);                             \
  }                                                                                                                                      \
  template <AccPhase Phase, detail::TileArgument C, detail::TileArgument A, detail::TileArgument B, detail::TileArgument Bias,           \
            detail::EventArgument... WaitEvents>                                                                                         \
  PTO_FN RecordEvent NAME##_BIAS(C& cMatrix, A& aMatrix, B& bMatrix, Bias& biasData, WaitEvents&... events) {                            \
    TSYNC(events...);                                                                                                                    \
    return detail::matmul_bias<Op::NAME##_BIAS, Phase>(cMatrix, aMatrix, bMatrix, biasData);                                             \
  }
PTO_DETAIL_MATMUL(TMATMUL)  ///< TMATMUL: C = AB; TMATMUL_ACC: C = Cin + AB; TMATMUL_BIAS: C = AB + bias(0, n)
PTO_DETAIL_MATMUL(TGEMV)  ///< the same with M = 1
#undef PTO_DETAIL_MATMUL

/// C = C + AB
template <AccPhase Phase = AccPhase::Unspecified, detail::TileArgument C, detail::TileArgument A, detail::TileArgument B,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMATMUL_ACC(C& cMatrix, A& aMatrix, B& bMatrix, WaitEvents&... events) {
  TSYNC(events...);
  return detail::matmul_acc<Op::TMATMUL_ACC, Phase>(cMatrix, cMatrix, aMatrix, bMatrix);
}

}  // namespace pto

#pragma GCC visibility pop
