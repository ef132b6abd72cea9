// What the compiler must refuse, one case at a time (-DCASE=n); the CTest entries in CMakeLists.txt say which message each must give.
#include <pto/pto-inst.hpp>

using namespace pto;

using Vec = Tile<TileType::Vec, float, 16, 16>;
using VecI8 = Tile<TileType::Vec, int8_t, 16, 32>;
using Acc = TileAcc<float, 16, 16>;
using GlobalI8 = GlobalTensor<int8_t, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
using GlobalF32 = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;

using Pipe = TPipe<0, DIR_C2V, 1024, 2, 2, true>;

void refused(Vec& vec, VecI8& bytes, Acc& acc, GlobalI8& global_i8, GlobalF32& global, Pipe& pipe) {
  (void)vec, (void)bytes, (void)acc, (void)global_i8, (void)global, (void)pipe;
#if CASE == 1
  TSTORE(global_i8, acc, uint64_t{0x3f800000});
#elif CASE == 2
  TSTORE(global_i8, acc);
#elif CASE == 3
  TASSIGN<0x2ffe0>(vec);
#elif CASE == 4
  TASSIGN<0x10>(vec);
#elif CASE == 5
  Tile<TileType::Vec, float, 16, 12> uneven;
#elif CASE == 6
  TADD(vec, vec, bytes);
#elif CASE == 7
  TEXP(bytes, bytes);
#elif CASE == 8
  TQUANT(vec, vec);
#elif CASE == 9
  TMOV(acc, vec);
#elif CASE == 10
  TileLeft<half, 16, 16> left;
  TileRight<half, 32, 16> right;
  TMATMUL(acc, left, right);
#elif CASE == 11
  TLOAD(acc, global);
#elif CASE == 12
  vec.SetValidRow(3);
#elif CASE == 13
  TMOV(vec, acc, uint64_t{1});
#elif CASE == 14
  TPUSH<Pipe, Acc, FixpipeParams<>>(pipe, acc);
#elif CASE == 15
  SET_QUANT_SCALAR<half>(0.5f);
#elif CASE == 16
  TPUSH(vec, pipe);
#elif CASE == 17
  TPUSH<Pipe, Acc, TILE_UP_DOWN>(pipe, acc);
#elif CASE == 18
  Tile<TileType::Vec, float, 32, 16> large;
  TPOP(large, pipe);
#elif CASE == 19
  Tile<TileType::Ctrl, int32_t, 1, 16> control;
  TPipe<0, DIR_V2C, 1024, 2> data(nullptr, 0, 0);
  TPOP(control, data);
#elif CASE == 20
  comm::TWAIT(global, 1, comm::WaitCmp::EQ);
#elif CASE == 21
  SYNCALL<SyncAllMode::Soft>(global);
#elif CASE == 22
  set_intra_block(PIPE_V, 1);
#elif CASE == 23
  TAND(vec, vec, vec);
#elif CASE == 24
  TCMP(vec, vec, vec, CmpMode::EQ);
#elif CASE == 25
  TGATHER(vec, vec, vec, vec);
#elif CASE == 26
  MGATHER<Coalesce::Row>(bytes, global, bytes);
#elif CASE == 27
  TSORT32(bytes, bytes, vec);
#elif CASE == 28
  TROWEXPANDEXPDIF(bytes, bytes, bytes);
#endif
}
