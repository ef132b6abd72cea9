#include "worker/remote_device.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "task/callable.h"

namespace tilewright {
namespace {

const PlatformInfo& available(const PlatformInfo& info) {
  require_available(info);
  return info;
}

}  // namespace

RemoteDevice::RemoteDevice(const PlatformInfo& info, const Options& options)
    : info_(available(info)),
      owner_(::getpid()),
      default_deadline_ms_(deadline_from_environment()),
      process_options_{find_device_program(options.program), info.name, options.device_id},
      arena_(info.memory_bytes, kRuntimeHeapBytes) {
  ready_process();
}

RemoteDevice::~RemoteDevice() {
  // In a forked child this is a copy: the process is the parent's.
  if (::getpid() != owner_) static_cast<void>(process_.release());
}

std::string RemoteDevice::Loaded::describe() const {
  constexpr size_t kNamed = 4;
  std::string text = fmt::format("callable {}", callable_id(image).hex().substr(0, 12));
  try {
    const CallableParts parts = parse_chip_callable(image);
    text += fmt::format(" (entry {}", parts.entry_name);
    for (size_t i = 0; i < parts.kernels.size() && i < kNamed; ++i) {
      const KernelImage& kernel = parts.kernels[i];
      text +=
          fmt::format("{} {}", i == 0 ? "; kernels" : ",", kernel.name.empty() ? fmt::format("func_id {}", kernel.func_id) : kernel.name);
    }
    if (parts.kernels.size() > kNamed) text += fmt::format(" and {} more", parts.kernels.size() - kNamed);
    text += ")";
  } catch (const Error&) {
    text += " (malformed)";
  }
  return text;
}

DeviceProcess& RemoteDevice::ready_process() {
  if (::getpid() != owner_) {
    throw Error(ErrorCode::kUnsupported, "a worker cannot be used in a child process that was forked after it was made",
                "make the worker in the process that uses it, or start processes by exec (multiprocessing: 'spawn')");
  }
  if (process_ && process_->alive()) return *process_;
  if (process_) log(LogLevel::kInfo, "worker", "device {} ({}) ended; starting it again", process_options_.device_id, info_.name);
  process_.reset();
  process_ = std::make_unique<DeviceProcess>(process_options_, arena_.fd());
  ++processes_started_;
  return *process_;
}

void RemoteDevice::copy_to_device(uint64_t address, const void* source, uint64_t bytes) {
  arena_.check_range(address, bytes);
  if (bytes != 0) std::memcpy(reinterpret_cast<void*>(address), source, bytes);
}

void RemoteDevice::copy_from_device(void* destination, uint64_t address, uint64_t bytes) {
  arena_.check_range(address, bytes);
  if (bytes != 0) std::memcpy(destination, reinterpret_cast<const void*>(address), bytes);
}

void RemoteDevice::send_image(uint32_t slot, Loaded& callable) {
  DeviceProcess& process = ready_process();
  if (callable.process == processes_started_) return;
  PayloadWriter(message_).put(slot);
  process.call(MessageKind::kLoad, message_, callable.image, [&callable] { return "loading " + callable.describe(); });
  callable.process = processes_started_;
}

void RemoteDevice::load(uint32_t slot, std::span<const uint8_t> image) {
  Loaded fresh{{image.begin(), image.end()}, 0};
  callables_.erase(slot);
  send_image(slot, fresh);
  callables_.emplace(slot, std::move(fresh));
}

void RemoteDevice::unload(uint32_t slot) {
  const auto found = callables_.find(slot);
  if (found == callables_.end()) throw Error(ErrorCode::kUnknownHandle, fmt::format("no callable is loaded in slot {}", slot));
  const bool there = found->second.process == processes_started_;
  callables_.erase(found);
  if (!there || !process_ || !process_->alive()) return;  // a new process will not know it either
  PayloadWriter(message_).put(slot);
  process_->call(MessageKind::kUnload, message_, {}, [] { return std::string("unloading a callable"); });
}

RunReport RemoteDevice::run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) {
  const auto found = callables_.find(slot);
  if (found == callables_.end()) throw Error(ErrorCode::kUnknownHandle, fmt::format("no callable is loaded in slot {}", slot));
  send_image(slot, found->second);
  RunOptions in_force = options;
  if (in_force.deadline_ms == 0) in_force.deadline_ms = default_deadline_ms_;
  encode_run(message_, slot, args, config, in_force);
  const Channel::Message answer = process_->call(MessageKind::kRun, message_, {}, [&] { return "the run of " + found->second.describe(); });
  return decode_report(answer.payload);
}

}  // namespace tilewright
