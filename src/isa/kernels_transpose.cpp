// Transposition of element rectangles, in squares that fit into vector registers.
#include <cstring>

#include "isa/kernels.h"
#include "isa/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "isa/kernels_transpose.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tilewright::isa::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
/// Four rows of 32-bit elements, per block of 128 bits, as columns of four.
template <class D, class V64 = hn::Vec<hn::Repartition<uint64_t, D>>>
HWY_INLINE void columns_of_four(D d, const uint8_t* src, int64_t step, V64* out) {
  const hn::Repartition<uint64_t, D> d64;
  const auto row = [&](int i) HWY_ATTR { return hn::LoadU(d, reinterpret_cast<const uint32_t*>(src + i * step)); };
  const auto r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1)), b = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
  const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1)), f = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
  out[0] = hn::InterleaveLower(d64, a, b);
  out[1] = hn::InterleaveUpper(d64, a, b);
  out[2] = hn::InterleaveLower(d64, e, f);
  out[3] = hn::InterleaveUpper(d64, e, f);
}
#endif

#if HWY_TARGET <= HWY_AVX2
/// One 8 x 8 square of 32-bit elements, in vectors of two blocks.
struct Square32 {
  static constexpr int64_t kRows = 8, kCols = 8;
  using Element = uint32_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    const hn::Full256<uint32_t> d32;
    const hn::Full256<uint64_t> d;
    // Two halves of four rows make columns of eight.
    hn::Vec<hn::Full256<uint64_t>> top[4], bottom[4];
    columns_of_four(d32, src, src_step, top);
    columns_of_four(d32, src + 4 * src_step, src_step, bottom);
    for (int i = 0; i < 4; ++i) {
      hn::StoreU(hn::ConcatLowerLower(d, bottom[i], top[i]), d, reinterpret_cast<uint64_t*>(dst + i * dst_step));
      hn::StoreU(hn::ConcatUpperUpper(d, bottom[i], top[i]), d, reinterpret_cast<uint64_t*>(dst + (i + 4) * dst_step));
    }
  }
};
#elif HWY_TARGET != HWY_SCALAR
/// One 4 x 4 square of 32-bit elements.
struct Square32 {
  static constexpr int64_t kRows = 4, kCols = 4;
  using Element = uint32_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    const hn::Full128<uint64_t> d;
    hn::Vec<hn::Full128<uint64_t>> columns[4];
    columns_of_four(hn::Full128<uint32_t>(), src, src_step, columns);
    for (int i = 0; i < 4; ++i) hn::StoreU(columns[i], d, reinterpret_cast<uint64_t*>(dst + i * dst_step));
  }
};
#endif

#if HWY_TARGET != HWY_SCALAR
/// One 8 x 8 square of 16-bit elements.
struct Square16 {
  static constexpr int64_t kRows = 8, kCols = 8;
  using Element = uint16_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    const hn::Full128<uint16_t> d;
    const hn::Full128<uint32_t> d32;
    const hn::Full128<uint64_t> d64;
    const auto row = [&](int i) HWY_ATTR { return hn::LoadU(d, reinterpret_cast<const uint16_t*>(src + i * src_step)); };
    // Four rows become, per 64-bit lane, columns of four; two such halves make a column of eight.
    const auto lower = [&](int i, auto& c01, auto& c23) HWY_ATTR {
      const auto a = hn::BitCast(d32, hn::InterleaveLower(d, row(i), row(i + 1)));
      const auto b = hn::BitCast(d32, hn::InterleaveLower(d, row(i + 2), row(i + 3)));
      c01 = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
      c23 = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    };
    const auto upper = [&](int i, auto& c45, auto& c67) HWY_ATTR {
      const auto a = hn::BitCast(d32, hn::InterleaveUpper(d, row(i), row(i + 1)));
      const auto b = hn::BitCast(d32, hn::InterleaveUpper(d, row(i + 2), row(i + 3)));
      c45 = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
      c67 = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    };
    const auto put = [&](int i, auto v) HWY_ATTR { hn::StoreU(hn::BitCast(d, v), d, reinterpret_cast<uint16_t*>(dst + i * dst_step)); };
    hn::Vec<decltype(d64)> top_a, top_b, bottom_a, bottom_b;
    lower(0, top_a, top_b);
    lower(4, bottom_a, bottom_b);
    put(0, hn::InterleaveLower(d64, top_a, bottom_a));
    put(1, hn::InterleaveUpper(d64, top_a, bottom_a));
    put(2, hn::InterleaveLower(d64, top_b, bottom_b));
    put(3, hn::InterleaveUpper(d64, top_b, bottom_b));
    upper(0, top_a, top_b);
    upper(4, bottom_a, bottom_b);
    put(4, hn::InterleaveLower(d64, top_a, bottom_a));
    put(5, hn::InterleaveUpper(d64, top_a, bottom_a));
    put(6, hn::InterleaveLower(d64, top_b, bottom_b));
    put(7, hn::InterleaveUpper(d64, top_b, bottom_b));
  }
};

#if HWY_TARGET <= HWY_AVX2
/// Per block of 128 bits, eight rows of eight 16-bit elements as columns of eight: put(i, columns) for each column i.
template <class V16, class Put>
HWY_INLINE void columns_of_eight(const V16* rows, Put put) {
  const hn::DFromV<V16> d;
  const hn::Repartition<uint32_t, decltype(d)> d32;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  // Four rows become columns of four, two in each vector; two such halves make columns of eight.
  hn::Vec<decltype(d64)> halves[2][4];
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const V16* const r = rows + 4 * h;
    const auto a = hn::BitCast(d32, hn::InterleaveLower(d, r[0], r[1])), b = hn::BitCast(d32, hn::InterleaveLower(d, r[2], r[3]));
    const auto e = hn::BitCast(d32, hn::InterleaveUpper(d, r[0], r[1])), f = hn::BitCast(d32, hn::InterleaveUpper(d, r[2], r[3]));
    halves[h][0] = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
    halves[h][1] = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    halves[h][2] = hn::BitCast(d64, hn::InterleaveLower(d32, e, f));
    halves[h][3] = hn::BitCast(d64, hn::InterleaveUpper(d32, e, f));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    put(2 * i, hn::InterleaveLower(d64, halves[0][i], halves[1][i]));
    put(2 * i + 1, hn::InterleaveUpper(d64, halves[0][i], halves[1][i]));
  }
}

/// Two squares of 16-bit elements below each other, 16 rows and 8 columns, one in each block of a vector.
struct Pair16 {
  static constexpr int64_t kRows = 16, kCols = 8;
  using Element = uint16_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    const hn::Full128<uint16_t> half;
    const hn::Full256<uint16_t> d;
    const hn::Full256<uint64_t> d64;
    const auto load = [&](int i) HWY_ATTR { return hn::LoadU(half, reinterpret_cast<const uint16_t*>(src + i * src_step)); };
    hn::Vec<decltype(d)> rows[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) rows[i] = hn::Combine(d, load(i + 8), load(i));
    columns_of_eight(rows, [&](int i, auto column) HWY_ATTR { hn::StoreU(column, d64, reinterpret_cast<uint64_t*>(dst + i * dst_step)); });
  }
};
#endif

#if HWY_TARGET <= HWY_AVX3
/// Four such squares, 16 rows and 16 columns.
struct Four16 {
  static constexpr int64_t kRows = 16, kCols = 16;
  using Element = uint16_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    const hn::Full256<uint16_t> half;
    const hn::Full512<uint16_t> d;
    const hn::Full512<uint64_t> d64;
    const hn::Full256<uint64_t> half64;
    alignas(64) static constexpr int64_t kMiddleBlocksChanged[8] = {0, 1, 4, 5, 2, 3, 6, 7};
    const auto order = hn::SetTableIndices(d64, kMiddleBlocksChanged);
    const auto load = [&](int i) HWY_ATTR { return hn::LoadU(half, reinterpret_cast<const uint16_t*>(src + i * src_step)); };
    const auto put = [&](int64_t i, auto column) HWY_ATTR { hn::StoreU(column, half64, reinterpret_cast<uint64_t*>(dst + i * dst_step)); };
    hn::Vec<decltype(d)> rows[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      rows[i] = hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d64, hn::Combine(d, load(i + 8), load(i))), order));
    }
    columns_of_eight(rows, [&](int i, auto columns) HWY_ATTR {
      put(i, hn::LowerHalf(half64, columns));
      put(i + 8, hn::UpperHalf(half64, columns));
    });
  }
};
#endif

#endif  // HWY_TARGET != HWY_SCALAR

/// One 8 x 8 square of bytes, in general registers: blocks of 1, 2 and 4 bytes change sides in turn (Hacker's Delight, 7-3).
struct Square8 {
  static constexpr int64_t kRows = 8, kCols = 8;
  using Element = uint8_t;
  static HWY_INLINE void run(uint8_t* dst, int64_t dst_step, const uint8_t* src, int64_t src_step) {
    uint64_t x[8];
    for (int i = 0; i < 8; ++i) std::memcpy(&x[i], src + i * src_step, 8);
    exchange<4>(x, 0x00000000ffffffffull);
    exchange<2>(x, 0x0000ffff0000ffffull);
    exchange<1>(x, 0x00ff00ff00ff00ffull);
    for (int i = 0; i < 8; ++i) std::memcpy(dst + i * dst_step, &x[i], 8);
  }
  template <int kBlock>
  static HWY_INLINE void exchange(uint64_t* x, uint64_t low) {
    for (int i = 0; i < 8; ++i) {
      if ((i & kBlock) != 0) continue;
      const uint64_t t = ((x[i] >> 8 * kBlock) ^ x[i + kBlock]) & low;
      x[i] ^= t << 8 * kBlock;
      x[i + kBlock] ^= t;
    }
  }
};

template <typename T>
HWY_INLINE void transpose_elements(const Transposition& t, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  for (int64_t c = col; c < col + cols; ++c) {
    for (int64_t r = row; r < row + rows; ++r) {
      std::memcpy(t.dst + c * t.dst_step + r * static_cast<int64_t>(sizeof(T)),
                  t.src + r * t.src_step + c * static_cast<int64_t>(sizeof(T)), sizeof(T));
    }
  }
}

/// In squares of the first kind, the rows that are left in those of the next, and what is left in the end by elements.
template <class Square, class... Smaller>
void transpose_squares(const Transposition& t) {
  using T = typename Square::Element;
  constexpr int64_t kBytes = sizeof(T);
  const int64_t whole_rows = t.rows / Square::kRows * Square::kRows, whole_cols = t.cols / Square::kCols * Square::kCols;
  for (int64_t r = 0; r < whole_rows; r += Square::kRows) {
    for (int64_t c = 0; c < whole_cols; c += Square::kCols) {
      Square::run(t.dst + c * t.dst_step + r * kBytes, t.dst_step, t.src + r * t.src_step + c * kBytes, t.src_step);
    }
  }
  if (whole_cols < t.cols) transpose_elements<T>(t, 0, whole_cols, whole_rows, t.cols - whole_cols);
  if (whole_rows == t.rows) return;
  if constexpr (sizeof...(Smaller) != 0) {
    transpose_squares<Smaller...>({t.dst + whole_rows * kBytes, t.src + whole_rows * t.src_step, t.dst_step, t.src_step,
                                   t.rows - whole_rows, t.cols, t.element_bytes});
  } else {
    transpose_elements<T>(t, whole_rows, 0, t.rows - whole_rows, t.cols);
  }
}

void transpose_rectangle(const Transposition& t) {
  switch (t.element_bytes) {
    case 1: return transpose_squares<Square8>(t);
#if HWY_TARGET <= HWY_AVX3
    case 2: return t.cols % Four16::kCols == 0 ? transpose_squares<Four16, Square16>(t) : transpose_squares<Pair16, Square16>(t);
#elif HWY_TARGET <= HWY_AVX2
    case 2: return transpose_squares<Pair16, Square16>(t);
#elif HWY_TARGET != HWY_SCALAR
    case 2: return transpose_squares<Square16>(t);
#endif
#if HWY_TARGET != HWY_SCALAR
    case 4: return transpose_squares<Square32>(t);
#else
    case 2: return transpose_elements<uint16_t>(t, 0, 0, t.rows, t.cols);
    case 4: return transpose_elements<uint32_t>(t, 0, 0, t.rows, t.cols);
#endif
    default: return transpose_elements<uint64_t>(t, 0, 0, t.rows, t.cols);
  }
}

}  // namespace tilewright::isa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tilewright::isa {

HWY_EXPORT(transpose_rectangle);

void transpose(const Transposition& transposition) { HWY_DYNAMIC_DISPATCH(transpose_rectangle)(transposition); }

}  // namespace tilewright::isa
#endif
