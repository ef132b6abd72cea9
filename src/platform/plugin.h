// A platform plug-in (tilewright/platform_plugin.h), loaded and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "task/compile_recipe.h"
#include "tilewright/platform_plugin.h"

/// What the host keeps of a failed call until it becomes an Error.
struct tw_platform_error {
  std::string message;
  std::string hint;
  int32_t status = 0;
};

namespace tilewright {

/// "libtw_platform_NAME.so".
std::string plugin_file_name(const std::string& platform);
/// NAME; empty if the file's name is not a plug-in's.
std::string plugin_platform_name(const std::filesystem::path& file);

/// A plug-in that passed the checks. Never unloaded: driver libraries do not survive it. Thread safe.
class PlatformPlugin {
 public:
  /// Loads `file` for platform `name` and asks it to describe itself. Touches no device. Throws Error(kPlatformUnavailable) that
  /// names the file and says what is wrong with it.
  PlatformPlugin(std::filesystem::path file, std::string name);
  PlatformPlugin(const PlatformPlugin&) = delete;
  PlatformPlugin& operator=(const PlatformPlugin&) = delete;

  const std::string& name() const { return name_; }
  const std::filesystem::path& file() const { return file_; }
  const std::string& version() const { return version_; }
  const tw_platform_info& info() const { return info_; }
  bool has(uint32_t feature) const { return (info_.features & feature) != 0; }
  /// Null if kernels are compiled as for the simulator.
  const CompileRecipe* recipe() const { return recipe_ ? &*recipe_ : nullptr; }
  const tw_platform_plugin& table() const { return *table_; }

  /// How many devices there are now. Throws what the plug-in says.
  int32_t device_count() const;

  /// Calls a function of the table, whose last parameter is the error. Throws Error: what the plug-in reports; kInternal, naming
  /// plug-in and function, if it lets an exception escape or returns a number that is no error.
  template <typename Function, typename... Arguments>
  void call(const char* what, Function* function, Arguments... arguments) const {
    tw_platform_error error;
    int32_t code = 0;
    try {
      code = function(arguments..., &error);
    } catch (...) {
      throw escaped(what);
    }
    if (code != 0) throw to_error(what, code, error);
  }
  /// The same for functions that cannot fail: what escapes is logged.
  template <typename Function, typename... Arguments>
  void call_quietly(const char* what, Function* function, Arguments... arguments) const noexcept {
    try {
      function(arguments...);
    } catch (...) {
      log_escaped(what);
    }
  }
  /// kInternal: the plug-in broke a rule of the interface.
  Error broken(const std::string& what) const;

 private:
  Error escaped(const char* what) const;
  void log_escaped(const char* what) const noexcept;
  Error to_error(const char* what, int32_t code, const tw_platform_error& error) const;

  std::filesystem::path file_;
  std::string name_;
  std::string version_;
  const tw_platform_plugin* table_ = nullptr;
  tw_platform_info info_{};
  std::optional<CompileRecipe> recipe_;
};

}  // namespace tilewright
