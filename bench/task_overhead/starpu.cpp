// StarPU: one data handle per slot, tasks ordered by its sequential consistency. Tasks are created and submitted directly,
// which is cheaper than starpu_task_insert, with one codelet per number of reads.
#include <starpu.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "task_overhead/system.h"

namespace tilewright::bench {
namespace {

StampBoard* current_board = nullptr;  // a codelet function takes no closure; cl_arg holds the task's number

void run_task(void**, void* argument) { current_board->run_task(static_cast<uint32_t>(reinterpret_cast<uintptr_t>(argument))); }

/// Reads first, then the slot that is read and written.
class StampCodelet {
 public:
  StampCodelet() {
    starpu_codelet_init(&codelet_);
    codelet_.cpu_funcs[0] = run_task;
    codelet_.where = STARPU_CPU;
  }
  starpu_codelet* with_reads(size_t reads) {
    codelet_.nbuffers = static_cast<int>(reads) + 1;
    modes_.fill(STARPU_R);
    modes_[reads] = STARPU_RW;
    if (reads < STARPU_NMAXBUFS) {
      std::copy_n(modes_.begin(), reads + 1, codelet_.modes);
    } else {
      codelet_.dyn_modes = modes_.data();
    }
    return &codelet_;
  }

 private:
  starpu_codelet codelet_;
  std::array<starpu_data_access_mode, kForkWidth + 1> modes_;
};

class StarPu : public System {
 public:
  std::string name() const override { return "starpu"; }
  bool sees_memory() const override { return true; }

  // As many workers as threads. StarPU's threads do nothing but run tasks, so the submitting thread would be one more; but
  // StarPU lets a program drive a worker from a thread of its own, and that is what this one does once it has submitted.
  void prepare(const Workload& workload, const Order&, const Conditions& conditions) override {
    workload_ = &workload;
    memory_.emplace(workload.slot_count, conditions.layout);
    ::setenv("STARPU_SILENT", "1", 0);
    ::setenv("STARPU_FXT_TRACE", "0", 0);
    starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = conditions.threads;
    conf.ncuda = 0;
    conf.nopencl = 0;
    policy_ = conditions.threads == 1 ? "lws" : "ws";  // docs/design/bench.md
    conf.sched_policy_name = policy_;
    own_worker_.type = STARPU_CPU_WORKER;
    own_worker_.id.cpu_id = 0;
    conf.not_launched_drivers = &own_worker_;
    conf.n_not_launched_drivers = 1;
    if (const int failure = starpu_init(&conf); failure != 0) {
      throw Error(ErrorCode::kDeviceLost, std::string("StarPU does not start: ") + std::strerror(-failure), "see 'starpu_machine_display'");
    }
    started_ = true;
    if (starpu_driver_init(&own_worker_) != 0) throw Error(ErrorCode::kDeviceLost, "StarPU does not let this thread drive a worker");
    for (size_t reads = 0; reads < codelets_.size(); ++reads) codelet_of_[reads] = codelets_[reads].with_reads(reads);
    register_slots(conditions.layout);
  }

  std::vector<Field> describe() const override {
    int major = 0;
    int minor = 0;
    int release = 0;
    starpu_get_version(&major, &minor, &release);
    return {{"discovery", "data"},
            {"version", "StarPU " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release)},
            {"compiler", compiler_version()},
            {"policy", policy_},
            {"note",
             "the submitting thread drives a worker once it has submitted; handles are registered, and one buffer is partitioned into "
             "views, before the clock starts"}};
  }

  RunTimes run(StampBoard& board) override {
    current_board = &board;
    const auto start = Clock::now();
    for (uint32_t task = 0; task < workload_->task_count(); ++task) submit(task);
    while (starpu_task_nsubmitted() > 0) starpu_driver_run_once(&own_worker_);
    starpu_task_wait_for_all();
    return {Clock::now() - start};
  }

  ~StarPu() override {
    if (!started_) return;
    if (whole_ != nullptr) {
      starpu_data_unpartition(whole_, STARPU_MAIN_RAM);
      starpu_data_unregister(whole_);
    } else {
      for (starpu_data_handle_t handle : handles_) starpu_data_unregister(handle);
    }
    starpu_driver_deinit(&own_worker_);
    starpu_shutdown();
  }

 private:
  static constexpr size_t kElement = sizeof(float);

  void register_slots(Layout layout) {
    handles_.resize(workload_->slot_count);
    if (layout == Layout::kOneBuffer) return partition_one_buffer();
    for (uint32_t slot = 0; slot < workload_->slot_count; ++slot) {
      const auto address = reinterpret_cast<uintptr_t>(memory_->address(slot));
      if (layout == Layout::kTiles) {
        starpu_matrix_data_register(&handles_[slot], STARPU_MAIN_RAM, address, SlotMemory::kMatrixPitch / kElement,
                                    SlotMemory::kTileRowBytes / kElement, SlotMemory::kTileRows, kElement);
      } else {
        starpu_vector_data_register(&handles_[slot], STARPU_MAIN_RAM, address, SlotMemory::kSlotBytes / kElement, kElement);
      }
    }
  }

  void partition_one_buffer() {
    const auto slots = static_cast<uint32_t>(handles_.size());
    starpu_vector_data_register(&whole_, STARPU_MAIN_RAM, reinterpret_cast<uintptr_t>(memory_->address(0)),
                                slots * (SlotMemory::kSlotBytes / kElement), kElement);
    starpu_data_filter filter{};
    filter.filter_func = starpu_vector_filter_block;
    filter.nchildren = slots;
    starpu_data_partition(whole_, &filter);
    for (uint32_t slot = 0; slot < slots; ++slot) handles_[slot] = starpu_data_get_child(whole_, slot);
  }

  void submit(uint32_t number) {
    const auto reads = workload_->reads_of(number);
    starpu_task* const task = starpu_task_create();
    task->cl = codelet_of_[reads.size()];
    task->cl_arg = reinterpret_cast<void*>(uintptr_t{number});
    starpu_data_handle_t* handles = task->handles;
    if (reads.size() >= STARPU_NMAXBUFS) {  // StarPU frees dyn_handles with the task
      handles = task->dyn_handles = static_cast<starpu_data_handle_t*>(std::malloc((reads.size() + 1) * sizeof *handles));
    }
    for (uint32_t slot : reads) *handles++ = handles_[slot];
    *handles = handles_[workload_->inout[number]];
    if (starpu_task_submit(task) != 0) throw Error(ErrorCode::kDeviceLost, "StarPU has no worker for a CPU task");
  }

  const Workload* workload_ = nullptr;
  std::optional<SlotMemory> memory_;
  std::array<StampCodelet, kForkWidth + 1> codelets_;
  std::array<starpu_codelet*, kForkWidth + 1> codelet_of_{};
  std::vector<starpu_data_handle_t> handles_;
  starpu_data_handle_t whole_ = nullptr;
  starpu_driver own_worker_{};
  const char* policy_ = "";
  bool started_ = false;
};

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::StarPu system;
  return tilewright::bench::system_main(argc, argv, system);
}
