#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>

#include "base/error.h"

namespace tilewright {
namespace {

LogLevel level_from_environment() {
  const char* text = std::getenv("PTO_LOG_LEVEL");
  if (text == nullptr || *text == '\0') return LogLevel::kTiming;
  try {
    return parse_log_level(text);
  } catch (const Error&) {
    return LogLevel::kTiming;
  }
}

std::atomic<int>& current_level() {
  static std::atomic<int> level{static_cast<int>(level_from_environment())};
  return level;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("tilewright", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%H:%M:%S.%f %v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kTiming: return "TIMING";
    case LogLevel::kWarn: return "WARN";
    case LogLevel::kError: return "ERROR";
    case LogLevel::kNone: return "NUL";
  }
  return "?";
}

}  // namespace

LogLevel log_level() { return static_cast<LogLevel>(current_level().load(std::memory_order_relaxed)); }

void set_log_level(LogLevel level) { current_level().store(static_cast<int>(level), std::memory_order_relaxed); }

LogLevel parse_log_level(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kTiming, LogLevel::kWarn, LogLevel::kError, LogLevel::kNone}) {
    std::string name = level_name(level);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == name || lower == std::to_string(static_cast<int>(level))) return level;
  }
  throw Error(ErrorCode::kInvalidArgument, fmt::format("unknown log level '{}'", text), "use debug, info, timing, warn, error or nul");
}

void log(LogLevel level, std::string_view source, std::string_view text) {
  if (level < log_level()) return;
  logger().info("[{}] {}: {}", level_name(level), source, text);
}

}  // namespace tilewright
