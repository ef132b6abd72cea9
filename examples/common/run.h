// What the examples' programs do with a Problem: build the callable from its sources, run it on a worker, report.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/example.h"
#include "tilewright/run_options.h"
#include "tilewright/worker.h"

namespace CLI {
class App;
}

namespace tilewright::examples {

struct ProgramOptions {
  std::string name = {};  ///< directory under examples/
  std::string platform = "a2a3sim";
  std::string runtime = {};  ///< empty: what callable.json says
  uint64_t seed = 1;
  bool json = false;
};

/// Adds --platform, --runtime, --seed and --json.
void add_program_options(CLI::App& app, ProgramOptions& options);

/// The problem's tensors and scalars as a worker takes them; the tensors stay the problem's.
TaskArguments task_arguments(const Problem& problem);

/// What a program tells about its run.
struct Outcome {
  RunReport report;
  std::string runtime;
  int32_t aic_cores = 0;  ///< of the platform
  double build_seconds = 0;
  size_t sources = 0;
  size_t cached_sources = 0;  ///< of them, taken from the object store
  std::vector<Comparison> comparisons;  ///< one for each output of the problem
  bool within = false;                  ///< all of them
};

/// Builds examples/<name>/callable.json, runs it once on a fresh worker, compares. Throws Error.
Outcome run_problem(const ProgramOptions& options, const Problem& problem);

/// Prints the outcome as a table, or as one JSON object; `about` is one line on what was computed.
void print_outcome(const ProgramOptions& options, const Problem& problem, const Outcome& outcome, const std::string& about);

/// Calls `body` and returns the exit code: 0 if it returns true, 1 if false, that of the Error it throws after printing it.
int run_reporting_errors(const std::function<bool()>& body);

/// A whole program: options, run, print. `make_problem` gets the seed.
int example_main(int argc, char** argv, const std::string& name, const std::string& about, Problem (*make_problem)(uint64_t seed));

}  // namespace tilewright::examples
