// The device process: everything of tools/tw-device but the choice of the device it serves.
#pragma once

#include <functional>
#include <memory>

#include "platform/device.h"

namespace tilewright {

/// Makes the device that a device process serves, on the worker's memory file, which it takes over
/// (make_simulated_device, or a fake one in tests).
using DeviceFactory = std::function<std::unique_ptr<Device>(const PlatformInfo& info, int arena_fd)>;

/// The main function of a device program: reads its options, serves the worker on kDeviceSocketFd until that goes, and
/// returns the exit code. Ends the process at once when the worker dies, even while a kernel runs.
int device_program_main(int argc, char** argv, const DeviceFactory& factory);

}  // namespace tilewright
