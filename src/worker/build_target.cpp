#include "worker/build_target.h"

#include "platform/device.h"

namespace tilewright {

BuildOptions build_options_for(const std::string& platform) {
  const PlatformInfo& info = find_platform(platform);
  require_available(info);
  BuildOptions options;
  options.platform_arch = info.arch;
  options.recipe = recipe_of(info);
  return options;
}

}  // namespace tilewright
