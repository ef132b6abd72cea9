#include "platform/sim_core.h"

#include <fmt/format.h>

#include "base/error.h"
#include "platform/crash_report.h"

namespace tilewright {

namespace {

/// Kernels depend on their generation in more than instructions: where a pipe's slots lie, how large memories are.
void check_arch(const CodeObject& object, const CoreArch& arch) {
  using NpuArch = uint32_t();
  NpuArch* const npu_arch = reinterpret_cast<NpuArch*>(object.find("pto_sim_npu_arch"));
  if (npu_arch == nullptr) return;  // of headers that did not say
  const CoreArch& built_for = npu_arch() == 2201 ? CoreArch::a2a3() : CoreArch::a5();
  if (&built_for == &arch) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{} was compiled for {} (__NPU_ARCH__ {}), and the device is {}", object.name(), built_for.name, npu_arch(), arch.name),
      "build the callable for the platform that it runs on");
}

}  // namespace

const CoreArch& core_arch(std::string_view name) { return name == "a5" ? CoreArch::a5() : CoreArch::a2a3(); }

KernelFunction* bind_kernel(const CodeObject& object, const CoreArch& arch, bool interruptible) {
  using Version = uint32_t();
  using Bind = void(const PtoSimTable*);
  using Strict = uint32_t();
  if (Version* version = reinterpret_cast<Version*>(object.find("pto_sim_abi_version")); version != nullptr) {
    if (version() != PTO_SIM_ABI_VERSION) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} was built for simulator interface {}, this is {}", object.name(), version(), PTO_SIM_ABI_VERSION),
                  "build it again with this version's headers");
    }
    check_arch(object, arch);
    Strict* const strict = reinterpret_cast<Strict*>(object.find("pto_sim_strict"));
    const bool checks = strict == nullptr || strict() == 0;
    object.function<Bind>("pto_sim_bind")(interruptible ? interruptible_sim_table(checks) : checks ? strict_sim_table() : sim_table());
  }
  return object.function<KernelFunction>("kernel_entry");
}

SimCore::SimCore(const PlatformInfo& info, CoreType type, int32_t index, CoreHost* host)
    : CoreContext{type == CoreType::AIC ? CoreKind::kAic : CoreKind::kAiv, &core_arch(info.arch), nullptr, host},
      name_(fmt::format("{} {}", type == CoreType::AIC ? "AIC" : "AIV", index)) {
  core_id = index;
  sub_block_id = type == CoreType::AIV ? index % 2 : 0;
  sub_block_num = type == CoreType::AIV ? 2 : 1;
  global_.sub_block_id = sub_block_id;
  local_.async_ctx = {&completions_.count, &completions_.error_code, completions_.entries, MAX_COMPLETIONS_PER_TASK, PTO2TaskId::invalid()};
  args_[SPMD_LOCAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&local_);
  args_[SPMD_GLOBAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&global_);
}

void SimCore::make_memory() {
  if (own_memory_ != nullptr) return;
  own_memory_ = std::make_unique<CoreMemory>(*arch);
  memory = own_memory_.get();
}

int64_t* SimCore::prepare_row() {
  make_memory();
  local_.block_idx = block_idx = 0;
  local_.block_num = block_num = 1;
  local_.async_ctx.task_token = PTO2TaskId::make(0, 0);
  completions_.count = 0;
  completions_.error_code = 0;
  lane = kind == CoreKind::kAic ? 0 : 1;
  lanes = kind == CoreKind::kAic ? PTO2_SUBTASK_MASK_AIC : PTO2_SUBTASK_MASK_AIV0;
  launch = &own_launch_;
  return args_;
}

void SimCore::make_current() {
  set_current_core(this);
  crash_context_ = crash_context();
  *crash_context_ = {kernel_name_, name_.c_str()};
}

}  // namespace tilewright
