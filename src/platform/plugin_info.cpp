#include "platform/plugin_info.h"

#include <fmt/format.h>

#include <cstring>

#include "isa/core.h"

namespace tilewright {
namespace {

static_assert(TW_PLATFORM_SPACES == kSpaceCount);

constexpr int32_t kMostCores = 4096;
constexpr uint64_t kLeastMemory = uint64_t{1} << 20;

std::string memory_problem(const tw_platform_info& info) {
  const CoreArch& arch = std::strcmp(info.arch, "a5") == 0 ? CoreArch::a5() : CoreArch::a2a3();
  for (int space = 0; space < kSpaceCount - 1; ++space) {  // Ctrl tiles have no memory of their own on a chip
    if (info.core_memory_bytes[space] >= arch.memory_bytes[static_cast<size_t>(space)]) continue;
    return fmt::format("its {} has {} bytes, kernels of {} count on {}", space_name(space), info.core_memory_bytes[space], info.arch,
                       arch.memory_bytes[static_cast<size_t>(space)]);
  }
  return {};
}

/// Splits a recipe's words at "&&".
std::string read_commands(const char* what, const char* const* words, std::vector<CompileRecipe::Command>& commands) {
  std::string all;
  bool ended = true;
  for (; *words != nullptr; ++words) {
    all += *words;
    all += ' ';
    if (std::strcmp(*words, "&&") == 0) {
      if (ended) return fmt::format("the recipe for {} has an empty command", what);
      ended = true;
      continue;
    }
    if (ended) commands.emplace_back();
    ended = false;
    commands.back().emplace_back(*words);
  }
  if (ended) return fmt::format("the recipe for {} {}", what, commands.empty() ? "has no word" : "ends with &&");
  for (const char* placeholder : {"{source}", "{output}", "{depfile}"}) {
    if (all.find(placeholder) == std::string::npos) return fmt::format("the recipe for {} does not say {}", what, placeholder);
  }
  for (size_t at = all.find('{'); at != std::string::npos; at = all.find('{', at + 1)) {
    bool known = false;
    for (const char* placeholder : {"{source}", "{output}", "{depfile}", "{scratch}", " {includes} ", " {flags} "}) {
      const size_t begin = placeholder[0] == ' ' ? at - 1 : at;
      known = known || all.compare(begin, std::strlen(placeholder), placeholder) == 0;
    }
    if (!known) return fmt::format("the recipe for {} has an unknown placeholder: {}", what, all.substr(at, all.find(' ', at) - at));
  }
  return {};
}

}  // namespace

std::string info_problem(const tw_platform_info& info, const std::string& name) {
  if (info.struct_size != sizeof info) return fmt::format("describe changed struct_size to {}", info.struct_size);
  if (info.arch == nullptr || (std::strcmp(info.arch, "a2a3") != 0 && std::strcmp(info.arch, "a5") != 0)) {
    return fmt::format("its kernels are for '{}'; known are a2a3 and a5", info.arch != nullptr ? info.arch : "(null)");
  }
  if (info.platform_class != TW_PLATFORM_CLASS_HARDWARE && info.platform_class != TW_PLATFORM_CLASS_SIMULATOR) {
    return fmt::format("platform_class {} is neither hardware nor simulator", info.platform_class);
  }
  const bool simulator = info.platform_class == TW_PLATFORM_CLASS_SIMULATOR;
  if (simulator != name.ends_with("sim")) {
    return simulator ? "it is a simulator: then its name must end in 'sim'" : "it is hardware: then its name must not end in 'sim'";
  }
  if ((name == "a2a3" || name == "a5") && name != info.arch) return fmt::format("its kernels are for {}", info.arch);
  if (info.orchestration != TW_PLATFORM_ORCHESTRATION_ON_HOST && info.orchestration != TW_PLATFORM_ORCHESTRATION_ON_DEVICE) {
    return fmt::format("orchestration {} is neither on the host nor on the device", info.orchestration);
  }
  if (info.aic_cores < 1 || info.aic_cores > kMostCores) return fmt::format("{} AIC cores", info.aic_cores);
  if (info.aiv_cores != 2 * info.aic_cores) {
    return fmt::format("{} AIV cores beside {} AIC cores; a cluster has two and one", info.aiv_cores, info.aic_cores);
  }
  if (info.memory_bytes < kLeastMemory) return fmt::format("{} bytes of device memory", info.memory_bytes);
  if (info.runtimes == 0 || info.runtimes > 7) return fmt::format("runtimes {:#x} are no set of the three variants", info.runtimes);
  return memory_problem(info);
}

std::string read_recipe(const tw_platform_recipe& recipe, CompileRecipe& out) {
  if (recipe.struct_size < sizeof recipe) {
    return fmt::format("its recipe has {} bytes, version {} has {}", recipe.struct_size, TW_PLATFORM_ABI_VERSION, sizeof recipe);
  }
  if (recipe.identity == nullptr || recipe.identity[0] == '\0') return "its recipe has no identity";
  out.identity = recipe.identity;
  if (recipe.aic_kernel == nullptr || recipe.aiv_kernel == nullptr) return "its recipe lacks AIC or AIV kernels";
  std::string why = read_commands("AIC kernels", recipe.aic_kernel, out.aic_kernel);
  if (why.empty()) why = read_commands("AIV kernels", recipe.aiv_kernel, out.aiv_kernel);
  if (why.empty() && recipe.orchestration != nullptr) why = read_commands("orchestrations", recipe.orchestration, out.orchestration);
  return why;
}

}  // namespace tilewright
