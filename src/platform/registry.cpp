#include "platform/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "base/process.h"
#include "platform/platforms.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

bool good_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::vector<fs::path> plugin_files(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code ignored;  // of a directory that is not there: list() does not fail, 'tw doctor' says it
  for (fs::directory_iterator at(directory, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (!plugin_platform_name(at->path()).empty()) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Set while this thread is inside a plug-in that is being loaded. Such a plug-in may ask for platforms itself (its chip may be our
/// simulator), and sees those built in: others are being found out.
thread_local bool loading = false;
struct Loading {
  Loading() { loading = true; }
  ~Loading() { loading = false; }
};

}  // namespace

std::vector<PlatformRegistry::Directory> PlatformRegistry::default_directories() {
  std::vector<Directory> directories;
  if (const char* const text = std::getenv("TW_PLATFORM_PATH"); text != nullptr) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const size_t colon = std::min(rest.find(':'), rest.size());
      if (colon != 0) directories.push_back({fs::absolute(rest.substr(0, colon)).lexically_normal(), "TW_PLATFORM_PATH"});
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  const fs::path own = directory_of_code(reinterpret_cast<const void*>(&built_in_platforms));
  for (const fs::path& libraries : {own, own / "../" TW_INSTALL_LIBDIR}) {
    const fs::path directory = (libraries / "tilewright/platforms").lexically_normal();
    std::error_code ignored;
    if (!own.empty() && fs::is_directory(directory, ignored)) directories.push_back({directory, "installation"});
  }
  return directories;
}

PlatformRegistry& PlatformRegistry::instance() {
  static PlatformRegistry* const registry = new PlatformRegistry(default_directories());  // plug-ins outlive static destructors
  return *registry;
}

PlatformRegistry::PlatformRegistry(std::vector<Directory> directories) : directories_(std::move(directories)) {
  for (const Directory& directory : directories_) {
    for (const fs::path& file : plugin_files(directory.path)) {
      const std::string name = plugin_platform_name(file);
      const PlatformInfo* const own = built_in(name);
      if (!good_name(name)) {
        ignored_.push_back({name, file.string(), "", nullptr, "a platform's name has letters, digits and _ only", "rename the file"});
      } else if (own != nullptr && own->simulated) {
        ignored_.push_back({name, file.string(), "", nullptr, "the name is that of a built-in simulator", "rename the plug-in"});
      } else if (const auto [at, fresh] = plugins_.try_emplace(name); fresh) {
        at->second.file = file;
      } else if (at->second.file != file) {
        ignored_.push_back({name, file.string(), "", nullptr, fmt::format("hidden by {}", at->second.file.string()),
                            "the first directory of TW_PLATFORM_PATH counts"});
      }
    }
  }
}

const PlatformInfo* PlatformRegistry::built_in(const std::string& name) const {
  for (const PlatformInfo& info : built_in_platforms()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

const PlatformInfo& PlatformRegistry::load(const std::string& name, Entry& entry) {
  if (entry.failure) throw Error(*entry.failure);
  if (entry.info != nullptr) return *entry.info;
  try {
    const Loading inside;
    entry.plugin = std::make_unique<PlatformPlugin>(entry.file, name);
  } catch (const Error& error) {
    entry.failure = std::make_unique<Error>(error);
    throw;
  }
  const tw_platform_info& info = entry.plugin->info();
  loaded_.push_back({entry.plugin->name().c_str(), info.arch, info.platform_class == TW_PLATFORM_CLASS_SIMULATOR, info.aic_cores,
                     info.memory_bytes, info.requirement != nullptr ? info.requirement : "nothing", entry.plugin.get()});
  entry.info = &loaded_.back();
  return *entry.info;
}

std::string PlatformRegistry::names() const {
  std::string text;
  for (const PlatformInfo& info : built_in_platforms()) text += fmt::format("{}{}", text.empty() ? "" : ", ", info.name);
  for (const auto& [name, entry] : plugins_) {
    if (built_in(name) == nullptr) text += ", " + name;
  }
  return text;
}

const PlatformInfo& PlatformRegistry::find(const std::string& name) {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (!loading) lock.lock();
  if (const auto at = plugins_.find(name); at != plugins_.end() && !loading) return load(name, at->second);
  if (const PlatformInfo* const info = built_in(name); info != nullptr) return *info;
  throw Error(ErrorCode::kUnknownPlatform, fmt::format("unknown platform '{}'", name),
              fmt::format("use one of: {}; or put {} into a directory of TW_PLATFORM_PATH", names(), plugin_file_name(name)));
}

void PlatformRegistry::require_available(const PlatformInfo& info) {
  if (info.simulated || info.plugin != nullptr) return;
  std::string looked;
  for (const Directory& directory : directories_) looked += fmt::format("{}{}", looked.empty() ? "" : ", ", directory.path.string());
  throw Error(ErrorCode::kPlatformUnavailable,
              fmt::format("platform {} is a real Ascend device and needs a Tilewright platform plug-in, none is installed", info.name),
              fmt::format("use {}sim to simulate it, or put {} into a directory of TW_PLATFORM_PATH (looked in: {})", info.name,
                          plugin_file_name(info.name), looked.empty() ? "no directory" : looked));
}

std::vector<PlatformStatus> PlatformRegistry::list() {
  const std::lock_guard lock(mutex_);
  std::vector<PlatformStatus> all;
  const auto add_plugin = [&](const std::string& name, Entry& entry) {
    PlatformStatus status{name, entry.file.string(), "", nullptr, "", ""};
    try {
      status.info = &load(name, entry);
      status.version = entry.plugin->version();
    } catch (const Error& error) {
      status.problem = error.message();
      status.hint = error.hint();
    }
    all.push_back(std::move(status));
  };
  for (const PlatformInfo& info : built_in_platforms()) {
    if (const auto at = plugins_.find(info.name); at != plugins_.end()) {
      add_plugin(info.name, at->second);
      continue;
    }
    PlatformStatus status{info.name, info.simulated ? "built in" : "", "", &info, "", ""};
    try {
      require_available(info);
    } catch (const Error& error) {
      status.problem = error.message();
      status.hint = error.hint();
    }
    all.push_back(std::move(status));
  }
  for (auto& [name, entry] : plugins_) {
    if (built_in(name) == nullptr) add_plugin(name, entry);
  }
  all.insert(all.end(), ignored_.begin(), ignored_.end());
  return all;
}

std::span<const PlatformInfo* const> PlatformRegistry::usable() {
  if (loading) {
    static const std::vector<const PlatformInfo*> own = [] {
      std::vector<const PlatformInfo*> infos;
      for (const PlatformInfo& info : built_in_platforms()) infos.push_back(&info);
      return infos;
    }();
    return own;
  }
  const std::vector<PlatformStatus> all = list();
  const std::lock_guard lock(mutex_);
  if (usable_.empty()) {
    for (const PlatformStatus& status : all) {
      if (status.info != nullptr) usable_.push_back(status.info);
    }
  }
  return usable_;
}

}  // namespace tilewright
