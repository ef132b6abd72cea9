// Instructions that would separate elements of fp4, of which two share a byte; read by check_refusals.py like refused_quantised.cpp.
#include <pto/pto-inst.hpp>

using namespace pto;

using T = float4_e2m1x2_t;
using V = Tile<TileType::Vec, T, 64, 64>;
using Row = Tile<TileType::Vec, T, 1, 64>;
using Index = Tile<TileType::Vec, int32_t, 64, 64>;
using Offset = Tile<TileType::Vec, uint32_t, 64, 8>;
using Mask = Tile<TileType::Vec, uint8_t, 64, 32>;
using G = GlobalTensor<T, Shape<1, 1, 1, 64, 64>, Stride<1, 1, 1, 64, 1>>;
using Pipe = TPipe<0, DIR_BOTH, 4096, 2>;

void refused(V& a, V& b, V& c, Row& row, Index& index, Offset& offset, Mask& mask, G& g, Pipe& pipe) {
  TGATHER(a, b, index, index);                       // refused: two fp4 elements share a byte
  TGATHER<V, V, MaskPattern::P0101>(a, b);           // refused: two fp4 elements share a byte
  TGATHERB(a, b, offset);                            // refused: two fp4 elements share a byte
  TSCATTER(a, b, index);                             // refused: two fp4 elements share a byte
  TTRANS(a, b, c);                                   // refused: two fp4 elements share a byte
  TCONCAT(a, b, c);                                  // refused: two fp4 elements share a byte
  TSEL(a, mask, b, c, c);                            // refused: two fp4 elements share a byte
  TSELS(a, mask, b, c, T::FromRaw(1));               // refused: two fp4 elements share a byte
  TEXPANDS(a, T::FromRaw(0x11));                     // refused: two fp4 elements share a byte
  MGATHER<Coalesce::Elem>(a, g, index);              // refused: two fp4 elements share a byte
  MSCATTER<Coalesce::Elem>(g, a, index);             // refused: two fp4 elements share a byte
  comm::TPUT(g, g, a);                               // refused: two fp4 elements share a byte
  TPUSH<Pipe, V, TILE_NO_SPLIT>(pipe, a);            // refused: two fp4 elements share a byte
  TPOP<Pipe, V, TILE_NO_SPLIT>(pipe, a);             // refused: two fp4 elements share a byte
  a.SetValue(3, T::FromRaw(1));                      // refused: two fp4 elements share a byte
  TADD(a, b, c);                                     // refused: no arithmetic on this element type
  TCOLEXPAND(a, row);                                // refused: no arithmetic on this element type
}
