// Enumerations of the tile instruction set, with the values that kernels rely on (spec/tile-isa.md, 1.4).
#pragma once

#include <stdint.h>

#include "pto/common/macros.hpp"
#include "pto/common/op.hpp"
#include "pto/common/sim.hpp"

enum event_t : uint8_t { EVENT_ID0 = 0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };

namespace pto {

/// The memory a tile lives in.
enum class TileType : uint8_t { Vec, Mat, Left, Right, Acc, Bias, Scaling, ScaleLeft, ScaleRight, Ctrl };
enum class BLayout : uint8_t { RowMajor = 0, ColMajor = 1 };
enum class SLayout : uint8_t { NoneBox = 0, RowMajor = 1, ColMajor = 2 };
enum class CompactMode : uint8_t { Null, Normal, RowPlusOne, RowAlignedPadding };

/// Arrangement of a tensor in global memory.
enum class Layout : uint8_t {
  ND,
  DN,
  NZ,
  SCALE,
  MX_A_ND,
  MX_A_DN,
  MX_A_ZZ,
  MX_B_ND,
  MX_B_DN,
  MX_B_NN,
  HIF4_A_ZZ,
  HIF4_B_NN,
  NC1HWC0,
  GNC1HWC0,
  NCHW,
  GNCHW,
  NHWC,
  NDC1HWC0,
  NCDHW,
  FRACTAL_Z,
  FRACTAL_Z_S16S8,
  FRACTAL_Z_3D,
  MAX
};

enum class CmpMode : uint8_t { EQ = 0, NE, LT, LE, GT, GE };
enum class RoundMode : uint8_t { CAST_NONE = 0, CAST_RINT, CAST_ROUND, CAST_FLOOR, CAST_CEIL, CAST_TRUNC, CAST_ODD };
enum class SaturationMode : uint8_t { ON = 0, OFF = 1 };
enum class MaskPattern : uint8_t { P0101 = 1, P1010, P0001, P0010, P0100, P1000, P1111 };
enum class AtomicType : uint8_t { AtomicNone, AtomicAdd };
enum class ReluPreMode : uint8_t { NoRelu = 0, NormalRelu = 1 };
enum class STPhase : uint8_t { Unspecified = 0, Unknown = 0, Partial = 2, Final = 3 };
enum class AccPhase : uint8_t { Unspecified = 0, Unknown = 0, Partial = 2, Final = 3 };
enum class AccToVecMode : uint8_t { SingleModeVec0, SingleModeVec1, DualModeSplitM, DualModeSplitN };
enum class QuantType : uint8_t { MXFP8, MXFP4_E2M1, INT8_SYM, INT8_ASYM };
enum class QuantScaleAlg : uint8_t { OCP, NV };
enum class MxQuantAlg : uint8_t { OcpMxFp8E4M3, NvMxFp8E4M3, OcpMxFp4E2M1, NvMxFp4E2M1, Hif4 };
enum class VecStoreMode : uint8_t { ND, NZ };
enum class VFImplKind : uint8_t {
  VFIMPL_DEFAULT = 0,
  VFIMPL_1D_NO_POST_UPDATE,
  VFIMPL_2D_NO_POST_UPDATE,
  VFIMPL_1D_POST_UPDATE,
  VFIMPL_2D_POST_UPDATE
};
enum class TCopyMode : uint8_t { SHALLOW_COPY, DEEP_COPY };
enum class TFillPadMode : uint8_t { Normal, InPlace, Expand };
enum class SyncAllMode : uint8_t { Hard = 0, Soft = 1 };
enum class SyncCoreType : uint8_t { AIVOnly = 0, AICOnly = 1, Mix = 2 };
enum class SetFmatrixMode : uint8_t { FMATRIX_A_AUTO, FMATRIX_B_AUTO, FMATRIX_A_MANUAL, FMATRIX_B_MANUAL };
enum class HistByte : uint8_t { BYTE_0, BYTE_1, BYTE_2, BYTE_3 };
enum class PowAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class DivAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class SqrtAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RsqrtAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RecipAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class ExpAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class LogAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class FmodAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class FmodSAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RemAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RemSAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class ScatterAxis : uint8_t { SCATTER_ROW, SCATTER_COL };
enum class GatherAxis : uint8_t { GATHER_ROW, GATHER_COL };
enum class ScatterAtomicOp : uint8_t { None, Add, Max, Min };
enum class ScatterOOB : uint8_t { Undefined, Skip, Clamp, Wrap };
enum class ScatterConflict : uint8_t { Last, Default };
enum class GatherOOB : uint8_t { Undefined, Clamp, Wrap, Zero };
enum class Coalesce : uint8_t { Row, Elem };
/// Which unit of the hardware gathers; no difference here.
enum class GatherExec : uint8_t { Default };
enum class TInsertMode : uint8_t { SPLIT2 = 2, SPLIT4 = 3 };
enum class PrintFormat : uint8_t { Width8_Precision4, Width8_Precision2, Width10_Precision6 };

constexpr int SYNC_AIC_FLAG = 11;
constexpr int SYNC_AIV_FLAG = 12;
constexpr int SYNC_AIC_AIV_FLAG = 13;
constexpr int SYNC_AIV_ONLY_ALL = 14;
constexpr int SYNC_FLAG_ID_MAX = 16;
constexpr int SYNCALL_SOFT_WORKSPACE_INT32 = 16;

}  // namespace pto
