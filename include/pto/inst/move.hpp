// Placing tiles, and moving data between global memory and tiles and from tile to tile (spec/tile-isa.md, 2.1).
#pragma once

#include "pto/common/buffer_limits.hpp"
#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// Binds a tile to a byte offset in its memory (or to a pointer into it), or a global tensor to a pointer.
template <typename T, typename AddrType>
PTO_FN void TASSIGN(T& obj, AddrType addr) {
  if constexpr (is_tile_data_v<T> || is_conv_tile_v<T>) {
    static_assert(std::is_integral_v<AddrType> || std::is_pointer_v<AddrType> || std::is_enum_v<AddrType>,
                  "TASSIGN: the address of a tile is a byte offset into its memory");
    obj.rebind(static_cast<typename T::TileDType>(detail::sim().assign(&detail::described<T>, (uint64_t)addr)));
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
  static_assert(Addr + uint64_t{T::kBytes} <= detail::space_capacity(T::Loc),
                "TASSIGN: the tile ends outside its memory; lower the address or the tile's size");
  TASSIGN(tile, Addr);
}

namespace detail {

// What a move between two kinds of memory is called, and which pipe runs it.
constexpr Op kNoMove = Op::OP_COUNT;

constexpr bool conv_transposition_exists(Layout from, Layout to) {
  using enum Layout;
  return (from == NCHW && to == NC1HWC0) || (from == NC1HWC0 && to == NCHW) || (from == GNCHW && to == GNC1HWC0) ||
         (from == GNC1HWC0 && to == GNCHW) || ((from == NC1HWC0 || from == GNC1HWC0) && to == FRACTAL_Z) ||
         (from == NCDHW && to == FRACTAL_Z_3D);
}

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

/// Whose UB a move from Acc to Vec writes; kOwnMemory if the form does not say, else 1 + AccToVecMode.
constexpr uint8_t kOwnMemory = 0;
constexpr uint8_t target_of(AccToVecMode mode) { return static_cast<uint8_t>(1 + static_cast<uint8_t>(mode)); }

template <uint8_t Target, typename Dst, typename Src>
PTO_FN constexpr void check_target() {
  static_assert(Target == kOwnMemory || (Src::Loc == TileType::Acc && Dst::Loc == TileType::Vec),
                "an AccToVecMode is for moves from Acc to Vec");
}

template <ReluPreMode Relu, uint8_t Target = kOwnMemory>
PTO_FN PtoAttributes move_attributes(STPhase phase, int row, int col) {
  PtoAttributes attributes = {};
  attributes.sub_core = Target;
  attributes.relu = Relu == ReluPreMode::NormalRelu;
  attributes.phase = static_cast<uint8_t>(phase);
  attributes.index[0] = row;
  attributes.index[1] = col;
  return attributes;
}

template <ReluPreMode Relu, STPhase Phase, uint8_t Target = kOwnMemory, typename Dst, typename Src>
PTO_FN RecordEvent move(Dst& dst, Src& src) {
  check_target<Target, Dst, Src>();
  constexpr Op kOp = move_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TMOV: no path between these memories (Vec->Vec/Mat, Mat->Left/Right/Bias/Scaling/Vec, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TMOV: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue<kOp>(op_pipe(kOp), move_attributes<Relu, Target>(Phase, 0, 0), dst, src);
}

template <ReluPreMode Relu, uint8_t Target = kOwnMemory, typename Dst, typename Src>
PTO_FN RecordEvent extract(Dst& dst, Src& src, int row, int col) {
  check_target<Target, Dst, Src>();
  constexpr Op kOp = extract_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TEXTRACT: no path between these memories (Vec->Vec/Mat, Mat->Left/Right, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TEXTRACT: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue<kOp>(op_pipe(kOp), move_attributes<Relu, Target>(STPhase::Unspecified, row, col), dst, src);
}

template <ReluPreMode Relu, uint8_t Target = kOwnMemory, typename Dst, typename Src>
PTO_FN RecordEvent insert(Dst& dst, Src& src, int row, int col) {
  check_target<Target, Dst, Src>();
  constexpr Op kOp = insert_op(Src::Loc, Dst::Loc);
  static_assert(kOp != kNoMove, "TINSERT: no path between these memories (Vec->Vec/Mat, Acc->Vec/Mat)");
  static_assert(Relu == ReluPreMode::NoRelu || Src::Loc == TileType::Acc, "TINSERT: relu is for moves from Acc");
  check_move_elements<Src, Dst>();
  return issue<kOp>(op_pipe(kOp), move_attributes<Relu, Target>(STPhase::Unspecified, row, col), dst, src);
}

/// Layouts of global memory in which a tensor is a matrix (spec/tile-isa.md, 1.1, and docs/design/isa.md).
constexpr bool loadable_layout(Layout layout) {
  return layout == Layout::ND || layout == Layout::DN || layout == Layout::NZ || (layout >= Layout::MX_A_ND && layout <= Layout::MX_B_NN) ||
         layout == Layout::NC1HWC0 || layout == Layout::NDC1HWC0 || layout == Layout::FRACTAL_Z;
}
/// And those that only a store knows: NHWC has a channel in each column and a pixel in each row, NCHW and NCDHW likewise.
constexpr bool storable_layout(Layout layout) {
  return loadable_layout(layout) || layout == Layout::NHWC || layout == Layout::NCHW || layout == Layout::NCDHW;
}

template <AtomicType Atomic, ReluPreMode Relu, STPhase Phase, typename Global, typename Src>
PTO_FN RecordEvent store(Global& dst, Src& src) {
  using S = typename Src::DType;
  using D = std::remove_cv_t<typename Global::RawDType>;
  static_assert(Src::Loc == TileType::Vec || Src::Loc == TileType::Mat || Src::Loc == TileType::Acc,
                "TSTORE: the source is a Vec, Mat or Acc tile");
  static_assert(storable_layout(Global::layout), "TSTORE: a tile is not stored to this global layout");
  static_assert(!std::is_const_v<typename Global::RawDType>, "TSTORE: the global tensor is const");
  if constexpr (Src::Loc == TileType::Acc) {
    static_assert(acc_elements_v<S, D>,
                  "TSTORE: from Acc, f32 becomes f32, f16 or bf16 and i32 stays i32; anything else needs quantisation, which this version "
                  "does not support");
  } else {
    static_assert(element_bits_v<S> == element_bits_v<D>, "TSTORE: tile and global tensor have elements of one size; TCVT converts");
    static_assert(Relu == ReluPreMode::NoRelu, "TSTORE: relu is for stores from Acc");
    static_assert(Atomic == AtomicType::AtomicNone || std::is_same_v<S, D>, "TSTORE: atomic addition takes one element type");
  }
  static_assert(Atomic == AtomicType::AtomicNone || is_arithmetic_v<D>, "TSTORE: no atomic addition on this element type");
  constexpr Op kOp = Src::Loc == TileType::Vec ? Op::TSTORE_VEC : Src::Loc == TileType::Mat ? Op::TSTORE_MAT : Op::TSTORE_ACC;
  PtoAttributes attributes = move_attributes<Relu>(Phase, 0, 0);
  attributes.atomic_add = Atomic == AtomicType::AtomicAdd;
  return issue<kOp>(op_pipe(kOp), attributes, dst, src);
}

#define PTO_DETAIL_NO_QUANT(NAME) \
  "quantising " NAME " is not supported by this version: convert with TCVT, or move without a quantisation scalar"

}  // namespace detail

/// tile(r, c) = tensor(map(r, c)) over the tile's valid region. A tile type with a pad value is filled with it outside the
/// valid region.
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TLOAD(TD& dst, GlobalData& src, WaitEvents&... events) {
  static_assert(TD::Loc == TileType::Vec || TD::Loc == TileType::Mat, "TLOAD: the destination is a Vec or Mat tile");
  static_assert(detail::element_bits_v<typename TD::DType> == detail::element_bits_v<std::remove_cv_t<typename GlobalData::RawDType>>,
                "TLOAD: tile and global tensor have elements of one size");
  static_assert(detail::loadable_layout(GlobalData::layout), "TLOAD: a tile is not loaded from this global layout");
  TSYNC(events...);
  return detail::issue<Op::TLOAD>(dst, src);
}

/// A convolution tile takes the tensor as it is: one layout, the same sizes (NDC1HWC0: the tile has C0 as its last size, the tensor's last
/// stride is between groups of C0 elements).
template <detail::ConvTileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TLOAD(TD& dst, GlobalData& src, WaitEvents&... events) {
  static_assert(TD::Loc == TileType::Mat, "TLOAD: the destination is a convolution tile in Mat");
  static_assert(std::is_same_v<typename TD::DType, std::remove_cv_t<typename GlobalData::RawDType>>,
                "TLOAD: tile and global tensor have one element type");
  static_assert(TD::layout == GlobalData::layout, "TLOAD: convolution tile and global tensor have one layout");
  static_assert(TD::layout == Layout::NC1HWC0 || TD::layout == Layout::NDC1HWC0 || TD::layout == Layout::FRACTAL_Z,
                "TLOAD: convolution tiles are loaded in NC1HWC0, NDC1HWC0 and FRACTAL_Z");
  TSYNC(events...);
  return detail::issue<Op::TLOAD>(dst, src);
}

/// A hint that the tile will be loaded from the tensor; nothing is loaded.
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPREFETCH(TD&, GlobalData& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::issue<Op::TPREFETCH>(src);
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
template <detail::TileArgument TD, detail::GlobalArgument GlobalData, detail::TileArgument FpTD,
          AtomicType atomicType = AtomicType::AtomicNone, ReluPreMode reluPreMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSTORE_FP(GlobalData&, TD&, FpTD&, WaitEvents&...) {
  static_assert(detail::never_v<TD>, PTO_DETAIL_NO_QUANT("TSTORE_FP"));
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
/// From Acc into the UB of the block's vector cores (A5): of AIV0, of AIV1, or of both, AIV0 getting the upper (DualModeSplitM) or left
/// (DualModeSplitN) half and AIV1 the other; dst has the shape of a half. A vector core sees it after its next wait for a flag of the cube
/// core, SYNCALL, TWAIT or TPOP. A core of a host test program is AIV0 and AIV1 at once; of two halves it keeps AIV0's.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<reluMode, STPhase::Unspecified, detail::target_of(mode)>(dst, src);
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode,
          ReluPreMode reluMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, WaitEvents&... events) {
  TSYNC(events...);
  return detail::move<reluMode, Phase, detail::target_of(mode)>(dst, src);
}
/// TMOV of exponents between ND and boxes of 16 x 2 (ZZ, NN), or any other two arrangements; `tmp` is scratch that only hardware needs, and
/// grp_axis says in which direction hardware reads.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument TmpTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, TmpTD&, WaitEvents&... events) {
  static_assert(SrcTD::Loc != TileType::Acc, PTO_DETAIL_NO_QUANT("TMOV"));
  TSYNC(events...);
  return detail::move<ReluPreMode::NoRelu, STPhase::Unspecified>(dst, src);
}
template <int grp_axis, detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument TmpTD,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD& dst, SrcTD& src, TmpTD& tmp, WaitEvents&... events) {
  static_assert(grp_axis == 0 || grp_axis == 1, "TMOV: grp_axis is 0 or 1");
  return TMOV(dst, src, tmp, events...);
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
/// Into the UB of the block's vector cores; see TMOV. Of two halves, AIV1's lies below (beside) AIV0's in src.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXTRACT(DstTD& dst, SrcTD& src, uint16_t indexRow, uint16_t indexCol, WaitEvents&... events) {
  TSYNC(events...);
  return detail::extract<reluMode, detail::target_of(mode)>(dst, src, indexRow, indexCol);
}
/// Two parts of one source: TEXTRACT(dst0, src, indexRow0, indexCol0) and TEXTRACT(dst1, src, indexRow1, indexCol1).
template <detail::TileArgument Dst0TD, detail::TileArgument Dst1TD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TEXTRACT(Dst0TD& dst0, Dst1TD& dst1, SrcTD& src, uint16_t indexRow0 = 0, uint16_t indexCol0 = 0, uint16_t indexRow1 = 0,
                            uint16_t indexCol1 = 0, WaitEvents&... events) {
  TSYNC(events...);
  detail::extract<ReluPreMode::NoRelu>(dst0, src, indexRow0, indexCol0);
  return detail::extract<ReluPreMode::NoRelu>(dst1, src, indexRow1, indexCol1);
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
/// Into the UB of the block's vector cores; see TMOV. Of two halves of src, each goes to (indexRow, indexCol) of its core's dst.
template <detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TINSERT(DstTD& dst, SrcTD& src, uint16_t indexRow, uint16_t indexCol, WaitEvents&... events) {
  TSYNC(events...);
  return detail::insert<reluMode, detail::target_of(mode)>(dst, src, indexRow, indexCol);
}
/// The same result; the mode says in how many pieces hardware writes.
template <TInsertMode mode, detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TINSERT(DstTD& dst, SrcTD& src, uint16_t indexRow = 0, uint16_t indexCol = 0, WaitEvents&... events) {
  static_assert(mode == TInsertMode::SPLIT2 || mode == TInsertMode::SPLIT4, "TINSERT: the mode is SPLIT2 or SPLIT4");
#if defined(PTO_STRICT_ARCH) && __NPU_ARCH__ == 2201
  static_assert(detail::never_v<DstTD>, "TINSERT: a2a3 does not have this instruction with a TInsertMode");
#endif
  TSYNC(events...);
  return detail::insert<ReluPreMode::NoRelu>(dst, src, indexRow, indexCol);
}

// Forms that quantise by a scalar or by the vector of a Scaling tile into the UB of vector cores, and the _FP instructions.
#define PTO_DETAIL_QUANT_MOVES(NAME, ...)                                                                                                  \
  template <detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode, ReluPreMode reluMode = ReluPreMode::NoRelu,         \
            detail::EventArgument... WaitEvents>                                                                                           \
  PTO_FN RecordEvent NAME(DstTD&, SrcTD&, uint64_t __VA_OPT__(, ) __VA_ARGS__, WaitEvents&...) {                                           \
    static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT(#NAME));                                                                     \
    return {};                                                                                                                             \
  }                                                                                                                                        \
  template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument FpTD, AccToVecMode mode,                          \
            ReluPreMode reluMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>                                               \
  PTO_FN RecordEvent NAME(DstTD&, SrcTD&, FpTD& __VA_OPT__(, ) __VA_ARGS__, WaitEvents&...) {                                              \
    static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT(#NAME));                                                                     \
    return {};                                                                                                                             \
  }                                                                                                                                        \
  template <detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument FpTD, ReluPreMode reluMode = ReluPreMode::NoRelu, \
            detail::EventArgument... WaitEvents>                                                                                           \
  PTO_FN RecordEvent NAME##_FP(DstTD&, SrcTD&, FpTD& __VA_OPT__(, ) __VA_ARGS__, WaitEvents&...) {                                         \
    static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT(#NAME "_FP"));                                                               \
    return {};                                                                                                                             \
  }
PTO_DETAIL_QUANT_MOVES(TMOV)
PTO_DETAIL_QUANT_MOVES(TEXTRACT, uint16_t, uint16_t)
PTO_DETAIL_QUANT_MOVES(TINSERT, uint16_t, uint16_t)
#undef PTO_DETAIL_QUANT_MOVES

// TMOV's quantising forms with a phase.
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, ReluPreMode reluMode = ReluPreMode::NoRelu,
          detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD&, SrcTD&, uint64_t, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TMOV"));
  return {};
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, AccToVecMode mode,
          ReluPreMode reluMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD&, SrcTD&, uint64_t, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TMOV"));
  return {};
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument FpTD, AccToVecMode mode,
          ReluPreMode reluMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV(DstTD&, SrcTD&, FpTD&, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TMOV"));
  return {};
}
template <STPhase Phase, detail::TileArgument DstTD, detail::TileArgument SrcTD, detail::TileArgument FpTD,
          ReluPreMode reluMode = ReluPreMode::NoRelu, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TMOV_FP(DstTD&, SrcTD&, FpTD&, WaitEvents&...) {
  static_assert(detail::never_v<DstTD>, PTO_DETAIL_NO_QUANT("TMOV_FP"));
  return {};
}

/// Makes dst an alias of src's bytes, with dst's own type.
template <detail::TileArgument TDOut, detail::TileArgument TDIn, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TRESHAPE(TDOut& dst, TDIn& src, WaitEvents&... events) {
  using Out = typename TDOut::DType;
  using In = typename TDIn::DType;
  static_assert(TDOut::Loc == TDIn::Loc, "TRESHAPE: both tiles live in one memory");
  static_assert(TDOut::kBytes == TDIn::kBytes, "TRESHAPE: both tiles have the same number of bytes");
  static_assert(std::is_integral_v<Out> == std::is_integral_v<In>, "TRESHAPE: integers stay integers and floats stay floats");
  static_assert(TDOut::isBoxedLayout == TDIn::isBoxedLayout, "TRESHAPE: both tiles are boxed, or neither is");
  TSYNC(events...);
  dst.rebind(reinterpret_cast<typename TDOut::TileDType>(src.data()));
  return detail::issue<Op::TRESHAPE>(dst, src);
}

/// Makes dst an alias of src from (rowIdx, colIdx) on; of boxed tiles, from the corner of a box.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TSUBVIEW(TDDst& dst, TDSrc& src, uint16_t rowIdx, uint16_t colIdx, WaitEvents&... events) {
  static_assert(TDDst::Loc == TDSrc::Loc, "TSUBVIEW: both tiles live in one memory");
  static_assert(detail::same_element_v<TDDst, TDSrc>, "TSUBVIEW: both tiles have one element type");
  static_assert(TDDst::BFractal == TDSrc::BFractal && TDDst::SFractal == TDSrc::SFractal && TDDst::SFractalSize == TDSrc::SFractalSize,
                "TSUBVIEW: both tiles have one arrangement");
  TSYNC(events...);
  const int64_t elements = int64_t{rowIdx} * TDSrc::RowStride + int64_t{colIdx} * TDSrc::ColStride;
  dst.rebind(src.data() + elements / (detail::is_twin_v<typename TDSrc::DType> ? 2 : 1));
  return detail::issue<Op::TSUBVIEW>(PIPE_S, detail::move_attributes<ReluPreMode::NoRelu>(STPhase::Unspecified, rowIdx, colIdx), dst, src);
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
  return issue<Op::TFILLPAD>(Dst::Loc == TileType::Mat ? PIPE_MTE2 : PIPE_V, attributes, dst, src);
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
  return detail::issue<Op::TCONCAT>(dst, src0, src1);
}
/// Of each row only as many bytes as element (r, 0) of the index tiles says.
template <detail::TileArgument DstTile, detail::TileArgument Src0Tile, detail::TileArgument Src1Tile, detail::TileArgument Src0IdxTile,
          detail::TileArgument Src1IdxTile, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCONCAT(DstTile& dst, Src0Tile& src0, Src1Tile& src1, Src0IdxTile& src0Idx, Src1IdxTile& src1Idx,
                           WaitEvents&... events) {
  detail::check_concat<DstTile, Src0Tile, Src1Tile>();
  detail::check_counts<Src0IdxTile, Src1IdxTile>();
  TSYNC(events...);
  return detail::issue<Op::TCONCAT>(dst, src0, src1, src0Idx, src1Idx);
}
/// And dstIdx(r, 0) = the sum of both numbers of bytes.
template <detail::TileArgument DstTile, detail::TileArgument Src0Tile, detail::TileArgument Src1Tile, detail::TileArgument DstIdxTile,
          detail::TileArgument Src0IdxTile, detail::TileArgument Src1IdxTile, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TCONCAT(DstTile& dst, Src0Tile& src0, Src1Tile& src1, DstIdxTile& dstIdx, Src0IdxTile& src0Idx, Src1IdxTile& src1Idx,
                           WaitEvents&... events) {
  detail::check_concat<DstTile, Src0Tile, Src1Tile>();
  detail::check_counts<DstIdxTile, Src0IdxTile, Src1IdxTile>();
  TSYNC(events...);
  return detail::issue<Op::TCONCAT>(dst, src0, src1, src0Idx, src1Idx, dstIdx);
}

/// dst(i, j) = src(j, i) over src's valid region. `tmp` is scratch that only hardware needs.
template <detail::TileArgument TDDst, detail::TileArgument TDSrc, detail::TileArgument TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TTRANS(TDDst& dst, TDSrc& src, TDTmp&, WaitEvents&... events) {
  static_assert(detail::all_vec_v<TDDst, TDSrc>, "TTRANS: operands are Vec tiles");
  static_assert(detail::same_element_v<TDDst, TDSrc>, "TTRANS: both tiles have one element type");
  TSYNC(events...);
  return detail::issue<Op::TTRANS>(dst, src);
}
/// Between layouts of a feature map or a filter: NCHW <-> NC1HWC0, GNCHW <-> GNC1HWC0, NC1HWC0 and GNC1HWC0 -> FRACTAL_Z (sizes C1*H*W, N1,
/// 16, C0, groups before C1), NCDHW -> FRACTAL_Z_3D (D*C1*H*W, N1, 16, C0). Channels and filters that the source lacks become 0.
template <detail::ConvTileArgument TDDst, detail::ConvTileArgument TDSrc, typename TDTmp, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TTRANS(TDDst& dst, TDSrc& src, TDTmp&, WaitEvents&... events) {
  static_assert(TDDst::Loc == TDSrc::Loc, "TTRANS: both tiles live in one memory");
  static_assert(std::is_same_v<typename TDDst::DType, typename TDSrc::DType>, "TTRANS: both tiles have one element type");
  static_assert(detail::conv_transposition_exists(TDSrc::layout, TDDst::layout), "TTRANS: there is no way between these layouts");
  TSYNC(events...);
  return detail::issue<Op::TTRANS>(dst, src);
}

}  // namespace pto

#pragma GCC visibility pop
