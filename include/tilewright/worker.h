// ChipWorker: one device, callables registered on it, and runs (level 2).
//
//   ChipWorker worker({.platform = "a2a3sim"});
//   CallableHandle add = worker.register_callable(image);
//   TaskArguments args;
//   args.add_tensor(a.data(), DataType::FLOAT32, {128, 128}, ArgDirection::IN)
//       .add_tensor(f.data(), DataType::FLOAT32, {128, 128}, ArgDirection::OUT)
//       .add_scalar(3);
//   RunReport report = worker.run(add, args);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "task_args.h"
#include "tilewright/call_config.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// A tensor argument of a callable. `data` is borrowed: host memory, or a device address of the same worker.
struct TensorArgument {
  void* data = nullptr;
  DataType dtype = DataType::FLOAT32;
  std::vector<int64_t> shape;    ///< elements; 1 to 5 dimensions, all positive
  std::vector<int64_t> strides;  ///< elements, positive; empty for row-major
  ArgDirection direction = ArgDirection::INOUT;
  AddressSpace space = AddressSpace::HOST;
};

/// The arguments of one run: tensors first, then scalars, in the order of the callable's signature. Reusable and
/// copyable; holds no tensor data. Not thread safe.
class TaskArguments {
 public:
  /// Throws Error: kInvalidArgument (null data, unknown dtype, shape or strides not positive or not of one rank, SCALAR
  /// as direction, a tensor after a scalar), kLimitExceeded (rank not 1..5, dimension or size beyond 32 bits where the
  /// descriptor has 32, more than 256 tensors). The message names the argument's index.
  TaskArguments& add_tensor(const TensorArgument& tensor);
  TaskArguments& add_tensor(void* data, DataType dtype, std::vector<int64_t> shape, ArgDirection direction,
                            AddressSpace space = AddressSpace::HOST);
  /// The bytes of an arithmetic or enum value, zero-extended. Throws Error(kLimitExceeded) for more than 128.
  template <typename T>
  TaskArguments& add_scalar(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>, "scalars are arithmetic or enum values");
    return add_scalar_bits(to_u64(value));
  }
  TaskArguments& add_scalar_bits(uint64_t bits);
  void clear();

  size_t tensor_count() const { return tensors_.size(); }
  size_t scalar_count() const { return scalars_.size(); }
  /// The descriptor of a tensor, as it was added.
  const ChipTensor& tensor(size_t i) const { return tensors_[i]; }
  ArgDirection direction(size_t i) const { return directions_[i]; }
  uint64_t scalar(size_t i) const { return scalars_[i]; }

 private:
  std::vector<ChipTensor> tensors_;
  std::vector<ArgDirection> directions_;
  std::vector<uint64_t> scalars_;
};

/// A registered callable. Stale handles are recognised: a number is never handed out twice by one worker.
struct CallableHandle {
  uint32_t slot = 0;
  uint32_t generation = 0;  ///< 0 names nothing
  friend bool operator==(CallableHandle, CallableHandle) = default;
};

struct WorkerOptions {
  std::string platform = "a2a3sim";
  int device_id = 0;  ///< which device of the platform; a simulated one has any number, which differ in messages only
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;  ///< of runs that are given no RunOptions
  /// Simulate in this process instead of a device process: for debuggers. A kernel that crashes takes the caller along. The
  /// platforms of plug-ins are always driven from this process.
  bool in_process = false;
  std::string device_program;  ///< path of tw-device; empty: $TW_DEVICE_PROGRAM, else beside this library
};

class Device;

/// A device and what is registered on it. The device is started by init() or by the first call that needs it.
/// Thread safety: one thread at a time; different workers are independent and may run in parallel. Every function throws
/// Error; after kKernelCrashed, kDeadline or kDeviceLost the worker stays usable: device memory and registrations are
/// kept, a new device process is started by the next call. A device of a plug-in that is lost takes its memory along: calls
/// throw kDeviceLost until finalize() and init().
class ChipWorker {
 public:
  /// How many callables may be registered at once. The programming model promises 64 (MAX_REGISTERED_CALLABLE_IDS).
  static constexpr size_t kMaxCallables = 65536;

  /// Throws Error: kUnknownPlatform, kPlatformUnavailable (its plug-in cannot be used), kInvalidArgument (negative device_id).
  /// Starts nothing.
  explicit ChipWorker(WorkerOptions options = {});
  ~ChipWorker();
  ChipWorker(const ChipWorker&) = delete;
  ChipWorker& operator=(const ChipWorker&) = delete;

  /// Starts the device; no effect if it is started. Throws kPlatformUnavailable, kToolMissing, kDeviceMemory, kDeviceLost,
  /// kUnsupported.
  void init();
  /// Ends the device and forgets device memory, callables and handles. init() may follow.
  void finalize();
  bool initialized() const;
  const WorkerOptions& options() const;

  /// Loads a ChipCallable image (tilewright/callable.h); the bytes are copied. Throws kInvalidArgument (malformed),
  /// kSymbolMissing, kLimitExceeded.
  CallableHandle register_callable(std::span<const uint8_t> image);
  /// Throws kUnknownHandle.
  void unregister_callable(CallableHandle handle);
  size_t registered_count() const;

  /// Runs the callable to its end. HOST tensors are copied to device memory before (those that the callable only writes
  /// are not: their contents are undefined) and all but IN tensors back afterwards, if the run succeeded; after an error
  /// host memory is untouched. Tensors that overlap in host memory overlap the same way on the device. `options` without
  /// value: those of WorkerOptions. Throws kUnknownHandle, kSignatureMismatch, kDeviceMemory, kOutOfBounds, kRunFailed,
  /// kKernelCrashed, kDeadlock, kDeadline, kDeviceLost, kCheckFailed (a run that the environment had checked).
  RunReport run(CallableHandle handle, const TaskArguments& arguments, const CallConfig& config = {});
  RunReport run(CallableHandle handle, const TaskArguments& arguments, const CallConfig& config, const RunOptions& options);

  /// Device memory, 64-byte aligned, contents undefined. The address may be passed as AddressSpace::DEVICE.
  void* malloc(uint64_t bytes);
  void free(void* address);
  /// Throw kOutOfBounds if the device range is not inside one allocation, kInvalidArgument for null host memory.
  void copy_to(void* device_destination, const void* host_source, uint64_t bytes);
  void copy_from(void* host_destination, const void* device_source, uint64_t bytes);

 private:
  struct Impl;
  Impl& started();
  std::unique_ptr<Impl> impl_;
};

}  // namespace tilewright
