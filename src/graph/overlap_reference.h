// Overlap and coverage against enumerated bytes, on random pairs of views. For tests.
#pragma once

#include <gtest/gtest.h>

#include "graph/overlap.h"
#include "graph/random_views.h"
#include "pto_orchestration_api.h"

namespace tilewright::test {

inline bool overlap_is_wrong(const ChipTensor& a, const ChipTensor& b) {
  const bool truth = share_a_byte(bytes_of(a), bytes_of(b));
  return views_overlap(a, b) != truth || views_overlap(b, a) != truth;
}

inline bool cover_is_wrong(const ChipTensor& outer, const ChipTensor& inner) {
  return view_covers(outer, inner) && !includes(bytes_of(outer), bytes_of(inner));
}

/// For pairs of which view_covers knows everything.
inline bool cover_is_inexact(const ChipTensor& outer, const ChipTensor& inner) {
  return view_covers(outer, inner) != includes(bytes_of(outer), bytes_of(inner));
}

/// Fails with the smallest pair it can find.
template <typename Wrong>
void expect_right(Wrong wrong, ChipTensor a, ChipTensor b) {
  if (!wrong(a, b)) return;
  shrink(a, b, wrong);
  FAIL() << "wrong for\n" << a.buffer.addr << " " << a.dump() << "\n" << b.buffer.addr << " " << b.dump();
}

class RandomOverlap : public RandomTest {
 protected:
  static constexpr uint64_t kBase = 0x10000;

  /// Views of all ranks, with and without structure.
  void check_pairs(int count) {
    int overlapping = 0, interleaved = 0;
    for (int round = 0; round < count && !HasFailure(); ++round) {
      const bool strided = random_() % 4 != 0;
      const ChipTensor a = strided ? random_strided(random_, kBase) : random_view(random_, kBase);
      const ChipTensor b = strided ? random_strided(random_, kBase + random_() % 1024) : random_view(random_, kBase + random_() % 32);
      expect_right(overlap_is_wrong, a, b);
      expect_right(cover_is_wrong, a, b);
      expect_right(cover_is_wrong, b, a);
      if (views_overlap(a, b)) {
        ++overlapping;
      } else if (intersects(byte_range(a), byte_range(b))) {
        ++interleaved;
      }
    }
    EXPECT_GT(overlapping, count / 20);
    EXPECT_GT(interleaved, count / 200);
  }

  /// Few bytes and large strides: most bytes between two are in neither.
  void check_sparse_pairs(int count) {
    const auto sparse = [&] {
      const uint32_t rank = 1 + random_() % 3;
      uint32_t shape[3], stride[3];
      for (uint32_t i = 0; i < rank; ++i) {
        shape[i] = 1 + random_() % 10;
        stride[i] = 5 + random_() % 60;
      }
      return make_tensor_strided(reinterpret_cast<void*>(kBase + random_() % 200), shape, stride, rank, DataType::INT8);
    };
    for (int round = 0; round < count && !HasFailure(); ++round) {
      const ChipTensor a = sparse(), b = sparse();
      expect_right(overlap_is_wrong, a, b);
    }
  }

  /// Boxes of one grid, of which both answers are exact.
  void check_boxes(int count) {
    const uint32_t shape[] = {6, 8, 10};
    const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(kBase), shape, 3);
    const auto box = [&] {
      uint32_t part[3], at[3];
      for (int i = 0; i < 3; ++i) {
        part[i] = 1 + random_() % shape[i];
        at[i] = random_() % (shape[i] - part[i] + 1);
      }
      return whole.view(part, at);
    };
    int covers = 0;
    for (int round = 0; round < count && !HasFailure(); ++round) {
      const ChipTensor a = box(), b = box();
      expect_right(overlap_is_wrong, a, b);
      expect_right(cover_is_inexact, a, b);
      covers += view_covers(a, b) ? 1 : 0;
    }
    EXPECT_GT(covers, count / 1000);
  }
};

}  // namespace tilewright::test
