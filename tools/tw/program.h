// What 'tw run' and 'tw compile' are given: a callable.json, an artifact, or a program that has to be compiled.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "tilewright/run_options.h"
#include "toolchain/artifact.h"
#include "toolchain/store.h"

namespace tilewright {

/// A step of compiling, and how long it took: "build" (a C++ source to a program), "record" (the program runs), "passes".
struct CompilePhase {
  std::string name;
  double milliseconds = 0;
};

/// The files that a program becomes, and whether the store had them. `path` is a .mlir, a C++ source in the language of
/// tilewright/language.h, or a program built from one. `platform` is the name of a platform. Throws Error: what the compiler says of the
/// program, kUnsupported if this version has no compiler, kParseError if a C++ source does not compile.
struct CompiledProgram {
  ArtifactContent content;
  bool cached = false;
  std::vector<CompilePhase> phases = {};  ///< those that the store did not spare, in their order
};
CompiledProgram compile_file(const std::filesystem::path& path, const std::string& platform, RuntimeVariant runtime, Store& store);

/// A callable whose sources are files.
struct LoadedCallable {
  CallableSpec spec;
  std::unique_ptr<TemporaryDirectory> directory;  ///< of the sources of a program, while it is being built
  std::vector<CompilePhase> phases = {};          ///< of a program
};

/// Reads a callable.json or an artifact, or compiles a program. `runtime` is what the user asks for, if anything. Throws Error: that of
/// load_callable_spec, load_artifact and compile_file; kInvalidArgument for an artifact of another platform or runtime.
LoadedCallable load_callable(const std::filesystem::path& path, const std::string& platform, std::optional<RuntimeVariant> runtime,
                             Store& store);

}  // namespace tilewright
