#include "platform/plugin.h"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/log.h"
#include "platform/plugin_info.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "libtw_platform_";
constexpr std::string_view kSuffix = ".so";
constexpr const char* kEntry = "tw_platform_plugin_get";

void report_error(tw_platform_error* error, const char* message, const char* hint, int32_t status) {
  if (error == nullptr) return;
  error->message = message != nullptr ? message : "";
  error->hint = hint != nullptr ? hint : "";
  error->status = status;
}

void log_text(int32_t level, const char* text) {
  if (text != nullptr) log(static_cast<LogLevel>(level), "platform plug-in", std::string_view(text));
}

const tw_platform_host& host() {
  static const tw_platform_host kHost{sizeof(tw_platform_host), TW_PLATFORM_ABI_VERSION, 0, TW_VERSION, &report_error, &log_text};
  return kHost;
}

#if defined(__x86_64__)
constexpr uint16_t kOwnMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kOwnMachine = EM_AARCH64;
#else
#error "which ELF machine is this?"
#endif

std::string machine_name(uint16_t machine) {
  if (machine == EM_X86_64) return "x86-64";
  if (machine == EM_AARCH64) return "AArch64";
  return fmt::format("ELF machine {}", machine);
}

/// What keeps the loader from taking the file, in words better than its own; empty if nothing is wrong with the header.
std::string elf_problem(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) return "it is no regular file";
  Elf64_Ehdr header{};
  std::ifstream in(file, std::ios::binary);
  if (!in) return fmt::format("it cannot be read: {}", std::strerror(errno));
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) return "it is too short for a shared object";
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "it is no ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "it is no 64-bit shared object";
  if (header.e_machine != kOwnMachine) {
    return fmt::format("it is for {}, this machine is {}", machine_name(header.e_machine), machine_name(kOwnMachine));
  }
  if (header.e_type != ET_DYN) return "it is no shared object";
  const uint64_t bytes = fs::file_size(file, failed);
  for (uint32_t i = 0; !failed && i < header.e_phnum; ++i) {  // the loader would map what is not there and die of SIGBUS
    Elf64_Phdr segment{};
    in.seekg(static_cast<std::streamoff>(header.e_phoff + uint64_t{i} * sizeof segment));
    if (!in.read(reinterpret_cast<char*>(&segment), sizeof segment)) return "it is cut off";
    if (segment.p_type == PT_LOAD && (segment.p_offset > bytes || segment.p_filesz > bytes - segment.p_offset)) return "it is cut off";
  }
  return {};
}

/// The first function that a table lacks; null if it has all.
const char* missing_function(const tw_platform_plugin& table) {
  const std::pair<const char*, bool> functions[] = {
      {"describe", table.describe != nullptr},
      {"device_count", table.device_count != nullptr},
      {"open", table.open != nullptr},
      {"close", table.close != nullptr},
      {"allocate", table.allocate != nullptr},
      {"release", table.release != nullptr},
      {"copy_to_device", table.copy_to_device != nullptr},
      {"copy_from_device", table.copy_from_device != nullptr},
      {"prepare", table.prepare != nullptr},
      {"discard", table.discard != nullptr},
      {"launch", table.launch != nullptr},
      {"poll", table.poll != nullptr},
      {"wait", table.wait != nullptr},
      {"finalize", table.finalize != nullptr},
  };
  for (const auto& [name, there] : functions) {
    if (!there) return name;
  }
  return nullptr;
}

/// What is wrong with a table; empty if nothing is. Reads only what struct_size says is there.
std::string table_problem(const tw_platform_plugin& table, const std::string& name) {
  if (table.struct_size < offsetof(tw_platform_plugin, reserved)) {
    return fmt::format("its table says that it has {} bytes, which holds not even a version", table.struct_size);
  }
  if (table.abi_version != TW_PLATFORM_ABI_VERSION) {
    return fmt::format("it is for version {} of the plug-in interface, this Tilewright has version {}", table.abi_version,
                       TW_PLATFORM_ABI_VERSION);
  }
  if (table.struct_size < sizeof table) {
    return fmt::format("its table has {} bytes, version {} of the interface has {}", table.struct_size, table.abi_version, sizeof table);
  }
  if (table.name == nullptr || table.version == nullptr) return "its table lacks name or version";
  if (name != table.name) return fmt::format("it calls itself '{}', its file is that of '{}'", table.name, name);
  const char* const missing = missing_function(table);
  return missing != nullptr ? fmt::format("its table lacks the function {}", missing) : "";
}

bool known_error(int32_t code) {
  constexpr int32_t kErrors[] = {
      TW_PLATFORM_INVALID_ARGUMENT, TW_PLATFORM_UNAVAILABLE, TW_PLATFORM_UNSUPPORTED, TW_PLATFORM_LIMIT_EXCEEDED, TW_PLATFORM_OUT_OF_BOUNDS,
      TW_PLATFORM_SYMBOL_MISSING,   TW_PLATFORM_IO_ERROR,    TW_PLATFORM_RUN_FAILED,  TW_PLATFORM_KERNEL_CRASHED, TW_PLATFORM_DEVICE_LOST,
      TW_PLATFORM_DEVICE_MEMORY,    TW_PLATFORM_DEADLOCK,    TW_PLATFORM_DEADLINE};
  return std::find(std::begin(kErrors), std::end(kErrors), code) != std::end(kErrors);
}

}  // namespace

std::string plugin_file_name(const std::string& platform) { return fmt::format("{}{}{}", kPrefix, platform, kSuffix); }

std::string plugin_platform_name(const fs::path& file) {
  const std::string text = file.filename().string();
  if (text.size() <= kPrefix.size() + kSuffix.size() || !text.starts_with(kPrefix) || !text.ends_with(kSuffix)) return {};
  return text.substr(kPrefix.size(), text.size() - kPrefix.size() - kSuffix.size());
}

PlatformPlugin::PlatformPlugin(fs::path file, std::string name) : file_(std::move(file)), name_(std::move(name)) {
  const auto unusable = [this](const std::string& why, const std::string& hint = {}) {
    return Error(ErrorCode::kPlatformUnavailable, fmt::format("platform {}: the plug-in {} cannot be used: {}", name_, file_.string(), why),
                 hint);
  };
  if (const std::string why = elf_problem(file_); !why.empty()) throw unusable(why);
  void* const handle = ::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) throw unusable(fmt::format("it cannot be loaded: {}", ::dlerror()), "install what it needs");
  const auto get = reinterpret_cast<tw_platform_plugin_get_function>(::dlsym(handle, kEntry));
  if (get == nullptr) throw unusable(fmt::format("it does not export {}", kEntry));
  tw_platform_error error;
  try {
    table_ = get(&host(), name_.c_str(), &error);
  } catch (...) {
    throw unusable(fmt::format("{} let an exception escape", kEntry));
  }
  if (table_ == nullptr) throw unusable(error.message.empty() ? fmt::format("{} returned null", kEntry) : error.message, error.hint);
  if (const std::string why = table_problem(*table_, name_); !why.empty()) throw unusable(why);
  version_ = table_->version;

  info_.struct_size = sizeof info_;
  try {
    call("describe", table_->describe, &info_);
  } catch (const Error& failure) {
    throw unusable(failure.message(), failure.hint());
  }
  if (const std::string why = info_problem(info_, name_); !why.empty()) throw unusable(why);
  if (info_.recipe == nullptr) return;
  recipe_.emplace();
  if (const std::string why = read_recipe(*info_.recipe, *recipe_); !why.empty()) throw unusable(why);
}

int32_t PlatformPlugin::device_count() const {
  int32_t count = -1;
  call("device_count", table_->device_count, &count);
  if (count < 0) throw broken(fmt::format("device_count says {}", count));
  return count;
}

Error PlatformPlugin::broken(const std::string& what) const {
  return Error(ErrorCode::kInternal, fmt::format("the plug-in of platform {} broke the rules of its interface: {}", name_, what),
               fmt::format("report it to the makers of {}", file_.string()));
}

Error PlatformPlugin::escaped(const char* what) const { return broken(fmt::format("{} let an exception escape", what)); }

void PlatformPlugin::log_escaped(const char* what) const noexcept {
  try {
    log(LogLevel::kError, "platform", "{}", escaped(what).message());
  } catch (...) {  // no memory for a message: nothing is left to do
  }
}

Error PlatformPlugin::to_error(const char* what, int32_t code, const tw_platform_error& error) const {
  const std::string text = !error.message.empty() ? error.message : fmt::format("{} failed and the plug-in says nothing about it", what);
  if (!known_error(code)) return broken(fmt::format("{} returned {}, which is no error code: {}", what, code, text));
  return Error(static_cast<ErrorCode>(code), text, error.hint, error.status);
}

}  // namespace tilewright
