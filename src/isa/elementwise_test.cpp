// Elementwise instructions against double-precision references, in every arrangement, with random valid regions.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// Integer results modulo the type's range; float results rounded once. Quotients by zero are 0 for integers.
template <typename T>
T expected_binary(char op, T a, T b) {
  if constexpr (is_float_element<T>) {
    const double x = decode(a), y = decode(b);
    double result = 0;
    switch (op) {
      case '+': result = x + y; break;
      case '-': result = x - y; break;
      case '*': result = x * y; break;
      case '/': result = x / y; break;
      case 'M': result = std::fmax(x, y); break;
      default: result = std::fmin(x, y); break;
    }
    return T(static_cast<float>(round_float<T>(result)));
  } else {
    const __int128 x = a, y = b;
    switch (op) {
      case '+': return static_cast<T>(x + y);
      case '-': return static_cast<T>(x - y);
      case '*': return static_cast<T>(static_cast<unsigned __int128>(x) * static_cast<unsigned __int128>(y));
      case '/': return y == 0 ? T{0} : static_cast<T>(x / y);
      case 'M': return static_cast<T>(x > y ? x : y);
      default: return static_cast<T>(x < y ? x : y);
    }
  }
}

template <typename T>
bool same_element(T a, T b) {
  if constexpr (is_float_element<T>) {
    return same_value(decode(a), decode(b));
  } else {
    return a == b;
  }
}

template <typename T>
class ElementwiseTest : public IsaTest {
 protected:
  /// Three tiles side by side in UB with random contents and one random valid region.
  template <typename Dst, typename Src0, typename Src1>
  void prepare(Dst& dst, Src0& a, Src1& b, double low = -4, double high = 4) {
    TASSIGN(dst, 0x0);
    TASSIGN(a, 0x8000);
    TASSIGN(b, 0x10000);
    randomize(dst, random_, low, high);
    randomize(a, random_, low, high);
    randomize(b, random_, low, high);
    const int rows = pick(1, 32), cols = pick(1, 64);
    dst.SetValidShape(rows, cols);
    a.SetValidShape(rows, cols);
    b.SetValidShape(rows, cols);
  }

  /// Every element of dst: expected(r, c) inside the valid region, unchanged outside.
  template <typename Dst, typename Expected>
  void expect_elements(const Dst& dst, const std::vector<typename Dst::DType>& before, Expected expected) {
    for (int r = 0; r < Dst::Rows; ++r) {
      for (int c = 0; c < Dst::Cols; ++c) {
        const int64_t offset = tile_offset<Dst>(r, c);
        const bool valid = r < dst.GetValidRow() && c < dst.GetValidCol();
        const auto want = valid ? expected(r, c) : before[offset];
        ASSERT_TRUE(same_element(dst.data()[offset], want)) << r << "," << c << " valid " << dst.GetValidRow() << "x" << dst.GetValidCol()
                                                            << ": " << decode(dst.data()[offset]) << " != " << decode(want);
      }
    }
  }

  template <typename Dst, typename Src0, typename Src1>
  void check_binary() {
    const auto check = [this](char op, auto instruction) {
      Dst dst(1, 1);
      Src0 a(1, 1);
      Src1 b(1, 1);
      prepare(dst, a, b);
      const auto before = snapshot(dst);
      const auto x = snapshot(a);
      const auto y = snapshot(b);
      instruction(dst, a, b);
      expect_elements(dst, before,
                      [&](int r, int c) { return expected_binary<T>(op, x[tile_offset<Src0>(r, c)], y[tile_offset<Src1>(r, c)]); });
    };
    check('+', [](auto& d, auto& s, auto& t) { TADD(d, s, t); });
    check('-', [](auto& d, auto& s, auto& t) { TSUB(d, s, t); });
    check('*', [](auto& d, auto& s, auto& t) { TMUL(d, s, t); });
    check('/', [](auto& d, auto& s, auto& t) { TDIV(d, s, t); });
    check('M', [](auto& d, auto& s, auto& t) { TMAX(d, s, t); });
    check('m', [](auto& d, auto& s, auto& t) { TMIN(d, s, t); });
  }

  using IsaTest::random_;
};

TYPED_TEST_SUITE(ElementwiseTest, AllElements);

TYPED_TEST(ElementwiseTest, TileWithTileInEveryArrangement) {
  using T = TypeParam;
  this->template check_binary<NdTile<T>, NdTile<T>, NdTile<T>>();
  this->template check_binary<DnTile<T>, DnTile<T>, DnTile<T>>();
  this->template check_binary<NzTile<T>, NzTile<T>, NzTile<T>>();
  this->template check_binary<NdTile<T>, DnTile<T>, NzTile<T>>();
  this->template check_binary<ZnTile<T>, NnTile<T>, NdTile<T>>();
}

TYPED_TEST(ElementwiseTest, WorksInPlace) {
  using Tile = NdTile<TypeParam>;
  Tile a(32, 64), b(32, 64);
  TASSIGN(a, 0x0);
  TASSIGN(b, 0x8000);
  randomize(a, this->random_);
  randomize(b, this->random_);
  const auto x = snapshot(a);
  const auto y = snapshot(b);
  TADD(a, a, b);
  for (int i = 0; i < Tile::Numel; ++i) ASSERT_TRUE(same_element(a.data()[i], expected_binary<TypeParam>('+', x[i], y[i])));
}

TYPED_TEST(ElementwiseTest, TileWithScalar) {
  using T = TypeParam;
  const auto check = [this](char op, bool scalar_first, auto instruction) {
    NdTile<T> dst(1, 1), a(1, 1), unused(1, 1);
    this->prepare(dst, a, unused);
    const T scalar = random_element<T>(this->random_, -4, 4);
    const auto before = snapshot(dst);
    const auto x = snapshot(a);
    instruction(dst, a, scalar);
    this->expect_elements(dst, before, [&](int r, int c) {
      const T element = x[tile_offset<NdTile<T>>(r, c)];
      return scalar_first ? expected_binary<T>(op, scalar, element) : expected_binary<T>(op, element, scalar);
    });
  };
  check('+', false, [](auto& d, auto& s, T v) { TADDS(d, s, v); });
  check('-', false, [](auto& d, auto& s, T v) { TSUBS(d, s, v); });
  check('*', false, [](auto& d, auto& s, T v) { TMULS(d, s, v); });
  check('/', false, [](auto& d, auto& s, T v) { TDIVS(d, s, v); });
  check('/', true, [](auto& d, auto& s, T v) { TDIVS(d, v, s); });
  check('M', false, [](auto& d, auto& s, T v) { TMAXS(d, s, v); });
  check('m', false, [](auto& d, auto& s, T v) { TMINS(d, s, v); });
}

TYPED_TEST(ElementwiseTest, ExpandsAScalarOverTheValidRegion) {
  using T = TypeParam;
  const T scalar = random_element<T>(this->random_, -4, 4);
  NdTile<T> nd(1, 1), a(1, 1), b(1, 1);
  this->prepare(nd, a, b);
  const auto before = snapshot(nd);
  TEXPANDS(nd, scalar);
  this->expect_elements(nd, before, [&](int, int) { return scalar; });
  NzTile<T, TileType::Mat> mat(3, 5);
  TASSIGN(mat, 0x100);
  randomize(mat, this->random_);
  TEXPANDS(mat, scalar);
  for (int i = 0; i < mat.Numel; ++i) ASSERT_TRUE(same_element(mat.data()[i], scalar));
}

TYPED_TEST(ElementwiseTest, ExpandsARowAndAColumn) {
  using T = TypeParam;
  NdTile<T> dst(1, 1), a(1, 1), b(1, 1);
  this->prepare(dst, a, b);
  const auto x = snapshot(a);
  auto before = snapshot(dst);
  TCOLEXPAND(dst, a);
  this->expect_elements(dst, before, [&](int, int c) { return x[tile_offset<NdTile<T>>(0, c)]; });
  before = snapshot(dst);
  TROWEXPAND(dst, a);
  this->expect_elements(dst, before, [&](int r, int) { return x[tile_offset<NdTile<T>>(r, 0)]; });
  Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor> column;
  NzTile<T> boxed(20, 50);
  TASSIGN(column, 0x18000);
  TASSIGN(boxed, 0x20000);
  randomize(column, this->random_);
  randomize(boxed, this->random_);
  const auto boxed_before = snapshot(boxed);
  TROWEXPAND(boxed, column);
  this->expect_elements(boxed, boxed_before, [&](int r, int) { return column.data()[r]; });
}

TYPED_TEST(ElementwiseTest, CombinesWithARowVector) {
  using T = TypeParam;
  const auto check = [this](char op, auto instruction) {
    NdTile<T> dst(1, 1), a(1, 1), b(1, 1);
    this->prepare(dst, a, b);
    const auto x = snapshot(a);
    const auto y = snapshot(b);
    auto before = snapshot(dst);
    instruction(dst, a, b);
    this->expect_elements(dst, before, [&](int r, int c) { return expected_binary<T>(op, x[r * 64 + c], y[c]); });
    DnTile<T> column_major(1, 1);
    this->prepare(column_major, a, b);
    const auto x2 = snapshot(a);
    const auto y2 = snapshot(b);
    before = snapshot(column_major);
    instruction(column_major, a, b);
    this->expect_elements(column_major, before, [&](int r, int c) { return expected_binary<T>(op, x2[r * 64 + c], y2[c]); });
  };
  check('+', [](auto& d, auto& s, auto& t) { TCOLEXPANDADD(d, s, t); });
  check('-', [](auto& d, auto& s, auto& t) { TCOLEXPANDSUB(d, s, t); });
  check('*', [](auto& d, auto& s, auto& t) { TCOLEXPANDMUL(d, s, t); });
  check('/', [](auto& d, auto& s, auto& t) { TCOLEXPANDDIV(d, s, t); });
  check('M', [](auto& d, auto& s, auto& t) { TCOLEXPANDMAX(d, s, t); });
  check('m', [](auto& d, auto& s, auto& t) { TCOLEXPANDMIN(d, s, t); });
}

/// The vector of TROWEXPAND<op>, in its three forms, on either side.
TYPED_TEST(ElementwiseTest, CombinesWithAColumnVector) {
  using T = TypeParam;
  constexpr int kBlock = 32 / static_cast<int>(sizeof(T));
  using Column = Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor, -1, 1>;
  using Blocks = Tile<TileType::Vec, T, 32, kBlock, BLayout::RowMajor, -1, kBlock>;
  using RowMajorColumn = Tile<TileType::Vec, T, 32, kBlock, BLayout::RowMajor, -1, 1>;
  const auto check = [this](char op, auto instruction) {
    const auto with = [&](auto vector, auto dst, auto value_at) {
      NdTile<T> full(1, 1), unused(1, 1);
      this->prepare(dst, full, unused);
      while (dst.GetValidCol() < 2 || dst.GetValidCol() == kBlock) this->prepare(dst, full, unused);
      TASSIGN(vector, 0x18000);
      randomize(vector, this->random_);
      vector.SetValidRow(dst.GetValidRow());
      auto before = snapshot(dst);
      instruction(dst, full, vector);
      this->expect_elements(dst, before,
                            [&](int r, int c) { return expected_binary<T>(op, full.data()[r * 64 + c], value_at(vector, r, c)); });
      before = snapshot(dst);
      instruction(dst, vector, full);
      this->expect_elements(dst, before,
                            [&](int r, int c) { return expected_binary<T>(op, value_at(vector, r, c), full.data()[r * 64 + c]); });
    };
    with(Column(1), NdTile<T>(1, 1), [](auto& v, int r, int) { return v.data()[r]; });
    with(RowMajorColumn(1), NdTile<T>(1, 1), [](auto& v, int r, int) { return v.data()[r * kBlock]; });
    with(Blocks(1), NdTile<T>(1, 1), [](auto& v, int r, int c) { return v.data()[r * kBlock + c % kBlock]; });
    with(Column(1), NzTile<T>(1, 1), [](auto& v, int r, int) { return v.data()[r]; });
  };
  check('+', [](auto& d, auto& s, auto& t) { TROWEXPANDADD(d, s, t); });
  check('-', [](auto& d, auto& s, auto& t) { TROWEXPANDSUB(d, s, t); });
  check('*', [](auto& d, auto& s, auto& t) { TROWEXPANDMUL(d, s, t); });
  check('/', [](auto& d, auto& s, auto& t) { TROWEXPANDDIV(d, s, t); });
  check('M', [](auto& d, auto& s, auto& t) { TROWEXPANDMAX(d, s, t); });
  check('m', [](auto& d, auto& s, auto& t) { TROWEXPANDMIN(d, s, t); });
}

template <typename T>
class FloatElementwiseTest : public ElementwiseTest<T> {};
TYPED_TEST_SUITE(FloatElementwiseTest, FloatElements);

/// exp(a - b): the difference rounds in f32, which shifts the result by as much as it is large; then 2 ulp, and one for the result's
/// own rounding.
TYPED_TEST(FloatElementwiseTest, ExponentialsOfDifferences) {
  using T = TypeParam;
  using Column = Tile<TileType::Vec, T, 32, 1, BLayout::ColMajor, -1, 1>;
  NdTile<T> dst(1, 1), full(1, 1), other(1, 1);
  Column column(1);
  const auto expect = [&](auto left, auto right) {
    for (int r = 0; r < dst.GetValidRow(); ++r) {
      for (int c = 0; c < dst.GetValidCol(); ++c) {
        const double difference = decode(left(r, c)) - decode(right(r, c)), want = std::exp(difference);
        const double got = decode(dst.data()[r * 64 + c]);
        const double bound = want * std::abs(difference) * std::ldexp(1.0, -24) + 2 * ulp<float>(want) + ulp<T>(want);
        ASSERT_LE(std::abs(got - want), bound) << r << ", " << c << ": " << got << " for " << want;
      }
    }
  };
  for (int i = 0; i < 8; ++i) {
    this->prepare(dst, full, other);
    while (dst.GetValidCol() < 2) this->prepare(dst, full, other);
    column.SetValidRow(dst.GetValidRow());
    TASSIGN(column, 0x18000);
    randomize(column, this->random_);
    const auto x = snapshot(full);
    const auto at_full = [&](int r, int c) { return x[static_cast<size_t>(r * 64 + c)]; };
    const auto at_column = [&](int r, int) { return column.data()[r]; };
    const auto row = snapshot(other);
    TROWEXPANDEXPDIF(dst, full, column);
    expect(at_full, at_column);
    TROWEXPANDEXPDIF(dst, column, full, other);
    expect(at_column, at_full);
    TCOLEXPANDEXPDIF(dst, full, other);
    expect(at_full, [&](int, int c) { return row[static_cast<size_t>(c)]; });
  }
}

template <typename T>
class SignedElementwiseTest : public ElementwiseTest<T> {};
TYPED_TEST_SUITE(SignedElementwiseTest, SignedElements);

TYPED_TEST(SignedElementwiseTest, AbsNegRelu) {
  using T = TypeParam;
  const auto check = [this](auto instruction, auto expected) {
    NdTile<T> dst(1, 1), unused(1, 1);
    DnTile<T> a(1, 1);
    this->prepare(dst, a, unused);
    const auto before = snapshot(dst);
    instruction(dst, a);
    this->expect_elements(dst, before, [&](int r, int c) { return expected(at(a, r, c)); });
  };
  check([](auto& d, auto& s) { TABS(d, s); }, [](T x) { return decode(x) < 0 ? expected_binary<T>('-', T(0), x) : x; });
  check([](auto& d, auto& s) { TNEG(d, s); }, [](T x) { return expected_binary<T>('-', T(0), x); });
  check([](auto& d, auto& s) { TRELU(d, s); }, [](T x) { return decode(x) > 0 ? x : T(0); });
}

template <typename T>
class MathTest : public ElementwiseTest<T> {
 protected:
  /// Results within `ulps` of the exact value, over several magnitudes.
  template <typename Instruction, typename Exact>
  void check(Instruction instruction, Exact exact, double low, double high, double ulps) {
    for (const double scale : {1.0, 1e-3, 1e-6, 0.1}) {
      NdTile<T> dst(1, 1), a(1, 1), unused(1, 1);
      this->prepare(dst, a, unused, low * scale, high * scale);
      instruction(dst, a);
      for (int r = 0; r < dst.GetValidRow(); ++r) {
        for (int c = 0; c < dst.GetValidCol(); ++c) {
          const double x = decode(at(a, r, c)), want = round_float<T>(exact(x)), got = decode(at(dst, r, c));
          if (same_value(got, want)) continue;
          ASSERT_LE(std::abs(got - exact(x)), ulps * ulp<T>(want)) << "f(" << x << ") = " << want << ", got " << got;
        }
      }
    }
  }
};
TYPED_TEST_SUITE(MathTest, FloatElements);

TYPED_TEST(MathTest, FunctionsAreCloseToTheExactValue) {
  this->check([](auto& d, auto& s) { TEXP(d, s); }, [](double x) { return std::exp(x); }, -100, 100, 2);
  this->check([](auto& d, auto& s) { TLOG(d, s); }, [](double x) { return std::log(x); }, 0, 1e6, 2);
  this->check([](auto& d, auto& s) { TSQRT(d, s); }, [](double x) { return std::sqrt(x); }, 0, 1e4, 0.5);
  this->check([](auto& d, auto& s) { TRSQRT(d, s); }, [](double x) { return 1 / std::sqrt(x); }, 0, 1e4, 1.5);
  this->check([](auto& d, auto& s) { TRECIP(d, s); }, [](double x) { return 1 / x; }, -1e3, 1e3, 0.5);
}

TYPED_TEST(MathTest, ScratchFormsAgree) {
  NdTile<TypeParam> dst(1, 1), a(1, 1), tmp(1, 1);
  this->prepare(dst, a, tmp, 0.5, 2);
  TRSQRT(dst, a);
  const auto once = snapshot(dst);
  TRSQRT(dst, a, tmp);
  for (int i = 0; i < dst.Numel; ++i) ASSERT_TRUE(same_element(dst.data()[i], once[i]));
}

class MathF32 : public IsaTest {
 protected:
  using T = Tile<TileType::Vec, float, 1, 2048>;
  /// The largest error of an instruction, in ulp, over a sweep of all binades of f32.
  template <typename Instruction, typename Exact>
  double worst_ulps(Instruction instruction, Exact exact, bool negative) {
    T dst, src;
    TASSIGN(dst, 0x0);
    TASSIGN(src, 0x2000);
    double worst = 0;
    uint32_t bits = static_cast<uint32_t>(random_() % 4096);
    while (bits < 0x7f800000u) {
      for (int i = 0; i < T::Numel; ++i, bits += 3989) {
        const uint32_t pattern = (bits < 0x7f800000u ? bits : 0x3f800000u) | (negative && i % 2 != 0 ? 0x80000000u : 0);
        std::memcpy(src.data() + i, &pattern, 4);
      }
      instruction(dst, src);
      for (int i = 0; i < T::Numel; ++i) {
        const double want = exact(static_cast<double>(src.data()[i]));
        if (same_value(dst.data()[i], round_float<float>(want))) continue;
        worst = std::max(worst, std::abs(dst.data()[i] - want) / ulp<float>(round_float<float>(want)));
      }
    }
    return worst;
  }
};

TEST_F(MathF32, ExpStaysWithinTwoUlpEverywhere) {
  const double worst = worst_ulps([](auto& d, auto& s) { TEXP(d, s); }, [](double x) { return std::exp(x); }, true);
  EXPECT_LE(worst, 2.0);
  RecordProperty("worst_ulps", std::to_string(worst));
}
TEST_F(MathF32, LogStaysWithinTwoUlpEverywhere) {
  const double worst = worst_ulps([](auto& d, auto& s) { TLOG(d, s); }, [](double x) { return std::log(x); }, false);
  EXPECT_LE(worst, 2.0);
  RecordProperty("worst_ulps", std::to_string(worst));
}

TEST_F(MathF32, EdgesFollowIeee754) {
  Tile<TileType::Vec, float, 1, 16> x, y, z;
  TASSIGN(x, 0x0);
  TASSIGN(y, 0x100);
  TASSIGN(z, 0x200);
  const float nan = std::nanf(""), inf = HUGE_VALF;
  const auto unary = [&](auto instruction, float input) {
    x.data()[3] = input;
    instruction();
    return y.data()[3];
  };
  const auto exp = [&](float v) { return unary([&] { TEXP(y, x); }, v); };
  EXPECT_EQ(exp(inf), inf);
  EXPECT_EQ(exp(200.0f), inf);
  EXPECT_EQ(exp(-inf), 0.0f);
  EXPECT_EQ(exp(-200.0f), 0.0f);
  EXPECT_EQ(exp(0.0f), 1.0f);
  EXPECT_TRUE(std::isnan(exp(nan)));
  const auto log = [&](float v) { return unary([&] { TLOG(y, x); }, v); };
  EXPECT_EQ(log(0.0f), -inf);
  EXPECT_EQ(log(-0.0f), -inf);
  EXPECT_EQ(log(inf), inf);
  EXPECT_EQ(log(1.0f), 0.0f);
  EXPECT_TRUE(std::isnan(log(-1.0f)));
  EXPECT_TRUE(std::isnan(log(nan)));
  EXPECT_EQ(unary([&] { TRECIP(y, x); }, 0.0f), inf);
  EXPECT_TRUE(std::isnan(unary([&] { TSQRT(y, x); }, -1.0f)));
  const auto binary = [&](auto instruction, float a, float b) {
    x.data()[5] = a;
    z.data()[5] = b;
    instruction();
    return y.data()[5];
  };
  for (const float v : {1.0f, -1.0f, inf, -inf}) {
    EXPECT_EQ(binary([&] { TMAX(y, x, z); }, nan, v), v);
    EXPECT_EQ(binary([&] { TMAX(y, x, z); }, v, nan), v);
    EXPECT_EQ(binary([&] { TMIN(y, x, z); }, nan, v), v);
    EXPECT_EQ(binary([&] { TMIN(y, x, z); }, v, nan), v);
  }
  EXPECT_TRUE(std::isnan(binary([&] { TMAX(y, x, z); }, nan, nan)));
  EXPECT_EQ(unary([&] { TRELU(y, x); }, nan), 0.0f);
}

class IntegerEdges : public IsaTest {};

TEST_F(IntegerEdges, DivisionIsDefinedForEveryInput) {
  Tile<TileType::Vec, int32_t, 1, 8> a, b, c;
  TASSIGN(a, 0x0);
  TASSIGN(b, 0x20);
  TASSIGN(c, 0x40);
  const int32_t lowest = std::numeric_limits<int32_t>::lowest();
  const int32_t x[8] = {7, -7, lowest, lowest, 0, 5, -5, 1}, y[8] = {2, 2, -1, 0, 0, -1, 0, lowest},
                want[8] = {3, -3, lowest, 0, 0, -5, 0, 0};
  std::copy(x, x + 8, a.data());
  std::copy(y, y + 8, b.data());
  TDIV(c, a, b);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(c.data()[i], want[i]) << i;
}

class ElementwiseErrors : public IsaTest {};

TEST_F(ElementwiseErrors, NamesTheOperandThatHasNoAddress) {
  Tile<TileType::Vec, float, 8, 8> a, b, c;
  TASSIGN(a, 0x0);
  TASSIGN(c, 0x100);
  const KernelError error = error_of([&] { TADD(a, b, c); });
  EXPECT_EQ(error.code, 1001);
  EXPECT_NE(error.text.find("TADD: operand 1"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("call TASSIGN first"), std::string::npos) << error.text;
}

TEST_F(ElementwiseErrors, RefusesASourceSmallerThanTheDestination) {
  Tile<TileType::Vec, float, 8, 8> a, b;
  Tile<TileType::Vec, float, 8, 16> dst;
  TASSIGN(dst, 0x0);
  TASSIGN(a, 0x400);
  TASSIGN(b, 0x800);
  const KernelError error = error_of([&] { TMUL(dst, a, b); });
  EXPECT_EQ(error.code, 1010);
  EXPECT_NE(error.text.find("TMUL"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("f32 8x8"), std::string::npos) << error.text;
}

}  // namespace
}  // namespace tilewright::isa_test
