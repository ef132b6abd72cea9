// Submits a workload of bench/task_overhead through the published API, building every argument as a program would.
#include "pto_orchestration_api.h"
#include "workload.h"

using namespace tilewright::bench;

namespace {

/// The tensor of a slot: a buffer of its own, or a view of the one that holds all.
class Slots {
 public:
  explicit Slots(const OrchestrationInput& input) : input_(input) {
    const uint32_t elements = input.workload->slot_count * kSlotElements;
    whole_ = make_tensor_external(input.addresses[0], &elements, 1);
  }
  ChipTensor operator[](uint32_t slot) const {
    if (!input_.one_buffer) return make_tensor_external(input_.addresses[slot], &kSlotElements, 1);
    const uint32_t at = slot * kSlotElements;
    return whole_.view(&kSlotElements, &at);
  }

 private:
  const OrchestrationInput& input_;
  ChipTensor whole_;
};

}  // namespace

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs& orch_args) {
  const OrchestrationInput& input = *from_u64<const OrchestrationInput*>(orch_args.scalar(0));
  const Workload& workload = *input.workload;
  const Slots slots(input);
  CoreTaskArgs args;
  ChipTensor reads[kForkWidth];
  for (uint32_t task = 0; task < workload.task_count(); ++task) {
    args.reset();
    uint32_t count = 0;
    for (uint32_t slot : workload.reads_of(task)) {
      reads[count] = slots[slot];
      args.add_input(reads[count++]);
    }
    const ChipTensor own = slots[workload.inout[task]];
    args.add_inout(own);
    args.add_scalar(task, reinterpret_cast<uint64_t>(input.board));
    rt_submit_aiv_task(static_cast<int32_t>(count + 1), args);  // func_id = number of tensors
  }
}
