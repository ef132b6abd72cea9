// A device for tests that have no use for a simulator: it does what the text in the place of the orchestration says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/device.h"

namespace tilewright {

/// Orchestrations it understands: "noop"; "scale K" (tensor 1 = K * tensor 0, FLOAT32); "touch" (adds 1 to every byte of
/// every tensor's extent); "aliases" (task_count = 1 if the first two tensors share memory); "echo" (the report repeats
/// the request); "call" (kernel 0 is a shared object: its kernel_entry runs); "fail N" (status -N and N kilobytes of
/// message); "exit N"; "raise N"; "loop"; "sleep"; "throw N" (0: std::bad_alloc, else another exception that is no Error); "terminate"
/// (std::bad_alloc on another thread). load() refuses anything else with kSymbolMissing.
std::unique_ptr<Device> make_fake_device(const PlatformInfo& info, int arena_fd);

/// An image for it.
std::vector<uint8_t> fake_image(std::string_view orchestration, std::vector<ArgDirection> signature = {},
                                const std::vector<uint8_t>& kernel = {});

}  // namespace tilewright
