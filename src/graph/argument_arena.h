// Storage for the arguments of tasks in flight: allocated in submission order, freed in the same order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <vector>

namespace tilewright {

/// Blocks come from chunks; a chunk returns to a stack of free ones when the last task that uses it is reclaimed, so
/// the chunks in use stay few and warm. It never refuses: it grows. Not thread safe.
class ArgumentArena {
 public:
  static constexpr size_t kChunkBytes = 1 << 16;

  /// 64-byte aligned storage for `task` (ids ascend), valid until release_before(id > task).
  [[gnu::always_inline]] std::byte* allocate(uint32_t task, size_t bytes) {
    bytes = (bytes + 63) & ~size_t{63};
    if (static_cast<size_t>(end_ - cursor_) < bytes) [[unlikely]]
      add_chunk(bytes);
    newest_ = task;
    std::byte* block = cursor_;
    cursor_ += bytes;
    return block;
  }

  /// Frees the storage of all tasks with an id below `task` (compared around the wrap of 32 bits).
  void release_before(uint32_t task) {
    while (live_.size() > 1 && static_cast<int32_t>(live_.front().last_task - task) < 0) release_front();
  }

  /// Frees everything.
  void clear() {
    while (!live_.empty()) release_front();
    cursor_ = end_ = nullptr;
  }

 private:
  struct Release {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  using Memory = std::unique_ptr<std::byte[], Release>;
  struct Chunk {
    Memory memory;
    size_t bytes;
    uint32_t last_task;  ///< the newest task with a block in it; of the chunk in use, newest_ is
  };

  [[gnu::noinline]] void add_chunk(size_t least) {
    const size_t bytes = least > kChunkBytes ? least : kChunkBytes;
    Memory memory;
    if (free_.empty() || bytes != kChunkBytes) {
      memory.reset(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64})));
    } else {
      memory = std::move(free_.back());
      free_.pop_back();
    }
    if (!live_.empty()) live_.back().last_task = newest_;
    cursor_ = memory.get();
    end_ = cursor_ + bytes;
    live_.push_back({std::move(memory), bytes, 0});
  }

  void release_front() {
    if (live_.front().bytes == kChunkBytes) free_.push_back(std::move(live_.front().memory));
    live_.pop_front();
  }

  std::deque<Chunk> live_;
  std::vector<Memory> free_;
  std::byte* cursor_ = nullptr;
  std::byte* end_ = nullptr;
  uint32_t newest_ = 0;
};

}  // namespace tilewright
