// What the cores of one task share: the pipes of each block, flags between cores, and the meetings of SYNCALL.
//
// A Launch lives as long as its task runs, so nothing that one task leaves behind reaches another. It is made when the first
// instruction needs it. All counters that a waiting core looks at are atomic: whoever schedules may evaluate a wait's condition on
// any thread, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "pto/common/sim_abi.h"

namespace tilewright {

/// Lanes of a task: its kernels for the cube core and the vector cores of a cluster. As bits of a mask they are 1 << lane.
constexpr int kLaneAic = 0, kLaneAiv0 = 1, kLaneAiv1 = 2, kLaneCount = 3;

/// One direction of a pipe within one block. Each side's counters are written by that side only.
class PipeRing {
 public:
  /// What a producer put into a slot.
  struct Part {
    int32_t rows = 0, cols = 0;  ///< of the whole tile, both halves together
    uint8_t element = 0;         ///< PtoElement
    uint8_t element_bytes = 0;
    uint8_t* device_memory = nullptr;  ///< the whole tile if it lies in device memory, else it lies in storage
    int64_t pitch = 0;                 ///< bytes from row to row
  };
  struct Slot {
    std::array<Part, 2> parts;  ///< by producer
    std::array<bool, 2> released;  ///< by consumer
  };

  PipeRing(uint32_t slot_num, uint32_t slot_bytes, int producers, int consumers);

  uint64_t filled() const { return least(pushed, producers); }
  uint64_t freed() const { return least(released, consumers); }
  Slot& slot(uint64_t n) { return slots_[n % slot_num]; }
  uint8_t* storage(uint64_t n) { return storage_.get() + n % slot_num * slot_bytes; }
  /// Marks slot `n` as released by a consumer and moves its counter over all slots it has released in a row.
  void release(int consumer, uint64_t n);

  const uint32_t slot_num, slot_bytes;
  const int producers, consumers;
  std::array<std::atomic<uint64_t>, 2> pushed{};    ///< by producer: slots filled
  std::array<std::atomic<uint64_t>, 2> released{};  ///< by consumer: slots given back
  std::array<uint64_t, 2> taken{};                  ///< by producer: slots taken by TALLOC or TPUSH
  std::array<uint64_t, 2> popped{};                 ///< by consumer

 private:
  static uint64_t least(const std::array<std::atomic<uint64_t>, 2>& counters, int count);

  std::vector<Slot> slots_;
  struct Free {
    void operator()(uint8_t* p) const;
  };
  std::unique_ptr<uint8_t[], Free> storage_;  ///< zero at first, committed as used
};

/// What the cube core wrote into a vector core's UB (AccToVecMode): part of a tile, until that core takes it over at its next wait.
struct Deposit {
  PtoTileType tile;
  uint64_t address;  ///< of the tile in UB
  int64_t row, col, rows, cols;
  std::vector<uint8_t> elements;  ///< of the part, row by row
};

/// A meeting of a number of cores, again and again.
struct Meeting {
  std::atomic<int32_t> arrived{0};
  std::atomic<uint64_t> round{0};  ///< meetings that have taken place
};

/// Thread safe.
class Launch {
 public:
  static constexpr int kFlags = 16;       ///< ids of ffts_cross_core_sync
  static constexpr int kIntraFlags = 32;  ///< ids of set_intra_block as the AIC knows them

  /// `lanes` is a mask.
  Launch(int32_t blocks, uint8_t lanes);
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  bool has_lane(int lane) const { return (lanes_ >> lane & 1) != 0; }
  int aiv_lanes() const { return has_lane(kLaneAiv0) + has_lane(kLaneAiv1); }
  int32_t blocks() const { return blocks_; }
  /// Cores of the task of one kind, or of both.
  int32_t cores(bool aic, bool aiv) const { return blocks_ * ((aic && has_lane(kLaneAic) ? 1 : 0) + (aiv ? aiv_lanes() : 0)); }

  /// A pipe of a block, made on first use; `key` as in PtoPipeAccess.
  PipeRing& ring(int32_t block, uint64_t key, bool to_cube);

  /// Flags that a lane waits for; each is a counter.
  std::atomic<int32_t>& flag(int32_t block, int lane, int id) { return core(block, lane).flags[static_cast<size_t>(id)]; }
  std::atomic<int32_t>& intra_flag(int32_t block, int lane, int id) { return core(block, lane).intra[static_cast<size_t>(id)]; }
  /// ffts_cross_core_sync of a lane, in one of the modes 0 to 2.
  void cross_core_sync(int32_t block, int lane, int mode, int id);

  /// Leaves something for a vector core of a block; the core takes all that has been left for it, oldest first.
  void leave(int32_t block, int lane, Deposit deposit);
  std::vector<Deposit> take(int32_t block, int lane);

  /// Comes to the meeting of a kind of cores (pto::SyncCoreType) that `workspace`, null for the hardware's own, names. The result's
  /// round has grown beyond `seen` when `cores` cores have come.
  Meeting& arrive(int kind, const void* workspace, int32_t cores, uint64_t& seen);

 private:
  struct Core {
    std::array<std::atomic<int32_t>, kFlags> flags{};
    std::array<std::atomic<int32_t>, kIntraFlags> intra{};
    std::atomic<bool> has_deposits{false};
    std::vector<Deposit> deposits;  ///< guarded by the block's mutex
    std::array<std::array<uint64_t, kFlags>, 3> called{};  ///< by mode: how often the lane called ffts_cross_core_sync
  };
  struct NamedRing {
    uint64_t key;
    bool to_cube;
    PipeRing ring;
    NamedRing* next;
  };
  struct Block {
    ~Block();
    std::array<Core, kLaneCount> cores;
    std::atomic<NamedRing*> rings{nullptr};  ///< owned; grows at its head and never shrinks, so that a pipe is found without a lock
    std::mutex mutex;  ///< for deposits
  };

  Block& block(int32_t index);
  Core& core(int32_t block, int lane) { return this->block(block).cores[static_cast<size_t>(lane)]; }
  /// How often all lanes of `mask` in the blocks [first, last) have called with a mode and an id.
  uint64_t calls_of_all(int32_t first, int32_t last, uint8_t mask, int mode, int id);

  const int32_t blocks_;
  const uint8_t lanes_;
  std::mutex mutex_;  ///< for called and meetings_, and to come to a meeting
  std::vector<std::atomic<Block*>> by_index_;  ///< owned; made when a core of the block needs it
  std::map<std::pair<int, const void*>, Meeting> meetings_;
};

/// A task's Launch, made when it is needed.
class LaunchSlot {
 public:
  LaunchSlot() = default;
  LaunchSlot(const LaunchSlot&) = delete;
  LaunchSlot& operator=(const LaunchSlot&) = delete;
  ~LaunchSlot() { reset(); }

  /// Thread safe; every caller gives the same numbers.
  Launch& get(int32_t blocks, uint8_t lanes);
  /// Between two tasks, when no core uses it.
  void reset() {
    if (launch_.load(std::memory_order_relaxed) != nullptr) delete launch_.exchange(nullptr);
  }

 private:
  std::atomic<Launch*> launch_{nullptr};
};

}  // namespace tilewright
