// Layouts of global memory beyond ND, DN and NZ, and convolution tiles, against index formulas written from spec/tile-isa.md, 1.1.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

using Index = std::array<int64_t, 5>;

/// The five indices of logical element (r, c), and its position within C0 where no index has it.
Index indices(Layout layout, const Index& s, int64_t r, int64_t c, int64_t c0, int64_t& inner) {
  inner = 0;
  switch (layout) {
    case Layout::NC1HWC0: return {r / (s[2] * s[3]), c / s[4], r / s[3] % s[2], r % s[3], c % s[4]};
    case Layout::NDC1HWC0: inner = c % c0; return {r / (s[3] * s[4]), c / (s[2] * c0), c / c0 % s[2], r / s[4] % s[3], r % s[4]};
    case Layout::FRACTAL_Z: return {r / (s[1] * s[2] * s[4]), r / (s[2] * s[4]) % s[1], r / s[4] % s[2], c, r % s[4]};
    case Layout::MX_A_ZZ: return {0, r / 16, c / 2, r % 16, c % 2};
    case Layout::MX_B_NN: return {0, c / 16, r / 2, c % 16, r % 2};
    case Layout::MX_A_ND: return {0, 0, r, c / 2, c % 2};
    case Layout::MX_A_DN: return {0, 0, c / 2, r, c % 2};
    case Layout::MX_B_ND: return {0, 0, r / 2, c, r % 2};
    case Layout::MX_B_DN: return {0, 0, c, r / 2, r % 2};
    // Stores only; a pixel in each row, a channel in each column.
    case Layout::NHWC: return {r / (s[1] * s[2] * s[3]), r / (s[2] * s[3]) % s[1], r / s[3] % s[2], r % s[3], c};
    case Layout::NCHW: return {r / (s[1] * s[3] * s[4]), r / (s[3] * s[4]) % s[1], c, r / s[4] % s[3], r % s[4]};
    default: return {r / (s[2] * s[3] * s[4]), c, r / (s[3] * s[4]) % s[2], r / s[4] % s[3], r % s[4]};  // NCDHW
  }
}

struct Extents {
  int64_t rows, cols;
};
Extents extents(Layout layout, const Index& s, int64_t c0) {
  switch (layout) {
    case Layout::NC1HWC0: return {s[0] * s[2] * s[3], s[1] * s[4]};
    case Layout::NDC1HWC0: return {s[0] * s[3] * s[4], s[1] * s[2] * c0};
    case Layout::FRACTAL_Z: return {s[0] * s[1] * s[2] * s[4], s[3]};
    case Layout::MX_A_ZZ: return {s[1] * 16, s[2] * 2};
    case Layout::MX_B_NN: return {s[2] * 2, s[1] * 16};
    case Layout::MX_A_ND: return {s[2], s[3] * 2};
    case Layout::MX_A_DN: return {s[3], s[2] * 2};
    case Layout::MX_B_ND: return {s[2] * 2, s[3]};
    case Layout::MX_B_DN: return {s[3] * 2, s[2]};
    case Layout::NHWC: return {s[0] * s[1] * s[2] * s[3], s[4]};
    case Layout::NCHW: return {s[0] * s[1] * s[3] * s[4], s[2]};
    default: return {s[0] * s[2] * s[3] * s[4], s[1]};
  }
}

template <typename T>
class LayoutTest : public IsaTest {
 protected:
  static constexpr int kC0 = 32 / static_cast<int>(sizeof(T));

  /// Sizes of a layout whose matrix fits 32 x 64.
  Index random_sizes(Layout layout) {
    const int n = pick(1, 2), small = pick(1, 3), other = pick(1, 4);
    switch (layout) {
      case Layout::NC1HWC0: return {n, pick(1, 64 / kC0), small, other, kC0};
      case Layout::NDC1HWC0: return {n, 1, pick(1, 64 / kC0), small, other};
      case Layout::FRACTAL_Z: return {n, 1, small, pick(1, 64), other};
      case Layout::MX_A_ZZ: return {1, n, pick(1, 32), 16, 2};
      case Layout::MX_B_NN: return {1, other, pick(1, 16), 16, 2};
      case Layout::MX_A_ND: return {1, 1, pick(1, 32), pick(1, 32), 2};
      case Layout::MX_A_DN: return {1, 1, pick(1, 32), pick(1, 32), 2};
      case Layout::MX_B_ND: return {1, 1, pick(1, 16), pick(1, 64), 2};
      case Layout::MX_B_DN: return {1, 1, pick(1, 64), pick(1, 16), 2};
      case Layout::NHWC: return {1, n, small, other, pick(1, 64)};
      case Layout::NCHW: return {1, n, pick(1, 64), small, other};
      default: return {n, pick(1, 64), 1, small, other};
    }
  }

  template <Layout L, typename TileT>
  void check(bool loads) {
    const Index s = random_sizes(L);
    Index stride;
    int64_t next = L == Layout::NDC1HWC0 ? kC0 : 1;
    for (size_t d = 5; d-- > 0;) stride[d] = next, next = next * s[d] + (d == 4 ? 0 : pick(0, 2));  // rows and planes may have gaps
    const Extents e = extents(L, s, kC0);
    ASSERT_LE(e.rows, 32);
    ASSERT_LE(e.cols, 64);
    std::vector<T> memory(static_cast<size_t>(next) + 64);
    for (T& x : memory) x = random_element<T>(random_, -4, 4);
    const std::vector<T> before = memory;
    GlobalTensor<T, Shape<>, Stride<>, L> tensor(memory.data(), {s[0], s[1], s[2], s[3], s[4]},
                                                 {stride[0], stride[1], stride[2], stride[3], stride[4]});
    const auto offset = [&](int64_t r, int64_t c) {
      int64_t at = 0;
      const Index i = indices(L, s, r, c, kC0, at);
      for (size_t d = 0; d < 5; ++d) at += i[d] * stride[d];
      return static_cast<size_t>(at);
    };
    TileT tile(static_cast<int>(e.rows), static_cast<int>(e.cols));
    TASSIGN(tile, 0x400);
    randomize(tile, random_);
    if constexpr (detail::loadable_layout(L)) {
      if (loads) {
        TLOAD(tile, tensor);
        for (int64_t r = 0; r < e.rows; ++r) {
          for (int64_t c = 0; c < e.cols; ++c) {
            const T got = at(tile, r, c);
            ASSERT_EQ(std::memcmp(&got, &before[offset(r, c)], sizeof(T)), 0) << "layout " << static_cast<int>(L) << " " << r << "," << c;
          }
        }
        randomize(tile, random_);
      }
    }
    TSTORE(tensor, tile);
    std::vector<T> want = before;
    for (int64_t r = 0; r < e.rows; ++r) {
      for (int64_t c = 0; c < e.cols; ++c) want[offset(r, c)] = at(tile, r, c);
    }
    ASSERT_EQ(std::memcmp(memory.data(), want.data(), want.size() * sizeof(T)), 0) << "layout " << static_cast<int>(L);
  }

  template <Layout... Ls>
  void check_all(bool loads) {
    for (int trial = 0; trial < 8; ++trial) {
      (check<Ls, NdTile<T>>(loads), ...);
      (check<Ls, NzTile<T, TileType::Mat>>(loads), ...);
    }
  }
};
using SomeElements = ::testing::Types<uint8_t, half, float, int64_t>;
TYPED_TEST_SUITE(LayoutTest, SomeElements);

TYPED_TEST(LayoutTest, LoadsAndStoresFeatureMapsAndFilters) {
  this->template check_all<Layout::NC1HWC0, Layout::NDC1HWC0, Layout::FRACTAL_Z>(true);
}
TYPED_TEST(LayoutTest, LoadsAndStoresScales) {
  this->template check_all<Layout::MX_A_ZZ, Layout::MX_A_ND, Layout::MX_A_DN, Layout::MX_B_NN, Layout::MX_B_ND, Layout::MX_B_DN>(true);
}
TYPED_TEST(LayoutTest, StoresFeatureMapsWithChannelsInOnePiece) {
  this->template check_all<Layout::NHWC, Layout::NCHW, Layout::NCDHW>(false);
}

class LayoutAcc : public IsaTest {};

TEST_F(LayoutAcc, AProductIsStoredAsAFeatureMap) {
  TileAcc<float, 32, 32, -1, -1> acc(12, 32);
  TASSIGN(acc, 0);
  randomize(acc, random_, -100, 100);
  std::vector<half> memory(2 * 2 * 2 * 3 * 16);
  GlobalTensor<half, Shape<2, 2, 2, 3, 16>, Stride<192, 96, 48, 16, 1>, Layout::NC1HWC0> map(memory.data());
  TSTORE(map, acc);
  for (int r = 0; r < 12; ++r) {
    for (int c = 0; c < 32; ++c) {
      const size_t where = static_cast<size_t>(r / 6 * 192 + c / 16 * 96 + r % 6 * 16 + c % 16);
      ASSERT_EQ(decode(memory[where]), round_float<half>(decode(at(acc, r, c))));
    }
  }
}

// ---- convolution tiles ----------------------------------------------------------------------------------

template <CompactMode kMode>
class CompactTiles {
  template <TileType kLoc, typename T, int R, int C, BLayout kB, SLayout kS, int kFractal>
  using Any = Tile<kLoc, T, R, C, kB, -1, -1, kS, kFractal, PadValue::Null, kMode>;

 public:
  using Mat = Any<TileType::Mat, half, 32, 48, BLayout::ColMajor, SLayout::RowMajor, 512>;
  using Left = Any<TileType::Left, half, 32, 48, BLayout::ColMajor, SLayout::RowMajor, 512>;
  using Right = Any<TileType::Right, half, 48, 32, BLayout::RowMajor, SLayout::ColMajor, 512>;
  using Acc = Any<TileType::Acc, float, 32, 32, BLayout::ColMajor, SLayout::RowMajor, 1024>;

  /// What is stored of the product of a 19 x 37 and a 37 x 21 matrix, and where the elements of the tiles lie.
  static std::vector<float> run(std::vector<half>& a, std::vector<half>& b) {
    Mat mat_a(19, 37);
    Any<TileType::Mat, half, 48, 32, BLayout::ColMajor, SLayout::RowMajor, 512> mat_b(37, 21);
    Left left(19, 37);
    Right right(37, 21);
    Acc acc(19, 21);
    TASSIGN(mat_a, 0x0);
    TASSIGN(mat_b, 0x4000);
    TASSIGN(left, 0x0);
    TASSIGN(right, 0x0);
    TASSIGN(acc, 0x0);
    GlobalTensor<half, Shape<1, 1, 1, 19, 37>, Stride<1, 1, 1, 40, 1>> source_a(a.data());
    GlobalTensor<half, Shape<1, 1, 1, 37, 21>, Stride<1, 1, 1, 24, 1>> source_b(b.data());
    TLOAD(mat_a, source_a);
    TLOAD(mat_b, source_b);
    TMOV(left, mat_a);
    TEXTRACT(right, mat_b, 0, 0);
    TMATMUL(acc, left, right);
    std::vector<float> out(19 * 24);
    GlobalTensor<float, Shape<1, 1, 1, 19, 21>, Stride<1, 1, 1, 24, 1>> target(out.data());
    TSTORE(target, acc);
    for (int r = 0; r < 19; ++r) {
      for (int c = 0; c < 21; ++c) {
        EXPECT_EQ(GetTileElementOffset<Acc>(r, c), tile_offset<Acc>(r, c));
        EXPECT_EQ(acc.data()[tile_offset<Acc>(r, c)], out[static_cast<size_t>(r * 24 + c)]);
      }
      for (int c = 0; c < 37; ++c) {
        EXPECT_EQ(GetTileElementOffset<Left>(r, c), tile_offset<Left>(r, c));
        EXPECT_EQ(left.data()[tile_offset<Left>(r, c)].bits, a[static_cast<size_t>(r * 40 + c)].bits);
      }
    }
    return out;
  }
};

class CompactTest : public IsaTest {};

TEST_F(CompactTest, TilesOfEveryModeLieAndMultiplyAlike) {
  static_assert(TileLeftCompact<half, 32, 48>::Compact == CompactMode::Normal &&
                TileRightCompact<half, 48, 32>::Compact == CompactMode::Normal &&
                TileAccCompact<float, 32, 32>::Compact == CompactMode::Normal);
  static_assert(std::is_same_v<TileAccCompact<float, 32, 32, -1, -1>, CompactTiles<CompactMode::Normal>::Acc>);
  std::vector<half> a(19 * 40), b(37 * 24);
  for (half& x : a) x = random_element<half>(random_, -4, 4);
  for (half& x : b) x = random_element<half>(random_, -4, 4);
  const std::vector<float> plain = CompactTiles<CompactMode::Null>::run(a, b);
  EXPECT_EQ(CompactTiles<CompactMode::Normal>::run(a, b), plain);
  EXPECT_EQ(CompactTiles<CompactMode::RowPlusOne>::run(a, b), plain);
  EXPECT_EQ(CompactTiles<CompactMode::RowAlignedPadding>::run(a, b), plain);
}

class ConvTest : public IsaTest {
 protected:
  template <typename TileT>
  void fill(TileT& tile) {
    for (int i = 0; i < TileT::Numel; ++i) tile.data()[i] = random_element<typename TileT::DType>(random_, -4, 4);
  }
};

TEST_F(ConvTest, KnowsItsSizesAndAttributes) {
  using Sizes = ConvTileShape<1, 2, DYNAMIC, DYNAMIC, 16>;
  using Map = ConvTile<TileType::Mat, half, 4096, Layout::NC1HWC0, Sizes>;
  static_assert(is_conv_tile_v<Map> && !is_tile_data_v<Map> && !is_conv_tile_v<NdTile<half>>);
  Map map(Sizes(4, 5));
  EXPECT_EQ(map.GetShape(0), 1);
  EXPECT_EQ(map.GetShape(2), 4);
  EXPECT_EQ(map.GetShape(4), 16);
  const Map all(Sizes(1, 2, 3, 7, 16));
  EXPECT_EQ(all.GetShape(3), 7);
  map.SetFmapH(4);
  map.SetPadList(3, 2);
  EXPECT_EQ(map.GetFmapH(), 4);
  EXPECT_EQ(map.GetPadList(3), 2);
  EXPECT_EQ(error_of([&] { map.SetPadList(4, 1); }).code, 1001);
  EXPECT_EQ(error_of([&] { Map too_large(Sizes(100, 5)); }).code, 1001);
  EXPECT_EQ(error_of([&] { Map empty(Sizes(0, 5)); }).code, 1001);
  EXPECT_EQ(error_of([&] { TASSIGN(map, 512 * 1024 - 2048); }).code, 1010);
}

TEST_F(ConvTest, LoadsATensorAsItIs) {
  using Map = ConvTile<TileType::Mat, half, 4096, Layout::NC1HWC0, ConvTileShape<2, 2, 3, 5, 16>>;
  std::vector<half> memory(4096);
  for (half& x : memory) x = random_element<half>(random_, -4, 4);
  GlobalTensor<half, Shape<2, 2, 3, 5, 16>, Stride<1000, 400, 90, 16, 1>, Layout::NC1HWC0> tensor(memory.data());
  Map map;
  TASSIGN(map, 0x200);
  TLOAD(map, tensor);
  for (int i = 0; i < 2 * 2 * 3 * 5 * 16; ++i) {
    const int c0 = i % 16, w = i / 16 % 5, h = i / 80 % 3, c1 = i / 240 % 2, n = i / 480;
    ASSERT_EQ(map.data()[i].bits, memory[static_cast<size_t>(n * 1000 + c1 * 400 + h * 90 + w * 16 + c0)].bits) << i;
  }
  using Deep = ConvTile<TileType::Mat, half, 4096, Layout::NDC1HWC0, ConvTileShape<1, 2, 2, 3, 4, 16>>;
  GlobalTensor<half, Shape<1, 2, 2, 3, 4>, Stride<2000, 1000, 400, 70, 16>, Layout::NDC1HWC0> deep_tensor(memory.data());
  Deep deep;
  TASSIGN(deep, 0x200);
  TLOAD(deep, deep_tensor);
  for (int i = 0; i < 2 * 2 * 3 * 4 * 16; ++i) {
    const int c0 = i % 16, w = i / 16 % 4, h = i / 64 % 3, c1 = i / 192 % 2, d = i / 384;
    ASSERT_EQ(deep.data()[i].bits, memory[static_cast<size_t>(d * 1000 + c1 * 400 + h * 70 + w * 16 + c0)].bits) << i;
  }
  GlobalTensor<half, Shape<2, 2, 3, 6, 16>, Stride<1000, 400, 96, 16, 1>, Layout::NC1HWC0> wider(memory.data());
  const KernelError error = error_of([&] { TLOAD(map, wider); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("the destination's sizes are 1x2x2x3x5x16, and 1x2x2x3x6x16 are needed"), std::string::npos) << error.text;
}

TEST_F(ConvTest, ChannelsGoIntoBlocksAndBack) {
  constexpr int kN = 2, kC = 21, kH = 3, kW = 5, kC1 = 2, kC0 = 16;
  using Plain = ConvTile<TileType::Vec, half, 8192, Layout::NCHW, ConvTileShape<kN, kC, kH, kW>>;
  using Blocked = ConvTile<TileType::Vec, half, 8192, Layout::NC1HWC0, ConvTileShape<kN, kC1, kH, kW, kC0>>;
  Plain plain, back;
  Blocked blocked;
  TASSIGN(plain, 0x0);
  TASSIGN(blocked, 0x4000);
  TASSIGN(back, 0x8000);
  fill(plain), fill(blocked), fill(back);
  TTRANS(blocked, plain, plain);
  for (int n = 0; n < kN; ++n) {
    for (int c = 0; c < kC1 * kC0; ++c) {
      for (int p = 0; p < kH * kW; ++p) {
        const half got = blocked.data()[((n * kC1 + c / kC0) * kH * kW + p) * kC0 + c % kC0];
        ASSERT_EQ(got.bits, c < kC ? plain.data()[(n * kC + c) * kH * kW + p].bits : 0) << n << " " << c << " " << p;
      }
    }
  }
  TTRANS(back, blocked, plain);
  EXPECT_EQ(std::memcmp(back.data(), plain.data(), kN * kC * kH * kW * sizeof(half)), 0);
  using Grouped = ConvTile<TileType::Vec, half, 8192, Layout::GNCHW, ConvTileShape<2, kN, 16, 2, 3>>;
  using GroupedBlocked = ConvTile<TileType::Vec, half, 8192, Layout::GNC1HWC0, ConvTileShape<2, kN, 1, 2, 3, kC0>>;
  Grouped grouped;
  GroupedBlocked grouped_blocked;
  TASSIGN(grouped, 0x0);
  TASSIGN(grouped_blocked, 0x4000);
  fill(grouped);
  TTRANS(grouped_blocked, grouped, grouped);
  for (int gn = 0; gn < 4; ++gn) {
    for (int c = 0; c < 16; ++c) {
      for (int p = 0; p < 6; ++p) ASSERT_EQ(grouped_blocked.data()[(gn * 6 + p) * 16 + c].bits, grouped.data()[(gn * 16 + c) * 6 + p].bits);
    }
  }
  using Wrong = ConvTile<TileType::Vec, half, 8192, Layout::NC1HWC0, ConvTileShape<kN, 1, kH, kW, kC0>>;
  Wrong wrong;
  TASSIGN(wrong, 0x4000);
  EXPECT_EQ(error_of([&] { TTRANS(wrong, plain, plain); }).code, 1001);
}

TEST_F(ConvTest, FiltersBecomeFractals) {
  constexpr int kN = 18, kC1 = 2, kH = 2, kW = 3, kC0 = 8, kN1 = 2;
  using Map = ConvTile<TileType::Vec, float, 16384, Layout::NC1HWC0, ConvTileShape<kN, kC1, kH, kW, kC0>>;
  using Fractal = ConvTile<TileType::Vec, float, 16384, Layout::FRACTAL_Z, ConvTileShape<kC1 * kH * kW, kN1, 16, kC0>>;
  Map map;
  Fractal fractal;
  TASSIGN(map, 0x0);
  TASSIGN(fractal, 0x8000);
  fill(map), fill(fractal);
  TTRANS(fractal, map, map);
  for (int i = 0; i < kC1 * kH * kW * kN1 * 16 * kC0; ++i) {
    const int c0 = i % kC0, n = i / kC0 % 32, w = i / (kC0 * 32) % kW, h = i / (kC0 * 32 * kW) % kH, c1 = i / (kC0 * 32 * kW * kH);
    const float want = n < kN ? map.data()[(((n * kC1 + c1) * kH + h) * kW + w) * kC0 + c0] : 0;
    ASSERT_EQ(fractal.data()[i], want) << i;
  }
  constexpr int kC = 11, kD = 2;  // 11 channels fill a block of 8 and part of another
  using Volume = ConvTile<TileType::Vec, float, 16384, Layout::NCDHW, ConvTileShape<3, kC, kD, kH, kW>>;
  using Fractal3d = ConvTile<TileType::Vec, float, 16384, Layout::FRACTAL_Z_3D, ConvTileShape<kD * 2 * kH * kW, 1, 16, kC0>>;
  Volume volume;
  Fractal3d fractal3d;
  TASSIGN(volume, 0x0);
  TASSIGN(fractal3d, 0x8000);
  fill(volume);
  TTRANS(fractal3d, volume, volume);
  for (int i = 0; i < kD * 2 * kH * kW * 16 * kC0; ++i) {
    const int c0 = i % kC0, n = i / kC0 % 16, w = i / (kC0 * 16) % kW, h = i / (kC0 * 16 * kW) % kH, c1 = i / (kC0 * 16 * kW * kH) % 2,
              d = i / (kC0 * 16 * kW * kH * 2), c = c1 * kC0 + c0;
    const float want = n < 3 && c < kC ? volume.data()[(((n * kC + c) * kD + d) * kH + h) * kW + w] : 0;
    ASSERT_EQ(fractal3d.data()[i], want) << i;
  }
}

}  // namespace
}  // namespace tilewright::isa_test
