// Operations on the values that programs get wrong: every pair of special values of each float type and random ones, against IEEE 754 in
// double precision; matrix-vector products; reshaping in every arrangement.
#include "isa/isa_test_support.h"

namespace tilewright::isa_test {
namespace {

using namespace pto;

/// Zeros, subnormals, limits, neighbours of powers of two, infinities, NaN; then random values of every magnitude.
template <typename T>
std::vector<T> specials(std::mt19937_64& random, size_t count) {
  std::vector<T> values;
  const auto push = [&](double v) { values.push_back(T(static_cast<float>(v))), values.push_back(T(static_cast<float>(-v))); };
  const double smallest = decode(std::numeric_limits<T>::denorm_min()), normal = decode(std::numeric_limits<T>::min());
  const double largest = decode(std::numeric_limits<T>::max()), step = ulp<T>(1.0);
  for (const double v : {0.0,
                         smallest,
                         2 * smallest,
                         3 * smallest,
                         normal - smallest,
                         normal,
                         normal + smallest,
                         2 * normal,
                         1.0,
                         1 + step,
                         1 + 2 * step,
                         1 - step / 2,
                         2.0,
                         3.0,
                         0.5,
                         1.0 / 3,
                         largest,
                         largest * (1 - step),
                         largest / 2,
                         std::sqrt(largest),
                         std::sqrt(normal),
                         HUGE_VAL,
                         std::nan("")})
    push(v);
  const int low = std::ilogb(smallest), high = std::ilogb(largest);
  while (values.size() < count)
    push(std::ldexp(std::uniform_real_distribution<double>(1, 2)(random), std::uniform_int_distribution<int>(low, high)(random)));
  values.resize(count);
  return values;
}

/// The result as IEEE 754 has it. Products, sums and differences of two floats of T are rounded once from double, which holds products of
/// f32 exactly; sums and quotients of f32 in double are not exact, but double rounding is harmless with 53 >= 2 * 24 + 2 digits.
double ieee(char op, double a, double b) {
  switch (op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    case 'M': return std::isnan(a) ? b : std::isnan(b) ? a : std::fmax(a, b);
    default: return std::isnan(a) ? b : std::isnan(b) ? a : std::fmin(a, b);
  }
}

/// Rounded to T, with the sign of what rounds to zero.
template <typename T>
double nearest(double exact) {
  const double rounded = round_float<T>(exact);
  return rounded == 0 ? std::copysign(0.0, exact) : rounded;
}

template <typename T>
class SpecialValues : public IsaTest {
 protected:
  static constexpr int kCount = 64;
  using Square = Tile<TileType::Vec, T, kCount, kCount, BLayout::RowMajor>;

  void SetUp() override {
    IsaTest::SetUp();
    values_ = specials<T>(random_, kCount);
    TASSIGN(a_, 0);
    TASSIGN(b_, 0x8000);
    TASSIGN(c_, 0x10000);
    TASSIGN(column_, 0x18000);
    TASSIGN(row_, 0x1a000);
    for (int i = 0; i < kCount; ++i) column_.data()[i] = row_.data()[i] = values_[static_cast<size_t>(i)];
    for (int r = 0; r < kCount; ++r) {
      for (int c = 0; c < kCount; ++c)
        a_.data()[r * kCount + c] = values_[static_cast<size_t>(r)], b_.data()[r * kCount + c] = values_[static_cast<size_t>(c)];
    }
  }

  void expect(const char* what, double got, double want, double a, double b) {
    // A zero's sign counts; of maximum and minimum of two zeros either will do.
    const bool same = same_value(got, want) &&
                      (want != 0 || std::isnan(want) || what[0] == 'M' || what[0] == 'm' || std::signbit(got) == std::signbit(want));
    ASSERT_TRUE(same) << what << " of " << a << " and " << b << ": " << got << " != " << want;
  }

  /// Of a function that is within 2 ulp: right where the exact result is zero, infinite or no number, near it elsewhere.
  void expect_near(const char* what, double got, double want, double a, double b) {
    const double rounded = nearest<T>(want);
    if (std::isfinite(rounded) && rounded != 0 && std::isfinite(got)) {
      ASSERT_LE(std::abs(got - want), 2 * ulp<T>(rounded)) << what << " of " << a << " and " << b;
    } else if (!std::isfinite(want) || want == 0) {
      expect(what, got, rounded, a, b);
    } else {  // beyond the range, or nearly
      ASSERT_TRUE(std::isfinite(rounded) ? std::abs(rounded) >= decode(std::numeric_limits<T>::max()) || std::abs(got) <= 2 * ulp<T>(0)
                                         : got == rounded)
          << what << " of " << a << " and " << b << ": " << got << " != " << rounded;
    }
  }

  /// Runs an instruction on all pairs; want(a, b, held) with what the destination held before.
  template <typename Instruction, typename Want>
  void all_pairs(const char* what, Instruction instruction, Want want) {
    for (int i = 0; i < Square::Numel; ++i) c_.data()[i] = values_[static_cast<size_t>(i / kCount * 7 + i % kCount * 5) % kCount];
    const auto held = snapshot(c_);
    instruction();
    for (int i = 0; i < Square::Numel; ++i) {
      const double a = decode(a_.data()[i]), b = decode(b_.data()[i]), h = decode(held[static_cast<size_t>(i)]);
      expect(what, decode(c_.data()[i]), nearest<T>(want(a, b, h)), a, b);
    }
  }

  std::vector<T> values_;
  Square a_, b_, c_;
  Tile<TileType::Vec, T, kCount, 1, BLayout::ColMajor> column_;  ///< the values
  Tile<TileType::Vec, T, 1, kCount> row_;
};
TYPED_TEST_SUITE(SpecialValues, FloatElements);

TYPED_TEST(SpecialValues, BinaryOperationsAreIeee754) {
  using T = TypeParam;
  const auto check = [this](const char* op, auto instruction) {
    instruction(this->c_, this->a_, this->b_);
    for (int i = 0; i < TestFixture::Square::Numel; ++i) {
      const double a = decode(this->a_.data()[i]), b = decode(this->b_.data()[i]);
      this->expect(op, decode(this->c_.data()[i]), nearest<T>(ieee(op[0], a, b)), a, b);
    }
  };
  check("+", [](auto& d, auto& s, auto& t) { TADD(d, s, t); });
  check("-", [](auto& d, auto& s, auto& t) { TSUB(d, s, t); });
  check("*", [](auto& d, auto& s, auto& t) { TMUL(d, s, t); });
  check("/", [](auto& d, auto& s, auto& t) { TDIV(d, s, t); });
  check("M", [](auto& d, auto& s, auto& t) { TMAX(d, s, t); });
  check("m", [](auto& d, auto& s, auto& t) { TMIN(d, s, t); });
}

TYPED_TEST(SpecialValues, ScalarOperationsAreIeee754) {
  using T = TypeParam;
  for (const T scalar : this->values_) {
    const auto check = [&](const char* op, bool first, auto instruction) {
      Tile<TileType::Vec, T, 1, TestFixture::kCount> source, result;
      TASSIGN(source, 0x8000);  // the values, in a row
      TASSIGN(result, 0x18000);
      instruction(result, source);
      for (int i = 0; i < TestFixture::kCount; ++i) {
        const double x = decode(source.data()[i]), s = decode(scalar), a = first ? s : x, b = first ? x : s;
        this->expect(op, decode(result.data()[i]), nearest<T>(ieee(op[0], a, b)), a, b);
      }
    };
    check("+", false, [&](auto& d, auto& s) { TADDS(d, s, scalar); });
    check("-", false, [&](auto& d, auto& s) { TSUBS(d, s, scalar); });
    check("*", false, [&](auto& d, auto& s) { TMULS(d, s, scalar); });
    check("/", false, [&](auto& d, auto& s) { TDIVS(d, s, scalar); });
    check("/", true, [&](auto& d, auto& s) { TDIVS(d, scalar, s); });
    check("M", false, [&](auto& d, auto& s) { TMAXS(d, s, scalar); });
    check("m", false, [&](auto& d, auto& s) { TMINS(d, s, scalar); });
  }
}

TYPED_TEST(SpecialValues, ExpandingOperationsAreIeee754) {
  using T = TypeParam;
  const auto check = [&](const char* op, bool by_row, auto instruction) {
    instruction(this->c_);
    for (int i = 0; i < TestFixture::Square::Numel; ++i) {
      // a_ has the value of its row everywhere, b_ that of its column.
      const double a = decode(by_row ? this->b_.data()[i] : this->a_.data()[i]),
                   b = decode(by_row ? this->a_.data()[i] : this->b_.data()[i]);
      this->expect(op, decode(this->c_.data()[i]), nearest<T>(ieee(op[0], a, b)), a, b);
    }
  };
  check("+", true, [&](auto& d) { TROWEXPANDADD(d, this->b_, this->column_); });
  check("-", true, [&](auto& d) { TROWEXPANDSUB(d, this->b_, this->column_); });
  check("*", true, [&](auto& d) { TROWEXPANDMUL(d, this->b_, this->column_); });
  check("/", true, [&](auto& d) { TROWEXPANDDIV(d, this->b_, this->column_); });
  check("M", true, [&](auto& d) { TROWEXPANDMAX(d, this->b_, this->column_); });
  check("m", true, [&](auto& d) { TROWEXPANDMIN(d, this->b_, this->column_); });
  check("+", false, [&](auto& d) { TCOLEXPANDADD(d, this->a_, this->row_); });
  check("-", false, [&](auto& d) { TCOLEXPANDSUB(d, this->a_, this->row_); });
  check("*", false, [&](auto& d) { TCOLEXPANDMUL(d, this->a_, this->row_); });
  check("/", false, [&](auto& d) { TCOLEXPANDDIV(d, this->a_, this->row_); });
  check("M", false, [&](auto& d) { TCOLEXPANDMAX(d, this->a_, this->row_); });
  check("m", false, [&](auto& d) { TCOLEXPANDMIN(d, this->a_, this->row_); });
}

TYPED_TEST(SpecialValues, UnaryOperationsAreIeee754) {
  using T = TypeParam;
  const auto check = [this](const char* name, auto instruction, auto exact) {
    instruction(this->c_, this->b_);
    for (int i = 0; i < TestFixture::kCount; ++i) {
      const double x = decode(this->b_.data()[i]);
      this->expect(name, decode(this->c_.data()[i]), nearest<T>(exact(x)), x, 0);
    }
  };
  check("abs", [](auto& d, auto& s) { TABS(d, s); }, [](double x) { return std::fabs(x); });
  check("neg", [](auto& d, auto& s) { TNEG(d, s); }, [](double x) { return -x; });
  check("max(0)", [](auto& d, auto& s) { TRELU(d, s); }, [](double x) { return x > 0 ? x : 0.0; });
  check("sqrt", [](auto& d, auto& s) { TSQRT(d, s); }, [](double x) { return std::sqrt(x); });
  check("recip", [](auto& d, auto& s) { TRECIP(d, s); }, [](double x) { return 1 / x; });
  const auto edges = [this](const char* name, auto instruction, auto exact) {
    instruction(this->c_, this->b_);
    for (int i = 0; i < TestFixture::kCount; ++i) {
      const double x = decode(this->b_.data()[i]);
      this->expect_near(name, decode(this->c_.data()[i]), exact(x), x, 0);
    }
  };
  edges("exp", [](auto& d, auto& s) { TEXP(d, s); }, [](double x) { return std::exp(x); });
  edges("log", [](auto& d, auto& s) { TLOG(d, s); }, [](double x) { return std::log(x); });
  edges("rsqrt", [](auto& d, auto& s) { TRSQRT(d, s); }, [](double x) { return 1 / std::sqrt(x); });
}

/// a * b + c in f32, of values that f32 holds: the product exact, the sum rounded once.
double multiply_add(double a, double b, double c) {
  return static_cast<double>(std::fma(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)));
}
double relu(double x) { return x > 0 ? x : 0; }
/// A step of a sum of three, which rounds twice in f32.
double sum(double x, double y) { return static_cast<double>(static_cast<float>(x + y)); }

TYPED_TEST(SpecialValues, CombinedOperationsMeetEveryPair) {
  auto &a = this->a_, &b = this->b_, &c = this->c_;
  this->all_pairs("subtract, relu", [&] { TSUBRELU(c, a, b); }, [](double x, double y, double) { return relu(x - y); });
  this->all_pairs("prelu", [&] { TPRELU(c, a, b, b); }, [](double x, double y, double) { return x > 0 ? x : x * y; });
  this->all_pairs("multiply, add", [&] { TMULADDDST(c, a, b); }, multiply_add);
  this->all_pairs(
      "multiply by what is held, add", [&] { TFUSEDMULADD(c, a, b); },
      [](double x, double y, double held) { return multiply_add(x, held, y); });
  this->all_pairs(
      "multiply by what is held, add, relu", [&] { TFUSEDMULADDRELU(c, a, b); },
      [](double x, double y, double held) { return relu(multiply_add(x, held, y)); });
  // Signs of zero remainders are not promised; these names begin with an m.
  this->all_pairs("modulo, truncated", [&] { TFMOD(c, a, b); }, [](double x, double y, double) { return std::fmod(x, y); });
  this->all_pairs(
      "modulo, floored", [&] { TREM(c, a, b, b); },
      [](double x, double y, double) {
        const double rest = std::fmod(x, y);
        return rest != 0 && std::signbit(rest) != std::signbit(y) ? rest + y : rest;
      });
  this->all_pairs("sum of three", [&] { TADDC(c, a, b, c); }, [](double x, double y, double held) { return sum(sum(x, y), held); });
  this->all_pairs("difference and sum", [&] { TSUBC(c, a, b, c); }, [](double x, double y, double held) { return sum(sum(x, -y), held); });
}

TYPED_TEST(SpecialValues, CombinedOperationsMeetEveryScalar) {
  for (const TypeParam scalar : this->values_) {
    const double s = decode(scalar);
    auto &a = this->a_, &b = this->b_, &c = this->c_;
    this->all_pairs("leaky relu", [&] { TLRELU(c, a, scalar); }, [s](double x, double, double) { return x > 0 ? x : x * s; });
    this->all_pairs("axpy", [&] { TAXPY(c, a, scalar); }, [s](double x, double, double held) { return multiply_add(s, x, held); });
    this->all_pairs("modulo, truncated", [&] { TFMODS(c, a, scalar); }, [s](double x, double, double) { return std::fmod(x, s); });
    this->all_pairs(
        "modulo, floored", [&] { TREMS(c, a, scalar, b); },
        [s](double x, double, double) {
          const double rest = std::fmod(x, s);
          return rest != 0 && std::signbit(rest) != std::signbit(s) ? rest + s : rest;
        });
    this->all_pairs("sum of three", [&] { TADDSC(c, a, scalar, b); }, [s](double x, double y, double) { return sum(sum(x, s), y); });
    this->all_pairs("difference and sum", [&] { TSUBSC(c, a, scalar, b); }, [s](double x, double y, double) { return sum(sum(x, -s), y); });
  }
}

TYPED_TEST(SpecialValues, ExponentialsOfDifferencesMeetEveryPair) {
  const auto check = [this](const char* what, bool by_row) {
    for (int i = 0; i < TestFixture::Square::Numel; ++i) {
      const double a = decode(by_row ? this->b_.data()[i] : this->a_.data()[i]),
                   b = decode(by_row ? this->a_.data()[i] : this->b_.data()[i]);
      this->expect_near(what, decode(this->c_.data()[i]), std::exp(static_cast<double>(static_cast<float>(a - b))), a, b);
    }
  };
  TROWEXPANDEXPDIF(this->c_, this->b_, this->column_);
  check("row expdif", true);
  TCOLEXPANDEXPDIF(this->c_, this->a_, this->row_);
  check("column expdif", false);
}

TYPED_TEST(SpecialValues, ComparisonsAreIeee754) {
  using T = TypeParam;
  using Bits = Tile<TileType::Vec, uint8_t, TestFixture::kCount, 32>;
  Bits bits;
  TASSIGN(bits, 0x18000);
  for (const CmpMode mode : {CmpMode::EQ, CmpMode::NE, CmpMode::LT, CmpMode::LE, CmpMode::GT, CmpMode::GE}) {
    TCMP(bits, this->a_, this->b_, mode);
    for (int i = 0; i < TestFixture::Square::Numel; ++i) {
      const int r = i / TestFixture::kCount, c = i % TestFixture::kCount;
      const bool got = (bits.data()[r * 32 + c / 8] >> (c % 8) & 1) != 0;
      ASSERT_EQ(got, compares(mode, decode(this->a_.data()[i]), decode(this->b_.data()[i])))
          << r << "," << c << " mode " << static_cast<int>(mode);
    }
    for (const size_t s : {size_t{0}, size_t{1}, size_t{12}, size_t{42}, size_t{43}, size_t{44}, size_t{45}}) {
      const T scalar = this->values_[s];
      TCMPS(bits, this->a_, scalar, mode);
      for (int r = 0; r < TestFixture::kCount; ++r)
        ASSERT_EQ((bits.data()[r * 32] & 1) != 0, compares(mode, decode(this->a_.data()[r * TestFixture::kCount]), decode(scalar))) << r;
    }
  }
}

TYPED_TEST(SpecialValues, ReductionsPassInfinitiesAndNanOn) {
  using T = TypeParam;
  Tile<TileType::Vec, T, TestFixture::kCount, 1, BLayout::ColMajor> column;
  Tile<TileType::Vec, T, 1, TestFixture::kCount> row;
  TASSIGN(column, 0x18000);
  TASSIGN(row, 0x1a000);
  const T infinity(HUGE_VALF), nan(std::nanf(""));
  for (int i = 0; i < TestFixture::Square::Numel; ++i) this->a_.data()[i] = T(1.0f);
  const auto at = [this](int r, int c) -> T& { return this->a_.data()[r * TestFixture::kCount + c]; };
  at(0, 5) = infinity;
  at(1, 63) = T(-HUGE_VALF);
  at(2, 0) = infinity, at(2, 33) = T(-HUGE_VALF);
  at(3, 17) = nan;
  TROWSUM(column, this->a_, this->b_);
  EXPECT_EQ(decode(column.data()[0]), HUGE_VAL);
  EXPECT_EQ(decode(column.data()[1]), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(decode(column.data()[2])) && std::isnan(decode(column.data()[3])));
  EXPECT_EQ(decode(column.data()[4]), 64);
  TCOLSUM(row, this->a_);
  EXPECT_EQ(decode(row.data()[5]), HUGE_VAL);
  EXPECT_EQ(decode(row.data()[63]), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(decode(row.data()[17])));
  EXPECT_EQ(decode(row.data()[1]), 64);
  TROWMAX(column, this->a_, this->b_);
  EXPECT_EQ(decode(column.data()[0]), HUGE_VAL);
  EXPECT_EQ(decode(column.data()[1]), 1);
  EXPECT_EQ(decode(column.data()[3]), 1);  // a NaN is ignored
  TCOLMIN(row, this->a_);
  EXPECT_EQ(decode(row.data()[33]), -HUGE_VAL);
  EXPECT_EQ(decode(row.data()[17]), 1);
}

// ---- products with one row ------------------------------------------------------------------------------

template <typename T>
class GemvTest : public IsaTest {};
using GemvElements = ::testing::Types<int8_t, half, bfloat16_t, float>;
TYPED_TEST_SUITE(GemvTest, GemvElements);

TYPED_TEST(GemvTest, OneRowInEveryForm) {
  using T = TypeParam;
  using C = std::conditional_t<std::is_same_v<T, int8_t>, int32_t, float>;
  for (int trial = 0; trial < 6; ++trial) {
    const int k = this->pick(1, 64), n = this->pick(1, 48);
    TileLeft<T, 16, 64, 1, DYNAMIC> a(k);
    TileRight<T, 64, 48, DYNAMIC, DYNAMIC> b(k, n);
    TileAcc<C, 16, 48, 1, DYNAMIC> c(n), before(n);
    Tile<TileType::Bias, C, 1, 48, BLayout::RowMajor, 1, DYNAMIC> bias(n);
    TASSIGN(a, 0);
    TASSIGN(b, 0);
    TASSIGN(c, 0);
    TASSIGN(before, 0x8000);
    TASSIGN(bias, 0);
    randomize(a, this->random_, -2, 2);
    randomize(b, this->random_, -2, 2);
    for (int i = 0; i < 16 * 48; ++i) before.data()[i] = static_cast<C>(this->pick(-100, 100));
    for (int i = 0; i < 48; ++i) bias.data()[i] = static_cast<C>(this->pick(-100, 100));
    const auto check = [&](auto start) {
      for (int j = 0; j < n; ++j) {
        double sum = start(j), magnitudes = std::abs(sum);
        for (int i = 0; i < k; ++i) {
          const double product = decode(at(a, 0, i)) * decode(at(b, i, j));
          sum += product, magnitudes += std::abs(product);
        }
        const double bound = std::is_same_v<C, float> ? (k + 1) * 0x1p-24 / (1 - (k + 1) * 0x1p-24) * magnitudes : 0;
        ASSERT_LE(std::abs(static_cast<double>(at(c, 0, j)) - sum), bound) << j << " of " << k << "x" << n;
      }
    };
    TGEMV(c, a, b);
    check([](int) { return 0.0; });
    TGEMV<AccPhase::Partial>(c, a, b);
    check([](int) { return 0.0; });
    TGEMV_ACC(c, before, a, b);
    check([&](int j) { return static_cast<double>(at(before, 0, j)); });
    TGEMV_ACC<AccPhase::Final>(c, before, a, b);
    check([&](int j) { return static_cast<double>(at(before, 0, j)); });
    TGEMV_BIAS(c, a, b, bias);
    check([&](int j) { return static_cast<double>(bias.data()[j]); });
    TGEMV_BIAS<AccPhase::Final>(c, a, b, bias);
    check([&](int j) { return static_cast<double>(bias.data()[j]); });
  }
}

class Views : public IsaTest {
 protected:
  template <typename Out, typename In>
  void reshape() {
    In in;
    Out out;
    TASSIGN(in, 0x400);
    randomize(in, random_);
    const auto before = snapshot(in);
    TRESHAPE(out, in);
    EXPECT_EQ(static_cast<void*>(out.data()), static_cast<void*>(in.data()));
    EXPECT_EQ(std::memcmp(in.data(), before.data(), before.size() * sizeof(typename In::DType)), 0);
  }
};

TEST_F(Views, ReshapeKeepsBytesInEveryArrangement) {
  using F = float;
  reshape<Tile<TileType::Vec, F, 64, 32>, Tile<TileType::Vec, F, 32, 64>>();
  reshape<Tile<TileType::Vec, F, 32, 64, BLayout::ColMajor>, Tile<TileType::Vec, F, 32, 64>>();
  reshape<Tile<TileType::Vec, half, 32, 128>, Tile<TileType::Vec, F, 32, 64>>();
  reshape<Tile<TileType::Vec, float8_e4m3_t, 64, 128>, Tile<TileType::Vec, F, 32, 64>>();
  reshape<Tile<TileType::Vec, float4_e2m1x2_t, 128, 128>, Tile<TileType::Vec, F, 32, 64>>();
  reshape<Tile<TileType::Vec, uint8_t, 1, 8192>, Tile<TileType::Vec, int64_t, 32, 32>>();
  reshape<Tile<TileType::Vec, F, 2048, 1, BLayout::ColMajor>, Tile<TileType::Vec, F, 1, 2048>>();
  reshape<ZnTile<F, TileType::Mat>, NzTile<F, TileType::Mat>>();
  reshape<ZzTile<F, TileType::Mat>, NnTile<F, TileType::Mat>>();
  reshape<TileAcc<F, 64, 32>, TileAcc<F, 32, 64>>();
  reshape<TileLeft<half, 64, 32>, TileLeft<half, 32, 64>>();
}

}  // namespace
}  // namespace tilewright::isa_test
