// What a compiled kernel and the simulator agree on: instructions as plain data, and one table of C functions.
//
// A kernel object exports pto_sim_abi_version(), pto_sim_npu_arch() (the generation it was compiled for), pto_sim_strict() (whether its
// compiler refused what that generation lacks) and pto_sim_bind(table); whoever loads it asks the others and calls the last before the
// first kernel runs. Everything else of a kernel object is hidden, so that objects loaded side by side share nothing. All structures are plain data that belong to the caller and live for the call only, except PtoTileType and
// PtoGlobalType, which live as long as the object that holds them stays loaded.
#pragma once

#include <stdint.h>

#define PTO_SIM_ABI_VERSION 1u

/// Element types. Numbers are part of the interface.
enum PtoElement : uint8_t {
  kPtoF32 = 0,
  kPtoF16,
  kPtoBf16,
  kPtoI8,
  kPtoU8,
  kPtoI16,
  kPtoU16,
  kPtoI32,
  kPtoU32,
  kPtoI64,
  kPtoU64,
  kPtoF8E4M3,
  kPtoF8E5M2,
  kPtoF8E8M0,
  kPtoHif8,
  kPtoF4E2M1x2,
  kPtoF4E1M2x2,
  kPtoI4,
  kPtoElementCount
};

/// Arrangements of a tile's elements (spec/tile-isa.md, 1.2). Row-major and column-major without boxes, then the four boxed
/// ones: the first letter is the order of the boxes (N: columns of boxes, Z: rows of boxes), the second the order inside a box.
enum PtoTileLayout : uint8_t { kPtoNd = 0, kPtoDn, kPtoNz, kPtoZn, kPtoZz, kPtoNn };

/// What the type of a tile fixes. One constant per Tile<...> instantiation.
struct PtoTileType {
  uint8_t element;        ///< PtoElement
  uint8_t element_bytes;  ///< 0 where two elements share a byte
  uint8_t space;          ///< pto::TileType: the memory the tile lives in
  uint8_t layout;         ///< PtoTileLayout
  int32_t rows, cols;     ///< physical extent, elements
  int32_t inner_rows, inner_cols;  ///< extent of a box; 1 x 1 without boxes
  uint64_t pad;                    ///< pto::PadValue
};

/// What the type of a global tensor fixes.
struct PtoGlobalType {
  uint8_t element;
  uint8_t element_bytes;
  uint8_t layout;  ///< pto::Layout
};

/// An operand: a tile (`tile` is set) or a global tensor (`global`, `shape` and `stride` are set). A convolution tile has both types: one
/// row of elements as a tile, a layout as a tensor, and in `shape` six sizes, of which the leading ones that it lacks are 1.
struct PtoOperand {
  const PtoTileType* tile;
  const PtoGlobalType* global;
  const int64_t* shape;   ///< 5 values; 6 of a convolution tile
  const int64_t* stride;  ///< 5 values, elements
  void* data;
  int32_t valid_rows, valid_cols;  ///< of a tile
};

/// Everything about an instruction that is not an operand; zero where it has no meaning.
struct PtoAttributes {
  uint8_t round_mode;    ///< pto::RoundMode
  uint8_t saturate;      ///< 1: clamp
  uint8_t relu;          ///< 1: max(x, 0)
  uint8_t atomic_add;    ///< 1: add to the destination
  uint8_t scalar_first;  ///< 1: scalar op tile instead of tile op scalar
  uint8_t fill_mode;     ///< pto::TFillPadMode
  uint8_t phase;         ///< pto::STPhase or pto::AccPhase
  uint8_t sub_core;      ///< 0: nothing said; else 1 + pto::AccToVecMode
  int32_t index[2];      ///< row and column (TEXTRACT, TINSERT, TSUBVIEW); source and destination pipe (flags); pto::SyncCoreType
                         ///< and number of cores, 0 for all (SYNCALL)
  uint64_t scalar;       ///< a scalar's bytes, zero-extended, in the element type of operand 0; event, flag or buffer id; element
                         ///< offset; FFTS configuration; address of a PtoPipeAccess or PtoSignalAccess
  uint64_t pad;          ///< pto::PadValue of TFILLPAD
};

/// Which way a pipe is used. kPtoPipeByCore: the pipe has both directions, and the core's kind and the instruction tell.
enum PtoPipeDirection : uint8_t { kPtoPipeToVector = 0, kPtoPipeToCube, kPtoPipeByCore };

/// What TPUSH, TPOP, TFREE and TALLOC say about their pipe; attributes.scalar is its address.
struct PtoPipeAccess {
  uint64_t key;      ///< FlagID << 56 | DirType << 48 | SlotNum << 40 | LocalSlotNum << 32 | SlotSize
  void* gm_slots;    ///< the pipe's slots in device memory; null if it has none
  uint8_t direction;  ///< PtoPipeDirection
  uint8_t split;      ///< pto::TileSplitAxis
  int32_t sub_block;  ///< the half an AIV works on; -1: that of its lane
  const struct PtoOperand* view;  ///< TALLOC and TPOP of a global tensor: its shape; its data are not looked at
  void* slot;                     ///< result of these: this core's part of the slot
};

/// What TNOTIFY, TWAIT and TTEST do to a signal tensor, their only operand; attributes.scalar is its address.
struct PtoSignalAccess {
  int32_t value;
  uint8_t how;      ///< pto::comm::NotifyOp or pto::comm::WaitCmp
  uint8_t result;   ///< result of TTEST: whether every element satisfies the comparison
};

enum { kPtoMaxOperands = 6 };

struct PtoInstruction {
  uint16_t op;  ///< pto::Op
  uint8_t pipe;  ///< pipe_t that runs it
  uint8_t operand_count;
  PtoAttributes attributes;
  PtoOperand operands[kPtoMaxOperands];  ///< destinations first; only the first operand_count hold values
};

/// What core_query answers about the core that runs the calling kernel.
enum PtoCoreQuery {
  kPtoBlockIdx = 0,
  kPtoBlockNum,
  kPtoSubBlockId,
  kPtoSubBlockNum,
  kPtoCoreId,
  kPtoControlRegister,
};

/// Error numbers are tilewright::ErrorCode's.
enum { kPtoFailInvalidArgument = 1001, kPtoFailUnsupported = 1007, kPtoFailOutOfBounds = 1010 };

/// The simulator's functions. Every entry acts on the core whose kernel calls it. Entries are appended, and `version` grows when
/// the meaning of an existing one changes; a kernel object asks `size` before it uses an appended entry.
struct PtoSimTable {
  uint32_t version;  ///< PTO_SIM_ABI_VERSION
  uint32_t size;     ///< sizeof(PtoSimTable) of the side that provides it
  /// Checks the instruction, reports it to the hook and executes it. May yield to other cores.
  void (*execute)(const PtoInstruction* instruction);
  /// Where a tile of this type lies if assigned to `address`: a byte offset into its memory, or a pointer into that memory.
  /// Fails if the tile does not fit or is not aligned to 32 bytes.
  void* (*assign)(const PtoTileType* tile, uint64_t address);
  /// Base and size of one of the core's memories (pto::TileType).
  void* (*core_memory)(int space, uint64_t* capacity_bytes);
  void (*yield)(void);
  /// Reports an error of the kernel. Does not return.
  void (*fail)(int code, const char* text);
  int64_t (*core_query)(int what);
  void (*set_control_register)(uint64_t value);
  /// Nonzero while scalar accesses to tiles (GetValue, SetValue) are to be reported through execute.
  const uint32_t* watch_scalars;
  /// Which generation (__NPU_ARCH__) a host test program's kernels are compiled for; the default cores of threads become such cores.
  void (*set_default_arch)(int npu_arch);
};
