// The heap ring: output buffers allocated and freed in the order of their tasks (spec/l2-runtime.md, 3.3).
#pragma once

#include <cstdint>

namespace tilewright {

/// A bump allocator over [0, size). Blocks are freed oldest first by moving the tail to a position that an earlier
/// allocation returned. Not thread safe.
class HeapRing {
 public:
  explicit HeapRing(uint64_t size = 0) : size_(size) {}

  static constexpr uint64_t kNoSpace = UINT64_MAX;

  /// The offset of a block of `bytes` > 0, or kNoSpace. A block never wraps around the end.
  uint64_t allocate(uint64_t bytes) {
    if (empty_) head_ = tail_ = 0;
    uint64_t at = head_;
    if (head_ >= tail_) {
      if (size_ - head_ < bytes) {
        if (tail_ <= bytes) return kNoSpace;  // head must not meet the tail: that would mean empty
        at = 0;
      }
    } else if (tail_ - head_ <= bytes) {
      return kNoSpace;
    }
    head_ = at + bytes;
    empty_ = false;
    return at;
  }

  /// The end of the newest block.
  uint64_t position() const { return head_; }

  /// Frees all blocks up to the one whose allocation made position() return `position`. Only positions taken right
  /// after an allocation count: an empty ring starts over at 0 and would confuse older ones.
  void release(uint64_t position) {
    tail_ = position;
    if (tail_ == head_) empty_ = true;
  }

  uint64_t size() const { return size_; }
  uint64_t used() const {
    if (empty_) return 0;
    return head_ > tail_ ? head_ - tail_ : size_ - tail_ + head_;
  }

 private:
  uint64_t size_;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
  bool empty_ = true;
};

}  // namespace tilewright
