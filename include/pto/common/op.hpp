// The instructions by name. The numbers are part of the simulator's binary interface: append, never reorder.
#pragma once

#include <stdint.h>

/// Pipes of a core, numbered as the programming model's simulator does (spec/tile-isa.md, 1.4).
enum pipe_t : uint8_t { PIPE_S = 0, PIPE_V, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_M, PIPE_ALL, PIPE_FIX };

// clang-format off
// X(name, pipe): the pipe is the one that an Event<Op, ...> synchronises with (spec/tile-isa.md, 1.5). Instructions whose
// pipe depends on the memories they touch have one name per kind: V = Vec, M = Mat, L = Left or Right, B = Bias,
// S = Scaling, A = Acc. Names of instructions that this version does not have are reserved here and nowhere else.
#define PTO_OP_LIST(X)                                                                                                        \
  X(TLOAD, PIPE_MTE2) X(TSTORE_VEC, PIPE_MTE3) X(TSTORE_MAT, PIPE_MTE3) X(TSTORE_ACC, PIPE_FIX) X(TPREFETCH, PIPE_MTE2)       \
  X(TMOV_V2V, PIPE_V) X(TMOV_V2M, PIPE_FIX) X(TMOV_M2L, PIPE_MTE1) X(TMOV_M2B, PIPE_MTE1) X(TMOV_M2S, PIPE_FIX)               \
  X(TMOV_M2V, PIPE_V) X(TMOV_A2V, PIPE_FIX) X(TMOV_A2M, PIPE_FIX)                                                             \
  X(TEXTRACT_V2V, PIPE_V) X(TEXTRACT_V2M, PIPE_FIX) X(TEXTRACT_M2L, PIPE_MTE1) X(TEXTRACT_A2V, PIPE_FIX)                      \
  X(TEXTRACT_A2M, PIPE_FIX) X(TINSERT_V2V, PIPE_V) X(TINSERT_V2M, PIPE_FIX) X(TINSERT_A2V, PIPE_FIX) X(TINSERT_A2M, PIPE_FIX) \
  X(TSUBVIEW, PIPE_S) X(TRESHAPE, PIPE_S) X(TFILLPAD, PIPE_V) X(TCONCAT, PIPE_V) X(TTRANS, PIPE_V) X(TINTERLEAVE, PIPE_V)     \
  X(TDEINTERLEAVE, PIPE_V) X(TIMG2COL, PIPE_MTE1) X(SETFMATRIX, PIPE_S) X(SET_IMG2COL_RPT, PIPE_S)                            \
  X(SET_IMG2COL_PADDING, PIPE_S) X(TPACK, PIPE_V)                                                                             \
  X(TADD, PIPE_V) X(TSUB, PIPE_V) X(TMUL, PIPE_V) X(TDIV, PIPE_V) X(TMAX, PIPE_V) X(TMIN, PIPE_V) X(TADDC, PIPE_V)            \
  X(TSUBC, PIPE_V) X(TAND, PIPE_V) X(TOR, PIPE_V) X(TXOR, PIPE_V) X(TNOT, PIPE_V) X(TSHL, PIPE_V) X(TSHR, PIPE_V)             \
  X(TREM, PIPE_V) X(TFMOD, PIPE_V) X(TPOW, PIPE_V) X(TPRELU, PIPE_V) X(TABS, PIPE_V) X(TNEG, PIPE_V) X(TEXP, PIPE_V)          \
  X(TLOG, PIPE_V) X(TSQRT, PIPE_V) X(TRSQRT, PIPE_V) X(TRECIP, PIPE_V) X(TRELU, PIPE_V) X(TMULADDDST, PIPE_V)                 \
  X(TFUSEDMULADD, PIPE_V) X(TFUSEDMULADDRELU, PIPE_V) X(TSUBRELU, PIPE_V) X(TADDRELUCONV, PIPE_V) X(TSUBRELUCONV, PIPE_V)     \
  X(TADDDEQRELU, PIPE_V) X(TPAIRREDUCESUM, PIPE_V) X(TPARTADD, PIPE_V) X(TPARTMUL, PIPE_V) X(TPARTMAX, PIPE_V)                \
  X(TPARTMIN, PIPE_V) X(TPARTARGMAX, PIPE_V) X(TPARTARGMIN, PIPE_V)                                                           \
  X(TADDS, PIPE_V) X(TSUBS, PIPE_V) X(TMULS, PIPE_V) X(TDIVS, PIPE_V) X(TMAXS, PIPE_V) X(TMINS, PIPE_V) X(TREMS, PIPE_V)      \
  X(TFMODS, PIPE_V) X(TPOWS, PIPE_V) X(TANDS, PIPE_V) X(TORS, PIPE_V) X(TXORS, PIPE_V) X(TSHLS, PIPE_V) X(TSHRS, PIPE_V)      \
  X(TLRELU, PIPE_V) X(TAXPY, PIPE_V) X(TADDSC, PIPE_V) X(TSUBSC, PIPE_V) X(TEXPANDS, PIPE_V) X(TCI, PIPE_S) X(TTRI, PIPE_V)   \
  X(TRANDOM, PIPE_V)                                                                                                          \
  X(TROWSUM, PIPE_V) X(TROWMAX, PIPE_V) X(TROWMIN, PIPE_V) X(TROWPROD, PIPE_V) X(TCOLSUM, PIPE_V) X(TCOLMAX, PIPE_V)          \
  X(TCOLMIN, PIPE_V) X(TCOLPROD, PIPE_V) X(TROWARGMAX, PIPE_V) X(TROWARGMIN, PIPE_V) X(TCOLARGMAX, PIPE_V)                    \
  X(TCOLARGMIN, PIPE_V) X(TROWEXPAND, PIPE_V) X(TROWEXPANDADD, PIPE_V) X(TROWEXPANDSUB, PIPE_V) X(TROWEXPANDMUL, PIPE_V)      \
  X(TROWEXPANDDIV, PIPE_V) X(TROWEXPANDMAX, PIPE_V) X(TROWEXPANDMIN, PIPE_V) X(TROWEXPANDEXPDIF, PIPE_V)                      \
  X(TCOLEXPAND, PIPE_V) X(TCOLEXPANDADD, PIPE_V) X(TCOLEXPANDSUB, PIPE_V) X(TCOLEXPANDMUL, PIPE_V) X(TCOLEXPANDDIV, PIPE_V)   \
  X(TCOLEXPANDMAX, PIPE_V) X(TCOLEXPANDMIN, PIPE_V) X(TCOLEXPANDEXPDIF, PIPE_V)                                               \
  X(TCMP, PIPE_V) X(TCMPS, PIPE_V) X(TSEL, PIPE_V) X(TSELS, PIPE_V) X(TCVT, PIPE_V)                                           \
  X(TGATHER, PIPE_V) X(TGATHERB, PIPE_V) X(TSCATTER, PIPE_V) X(MGATHER, PIPE_MTE2) X(MSCATTER, PIPE_MTE3)                     \
  X(TSORT32, PIPE_V) X(TMRGSORT, PIPE_V) X(THISTOGRAM, PIPE_V)                                                                \
  X(TMATMUL, PIPE_M) X(TMATMUL_ACC, PIPE_M) X(TMATMUL_BIAS, PIPE_M) X(TGEMV, PIPE_M) X(TGEMV_ACC, PIPE_M)                     \
  X(TGEMV_BIAS, PIPE_M) X(TMATMUL_MX, PIPE_M) X(TGEMV_MX, PIPE_M) X(TQUANT, PIPE_V) X(TDEQUANT, PIPE_V)                       \
  X(TGET_SCALE_ADDR, PIPE_S) X(TPUSH, PIPE_ALL) X(TPOP, PIPE_ALL) X(TFREE, PIPE_S) X(TALLOC, PIPE_S) X(TPRINT, PIPE_S)        \
  X(SET_FLAG, PIPE_S) X(WAIT_FLAG, PIPE_S) X(PIPE_BARRIER, PIPE_S) X(DCCI, PIPE_S) X(DSB, PIPE_S) X(SYNCALL, PIPE_ALL)        \
  X(SCALAR_GET, PIPE_S) X(SCALAR_SET, PIPE_S)                                                                                 \
  X(FFTS_CROSS_CORE_SYNC, PIPE_S) X(SET_FFTS_BASE_ADDR, PIPE_S) X(WAIT_FLAG_DEV, PIPE_S) X(SET_INTRA_BLOCK, PIPE_S)           \
  X(WAIT_INTRA_BLOCK, PIPE_S) X(GET_BUF, PIPE_S) X(RLS_BUF, PIPE_S) X(TNOTIFY, PIPE_S) X(TWAIT, PIPE_S) X(TTEST, PIPE_S)  \
  X(TPUT, PIPE_ALL) X(TGET, PIPE_ALL) X(TPUT_ASYNC, PIPE_ALL) X(TGET_ASYNC, PIPE_ALL) X(TPREFETCH_ASYNC, PIPE_S)
// clang-format on

namespace pto {

enum class Op : uint16_t {
#define PTO_OP_NAME(name, pipe) name,
  PTO_OP_LIST(PTO_OP_NAME)
#undef PTO_OP_NAME
      OP_COUNT
};

}  // namespace pto
