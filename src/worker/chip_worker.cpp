#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "exec/schedule_log.h"
#include "platform/device.h"
#include "task/callable.h"
#include "tilewright/worker.h"
#include "toolchain/callable_spec.h"
#include "worker/remote_device.h"
#include "worker/staging.h"

namespace tilewright {
namespace {

/// What a callable says about its arguments: nothing if its signature is empty; nothing about scalars if it lists none.
class Signature {
 public:
  Signature() = default;
  explicit Signature(const std::vector<ArgDirection>& entries) : empty_(entries.empty()) {
    for (const ArgDirection entry : entries) {
      if (entry == ArgDirection::SCALAR) {
        ++scalars_;
      } else {
        tensors_.push_back(entry);
      }
    }
  }

  void check(const TaskArguments& arguments) const {
    if (empty_) return;
    if (arguments.tensor_count() != tensors_.size()) {
      throw Error(ErrorCode::kSignatureMismatch,
                  fmt::format("{} tensors given, the callable takes {}", arguments.tensor_count(), tensors_.size()));
    }
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (arguments.direction(i) == tensors_[i]) continue;
      throw Error(ErrorCode::kSignatureMismatch, fmt::format("tensor argument {} is given as {}, the callable declares it {}", i,
                                                             direction_name(arguments.direction(i)), direction_name(tensors_[i])));
    }
    if (scalars_ != 0 && arguments.scalar_count() != scalars_) {
      throw Error(ErrorCode::kSignatureMismatch,
                  fmt::format("{} scalars given, the callable takes {}", arguments.scalar_count(), scalars_));
    }
  }

 private:
  bool empty_ = true;
  std::vector<ArgDirection> tensors_;
  size_t scalars_ = 0;
};

/// `given`, with the seed that holds for the run and a log that can be written from any directory.
RunOptions with_seed(const RunOptions& given, const PlatformInfo& platform) {
  RunOptions options = given;
  if (options.sim_seed == 0) options.sim_seed = sim_seed_from_environment();
  if (options.sim_seed != 0 && !platform.simulated) {
    throw Error(ErrorCode::kUnsupported, fmt::format("a seed decides simulated schedules only, {} is not simulated", platform.name),
                "leave out the seed, or use a2a3sim or a5sim");
  }
  if (options.sim_log.empty()) return options;
  if (options.sim_seed == 0) {
    throw Error(ErrorCode::kInvalidArgument, "a log of the schedule (sim_log) belongs to a run with a seed", "give one: sim_seed");
  }
  options.sim_log = std::filesystem::absolute(options.sim_log).string();
  static_cast<void>(ScheduleLog(options.sim_log));  // found now rather than in the device process
  return options;
}

}  // namespace

struct ChipWorker::Impl {
  /// A registration, or a free slot. Generations go on after unregister, so that stale handles are recognised.
  struct Slot {
    uint32_t generation = 0;
    bool used = false;
    Signature signature;
  };

  explicit Impl(WorkerOptions given) : options(std::move(given)), platform(find_platform(options.platform)) {}

  Slot& find(CallableHandle handle) {
    if (handle.slot < slots.size() && slots[handle.slot].used && slots[handle.slot].generation == handle.generation) {
      return slots[handle.slot];
    }
    throw Error(ErrorCode::kUnknownHandle,
                fmt::format("handle {}.{} names no registered callable of this worker", handle.slot, handle.generation),
                "it was unregistered, or belongs to another worker or to a time before finalize");
  }

  const WorkerOptions options;
  const PlatformInfo& platform;
  std::unique_ptr<Device> device;
  std::optional<Staging> staging;
  std::vector<Slot> slots;
  std::vector<uint32_t> free_slots;
  size_t registered = 0;
  ChipStorageTaskArgs staged;  ///< reused
};

ChipWorker::ChipWorker(WorkerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  if (impl_->options.device_id < 0) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("device_id {} is negative", impl_->options.device_id));
  }
}

ChipWorker::~ChipWorker() = default;

const WorkerOptions& ChipWorker::options() const { return impl_->options; }
bool ChipWorker::initialized() const { return impl_->device != nullptr; }
size_t ChipWorker::registered_count() const { return impl_->registered; }

void ChipWorker::init() {
  if (impl_->device != nullptr) return;
  if (impl_->platform.plugin != nullptr) {
    impl_->device = make_plugin_device(impl_->platform, impl_->options.device_id);
  } else if (impl_->options.in_process) {
    impl_->device = make_simulated_device(impl_->platform);
  } else {
    impl_->device =
        std::make_unique<RemoteDevice>(impl_->platform, RemoteDevice::Options{impl_->options.device_program, impl_->options.device_id});
  }
  impl_->staging.emplace(*impl_->device);
}

void ChipWorker::finalize() {
  impl_->staging.reset();
  impl_->device.reset();
  impl_->free_slots.clear();
  for (uint32_t slot = 0; slot < impl_->slots.size(); ++slot) {
    impl_->slots[slot].used = false;
    impl_->free_slots.push_back(slot);
  }
  impl_->registered = 0;
}

ChipWorker::Impl& ChipWorker::started() {
  init();
  return *impl_;
}

CallableHandle ChipWorker::register_callable(std::span<const uint8_t> image) {
  Impl& self = started();
  Signature signature(parse_chip_callable(image).signature);
  if (self.registered == kMaxCallables) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} callables are registered, the most a worker holds", kMaxCallables),
                "unregister those that are no longer needed");
  }
  uint32_t slot = 0;
  if (self.free_slots.empty()) {
    slot = static_cast<uint32_t>(self.slots.size());
    self.slots.emplace_back();
    self.free_slots.push_back(slot);
  }
  slot = self.free_slots.back();
  self.device->load(slot, image);
  self.free_slots.pop_back();
  Impl::Slot& entry = self.slots[slot];
  ++entry.generation;
  entry.used = true;
  entry.signature = std::move(signature);
  ++self.registered;
  return {slot, entry.generation};
}

void ChipWorker::unregister_callable(CallableHandle handle) {
  Impl::Slot& entry = impl_->find(handle);
  entry.used = false;
  impl_->free_slots.push_back(handle.slot);
  --impl_->registered;
  impl_->device->unload(handle.slot);
}

RunReport ChipWorker::run(CallableHandle handle, const TaskArguments& arguments, const CallConfig& config) {
  RunOptions options;
  options.runtime = impl_->options.runtime;
  return run(handle, arguments, config, options);
}

RunReport ChipWorker::run(CallableHandle handle, const TaskArguments& arguments, const CallConfig& config, const RunOptions& options) {
  Impl& self = *impl_;
  self.find(handle).signature.check(arguments);
  config.validate();
  if (options.host_threads < 0 || options.aic_cores < 0 || options.aic_cores > self.platform.aic_cores) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("run options: host_threads {} must not be negative, aic_cores {} must be in 0..{}", options.host_threads,
                            options.aic_cores, self.platform.aic_cores),
                "use 0 for all");
  }
  if (options.deadline_ms != 0 && options.deadline_ms != kNoDeadline && self.options.in_process && self.platform.plugin == nullptr) {
    throw Error(ErrorCode::kUnsupported, "a deadline needs a device process, this worker simulates in process",
                "leave the deadline out, or run in a device process");
  }
  if ((options.check || options.check_races) && options.host_threads > 1) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("run options: {} simulates on one thread, host_threads is {}", options.check ? "check" : "check_races",
                            options.host_threads),
                "use 0 or 1");
  }
  const bool checked_by_environment = !options.check && environment_asks_for_check();
  const bool races_by_environment = !options.check_races && environment_asks_for_races();
  RunOptions effective = with_seed(options, self.platform);
  if (checked_by_environment) {
    effective.check = true;
    effective.host_threads = 1;
  }
  if (races_by_environment) {
    effective.check_races = true;
    effective.host_threads = 1;
  }
  // Under a seed, what an output holds where no task writes must not be what an earlier run left in device memory.
  self.staging->copy_in(arguments, self.staged, effective.sim_seed != 0);
  RunReport report = self.device->run(handle.slot, self.staged, config, effective);
  if (checked_by_environment && !report.check.clean()) {
    throw Error(ErrorCode::kCheckFailed, format_check_report(report.check), "TW_CHECK=0 runs without the checker");
  }
  if (races_by_environment && !report.races.clean()) {
    throw Error(ErrorCode::kCheckFailed, format_race_report(report.races), "TW_CHECK_RACES=0 runs without looking for races");
  }
  self.staging->copy_out(arguments);
  return report;
}

void* ChipWorker::malloc(uint64_t bytes) { return reinterpret_cast<void*>(started().device->allocate(bytes)); }

void ChipWorker::free(void* address) { started().device->free(reinterpret_cast<uint64_t>(address)); }

void ChipWorker::copy_to(void* device_destination, const void* host_source, uint64_t bytes) {
  if (host_source == nullptr && bytes != 0) throw Error(ErrorCode::kInvalidArgument, "copy_to: the host source is null");
  started().device->copy_to_device(reinterpret_cast<uint64_t>(device_destination), host_source, bytes);
}

void ChipWorker::copy_from(void* host_destination, const void* device_source, uint64_t bytes) {
  if (host_destination == nullptr && bytes != 0) throw Error(ErrorCode::kInvalidArgument, "copy_from: the host destination is null");
  started().device->copy_from_device(host_destination, reinterpret_cast<uint64_t>(device_source), bytes);
}

}  // namespace tilewright
