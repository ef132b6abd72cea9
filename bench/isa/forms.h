// What bench/isa measures: forms of instructions, each beside a plain loop over the same operands.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pto/pto-inst.hpp"

namespace tilewright::bench {

using Work = std::function<void()>;

/// Row-major f32 operands as libraries know them: dst, a and b rows x cols, column rows x 1, row 1 x cols. Of a product rows = cols.
struct Matrices {
  float *dst, *a, *b, *column, *row;
  int64_t rows, cols;
};

/// A form with its operands in place. Whatever it refers to lives in `state`.
struct Prepared {
  Work tile;                      ///< the instruction as a kernel calls it
  Work plain;                     ///< the same as a plain loop on the same sources; empty: nothing comparable
  std::function<double()> error;  ///< largest relative difference of the two results; empty: nothing to compare
  std::shared_ptr<void> state;
  Matrices matrices{};  ///< for libraries; dst is null where none is asked
};

struct Form {
  std::string name, type, shape;
  double tolerance;  ///< that `error` may reach
  std::function<Prepared()> prepare;
};
using Forms = std::vector<Form>;

// The families. Each file has one of these.
void add_elementwise(Forms& forms);
void add_fused_and_bits(Forms& forms);
void add_reductions(Forms& forms);
void add_moves(Forms& forms);
void add_conversions(Forms& forms);
void add_products(Forms& forms);
void add_gathers(Forms& forms);
void add_selections(Forms& forms);
void add_control(Forms& forms);
inline constexpr void (*kFamilies[])(Forms&) = {add_elementwise, add_fused_and_bits, add_reductions, add_selections, add_conversions,
                                                add_moves,       add_gathers,        add_products,   add_control};

/// What Eigen or OpenBLAS offers for an f32 form; empty if nothing.
Work eigen_work(const std::string& form, const Matrices& m);
Work openblas_work(const std::string& form, const Matrices& m);
bool has_eigen();
bool has_openblas();

/// Memory for `count` elements that starts at a page, as the tiles do.
template <typename T>
std::shared_ptr<T[]> page_aligned(int64_t count) {
  const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 4095) / 4096 * 4096;
  void* memory = std::aligned_alloc(4096, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  std::fill_n(static_cast<char*>(memory), bytes, char{0});
  return std::shared_ptr<T[]>(static_cast<T*>(memory), [](T* p) { std::free(p); });
}

/// The type a plain loop computes in: what the compiler has for it.
template <typename T>
struct PlainType {
  using type = T;
};
template <>
struct PlainType<half> {
  using type = _Float16;
};

template <typename T>
const char* type_name() {
  if constexpr (std::is_same_v<T, float>) return "f32";
  if constexpr (std::is_same_v<T, half>) return "f16";
  if constexpr (std::is_same_v<T, bfloat16_t>) return "bf16";
  if constexpr (std::is_same_v<T, int8_t>) return "i8";
  if constexpr (std::is_same_v<T, uint8_t>) return "u8";
  if constexpr (std::is_same_v<T, int16_t>) return "i16";
  if constexpr (std::is_same_v<T, int32_t>) return "i32";
  if constexpr (std::is_same_v<T, uint32_t>) return "u32";
  return "?";
}
template <typename T>
constexpr double tolerance_of() {
  return std::is_same_v<T, float> ? 1e-4 : std::is_integral_v<T> ? 0 : std::is_same_v<T, half> ? 4e-3 : 3e-2;
}
inline std::string shape_name(int rows, int cols) { return std::to_string(rows) + "x" + std::to_string(cols); }

/// Values near 1 (integers: 0 to 99), so that every function has a value and repeated products stay normal.
template <typename T>
void fill(T* data, int64_t count, int64_t seed = 0) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t step = (i * 37 + seed * 11) % 97;
    if constexpr (std::is_integral_v<T>) {
      data[i] = static_cast<T>(step + 1);
    } else {
      data[i] = static_cast<T>(0.5f + static_cast<float>(step) / 97);
    }
  }
}

template <typename A, typename B>
double largest_difference(const A* a, const B* b, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    const double difference = std::abs(x - y) / std::max(1.0, std::abs(y));
    largest = std::isnan(difference) ? HUGE_VAL : std::max(largest, difference);
  }
  return largest;
}

template <typename T, int R, int C>
using VecTile = pto::Tile<pto::TileType::Vec, T, R, C>;

/// Three tiles of one shape and two vectors in UB, and results of plain loops. Extents are variables, so that no loop is made for one size.
template <typename T_, int R, int C>
struct Operands {
  using T = T_;
  using P = typename PlainType<T>::type;
  static constexpr int kRows = R, kCols = C;
  VecTile<T, R, C> dst, a, b;
  pto::Tile < pto::TileType::Vec, T, R<32 ? 32 : R, 1, pto::BLayout::ColMajor, R, 1> column;
  VecTile < T, 1, C<32 ? 32 : C> row;
  int64_t rows = R, cols = C, count = int64_t{R} * C;
  T scalar = static_cast<T>(std::is_integral_v<T> ? 3 : 0.5f);
  std::shared_ptr<T[]> expected = page_aligned<T>(int64_t{R} * C);

  Operands() {
    pto::TASSIGN(dst, 0);
    pto::TASSIGN(a, 0x10000);
    pto::TASSIGN(b, 0x20000);
    pto::TASSIGN(column, 0x30000);
    pto::TASSIGN(row, 0x31000);
    fill(dst.data(), count, 3);
    std::copy_n(dst.data(), count, expected.get());
    fill(a.data(), count, 1);
    fill(b.data(), count, 2);
    fill(column.data(), rows);
    fill(row.data(), cols);
  }

  const P* pa() const { return reinterpret_cast<const P*>(a.data()); }
  const P* pb() const { return reinterpret_cast<const P*>(b.data()); }
  const P* pcolumn() const { return reinterpret_cast<const P*>(column.data()); }
  const P* prow() const { return reinterpret_cast<const P*>(row.data()); }
  P pscalar() const { return __builtin_bit_cast(P, scalar); }
  P* out() const { return reinterpret_cast<P*>(expected.get()); }
};

// Plain loops, as a C++ programmer would write them.

template <class O, class Op>
void plain_unary(O& o, Op op) {
  using P = typename O::P;
  const P* a = o.pa();
  P* out = o.out();
  for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = static_cast<P>(op(a[i]));
}
template <class O, class Op>
void plain_scalar(O& o, Op op) {
  using P = typename O::P;
  const P *a = o.pa(), s = o.pscalar();
  P* out = o.out();
  for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = static_cast<P>(op(a[i], s));
}
template <class O, class Op>
void plain_binary(O& o, Op op) {
  using P = typename O::P;
  const P *a = o.pa(), *b = o.pb();
  P* out = o.out();
  for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = static_cast<P>(op(a[i], b[i]));
}

/// Where a form leaves its result.
enum class Result { kDst, kColumn, kRow };

/// Adds a form on Operands: `tile` and `plain` take them; plain writes to out().
template <class O, class Tile, class Plain>
void add_form(Forms& forms, std::string name, Tile tile, Plain plain, Result result = Result::kDst) {
  using T = typename O::T;
  // A plain sum in f16 is a poor one.
  const double tolerance = tolerance_of<T>() * (result == Result::kDst || std::is_same_v<T, float> ? 1 : 30);
  forms.push_back(
      {std::move(name), type_name<T>(), shape_name(O::kRows, O::kCols), tolerance, [=] {
         auto o = std::make_shared<O>();
         Prepared p;
         p.tile = [o, tile] { tile(*o); };
         p.plain = [o, plain] { plain(*o); };
         p.error = [o, result] {
           const T* found = result == Result::kDst ? o->dst.data() : result == Result::kColumn ? o->column.data() : o->row.data();
           const int64_t n = result == Result::kDst ? o->count : result == Result::kColumn ? o->rows : o->cols;
           return largest_difference(found, o->expected.get(), n);
         };
         if constexpr (std::is_same_v<T, float>) {
           p.matrices = {o->out(), o->a.data(), o->b.data(), o->column.data(), o->row.data(), o->rows, o->cols};
         }
         p.state = o;
         return p;
       }});
}

/// Calls add.template operator()<T, R, C>() for the three sizes.
template <typename T, class Add>
void for_sizes(Add add) {
  add.template operator()<T, 16, 16>();
  add.template operator()<T, 64, 64>();
  add.template operator()<T, 128, 128>();
}
/// For i8, whose rows of 16 would be shorter than 32 bytes.
template <typename T, class Add>
void for_wide_sizes(Add add) {
  add.template operator()<T, 16, 32>();
  add.template operator()<T, 64, 64>();
  add.template operator()<T, 128, 128>();
}

}  // namespace tilewright::bench
