// Flags between cores, SYNCALL, and signals in device memory.
#include <atomic>

#include "isa/hook.h"
#include "isa/team_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;
using pto::comm::NotifyOp;
using pto::comm::Signal;
using pto::comm::Signal2D;
using pto::comm::TNOTIFY;
using pto::comm::TTEST;
using pto::comm::TWAIT;
using pto::comm::WaitCmp;

constexpr uint64_t config(int mode, int id) { return 1u | static_cast<uint64_t>(mode) << 4 | static_cast<uint64_t>(id) << 8; }
constexpr int kDeadlock = static_cast<int>(ErrorCode::kDeadlock);

class CrossCoreTest : public IsaTest {
 protected:
  CrossCoreTest() : IsaTest(compiled_arch()) {}
  static void expect(const KernelError& error, int code, const char* text) {
    EXPECT_EQ(error.code, code) << error.text;
    EXPECT_NE(error.text.find(text), std::string::npos) << error.text;
  }
  std::atomic<int> wrong_{0};
};

/// Every core writes its round, meets the others, and looks whether all others have written it too.
template <typename Meet, typename Mine>
int broken_meetings(int32_t blocks, uint8_t lanes, int rounds, const Meet& meet, const Mine& is_mine, std::atomic<int>& wrong) {
  std::vector<std::atomic<int>> at(static_cast<size_t>(blocks) * kLaneCount);
  const KernelError error = Team(blocks, lanes).run([&](const Team::Lane& me) {
    for (int round = 1; round <= rounds; ++round) {
      at[static_cast<size_t>(me.block * kLaneCount + me.lane)] = round;
      meet(me);
      for (int32_t block = 0; block < blocks; ++block) {
        for (int lane = 0; lane < kLaneCount; ++lane) {
          if ((lanes >> lane & 1) == 0 || !is_mine(me, Team::Lane{block, lane})) continue;
          wrong += at[static_cast<size_t>(block * kLaneCount + lane)] < round;
        }
      }
      meet(me);
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  return wrong;
}

bool same_kind(const Team::Lane& a, const Team::Lane& b) { return (a.lane == kLaneAic) == (b.lane == kLaneAic); }

TEST_F(CrossCoreTest, Mode0MeetsAllCoresOfOneKind) {
  const auto meet = [](const Team::Lane&) {
    ffts_cross_core_sync(PIPE_MTE3, config(0, 5));
    wait_flag_dev(5);
  };
  EXPECT_EQ(broken_meetings(4, kAic | kAiv0 | kAiv1, 20, meet, same_kind, wrong_), 0);
  EXPECT_EQ(broken_meetings(7, kAiv0, 20, meet, same_kind, wrong_), 0);
}

TEST_F(CrossCoreTest, Mode1MeetsTheAivsOfABlock) {
  const auto meet = [](const Team::Lane& me) {
    if (me.lane == kLaneAic) return;
    ffts_cross_core_sync(PIPE_MTE3, config(1, 0));
    wait_flag_dev(0);
  };
  const auto mine = [](const Team::Lane& a, const Team::Lane& b) { return a.lane != kLaneAic && b.lane != kLaneAic && a.block == b.block; };
  EXPECT_EQ(broken_meetings(3, kAic | kAiv0 | kAiv1, 20, meet, mine, wrong_), 0);
  EXPECT_EQ(broken_meetings(3, kAiv0, 5, meet, mine, wrong_), 0);
}

TEST_F(CrossCoreTest, Mode2TellsTheAivsOfTheAicAndTheAicOfAllItsAivs) {
  std::vector<std::atomic<int>> cube(3), vector(3);
  const KernelError error = Team(3, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& me) {
    const size_t b = static_cast<size_t>(me.block);
    for (int round = 1; round <= 30; ++round) {
      if (me.lane == kLaneAic) {
        cube[b] = round;
        ffts_cross_core_sync(PIPE_FIX, config(2, 3));
        wait_flag_dev(4);
        wrong_ += vector[b] != 2 * round;
      } else {
        wait_flag_dev(3);
        wrong_ += cube[b] != round;
        ++vector[b];
        ffts_cross_core_sync(PIPE_MTE3, config(2, 4));
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
}

TEST_F(CrossCoreTest, AFlagCountsHowOftenItWasSet) {
  const auto run = [](int waits) {
    return Team(1, kAic | kAiv0).run([waits](const Team::Lane& me) {
      for (int i = 0; me.lane == kLaneAic && i < 3; ++i) ffts_cross_core_sync(PIPE_FIX, config(2, 9));
      for (int i = 0; me.lane == kLaneAiv0 && i < waits; ++i) wait_flag_dev(9);
    });
  };
  EXPECT_EQ(run(3).code, 0);
  expect(run(4), kDeadlock, "waits for flag 9 in WAIT_FLAG_DEV");
}

TEST_F(CrossCoreTest, AMeetingWithoutOneOfItsCoresIsADeadlock) {
  const KernelError error = Team(3, kAiv0).run([](const Team::Lane& me) {
    if (me.block == 1) return;
    ffts_cross_core_sync(PIPE_MTE3, config(0, 1));
    wait_flag_dev(1);
  });
  expect(error, kDeadlock, "waits for flag 1");
  expect(Team(3, kAiv0).run([](const Team::Lane& me) {
    if (me.block != 1) SYNCALL();
  }),
         kDeadlock, "waits for 3 cores to come to SYNCALL; 2 have come");
}

TEST_F(CrossCoreTest, RefusesFlagsThatDoNotExist) {
  const auto on = [](uint8_t lanes, const auto& kernel) { return Team(1, lanes).run([&](const Team::Lane&) { kernel(); }); };
  expect(on(kAiv0, [] { ffts_cross_core_sync(PIPE_MTE3, config(3, 0)); }), 1001, "0x31 is no configuration");
  expect(on(kAiv0, [] { ffts_cross_core_sync(PIPE_MTE3, 0x20); }), 1001, "bit 0 is 1");
  expect(on(kAic, [] { ffts_cross_core_sync(PIPE_MTE3, config(1, 0)); }), 1001, "mode 1 is among the vector cores");
  expect(on(kAic, [] { ffts_cross_core_sync(PIPE_MTE3, config(2, 0)); }), 1001, "the task has no AIV lane");
  expect(on(kAiv0, [] { ffts_cross_core_sync(PIPE_MTE3, config(2, 0)); }), 1001, "the task has no AIC lane");
  expect(on(kAiv0, [] { wait_flag_dev(16); }), 1001, "there is no flag 16; flags are 0 to 15");
  expect(on(kAiv0, [] { wait_flag_dev(-1); }), 1001, "there is no flag -1");
}

#if __NPU_ARCH__ != 2201
TEST_F(CrossCoreTest, IntraBlockFlagsTellTheAivsApart) {
  std::atomic<int> log{0};
  const KernelError error = Team(2, kAic | kAiv0 | kAiv1).run([&](const Team::Lane& me) {
    for (int round = 0; round < 10; ++round) {
      if (me.lane == kLaneAic) {
        set_intra_block(PIPE_FIX, 2);
        wait_intra_block(PIPE_FIX, 7);  // AIV0 answers
        set_intra_block(PIPE_FIX, 16 + 2);
        wait_intra_block(PIPE_FIX, 16 + 7);  // AIV1 answers
      } else {
        wait_intra_block(PIPE_V, 2);
        ++log;
        set_intra_block(PIPE_V, 7);
      }
    }
    get_buf(PIPE_V, 3);
    rls_buf(PIPE_V, 3);
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(log, 2 * 2 * 10);
  expect(Team(1, kAic | kAiv0 | kAiv1).run([](const Team::Lane& me) {
    if (me.lane == kLaneAic) set_intra_block(PIPE_FIX, 2);
    if (me.lane == kLaneAiv1) wait_intra_block(PIPE_V, 2);
  }),
         kDeadlock, "waits for flag 2 in WAIT_INTRA_BLOCK");
  expect(Team(1, kAic | kAiv0).run([](const Team::Lane& me) {
    if (me.lane == kLaneAic) set_intra_block(PIPE_FIX, 16);
  }),
         1001, "a lane that the task does not have");
  expect(Team(1, kAic | kAiv0).run([](const Team::Lane& me) {
    if (me.lane == kLaneAiv0) wait_intra_block(PIPE_V, 16);
  }),
         1001, "there is no flag 16; flags are 0 to 15");
}
#endif

TEST_F(CrossCoreTest, SyncAllMeetsTheCoresOfItsKind) {
  const auto aivs = [](const Team::Lane& a, const Team::Lane& b) { return a.lane != kLaneAic && b.lane != kLaneAic; };
  const auto aics = [](const Team::Lane& a, const Team::Lane& b) { return a.lane == kLaneAic && b.lane == kLaneAic; };
  const auto all = [](const Team::Lane&, const Team::Lane&) { return true; };
  constexpr uint8_t kMix = kAic | kAiv0 | kAiv1;
  EXPECT_EQ(broken_meetings(4, kMix, 20, [](const Team::Lane&) { SYNCALL(); }, aivs, wrong_), 0);
  EXPECT_EQ(broken_meetings(4, kMix, 20, [](const Team::Lane&) { SYNCALL<SyncCoreType::AICOnly>(); }, aics, wrong_), 0);
  EXPECT_EQ(broken_meetings(4, kMix, 20, [](const Team::Lane&) { SYNCALL<SyncCoreType::Mix>(); }, all, wrong_), 0);
  EXPECT_EQ(broken_meetings(6, kAiv0, 20, [](const Team::Lane&) { SYNCALL<SyncCoreType::Mix>(); }, all, wrong_), 0);
}

using Workspace = GlobalTensor<int32_t, Shape<1, 1, 1, 1, SYNCALL_SOFT_WORKSPACE_INT32>, Stride<16, 16, 16, 16, 1>>;

TEST_F(CrossCoreTest, SyncAllInItsFormsWithAWorkspace) {
  std::vector<int32_t> words(32, 0x5a5a5a5a);  // what lies in it does not matter
  const auto all = [](const Team::Lane&, const Team::Lane&) { return true; };
  const auto soft = [&](const Team::Lane&) {
    Workspace workspace(words.data());
    SYNCALL<SyncAllMode::Soft, SyncCoreType::Mix>(workspace);
  };
  const auto hard = [&](const Team::Lane&) {
    Workspace workspace(words.data());
    SYNCALL<SyncAllMode::Hard, SyncCoreType::Mix>(workspace, 1);
  };
  EXPECT_EQ(broken_meetings(3, kAic | kAiv0, 20, soft, all, wrong_), 0);
  EXPECT_EQ(broken_meetings(3, kAic | kAiv0, 20, hard, all, wrong_), 0);
  // Two groups of two and four cores meet through two workspaces.
  const auto halves = [&](const Team::Lane& me) {
    Workspace workspace(words.data() + (me.block < 2 ? 0 : 16));
    SYNCALL<SyncAllMode::Soft>(workspace, me.block < 2 ? 2 : 4);
  };
  const auto same_half = [](const Team::Lane& a, const Team::Lane& b) { return (a.block < 2) == (b.block < 2); };
  EXPECT_EQ(broken_meetings(6, kAiv0, 20, halves, same_half, wrong_), 0);
}

TEST_F(CrossCoreTest, SyncAllRefusesAWorkspaceThatIsTooSmallAndMoreCoresThanThereAre) {
  std::vector<int32_t> words(16);
  using Small = GlobalTensor<int32_t, Shape<1, 1, 1, 1, 15>, Stride<16, 16, 16, 16, 1>>;
  expect(Team(2, kAiv0).run([&](const Team::Lane&) {
    Small workspace(words.data());
    SYNCALL<SyncAllMode::Soft>(workspace);
  }),
         1001, "too small for a workspace; give it 16 elements");
  for (const int cores : {-1, 3}) {
    expect(Team(2, kAiv0).run([&](const Team::Lane&) {
      Workspace workspace(words.data());
      SYNCALL<SyncAllMode::Soft>(workspace, cores);
    }),
           1001, "cores are to meet, and the task has 2 of the kind");
  }
}

// ---- signals --------------------------------------------------------------------------------------------

TEST_F(CrossCoreTest, SignalsCarryWhatWasWrittenBefore) {
  int32_t words[2] = {};
  int data = 0;
  const KernelError error = Team(2, kAiv0).run([&](const Team::Lane& me) {
    Signal ping(words), pong(words + 1);
    for (int round = 1; round <= 50; ++round) {
      if (me.block == 0) {
        data = round;
        TNOTIFY(ping, 1, NotifyOp::AtomicAdd);
        TWAIT(pong, round, WaitCmp::EQ);
        wrong_ += data != -round;
      } else {
        TWAIT(ping, round, WaitCmp::GE);
        wrong_ += data != round;
        data = -round;
        TNOTIFY(pong, round, NotifyOp::Set);
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong_, 0);
  EXPECT_EQ(words[0], 50);
  EXPECT_EQ(words[1], 50);
}

TEST_F(CrossCoreTest, EveryElementOfASignalMatrixCounts) {
  int32_t words[3 * 4] = {};
  context_.launch = nullptr;  // signals need no task
  Signal2D<3, 4> all(words);
  EXPECT_TRUE(TTEST(all, 0, WaitCmp::EQ));
  words[7] = 5;
  EXPECT_FALSE(TTEST(all, 0, WaitCmp::EQ));
  EXPECT_TRUE(TTEST(all, 0, WaitCmp::GE));
  TNOTIFY(all, 2, NotifyOp::AtomicAdd);
  EXPECT_EQ(words[7], 7);
  EXPECT_EQ(words[0], 2);
  TNOTIFY(all, -3, NotifyOp::Set);
  EXPECT_TRUE(TTEST(all, -3, WaitCmp::EQ));
  // A view of the two middle columns.
  pto::comm::GlobalSignal middle(words + 1, {1, 1, 1, 3, 2}, {12, 12, 12, 4, 1});
  TNOTIFY(middle, 9, NotifyOp::Set);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(words[i], i % 4 == 1 || i % 4 == 2 ? 9 : -3) << i;
}

TEST_F(CrossCoreTest, SignalsCompareInEveryWay) {
  int32_t word = 0;
  Signal signal(&word);
  for (const int32_t value : {INT32_MIN, -1, 0, 1, 2, INT32_MAX}) {
    for (const int32_t against : {INT32_MIN, -1, 0, 1, 2, INT32_MAX}) {
      word = value;
      EXPECT_EQ(TTEST(signal, against, WaitCmp::EQ), value == against);
      EXPECT_EQ(TTEST(signal, against, WaitCmp::NE), value != against);
      EXPECT_EQ(TTEST(signal, against, WaitCmp::GT), value > against);
      EXPECT_EQ(TTEST(signal, against, WaitCmp::GE), value >= against);
      EXPECT_EQ(TTEST(signal, against, WaitCmp::LT), value < against);
      EXPECT_EQ(TTEST(signal, against, WaitCmp::LE), value <= against);
    }
  }
  EXPECT_EQ(host_.yields, 6 * 36);  // a loop around TTEST lets others run
}

TEST_F(CrossCoreTest, RefusesSignalsThatAreNone) {
  alignas(8) char bytes[8] = {};
  Signal signal(reinterpret_cast<int32_t*>(bytes + 2)), good(reinterpret_cast<int32_t*>(bytes));
  expect(error_of([&] { TNOTIFY(signal, 1, NotifyOp::Set); }), 1001, "not aligned to 4 bytes");
  expect(error_of([&] { TWAIT(good, 1, static_cast<WaitCmp>(6)); }), 1001, "there is no operation 6 on signals");
  expect(error_of([&] { TNOTIFY(good, 1, static_cast<NotifyOp>(2)); }), 1001, "there is no operation 2 on signals");
}

template <typename T>
void put_and_get(std::mt19937_64& random) {
  constexpr int kPitch = 50, kRows = 13, kCols = 21;
  std::vector<T> here(kRows * kPitch), there(kRows * kPitch), sum;
  for (T& x : here) x = random_element<T>(random, -4, 4);
  for (T& x : there) x = random_element<T>(random, -4, 4);
  using Tensor = GlobalTensor<T, Shape<1, 1, 1, kRows, kCols>, Stride<1, 1, 1, kPitch, 1>>;
  Tensor mine(here.data()), theirs(there.data());
  Tile<TileType::Vec, T, 8, 32> ping, pong;
  sum = there;
  const auto add = [](T a, T b) {
    if constexpr (is_float_element<T>) return T(static_cast<float>(round_float<T>(decode(a) + decode(b))));
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  };
  const auto inside = [](size_t i) { return i % kPitch < kCols; };
  for (size_t i = 0; i < sum.size(); ++i) {
    if (inside(i)) sum[i] = add(there[i], here[i]);
  }
  comm::TPUT<AtomicType::AtomicAdd>(theirs, mine, ping, pong);
  EXPECT_EQ(std::memcmp(there.data(), sum.data(), sum.size() * sizeof(T)), 0);
  const std::vector<T> before = here;
  comm::TGET(mine, theirs, ping);
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(std::memcmp(&here[i], inside(i) ? &sum[i] : &before[i], sizeof(T)), 0) << i;
  std::fill(there.begin(), there.end(), T(0));
  comm::TPUT(theirs, mine, ping);
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_EQ(decode(there[i]), inside(i) ? decode(sum[i]) : 0) << i;
}

TEST_F(CrossCoreTest, TensorsAreCopiedAndAddedToThoseOfOtherChips) {
  put_and_get<float>(random_);
  put_and_get<half>(random_);
  put_and_get<int32_t>(random_);
  std::vector<float> words(64);
  GlobalTensor<float, Shape<1, 1, 1, 2, 8>, Stride<1, 1, 1, 8, 1>> two(words.data());
  GlobalTensor<float, Shape<1, 1, 1, 3, 8>, Stride<1, 1, 1, 8, 1>> three(words.data() + 32);
  Tile<TileType::Vec, float, 8, 8> staging;
  expect(error_of([&] { comm::TPUT(two, three, staging); }), 1001, "have different extents");
}

// ---- without a runtime, and the hook --------------------------------------------------------------------

TEST_F(CrossCoreTest, AHostTestProgramIsToldWhatItWouldWaitFor) {
  set_current_core(nullptr);
  int32_t word = 0;
  Signal signal(&word);
  EXPECT_DEATH(TWAIT(signal, 3, WaitCmp::GE), "error 4005: the kernel waits for the signal at 0x[0-9a-f]+ to be >= 3 in TWAIT");
  EXPECT_DEATH(wait_flag_dev(2), "error 4005: the kernel waits for flag 2 in WAIT_FLAG_DEV");
  SYNCALL();  // it is alone
  ffts_cross_core_sync(PIPE_MTE3, config(0, 1));
  wait_flag_dev(1);
}

TEST_F(CrossCoreTest, TheHookSeesAllOfThem) {
  static std::vector<std::string> seen;
  seen.clear();
  LaunchSlot launch;
  context_.launch = &launch;
  context_.lanes = kAiv0;
  context_.lane = kLaneAiv0;
  set_instruction_hook([](const PtoInstruction& instruction, CoreContext&) { seen.push_back(op_name(instruction.op)); });
  int32_t words[16] = {};
  Signal signal(words);
  Workspace workspace(words);
  set_ffts_base_addr(0);
  ffts_cross_core_sync(PIPE_MTE3, config(0, 1));
  wait_flag_dev(1);
  SYNCALL();
  SYNCALL<SyncAllMode::Soft>(workspace);
  TNOTIFY(signal, 1, NotifyOp::Set);
  TWAIT(signal, 1, WaitCmp::EQ);
  TTEST(signal, 1, WaitCmp::EQ);
  set_instruction_hook(nullptr);
  EXPECT_EQ(seen, (std::vector<std::string>{"SET_FFTS_BASE_ADDR", "FFTS_CROSS_CORE_SYNC", "WAIT_FLAG_DEV", "SYNCALL", "SYNCALL", "TNOTIFY",
                                            "TWAIT", "TTEST"}));
}

}  // namespace
}  // namespace tilewright::isa_test
