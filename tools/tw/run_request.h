// 'tw run' before anything is built or run: what was typed becomes tensors, scalars and settings, checked as a whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/compare.h"
#include "data/host_tensor.h"
#include "data/tensor_spec.h"
#include "task_args.h"
#include "tilewright/call_config.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// The command line, word by word.
struct RunWords {
  std::string callable;  ///< path of a callable.json, an artifact or a program
  std::string platform = "a2a3sim";
  std::string runtime;  ///< empty: the callable's
  bool derive_dependencies = false;
  int32_t device = 0;
  std::vector<std::string> tensors;  ///< --arg NAME=SPEC
  std::vector<std::string> scalars;  ///< --scalar NAME=DTYPE:VALUE
  std::vector<std::string> outputs;  ///< --output NAME=FILE
  std::vector<std::string> goldens;  ///< --golden NAME=FILE
  bool golden_from_interpreter = false;
  std::vector<std::string> settings; ///< --config KEY=VALUE
  std::optional<double> relative_tolerance;
  std::optional<double> absolute_tolerance;
  std::string nan = "never";
  int32_t rounds = 1;
  bool list_dependencies = false;
  bool track_war = false;
  std::string deadline;  ///< empty: the default
  bool check = false;
  bool check_races = false;
  std::string sim_seed;              ///< empty: none
  std::string sim_log;               ///< file for the events of the schedule
  std::optional<int64_t> explore;    ///< so many seeds
  bool debug_kernel = false;
  bool in_process = false;
};

/// What the callable says about its arguments. Both lists may be empty: then the order typed is the order passed, and
/// every tensor is INOUT.
struct CallableArguments {
  std::vector<std::string> names;        ///< tensors and scalars
  std::vector<ArgDirection> directions;  ///< entries other than SCALAR belong to the tensors, in order
};

struct RunTensor {
  std::string name;
  ArgDirection direction;
  HostTensor tensor;
  std::filesystem::path output;  ///< empty: not written
  std::optional<HostTensor> golden;
  CompareOptions comparison;  ///< of golden
  std::vector<double> allowed = {};  ///< as compare() takes it
};

struct RunScalar {
  std::string name;
  ScalarSpec value;
};

struct RunRequest {
  std::vector<RunTensor> tensors;  ///< in the callable's order
  std::vector<RunScalar> scalars;
  CallConfig config;
  RunOptions options;
  int32_t rounds = 1;
  uint64_t explore = 0;  ///< seeds to try, from options.sim_seed on; 0: an ordinary run
};

/// Checks everything that can be checked without a device and reads or generates the tensors. Throws Error with the
/// argument's name: kInvalidArgument, kSignatureMismatch, kLimitExceeded, kUnsupported, and what reading files throws.
RunRequest prepare_run(const RunWords& words, const CallableArguments& callable, RuntimeVariant callable_runtime);

}  // namespace tilewright
