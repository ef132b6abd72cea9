// A static mistake of each family of instructions. The comment at the end of a line is the first line that its author must read, behind
// the place: instruction, operand, rule.
#include <pto/pto-inst.hpp>

using namespace pto;

using Vec = Tile<TileType::Vec, float, 16, 16>;
using Bytes = Tile<TileType::Vec, int8_t, 16, 32>;
using Ints = Tile<TileType::Vec, int32_t, 16, 16>;
using Words = Tile<TileType::Vec, uint32_t, 16, 16>;
using Mat = Tile<TileType::Mat, half, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor>;
using Left = TileLeft<half, 16, 16>;
using Right = TileRight<half, 16, 16>;
using Acc = TileAcc<float, 16, 16>;
using Bias = Tile<TileType::Bias, int32_t, 1, 16>;
using Global = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
using Input = GlobalTensor<const float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
using ByteGlobal = GlobalTensor<int8_t, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
/// Checks that instructions share are reported once for the same types, so those here are all different.
template <int N>
using Other = Tile<TileType::Vec, float, 16, 16 * N>;
using Pipe = TPipe<0, DIR_C2V, 1024, 2, 2, true>;

// clang-format off
void tiles() {
  Tile<TileType::Vec, float, 16, 12> uneven;               // Tile: a row of a row-major tile is a multiple of 32 bytes
  (void)uneven;
}
void placing(Vec& vec) {
  TASSIGN<0x10>(vec);                                       // TASSIGN: the address is not a multiple of 32 bytes
  TASSIGN<0x2ffe0>(vec);                                    // TASSIGN: the tile ends outside its memory
  vec.SetValidRow(3);                                       // .*the valid rows of this tile type are fixed
}
void moving(Vec& vec, Bytes& bytes, Mat& mat, Acc& acc, Left& left, Global& global, Input& input, ByteGlobal& byte_global) {
  TLOAD(acc, global);                                       // TLOAD: the destination is a Vec or Mat tile
  TLOAD(bytes, global);                                     // TLOAD: tile and global tensor have elements of one size
  TSTORE(input, vec);                                       // TSTORE: the global tensor is const
  TSTORE(byte_global, acc);                                 // TSTORE: from Acc, f32 becomes f32, f16 or bf16
  TMOV(acc, vec);                                           // TMOV: no path between these memories
  TMOV(left, acc);                                          // TMOV: no path between these memories
  TEXTRACT(vec, mat, 0, 0);                                 // TEXTRACT: no path between these memories
  TINSERT(left, vec, 0, 0);                                 // TINSERT: no path between these memories
  TRESHAPE(bytes, vec);                                     // TRESHAPE: both tiles have the same number of bytes
  TSUBVIEW(bytes, vec, 0, 0);                               // TSUBVIEW: both tiles have one element type
  TFILLPAD<Vec, PadValue::Null>(vec, vec);                  // TFILLPAD needs a pad value
  TCONCAT(vec, bytes, bytes);                               // TCONCAT: operands have one element type
  TTRANS(vec, bytes, vec);                                  // TTRANS: both tiles have one element type
}
void elementwise(Vec& vec, Bytes& bytes, Acc& acc, Words& words, Other<2>& other2) {
  TADD(vec, vec, bytes);                                    // TADD: operands have one element type; TCVT converts
  TSUB(acc, acc, acc);                                      // TSUB: operands are Vec tiles
  TMULS(other2, bytes, 3);                                  // TMULS: operands have one element type; TCVT converts
  TEXP(bytes, bytes);                                       // TEXP works on floating-point elements
  TABS(words, words);                                       // TABS works on signed elements
  TEXPANDS(acc, 1.0f);                                      // TEXPANDS fills Vec and Mat tiles
  TCVT(vec, acc, RoundMode::CAST_RINT);                     // TCVT: operands are Vec tiles
  TAND(vec, vec, vec);                                      // TAND: bit operations and shifts work on integers
  TSHLS(vec, vec, 1.0f);                                    // TSHLS: bit operations and shifts work on integers
  TFUSEDMULADD(words, words, words);                        // TFUSEDMULADD: .*floating-point
}
void reducing(Vec& vec, Bytes& bytes, Acc& acc, Other<3>& other3, Other<4>& other4) {
  TROWSUM(vec, bytes, vec);                                 // TROWSUM: operands have one element type
  TCOLMAX(acc, acc);                                        // TCOLMAX: operands are Vec tiles
  TROWEXPAND(other3, bytes);                                // TROWEXPAND: operands have one element type
  TROWEXPANDEXPDIF(bytes, bytes, bytes);                    // TROWEXPANDEXPDIF works on floating-point elements
  TCOLEXPANDADD(other4, other4, bytes);                     // TCOLEXPANDADD: operands have one element type
}
void selecting(Vec& vec, Bytes& bytes, Other<5>& other5, Other<6>& other6) {
  TCMP(vec, vec, vec, CmpMode::EQ);                         // TCMP: the mask is a Vec tile of integers
  TSELS(vec, other5, vec, vec, 1.0f);                       // TSELS: the mask is a Vec tile of integers
  TSEL(vec, other6, vec, vec, bytes);                       // TSEL: the mask is a Vec tile of integers
}
void gathering(Vec& vec, Bytes& bytes, Ints& ints, Global& global, Other<7>& other7, Other<8>& other8) {
  TGATHER(vec, vec, vec, vec);                              // TGATHER: indices are integers
  TGATHERB(vec, vec, ints);                                 // TGATHERB: offsets are uint32_t
  TSCATTER(vec, vec, other7);                               // TSCATTER: indices are integers
  MGATHER<Coalesce::Row>(bytes, global, ints);              // MGATHER: tile and global tensor have one element type
  MSCATTER<Coalesce::Row>(global, vec, other8);             // MSCATTER: indices are integers
}
void sorting(Vec& vec, Bytes& bytes, Words& words) {
  TSORT32(bytes, bytes, words);                             // TSORT32: sorting works on f32 and f16
  TMRGSORT(vec, vec, 64);                                   // TMRGSORT: lists have one row
}
void generating(Vec& vec, Acc& acc) {
  TCI<Vec, int32_t, 0>(vec, 0);                             // TCI counts in integers
  TTRI<Acc, 0>(acc, 0);                                     // TTRI: the destination is a Vec tile of numbers
}
void multiplying(Acc& acc, Left& left, Right& right, Vec& vec, Bias& bias) {
  TileRight<half, 32, 16> deep;
  TMATMUL(acc, left, deep);                                 // TMATMUL: K differs
  TMATMUL(vec, left, right);                                // TMATMUL: a matrix product takes a Left and a Right tile and writes an Acc tile
  TMATMUL_ACC(acc, right, right);                           // TMATMUL_ACC: a matrix product takes a Left and a Right tile
  TMATMUL_BIAS(acc, left, right, bias);                     // TMATMUL_BIAS: the bias has the accumulator's element type
  TileRight<half, 48, 16> deeper;
  TGEMV(acc, left, deeper);                                 // TGEMV: K differs
}
void pipes(Vec& vec, Acc& acc, Pipe& pipe) {
  TPUSH(vec, pipe);                                         // TPUSH: the pipe's direction: a Vec tile goes V2C
  TPUSH<Pipe, Acc, TILE_UP_DOWN>(pipe, acc);                // TPUSH: this TPipe is declared without split
  Tile<TileType::Vec, float, 32, 16> large;
  TPOP(large, pipe);                                        // TPOP: the tile is larger than a slot of the pipe
  TFREE<Pipe, TILE_LEFT_RIGHT>(pipe);                       // TFREE: this TPipe is declared without split
}
void communicating(Global& global, ByteGlobal& byte_global, GlobalTensor<float, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>>& floats, Vec& vec) {
  comm::TNOTIFY(global, 1, comm::NotifyOp::Set);            // TNOTIFY: a signal is an int32_t in device memory
  comm::TWAIT(floats, 1, comm::WaitCmp::EQ);                // TWAIT: a signal is an int32_t in device memory
  comm::TPUT(byte_global, global, vec);                     // TPUT: both tensors have one element type
  SYNCALL<SyncAllMode::Soft>(global);                       // SYNCALL: the workspace holds int32_t
}
void unknown(Vec& vec) {
  TADD(vec, vec);                                           // no matching function for call to .*TADD
  TQUANTISE(vec);                                           // .*TQUANTISE.* was not declared
  set_intra_block(PIPE_V, 1);                               // set_intra_block: a2a3 does not have this instruction
}
// clang-format on
