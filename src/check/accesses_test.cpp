// What instructions are said to read and write, against what they do. Of each one: every byte that changes must be claimed as written,
// and when everything that is not claimed as read is replaced by other bytes, the claimed writes must come out the same. So a claim
// that is too small fails, and so does a claim to write more than is written.
#include "check/accesses.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "isa/execution.h"
#include "isa/hook.h"
#include "isa/isa_test_support.h"

namespace tilewright::check {
namespace {

using namespace pto;
template <typename T, int R, int C, int VR = R, int VC = C>
using Vec = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, VR, VC>;
template <typename T, int R, int C, int VR = R, int VC = C>
using Mat = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor>;
template <typename T, int R, int C, int Pitch>
using Table = GlobalTensor<T, Shape<1, 1, 1, R, C>, Stride<1, 1, 1, Pitch, 1>>;

std::vector<Access> claims;

class Claims : public isa_test::IsaTest {
 protected:
  static constexpr size_t kDeviceBytes = 16384;

  void SetUp() override {
    IsaTest::SetUp();
    device_.resize(kDeviceBytes);
  }

  template <typename T>
  T* device(size_t offset = 0) {
    return reinterpret_cast<T*>(device_.data() + offset);
  }

  /// The memories an instruction can touch.
  std::vector<std::pair<uint8_t*, size_t>> memories() {
    std::vector<std::pair<uint8_t*, size_t>> all{{device_.data(), device_.size()}};
    for (int space = 0; space < kSpaceCount; ++space) {
      // What the tests use: the first 32 KiB of each.
      const size_t bytes = std::min<size_t>(memory_.capacity(space), 32 * 1024);
      if (bytes != 0) all.emplace_back(memory_.base(space), bytes);
    }
    return all;
  }
  std::vector<std::vector<uint8_t>> snapshot() {
    std::vector<std::vector<uint8_t>> copy;
    for (const auto& [base, bytes] : memories()) copy.emplace_back(base, base + bytes);
    return copy;
  }
  void restore(const std::vector<std::vector<uint8_t>>& copy) {
    size_t i = 0;
    for (const auto& [base, bytes] : memories()) std::copy(copy[i].begin(), copy[i].end(), base), ++i;
  }
  void randomise() {
    for (const auto& [base, bytes] : memories()) {
      for (size_t i = 0; i < bytes; ++i) base[i] = static_cast<uint8_t>(random_());
    }
  }

  /// `prepare` writes what the instruction needs to make sense, such as indices.
  void expect_exact(const char* what, const std::function<void()>& instruction, const std::function<void()>& prepare = [] {}) {
    SCOPED_TRACE(what);
    randomise();
    prepare();
    const auto before = snapshot();
    set_instruction_hook([](const PtoInstruction& i, CoreContext& core) { claims = accesses_of(i, core); });
    instruction();
    set_instruction_hook(nullptr);
    ASSERT_FALSE(claims.empty());
    const auto first = snapshot();

    size_t m = 0;
    std::vector<std::vector<bool>> read, written;
    for (const auto& [base, bytes] : memories()) {
      std::vector<bool>& r = read.emplace_back(bytes);
      std::vector<bool>& w = written.emplace_back(bytes);
      mark(base, bytes, r, false);
      mark(base, bytes, w, true);
      for (size_t i = 0; i < bytes; ++i) {
        if (before[m][i] != first[m][i]) {
          ASSERT_TRUE(w[i]) << "byte " << i << " of memory " << m << " changed, and is not claimed as written";
        }
      }
      ++m;
    }
    // Everything else differs in every bit pattern that matters: other random bytes.
    randomise();
    m = 0;
    for (const auto& [base, bytes] : memories()) {
      for (size_t i = 0; i < bytes; ++i) {
        if (read[m][i]) base[i] = before[m][i];
      }
      ++m;
    }
    instruction();
    m = 0;
    for (const auto& [base, bytes] : memories()) {
      for (size_t i = 0; i < bytes; ++i) {
        if (written[m][i]) {
          ASSERT_EQ(base[i], first[m][i]) << "byte " << i << " of memory " << m
                                          << " depends on bytes that are not claimed as read, or is not written";
        }
      }
      ++m;
    }
  }

  /// Marks what is claimed; an atomic write reads as well.
  static void mark(const uint8_t* base, size_t bytes, std::vector<bool>& marks, bool write) {
    for (const Access& access : claims) {
      if (access.write != write && !access.atomic) continue;
      for (const ByteRange& range : access.ranges) {
        const uint64_t at = reinterpret_cast<uint64_t>(base);
        for (uint64_t b = std::max(range.begin, at); b < std::min(range.end, at + bytes); ++b) marks[b - at] = true;
      }
    }
  }

  template <typename T>
  void place(T& tile, int slot) {
    TASSIGN(tile, slot * 0x1000);
  }
  template <typename T>
  void indices(T& tile, int limit) {
    for (int i = 0; i < T::Numel; ++i) tile.data()[i] = static_cast<typename T::DType>(pick(0, limit - 1));
  }

  std::vector<uint8_t> device_;
};

TEST_F(Claims, OfMoves) {
  Vec<int16_t, 8, 32, 5, 19> a, b;
  place(a, 0), place(b, 1);
  Table<int16_t, 5, 19, 40> t(device<int16_t>(64));
  expect_exact("TLOAD", [&] { TLOAD(a, t); });
  expect_exact("TSTORE", [&] { TSTORE(t, a); });
  expect_exact("TSTORE atomic", [&] { TSTORE<decltype(a), decltype(t), AtomicType::AtomicAdd>(t, a); });
  expect_exact("TMOV", [&] { TMOV(b, a); });
  Tile<TileType::Vec, int16_t, 8, 32, BLayout::RowMajor, 5, 19, SLayout::NoneBox, 512, PadValue::Max> padded;
  place(padded, 2);
  expect_exact("TLOAD with padding", [&] { TLOAD(padded, t); });
  expect_exact("TFILLPAD", [&] { TFILLPAD(padded, a); });
  Tile<TileType::Vec, int16_t, 8, 32, BLayout::RowMajor, 5, 19, SLayout::NoneBox, 512, PadValue::Max> in_place;
  TASSIGN(in_place, 0);
  expect_exact("TFILLPAD_INPLACE", [&] { TFILLPAD_INPLACE(in_place, a); });
  Mat<half, 32, 32, 20, 18> m;
  place(m, 0);
  Table<half, 20, 18, 33> h(device<half>());
  expect_exact("TLOAD ND to Nz", [&] { TLOAD(m, h); });
  TileLeft<half, 16, 32, 16, 18> left;
  TileRight<half, 32, 32, 18, 20> right;
  place(left, 0), place(right, 0);
  expect_exact("TEXTRACT", [&] { TEXTRACT(left, m, 3, 0); });
  expect_exact("TMOV to Right", [&] { TMOV(right, m); });
  Vec<int16_t, 16, 32, 9, 20> large;
  place(large, 3);
  expect_exact("TEXTRACT Vec", [&] { TEXTRACT(a, large, 4, 5); });
  expect_exact("TINSERT Vec", [&] { TINSERT(large, a, 2, 7); });
  Vec<int16_t, 32, 16, 19, 5> turned;
  place(turned, 4);
  Vec<int16_t, 32, 16> tmp;
  place(tmp, 5);
  expect_exact("TTRANS", [&] { TTRANS(turned, a, tmp); });
  TileAcc<float, 16, 32, 16, 20> acc;
  place(acc, 0);
  Table<half, 16, 20, 24> out(device<half>());
  expect_exact("TSTORE of Acc", [&] { TSTORE(out, acc); });
}

TEST_F(Claims, OfConcatenations) {
  Vec<int32_t, 8, 16, 5, 6> a;
  Vec<int32_t, 8, 16, 5, 7> b;
  Vec<int32_t, 8, 32, 5, 13> c;
  Vec<int32_t, 8, 8> na, nb, nc;
  place(a, 0), place(b, 1), place(c, 2), place(na, 3), place(nb, 4), place(nc, 5);
  expect_exact("TCONCAT", [&] { TCONCAT(c, a, b); });
  const auto counts = [&] {
    for (int r = 0; r < 8; ++r) na.data()[r * 8] = 4 * pick(0, 6), nb.data()[r * 8] = 4 * pick(0, 7);
  };
  expect_exact("TCONCAT counted", [&] { TCONCAT(c, a, b, na, nb); }, counts);
  expect_exact("TCONCAT counted with sums", [&] { TCONCAT(c, a, b, nc, na, nb); }, counts);
}

TEST_F(Claims, OfElementwiseInstructions) {
  Vec<int32_t, 8, 16, 5, 11> a, b, c;
  Vec<int16_t, 8, 16, 5, 11> narrow;
  place(a, 0), place(b, 1), place(c, 2), place(narrow, 3);
  expect_exact("TADD", [&] { TADD(c, a, b); });
  expect_exact("TADDS", [&] { TADDS(c, a, 3); });
  expect_exact("TNEG", [&] { TNEG(c, a); });
  expect_exact("TAND", [&] { TAND(c, a, b); });
  expect_exact("TCVT", [&] { TCVT(narrow, a, RoundMode::CAST_RINT); });
  expect_exact("TEXPANDS", [&] { TEXPANDS(c, 3); });
  expect_exact("TADDC", [&] { TADDC(c, a, b, c); });
  expect_exact("GetValue", [&] { a.GetValue(7); });
  expect_exact("SetValue", [&] { a.SetValue(7, 5); });
  Vec<float, 8, 16, 5, 11> x, y, z;
  place(x, 4), place(y, 5), place(z, 6);
  expect_exact("TAXPY", [&] { TAXPY(z, x, 2.0f); });
  expect_exact("TFUSEDMULADD", [&] { TFUSEDMULADD(z, x, y); });
  expect_exact("TMULADDDST", [&] { TMULADDDST(z, x, y); });
  Vec<int32_t, 1, 16, 1, 13> row;
  place(row, 3);
  expect_exact("TCI", [&] { TCI<decltype(row), int32_t, 0>(row, 4); });
  expect_exact("TTRI", [&] { TTRI<decltype(c), 1>(c, 1); });
  Mat<half, 16, 32, 4, 5> m;
  place(m, 0);
  expect_exact("TEXPANDS of Mat", [&] { TEXPANDS(m, half(1.0f)); });
}

TEST_F(Claims, OfReductionsAndExpansions) {
  Vec<int32_t, 8, 16, 5, 11> a, c, tmp;
  Vec<int32_t, 8, 8, 5, 1> column;
  Vec<int32_t, 8, 8, 5, 8> lanes;
  Vec<int32_t, 1, 16, 1, 11> row;
  place(a, 0), place(c, 1), place(tmp, 2), place(column, 3), place(lanes, 4), place(row, 5);
  expect_exact("TROWSUM", [&] { TROWSUM(column, a, tmp); });
  expect_exact("TCOLMAX", [&] { TCOLMAX(row, a); });
  expect_exact("TROWEXPAND", [&] { TROWEXPAND(c, column); });
  expect_exact("TCOLEXPAND", [&] { TCOLEXPAND(c, row); });
  expect_exact("TROWEXPANDADD", [&] { TROWEXPANDADD(c, a, column); });
  expect_exact("TROWEXPANDADD with the vector first", [&] { TROWEXPANDADD(c, column, a); });
  expect_exact("TROWEXPANDADD of lanes", [&] { TROWEXPANDADD(c, a, lanes); });
  expect_exact("TCOLEXPANDSUB", [&] { TCOLEXPANDSUB(c, a, row); });
}

TEST_F(Claims, OfComparisonsAndSelections) {
  Vec<int32_t, 8, 32, 5, 19> a, b, c;
  Vec<uint8_t, 8, 32, 5, 3> mask;
  place(a, 0), place(b, 1), place(c, 2), place(mask, 3);
  expect_exact("TCMP", [&] { TCMP(mask, a, b, CmpMode::LT); });
  expect_exact("TCMPS", [&] { TCMPS(mask, a, 5, CmpMode::GE); });
  expect_exact("TCMPS with a tile", [&] { TCMPS(mask, a, b, CmpMode::GE); });
  // 19 columns leave five bits of the mask's last byte unread, so only whole bytes can be told apart here.
  Vec<int32_t, 8, 32, 5, 16> p, q, r;
  place(p, 0), place(q, 1), place(r, 2);
  expect_exact("TSEL", [&] { TSEL(r, mask, p, q, c); });
  expect_exact("TSELS", [&] { TSELS(r, mask, p, c, 9); });
}

TEST_F(Claims, OfGathersAndScatters) {
  Vec<int32_t, 8, 16, 5, 11> a, c;
  Vec<int32_t, 8, 16, 5, 11> index;
  Vec<int32_t, 8, 16> tmp;
  place(a, 0), place(c, 1), place(index, 2), place(tmp, 3);
  expect_exact("TGATHER", [&] { TGATHER(c, a, index, tmp); }, [&] { indices(index, 128); });
  Vec<int32_t, 8, 8, 5, 6> half_of_it;
  place(half_of_it, 4);
  expect_exact("TGATHER by pattern", [&] { TGATHER<decltype(half_of_it), decltype(a), MaskPattern::P0101>(half_of_it, a); });
  expect_exact("TSCATTER by pattern", [&] { TSCATTER<MaskPattern::P0101>(a, half_of_it); });
  expect_exact("TSCATTER", [&] { TSCATTER(c, a, index); }, [&] { indices(index, 8); });
  Vec<uint32_t, 8, 8, 5, 2> offsets;
  place(offsets, 5);
  Vec<int32_t, 8, 16, 5, 16> blocks;
  place(blocks, 6);
  expect_exact(
      "TGATHERB", [&] { TGATHERB(blocks, a, offsets); },
      [&] {
        for (int i = 0; i < 64; ++i) offsets.data()[i] = static_cast<uint32_t>(4 * pick(0, 100));
      });
  Table<int32_t, 10, 14, 17> table(device<int32_t>(32));
  expect_exact("MGATHER of elements", [&] { MGATHER<Coalesce::Elem>(c, table, index); }, [&] { indices(index, 140); });
  expect_exact("MGATHER, wrapping", [&] { MGATHER<Coalesce::Elem, GatherOOB::Wrap>(c, table, index); }, [&] { indices(index, 300); });
  expect_exact("MSCATTER of elements", [&] { MSCATTER<Coalesce::Elem>(table, c, index); }, [&] { indices(index, 140); });
  expect_exact(
      "MSCATTER, skipping", [&] { MSCATTER<Coalesce::Elem, ScatterAtomicOp::None, ScatterOOB::Skip>(table, c, index); },
      [&] { indices(index, 300); });
  Vec<int32_t, 1, 8, 1, 5> rows;
  place(rows, 7);
  expect_exact("MGATHER of rows", [&] { MGATHER<Coalesce::Row>(c, table, rows); }, [&] { indices(rows, 10); });
  expect_exact("MSCATTER of rows", [&] { MSCATTER<Coalesce::Row>(table, c, rows); }, [&] { indices(rows, 10); });
}

TEST_F(Claims, OfSorting) {
  Vec<float, 4, 64, 3, 40> a;
  Vec<uint32_t, 4, 64, 3, 40> index;
  Vec<float, 4, 128, 3, 80> sorted;
  place(a, 0), place(index, 1), place(sorted, 2);
  const auto values = [&] {
    for (int i = 0; i < 256; ++i) a.data()[i] = static_cast<float>(pick(-99, 99)), index.data()[i] = static_cast<uint32_t>(i);
  };
  expect_exact("TSORT32", [&] { TSORT32(sorted, a, index); }, values);
  Vec<float, 1, 256> blocks, merged;
  place(blocks, 0), place(merged, 3);
  const auto lists = [&] {
    for (int i = 0; i < 256; i += 2) blocks.data()[i] = static_cast<float>(-(i % 64));
  };
  expect_exact("TMRGSORT", [&] { TMRGSORT(merged, blocks, 64); }, lists);
}

/// Merges of separate lists, of f32 and f16: of lengths that differ, so that each ends first in some, with equal values and NaNs.
template <typename T>
class MergeClaims : public Claims {
 protected:
  static constexpr int kPerRecord = 8 / sizeof(T);
  using List = Tile<TileType::Vec, T, 1, 64, BLayout::RowMajor, 1, DYNAMIC>;

  void prepare(std::vector<List>& lists) {
    for (List& list : lists) {
      int value = pick(0, 30);
      const int nans = pick(0, 3) == 0 ? 1 : 0, records = static_cast<int>(list.GetValidCol()) / kPerRecord;
      for (int i = 0; i < records; ++i, value -= pick(0, 3)) {
        list.data()[i * kPerRecord] = i + nans < records ? static_cast<T>(static_cast<float>(value)) : std::numeric_limits<T>::quiet_NaN();
      }
    }
  }
};
using MergedTypes = ::testing::Types<float, half>;
TYPED_TEST_SUITE(MergeClaims, MergedTypes);

TYPED_TEST(MergeClaims, EndWithTheFirstListIfToldSo) {
  using List = typename TestFixture::List;
  Tile<TileType::Vec, TypeParam, 1, 256> merged, tmp;
  TASSIGN(merged, 0x4000), TASSIGN(tmp, 0x6000);
  for (int round = 0; round < 40; ++round) {
    std::vector<List> l;
    for (int i = 0; i < 4; ++i) TASSIGN(l.emplace_back(this->pick(1, 64 / TestFixture::kPerRecord) * TestFixture::kPerRecord), i * 0x1000);
    MrgSortExecutedNumList executed;
    const auto lists = [&] { this->prepare(l); };
    this->expect_exact(
        "two", [&] { TMRGSORT<decltype(merged), decltype(tmp), List, List, true>(merged, executed, tmp, l[0], l[1]); }, lists);
    this->expect_exact(
        "three", [&] { TMRGSORT<decltype(merged), decltype(tmp), List, List, List, true>(merged, executed, tmp, l[0], l[1], l[2]); },
        lists);
    this->expect_exact(
        "four",
        [&] { TMRGSORT<decltype(merged), decltype(tmp), List, List, List, List, true>(merged, executed, tmp, l[0], l[1], l[2], l[3]); },
        lists);
    this->expect_exact(
        "all", [&] { TMRGSORT<decltype(merged), decltype(tmp), List, List, false>(merged, executed, tmp, l[0], l[1]); }, lists);
  }
}

TEST_F(Claims, OfMatrixProducts) {
  TileLeft<half, 32, 32, 20, 18> a;
  TileRight<half, 32, 32, 18, 21> b;
  TileAcc<float, 32, 32, 20, 21> c, d;
  Tile<TileType::Bias, float, 1, 32, BLayout::RowMajor, 1, 21> bias;
  place(a, 0), place(b, 0), place(c, 0), place(d, 1);
  TASSIGN(bias, 0);
  const auto numbers = [&] {
    for (int i = 0; i < 1024; ++i) a.data()[i] = half(static_cast<float>(pick(-9, 9))), b.data()[i] = half(static_cast<float>(pick(-9, 9)));
    for (int i = 0; i < 1024; ++i) d.data()[i] = static_cast<float>(pick(-9, 9));
    for (int i = 0; i < 32; ++i) bias.data()[i] = static_cast<float>(pick(-9, 9));
  };
  expect_exact("TMATMUL", [&] { TMATMUL(c, a, b); }, numbers);
  expect_exact("TMATMUL_ACC", [&] { TMATMUL_ACC(c, d, a, b); }, numbers);
  expect_exact("TMATMUL_BIAS", [&] { TMATMUL_BIAS(c, a, b, bias); }, numbers);
}

TEST_F(Claims, OfCollections) {
  Vec<int32_t, 8, 16, 5, 11> a;
  Vec<int32_t, 8, 16, 5, 7> found;
  Vec<int32_t, 8, 8, 5, 1> keys, counts;
  Vec<int32_t, 1, 8, 1, 1> key;
  place(a, 0), place(found, 1), place(keys, 2), place(counts, 3), place(key, 4);
  const auto small = [&] { indices(a, 4), indices(keys, 4), indices(key, 4); };
  expect_exact(
      "TGATHER by comparison",
      [&] {
        TGATHER<decltype(found), decltype(a), decltype(keys), decltype(counts), decltype(a), CmpMode::LE>(found, a, keys, counts, a, 3);
      },
      small);
  expect_exact(
      "TGATHER by comparison with one key",
      [&] {
        TGATHER<decltype(found), decltype(a), decltype(key), decltype(counts), decltype(a), CmpMode::NE>(found, a, key, counts, a, 3);
      },
      small);
  Vec<half, 8, 16, 5, 11> h;
  Vec<half, 8, 16, 5, 1> half_keys;
  place(h, 5), place(half_keys, 6);
  expect_exact("TGATHER by comparison of halves", [&] {
    TGATHER<decltype(found), decltype(h), decltype(half_keys), decltype(counts), decltype(a), CmpMode::GT>(found, h, half_keys, counts, a,
                                                                                                           3);
  });
  Vec<uint64_t, 8, 8, 5, 6> wide;
  Vec<uint64_t, 8, 4, 5, 1> wide_keys;
  place(wide, 5), place(wide_keys, 6);
  expect_exact("TGATHER by comparison of u64", [&] {
    TGATHER<decltype(found), decltype(wide), decltype(wide_keys), decltype(counts), decltype(a), CmpMode::GE>(found, wide, wide_keys,
                                                                                                              counts, a, 3);
  });
}

TEST_F(Claims, OfTablesWithIndicesInDeviceMemory) {
  Vec<int32_t, 8, 16, 5, 11> c;
  Mat<half, 16, 32, 9, 18> m;
  place(c, 0), place(m, 0);
  Table<int32_t, 10, 14, 17> table(device<int32_t>(32));
  Table<half, 10, 20, 21> halves(device<half>(32));
  int32_t* const at = device<int32_t>(8192);
  Table<int32_t, 8, 7, 9> by_element(at);
  Table<int32_t, 3, 4, 6> by_row(at);
  const auto below = [&](int limit) {
    return [this, at, limit] {
      for (int i = 0; i < 200; ++i) at[i] = pick(0, limit - 1);
    };
  };
  expect_exact("MGATHER of elements", [&] { MGATHER<Coalesce::Elem>(c, table, by_element, table); }, below(140));
  expect_exact("MGATHER, wrapping", [&] { MGATHER<Coalesce::Elem, GatherOOB::Wrap>(c, table, by_element, table); }, below(300));
  expect_exact("MGATHER of rows", [&] { MGATHER<Coalesce::Row>(c, table, by_row, table); }, below(10));
  expect_exact("MGATHER of rows into Mat", [&] { MGATHER<Coalesce::Row>(m, halves, by_row, table); }, below(10));
}

TEST_F(Claims, OfElementsThatShareBytes) {
  using T = float4_e2m1x2_t;
  Vec<T, 8, 128, 5, 38> a, b;
  place(a, 0), place(b, 1);
  Table<T, 5, 38, 44> t(device<T>(64));
  expect_exact("TLOAD", [&] { TLOAD(a, t); });
  expect_exact("TSTORE", [&] { TSTORE(t, a); });
  expect_exact("TMOV", [&] { TMOV(b, a); });
  Vec<T, 16, 128, 9, 60> large;
  place(large, 2);
  expect_exact("TEXTRACT", [&] { TEXTRACT(a, large, 4, 6); });
  expect_exact("TINSERT", [&] { TINSERT(large, a, 2, 8); });
  Tile<TileType::Vec, T, 64, 8, BLayout::ColMajor, 38, 5> dn, dn_large;
  place(dn, 3), place(dn_large, 4);
  expect_exact("TMOV of columns", [&] { TMOV(dn_large, dn); });
  expect_exact("TEXTRACT of columns", [&] { TEXTRACT(dn, dn_large, 10, 2); });
  Vec<half, 8, 64, 5, 38> halves;
  Vec<float, 8, 64, 5, 38> floats;
  place(halves, 5), place(floats, 6);
  expect_exact("TCVT from fp4", [&] { TCVT(halves, a, RoundMode::CAST_RINT); });
  expect_exact("TCVT to fp4", [&] { TCVT(a, floats, RoundMode::CAST_RINT); });
  testing::internal::CaptureStdout();
  expect_exact("TPRINT", [&] { TPRINT(a); });
  testing::internal::GetCapturedStdout();
  Mat<T, 32, 64, 20, 38> nz;
  place(nz, 0);
  Table<T, 20, 38, 44> wide(device<T>(64));
  expect_exact("TLOAD ND to Nz", [&] { TLOAD(nz, wide); });
}

TEST_F(Claims, OfConvolutionTiles) {
  using Map = ConvTile<TileType::Mat, half, 4096, Layout::NC1HWC0, ConvTileShape<2, 2, 3, 5, 16>>;
  Map map;
  TASSIGN(map, 0x200);
  GlobalTensor<half, Shape<2, 2, 3, 5, 16>, Stride<1000, 400, 90, 16, 1>, Layout::NC1HWC0> tensor(device<half>(64));
  expect_exact("TLOAD", [&] { TLOAD(map, tensor); });
  using Deep = ConvTile<TileType::Mat, half, 4096, Layout::NDC1HWC0, ConvTileShape<1, 2, 2, 3, 4, 16>>;
  Deep deep;
  TASSIGN(deep, 0x1000);
  GlobalTensor<half, Shape<1, 2, 2, 3, 4>, Stride<2000, 1000, 400, 70, 16>, Layout::NDC1HWC0> deep_tensor(device<half>(64));
  expect_exact("TLOAD in three dimensions", [&] { TLOAD(deep, deep_tensor); });
  using Plain = ConvTile<TileType::Vec, half, 4096, Layout::NCHW, ConvTileShape<2, 21, 3, 5>>;
  using Blocked = ConvTile<TileType::Vec, half, 4096, Layout::NC1HWC0, ConvTileShape<2, 2, 3, 5, 16>>;
  Plain plain;
  Blocked blocked;
  place(plain, 0), place(blocked, 1);
  expect_exact("TTRANS to blocks", [&] { TTRANS(blocked, plain, plain); });
  using Filters = ConvTile<TileType::Vec, float, 8192, Layout::NC1HWC0, ConvTileShape<18, 1, 2, 3, 8>>;
  using Fractal = ConvTile<TileType::Vec, float, 8192, Layout::FRACTAL_Z, ConvTileShape<6, 2, 16, 8>>;
  Filters filters;
  Fractal fractal;
  place(filters, 2), place(fractal, 4);
  expect_exact("TTRANS to fractals", [&] { TTRANS(fractal, filters, filters); });
}

TEST_F(Claims, OfProductsForVectorCores) {
  // A core that is no lane keeps the half of AIV0.
  TileAcc<float, 32, 32, 20, 26> acc;
  Vec<half, 16, 32, 10, 26> rows;
  Vec<float, 32, 16, 20, 13> columns;
  place(acc, 0), place(rows, 0), place(columns, 1);
  expect_exact("TMOV split by rows", [&] { TMOV<decltype(rows), decltype(acc), AccToVecMode::DualModeSplitM>(rows, acc); });
  expect_exact("TMOV split by columns", [&] { TMOV<decltype(columns), decltype(acc), AccToVecMode::DualModeSplitN>(columns, acc); });
  expect_exact("TINSERT split by columns",
               [&] { TINSERT<decltype(columns), decltype(acc), AccToVecMode::DualModeSplitN>(columns, acc, 2, 1); });
  Vec<half, 32, 32, 20, 26> whole;
  place(whole, 3);
  expect_exact("TMOV to one core", [&] { TMOV<decltype(whole), decltype(acc), AccToVecMode::SingleModeVec0>(whole, acc); });
}

TEST(AccessRules, EveryInstructionOfTheSimulatorHasOne) {
  for (int i = 0; i < static_cast<int>(Op::OP_COUNT); ++i) {
    if (executes(static_cast<uint16_t>(i))) {
      EXPECT_TRUE(has_access_rule(static_cast<uint16_t>(i))) << op_name(static_cast<uint16_t>(i)) << ": add it to check/accesses.cpp";
    }
  }
}

}  // namespace
}  // namespace tilewright::check
