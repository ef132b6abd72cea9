#include "toolchain/compiler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "toolchain/readable_errors.h"
#include "toolchain/recipe.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

// Raised when what a key or a description covers changes.
constexpr std::string_view kKeyFormat = "tilewright build key 1";
constexpr std::string_view kCompilerFormat = "tilewright compiler 1";

// What g++ and ld read from the environment that can change an object.
constexpr const char* kSteeringVariables[] = {"CPATH",        "CPLUS_INCLUDE_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH",
                                              "LIBRARY_PATH", "LD_RUN_PATH",        "LDEMULATION",     "SOURCE_DATE_EPOCH"};

std::string locate_compiler() {
  if (const char* own = std::getenv("TW_CXX"); own != nullptr && *own != '\0') {
    const std::string found = find_program(own);
    if (found.empty())
      throw Error(ErrorCode::kToolMissing, fmt::format("TW_CXX is '{}', which is not a program", own), "unset it to use g++-12 or g++");
    return found;
  }
  for (const char* name : {"g++-12", "g++"}) {
    if (std::string found = find_program(name); !found.empty()) return found;
  }
  throw Error(ErrorCode::kToolMissing, "no C++ compiler found: neither g++-12 nor g++ is on PATH",
              "install g++-12, or set TW_CXX to a compiler that takes g++'s options");
}

std::string run_or_refuse(const std::vector<std::string>& argv) {
  const ProcessResult result = run_process(argv);
  if (result.exit_code != 0) {
    throw Error(ErrorCode::kToolMissing,
                fmt::format("'{}' failed with exit code {}:\n{}", shell_line(argv), result.exit_code, result.output),
                "set TW_CXX to a compiler that takes g++'s options");
  }
  return result.output;
}

/// The directories between g++ -v's "search starts here" lines and "End of search list".
std::vector<std::string> system_directories(const std::string& verbose) {
  std::vector<std::string> directories;
  std::istringstream lines(verbose);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("search starts here:") != std::string::npos) {
      inside = true;
    } else if (line.starts_with("End of search list")) {
      break;
    } else if (inside && line.starts_with(' ')) {
      directories.push_back(fs::path(line.substr(1)).lexically_normal().string());
    }
  }
  return directories;
}

/// Options that decide the code, without a path.
std::vector<std::string> code_flags(const CompileUnit& unit) {
  if (!unit.commands.empty()) {  // a recipe's words are all there is to say
    std::vector<std::string> words = {unit.recipe_identity, unit.debug ? "debug" : unit.line_tables ? "lines" : "optimised"};
    for (const CompileRecipe::Command& command : unit.commands) {
      words.insert(words.end(), command.begin(), command.end());
      words.emplace_back("&&");
    }
    return words;
  }
  std::vector<std::string> flags = {"-std=c++20", "-fPIC", "-shared", "-march=" + unit.target_level};
  if (unit.debug) {
    flags.insert(flags.end(), {"-O0", "-g"});
  } else {
    flags.insert(flags.end(), {"-O2", "-DNDEBUG"});
    // A call in tail position would leave no trace of its line.
    flags.insert(flags.end(), unit.line_tables ? std::initializer_list<std::string>{"-g1", "-fno-optimize-sibling-calls"}
                                               : std::initializer_list<std::string>{"-Wl,-s"});
  }
  // Values must not depend on the target level, so no fused multiply-add where the source has two operations.
  flags.insert(flags.end(), {"-ffp-contract=off", "-fno-math-errno"});
  // Unloadable (no unique symbols), bound to itself, complete, and the same bytes every time.
  flags.insert(flags.end(), {"-fno-gnu-unique", "-Wl,-Bsymbolic", "-Wl,-z,defs", "-Wl,--as-needed", "-Wl,--build-id=none",
                             "-frandom-seed=tilewright", "-Wno-builtin-macro-redefined", "-D__DATE__=\"Jan  1 1970\"",
                             "-D__TIME__=\"00:00:00\"", "-D__TIMESTAMP__=\"Thu Jan  1 00:00:00 1970\""});
  if (unit.kind != UnitKind::kOrchestration) {
    flags.insert(flags.end(),
                 {"-D__CPU_SIM", unit.kind == UnitKind::kAicKernel ? "-D__DAV_CUBE__" : "-D__DAV_VEC__",
                  unit.arch == "a5" ? "-D__NPU_ARCH__=3510" : "-D__NPU_ARCH__=2201", "-DPTO_CPU_MAX_THREADS=1", "-DPTO_STRICT_ARCH"});
  }
  return flags;
}

/// -I options, and what __FILE__ shows instead of each directory: the source's own files by their plain name, ours below
/// "tilewright/", others below "extra<i>/".
std::vector<std::string> path_flags(const CompileUnit& unit) {
  std::vector<std::string> flags;
  std::vector<std::pair<std::string, std::string>> maps;
  const auto add_map = [&maps](const fs::path& directory, std::string shown) {
    maps.emplace_back((directory / "").string(), std::move(shown));
  };
  for (const fs::path& directory : unit.include_dirs) flags.push_back("-I" + directory.string());
  if (!unit.include_dirs.empty()) add_map(unit.include_dirs.front(), "tilewright/");
  for (size_t i = 0; i < unit.extra_include_dirs.size(); ++i) {
    flags.push_back("-I" + unit.extra_include_dirs[i].string());
    add_map(unit.extra_include_dirs[i], fmt::format("extra{}/", i));
  }
  flags.push_back("-I" + unit.source.parent_path().string());
  add_map(unit.source.parent_path(), "");
  if (unit.debug) return flags;
  // g++ takes the last map that fits: the longest directory goes last, and of the same one twice the source's.
  std::sort(maps.begin(), maps.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.first.size(), a.second.empty(), a) < std::tuple(b.first.size(), b.second.empty(), b);
  });
  if (unit.line_tables) flags.push_back(fmt::format("-ffile-prefix-map={}=.", fs::current_path().string()));  // where the compiler runs
  for (const auto& [directory, shown] : maps) flags.push_back(fmt::format("-ffile-prefix-map={}={}", directory, shown));
  return flags;
}

/// The -I options alone.
std::vector<std::string> include_flags(const CompileUnit& unit) {
  std::vector<std::string> flags = path_flags(unit);
  std::erase_if(flags, [](const std::string& flag) { return !flag.starts_with("-I"); });
  return flags;
}

void run_or_fail(const CompileUnit& unit, const std::vector<std::string>& argv, const fs::path& scratch) {
  // The compiler's own temporary files go where they are removed if it is killed.
  const ProcessResult result = run_process(argv, {.environment = {"TMPDIR=" + scratch.string()}});
  if (result.exit_code == 0) return;
  const bool full = result.output.find("No space left on device") != std::string::npos;
  const std::string ending = result.exit_code > 128 ? fmt::format("the compiler was ended by signal {}", result.exit_code - 128)
                                                    : fmt::format("the compiler failed with exit code {}", result.exit_code);
  throw Error(full ? ErrorCode::kDiskFull : ErrorCode::kCompileFailed,
              fmt::format("{}: {}\n{}\n{}\ncommand: {}", unit.source.string(), ending, fmt::join(readable_errors(result.output), "\n"),
                          result.output, shell_line(argv)),
              full ? fmt::format("make room in {}, or set TMPDIR to another directory", scratch.parent_path().string()) : "");
}

/// g++ splits a prefix map at its first '=', so a directory with one in its name stays in the object.
bool holds_paths(const CompileUnit& unit) {
  const std::vector<std::string> flags = path_flags(unit);
  return unit.debug || !unit.commands.empty() || std::any_of(flags.begin(), flags.end(), [](const std::string& flag) {
           return flag.starts_with("-I") && flag.find('=') != flag.npos;
         });
}

}  // namespace

Compiler find_compiler(Store& store) {
  Compiler compiler;
  compiler.path = locate_compiler();
  std::error_code failure;
  const fs::path file = fs::canonical(compiler.path, failure);
  struct stat info{};
  if (failure || ::stat(file.c_str(), &info) != 0) throw errno_error(failure ? failure.value() : errno, "cannot read " + compiler.path);

  // Asking takes two processes, so the answer is kept: under the path and the state of the file, because a changed
  // compiler is a changed file. Only the memo knows paths and times, the identity does not.
  Hasher memo;
  memo.field(kCompilerFormat).field(compiler.path).field(file.string()).field(uint64_t(info.st_size)).field(info.st_ino);
  for (const timespec& time : {info.st_mtim, info.st_ctim}) memo.field(uint64_t(time.tv_sec)).field(uint64_t(time.tv_nsec));
  for (const char* name : {"GCC_EXEC_PREFIX", "COMPILER_PATH", "CPATH", "CPLUS_INCLUDE_PATH"}) {
    const char* value = std::getenv(name);
    memo.field(value != nullptr ? value : "");
  }
  const Digest key = memo.finish();
  std::string answer;  // digest of the driver, --version up to a NUL, -v
  if (std::optional<std::string> known = store.get_record(key)) {
    answer = std::move(*known);
  } else {
    answer = sha256(read_file(file)).hex() + run_or_refuse({"env", "LC_ALL=C", compiler.path, "--version"}) + '\0' +
             run_or_refuse({"env", "LC_ALL=C", compiler.path, "-E", "-v", "-x", "c++", "/dev/null", "-o", "/dev/null"});
    store.try_to_write([&] { store.put_record(key, answer); });
  }
  const size_t middle = answer.find('\0');
  compiler.version = answer.substr(64, middle - 64);
  compiler.identity = Hasher().field(answer.substr(0, middle)).finish();
  compiler.system_directories = system_directories(answer.substr(middle + 1));
  return compiler;
}

SearchPath search_path(const CompileUnit& unit, const Compiler& compiler) {
  std::vector<fs::path> own = {unit.source.parent_path()};
  own.insert(own.end(), unit.include_dirs.begin(), unit.include_dirs.end());
  own.insert(own.end(), unit.extra_include_dirs.begin(), unit.extra_include_dirs.end());
  return SearchPath(own, compiler.system_directories);
}

Digest build_key(const CompileUnit& unit, const Compiler& compiler, const Digest& source) {
  Hasher key;
  key.field(kKeyFormat).bytes(source.bytes.data(), source.bytes.size());
  key.bytes(compiler.identity.bytes.data(), compiler.identity.bytes.size());
  key.field(unit.source.filename().string());  // __FILE__ may put it in the object
  const std::vector<std::string> flags = code_flags(unit);
  key.field(flags.size());
  for (const std::string& flag : flags) key.field(flag);
  key.field(unit.include_dirs.size()).field(unit.extra_include_dirs.size());
  for (const char* name : kSteeringVariables) {
    const char* value = std::getenv(name);
    key.field(uint64_t{value != nullptr}).field(value != nullptr ? value : "");
  }
  key.field(uint64_t{holds_paths(unit)});
  if (holds_paths(unit)) {
    for (const std::string& flag : path_flags(unit)) key.field(flag);
  }
  return key.finish();
}

std::string describe(const CompileUnit& unit) {
  std::string text = "orchestration";
  if (unit.kind != UnitKind::kOrchestration)
    text = fmt::format("kernel {} {}", unit.kind == UnitKind::kAicKernel ? "aic" : "aiv", unit.arch);
  text += " " + (unit.commands.empty() ? unit.target_level : unit.recipe_identity);
  if (unit.debug) return text + " debug";
  return unit.line_tables ? text + " lines" : text;
}

std::vector<std::string> compile_command(const CompileUnit& unit, const Compiler& compiler) {
  std::vector<std::string> argv = {compiler.path};
  for (const auto& flags : {code_flags(unit), path_flags(unit)}) argv.insert(argv.end(), flags.begin(), flags.end());
  argv.push_back(unit.source.string());
  return argv;
}

CompileOutput compile(const CompileUnit& unit, const Compiler& compiler) {
  const TemporaryDirectory scratch;
  const fs::path object = scratch.path() / "object.so";
  const fs::path depfile = scratch.path() / "object.d";
  if (unit.commands.empty()) {
    std::vector<std::string> argv = compile_command(unit, compiler);
    argv.insert(argv.end(), {"-MD", "-MT", "object", "-MF", depfile.string(), "-o", object.string()});
    run_or_fail(unit, argv, scratch.path());
  } else {
    const fs::path own = scratch.path() / "scratch";
    fs::create_directory(own);
    const RecipePlaces places{unit.source, object, depfile, own, include_flags(unit), unit.debug, unit.line_tables};
    for (const CompileRecipe::Command& command : unit.commands) run_or_fail(unit, expand_command(command, places), scratch.path());
    for (const auto& [file, placeholder] : {std::pair(object, "{output}"), std::pair(depfile, "{depfile}")}) {
      if (fs::is_regular_file(file)) continue;
      throw Error(ErrorCode::kCompileFailed,
                  fmt::format("{}: the commands of the platform's recipe succeeded but left no {}", unit.source.string(), placeholder));
    }
  }
  CompileOutput output;
  const std::string bytes = read_file(object);
  output.object.assign(bytes.begin(), bytes.end());
  output.files = parse_depfile(read_file(depfile));
  std::erase(output.files, unit.source.string());
  return output;
}

}  // namespace tilewright
