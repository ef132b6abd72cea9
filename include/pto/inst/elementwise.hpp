// Element by element: tile with tile, tile alone, tile with scalar, conversion (spec/tile-isa.md, 2.2, 2.3 and 2.5).
// The iteration domain is the destination's valid region. f16 and bf16 compute in f32 and round once. Maximum and minimum ignore
// a NaN operand, like IEEE 754 maximumNumber. Integers wrap; an integer divided by zero is 0.
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename Dst, typename... Srcs>
PTO_FN constexpr void check_elementwise() {
  static_assert(all_vec_v<Dst, Srcs...>, "operands are Vec tiles");
  static_assert(same_element_v<Dst, Srcs...>, "operands have one element type; TCVT converts");
  static_assert(is_arithmetic_v<typename Dst::DType>, "no arithmetic on this element type");
}

template <Op kOp, typename Dst, typename Src>
PTO_FN RecordEvent issue_scalar(Dst& dst, Src& src, typename Src::DType scalar, bool scalar_first = false) {
  check_elementwise<Dst, Src>();
  PtoAttributes attributes = {};
  attributes.scalar = scalar_bits(scalar);
  attributes.scalar_first = scalar_first;
  return issue<kOp>(PIPE_V, attributes, dst, src);
}

}  // namespace detail

#define PTO_DETAIL_BINARY(NAME)                                                                                                        \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {                                             \
    detail::check_elementwise<TDDst, TDSrc0, TDSrc1>();                                                                                \
    TSYNC(events...);                                                                                                                  \
    return detail::issue<Op::NAME>(dst, src0, src1);                                                                                   \
  }
PTO_DETAIL_BINARY(TADD)  ///< dst = src0 + src1
PTO_DETAIL_BINARY(TSUB)  ///< dst = src0 - src1
PTO_DETAIL_BINARY(TMUL)  ///< dst = src0 * src1
PTO_DETAIL_BINARY(TMAX)  ///< dst = max(src0, src1)
PTO_DETAIL_BINARY(TMIN)  ///< dst = min(src0, src1)
#undef PTO_DETAIL_BINARY

/// dst = src0 / src1
template <auto PrecisionType = DivAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TDIV(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {
  detail::check_elementwise<TDDst, TDSrc0, TDSrc1>();
  TSYNC(events...);
  return detail::issue<Op::TDIV>(dst, src0, src1);
}

#define PTO_DETAIL_UNARY(NAME, CONDITION, MESSAGE)                                                       \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc& src, WaitEvents&... events) {                               \
    detail::check_elementwise<TDDst, TDSrc>();                                                           \
    static_assert(CONDITION<typename TDDst::DType>, MESSAGE);                                            \
    TSYNC(events...);                                                                                    \
    return detail::issue<Op::NAME>(dst, src);                                                            \
  }
PTO_DETAIL_UNARY(TABS, detail::is_signed_v, "TABS works on signed elements")    ///< dst = |src|
PTO_DETAIL_UNARY(TNEG, detail::is_signed_v, "TNEG works on signed elements")    ///< dst = -src
PTO_DETAIL_UNARY(TRELU, detail::is_signed_v, "TRELU works on signed elements")  ///< dst = max(src, 0)
#undef PTO_DETAIL_UNARY

#define PTO_DETAIL_MATH(NAME, ALGORITHM)                                                                     \
  template <auto PrecisionType = ALGORITHM::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc, \
            detail::EventArgument... WaitEvents>                                                             \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc& src, WaitEvents&... events) {                                   \
    detail::check_elementwise<TDDst, TDSrc>();                                                               \
    static_assert(detail::is_float_v<typename TDDst::DType>, #NAME " works on floating-point elements");     \
    TSYNC(events...);                                                                                        \
    return detail::issue<Op::NAME>(dst, src);                                                                \
  }
PTO_DETAIL_MATH(TEXP, ExpAlgorithm)      ///< dst = exp(src)
PTO_DETAIL_MATH(TLOG, LogAlgorithm)      ///< dst = ln(src)
PTO_DETAIL_MATH(TSQRT, SqrtAlgorithm)    ///< dst = sqrt(src)
PTO_DETAIL_MATH(TRSQRT, RsqrtAlgorithm)  ///< dst = 1 / sqrt(src)
PTO_DETAIL_MATH(TRECIP, RecipAlgorithm)  ///< dst = 1 / src
#undef PTO_DETAIL_MATH

/// TRSQRT with the scratch tile that A2A3 needs; it is not used here.
template <auto PrecisionType = RsqrtAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TRSQRT(TDDst& dst, TDSrc& src, TDTmp&, WaitEvents&... events) {
  return TRSQRT<PrecisionType>(dst, src, events...);
}

#define PTO_DETAIL_SCALAR(NAME)                                                                           \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>  \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc& src0, typename TDSrc::DType scalar, WaitEvents&... events) { \
    TSYNC(events...);                                                                                     \
    return detail::issue_scalar<Op::NAME>(dst, src0, scalar);                                             \
  }
PTO_DETAIL_SCALAR(TADDS)  ///< dst = src0 + scalar
PTO_DETAIL_SCALAR(TSUBS)  ///< dst = src0 - scalar
PTO_DETAIL_SCALAR(TMULS)  ///< dst = src0 * scalar
PTO_DETAIL_SCALAR(TMAXS)  ///< dst = max(src0, scalar)
PTO_DETAIL_SCALAR(TMINS)  ///< dst = min(src0, scalar)
#undef PTO_DETAIL_SCALAR

/// dst = src0 / scalar
template <auto PrecisionType = DivAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TDIVS(TDDst& dst, TDSrc& src0, typename TDSrc::DType scalar, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_scalar<Op::TDIVS>(dst, src0, scalar);
}
/// dst = scalar / src0
template <auto PrecisionType = DivAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TDIVS(TDDst& dst, typename TDDst::DType scalar, TDSrc& src0, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_scalar<Op::TDIVS>(dst, src0, scalar, true);
}

/// Fills the valid region of a Vec tile, or the whole of a Mat tile, with a scalar.
template <detail::TileArgument TD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXPANDS(TD& dst, typename TD::DType scalar, WaitEvents&... events) {
  static_assert(TD::Loc == TileType::Vec || TD::Loc == TileType::Mat, "TEXPANDS fills Vec and Mat tiles");
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.scalar = detail::scalar_bits(scalar);
  return detail::issue<Op::TEXPANDS>(TD::Loc == TileType::Mat ? PIPE_MTE2 : PIPE_V, attributes, dst);
}

/// dst = src converted, between any two element types. Rounding to an integer, and to a narrower float, follows `mode` (CAST_NONE rounds
/// to nearest even; to hif8 with ties away from zero). Without saturation (the default) a float out of range becomes an infinity, or NaN
/// where there is none (the largest value in fp4), and an integer keeps its low bits; with it, values are clamped.
template <bool NeedSetCtrl = true, detail::TileArgument TDD, detail::TileArgument TDS, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCVT(TDD& dst, TDS& src, RoundMode mode, SaturationMode satMode, WaitEvents&... events) {
  static_assert(detail::all_vec_v<TDD, TDS>, "TCVT: operands are Vec tiles");
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.round_mode = static_cast<uint8_t>(mode);
  attributes.saturate = satMode == SaturationMode::ON;
  return detail::issue<Op::TCVT>(PIPE_V, attributes, dst, src);
}
template <bool NeedSetCtrl = true, detail::TileArgument TDD, detail::TileArgument TDS, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCVT(TDD& dst, TDS& src, RoundMode mode, WaitEvents&... events) {
  return TCVT<NeedSetCtrl>(dst, src, mode, SaturationMode::OFF, events...);
}
template <bool NeedSetCtrl = true, detail::TileArgument TDD, detail::TileArgument TDS, detail::TileArgument TmpTD,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCVT(TDD& dst, TDS& src, TmpTD&, RoundMode mode, SaturationMode satMode, WaitEvents&... events) {
  return TCVT<NeedSetCtrl>(dst, src, mode, satMode, events...);
}
template <bool NeedSetCtrl = true, detail::TileArgument TDD, detail::TileArgument TDS, detail::TileArgument TmpTD,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCVT(TDD& dst, TDS& src, TmpTD&, RoundMode mode, WaitEvents&... events) {
  return TCVT<NeedSetCtrl>(dst, src, mode, SaturationMode::OFF, events...);
}

}  // namespace pto

#pragma GCC visibility pop
