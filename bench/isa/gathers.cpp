// Gathering, scattering and sorting.
#include <array>
#include <cstring>
#include <random>

#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

/// Tiles of T, and of indices: a permutation of the elements, of the rows, and in each column a permutation of its rows.
template <typename T, int R, int C>
struct Indexed : Operands<T, R, C> {
  using Index = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;
  using Global = GlobalTensor<T, TileShape2D<T, R, C>, BaseShape2D<T, R, C>>;
  VecTile<uint32_t, R, C> flat;
  VecTile<Index, R, C> in_column;
  VecTile < uint32_t, 1, R<32 ? 32 : R> of_row;
  std::shared_ptr<T[]> table = page_aligned<T>(int64_t{R} * C);
  Global global{table.get()};

  Indexed() {
    // The second source of Operands gives way to indices.
    TASSIGN(flat, 0x20000);
    TASSIGN(in_column, 0x20000);
    TASSIGN(of_row, 0x38000);
    fill(table.get(), this->count, 5);
    use_flat(*this);
    for (int64_t r = 0; r < R; ++r) of_row.data()[r] = static_cast<uint32_t>(r * 5 % R);
  }
  static void use_flat(Indexed& o) {
    for (int64_t i = 0; i < o.count; ++i) o.flat.data()[i] = static_cast<uint32_t>(i * 37 % o.count);
  }
  static void use_columns(Indexed& o) {
    for (int64_t i = 0; i < o.count; ++i) o.in_column.data()[i] = static_cast<Index>((i / C * 5 + i % C) % R);
  }
  /// Byte offsets of blocks of 32 bytes, 32 to a row of which those of a row of elements count.
  static void use_blocks(Indexed& o) {
    const int64_t blocks = o.count * static_cast<int64_t>(sizeof(T)) / 32;
    for (int64_t i = 0; i < R * 32; ++i) o.flat.data()[i] = static_cast<uint32_t>(i * 37 % blocks * 32);
  }
};

template <class O>
using Valid = Tile < TileType::Vec,
      uint32_t, 1, O::kRows<32 ? 32 : O::kRows, BLayout::RowMajor, 1, O::kRows>;

template <class O>
void add_gathers_of(Forms& f) {
  using T = typename O::T;
  using P = typename O::P;
  constexpr int R = O::kRows, C = O::kCols;
  add_form<O>(
      f, "TGATHER index", [](O& o) { TGATHER(o.dst, o.a, o.flat, o.flat); },
      [](O& o) {
        const P* a = o.pa();
        P* out = o.out();
        const uint32_t* index = o.flat.data();
        for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = index[i] < static_cast<uint32_t>(n) ? a[index[i]] : P(0);
      });
  using Half = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, R, C / 2>;
  const auto pattern = [&](const char* name, auto tile, auto plain, auto set_up) {
    f.push_back({name, type_name<T>(), shape_name(R, C), 0, [=] {
                   auto o = std::make_shared<O>();
                   set_up(*o);
                   Prepared p;
                   p.tile = [o, tile] { tile(*o); };
                   p.plain = [o, plain] { plain(*o); };
                   p.state = o;
                   return p;
                 }});
  };
  pattern(
      "TGATHER pattern",
      [](O& o) {
        Half dst;
        TASSIGN(dst, 0);
        TGATHER<Half, VecTile<T, R, C>, MaskPattern::P0101>(dst, o.a);
      },
      [](O& o) {
        const P* a = o.pa();
        P* out = o.out();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n / 2; ++c) out[r * n + c] = a[r * n + 2 * c];
        }
      },
      O::use_flat);
  pattern(
      "TSCATTER pattern",
      [](O& o) {
        Half src;
        TASSIGN(src, 0x10000);
        TSCATTER<MaskPattern::P0101>(o.dst, src);
      },
      [](O& o) {
        const P* a = o.pa();
        P* out = o.out();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n / 2; ++c) {
            out[r * n + 2 * c] = a[r * n + c];
            out[r * n + 2 * c + 1] = P(0);
          }
        }
      },
      O::use_flat);
  pattern(
      "TGATHERB",
      [](O& o) {
        Tile<TileType::Vec, uint32_t, O::kRows, 32, BLayout::RowMajor, O::kRows, O::kCols* static_cast<int>(sizeof(T)) / 32> valid;
        TASSIGN(valid, 0x20000);
        TGATHERB(o.dst, o.a, valid);
      },
      [](O& o) {
        const char* a = reinterpret_cast<const char*>(o.pa());
        char* out = reinterpret_cast<char*>(o.out());
        const uint32_t* offset = o.flat.data();
        const int64_t blocks = o.cols * static_cast<int64_t>(sizeof(T)) / 32;
        for (int64_t r = 0; r < o.rows; ++r) {
          for (int64_t j = 0; j < blocks; ++j) std::memcpy(out + (r * blocks + j) * 32, a + offset[r * 32 + j], 32);
        }
      },
      O::use_blocks);
  pattern(
      "TSCATTER index", [](O& o) { TSCATTER(o.dst, o.a, o.in_column); },
      [](O& o) {
        const P* a = o.pa();
        P* out = o.out();
        const auto* index = o.in_column.data();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n; ++c) out[index[r * n + c] * n + c] = a[r * n + c];
        }
      },
      O::use_columns);
  add_form<O>(
      f, "MGATHER elements", [](O& o) { MGATHER<Coalesce::Elem, GatherOOB::Undefined>(o.dst, o.global, o.flat); },
      [](O& o) {
        const P* table = reinterpret_cast<const P*>(o.table.get());
        P* out = o.out();
        const uint32_t* index = o.flat.data();
        for (int64_t i = 0, n = o.count; i < n; ++i) out[i] = table[index[i]];
      });
  add_form<O>(
      f, "MGATHER rows",
      [](O& o) {
        Valid<O> rows;
        TASSIGN(rows, 0x38000);
        MGATHER<Coalesce::Row, GatherOOB::Undefined>(o.dst, o.global, rows);
      },
      [](O& o) {
        const P* table = reinterpret_cast<const P*>(o.table.get());
        P* out = o.out();
        const uint32_t* index = o.of_row.data();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n; ++c) out[r * n + c] = table[index[r] * n + c];
        }
      });
  const auto plain_scatter = [](O& o) {
    const P* a = o.pa();
    P* out = o.out();
    const uint32_t* index = o.flat.data();
    for (int64_t i = 0, n = o.count; i < n; ++i) out[index[i]] = a[i];
  };
  pattern("MSCATTER elements", [](O& o) { MSCATTER<Coalesce::Elem>(o.global, o.a, o.flat); }, plain_scatter, O::use_flat);
  pattern(
      "MSCATTER rows",
      [](O& o) {
        Valid<O> rows;
        TASSIGN(rows, 0x38000);
        MSCATTER<Coalesce::Row>(o.global, o.a, rows);
      },
      [](O& o) {
        const P* a = o.pa();
        P* out = o.out();
        const uint32_t* index = o.of_row.data();
        for (int64_t r = 0, n = o.cols; r < o.rows; ++r) {
          for (int64_t c = 0; c < n; ++c) out[index[r] * n + c] = a[r * n + c];
        }
      },
      O::use_flat);
  if constexpr (std::is_same_v<T, float>) {
    pattern(
        "MSCATTER elements atomic", [](O& o) { MSCATTER<Coalesce::Elem, ScatterAtomicOp::Add>(o.global, o.a, o.flat); },
        [](O& o) {
          const float* a = o.pa();
          float* out = o.out();
          const uint32_t* index = o.flat.data();
          for (int64_t i = 0, n = o.count; i < n; ++i) {
            float* to = &out[index[i]];
            float seen;
            __atomic_load(to, &seen, __ATOMIC_RELAXED);
            for (float sum = seen + a[i]; !__atomic_compare_exchange(to, &seen, &sum, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);)
              sum = seen + a[i];
          }
        },
        O::use_flat);
  }
}

/// kCount elements sorted by 32, and merged from there.
template <int R, int C>
void add_sorts(Forms& f) {
  using Record = std::pair<float, uint32_t>;
  struct Sort {
    VecTile<float, R, C> src;
    VecTile<float, R, 2 * C> dst;
    VecTile<uint32_t, R, C> index;
    VecTile<float, 1, 2 * R * C> list, merged;
    std::vector<Record> expected = std::vector<Record>(size_t{R} * C), other = expected;
    Sort() {
      TASSIGN(src, 0);
      TASSIGN(index, 0x8000);
      TASSIGN(dst, 0x10000);
      TASSIGN(list, 0x10000);
      TASSIGN(merged, 0x20000);
      std::minstd_rand random(1);  // no order that a processor could learn
      for (int64_t i = 0; i < R * C; ++i) {
        src.data()[i] = static_cast<float>(random() % 100'000);
        index.data()[i] = static_cast<uint32_t>(i);
      }
      TSORT32(dst, src, index);
      plain_sort();
    }
    void plain_sort() {
      for (int64_t i = 0; i < R * C; ++i) expected[static_cast<size_t>(i)] = {src.data()[i], index.data()[i]};
      for (auto block = expected.begin(); block != expected.end(); block += 32) {
        std::sort(block, block + 32,
                  [](const Record& x, const Record& y) { return x.first > y.first || (x.first == y.first && x.second < y.second); });
      }
    }
    void plain_merge() {
      const auto before = [](const Record& x, const Record& y) { return x.first > y.first; };
      for (size_t i = 0; i < expected.size(); i += 128) {
        std::array<Record, 128> two;
        const auto at = [&](size_t k) { return expected.begin() + static_cast<std::ptrdiff_t>(i + k); };
        std::merge(at(0), at(32), at(32), at(64), two.begin(), before);
        std::merge(at(64), at(96), at(96), at(128), two.begin() + 64, before);
        std::merge(two.begin(), two.begin() + 64, two.begin() + 64, two.end(), other.begin() + static_cast<std::ptrdiff_t>(i), before);
      }
    }
  };
  const auto form = [&](const char* name, auto tile, auto plain) {
    f.push_back({name, "f32", shape_name(R, C), 0, [=] {
                   auto s = std::make_shared<Sort>();
                   Prepared p;
                   p.tile = [s, tile] { tile(*s); };
                   p.plain = [s, plain] { plain(*s); };
                   p.state = s;
                   return p;
                 }});
  };
  form("TSORT32", [](Sort& s) { TSORT32(s.dst, s.src, s.index); }, [](Sort& s) { s.plain_sort(); });
  form("TMRGSORT blocks", [](Sort& s) { TMRGSORT(s.merged, s.list, 64); }, [](Sort& s) { s.plain_merge(); });
}

}  // namespace

void add_gathers(Forms& forms) {
  for_sizes<float>([&]<typename T, int R, int C>() { add_gathers_of<Indexed<T, R, C>>(forms); });
  add_gathers_of<Indexed<half, 128, 128>>(forms);
  add_sorts<8, 32>(forms);
  add_sorts<64, 64>(forms);
  add_sorts<64, 128>(forms);
}

}  // namespace tilewright::bench
