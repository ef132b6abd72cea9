// Sources to a Callable image, through the object store. Needs a host compiler, never a device.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "task/compile_recipe.h"
#include "toolchain/callable_spec.h"
#include "toolchain/store.h"

namespace tilewright {

/// One source of a callable, built.
struct SourceReport {
  std::string name;     ///< the name in the spec, else the source's file name
  bool cached = false;  ///< taken from the store
  double milliseconds = 0;
  Digest object;  ///< content id of its shared object
};

struct BuildOptions {
  std::string platform_arch = "a2a3";      ///< "a2a3" or "a5"; with "sim" behind it, the same
  bool debug = false;                      ///< -O0 -g with real paths, for a debugger
  bool line_tables = false;                ///< optimised, with lines for reports of the checker; TW_CHECK=1 sets it for every build
  int jobs = 0;                            ///< compilers at once; 0 = as many as there are processors
  std::string target_level = "x86-64-v3";  ///< -march of the objects; never "native"
  /// Of the platform, if its code is not the host compiler's; outlives the build. Objects of a recipe are not looked into.
  const CompileRecipe* recipe = nullptr;
  /// Called once for each source when it is done, by one thread at a time but not always the same.
  std::function<void(const SourceReport&)> progress = {};
};

struct BuiltCallable {
  std::vector<uint8_t> image;         ///< see task/callable.h
  Digest id;                          ///< its content id
  std::vector<SourceReport> sources;  ///< the orchestration, then the kernels in the order of the spec
};

/// Builds what is not in `store` and puts it there. Thread safe; any number of processes may share a store.
/// Throws Error: kFileNotFound (source or include directory), kInvalidArgument, kLimitExceeded, kUnknownPlatform,
/// kToolMissing, kCompileFailed (every source that failed, with the compiler's whole message), kSymbolMissing, kDiskFull
/// (the temporary directory). A store that cannot be written only costs a warning.
BuiltCallable build_callable(const CallableSpec& spec, const BuildOptions& options, Store& store);

}  // namespace tilewright
