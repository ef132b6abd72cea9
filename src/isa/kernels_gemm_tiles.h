// A panel product with a matrix unit that has tile registers, as x86's AMX does: which tiles are loaded from where. The instructions are a
// parameter, so that a model of them stands in where a processor lacks them (kernels_gemm_tiles_test.cpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "isa/kernels.h"

namespace tilewright::isa {

/// What `ldtilecfg` takes (Intel SDM, volume 1, 18.3): bytes of a row and number of rows of each tile register.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfiguration) == 64);

/// The tiles of a product: 16 results a row, A with up to 16 groups of four bytes a row, B with a group of each column a row. The last two
/// are those of the groups that do not fill a tile.
enum TileRegister : uint8_t { kResults, kLeft, kRight, kLastLeft, kLastRight };

/// c (+)= a b. Unit has static functions configure(TileConfiguration), zero<tile>(), load<tile>(base, row_step), multiply<a, b>(), which adds
/// to kResults, store<tile>(base, row_step) and release(); and the type of a result as Unit::Result.
template <class Unit>
void multiply_tiles(const GroupPanelProduct& p) {
  using Result = typename Unit::Result;
  constexpr int64_t kSide = 16, kGroup = 4;
  const int64_t last = p.groups % kSide;
  Result results[kSide * kSide];
  for (int64_t m = 0; m < p.rows; m += kSide) {
    const int64_t rows = std::min(kSide, p.rows - m);
    if (m == 0 || rows < kSide) {
      TileConfiguration tiles;
      const auto set = [&tiles](TileRegister tile, int64_t of_rows, int64_t groups) {
        tiles.rows[tile] = static_cast<uint8_t>(of_rows), tiles.row_bytes[tile] = static_cast<uint16_t>(groups * kGroup);
      };
      set(kResults, rows, kSide), set(kLeft, rows, kSide), set(kRight, kSide, kSide);
      if (last != 0) set(kLastLeft, rows, last), set(kLastRight, last, kSide);
      Unit::configure(tiles);
    }
    Unit::template zero<kResults>();
    const uint8_t* a = p.a + m * p.a_stride;
    const uint8_t* b = p.b;
    for (int64_t g = 0; g + kSide <= p.groups; g += kSide, a += kSide * kGroup, b += kSide * kSide * kGroup) {
      Unit::template load<kLeft>(a, p.a_stride);
      Unit::template load<kRight>(b, kSide * kGroup);
      Unit::template multiply<kLeft, kRight>();
    }
    if (last != 0) {
      Unit::template load<kLastLeft>(a, p.a_stride);
      Unit::template load<kLastRight>(b, kSide * kGroup);
      Unit::template multiply<kLastLeft, kLastRight>();
    }
    Unit::template store<kResults>(results, kSide * static_cast<int64_t>(sizeof(Result)));
    // What was there is added here: the unit would take small values of it for zero.
    Result* const c = static_cast<Result*>(p.c) + m * kSide;
    for (int64_t i = 0; i < rows * kSide; ++i) {
      if constexpr (std::is_same_v<Result, float>) {
        c[i] = p.accumulate ? c[i] + results[i] : results[i];
      } else {
        c[i] = static_cast<Result>((p.accumulate ? static_cast<uint32_t>(c[i]) : 0) + static_cast<uint32_t>(results[i]));
      }
    }
  }
  Unit::release();
}

}  // namespace tilewright::isa
