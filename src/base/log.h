// Logging for host code. Levels are those of the orchestration API (spec/l2-runtime.md, 1.7).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace tilewright {

/// Numbers as in the programming model: DEBUG 10, INFO 20, TIMING 25 (default), WARN 30, ERROR 40, NUL 60.
enum class LogLevel : int { kDebug = 10, kInfo = 20, kTiming = 25, kWarn = 30, kError = 40, kNone = 60 };

/// The level in force: set_log_level, else PTO_LOG_LEVEL, else kTiming.
LogLevel log_level();
void set_log_level(LogLevel level);

/// "debug", "info", "timing", "warn", "error", "nul" in any case, or the number. Throws Error(kInvalidArgument).
LogLevel parse_log_level(std::string_view text);

/// Writes one line to stderr if `level` is in force. `source` is a function or component name. Thread safe.
void log(LogLevel level, std::string_view source, std::string_view text);

template <typename... A>
void log(LogLevel level, std::string_view source, fmt::format_string<A...> format, A&&... arguments) {
  if (level >= log_level()) log(level, source, std::string_view(fmt::format(format, std::forward<A>(arguments)...)));
}

}  // namespace tilewright
