#include "platform/crash_report.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>

#include <charconv>
#include <cstdlib>
#include <memory>

#include "tilewright/run_options.h"

namespace tilewright {
namespace {

/// Splits off the part of `text` before `separator`.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

uint64_t take_hex(std::string_view& text) {
  const std::string_view part = take(text, '\t');
  uint64_t value = 0;
  std::from_chars(part.data(), part.data() + part.size(), value, 16);
  return value;
}

std::string demangle(std::string_view symbol) {
  const std::string mangled(symbol);
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text != nullptr ? text.get() : mangled;
}

/// "/memfd:add.so (deleted)" is how the kernel shows code that was loaded from memory.
std::string module_name(std::string_view path) {
  constexpr std::string_view kMemory = "/memfd:";
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.starts_with(kMemory)) path.remove_prefix(kMemory.size());
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return std::string(path);
}

const char* signal_meaning(int signal) {
  switch (signal) {
    case SIGSEGV: return "invalid memory access";
    case SIGBUS: return "access beyond the end of a memory object";
    case SIGFPE: return "arithmetic fault, such as an integer division by zero";
    case SIGILL: return "illegal instruction";
    case SIGABRT: return "abort, such as a failed assertion or an uncaught exception";
    case SIGPROF: return "CPU time used up";
    case SIGKILL: return "killed, often because the machine ran out of memory";
    default: return ::strsignal(signal);
  }
}

}  // namespace

Deadline Deadline::of(uint64_t deadline_ms) {
  if (deadline_ms == kNoDeadline) return {};
  return deadline_ms == 0 ? Deadline{kDefaultDeadlineMs, true} : Deadline{deadline_ms, false};
}

CrashReport parse_crash_report(std::string_view text) {
  CrashReport report;
  std::vector<CrashReport::Frame>* frames = &report.frames;
  while (!text.empty()) {
    if (text.find('\n') == std::string_view::npos) break;  // the process died while it wrote this line
    std::string_view line = take(text, '\n');
    const std::string_view field = take(line, '\t');
    if (field == "signal") {
      report.signal = static_cast<int>(take_hex(line));
    } else if (field == "sender") {
      report.sender = static_cast<int>(take_hex(line));
    } else if (field == "address") {
      report.address = take_hex(line);
    } else if (field == "kernel") {
      report.kernel = std::string(line);
    } else if (field == "core") {
      report.core = std::string(line);
    } else if (field == "running") {
      CrashReport::Running running;
      running.core = std::string(take(line, '\t'));
      running.kernel = std::string(line);
      report.running.push_back(std::move(running));
      frames = &report.running.back().frames;
    } else if (field == "stack") {
      frames = &report.frames;
    } else if (field == "waits") {
      report.wait_status = static_cast<int32_t>(take_hex(line));
      report.waits_for = std::string(line);
    } else if (field == "frame") {
      CrashReport::Frame frame;
      frame.symbol_offset = take_hex(line);
      frame.module_offset = take_hex(line);
      const std::string_view symbol = take(line, '\t');
      if (!symbol.empty()) frame.symbol = demangle(symbol);
      frame.module = module_name(line);
      frames->push_back(std::move(frame));
    }
  }
  return report;
}

std::string describe_signal(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return fmt::format("{} ({})", name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal), signal_meaning(signal));
}

std::string describe_signal(const CrashReport& report) {
  if (report.sender != 0) {
    const char* const name = ::sigabbrev_np(report.signal);
    return fmt::format("SIG{}, sent by process {}", name != nullptr ? name : "?", report.sender);
  }
  const std::string text = describe_signal(report.signal);
  const bool has_address = report.signal == SIGSEGV || report.signal == SIGBUS;
  return has_address ? fmt::format("{} at address {:#x}", text, report.address) : text;
}

std::string describe_frames(const std::vector<CrashReport::Frame>& frames) {
  std::string text;
  for (size_t i = 0; i < frames.size(); ++i) {
    const CrashReport::Frame& frame = frames[i];
    text += fmt::format("{}  #{} ", i == 0 ? "" : "\n", i);
    text += frame.symbol.empty() ? "?" : fmt::format("{}+{:#x}", frame.symbol, frame.symbol_offset);
    if (!frame.module.empty()) text += fmt::format(" ({}+{:#x})", frame.module, frame.module_offset);
  }
  return text;
}

}  // namespace tilewright
