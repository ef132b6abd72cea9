// Sorting (spec/tile-isa.md, 2.6), in descending order. A record of 8 bytes holds a value and its index: f32 {value, u32 index}, f16
// {value, 0, index low, index high}; so a tile of records has 2 (f32) or 4 (f16) elements for each. NaNs come last.
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// How many records a TMRGSORT took from each of its lists.
struct MrgSortExecutedNumList {
  uint16_t mrgSortList0 = 0;
  uint16_t mrgSortList1 = 0;
  uint16_t mrgSortList2 = 0;
  uint16_t mrgSortList3 = 0;
};

namespace detail {

template <typename Dst, typename... Srcs>
PTO_FN constexpr void check_sort() {
  static_assert(all_vec_v<Dst, Srcs...>, "operands are Vec tiles");
  static_assert(same_element_v<Dst, Srcs...>, "operands have one element type");
  static_assert(std::is_same_v<typename Dst::DType, float> || std::is_same_v<typename Dst::DType, half>, "sorting works on f32 and f16");
  static_assert(Dst::isRowMajor && !Dst::isBoxedLayout && ((Srcs::isRowMajor && !Srcs::isBoxedLayout) && ...),
                "sorting works on row-major tiles without boxes");
}

template <bool Exhausted, typename Dst, typename... Srcs>
PTO_FN RecordEvent merge_lists(Dst& dst, MrgSortExecutedNumList& executed, Srcs&... srcs) {
  check_sort<Dst, Srcs...>();
  static_assert(Dst::Rows == 1 && ((Srcs::Rows == 1) && ...), "TMRGSORT: lists have one row");
  uint16_t counts[4] = {};
  PtoAttributes attributes = {};
  attributes.index[0] = Exhausted;
  attributes.scalar = reinterpret_cast<uint64_t>(counts);
  issue<Op::TMRGSORT>(PIPE_V, attributes, dst, srcs...);
  executed = {counts[0], counts[1], counts[2], counts[3]};
  return {};
}

}  // namespace detail

/// Sorts every 32 columns of every row; idx(r, c), or idx(0, c) of an index tile of one valid row, is the index that goes with src(r, c).
/// Equal values are in the order of their indices.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument IdxTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSORT32(DstTD& dst, SrcTD& src, IdxTD& idx, WaitEvents&... events) {
  detail::check_sort<DstTD, SrcTD>();
  static_assert(std::is_same_v<typename IdxTD::DType, uint32_t> && IdxTD::Loc == TileType::Vec,
                "TSORT32: indices are a Vec tile of uint32_t");
  TSYNC(events...);
  return detail::issue<Op::TSORT32>(dst, src, idx);
}
/// The same; `tmp` is scratch that only hardware needs.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument IdxTD, detail::TileArgument TmpTD,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSORT32(DstTD& dst, SrcTD& src, IdxTD& idx, TmpTD&, WaitEvents&... events) {
  return TSORT32(dst, src, idx, events...);
}

/// src is blocks of blockLen elements (a multiple of 64), each of sorted records: every four of them are merged into one. Of equal values
/// the one of the earlier block comes first.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMRGSORT(DstTD& dst, SrcTD& src, uint32_t blockLen, WaitEvents&... events) {
  detail::check_sort<DstTD, SrcTD>();
  static_assert(DstTD::Rows == 1 && SrcTD::Rows == 1, "TMRGSORT: lists have one row");
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.index[1] = static_cast<int32_t>(blockLen);
  return detail::issue<Op::TMRGSORT>(PIPE_V, attributes, dst, src);
}

/// Merges two to four sorted lists of records, their valid columns. With `exhausted`, stops when one of them has nothing left; the list of
/// numbers says how many records were taken from each.
template <typename DstTD, typename TmpTD, typename Src0TD, typename Src1TD, typename Src2TD, typename Src3TD, bool exhausted,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMRGSORT(DstTD& dst, MrgSortExecutedNumList& executedNumList, TmpTD&, Src0TD& src0, Src1TD& src1, Src2TD& src2,
                            Src3TD& src3, WaitEvents&... events) {
  TSYNC(events...);
  return detail::merge_lists<exhausted>(dst, executedNumList, src0, src1, src2, src3);
}
template <typename DstTD, typename TmpTD, typename Src0TD, typename Src1TD, typename Src2TD, bool exhausted,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMRGSORT(DstTD& dst, MrgSortExecutedNumList& executedNumList, TmpTD&, Src0TD& src0, Src1TD& src1, Src2TD& src2,
                            WaitEvents&... events) {
  TSYNC(events...);
  return detail::merge_lists<exhausted>(dst, executedNumList, src0, src1, src2);
}
template <typename DstTD, typename TmpTD, typename Src0TD, typename Src1TD, bool exhausted, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMRGSORT(DstTD& dst, MrgSortExecutedNumList& executedNumList, TmpTD&, Src0TD& src0, Src1TD& src1,
                            WaitEvents&... events) {
  TSYNC(events...);
  return detail::merge_lists<exhausted>(dst, executedNumList, src0, src1);
}

}  // namespace pto

#pragma GCC visibility pop
