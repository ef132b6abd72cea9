// Neighbourhood: roughly where in memory a set of regions lies.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "graph/region.h"

namespace tilewright {

/// A bit per 256 KiB, by address modulo 1 GiB. touches() may say true of memory that no added region is near, never
/// false of a byte that one has. 528 bytes.
class Neighbourhood {
 public:
  Neighbourhood() { clear(); }
  void clear() {
    words_.fill(0);
    first_added_ = last_added_ = UINT64_MAX;
  }
  /// `range` is not empty.
  void add(ByteRange range) {
    const uint64_t first = range.begin >> kShift, last = (range.end - 1) >> kShift;
    if (first != first_added_ || last != last_added_) [[unlikely]]
      add_words(range);
  }
  /// Whether a region that was added may share a byte with `range`, which is not empty.
  bool touches(ByteRange range) {
    return for_words(range, [](uint64_t& word, uint64_t mask) { return (word & mask) != 0; });
  }

 private:
  static constexpr uint32_t kShift = 18;
  static constexpr uint64_t kWords = 64;

  [[gnu::noinline]] void add_words(ByteRange range) {
    first_added_ = range.begin >> kShift;
    last_added_ = (range.end - 1) >> kShift;
    for_words(range, [](uint64_t& word, uint64_t mask) {
      word |= mask;
      return false;
    });
  }
  template <typename Visit>
  bool for_words(ByteRange range, Visit&& visit) {
    const uint64_t first = range.begin >> kShift, last = (range.end - 1) >> kShift;
    if (first == last) [[likely]]
      return visit(words_[first / 64 % kWords], uint64_t{1} << first % 64);
    const uint64_t last_word = std::min(last / 64, first / 64 + kWords - 1);
    for (uint64_t i = first / 64; i <= last_word; ++i) {
      uint64_t mask = ~uint64_t{0};
      if (i == first / 64) mask &= ~uint64_t{0} << first % 64;
      if (i == last / 64) mask &= ~uint64_t{0} >> (63 - last % 64);
      if (visit(words_[i % kWords], mask)) return true;
    }
    // From kWords words on the last one is the first one again: take the whole of it.
    return last / 64 > last_word && visit(words_[first / 64 % kWords], ~uint64_t{0});
  }

  std::array<uint64_t, kWords> words_;
  uint64_t first_added_, last_added_;  ///< of the newest range
};

}  // namespace tilewright
