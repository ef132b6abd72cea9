// Moves between global memory and tiles, and between tiles, in every arrangement; padding, views, transposition.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

template <typename T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <typename T>
class MoveTest : public IsaTest {
 protected:
  template <typename Tile>
  void place(Tile& tile, uint64_t address) {
    TASSIGN(tile, address);
    randomize(tile, random_);
  }

  /// dst(dst_row + i, dst_col + j) = src(src_row + i, src_col + j) for the given extent, and everything else as before.
  template <typename Dst, typename Src>
  void expect_copied(const Dst& dst, const std::vector<typename Dst::DType>& before, const Src& src, int dst_row, int dst_col, int src_row,
                     int src_col, int rows, int cols) {
    for (int r = 0; r < Dst::Rows; ++r) {
      for (int c = 0; c < Dst::Cols; ++c) {
        const int i = r - dst_row, j = c - dst_col;
        const bool copied = i >= 0 && i < rows && j >= 0 && j < cols;
        const auto want = copied ? at(src, src_row + i, src_col + j) : before[tile_offset<Dst>(r, c)];
        ASSERT_TRUE(same_bits(at(dst, r, c), want)) << r << "," << c;
      }
    }
  }

  template <typename Tile, typename Global>
  void expect_equal(const Tile& tile, const Global& global, int rows, int cols) {
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) ASSERT_TRUE(same_bits(at(tile, r, c), global.data()[global_offset(global, r, c)])) << r << "," << c;
    }
  }

  /// Loads a random region of a global tensor into a tile, stores it to another one, and compares both.
  template <typename TileT, typename Global>
  void check_load_and_store(Global global) {
    int rows = 0, cols = 0;
    if (Global::layout == Layout::ND)
      rows = static_cast<int>(global.GetShape(0) * global.GetShape(1) * global.GetShape(2) * global.GetShape(3)),
      cols = static_cast<int>(global.GetShape(4));
    if (Global::layout == Layout::DN)
      cols = static_cast<int>(global.GetShape(0) * global.GetShape(1) * global.GetShape(2) * global.GetShape(4)),
      rows = static_cast<int>(global.GetShape(3));
    if (Global::layout == Layout::NZ)
      rows = static_cast<int>(global.GetShape(2) * global.GetShape(3)),
      cols = static_cast<int>(global.GetShape(0) * global.GetShape(1) * global.GetShape(4));
    ASSERT_LE(rows, 32);
    ASSERT_LE(cols, 64);
    for (auto& element : memory_a_) element = random_element<T>(random_, -4, 4);
    memory_b_ = memory_a_;
    for (auto& element : memory_b_) element = T(1);
    Global source(memory_a_.data(), shape_of(global), stride_of(global));
    Global target(memory_b_.data(), shape_of(global), stride_of(global));
    TileT tile(rows, cols);
    place(tile, 0x400);
    const auto before = snapshot(tile);
    TLOAD(tile, source);
    expect_equal(tile, source, rows, cols);
    for (int r = 0; r < TileT::Rows; ++r) {
      for (int c = 0; c < TileT::Cols; ++c) {
        if (r >= rows || c >= cols) {
          ASSERT_TRUE(same_bits(at(tile, r, c), before[tile_offset<TileT>(r, c)]));
        }
      }
    }
    TSTORE(target, tile);
    std::vector<T> want(memory_b_.size(), T(1));
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < cols; ++c) want[global_offset(target, r, c)] = memory_a_[global_offset(source, r, c)];
    }
    for (size_t i = 0; i < want.size(); ++i) ASSERT_TRUE(same_bits(memory_b_[i], want[i])) << i;
  }

  using FiveShape = Shape<>;
  using FiveStride = Stride<>;
  template <typename G>
  static FiveShape shape_of(const G& g) {
    return {g.GetShape(0), g.GetShape(1), g.GetShape(2), g.GetShape(3), g.GetShape(4)};
  }
  template <typename G>
  static FiveStride stride_of(const G& g) {
    return {g.GetStride(0), g.GetStride(1), g.GetStride(2), g.GetStride(3), g.GetStride(4)};
  }

  using Nd = GlobalTensor<T, FiveShape, FiveStride, Layout::ND>;
  using Dn = GlobalTensor<T, FiveShape, FiveStride, Layout::DN>;
  using Nz = GlobalTensor<T, FiveShape, FiveStride, Layout::NZ>;

  Nd random_nd() {
    const int cols = pick(1, 64), s3 = pick(1, 4), s2 = pick(1, 3), s1 = pick(1, 2), s0 = 1;
    const int pad = pick(0, 3);
    const int64_t t4 = 1, t3 = cols + pad, t2 = s3 * t3 + pad, t1 = s2 * t2, t0 = s1 * t1 + pad;
    return Nd(nullptr, FiveShape(s0, s1, s2, s3, cols), FiveStride(t0, t1, t2, t3, t4));
  }
  Dn random_dn() {
    const int rows = pick(1, 32), s4 = pick(1, 4), s2 = pick(1, 3), s1 = pick(1, 3), s0 = pick(1, 1);
    const int64_t t3 = 1, t4 = rows + pick(0, 3), t2 = s4 * t4, t1 = s2 * t2, t0 = s1 * t1;
    return Dn(nullptr, FiveShape(s0, s1, s2, rows, s4), FiveStride(t0, t1, t2, t3, t4));
  }
  Nz random_nz() {
    const int c0 = std::min<int>(64, 32 / static_cast<int>(sizeof(T))), blocks = pick(1, 64 / c0), row_blocks = pick(1, 2);
    const int64_t t4 = 1, t3 = c0, t2 = 16 * c0, t1 = row_blocks * t2 + pick(0, 1) * 64, t0 = blocks * t1;
    return Nz(nullptr, FiveShape(1, blocks, row_blocks, 16, c0), FiveStride(t0, t1, t2, t3, t4));
  }

  std::vector<T> memory_a_ = std::vector<T>(8192);
  std::vector<T> memory_b_;
};

TYPED_TEST_SUITE(MoveTest, AllElements);

TYPED_TEST(MoveTest, LoadsAndStoresEveryLayoutInEveryArrangement) {
  using T = TypeParam;
  for (int trial = 0; trial < 4; ++trial) {
    this->template check_load_and_store<NdTile<T>>(this->random_nd());
    this->template check_load_and_store<DnTile<T>>(this->random_nd());
    this->template check_load_and_store<DnTile<T>>(this->random_dn());
    this->template check_load_and_store<NdTile<T>>(this->random_dn());
    this->template check_load_and_store<NzTile<T>>(this->random_nz());
    this->template check_load_and_store<NzTile<T, TileType::Mat>>(this->random_nd());
    this->template check_load_and_store<ZnTile<T, TileType::Mat>>(this->random_dn());
    this->template check_load_and_store<ZzTile<T, TileType::Mat>>(this->random_nz());
    this->template check_load_and_store<NnTile<T, TileType::Mat>>(this->random_nd());
  }
}

TYPED_TEST(MoveTest, LoadFillsThePaddingOfATileTypeThatHasAPadValue) {
  using T = TypeParam;
  using G = GlobalTensor<T, Shape<1, 1, 1, 5, 7>, Stride<1, 1, 1, 7, 1>>;
  const auto check = [this](auto tile, double want) {
    for (auto& element : this->memory_a_) element = random_element<T>(this->random_, -4, 4);
    G global(this->memory_a_.data());
    this->place(tile, 0);
    TLOAD(tile, global);
    this->expect_equal(tile, global, 5, 7);
    for (int r = 0; r < 32; ++r) {
      for (int c = 0; c < 64; ++c) {
        if (r >= 5 || c >= 7) {
          ASSERT_EQ(decode(at(tile, r, c)), want) << r << "," << c;
        }
      }
    }
  };
  check(Tile<TileType::Vec, T, 32, 64, BLayout::RowMajor, 5, 7, SLayout::NoneBox, 512, PadValue::Zero>(), 0);
  check(Tile<TileType::Mat, T, 32, 64, BLayout::ColMajor, 5, 7, SLayout::RowMajor, 512, PadValue::Zero>(), 0);
  if constexpr (sizeof(T) < 8) {
    const double max = is_float_element<T> ? HUGE_VAL : decode(std::numeric_limits<T>::max());
    const double min = is_float_element<T> ? -HUGE_VAL : decode(std::numeric_limits<T>::lowest());
    check(Tile<TileType::Vec, T, 32, 64, BLayout::RowMajor, 5, 7, SLayout::NoneBox, 512, PadValue::Max>(), max);
    check(Tile<TileType::Vec, T, 32, 64, BLayout::ColMajor, 5, 7, SLayout::NoneBox, 512, PadValue::Min>(), min);
    constexpr PadValue kThree = std::is_same_v<T, float>        ? PadCustom<3.0f>
                                : std::is_same_v<T, half>       ? PadValueCustom(half(3))
                                : std::is_same_v<T, bfloat16_t> ? PadValueCustom(bfloat16_t(3))
                                                                : PadValueCustom(int32_t{3});
    check(Tile<TileType::Vec, T, 32, 64, BLayout::RowMajor, 5, 7, SLayout::NoneBox, 512, kThree>(), 3);
  }
}

TYPED_TEST(MoveTest, AddsAtomicallyToGlobalMemory) {
  using T = TypeParam;
  using G = GlobalTensor<T, Shape<1, 1, 1, -1, -1>, Stride<1, 1, 1, 70, 1>>;
  NdTile<T> tile(this->pick(1, 32), this->pick(1, 64));
  this->place(tile, 0);
  for (auto& element : this->memory_a_) element = random_element<T>(this->random_, -4, 4);
  const auto before = this->memory_a_;
  G global(this->memory_a_.data(), {tile.GetValidRow(), tile.GetValidCol()});
  TSTORE<NdTile<T>, G, AtomicType::AtomicAdd>(global, tile);
  for (int64_t i = 0; i < static_cast<int64_t>(before.size()); ++i) {
    const int64_t r = i / 70, c = i % 70;
    T want = before[i];
    if (r < tile.GetValidRow() && c < tile.GetValidCol()) {
      if constexpr (is_float_element<T>) {
        want = T(static_cast<float>(round_float<T>(decode(want) + decode(at(tile, r, c)))));
      } else {
        want = static_cast<T>(static_cast<std::make_unsigned_t<T>>(want) + static_cast<std::make_unsigned_t<T>>(at(tile, r, c)));
      }
    }
    ASSERT_TRUE(same_bits(this->memory_a_[i], want)) << i;
  }
}

TYPED_TEST(MoveTest, MovesTilesBetweenArrangements) {
  using T = TypeParam;
  const auto check = [this](auto dst, auto src) {
    this->place(dst, 0x0);
    this->place(src, 0x8000);
    dst.SetValidShape(this->pick(1, 32), this->pick(1, 64));
    const auto before = snapshot(dst);
    TMOV(dst, src);
    this->expect_copied(dst, before, src, 0, 0, 0, 0, dst.GetValidRow(), dst.GetValidCol());
  };
  check(NdTile<T>(1, 1), NdTile<T>(1, 1));
  check(NzTile<T>(1, 1), NdTile<T>(1, 1));
  check(ZnTile<T>(1, 1), NdTile<T>(1, 1));
  check(NdTile<T>(1, 1), DnTile<T>(1, 1));
  check(NzTile<T, TileType::Mat>(1, 1), NdTile<T>(1, 1));
  check(ZzTile<T, TileType::Left>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  check(NzTile<T, TileType::Left>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  check(ZnTile<T, TileType::Right>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  check(ZnTile<T, TileType::Right>(1, 1), ZnTile<T, TileType::Mat>(1, 1));
}

TYPED_TEST(MoveTest, ExtractsAndInsertsPartsOfATile) {
  using T = TypeParam;
  const auto check = [this](auto part, auto whole) {
    this->place(part, 0x0);
    this->place(whole, 0x8000);
    const int rows = this->pick(1, 32), cols = this->pick(1, 64), row = this->pick(0, 32 - rows), col = this->pick(0, 64 - cols);
    part.SetValidShape(rows, cols);
    const auto before = snapshot(part);
    TEXTRACT(part, whole, static_cast<uint16_t>(row), static_cast<uint16_t>(col));
    this->expect_copied(part, before, whole, 0, 0, row, col, rows, cols);
  };
  check(NdTile<T>(1, 1), NdTile<T>(1, 1));
  check(ZnTile<T, TileType::Right>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  check(NzTile<T, TileType::Left>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  check(NzTile<T, TileType::Mat>(1, 1), NdTile<T>(1, 1));
  const auto insert = [this](auto part, auto whole) {
    this->place(part, 0x0);
    this->place(whole, 0x8000);
    const int rows = this->pick(1, 32), cols = this->pick(1, 64), row = this->pick(0, 32 - rows), col = this->pick(0, 64 - cols);
    part.SetValidShape(rows, cols);
    const auto before = snapshot(whole);
    TINSERT(whole, part, static_cast<uint16_t>(row), static_cast<uint16_t>(col));
    this->expect_copied(whole, before, part, row, col, 0, 0, rows, cols);
  };
  insert(NdTile<T>(1, 1), NdTile<T>(1, 1));
  insert(NdTile<T>(1, 1), NzTile<T, TileType::Mat>(1, 1));
  insert(DnTile<T>(1, 1), NzTile<T>(1, 1));
}

TYPED_TEST(MoveTest, Transposes) {
  using T = TypeParam;
  using Turned = Tile<TileType::Vec, T, 64, 32, BLayout::RowMajor, -1, -1>;
  const auto check = [this](auto dst, auto src) {
    this->place(dst, 0x0);
    this->place(src, 0x8000);
    src.SetValidShape(this->pick(1, 32), this->pick(1, 64));
    const auto before = snapshot(dst);
    TTRANS(dst, src, src);
    for (int r = 0; r < 64; ++r) {
      for (int c = 0; c < 32; ++c) {
        const bool inside = c < src.GetValidRow() && r < src.GetValidCol();
        const T want = inside ? at(src, c, r) : before[tile_offset<decltype(dst)>(r, c)];
        ASSERT_TRUE(same_bits(at(dst, r, c), want)) << r << "," << c;
      }
    }
  };
  check(Turned(1, 1), NdTile<T>(1, 1));
  check(Turned(1, 1), NzTile<T>(1, 1));
}

TYPED_TEST(MoveTest, FillsThePadding) {
  using T = TypeParam;
  if constexpr (sizeof(T) < 8) {
    using Small = NdTile<T>;
    using Padded = Tile<TileType::Vec, T, 32, 64, BLayout::RowMajor, -1, -1, SLayout::NoneBox, 512, PadValue::Max>;
    using Large = Tile<TileType::Vec, T, 64, 96, BLayout::RowMajor, -1, -1, SLayout::NoneBox, 512, PadValue::Min>;
    const double max = is_float_element<T> ? HUGE_VAL : decode(std::numeric_limits<T>::max());
    const double min = is_float_element<T> ? -HUGE_VAL : decode(std::numeric_limits<T>::lowest());
    Small src(this->pick(1, 32), this->pick(1, 64));
    this->place(src, 0x0);
    const auto expect_padded = [&](const auto& dst, double pad) {
      for (int r = 0; r < dst.Rows; ++r) {
        for (int c = 0; c < dst.Cols; ++c) {
          const bool inside = r < src.GetValidRow() && c < src.GetValidCol();
          if (inside) {
            ASSERT_TRUE(same_bits(at(dst, r, c), at(src, r, c)));
          }
          if (!inside) {
            ASSERT_EQ(decode(at(dst, r, c)), pad) << r << "," << c;
          }
        }
      }
    };
    Padded padded(32, 64);
    this->place(padded, 0x8000);
    TFILLPAD(padded, src);
    expect_padded(padded, max);
    Large large(64, 96);
    this->place(large, 0x8000);
    TFILLPAD_EXPAND(large, src);
    expect_padded(large, min);
    TFILLPAD<TFillPadMode::Expand>(large, src);
    expect_padded(large, min);
    Small same(32, 64);
    this->place(same, 0x8000);
    TFILLPAD(same, src);
    expect_padded(same, 0);
    TFILLPAD<Small, PadValue::Min>(same, src);
    expect_padded(same, min);
    Padded in_place(32, 64);
    TASSIGN(in_place, src.data());
    const auto contents = snapshot(src);
    TFILLPAD_INPLACE(in_place, src);
    for (int r = 0; r < src.GetValidRow(); ++r) {
      for (int c = 0; c < src.GetValidCol(); ++c) ASSERT_TRUE(same_bits(at(in_place, r, c), contents[r * 64 + c]));
    }
    expect_padded(in_place, max);
  }
}

class MoveFromAcc : public IsaTest {};

TEST_F(MoveFromAcc, ConvertsAndClampsOnTheWayOut) {
  using Acc = TileAcc<float, 32, 64, -1, -1>;
  Acc acc(27, 50);
  TASSIGN(acc, 0x400);
  randomize(acc, random_, -1e5, 1e5);
  const auto check = [&](auto zero, auto relu) {
    using T = decltype(zero);
    constexpr bool kRelu = decltype(relu)::value;
    const auto want = [&](int r, int c) {
      const double x = round_float<T>(decode(at(acc, r, c)));
      return kRelu ? std::fmax(x, 0) : x;
    };
    std::vector<T> memory(32 * 70, T(7.0f));
    using G = GlobalTensor<T, Shape<1, 1, 1, 27, 50>, Stride<1, 1, 1, 70, 1>>;
    G global(memory.data());
    if constexpr (kRelu) {
      TSTORE<Acc, G, AtomicType::AtomicNone, ReluPreMode::NormalRelu>(global, acc);
    } else {
      TSTORE(global, acc);
    }
    NzTile<T, TileType::Mat> mat(27, 50);
    TASSIGN(mat, 0);
    NdTile<T> vec(20, 40);
    TASSIGN(vec, 0);
    if constexpr (kRelu) {
      TMOV<decltype(mat), Acc, ReluPreMode::NormalRelu>(mat, acc);
      TEXTRACT<decltype(vec), Acc, ReluPreMode::NormalRelu>(vec, acc, 3, 5);
    } else {
      TMOV(mat, acc);
      TEXTRACT(vec, acc, 3, 5);
    }
    for (int i = 0; i < 32 * 70; ++i) {
      const int r = i / 70, c = i % 70;
      ASSERT_EQ(decode(memory[i]), r < 27 && c < 50 ? want(r, c) : 7.0) << r << "," << c;
    }
    for (int r = 0; r < 27; ++r) {
      for (int c = 0; c < 50; ++c) ASSERT_EQ(decode(at(mat, r, c)), want(r, c));
    }
    for (int r = 0; r < 20; ++r) {
      for (int c = 0; c < 40; ++c) ASSERT_EQ(decode(at(vec, r, c)), want(r + 3, c + 5));
    }
    NdTile<T> target(32, 64);
    TASSIGN(target, 0x8000);
    Acc part(10, 11);
    TASSIGN(part, 0x400);
    TINSERT(target, part, 2, 3);
    for (int r = 0; r < 10; ++r) {
      for (int c = 0; c < 11; ++c) ASSERT_EQ(decode(at(target, r + 2, c + 3)), round_float<T>(decode(at(acc, r, c))));
    }
  };
  check(0.0f, std::false_type{});
  check(half(0), std::false_type{});
  check(bfloat16_t(0), std::false_type{});
  check(0.0f, std::true_type{});
  check(half(0), std::true_type{});
  check(bfloat16_t(0), std::true_type{});
}

TEST_F(MoveFromAcc, StoresInNzAndAddsWithConversion) {
  TileAcc<float, 32, 32> acc;
  TASSIGN(acc, 0);
  randomize(acc, random_);
  std::vector<half> memory(32 * 32, half(1));
  using G = GlobalTensor<half, TileShape2D<half, 32, 32, Layout::NZ>, BaseShape2D<half, 32, 32, Layout::NZ>, Layout::NZ>;
  G global(memory.data());
  TSTORE<STPhase::Final, decltype(acc), G, AtomicType::AtomicAdd>(global, acc);
  for (int r = 0; r < 32; ++r) {
    for (int c = 0; c < 32; ++c) {
      const double want = round_float<half>(1 + round_float<half>(decode(at(acc, r, c))));
      ASSERT_EQ(decode(memory[c / 16 * 512 + r * 16 + c % 16]), want);
    }
  }
}

TEST_F(MoveFromAcc, BiasWidensToF32) {
  Tile<TileType::Mat, half, 1, 64, BLayout::RowMajor, 1, -1> mat(40);
  Tile<TileType::Bias, float, 1, 64, BLayout::RowMajor, 1, -1> bias(40);
  TASSIGN(mat, 0);
  TASSIGN(bias, 0);
  randomize(mat, random_);
  TMOV(bias, mat);
  for (int c = 0; c < 40; ++c) ASSERT_EQ(decode(bias.data()[c]), decode(mat.data()[c]));
}

class Views : public IsaTest {};

TEST_F(Views, ReshapeSharesBytes) {
  Tile<TileType::Vec, float, 16, 8> a;
  Tile<TileType::Vec, float, 1, 128> b;
  Tile<TileType::Vec, half, 16, 16> c;
  TASSIGN(a, 0x100);
  randomize(a, random_);
  TRESHAPE(b, a);
  TRESHAPE(c, a);
  EXPECT_EQ(static_cast<void*>(b.data()), static_cast<void*>(a.data()));
  EXPECT_EQ(static_cast<void*>(c.data()), static_cast<void*>(a.data()));
  b.SetValue(127, 5.0f);
  EXPECT_EQ(a.GetValue(127), 5.0f);
}

TEST_F(Views, SubviewStartsAtTheElementInEveryArrangement) {
  const auto check = [this](auto whole, auto view, int row, int col) {
    TASSIGN(whole, 0);
    randomize(whole, random_);
    TSUBVIEW(view, whole, static_cast<uint16_t>(row), static_cast<uint16_t>(col));
    for (int r = 0; r < view.GetValidRow(); ++r) {
      for (int c = 0; c < view.GetValidCol(); ++c) ASSERT_EQ(at(view, r, c), at(whole, row + r, col + c)) << r << "," << c;
    }
  };
  check(NdTile<int16_t>(32, 64), NdTile<int16_t>(7, 9), 5, 11);
  check(DnTile<int16_t>(32, 64), DnTile<int16_t>(7, 9), 5, 11);
  check(NzTile<int16_t>(32, 64), NzTile<int16_t>(16, 20), 16, 32);
  check(NzTile<int16_t>(32, 64), NzTile<int16_t>(9, 20), 3, 32);
  check(ZnTile<int16_t>(32, 64), ZnTile<int16_t>(16, 20), 16, 32);
  check(ZzTile<int16_t>(32, 64), ZzTile<int16_t>(16, 20), 16, 32);
  check(NnTile<int16_t>(32, 64), NnTile<int16_t>(16, 20), 16, 32);
  check(NdTile<int16_t>(32, 64), Tile<TileType::Vec, int16_t, 4, 64>(), 8, 0);
}

TEST_F(Views, SubviewRefusesWhatItCannotExpress) {
  NdTile<int16_t> whole(32, 64);
  NzTile<int16_t> boxed(32, 64);
  ZzTile<int16_t> zigzag(32, 64), part(4, 4);
  TASSIGN(whole, 0);
  TASSIGN(boxed, 0);
  TASSIGN(zigzag, 0);
  NdTile<int16_t> view(8, 8);
  EXPECT_EQ(error_of([&] { TSUBVIEW(view, whole, 25, 0); }).code, 1010);
  Tile<TileType::Vec, int16_t, 4, 16> narrow;
  const KernelError stride = error_of([&] { TSUBVIEW(narrow, whole, 0, 0); });
  EXPECT_EQ(stride.code, 1001);
  EXPECT_NE(stride.text.find("different strides"), std::string::npos) << stride.text;
  const KernelError box = error_of([&] { TSUBVIEW(part, zigzag, 3, 0); });
  EXPECT_NE(box.text.find("not the corner of a 16x16 box"), std::string::npos) << box.text;
}

class MoveBits : public IsaTest {};

TEST_F(MoveBits, LoadAndStoreKeepTheBitsOfAnotherTypeOfTheSameSize) {
  std::vector<uint16_t> in(256), out(256);
  for (auto& bits : in) bits = static_cast<uint16_t>(random_());
  using G = GlobalTensor<uint16_t, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
  G source(in.data()), target(out.data());
  Tile<TileType::Vec, half, 16, 16> tile;
  TASSIGN(tile, 0);
  TLOAD(tile, source);
  TSTORE(target, tile);
  EXPECT_EQ(in, out);
}

class MoveErrors : public IsaTest {};

TEST_F(MoveErrors, LoadRefusesATensorOfAnotherShape) {
  float data[64 * 64];
  GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 64, 1>> global(data);
  Tile<TileType::Vec, float, 32, 32, BLayout::RowMajor, -1, -1> tile(16, 24);
  TASSIGN(tile, 0);
  KernelError error = error_of([&] { TLOAD(tile, global); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("TLOAD: operand 1, a global tensor f32 of shape 1x1x1x16x16"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("valid 16x24"), std::string::npos) << error.text;
  error = error_of([&] { TSTORE(global, tile); });
  EXPECT_NE(error.text.find("TSTORE_VEC"), std::string::npos) << error.text;
}

TEST_F(MoveErrors, StoreTakesATileSmallerThanTheTensorAndTouchesOnlyItsPart) {
  std::vector<float> data(16 * 16, 7.0f);
  GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>> global(data.data());
  Tile<TileType::Vec, float, 32, 32, BLayout::RowMajor, -1, -1> tile(3, 5);
  TASSIGN(tile, 0);
  randomize(tile, random_);
  TSTORE(global, tile);
  for (int i = 0; i < 256; ++i) ASSERT_EQ(data[static_cast<size_t>(i)], i / 16 < 3 && i % 16 < 5 ? at(tile, i / 16, i % 16) : 7.0f) << i;
}

TEST_F(MoveErrors, StoreRefusesANullTensor) {
  GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>> global(nullptr);
  Tile<TileType::Vec, float, 16, 16> tile;
  TASSIGN(tile, 0);
  EXPECT_NE(error_of([&] { TSTORE(global, tile); }).text.find("has no address"), std::string::npos);
}

TEST_F(MoveErrors, MovesStayWithinTheirTiles) {
  NdTile<float> whole(32, 64), part(16, 16);
  TASSIGN(whole, 0);
  TASSIGN(part, 0x4000);
  EXPECT_EQ(error_of([&] { TEXTRACT(part, whole, 17, 0); }).code, 1010);
  EXPECT_EQ(error_of([&] { TEXTRACT(part, whole, 16, 48); }).code, 0);
  EXPECT_EQ(error_of([&] { TINSERT(whole, part, 0, 49); }).code, 1010);
  Tile<TileType::Vec, float, 8, 8> small;
  TASSIGN(small, 0x8000);
  EXPECT_EQ(error_of([&] { TMOV(part, small); }).code, 1010);
  EXPECT_EQ(error_of([&] { TTRANS(small, part, part); }).code, 1010);
}

}  // namespace
}  // namespace tilewright::isa_test
