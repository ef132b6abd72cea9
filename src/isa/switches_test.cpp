// The switches that give the existing simulator's meaning where it differs from the documented one (docs/reference/differences.md).
#define PTO_TCMPS_ELEMENTWISE
#define PTO_TSCATTER_FLAT_INDEX
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

class Switches : public IsaTest {};

TEST_F(Switches, TcmpsComparesElementByElement) {
  NdTile<float> a(17, 29), b(17, 29);
  Tile<TileType::Vec, uint8_t, 32, 32, BLayout::RowMajor, -1, -1> bits(17, 4);
  TASSIGN(a, 0);
  TASSIGN(b, 0x4000);
  TASSIGN(bits, 0x8000);
  randomize(a, random_);
  randomize(b, random_);
  TCMPS(bits, a, b, CmpMode::LT);
  for (int r = 0; r < 17; ++r) {
    for (int c = 0; c < 29; ++c) ASSERT_EQ((at(bits, r, c / 8) >> (c % 8) & 1) != 0, at(a, r, c) < at(b, r, c)) << r << "," << c;
  }
}

TEST_F(Switches, TscatterTakesElementNumbers) {
  NdTile<float> dst(32, 64), src(5, 7);
  NdTile<int32_t> index(5, 7);
  TASSIGN(dst, 0);
  TASSIGN(src, 0x4000);
  TASSIGN(index, 0x8000);
  randomize(dst, random_);
  randomize(src, random_);
  for (int i = 0; i < NdTile<int32_t>::Numel; ++i) index.data()[i] = pick(0, 32 * 64 - 1);
  auto want = snapshot(dst);
  for (int r = 0; r < 5; ++r) {
    for (int c = 0; c < 7; ++c) want[static_cast<size_t>(at(index, r, c))] = at(src, r, c);
  }
  TSCATTER(dst, src, index);
  EXPECT_EQ(snapshot(dst), want);
}

}  // namespace
}  // namespace tilewright::isa_test
