// The shadow of a memory: for every byte, which accesses nothing has superseded yet. Ranges of bytes with the same past are one
// segment, so a tile that is moved as a whole costs one look-up, whatever its size, and single bytes are told apart where they are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

namespace tilewright::check {

/// Bytes [begin, end): offsets into an on-chip memory, or addresses of device memory.
struct ByteRange {
  uint64_t begin, end;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// One access by one instruction.
struct Touch {
  int32_t core;   ///< within its task
  uint8_t pipe;
  uint8_t operand;
  bool write;
  bool atomic;    ///< such writes do not conflict with each other
  uint32_t time;  ///< of the pipe
  uint32_t site;  ///< where the kernel issued it (Sites)
  friend bool operator==(const Touch&, const Touch&) = default;
};

class Shadow {
 public:
  /// Records `touch` on the bytes of `range`. `ordered(earlier)` says whether an access came before this one; it is asked for those
  /// of other pipes and cores only. Calls conflict(earlier, part) where one of two unordered accesses writes, and
  /// unwritten(part) where a read meets bytes that nothing has written.
  template <typename Ordered, typename Conflict, typename Unwritten>
  void touch(const ByteRange& range, const Touch& touch, const Ordered& ordered, const Conflict& conflict, const Unwritten& unwritten) {
    if (range.begin >= range.end) return;
    split(range.begin);
    split(range.end);
    uint64_t at = range.begin;
    while (at < range.end) {
      auto segment = segments_.lower_bound(at);
      if (segment == segments_.end() || segment->first >= range.end || segment->first > at) {
        const uint64_t gap_end = segment == segments_.end() ? range.end : std::min(segment->first, range.end);
        segment = segments_.emplace_hint(segment, at, Segment{gap_end, false, {}});
      }
      visit(*segment, touch, ordered, conflict, unwritten);
      at = segment->second.end;
    }
    merge(range);
  }

  bool empty() const { return segments_.empty(); }
  size_t segments() const { return segments_.size(); }

 private:
  struct Segment {
    uint64_t end;
    bool written;
    std::vector<Touch> past;
  };
  using Segments = std::map<uint64_t, Segment>;

  /// Makes `at` a border between segments.
  void split(uint64_t at) {
    auto next = segments_.upper_bound(at);
    if (next == segments_.begin()) return;
    auto found = std::prev(next);
    if (found->first == at || found->second.end <= at) return;
    Segment rest = found->second;
    found->second.end = at;
    segments_.emplace_hint(next, at, std::move(rest));
  }

  template <typename Ordered, typename Conflict, typename Unwritten>
  static void visit(typename Segments::value_type& entry, const Touch& touch, const Ordered& ordered, const Conflict& conflict,
                    const Unwritten& unwritten) {
    Segment& segment = entry.second;
    const ByteRange part{entry.first, segment.end};
    if (!touch.write && !segment.written) unwritten(part);
    // What comes later and is not ordered after an access is not ordered after those before it either, so this one stands for
    // every earlier one that it follows and that conflicts with nothing else.
    std::erase_if(segment.past, [&](const Touch& earlier) {
      const bool same_thread = earlier.core == touch.core && earlier.pipe == touch.pipe;
      const bool both_atomic = earlier.atomic && touch.atomic;
      const bool before = same_thread || ordered(earlier);
      if (!before && (earlier.write || touch.write) && !both_atomic) {
        conflict(earlier, part);
        return touch.write;  // reported; what follows is compared with this one
      }
      if (!before) return false;
      return touch.write ? !touch.atomic || earlier.atomic : !earlier.write;
    });
    segment.past.push_back(touch);
    segment.written |= touch.write;
  }

  /// Joins neighbours with the same past, from the segment before the range to the one behind it.
  void merge(const ByteRange& range) {
    auto at = segments_.lower_bound(range.begin);
    if (at != segments_.begin()) --at;
    while (at != segments_.end()) {
      const auto next = std::next(at);
      if (next == segments_.end() || next->first > range.end) return;
      if (at->second.end == next->first && at->second.written == next->second.written && at->second.past == next->second.past) {
        at->second.end = next->second.end;
        segments_.erase(next);
      } else {
        at = next;
      }
    }
  }

  Segments segments_;
};

}  // namespace tilewright::check
