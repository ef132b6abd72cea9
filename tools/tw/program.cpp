#include "program.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/process.h"
#include "toolchain/build_record.h"
#include "toolchain/compiler.h"
#include "toolchain/include_closure.h"
#include "toolchain/paths.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLanguageLibrary = "libtilewright-compiler.so";

/// A file of this installation: in one of these places around the program that runs. Empty if it is not there.
fs::path find_beside(const char* name, std::initializer_list<const char*> places) {
  std::error_code ignored;
  const fs::path directory = directory_of_code(reinterpret_cast<const void*>(&find_beside));
  for (const char* place : places) {
    fs::path candidate = (directory / place / name).lexically_normal();
    if (fs::is_regular_file(candidate, ignored)) return candidate;
  }
  return {};
}

fs::path compiler_program() {
  const char* const named = std::getenv("TW_COMPILE_PROGRAM");
  if (named != nullptr && ::access(named, X_OK) == 0) return named;
  if (named != nullptr) throw Error(ErrorCode::kToolMissing, fmt::format("TW_COMPILE_PROGRAM is {}, which is no executable file", named));
  fs::path found = find_beside("tw-compile", {".", "../libexec/tilewright"});
  if (found.empty()) {
    throw Error(ErrorCode::kUnsupported, fmt::format("this tw ({}) was built without its compiler", TW_VERSION),
                "build with MLIR 19 (-DTW_COMPILER=ON); callables and artifacts run without it");
  }
  return found;
}

fs::path language_library() {
  fs::path found = find_beside(kLanguageLibrary, {".", "../lib", "../lib64", "../lib/x86_64-linux-gnu"});
  if (found.empty()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("this tw ({}) was built without its compiler: there is no {}", TW_VERSION, kLanguageLibrary),
                "build with MLIR 19 (-DTW_COMPILER=ON)");
  }
  return found;
}

/// What tells one build of a file of ours from another, without reading it.
std::string identity_of(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) throw errno_error(errno, fmt::format("cannot look at {}", path.string()));
  return fmt::format("{} {} {} {}.{}", path.string(), info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

bool has_extension(const fs::path& path, std::initializer_list<const char*> extensions) {
  const std::string extension = path.extension().string();
  return std::any_of(extensions.begin(), extensions.end(), [&](const char* each) { return extension == each; });
}

bool is_text_program(const fs::path& path) { return has_extension(path, {".mlir"}); }
bool is_source_program(const fs::path& path) { return has_extension(path, {".cpp", ".cc", ".cxx"}); }
bool is_built_program(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored) || ::access(path.c_str(), X_OK) != 0) return false;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  char magic[4] = {};
  const bool elf = file != nullptr && std::fread(magic, 1, 4, file) == 4 && std::string_view(magic, 4) == "\177ELF";
  if (file != nullptr) std::fclose(file);
  return elf;
}

/// What `step` returns; how long it took goes to `phases`.
template <typename Step>
auto timed(std::vector<CompilePhase>* phases, const char* name, Step step) {
  const auto begin = std::chrono::steady_clock::now();
  auto result = step();
  if (phases != nullptr)
    phases->push_back({name, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count()});
  return result;
}

// ---- a program in C++ to its recorded text

/// Processor time and memory of a program that records itself. It makes some thousand operations in a few milliseconds.
constexpr uint64_t kMostRecordSeconds = 60;
constexpr uint64_t kMostRecordBytes = uint64_t{8} << 30;

uint64_t most_record_seconds() {
  const char* const named = std::getenv("TW_RECORD_DEADLINE");
  if (named == nullptr || *named == '\0') return kMostRecordSeconds;
  uint64_t seconds = 0;
  const char* const end = named + std::strlen(named);
  if (std::from_chars(named, end, seconds).ptr == end && seconds > 0) return seconds;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("TW_RECORD_DEADLINE is '{}', must be a number of seconds", named));
}

/// Why a program that was to record itself ended otherwise.
std::string ending(int exit_code) {
  if (exit_code < 128) return fmt::format("ended with exit code {} and recorded nothing", exit_code);
  if (exit_code == 128 + SIGXCPU || exit_code == 128 + SIGKILL)
    return fmt::format("had not ended after {} s of processor time: a loop of C++ that has no end?", most_record_seconds());
  return fmt::format("was ended by signal {} ({}) while it was recorded", exit_code - 128, ::strsignal(exit_code - 128));
}

/// Runs a program that records itself. `what` is its name for messages.
std::string record(const fs::path& program, const std::string& what) {
  const TemporaryDirectory directory;
  const fs::path output = directory.path() / "program.mlir";
  const ProcessResult result = run_process({program.string(), "--record", output.string()},
                                           {.cpu_seconds = most_record_seconds(), .address_space_bytes = kMostRecordBytes});
  std::error_code ignored;
  if (result.exit_code == 0 && fs::is_regular_file(output, ignored)) return read_file(output);
  std::string text = result.output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  // 2 is what a program's main() returns for mistakes, which it has named.
  if (result.exit_code == 2 && !text.empty()) throw Error(ErrorCode::kInvalidArgument, text);
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}{}{}", what, ending(result.exit_code), text.empty() ? "" : ":\n", text),
              result.exit_code >= 128 ? "" : "a program's main() returns program(\"name\", function, types...).main(argc, argv)");
}

/// The libraries that `library` needs are not looked into: resolving libMLIR's symbols takes ld longer than the program takes g++.
std::vector<std::string> program_command(const Compiler& compiler, const fs::path& source, const fs::path& library) {
  return {compiler.path,
          "-std=c++20",
          "-O0",
          "-pipe",
          "-I" + find_toolchain_paths().include_root.string(),
          source.string(),
          "-L" + library.parent_path().string(),
          "-ltilewright-compiler",
          "-Wl,--allow-shlib-undefined",
          "-Wl,-rpath," + library.parent_path().string()};
}

/// The recorded text of a C++ program: from the store, while neither it nor a file that it includes nor what records it has changed.
std::string recorded_text(const fs::path& path, Store& store, std::vector<CompilePhase>* phases) {
  const fs::path source = fs::absolute(path).lexically_normal();
  const fs::path library = language_library();
  const Compiler compiler = find_compiler(store);
  const std::string text = read_file(source);
  const std::vector<std::string> command = program_command(compiler, source, library);
  Hasher hasher;
  hasher.field("tile program, recorded").field(compiler.identity.hex()).field(identity_of(library)).field(text);
  hasher.field(source.filename().string());
  const Digest key = hasher.finish();
  const SearchPath search({source.parent_path(), find_toolchain_paths().include_root}, compiler.system_directories);
  if (const std::optional<std::string> found = store.get_record(key)) {
    const std::optional<BuildRecord> known = BuildRecord::parse(*found);
    FileFacts facts;
    for (const BuildResult& result : known ? known->results : std::vector<BuildResult>()) {
      std::vector<std::string> paths;
      const bool same = std::all_of(result.files.begin(), result.files.end(), [&](const auto& file) {
        paths.push_back(search.path_of(file.first));
        return facts.digest(paths.back()) == file.second;
      });
      if (!same || lookalikes(search, paths, facts) != result.lookalikes) continue;
      if (const auto object = store.get(result.object)) return {object->begin(), object->end()};
    }
  }

  const TemporaryDirectory directory;
  const fs::path program = directory.path() / "program", depfile = directory.path() / "program.d";
  std::vector<std::string> build = command;
  for (const std::string& word : {std::string("-MD"), std::string("-MF"), depfile.string(), std::string("-o"), program.string()})
    build.push_back(word);
  const ProcessResult built =
      timed(phases, "build", [&] { return run_process(build, {.environment = {"TMPDIR=" + directory.path().string()}}); });
  if (built.exit_code != 0) throw Error(ErrorCode::kParseError, fmt::format("{} does not compile\n\n{}", path.string(), built.output));
  std::string recorded = timed(phases, "record", [&] { return record(program, path.string()); });

  FileFacts facts;
  BuildResult result;
  std::vector<std::string> included;
  for (const std::string& file : parse_depfile(read_file(depfile))) {
    if (file != source.string()) included.push_back(fs::absolute(file).lexically_normal().string());
  }
  for (const std::string& file : included) {
    const std::optional<Digest> digest = facts.digest(file);
    if (!digest || file.find('\n') != std::string::npos) return recorded;
    result.files.emplace_back(search.name_of(file), *digest);
  }
  result.lookalikes = lookalikes(search, included, facts);
  store.try_to_write([&] {
    result.object = store.put({reinterpret_cast<const uint8_t*>(recorded.data()), recorded.size()});
    BuildRecord known{source.filename().string(), "tile program", {}};
    known.add(result);
    store.put_record(key, known.format());
  });
  return recorded;
}

// ---- its text to the files of an artifact

ArtifactContent run_compiler(const std::string& text, const std::string& name, const CompileOptions& options) {
  std::vector<std::string> words = {"--platform", options.platform, "--runtime", runtime_name(options.runtime)};
  if (options.derive_dependencies) words.emplace_back("--derive-dependencies");
  const nlohmann::json object = ask_compiler(text, name, words);
  return {object.at("platform").get<std::string>(), object.at("files").get<std::map<std::string, std::string>>()};
}

/// The files that a record of the store names, or nothing if one of them is gone.
std::optional<ArtifactContent> take_from_store(const std::string& record, Store& store) {
  const nlohmann::json object = nlohmann::json::parse(record, nullptr, false);
  if (object.is_discarded() || !object.contains("content")) return std::nullopt;
  const std::optional<Digest> digest = Digest::parse(object.at("content").get<std::string>());
  const std::optional<std::vector<uint8_t>> bytes = digest ? store.get(*digest) : std::nullopt;
  if (!bytes) return std::nullopt;
  const nlohmann::json content = nlohmann::json::from_cbor(*bytes, true, false);
  if (content.is_discarded()) return std::nullopt;
  return ArtifactContent{content.at("platform").get<std::string>(), content.at("files").get<std::map<std::string, std::string>>()};
}

}  // namespace

std::string program_text(const fs::path& path, Store& store, std::vector<CompilePhase>* phases) {
  std::error_code unreachable;
  if (!fs::exists(path, unreachable)) throw Error(ErrorCode::kFileNotFound, fmt::format("there is no program {}", path.string()));
  if (is_artifact(path)) return read_file(path / "program.mlir");
  const bool is_file = fs::is_regular_file(path, unreachable);
  if (is_file && is_text_program(path)) return read_file(path);
  if (is_file && is_source_program(path)) return recorded_text(path, store, phases);
  if (is_built_program(path)) return timed(phases, "record", [&] { return record(fs::absolute(path), path.string()); });
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no program", path.string()),
              "a program is a .mlir, a .cpp in the language of tilewright/language.h, or an executable built from one");
}

nlohmann::json ask_compiler(const std::string& text, const std::string& name, const std::vector<std::string>& words) {
  const fs::path compiler = compiler_program();
  const TemporaryDirectory directory;
  const fs::path input = directory.path() / "program.mlir", output = directory.path() / "output.json";
  write_file_atomically(input, text);
  std::vector<std::string> command = {compiler.string(), input.string(), "--output", output.string(), "--name", name};
  command.insert(command.end(), words.begin(), words.end());
  const ProcessResult result = run_process(command);
  std::error_code ignored;
  if (!fs::exists(output, ignored)) {
    throw Error(ErrorCode::kInternal,
                fmt::format("the compiler {} ended with exit code {}\n{}", compiler.string(), result.exit_code, result.output),
                "this is a defect of Tilewright; please report it");
  }
  nlohmann::json answer = nlohmann::json::parse(read_file(output));
  if (answer.contains("error")) {
    const nlohmann::json& error = answer.at("error");
    throw Error(static_cast<ErrorCode>(error.at("code").get<int>()), error.at("message").get<std::string>(),
                error.at("hint").get<std::string>());
  }
  return answer;
}

CompiledProgram compile_file(const fs::path& path, const CompileOptions& options, Store& store) {
  std::vector<CompilePhase> phases;
  const std::string text = program_text(path, store, &phases);
  const fs::path compiler = compiler_program();
  const std::string name = path.filename().string();
  Hasher hasher;
  hasher.field("program").field(TW_VERSION).field(identity_of(compiler)).field(text).field(name).field(options.platform);
  hasher.field(runtime_name(options.runtime)).field(options.derive_dependencies ? "derive-dependencies" : "");
  const Digest key = hasher.finish();
  if (const std::optional<std::string> record = store.get_record(key)) {
    if (std::optional<ArtifactContent> content = take_from_store(*record, store)) return {std::move(*content), true, phases};
  }
  ArtifactContent content = timed(&phases, "passes", [&] {
    try {
      return run_compiler(text, name, options);
    } catch (const Error& error) {
      if (is_text_program(path) || error.code() != ErrorCode::kParseError) throw;
      throw error.with_context(fmt::format("{} recorded a text that is no module", path.string()));
    }
  });
  store.try_to_write([&] {
    const std::vector<uint8_t> bytes = nlohmann::json::to_cbor({{"platform", content.platform}, {"files", content.files}});
    store.put_record(key, nlohmann::json{{"program", name}, {"content", store.put(bytes).hex()}}.dump());
  });
  return {std::move(content), false, std::move(phases)};
}

LoadedCallable load_callable(const fs::path& path, const std::string& platform, std::optional<RuntimeVariant> runtime,
                             bool derive_dependencies, Store& store) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    Artifact artifact = load_artifact(path);
    if (platform != artifact.platform && platform != artifact.platform + "sim") {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} was compiled for {}, and {} is another platform", path.string(), artifact.platform, platform),
                  "compile the program for it");
    }
    if (runtime == RuntimeVariant::kAicpuBuildGraph && artifact.spec.runtime != *runtime) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} was compiled for {}, whose dependencies the runtime finds; {} does not", path.string(),
                              runtime_name(artifact.spec.runtime), runtime_name(*runtime)),
                  "compile the program for it");
    }
    std::optional<std::vector<TensorOrder>> orders = load_tensor_orders(path);
    if (derive_dependencies && !orders) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} was compiled without --derive-dependencies", path.string()),
                  "compile the program again, with it");
    }
    return {std::move(artifact.spec), nullptr, {}, std::move(orders)};
  }
  if (!is_text_program(path) && !is_source_program(path) && !is_built_program(path)) {
    LoadedCallable written{load_callable_spec(path), nullptr};
    if (derive_dependencies) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("--derive-dependencies is for programs, and the orchestration of {} is C++", path.string()));
    }
    return written;
  }
  const CompiledProgram program =
      compile_file(path, {platform, runtime.value_or(RuntimeVariant::kTensormapAndRingbuffer), derive_dependencies}, store);
  LoadedCallable loaded{{}, std::make_unique<TemporaryDirectory>(), program.phases, {}};
  for (const auto& [name, text] : program.content.files) {
    fs::create_directories((loaded.directory->path() / name).parent_path());
    write_file_atomically(loaded.directory->path() / name, text);
  }
  loaded.spec = load_callable_spec(loaded.directory->path() / "callable.json");
  loaded.tensor_orders = load_tensor_orders(loaded.directory->path());
  return loaded;
}

}  // namespace tilewright
