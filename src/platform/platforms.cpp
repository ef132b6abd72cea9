// The built-in platforms, and the process's answers about all.
#include "platform/platforms.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "platform/registry.h"

namespace tilewright {
namespace {

/// What a simulated device offers: 64 GiB as the real chips have, but not more than this machine's memory.
uint64_t simulated_memory_bytes() {
  constexpr uint64_t kDeviceMemory = uint64_t{64} << 30;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return kDeviceMemory;
  return std::min(kDeviceMemory, static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes));
}

}  // namespace

std::span<const PlatformInfo> built_in_platforms() {
  constexpr const char* kNothing = "nothing: simulated in this machine's memory and processors";
  constexpr const char* kPlugin = "an Ascend device and a Tilewright platform plug-in for it";
  constexpr uint64_t kRealMemory = uint64_t{64} << 30;
  static const std::array<PlatformInfo, 4> table = {{
      {"a2a3sim", "a2a3", true, 24, simulated_memory_bytes(), kNothing},
      {"a5sim", "a5", true, 36, simulated_memory_bytes(), kNothing},
      {"a2a3", "a2a3", false, 24, kRealMemory, kPlugin},
      {"a5", "a5", false, 36, kRealMemory, kPlugin},
  }};
  return table;
}

std::span<const PlatformInfo* const> platforms() { return PlatformRegistry::instance().usable(); }

const PlatformInfo& find_platform(const std::string& name) { return PlatformRegistry::instance().find(name); }

void require_available(const PlatformInfo& info) { PlatformRegistry::instance().require_available(info); }

const CompileRecipe* recipe_of(const PlatformInfo& info) { return info.plugin != nullptr ? info.plugin->recipe() : nullptr; }

void require_supported(const CallConfig& config) {
  if (config.diagnostics_any()) {
    throw Error(ErrorCode::kUnsupported, "the diagnostics of CallConfig (enable_*) are not built yet in this version",
                "set them to 0; RunOptions::record_dependencies reports dependencies");
  }
}

}  // namespace tilewright
