#include "toolchain/paths.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <string>

#include "base/error.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

/// The directory of the library or program that holds this function; empty if it cannot be told.
fs::path own_directory() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&own_directory), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code failure;
  // In a program dli_fname is argv[0], which may be a bare name found on PATH.
  fs::path file = info.dli_fname;
  if (!file.has_parent_path()) file = "/proc/self/exe";
  file = fs::canonical(file, failure);
  return failure ? fs::path() : file.parent_path();
}

bool holds_headers(const fs::path& root) {
  std::error_code ignored;
  return fs::is_regular_file(root / "orchestration" / "pto_orchestration_api.h", ignored);
}

}  // namespace

std::vector<fs::path> ToolchainPaths::include_dirs() const { return {include_root, include_root / "pto", include_root / "orchestration"}; }

ToolchainPaths find_toolchain_paths() { return find_toolchain_paths(own_directory()); }

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
