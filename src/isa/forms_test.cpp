// Forms that fewer programs use: collecting by comparison, indices in global memory, two destinations, the UB of other cores,
// asynchronous copies, control pipes.
#include <cmath>

#include "isa/hook.h"
#include "isa/team_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
class CollectTest : public IsaTest {};
TYPED_TEST_SUITE(CollectTest, AllElements);

TYPED_TEST(CollectTest, ColumnsThatCompareAreCollectedAndCounted) {
  using T = TypeParam;
  using Index = Tile<TileType::Vec, int32_t, 32, 64, BLayout::RowMajor, -1, -1>;
  using Count = Tile<TileType::Vec, uint32_t, 32, 1, BLayout::ColMajor, -1, -1>;
  using Key = Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor, -1, -1>;
  const auto check = [this]<CmpMode kMode>(auto src, bool one_key) {
    using Src = decltype(src);
    src.SetValidShape(this->pick(1, 32), this->pick(1, 64));
    Index dst(32, this->pick(1, 64));
    Count count(32, 1);
    Key key(one_key ? 1 : src.GetValidRow(), 1);
    TASSIGN(src, 0);
    TASSIGN(dst, 0x8000);
    TASSIGN(count, 0xc000);
    TASSIGN(key, 0xd000);
    for (int i = 0; i < Src::Numel; ++i) src.data()[i] = T(static_cast<float>(this->pick(0, 3)));
    for (int i = 0; i < 32; ++i) key.data()[i] = T(static_cast<float>(this->pick(0, 3)));
    if constexpr (is_float_element<T>) src.data()[0] = T(std::nanf(""));
    randomize(dst, this->random_);
    randomize(count, this->random_);
    const auto before = snapshot(dst);
    const int offset = this->pick(-100, 100);
    TGATHER<Index, Src, Key, Count, Index, kMode>(dst, src, key, count, dst, offset);
    for (int r = 0; r < src.GetValidRow(); ++r) {
      uint32_t found = 0;
      std::vector<int32_t> want(before.begin() + r * 64, before.begin() + r * 64 + 64);
      for (int c = 0; c < src.GetValidCol(); ++c) {
        if (!compares(kMode, decode(at(src, r, c)), decode(key.data()[one_key ? 0 : r]))) continue;
        if (static_cast<int>(found) < dst.GetValidCol()) want[found] = offset + c;
        ++found;
      }
      ASSERT_EQ(count.data()[r], found);
      for (int c = 0; c < 64; ++c) ASSERT_EQ(at(dst, r, c), want[static_cast<size_t>(c)]) << r << "," << c;
    }
  };
  for (const bool one_key : {true, false}) {
    check.template operator()<CmpMode::EQ>(NdTile<T>(1, 1), one_key);
    check.template operator()<CmpMode::NE>(DnTile<T>(1, 1), one_key);
    check.template operator()<CmpMode::LT>(NdTile<T>(1, 1), one_key);
    check.template operator()<CmpMode::LE>(NzTile<T>(1, 1), one_key);
    check.template operator()<CmpMode::GT>(NdTile<T>(1, 1), one_key);
    check.template operator()<CmpMode::GE>(NdTile<T>(1, 1), one_key);
  }
}

class FormsTest : public IsaTest {
 protected:
  FormsTest() : IsaTest(compiled_arch()) {}
  void expect(const KernelError& error, int code, const char* text) {
    EXPECT_EQ(error.code, code);
    EXPECT_NE(error.text.find(text), std::string::npos) << error.text;
  }
};

TEST_F(FormsTest, CollectingRefusesTooFewKeys) {
  NdTile<float> src(8, 8);
  NdTile<int32_t> dst(8, 8), count(8, 1);
  Tile<TileType::Vec, float, 2, 8> keys;
  TASSIGN(src, 0), TASSIGN(dst, 0x4000), TASSIGN(count, 0x8000), TASSIGN(keys, 0xc000);
  expect(error_of([&] {
           TGATHER<NdTile<int32_t>, NdTile<float>, decltype(keys), NdTile<int32_t>, NdTile<float>, CmpMode::GT>(dst, src, keys, count, src,
                                                                                                                0);
         }),
         1010, "TGATHER: rows 0..7 and columns 0..0 are needed of operand 2");
}

template <typename T, typename TileT>
void gather_through_global_indices(std::mt19937_64& random, TileT tile, Coalesce mode, bool outside) {
  constexpr int kRows = 20, kCols = 48, kPitch = 50;
  std::vector<T> table(kRows * kPitch);
  for (T& x : table) x = random_element<T>(random, -4, 4);
  const int rows = tile.GetValidRow(), cols = tile.GetValidCol();
  const int count = mode == Coalesce::Row ? kRows : kRows * kCols;
  std::vector<int32_t> indices(32 * 64);
  std::uniform_int_distribution<int> any(outside ? -5 : 0, outside ? count + 5 : count - 1);
  for (int32_t& i : indices) i = any(random);
  GlobalTensor<T, Shape<1, 1, 1, kRows, kCols>, Stride<1, 1, 1, kPitch, 1>> global(table.data());
  GlobalTensor<int32_t, Shape<1, 1, 1, -1, -1>, Stride<1, 1, 1, -1, 1>> by_element(indices.data(), {rows, cols}, {cols});
  GlobalTensor<int32_t, Shape<1, 1, 1, 1, -1>, Stride<1, 1, 1, 1, 1>> by_row(indices.data(), {rows});
  GlobalTensor<T, Shape<1, 1, 1, 1, 16>, Stride<1, 1, 1, 1, 1>> scratch(table.data());
  TASSIGN(tile, 0);
  randomize(tile, random);
  if (mode == Coalesce::Row) {
    if (outside) {
      MGATHER<Coalesce::Row, GatherOOB::Zero>(tile, global, by_row, scratch);
    } else {
      MGATHER<Coalesce::Row>(tile, global, by_row, scratch);
    }
  } else if (outside) {
    MGATHER<Coalesce::Elem, GatherOOB::Zero, GatherExec::Default>(tile, global, by_element, scratch);
  } else {
    MGATHER<Coalesce::Elem>(tile, global, by_element, scratch);
  }
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c) {
      const int i = indices[static_cast<size_t>(mode == Coalesce::Row ? r : r * cols + c)];
      T want(0);
      if (i >= 0 && i < count)
        want =
            mode == Coalesce::Row ? table[static_cast<size_t>(i * kPitch + c)] : table[static_cast<size_t>(i / kCols * kPitch + i % kCols)];
      const T got = at(tile, r, c);
      ASSERT_EQ(std::memcmp(&got, &want, sizeof(T)), 0) << r << "," << c << " index " << i;
    }
  }
}

TEST_F(FormsTest, TablesAreGatheredThroughIndicesInGlobalMemory) {
  for (const bool outside : {false, true}) {
    for (const Coalesce mode : {Coalesce::Row, Coalesce::Elem}) {
      gather_through_global_indices<float>(random_, NzTile<float, TileType::Mat>(pick(1, 32), pick(1, 48)), mode, outside);
      gather_through_global_indices<half>(random_, NzTile<half, TileType::Mat>(pick(1, 32), pick(1, 48)), mode, outside);
      gather_through_global_indices<int8_t>(random_, NdTile<int8_t>(pick(1, 32), pick(1, 48)), mode, outside);
      gather_through_global_indices<int64_t>(random_, NdTile<int64_t>(pick(1, 32), pick(1, 48)), mode, outside);
    }
  }
}

TEST_F(FormsTest, TooFewIndicesInGlobalMemoryAreRefused) {
  std::vector<float> table(64);
  std::vector<int32_t> indices(8);
  GlobalTensor<float, Shape<1, 1, 1, 8, 8>, Stride<1, 1, 1, 8, 1>> global(table.data());
  GlobalTensor<int32_t, Shape<1, 1, 1, 1, 7>, Stride<1, 1, 1, 1, 1>> seven(indices.data());
  NdTile<float> tile(8, 8);
  TASSIGN(tile, 0);
  expect(error_of([&] { MGATHER<Coalesce::Row>(tile, global, seven, global); }), 1001, "MGATHER: 8 indices are needed");
  indices[3] = 9;
  tile.SetValidShape(7, 8);
  expect(error_of([&] { MGATHER<Coalesce::Row>(tile, global, seven, global); }), 1010, "index 9 at (3, 0) is outside 0 to 7");
}

TEST_F(FormsTest, OneExtractFillsTwoTiles) {
  NdTile<half> src(32, 64);
  Tile<TileType::Mat, half, 16, 32, BLayout::ColMajor, 16, 32, SLayout::RowMajor> first, second;
  TASSIGN(src, 0);
  TASSIGN(first, 0);
  TASSIGN(second, 0x1000);
  randomize(src, random_);
  TEXTRACT(first, second, src, 0, 0, 16, 32);
  for (int r = 0; r < 16; ++r) {
    for (int c = 0; c < 32; ++c) {
      ASSERT_EQ(at(first, r, c).bits, at(src, r, c).bits);
      ASSERT_EQ(at(second, r, c).bits, at(src, r + 16, c + 32).bits);
    }
  }
  expect(error_of([&] { TEXTRACT(first, second, src, 0, 0, 17, 0); }), 1010, "TEXTRACT_V2M: rows 17..32");
  Tile<TileType::Mat, half, 32, 64, BLayout::ColMajor, 32, 64, SLayout::RowMajor> whole;
  TASSIGN(whole, 0x2000);
  TINSERT<TInsertMode::SPLIT2>(whole, src);
  for (int r = 0; r < 32; ++r)
    for (int c = 0; c < 64; ++c) ASSERT_EQ(at(whole, r, c).bits, at(src, r, c).bits);
  NdTile<half> corner(5, 7);
  TASSIGN(corner, 0x4000);
  randomize(corner, random_);
  TINSERT<TInsertMode::SPLIT4>(whole, corner, 3, 9);
  ASSERT_EQ(at(whole, 7, 15).bits, at(corner, 4, 6).bits);
  ASSERT_EQ(at(whole, 8, 15).bits, at(src, 8, 15).bits);
}

TEST_F(FormsTest, ExponentsMoveBetweenRowsAndBoxes) {
  Tile<TileType::Vec, float8_e8m0_t, 32, 32> rows;
  Tile<TileType::Vec, float8_e8m0_t, 32, 32, BLayout::RowMajor, 32, 32, SLayout::RowMajor, TileConfig::fractalMxSize> zz;
  Tile<TileType::Vec, float8_e8m0_t, 32, 32, BLayout::ColMajor, 32, 32, SLayout::ColMajor, TileConfig::fractalMxSize> nn;
  TASSIGN(rows, 0);
  TASSIGN(zz, 0x1000);
  TASSIGN(nn, 0x2000);
  for (int i = 0; i < 1024; ++i) rows.data()[i] = float8_e8m0_t::FromRaw(static_cast<uint8_t>(random_()));
  TMOV(zz, rows, rows);
  TMOV<1>(nn, rows, rows);
  for (int r = 0; r < 32; ++r) {
    for (int c = 0; c < 32; ++c) {
      ASSERT_EQ(zz.data()[r / 16 * 32 * 16 + c / 2 * 32 + r % 16 * 2 + c % 2].bits, rows.data()[r * 32 + c].bits);
      ASSERT_EQ(nn.data()[c / 16 * 32 * 16 + r / 2 * 32 + c % 16 * 2 + r % 2].bits, rows.data()[r * 32 + c].bits);
    }
  }
}

// ---- the UB of other cores ------------------------------------------------------------------------------

using AccTile = TileAcc<float, 32, 64>;
using Whole = Tile<TileType::Vec, half, 32, 64>;
using Upper = Tile<TileType::Vec, half, 16, 64>;
using LeftHalf = Tile<TileType::Vec, float, 32, 32>;

/// The cube core fills an Acc tile with r * 64 + c - 1000 and moves it; the vector cores check what they get after their wait.
template <typename Move, typename Check>
KernelError move_to_vectors(uint8_t lanes, Move move, Check check) {
  Team team(1, lanes);
  return team.run([&](const Team::Lane& lane) {
    if (lane.lane == kLaneAic) {
      AccTile acc;
      TASSIGN(acc, 0);
      for (int r = 0; r < 32; ++r)
        for (int c = 0; c < 64; ++c) acc.data()[tile_offset<AccTile>(r, c)] = static_cast<float>(r * 64 + c - 1000);
      move(acc);
      ffts_cross_core_sync(PIPE_FIX, 1 | 2 << 4 | 5 << 8);
      return;
    }
    wait_flag_dev(5);
    check(lane.lane == kLaneAiv0 ? 0 : 1);
  });
}

TEST_F(FormsTest, AProductGoesToTheUbOfOneVectorCore) {
  std::atomic<int> wrong{0};
  const auto check = [&](int wanted) {
    return [&wrong, wanted](int aiv) {
      Whole tile;
      TASSIGN(tile, 0x800);
      for (int i = 0; i < Whole::Numel; ++i)
        wrong += decode(tile.data()[i]) != (aiv == wanted ? round_float<half>(std::fmax(i - 1000, 0)) : 0);
    };
  };
  KernelError error = move_to_vectors(
      kAic | kAiv0 | kAiv1,
      [](AccTile& acc) {
        Whole tile;
        TASSIGN(tile, 0x800);
        TMOV<Whole, AccTile, AccToVecMode::SingleModeVec1, ReluPreMode::NormalRelu>(tile, acc);
      },
      check(1));
  EXPECT_EQ(error.code, 0) << error.text;
  error = move_to_vectors(
      kAic | kAiv0 | kAiv1,
      [](AccTile& acc) {
        Whole tile;
        TASSIGN(tile, 0x800);
        TMOV<STPhase::Final, Whole, AccTile, AccToVecMode::SingleModeVec0, ReluPreMode::NormalRelu>(tile, acc);
      },
      check(0));
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong, 0);
  error = move_to_vectors(
      kAic | kAiv0,
      [](AccTile& acc) {
        Whole tile;
        TASSIGN(tile, 0x800);
        TMOV<Whole, AccTile, AccToVecMode::SingleModeVec1>(tile, acc);
      },
      check(0));
  expect(error, 1001, "TMOV_A2V: the task has no lane AIV1");
}

TEST_F(FormsTest, AProductIsSplitAmongTheVectorCores) {
  std::atomic<int> wrong{0};
  KernelError error = move_to_vectors(
      kAic | kAiv0 | kAiv1,
      [](AccTile& acc) {
        Upper tile;
        TASSIGN(tile, 0x400);
        TMOV<Upper, AccTile, AccToVecMode::DualModeSplitM>(tile, acc);
        LeftHalf columns;
        TASSIGN(columns, 0x4000);
        TEXTRACT<LeftHalf, AccTile, AccToVecMode::DualModeSplitN>(columns, acc, 0, 0);
        LeftHalf inserted;
        TASSIGN(inserted, 0x8000);
        TileAcc<float, 32, 64, 10, 40> part;
        TASSIGN(part, 0);
        TINSERT<LeftHalf, decltype(part), AccToVecMode::DualModeSplitN>(inserted, part, 3, 5);
      },
      [&](int aiv) {
        Upper tile;
        TASSIGN(tile, 0x400);
        for (int i = 0; i < Upper::Numel; ++i) wrong += decode(tile.data()[i]) != round_float<half>(aiv * 16 * 64 + i - 1000);
        LeftHalf columns, inserted;
        TASSIGN(columns, 0x4000);
        TASSIGN(inserted, 0x8000);
        for (int r = 0; r < 32; ++r) {
          for (int c = 0; c < 32; ++c) {
            wrong += at(columns, r, c) != static_cast<float>(r * 64 + c + aiv * 32 - 1000);
            const bool covered = r >= 3 && r < 13 && c >= 5 && c < 25;
            wrong += at(inserted, r, c) != (covered ? static_cast<float>((r - 3) * 64 + c - 5 + aiv * 20 - 1000) : 0.0f);
          }
        }
      });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(wrong, 0);
}

TEST_F(FormsTest, OnlyTheCubeCoreGivesAndAHostProgramKeepsAiv0sHalf) {
  AccTile acc;
  Upper tile;
  TASSIGN(acc, 0);
  TASSIGN(tile, 0);
  randomize(acc, random_);
  const auto move = [&] { TMOV<Upper, AccTile, AccToVecMode::DualModeSplitM>(tile, acc); };
  move();  // this core is no lane
  for (int r = 0; r < 16; ++r)
    for (int c = 0; c < 64; ++c) ASSERT_EQ(decode(at(tile, r, c)), round_float<half>(decode(at(acc, r, c))));
  context_.lane = kLaneAiv0;
  expect(error_of(move), 1001, "a vector core has no Acc tiles to give");
  context_.lane = -1;
  Tile<TileType::Vec, float, 32, 64> large;
  TASSIGN(large, 0);
  expect(error_of([&] { TMOV<decltype(large), AccTile, AccToVecMode::DualModeSplitM>(large, acc); }), 1010, "rows 0..63");
}

// ---- asynchronous copies and hints ----------------------------------------------------------------------

TEST_F(FormsTest, AsynchronousCopiesAreCompleteAndNeedASession) {
  std::vector<float> here(256), there(256);
  for (float& x : here) x = random_element<float>(random_, -4, 4);
  using Tensor = GlobalTensor<float, Shape<1, 1, 1, 8, 16>, Stride<1, 1, 1, 20, 1>>;
  Tensor mine(here.data()), theirs(there.data());
  Tile<TileType::Vec, uint8_t, 1, 256> scratch;
  comm::AsyncSession session;
  expect(error_of([&] { comm::TPUT_ASYNC(theirs, mine, session); }), 1001, "the session was not built; call BuildAsyncSession first");
  ASSERT_TRUE(comm::BuildAsyncSession(scratch, nullptr, session));
  comm::AsyncEvent event = comm::TPUT_ASYNC(theirs, mine, session);
  EXPECT_TRUE(event.Test(session) && event.Wait(session) && event.Wait());
  for (int i = 0; i < 256; ++i) ASSERT_EQ(there[static_cast<size_t>(i)], i < 160 && i % 20 < 16 ? here[static_cast<size_t>(i)] : 0) << i;
  for (float& x : there) x += 1;
  event = comm::TGET_ASYNC<comm::DmaEngine::SDMA>(mine, theirs, session, 3u);
  EXPECT_TRUE(event.Test());
  EXPECT_EQ(here[0], there[0]);
  expect(error_of([&] { comm::TGET_ASYNC<comm::DmaEngine::URMA>(mine, theirs, session); }), 1001, "built for another engine");
  EXPECT_FALSE(comm::AsyncEvent().Wait());
  // Hints: seen by the hook, and nothing changes.
  static std::vector<std::string> seen;
  seen.clear();
  set_instruction_hook([](const PtoInstruction& instruction, CoreContext&) { seen.push_back(op_name(instruction.op)); });
  NdTile<float> tile(8, 16);
  TASSIGN(tile, 0);
  randomize(tile, random_);
  const auto before = snapshot(tile);
  PrefetchAsyncContext context;
  TPREFETCH(tile, mine);
  EXPECT_TRUE(TPREFETCH_ASYNC(mine, context).Wait());
  comm::TPUT_ASYNC(theirs, mine, session);
  set_instruction_hook(nullptr);
  EXPECT_EQ(seen, (std::vector<std::string>{"TPREFETCH", "TPREFETCH_ASYNC", "TPUT_ASYNC"}));
  EXPECT_EQ(std::memcmp(tile.data(), before.data(), before.size() * sizeof(float)), 0);
}

TEST_F(FormsTest, AControlPipeTellsTheCubeCoreWhatToDo) {
  using Pipe = TPipe<1, DIR_V2C_CTRL, 64, 2>;
  using Words = Tile<TileType::Vec, int32_t, 1, 16>;
  using Control = Tile<TileType::Ctrl, int32_t, 1, 16>;
  std::vector<int> seen;
  Team team(1, kAic | kAiv0);
  const KernelError error = team.run([&](const Team::Lane& lane) {
    Pipe pipe(nullptr, 0, 0, 0x100);
    for (int n = 0; n < 5; ++n) {
      if (lane.lane == kLaneAiv0) {
        Words words;
        TASSIGN(words, 0);
        TEXPANDS(words, n * 3);
        TPUSH<Pipe, Words, TILE_NO_SPLIT>(pipe, words);
      } else {
        Control control;
        TPOP<Pipe, Control, TILE_NO_SPLIT>(pipe, control);
        seen.push_back(control.GetValue(7));
        TFREE<Pipe, TILE_NO_SPLIT>(pipe);
      }
    }
  });
  EXPECT_EQ(error.code, 0) << error.text;
  EXPECT_EQ(seen, (std::vector<int>{0, 3, 6, 9, 12}));
}

}  // namespace
}  // namespace tilewright::isa_test
