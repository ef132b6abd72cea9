// 'tw run --explore': the same run under many seeds, until one fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "run_request.h"
#include "run_result.h"

namespace tilewright {

/// A seed that broke the program, and how.
struct SeedFailure {
  enum class Kind : uint8_t {
    kError,       ///< the run ended with an error: its own, a crash, a deadlock, the deadline
    kMismatch,    ///< with golden
    kDifference,  ///< from the first seed's result
    kFindings,    ///< of --check or --check-races
  };
  uint64_t seed = 0;
  Kind kind = Kind::kError;
  std::optional<Error> error;
  std::vector<NamedComparison> comparisons;  ///< that failed
  std::optional<RunResult> findings;         ///< one round
  std::string replay;                        ///< the command that shows it again
};

struct Exploration {
  std::string callable;
  std::string platform;
  uint64_t first_seed = 1;
  uint64_t seeds = 0;  ///< that were to be tried
  uint64_t tried = 0;
  uint64_t schedules = 0;  ///< different ones among them
  bool looked_for_races = false;  ///< in the run of the first seed: another schedule has the same
  std::optional<SeedFailure> failure;
};

/// Throws Error if the callable cannot be built or the device fails, which says nothing about the program. Shows its progress on
/// stderr if that is a terminal.
Exploration explore(const RunWords& words);

std::string format_exploration(const Exploration& exploration);
std::string exploration_as_json(const Exploration& exploration);

/// The command line `words` (the program's name first) as one that runs `seed` alone, quoted for a shell; without --check-races unless
/// `looked_for_races`, as looking may change the schedule.
std::string replay_command(const std::vector<std::string>& words, uint64_t seed, bool looked_for_races);

}  // namespace tilewright
