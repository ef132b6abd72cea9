// Moves between global memory and tiles, and from tile to tile. Plain loops go over rows and columns and compute each place.
#include <cstring>

#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

template <typename T, int R, int C>
using NdGlobal = GlobalTensor<T, TileShape2D<T, R, C>, BaseShape2D<T, R, C>>;
template <typename T, int R, int C>
using DnGlobal = GlobalTensor<T, TileShape2D<T, R, C, Layout::DN>, BaseShape2D<T, R, C, Layout::DN>, Layout::DN>;
template <typename T, int R, int C>
using NzGlobal = GlobalTensor<T, TileShape2D<T, R, C, Layout::NZ>, BaseShape2D<T, R, C, Layout::NZ>, Layout::NZ>;
template <typename T, int R, int C>
using DnTile = Tile<TileType::Vec, T, R, C, BLayout::ColMajor>;
template <TileType Loc, typename T, int R, int C>
using NzTile = Tile<Loc, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor>;

/// Elements of a tile in row-major order, whatever its arrangement.
template <typename TileT>
std::vector<double> in_order(const TileT& tile) {
  std::vector<double> values;
  for (int r = 0; r < TileT::Rows; ++r) {
    for (int c = 0; c < TileT::Cols; ++c) values.push_back(static_cast<double>(tile.data()[GetTileElementOffset<TileT>(r, c)]));
  }
  return values;
}

/// A form that moves all of Src to Dst: each a tile or a global tensor over memory of its own.
template <typename T, class Dst, class Src>
struct Transfer {
  static constexpr bool kFromTile = is_tile_data_v<Src>, kToTile = is_tile_data_v<Dst>;
  Dst dst;
  Src src;
  std::shared_ptr<T[]> memory, expected;
  int64_t rows, cols;

  Transfer(int64_t r, int64_t c) : memory(page_aligned<T>(2 * r * c)), expected(page_aligned<T>(r * c)), rows(r), cols(c) {
    if constexpr (kFromTile) {
      TASSIGN(src, 0);
    } else {
      src.rebind(memory.get());
    }
    if constexpr (kToTile) {
      // Memories of one core never alias, but two tiles of one memory must not either.
      TASSIGN(dst, 0x20000 % static_cast<int>(capacity(Dst::Loc)));
    } else {
      dst.rebind(memory.get() + r * c);
    }
    fill(src.data(), r * c);
  }
  static uint64_t capacity(TileType space) { return space == TileType::Mat || space == TileType::Vec ? 0x40000 : 0x10000; }
};

/// `place(r, c)` of the destination and of the source, for the plain loop.
template <typename T, class Dst, class Src, class Move, class To, class From>
void add_transfer(Forms& forms, std::string name, int r, int c, Move move, To to, From from) {
  using State = Transfer<T, Dst, Src>;
  forms.push_back({std::move(name), type_name<T>(), shape_name(r, c), 0, [=] {
                     auto s = std::make_shared<State>(r, c);
                     Prepared p;
                     p.tile = [s, move] { move(s->dst, s->src); };
                     p.plain = [s, to, from] {
                       using Bits = std::conditional_t<sizeof(T) == 2, uint16_t, T>;  // compilers copy classes less well
                       const Bits* in = reinterpret_cast<const Bits*>(s->src.data());
                       Bits* out = reinterpret_cast<Bits*>(s->expected.get());
                       for (int64_t i = 0, n = s->rows; i < n; ++i) {
                         for (int64_t j = 0, m = s->cols; j < m; ++j) out[to(i, j, n, m)] = in[from(i, j, n, m)];
                       }
                     };
                     p.error = [s] {
                       for (int64_t i = 0; i < s->rows * s->cols; ++i) {
                         if (std::memcmp(&s->dst.data()[i], &s->expected.get()[i], sizeof(T)) != 0) return HUGE_VAL;
                       }
                       return 0.0;
                     };
                     p.state = s;
                     return p;
                   }});
}

const auto nd = [](int64_t r, int64_t c, int64_t, int64_t cols) { return r * cols + c; };
const auto dn = [](int64_t r, int64_t c, int64_t rows, int64_t) { return c * rows + r; };
template <typename T>
auto nz() {
  return [](int64_t r, int64_t c, int64_t rows, int64_t) {
    constexpr int64_t kBox = 32 / static_cast<int64_t>(sizeof(T));
    return c / kBox * rows * kBox + r * kBox + c % kBox;
  };
}
template <typename T>
auto zn() {
  return [](int64_t r, int64_t c, int64_t, int64_t cols) {
    constexpr int64_t kBox = 32 / static_cast<int64_t>(sizeof(T));
    return r / kBox * cols * kBox + c / 16 * 16 * kBox + c % 16 * kBox + r % kBox;
  };
}

template <typename T, int R, int C>
void add_loads_and_stores(Forms& f) {
  const auto load = [](auto& dst, auto& src) { TLOAD(dst, src); };
  const auto store = [](auto& dst, auto& src) { TSTORE(dst, src); };
  using Vec = VecTile<T, R, C>;
  add_transfer<T, Vec, NdGlobal<T, R, C>>(f, "TLOAD ND", R, C, load, nd, nd);
  add_transfer<T, NdGlobal<T, R, C>, Vec>(f, "TSTORE ND", R, C, store, nd, nd);
  add_transfer<T, DnTile<T, R, C>, DnGlobal<T, R, C>>(f, "TLOAD DN", R, C, load, dn, dn);
  add_transfer<T, DnGlobal<T, R, C>, DnTile<T, R, C>>(f, "TSTORE DN", R, C, store, dn, dn);
  add_transfer<T, NzTile<TileType::Mat, T, R, C>, NdGlobal<T, R, C>>(f, "TLOAD ND to Nz", R, C, load, nz<T>(), nd);
  add_transfer<T, NzTile<TileType::Mat, T, R, C>, NzGlobal<T, R, C>>(f, "TLOAD NZ", R, C, load, nz<T>(), nz<T>());
  using Mat = NzTile<TileType::Mat, T, R, C>;
  const auto move = [](auto& dst, auto& src) { TMOV(dst, src); };
  add_transfer<T, Vec, Vec>(f, "TMOV Vec", R, C, move, nd, nd);
  add_transfer<T, TileLeft<T, R, C>, Mat>(f, "TMOV Mat to Left", R, C, move, nz<T>(), nz<T>());
  add_transfer<T, TileRight<T, R, C>, Mat>(f, "TMOV Mat to Right", R, C, move, zn<T>(), nz<T>());
  add_transfer<T, TileLeft<T, R, C>, Mat>(
      f, "TEXTRACT Mat to Left", R, C, [](auto& dst, auto& src) { TEXTRACT(dst, src, 0, 0); }, nz<T>(), nz<T>());
  add_transfer<T, Mat, Vec>(f, "TINSERT Vec to Mat", R, C, [](auto& dst, auto& src) { TINSERT(dst, src, 0, 0); }, nz<T>(), nd);
  add_transfer<T, VecTile<T, C, R>, Vec>(f, "TTRANS", R, C, [](auto& dst, auto& src) { TTRANS(dst, src, src); }, dn, nd);
}

/// An accumulator of f32 to a tensor or a Vec tile of T.
template <typename T, int R, int C, class Dst>
struct FromAcc {
  TileAcc<float, R, C> acc;
  Dst dst;
  std::shared_ptr<T[]> memory = page_aligned<T>(int64_t{R} * C), expected = page_aligned<T>(int64_t{R} * C);
  int64_t rows = R, cols = C;
  FromAcc() {
    TASSIGN(acc, 0);
    if constexpr (is_tile_data_v<Dst>) {
      TASSIGN(dst, 0);
    } else {
      dst.rebind(memory.get());
    }
    fill(acc.data(), int64_t{R} * C);
  }
};
template <typename T, int R, int C, class Dst, class Move, class Change>
void add_from_acc(Forms& forms, const char* name, Move move, Change change) {
  forms.push_back({name, type_name<T>(), shape_name(R, C), tolerance_of<T>(), [=] {
                     auto s = std::make_shared<FromAcc<T, R, C, Dst>>();
                     Prepared p;
                     p.tile = [s, move] { move(s->dst, s->acc); };
                     p.plain = [s, change] {
                       using P = typename PlainType<T>::type;
                       const float* in = s->acc.data();
                       P* out = reinterpret_cast<P*>(s->expected.get());
                       for (int64_t r = 0, n = s->rows; r < n; ++r) {
                         for (int64_t c = 0, m = s->cols; c < m; ++c)
                           out[r * m + c] = static_cast<P>(change(in[c / 16 * n * 16 + r * 16 + c % 16]));
                       }
                     };
                     p.error = [s] { return largest_difference(s->dst.data(), s->expected.get(), s->rows * s->cols); };
                     p.state = s;
                     return p;
                   }});
}
template <int R, int C>
void add_acc_moves(Forms& f) {
  const auto same = [](float x) { return x; };
  const auto store = [](auto& dst, auto& src) { TSTORE(dst, src); };
  add_from_acc<float, R, C, NdGlobal<float, R, C>>(f, "TSTORE Acc", store, same);
  add_from_acc<half, R, C, NdGlobal<half, R, C>>(f, "TSTORE Acc", store, same);
  add_from_acc<bfloat16_t, R, C, NdGlobal<bfloat16_t, R, C>>(f, "TSTORE Acc", store, same);
  add_from_acc<float, R, C, NdGlobal<float, R, C>>(
      f, "TSTORE Acc relu",
      []<class D, class S>(D& dst, S& src) { TSTORE<S, D, AtomicType::AtomicNone, ReluPreMode::NormalRelu>(dst, src); },
      [](float x) { return x > 0 ? x : 0.0f; });
  add_from_acc<float, R, C, VecTile<float, R, C>>(f, "TMOV Acc to Vec", [](auto& dst, auto& src) { TMOV(dst, src); }, same);
}

template <class O>
void add_within_vec(Forms& f) {
  using T = typename O::T;
  using P = typename O::P;
  constexpr int R = O::kRows, C = O::kCols;
  const auto copy = [](P x) { return x; };
  add_form<O>(f, "TEXTRACT Vec", [](O& o) { TEXTRACT(o.dst, o.a, 0, 0); }, [copy](O& o) { plain_unary(o, copy); });
  add_form<O>(f, "TINSERT Vec", [](O& o) { TINSERT(o.dst, o.a, 0, 0); }, [copy](O& o) { plain_unary(o, copy); });
  // The valid region is all but the last four rows and eight columns.
  using Part = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, R - 4, C - 8>;
  using Padded = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, R, C, SLayout::NoneBox, TileConfig::fractalABSize, PadValue::Max>;
  const auto plain_pad = [](O& o) {
    const P* a = o.pa();
    P* out = o.out();
    const P pad = static_cast<P>(HUGE_VALF);
    for (int64_t r = 0; r < o.rows; ++r) {
      for (int64_t c = 0, n = o.cols; c < n; ++c) out[r * n + c] = r < o.rows - 4 && c < n - 8 ? a[r * n + c] : pad;
    }
  };
  const auto pad_form = [&](const char* name, auto fill_pad, uint64_t source) {
    f.push_back({name, type_name<T>(), shape_name(R, C), 0, [=] {
                   auto o = std::make_shared<O>();
                   Prepared p;
                   p.tile = [fill_pad, source] {
                     Part part;
                     Padded padded;
                     TASSIGN(part, source);
                     TASSIGN(padded, 0);
                     fill_pad(padded, part);
                   };
                   p.plain = [o, plain_pad] { plain_pad(*o); };
                   p.state = o;
                   return p;
                 }});
  };
  pad_form("TFILLPAD", [](Padded& dst, Part& src) { TFILLPAD(dst, src); }, 0x10000);
  pad_form("TFILLPAD_INPLACE", [](Padded& dst, Part& src) { TFILLPAD_INPLACE(dst, src); }, 0);
  pad_form("TFILLPAD_EXPAND", [](Padded& dst, Part& src) { TFILLPAD_EXPAND(dst, src); }, 0x10000);
  add_form<O>(
      f, "TCONCAT",
      [](O& o) {
        VecTile<T, R, C / 2> left, right;
        TASSIGN(left, 0x10000);
        TASSIGN(right, 0x20000);
        TCONCAT(o.dst, left, right);
      },
      [](O& o) {
        const P *a = o.pa(), *b = o.pb();
        P* out = o.out();
        for (int64_t r = 0, half_cols = o.cols / 2; r < o.rows; ++r) {
          for (int64_t c = 0; c < half_cols; ++c) out[r * 2 * half_cols + c] = a[r * half_cols + c];
          for (int64_t c = 0; c < half_cols; ++c) out[r * 2 * half_cols + half_cols + c] = b[r * half_cols + c];
        }
      });
}

/// Adding atomically, as cores that share the tensor must; the plain loop is atomic as well.
template <int R, int C>
void add_atomic(Forms& forms) {
  using O = Operands<float, R, C>;
  forms.push_back({"TSTORE atomic", "f32", shape_name(R, C), 1e30, [] {
                     auto o = std::make_shared<O>();
                     auto memory = page_aligned<float>(int64_t{R} * C);
                     Prepared p;
                     p.tile = [o, memory] {
                       NdGlobal<float, R, C> global(memory.get());
                       TSTORE<VecTile<float, R, C>, NdGlobal<float, R, C>, AtomicType::AtomicAdd>(global, o->a);
                     };
                     p.plain = [o] {
                       const float* a = o->a.data();
                       float* out = o->out();
                       for (int64_t i = 0, n = o->count; i < n; ++i) {
                         float seen;
                         __atomic_load(&out[i], &seen, __ATOMIC_RELAXED);
                         for (float sum = seen + a[i];
                              !__atomic_compare_exchange(&out[i], &seen, &sum, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);)
                           sum = seen + a[i];
                       }
                     };
                     p.state = o;
                     return p;
                   }});
}

}  // namespace

void add_moves(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() {
    add_loads_and_stores<T, R, C>(forms);
    add_within_vec<Operands<T, R, C>>(forms);
    add_acc_moves<R, C>(forms);
    add_atomic<R, C>(forms);
  });
  for_sizes<half>([&]<typename T, int R, int C>() { add_loads_and_stores<T, R, C>(forms); });
  add_within_vec<Operands<half, 128, 128>>(forms);
  for_wide_sizes<int8_t>([&]<typename T, int R, int C>() {
    if constexpr (R % 32 == 0) add_loads_and_stores<T, R, C>(forms);
  });
}

}  // namespace tilewright::bench
