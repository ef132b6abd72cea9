#include "isa/launch.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace tilewright {

PipeRing::PipeRing(uint32_t slot_num, uint32_t slot_bytes, int producers, int consumers)
    : slot_num(slot_num), slot_bytes(slot_bytes), producers(producers), consumers(consumers), slots_(slot_num) {
  storage_.reset(static_cast<uint8_t*>(std::calloc(slot_num, slot_bytes)));
  if (storage_ == nullptr) throw std::bad_alloc();
}

void PipeRing::Free::operator()(uint8_t* p) const { std::free(p); }

uint64_t PipeRing::least(const std::array<std::atomic<uint64_t>, 2>& counters, int count) {
  const uint64_t first = counters[0].load(std::memory_order_acquire);
  return count == 1 ? first : std::min(first, counters[1].load(std::memory_order_acquire));
}

void PipeRing::release(int consumer, uint64_t n) {
  const size_t c = static_cast<size_t>(consumer);
  slot(n).released[c] = true;
  uint64_t next = released[c].load(std::memory_order_relaxed);
  while (next < popped[c] && slot(next).released[c]) slot(next++).released[c] = false;
  released[c].store(next, std::memory_order_release);
}

Launch::Launch(int32_t blocks, uint8_t lanes) : blocks_(blocks), lanes_(lanes), by_index_(static_cast<size_t>(blocks)) {}

Launch::~Launch() {
  for (const std::atomic<Block*>& entry : by_index_) delete entry.load(std::memory_order_acquire);
}

Launch::Block& Launch::block(int32_t index) {
  std::atomic<Block*>& entry = by_index_[static_cast<size_t>(index)];
  if (Block* const there = entry.load(std::memory_order_acquire)) return *there;
  auto made = std::make_unique<Block>();
  Block* expected = nullptr;
  if (!entry.compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) return *expected;
  return *made.release();
}

Launch::Block::~Block() {
  for (NamedRing* entry = rings.load(std::memory_order_acquire); entry != nullptr;) delete std::exchange(entry, entry->next);
}

PipeRing& Launch::ring(int32_t block, uint64_t key, bool to_cube) {
  std::atomic<NamedRing*>& rings = this->block(block).rings;
  NamedRing* head = rings.load(std::memory_order_acquire);
  const auto find = [&](const NamedRing* end) -> NamedRing* {
    for (NamedRing* entry = head; entry != end; entry = entry->next) {
      if (entry->key == key && entry->to_cube == to_cube) return entry;
    }
    return nullptr;
  };
  if (NamedRing* const there = find(nullptr)) return there->ring;
  const uint32_t slot_num = key >> 40 & 0xff, slot_bytes = static_cast<uint32_t>(key);
  const int vector_side = std::max(aiv_lanes(), 1);
  std::unique_ptr<NamedRing> made(
      new NamedRing{key, to_cube, PipeRing(slot_num, slot_bytes, to_cube ? vector_side : 1, to_cube ? 1 : vector_side), head});
  while (!rings.compare_exchange_weak(head, made.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    if (NamedRing* const there = find(made->next)) return there->ring;  // somebody else made it meanwhile
    made->next = head;
  }
  return made.release()->ring;
}

void Launch::leave(int32_t block, int lane, Deposit deposit) {
  Core& receiver = core(block, lane);
  const std::lock_guard lock(this->block(block).mutex);
  receiver.deposits.push_back(std::move(deposit));
  receiver.has_deposits.store(true, std::memory_order_release);
}

std::vector<Deposit> Launch::take(int32_t block, int lane) {
  Core& receiver = core(block, lane);
  if (!receiver.has_deposits.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(this->block(block).mutex);
  receiver.has_deposits.store(false, std::memory_order_relaxed);
  return std::exchange(receiver.deposits, {});
}

uint64_t Launch::calls_of_all(int32_t first, int32_t last, uint8_t mask, int mode, int id) {
  uint64_t least = UINT64_MAX;
  for (int32_t b = first; b < last; ++b) {
    for (int lane = 0; lane < kLaneCount; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      const uint64_t calls = core(b, lane).called[static_cast<size_t>(mode)][static_cast<size_t>(id)];
      if (calls == 0) return 0;
      least = std::min(least, calls);
    }
  }
  return least;
}

void Launch::cross_core_sync(int32_t block, int lane, int mode, int id) {
  constexpr uint8_t kAivs = 1 << kLaneAiv0 | 1 << kLaneAiv1;
  const uint8_t kind = lanes_ & (lane == kLaneAic ? 1 << kLaneAic : kAivs);
  const int32_t first = mode == 0 ? 0 : block, last = mode == 0 ? blocks_ : block + 1;
  const uint8_t receivers = mode == 2 ? static_cast<uint8_t>(lanes_ & ~kind) : kind;
  const std::lock_guard lock(mutex_);
  uint64_t& mine = core(block, lane).called[static_cast<size_t>(mode)][static_cast<size_t>(id)];
  ++mine;
  // The group is complete once more if everybody else has called at least as often.
  if (calls_of_all(first, last, kind, mode, id) < mine) return;
  for (int32_t b = first; b < last; ++b) {
    for (int receiver = 0; receiver < kLaneCount; ++receiver) {
      if ((receivers >> receiver & 1) != 0) flag(b, receiver, id).fetch_add(1, std::memory_order_acq_rel);
    }
  }
}

Meeting& Launch::arrive(int kind, const void* workspace, int32_t cores, uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  Meeting& meeting = meetings_[{kind, workspace}];
  seen = meeting.round.load(std::memory_order_relaxed);
  if (meeting.arrived.fetch_add(1, std::memory_order_relaxed) + 1 >= cores) {
    meeting.arrived.store(0, std::memory_order_relaxed);
    meeting.round.fetch_add(1, std::memory_order_acq_rel);
  }
  return meeting;
}

Launch& LaunchSlot::get(int32_t blocks, uint8_t lanes) {
  if (Launch* const there = launch_.load(std::memory_order_acquire)) return *there;
  auto made = std::make_unique<Launch>(blocks, lanes);
  Launch* expected = nullptr;
  if (!launch_.compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) return *expected;
  return *made.release();
}

}  // namespace tilewright
