// Several operations in one, and operations on bits.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

/// out[i] = op(a[i], b[i], what out held, scalar)
template <class O, class Op>
void plain_update(O& o, Op op) {
  using P = typename O::P;
  const P *a = o.pa(), *b = o.pb(), s = o.pscalar();
  P* out = o.out();
  for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = static_cast<P>(op(a[i], b[i], out[i], s));
}

template <class O>
void add_fused(Forms& f) {
  using P = typename O::P;
  const auto form = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_update(o, op); }); };
  form("TADDC", [](O& o) { TADDC(o.dst, o.a, o.b, o.a); }, [](P x, P y, P, P) { return x + y + x; });
  form("TSUBC", [](O& o) { TSUBC(o.dst, o.a, o.b, o.a); }, [](P x, P y, P, P) { return x - y + x; });
  form("TADDSC", [](O& o) { TADDSC(o.dst, o.a, o.scalar, o.b); }, [](P x, P y, P, P s) { return x + s + y; });
  form("TSUBSC", [](O& o) { TSUBSC(o.dst, o.a, o.scalar, o.b); }, [](P x, P y, P, P s) { return x - s + y; });
  form("TMULADDDST", [](O& o) { TMULADDDST(o.dst, o.a, o.b); }, [](P x, P y, P d, P) { return x * y + d; });
  form("TFUSEDMULADD", [](O& o) { TFUSEDMULADD(o.dst, o.a, o.b); }, [](P x, P y, P d, P) { return x * d + y; });
  form(
      "TFUSEDMULADDRELU", [](O& o) { TFUSEDMULADDRELU(o.dst, o.a, o.b); },
      [](P x, P y, P d, P) {
        const P z = static_cast<P>(x * d + y);
        return z > P(0) ? z : P(0);
      });
  form(
      "TSUBRELU", [](O& o) { TSUBRELU(o.dst, o.a, o.b); },
      [](P x, P y, P, P) {
        const P z = static_cast<P>(x - y);
        return z > P(0) ? z : P(0);
      });
  form("TPRELU", [](O& o) { TPRELU(o.dst, o.a, o.b, o.b); }, [](P x, P y, P, P) { return x > P(0) ? x : static_cast<P>(x * y); });
  form("TLRELU", [](O& o) { TLRELU(o.dst, o.a, o.scalar); }, [](P x, P, P, P s) { return x > P(0) ? x : static_cast<P>(x * s); });
  form("TAXPY", [](O& o) { TAXPY(o.dst, o.a, o.scalar); }, [](P x, P, P d, P s) { return s * x + d; });
  form(
      "TREM", [](O& o) { TREM(o.dst, o.a, o.b, o.b); },
      [](P x, P y, P, P) {
        return static_cast<float>(x) - std::floor(static_cast<float>(x) / static_cast<float>(y)) * static_cast<float>(y);
      });
  form(
      "TREMS", [](O& o) { TREMS(o.dst, o.a, o.scalar, o.b); },
      [](P x, P, P, P s) {
        return static_cast<float>(x) - std::floor(static_cast<float>(x) / static_cast<float>(s)) * static_cast<float>(s);
      });
  form(
      "TFMOD", [](O& o) { TFMOD(o.dst, o.a, o.b); },
      [](P x, P y, P, P) { return std::fmod(static_cast<float>(x), static_cast<float>(y)); });
  form(
      "TFMODS", [](O& o) { TFMODS(o.dst, o.a, o.scalar); },
      [](P x, P, P, P s) { return std::fmod(static_cast<float>(x), static_cast<float>(s)); });
}

template <class O>
void add_bits(Forms& f) {
  using T = typename O::T;
  const auto form = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_update(o, op); }); };
  form("TAND", [](O& o) { TAND(o.dst, o.a, o.b); }, [](T x, T y, T, T) { return x & y; });
  form("TOR", [](O& o) { TOR(o.dst, o.a, o.b); }, [](T x, T y, T, T) { return x | y; });
  form("TXOR", [](O& o) { TXOR(o.dst, o.a, o.b); }, [](T x, T y, T, T) { return x ^ y; });
  form("TNOT", [](O& o) { TNOT(o.dst, o.a); }, [](T x, T, T, T) { return ~x; });
  form(
      "TSHL", [](O& o) { TSHL(o.dst, o.a, o.b); },
      [](T x, T y, T, T) { return static_cast<unsigned>(y) < 8 * sizeof(T) ? static_cast<T>(x << y) : T{0}; });
  form(
      "TSHR", [](O& o) { TSHR(o.dst, o.a, o.b); },
      [](T x, T y, T, T) { return static_cast<unsigned>(y) < 8 * sizeof(T) ? static_cast<T>(x >> y) : static_cast<T>(x < 0 ? -1 : 0); });
  form("TANDS", [](O& o) { TANDS(o.dst, o.a, o.scalar); }, [](T x, T, T, T s) { return x & s; });
  form("TORS", [](O& o) { TORS(o.dst, o.a, o.scalar); }, [](T x, T, T, T s) { return x | s; });
  form("TXORS", [](O& o) { TXORS(o.dst, o.a, o.scalar, o.b); }, [](T x, T, T, T s) { return x ^ s; });
  form("TSHLS", [](O& o) { TSHLS(o.dst, o.a, o.scalar); }, [](T x, T, T, T s) { return x << s; });
  form("TSHRS", [](O& o) { TSHRS(o.dst, o.a, o.scalar); }, [](T x, T, T, T s) { return x >> s; });
  form("TREM", [](O& o) { TREM(o.dst, o.a, o.b, o.b); }, [](T x, T y, T, T) { return x % y; });
}

}  // namespace

void add_fused_and_bits(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() { add_fused<Operands<T, R, C>>(forms); });
  add_fused<Operands<half, 128, 128>>(forms);
  for_sizes<int32_t>([&]<typename T, int R, int C>() { add_bits<Operands<T, R, C>>(forms); });
  add_bits<Operands<int16_t, 128, 128>>(forms);
}

}  // namespace tilewright::bench
