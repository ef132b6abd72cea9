// Element by element: tile with tile, tile alone, tile with scalar.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

/// What every arithmetic type has.
template <class O>
void add_arithmetic(Forms& f) {
  using P = typename O::P;
  const auto binary = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_binary(o, op); }); };
  const auto unary = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_unary(o, op); }); };
  binary("TADD", [](O& o) { TADD(o.dst, o.a, o.b); }, [](P x, P y) { return x + y; });
  binary("TSUB", [](O& o) { TSUB(o.dst, o.a, o.b); }, [](P x, P y) { return x - y; });
  binary("TMUL", [](O& o) { TMUL(o.dst, o.a, o.b); }, [](P x, P y) { return x * y; });
  binary("TDIV", [](O& o) { TDIV(o.dst, o.a, o.b); }, [](P x, P y) { return x / y; });
  binary("TMAX", [](O& o) { TMAX(o.dst, o.a, o.b); }, [](P x, P y) { return x > y ? x : y; });
  binary("TMIN", [](O& o) { TMIN(o.dst, o.a, o.b); }, [](P x, P y) { return x < y ? x : y; });
  unary("TABS", [](O& o) { TABS(o.dst, o.a); }, [](P x) { return x < P(0) ? P(-x) : x; });
  unary("TNEG", [](O& o) { TNEG(o.dst, o.a); }, [](P x) { return -x; });
  unary("TRELU", [](O& o) { TRELU(o.dst, o.a); }, [](P x) { return x > P(0) ? x : P(0); });
  const auto scalar = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_scalar(o, op); }); };
  scalar("TADDS", [](O& o) { TADDS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x + s; });
  scalar("TSUBS", [](O& o) { TSUBS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x - s; });
  scalar("TMULS", [](O& o) { TMULS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x * s; });
  scalar("TDIVS", [](O& o) { TDIVS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x / s; });
  scalar("TDIVS scalar/tile", [](O& o) { TDIVS(o.dst, o.scalar, o.a); }, [](P x, P s) { return s / x; });
  scalar("TMAXS", [](O& o) { TMAXS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x > s ? x : s; });
  scalar("TMINS", [](O& o) { TMINS(o.dst, o.a, o.scalar); }, [](P x, P s) { return x < s ? x : s; });
  scalar("TEXPANDS", [](O& o) { TEXPANDS(o.dst, o.scalar); }, [](P, P s) { return s; });
}

template <class O>
void add_math(Forms& f) {
  using P = typename O::P;
  const auto unary = [&](const char* name, auto tile, auto op) { add_form<O>(f, name, tile, [op](O& o) { plain_unary(o, op); }); };
  unary("TEXP", [](O& o) { TEXP(o.dst, o.a); }, [](P x) { return std::exp(static_cast<float>(x)); });
  unary("TLOG", [](O& o) { TLOG(o.dst, o.a); }, [](P x) { return std::log(static_cast<float>(x)); });
  unary("TSQRT", [](O& o) { TSQRT(o.dst, o.a); }, [](P x) { return std::sqrt(static_cast<float>(x)); });
  unary("TRSQRT", [](O& o) { TRSQRT(o.dst, o.a); }, [](P x) { return 1.0f / std::sqrt(static_cast<float>(x)); });
  unary("TRECIP", [](O& o) { TRECIP(o.dst, o.a); }, [](P x) { return 1.0f / static_cast<float>(x); });
}

}  // namespace

void add_elementwise(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() {
    add_arithmetic<Operands<T, R, C>>(forms);
    add_math<Operands<T, R, C>>(forms);
  });
  add_arithmetic<Operands<half, 128, 128>>(forms);
  add_math<Operands<half, 128, 128>>(forms);
  add_arithmetic<Operands<bfloat16_t, 128, 128>>(forms);
  add_arithmetic<Operands<int32_t, 128, 128>>(forms);
  add_arithmetic<Operands<int16_t, 128, 128>>(forms);
  add_arithmetic<Operands<int8_t, 128, 128>>(forms);
}

}  // namespace tilewright::bench
