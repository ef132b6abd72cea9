// The host compiler as a subprocess: what it is, and one source to one shared object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/hash.h"
#include "task/compile_recipe.h"
#include "toolchain/include_closure.h"
#include "toolchain/store.h"

namespace tilewright {

struct Compiler {
  std::string path;
  std::string version;  ///< all of --version
  /// Of the driver's bytes and `version`: the same compiler elsewhere, or installed again, has the same identity.
  Digest identity;
  std::vector<std::string> system_directories;  ///< where it looks for headers by itself
};

/// TW_CXX (a path or a program on PATH), else g++-12, else g++. What the compiler says of itself is kept in `store`.
/// Throws Error(kToolMissing).
Compiler find_compiler(Store& store);

enum class UnitKind : uint8_t { kAicKernel, kAivKernel, kOrchestration };

/// One source to compile. Immutable input of a build: nothing else decides the object but the files it includes.
struct CompileUnit {
  UnitKind kind = UnitKind::kOrchestration;
  std::filesystem::path source;                           ///< absolute
  std::vector<std::filesystem::path> include_dirs;        ///< the project's, absolute, in search order
  std::vector<std::filesystem::path> extra_include_dirs;  ///< the kernel's own, absolute, searched after them
  std::string arch;                                       ///< "a2a3" or "a5"; kernels only
  std::string target_level;                               ///< "x86-64-v3"
  bool debug = false;
  bool line_tables = false;
  /// Not empty: these commands of a platform's recipe compile it, not the host compiler; the object is theirs to define.
  std::vector<CompileRecipe::Command> commands;
  std::string recipe_identity;
};

/// The directories of a unit: 0 is that of its source, then include_dirs, then extra_include_dirs.
SearchPath search_path(const CompileUnit& unit, const Compiler& compiler);

/// The build key: source, flags, compiler and the environment that steers it; not the headers, which the record holds,
/// and no directory, unless the object will hold it (debug).
Digest build_key(const CompileUnit& unit, const Compiler& compiler, const Digest& source);

/// "kernel aiv a2a3 x86-64-v3 debug", for people.
std::string describe(const CompileUnit& unit);

/// The command line of compile() with the host compiler, but for where its output goes.
std::vector<std::string> compile_command(const CompileUnit& unit, const Compiler& compiler);

struct CompileOutput {
  std::vector<uint8_t> object;
  std::vector<std::string> files;  ///< absolute paths of all headers it included
};

/// Compiles and links `unit` in a temporary directory. Throws Error: kCompileFailed with the compiler's whole message
/// and the command line, or if a recipe's commands leave no output or depfile; kDiskFull, kToolMissing, kIoError.
CompileOutput compile(const CompileUnit& unit, const Compiler& compiler);

}  // namespace tilewright
