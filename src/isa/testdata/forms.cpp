// Every public form (spec/tile-isa.md, Appendix A) of the instructions that this version has, with its template arguments spelled as a
// kernel may spell them; "NAME n" is the n-th form of the appendix, and docs/reference/instructions.md lists them. That this compiles is
// the test.
#include <pto/pto-inst.hpp>

using namespace pto;

using V = Tile<TileType::Vec, float, 16, 64>;
using H = Tile<TileType::Vec, half, 16, 64>;
using I = Tile<TileType::Vec, int32_t, 16, 64>;
using U = Tile<TileType::Vec, uint32_t, 16, 64>;
using Mask = Tile<TileType::Vec, uint8_t, 16, 32>;
using Column = Tile<TileType::Vec, float, 16, 1, BLayout::ColMajor>;
using ColumnI = Tile<TileType::Vec, int32_t, 16, 1, BLayout::ColMajor>;
using Row = Tile<TileType::Vec, float, 1, 64>;
using RowI = Tile<TileType::Vec, int32_t, 1, 64>;
using List = Tile<TileType::Vec, float, 1, 256>;
using Padded = Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, 16, 64, SLayout::NoneBox, 512, PadValue::Zero>;
using Large = Tile<TileType::Vec, float, 32, 64, BLayout::RowMajor, 32, 64, SLayout::NoneBox, 512, PadValue::Zero>;
using M = Tile<TileType::Mat, half, 64, 64, BLayout::ColMajor, 64, 64, SLayout::RowMajor>;
using A = TileLeft<half, 64, 64>;
using A1 = TileLeft<half, 16, 64, 1>;
using B = TileRight<half, 64, 64>;
using C = TileAcc<float, 64, 64>;
using C1 = TileAcc<float, 16, 64, 1>;
using Bias = Tile<TileType::Bias, float, 1, 64>;
using AccVec = Tile<TileType::Vec, float, 64, 64>;
using HalfVec = Tile<TileType::Vec, float, 32, 64>;
using G = GlobalTensor<float, Shape<1, 1, 1, 16, 64>, Stride<1, 1, 1, 64, 1>>;
using GAcc = GlobalTensor<half, Shape<1, 1, 1, 64, 64>, Stride<1, 1, 1, 64, 1>>;
using GI = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 64>, Stride<1, 1, 1, 64, 1>>;
using Map = ConvTile<TileType::Mat, half, 4096, Layout::NC1HWC0, ConvTileShape<1, 2, 4, 4, 16>>;
using GMap = GlobalTensor<half, Shape<1, 2, 4, 4, 16>, Stride<512, 256, 64, 16, 1>, Layout::NC1HWC0>;
using Pipe = TPipe<0, DIR_BOTH, 16384, 2>;
using OneWay = TPipe<0, DIR_C2V, 16384, 2>;
using E = Event<Op::TADD, Op::TSTORE_VEC>;

void elementwise(V& a, V& b, V& c, H& h, I& i, I& j, I& k, Mask& m, V& tmp, E& e) {
  TADD<V, V, V>(a, b, c);                                            // TADD 1
  TADD(a, b, c, e);                                                  // events may follow every form
  TSUB<V, V, V>(a, b, c);                                            // TSUB 1
  TMUL<V, V, V>(a, b, c);                                            // TMUL 1
  TDIV<DivAlgorithm::HIGH_PRECISION, V, V, V>(a, b, c);              // TDIV 1
  TDIV(a, b, c);
  TMAX<V, V, V>(a, b, c);                                            // TMAX 1
  TMIN<V, V, V>(a, b, c);                                            // TMIN 1
  TABS<V, V>(a, b);                                                  // TABS 1
  TNEG<V, V>(a, b);                                                  // TNEG 1
  TEXP<ExpAlgorithm::DEFAULT, V, V>(a, b);                           // TEXP 1
  TLOG<LogAlgorithm::DEFAULT, V, V>(a, b);                           // TLOG 1
  TSQRT<SqrtAlgorithm::DEFAULT, V, V>(a, b);                         // TSQRT 1
  TRSQRT<RsqrtAlgorithm::DEFAULT, V, V>(a, b);                       // TRSQRT 1
  TRSQRT<RsqrtAlgorithm::DEFAULT, V, V, V>(a, b, tmp);               // TRSQRT 2
  TRECIP<RecipAlgorithm::DEFAULT, V, V>(a, b);                       // TRECIP 1
  TRELU<V, V>(a, b);                                                 // TRELU 1
  TNOT<I, I>(i, j);                                                  // TNOT 1
  TAND<I, I, I>(i, j, k);                                            // TAND 1
  TAND<I>(i, j, k);                                                  // TAND 2
  TOR<I, I, I>(i, j, k);                                             // TOR 1
  TOR<I>(i, j, k);                                                   // TOR 2
  TADDS<V, V>(a, b, 1.0f);                                           // TADDS 1
  TSUBS<V, V>(a, b, 1.0f);                                           // TSUBS 1
  TMULS<V, V>(a, b, 1.0f);                                           // TMULS 1
  TDIVS<DivAlgorithm::DEFAULT, V, V>(a, b, 1.0f);                    // TDIVS 1
  TDIVS<DivAlgorithm::DEFAULT, V, V>(a, 1.0f, b);                    // TDIVS 2
  TMAXS<V, V>(a, b, 1.0f);                                           // TMAXS 1
  TMINS<V, V>(a, b, 1.0f);                                           // TMINS 1
  TEXPANDS<V>(a, 1.0f);                                              // TEXPANDS 1
  TCMP<Mask, V, V>(m, a, b, CmpMode::GT);                            // TCMP 1
  TCMPS<Mask, V>(m, a, 1.0f, CmpMode::GT);                           // TCMPS 1
  TCMPS<Mask, V, V>(m, a, b, CmpMode::GT);                           // TCMPS 2
  TSEL<V, Mask, V>(a, m, b, c, tmp);                                 // TSEL 1
  TSELS<V, Mask, V, V>(a, m, b, tmp, 1.0f);                          // TSELS 1
  TCVT<true, H, V, V>(h, a, tmp, RoundMode::CAST_RINT, SaturationMode::ON);  // TCVT 1
  TCVT<true, H, V, V>(h, a, tmp, RoundMode::CAST_RINT);              // TCVT 2
  TCVT<true, H, V>(h, a, RoundMode::CAST_RINT, SaturationMode::ON);  // TCVT 3
  TCVT<false, H, V>(h, a, RoundMode::CAST_RINT);                     // TCVT 4
}

void reductions(V& a, V& b, V& tmp, Column& column, Row& row) {
  TROWSUM<Column, V, V>(column, a, tmp);                             // TROWSUM 1
  TROWMAX<Column, V, V>(column, a, tmp);                             // TROWMAX 1
  TROWMIN<Column, V, V>(column, a, tmp);                             // TROWMIN 1
  TCOLSUM<Row, V>(row, a);                                           // TCOLSUM 1
  TCOLSUM<Row, V, V>(row, a, tmp, true);                             // TCOLSUM 2
  TCOLMAX<Row, V>(row, a);                                           // TCOLMAX 1
  TCOLMIN<Row, V>(row, a);                                           // TCOLMIN 1
  TROWEXPAND<V, Column>(a, column);                                  // TROWEXPAND 1
  TROWEXPANDADD<V, V, Column>(a, b, column);                         // TROWEXPANDADD 1
  TROWEXPANDADD<V, V, Column, V>(a, b, column, tmp);                 // TROWEXPANDADD 2
  TROWEXPANDSUB<V, V, Column>(a, b, column);                         // TROWEXPANDSUB 1
  TROWEXPANDSUB<V, V, Column, V>(a, b, column, tmp);                 // TROWEXPANDSUB 2
  TROWEXPANDMUL<V, V, Column>(a, b, column);                         // TROWEXPANDMUL 1
  TROWEXPANDMUL<V, V, Column, V>(a, b, column, tmp);                 // TROWEXPANDMUL 2
  TROWEXPANDDIV<DivAlgorithm::DEFAULT, V, V, Column>(a, b, column);  // TROWEXPANDDIV 1
  TROWEXPANDDIV<DivAlgorithm::DEFAULT, V, V, Column, V>(a, b, column, tmp);  // TROWEXPANDDIV 2
  TROWEXPANDMAX<V, V, Column>(a, b, column);                         // TROWEXPANDMAX 1
  TROWEXPANDMAX<V, V, Column, V>(a, b, column, tmp);                 // TROWEXPANDMAX 2
  TROWEXPANDMIN<V, V, Column>(a, b, column);                         // TROWEXPANDMIN 1
  TROWEXPANDMIN<V, V, Column, V>(a, b, column, tmp);                 // TROWEXPANDMIN 2
  TROWEXPANDEXPDIF<V, V, Column>(a, b, column);                      // TROWEXPANDEXPDIF 1
  TROWEXPANDEXPDIF<V, V, Column, V>(a, b, column, tmp);              // TROWEXPANDEXPDIF 2
  TCOLEXPAND<V, Row>(a, row);                                        // TCOLEXPAND 1
  TCOLEXPANDADD<V, V, Row>(a, b, row);                               // TCOLEXPANDADD 1
  TCOLEXPANDSUB<V, V, Row>(a, b, row);                               // TCOLEXPANDSUB 1
  TCOLEXPANDMUL<V, V, Row>(a, b, row);                               // TCOLEXPANDMUL 1
  TCOLEXPANDDIV<DivAlgorithm::DEFAULT, V, V, Row>(a, b, row);        // TCOLEXPANDDIV 1
  TCOLEXPANDMAX<V, V, Row>(a, b, row);                               // TCOLEXPANDMAX 1
  TCOLEXPANDMIN<V, V, Row>(a, b, row);                               // TCOLEXPANDMIN 1
  TCOLEXPANDEXPDIF<V, V, Row>(a, b, row);                            // TCOLEXPANDEXPDIF 1
}

void moves(V& a, V& b, V& c, G& g, GAcc& gacc, M& mat, A& left, C& acc, AccVec& vec, HalfVec& part, Padded& padded, Large& large, Map& map,
           GMap& gmap, ColumnI& counts, ColumnI& sums) {
  TASSIGN<V, uint64_t>(a, 0x100);                                    // TASSIGN 1
  TASSIGN<0x100>(a);
  TASSIGN(g, static_cast<float*>(nullptr));
  TLOAD<V, G>(a, g);                                                 // TLOAD 1
  TLOAD<Map, GMap>(map, gmap);
  TPREFETCH<V, G>(a, g);                                             // TPREFETCH 1
  TSTORE<V, G>(g, a);                                                // TSTORE 1
  TSTORE<STPhase::Final, C, GAcc>(gacc, acc);                        // TSTORE 2
  TSTORE<C, GAcc, AtomicType::AtomicAdd>(gacc, acc);                 // TSTORE 3
  TSTORE<STPhase::Partial, C, GAcc, AtomicType::AtomicAdd>(gacc, acc);  // TSTORE 4
  TSTORE<C, GAcc, AtomicType::AtomicNone, ReluPreMode::NormalRelu>(gacc, acc);  // TSTORE 5
  TSTORE<STPhase::Final, C, GAcc, AtomicType::AtomicNone, ReluPreMode::NormalRelu>(gacc, acc);  // TSTORE 6
  TMOV<V, V>(a, b);                                                  // TMOV 1
  TMOV<V, V, V>(a, b, c);                                            // TMOV 2
  TMOV<0, V, V, V>(a, b, c);                                         // TMOV 3
  TMOV<AccVec, C, ReluPreMode::NormalRelu>(vec, acc);                // TMOV 4
  TMOV<STPhase::Final, AccVec, C>(vec, acc);                         // TMOV 5
  TMOV<STPhase::Final, AccVec, C, ReluPreMode::NormalRelu>(vec, acc);  // TMOV 6
  TMOV<AccVec, C, AccToVecMode::SingleModeVec1>(vec, acc);           // TMOV 7
  TMOV<STPhase::Final, HalfVec, C, AccToVecMode::DualModeSplitM, ReluPreMode::NormalRelu>(part, acc);  // TMOV 8
  TEXTRACT<A, M>(left, mat, 0, 0);                                   // TEXTRACT 1
  TEXTRACT<AccVec, C, ReluPreMode::NormalRelu>(vec, acc, 0, 0);      // TEXTRACT 2
  TEXTRACT<HalfVec, C, AccToVecMode::DualModeSplitM>(part, acc, 0, 0);  // TEXTRACT 3
  TEXTRACT<V, V, V>(a, b, c, 0, 0, 0, 0);                            // TEXTRACT 7
  TINSERT<AccVec, C, ReluPreMode::NormalRelu>(vec, acc, 0, 0);       // TINSERT 1
  TINSERT<V, V>(a, b, 0, 0);                                         // TINSERT 2
  TINSERT<HalfVec, C, AccToVecMode::DualModeSplitM>(part, acc, 0, 0);  // TINSERT 3
  TINSERT<TInsertMode::SPLIT2, V, V>(a, b);                          // TINSERT 7
  TSUBVIEW<V, V>(a, b, 0, 0);                                        // TSUBVIEW 1
  TRESHAPE<V, V>(a, b);                                              // TRESHAPE 1
  TFILLPAD<V, PadValue::Max>(a, b);                                  // TFILLPAD 1
  TFILLPAD<TFillPadMode::Normal, Padded, V>(padded, a);              // TFILLPAD 2
  TFILLPAD_EXPAND<Large, V>(large, a);                               // TFILLPAD_EXPAND 1
  TFILLPAD_INPLACE<Padded, V>(padded, a);                            // TFILLPAD_INPLACE 1
  TCONCAT<V, V, V>(a, b, c);                                         // TCONCAT 1
  TCONCAT<V, V, V, ColumnI, ColumnI>(a, b, c, counts, counts);       // TCONCAT 2
  TCONCAT<V, V, V, ColumnI, ColumnI, ColumnI>(a, b, c, sums, counts, counts);  // TCONCAT 3
  TTRANS<V, V, V>(a, b, c);                                          // TTRANS 1
  TPRINT<PrintFormat::Width8_Precision2, V>(a);                      // TPRINT 1
  TPRINT<PrintFormat::Width8_Precision2, V, G>(a, g);                // TPRINT 2
}

void products(C& c, C& d, A& a, B& b, Bias& bias, C1& c1, C1& d1, A1& a1) {
  TMATMUL<C, A, B>(c, a, b);                                         // TMATMUL 1
  TMATMUL<AccPhase::Partial, C, A, B>(c, a, b);                      // TMATMUL 2
  TMATMUL_ACC<C, A, B>(c, d, a, b);                                  // TMATMUL_ACC 1
  TMATMUL_ACC<AccPhase::Final, C, A, B>(c, d, a, b);                 // TMATMUL_ACC 2
  TMATMUL_ACC<AccPhase::Final, C, A, B>(c, a, b);                    // TMATMUL_ACC 3
  TMATMUL_ACC(c, a, b);
  TMATMUL_BIAS<C, A, B, Bias>(c, a, b, bias);                        // TMATMUL_BIAS 1
  TMATMUL_BIAS<AccPhase::Final, C, A, B, Bias>(c, a, b, bias);       // TMATMUL_BIAS 2
  TGEMV<C1, A1, B>(c1, a1, b);                                       // TGEMV 1
  TGEMV<AccPhase::Final, C1, A1, B>(c1, a1, b);                      // TGEMV 2
  TGEMV_ACC<C1, A1, B>(c1, d1, a1, b);                               // TGEMV_ACC 1
  TGEMV_ACC<AccPhase::Final, C1, A1, B>(c1, d1, a1, b);              // TGEMV_ACC 2
  TGEMV_BIAS<C1, A1, B, Bias>(c1, a1, b, bias);                      // TGEMV_BIAS 1
  TGEMV_BIAS<AccPhase::Final, C1, A1, B, Bias>(c1, a1, b, bias);     // TGEMV_BIAS 2
}

void gathers(V& a, V& b, I& index, I& out, Column& key, ColumnI& count, RowI& rows, G& table, GI& gindex, G& scratch, V& tmp) {
  TGATHER<V, V, I, V>(a, b, index, tmp);                             // TGATHER 1
  TGATHER<I, V, Column, ColumnI, V, CmpMode::GT>(out, a, key, count, tmp, 0);  // TGATHER 2
  TGATHER<V, V, MaskPattern::P0101, GatherAxis::GATHER_COL>(a, b);   // TGATHER 3
  TSCATTER<V, V, I>(a, b, index);                                    // TSCATTER 1
  TSCATTER<MaskPattern::P0101, ScatterAxis::SCATTER_COL, V, V>(a, b);  // TSCATTER 2
  MGATHER<V, G, RowI>(a, table, rows);                               // MGATHER 1
  MGATHER<Coalesce::Row, V, G, RowI>(a, table, rows);                // MGATHER 2
  MGATHER<Coalesce::Row, GatherOOB::Zero, V, G, RowI>(a, table, rows);  // MGATHER 3
  MGATHER<Coalesce::Row, V, G, GI, G>(a, table, gindex, scratch);    // MGATHER 4
  MGATHER<Coalesce::Row, GatherOOB::Wrap, V, G, GI, G>(a, table, gindex, scratch);  // MGATHER 5
  MGATHER<Coalesce::Row, GatherOOB::Wrap, GatherExec::Default, V, G, GI, G>(a, table, gindex, scratch);  // MGATHER 6
  MSCATTER<G, V, RowI>(table, a, rows);                              // MSCATTER 1
  MSCATTER<Coalesce::Row, G, V, RowI>(table, a, rows);               // MSCATTER 2
  MSCATTER<Coalesce::Row, ScatterAtomicOp::Max, G, V, RowI>(table, a, rows);  // MSCATTER 3
  MSCATTER<Coalesce::Row, ScatterAtomicOp::Add, ScatterOOB::Skip, G, V, RowI>(table, a, rows);  // MSCATTER 4
  MSCATTER<Coalesce::Row, ScatterAtomicOp::Add, ScatterOOB::Skip, ScatterConflict::Last, G, V, RowI>(table, a, rows);  // MSCATTER 5
}

void sorts(List& out, List& a, List& b, List& c, List& d, List& tmp, Tile<TileType::Vec, uint32_t, 1, 256>& index,
           Tile<TileType::Vec, float, 1, 512>& records, MrgSortExecutedNumList& counts) {
  TSORT32(records, a, index);                                        // TSORT32 1
  TSORT32(records, a, index, tmp);                                   // TSORT32 2
  TMRGSORT<List, List, List, List, List, List, false>(out, counts, tmp, a, b, c, d);  // TMRGSORT 1
  TMRGSORT<List, List, List, List, List, false>(out, counts, tmp, a, b, c);  // TMRGSORT 2
  TMRGSORT<List, List, List, List, true>(out, counts, tmp, a, b);    // TMRGSORT 3
  TMRGSORT<List, List>(out, a, 64);                                  // TMRGSORT 4
}

void pipes(Pipe& pipe, OneWay& one_way, V& vec, AccVec& large, G& view, C& acc) {
  TPUSH<Pipe, V, TILE_NO_SPLIT>(pipe, vec);                          // TPUSH 1
  TPUSH<Pipe, V, TILE_UP_DOWN>(pipe, vec, 1);                        // TPUSH 2
  TPUSH<C, OneWay>(acc, one_way);                                    // TPUSH 3
  TPUSH<Pipe, G, TILE_NO_SPLIT>(pipe, view);                         // TPUSH 4
  TPOP<Pipe, V, TILE_NO_SPLIT>(pipe, vec);                           // TPOP 1
  TPOP<Pipe, V, TILE_UP_DOWN>(pipe, vec, 1);                         // TPOP 2
  TPOP<AccVec, OneWay>(large, one_way);                              // TPOP 3
  TPOP<Pipe, G, TILE_NO_SPLIT>(pipe, view);                          // TPOP 4
  TFREE<Pipe, TILE_NO_SPLIT>(pipe);                                  // TFREE 1
  TFREE<Pipe, G, TILE_NO_SPLIT>(pipe, view);                         // TFREE 2
  TFREE<Pipe>(pipe);                                                 // TFREE 3
  TALLOC<Pipe, G, TILE_NO_SPLIT>(pipe, view);                        // TALLOC 1
}

void others(G& g, GI& workspace, comm::Signal& signal, comm::AsyncSession& session, PrefetchAsyncContext& context, V& ping, V& pong, E& e) {
  SYNCALL<SyncCoreType::Mix>();                                      // SYNCALL 1
  SYNCALL<SyncAllMode::Soft, SyncCoreType::AIVOnly, GI>(workspace, 2);  // SYNCALL 2
  TSYNC<Op::TADD>();                                                 // TSYNC 1
  TSYNC(e);                                                          // TSYNC 2
  comm::TNOTIFY(signal, 1, comm::NotifyOp::AtomicAdd);               // comm::TNOTIFY 1
  comm::TWAIT(signal, 1, comm::WaitCmp::GE);                         // comm::TWAIT 1
  comm::TTEST(signal, 1, comm::WaitCmp::GE);                         // comm::TTEST 1
  comm::TPUT(g, g, ping);                                            // comm::TPUT 1
  comm::TPUT<AtomicType::AtomicAdd>(g, g, ping, pong);               // comm::TPUT 2
  comm::TGET(g, g, ping);                                            // comm::TGET 1
  comm::TGET(g, g, ping, pong);                                      // comm::TGET 2
  comm::TPUT_ASYNC<comm::DmaEngine::SDMA>(g, g, session);            // comm::TPUT_ASYNC 1
  comm::TPUT_ASYNC<comm::DmaEngine::URMA>(g, g, session, 1u);        // comm::TPUT_ASYNC 2
  comm::TGET_ASYNC<comm::DmaEngine::SDMA>(g, g, session);            // comm::TGET_ASYNC 1
  comm::TGET_ASYNC<comm::DmaEngine::URMA>(g, g, session, 1u);        // comm::TGET_ASYNC 2
  TPREFETCH_ASYNC<G>(g, context);                                    // TPREFETCH_ASYNC 1
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  pipe_barrier(PIPE_ALL);
  dcci(g.data(), SINGLE_CACHE_LINE);
  dcci(g.data(), ENTIRE_DATA_CACHE, CACHELINE_OUT);
  dsb(DSB_DDR);
  set_ctrl(sbitset1(sbitset0(get_ctrl(), 6), 7));
  set_mask_norm();
  set_vector_mask(0xffffffffffffffffull, 0xffffffffffffffffull);
  set_vector_mask(-1, -1);
  set_ffts_base_addr(0);
  ffts_cross_core_sync(PIPE_MTE3, 1 | 2 << 4 | 3 << 8);
  wait_flag_dev(3);
#if __NPU_ARCH__ != 2201
  set_intra_block(PIPE_MTE3, 3);
  wait_intra_block(PIPE_V, 3);
  get_buf(PIPE_V, 0);
  rls_buf(PIPE_V, 0);
#endif
}
