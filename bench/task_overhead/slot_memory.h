// Where the slots of a workload lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tilewright::bench {

enum class Layout {
  kOwnBuffers,       ///< each slot is a buffer of its own, from the allocator
  kShuffledBuffers,  ///< each slot is a buffer of its own, all side by side in one region in a random order of fixed seed
  kOneBuffer,        ///< all slots are disjoint views of one buffer, in slot order, without gaps
  kTiles,            ///< each slot is a 2-D tile of one matrix, in row-major order of tiles
  kAny,              ///< the system is not told about memory, so there is nothing to tell apart
};
/// Those that a system with memory can be given.
inline constexpr Layout kMemoryLayouts[] = {Layout::kOwnBuffers, Layout::kShuffledBuffers, Layout::kOneBuffer, Layout::kTiles};

/// "own_buffers", "shuffled_buffers", "one_buffer", "tiles", "any".
std::string_view layout_name(Layout layout);
/// Throws Error(kInvalidArgument) that lists the names.
Layout parse_layout(std::string_view name);

/// The memory of the slots. Systems use the addresses to describe tasks; no task touches the bytes.
class SlotMemory {
 public:
  static constexpr size_t kSlotBytes = 256;  ///< of a slot that is contiguous: 64 float32

  static constexpr uint32_t kTileRows = 64;
  static constexpr size_t kTileRowBytes = 256;
  static constexpr size_t kMatrixPitch = 4096;  ///< bytes from a row of the matrix to the next
  static constexpr uint32_t kTilesPerRow = kMatrixPitch / kTileRowBytes;

  static constexpr uint64_t kShuffleSeed = 20261126;

  /// kAny makes no memory. kTiles reserves addresses only, a million tiles cost nothing: the matrix reads as zeros
  /// and cannot be written. Throws Error(kIoError) if there are not that many addresses.
  SlotMemory(uint32_t slot_count, Layout layout);

  Layout layout() const { return layout_; }
  /// Of the slot's first byte.
  std::byte* address(uint32_t slot) const { return addresses_[slot]; }
  std::byte* const* addresses() const { return addresses_.data(); }
  size_t slot_count() const { return addresses_.size(); }
  /// Rows of the matrix of kTiles that holds `slot_count` slots.
  static constexpr uint32_t matrix_rows(uint32_t slot_count) { return (slot_count + kTilesPerRow - 1) / kTilesPerRow * kTileRows; }

 private:
  struct Free {
    size_t mapped_bytes;  ///< 0: from the allocator
    void operator()(std::byte* memory) const;
  };
  std::byte* allocate(size_t bytes);
  std::byte* reserve(size_t bytes);

  Layout layout_;
  std::vector<std::unique_ptr<std::byte, Free>> buffers_;
  std::vector<std::byte*> addresses_;
};

}  // namespace tilewright::bench
