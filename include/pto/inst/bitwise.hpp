// Bits of integers (spec/tile-isa.md, 2.2 and 2.3), over the destination's valid region. A shift by the width of the element or more,
// or by a negative number, moves every bit out: 0, or the sign for TSHR of a signed type.
#pragma once

#include "pto/inst/elementwise.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename Dst, typename... Srcs>
PTO_FN constexpr void check_bitwise() {
  static_assert(all_vec_v<Dst, Srcs...>, "operands are Vec tiles");
  static_assert(same_element_v<Dst, Srcs...>, "operands have one element type");
  static_assert(std::is_integral_v<typename Dst::DType>, "bit operations and shifts work on integers");
}

template <Op kOp, typename Dst, typename Src>
PTO_FN RecordEvent issue_bits(Dst& dst, Src& src, uint64_t scalar) {
  check_bitwise<Dst, Src>();
  PtoAttributes attributes = {};
  attributes.scalar = scalar;
  return issue<kOp>(PIPE_V, attributes, dst, src);
}

}  // namespace detail

#define PTO_DETAIL_BITS(NAME)                                                                                                          \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {                                             \
    detail::check_bitwise<TDDst, TDSrc0, TDSrc1>();                                                                                    \
    TSYNC(events...);                                                                                                                  \
    return detail::issue<Op::NAME>(dst, src0, src1);                                                                                   \
  }
PTO_DETAIL_BITS(TAND)  ///< dst = src0 & src1
PTO_DETAIL_BITS(TOR)   ///< dst = src0 | src1
PTO_DETAIL_BITS(TXOR)  ///< dst = src0 ^ src1
PTO_DETAIL_BITS(TSHL)  ///< dst = src0 << src1
PTO_DETAIL_BITS(TSHR)  ///< dst = src0 >> src1; the sign moves in from the left where there is one
#undef PTO_DETAIL_BITS

/// TXOR with scratch that only hardware needs.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TXOR(TDDst& dst, TDSrc0& src0, TDSrc1& src1, TDTmp&, WaitEvents&... events) {
  return TXOR(dst, src0, src1, events...);
}

/// dst = ~src
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TNOT(TDDst& dst, TDSrc& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_bits<Op::TNOT>(dst, src, 0);
}

#define PTO_DETAIL_BITS_SCALAR(NAME)                                                                     \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc& src, typename TDDst::DType scalar, WaitEvents&... events) { \
    TSYNC(events...);                                                                                    \
    return detail::issue_bits<Op::NAME>(dst, src, detail::scalar_bits(scalar));                          \
  }
PTO_DETAIL_BITS_SCALAR(TANDS)  ///< dst = src & scalar
PTO_DETAIL_BITS_SCALAR(TORS)   ///< dst = src | scalar
PTO_DETAIL_BITS_SCALAR(TSHLS)  ///< dst = src << scalar
PTO_DETAIL_BITS_SCALAR(TSHRS)  ///< dst = src >> scalar
#undef PTO_DETAIL_BITS_SCALAR

/// dst = src ^ scalar; `tmp` is scratch that only hardware needs.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TXORS(TDDst& dst, TDSrc& src, typename TDSrc::DType scalar, TDTmp&, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue_bits<Op::TXORS>(dst, src, detail::scalar_bits(scalar));
}

}  // namespace pto

#pragma GCC visibility pop
