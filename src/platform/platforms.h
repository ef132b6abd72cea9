// The platforms that need no plug-in, and the names of the chips that do.
#pragma once

#include <span>

#include "platform/device.h"

namespace tilewright {

/// a2a3sim, a5sim, and a2a3 and a5 as they are listed while no plug-in is there for them.
std::span<const PlatformInfo> built_in_platforms();

}  // namespace tilewright
