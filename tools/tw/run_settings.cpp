#include "run_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr const char* kKeys =
    "keys are ring_task_window, ring_heap and ring_dep_pool (one number, or four with commas), aicpu_thread_num, host_threads and "
    "aic_cores";
constexpr const char* kDiagnostics[] = {"enable_chip_swimlane", "enable_dump_args",   "enable_pmu",
                                        "enable_dep_gen",       "enable_scope_stats", "output_prefix"};

template <typename T>
T parse_number(const std::string& key, std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--config {}: '{}' is no number of at least 0 that fits", key, text), kKeys);
  }
  return value;
}

void parse_rings(const std::string& key, const std::string& value, uint64_t (&rings)[4]) {
  if (value.find(',') == std::string::npos) {
    std::fill(std::begin(rings), std::end(rings), parse_number<uint64_t>(key, value));
    return;
  }
  size_t begin = 0;
  for (int ring = 0; ring < 4; ++ring) {
    const size_t end = value.find(',', begin);
    if ((end == std::string::npos) != (ring == 3)) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("--config {}: '{}' is neither one number nor four", key, value), kKeys);
    }
    rings[ring] = parse_number<uint64_t>(key, std::string_view(value).substr(begin, end == std::string::npos ? end : end - begin));
    begin = end + 1;
  }
}

}  // namespace

void apply_settings(const std::vector<std::string>& settings, CallConfig& config, RunOptions& options) {
  std::set<std::string> seen;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    if (equals == std::string::npos) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("--config '{}' has no '='; write KEY=VALUE", setting), kKeys);
    }
    const std::string value = setting.substr(equals + 1);
    if (!seen.insert(key).second) throw Error(ErrorCode::kInvalidArgument, fmt::format("--config {} is given twice", key));
    if (key == "ring_task_window") {
      parse_rings(key, value, config.runtime_env.ring_task_window);
    } else if (key == "ring_heap") {
      parse_rings(key, value, config.runtime_env.ring_heap);
    } else if (key == "ring_dep_pool") {
      parse_rings(key, value, config.runtime_env.ring_dep_pool);
    } else if (key == "aicpu_thread_num") {
      config.aicpu_thread_num = parse_number<int32_t>(key, value);
    } else if (key == "host_threads") {
      options.host_threads = parse_number<int32_t>(key, value);
    } else if (key == "aic_cores") {
      options.aic_cores = parse_number<int32_t>(key, value);
    } else if (std::find(std::begin(kDiagnostics), std::end(kDiagnostics), key) != std::end(kDiagnostics)) {
      throw Error(ErrorCode::kUnsupported, fmt::format("--config {}: diagnostics are not built yet in this version", key),
                  "'--deps' lists the dependencies of a run");
    } else {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("--config: unknown key '{}'", key), kKeys);
    }
  }
  config.validate();
}

}  // namespace tilewright
