#include "tilewright/run_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/log.h"

namespace tilewright {

const char* runtime_name(RuntimeVariant variant) {
  switch (variant) {
    case RuntimeVariant::kTensormapAndRingbuffer: return "tensormap_and_ringbuffer";
    case RuntimeVariant::kHostBuildGraph: return "host_build_graph";
    case RuntimeVariant::kAicpuBuildGraph: return "aicpu_build_graph";
  }
  return "unknown";
}

RuntimeVariant parse_runtime(const std::string& name) {
  for (RuntimeVariant variant :
       {RuntimeVariant::kTensormapAndRingbuffer, RuntimeVariant::kHostBuildGraph, RuntimeVariant::kAicpuBuildGraph}) {
    if (name == runtime_name(variant)) return variant;
  }
  throw Error(ErrorCode::kUnknownRuntime, fmt::format("unknown runtime '{}'", name),
              "use tensormap_and_ringbuffer, host_build_graph or aicpu_build_graph");
}

uint64_t parse_sim_seed(const std::string& what, const std::string& text) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error == std::errc() && end == text.data() + text.size() && seed != 0) return seed;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' is no seed", what, text),
              "use a whole number from 1 to 18446744073709551615");
}

uint64_t sim_seed_from_environment() {
  const char* const text = std::getenv("TW_SIM_SEED");
  return text == nullptr || *text == '\0' ? 0 : parse_sim_seed("TW_SIM_SEED", text);
}

const char* edge_source_name(EdgeSource source) {
  switch (source) {
    case EdgeSource::kCreator: return "creator";
    case EdgeSource::kTensorMap: return "tensormap";
    case EdgeSource::kExplicit: return "explicit";
    case EdgeSource::kDerived: return "derived";
  }
  return "unknown";
}

uint64_t parse_deadline(const std::string& text) {
  if (text == "none") return kNoDeadline;
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  constexpr double kLongest = 1e9;  // some thirty years
  if (error != std::errc() || stop != end || !(seconds > 0) || seconds > kLongest) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("deadline '{}' is neither a number of seconds above 0 nor 'none'", text),
                "it counts the device's own CPU time; the default is 60");
  }
  return static_cast<uint64_t>(std::ceil(seconds * 1000));
}

uint64_t deadline_from_environment() {
  const char* const text = std::getenv("TW_DEADLINE");
  if (text == nullptr || *text == '\0') return 0;
  try {
    return parse_deadline(text);
  } catch (const Error& error) {
    log(LogLevel::kWarn, "run", "TW_DEADLINE is ignored: {}", error.message());
    return 0;
  }
}

}  // namespace tilewright
