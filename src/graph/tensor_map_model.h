// TensorMap against a list of everything live, on random accesses. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "graph/overlap.h"
#include "graph/random_views.h"
#include "graph/tensor_map.h"
#include "pto_orchestration_api.h"

namespace tilewright::test {

/// One TensorMap and its model. Views are of every kind the index treats differently: contiguous ones, tiles of matrices
/// of which some share a pitch but not a phase, boxes of a stack of matrices, rows, columns, and strides without structure; all in
/// a few KiB, so that much overlaps.
class TensorMapModel {
 public:
  enum class Views {
    kMixed,
    kSlots,  ///< of a vector, at a pitch that no power of two divides; one in forty is not a slot
    kTiles,  ///< of a matrix, in place; one in forty is not, or has another size
  };
  struct Options {
    Views views = Views::kMixed;
    int steps = 1000;
    uint32_t live = 100;  ///< tasks that are incomplete at a time, about
    uint32_t first_id = 0;
    bool track_war = false;
  };

  explicit TensorMapModel(std::mt19937& random) : random_(random) { map_.set_watermarks(completed_); }

  void run(const Options& options) {
    views_of_run_ = options.views;
    map_.begin_run(options.track_war);
    for (uint32_t ring = 0; ring < kRingCount; ++ring) completed_[ring] = next_[ring] = options.first_id + 77 * ring;
    for (int step = 0; step < options.steps && !testing::Test::HasFailure(); ++step) {
      const uint32_t submitting = random_() % kRingCount;
      const RegionOwner owner{submitting, next_[submitting]++};
      for (uint32_t i = 0, n = 1 + random_() % 3; i < n; ++i) access(owner, options.track_war);
      const uint32_t ring = random_() % kRingCount;
      const uint32_t pending = next_[ring] - completed_[ring];
      if (pending > options.live / kRingCount) complete(ring, 1 + random_() % pending);
      if (options.live < 1u << 20 && random_() % 200 == 0) {
        for (uint32_t r = 0; r < kRingCount; ++r) complete(r, next_[r] - completed_[r]);
      }
    }
  }

 private:
  struct Access {
    RegionOwner owner;
    bool writes;
    ChipTensor view;
    ByteSet bytes;
  };

  static bool same(RegionOwner a, RegionOwner b) { return a.ring() == b.ring() && a.task() == b.task(); }

  void access(RegionOwner owner, bool track_war) {
    static constexpr TensorArgType kTags[] = {TensorArgType::INPUT, TensorArgType::INOUT, TensorArgType::INOUT,
                                              TensorArgType::OUTPUT_EXISTING};
    // Who writes without looking takes the shortest ways from the others: seldom where these are what is tried.
    const TensorArgType tag = kTags[random_() % (views_of_run_ == Views::kMixed || random_() % 20 == 0 ? 4 : 3)];
    views_.push_back(random_tensor());
    const ChipTensor& view = views_.back();
    const ByteSet bytes = bytes_of(view);
    const bool writes = tag != TensorArgType::INPUT;
    const bool ordered = tag != TensorArgType::OUTPUT_EXISTING || track_war;
    std::multiset<std::pair<uint32_t, uint32_t>> expected, found;
    std::erase_if(list_, [&](const Access& other) {
      if (!ordered || same(other.owner, owner) || !share_a_byte(bytes, other.bytes)) return false;
      if (!writes && !other.writes) return false;
      expected.insert({other.owner.ring(), other.owner.task()});
      return writes && view_covers(view, other.view);
    });
    for (const RegionHit& hit : map_.access(view, byte_range(view), tag, owner)) {
      EXPECT_TRUE(intersects(hit.range, byte_range(view)));
      found.insert({hit.ring, hit.task});
    }
    EXPECT_EQ(found, expected) << "task " << owner.task() << " of ring " << owner.ring() << ", tag " << static_cast<int>(tag)
                               << ", address " << view.buffer.addr << ", " << view.dump() << ", " << list_.size() << " accesses live";
    if (writes || track_war) list_.push_back({owner, writes, view, bytes});
  }

  void complete(uint32_t ring, uint32_t count) {
    completed_[ring] += count;
    std::erase_if(list_, [&](const Access& other) {
      return other.owner.ring() == ring && static_cast<int32_t>(other.owner.task() - completed_[ring]) < 0;
    });
    while (views_.size() > 100000) views_.pop_front();
  }

  ChipTensor random_tensor() {
    if (views_of_run_ == Views::kSlots) return random_slot();
    if (views_of_run_ == Views::kTiles) return random_tile();
    switch (random_() % 8) {
      case 0: return random_view(random_, kBase + 960 * (random_() % 5));
      case 1: return random_strided(random_, kBase + random_() % 4096);
      case 2: {
        const uint32_t count = 1u << random_() % 11;
        return make_tensor_external(reinterpret_cast<void*>(kBase + random_() % 6000), &count, 1, DataType::UINT8);
      }
      case 3: {  // aligned slots of one buffer
        const uint32_t count = 64;
        return make_tensor_external(reinterpret_cast<void*>(kBase + 64 * (random_() % 64)), &count, 1, DataType::UINT8);
      }
      case 4: return box_of({3, 8, 40}, kBase + 100 * (random_() % 3));
      case 5: return box_of({2, 3, 4, 40}, kBase + 4 * (random_() % 8));
      default: return box_of({24, 40}, kBase + 32 * (random_() % 9));
    }
  }
  ChipTensor random_slot() {
    uint64_t at = 68 * (random_() % 60);
    uint32_t count = 60;
    if (random_() % 40 == 0) {
      at += random_() % 68;
      count -= random_() % 28;  // of the same level
    }
    return make_tensor_external(reinterpret_cast<void*>(kBase + at), &count, 1, DataType::UINT8);
  }
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(random_() % end); }
  ChipTensor random_tile() {
    static constexpr uint32_t kMatrix[] = {64, 48};
    const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(kBase), kMatrix, 2, DataType::INT8);
    uint32_t part[] = {8, 16}, at[] = {8 * below(8), 16 * below(3)};
    if (random_() % 40 == 0) {
      part[0] = 5 + below(4);  // of the same levels
      part[1] = 9 + below(8);
      for (int i = 0; i < 2; ++i) at[i] = below(kMatrix[i] - part[i] + 1);
    }
    return whole.view(part, at);
  }
  ChipTensor box_of(const std::vector<uint32_t>& shape, uint64_t base) {
    static constexpr DataType kTypes[] = {DataType::FLOAT32, DataType::FLOAT16, DataType::INT8};
    const uint32_t rank = static_cast<uint32_t>(shape.size());
    const ChipTensor whole = make_tensor_external(reinterpret_cast<void*>(base), shape.data(), rank, kTypes[random_() % 3]);
    uint32_t part[MAX_TENSOR_DIMS], at[MAX_TENSOR_DIMS];
    const bool aligned = random_() % 2 == 0;  // tiles of a quarter of each dimension
    for (uint32_t i = 0; i < rank; ++i) {
      part[i] = aligned ? std::max(1u, shape[i] / 4) : 1 + random_() % shape[i];
      at[i] = aligned ? part[i] * (random_() % (shape[i] / part[i])) : random_() % (shape[i] - part[i] + 1);
    }
    return whole.view(part, at);
  }

  static constexpr uint64_t kBase = 0x100010;
  std::mt19937& random_;
  Views views_of_run_ = Views::kMixed;
  uint32_t completed_[kRingCount] = {};
  uint32_t next_[kRingCount] = {};
  TensorMap map_;
  std::deque<ChipTensor> views_;  ///< descriptors, which stay where they are while their tasks are incomplete
  std::vector<Access> list_;
};

}  // namespace tilewright::test
