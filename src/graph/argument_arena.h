// Storage for the arguments of tasks in flight: allocated in submission order, freed in the same order.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <vector>

namespace tilewright {

/// Blocks come from chunks; a chunk returns to a stack of free ones when the last task that uses it is reclaimed, so
/// the chunks in use stay few and warm. Where they are many all the same, as when a graph is built before any of it runs, further ones are
/// large and on huge pages, if the host gives them. It never refuses: it grows. Not thread safe.
class ArgumentArena {
 public:
  static constexpr size_t kChunkBytes = 1 << 16;
  static constexpr size_t kLargeChunkBytes = 1 << 21;
  static constexpr size_t kManyChunks = 64;  ///< from then on large ones

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
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::byte[], Release>;
  struct Chunk {
    Memory memory;
    size_t bytes;
    uint32_t last_task;  ///< the newest task with a block in it; of the chunk in use, newest_ is
  };

  [[gnu::noinline]] void add_chunk(size_t least) {
    const size_t usual = live_.size() < kManyChunks ? kChunkBytes : kLargeChunkBytes;
    const size_t bytes = least > usual ? least : usual;
    std::vector<Memory>* const free = free_chunks(bytes);
    Memory memory;
    if (free == nullptr || free->empty()) {
      memory = make_chunk(bytes);
    } else {
      memory = std::move(free->back());
      free->pop_back();
    }
    if (!live_.empty()) live_.back().last_task = newest_;
    cursor_ = memory.get();
    end_ = cursor_ + bytes;
    live_.push_back({std::move(memory), bytes, 0});
  }

  static Memory make_chunk(size_t bytes) {
    const size_t alignment = bytes == kLargeChunkBytes ? kLargeChunkBytes : 64;
    Memory memory(static_cast<std::byte*>(std::aligned_alloc(alignment, bytes)));
    if (memory == nullptr) throw std::bad_alloc();
    if (bytes == kLargeChunkBytes) ::madvise(memory.get(), bytes, MADV_HUGEPAGE);  // advice: may be refused
    return memory;
  }
  /// Those of this size that are kept; null if none are.
  std::vector<Memory>* free_chunks(size_t bytes) {
    return bytes == kChunkBytes ? &free_ : bytes == kLargeChunkBytes ? &large_free_ : nullptr;
  }
  void release_front() {
    if (std::vector<Memory>* const free = free_chunks(live_.front().bytes); free != nullptr)
      free->push_back(std::move(live_.front().memory));
    live_.pop_front();
  }

  std::deque<Chunk> live_;
  std::vector<Memory> free_;
  std::vector<Memory> large_free_;
  std::byte* cursor_ = nullptr;
  std::byte* end_ = nullptr;
  uint32_t newest_ = 0;
};

}  // namespace tilewright
