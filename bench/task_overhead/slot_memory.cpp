#include "task_overhead/slot_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <numeric>
#include <random>

#include "base/error.h"
#include "task_overhead/names.h"

namespace tilewright::bench {

namespace {

constexpr Layout kAllLayouts[] = {Layout::kOwnBuffers, Layout::kShuffledBuffers, Layout::kOneBuffer, Layout::kTiles, Layout::kAny};

/// 0 to count-1 in a random order that is the same with every standard library.
std::vector<uint32_t> shuffled_places(uint32_t count) {
  std::vector<uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0u);
  std::mt19937_64 random(SlotMemory::kShuffleSeed);
  for (uint32_t i = count; i > 1; --i) std::swap(places[i - 1], places[random() % i]);
  return places;
}

}  // namespace

std::string_view layout_name(Layout layout) {
  switch (layout) {
    case Layout::kOwnBuffers: return "own_buffers";
    case Layout::kShuffledBuffers: return "shuffled_buffers";
    case Layout::kOneBuffer: return "one_buffer";
    case Layout::kTiles: return "tiles";
    case Layout::kAny: return "any";
  }
  return "unknown";
}

Layout parse_layout(std::string_view name) { return parse_name<Layout>("layout", name, kAllLayouts, layout_name); }

SlotMemory::SlotMemory(uint32_t slot_count, Layout layout) : layout_(layout) {
  addresses_.reserve(layout == Layout::kAny ? 0 : slot_count);
  switch (layout) {
    case Layout::kOwnBuffers:
      for (uint32_t slot = 0; slot < slot_count; ++slot) addresses_.push_back(allocate(kSlotBytes));
      break;
    case Layout::kShuffledBuffers: {
      std::byte* const base = allocate(kSlotBytes * slot_count);
      for (uint32_t place : shuffled_places(slot_count)) addresses_.push_back(base + kSlotBytes * place);
      break;
    }
    case Layout::kOneBuffer: {
      std::byte* const base = allocate(kSlotBytes * slot_count);
      for (uint32_t slot = 0; slot < slot_count; ++slot) addresses_.push_back(base + kSlotBytes * slot);
      break;
    }
    case Layout::kTiles: {
      std::byte* const base = reserve(kMatrixPitch * matrix_rows(slot_count));
      for (uint32_t slot = 0; slot < slot_count; ++slot) {
        addresses_.push_back(base + kMatrixPitch * kTileRows * (slot / kTilesPerRow) + kTileRowBytes * (slot % kTilesPerRow));
      }
      break;
    }
    case Layout::kAny: break;
  }
}

std::byte* SlotMemory::allocate(size_t bytes) {
  buffers_.emplace_back(static_cast<std::byte*>(::operator new(bytes, std::align_val_t(64))), Free{0});
  return buffers_.back().get();
}

std::byte* SlotMemory::reserve(size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw errno_error(errno, fmt::format("cannot reserve {} bytes of addresses", bytes));
  buffers_.emplace_back(static_cast<std::byte*>(memory), Free{bytes});
  return buffers_.back().get();
}

void SlotMemory::Free::operator()(std::byte* memory) const {
  if (mapped_bytes != 0) {
    ::munmap(memory, mapped_bytes);
  } else {
    ::operator delete(memory, std::align_val_t(64));
  }
}

}  // namespace tilewright::bench
