// What 'tw run' and 'tw compile' are given: a callable.json, an artifact, or a program that has to be compiled.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "tilewright/run_options.h"
#include "toolchain/artifact.h"
#include "toolchain/store.h"
#include "toolchain/tensor_order.h"

namespace tilewright {

/// A step of compiling, and how long it took: "build" (a C++ source to a program), "record" (the program runs), "passes".
struct CompilePhase {
  std::string name;
  double milliseconds = 0;
};

/// The text of a program: that of a .mlir, what a C++ source in the language of tilewright/language.h records, or a program built from one;
/// that of an artifact is the one that it was made of. Steps that the store did not spare are added to `phases`, if given. Throws Error: kFileNotFound, kInvalidArgument, kParseError if a C++ source does
/// not compile, and kUnsupported if this version cannot record.
std::string program_text(const std::filesystem::path& path, Store& store, std::vector<CompilePhase>* phases = nullptr);

/// What the compiler answers about a program: `words` are options of tw-compile (its main.cpp says which), `name` is that of the program's file.
/// Throws Error: that of the compiler, and kUnsupported if this version has none.
nlohmann::json ask_compiler(const std::string& text, const std::string& name, const std::vector<std::string>& words);

/// What a program is compiled for.
struct CompileOptions {
  std::string platform;  ///< its name
  RuntimeVariant runtime = RuntimeVariant::kTensormapAndRingbuffer;
  bool derive_dependencies = false;  ///< as in compiler/compile.h
};

/// The files that a program becomes, and whether the store had them. `path` is as for program_text. Throws Error: what the compiler says of
/// the program, and what program_text throws.
struct CompiledProgram {
  ArtifactContent content;
  bool cached = false;
  std::vector<CompilePhase> phases = {};  ///< those that the store did not spare, in their order
};
CompiledProgram compile_file(const std::filesystem::path& path, const CompileOptions& options, Store& store);

/// A callable whose sources are files.
struct LoadedCallable {
  CallableSpec spec;
  std::unique_ptr<TemporaryDirectory> directory;  ///< of the sources of a program, while it is being built
  std::vector<CompilePhase> phases = {};  ///< of a program
  std::optional<std::vector<TensorOrder>> tensor_orders = {};  ///< of an artifact or a program, with --derive-dependencies
};

/// Reads a callable.json or an artifact, or compiles a program. `runtime` is what the user asks for, if anything. Throws Error: that of
/// load_callable_spec, load_artifact and compile_file; kInvalidArgument for an artifact of another platform or runtime, and with
/// `derive_dependencies` for what was compiled without.
LoadedCallable load_callable(const std::filesystem::path& path, const std::string& platform, std::optional<RuntimeVariant> runtime,
                             bool derive_dependencies, Store& store);

}  // namespace tilewright
