// Comparisons and selections by packed bits, and generated tiles.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

/// Operands with a mask of one bit an element, eight columns a byte.
template <typename T, int R, int C>
struct Masked : Operands<T, R, C> {
  static constexpr int kMaskCols = C / 8 < 32 ? 32 : C / 8;
  VecTile<uint8_t, R, kMaskCols> mask;
  std::shared_ptr<uint8_t[]> bits = page_aligned<uint8_t>(int64_t{R} * kMaskCols);
  int64_t mask_cols = kMaskCols;

  Masked() {
    TASSIGN(mask, 0x38000);
    for (int64_t i = 0; i < R * kMaskCols; ++i) mask.data()[i] = static_cast<uint8_t>(i * 37);
  }
};

template <class O, class Test>
void plain_compare(O& o, Test test) {
  using P = typename O::P;
  const P *a = o.pa(), *b = o.pb();
  uint8_t* bits = o.bits.get();
  for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
    for (int64_t c = 0; c < n; c += 8) {
      unsigned byte = 0;
      for (int64_t i = 0; i < 8; ++i) byte |= static_cast<unsigned>(test(a[r * n + c + i], b[r * n + c + i])) << i;
      bits[r * o.mask_cols + c / 8] = static_cast<uint8_t>(byte);
    }
  }
}
template <class O, class Other>
void plain_select(O& o, Other other) {
  using P = typename O::P;
  const P *a = o.pa(), *b = o.pb();
  const uint8_t* bits = o.mask.data();
  P* out = o.out();
  for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
    for (int64_t c = 0; c < n; ++c) out[r * n + c] = (bits[r * o.mask_cols + c / 8] >> c % 8 & 1) != 0 ? a[r * n + c] : other(b[r * n + c]);
  }
}

template <class O>
void add_all(Forms& f) {
  using T = typename O::T;
  using P = typename O::P;
  const auto compare = [&](const char* name, auto tile, auto test) {
    f.push_back({name, type_name<T>(), shape_name(O::kRows, O::kCols), 0, [=] {
                   auto o = std::make_shared<O>();
                   Prepared p;
                   p.tile = [o, tile] { tile(*o); };
                   p.plain = [o, test] { plain_compare(*o, test); };
                   p.error = [o] { return largest_difference(o->mask.data(), o->bits.get(), o->rows * o->mask_cols); };
                   p.state = o;
                   return p;
                 }});
  };
  compare("TCMP", [](O& o) { TCMP(o.mask, o.a, o.b, CmpMode::LT); }, [](P x, P y) { return x < y; });
  compare("TCMP EQ", [](O& o) { TCMP(o.mask, o.a, o.b, CmpMode::EQ); }, [](P x, P y) { return x == y; });
  compare("TCMPS", [](O& o) { TCMPS(o.mask, o.a, T(1), CmpMode::GE); }, [](P x, P) { return x >= static_cast<P>(1); });
  add_form<O>(f, "TSEL", [](O& o) { TSEL(o.dst, o.mask, o.a, o.b, o.b); }, [](O& o) { plain_select(o, [](P y) { return y; }); });
  add_form<O>(
      f, "TSELS", [](O& o) { TSELS(o.dst, o.mask, o.a, o.b, T(1)); }, [](O& o) { plain_select(o, [](P) { return static_cast<P>(1); }); });
}

template <class O>
void add_generated(Forms& f) {
  using T = typename O::T;
  constexpr int C = O::kCols;
  using Line = VecTile < T, 1, C<32 ? 32 : C>;
  add_form<O>(
      f, "TTRI", [](O& o) { TTRI<VecTile<T, O::kRows, C>, 0>(o.dst, 0); },
      [](O& o) {
        T* out = o.out();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n; ++c) out[r * n + c] = c <= r ? T(1) : T(0);
        }
      });
  if constexpr (std::is_integral_v<T>) {
    add_form<O>(
        f, "TCI", [](O& o) { TCI<Line, T, 0>(o.row, T(5)); },
        [](O& o) {
          T* out = o.out();
          for (int64_t c = 0; c < o.cols; ++c) out[c] = static_cast<T>(5 + c);
        },
        Result::kRow);
  }
}

}  // namespace

void add_selections(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() {
    add_all<Masked<T, R, C>>(forms);
    add_generated<Operands<T, R, C>>(forms);
  });
  for_sizes<int32_t>([&]<typename T, int R, int C>() { add_generated<Operands<T, R, C>>(forms); });
  add_all<Masked<half, 128, 128>>(forms);
  add_all<Masked<int32_t, 128, 128>>(forms);
  add_all<Masked<int8_t, 128, 128>>(forms);
}

}  // namespace tilewright::bench
