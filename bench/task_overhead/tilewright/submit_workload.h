// Submits a workload of bench/task_overhead through the published API, building every argument as a program would.
#pragma once

#include <chrono>

#include <new>

#include "pto_orchestration_api.h"
#include "workload.h"

namespace tilewright::bench {

/// Slots that are buffers of their own.
class Buffers {
 public:
  explicit Buffers(const OrchestrationInput& input) : addresses_(input.addresses) {}
  ChipTensor operator[](uint32_t slot) const { return make_tensor_external(addresses_[slot], &kSlotElements, 1); }

 private:
  std::byte* const* addresses_;
};

/// Slots that are views of one vector.
class PartsOfVector {
 public:
  explicit PartsOfVector(const OrchestrationInput& input) { whole_ = of(input); }
  static ChipTensor of(const OrchestrationInput& input) {
    const uint32_t elements = input.workload->slot_count * kSlotElements;
    return make_tensor_external(input.addresses[0], &elements, 1);
  }
  ChipTensor operator[](uint32_t slot) const {
    const uint32_t at = slot * kSlotElements;
    return whole_.view(&kSlotElements, &at);
  }

 private:
  ChipTensor whole_;
};

/// Slots that are tiles of one matrix.
class TilesOfMatrix {
 public:
  explicit TilesOfMatrix(const OrchestrationInput& input) { matrix_ = of(input); }
  static ChipTensor of(const OrchestrationInput& input) {
    const uint32_t shape[] = {SlotMemory::matrix_rows(input.workload->slot_count), kTileShape[1] * SlotMemory::kTilesPerRow};
    return make_tensor_external(input.addresses[0], shape, 2);
  }
  ChipTensor operator[](uint32_t slot) const {
    const uint32_t at[] = {slot / SlotMemory::kTilesPerRow * kTileShape[0], slot % SlotMemory::kTilesPerRow * kTileShape[1]};
    return matrix_.view(kTileShape, at);
  }

 private:
  ChipTensor matrix_;
};

template <typename Slots>
void submit_all(const OrchestrationInput& input, const uint64_t& board) {
  const Workload& workload = *input.workload;
  const Slots slots(input);
  CoreTaskArgs args;
  ChipTensor reads[kForkWidth];
  for (uint32_t task = 0; task < workload.task_count(); ++task) {
    args.reset();
    uint32_t count = 0;
    for (uint32_t slot : workload.reads_of(task)) {
      // Made in place, as a variable is: an assignment would copy what has just been written, and wait for it.
      args.add_input(*new (&reads[count++]) ChipTensor(slots[slot]));
    }
    const ChipTensor own = slots[workload.inout[task]];
    args.add_inout(own);
    args.add_scalar(task, board);
    rt_submit_aiv_task(static_cast<int32_t>(count + 1), args);  // func_id = number of tensors
  }
}

/// `board` is the address of the StampBoard; tasks are given the variable.
inline void submit_workload(const OrchestrationInput& input, const uint64_t& board) {
  switch (input.layout) {
    case Layout::kOneBuffer: return submit_all<PartsOfVector>(input, board);
    case Layout::kTiles: return submit_all<TilesOfMatrix>(input, board);
    default: return submit_all<Buffers>(input, board);
  }
}

/// The tensor that all slots are views of, with kOneBuffer and kTiles.
inline ChipTensor whole_memory(const OrchestrationInput& input) {
  return input.layout == Layout::kTiles ? TilesOfMatrix::of(input) : PartsOfVector::of(input);
}

inline uint64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace tilewright::bench
