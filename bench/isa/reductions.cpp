// Reductions of rows and columns, and vectors spread over a tile.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

template <class O, class Op>
void plain_rows(O& o, Op op) {
  using P = typename O::P;
  const P* a = o.pa();
  P* out = o.out();
  for (int64_t r = 0; r < o.rows; ++r) {
    P value = a[r * o.cols];
    for (int64_t c = 1, n = o.cols; c < n; ++c) value = static_cast<P>(op(value, a[r * n + c]));
    out[r] = value;
  }
}
template <class O, class Op>
void plain_cols(O& o, Op op) {
  using P = typename O::P;
  const P* a = o.pa();
  P* out = o.out();
  for (int64_t c = 0; c < o.cols; ++c) out[c] = a[c];
  for (int64_t r = 1; r < o.rows; ++r) {
    for (int64_t c = 0, n = o.cols; c < n; ++c) out[c] = static_cast<P>(op(out[c], a[r * n + c]));
  }
}
template <class O, class Op>
void plain_row_expand(O& o, Op op) {
  using P = typename O::P;
  const P *a = o.pa(), *v = o.pcolumn();
  P* out = o.out();
  for (int64_t r = 0; r < o.rows; ++r) {
    const P value = v[r];
    for (int64_t c = 0, n = o.cols; c < n; ++c) out[r * n + c] = static_cast<P>(op(a[r * n + c], value));
  }
}
template <class O, class Op>
void plain_col_expand(O& o, Op op) {
  using P = typename O::P;
  const P *a = o.pa(), *v = o.prow();
  P* out = o.out();
  for (int64_t r = 0; r < o.rows; ++r) {
    for (int64_t c = 0, n = o.cols; c < n; ++c) out[r * n + c] = static_cast<P>(op(a[r * n + c], v[c]));
  }
}

template <class O>
void add_all(Forms& f) {
  using P = typename O::P;
  const auto add = [](P x, P y) { return x + y; };
  const auto sub = [](P x, P y) { return x - y; };
  const auto mul = [](P x, P y) { return x * y; };
  const auto div = [](P x, P y) { return x / y; };
  const auto max = [](P x, P y) { return x > y ? x : y; };
  const auto min = [](P x, P y) { return x < y ? x : y; };
  const auto rows = [&](const char* name, auto tile, auto op) {
    add_form<O>(f, name, tile, [op](O& o) { plain_rows(o, op); }, Result::kColumn);
  };
  rows("TROWSUM", [](O& o) { TROWSUM(o.column, o.a, o.b); }, add);
  rows("TROWMAX", [](O& o) { TROWMAX(o.column, o.a, o.b); }, max);
  rows("TROWMIN", [](O& o) { TROWMIN(o.column, o.a, o.b); }, min);
  const auto cols = [&](const char* name, auto tile, auto op) {
    add_form<O>(f, name, tile, [op](O& o) { plain_cols(o, op); }, Result::kRow);
  };
  cols("TCOLSUM", [](O& o) { TCOLSUM(o.row, o.a); }, add);
  cols("TCOLMAX", [](O& o) { TCOLMAX(o.row, o.a); }, max);
  cols("TCOLMIN", [](O& o) { TCOLMIN(o.row, o.a); }, min);
  const auto row_expand = [&](const char* name, auto tile, auto op) {
    add_form<O>(f, name, tile, [op](O& o) { plain_row_expand(o, op); });
  };
  row_expand("TROWEXPAND", [](O& o) { TROWEXPAND(o.dst, o.column); }, [](P, P y) { return y; });
  row_expand("TROWEXPANDADD", [](O& o) { TROWEXPANDADD(o.dst, o.a, o.column); }, add);
  row_expand("TROWEXPANDSUB", [](O& o) { TROWEXPANDSUB(o.dst, o.a, o.column); }, sub);
  row_expand("TROWEXPANDMUL", [](O& o) { TROWEXPANDMUL(o.dst, o.a, o.column); }, mul);
  row_expand("TROWEXPANDDIV", [](O& o) { TROWEXPANDDIV(o.dst, o.a, o.column); }, div);
  row_expand("TROWEXPANDMAX", [](O& o) { TROWEXPANDMAX(o.dst, o.a, o.column); }, max);
  row_expand("TROWEXPANDMIN", [](O& o) { TROWEXPANDMIN(o.dst, o.a, o.column); }, min);
  const auto col_expand = [&](const char* name, auto tile, auto op) {
    add_form<O>(f, name, tile, [op](O& o) { plain_col_expand(o, op); });
  };
  col_expand("TCOLEXPAND", [](O& o) { TCOLEXPAND(o.dst, o.row); }, [](P, P y) { return y; });
  col_expand("TCOLEXPANDADD", [](O& o) { TCOLEXPANDADD(o.dst, o.a, o.row); }, add);
  col_expand("TCOLEXPANDSUB", [](O& o) { TCOLEXPANDSUB(o.dst, o.a, o.row); }, sub);
  col_expand("TCOLEXPANDMUL", [](O& o) { TCOLEXPANDMUL(o.dst, o.a, o.row); }, mul);
  col_expand("TCOLEXPANDDIV", [](O& o) { TCOLEXPANDDIV(o.dst, o.a, o.row); }, div);
  col_expand("TCOLEXPANDMAX", [](O& o) { TCOLEXPANDMAX(o.dst, o.a, o.row); }, max);
  col_expand("TCOLEXPANDMIN", [](O& o) { TCOLEXPANDMIN(o.dst, o.a, o.row); }, min);
  if constexpr (!std::is_integral_v<P>) {
    const auto exp_dif = [](P x, P y) { return std::exp(static_cast<float>(x) - static_cast<float>(y)); };
    row_expand("TROWEXPANDEXPDIF", [](O& o) { TROWEXPANDEXPDIF(o.dst, o.a, o.column); }, exp_dif);
    col_expand("TCOLEXPANDEXPDIF", [](O& o) { TCOLEXPANDEXPDIF(o.dst, o.a, o.row); }, exp_dif);
  }
}

}  // namespace

void add_reductions(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() { add_all<Operands<T, R, C>>(forms); });
  add_all<Operands<half, 128, 128>>(forms);
  add_all<Operands<int32_t, 128, 128>>(forms);
}

}  // namespace tilewright::bench
