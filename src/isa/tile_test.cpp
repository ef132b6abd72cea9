// Shapes, strides, global tensors and tiles: what their types fix, and what their constructors and setters do.
#include <type_traits>

#include "isa/isa_test_support.h"
#include "isa/tile_grid.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename TileT>
void expect_offsets() {
  for (int r = 0; r < TileT::Rows; ++r) {
    for (int c = 0; c < TileT::Cols; ++c) {
      ASSERT_EQ(GetTileElementOffset<TileT>(r, c), tile_offset<TileT>(r, c)) << r << "," << c;
    }
  }
  // The backend's own map, which descriptors carry to it.
  uint8_t origin[1];
  PtoOperand operand;
  TileT tile;
  tile.rebind(reinterpret_cast<typename TileT::TileDType>(origin));
  tile.describe(operand);
  const isa::Grid grid = isa::tile_grid(operand);
  for (int r = 0; r < TileT::Rows; ++r) {
    for (int c = 0; c < TileT::Cols; ++c) {
      ASSERT_EQ(grid.row.offset(r) + grid.col.offset(c), tile_offset<TileT>(r, c) * static_cast<int64_t>(sizeof(typename TileT::DType)));
    }
  }
}

template <typename T>
class TileLayouts : public IsaTest {};
using WidthElements = ::testing::Types<uint8_t, half, float, int64_t>;
TYPED_TEST_SUITE(TileLayouts, WidthElements);

TYPED_TEST(TileLayouts, OffsetsFollowTheTableInEveryArrangement) {
  expect_offsets<NdTile<TypeParam>>();
  expect_offsets<DnTile<TypeParam>>();
  expect_offsets<NzTile<TypeParam>>();
  expect_offsets<ZnTile<TypeParam>>();
  expect_offsets<ZzTile<TypeParam>>();
  expect_offsets<NnTile<TypeParam>>();
  expect_offsets<TileAcc<TypeParam, 48, 32>>();
  expect_offsets<TileLeftScale<TypeParam, 32, 8>>();
  expect_offsets<TileRightScale<TypeParam, 8, 32>>();
}

TEST(Tile, StaticMembersDescribeTheType) {
  using T = Tile<TileType::Mat, half, 64, 48, BLayout::ColMajor, 60, DYNAMIC, SLayout::RowMajor, 512, PadValue::Zero>;
  static_assert(T::Loc == TileType::Mat && T::Rows == 64 && T::Cols == 48 && T::ValidRow == 60 && T::ValidCol == DYNAMIC);
  static_assert(T::Numel == 64 * 48 && !T::isRowMajor && T::isBoxedLayout && T::isInnerRowMajor && !T::isInnerColMajor);
  static_assert(T::InnerRows == 16 && T::InnerCols == 16 && T::InnerNumel == 256 && T::PadVal == PadValue::Zero);
  static_assert(std::is_same_v<T::DType, half> && is_Nz_layout<T> && !is_Zn_layout<T> && is_tile_data_v<T> && !is_global_data_v<T>);
  using V = Tile<TileType::Vec, float, 8, 16>;
  static_assert(V::RowStride == 16 && V::ColStride == 1 && V::BFractal == BLayout::RowMajor && V::SFractalSize == 512);
  static_assert(is_Nz_layout<TileLeft<half, 16, 16>> && is_Zn_layout<TileRight<half, 16, 16>> &&
                TileAcc<float, 16, 16>::SFractalSize == 1024);
  static_assert(TileLeft<int8_t, 16, 32>::InnerCols == 32 && TileRight<int8_t, 32, 16>::InnerRows == 32);
}

class TileObject : public IsaTest {};

TEST_F(TileObject, ConstructorsTakeTheDynamicExtents) {
  Tile<TileType::Vec, float, 16, 32> fixed;
  EXPECT_EQ(fixed.GetValidRow(), 16);
  EXPECT_EQ(fixed.GetValidCol(), 32);
  Tile<TileType::Vec, float, 16, 32, BLayout::RowMajor, -1, -1> both(3, 5);
  EXPECT_EQ(both.GetValidRow(), 3);
  EXPECT_EQ(both.GetValidCol(), 5);
  Tile<TileType::Vec, float, 16, 32, BLayout::RowMajor, -1, 7> rows(4);
  EXPECT_EQ(rows.GetValidRow(), 4);
  EXPECT_EQ(rows.GetValidCol(), 7);
  Tile<TileType::Vec, float, 16, 32, BLayout::RowMajor, 9, -1> cols(6);
  EXPECT_EQ(cols.GetValidRow(), 9);
  EXPECT_EQ(cols.GetValidCol(), 6);
  both.SetValidShape(16, 32);
  EXPECT_EQ(both.GetValidCol(), 32);
  both.SetValidRow(0);
  EXPECT_EQ(both.GetValidRow(), 0);
}

TEST_F(TileObject, RefusesAValidShapeOutsideThePhysicalOne) {
  using T = Tile<TileType::Vec, float, 16, 32, BLayout::RowMajor, -1, -1>;
  EXPECT_EQ(error_of([] { T tile(17, 32); }).code, 1001);
  EXPECT_EQ(error_of([] { T tile(16, -1); }).code, 1001);
  const KernelError error = error_of([] {
    T tile(1, 1);
    tile.SetValidShape(1, 33);
  });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("within its physical shape"), std::string::npos) << error.text;
}

TEST_F(TileObject, ScalarAccessUsesPhysicalOffsetsAndIsBounded) {
  Tile<TileType::Vec, int16_t, 16, 32> tile;
  EXPECT_NE(error_of([&] { tile.GetValue(0); }).text.find("TASSIGN"), std::string::npos);
  TASSIGN(tile, 0x40);
  tile.SetValue(33, -7);
  EXPECT_EQ(tile.GetValue(33), -7);
  EXPECT_EQ(tile.data()[33], -7);
  EXPECT_EQ(error_of([&] { tile.GetValue(512); }).code, 1001);
  EXPECT_EQ(error_of([&] { tile.SetValue(512, 1); }).code, 1001);
}

TEST(Shape, StoresStaticAndDynamicDimensions) {
  const Shape<> ones;
  EXPECT_EQ(ones.shape[0] * ones.shape[4], 1);
  const Shape<1, 2, DYNAMIC, 4, DYNAMIC> five(9, 9, 3, 9, 5);
  EXPECT_EQ(five.shape[0], 1);
  EXPECT_EQ(five.shape[1], 2);
  EXPECT_EQ(five.shape[2], 3);
  EXPECT_EQ(five.shape[3], 4);
  EXPECT_EQ(five.shape[4], 5);
  const Shape<1, 2, DYNAMIC, 4, DYNAMIC> two(7, 8u);
  EXPECT_EQ(two.shape[2], 7);
  EXPECT_EQ(two.shape[4], 8);
  const Stride<DYNAMIC, 1, 1, DYNAMIC, 1> stride(int64_t{1} << 33, 64);
  EXPECT_EQ(stride.stride[0], int64_t{1} << 33);
  EXPECT_EQ(stride.stride[3], 64);
  static_assert(Stride<6, 5, 4, 3, 2>::staticStride[4] == 2 && Shape<6, 5, 4, 3, 2>::staticShape[0] == 6);
}

TEST(Shape, TwoDimensionalHelpersMatchTheTable) {
  using Nz = TileShape2D<half, 32, 48, Layout::NZ>;
  static_assert(Nz::staticShape[1] == 3 && Nz::staticShape[2] == 2 && Nz::staticShape[3] == 16 && Nz::staticShape[4] == 16);
  using NzStride = BaseShape2D<half, 32, 48, Layout::NZ>;
  static_assert(NzStride::staticStride[0] == 32 * 48 && NzStride::staticStride[1] == 32 * 16 && NzStride::staticStride[2] == 256);
  static_assert(NzStride::staticStride[3] == 16 && NzStride::staticStride[4] == 1);
  static_assert(BaseShape2D<float, 4, 8, Layout::DN>::staticStride[4] == 4 && BaseShape2D<float, 4, 8, Layout::DN>::staticStride[3] == 1);
  static_assert(TileShape2D<uint8_t, 32, 8, Layout::MX_A_ZZ>::staticShape[1] == 2 &&
                BaseShape2D<uint8_t, 32, 8, Layout::MX_A_ZZ>::staticStride[1] == 128);
  static_assert(TileShape2D<uint8_t, 8, 32, Layout::MX_B_NN>::staticShape[2] == 4 &&
                BaseShape2D<uint8_t, 8, 32, Layout::MX_B_NN>::staticStride[1] == 128);
  const TileShape2D<float, DYNAMIC, DYNAMIC> shape(6, 7);
  const BaseShape2D<float, DYNAMIC, DYNAMIC> stride(6, 7);
  EXPECT_EQ(shape.shape[3], 6);
  EXPECT_EQ(shape.shape[4], 7);
  EXPECT_EQ(stride.stride[3], 7);
  EXPECT_EQ(stride.stride[2], 42);
}

TEST(GlobalTensor, KeepsItsViewAndReplacesDynamicDimensions) {
  float data[4];
  using G = GlobalTensor<float, Shape<1, 1, 1, DYNAMIC, DYNAMIC>, Stride<1, 1, 1, DYNAMIC, 1>, Layout::ND>;
  G g(data, {3, 5}, {8});
  EXPECT_EQ(g.data(), data);
  EXPECT_EQ(g.GetShape(3), 3);
  EXPECT_EQ(g.GetShape(4), 5);
  EXPECT_EQ(g.GetStride(3), 8);
  EXPECT_EQ(G::GetShape<0>(), 1);
  EXPECT_EQ(G::GetStride<4>(), 1);
  g.SetShape<3, 4>(6, 7);
  g.SetStride<3>(16);
  EXPECT_EQ(g.GetShape(3), 6);
  EXPECT_EQ(g.GetShape(4), 7);
  EXPECT_EQ(g.GetStride(3), 16);
  TASSIGN(g, data + 1);
  EXPECT_EQ(g.data(), data + 1);
  static_assert(std::is_same_v<G::RawDType, float> && G::layout == Layout::ND && is_global_data_v<G>);
}

}  // namespace
}  // namespace tilewright::isa_test
