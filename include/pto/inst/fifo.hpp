// TPUSH, TPOP, TFREE, TALLOC: tiles through a TPipe between the cube core (AIC) of a cluster and its vector cores (AIVs).
// Source of the semantics: spec/tile-isa.md 2.9 and spec/l2-runtime.md 2; choices beyond them are listed in docs/design/isa.md.
//
// A producer waits while all SlotNum slots are taken, a consumer until the next slot is filled; each direction keeps its order. The
// pipe is the one of the core's own block. Who takes part on the vector side are the AIV lanes of the task, one or two:
//   no split    C2V: AIV0 gets the tile; AIV1, if the task has it, must pop as well and gets a tile of zeros. V2C: AIV0's tile
//               counts; AIV1 must push as well, and its tile is ignored.
//   split       needs both AIVs. C2V: each gets its half. V2C: the halves are put together; the slot is filled when both pushed.
// A slot is free again when every AIV that takes part (C2V), or the AIC (V2C), has released it: on A5 with TFREE; on A2A3 a TPOP of a
// tile copies the data out of the slot and releases it at once, and TFREE of a tile does nothing, as on that hardware. The
// GlobalTensor forms hand out the slot itself, so they always end with TFREE.
//
// A push takes the tile's valid region and a pop needs its own valid region to lie within what was pushed for it; element types are
// the same on both sides. Data keep their element type and become a dense row-major matrix in the slot, from whatever arrangement.
#pragma once

#include "pto/common/fifo.hpp"
#include "pto/common/fixpipe.hpp"
#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

namespace detail {

template <typename T>
concept PipeArgument = is_pipe_v<std::remove_cv_t<T>>;
template <typename T>
concept FixpipeArgument = is_fixpipe_params_v<T>;

/// The core's own lane decides which half is meant.
constexpr int kOwnSubBlock = -1;

template <typename Pipe>
PTO_FN PtoPipeAccess pipe_access(const Pipe& pipe, PtoPipeDirection direction, TileSplitAxis split, int sub_block) {
  PtoPipeAccess access = {};
  access.key = Pipe::kKey;
  access.gm_slots = pipe.fifo.GM_SLOT_BUFFER;
  access.direction = direction;
  access.split = static_cast<uint8_t>(split);
  access.sub_block = sub_block;
  return access;
}

template <typename... Operands>
PTO_FN RecordEvent issue_pipe(Op op, pipe_t pipe, PtoPipeAccess& access, const Operands&... operands) {
  PtoAttributes attributes = {};
  attributes.scalar = reinterpret_cast<uint64_t>(&access);
  return issue(op, pipe, attributes, operands...);
}

/// The direction a GlobalTensor form or TFREE means: the only one of the pipe, or the one that belongs to the core.
template <typename Pipe>
constexpr PtoPipeDirection direction_of() {
  return !Pipe::kToCube ? kPtoPipeToVector : !Pipe::kToVector ? kPtoPipeToCube : kPtoPipeByCore;
}

template <typename Pipe, TileSplitAxis Split>
PTO_FN constexpr void check_split() {
  static_assert(static_cast<uint8_t>(Split) <= TILE_LEFT_RIGHT_ODD, "the split is one of TileSplitAxis");
  static_assert(!Pipe::kNoSplit || Split == TILE_NO_SPLIT, "this TPipe is declared without split (IsNoSplit)");
}

template <typename Pipe, typename TileProd, TileSplitAxis Split>
PTO_FN RecordEvent push_tile(Pipe& pipe, TileProd& tile, int sub_block) {
  constexpr bool kFromVector = TileProd::Loc == TileType::Vec;
  static_assert(kFromVector || TileProd::Loc == TileType::Acc || TileProd::Loc == TileType::Mat,
                "TPUSH: an AIV pushes a Vec tile, an AIC an Acc or Mat tile");
  static_assert(!has_twins<TileProd>(), PTO_DETAIL_NO_TWINS);
  static_assert(kFromVector ? Pipe::kToCube : Pipe::kToVector, "TPUSH: the pipe's direction: a Vec tile goes V2C, an Acc or Mat tile C2V");
  check_split<Pipe, Split>();
  PtoPipeAccess access = pipe_access(pipe, kFromVector ? kPtoPipeToCube : kPtoPipeToVector, Split, sub_block);
  return issue_pipe(Op::TPUSH, TileProd::Loc == TileType::Acc ? PIPE_FIX : PIPE_MTE3, access, tile);
}

template <typename Pipe, typename TileCons, TileSplitAxis Split>
PTO_FN RecordEvent pop_tile(Pipe& pipe, TileCons& tile, int sub_block) {
  constexpr bool kToVector = TileCons::Loc == TileType::Vec;
  static_assert(kToVector || TileCons::Loc == TileType::Mat || (Pipe::kControl && TileCons::Loc == TileType::Ctrl),
                "TPOP: an AIV pops a Vec tile, an AIC a Mat tile, or a Ctrl tile of a control pipe");
  static_assert(!has_twins<TileCons>(), PTO_DETAIL_NO_TWINS);
  static_assert(kToVector ? Pipe::kToVector : Pipe::kToCube, "TPOP: the pipe's direction: a Vec tile comes C2V, a Mat tile V2C");
  check_split<Pipe, Split>();
  constexpr bool kHalf = kToVector && (Split == TILE_UP_DOWN || Split == TILE_LEFT_RIGHT);
  constexpr uint32_t kPlaceBytes = (Pipe::RingFiFo::SLOT_SIZE / (kHalf ? 2 : 1) + 31) / 32 * 32;
  static_assert(uint64_t{TileCons::kBytes} <= kPlaceBytes,
                "TPOP: the tile is larger than a slot of the pipe (than half a slot, in an even split)");
#if __NPU_ARCH__ == 2201
  constexpr uint32_t kPlaces = Pipe::RingFiFo::LOCAL_SLOT_NUM;
#else
  constexpr uint32_t kPlaces = Pipe::RingFiFo::SLOT_NUM;
#endif
  const uint32_t base = kToVector ? pipe.fifo.C2V_CONSUMER_BUF : Pipe::kControl ? pipe.fifo.V2C_CONTROL_BUF : pipe.fifo.V2C_CONSUMER_BUF;
  const uint64_t address = base + uint64_t{pipe.popped++ % kPlaces} * kPlaceBytes;
  tile.rebind(static_cast<typename TileCons::TileDType>(sim().assign(&described<TileCons>, address)));
  PtoPipeAccess access = pipe_access(pipe, kToVector ? kPtoPipeToVector : kPtoPipeToCube, Split, sub_block);
  return issue_pipe(Op::TPOP, PIPE_MTE2, access, tile);
}

/// TALLOC and TPOP of a view: the tensor's shape and strides say what part of the slot it is.
template <typename Pipe, typename GlobalData, TileSplitAxis Split>
PTO_FN RecordEvent take_slot(Op op, pipe_t on, Pipe& pipe, GlobalData& tensor) {
  static_assert(GlobalData::layout == Layout::ND, "a pipe's slot is a row-major matrix: a GlobalTensor of layout ND");
  check_split<Pipe, Split>();
  PtoPipeAccess access = pipe_access(pipe, direction_of<Pipe>(), Split, kOwnSubBlock);
  PtoOperand view;
  tensor.describe(view);
  access.view = &view;
  issue_pipe(op, on, access);
  tensor.rebind(static_cast<typename GlobalData::DType*>(access.slot));
  return {};
}

/// TPUSH and TFREE of a view.
template <typename Pipe, typename GlobalData, TileSplitAxis Split>
PTO_FN RecordEvent give_slot(Op op, pipe_t on, Pipe& pipe, GlobalData& tensor) {
  check_split<Pipe, Split>();
  PtoPipeAccess access = pipe_access(pipe, direction_of<Pipe>(), Split, kOwnSubBlock);
  return issue_pipe(op, on, access, tensor);
}

#define PTO_DETAIL_NO_GRID(NAME) NAME ": grid pipes are not supported by this version; use a TPipe or global memory"
#define PTO_DETAIL_NO_FIXPIPE(NAME) NAME ": quantising and fixpipe forms are not supported by this version; push the tile as it is"

}  // namespace detail

/// Pushes a tile: waits for a free slot, copies the tile's valid region (its part of it, for half a tile) and fills the slot.
template <detail::PipeArgument Pipe, detail::TileArgument TileProd, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe& pipe, TileProd& tile, WaitEvents&... events) {
  TSYNC(events...);
  return detail::push_tile<Pipe, TileProd, Split>(pipe, tile, detail::kOwnSubBlock);
}
/// The same where an AIV says which half is its own: 0 or 1. An AIC passes 0.
template <detail::PipeArgument Pipe, detail::TileArgument TileProd, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe& pipe, TileProd& tile, int32_t subBlockId, WaitEvents&... events) {
  TSYNC(events...);
  return detail::push_tile<Pipe, TileProd, Split>(pipe, tile, subBlockId);
}
/// Without split.
template <detail::TileArgument TileProd, detail::PipeArgument Pipe, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(TileProd& tile, Pipe& pipe, WaitEvents&... events) {
  TSYNC(events...);
  return detail::push_tile<Pipe, TileProd, TILE_NO_SPLIT>(pipe, tile, detail::kOwnSubBlock);
}
/// Fills the slot that TALLOC gave, after the kernel has stored into it. The tensor is what TALLOC made of it.
template <detail::PipeArgument Pipe, detail::GlobalArgument GlobalData, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe& pipe, GlobalData& gmTensor, WaitEvents&... events) {
  TSYNC(events...);
  return detail::give_slot<Pipe, GlobalData, Split>(Op::TPUSH, PIPE_MTE3, pipe, gmTensor);
}
template <detail::PipeArgument Pipe, detail::TileArgument TileProd, detail::FixpipeArgument TConfig, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe&, TileProd&, WaitEvents&...) {
  static_assert(detail::never_v<TConfig>, PTO_DETAIL_NO_FIXPIPE("TPUSH"));
  return {};
}

template <GridDirection Direction, int Dist = 1, typename Pipe, detail::TileArgument TileProd, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe&, TileProd&, WaitEvents&...) {
  static_assert(detail::never_v<Pipe>, PTO_DETAIL_NO_GRID("TPUSH"));
  return {};
}
template <GridSpan Span, typename Pipe, detail::TileArgument TileProd, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPUSH(Pipe&, TileProd&, WaitEvents&...) {
  static_assert(detail::never_v<Pipe>, PTO_DETAIL_NO_GRID("TPUSH"));
  return {};
}
template <GridDirection Direction, int Dist = 1, typename Pipe, detail::TileArgument TileCons, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPOP(Pipe&, TileCons&, WaitEvents&...) {
  static_assert(detail::never_v<Pipe>, PTO_DETAIL_NO_GRID("TPOP"));
  return {};
}

/// Pops a tile: waits for a filled slot, places the tile in the consumer's local buffer (see TPipe) and copies what was pushed for
/// this core. The tile needs no TASSIGN; one it had is replaced.
template <detail::PipeArgument Pipe, detail::TileArgument TileCons, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPOP(Pipe& pipe, TileCons& tile, WaitEvents&... events) {
  TSYNC(events...);
  return detail::pop_tile<Pipe, TileCons, Split>(pipe, tile, detail::kOwnSubBlock);
}
/// The same where an AIV says which half is its own: 0 or 1. An AIC passes 0.
template <detail::PipeArgument Pipe, detail::TileArgument TileCons, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPOP(Pipe& pipe, TileCons& tile, int32_t subBlockId, WaitEvents&... events) {
  TSYNC(events...);
  return detail::pop_tile<Pipe, TileCons, Split>(pipe, tile, subBlockId);
}
/// Without split.
template <detail::TileArgument TileCons, detail::PipeArgument Pipe, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPOP(TileCons& tile, Pipe& pipe, WaitEvents&... events) {
  TSYNC(events...);
  return detail::pop_tile<Pipe, TileCons, TILE_NO_SPLIT>(pipe, tile, detail::kOwnSubBlock);
}
/// Waits for a filled slot and points the tensor at this core's part of it in device memory. TFREE gives the slot back.
template <detail::PipeArgument Pipe, detail::GlobalArgument GlobalData, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TPOP(Pipe& pipe, GlobalData& gmTensor, WaitEvents&... events) {
  TSYNC(events...);
  return detail::take_slot<Pipe, GlobalData, Split>(Op::TPOP, PIPE_MTE2, pipe, gmTensor);
}

/// Waits for a free slot and points the tensor at this core's part of it in device memory. TPUSH fills the slot.
template <detail::PipeArgument Pipe, detail::GlobalArgument GlobalData, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TALLOC(Pipe& pipe, GlobalData& gmTensor, WaitEvents&... events) {
  TSYNC(events...);
  return detail::take_slot<Pipe, GlobalData, Split>(Op::TALLOC, PIPE_S, pipe, gmTensor);
}

/// Gives back the oldest slot that this core popped as a tile and holds (A5; nothing to do on A2A3).
template <detail::PipeArgument Pipe, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFREE(Pipe& pipe, WaitEvents&... events) {
  TSYNC(events...);
  detail::check_split<Pipe, Split>();
  PtoPipeAccess access = detail::pipe_access(pipe, detail::direction_of<Pipe>(), Split, detail::kOwnSubBlock);
  return detail::issue_pipe(Op::TFREE, PIPE_S, access);
}
template <detail::PipeArgument Pipe, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFREE(Pipe& pipe, WaitEvents&... events) {
  return TFREE<Pipe, TILE_NO_SPLIT>(pipe, events...);
}
/// Gives back the oldest slot that this core popped as a view.
template <detail::PipeArgument Pipe, detail::GlobalArgument GlobalData, TileSplitAxis Split, detail::EventArgument... WaitEvents>
PTO_FN RecordEvent TFREE(Pipe& pipe, GlobalData& gmTensor, WaitEvents&... events) {
  TSYNC(events...);
  return detail::give_slot<Pipe, GlobalData, Split>(Op::TFREE, PIPE_S, pipe, gmTensor);
}

/// The scale of the next quantising TPUSH.
template <typename OutType>
PTO_FN void SET_QUANT_SCALAR(float) {
  static_assert(detail::never_v<OutType>, PTO_DETAIL_NO_FIXPIPE("SET_QUANT_SCALAR"));
}
template <typename FpTD>
PTO_FN void SET_QUANT_VECTOR(FpTD&) {
  static_assert(detail::never_v<FpTD>, PTO_DETAIL_NO_FIXPIPE("SET_QUANT_VECTOR"));
}

}  // namespace pto

#pragma GCC visibility pop
