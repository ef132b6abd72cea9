// What the tests of the instruction set share: a core whose errors are exceptions, and an independent reference for element
// types and layouts, written from spec/tile-isa.md 1.1 and 1.2 with divisions and double arithmetic, and with nothing from the
// library.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "isa/core.h"
#include "pto/pto-inst.hpp"

namespace tilewright::isa_test {

struct KernelError {
  int code;
  std::string text;
};

class ThrowingHost : public CoreHost {
 public:
  void yield() override { ++yields; }
  void wait(const CoreWait& condition) override {
    if (!condition.ready(condition.data)) fail(0, "waits for " + condition.describe(condition.data));
  }
  void notify() override { ++notifications; }
  void fail(int code, const std::string& text) override { throw KernelError{code, text}; }
  int yields = 0;
  int notifications = 0;
};

/// A core of its own for every test, and random numbers whose seed is printed when the test fails.
class IsaTest : public ::testing::Test {
 protected:
  explicit IsaTest(const CoreArch& arch = CoreArch::a2a3()) : memory_(arch) {
    context_ = {.kind = CoreKind::kAiv, .arch = &arch, .memory = &memory_, .host = &host_};
    set_current_core(&context_);
  }
  ~IsaTest() override { set_current_core(nullptr); }

  void SetUp() override {
    const char* given = std::getenv("TW_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    random_.seed(seed_);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("random seed: TW_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  }

  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  /// The error that `kernel` ends with; code 0 if it ends without one.
  template <typename Kernel>
  KernelError error_of(Kernel kernel) {
    try {
      kernel();
    } catch (const KernelError& error) {
      return error;
    }
    return {0, ""};
  }

  CoreMemory memory_;
  ThrowingHost host_;
  CoreContext context_;
  unsigned long long seed_ = 0;
  std::mt19937_64 random_;
};

// Element types, decoded by their definition.

/// Value of a binary float of `exponent_bits` and `mantissa_bits`.
inline double decode_float(uint32_t bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const uint32_t sign = bits >> (exponent_bits + mantissa_bits) & 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const double mantissa = static_cast<double>(bits & ((1u << mantissa_bits) - 1));
  double value;
  if (exponent == (1 << exponent_bits) - 1) {
    value = mantissa == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(mantissa + std::ldexp(1.0, mantissa_bits), exponent - bias - mantissa_bits);
  }
  return sign != 0 ? -value : value;
}

template <typename T>
struct FloatFormat;
template <>
struct FloatFormat<float> {
  static constexpr int kExponentBits = 8, kMantissaBits = 23;
};
template <>
struct FloatFormat<half> {
  static constexpr int kExponentBits = 5, kMantissaBits = 10;
};
template <>
struct FloatFormat<bfloat16_t> {
  static constexpr int kExponentBits = 8, kMantissaBits = 7;
};

template <typename T>
inline constexpr bool is_float_element = std::is_same_v<T, float> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16_t>;

template <typename T>
double decode(T value) {
  if constexpr (is_float_element<T>) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return decode_float(bits, FloatFormat<T>::kExponentBits, FloatFormat<T>::kMantissaBits);
  } else {
    return static_cast<double>(value);
  }
}

/// Nearest integer by mode, from the words of the specification.
inline double round_integer(double x, pto::RoundMode mode) {
  if (!std::isfinite(x)) return x;
  const double down = std::floor(x), fraction = x - down;
  const auto even = [](double v) { return std::fmod(v, 2.0) == 0; };
  switch (mode) {
    case pto::RoundMode::CAST_FLOOR: return down;
    case pto::RoundMode::CAST_CEIL: return fraction == 0 ? down : down + 1;
    case pto::RoundMode::CAST_TRUNC: return x < 0 && fraction != 0 ? down + 1 : down;
    case pto::RoundMode::CAST_ROUND: return fraction > 0.5 || (fraction == 0.5 && x > 0) ? down + 1 : down;
    case pto::RoundMode::CAST_ODD: return fraction == 0 ? down : even(down) ? down + 1 : down;
    default: return fraction > 0.5 || (fraction == 0.5 && !even(down)) ? down + 1 : down;
  }
}

/// The value of a float type that a real number rounds to; beyond its range an infinity or the largest value, as IEEE 754 says
/// for the mode.
template <typename T>
double round_float(double x, pto::RoundMode mode = pto::RoundMode::CAST_RINT) {
  if (!std::isfinite(x) || x == 0) return x;
  const int mantissa = FloatFormat<T>::kMantissaBits, bias = (1 << (FloatFormat<T>::kExponentBits - 1)) - 1;
  const int exponent = std::max(std::ilogb(x), 1 - bias);
  const double quantum = std::ldexp(1.0, exponent - mantissa);
  const double rounded = round_integer(x / quantum, mode) * quantum;
  const double highest = std::ldexp(2.0 - std::ldexp(1.0, -mantissa), bias);
  if (std::abs(rounded) <= highest) return rounded;
  const bool to_infinity = mode == pto::RoundMode::CAST_NONE || mode == pto::RoundMode::CAST_RINT || mode == pto::RoundMode::CAST_ROUND ||
                           (mode == pto::RoundMode::CAST_CEIL && x > 0) || (mode == pto::RoundMode::CAST_FLOOR && x < 0);
  return std::copysign(to_infinity ? HUGE_VAL : highest, x);
}

/// The distance of neighbouring values of T at x.
template <typename T>
double ulp(double x) {
  const int bias = (1 << (FloatFormat<T>::kExponentBits - 1)) - 1;
  const int exponent = x == 0 || !std::isfinite(x) ? 1 - bias : std::max(std::ilogb(x), 1 - bias);
  return std::ldexp(1.0, exponent - FloatFormat<T>::kMantissaBits);
}

/// a compared with b, on exact values: what `mode` says in C++, which for numbers that are none is IEEE 754.
template <typename T>
bool compares(pto::CmpMode mode, T a, T b) {
  switch (mode) {
    case pto::CmpMode::EQ: return a == b;
    case pto::CmpMode::NE: return a != b;
    case pto::CmpMode::LT: return a < b;
    case pto::CmpMode::LE: return a <= b;
    case pto::CmpMode::GT: return a > b;
    default: return a >= b;
  }
}

inline bool same_value(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Layouts, from the tables of the specification.

template <typename TileT>
int64_t tile_offset(int64_t r, int64_t c) {
  const int64_t rows = TileT::Rows, cols = TileT::Cols, per_block = 32 / static_cast<int64_t>(sizeof(typename TileT::DType));
  const bool row_boxes = TileT::SFractal == pto::SLayout::RowMajor;
  if (TileT::SFractal == pto::SLayout::NoneBox) return TileT::BFractal == pto::BLayout::RowMajor ? r * cols + c : c * rows + r;
  int64_t ir, ic;
  if (TileT::SFractalSize == 1024) {
    ir = ic = 16;
  } else if (TileT::SFractalSize == 32) {
    ir = row_boxes ? 16 : 2;
    ic = row_boxes ? 2 : 16;
  } else {
    ir = row_boxes ? 16 : per_block;
    ic = row_boxes ? per_block : 16;
  }
  const int64_t br = r / ir, bc = c / ic, box = ir * ic;
  const int64_t inside = row_boxes ? (r % ir) * ic + c % ic : (c % ic) * ir + r % ir;
  return inside + (TileT::BFractal == pto::BLayout::RowMajor ? br * cols * ir + bc * box : bc * rows * ic + br * box);
}

/// Offset of logical (r, c) in a global tensor.
template <typename Global>
int64_t global_offset(const Global& g, int64_t r, int64_t c) {
  const int64_t s0 = g.GetShape(0), s1 = g.GetShape(1), s2 = g.GetShape(2), s3 = g.GetShape(3), s4 = g.GetShape(4);
  int64_t i[5] = {};
  (void)s0;
  switch (Global::layout) {
    case pto::Layout::ND: i[4] = c, i[3] = r % s3, i[2] = r / s3 % s2, i[1] = r / (s3 * s2) % s1, i[0] = r / (s1 * s2 * s3); break;
    case pto::Layout::DN: i[3] = r, i[4] = c % s4, i[2] = c / s4 % s2, i[1] = c / (s4 * s2) % s1, i[0] = c / (s1 * s2 * s4); break;
    default: i[0] = c / s4 / s1, i[1] = c / s4 % s1, i[2] = r / s3, i[3] = r % s3, i[4] = c % s4; break;
  }
  int64_t offset = 0;
  for (int d = 0; d < 5; ++d) offset += i[d] * g.GetStride(d);
  return offset;
}

/// All bytes of a tile's physical extent as elements.
template <typename TileT>
std::vector<typename TileT::DType> snapshot(const TileT& tile) {
  return {tile.data(), tile.data() + TileT::Numel};
}

template <typename TileT>
typename TileT::DType at(const TileT& tile, int64_t r, int64_t c) {
  return tile.data()[tile_offset<TileT>(r, c)];
}

template <typename T, typename Random>
T random_element(Random& random, double low, double high) {
  if constexpr (is_float_element<T>) {
    return T(static_cast<float>(std::uniform_real_distribution<double>(low, high)(random)));
  } else {
    return static_cast<T>(random());
  }
}

template <typename TileT, typename Random>
void randomize(TileT& tile, Random& random, double low = -4, double high = 4) {
  for (int i = 0; i < TileT::Numel; ++i) tile.data()[i] = random_element<typename TileT::DType>(random, low, high);
}

// Tile types of the tests: 32 x 64 elements in each arrangement, with a valid extent chosen at run time.
template <typename T>
using NdTile = pto::Tile<pto::TileType::Vec, T, 32, 64, pto::BLayout::RowMajor, -1, -1>;
template <typename T>
using DnTile = pto::Tile<pto::TileType::Vec, T, 32, 64, pto::BLayout::ColMajor, -1, -1>;
template <typename T, pto::TileType Loc = pto::TileType::Vec>
using NzTile = pto::Tile<Loc, T, 32, 64, pto::BLayout::ColMajor, -1, -1, pto::SLayout::RowMajor>;
template <typename T, pto::TileType Loc = pto::TileType::Vec>
using ZnTile = pto::Tile<Loc, T, 32, 64, pto::BLayout::RowMajor, -1, -1, pto::SLayout::ColMajor>;
template <typename T, pto::TileType Loc = pto::TileType::Vec>
using ZzTile = pto::Tile<Loc, T, 32, 64, pto::BLayout::RowMajor, -1, -1, pto::SLayout::RowMajor>;
template <typename T, pto::TileType Loc = pto::TileType::Vec>
using NnTile = pto::Tile<Loc, T, 32, 64, pto::BLayout::ColMajor, -1, -1, pto::SLayout::ColMajor>;

using AllElements = ::testing::Types<float, half, bfloat16_t, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>;
using FloatElements = ::testing::Types<float, half, bfloat16_t>;
using SignedElements = ::testing::Types<float, half, bfloat16_t, int8_t, int16_t, int32_t, int64_t>;

}  // namespace tilewright::isa_test
