// Forms that one generation has and the other has not, or neither: compiled with PTO_STRICT_ARCH for both. A comment "a2a3: TEXT" or
// "a5: TEXT" says which compiler must refuse the line, and with which words; a line without one compiles. Equal types are reported once.
#include <pto/pto-inst.hpp>

using namespace pto;

template <typename T>
using Vec = Tile<TileType::Vec, T, 32, 32>;
template <typename T>
using Column = Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor>;
template <typename T>
using Mat = Tile<TileType::Mat, T, 32, 32, BLayout::ColMajor, 32, 32, SLayout::RowMajor>;
using Boxes = Tile<TileType::Vec, float, 32, 32, BLayout::ColMajor, 32, 32, SLayout::RowMajor>;
using Acc = TileAcc<float, 32, 32>;
template <typename T, Layout L = Layout::ND>
using Global = GlobalTensor<T, Shape<1, 1, 1, 32, 32>, Stride<1, 1, 1, 32, 1>, L>;

// clang-format off
void moves(Vec<float>& vec, Mat<float>& mat, Acc& acc, Boxes& boxes, Boxes& other_boxes, Vec<float8_e4m3_t>& small, Vec<int64_t>& wide) {
  Global<float> rows(nullptr);
  Global<float, Layout::DN> columns(nullptr);
  Global<float, Layout::NHWC> image(nullptr);
  Global<float, Layout::NC1HWC0> blocks(nullptr);
  Global<float, Layout::MX_A_ND> scales(nullptr);
  Global<float8_e4m3_t> bytes(nullptr);
  Global<int64_t> words(nullptr);
  TLOAD(vec, rows);
  TLOAD(wide, words);
  TLOAD(small, bytes);              // a2a3: a2a3 does not have this instruction for elements e4m3
  TLOAD(vec, scales);               // a2a3: a2a3 does not have this instruction for the layout MX_A_ND of global memory
  TSTORE(rows, vec);
  TSTORE(rows, mat);                // a5: a5 does not have this instruction from Mat
  TSTORE(rows, acc);
  TSTORE(columns, vec);
  TSTORE(columns, acc);             // a2a3: a2a3 .* the layout DN of global memory // a5: a5 .* the layout DN of global memory
  TSTORE(image, acc);               // a2a3: a2a3 .* the layout NHWC of global memory
  TSTORE(blocks, acc);              // a5: a5 .* the layout NC1HWC0 of global memory
  TMOV(vec, vec);
  TMOV(other_boxes, boxes);
  TMOV(vec, boxes);
  TMOV(boxes, vec);                 // a2a3: a2a3 does not have this instruction with a change of the arrangement to boxes
  TMOV(mat, acc);
  TMOV(vec, acc);                   // a2a3: a2a3 does not have this instruction from Acc to Vec
  TMOV<Boxes, Acc, AccToVecMode::SingleModeVec0>(boxes, acc);  // a2a3: a2a3 does not have this instruction from Acc to Vec
  TEXTRACT(vec, acc, 0, 0);         // a2a3: a2a3 does not have this instruction from Acc to Vec
  TEXTRACT(mat, acc, 0, 0);         // a2a3: a2a3 does not have this instruction from Acc to Mat
  TEXTRACT(mat, vec, 0, 0);         // a2a3: a2a3 does not have this instruction from Vec to Mat
  TEXTRACT(vec, vec, 0, 0);
  TEXTRACT(wide, wide, 0, 0);       // a2a3: a2a3 .* for elements i64 // a5: a5 .* for elements i64
  TINSERT(mat, acc, 0, 0);
  TINSERT(vec, acc, 0, 0);          // a2a3: a2a3 does not have this instruction from Acc to Vec
  TINSERT(vec, vec, 0, 0);          // a2a3: a2a3 does not have this instruction from Vec to Vec
  TINSERT(mat, vec, 0, 0);          // a2a3: a2a3 does not have this instruction from Vec to Mat
  TINSERT<TInsertMode::SPLIT2>(mat, acc, 0, 0);  // a2a3: TINSERT: a2a3 does not have this instruction with a TInsertMode
  TCONCAT(wide, wide, wide);        // a2a3: a2a3 .* for elements i64 // a5: a5 .* for elements i64
}
void matrix(Acc& acc) {
  TileLeft<float8_e5m2_t, 32, 32> left_small;
  TileRight<float8_e5m2_t, 32, 32> right_small;
  TileLeft<bfloat16_t, 32, 32> left;
  TileRight<bfloat16_t, 32, 32> right;
  Mat<float8_e5m2_t> mat_small;
  Mat<bfloat16_t> mat;
  Tile<TileType::Mat, bfloat16_t, 1, 32> row;
  Tile<TileType::Mat, half, 1, 32> half_row;
  Tile<TileType::Bias, float, 1, 32> bias;
  TEXTRACT(left, mat, 0, 0);
  TEXTRACT(left_small, mat_small, 0, 0);  // a2a3: a2a3 does not have this instruction for elements e5m2
  TMOV(bias, half_row);
  TMOV(bias, row);                        // a2a3: a2a3 does not have this instruction for elements bf16
  TMATMUL(acc, left, right);
  TMATMUL_BIAS(acc, left, right, bias);
  TMATMUL(acc, left_small, right_small);  // a2a3: a2a3 does not have this instruction for elements e5m2
  TMATMUL_ACC(acc, acc, left_small, right_small);   // a2a3: a2a3 does not have this instruction for elements e5m2
  TMATMUL_BIAS(acc, left_small, right_small, bias); // a2a3: a2a3 does not have this instruction for elements e5m2
  TGEMV_ACC(acc, acc, left_small, right_small);     // a2a3: a2a3 does not have this instruction for elements e5m2
}
void elementwise(Vec<float>& f32, Vec<bfloat16_t>& bf16, Vec<int8_t>& i8, Vec<uint16_t>& u16, Vec<int32_t>& i32, Vec<int64_t>& i64) {
  TADD(f32, f32, f32);
  TADD(bf16, bf16, bf16);           // a2a3: a2a3 does not have this instruction for elements bf16
  TADD(i8, i8, i8);                 // a2a3: a2a3 does not have this instruction for elements i8
  TSUB(u16, u16, u16);              // a2a3: a2a3 does not have this instruction for elements u16
  TMUL(i8, i8, i8);                 // a2a3: a2a3 .* for elements i8 // a5: a5 .* for elements i8
  TMUL(i64, i64, i64);              // a2a3: a2a3 does not have this instruction for elements i64
  TDIV(i32, i32, i32);              // a2a3: a2a3 does not have this instruction for elements i32
  TDIV(bf16, bf16, bf16);           // a2a3: a2a3 .* for elements bf16 // a5: a5 .* for elements bf16
  TMAX(i64, i64, i64);              // a2a3: a2a3 does not have this instruction for elements i64
  TABS(i32, i32);                   // a2a3: a2a3 does not have this instruction for elements i32
  TNEG(bf16, bf16);                 // a2a3: a2a3 does not have this instruction for elements bf16
  TRELU(i32, i32);
  TRELU(i8, i8);                    // a2a3: a2a3 .* for elements i8 // a5: a5 .* for elements i8
  TEXP(f32, f32);
  TEXP(bf16, bf16);                 // a2a3: a2a3 .* for elements bf16 // a5: a5 .* for elements bf16
  TRECIP(bf16, bf16);
  TAND(i8, i8, i8);
  TAND(i64, i64, i64);              // a2a3: a2a3 .* for elements i64 // a5: a5 .* for elements i64
  TSHL(i64, i64, i64);              // a2a3: a2a3 does not have this instruction for elements i64
  TADDS(bf16, bf16, bfloat16_t(1.0f));  // a2a3: a2a3 does not have this instruction for elements bf16
  TMULS(i8, i8, 3);                 // a2a3: a2a3 .* for elements i8 // a5: a5 .* for elements i8
  TDIVS(i32, i32, 3);
  TMAXS(i8, i8, 3);                 // a2a3: a2a3 does not have this instruction for elements i8
  TSHRS(i64, i64, 3);               // a2a3: a2a3 does not have this instruction for elements i64
  TADDC(f32, f32, f32, f32);        // a2a3: a2a3 does not have this instruction$ // a5: a5 does not have this instruction$
  TSUBSC(f32, f32, 1.0f, f32);      // a2a3: a2a3 does not have this instruction$ // a5: a5 does not have this instruction$
  TREM(i64, i64, i64, i64);         // a2a3: a2a3 does not have this instruction for elements i64
  TAXPY(bf16, bf16, bfloat16_t(1.0f));  // a2a3: a2a3 does not have this instruction for elements bf16
  TFUSEDMULADD(bf16, bf16, bf16);   // a2a3: a2a3 .* for elements bf16 // a5: a5 .* for elements bf16
  TEXPANDS(bf16, bfloat16_t(1.0f));
  TCVT(f32, bf16, RoundMode::CAST_RINT);
}
void reduce(Vec<float>& f32, Vec<bfloat16_t>& bf16, Vec<int64_t>& i64, Vec<int16_t>& i16) {
  Column<int64_t> i64_column;
  Column<bfloat16_t> bf16_column;
  Column<int16_t> i16_column;
  TROWSUM(i16_column, i16, i16);
  TROWMAX(i64_column, i64, i64);      // a2a3: a2a3 does not have this instruction for elements i64
  TROWSUM(bf16_column, bf16, bf16);   // a2a3: a2a3 .* for elements bf16 // a5: a5 .* for elements bf16
  TCOLSUM(bf16, bf16);                // a2a3: a2a3 does not have this instruction for elements bf16
  TROWEXPAND(bf16, bf16);
  TROWEXPAND(i64, i64);               // a2a3: a2a3 .* for elements i64 // a5: a5 .* for elements i64
  TROWEXPANDMUL(bf16, bf16, bf16_column);  // a2a3: a2a3 does not have this instruction for elements bf16
  TCOLEXPANDADD(bf16, bf16, bf16);    // a2a3: a2a3 does not have this instruction for elements bf16
  TCOLEXPANDEXPDIF(bf16, bf16, bf16); // a2a3: a2a3 .* for elements bf16 // a5: a5 .* for elements bf16
  TCOLEXPANDADD(f32, f32, f32);
}
void select(Vec<float>& f32, Vec<int8_t>& i8, Vec<int32_t>& i32, Vec<int64_t>& i64, Vec<uint8_t>& bytes, Vec<uint32_t>& words) {
  Global<int8_t> table(nullptr);
  Global<int64_t> wide(nullptr);
  TCMP(bytes, f32, f32, CmpMode::LT);  // a5: a5 does not have this instruction for elements u8
  TCMP(words, f32, f32, CmpMode::LT);  // a2a3: a2a3 does not have this instruction for elements u32
  TCMP(words, i8, i8, CmpMode::LT);    // a2a3: a2a3 does not have this instruction for elements u32
  TSEL(f32, bytes, f32, f32, f32);
  TSEL(i64, bytes, i64, i64, i64);     // a2a3: a2a3 does not have this instruction for elements i64
  TGATHER(i8, i8, i32, i8);            // a2a3: a2a3 does not have this instruction for elements i8
  TGATHER<Vec<int8_t>, Vec<int8_t>, MaskPattern::P0101>(i8, i8);
  TSCATTER<MaskPattern::P0101>(i8, i8);  // a2a3: a2a3 .* for elements i8 // a5: a5 .* for elements i8
  MGATHER<Coalesce::Row>(i8, table, i32);
  MGATHER<Coalesce::Row>(i64, wide, i32);  // a2a3: a2a3 .* for elements i64 // a5: a5 .* for elements i64
}
void between_cores() {
  ffts_cross_core_sync(PIPE_MTE3, 1);
  set_intra_block(PIPE_MTE3, 0);       // a2a3: set_intra_block: a2a3 does not have this instruction
  wait_intra_block(PIPE_MTE3, 0);      // a2a3: wait_intra_block: a2a3 does not have this instruction
  get_buf(PIPE_V, 0);                  // a2a3: get_buf: a2a3 does not have this instruction
  rls_buf(PIPE_V, 0, 1);               // a2a3: rls_buf: a2a3 does not have this instruction
  TPipe<0, DIR_C2V, 1024, 2> pipe(nullptr, 0, 0);
  TPipe<0, DIR_BOTH_GM, 1024, 2> gm_pipe(nullptr, 0, 0);  // a2a3: TPipe: a2a3 does not have the directions DIR_C2V_GM
  (void)pipe, (void)gm_pipe;
}
// clang-format on
