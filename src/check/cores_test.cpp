// Cores of one task that touch the same device memory: with each way to order them, and without.
#include <algorithm>
#include <atomic>

#include "check/check_test_support.h"
#include "pto/pto-inst.hpp"

namespace tilewright::check_test {
namespace {

using namespace pto;
using isa_test::kAic;
using isa_test::kAiv0;
using isa_test::kAiv1;
using isa_test::Team;
using testing::HasSubstr;
using Vec = Tile<TileType::Vec, float, 16, 16>;
using Global = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>>;

void order(pipe_t before, pipe_t after) {
  set_flag(before, after, EVENT_ID0);
  wait_flag(before, after, EVENT_ID0);
}

constexpr uint64_t flag_config(uint64_t mode, uint64_t id) { return 1 | mode << 4 | id << 8; }

class Cores : public testing::Test {
 protected:
  /// One core fills a tile and stores it, the other loads it. In this test they do so one after the other, which the checker is not told.
  CheckReport check_pair(int32_t blocks, uint8_t lanes, const std::function<bool(const Team::Lane&)>& stores,
                         const std::function<void()>& stored, const std::function<void()>& before_load) {
    std::atomic<int> step{0};
    return check_team(blocks, lanes, [&](const Team::Lane& lane) {
      Vec tile;
      TASSIGN(tile, 0x0);
      Global global(memory_.data());
      if (stores(lane)) {
        TEXPANDS(tile, 2.0f);
        order(PIPE_V, PIPE_MTE3);
        TSTORE(global, tile);
        stored();
        step = 1;
        step.notify_all();
      } else {
        step.wait(0);
        before_load();
        TLOAD(tile, global);
      }
    });
  }
  std::vector<float> memory_ = std::vector<float>(256);
};

const auto by_aic = [](const Team::Lane& lane) { return lane.lane == kLaneAic; };
const auto by_aiv0 = [](const Team::Lane& lane) { return lane.lane == kLaneAiv0; };
const auto by_block_0 = [](const Team::Lane& lane) { return lane.block == 0; };

TEST_F(Cores, CubeToVectorNeedsAFlag) {
  const CheckFault fault = only_fault(check_pair(1, kAic | kAiv0, by_aic, [] {}, [] {}), "unordered");
  EXPECT_EQ(fault.first.name, "TSTORE");
  EXPECT_EQ(fault.first.core, "AIC");
  EXPECT_EQ(fault.second.name, "TLOAD");
  EXPECT_EQ(fault.second.core, "AIV0");
  EXPECT_THAT(fault.problem, HasSubstr("by AIC and AIV0"));
  EXPECT_THAT(fault.remedy, HasSubstr("ffts_cross_core_sync(PIPE_MTE3, mode 2) after the first and wait_flag_dev before the second"));
  expect_clean(check_pair(1, kAic | kAiv0, by_aic, [] { ffts_cross_core_sync(PIPE_MTE3, flag_config(2, 3)); }, [] { wait_flag_dev(3); }));
}

TEST_F(Cores, AFlagOfAnotherPipeDoesNotCoverTheStore) {
  only_fault(
      check_pair(1, kAic | kAiv0, by_aic, [] { ffts_cross_core_sync(PIPE_V, flag_config(2, 3)); }, [] { wait_flag_dev(3); }), "unordered");
}

TEST_F(Cores, FlagsAmongVectorCores) {
  only_fault(check_pair(1, kAiv0 | kAiv1, by_aiv0, [] {}, [] {}), "unordered");
  expect_clean(check_team(1, kAiv0 | kAiv1, [&](const Team::Lane& lane) {
    Vec tile;
    TASSIGN(tile, 0x0);
    Global global(memory_.data());
    if (lane.lane == kLaneAiv0) {
      TEXPANDS(tile, 2.0f);
      order(PIPE_V, PIPE_MTE3);
      TSTORE(global, tile);
    }
    ffts_cross_core_sync(PIPE_MTE3, flag_config(1, 4));
    wait_flag_dev(4);
    if (lane.lane == kLaneAiv1) TLOAD(tile, global);
  }));
}

TEST_F(Cores, BlocksMeet) {
  const CheckFault fault = only_fault(check_pair(2, kAiv0, by_block_0, [] {}, [] {}), "unordered");
  EXPECT_EQ(fault.first.core, "AIV0 of block 0");
  EXPECT_EQ(fault.second.core, "AIV0 of block 1");
  EXPECT_THAT(fault.remedy, HasSubstr("SYNCALL between the two"));
  const CheckReport report = check_team(2, kAiv0, [&](const Team::Lane& lane) {
    Vec tile;
    TASSIGN(tile, 0x0);
    Global global(memory_.data());
    if (lane.block == 0) {
      TEXPANDS(tile, 2.0f);
      order(PIPE_V, PIPE_MTE3);
      TSTORE(global, tile);
    }
    SYNCALL();
    if (lane.block == 1) TLOAD(tile, global);
  });
  expect_clean(report);
}

TEST_F(Cores, SignalsOrder) {
  alignas(64) static int32_t word;
  word = 0;
  expect_clean(check_pair(
      2, kAiv0, by_block_0,
      [] {
        comm::Signal signal(&word);
        comm::TNOTIFY(signal, 1, comm::NotifyOp::AtomicAdd);
      },
      [] {
        comm::Signal signal(&word);
        comm::TWAIT(signal, 1, comm::WaitCmp::GE);
      }));
}

TEST_F(Cores, PollingWithBarriersIsNotBlamed) {
  expect_clean(check_pair(
      2, kAiv0, by_block_0,
      [] {
        order(PIPE_MTE3, PIPE_S);
        dsb(DSB_DDR);
      },
      [] { dsb(DSB_DDR); }));
  // Without the wait for the store the barrier of the scalar unit says nothing of it.
  only_fault(check_pair(2, kAiv0, by_block_0, [] { dsb(DSB_DDR); }, [] { dsb(DSB_DDR); }), "unordered");
}

TEST_F(Cores, AtomicAdditionsDoNotConflictWithEachOther) {
  const auto report = [&](bool second_adds) {
    std::atomic<int> step{0};
    return check_team(2, kAiv0, [&](const Team::Lane& lane) {
      Vec tile;
      TASSIGN(tile, 0x0);
      Global global(memory_.data());
      TEXPANDS(tile, 2.0f);
      order(PIPE_V, PIPE_MTE3);
      if (lane.block == 1) step.wait(0);
      if (lane.block == 0 || second_adds) {
        TSTORE<Vec, Global, AtomicType::AtomicAdd>(global, tile);
      } else {
        TSTORE(global, tile);
      }
      step = 1;
      step.notify_all();
    });
  };
  expect_clean(report(true));
  const CheckFault fault = only_fault(report(false), "unordered");
  EXPECT_EQ(fault.first.access, "adds to");
  EXPECT_EQ(fault.second.access, "writes");
}

TEST_F(Cores, AFlagBetweenCoresThatNobodyWaitsFor) {
  const CheckReport report = check_team(1, kAic | kAiv0, [](const Team::Lane& lane) {
    if (lane.lane == kLaneAic) ffts_cross_core_sync(PIPE_FIX, flag_config(2, 6));
  });
  const CheckFault fault = only_fault(report, "flag-left-set");
  EXPECT_THAT(fault.problem, HasSubstr("flag 6 of AIV0 is still set at the end of the task"));
  EXPECT_EQ(fault.second.name, "ffts_cross_core_sync");
  EXPECT_THAT(fault.remedy, HasSubstr("wait_flag_dev(6) on AIV0"));
}

// ---- pipes between cores --------------------------------------------------------------------------------

using Pipe = TPipe<0, DIR_C2V, 1024, 2, 2, true>;
using Acc = TileAcc<float, 16, 16>;

/// A product of loaded matrices, with the flags that it needs.
void multiply(Acc& acc, std::vector<half>& in) {
  Tile<TileType::Mat, half, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor> mat;
  TileLeft<half, 16, 16> left;
  TileRight<half, 16, 16> right;
  TASSIGN(mat, 0x0);
  TASSIGN(left, 0x0);
  TASSIGN(right, 0x0);
  GlobalTensor<half, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>> source(in.data());
  TLOAD(mat, source);
  order(PIPE_MTE2, PIPE_MTE1);
  TMOV(left, mat);
  TMOV(right, mat);
  order(PIPE_MTE1, PIPE_M);
  TMATMUL(acc, left, right);
}

TEST_F(Cores, AProductThatIsPushedAndPopped) {
  const auto report = [&](bool waits_for_product, bool waits_for_pop) {
    std::vector<half> in(256, half(1.0f));
    return check_team(1, kAic | kAiv0, [&](const Team::Lane& lane) {
      Pipe pipe(nullptr, 0x4000, 0x0);
      for (int round = 0; round < 5; ++round) {
        if (lane.lane == kLaneAic) {
          Acc acc;
          TASSIGN(acc, 0x0);
          multiply(acc, in);
          if (waits_for_product) order(PIPE_M, PIPE_FIX);
          TPUSH(acc, pipe);
          pipe_barrier(PIPE_ALL);
        } else {
          Vec popped, sum;
          TASSIGN(sum, 0x0);
          TPOP(popped, pipe);
          if (waits_for_pop) order(PIPE_MTE2, PIPE_V);
          TADDS(sum, popped, 1.0f);
          order(PIPE_V, PIPE_MTE2);
          TFREE(pipe);
        }
      }
    });
  };
  expect_clean(report(true, true));
  const CheckFault product = only_fault(report(false, true), "unordered");
  EXPECT_EQ(product.first.name, "TMATMUL");
  EXPECT_EQ(product.second.name, "TPUSH");
  EXPECT_EQ(product.second.pipe, "PIPE_FIX");
  const CheckFault pop = only_fault(report(true, false), "unordered");
  EXPECT_EQ(pop.first.name, "TPOP");
  EXPECT_EQ(pop.second.name, "TADDS");
  EXPECT_EQ(pop.begin, 0x4000u);
}

/// Which vector cores wait before they read what the cube core gives them, and whether the cube core waits before it writes.
struct Waits {
  bool aic = true, aiv0 = true, aiv1 = true;
};
template <AccToVecMode kMode, int kRows>
CheckReport move_to_vector_cores(Waits waits) {
  std::vector<half> in(256, half(1.0f));
  return check_team(1, kAic | kAiv0 | kAiv1, [&](const Team::Lane& lane) {
    Tile<TileType::Vec, float, kRows, 16> tile, sum;
    TASSIGN(tile, 0x400);
    TASSIGN(sum, 0x2000);
    if (lane.lane == kLaneAic) {
      Acc acc;
      TASSIGN(acc, 0x0);
      multiply(acc, in);
      order(PIPE_M, PIPE_FIX);
      if (waits.aic) wait_flag_dev(2);
      TMOV<decltype(tile), Acc, kMode>(tile, acc);
      ffts_cross_core_sync(PIPE_FIX, flag_config(2, 3));
      if (!waits.aic) wait_flag_dev(2);
      return;
    }
    TEXPANDS(tile, 1.0f);
    ffts_cross_core_sync(PIPE_V, flag_config(2, 2));
    const bool waits_first = lane.lane == kLaneAiv0 ? waits.aiv0 : waits.aiv1;
    if (waits_first) wait_flag_dev(3);
    TADDS(sum, tile, 1.0f);
    if (!waits_first) wait_flag_dev(3);
  });
}

TEST_F(Cores, AProductThatIsMovedToVectorCores) {
  const auto to_one = [](Waits waits) { return move_to_vector_cores<AccToVecMode::SingleModeVec0, 16>(waits); };
  const auto to_both = [](Waits waits) { return move_to_vector_cores<AccToVecMode::DualModeSplitM, 8>(waits); };
  const auto expect_race = [](const CheckReport& report, const std::string& core) {
    const CheckFault fault = only_fault(report, "unordered");
    const bool moves_first = fault.first.name == "TMOV";  // the cores run side by side
    EXPECT_EQ((moves_first ? fault.first : fault.second).name, "TMOV");
    EXPECT_EQ((moves_first ? fault.second : fault.first).name, "TADDS");
    EXPECT_EQ((moves_first ? fault.second : fault.first).core, core);
    EXPECT_EQ(fault.begin, 0x400u);
  };
  expect_clean(to_one({}));
  expect_clean(to_both({}));
  expect_clean(to_one({.aiv1 = false}));  // AIV1 gets nothing
  expect_race(to_both({.aiv1 = false}), "AIV1");
  expect_race(to_one({.aiv0 = false}), "AIV0");
  const CheckReport too_early = to_one({.aic = false});
  ASSERT_EQ(too_early.faults.size(), 1u) << format_check_report(too_early);
  EXPECT_EQ(too_early.faults[0].kind, "unordered");
}

TEST_F(Cores, WhatIsPushedOrdersWhatWasStoredBefore) {
  // The AIC stores to device memory and pushes a tile; the AIV pops it and loads what was stored.
  const auto report = [&](bool pops) {
    std::atomic<int> step{0};
    return check_team(1, kAic | kAiv0, [&](const Team::Lane& lane) {
      Pipe pipe(nullptr, 0x4000, 0x0);
      Global global(memory_.data());
      if (lane.lane == kLaneAic) {
        Acc acc;
        TASSIGN(acc, 0x0);
        Vec tile;
        TASSIGN(tile, 0x0);
        TEXPANDS(tile, 2.0f);
        order(PIPE_V, PIPE_MTE3);
        TSTORE(global, tile);
        order(PIPE_MTE3, PIPE_FIX);
        if (pops) TPUSH(acc, pipe);
        step = 1;
        step.notify_all();
      } else {
        step.wait(0);
        Vec popped, loaded;
        TASSIGN(loaded, 0x0);
        if (pops) {
          TPOP(popped, pipe);
          TFREE(pipe);
        }
        TLOAD(loaded, global);
      }
    });
  };
  const auto races = [](const CheckReport& found) {
    return std::count_if(found.faults.begin(), found.faults.end(), [](const CheckFault& fault) { return fault.kind == "unordered"; });
  };
  EXPECT_EQ(races(report(true)), 0);  // the tile pushed was never written, which is another matter
  EXPECT_EQ(races(report(false)), 1);
}

}  // namespace
}  // namespace tilewright::check_test
