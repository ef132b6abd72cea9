// TPRINT: what a reader sees.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

class PrintTest : public IsaTest {
 protected:
  template <typename Print>
  std::string printed(Print print) {
    testing::internal::CaptureStdout();
    print();
    return testing::internal::GetCapturedStdout();
  }
};

TEST_F(PrintTest, ShowsTheValidRegionALineForEachRow) {
  NdTile<float> tile(2, 3);
  TASSIGN(tile, 0);
  const float values[2][3] = {{1, -2.5f, 1234.5678f}, {HUGE_VALF, std::nanf(""), 0.0001f}};
  for (int r = 0; r < 2; ++r) {
    for (int c = 0; c < 3; ++c) tile.data()[r * 64 + c] = values[r][c];
  }
  EXPECT_EQ(printed([&] { TPRINT(tile); }),
            "TPRINT: operand 0, a tile in UB (Vec), f32 32x64 (valid 2x3)\n"
            "  1.0000  -2.5000 1234.5677\n"
            "     inf      nan   0.0001\n");
  EXPECT_EQ(printed([&] { TPRINT<PrintFormat::Width8_Precision2>(tile); }),
            "TPRINT: operand 0, a tile in UB (Vec), f32 32x64 (valid 2x3)\n"
            "    1.00    -2.50  1234.57\n"
            "     inf      nan     0.00\n");
  EXPECT_EQ(printed([&] { TPRINT<PrintFormat::Width10_Precision6>(tile); }),
            "TPRINT: operand 0, a tile in UB (Vec), f32 32x64 (valid 2x3)\n"
            "  1.000000  -2.500000 1234.567749\n"
            "       inf        nan   0.000100\n");
}

TEST_F(PrintTest, ShowsEveryElementTypeAndArrangement) {
  NzTile<half> boxed(2, 2);
  TASSIGN(boxed, 0);
  for (int i = 0; i < 4; ++i) boxed.data()[tile_offset<NzTile<half>>(i / 2, i % 2)] = half(static_cast<float>(i) + 0.5f);
  EXPECT_EQ(printed([&] { TPRINT(boxed); }),
            "TPRINT: operand 0, a tile in UB (Vec), f16 32x64 (valid 2x2)\n"
            "  0.5000   1.5000\n"
            "  2.5000   3.5000\n");
  NdTile<int8_t> bytes(1, 2);
  TASSIGN(bytes, 0);
  bytes.data()[0] = -128;
  bytes.data()[1] = 127;
  EXPECT_EQ(printed([&] { TPRINT(bytes); }),
            "TPRINT: operand 0, a tile in UB (Vec), i8 32x64 (valid 1x2)\n"
            "    -128      127\n");
  NdTile<uint64_t> wide(1, 1);
  TASSIGN(wide, 0);
  wide.data()[0] = UINT64_MAX;
  EXPECT_EQ(printed([&] { TPRINT(wide); }),
            "TPRINT: operand 0, a tile in UB (Vec), u64 32x64 (valid 1x1)\n"
            "18446744073709551615\n");
  int32_t numbers[6] = {1, 2, 3, 4, 5, 6};
  GlobalTensor<int32_t, Shape<1, 1, 1, 2, 2>, Stride<1, 1, 1, 3, 1>> tensor(numbers);
  EXPECT_EQ(printed([&] { TPRINT(tensor); }),
            "TPRINT: operand 0, a global tensor i32 of shape 1x1x1x2x2\n"
            "       1        2\n"
            "       4        5\n");
  EXPECT_EQ(printed([&] { TPRINT(bytes, tensor); }).substr(0, 35), "TPRINT: operand 0, a tile in UB (Ve");
}

}  // namespace
}  // namespace tilewright::isa_test
