// One simulated core: its memories, and the argument block its kernels are called with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "exec/scheduler.h"
#include "intrinsic.h"
#include "isa/core.h"
#include "isa/interruptible.h"
#include "isa/launch.h"
#include "platform/code_object.h"
#include "platform/crash_report.h"
#include "platform/device.h"

namespace tilewright {

using KernelFunction = void(int64_t*);

/// Finds kernel_entry and, if the object uses tile instructions, connects it to the simulator: if `interruptible`,
/// so that InterruptibleHost::interrupt() is called before each instruction. Throws
/// Error(kSymbolMissing), and kInvalidArgument if it was built for another version of the interface or another
/// generation than `arch`.
KernelFunction* bind_kernel(const CodeObject& object, const CoreArch& arch, bool interruptible = false);

/// The generation of a platform whose PlatformInfo::arch is `name`.
const CoreArch& core_arch(std::string_view name);

/// Used by one kernel at a time.
class SimCore : public CoreContext {
 public:
  SimCore(const PlatformInfo& info, CoreType type, int32_t index, CoreHost* host);

  /// The core whose context this is.
  static SimCore& of(CoreContext& context) { return static_cast<SimCore&>(context); }

  /// Fills the arguments for a kernel; the result stays valid until the next call. `kernel_name` outlives the kernel.
  int64_t* prepare(const KernelCall& call, const char* kernel_name) {
    if (own_memory_ == nullptr) [[unlikely]]
      make_memory();
    kernel_name_ = kernel_name;
    const TaskSlot& task = *call.task;
    set_arguments(task);
    local_.block_idx = block_idx = call.block;
    local_.block_num = block_num = task.block_num;
    completions_.count = 0;
    completions_.error_code = 0;
    lane = call.lane;
    lanes = task.lanes;
    launch = static_cast<LaunchSlot*>(call.shared);
    if (launch == nullptr) {
      own_launch_.reset();
      launch = &own_launch_;
    }
    return args_;
  }
  int64_t* arguments() { return args_; }
  /// Prepares for kernels of one block and one lane, which run one after another. begin_kernel comes before each of them.
  int64_t* prepare_row();
  void begin_kernel(const char* kernel_name) {
    kernel_name_ = crash_context_->kernel = kernel_name;
    own_launch_.reset();
  }
  /// Writes the arguments of a task's kernels, and who it is.
  void set_arguments(const TaskSlot& task) {
    int64_t* arg = args_;
    const ChipTensor* tensor = task.tensors();
    for (const ChipTensor* end = tensor + task.tensor_count; tensor != end; ++tensor) *arg++ = reinterpret_cast<int64_t>(tensor);
    const uint64_t* scalar = reinterpret_cast<const uint64_t*>(tensor);
    for (const uint64_t* end = scalar + task.scalar_count; scalar != end; ++scalar) *arg++ = static_cast<int64_t>(*scalar);
    local_.async_ctx.task_token = PTO2TaskId::make(task.ring, task.id);
  }
  /// Makes this the core of the calling thread, for the instruction set and for crash reports.
  void make_current();
  /// After a kernel: crash reports name none.
  void leave_kernel() { crash_context_->kernel = nullptr; }

  bool has_completions() const { return (completions_.count | static_cast<uint32_t>(completions_.error_code)) != 0; }
  /// What the kernel that has just returned registered (pto_async_kernel_api.h).
  const DeferredCompletionSlab& completions() const { return completions_; }

  /// Makes its memories as they were before the first kernel.
  void clear_memory() {
    if (own_memory_ != nullptr) tilewright::clear_memory(*own_memory_);
  }

  const char* kernel_name() const { return kernel_name_; }
  const std::string& name() const { return name_; }  ///< "AIV 17"

 private:
  void make_memory();

  std::string name_;
  std::unique_ptr<CoreMemory> own_memory_;  ///< made when the core is used first
  LaunchSlot own_launch_;  ///< of a task that has no other cores
  const char* kernel_name_ = nullptr;
  CrashContext* crash_context_ = nullptr;  ///< of the thread whose core this is
  LocalContext local_{};
  DeferredCompletionSlab completions_{};
  GlobalContext global_{};
  int64_t args_[SPMD_GLOBAL_CONTEXT_INDEX + 1] = {};
};

}  // namespace tilewright
