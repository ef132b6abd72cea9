#include "run_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "data/npy.h"
#include "run_settings.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

struct NamedText {
  std::string name;
  std::string text;
};

/// "NAME=TEXT" for each word of one option; names are unique within `taken`.
std::vector<NamedText> split_names(const char* option, const std::vector<std::string>& words, std::set<std::string>& taken) {
  std::vector<NamedText> split;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} '{}' has no name; write {} NAME=...", option, word, option));
    }
    split.push_back({word.substr(0, equals), word.substr(equals + 1)});
    if (!taken.insert(split.back().name).second) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}: the name is used twice", option, split.back().name));
    }
  }
  return split;
}

/// The place of each name in the callable's list, or the order typed if it has none.
std::map<std::string, size_t> places_of(const CallableArguments& callable, const std::vector<NamedText>& tensors,
                                        const std::vector<NamedText>& scalars) {
  std::map<std::string, size_t> places;
  if (callable.names.empty()) {
    for (const std::vector<NamedText>* list : {&tensors, &scalars}) {
      for (const NamedText& given : *list) places.emplace(given.name, places.size());
    }
    return places;
  }
  const std::string names = fmt::format("the callable's arguments are {}", fmt::join(callable.names, ", "));
  for (const std::string& name : callable.names) places.emplace(name, places.size());
  std::set<std::string> missing(callable.names.begin(), callable.names.end());
  for (const std::vector<NamedText>* list : {&tensors, &scalars}) {
    for (const NamedText& given : *list) {
      if (!places.contains(given.name)) {
        throw Error(ErrorCode::kSignatureMismatch, fmt::format("the callable has no argument '{}'", given.name), names);
      }
      missing.erase(given.name);
    }
  }
  if (!missing.empty()) {
    throw Error(ErrorCode::kSignatureMismatch, fmt::format("no value for {}", fmt::join(missing, ", ")),
                names + "; give tensors with --arg NAME=SPEC and numbers with --scalar NAME=DTYPE:VALUE");
  }
  return places;
}

/// The directions of `count` tensors.
std::vector<ArgDirection> tensor_directions(const CallableArguments& callable, const std::vector<NamedText>& tensors) {
  if (callable.directions.empty()) return std::vector<ArgDirection>(tensors.size(), ArgDirection::INOUT);
  std::vector<ArgDirection> directions;
  std::copy_if(callable.directions.begin(), callable.directions.end(), std::back_inserter(directions),
               [](ArgDirection direction) { return direction != ArgDirection::SCALAR; });
  if (tensors.size() > directions.size()) {
    const size_t first = directions.size();
    throw Error(ErrorCode::kSignatureMismatch, fmt::format("the callable's signature has {} tensors; '{}' (argument {}) is one too many",
                                                           first, tensors[first].name, first));
  }
  if (tensors.size() < directions.size()) {
    throw Error(ErrorCode::kSignatureMismatch,
                fmt::format("the callable's signature has {} tensors, but {} are given", directions.size(), tensors.size()),
                "give each with --arg NAME=SPEC");
  }
  return directions;
}

RunTensor& find_tensor(std::vector<RunTensor>& tensors, const char* option, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const RunTensor& tensor) { return tensor.name == name; });
  if (found == tensors.end()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}: no tensor has that name", option, name));
  }
  if (found->direction == ArgDirection::IN) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}: the callable only reads it", option, name),
                "its signature must say OUT or INOUT");
  }
  return *found;
}

HostTensor make_argument(const NamedText& given) {
  try {
    HostTensor tensor = make_tensor(parse_tensor_spec(given.text));
    if (tensor.shape().empty() || tensor.element_count() == 0) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} cannot be passed to a callable", tensor.description()),
                  "a tensor argument has 1 to 5 dimensions, none of them 0; pass single numbers with --scalar");
    }
    return tensor;
  } catch (const Error& error) {
    throw error.with_context(fmt::format("--arg {}", given.name));
  }
}

void add_outputs(const std::vector<std::string>& words, RunRequest& request) {
  std::set<std::string> names;
  std::set<fs::path> files;
  for (const NamedText& output : split_names("--output", words, names)) {
    RunTensor& tensor = find_tensor(request.tensors, "--output", output.name);
    tensor.output = output.text;
    if (output.text.empty()) throw Error(ErrorCode::kInvalidArgument, fmt::format("--output {}: no file name", output.name));
    // Found now rather than after a long run.
    const fs::path file = fs::absolute(tensor.output).lexically_normal();
    if (!fs::is_directory(file.parent_path())) {
      throw Error(ErrorCode::kFileNotFound, fmt::format("--output {}: there is no directory {}", output.name, file.parent_path().string()));
    }
    if (fs::is_directory(file)) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("--output {}: {} is a directory", output.name, file.string()));
    }
    if (!files.insert(file).second) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("--output {}: {} is the file of another output", output.name, file.string()));
    }
  }
}

void set_tolerance(const RunWords& words, RunTensor& tensor) {
  tensor.comparison.tolerance = default_tolerance(tensor.tensor.dtype());
  if (words.relative_tolerance) tensor.comparison.tolerance.relative = *words.relative_tolerance;
  if (words.absolute_tolerance) tensor.comparison.tolerance.absolute = *words.absolute_tolerance;
  check_tolerance(tensor.comparison.tolerance);
}

/// Without golden, what a seed leaves in a tensor is compared with what the first one did: NaN in both is no difference.
void compare_between_seeds(const RunWords& words, RunRequest& request) {
  for (RunTensor& tensor : request.tensors) {
    set_tolerance(words, tensor);
    tensor.comparison.nan = words.nan == "never" ? NanRule::kEqual : parse_nan_rule(words.nan);
  }
}

/// The interpreter, which is asked later, says of each element how far it may be: no tolerance beyond that.
void compare_with_interpreter(const RunWords& words, RunRequest& request) {
  if (!words.goldens.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "--golden and --golden-from-interpreter do not go together", "use one of them");
  }
  for (RunTensor& tensor : request.tensors) {
    tensor.comparison.tolerance = {words.relative_tolerance.value_or(0), words.absolute_tolerance.value_or(0)};
    tensor.comparison.nan = words.nan == "never" ? NanRule::kEqual : parse_nan_rule(words.nan);
    check_tolerance(tensor.comparison.tolerance);
  }
}

void add_goldens(const RunWords& words, RunRequest& request) {
  std::set<std::string> names;
  for (const NamedText& golden : split_names("--golden", words.goldens, names)) {
    RunTensor& tensor = find_tensor(request.tensors, "--golden", golden.name);
    try {
      tensor.golden = read_npy(golden.text, tensor.tensor.dtype());
    } catch (const Error& error) {
      throw error.with_context(fmt::format("--golden {}", golden.name));
    }
    if (tensor.golden->shape() != tensor.tensor.shape()) {
      throw Error(ErrorCode::kSignatureMismatch, fmt::format("--golden {}: {} holds {}, but the argument is {}", golden.name, golden.text,
                                                             tensor.golden->description(), tensor.tensor.description()));
    }
    tensor.comparison.nan = parse_nan_rule(words.nan);
    set_tolerance(words, tensor);
  }
  if (words.golden_from_interpreter) return compare_with_interpreter(words, request);
  const bool tuned = words.relative_tolerance || words.absolute_tolerance || words.nan != "never";
  if (names.empty() && request.explore != 0) return compare_between_seeds(words, request);
  if (names.empty() && tuned) {
    throw Error(ErrorCode::kInvalidArgument, "--rtol, --atol and --nan compare with golden, but there is no --golden",
                "add --golden NAME=FILE.npy");
  }
}

void add_seed(const RunWords& words, RunRequest& request) {
  if (!words.sim_seed.empty()) request.options.sim_seed = parse_sim_seed("--sim-seed", words.sim_seed);
  request.options.sim_log = words.sim_log;
  if (!words.explore) return;
  if (*words.explore < 1) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("--explore {} makes no sense; try at least 1 seed", *words.explore));
  }
  for (const auto& [name, given] : {std::pair{"--rounds", words.rounds != 1},
                                    {"--output", !words.outputs.empty()},
                                    {"--sim-log", !words.sim_log.empty()},
                                    {"--deps", words.list_dependencies}}) {
    if (!given) continue;
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} and --explore do not go together", name),
                "explore first, then run the seed that it reports: --sim-seed N");
  }
  request.explore = static_cast<uint64_t>(*words.explore);
  if (request.options.sim_seed == 0) request.options.sim_seed = sim_seed_from_environment();
  if (request.options.sim_seed == 0) request.options.sim_seed = 1;
  if (request.options.sim_seed - 1 > UINT64_MAX - request.explore) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("--explore {}: there are not so many seeds from {} on", request.explore, request.options.sim_seed));
  }
}

}  // namespace

RunRequest prepare_run(const RunWords& words, const CallableArguments& callable, RuntimeVariant callable_runtime) {
  RunRequest request;
  if (words.rounds < 1) throw Error(ErrorCode::kInvalidArgument, fmt::format("--rounds {} makes no sense; use at least 1", words.rounds));
  if (words.device < 0) throw Error(ErrorCode::kInvalidArgument, fmt::format("--device {}: devices are counted from 0", words.device));
  request.rounds = words.rounds;
  request.options.runtime = words.runtime.empty() ? callable_runtime : parse_runtime(words.runtime);
  request.options.record_dependencies = words.list_dependencies;
  request.options.track_war = words.track_war;
  if (!words.deadline.empty()) request.options.deadline_ms = parse_deadline(words.deadline);
  request.options.check = words.check;
  request.options.check_races = words.check_races;
  add_seed(words, request);
  apply_settings(words.settings, request.config, request.options);

  std::set<std::string> names;
  std::vector<NamedText> tensors = split_names("--arg", words.tensors, names);
  std::vector<NamedText> scalars = split_names("--scalar", words.scalars, names);
  if (tensors.size() > CHIP_MAX_TENSOR_ARGS || scalars.size() > CHIP_MAX_SCALAR_ARGS) {
    throw Error(ErrorCode::kLimitExceeded, fmt::format("{} tensors and {} scalars; a callable takes at most {} and {}", tensors.size(),
                                                       scalars.size(), CHIP_MAX_TENSOR_ARGS, CHIP_MAX_SCALAR_ARGS));
  }
  const std::map<std::string, size_t> places = places_of(callable, tensors, scalars);
  const auto in_order = [&](const NamedText& a, const NamedText& b) { return places.at(a.name) < places.at(b.name); };
  std::sort(tensors.begin(), tensors.end(), in_order);
  std::sort(scalars.begin(), scalars.end(), in_order);

  const std::vector<ArgDirection> directions = tensor_directions(callable, tensors);
  for (const NamedText& given : scalars) {
    try {
      request.scalars.push_back({given.name, parse_scalar_spec(given.text)});
    } catch (const Error& error) {
      throw error.with_context(fmt::format("--scalar {}", given.name));
    }
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    request.tensors.push_back({tensors[i].name, directions[i], make_argument(tensors[i]), {}, std::nullopt, {}, {}});
  }
  add_outputs(words.outputs, request);
  add_goldens(words, request);
  return request;
}

}  // namespace tilewright
