// A device that lives in a process of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/arena.h"
#include "platform/device.h"
#include "worker/device_process.h"

namespace tilewright {

/// Device over a device process. Memory belongs to this side: allocation is local, copies are memcpy, and what is in
/// device memory outlives the process. Callables are kept as bytes. When the process dies the call that noticed it
/// throws what happened; the next call starts another process on the same memory and loads what it needs again.
/// Not thread safe. Unusable in a child that the application forked: calls throw kUnsupported there.
class RemoteDevice : public Device {
 public:
  struct Options {
    std::string program;  ///< the device program; empty: find_device_program
    int device_id = 0;    ///< a name in messages and in the process list
  };

  /// Starts the process. Throws Error: as require_available, kToolMissing, kDeviceMemory, kDeviceLost.
  RemoteDevice(const PlatformInfo& info, const Options& options);
  ~RemoteDevice() override;

  const PlatformInfo& platform() const override { return info_; }
  uint64_t allocate(uint64_t bytes) override { return arena_.allocate(bytes); }
  void free(uint64_t address) override { arena_.free(address); }
  void check_range(uint64_t address, uint64_t bytes) const override { arena_.check_range(address, bytes); }
  void copy_to_device(uint64_t address, const void* source, uint64_t bytes) override;
  void copy_from_device(void* destination, uint64_t address, uint64_t bytes) override;
  /// The image is checked by the device process, now.
  void load(uint32_t slot, std::span<const uint8_t> image) override;
  void unload(uint32_t slot) override;
  /// Also throws kDeadline.
  RunReport run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) override;

  /// The process id of the device, for tests and tools; -1 while none runs.
  pid_t process_id() const { return process_ ? process_->pid() : -1; }

 private:
  struct Loaded {
    std::vector<uint8_t> image;
    uint64_t process = 0;  ///< number of the process that has it
    /// What it is, for messages.
    std::string describe() const;
  };
  DeviceProcess& ready_process();
  void send_image(uint32_t slot, Loaded& callable);

  const PlatformInfo& info_;
  const pid_t owner_;
  const uint64_t default_deadline_ms_;  ///< of TW_DEADLINE; 0: none is said
  DeviceProcessOptions process_options_;
  DeviceArena arena_;
  std::unique_ptr<DeviceProcess> process_;
  uint64_t processes_started_ = 0;
  std::unordered_map<uint32_t, Loaded> callables_;
  std::vector<uint8_t> message_;  ///< reused
};

}  // namespace tilewright
