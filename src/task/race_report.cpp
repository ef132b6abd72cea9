#include "tilewright/race_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace tilewright {
namespace {

constexpr size_t kShown = 20;

std::string access_line(const RaceAccess& access, const RaceNames& names) {
  std::string text = access.task.is_valid() ? fmt::format("    {} {}: ", task_name(access.task), kernels_text(access.kernel_ids, names))
                                            : std::string("    the orchestration: ");
  text += access.access;
  if (access.argument >= 0) text += fmt::format(" argument {}, elements {}", access.argument, access.elements);
  if (!access.places.empty()) text += fmt::format(", at {}", fmt::join(access.places, ", "));
  if (!access.submitted.empty()) text += fmt::format("; {} at {}", access.task.is_valid() ? "submitted" : "called", access.submitted);
  return text + "\n";
}

}  // namespace

bool environment_asks_for_races() {
  const char* const text = std::getenv("TW_CHECK_RACES");
  if (text == nullptr || *text == '\0' || std::string_view(text) == "0") return false;
  if (std::string_view(text) == "1") return true;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("TW_CHECK_RACES='{}' is neither 0 nor 1", text), "set it to 1 to look for races");
}

std::string task_name(PTO2TaskId task) { return fmt::format("r{}t{}", task.ring(), task.local()); }

std::string kernels_text(const int32_t (&kernel_ids)[3], const RaceNames& names) {
  std::vector<std::string> kernels;
  for (const int32_t id : kernel_ids) {
    if (id >= 0) kernels.push_back(names.kernel ? names.kernel(id) : fmt::format("func_id {}", id));
  }
  return kernels.empty() ? "-" : fmt::format("{}", fmt::join(kernels, "+"));
}

std::string memory_text(const Race& race, const RaceNames& names) {
  if (race.tensor >= 0) return names.tensor ? names.tensor(race.tensor) : fmt::format("tensor {}", race.tensor);
  return race.creator.is_valid() ? fmt::format("memory of {}", task_name(race.creator)) : "device memory";
}

std::string format_race_report(const RaceReport& report, const RaceNames& names) {
  if (report.clean()) return {};
  const uint64_t all = report.races.size() + report.unlisted;
  std::string text = fmt::format("races: {}\n", all);
  const size_t shown = std::min(kShown, report.races.size());
  for (size_t i = 0; i < shown; ++i) {
    const Race& race = report.races[i];
    const bool tasks = race.first.task.is_valid() && race.second.task.is_valid();
    text += fmt::format("[{}] nothing orders {} access {}, bytes {:#x} to {:#x}", i + 1,
                        tasks ? "two tasks that" : "a task and the orchestration, which both", memory_text(race, names), race.begin,
                        race.end - 1);
    if (race.bytes != race.end - race.begin) text += fmt::format(", {} bytes in all", race.bytes);
    text += "\n" + access_line(race.first, names) + access_line(race.second, names);
  }
  if (all != shown) text += fmt::format("and {} more\n", all - shown);
  return text;
}

}  // namespace tilewright
