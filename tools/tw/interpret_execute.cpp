#include "interpret_execute.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "data/npy.h"
#include "platform/device.h"
#include "program.h"
#include "run_execute.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

ArgDirection direction_named(const std::string& name) {
  if (name == "OUT") return ArgDirection::OUT;
  if (name == "INOUT") return ArgDirection::INOUT;
  return name == "SCALAR" ? ArgDirection::SCALAR : ArgDirection::IN;
}

std::string file_of(const fs::path& directory, size_t tensor) { return (directory / fmt::format("{}.npy", tensor)).string(); }

/// The request of tools/tw-compile/interpret.h; the tensors are written into `directory`.
nlohmann::json request_of(const RunRequest& request, const std::string& platform, uint64_t max_while_turns, const fs::path& directory) {
  nlohmann::json arguments = nlohmann::json::array();
  for (size_t i = 0; i < request.tensors.size(); ++i) {
    const HostTensor& tensor = request.tensors[i].tensor;
    write_npy(file_of(directory, i), tensor);
    arguments.push_back({{"tensor", file_of(directory, i)}, {"dtype", short_dtype_name(tensor.dtype())}});
  }
  for (const RunScalar& scalar : request.scalars) {
    arguments.push_back({{"dtype", short_dtype_name(scalar.value.dtype)}, {"bits", scalar.value.bits}});
  }
  const int64_t clusters = find_platform(platform).aic_cores;
  return {
      {"arguments", std::move(arguments)}, {"max_while_turns", max_while_turns}, {"cluster_count", clusters}, {"aiv_count", 2 * clusters}};
}

InterpretedTensor describe_tensor(const RunTensor& argument, const std::vector<uint8_t>& undefined) {
  InterpretedTensor tensor{argument.name, argument.tensor.description(), 0, {}};
  tensor.undefined = static_cast<uint64_t>(std::count(undefined.begin(), undefined.end(), 1));
  if (tensor.undefined == 0) return tensor;
  const auto first = std::find(undefined.begin(), undefined.end(), 1);
  tensor.first_undefined = unflatten(static_cast<uint64_t>(first - undefined.begin()), argument.tensor.shape());
  return tensor;
}

}  // namespace

bool InterpretResult::passed() const {
  return std::all_of(comparisons.begin(), comparisons.end(), [](const NamedComparison& each) { return each.report.passed(); });
}

Interpretation interpret_request(const std::string& text, const std::string& name, const RunRequest& request, const std::string& platform,
                                 uint64_t max_while_turns) {
  const TemporaryDirectory directory;
  const fs::path request_file = directory.path() / "request.json";
  write_file_atomically(request_file, request_of(request, platform, max_while_turns, directory.path()).dump());
  const nlohmann::json answer = ask_compiler(text, name, {"--interpret", request_file.string()});
  Interpretation interpretation{{}, answer.at("unstable").get<std::string>()};
  for (size_t i = 0; i < request.tensors.size(); ++i) {
    const std::string file = file_of(directory.path(), i);
    const std::string bounds = read_file(file + ".bounds"), undefined = read_file(file + ".undefined");
    interpretation.tensors.push_back({read_npy(file, request.tensors[i].tensor.dtype()), {undefined.begin(), undefined.end()}, {}});
    std::vector<double>& numbers = interpretation.tensors.back().bounds;
    numbers.resize(bounds.size() / sizeof(double));
    std::memcpy(numbers.data(), bounds.data(), numbers.size() * sizeof(double));
  }
  return interpretation;
}

InterpretResult interpret_program(const InterpretWords& words) {
  Store store;
  const fs::path path = words.run.callable;
  const std::string text = program_text(path, store), name = path.filename().string();
  const nlohmann::json signature = ask_compiler(text, name, {"--signature"});
  CallableArguments callable;
  for (const nlohmann::json& argument : signature.at("arguments")) {
    callable.names.push_back(argument.at("name").get<std::string>());
    callable.directions.push_back(direction_named(argument.at("direction").get<std::string>()));
  }
  RunRequest request = prepare_run(words.run, callable, RuntimeVariant::kTensormapAndRingbuffer);
  Interpretation interpretation = interpret_request(text, name, request, words.run.platform, words.max_while_turns);

  InterpretResult result{words.run.callable, signature.at("name").get<std::string>(), std::move(interpretation.unstable), {}, {}, {}};
  for (size_t i = 0; i < request.tensors.size(); ++i) {
    RunTensor& argument = request.tensors[i];
    InterpretedElements& elements = interpretation.tensors[i];
    argument.tensor = std::move(elements.values);
    if (argument.direction != ArgDirection::IN) result.tensors.push_back(describe_tensor(argument, elements.undefined));
    // Golden is what a user expects, not what a device computes: only what is undefined may be anything.
    for (const uint8_t undefined : elements.undefined)
      argument.allowed.push_back(undefined != 0 ? std::numeric_limits<double>::infinity() : 0);
  }
  result.comparisons = compare_all(request);
  result.outputs = write_outputs(request);
  return result;
}

std::string format_result(const InterpretResult& result) {
  std::string text = fmt::format("program   {}, orchestration {}, interpreted\n", result.program, result.orchestration);
  for (const InterpretedTensor& tensor : result.tensors) {
    text += fmt::format("{}: {}", tensor.name, tensor.description);
    text += tensor.undefined == 0
                ? ", all elements are set\n"
                : fmt::format(", {} elements are undefined, the first at [{}]\n", tensor.undefined, fmt::join(tensor.first_undefined, ","));
  }
  if (!result.unstable.empty()) {
    text += fmt::format("{} decides by a number that lies within its rounding errors of the other answer: a device may go the other way\n",
                        result.unstable);
  }
  for (const NamedComparison& comparison : result.comparisons) text += format_report(comparison.report, comparison.name);
  for (const WrittenOutput& output : result.outputs) {
    text += fmt::format("{}: {} written to {}\n", output.name, output.description, output.file);
  }
  return text;
}

std::string result_as_json(const InterpretResult& result) {
  Json tensors = Json::array(), comparisons = Json::array(), outputs = Json::array();
  for (const InterpretedTensor& tensor : result.tensors) {
    tensors.push_back({{"name", tensor.name},
                       {"tensor", tensor.description},
                       {"undefined", tensor.undefined},
                       {"first_undefined", tensor.undefined == 0 ? Json() : Json(tensor.first_undefined)}});
  }
  for (const NamedComparison& comparison : result.comparisons) {
    comparisons.push_back(Json::parse(report_as_json(comparison.report, comparison.name)));
  }
  for (const WrittenOutput& output : result.outputs) {
    outputs.push_back({{"name", output.name}, {"tensor", output.description}, {"file", output.file}});
  }
  const Json json = {{"program", result.program}, {"orchestration", result.orchestration},
                     {"passed", result.passed()}, {"unstable", result.unstable.empty() ? Json() : Json(result.unstable)},
                     {"tensors", tensors},        {"comparisons", comparisons},
                     {"outputs", outputs}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tilewright
