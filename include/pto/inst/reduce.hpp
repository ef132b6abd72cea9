// Reductions of rows and columns, and expansions of a row or column vector (spec/tile-isa.md, 2.4). Sums of f16 and bf16
// accumulate in f32 and round once. `tmp` operands are scratch that only hardware needs.
#pragma once

#include "pto/inst/elementwise.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

#define PTO_DETAIL_ROW_REDUCE(NAME)                                                                                                 \
  template <detail::TileArgument TDOut, detail::TileArgument TDIn, detail::TileArgument TDTmp, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDOut& dst, TDIn& src, TDTmp&, WaitEvents&... events) {                                                   \
    detail::check_elementwise<TDOut, TDIn>();                                                                                       \
    TSYNC(events...);                                                                                                               \
    return detail::issue<Op::NAME>(dst, src);                                                                                       \
  }
PTO_DETAIL_ROW_REDUCE(TROWSUM)  ///< dst(r, 0) = sum of row r over src's valid columns
PTO_DETAIL_ROW_REDUCE(TROWMAX)  ///< dst(r, 0) = maximum of row r
PTO_DETAIL_ROW_REDUCE(TROWMIN)  ///< dst(r, 0) = minimum of row r
#undef PTO_DETAIL_ROW_REDUCE

#define PTO_DETAIL_COL_REDUCE(NAME)                                                                     \
  template <detail::TileArgument TDOut, detail::TileArgument TDIn, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDOut& dst, TDIn& src, WaitEvents&... events) {                               \
    detail::check_elementwise<TDOut, TDIn>();                                                           \
    TSYNC(events...);                                                                                   \
    return detail::issue<Op::NAME>(dst, src);                                                           \
  }
PTO_DETAIL_COL_REDUCE(TCOLSUM)  ///< dst(0, c) = sum of column c over src's valid rows
PTO_DETAIL_COL_REDUCE(TCOLMAX)  ///< dst(0, c) = maximum of column c
PTO_DETAIL_COL_REDUCE(TCOLMIN)  ///< dst(0, c) = minimum of column c
#undef PTO_DETAIL_COL_REDUCE

/// TCOLSUM in the order that hardware chooses (isBinary: pairwise); the order here does not depend on it.
template <detail::TileArgument TDOut, detail::TileArgument TDIn, detail::TileArgument TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCOLSUM(TDOut& dst, TDIn& src, TDTmp&, bool, WaitEvents&... events) {
  return TCOLSUM(dst, src, events...);
}

/// dst(r, c) = src(r, 0)
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TROWEXPAND(TDDst& dst, TDSrc& src, WaitEvents&... events) {
  detail::check_elementwise<TDDst, TDSrc>();
  TSYNC(events...);
  return detail::issue<Op::TROWEXPAND>(dst, src);
}

/// dst(r, c) = src(0, c)
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCOLEXPAND(TDDst& dst, TDSrc& src, WaitEvents&... events) {
  detail::check_elementwise<TDDst, TDSrc>();
  TSYNC(events...);
  return detail::issue<Op::TCOLEXPAND>(dst, src);
}

// TROWEXPAND<op>: one source has dst's valid shape; the other is a vector with one value per row (Rx1), or with one block of 32
// bytes per row whose lanes repeat along the row. TCOLEXPAND<op>: src1 has one value per column, in its row 0.
#define PTO_DETAIL_EXPAND_OP(NAME, ...)                                                                       \
  template <__VA_ARGS__ detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, \
            detail::EventArgument... WaitEvents>                                                              \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {                    \
    detail::check_elementwise<TDDst, TDSrc0, TDSrc1>();                                                       \
    TSYNC(events...);                                                                                         \
    return detail::issue<Op::NAME>(dst, src0, src1);                                                          \
  }
#define PTO_DETAIL_EXPAND_OP_TMP(NAME, ...)                                                                                               \
  template <__VA_ARGS__ detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::TileArgument TDTmp, \
            detail::EventArgument... WaitEvents>                                                                                          \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, TDTmp&, WaitEvents&... events) {                                        \
    return NAME(dst, src0, src1, events...);                                                                                              \
  }
PTO_DETAIL_EXPAND_OP(TROWEXPANDADD)
PTO_DETAIL_EXPAND_OP(TROWEXPANDSUB)
PTO_DETAIL_EXPAND_OP(TROWEXPANDMUL)
PTO_DETAIL_EXPAND_OP(TROWEXPANDDIV, auto PrecisionType = DivAlgorithm::DEFAULT, )
PTO_DETAIL_EXPAND_OP(TROWEXPANDMAX)
PTO_DETAIL_EXPAND_OP(TROWEXPANDMIN)
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDADD)
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDSUB)
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDMUL)
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDDIV, auto PrecisionType = DivAlgorithm::DEFAULT, )
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDMAX)
PTO_DETAIL_EXPAND_OP_TMP(TROWEXPANDMIN)
PTO_DETAIL_EXPAND_OP(TCOLEXPANDADD)
PTO_DETAIL_EXPAND_OP(TCOLEXPANDSUB)
PTO_DETAIL_EXPAND_OP(TCOLEXPANDMUL)
PTO_DETAIL_EXPAND_OP(TCOLEXPANDDIV, auto PrecisionType = DivAlgorithm::DEFAULT, )
PTO_DETAIL_EXPAND_OP(TCOLEXPANDMAX)
PTO_DETAIL_EXPAND_OP(TCOLEXPANDMIN)
#undef PTO_DETAIL_EXPAND_OP
#undef PTO_DETAIL_EXPAND_OP_TMP

// The difference and its exponential in one, rounded once.
#define PTO_DETAIL_EXPAND_EXPDIF(NAME)                                                                                                 \
  template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents> \
  PTO_FN RecordEvent NAME(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {                                             \
    detail::check_elementwise<TDDst, TDSrc0, TDSrc1>();                                                                                \
    static_assert(detail::is_float_v<typename TDDst::DType>, #NAME " works on floating-point elements");                               \
    TSYNC(events...);                                                                                                                  \
    return detail::issue<Op::NAME>(dst, src0, src1);                                                                                   \
  }
PTO_DETAIL_EXPAND_EXPDIF(TROWEXPANDEXPDIF)  ///< dst = exp(src0 - src1), one of them a vector with values per row
PTO_DETAIL_EXPAND_EXPDIF(TCOLEXPANDEXPDIF)  ///< dst(r, c) = exp(src0(r, c) - src1(0, c))
#undef PTO_DETAIL_EXPAND_EXPDIF

template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TROWEXPANDEXPDIF(TDDst& dst, TDSrc0& src0, TDSrc1& src1, TDTmp&, WaitEvents&... events) {
  return TROWEXPANDEXPDIF(dst, src0, src1, events...);
}

}  // namespace pto

#pragma GCC visibility pop
