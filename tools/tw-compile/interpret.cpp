#include "interpret.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "compiler/emit/emit_orchestration.h"
#include "compiler/interpret/interpreter.h"
#include "compiler/ir/tw_dialect.h"
#include "compiler/source_program.h"
#include "data/npy.h"

namespace tilewright {
namespace {

using nlohmann::json;

tw::OrchestrationOp only_orchestration(SourceProgram& program) {
  const auto all = llvm::to_vector(program.module().getOps<tw::OrchestrationOp>());
  if (all.size() == 1) return all.front();
  throw Error(ErrorCode::kInvalidArgument, all.empty() ? "the program has no tw.orchestration, so there is nothing to run"
                                                       : "the program has several orchestrations; a callable has one");
}

const char* direction_text(ArgDirection direction) {
  switch (direction) {
    case ArgDirection::OUT: return "OUT";
    case ArgDirection::INOUT: return "INOUT";
    case ArgDirection::SCALAR: return "SCALAR";
    default: return "IN";
  }
}

}  // namespace

json signature_of_program(const std::string& text, const std::string& name) {
  SourceProgram program(text, name);
  tw::OrchestrationOp orchestration = only_orchestration(program);
  const emit::OrchestrationSignature signature = emit::signature_of(orchestration);
  json arguments = json::array();
  for (size_t i = 0; i < signature.arguments.size(); ++i) {
    arguments.push_back({{"name", signature.arguments[i]}, {"direction", direction_text(signature.directions[i])}});
  }
  return {{"name", orchestration.getName().str()}, {"arguments", std::move(arguments)}};
}

json interpret_program(const std::string& text, const std::string& name, const json& request) {
  SourceProgram program(text, name);
  only_orchestration(program);
  std::vector<interpret::Argument> arguments;
  for (const json& argument : request.at("arguments")) {
    const DataType dtype = parse_dtype(argument.at("dtype").get<std::string>());
    if (argument.contains("tensor")) {
      arguments.emplace_back(read_npy(argument.at("tensor").get<std::string>(), dtype));
    } else {
      arguments.emplace_back(ScalarSpec{dtype, argument.at("bits").get<uint64_t>()});
    }
  }
  interpret::Options options;
  options.max_while_turns = request.at("max_while_turns").get<uint64_t>();
  options.cluster_count = request.at("cluster_count").get<int64_t>();
  options.aiv_count = request.at("aiv_count").get<int64_t>();
  const interpret::Outcome outcome = interpret::interpret(program.module(), "", arguments, options);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const HostTensor* const tensor = std::get_if<HostTensor>(&arguments[i]);
    if (tensor == nullptr) continue;
    const std::string file = request.at("arguments")[i].at("tensor").get<std::string>();
    const std::vector<double>& bounds = outcome.tensors[i].error;
    const std::vector<uint8_t>& undefined = outcome.tensors[i].undefined;
    write_npy(file, *tensor);
    write_file_atomically(file + ".bounds", {reinterpret_cast<const char*>(bounds.data()), bounds.size() * sizeof(double)});
    write_file_atomically(file + ".undefined", {reinterpret_cast<const char*>(undefined.data()), undefined.size()});
  }
  return {{"unstable", outcome.unstable}};
}

}  // namespace tilewright
