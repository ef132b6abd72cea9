// Where the headers lie that kernels and orchestrations include.
#pragma once

#include <filesystem>
#include <vector>

namespace tilewright {

struct ToolchainPaths {
  std::filesystem::path include_root;  ///< absolute; holds orchestration/pto_orchestration_api.h and pto/

  /// include_root, include_root/pto, include_root/orchestration: the search order.
  std::vector<std::filesystem::path> include_dirs() const;
};

/// TW_INCLUDE_DIR if it is set; else include/tilewright-<version> beside the library or program this code runs from (an
/// installed one); else the source tree it was built from. Throws Error(kFileNotFound) naming every place that was tried.
ToolchainPaths find_toolchain_paths();

/// The same for code that lies in `directory`.
ToolchainPaths find_toolchain_paths(const std::filesystem::path& directory);

}  // namespace tilewright
