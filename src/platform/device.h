// A device: memory that tensors live in, callables loaded on it, and runs. The simulator implements it in process;
// the worker layer implements it again over a device process.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "task_args.h"
#include "tilewright/call_config.h"
#include "tilewright/run_options.h"

namespace tilewright {

class PlatformPlugin;
struct CompileRecipe;

/// A platform as data (docs/reference/platforms.md).
struct PlatformInfo {
  const char* name;         ///< "a2a3sim"
  const char* arch;         ///< "a2a3" or "a5": core memories and instruction legality
  bool simulated;           ///< names ending in "sim" need no hardware
  int32_t aic_cores;        ///< AIV cores are twice as many
  uint64_t memory_bytes;    ///< device memory a program may allocate
  const char* requirement;  ///< what it needs on the host, for 'tw platforms'
  const PlatformPlugin* plugin = nullptr;  ///< who runs it; null: built in, or hardware without a plug-in
};

/// The platforms of this process: those built in, then the plug-ins that TW_PLATFORM_PATH and the installation offer
/// (src/platform/registry.h), read when the first of these functions is called. What they return lives as long as the process.
/// Thread safe.

/// All platforms that can be described, simulated ones first; loads every plug-in. a2a3 and a5 are listed without one too.
std::span<const PlatformInfo* const> platforms();
/// Loads the plug-in of that name, if it is one's. Throws Error: kUnknownPlatform that lists the names, kPlatformUnavailable if
/// its plug-in cannot be used.
const PlatformInfo& find_platform(const std::string& name);
/// Throws Error(kPlatformUnavailable) that says what is missing if `info` cannot run here. Whether a device is there is found
/// out when one is opened.
void require_available(const PlatformInfo& info);
/// How code for this platform is compiled; null: as for the simulator.
const CompileRecipe* recipe_of(const PlatformInfo& info);

/// What run() throws when the device itself has failed in the middle of a run and must not be used again: its memory for stacks
/// is exhausted, say.
class DeviceFailed : public Error {
 public:
  explicit DeviceFailed(const Error& error) : Error(error) {}
};

/// Not thread safe: one caller at a time. All functions throw Error.
class Device {
 public:
  virtual ~Device() = default;

  virtual const PlatformInfo& platform() const = 0;

  /// Device memory, 64-byte aligned, contents undefined. Throws kDeviceMemory naming size and what is free.
  virtual uint64_t allocate(uint64_t bytes) = 0;
  /// Throws kInvalidArgument for an address that allocate did not return.
  virtual void free(uint64_t address) = 0;
  /// Throws kOutOfBounds if the range is not inside one allocation; so do the copies.
  virtual void check_range(uint64_t address, uint64_t bytes) const = 0;
  virtual void copy_to_device(uint64_t address, const void* source, uint64_t bytes) = 0;
  virtual void copy_from_device(void* destination, uint64_t address, uint64_t bytes) = 0;

  /// Loads a ChipCallable image (tilewright/callable.h) under `slot`, replacing what is there. The bytes are copied.
  /// Throws kSymbolMissing, kInvalidArgument (malformed image).
  virtual void load(uint32_t slot, std::span<const uint8_t> image) = 0;
  virtual void unload(uint32_t slot) = 0;

  /// Runs the callable in `slot`. Tensors of `args` are device addresses, which the caller has checked. Returns after the last task completed.
  /// Throws kRunFailed, kDeadlock or kDeadline (status() holds the runtime's code), kKernelCrashed, kDeviceLost.
  virtual RunReport run(uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config, const RunOptions& options) = 0;
};

/// A device in this process: the simulator, for debugging and for the device process itself. Throws as
/// require_available; kUnsupported if the platform is not simulated. `arena_fd`, if not negative, is a memory file
/// created by DeviceArena in another process, whose allocations this device uses but does not manage.
std::unique_ptr<Device> make_simulated_device(const PlatformInfo& info, int arena_fd = -1);

/// A device of a plug-in, which works in this process. Throws what the plug-in says: kPlatformUnavailable if there is no such
/// device or somebody else has it. After kDeviceLost the device is closed and every call throws that again: make another.
std::unique_ptr<Device> make_plugin_device(const PlatformInfo& info, int device_id);

/// Refuses the settings of CallConfig that no platform has yet: throws Error(kUnsupported).
void require_supported(const CallConfig& config);

}  // namespace tilewright
