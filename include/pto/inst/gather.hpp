// Gathering and scattering by index or by pattern, within tiles and between tiles and global memory (spec/tile-isa.md, 2.6).
// Indices are integers; a flat index counts row by row. What the documentation and the existing simulator say differently is listed in
// docs/reference/differences.md.
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename Index>
PTO_FN constexpr void check_index() {
  static_assert(std::is_integral_v<typename Index::DType>, "indices are integers");
  static_assert(Index::Loc == TileType::Vec, "indices lie in a Vec tile");
}

template <typename Dst, typename Src>
PTO_FN constexpr void check_moved() {
  static_assert(all_vec_v<Dst, Src>, "operands are Vec tiles");
  static_assert(same_element_v<Dst, Src>, "operands have one element type; TCVT converts");
}

template <typename Tile, typename Global>
PTO_FN constexpr void check_table() {
  static_assert(Tile::Loc == TileType::Vec, "the tile is a Vec tile; a Mat tile takes its indices from global memory");
  static_assert(std::is_same_v<typename Tile::DType, std::remove_cv_t<typename Global::RawDType>>,
                "tile and global tensor have one element type; TCVT converts");
  static_assert(Global::layout == Layout::ND, "the table is a global tensor of layout ND");
}

/// Which coalescing an instruction without one means: decided by the shapes at run time.
constexpr int kCoalesceByShape = 2;

PTO_FN PtoAttributes table_attributes(int coalesce, int out_of_bounds, ScatterAtomicOp atomic = ScatterAtomicOp::None) {
  PtoAttributes attributes = {};
  attributes.index[0] = coalesce;
  attributes.index[1] = out_of_bounds;
  attributes.phase = static_cast<uint8_t>(atomic);
  return attributes;
}

template <typename Tile, typename Global, typename GlobalIdx>
PTO_FN constexpr void check_global_table() {
  static_assert(Tile::Loc == TileType::Vec || Tile::Loc == TileType::Mat, "MGATHER: the destination is a Vec or Mat tile");
  static_assert(std::is_same_v<typename Tile::DType, std::remove_cv_t<typename Global::RawDType>>,
                "tile and global tensor have one element type; TCVT converts");
  static_assert(Global::layout == Layout::ND && GlobalIdx::layout == Layout::ND, "table and indices are global tensors of layout ND");
  static_assert(std::is_integral_v<std::remove_cv_t<typename GlobalIdx::RawDType>>, "indices are integers");
}

}  // namespace detail

/// dst(r, c) = element number src1(r, c) of src0's physical extent; 0 for an index outside it. `tmp` is scratch of hardware.
template <detail::TileArgument TDD, detail::TileArgument TDS0, detail::TileArgument TDS1, detail::TileArgument TDTmp,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGATHER(TDD& dst, TDS0& src0, TDS1& src1, TDTmp&, WaitEvents&... events) {
  detail::check_moved<TDD, TDS0>();
  detail::check_index<TDS1>();
  TSYNC(events...);
  return detail::issue<Op::TGATHER>(dst, src0, src1);
}

/// Moves the columns (GATHER_COL: the rows) of src's valid region that the pattern selects to the front of dst, in their order.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, MaskPattern maskPattern = MaskPattern::P1111,
          auto gatherType = GatherAxis::GATHER_ROW, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGATHER(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  detail::check_moved<DstTD, SrcTD>();
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.index[0] = static_cast<int32_t>(maskPattern);
  attributes.index[1] = gatherType == GatherAxis::GATHER_COL;
  return detail::issue<Op::TGATHER>(PIPE_V, attributes, dst, src);
}

/// Compares and collects: dst(r, 0), dst(r, 1) ... = offset + the columns c, in order, for which src0(r, c) cmp k holds, as far as dst's
/// valid columns reach; cdst(r, 0) = how many columns there are. k is k_value(r, 0), or k_value(0, 0) of a tile with one valid row. The rest
/// of dst's row keeps its elements. `tmp` is scratch of hardware. Rows are those of src0's valid region.
template <detail::TileArgument TDD, detail::TileArgument TDS, detail::TileArgument TDS1, detail::TileArgument TDC,
          detail::TileArgument TDTmp, CmpMode cmpMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGATHER(TDD& dst, TDS& src0, TDS1& k_value, TDC& cdst, TDTmp&, int offset, WaitEvents&... events) {
  static_assert(detail::all_vec_v<TDS>, "operands are Vec tiles");
  static_assert(detail::is_arithmetic_v<typename TDS::DType>, "no comparison of this element type");
  static_assert(detail::same_element_v<TDS, TDS1> && detail::all_vec_v<TDS1>, "TGATHER: the value has the source's element type");
  detail::check_index<TDD>();
  detail::check_index<TDC>();
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.index[0] = static_cast<int32_t>(cmpMode);
  attributes.index[1] = offset;
  return detail::issue<Op::TGATHER>(PIPE_V, attributes, dst, src0, k_value, cdst);
}

/// dst's j-th 32 bytes of row r = the 32 bytes of src at byte offset offset(r, j).
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDOffset, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TGATHERB(TDDst& dst, TDSrc& src, TDOffset& offset, WaitEvents&... events) {
  detail::check_moved<TDDst, TDSrc>();
  static_assert(TDDst::isRowMajor && !TDDst::isBoxedLayout, "TGATHERB: the destination is row-major without boxes");
  static_assert(std::is_same_v<typename TDOffset::DType, uint32_t>, "TGATHERB: offsets are uint32_t");
  TSYNC(events...);
  return detail::issue<Op::TGATHERB>(dst, src, offset);
}

/// dst(indexes(i, j), j) = src(i, j) over src's valid region; a later row wins. With PTO_TSCATTER_FLAT_INDEX defined, indexes(i, j) is
/// the number of an element of dst's physical extent instead, as in the existing simulator.
template <detail::TileArgument TDD, detail::TileArgument TDS, detail::TileArgument TDI, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSCATTER(TDD& dst, TDS& src, TDI& indexes, WaitEvents&... events) {
  detail::check_moved<TDD, TDS>();
  detail::check_index<TDI>();
  TSYNC(events...);
  PtoAttributes attributes = {};
#ifdef PTO_TSCATTER_FLAT_INDEX
  attributes.index[0] = 1;
#endif
  return detail::issue<Op::TSCATTER>(PIPE_V, attributes, dst, src, indexes);
}

/// The inverse of TGATHER by pattern: src's columns (rows) go to the selected ones of dst's valid region, the others become 0.
template <MaskPattern maskPattern = MaskPattern::P1111, auto ScatterType = ScatterAxis::SCATTER_ROW, detail::TileArgument DstTD,
          detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSCATTER(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  detail::check_moved<DstTD, SrcTD>();
  TSYNC(events...);
  PtoAttributes attributes = {};
  attributes.index[0] = static_cast<int32_t>(maskPattern);
  attributes.index[1] = ScatterType == ScatterAxis::SCATTER_COL;
  return detail::issue<Op::TSCATTER>(PIPE_V, attributes, dst, src);
}

/// Row: dst(r, :) = row indexes[r] of the table. Elem: dst(r, c) = element number indexes(r, c) of the table. An index outside is
/// an error (Undefined), the nearest one inside (Clamp), taken modulo (Wrap), or means zeros (Zero).
template <Coalesce CMode, GatherOOB Mode, detail::TileArgument TileDst, detail::GlobalArgument GlobalData, detail::TileArgument TileInd,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, TileInd& indexes, WaitEvents&... events) {
  detail::check_table<TileDst, GlobalData>();
  detail::check_index<TileInd>();
  TSYNC(events...);
  return detail::issue<Op::MGATHER>(PIPE_MTE2, detail::table_attributes(static_cast<int>(CMode), static_cast<int>(Mode)), dst, src,
                                    indexes);
}
template <Coalesce CMode, detail::TileArgument TileDst, detail::GlobalArgument GlobalData, detail::TileArgument TileInd,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, TileInd& indexes, WaitEvents&... events) {
  return MGATHER<CMode, GatherOOB::Undefined>(dst, src, indexes, events...);
}
/// Elem if there is an index for every element and rows have several, else Row.
template <detail::TileArgument TileDst, detail::GlobalArgument GlobalData, detail::TileArgument TileInd,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, TileInd& indexes, WaitEvents&... events) {
  detail::check_table<TileDst, GlobalData>();
  detail::check_index<TileInd>();
  TSYNC(events...);
  return detail::issue<Op::MGATHER>(PIPE_MTE2, detail::table_attributes(detail::kCoalesceByShape, static_cast<int>(GatherOOB::Undefined)),
                                    dst, src, indexes);
}

/// The same with indices in global memory, into a Vec or Mat tile of any arrangement; of an index tensor, indices are taken row by row.
/// `scratch` is memory that only hardware needs.
template <Coalesce CMode, GatherOOB Mode, GatherExec Exec, detail::TileArgument TileDst, detail::GlobalArgument GlobalData,
          detail::GlobalArgument GlobalIdx, detail::GlobalArgument GlobalScratch, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, GlobalIdx& indexes, GlobalScratch&, WaitEvents&... events) {
  detail::check_global_table<TileDst, GlobalData, GlobalIdx>();
  TSYNC(events...);
  return detail::issue<Op::MGATHER>(PIPE_MTE2, detail::table_attributes(static_cast<int>(CMode), static_cast<int>(Mode)), dst, src,
                                    indexes);
}
template <Coalesce CMode, GatherOOB Mode, detail::TileArgument TileDst, detail::GlobalArgument GlobalData, detail::GlobalArgument GlobalIdx,
          detail::GlobalArgument GlobalScratch, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, GlobalIdx& indexes, GlobalScratch& scratch, WaitEvents&... events) {
  return MGATHER<CMode, Mode, GatherExec::Default>(dst, src, indexes, scratch, events...);
}
template <Coalesce CMode, detail::TileArgument TileDst, detail::GlobalArgument GlobalData, detail::GlobalArgument GlobalIdx,
          detail::GlobalArgument GlobalScratch, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MGATHER(TileDst& dst, GlobalData& src, GlobalIdx& indexes, GlobalScratch& scratch, WaitEvents&... events) {
  return MGATHER<CMode, GatherOOB::Undefined, GatherExec::Default>(dst, src, indexes, scratch, events...);
}

/// The inverse of MGATHER: stores, or combines atomically with what is there (Add, Max, Min). Of several elements with one index the
/// last in row-major order is stored. Skip leaves out what has an index outside.
template <Coalesce Mode, ScatterAtomicOp Atomic, ScatterOOB Oob, ScatterConflict Conflict, detail::GlobalArgument GlobalData,
          detail::TileArgument TileSrc, detail::TileArgument TileInd, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MSCATTER(GlobalData& dst, TileSrc& src, TileInd& indexes, WaitEvents&... events) {
  detail::check_table<TileSrc, GlobalData>();
  detail::check_index<TileInd>();
  static_assert(Atomic == ScatterAtomicOp::None || detail::is_arithmetic_v<typename TileSrc::DType>,
                "MSCATTER: no atomic operation on this element type");
  TSYNC(events...);
  return detail::issue<Op::MSCATTER>(PIPE_MTE3, detail::table_attributes(static_cast<int>(Mode), static_cast<int>(Oob), Atomic), dst, src,
                                     indexes);
}
template <Coalesce Mode, ScatterAtomicOp Atomic, ScatterOOB Oob, detail::GlobalArgument GlobalData, detail::TileArgument TileSrc,
          detail::TileArgument TileInd, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MSCATTER(GlobalData& dst, TileSrc& src, TileInd& indexes, WaitEvents&... events) {
  return MSCATTER<Mode, Atomic, Oob, ScatterConflict::Last>(dst, src, indexes, events...);
}
template <Coalesce Mode, ScatterAtomicOp Atomic, detail::GlobalArgument GlobalData, detail::TileArgument TileSrc,
          detail::TileArgument TileInd, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MSCATTER(GlobalData& dst, TileSrc& src, TileInd& indexes, WaitEvents&... events) {
  return MSCATTER<Mode, Atomic, ScatterOOB::Undefined, ScatterConflict::Last>(dst, src, indexes, events...);
}
template <Coalesce Mode, detail::GlobalArgument GlobalData, detail::TileArgument TileSrc, detail::TileArgument TileInd,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MSCATTER(GlobalData& dst, TileSrc& src, TileInd& indexes, WaitEvents&... events) {
  return MSCATTER<Mode, ScatterAtomicOp::None, ScatterOOB::Undefined, ScatterConflict::Last>(dst, src, indexes, events...);
}
/// Elem if there is an index for every element and rows have several, else Row.
template <detail::GlobalArgument GlobalData, detail::TileArgument TileSrc, detail::TileArgument TileInd,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent MSCATTER(GlobalData& dst, TileSrc& src, TileInd& indexes, WaitEvents&... events) {
  detail::check_table<TileSrc, GlobalData>();
  detail::check_index<TileInd>();
  TSYNC(events...);
  return detail::issue<Op::MSCATTER>(PIPE_MTE3, detail::table_attributes(detail::kCoalesceByShape, static_cast<int>(ScatterOOB::Undefined)),
                                     dst, src, indexes);
}

}  // namespace pto

#pragma GCC visibility pop
