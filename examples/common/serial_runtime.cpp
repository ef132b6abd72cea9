#include "common/serial_runtime.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "intrinsic.h"
#include "pto_orchestration_api.h"

namespace tilewright::examples {

/// The entries of the function table; what no example uses stays null.
struct SerialRuntime::Ops {
  static SerialRuntime& self(PTO2Runtime* rt) { return *static_cast<SerialRuntime*>(rt); }

  static TaskOutputTensors submit_task(PTO2Runtime* rt, const MixedKernels& mixed, const CoreTaskArgs& args) {
    return self(rt).submit(mixed, args);
  }
  static TaskOutputTensors alloc_tensors(PTO2Runtime* rt, const CoreTaskArgs& args) {
    return self(rt).fatal_ ? TaskOutputTensors() : self(rt).allocate_outputs(args);
  }
  static void ignore(PTO2Runtime*) {}
  static bool is_fatal(PTO2Runtime* rt) { return self(rt).fatal_; }
  static void report_fatal(PTO2Runtime* rt, int32_t, const char*, const char* format, ...) {
    std::va_list values;
    va_start(values, format);
    std::va_list again;
    va_copy(again, values);
    std::string text(static_cast<size_t>(std::vsnprintf(nullptr, 0, format, values)) + 1, '\0');
    std::vsnprintf(text.data(), text.size(), format, again);
    va_end(again);
    va_end(values);
    text.pop_back();
    self(rt).fail(std::move(text));
  }
  static uint64_t get_tensor_data(PTO2Runtime* rt, const ChipTensor& tensor, uint32_t ndims, const uint32_t indices[]) {
    if (self(rt).fatal_) return 0;
    const uint64_t size = get_element_size(tensor.dtype);
    uint64_t bits = 0;
    std::memcpy(&bits, tensor.data_as<char>() + tensor.compute_flat_offset(indices, ndims) * size, size);
    return bits;
  }
  static PTO2RuntimeOps table() {
    PTO2RuntimeOps ops{};
    ops.version = PTO2_RUNTIME_OPS_VERSION;
    ops.size = sizeof ops;
    ops.submit_task = submit_task;
    ops.scope_begin = ignore;
    ops.scope_end = ignore;
    ops.is_fatal = is_fatal;
    ops.report_fatal = report_fatal;
    ops.get_tensor_data = get_tensor_data;
    ops.alloc_tensors = alloc_tensors;
    return ops;
  }
};

void call_kernel(KernelFunction kernel, const std::vector<const ChipTensor*>& tensors, const std::vector<uint64_t>& scalars,
                 BlockPosition position) {
  LocalContext local{};
  local.block_idx = position.block_idx;
  local.block_num = position.block_num;
  GlobalContext global{};
  global.sub_block_id = position.sub_block_id;
  int64_t words[SPMD_GLOBAL_CONTEXT_INDEX + 1] = {};
  int64_t* next = words;
  for (const ChipTensor* tensor : tensors) *next++ = reinterpret_cast<int64_t>(tensor);
  for (uint64_t scalar : scalars) *next++ = static_cast<int64_t>(scalar);
  words[SPMD_LOCAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&local);
  words[SPMD_GLOBAL_CONTEXT_INDEX] = reinterpret_cast<int64_t>(&global);
  kernel(words);
}

SerialRuntime::SerialRuntime(std::map<int32_t, KernelFunction> kernels) : PTO2Runtime{}, kernels_(std::move(kernels)) {
  static const PTO2RuntimeOps kOps = Ops::table();
  ops = &kOps;
}

void SerialRuntime::fail(std::string why) {
  if (!fatal_) failure_ = std::move(why);
  fatal_ = true;
}

TaskOutputTensors SerialRuntime::allocate_outputs(const CoreTaskArgs& args) {
  TaskOutputTensors result;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    if (args.tag(i) != TensorArgType::OUTPUT) continue;
    ChipTensor& output = outputs_.emplace_back(args.tensor(i).create_info().descriptor());
    const size_t words = (output.buffer.size + 7) / 8;
    // All ones are a NaN in every floating type: a kernel that reads what nobody wrote shows up.
    std::fill_n(buffers_.emplace_back(new uint64_t[words]).get(), words, UINT64_MAX);
    output.buffer.addr = reinterpret_cast<uint64_t>(buffers_.back().get());
    result.materialize_output(output);
  }
  return result;
}

TaskOutputTensors SerialRuntime::submit(const MixedKernels& mixed, const CoreTaskArgs& args) {
  if (fatal_) return {};
  if (args.has_error) {
    fail(args.error_msg);
    return {};
  }
  TaskOutputTensors result = allocate_outputs(args);
  uint32_t next_output = 0;
  std::vector<const ChipTensor*> tensors;
  for (int32_t i = 0; i < args.tensor_count(); ++i) {
    tensors.push_back(args.tag(i) == TensorArgType::OUTPUT ? &result.get_ref(next_output++) : &args.tensor(i).ref());
    if (tensors.back()->fault() != TensorFault::NONE) {
      fail("task " + std::to_string(task_count_) + ": tensor argument " + std::to_string(i) + " is a faulty view");
      return {};
    }
  }
  const std::vector<uint64_t> scalars(args.scalars(), args.scalars() + args.scalar_count());
  const int32_t lanes[] = {mixed.aic_kernel_id, mixed.aiv0_kernel_id, mixed.aiv1_kernel_id};
  const int32_t blocks = args.launch_spec.block_num();
  for (int32_t block = 0; block < blocks; ++block) {
    for (int lane = 0; lane < 3; ++lane) {
      if (lanes[lane] != INVALID_KERNEL_ID) call_kernel(kernels_.at(lanes[lane]), tensors, scalars, {block, blocks, lane == 2 ? 1 : 0});
    }
  }
  ++task_count_;
  return result;
}

bool SerialRuntime::run(OrchestrationFunction entry, const ChipStorageTaskArgs& args) {
  framework_bind_runtime(this);
  ChipTaskArgs chip_args;
  chip_args.create_from_chip_args(args);
  entry(chip_args);
  framework_bind_runtime(nullptr);
  return !fatal_;
}

}  // namespace tilewright::examples
