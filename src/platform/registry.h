// Which platforms there are, and where they come from.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "platform/device.h"
#include "platform/plugin.h"

namespace tilewright {

/// One line of `tw platforms`.
struct PlatformStatus {
  std::string name;
  std::string origin;                  ///< "built in", the plug-in's file, or empty: hardware without a plug-in
  std::string version;                 ///< the plug-in's; empty for others
  const PlatformInfo* info = nullptr;  ///< null if nothing is known of it: its plug-in cannot be used or is hidden by another
  std::string problem;                 ///< why it cannot be used; empty if it can
  std::string hint;
};

/// Built-in platforms and the plug-ins found in some directories. A plug-in is loaded when it is asked for. Thread safe.
class PlatformRegistry {
 public:
  struct Directory {
    std::filesystem::path path;
    std::string origin;  ///< "TW_PLATFORM_PATH" or "installation", for people
  };

  /// Looks into `directories` now, at names only; in a directory that comes earlier a name counts.
  explicit PlatformRegistry(std::vector<Directory> directories);

  /// That of the process: the directories of default_directories() at its first use.
  static PlatformRegistry& instance();
  /// TW_PLATFORM_PATH, directories separated by colons, then <libdir>/tilewright/platforms of the installation that this library
  /// or program belongs to.
  static std::vector<Directory> default_directories();

  std::span<const Directory> directories() const { return directories_; }

  const PlatformInfo& find(const std::string& name);
  std::vector<PlatformStatus> list();
  std::span<const PlatformInfo* const> usable();
  void require_available(const PlatformInfo& info);

 private:
  /// A plug-in's file, and what loading it gave, once somebody asked.
  struct Entry {
    std::filesystem::path file;
    std::unique_ptr<PlatformPlugin> plugin;
    const PlatformInfo* info = nullptr;
    std::unique_ptr<Error> failure;
  };
  const PlatformInfo* built_in(const std::string& name) const;
  /// Throws what loading threw.
  const PlatformInfo& load(const std::string& name, Entry& entry);
  std::string names() const;

  std::vector<Directory> directories_;
  std::mutex mutex_;
  std::map<std::string, Entry> plugins_;
  std::vector<PlatformStatus> ignored_;  ///< files that are hidden or have no name
  std::deque<PlatformInfo> loaded_;
  std::vector<const PlatformInfo*> usable_;
};

}  // namespace tilewright
