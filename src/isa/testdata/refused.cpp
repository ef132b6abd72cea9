// What the compiler must refuse, one case at a time (-DCASE=n); the CTest entries in CMakeLists.txt say which message each must give.
#include <pto/pto-inst.hpp>

using namespace pto;

using Vec = Tile<TileType::Vec, float, 16, 16>;
using VecI8 = Tile<TileType::Vec, int8_t, 16, 32>;
using Acc = TileAcc<float, 16, 16>;
using GlobalI8 = GlobalTensor<int8_t, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
using GlobalF32 = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;

void refused(Vec& vec, VecI8& bytes, Acc& acc, GlobalI8& global_i8, GlobalF32& global) {
  (void)vec, (void)bytes, (void)acc, (void)global_i8, (void)global;
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
  SYNCALL();
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
#endif
}
