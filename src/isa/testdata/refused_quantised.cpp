// Every form that needs quantisation, the fixpipe's conversions or grid pipes. Each line with "refused:" must give an error whose text matches what
// follows; check_refusals.py compiles this file once and looks.
#include <pto/pto-inst.hpp>

using namespace pto;

using V8 = Tile<TileType::Vec, int8_t, 64, 64>;
using M8 = Tile<TileType::Mat, int8_t, 64, 64, BLayout::ColMajor, 64, 64, SLayout::RowMajor>;
using C = TileAcc<int32_t, 64, 64>;
using CF = TileAcc<float, 64, 64>;
using VF = Tile<TileType::Vec, float, 64, 64>;
using Fp = Tile<TileType::Scaling, uint64_t, 1, 64>;
using G8 = GlobalTensor<int8_t, Shape<1, 1, 1, 64, 64>, Stride<1, 1, 1, 64, 1>>;
using Pipe = TPipe<0, DIR_C2V, 16384, 2>;
constexpr auto kVec0 = AccToVecMode::SingleModeVec0;
constexpr auto kNone = AtomicType::AtomicNone;
constexpr auto kRelu = ReluPreMode::NormalRelu;

void refused(G8& g, C& acc, CF& facc, M8& mat, V8& vec, Fp& fp, Pipe& pipe) {
  TSTORE(g, acc);                                           // refused: needs quantisation, which this version does not support
  TSTORE<C, G8>(g, acc, uint64_t{1});                       // refused: quantising TSTORE is not supported
  TSTORE<STPhase::Final, C, G8>(g, acc, uint64_t{1});       // refused: quantising TSTORE is not supported
  TSTORE_FP<C, G8, Fp, kNone, kRelu>(g, acc, fp);           // refused: quantising TSTORE_FP is not supported
  TMOV(mat, acc);                                           // refused: needs quantisation, which this version does not support
  TMOV<M8, C>(mat, acc, uint64_t{1});                       // refused: quantising TMOV is not supported
  TMOV<STPhase::Final, M8, C>(mat, acc, uint64_t{1});       // refused: quantising TMOV is not supported
  TMOV<V8, C, kVec0>(vec, acc, uint64_t{1});                // refused: quantising TMOV is not supported
  TMOV<STPhase::Final, V8, C, kVec0>(vec, acc, uint64_t{1});  // refused: quantising TMOV is not supported
  TMOV<V8, C, Fp, kVec0>(vec, acc, fp);                     // refused: quantising TMOV is not supported
  TMOV<STPhase::Final, V8, C, Fp, kVec0>(vec, acc, fp);     // refused: quantising TMOV is not supported
  TMOV(vec, acc, fp);                                       // refused: quantising TMOV is not supported
  TMOV_FP<M8, C, Fp>(mat, acc, fp);                         // refused: quantising TMOV_FP is not supported
  TMOV_FP<STPhase::Final, M8, C, Fp>(mat, acc, fp);         // refused: quantising TMOV_FP is not supported
  TEXTRACT<M8, C>(mat, acc, uint64_t{1}, 0, 0);             // refused: quantising TEXTRACT is not supported
  TEXTRACT<V8, C, kVec0>(vec, acc, uint64_t{1}, 0, 0);      // refused: quantising TEXTRACT is not supported
  TEXTRACT<V8, C, Fp, kVec0>(vec, acc, fp, 0, 0);           // refused: quantising TEXTRACT is not supported
  TEXTRACT_FP<M8, C, Fp>(mat, acc, fp, 0, 0);               // refused: quantising TEXTRACT_FP is not supported
  TINSERT<M8, C>(mat, acc, uint64_t{1}, 0, 0);              // refused: quantising TINSERT is not supported
  TINSERT<V8, C, kVec0>(vec, acc, uint64_t{1}, 0, 0);       // refused: quantising TINSERT is not supported
  TINSERT<V8, C, Fp, kVec0>(vec, acc, fp, 0, 0);            // refused: quantising TINSERT is not supported
  TINSERT_FP<M8, C, Fp>(mat, acc, fp, 0, 0);                // refused: quantising TINSERT_FP is not supported
  TPUSH<Pipe, CF, FixpipeParams<NZ2ND, QF322B8_PRE>>(pipe, facc);  // refused: TPUSH: quantising and fixpipe forms are not supported
  TPUSH<GridDirection{}>(pipe, facc);                       // refused: TPUSH: grid pipes are not supported
  TPUSH<GridDirection{}, 2>(pipe, facc);                    // refused: TPUSH: grid pipes are not supported
  TPUSH<GridSpan{}>(pipe, facc);                            // refused: TPUSH: grid pipes are not supported
  TPOP<GridDirection{}>(pipe, vec);                         // refused: TPOP: grid pipes are not supported
  SET_QUANT_SCALAR<int8_t>(0.5f);                           // refused: SET_QUANT_SCALAR: quantising and fixpipe forms are not supported
  SET_QUANT_VECTOR<Fp>(fp);                                 // refused: SET_QUANT_VECTOR: quantising and fixpipe forms are not supported
}
