// Matrix products, beside loops in the order that compilers vectorise, on row-major matrices.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

enum class Kind { kPlain, kAcc, kBias };

template <typename T, typename Acc, int M, int N>
struct Product {
  TileLeft < T, M<16 ? 16 : M, N, M, N> a;
  TileRight<T, N, N> b;
  TileAcc < Acc, M<16 ? 16 : M, N, M, N> c;
  Tile<TileType::Bias, Acc, 1, N> bias;
  std::shared_ptr<T[]> ra = page_aligned<T>(int64_t{M} * N), rb = page_aligned<T>(int64_t{N} * N);
  std::shared_ptr<Acc[]> expected = page_aligned<Acc>(int64_t{M} * N);
  int64_t m = M, n = N;

  Product() {
    TASSIGN(a, 0);
    TASSIGN(b, 0);
    TASSIGN(c, 0);
    TASSIGN(bias, 0);
    fill(ra.get(), m * n, 1);
    fill(rb.get(), n * n, 2);
    fill(bias.data(), n);
    for (int64_t r = 0; r < n; ++r) {
      for (int64_t col = 0; col < n; ++col) {
        if (r < m) a.data()[GetTileElementOffset<decltype(a)>(r, col)] = ra[r * n + col];
        b.data()[GetTileElementOffset<decltype(b)>(r, col)] = rb[r * n + col];
      }
    }
  }

  void plain(Kind kind) {
    using P = typename PlainType<T>::type;
    const P *x = reinterpret_cast<const P*>(ra.get()), *y = reinterpret_cast<const P*>(rb.get());
    Acc* out = expected.get();
    for (int64_t i = 0; i < m; ++i) {
      if (kind != Kind::kAcc) {
        for (int64_t j = 0; j < n; ++j) out[i * n + j] = kind == Kind::kBias ? bias.data()[j] : Acc(0);
      }
      for (int64_t k = 0; k < n; ++k) {
        const Acc factor = static_cast<Acc>(x[i * n + k]);
        for (int64_t j = 0; j < n; ++j) out[i * n + j] += factor * static_cast<Acc>(y[k * n + j]);
      }
    }
  }
  double error() const {
    double largest = 0;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const double x = static_cast<double>(c.data()[GetTileElementOffset<decltype(c)>(i, j)]),
                     y = static_cast<double>(expected[i * n + j]);
        largest = std::max(largest, std::abs(x - y) / std::max(1.0, std::abs(y)));
      }
    }
    return largest;
  }
};

template <typename T, typename Acc, int M, int N, class Multiply>
void add(Forms& forms, const char* name, Kind kind, Multiply multiply) {
  const std::string shape = M == N ? shape_name(N, N) : shape_name(1, N);
  // An accumulating product grows with every call, so its result is not compared.
  forms.push_back({name, type_name<T>(), shape, 1e-4, [=] {
                     auto s = std::make_shared<Product<T, Acc, M, N>>();
                     Prepared p;
                     p.tile = [s, multiply] { multiply(*s); };
                     p.plain = [s, kind] { s->plain(kind); };
                     if (kind != Kind::kAcc) p.error = [s] { return s->error(); };
                     if constexpr (std::is_same_v<T, float>) {
                       p.matrices = {s->expected.get(), s->ra.get(), s->rb.get(), s->bias.data(), s->bias.data(), s->m, s->n};
                     }
                     p.state = s;
                     return p;
                   }});
}

template <typename T, typename Acc, int N>
void add_all(Forms& f) {
  add<T, Acc, N, N>(f, "TMATMUL", Kind::kPlain, [](auto& s) { TMATMUL(s.c, s.a, s.b); });
  add<T, Acc, N, N>(f, "TMATMUL_ACC", Kind::kAcc, [](auto& s) { TMATMUL_ACC(s.c, s.a, s.b); });
  add<T, Acc, N, N>(f, "TMATMUL_BIAS", Kind::kBias, [](auto& s) { TMATMUL_BIAS(s.c, s.a, s.b, s.bias); });
  add<T, Acc, 1, N>(f, "TGEMV", Kind::kPlain, [](auto& s) { TGEMV(s.c, s.a, s.b); });
  add<T, Acc, 1, N>(f, "TGEMV_ACC", Kind::kAcc, [](auto& s) { TGEMV_ACC(s.c, s.c, s.a, s.b); });
  add<T, Acc, 1, N>(f, "TGEMV_BIAS", Kind::kBias, [](auto& s) { TGEMV_BIAS(s.c, s.a, s.b, s.bias); });
}

}  // namespace

void add_products(Forms& forms) {
  add_all<float, float, 16>(forms);
  add_all<float, float, 64>(forms);
  add_all<float, float, 128>(forms);
  add_all<half, float, 16>(forms);
  add_all<half, float, 64>(forms);
  add_all<half, float, 128>(forms);
  add_all<bfloat16_t, float, 16>(forms);
  add_all<bfloat16_t, float, 64>(forms);
  add_all<bfloat16_t, float, 128>(forms);
  add_all<int8_t, int32_t, 32>(forms);
  add_all<int8_t, int32_t, 64>(forms);
  add_all<int8_t, int32_t, 128>(forms);
}

}  // namespace tilewright::bench
