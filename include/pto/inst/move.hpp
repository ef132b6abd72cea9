// Placing tiles, and moving data between global memory and tiles and from tile to tile (spec/tile-isa.md, 2.1).
#pragma once

#include "pto/common/buffer_limits.hpp"
#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// Binds a tile to a byte offset in its memory (or to a pointer into it), or a global tensor to a pointer.
template <typename T, typename AddrType>
PTO_FN void TASSIGN(T& obj, AddrType addr) {
  if constexpr (is_tile_data_v<T>) {
    static_assert(std::is_integral_v<AddrType> || std::is_pointer_v<AddrType> || std::is_enum_v<AddrType>,
                  "TASSIGN: the address of a tile is a byte offset into its memory");
    obj.rebind(static_cast<typename T::TileDType>(detail::sim().assign(&T::kType, (uint64_t)addr)));
  } else {
    static_assert(is_global_data_v<T>, "TASSIGN binds tiles and global tensors");
    static_assert(std::is_same_v<std::decay_t<AddrType>, typename T::DType*>, "TASSIGN: the pointer has the global tensor's element type");
    obj.rebind(addr);
  }
}

/// Binds a tile to a constant byte offset, checked at compile time against the size of its memory on this architecture.
template <uint64_t Addr, typename T>
PTO_FN void TASSIGN(T& tile) {
  static_assert(is_tile_data_v<T>, "TASSIGN<Addr> binds tiles");
  static_assert(Addr % TileConfig::alignedSize == 0, "TASSIGN: the address is not a multiple of 32 bytes");
  static_assert(Addr + uint64_t{T::Numel} * sizeof(typename T::DType) <= detail::space_capacity(T::Loc),
                "TASSIGN: the tile ends outside its memory; lower the address or the tile's size");
  TASSIGN(tile, Addr);
}

namespace detail {

// What a move between two kinds of memory is called, and which pipe runs it.
constexpr Op kNoMove = Op::OP_COUNT;

constexpr bool is_cube_operand(TileType t) {
  return t == TileType::Left || t == TileType::Right || t == TileType::ScaleLeft || t == TileType::ScaleRight;
}
constexpr Op move_op(TileType src, TileType dst) {
  using enum TileType;
  if (src == Vec) return dst == Vec ? Op::TMOV_V2V : dst == Mat ? Op::TMOV_V2M : kNoMove;
  if (src == Acc) return dst == Vec ? Op::TMOV_A2V : dst == Mat ? Op::TMOV_A2M : kNoMove;
  if (src != Mat) return kNoMove;
  return is_cube_operand(dst) ? Op::TMOV_M2L
         : dst == Bias        ? Op::TMOV_M2B
         : dst == Scaling     ? Op::TMOV_M2S
         : dst == Vec         ? Op::TMOV_M2V
                              : kNoMove;
}
constexpr Op extract_op(TileType src, TileType dst) {
  using enum TileType;
  if (src == Vec) return dst == Vec ? Op::TEXTRACT_V2V : dst == Mat ? Op::TEXTRACT_V2M : kNoMove;
  if (src == Acc) return dst == Vec ? Op::TEXTRACT_A2V : dst == Mat ? Op::TEXTRACT_A2M : kNoMove;
  return src == Mat && is_cube_operand(dst) ? Op::TEXTRACT_M2L : kNoMove;
}
constexpr Op insert_op(TileType src, TileType dst) {
  using enum TileType;
  if (src == Vec) return dst == Vec ? Op::TINSERT_V2V : dst == Mat ? Op::TINSERT_V2M : kNoMove;
  if (src == Acc) return dst == Vec ? Op::TINSERT_A2V : dst == Mat ? Op::TINSERT_A2M : kNoMove;
  return kNoMove;
}

/// Element types that a move from Acc may convert between without a quantisation scale.
template <typename Src, typename Dst>
inline constexpr bool acc_elements_v = std::is_same_v<Src, Dst> || (std::is_same_v<Src, float> && is_float_v<Dst>);

template <typename Src, typename Dst>
PTO_FN constexpr void check_move_elements() {
  using S = typename Src::DType;
  using D = typename Dst::DType;
  if constexpr (Src::Loc == TileType::Acc) {
    static_assert(
        acc_elements_v<S, D>,
        "from Acc, f32 becomes f32, f16 or bf16 and i32 stays i32; anything else needs quantisation, which this version does not support");
  } else if constexpr (Dst::Loc == TileType::Bias) {
    static_assert(std::is_same_v<S, D> || (std::is_same_v<D, float> && is_float_v<S>),
                  "a Bias tile takes i32, or f32 from f32, f16 or bf16");
    static_assert(Dst::Rows == 1, "a Bias tile has one row");
  } else {
    static_assert(std::is_same_v<S, D>, "source and destination have one element type; TCVT converts");
  }
}

template <ReluPreMode Relu>
PTO_FN PtoAttributes move_attributes(STPhase phase, int row, int col) {
  PtoAttributes attributes = {};
  attributes.relu = Relu == ReluPreMode::NormalRelu;
  attributes.phase = static_cast<uint8_t>(phase);
  attributes.index[0] = row;
  attributes.index[1] = col;
  return attributes;
}

template <ReluPreMode Relu, STPhase Phase, typename Dst, typename Src>
PTO_FN RecordEvent move(Dst& dst, Src& src) {
  constexpr Op kOp = move_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TMOV: no path between these memories (Vec->Vec/Mat, Mat->Left/Right/Bias/Scaling/Vec, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TMOV: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue(kOp, op_pipe(kOp), move_attributes<Relu>(Phase, 0, 0), dst, src);
}

template <ReluPreMode Relu, typename Dst, typename Src>
PTO_FN RecordEvent extract(Dst& dst, Src& src, int row, int col) {
  constexpr Op kOp = extract_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TEXTRACT: no path between these memories (Vec->Vec/Mat, Mat->Left/Right, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TEXTRACT: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue(kOp, op_pipe(kOp), move_attributes<Relu>(STPhase::Unspecified, row, col), dst, src);
}

template <ReluPreMode Relu, typename Dst, typename Src>
PTO_FN RecordEvent insert(Dst& dst, Src& src, int row, int col) {
  constexpr Op kOp = insert_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TINSERT: no path between these memories (Vec->Vec/Mat, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TINSERT: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue(kOp, op_pipe(kOp), move_attributes<Relu>(STPhase::Unspecified, row, col), dst, src);
}

constexpr bool loadable_layout(Layout layout) { return layout == Layout::ND || layout == Layout::DN || layout == Layout::NZ; }

template <AtomicType Atomic, ReluPreMode Relu, STPhase Phase, typename Global, typename Src>
PTO_FN RecordEvent store(Global& dst, Src& src) {
  using S = typename Src::DType;
  using D = std::remove_cv_t<typename Global::RawDType>;
  static_assert(Src::Loc == TileType::Vec || Src::Loc == TileType::Mat || Src::Loc == TileType::Acc,
                "TSTORE: the source is a Vec, Mat or Acc tile");
  static_assert(loadable_layout(Global::layout), "TSTORE: this version stores to the global layouts ND, DN and NZ");
  static_assert(!std::is_const_v<typename Global::RawDType>, "TSTORE: the global tensor is const");
  if constexpr (Src::Loc == TileType::Acc) {
    static_assert(acc_elements_v<S, D>,
                  "TSTORE: from Acc, f32 becomes f32, f16 or bf16 and i32 stays i32; anything else needs quantisation, which this version "
                  "does not support");
  } else {
    static_assert(sizeof(S) == sizeof(D), "TSTORE: tile and global tensor have elements of one size; TCVT converts");
    static_assert(Relu == ReluPreMode::NoRelu, "TSTORE: relu is for stores from Acc");
    static_assert(Atomic == AtomicType::AtomicNone || std::is_same_v<S, D>, "TSTORE: atomic addition takes one element type");
  }
  static_assert(Atomic == AtomicType::AtomicNone || is_arithmetic_v<D>, "TSTORE: no atomic addition on this element type");
  constexpr Op kOp = Src::Loc == TileType::Vec ? Op::TSTORE_VEC : Src::Loc == TileType::Mat ? Op::TSTORE_MAT : Op::TSTORE_ACC;
  PtoAttributes attributes = move_attributes<Relu>(Phase, 0, 0);
  attributes.atomic_add = Atomic == AtomicType::AtomicAdd;
  return issue(kOp, op_pipe(kOp), attributes, dst, src);
}

#define PTO_DETAIL_NO_QUANT(NAME) \
  "quantising " NAME " is not supported by this version: convert with TCVT, or move without a quantisation scalar"

}  // namespace detail

/// tile(r, c) = tensor(map(r, c)) over the tile's valid region. A tile type with a pad value is filled with it outside the
/// valid region.
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TLOAD(TD& dst, GlobalData& src, WaitEvents&... events) {
  static_assert(TD::Loc == TileType::Vec || TD::Loc == TileType::Mat, "TLOAD: the destination is a Vec or Mat tile");
  static_assert(sizeof(typename TD::DType) == sizeof(typename GlobalData::RawDType),
                "TLOAD: tile and global tensor have elements of one size");
  static_assert(detail::loadable_layout(GlobalData::layout), "TLOAD: this version loads from the global layouts ND, DN and NZ");
  TSYNC(events...);
  return detail::issue(Op::TLOAD, dst, src);
}

/// tensor(map(r, c)) = tile(r, c) over the tile's valid region; from Acc with conversion f32 -> f16, bf16 and relu; optionally
/// adding atomically.
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<AtomicType::AtomicNone, ReluPreMode::NoRelu, STPhase::Unspecified>(dst, src);
}
template <STPhase Phase, detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<AtomicType::AtomicNone, ReluPreMode::NoRelu, Phase>(dst, src);
}
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<atomicType, ReluPreMode::NoRelu, STPhase::Unspecified>(dst, src);
}
template <STPhase Phase, detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<atomicType, ReluPreMode::NoRelu, Phase>(dst, src);
}
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType = AtomicType::AtomicNone,
          ReluPreMode reluPreMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<atomicType, reluPreMode, STPhase::Unspecified>(dst, src);
}
template <STPhase Phase, detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType = AtomicType::AtomicNone,
          ReluPreMode reluPreMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData& dst, TD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::store<atomicType, reluPreMode, Phase>(dst, src);
}
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType = AtomicType::AtomicNone,
          ReluPreMode reluPreMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData&, TD&, uint64_t, WaitEvents&...) {
  static_assert(detail::never_v<TD>, PTO_DETAIL_NO_QUANT("TSTORE"));
  return {};
}
template <STPhase Phase, detail::TileArgument TD, detail::GlobalArgument GlobalData, AtomicType atomicType = AtomicType::AtomicNone,
          ReluPreMode reluPreMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE(GlobalData&, TD&, uint64_t, WaitEvents&...) {
  static_assert(detail::never_v<TD>, PTO_DETAIL_NO_QUANT("TSTORE"));
  return {};
}

/// dst = src over dst's valid region, between any two arrangements. From Acc with conversion f32 -> f16, bf16 and relu.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<ReluPreMode::NoRelu, STPhase::Unspecified>(dst, src);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<reluMode, STPhase::Unspecified>(dst, src);
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<ReluPreMode::NoRelu, Phase>(dst, src);
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<reluMode, Phase>(dst, src);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD&, SrcTD&, uint64_t, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TMOV"));
  return {};
}

/// dst(i, j) = src(indexRow + i, indexCol + j) over dst's valid region.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXTRACT(DstTD& dst, SrcTD& src, uint16_t indexRow = 0, uint16_t indexCol = 0, WaitEvents&... events) {
  TSYNC(events...);
  return detail::extract<ReluPreMode::NoRelu>(dst, src, indexRow, indexCol);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXTRACT(DstTD& dst, SrcTD& src, uint16_t indexRow, uint16_t indexCol, WaitEvents&... events) {
  TSYNC(events...);
  return detail::extract<reluMode>(dst, src, indexRow, indexCol);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXTRACT(DstTD&, SrcTD&, uint64_t, uint16_t, uint16_t, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TEXTRACT"));
  return {};
}

/// dst(indexRow + i, indexCol + j) = src(i, j) over src's valid region.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TINSERT(DstTD& dst, SrcTD& src, uint16_t indexRow, uint16_t indexCol, WaitEvents&... events) {
  TSYNC(events...);
  return detail::insert<ReluPreMode::NoRelu>(dst, src, indexRow, indexCol);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TINSERT(DstTD& dst, SrcTD& src, uint16_t indexRow, uint16_t indexCol, WaitEvents&... events) {
  TSYNC(events...);
  return detail::insert<reluMode>(dst, src, indexRow, indexCol);
}
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TINSERT(DstTD&, SrcTD&, uint64_t, uint16_t, uint16_t, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TINSERT"));
  return {};
}

/// Makes dst an alias of src's bytes, with dst's own type.
template <detail::TileArgument TDOut, detail::TileArgument TDIn, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TRESHAPE(TDOut& dst, TDIn& src, WaitEvents&... events) {
  using Out = typename TDOut::DType;
  using In = typename TDIn::DType;
  static_assert(TDOut::Loc == TDIn::Loc, "TRESHAPE: both tiles live in one memory");
  static_assert(int64_t{TDOut::Numel} * sizeof(Out) == int64_t{TDIn::Numel} * sizeof(In),
                "TRESHAPE: both tiles have the same number of bytes");
  static_assert(detail::is_float_v<Out> == detail::is_float_v<In>, "TRESHAPE: integers stay integers and floats stay floats");
  static_assert(TDOut::isBoxedLayout == TDIn::isBoxedLayout, "TRESHAPE: both tiles are boxed, or neither is");
  TSYNC(events...);
  dst.rebind(reinterpret_cast<typename TDOut::TileDType>(src.data()));
  return detail::issue(Op::TRESHAPE, dst, src);
}

/// Makes dst an alias of src from (rowIdx, colIdx) on; of boxed tiles, from the corner of a box.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSUBVIEW(TDDst& dst, TDSrc& src, uint16_t rowIdx, uint16_t colIdx, WaitEvents&... events) {
  static_assert(TDDst::Loc == TDSrc::Loc, "TSUBVIEW: both tiles live in one memory");
  static_assert(detail::same_element_v<TDDst, TDSrc>, "TSUBVIEW: both tiles have one element type");
  static_assert(TDDst::BFractal == TDSrc::BFractal && TDDst::SFractal == TDSrc::SFractal && TDDst::SFractalSize == TDSrc::SFractalSize,
                "TSUBVIEW: both tiles have one arrangement");
  TSYNC(events...);
  dst.rebind(src.data() + int64_t{rowIdx} * TDSrc::RowStride + int64_t{colIdx} * TDSrc::ColStride);
  return detail::issue(Op::TSUBVIEW, PIPE_S, detail::move_attributes<ReluPreMode::NoRelu>(STPhase::Unspecified, rowIdx, colIdx), dst, src);
}

namespace detail {

template <TFillPadMode Mode, typename Dst, typename Src>
PTO_FN RecordEvent fill_pad(Dst& dst, Src& src, PadValue pad) {
  static_assert(same_element_v<Dst, Src>, "TFILLPAD: both tiles have one element type");
  static_assert(sizeof(typename Dst::DType) <= 4, "TFILLPAD works on elements of 1, 2 and 4 bytes");
  static_assert(Dst::Loc == Src::Loc && (Dst::Loc == TileType::Vec || Dst::Loc == TileType::Mat),
                "TFILLPAD works on two Vec or two Mat tiles");
  static_assert(
      Mode == TFillPadMode::Expand ? Dst::Rows >= Src::Rows && Dst::Cols >= Src::Cols : Dst::Rows == Src::Rows && Dst::Cols == Src::Cols,
      "TFILLPAD: both tiles have one physical shape; TFILLPAD_EXPAND takes a larger destination");
  PtoAttributes attributes = {};
  attributes.fill_mode = static_cast<uint8_t>(Mode);
  attributes.pad = static_cast<uint64_t>(pad);
  return issue(Op::TFILLPAD, Dst::Loc == TileType::Mat ? PIPE_MTE2 : PIPE_V, attributes, dst, src);
}

}  // namespace detail

/// dst = src over src's valid region, and the pad value over the rest of dst's physical extent. For two tiles of one type the
/// pad is PadVal if that is given, else the type's own, else zero.
template <detail::TileArgument TD, PadValue PadVal = PadValue::Zero, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFILLPAD(TD& dst, TD& src, WaitEvents&... events) {
  static_assert(PadVal != PadValue::Null, "TFILLPAD needs a pad value");
  TSYNC(events...);
  return detail::fill_pad<TFillPadMode::Normal>(dst, src, PadVal == PadValue::Zero && TD::PadVal != PadValue::Null ? TD::PadVal : PadVal);
}
/// The same for different tile types, with dst's pad value.
template <TFillPadMode mode = TFillPadMode::Normal, detail::TileArgument DstTD, detail::TileArgument SrcTD,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFILLPAD(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  static_assert(DstTD::PadVal != PadValue::Null, "TFILLPAD: the destination's tile type has no pad value");
  TSYNC(events...);
  return detail::fill_pad<mode>(dst, src, DstTD::PadVal);
}
/// TFILLPAD with a destination larger than the source.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFILLPAD_EXPAND(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  static_assert(DstTD::PadVal != PadValue::Null, "TFILLPAD_EXPAND: the destination's tile type has no pad value");
  TSYNC(events...);
  return detail::fill_pad<TFillPadMode::Expand>(dst, src, DstTD::PadVal);
}
/// TFILLPAD where dst and src are the same bytes.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFILLPAD_INPLACE(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  static_assert(DstTD::PadVal != PadValue::Null, "TFILLPAD_INPLACE: the destination's tile type has no pad value");
  TSYNC(events...);
  return detail::fill_pad<TFillPadMode::InPlace>(dst, src, DstTD::PadVal);
}

namespace detail {

template <typename Dst, typename Src0, typename Src1>
PTO_FN constexpr void check_concat() {
  static_assert(all_vec_v<Dst, Src0, Src1>, "TCONCAT: operands are Vec tiles");
  static_assert(same_element_v<Dst, Src0, Src1>, "TCONCAT: operands have one element type");
}
template <typename... Indices>
PTO_FN constexpr void check_counts() {
  static_assert((std::is_integral_v<typename Indices::DType> && ...) && all_vec_v<Indices...>, "TCONCAT: counts are Vec tiles of integers");
}

}  // namespace detail

/// dst(r, :) = the valid columns of src0's row r, then those of src1's.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc0, detail::TileArgument TDSrc1, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCONCAT(TDDst& dst, TDSrc0& src0, TDSrc1& src1, WaitEvents&... events) {
  detail::check_concat<TDDst, TDSrc0, TDSrc1>();
  TSYNC(events...);
  return detail::issue(Op::TCONCAT, dst, src0, src1);
}
/// Of each row only as many bytes as element (r, 0) of the index tiles says.
template <detail::TileArgument DstTile, detail::TileArgument Src0Tile, detail::TileArgument Src1Tile, detail::TileArgument Src0IdxTile,
          detail::TileArgument Src1IdxTile, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCONCAT(DstTile& dst, Src0Tile& src0, Src1Tile& src1, Src0IdxTile& src0Idx, Src1IdxTile& src1Idx,
                           WaitEvents&... events) {
  detail::check_concat<DstTile, Src0Tile, Src1Tile>();
  detail::check_counts<Src0IdxTile, Src1IdxTile>();
  TSYNC(events...);
  return detail::issue(Op::TCONCAT, dst, src0, src1, src0Idx, src1Idx);
}
/// And dstIdx(r, 0) = the sum of both numbers of bytes.
template <detail::TileArgument DstTile, detail::TileArgument Src0Tile, detail::TileArgument Src1Tile, detail::TileArgument DstIdxTile,
          detail::TileArgument Src0IdxTile, detail::TileArgument Src1IdxTile, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCONCAT(DstTile& dst, Src0Tile& src0, Src1Tile& src1, DstIdxTile& dstIdx, Src0IdxTile& src0Idx, Src1IdxTile& src1Idx,
                           WaitEvents&... events) {
  detail::check_concat<DstTile, Src0Tile, Src1Tile>();
  detail::check_counts<DstIdxTile, Src0IdxTile, Src1IdxTile>();
  TSYNC(events...);
  return detail::issue(Op::TCONCAT, dst, src0, src1, src0Idx, src1Idx, dstIdx);
}

/// dst(i, j) = src(j, i) over src's valid region. `tmp` is scratch that only hardware needs.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TTRANS(TDDst& dst, TDSrc& src, TDTmp&, WaitEvents&... events) {
  static_assert(detail::all_vec_v<TDDst, TDSrc>, "TTRANS: operands are Vec tiles");
  static_assert(detail::same_element_v<TDDst, TDSrc>, "TTRANS: both tiles have one element type");
  TSYNC(events...);
  return detail::issue(Op::TTRANS, dst, src);
}

}  // namespace pto

#pragma GCC visibility pop
