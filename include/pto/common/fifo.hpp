// Pipes between the cube core and the vector cores of one cluster (spec/tile-isa.md, 2.9): directions, splits and the TPipe that
// both sides construct alike. The instructions that use them are in pto/inst/fifo.hpp.
#pragma once

#include <stdint.h>

#include "pto/common/macros.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// How a tile of the cube core is divided among the two AIVs of its cluster. Rows and columns are the valid ones. In the _ODD forms
/// AIV0 gets one more than AIV1: rows / 2 + 1 of an odd number of rows.
enum TileSplitAxis : uint8_t { TILE_NO_SPLIT = 0, TILE_UP_DOWN = 1, TILE_LEFT_RIGHT = 2, TILE_UP_DOWN_ODD = 3, TILE_LEFT_RIGHT_ODD = 4 };

/// Who pushes: C is the cube core, V its vector cores. The _GM forms (A5) name the way through device memory; here they are the
/// same as those without.
enum Direction : uint8_t {
  UNDEFINED = 0,
  DIR_C2V = 1,
  DIR_V2C = 2,
  DIR_BOTH = 3,
  DIR_V2C_CTRL = 4,
  DIR_C2V_GM = 5,
  DIR_V2C_GM = 6,
  DIR_BOTH_GM = 7
};

enum class FIFOType : uint8_t { GM_FIFO, VEC_FIFO, MAT_FIFO, CTRL_FIFO };
enum class VecCubeRatio : uint8_t { V1C1_VEC0, V1C1_VEC1, V2C1_VECS };

/// Where a pipe's data lie. SlotSize is the bytes of one whole tile, that of the cube core.
template <uint32_t SlotSize, uint32_t SlotNum, uint32_t LocalSlotNum = 2>
struct RingFIFO {
  static constexpr uint32_t SLOT_SIZE = SlotSize;
  static constexpr uint32_t SLOT_NUM = SlotNum;
  static constexpr uint32_t SLOT_SYNCT = SlotNum;
  static constexpr uint32_t LOCAL_SLOT_NUM = LocalSlotNum;

  __gm__ void* GM_SLOT_BUFFER;  ///< SlotNum slots; with both directions SlotNum for C2V, then SlotNum for V2C
  uint32_t C2V_CONSUMER_BUF;    ///< byte offset in UB of an AIV's local buffer
  uint32_t V2C_CONSUMER_BUF;    ///< byte offset in L1
  uint32_t V2C_CONTROL_BUF;     ///< byte offset in L1, or in the memory of Ctrl tiles, for control pipes

  PTO_FN RingFIFO(__gm__ void* gm_slots, uint32_t c2v_buffer, uint32_t v2c_buffer, uint32_t control_buffer = 0)
      : GM_SLOT_BUFFER(gm_slots), C2V_CONSUMER_BUF(c2v_buffer), V2C_CONSUMER_BUF(v2c_buffer), V2C_CONTROL_BUF(control_buffer) {}
};

/// A pipe of SlotNum slots. Each core that uses it constructs one with the same template arguments; FlagID and the other arguments
/// together name the pipe within the cluster. The slots belong to the task: a pipe starts empty in every task, and a later TPipe of
/// the same kernel goes on where an earlier one stopped.
///
/// A popped tile lies in the consumer's own memory, from c2vConsumerBuf (UB) or v2cConsumerBuf (L1) on, in one of n places that are
/// taken in turn: n is LocalSlotNum on A2A3, where slots are in device memory, and SlotNum on A5, where they are these places. A
/// place has SlotSize bytes, and half of that in an AIV that pops an even half.
///
/// A control pipe (DIR_V2C_CTRL) carries small tiles that tell the cube core what to do: an AIV pushes a Vec tile, the AIC pops a Ctrl tile,
/// whose elements GetValue reads, or a Mat tile. It lies from v2cControlBuf on.
///
/// gmSlotBuffer is needed by the forms on GlobalTensor only; those on tiles accept a null. IsNoSplit promises that the pipe is used
/// without split. EN_UNIT_FLAG is about the hardware's timing and changes nothing here.
template <uint8_t FlagID, uint8_t DirType, uint32_t SlotSize, uint32_t SlotNum, uint32_t LocalSlotNum = 2, bool IsNoSplit = false,
          bool EN_UNIT_FLAG = false>
struct TPipe {
  static constexpr uint8_t kFlagId = FlagID;
  static constexpr uint8_t kDirection = DirType;
  static constexpr bool kNoSplit = IsNoSplit;
  static constexpr bool kToVector = DirType == DIR_C2V || DirType == DIR_C2V_GM || DirType == DIR_BOTH || DirType == DIR_BOTH_GM;
  static constexpr bool kControl = DirType == DIR_V2C_CTRL;
  static constexpr bool kToCube = DirType == DIR_V2C || DirType == DIR_V2C_GM || DirType == DIR_BOTH || DirType == DIR_BOTH_GM || kControl;
  static constexpr uint64_t kKey =
      uint64_t{FlagID} << 56 | uint64_t{DirType} << 48 | uint64_t{SlotNum} << 40 | uint64_t{LocalSlotNum} << 32 | SlotSize;
  using RingFiFo = RingFIFO<SlotSize, SlotNum, LocalSlotNum>;

#if defined(PTO_STRICT_ARCH) && __NPU_ARCH__ == 2201
  static_assert(DirType < DIR_C2V_GM, "TPipe: a2a3 does not have the directions DIR_C2V_GM, DIR_V2C_GM and DIR_BOTH_GM");
#endif
  static_assert(kToVector || kToCube, "TPipe: the direction is DIR_C2V, DIR_V2C, DIR_BOTH (or their _GM forms) or DIR_V2C_CTRL");
  static_assert(SlotNum >= 1 && SlotNum <= 255, "TPipe: 1 to 255 slots");
  static_assert(LocalSlotNum >= 1 && LocalSlotNum <= 255, "TPipe: 1 to 255 local slots");
  static_assert(SlotSize >= 32 && SlotSize % 32 == 0, "TPipe: the slot size is a multiple of 32 bytes");

  PTO_FN TPipe(__gm__ void* gmSlotBuffer, uint32_t c2vConsumerBuf, uint32_t v2cConsumerBuf, uint32_t v2cControlBuf = 0)
      : fifo(gmSlotBuffer, c2vConsumerBuf, v2cConsumerBuf, v2cControlBuf) {}

  RingFiFo fifo;
  uint32_t popped = 0;  ///< by this object; chooses the local place of the next tile
};

/// Grid pipes, between clusters. Their types and values are not described, so their forms of TPUSH and TPOP are refused, and these
/// enumerations have no names for values.
enum class GridDirection : uint8_t;
enum class GridSpan : uint8_t;

template <typename T>
inline constexpr bool is_pipe_v = false;
template <uint8_t F, uint8_t D, uint32_t S, uint32_t N, uint32_t L, bool X, bool U>
inline constexpr bool is_pipe_v<TPipe<F, D, S, N, L, X, U>> = true;

}  // namespace pto

#pragma GCC visibility pop
