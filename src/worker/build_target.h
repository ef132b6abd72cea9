// Building callables for a platform: the toolchain knows architectures and recipes, platforms say which.
#pragma once

#include <string>

#include "toolchain/toolchain.h"

namespace tilewright {

/// Options whose target is `platform`: its architecture, and its recipe if it has one. Needs no device. Throws Error:
/// kUnknownPlatform, kPlatformUnavailable (its plug-in cannot be used; a2a3 and a5 without one, since nobody knows their compiler).
BuildOptions build_options_for(const std::string& platform);

}  // namespace tilewright
