// Measures how far the instructions' results are from the exact ones, and prints docs/reference/accuracy.md's table.
//
//   tw-isa-accuracy            exit code 0: every instruction keeps what the page promises; 1: one does not
//   tw-isa-accuracy --seed N   draws the random operands from N (default 1)
//
// Exact results come from double arithmetic: of f16 and bf16 and for sums and products of f32 it is exact or harmlessly rounded twice, the
// C library's exp, log and sqrt are within an ulp of double, 2^-29 of one of f32. Nothing of the simulator is used for them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "pto/pto-inst.hpp"

namespace {

using namespace pto;

template <typename T>
struct Format;
template <>
struct Format<float> {
  static constexpr int kDigits = 24, kMinExponent = -126, kMaxExponent = 127;
  static constexpr const char* kName = "f32";
};
template <>
struct Format<half> {
  static constexpr int kDigits = 11, kMinExponent = -14, kMaxExponent = 15;
  static constexpr const char* kName = "f16";
};
template <>
struct Format<bfloat16_t> {
  static constexpr int kDigits = 8, kMinExponent = -126, kMaxExponent = 127;
  static constexpr const char* kName = "bf16";
};

template <typename T>
double ulp_at(double x) {
  const int exponent = x == 0 ? Format<T>::kMinExponent : std::max(std::ilogb(x), Format<T>::kMinExponent);
  return std::ldexp(1.0, std::min(exponent, Format<T>::kMaxExponent) - Format<T>::kDigits + 1);
}

/// To nearest, ties to even, with subnormals and infinities.
template <typename T>
double rounded(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  const double quantum = ulp_at<T>(x), result = std::nearbyint(x / quantum) * quantum;
  const double beyond = std::ldexp(1.0, Format<T>::kMaxExponent + 1);
  return std::abs(result) >= beyond ? std::copysign(HUGE_VAL, x) : result;
}

/// Errors of one instruction on one element type.
struct Errors {
  double worst = 0;          ///< in ulp of the result's type, or as a part of a bound
  double where = 0;
  uint64_t results = 0, misrounded = 0, wrong = 0;  ///< wrong: NaN or infinity where the exact result is none, or the other way round

  template <typename T>
  void add(double input, double got, double exact) {
    ++results;
    const double nearest = rounded<T>(exact);
    if (got == nearest || (std::isnan(got) && std::isnan(nearest))) {
      if (std::isfinite(exact) && std::isfinite(nearest)) note(input, std::abs(got - exact) / ulp_at<T>(exact));
      return;
    }
    ++misrounded;
    // The neighbour of an overflow is finite or infinite; both are within an ulp.
    const double beyond = std::ldexp(1.0, Format<T>::kMaxExponent + 1);
    const double value = std::isinf(got) ? std::copysign(beyond, got) : got;
    if (std::isnan(got) || std::isnan(exact) ||
        (std::isinf(got) && std::abs(exact) < beyond * (1 - std::ldexp(1.0, 2 - Format<T>::kDigits)))) {
      ++wrong;
      where = input;
      return;
    }
    note(input, std::abs(value - exact) / ulp_at<T>(exact));
  }
  void note(double input, double error) {
    if (error > worst) worst = error, where = input;
  }
};

bool all_kept = true;

void row(const char* name, const char* type, const char* inputs, const Errors& e, double limit, const char* unit) {
  const bool kept = e.worst <= limit && e.wrong == 0;
  all_kept = all_kept && kept;
  std::printf("| %s | %s | %s | %llu | %.4g %s | %.3g %s | %.4g %% | %s |\n", name, type, inputs,
              static_cast<unsigned long long>(e.results), e.worst, unit, limit, unit,
              e.results == 0 ? 0 : 100.0 * static_cast<double>(e.misrounded) / static_cast<double>(e.results), kept ? "yes" : "**no**");
  if (!kept)
    std::fprintf(stderr, "%s of %s: %.17g at %.17g, %llu results wrong\n", name, type, e.worst, e.where,
                 static_cast<unsigned long long>(e.wrong));
}

constexpr int kLine = 2048;
template <typename T>
using Line = Tile<TileType::Vec, T, 1, kLine>;

template <typename T>
double value_of(T x) {
  return static_cast<double>(static_cast<float>(x));
}

/// Every value of a 16-bit type; of f32 one pattern in 1009 of every binade and sign, and the neighbours of powers of two.
template <typename T>
std::vector<T> inputs() {
  std::vector<T> values;
  if constexpr (sizeof(T) == 2) {
    for (uint32_t bits = 0; bits < 65536; ++bits) values.push_back(T::FromRaw(static_cast<uint16_t>(bits)));
  } else {
    const auto push = [&](uint32_t bits) { values.push_back(__builtin_bit_cast(float, bits)); };
    for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 1009) push(static_cast<uint32_t>(bits));
    for (uint32_t exponent = 0; exponent < 256; ++exponent) {
      for (const uint32_t mantissa : {0u, 1u, 2u, 0x3fffffu, 0x400000u, 0x400001u, 0x7ffffeu, 0x7fffffu})
        push(exponent << 23 | mantissa), push(1u << 31 | exponent << 23 | mantissa);
    }
    // Where exp and log are hard: results near 1, arguments near multiples of ln 2, the edges of the range.
    for (int k = -150; k <= 130; ++k) {
      float x = static_cast<float>(k * 0.69314718055994530942);
      for (int i = 0; i < 40; ++i, x = std::nextafterf(x, HUGE_VALF)) values.push_back(x);
    }
    for (float x = 0.9999f; x < 1.0001f; x = std::nextafterf(x, 2.0f)) values.push_back(x);
  }
  while (values.size() % kLine != 0) values.push_back(T(1.0f));
  return values;
}

template <typename T, typename Instruction, typename Exact>
void unary(const char* name, Instruction instruction, Exact exact, double limit) {
  const std::vector<T> values = inputs<T>();
  Line<T> src, dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x4000);
  Errors errors;
  for (size_t at = 0; at < values.size(); at += kLine) {
    std::memcpy(src.data(), values.data() + at, kLine * sizeof(T));
    instruction(dst, src);
    for (int i = 0; i < kLine; ++i) {
      const double x = value_of(src.data()[i]);
      errors.add<T>(x, value_of(dst.data()[i]), exact(x));
    }
  }
  row(name, Format<T>::kName, sizeof(T) == 2 ? "all" : "sampled, hard cases", errors, limit, "ulp");
}

/// Operands of every magnitude, some of which nearly cancel, and all pairs of special values.
template <typename T>
void draw(std::mt19937_64& random, T* a, T* b) {
  std::uniform_real_distribution<double> mantissa(1, 2);
  std::uniform_int_distribution<int> exponent(Format<T>::kMinExponent - Format<T>::kDigits, Format<T>::kMaxExponent), near(-30, 30);
  for (int i = 0; i < kLine; ++i) {
    const double x = std::ldexp(random() % 2 != 0 ? mantissa(random) : -mantissa(random), exponent(random));
    a[i] = T(static_cast<float>(x));
    b[i] = T(static_cast<float>(random() % 3 == 0
                                    ? std::ldexp(mantissa(random), exponent(random))
                                    : value_of(a[i]) * std::ldexp(random() % 2 != 0 ? mantissa(random) : -mantissa(random), near(random))));
  }
}

template <typename T, typename Instruction, typename Exact>
void binary(const char* name, std::mt19937_64& random, Instruction instruction, Exact exact, double limit) {
  Line<T> a, b, dst;
  TASSIGN(a, 0);
  TASSIGN(b, 0x4000);
  TASSIGN(dst, 0x8000);
  Errors errors;
  for (int round = 0; round < 500; ++round) {
    draw(random, a.data(), b.data());
    instruction(dst, a, b);
    for (int i = 0; i < kLine; ++i)
      errors.add<T>(value_of(a.data()[i]), value_of(dst.data()[i]), exact(value_of(a.data()[i]), value_of(b.data()[i])));
  }
  row(name, Format<T>::kName, "random", errors, limit, "ulp");
}

template <typename From, typename To>
void conversion() {
  const std::vector<From> values = inputs<From>();
  Line<From> src;
  Line<To> dst;
  TASSIGN(src, 0);
  TASSIGN(dst, 0x4000);
  Errors errors;
  for (size_t at = 0; at < values.size(); at += kLine) {
    std::memcpy(src.data(), values.data() + at, kLine * sizeof(From));
    TCVT(dst, src, RoundMode::CAST_RINT);
    for (int i = 0; i < kLine; ++i) errors.add<To>(value_of(src.data()[i]), value_of(dst.data()[i]), value_of(src.data()[i]));
  }
  row((std::string("TCVT from ") + Format<From>::kName).c_str(), Format<To>::kName, sizeof(From) == 2 ? "all" : "sampled, hard cases",
      errors, 0.5, "ulp");
}

template <typename T>
void elementwise(std::mt19937_64& random) {
  binary<T>("TADD", random, [](auto& d, auto& a, auto& b) { TADD(d, a, b); }, [](double a, double b) { return a + b; }, 0.5);
  binary<T>("TSUB", random, [](auto& d, auto& a, auto& b) { TSUB(d, a, b); }, [](double a, double b) { return a - b; }, 0.5);
  binary<T>("TMUL", random, [](auto& d, auto& a, auto& b) { TMUL(d, a, b); }, [](double a, double b) { return a * b; }, 0.5);
  binary<T>("TDIV", random, [](auto& d, auto& a, auto& b) { TDIV(d, a, b); }, [](double a, double b) { return a / b; }, 0.5);
  unary<T>("TSQRT", [](auto& d, auto& s) { TSQRT(d, s); }, [](double x) { return std::sqrt(x); }, 0.5);
  unary<T>("TRECIP", [](auto& d, auto& s) { TRECIP(d, s); }, [](double x) { return 1 / x; }, 0.5);
  unary<T>("TRSQRT", [](auto& d, auto& s) { TRSQRT(d, s); }, [](double x) { return 1 / std::sqrt(x); }, 2);
  unary<T>("TEXP", [](auto& d, auto& s) { TEXP(d, s); }, [](double x) { return std::exp(x); }, 2);
  unary<T>("TLOG", [](auto& d, auto& s) { TLOG(d, s); }, [](double x) { return std::log(x); }, 2);
}

double gamma(int n) {
  const double nu = n * 0x1p-24;
  return nu / (1 - nu);
}

/// Sums of n elements: the error as a part of gamma_(n-1) sum |a|, plus half an ulp of the result's type where that is narrower.
template <typename T>
void sums(std::mt19937_64& random) {
  constexpr int kRows = 16, kCols = 512;
  using Square = Tile<TileType::Vec, T, kRows, kCols>;
  Square src;
  Tile<TileType::Vec, T, kRows, 1, BLayout::ColMajor> by_row;
  Tile<TileType::Vec, T, 1, kCols> by_col;
  TASSIGN(src, 0);
  TASSIGN(by_row, 0x10000);
  TASSIGN(by_col, 0x11000);
  Errors rows, cols;
  for (int round = 0; round < 200; ++round) {
    std::normal_distribution<double> values(round % 2 == 0 ? 0 : 1, 1);
    for (int i = 0; i < Square::Numel; ++i) src.data()[i] = T(static_cast<float>(values(random)));
    TROWSUM(by_row, src, src);
    TCOLSUM(by_col, src);
    const auto note = [](Errors& e, double got, double exact, double magnitudes, int n) {
      ++e.results;
      const double rounding = sizeof(T) == 2 ? ulp_at<T>(exact) / 2 * (1 + 1e-6) : 0;
      if (got != rounded<T>(exact)) ++e.misrounded;
      e.note(exact, std::max(0.0, std::abs(got - exact) - rounding) / (gamma(n - 1) * magnitudes));
    };
    for (int r = 0; r < kRows; ++r) {
      double sum = 0, magnitudes = 0;
      for (int c = 0; c < kCols; ++c)
        sum += value_of(src.data()[r * kCols + c]), magnitudes += std::abs(value_of(src.data()[r * kCols + c]));
      note(rows, value_of(by_row.data()[r]), sum, magnitudes, kCols);
    }
    for (int c = 0; c < kCols; ++c) {
      double sum = 0, magnitudes = 0;
      for (int r = 0; r < kRows; ++r)
        sum += value_of(src.data()[r * kCols + c]), magnitudes += std::abs(value_of(src.data()[r * kCols + c]));
      note(cols, value_of(by_col.data()[c]), sum, magnitudes, kRows);
    }
  }
  row("TROWSUM of 512", Format<T>::kName, "random", rows, 1, "of gamma sum \\|a\\|");
  row("TCOLSUM of 16", Format<T>::kName, "random", cols, 1, "of gamma sum \\|a\\|");
}

template <typename T>
void products(std::mt19937_64& random) {
  constexpr int kM = 32, kK = 256, kN = 32;
  TileLeft<T, kM, kK> a;
  TileRight<T, kK, kN> b;
  TileAcc<float, kM, kN> c;
  TASSIGN(a, 0);
  TASSIGN(b, 0);
  TASSIGN(c, 0);
  Errors errors;
  for (int round = 0; round < 40; ++round) {
    std::normal_distribution<double> values(round % 2 == 0 ? 0 : 1, 1);
    for (int i = 0; i < kM * kK; ++i) a.data()[i] = T(static_cast<float>(values(random)));
    for (int i = 0; i < kK * kN; ++i) b.data()[i] = T(static_cast<float>(values(random)));
    TMATMUL(c, a, b);
    for (int m = 0; m < kM; ++m) {
      for (int n = 0; n < kN; ++n) {
        double sum = 0, magnitudes = 0;
        for (int k = 0; k < kK; ++k) {
          const double product =
              value_of(a.data()[GetTileElementOffset<decltype(a)>(m, k)]) * value_of(b.data()[GetTileElementOffset<decltype(b)>(k, n)]);
          sum += product, magnitudes += std::abs(product);
        }
        const double got = static_cast<double>(c.data()[GetTileElementOffset<decltype(c)>(m, n)]);
        ++errors.results;
        if (got != rounded<float>(sum)) ++errors.misrounded;
        errors.note(sum, std::abs(got - sum) / (gamma(kK) * magnitudes));
      }
    }
  }
  row("TMATMUL, K = 256", Format<T>::kName, "random", errors, 1, "of gamma sum \\|a\\|\\|b\\|");
}

}  // namespace

int main(int argc, char** argv) {
  const bool seeded = argc == 3 && std::string(argv[1]) == "--seed";
  if (argc != 1 && !seeded) {
    std::fprintf(stderr, "usage: tw-isa-accuracy [--seed N]\n");
    return 2;
  }
  const unsigned long long seed = seeded ? std::strtoull(argv[2], nullptr, 0) : 1;
  std::mt19937_64 random(seed);
  std::printf("Random seed %llu.\n\n", seed);
  std::printf(
      "| instruction | result type | inputs | results | largest error | promised | not correctly rounded | kept "
      "|\n|---|---|---|---|---|---|---|---|\n");
  elementwise<float>(random);
  elementwise<half>(random);
  elementwise<bfloat16_t>(random);
  conversion<float, half>();
  conversion<float, bfloat16_t>();
  conversion<half, bfloat16_t>();
  conversion<bfloat16_t, half>();
  conversion<half, float>();
  conversion<bfloat16_t, float>();
  sums<float>(random);
  sums<half>(random);
  sums<bfloat16_t>(random);
  products<float>(random);
  products<half>(random);
  products<bfloat16_t>(random);
  return all_kept ? 0 : 1;
}
