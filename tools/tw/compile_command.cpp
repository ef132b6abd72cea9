// tw compile and tw rebuild.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "command.h"
#include "platform/device.h"
#include "program.h"
#include "toolchain/toolchain.h"
#include "worker/build_target.h"

namespace tilewright {
namespace {

constexpr const char* kCompileFooter =
    "A program is a .mlir, a C++ source in the language of tilewright/language.h, or an executable built from one. The artifact holds\n"
    "callable.json, orchestration/ and kernels/ as C++, program.mlir, memory_map.txt and manifest.json, and dependencies.json with\n"
    "--derive-dependencies. It is written beside DIR and renamed when it is complete; an artifact of that name is replaced.\n"
    "\n"
    "Example:\n"
    "  tw compile softmax.cpp -o softmax.tw --platform a2a3sim\n"
    "  tw run softmax.tw --arg x=f32[256,512]=randn:7 --arg y=f32[256,512] --output y=y.npy";

constexpr const char* kRebuildFooter =
    "Compiles the sources of the artifact as they are now and makes its manifest say so. If one of them does not compile, nothing "
    "changes.\n"
    "\n"
    "Example:\n"
    "  tw rebuild softmax.tw";

struct CompileWords {
  std::string program, directory;
  std::string platform = "a2a3sim";
  std::string runtime = "tensormap_and_ringbuffer";
  bool derive_dependencies = false;
};

std::string milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return fmt::format("{:.1f}", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
}

void compile(const CompileWords& words, bool json) {
  const RuntimeVariant runtime = parse_runtime(words.runtime);
  find_platform(words.platform);
  Store store;
  const auto begin = std::chrono::steady_clock::now();
  const CompiledProgram program = compile_file(words.program, {words.platform, runtime, words.derive_dependencies}, store);
  write_artifact(words.directory, program.content);
  const std::string elapsed = milliseconds_since(begin);
  if (json) {
    nlohmann::json files = nlohmann::json::array();
    for (const auto& [name, text] : program.content.files) files.push_back(name);
    nlohmann::json phases = nlohmann::json::object();
    for (const CompilePhase& phase : program.phases) phases[phase.name] = phase.milliseconds;
    fmt::print("{}\n", nlohmann::json{{"artifact", words.directory},
                                      {"platform", program.content.platform},
                                      {"runtime", words.runtime},
                                      {"from_store", program.cached},
                                      {"milliseconds", phases},
                                      {"files", files}}
                           .dump(2));
    return;
  }
  fmt::print("{}: compiled for {} in {} ms{}\n", words.directory, program.content.platform, elapsed,
             program.cached ? " (from the store)" : "");
}

void rebuild(const std::string& directory, bool json) {
  const Artifact artifact = load_altered_artifact(directory);
  const std::vector<std::string> differences = artifact_differences(directory);
  // Taken before the build, so that what is edited meanwhile counts as altered.
  const std::map<std::string, std::string> files = artifact_files(directory);
  Store store;
  build_callable(artifact.spec, build_options_for(artifact.platform + "sim"), store);
  renew_manifest(directory, files);
  if (json) {
    fmt::print("{}\n", nlohmann::json{{"artifact", directory}, {"changes", differences}}.dump(2));
    return;
  }
  for (const std::string& difference : differences) fmt::print("{}\n", difference);
  fmt::print("{}: {}\n", directory, differences.empty() ? "nothing had changed" : "the manifest says so now");
}

}  // namespace

CLI::App* add_compile_command(CLI::App& parent, int&, bool& json) {
  CLI::App* command = parent.add_subcommand("compile", "Compile a tile program into an artifact");
  const auto words = std::make_shared<CompileWords>();
  command->add_option("program", words->program, "The program")->required()->type_name("PROGRAM");
  command->add_option("-o,--output", words->directory, "Directory of the artifact")->required()->type_name("DIR");
  command->add_option("--platform", words->platform, "What to compile for; 'tw platforms' lists them; default a2a3sim")->type_name("NAME");
  command
      ->add_option("--runtime", words->runtime,
                   "tensormap_and_ringbuffer (default), host_build_graph or aicpu_build_graph; the artifact names it")
      ->type_name("NAME");
  command->add_flag("--derive-dependencies", words->derive_dependencies,
                    "Let tasks name those that they have to wait for, by what the compiler knows of their tensors; the artifact gets a "
                    "dependencies.json");
  add_json_flag(*command, json);
  command->footer(kCompileFooter);
  command->callback([words, &json] { compile(*words, json); });
  return command;
}

CLI::App* add_rebuild_command(CLI::App& parent, int&, bool& json) {
  CLI::App* command = parent.add_subcommand("rebuild", "Take the sources of an artifact as they were edited");
  const auto directory = std::make_shared<std::string>();
  command->add_option("artifact", *directory, "Directory of the artifact")->required()->type_name("DIR");
  add_json_flag(*command, json);
  command->footer(kRebuildFooter);
  command->callback([directory, &json] { rebuild(*directory, json); });
  return command;
}

}  // namespace tilewright
