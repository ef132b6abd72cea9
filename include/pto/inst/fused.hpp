// Several operations in one, element by element (spec/tile-isa.md, 2.2 and 2.3), over the destination's valid region. f16, bf16 and f32
// compute in f32, every operation rounding, and round to their type once; the multiply-additions round only their result. Integers wrap.
#pragma once

#include "pto/inst/elementwise.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <Op kOp, typename Dst, typename... Srcs>
PTO_FN RecordEvent issue_fused(uint64_t scalar, Dst& dst, Srcs&... srcs) {
  check_elementwise<Dst, Srcs...>();
  PtoAttributes attributes = {};
  attributes.scalar = scalar;
  return issue<kOp>(PIPE_V, attributes, dst, srcs...);
}

template <typename Dst>
PTO_FN constexpr void check_float_elements() {
  static_assert(is_float_v<typename Dst::DType>, "this instruction works on floating-point elements");
}

}  // namespace detail

#define PTO_DETAIL_FUSED_3(NAME)                                                          \
  template <detail::TileArgument TD, detail::EventArgument... WaitEvents>                 \
  PTO_FN RecordEvent NAME(TD& dst, TD& src0, TD& src1, TD& src2, WaitEvents&... events) { \
    TSYNC(events...);                                                                     \
    return detail::issue_fused<Op::NAME>(0, dst, src0, src1, src2);                       \
  }
PTO_DETAIL_FUSED_3(TADDC)  ///< dst = src0 + src1 + src2
PTO_DETAIL_FUSED_3(TSUBC)  ///< dst = src0 - src1 + src2
#undef PTO_DETAIL_FUSED_3

#define PTO_DETAIL_FUSED_SCALAR_2(NAME)                                                                    \
  template <detail::TileArgument TD, detail::EventArgument... WaitEvents>                                  \
  PTO_FN RecordEvent NAME(TD& dst, TD& src0, typename TD::DType scalar, TD& src1, WaitEvents&... events) { \
    TSYNC(events...);                                                                                      \
    return detail::issue_fused<Op::NAME>(detail::scalar_bits(scalar), dst, src0, src1);                    \
  }
PTO_DETAIL_FUSED_SCALAR_2(TADDSC)  ///< dst = src0 + scalar + src1
PTO_DETAIL_FUSED_SCALAR_2(TSUBSC)  ///< dst = src0 - scalar + src1
#undef PTO_DETAIL_FUSED_SCALAR_2

#define PTO_DETAIL_FUSED_FLOAT(NAME)                                                                                                   \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {                                             \
    detail::check_float_elements<TDDst>();                                                                                             \
    TSYNC(events...);                                                                                                                  \
    return detail::issue_fused<Op::NAME>(0, dst, src0, src1);                                                                          \
  }
PTO_DETAIL_FUSED_FLOAT(TMULADDDST)        ///< dst = src0 * src1 + dst
PTO_DETAIL_FUSED_FLOAT(TFUSEDMULADD)      ///< dst = src0 * dst + src1
PTO_DETAIL_FUSED_FLOAT(TFUSEDMULADDRELU)  ///< dst = max(src0 * dst + src1, 0)
PTO_DETAIL_FUSED_FLOAT(TSUBRELU)          ///< dst = max(src0 - src1, 0)
#undef PTO_DETAIL_FUSED_FLOAT

/// dst = src0 > 0 ? src0 : src0 * src1; `tmp` is scratch that only hardware needs.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPRELU(TDDst& dst, TDSrc0& src0, TDSrc1& src1, TDTmp&, WaitEvents&... events) {
  detail::check_float_elements<TDDst>();
  TSYNC(events...);
  return detail::issue_fused<Op::TPRELU>(0, dst, src0, src1);
}
/// dst = src > 0 ? src : src * scalar
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TLRELU(TDDst& dst, TDSrc& src, typename TDSrc::DType scalar, WaitEvents&... events) {
  detail::check_float_elements<TDDst>();
  TSYNC(events...);
  return detail::issue_fused<Op::TLRELU>(detail::scalar_bits(scalar), dst, src);
}
/// dst = dst + scalar * src
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TAXPY(TDDst& dst, TDSrc& src0, typename TDSrc::DType scalar, WaitEvents&... events) {
  detail::check_float_elements<TDDst>();
  TSYNC(events...);
  return detail::issue_fused<Op::TAXPY>(detail::scalar_bits(scalar), dst, src0);
}

/// dst = src0 - floor(src0 / src1) * src1: the remainder with the sign of the divisor. An integer remainder of a division by zero is 0.
template <auto PrecisionType = RemAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1,
          detail::TileArgument TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TREM(TDDst& dst, TDSrc0& src0, TDSrc1& src1, TDTmp&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_fused<Op::TREM>(0, dst, src0, src1);
}
template <auto PrecisionType = RemSAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TREMS(TDDst& dst, TDSrc& src, typename TDSrc::DType scalar, TDTmp&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_fused<Op::TREMS>(detail::scalar_bits(scalar), dst, src);
}
/// The remainder with the sign of the dividend, exact.
template <auto PrecisionType = FmodAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFMOD(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_fused<Op::TFMOD>(0, dst, src0, src1);
}
template <auto PrecisionType = FmodSAlgorithm::DEFAULT, detail::TileArgument TDDst, detail::TileArgument TDSrc,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFMODS(TDDst& dst, TDSrc& src, typename TDSrc::DType scalar, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_fused<Op::TFMODS>(detail::scalar_bits(scalar), dst, src);
}

}  // namespace pto

#pragma GCC visibility pop
