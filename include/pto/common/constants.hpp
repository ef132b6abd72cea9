// Sizes and small constants of the programming model (spec/tile-isa-headers.md), and the pad values of tiles.
#pragma once

#include <stdint.h>

#include "pto/common/element_types.hpp"
#include "pto/common/macros.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

constexpr int REPEAT_BYTE = 256;
constexpr int BLOCK_MAX_PER_REPEAT = 8;
constexpr int REPEAT_MAX = 255;
constexpr int BLOCK_BYTE_SIZE = 32;
constexpr int FIXP_BURST_UNIT_LEN = 64;
constexpr int SHIFT_BLOCK_LEN = 4;
constexpr int SHIFT_BLOCK_BYTE = 5;
constexpr int SHIFT_FRACTAL_BYTE = 9;
constexpr int REPEAT_STRIDE_MAX = 255;
constexpr int TMP_UB_SIZE = 8 * 1024;
constexpr int TMP_UB_OFFSET = 184 * 1024;
constexpr int MASK_LEN = 64;
constexpr int BLOCK_LEN = 16;
constexpr int CUBE_BLOCK_SIZE = 512;
constexpr int C0_SIZE_BYTE = 32;
constexpr int FRACTAL_NZ_ROW = 16;
constexpr int FRACTAL_ZZ_ROW = 16;
constexpr int ACC_C0_SIZE = 16;
constexpr int B4_C0_SIZE = 64;
constexpr int MX_COL_LEN = 2;
constexpr int MX_ROW_LEN = 16;
constexpr int MX_BLOCK_SIZE = 32;
constexpr int HIF4_COL_LEN = 4;
constexpr int HIF4_ROW_LEN = 16;
constexpr int HIF4_BLOCK_SIZE = 64;
constexpr int PTO_TIME_1 = 1, PTO_TIME_2 = 2, PTO_TIME_4 = 4;
constexpr int PTO_IDX_0 = 0, PTO_IDX_1 = 1, PTO_IDX_2 = 2, PTO_IDX_3 = 3;
constexpr int NUM_1 = 1, NUM_4 = 4, NUM_8 = 8, NUM_12 = 12, NUM_16 = 16, NUM_32 = 32;

/// What fills the part of a tile outside its valid region. A custom value is CustomBase | the value's bits (float bits; 16-bit
/// types in the low 16; 8-bit types in the low 8).
enum class PadValue : uint64_t { Null = 0, Zero = 1, Max = 2, Min = 3, CustomBase = 0x100000000ull };

namespace detail {
constexpr PadValue custom_pad(uint32_t bits) { return static_cast<PadValue>(static_cast<uint64_t>(PadValue::CustomBase) | bits); }
}  // namespace detail

constexpr PadValue PadValueCustom(float value) { return detail::custom_pad(__builtin_bit_cast(uint32_t, value)); }
constexpr PadValue PadValueCustom(int32_t value) { return detail::custom_pad(static_cast<uint32_t>(value)); }
constexpr PadValue PadValueCustom(uint32_t value) { return detail::custom_pad(value); }
constexpr PadValue PadValueCustom(int16_t value) { return detail::custom_pad(static_cast<uint16_t>(value)); }
constexpr PadValue PadValueCustom(int8_t value) { return detail::custom_pad(static_cast<uint8_t>(value)); }
constexpr PadValue PadValueCustom(uint8_t value) { return detail::custom_pad(value); }
constexpr PadValue PadValueCustom(half value) { return detail::custom_pad(value.bits); }
constexpr PadValue PadValueCustom(bfloat16_t value) { return detail::custom_pad(value.bits); }
constexpr PadValue PadValueCustom16(uint16_t bits) { return detail::custom_pad(bits); }

template <auto Value>
constexpr PadValue PadCustom = PadValueCustom(Value);

}  // namespace pto

#pragma GCC visibility pop
