// One kernel for each kind of mistake, and the same kernel without it.
#include <array>

#include "check/check_test_support.h"
#include "pto/pto-inst.hpp"

namespace tilewright::check_test {
namespace {

using namespace pto;
using testing::HasSubstr;
using Vec = Tile<TileType::Vec, float, 16, 16>;
using Global = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>>;

constexpr uint64_t kTileBytes = 16 * 16 * sizeof(float);

void order(pipe_t before, pipe_t after, int id = EVENT_ID0) {
  set_flag(before, after, id);
  wait_flag(before, after, id);
}

class Faults : public testing::Test {
 protected:
  std::vector<float> in_ = std::vector<float>(256, 1.0f), out_ = std::vector<float>(256);
};

// ---- bytes that two pipes touch -------------------------------------------------------------------------

TEST_F(Faults, ReadBeforeTheLoadIsDone) {
  int load = 0, add = 0;
  const auto kernel = [&](bool ordered) {
    return check([&, ordered] {
      Vec a, b;
      TASSIGN(a, 0x0);
      TASSIGN(b, 0x1000);
      Global source(in_.data());
      load = __LINE__ + 1;
      TLOAD(a, source);
      if (ordered) order(PIPE_MTE2, PIPE_V);
      add = __LINE__ + 1;
      TADDS(b, a, 1.0f);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  expect_instruction(fault.first, "TLOAD", "PIPE_MTE2", load);
  expect_instruction(fault.second, "TADDS", "PIPE_V", add);
  EXPECT_EQ(fault.first.access, "writes");
  EXPECT_EQ(fault.second.access, "reads");
  EXPECT_THAT(fault.second.operand, HasSubstr("operand 1, a tile in UB (Vec), f32 16x16"));
  EXPECT_EQ(fault.memory, "UB (Vec)");
  EXPECT_EQ(fault.begin, 0u);
  EXPECT_EQ(fault.end, kTileBytes);
  EXPECT_EQ(fault.bytes, kTileBytes);
  EXPECT_EQ(fault.remedy,
            "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0) after the first and wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0) before the second");
}

TEST_F(Faults, StoredBeforeItIsComputed) {
  const auto kernel = [&](bool ordered) {
    return check([&, ordered] {
      Vec a;
      TASSIGN(a, 0x200);
      Global target(out_.data());
      TEXPANDS(a, 1.0f);
      if (ordered) order(PIPE_V, PIPE_MTE3);
      TSTORE(target, a);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  EXPECT_EQ(fault.first.name, "TEXPANDS");
  EXPECT_EQ(fault.second.name, "TSTORE");
  EXPECT_EQ(fault.second.pipe, "PIPE_MTE3");
  EXPECT_EQ(fault.begin, 0x200u);
  EXPECT_THAT(fault.remedy, HasSubstr("set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0)"));
}

TEST_F(Faults, OverwrittenWhileItIsStillRead) {
  // The second load must wait for the addition that reads the first.
  const auto kernel = [&](bool ordered) {
    return check([&, ordered] {
      Vec a, b;
      TASSIGN(a, 0x0);
      TASSIGN(b, 0x1000);
      Global source(in_.data());
      for (int i = 0; i < 2; ++i) {
        TLOAD(a, source);
        order(PIPE_MTE2, PIPE_V);
        TADDS(b, a, 1.0f);
        if (ordered) order(PIPE_V, PIPE_MTE2);
      }
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  EXPECT_EQ(fault.first.name, "TADDS");
  EXPECT_EQ(fault.first.access, "reads");
  EXPECT_EQ(fault.second.name, "TLOAD");
  EXPECT_EQ(fault.second.access, "writes");
}

TEST_F(Faults, WrittenTwiceInNoOrder) {
  const auto kernel = [&](bool ordered) {
    return check([&, ordered] {
      Vec a;
      TASSIGN(a, 0x0);
      Global source(in_.data());
      TEXPANDS(a, 0.0f);
      if (ordered) order(PIPE_V, PIPE_MTE2);
      TLOAD(a, source);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  EXPECT_EQ(fault.first.access, "writes");
  EXPECT_EQ(fault.second.access, "writes");
}

TEST_F(Faults, ScalarReadBeforeTheVectorUnitIsDone) {
  int line = 0;
  const auto kernel = [&](bool ordered) {
    return check([&, ordered] {
      Vec a;
      TASSIGN(a, 0x0);
      TEXPANDS(a, 3.0f);
      if (ordered) order(PIPE_V, PIPE_S);
      line = __LINE__ + 1;
      EXPECT_EQ(a.GetValue(5), 3.0f);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  expect_instruction(fault.second, "GetValue", "PIPE_S", line);
  EXPECT_EQ(fault.begin, 20u);  // exactly the element
  EXPECT_EQ(fault.end, 24u);
  EXPECT_THAT(fault.remedy, HasSubstr("wait_flag(PIPE_V, PIPE_S, EVENT_ID0)"));
}

TEST_F(Faults, AValueThatTheScalarUnitWroteNeedsNoFlag) {
  expect_clean(check([&] {
    Vec a, b;
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x1000);
    for (uint32_t i = 0; i < 256; ++i) a.SetValue(i, 1.0f);
    TADDS(b, a, 1.0f);
  }));
}

TEST_F(Faults, EventsAndBarriersOrderToo) {
  expect_clean(check([&] {
    Vec a, b;
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x1000);
    Global source(in_.data()), target(out_.data());
    Event<Op::TLOAD, Op::TADDS> loaded;
    Event<Op::TADDS, Op::TSTORE_VEC> added;
    loaded = TLOAD(a, source);
    added = TADDS(b, a, 1.0f, loaded);
    TSTORE(target, b, added);
    pipe_barrier(PIPE_ALL);
    TEXPANDS(b, 2.0f);
  }));
  // A barrier of one pipe does not order others.
  only_fault(check([&] {
               Vec a, b;
               TASSIGN(a, 0x0);
               TASSIGN(b, 0x1000);
               Global source(in_.data());
               TLOAD(a, source);
               pipe_barrier(PIPE_MTE2);
               TADDS(b, a, 1.0f);
             }),
             "unordered");
}

TEST_F(Faults, FlagsOrderThroughOtherPipes) {
  // MTE2 -> V -> MTE3 -> MTE2: the load after the store comes after the addition as well.
  expect_clean(check([&] {
    Vec a;
    TASSIGN(a, 0x0);
    Global source(in_.data()), target(out_.data());
    for (int i = 0; i < 3; ++i) {
      TLOAD(a, source);
      order(PIPE_MTE2, PIPE_V);
      TADDS(a, a, 1.0f);
      order(PIPE_V, PIPE_MTE3);
      TSTORE(target, a);
      order(PIPE_MTE3, PIPE_MTE2);
    }
  }));
}

TEST_F(Faults, AFlagOfBeforeTheAccessDoesNotCoverIt) {
  only_fault(check([&] {
               Vec a, b;
               TASSIGN(a, 0x0);
               TASSIGN(b, 0x1000);
               Global source(in_.data());
               set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
               TLOAD(a, source);
               wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
               TADDS(b, a, 1.0f);
             }),
             "unordered");
}

TEST_F(Faults, NeighbouringBytesDoNotConflict) {
  // Columns 0..3 and 4..7 of one tile: not even whole blocks of 32 bytes.
  using Part = Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 16, 4>;
  Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, -1, -1> left(16, 4);
  using Columns = GlobalTensor<float, Shape<1, 1, 1, 16, 4>, Stride<256, 256, 256, 16, 1>>;
  expect_clean(check([&] {
    Part a;
    TASSIGN(a, 0x0);
    Columns source(in_.data());
    TLOAD(a, source);
    Vec whole;
    TASSIGN(whole, 0x0);
    for (uint32_t row = 0; row < 16; ++row) whole.SetValue(row * 16 + 4, 1.0f);
  }));
}

TEST_F(Faults, LoopsReportAPlaceOnceAndCountIt) {
  const CheckReport report = check([&] {
    Vec a, b;
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x1000);
    Global source(in_.data());
    for (int i = 0; i < 7; ++i) {
      TLOAD(a, source);
      TADDS(b, a, 1.0f);
      pipe_barrier(PIPE_ALL);
    }
  });
  EXPECT_EQ(only_fault(report, "unordered").count, 7u);
}

TEST_F(Faults, TheMendingEventIsOneThatTheKernelDoesNotUse) {
  const CheckFault fault = only_fault(check([&] {
                                        Vec a, b;
                                        TASSIGN(a, 0x0);
                                        TASSIGN(b, 0x1000);
                                        Global source(in_.data());
                                        order(PIPE_MTE2, PIPE_V, EVENT_ID0);
                                        order(PIPE_MTE2, PIPE_V, EVENT_ID1);
                                        TLOAD(a, source);
                                        TADDS(b, a, 1.0f);
                                      }),
                                      "unordered");
  EXPECT_THAT(fault.remedy, HasSubstr("EVENT_ID2"));
}

TEST_F(Faults, DeviceMemoryStoredAndLoadedAgain) {
  const ChipTensor tensors[] = {tensor_over(out_, {16, 16}, DataType::FLOAT32)};
  const auto kernel = [&](bool ordered) {
    return check(
        [&, ordered] {
          Vec a, b;
          TASSIGN(a, 0x0);
          TASSIGN(b, 0x1000);
          Global target(out_.data());
          TEXPANDS(a, 1.0f);
          order(PIPE_V, PIPE_MTE3);
          TSTORE(target, a);
          if (ordered) order(PIPE_MTE3, PIPE_MTE2);
          TLOAD(b, target);
        },
        {.kernel = "test", .tensors = tensors});
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "unordered");
  EXPECT_EQ(fault.memory, "tensor 0");
  EXPECT_EQ(fault.begin, 0u);
  EXPECT_EQ(fault.end, kTileBytes);
  EXPECT_THAT(fault.remedy, HasSubstr("set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0)"));
}

// ---- the cube unit --------------------------------------------------------------------------------------

struct Cube {
  Tile<TileType::Mat, half, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor> a, b;
  TileLeft<half, 16, 16> left;
  TileRight<half, 16, 16> right;
  TileAcc<float, 16, 16> acc;
  GlobalTensor<half, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>> in;
  Global out;

  Cube(half* from, float* to) : in(from), out(to) {
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x400);
    TASSIGN(left, 0x0);
    TASSIGN(right, 0x0);
    TASSIGN(acc, 0x0);
  }
};

TEST_F(Faults, EveryMissingFlagOfAMatrixProductIsNamed) {
  std::vector<half> in(256, half(1.0f));
  const auto kernel = [&](int missing) {
    return check(
        [&, missing] {
          Cube cube(in.data(), out_.data());
          TLOAD(cube.a, cube.in);
          TLOAD(cube.b, cube.in);
          if (missing != 0) order(PIPE_MTE2, PIPE_MTE1);
          TMOV(cube.left, cube.a);
          TMOV(cube.right, cube.b);
          if (missing != 1) order(PIPE_MTE1, PIPE_M);
          TMATMUL(cube.acc, cube.left, cube.right);
          if (missing != 2) order(PIPE_M, PIPE_FIX);
          TSTORE(cube.out, cube.acc);
        },
        {.kernel = "test"}, true);
  };
  expect_clean(kernel(-1));
  const auto expect_missing = [&](int missing, const std::string& flag, const std::string& memory) {
    const CheckReport report = kernel(missing);
    ASSERT_FALSE(report.faults.empty());
    EXPECT_THAT(report.faults[0].remedy, HasSubstr("set_flag(" + flag)) << format_check_report(report);
    EXPECT_EQ(report.faults[0].memory, memory);
  };
  expect_missing(0, "PIPE_MTE2, PIPE_MTE1", "L1 (Mat)");
  expect_missing(1, "PIPE_MTE1, PIPE_M,", "L0A (Left)");
  expect_missing(2, "PIPE_M, PIPE_FIX", "L0C (Acc)");
}

TEST_F(Faults, UnitFlagsOrderTheCubeUnitAndTheStore) {
  std::vector<half> in(256, half(1.0f));
  expect_clean(check(
      [&] {
        Cube cube(in.data(), out_.data());
        TLOAD(cube.a, cube.in);
        TLOAD(cube.b, cube.in);
        order(PIPE_MTE2, PIPE_MTE1);
        TMOV(cube.left, cube.a);
        TMOV(cube.right, cube.b);
        order(PIPE_MTE1, PIPE_M);
        TMATMUL<AccPhase::Final>(cube.acc, cube.left, cube.right);
        TSTORE<STPhase::Final>(cube.out, cube.acc);
      },
      {.kernel = "test"}, true));
}

// ---- never written, outside, misaligned -----------------------------------------------------------------

TEST_F(Faults, ReadsWhatNothingHasWritten) {
  int line = 0;
  const auto kernel = [&](int columns) {
    return check([&, columns] {
      Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, -1, -1> a(16, 16), b(16, columns);
      TASSIGN(a, 0x0);
      TASSIGN(b, 0x1000);
      Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 16, 12> loaded;
      TASSIGN(loaded, 0x0);
      GlobalTensor<float, Shape<1, 1, 1, 16, 12>, Stride<256, 256, 256, 16, 1>> source(in_.data());
      TLOAD(loaded, source);
      order(PIPE_MTE2, PIPE_V);
      line = __LINE__ + 1;
      TADDS(b, a, 1.0f);
    });
  };
  expect_clean(kernel(12));
  const CheckFault fault = only_fault(kernel(13), "never-written");
  expect_instruction(fault.second, "TADDS", "PIPE_V", line);
  EXPECT_EQ(fault.first.name, "");
  EXPECT_EQ(fault.memory, "UB (Vec)");
  EXPECT_EQ(fault.begin, 48u);  // element 12 of row 0
  EXPECT_EQ(fault.end, 52u);
  EXPECT_EQ(fault.bytes, 16 * sizeof(float));
}

TEST_F(Faults, TheBiasTableIsNoPartOfTheUnifiedBuffer) {
  std::vector<half> in(256, half(1.0f));
  std::vector<float> bias_in(16, 1.0f);
  const auto kernel = [&](bool loads_bias) {
    return check(
        [&, loads_bias] {
          Cube cube(in.data(), out_.data());
          Vec at_zero_of_ub;
          TASSIGN(at_zero_of_ub, 0x0);
          TEXPANDS(at_zero_of_ub, 1.0f);
          Tile<TileType::Bias, float, 1, 16> bias;
          TASSIGN(bias, 0x0);
          Tile<TileType::Mat, float, 1, 16> bias_mat;
          TASSIGN(bias_mat, 0x1000);
          GlobalTensor<float, Shape<1, 1, 1, 1, 16>, Stride<16, 16, 16, 16, 1>> bias_global(bias_in.data());
          TLOAD(cube.a, cube.in);
          TLOAD(cube.b, cube.in);
          TLOAD(bias_mat, bias_global);
          order(PIPE_MTE2, PIPE_MTE1);
          TMOV(cube.left, cube.a);
          TMOV(cube.right, cube.b);
          if (loads_bias) TMOV(bias, bias_mat);
          order(PIPE_MTE1, PIPE_M);
          TMATMUL_BIAS(cube.acc, cube.left, cube.right, bias);
        },
        {.kernel = "test"}, true);
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "never-written");
  EXPECT_EQ(fault.memory, "Bias table");
  EXPECT_EQ(fault.second.name, "TMATMUL_BIAS");
}

TEST_F(Faults, TheMemoryOfScalesIsNoPartOfTheUnifiedBuffer) {
  std::vector<uint64_t> scales(16, 1);
  std::vector<float> one(16);
  const auto kernel = [&](bool fills_ub) {
    return check(
        [&, fills_ub] {
          Tile<TileType::Mat, uint64_t, 1, 16> mat;
          Tile<TileType::Scaling, uint64_t, 1, 16> scaling;
          Tile<TileType::Vec, float, 1, 16> ub, sum;
          TASSIGN(mat, 0x0);
          TASSIGN(scaling, 0x0);
          TASSIGN(ub, 0x0);
          TASSIGN(sum, 0x1000);
          if (fills_ub) TEXPANDS(ub, 1.0f);
          GlobalTensor<uint64_t, Shape<1, 1, 1, 1, 16>, Stride<16, 16, 16, 16, 1>> global(scales.data());
          TLOAD(mat, global);
          order(PIPE_MTE2, PIPE_FIX);
          order(PIPE_MTE2, PIPE_MTE1);
          TMOV(scaling, mat);     // writes offset 0 of its own memory, in no order with PIPE_V
          TADDS(sum, ub, 1.0f);   // reads offset 0 of UB
        },
        {.kernel = "test"});
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "never-written");
  EXPECT_EQ(fault.memory, "UB (Vec)");
  EXPECT_EQ(fault.second.name, "TADDS");
}

TEST_F(Faults, ScalesAreLoadedBeforeTheyAreMoved) {
  std::vector<uint64_t> scales(16, 1);
  const auto kernel = [&](bool loads, bool ordered) {
    return check(
        [&, loads, ordered] {
          Tile<TileType::Mat, uint64_t, 1, 16> mat;
          Tile<TileType::Scaling, uint64_t, 1, 16> scaling;
          TASSIGN(mat, 0x0);
          TASSIGN(scaling, 0x0);
          GlobalTensor<uint64_t, Shape<1, 1, 1, 1, 16>, Stride<16, 16, 16, 16, 1>> global(scales.data());
          if (loads) TLOAD(mat, global);
          if (ordered) pipe_barrier(PIPE_ALL);
          TMOV(scaling, mat);
        },
        {.kernel = "test"}, true);
  };
  expect_clean(kernel(true, true));
  EXPECT_EQ(only_fault(kernel(true, false), "unordered").memory, "L1 (Mat)");
  EXPECT_EQ(only_fault(kernel(false, true), "never-written").memory, "L1 (Mat)");
}

TEST_F(Faults, ElementsThatShareBytesAreLookedAt) {
  // The bytes of fp4 are ordered and written like any others; a neighbour's bytes are not its own.
  std::vector<uint8_t> bytes(16 * 32);
  using T = float4_e2m1x2_t;
  const auto kernel = [&](bool ordered, int valid) {
    return check([&, ordered, valid] {
      Tile<TileType::Vec, T, 16, 64, BLayout::RowMajor, 16, 32> loaded;
      Tile<TileType::Vec, T, 16, 64, BLayout::RowMajor, 16, -1> used(valid);
      Tile<TileType::Vec, half, 16, 64, BLayout::RowMajor, 16, -1> halves(valid);
      TASSIGN(loaded, 0x0);
      TASSIGN(used, 0x0);
      TASSIGN(halves, 0x1000);
      GlobalTensor<T, Shape<1, 1, 1, 16, 32>, Stride<1024, 1024, 1024, 64, 1>> source(reinterpret_cast<T*>(bytes.data()));
      TLOAD(loaded, source);
      if (ordered) order(PIPE_MTE2, PIPE_V);
      TCVT(halves, used, RoundMode::CAST_RINT);
    });
  };
  expect_clean(kernel(true, 32));
  const CheckFault race = only_fault(kernel(false, 32), "unordered");
  EXPECT_EQ(race.second.name, "TCVT");
  EXPECT_EQ(race.bytes, 256u);
  const CheckFault unwritten = only_fault(kernel(true, 34), "never-written");
  EXPECT_EQ(unwritten.begin, 16u);
  EXPECT_EQ(unwritten.end, 17u);
  EXPECT_EQ(unwritten.bytes, 16u);
}

TEST_F(Faults, ConvolutionTilesAreLookedAt) {
  using Map = ConvTile<TileType::Vec, half, 4096, Layout::NCHW, ConvTileShape<2, 16, 3, 4>>;
  using Blocked = ConvTile<TileType::Vec, half, 4096, Layout::NC1HWC0, ConvTileShape<2, 1, 3, 4, 16>>;
  std::vector<half> in(768, half(1.0f));
  const auto kernel = [&](bool loads, bool ordered) {
    return check([&, loads, ordered] {
      Map map;
      Blocked blocked;
      TASSIGN(map, 0x0);
      TASSIGN(blocked, 0x1000);
      Tile<TileType::Vec, half, 24, 32> elements;  // the same bytes
      TASSIGN(elements, 0x0);
      GlobalTensor<half, Shape<1, 1, 1, 24, 32>, Stride<768, 768, 768, 32, 1>> source(in.data());
      if (loads) TLOAD(elements, source);
      if (ordered) order(PIPE_MTE2, PIPE_V);
      TTRANS(blocked, map, map);
    });
  };
  expect_clean(kernel(true, true));
  EXPECT_EQ(only_fault(kernel(true, false), "unordered").bytes, 768u);
  EXPECT_EQ(only_fault(kernel(false, true), "never-written").bytes, 768u);
}

TEST_F(Faults, OutsideTheTensor) {
  std::vector<float> buffer(512, 1.0f);
  std::vector<float> half_of_it(256);
  ChipTensor tensor = tensor_over(buffer, {32, 16}, DataType::FLOAT32);
  ChipTensor first_half = tensor_over(buffer, {16, 16}, DataType::FLOAT32);
  int line = 0;
  const auto kernel = [&](const ChipTensor& given) {
    const ChipTensor tensors[] = {given};
    return check(
        [&] {
          Vec a;
          TASSIGN(a, 0x0);
          Global source(buffer.data() + 128);
          line = __LINE__ + 1;
          TLOAD(a, source);
        },
        {.kernel = "test", .tensors = tensors});
  };
  expect_clean(kernel(tensor));
  const CheckFault fault = only_fault(kernel(first_half), "outside-tensor");
  expect_instruction(fault.second, "TLOAD", "PIPE_MTE2", line);
  EXPECT_THAT(fault.problem, HasSubstr("the last 512 bytes are behind the end of tensor 0 ([16, 16], 1024 bytes)"));
  EXPECT_EQ(fault.bytes, 1024u);
}

TEST_F(Faults, BetweenTheRowsOfAView) {
  // A view of 8 columns of 16; the kernel takes 15 rows of 16 columns, which do not reach the end of the view.
  std::vector<float> buffer(256, 1.0f);
  ChipTensor tensor = tensor_over(buffer, {16, 16}, DataType::FLOAT32);
  const uint32_t shape[] = {16, 8}, offsets[] = {0, 0};
  const ChipTensor view = tensor.view(shape, offsets);
  const auto kernel = [&](auto source_type) {
    const ChipTensor tensors[] = {view};
    return check(
        [&] {
          using Source = decltype(source_type);
          Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, -1, -1> a(15, static_cast<int>(source_type.GetShape(4)));
          TASSIGN(a, 0x0);
          Source source(buffer.data());
          TLOAD(a, source);
        },
        {.kernel = "test", .tensors = tensors});
  };
  expect_clean(kernel(GlobalTensor<float, Shape<1, 1, 1, 15, 8>, Stride<256, 256, 256, 16, 1>>(nullptr)));
  const CheckFault fault =
      only_fault(kernel(GlobalTensor<float, Shape<1, 1, 1, 15, 16>, Stride<256, 256, 256, 16, 1>>(nullptr)), "outside-tensor");
  EXPECT_THAT(fault.problem, HasSubstr("between the rows of tensor 0 ([16, 8], 992 bytes)"));
}

TEST_F(Faults, WritesATensorThatIsOnlyRead) {
  const ChipTensor tensors[] = {tensor_over(in_, {16, 16}, DataType::FLOAT32)};
  const auto kernel = [&](ArgDirection direction) {
    const ArgDirection directions[] = {direction};
    return check(
        [&] {
          Vec a;
          TASSIGN(a, 0x0);
          TEXPANDS(a, 1.0f);
          order(PIPE_V, PIPE_MTE3);
          Global target(in_.data());
          TSTORE(target, a);
        },
        {.kernel = "test", .tensors = tensors, .directions = directions});
  };
  expect_clean(kernel(ArgDirection::OUT));
  expect_clean(kernel(ArgDirection::INOUT));
  const CheckFault fault = only_fault(kernel(ArgDirection::IN), "writes-input");
  EXPECT_EQ(fault.memory, "tensor 0");
  EXPECT_EQ(fault.second.name, "TSTORE");
}

TEST_F(Faults, AViewThatStartsAtNoBlockOf32Bytes) {
  int line = 0;
  const auto kernel = [&](uint16_t column) {
    return check([&, column] {
      Vec a, b;
      TASSIGN(a, 0x0);
      TASSIGN(b, 0x1000);
      TEXPANDS(a, 1.0f);
      Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 16, 8> view, target;
      TASSIGN(target, 0x1000);
      TSUBVIEW(view, a, 0, column);
      line = __LINE__ + 1;
      TADDS(target, view, 1.0f);
    });
  };
  expect_clean(kernel(8));
  const CheckFault fault = only_fault(kernel(4), "misaligned");
  expect_instruction(fault.second, "TADDS", "PIPE_V", line);
  EXPECT_THAT(fault.problem, HasSubstr("starts at 0x10 in UB (Vec)"));
}

TEST_F(Faults, MoreThanHardwareTakes) {
  // 96 columns of an Acc tile are no problem for ND; as NZ their number is a multiple of 16.
  std::vector<half> in(256, half(1.0f));
  using Nz = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>, Layout::NZ>;
  const auto kernel = [&](int columns) {
    return check(
        [&, columns] {
          Cube cube(in.data(), out_.data());
          TLOAD(cube.a, cube.in);
          TLOAD(cube.b, cube.in);
          order(PIPE_MTE2, PIPE_MTE1);
          TMOV(cube.left, cube.a);
          TMOV(cube.right, cube.b);
          order(PIPE_MTE1, PIPE_M);
          TMATMUL(cube.acc, cube.left, cube.right);
          order(PIPE_M, PIPE_FIX);
          TileAcc<float, 16, 16, 16, -1> part(columns);
          TASSIGN(part, 0x0);
          Nz target(out_.data());
          TSTORE(target, part);
        },
        {.kernel = "test"}, true);
  };
  expect_clean(kernel(16));
  const CheckFault fault = only_fault(kernel(15), "limit");
  EXPECT_THAT(fault.problem, HasSubstr("15 columns of an Acc tile are stored as NZ"));
}

// ---- flags ----------------------------------------------------------------------------------------------

TEST_F(Faults, AFlagSetTwice) {
  int first = 0, second = 0;
  const auto kernel = [&](bool waits) {
    return check([&, waits] {
      first = __LINE__ + 1;
      set_flag(PIPE_MTE2, PIPE_V, EVENT_ID4);
      if (waits) wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID4);
      second = __LINE__ + 1;
      set_flag(PIPE_MTE2, PIPE_V, EVENT_ID4);
      wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID4);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "flag-set-twice");
  expect_instruction(fault.first, "set_flag", "PIPE_MTE2", first);
  expect_instruction(fault.second, "set_flag", "PIPE_MTE2", second);
  EXPECT_EQ(fault.remedy, "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID4) between the two, or another event");
}

TEST_F(Faults, AWaitThatNothingSatisfies) {
  int line = 0;
  const auto kernel = [&](bool sets) {
    return check([&, sets] {
      if (sets) set_flag(PIPE_V, PIPE_MTE2, EVENT_ID1);
      line = __LINE__ + 1;
      wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID1);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "wait-without-set");
  expect_instruction(fault.second, "wait_flag", "PIPE_MTE2", line);
  EXPECT_THAT(fault.remedy, HasSubstr("set_flag(PIPE_V, PIPE_MTE2, EVENT_ID1) before it"));
}

TEST_F(Faults, FlagsLeftSet) {
  int line = 0;
  const auto kernel = [&](bool waits) {
    return check([&, waits] {
      line = __LINE__ + 1;
      set_flag(PIPE_V, PIPE_MTE2, EVENT_ID7);
      if (waits) wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID7);
    });
  };
  expect_clean(kernel(true));
  const CheckFault fault = only_fault(kernel(false), "flag-left-set");
  expect_instruction(fault.second, "set_flag", "PIPE_V", line);
  EXPECT_EQ(fault.remedy, "wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID7) before the kernel ends");
}

TEST_F(Faults, AnEventThatDoesNotExist) {
  const auto kernel = [&](int id) { return check([id] { order(PIPE_V, PIPE_MTE2, id); }); };
  expect_clean(kernel(7));
  const CheckReport report = kernel(8);
  ASSERT_EQ(report.faults.size(), 2u) << format_check_report(report);
  EXPECT_EQ(report.faults[0].kind, "no-such-event");
  EXPECT_EQ(report.faults[0].second.name, "set_flag");
  EXPECT_EQ(report.faults[1].second.name, "wait_flag");
}

// ---- kernels that end early, and long reports -----------------------------------------------------------

TEST_F(Faults, AnAccessOutsideDeviceMemoryEndsTheKernel) {
  const ChipTensor tensors[] = {tensor_over(in_, {16, 16}, DataType::FLOAT32)};
  const uint64_t begin = reinterpret_cast<uint64_t>(in_.data());
  std::string ended_with;
  const CheckReport report = check(
      [&] {
        Vec a;
        TASSIGN(a, 0x0);
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        Global source(in_.data() + (int64_t{1} << 40));  // would crash
        TLOAD(a, source);
        ADD_FAILURE() << "the kernel goes on";
      },
      {.kernel = "test", .tensors = tensors}, false, {.device_begin = begin, .device_end = begin + 1024}, &ended_with);
  EXPECT_THAT(ended_with, HasSubstr("which is no device memory"));
  only_fault(report, "outside-tensor");  // and nothing of the flag, which the kernel had no time to wait for
}

TEST_F(Faults, AnAccessThatLeavesAnOnChipMemoryEndsTheKernel) {
  std::string ended_with;
  const CheckReport report = check(
      [&] {
        Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 16, 16> last, beyond;
        TASSIGN(last, isa_test::compiled_arch().memory_bytes[0] - kTileBytes);
        TSUBVIEW(beyond, last, 0, 0);
        beyond.rebind(beyond.data() + 64);  // as arithmetic on data() does it
        TEXPANDS(beyond, 1.0f);
        ADD_FAILURE() << "the kernel goes on";
      },
      {.kernel = "test"}, false, {}, &ended_with);
  EXPECT_THAT(ended_with, HasSubstr("the access leaves UB (Vec)"));
  const CheckFault fault = only_fault(report, "outside-memory");
  EXPECT_EQ(fault.second.name, "TEXPANDS");
}

TEST_F(Faults, TheFirstAreListedAndTheOthersCounted) {
  const auto kernel = [] {
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID2);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID4);
  };
  const CheckReport report = check(kernel, {.kernel = "test"}, false, {.limit = 2});
  EXPECT_EQ(report.faults.size(), 2u);
  EXPECT_EQ(report.faults[0].kind, "wait-without-set");
  EXPECT_EQ(report.unlisted, 3u);
  EXPECT_THAT(format_check_report(report), HasSubstr("check: 5 faults"));
  EXPECT_THAT(format_check_report(report), HasSubstr("and 3 more faults\n"));
  EXPECT_EQ(format_check_report(report), format_check_report(check(kernel, {.kernel = "test"}, false, {.limit = 2})));
}

// ---- the report -----------------------------------------------------------------------------------------

TEST_F(Faults, TheReportIsReadable) {
  const CheckReport report = check([&] {
    Vec a, b;
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x1000);
    Global source(in_.data());
    TLOAD(a, source);
    TADDS(b, a, 1.0f);
  });
  EXPECT_THAT(
      format_check_report(report),
      testing::MatchesRegex("check: 1 fault\n"
                            "\\[1\\] unordered in kernel test: nothing orders two accesses to the same bytes by PIPE_MTE2 and PIPE_V\n"
                            "    first   .*faults_test.cpp:[0-9]+: TLOAD on PIPE_MTE2, AIV0, writes operand 0\n"
                            "    then    .*faults_test.cpp:[0-9]+: TADDS on PIPE_V, AIV0, reads operand 1, a tile in UB \\(Vec\\), f32 "
                            "16x16 \\(valid 16x16\\)\n"
                            "    bytes   0x0 to 0x3ff of UB \\(Vec\\)\n"
                            "    mend    set_flag\\(PIPE_MTE2, PIPE_V, EVENT_ID0\\) after the first and wait_flag\\(PIPE_MTE2, PIPE_V, "
                            "EVENT_ID0\\) before the second\n"));
  EXPECT_EQ(format_check_report({}), "");
}

}  // namespace
}  // namespace tilewright::check_test
