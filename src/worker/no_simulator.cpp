// Stands in for src/platform/sim_device.cpp in a tree that does not have it.
#include "base/error.h"
#include "platform/device.h"

namespace tilewright {

std::unique_ptr<Device> make_simulated_device(const PlatformInfo& info, int) {
  require_available(info);
  throw Error(ErrorCode::kUnsupported, "this build has no simulator");
}

}  // namespace tilewright
