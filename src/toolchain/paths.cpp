#include "toolchain/paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/process.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

bool holds_headers(const fs::path& root) {
  std::error_code ignored;
  return fs::is_regular_file(root / "orchestration" / "pto_orchestration_api.h", ignored);
}

}  // namespace

std::vector<fs::path> ToolchainPaths::include_dirs() const { return {include_root, include_root / "pto", include_root / "orchestration"}; }

ToolchainPaths find_toolchain_paths() { return find_toolchain_paths(directory_of_code(reinterpret_cast<const void*>(&holds_headers))); }

ToolchainPaths find_toolchain_paths(const fs::path& directory) {
  std::vector<std::string> tried;
  const auto usable = [&tried](const fs::path& root) {
    tried.push_back(root.string());
    return holds_headers(root);
  };
  if (const char* own = std::getenv("TW_INCLUDE_DIR"); own != nullptr && *own != '\0') {
    const fs::path root = fs::absolute(own).lexically_normal();
    if (usable(root)) return {root};
    throw Error(ErrorCode::kFileNotFound, fmt::format("TW_INCLUDE_DIR is {}, which holds no orchestration/pto_orchestration_api.h", own));
  }
  // bin/tw, lib/libtilewright.so and lib/x86_64-linux-gnu/libtilewright.so all lie below the prefix.
  for (fs::path prefix = directory; prefix.has_relative_path(); prefix = prefix.parent_path()) {
    const fs::path root = prefix / "include" / ("tilewright-" TW_VERSION);
    if (usable(root)) return {root};
  }
  if (usable(TW_SOURCE_INCLUDE_DIR)) return {TW_SOURCE_INCLUDE_DIR};
  throw Error(ErrorCode::kFileNotFound, fmt::format("Tilewright's headers for kernels were not found; tried {}", fmt::join(tried, ", ")),
              "set TW_INCLUDE_DIR to the directory that holds orchestration/pto_orchestration_api.h");
}

}  // namespace tilewright
