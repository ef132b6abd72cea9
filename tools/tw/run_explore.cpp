#include "run_explore.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/process.h"
#include "run_execute.h"

namespace tilewright {
namespace {

using Json = nlohmann::ordered_json;

/// Says on a terminal how far it is; leaves nothing behind.
class Progress {
 public:
  explicit Progress(uint64_t seeds) : seeds_(seeds), shown_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }
  void show(uint64_t tried, uint64_t seed) const {
    if (shown_) fmt::print(stderr, "\rseed {} ({} of {})\033[K", seed, tried + 1, seeds_);
  }

 private:
  const uint64_t seeds_;
  const bool shown_;
};

/// Whether an error says something about the program, and not about the device or the command line.
bool is_programs(ErrorCode code) {
  return code == ErrorCode::kRunFailed || code == ErrorCode::kKernelCrashed || code == ErrorCode::kDeadlock || code == ErrorCode::kDeadline;
}

/// What was typed to start this program.
std::vector<std::string> own_words() {
  std::vector<std::string> words;
  const std::string all = read_file("/proc/self/cmdline");
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = all.find('\0', begin);
    words.push_back(all.substr(begin, end - begin));
    begin = end == std::string::npos ? all.size() : end + 1;
  }
  return words;
}

const char* kind_name(SeedFailure::Kind kind) {
  switch (kind) {
    case SeedFailure::Kind::kError: return "error";
    case SeedFailure::Kind::kMismatch: return "mismatch";
    case SeedFailure::Kind::kDifference: return "difference";
    case SeedFailure::Kind::kFindings: return "findings";
  }
  return "unknown";
}

/// Runs the session's seed; how it failed, if it did. `first` are the results of the first seed, taken if they are empty.
std::optional<SeedFailure> try_seed(RunSession& session, std::vector<HostTensor>& first, std::set<uint64_t>& schedules) {
  SeedFailure failure;
  failure.seed = session.request.options.sim_seed;
  RunReport report;
  try {
    report = session.run();
  } catch (const Error& error) {
    if (!is_programs(error.code())) throw;
    failure.error = error;
    return failure;
  }
  schedules.insert(report.sim_digest);
  if (!report.check.clean() || !report.races.clean()) {
    failure.kind = SeedFailure::Kind::kFindings;
    failure.findings = session.result;
    failure.findings->looked_for_races = session.request.options.check_races;
    failure.findings->rounds.push_back({std::move(report), {}});
    return failure;
  }
  const std::vector<RunTensor>& tensors = session.request.tensors;
  std::vector<NamedComparison> comparisons = compare_all(session.request);
  failure.kind = SeedFailure::Kind::kMismatch;
  if (comparisons.empty()) {
    failure.kind = SeedFailure::Kind::kDifference;
    const bool is_first = first.empty();
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (is_first) first.push_back(tensors[i].tensor.clone());
      if (tensors[i].direction != ArgDirection::IN)
        comparisons.push_back({tensors[i].name, compare(tensors[i].tensor, first[i], tensors[i].comparison)});
    }
  }
  for (NamedComparison& comparison : comparisons) {
    if (!comparison.report.passed()) failure.comparisons.push_back(std::move(comparison));
  }
  if (failure.comparisons.empty()) return std::nullopt;
  return failure;
}

}  // namespace

std::string replay_command(const std::vector<std::string>& words, uint64_t seed, bool looked_for_races) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    if (words[i] == "--json" || (words[i] == "--check-races" && !looked_for_races)) continue;
    if (i != 0 && (name == "--explore" || name == "--sim-seed")) {
      if (name == words[i]) ++i;  // its value is a word of its own
      continue;
    }
    text += shell_quoted(words[i]) + " ";
  }
  return text + fmt::format("--sim-seed {}", seed);
}

Exploration explore(const RunWords& words) {
  RunSession session(words);
  Exploration exploration{.callable = session.result.callable,
                          .platform = session.result.platform,
                          .first_seed = session.request.options.sim_seed,
                          .seeds = session.request.explore,
                          .looked_for_races = words.check_races,
                          .failure = {}};
  const Progress progress(exploration.seeds);
  std::vector<HostTensor> first;
  std::set<uint64_t> schedules;
  for (; exploration.tried < exploration.seeds && !exploration.failure; ++exploration.tried) {
    session.request.options.sim_seed = exploration.first_seed + exploration.tried;
    progress.show(exploration.tried, session.request.options.sim_seed);
    exploration.failure = try_seed(session, first, schedules);
    if (!exploration.failure) session.request.options.check_races = false;
  }
  exploration.schedules = schedules.size();
  if (exploration.failure) {
    exploration.failure->replay = replay_command(own_words(), exploration.failure->seed, session.request.options.check_races);
  }
  return exploration;
}

std::string format_exploration(const Exploration& exploration) {
  if (!exploration.failure) {
    return fmt::format("explored  {} seeds from {} on, {} different schedules: none fails\n", exploration.tried, exploration.first_seed,
                       exploration.schedules) +
           (exploration.looked_for_races
                ? "races: none under the first seed, nor under another where tasks and kernels take the same ways\n"
                : "");
  }
  const SeedFailure& failure = *exploration.failure;
  std::string text =
      fmt::format("seed {} fails, the first of {} tried from {} on: ", failure.seed, exploration.tried, exploration.first_seed);
  if (failure.error) text += fmt::format("{}\n", failure.error->what());
  if (failure.kind == SeedFailure::Kind::kMismatch) text += "what it leaves does not match golden\n";
  if (failure.kind == SeedFailure::Kind::kDifference) {
    text += fmt::format("it leaves something else than seed {}, which is called golden here\n", exploration.first_seed);
  }
  if (failure.findings) text += "see below\n" + findings_text(*failure.findings);
  for (const NamedComparison& comparison : failure.comparisons) text += format_report(comparison.report, comparison.name);
  return text + fmt::format("replay: {}\n", failure.replay);
}

std::string exploration_as_json(const Exploration& exploration) {
  Json json = {{"callable", exploration.callable},   {"platform", exploration.platform},
               {"passed", !exploration.failure},     {"first_seed", exploration.first_seed},
               {"seeds", exploration.seeds},         {"tried", exploration.tried},
               {"schedules", exploration.schedules}, {"failure", nullptr}};
  if (exploration.looked_for_races) json["looked_for_races"] = true;
  if (exploration.failure) {
    const SeedFailure& failure = *exploration.failure;
    Json error;
    if (failure.error) {
      error = {{"code", static_cast<int>(failure.error->code())},
               {"name", error_name(failure.error->code())},
               {"message", failure.error->message()},
               {"hint", failure.error->hint()},
               {"status", failure.error->status()}};
    }
    Json comparisons = Json::array();
    for (const NamedComparison& comparison : failure.comparisons) {
      comparisons.push_back(Json::parse(report_as_json(comparison.report, comparison.name)));
    }
    json["failure"] = {{"seed", failure.seed},
                       {"kind", kind_name(failure.kind)},
                       {"error", error},
                       {"comparisons", comparisons},
                       {"replay", failure.replay}};
    if (failure.findings) {
      const Json findings = Json::parse(result_as_json(*failure.findings));
      for (const char* key : {"check", "races"}) {
        if (findings.contains(key)) json["failure"][key] = findings[key];
      }
    }
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tilewright
