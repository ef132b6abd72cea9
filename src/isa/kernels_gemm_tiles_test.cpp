// The product by a matrix unit, with a model of the unit's instructions written from their descriptions (Intel SDM, volume 2: LDTILECFG,
// TILELOADD, TILESTORED, TDPBSSD, TDPBF16PS), so that it is tested on every machine; where there is such a unit, it must agree with the model.
#include "isa/kernels_gemm_tiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace tilewright::isa {
namespace {

float float_of(uint16_t bf16) {
  const uint32_t bits = uint32_t{bf16} << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
float without_subnormals(float value) { return std::abs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0f, value) : value; }

/// Eight registers of 16 rows of 64 bytes, and what they are configured as. Whatever an instruction would fault on fails the test.
struct Model {
  static inline TileConfiguration shape;
  static inline bool configured = false;
  static inline uint8_t data[8][16][64];
  static inline int loads = 0;

  static void configure(const TileConfiguration& tiles) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(&tiles) % 64, 0u);
    EXPECT_EQ(tiles.palette, 1);
    for (int t = 0; t < 16; ++t) {
      EXPECT_TRUE(tiles.rows[t] <= 16 && tiles.row_bytes[t] <= 64 && tiles.row_bytes[t] % 4 == 0) << t;
      EXPECT_EQ(tiles.rows[t] == 0, tiles.row_bytes[t] == 0) << t;
      EXPECT_TRUE(t < 8 || tiles.rows[t] == 0) << t;
    }
    shape = tiles;
    configured = true;
    std::memset(data, 0, sizeof(data));
  }
  static void release() { configured = false; }
  template <TileRegister kTile>
  static void zero() {
    EXPECT_TRUE(configured && shape.rows[kTile] != 0);
    std::memset(data[kTile], 0, sizeof(data[kTile]));
  }
  template <TileRegister kTile>
  static void load(const void* base, int64_t step) {
    EXPECT_TRUE(configured && shape.rows[kTile] != 0);
    ++loads;
    std::memset(data[kTile], 0, sizeof(data[kTile]));
    for (int r = 0; r < shape.rows[kTile]; ++r)
      std::memcpy(data[kTile][r], static_cast<const uint8_t*>(base) + r * step, shape.row_bytes[kTile]);
  }
  template <TileRegister kTile>
  static void store(void* base, int64_t step) {
    EXPECT_TRUE(configured && shape.rows[kTile] != 0);
    for (int r = 0; r < shape.rows[kTile]; ++r) std::memcpy(static_cast<uint8_t*>(base) + r * step, data[kTile][r], shape.row_bytes[kTile]);
  }
  /// Calls product(result, a's group, b's group) as the instructions go through the rows.
  template <TileRegister kA, TileRegister kB, typename Result, typename Product>
  static void for_groups(Product product) {
    EXPECT_TRUE(configured);
    EXPECT_EQ(shape.rows[kResults], shape.rows[kA]);
    EXPECT_EQ(shape.row_bytes[kResults], shape.row_bytes[kB]);
    EXPECT_EQ(shape.row_bytes[kA], shape.rows[kB] * 4);
    for (int m = 0; m < shape.rows[kA]; ++m) {
      for (int k = 0; k < shape.rows[kB]; ++k) {
        for (int n = 0; n < shape.row_bytes[kB] / 4; ++n) {
          Result result;
          std::memcpy(&result, data[kResults][m] + 4 * n, 4);
          product(result, data[kA][m] + 4 * k, data[kB][k] + 4 * n);
          std::memcpy(data[kResults][m] + 4 * n, &result, 4);
        }
      }
    }
  }
};

struct ModelI8 : Model {
  using Result = int32_t;
  template <TileRegister kA, TileRegister kB>
  static void multiply() {
    for_groups<kA, kB, int32_t>([](int32_t& result, const uint8_t* a, const uint8_t* b) {
      for (int i = 0; i < 4; ++i) result += int32_t{static_cast<int8_t>(a[i])} * static_cast<int8_t>(b[i]);
    });
  }
};
struct ModelBf16 : Model {
  using Result = float;
  template <TileRegister kA, TileRegister kB>
  static void multiply() {
    for_groups<kA, kB, float>([](float& result, const uint8_t* a, const uint8_t* b) {
      for (int i = 0; i < 2; ++i) {
        uint16_t x, y;
        std::memcpy(&x, a + 2 * i, 2), std::memcpy(&y, b + 2 * i, 2);
        const float product = without_subnormals(float_of(x)) * without_subnormals(float_of(y));
        result = without_subnormals(without_subnormals(product) + without_subnormals(result));
      }
    });
  }
};

/// Operands of a product: A with a longer step from row to row, bytes at random, or bf16 of a range of magnitudes.
struct Operands {
  int64_t rows, groups, stride;
  std::vector<uint8_t> a, b;
  std::vector<uint32_t> c;

  Operands(std::mt19937_64& random, bool bf16, int low_exponent, int high_exponent) {
    const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    rows = pick(1, 50), groups = pick(1, 40), stride = groups * 4 + 4 * pick(0, 5);
    a.resize(static_cast<size_t>(rows * stride)), b.resize(static_cast<size_t>(groups * 64)), c.resize(static_cast<size_t>(rows * 16));
    for (std::vector<uint8_t>* bytes : {&a, &b}) {
      for (size_t i = 0; i < bytes->size(); i += 2) {
        uint16_t value = static_cast<uint16_t>(random());
        if (bf16) value = static_cast<uint16_t>((value & 0x807f) | pick(low_exponent, high_exponent) << 7);
        std::memcpy(bytes->data() + i, &value, 2);
      }
    }
    for (uint32_t& x : c) {
      const float value = static_cast<float>(pick(-100, 100));
      x = bf16 ? __builtin_bit_cast(uint32_t, value) : static_cast<uint32_t>(random());
    }
  }
  GroupPanelProduct product(bool accumulate) { return {a.data(), stride, b.data(), c.data(), rows, groups, accumulate}; }
  template <typename T>
  T result(int64_t i) const {
    T value;
    std::memcpy(&value, &c[static_cast<size_t>(i)], 4);
    return value;
  }
};

class TileProduct : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_FALSE(Model::configured) << "tiles are released";
    if (HasFailure()) std::printf("random seed: %llu\n", static_cast<unsigned long long>(seed_));
  }
  uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
};

TEST_F(TileProduct, OfBytesIsExact) {
  for (int trial = 0; trial < 60; ++trial) {
    Operands o(random_, false, 0, 0);
    const Operands before = o;
    const bool accumulate = trial % 2 != 0;
    multiply_tiles<ModelI8>(o.product(accumulate));
    for (int64_t m = 0; m < o.rows; ++m) {
      for (int64_t n = 0; n < 16; ++n) {
        int64_t sum = accumulate ? before.result<int32_t>(m * 16 + n) : 0;
        for (int64_t k = 0; k < o.groups * 4; ++k) {
          sum += int64_t{static_cast<int8_t>(o.a[static_cast<size_t>(m * o.stride + k)])} *
                 static_cast<int8_t>(o.b[static_cast<size_t>(k / 4 * 64 + n * 4 + k % 4)]);
        }
        ASSERT_EQ(o.result<int32_t>(m * 16 + n), static_cast<int32_t>(static_cast<uint32_t>(sum))) << m << "," << n;
      }
    }
  }
}

uint16_t half_at(const std::vector<uint8_t>& bytes, int64_t at) {
  uint16_t value;
  std::memcpy(&value, bytes.data() + at, 2);
  return value;
}

/// Whether all results are within gamma of the exact ones.
bool within_bound(const Operands& o, const Operands& before, bool accumulate) {
  for (int64_t m = 0; m < o.rows; ++m) {
    for (int64_t n = 0; n < 16; ++n) {
      double sum = accumulate ? static_cast<double>(before.result<float>(m * 16 + n)) : 0, magnitudes = std::abs(sum);
      for (int64_t k = 0; k < o.groups * 2; ++k) {
        const double product = static_cast<double>(float_of(half_at(o.a, m * o.stride + 2 * k))) *
                               static_cast<double>(float_of(half_at(o.b, k / 2 * 64 + n * 4 + k % 2 * 2)));
        sum += product, magnitudes += std::abs(product);
      }
      const double steps = static_cast<double>(o.groups * 2 + 1) * 0x1p-24;
      if (!(std::abs(static_cast<double>(o.result<float>(m * 16 + n)) - sum) <= steps / (1 - steps) * magnitudes)) return false;
    }
  }
  return true;
}

TEST_F(TileProduct, OfBf16IsWithinTheBoundWhereItIsUsed) {
  for (int trial = 0; trial < 60; ++trial) {
    // The smallest exponents that bf16_products_stay_normal allows, and up to 20 binades above them.
    const int low = std::uniform_int_distribution<int>(1, 153)(random_), other = 154 - low;
    Operands o(random_, true, low, low + 20);
    Operands second(random_, true, other, other + 20);
    for (size_t i = 0; i < o.b.size(); i += 2) std::memcpy(o.b.data() + i, second.b.data() + i % second.b.size(), 2);
    const uint16_t a = smallest_magnitude(reinterpret_cast<const uint16_t*>(o.a.data()), static_cast<int64_t>(o.a.size() / 2)),
                   b = smallest_magnitude(reinterpret_cast<const uint16_t*>(o.b.data()), static_cast<int64_t>(o.b.size() / 2));
    ASSERT_TRUE(bf16_products_stay_normal(a, b)) << a << " and " << b;
    const Operands before = o;
    multiply_tiles<ModelBf16>(o.product(trial % 2 != 0));
    ASSERT_TRUE(within_bound(o, before, trial % 2 != 0)) << "exponents from " << low << " and " << other;
  }
}

TEST_F(TileProduct, OfTinyBf16IsNotWithinTheBoundAndNotUsed) {
  for (int trial = 0; trial < 10; ++trial) {
    Operands o(random_, true, 40, 45);  // products of 2^-170: the unit has nothing but zeros for them
    EXPECT_FALSE(bf16_products_stay_normal(40 << 7, 40 << 7));
    const Operands before = o;
    multiply_tiles<ModelBf16>(o.product(false));
    EXPECT_FALSE(within_bound(o, before, false));
  }
  EXPECT_FALSE(bf16_products_stay_normal(0x7f, 0x7f00)) << "a subnormal counts as zero";
  EXPECT_TRUE(bf16_products_stay_normal(0xffff, 0xffff)) << "nothing but zeros";
}

TEST_F(TileProduct, TheSmallestMagnitudeIsFoundWhereverItIs) {
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<uint16_t> values(std::uniform_int_distribution<size_t>(0, 200)(random_));
    uint16_t want = 0xffff;
    for (uint16_t& v : values) {
      v = random_() % 3 == 0 ? static_cast<uint16_t>(random_() % 2 << 15) : static_cast<uint16_t>(random_());
      const uint16_t magnitude = v & 0x7fff;
      if (magnitude != 0 && magnitude < want) want = magnitude;
    }
    ASSERT_EQ(smallest_magnitude(values.data(), static_cast<int64_t>(values.size())), want);
  }
}

TEST_F(TileProduct, ThisProcessorsUnitIsTheModel) {
  if (!has_matrix_unit()) GTEST_SKIP() << "this processor has no AMX, or the kernel does not let the process use it";
  for (int trial = 0; trial < 200; ++trial) {
    Operands bytes(random_, false, 0, 0), copy = bytes, halves(random_, true, 77, 100), copy_of_halves = halves;
    const bool accumulate = trial % 2 != 0;
    group_product_i8(bytes.product(accumulate));
    multiply_tiles<ModelI8>(copy.product(accumulate));
    ASSERT_EQ(bytes.c, copy.c);
    const Operands before = halves;
    group_product_bf16(halves.product(accumulate));
    multiply_tiles<ModelBf16>(copy_of_halves.product(accumulate));
    ASSERT_TRUE(within_bound(halves, before, accumulate) && within_bound(copy_of_halves, before, accumulate));
  }
}

TEST_F(TileProduct, ThisProcessorsGroupsOfBf16AreWithinTheBound) {
  const GroupKernel kernel = group_kernel(kPtoBf16);
  if (kernel.run == nullptr) GTEST_SKIP() << "this processor multiplies no bf16";
  for (int trial = 0; trial < 100; ++trial) {
    Operands o(random_, true, 77, 100);
    const Operands before = o;
    kernel.run(o.product(trial % 2 != 0));
    ASSERT_TRUE(within_bound(o, before, trial % 2 != 0));
  }
}

}  // namespace
}  // namespace tilewright::isa
