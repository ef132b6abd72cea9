// Pipes between the cores of a cluster: what arrives where, who waits for whom, and what is refused.
#include <atomic>

#include "isa/hook.h"
#include "isa/team_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

constexpr bool kPopReleases = __NPU_ARCH__ == 2201;

/// Element (r, c) of the n-th tile: exact in every element type of the tests.
float value_of(int n, int64_t r, int64_t c) { return static_cast<float>((n * 7 + r * 3 + c) % 128); }

template <typename TileT>
void fill(TileT& tile, int n, int64_t row = 0, int64_t col = 0) {
  for (int r = 0; r < tile.GetValidRow(); ++r) {
    for (int c = 0; c < tile.GetValidCol(); ++c) {
      tile.data()[tile_offset<TileT>(r, c)] = static_cast<typename TileT::DType>(value_of(n, row + r, col + c));
    }
  }
}

template <typename TileT>
int wrong_elements(const TileT& tile, int n, int64_t row = 0, int64_t col = 0) {
  int wrong = 0;
  for (int r = 0; r < tile.GetValidRow(); ++r) {
    for (int c = 0; c < tile.GetValidCol(); ++c) {
      wrong += static_cast<float>(at(tile, r, c)) != value_of(n, row + r, col + c);
    }
  }
  return wrong;
}

template <typename T, int R, int C>
using Vec = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, -1, -1>;
template <typename T, int R, int C>
using Mat = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, -1, -1, SLayout::RowMajor>;
template <typename T, int R, int C>
using Acc = TileAcc<T, R, C, -1, -1>;

class FifoTest : public IsaTest {
 protected:
  FifoTest() : IsaTest(compiled_arch()) {}
  std::atomic<int> wrong_{0};
};

TEST_F(FifoTest, TilesArriveInOrderAndInTheConsumersArrangement) {
  using Pipe = TPipe<0, DIR_C2V, 32 * 64 * 4, 2>;
  Team team(1, kAic | kAiv0);
  const KernelError error = team.run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0x4000, 0);
    for (int n = 0; n < 9; ++n) {
      if (lane.lane == kLaneAic) {
        Acc<float, 32, 64> acc(32, 64);
        TASSIGN(acc, 0x1000);
        fill(acc, n);
        TPUSH<Pipe, Acc<float, 32, 64>, TILE_NO_SPLIT>(pipe, acc);
      } else {
        Vec<float, 32, 64> vec(32, 64);
        TPOP<Pipe, Vec<float, 32, 64>, TILE_NO_SPLIT>(pipe, vec);
        wrong_ += wrong_elements(vec, n);
        const uint64_t place = static_cast<uint64_t>(reinterpret_cast<uint8_t*>(vec.data()) - current_core()->memory->base(0));
        wrong_ += place != 0x4000 + static_cast<uint64_t>(n % 2) * 32 * 64 * 4;
        TFREE<Pipe, TILE_NO_SPLIT>(pipe);
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
}

/// One tile of rows x cols through a split pipe in both directions: C2V gives the halves to the AIVs, V2C puts them together again.
template <TileSplitAxis Split>
void round_trip(int rows, int cols, std::atomic<int>& wrong) {
  using Pipe = TPipe<3, DIR_BOTH, 32 * 64 * 4, 4, 2>;
  constexpr bool kRows = Split == TILE_UP_DOWN || Split == TILE_UP_DOWN_ODD;
  constexpr bool kOdd = Split == TILE_UP_DOWN_ODD || Split == TILE_LEFT_RIGHT_ODD;
  // An odd split's first half may be larger than half a slot, an even one's place in the local buffer is exactly half a slot.
  using Half = Vec<float, kOdd || !kRows ? 32 : 16, kOdd || kRows ? 64 : 32>;
  Team team(2, kAic | kAiv0 | kAiv1);
  const KernelError error = team.run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0x2000, 0x8000);
    const int first = ((kRows ? rows : cols) + 1) / 2, second = (kRows ? rows : cols) / 2;
    const int mine = lane.lane == kLaneAiv1 ? second : first, begin = lane.lane == kLaneAiv1 ? first : 0;
    for (int n = 0; n < 6; ++n) {
      const int tile = n + 100 * lane.block;
      if (lane.lane == kLaneAic) {
        Acc<float, 32, 64> acc(rows, cols);
        TASSIGN(acc, 0);
        fill(acc, tile);
        TPUSH<Pipe, Acc<float, 32, 64>, Split>(pipe, acc);
        Mat<float, 32, 64> mat(rows, cols);
        TPOP<Pipe, Mat<float, 32, 64>, Split>(pipe, mat);
        wrong += wrong_elements(mat, tile + 1);
      } else {
        Half half(kRows ? mine : rows, kRows ? cols : mine), answer(kRows ? mine : rows, kRows ? cols : mine);
        TPOP<Pipe, Half, Split>(pipe, half, lane.lane == kLaneAiv1 ? 1 : 0);
        wrong += wrong_elements(half, tile, kRows ? begin : 0, kRows ? 0 : begin);
        TASSIGN(answer, 0x20000);
        fill(answer, tile + 1, kRows ? begin : 0, kRows ? 0 : begin);
        TPUSH<Pipe, Half, Split>(pipe, answer, lane.lane == kLaneAiv1 ? 1 : 0);
      }
      TFREE<Pipe, Split>(pipe);
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
}

TEST_F(FifoTest, UpDownGivesEachAivItsRowsAndPutsThemTogether) {
  round_trip<TILE_UP_DOWN>(32, 64, wrong_);
  round_trip<TILE_UP_DOWN>(14, 33, wrong_);
  EXPECT_EQ(wrong_, 0);
}
TEST_F(FifoTest, LeftRightGivesEachAivItsColumnsAndPutsThemTogether) {
  round_trip<TILE_LEFT_RIGHT>(32, 64, wrong_);
  round_trip<TILE_LEFT_RIGHT>(7, 22, wrong_);
  EXPECT_EQ(wrong_, 0);
}
TEST_F(FifoTest, AnOddExtentGivesAiv0OneMore) {
  round_trip<TILE_UP_DOWN_ODD>(31, 64, wrong_);
  round_trip<TILE_UP_DOWN_ODD>(1, 8, wrong_);
  round_trip<TILE_LEFT_RIGHT_ODD>(32, 63, wrong_);
  EXPECT_EQ(wrong_, 0);
}

TEST_F(FifoTest, WithoutSplitAiv1GetsZerosAndItsPushIsIgnored) {
  using Pipe = TPipe<1, DIR_BOTH, 16 * 32 * 2, 2, 2, true>;
  Team team(1, kAic | kAiv0 | kAiv1);
  const KernelError error = team.run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    for (int n = 0; n < 5; ++n) {
      if (lane.lane == kLaneAic) {
        Mat<half, 16, 32> mat(16, 32), back(16, 32);
        TASSIGN(mat, 0x10000);
        fill(mat, n);
        TPUSH(mat, pipe);
        TPOP(back, pipe);
        wrong_ += wrong_elements(back, n + 1);
      } else {
        Vec<half, 16, 32> vec(16, 32), answer(16, 32);
        TASSIGN(vec, 0);
        fill(vec, 77);
        TPOP(vec, pipe);
        if (lane.lane == kLaneAiv0) {
          wrong_ += wrong_elements(vec, n);
        } else {
          for (int i = 0; i < vec.Numel; ++i) wrong_ += static_cast<float>(vec.data()[i]) != 0;
        }
        TASSIGN(answer, 0x8000);
        fill(answer, lane.lane == kLaneAiv0 ? n + 1 : n + 50);
        TPUSH(answer, pipe);
      }
      TFREE(pipe);
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
}

TEST_F(FifoTest, AProducerWithoutConsumerStopsWhenAllSlotsAreTaken) {
  using Pipe = TPipe<5, DIR_C2V, 1024, 3>;
  const auto push = [](int count) {
    return Team(1, kAic | kAiv0).run([count](const Team::Lane& lane) {
      if (lane.lane != kLaneAic) return;
      Pipe pipe(nullptr, 0, 0);
      Acc<float, 16, 16> acc(16, 16);
      TASSIGN(acc, 0);
      for (int n = 0; n < count; ++n) TPUSH<Pipe, Acc<float, 16, 16>, TILE_NO_SPLIT>(pipe, acc);
    });
  };
  EXPECT_EQ(push(3).code, 0);
  const KernelError error = push(4);
  EXPECT_EQ(error.code, static_cast<int>(ErrorCode::kDeadlock));
  EXPECT_EQ(error.text,
            "waits for a free slot of pipe 5 (DIR_C2V, 3 slots of 1024 bytes) in TPUSH: 3 were pushed, 0 released by every AIV lane\n");
}

TEST_F(FifoTest, AConsumerWithoutProducerIsADeadlockThatNamesThePipe) {
  using Pipe = TPipe<9, DIR_V2C, 1024, 3>;
  const KernelError error = Team(1, kAic | kAiv0 | kAiv1).run([](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    if (lane.lane == kLaneAic) {
      Mat<float, 16, 16> mat(16, 16);
      TPOP(mat, pipe);
    } else if (lane.lane == kLaneAiv0) {
      Vec<float, 16, 16> vec(16, 16);
      TASSIGN(vec, 0);
      TPUSH(vec, pipe);  // AIV1's is missing
    }
  });
  EXPECT_EQ(error.code, static_cast<int>(ErrorCode::kDeadlock));
  EXPECT_EQ(error.text,
            "waits for tile 0 of pipe 9 (DIR_V2C, 3 slots of 1024 bytes) in TPOP: 0 were pushed by every AIV lane; this core popped 0 and "
            "holds 0 of their slots\n");
}

/// A consumer that pops `count` tiles through `slots` slots and frees every one of them, or none.
template <int Slots>
KernelError pop_without_free(int count, bool free) {
  using Pipe = TPipe<2, DIR_C2V, 1024, Slots>;
  return Team(1, kAic | kAiv0).run([=](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    for (int n = 0; n < count; ++n) {
      if (lane.lane == kLaneAic) {
        Acc<float, 16, 16> acc(16, 16);
        TASSIGN(acc, 0);
        TPUSH(acc, pipe);
      } else {
        Vec<float, 16, 16> vec(16, 16);
        TPOP(vec, pipe);
        if (free) TFREE(pipe);
      }
    }
  });
}

TEST_F(FifoTest, ASlotIsReleasedByTPopWhereItLiesInDeviceMemoryAndByTFreeElsewhere) {
  EXPECT_EQ(pop_without_free<2>(10, true).code, 0);
  EXPECT_EQ(pop_without_free<2>(2, false).code, 0);
  EXPECT_EQ(pop_without_free<2>(3, false).code, kPopReleases ? 0 : static_cast<int>(ErrorCode::kDeadlock));
}

TEST_F(FifoTest, ASlotIsFreeWhenBothAivsHaveConsumedIt) {
  using Pipe = TPipe<2, DIR_C2V, 1024, 1>;
  const KernelError error = Team(1, kAic | kAiv0 | kAiv1).run([](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    if (lane.lane == kLaneAic) {
      Acc<float, 16, 16> acc(16, 16);
      TASSIGN(acc, 0);
      for (int n = 0; n < 2; ++n) TPUSH<Pipe, Acc<float, 16, 16>, TILE_UP_DOWN>(pipe, acc);
    } else if (lane.lane == kLaneAiv0) {
      Vec<float, 8, 16> vec(8, 16);
      TPOP<Pipe, Vec<float, 8, 16>, TILE_UP_DOWN>(pipe, vec);
      TFREE<Pipe, TILE_UP_DOWN>(pipe);
    }
  });
  EXPECT_EQ(error.code, static_cast<int>(ErrorCode::kDeadlock)) << error.text;
  EXPECT_NE(error.text.find("1 were pushed, 0 released by every AIV lane"), std::string::npos) << error.text;
}

// ---- views ----------------------------------------------------------------------------------------------

using Whole = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
using UpperHalf = GlobalTensor<float, Shape<1, 1, 1, 8, 16>, Stride<1, 1, 1, 16, 1>>;
using LeftHalf = GlobalTensor<float, Shape<1, 1, 1, 16, 8>, Stride<1, 1, 1, 16, 1>>;

TEST_F(FifoTest, ViewsHandOutSlotsInDeviceMemory) {
  using Pipe = TPipe<4, DIR_BOTH, 1024, 2>;
  std::vector<float> slots(2 * 2 * 256);
  const KernelError error = Team(1, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& lane) {
    Pipe pipe(slots.data(), 0, 0);
    for (int n = 0; n < 5; ++n) {
      if (lane.lane == kLaneAic) {
        Acc<float, 16, 16> acc(16, 16);
        TASSIGN(acc, 0);
        fill(acc, n);
        Whole slot;
        TALLOC<Pipe, Whole, TILE_UP_DOWN>(pipe, slot);
        wrong_ += slot.data() != slots.data() + n % 2 * 256;
        TSTORE(slot, acc);
        TPUSH<Pipe, Whole, TILE_UP_DOWN>(pipe, slot);
        Whole answer;
        TPOP<Pipe, Whole, TILE_LEFT_RIGHT>(pipe, answer);
        wrong_ += answer.data() != slots.data() + 512 + n % 2 * 256;
        Mat<float, 16, 16> mat(16, 16);
        TASSIGN(mat, 0);
        TLOAD(mat, answer);
        wrong_ += wrong_elements(mat, n + 1);
        TFREE<Pipe, Whole, TILE_LEFT_RIGHT>(pipe, answer);
      } else {
        const int upper = lane.lane == kLaneAiv0 ? 0 : 8;
        UpperHalf half;
        TPOP<Pipe, UpperHalf, TILE_UP_DOWN>(pipe, half);
        Vec<float, 8, 16> vec(8, 16);
        TASSIGN(vec, 0);
        TLOAD(vec, half);
        wrong_ += wrong_elements(vec, n, upper, 0);
        TFREE<Pipe, UpperHalf, TILE_UP_DOWN>(pipe, half);
        Vec<float, 16, 8> answer(16, 8);
        TASSIGN(answer, 0x1000);
        fill(answer, n + 1, 0, upper);
        LeftHalf slot;
        TALLOC<Pipe, LeftHalf, TILE_LEFT_RIGHT>(pipe, slot);
        TSTORE(slot, answer);
        TPUSH<Pipe, LeftHalf, TILE_LEFT_RIGHT>(pipe, slot);
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
}

TEST_F(FifoTest, TilesAndViewsOfOnePipeMix) {
  using Pipe = TPipe<4, DIR_C2V, 1024, 2>;
  std::vector<float> slots(2 * 256);
  const KernelError error = Team(1, kAic | kAiv0).run([&](const Team::Lane& lane) {
    Pipe pipe(slots.data(), 0, 0);
    for (int n = 0; n < 8; ++n) {
      const bool push_view = n % 2 == 1, pop_view = n / 2 % 2 == 1;
      if (lane.lane == kLaneAic) {
        Acc<float, 16, 16> acc(16, 16);
        TASSIGN(acc, 0);
        fill(acc, n);
        if (push_view) {
          Whole slot;
          TALLOC<Pipe, Whole, TILE_NO_SPLIT>(pipe, slot);
          TSTORE(slot, acc);
          TPUSH<Pipe, Whole, TILE_NO_SPLIT>(pipe, slot);
        } else {
          TPUSH(acc, pipe);
        }
      } else {
        Vec<float, 16, 16> vec(16, 16);
        if (pop_view) {
          Whole slot;
          TPOP<Pipe, Whole, TILE_NO_SPLIT>(pipe, slot);
          TASSIGN(vec, 0x8000);
          TLOAD(vec, slot);
          wrong_ += wrong_elements(vec, n);
          TFREE<Pipe, Whole, TILE_NO_SPLIT>(pipe, slot);
        } else {
          TPOP(vec, pipe);
          wrong_ += wrong_elements(vec, n);
          TFREE(pipe);
        }
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
}

// ---- what is refused ------------------------------------------------------------------------------------

/// The error of a kernel that lane `only` alone runs.
template <typename Kernel>
KernelError on_lane(uint8_t lanes, int only, const Kernel& kernel) {
  return Team(1, lanes).run([&](const Team::Lane& lane) {
    if (lane.lane == only) kernel();
  });
}

TEST_F(FifoTest, RefusesWhatCannotBeMeant) {
  using Pipe = TPipe<4, DIR_BOTH, 1024, 2>;
  Pipe pipe(nullptr, 0, 0);
  const auto expect = [](const KernelError& error, int code, const char* text) {
    EXPECT_EQ(error.code, code) << error.text;
    EXPECT_NE(error.text.find(text), std::string::npos) << error.text;
  };
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Vec<float, 16, 16> vec(16, 16);
                   TASSIGN(vec, 0);
                   TPUSH(vec, pipe);
                 }),
         1001, "changed places at pipe 4 (DIR_BOTH");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Acc<float, 16, 16> acc(16, 16);
                   TASSIGN(acc, 0);
                   TPUSH<Pipe, Acc<float, 16, 16>, TILE_UP_DOWN>(pipe, acc);
                 }),
         1001, "needs both vector cores, and the task has 1 AIV lanes");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Acc<float, 16, 32> acc(16, 32);
                   TASSIGN(acc, 0);
                   TPUSH(acc, pipe);
                 }),
         1010, "2048 bytes do not fit into a slot");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Acc<float, 16, 16> acc(16, 16);
                   TASSIGN(acc, 0);
                   TPUSH<Pipe, Acc<float, 16, 16>, TILE_NO_SPLIT>(pipe, acc, 1);
                 }),
         1001, "there is no sub-block 1 on this side");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Whole slot;
                   TALLOC<Pipe, Whole, TILE_NO_SPLIT>(pipe, slot);
                 }),
         1001, "has no slots in device memory");
  std::vector<float> slots(1024);
  Pipe with_slots(slots.data(), 0, 0);
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Whole slot(slots.data());
                   TPUSH<Pipe, Whole, TILE_NO_SPLIT>(with_slots, slot);
                 }),
         1001, "no slot of pipe 4 (DIR_BOTH, 2 slots of 1024 bytes) was allocated");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Whole slot;
                   TALLOC<Pipe, Whole, TILE_NO_SPLIT>(with_slots, slot);
                   slot.rebind(slot.data() + 16);
                   TPUSH<Pipe, Whole, TILE_NO_SPLIT>(with_slots, slot);
                 }),
         1001, "not what TALLOC made of it");
  expect(on_lane(kAic | kAiv0, kLaneAic,
                 [&] {
                   Whole slot(slots.data());
                   TFREE<Pipe, Whole, TILE_NO_SPLIT>(with_slots, slot);
                 }),
         1001, "this core holds no slot of pipe 4");
  if (!kPopReleases) {
    expect(on_lane(kAic | kAiv0, kLaneAic, [&] { TFREE(pipe); }), 1001, "this core holds no slot of pipe 4");
  }
}

/// What a consumer is told that pops something else than a 16 x 16 f32 tile was pushed as.
template <typename Popped>
KernelError pop_as(int rows, int cols) {
  using Pipe = TPipe<4, DIR_C2V, 2048, 2>;
  return Team(1, kAic | kAiv0).run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    if (lane.lane == kLaneAic) {
      Acc<float, 16, 16> acc(15, 16);
      TASSIGN(acc, 0);
      TPUSH(acc, pipe);
    } else {
      Popped popped(rows, cols);
      TPOP(popped, pipe);
    }
  });
}

TEST_F(FifoTest, RefusesAPopThatDoesNotFitThePush) {
  EXPECT_EQ((pop_as<Vec<float, 16, 16>>(15, 16).code), 0);
  EXPECT_EQ((pop_as<Vec<float, 16, 16>>(3, 8).code), 0);
  const KernelError larger = pop_as<Vec<float, 16, 16>>(16, 16);
  EXPECT_EQ(larger.code, 1001);
  EXPECT_NE(larger.text.find("15x16 elements were pushed for this core, fewer than the valid region"), std::string::npos) << larger.text;
  const KernelError other = pop_as<Vec<half, 16, 16>>(15, 16);
  EXPECT_EQ(other.code, 1001);
  EXPECT_NE(other.text.find("f32 were pushed"), std::string::npos) << other.text;
}

TEST_F(FifoTest, RefusesAnOddExtentInAnEvenSplitAndUnequalHalves) {
  using Pipe = TPipe<4, DIR_BOTH, 2048, 2>;
  const KernelError odd = Team(1, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    if (lane.lane == kLaneAic) {
      Acc<float, 16, 16> acc(15, 16);
      TASSIGN(acc, 0);
      TPUSH<Pipe, Acc<float, 16, 16>, TILE_UP_DOWN>(pipe, acc);
    } else {
      Vec<float, 8, 16> vec(7, 16);
      TPOP<Pipe, Vec<float, 8, 16>, TILE_UP_DOWN>(pipe, vec);
    }
  });
  EXPECT_EQ(odd.code, 1001);
  EXPECT_NE(odd.text.find("15 rows of a tile 15x16 are split evenly"), std::string::npos) << odd.text;
  const KernelError unequal = Team(1, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    if (lane.lane == kLaneAic) {
      Mat<float, 16, 16> mat(16, 16);
      TPOP<Pipe, Mat<float, 16, 16>, TILE_UP_DOWN>(pipe, mat);
    } else {
      Vec<float, 8, 16> vec(lane.lane == kLaneAiv0 ? 8 : 6, 16);
      TASSIGN(vec, 0);
      TPUSH<Pipe, Vec<float, 8, 16>, TILE_UP_DOWN>(pipe, vec);
    }
  });
  EXPECT_EQ(unequal.code, 1001);
  EXPECT_NE(unequal.text.find("AIV0 pushed its half of a tile f32 16x16, AIV1 its half of a tile f32 12x16"), std::string::npos)
      << unequal.text;
}

// ---- without a runtime ----------------------------------------------------------------------------------

TEST_F(FifoTest, OneThreadMayPlayBothSidesAndIsToldWhatItWouldWaitFor) {
  using Pipe = TPipe<6, DIR_C2V, 1024, 2>;
  set_current_core(nullptr);
  Pipe pipe(nullptr, 0, 0);
  Acc<float, 16, 16> acc(16, 16);
  Vec<float, 16, 16> vec(16, 16);
  TASSIGN(acc, 0);
  fill(acc, 3);
  TPUSH(acc, pipe);
  TPOP(vec, pipe);
  EXPECT_EQ(wrong_elements(vec, 3), 0);
  EXPECT_DEATH(TPOP(vec, pipe), "error 4005: the kernel waits for tile 1 of pipe 6 .DIR_C2V.*no other core runs; run it on a device");
}

TEST_F(FifoTest, ACoreWithoutATaskIsRefused) {
  using Pipe = TPipe<6, DIR_C2V, 1024, 2>;
  Pipe pipe(nullptr, 0, 0);
  Vec<float, 16, 16> vec(16, 16);
  const KernelError error = error_of([&] { TPOP(vec, pipe); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("TPOP: this core belongs to no task"), std::string::npos) << error.text;
}

TEST_F(FifoTest, TheHookSeesEveryInstructionOfAPipe) {
  static std::mutex mutex;
  static std::multiset<std::string> seen;
  seen.clear();
  set_instruction_hook([](const PtoInstruction& instruction, CoreContext&) {
    const std::lock_guard lock(mutex);
    seen.insert(op_name(instruction.op));
    if (instruction.op == static_cast<uint16_t>(Op::TPUSH)) {
      EXPECT_EQ(instruction.pipe, PIPE_FIX);
    }
    if (instruction.op == static_cast<uint16_t>(Op::TPOP)) {
      ASSERT_EQ(instruction.operand_count, 1);
      EXPECT_NE(instruction.operands[0].data, nullptr);
    }
  });
  EXPECT_EQ(pop_without_free<2>(3, true).code, 0);
  set_instruction_hook(nullptr);
  EXPECT_EQ(seen.count("TPUSH"), 3u);
  EXPECT_EQ(seen.count("TPOP"), 3u);
  EXPECT_EQ(seen.count("TFREE"), 3u);
}

// ---- random pipelines -----------------------------------------------------------------------------------

template <uint32_t Slots, TileSplitAxis Split>
void random_pipeline(std::mt19937_64& random, std::atomic<int>& wrong) {
  using Pipe = TPipe<7, DIR_BOTH, 32 * 64 * 4, Slots>;
  constexpr bool kRows = Split == TILE_UP_DOWN;
  constexpr bool kHalves = Split != TILE_NO_SPLIT;
  using Part = Vec<float, kRows ? 16 : 32, kHalves && !kRows ? 32 : 64>;
  const int blocks = 1 + static_cast<int>(random() % 3);
  const int rounds = 5 + static_cast<int>(random() % 20);
  // How far the AIC pushes ahead before it pops: the other direction must have room for the answers.
  const int ahead = 1 + static_cast<int>(random() % Slots);
  std::vector<std::pair<int, int>> shapes;
  for (int n = 0; n < rounds; ++n) {
    shapes.emplace_back(kRows ? 2 * (1 + static_cast<int>(random() % 16)) : 1 + static_cast<int>(random() % 32),
                        2 * (1 + static_cast<int>(random() % 32)));
  }
  const KernelError error = Team(blocks, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0);
    const auto pop_answer = [&](int n) {
      Mat<float, 32, 64> mat(shapes[static_cast<size_t>(n)].first, shapes[static_cast<size_t>(n)].second);
      TPOP<Pipe, Mat<float, 32, 64>, Split>(pipe, mat);
      wrong += wrong_elements(mat, n + lane.block + 1);
      TFREE<Pipe, Split>(pipe);
    };
    for (int n = 0; n < rounds; ++n) {
      const auto [rows, cols] = shapes[static_cast<size_t>(n)];
      if (lane.lane == kLaneAic) {
        Acc<float, 32, 64> acc(rows, cols);
        TASSIGN(acc, 0);
        fill(acc, n + lane.block);
        TPUSH<Pipe, Acc<float, 32, 64>, Split>(pipe, acc);
        if (n + 1 >= ahead) pop_answer(n + 1 - ahead);
        continue;
      }
      const bool second = lane.lane == kLaneAiv1;
      const int my_rows = kRows ? rows / 2 : rows, my_cols = kHalves && !kRows ? cols / 2 : cols;
      const int row = kRows && second ? rows / 2 : 0, col = kHalves && !kRows && second ? cols / 2 : 0;
      Part part(my_rows, my_cols);
      TPOP<Pipe, Part, Split>(pipe, part);
      if (kHalves || !second) wrong += wrong_elements(part, n + lane.block, row, col);
      TADDS(part, part, 1.0f);
      for (int r = 0; r < my_rows; ++r) {  // value_of wraps at 128
        for (int c = 0; c < my_cols; ++c) {
          float& x = part.data()[tile_offset<Part>(r, c)];
          x = value_of(n + lane.block + 1, row + r, col + c) + (x - value_of(n + lane.block, row + r, col + c) - 1);
        }
      }
      if (!kHalves && second) TEXPANDS(part, -1.0f);
      TPUSH<Pipe, Part, Split>(pipe, part);
      TFREE<Pipe, Split>(pipe);
    }
    if (lane.lane == kLaneAic) {
      for (int n = rounds + 1 - ahead; n < rounds; ++n) {
        if (n >= 0) pop_answer(n);
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
}

TEST_F(FifoTest, RandomPipelinesDeliverEveryTile) {
  for (int i = 0; i < 8; ++i) {
    random_pipeline<1, TILE_UP_DOWN>(random_, wrong_);
    random_pipeline<2, TILE_LEFT_RIGHT>(random_, wrong_);
    random_pipeline<3, TILE_NO_SPLIT>(random_, wrong_);
    random_pipeline<8, TILE_UP_DOWN>(random_, wrong_);
  }
  EXPECT_EQ(wrong_, 0);
}

}  // namespace
}  // namespace tilewright::isa_test
