#include "toolchain/toolchain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "task/callable.h"
#include "toolchain/build_record.h"
#include "toolchain/compiler.h"
#include "toolchain/elf_symbols.h"
#include "toolchain/include_closure.h"
#include "toolchain/paths.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKernelEntry = "kernel_entry";
constexpr const char* kDefaultConfig = "aicpu_orchestration_config";

/// A source to build and what came of it.
struct Job {
  CompileUnit unit;
  std::string place;  ///< "orchestration", "incores[2]"
  std::vector<uint8_t> object;
  std::vector<std::string> exports;
  SourceReport report;
  std::exception_ptr failure;
};

/// What all jobs of one build share.
struct Build {
  const Compiler& compiler;
  Store& store;
  FileFacts facts;
};

// ---- one object --------------------------------------------------------------------------------------------------

std::optional<BuildRecord> find_record(Store& store, const Digest& key) {
  const std::optional<std::string> text = store.get_record(key);
  return text ? BuildRecord::parse(*text) : std::nullopt;
}

/// The object that `record` has for the headers as they are now.
bool take_from_store(Build& build, const BuildRecord& record, const SearchPath& search, Job& job) {
  for (const BuildResult& result : record.results) {
    std::vector<std::string> paths;
    const bool same = std::all_of(result.files.begin(), result.files.end(), [&](const auto& file) {
      paths.push_back(search.path_of(file.first));
      return build.facts.digest(paths.back()) == file.second;
    });
    if (!same || lookalikes(search, paths, build.facts) != result.lookalikes) continue;
    if (std::optional<std::vector<uint8_t>> object = build.store.get(result.object)) {
      job.object = std::move(*object);
      job.report.object = result.object;
      return true;
    }
  }
  return false;
}

/// What to record of a compile that began at `start`, unless a file may have changed while the compiler read it.
std::optional<BuildResult> describe_result(const CompileOutput& output, const Digest& object, const SearchPath& search,
                                           const timespec& start) {
  FileFacts facts;  // the files as they are now, not as they were before the compile
  BuildResult result{object, lookalikes(search, output.files, facts), {}};
  const auto later = [&start](const timespec& time) {
    return std::pair(time.tv_sec, time.tv_nsec) > std::pair(start.tv_sec, start.tv_nsec);
  };
  for (const std::string& path : output.files) {
    struct stat info{};
    const std::optional<Digest> digest = facts.digest(path);
    if (!digest || ::stat(path.c_str(), &info) != 0 || later(info.st_mtim) || later(info.st_ctim)) return std::nullopt;
    if (path.find('\n') != std::string::npos) return std::nullopt;
    result.files.emplace_back(search.name_of(path), *digest);
  }
  return result;
}

void compile_and_publish(Build& build, const Digest& key, const Digest& source, const SearchPath& search, Job& job) {
  timespec start{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &start);  // the clock that file times come from
  CompileOutput output = compile(job.unit, build.compiler);
  job.object = std::move(output.object);
  job.report.object = sha256(job.object);
  const std::string file_name = job.unit.source.filename().string();
  if (sha256(read_file(job.unit.source)) != source || file_name.find('\n') != std::string::npos) return;
  const std::optional<BuildResult> result = describe_result(output, job.report.object, search, start);
  if (!result) return;
  build.store.try_to_write([&] {
    build.store.put(job.object);
    BuildRecord record = find_record(build.store, key).value_or(BuildRecord{file_name, describe(job.unit), {}});
    record.add(*result);
    build.store.put_record(key, record.format());
  });
}

void build_object(Build& build, Job& job) {
  const Digest source = sha256(read_file(job.unit.source));
  const Digest key = build_key(job.unit, build.compiler, source);
  const SearchPath search = search_path(job.unit, build.compiler);
  const auto cached = [&] {
    const std::optional<BuildRecord> record = find_record(build.store, key);
    return record && take_from_store(build, *record, search, job);
  };
  job.report.cached = cached();
  if (job.report.cached) return;
  const FileDescriptor lock = build.store.lock(key);
  job.report.cached = lock && cached();  // built by another while this waited
  if (!job.report.cached) compile_and_publish(build, key, source, search, job);
}

// ---- exported symbols --------------------------------------------------------------------------------------------

void require_export(const Job& job, const std::string& symbol, const std::string& advice) {
  if (std::find(job.exports.begin(), job.exports.end(), symbol) != job.exports.end()) return;
  std::vector<std::string> names;
  std::string hint = advice;
  for (const std::string& name : job.exports) {
    const std::string plain = demangle(name);
    if (plain != name && plain.starts_with(symbol + "(")) hint = fmt::format("'{}' has C++ linkage; declare it extern \"C\"", plain);
    if (!plain.starts_with("std::") && !plain.starts_with("__gnu_cxx::")) names.push_back(plain);
  }
  std::sort(names.begin(), names.end());
  throw Error(ErrorCode::kSymbolMissing,
              fmt::format("{}: {} does not define '{}'; it exports {}", job.place, job.unit.source.string(), symbol,
                          names.empty() ? "no function" : fmt::format("{}", fmt::join(names, ", "))),
              hint);
}

void check_exports(const CallableSpec& spec, Job& job) {
  if (!job.unit.commands.empty()) return;  // not ours to read: the platform checks it when the callable is loaded
  try {
    job.exports = exported_functions(job.object);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCompileFailed,
                fmt::format("{}: {}: the compiler's output is {}", job.place, job.unit.source.string(), error.message()));
  }
  if (job.unit.kind != UnitKind::kOrchestration) {
    require_export(job, kKernelEntry, "a kernel defines extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *args)");
    return;
  }
  require_export(job, "framework_bind_runtime", "include \"pto_orchestration_api.h\"");
  require_export(job, spec.orchestration.function_name, "orchestration.function_name names the function");
  if (!spec.orchestration.config_name.empty()) {
    require_export(job, spec.orchestration.config_name, "orchestration.config_name names the function; leave it out if there is none");
  }
}

// ---- the jobs of a callable --------------------------------------------------------------------------------------

/// `text` with $NAME and ${NAME} replaced from the environment.
std::string expand_variables(const std::string& text, const std::string& place) {
  const auto part_of_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::string expanded;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      expanded.push_back(text[i++]);
      continue;
    }
    const bool braced = i + 1 < text.size() && text[i + 1] == '{';
    const size_t begin = i + (braced ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && part_of_name(text[end])) ++end;
    const std::string name = text.substr(begin, end - begin);
    if (name.empty() || (braced && (end == text.size() || text[end] != '}'))) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}': a '$' must be followed by the name of a variable", place, text));
    }
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}': the environment variable {} is not set", place, text, name));
    }
    expanded += value;
    i = end + (braced ? 1 : 0);
  }
  return expanded;
}

std::vector<fs::path> resolve_include_dirs(const CallableSpec& spec, const KernelSpec& kernel, const std::string& place) {
  std::vector<fs::path> directories;
  std::vector<std::string> missing;
  for (size_t i = 0; i < kernel.extra_include_dirs.size(); ++i) {
    const std::string entry = fmt::format("{}.extra_include_dirs[{}]", place, i);
    const fs::path directory = fs::absolute(spec.base_dir / expand_variables(kernel.extra_include_dirs[i], entry)).lexically_normal();
    std::error_code ignored;
    if (!fs::is_directory(directory, ignored)) missing.push_back(directory.string());
    directories.push_back(directory.has_filename() ? directory : directory.parent_path());
  }
  if (!missing.empty()) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("{}.extra_include_dirs: not a directory: {}", place, fmt::join(missing, ", ")),
                "relative ones start at the directory of callable.json");
  }
  return directories;
}

Job make_job(const CallableSpec& spec, const CompileUnit& common, const fs::path& source, std::string place, const std::string& name) {
  Job job;
  job.unit = common;
  job.unit.source = fs::absolute(spec.base_dir / source).lexically_normal();
  job.place = spec.origin.empty() ? std::move(place) : spec.origin + ": " + place;
  job.report.name = name.empty() ? job.unit.source.filename().string() : name;
  std::error_code ignored;
  if (!fs::is_regular_file(job.unit.source, ignored)) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("{}.source: {} is not a file", job.place, job.unit.source.string()));
  }
  return job;
}

CompileUnit common_unit(const BuildOptions& options) {
  CompileUnit unit;
  unit.arch = options.platform_arch;
  if (unit.arch.ends_with("sim")) unit.arch.resize(unit.arch.size() - 3);
  if (unit.arch != "a2a3" && unit.arch != "a5") {
    throw Error(ErrorCode::kUnknownPlatform, fmt::format("unknown architecture '{}'", options.platform_arch), "use a2a3 or a5");
  }
  const auto part_of_level = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.'; };
  if (options.target_level.empty() || options.target_level == "native" ||
      !std::all_of(options.target_level.begin(), options.target_level.end(), part_of_level)) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("target level '{}' is not allowed", options.target_level),
                "name one that says the same on every machine: x86-64-v2, x86-64-v3, x86-64-v4, sapphirerapids");
  }
  unit.target_level = options.target_level;
  unit.debug = options.debug;
  unit.line_tables = options.line_tables || environment_asks_for_check() || environment_asks_for_races();
  unit.include_dirs = find_toolchain_paths().include_dirs();
  return unit;
}

void follow_recipe(const CompileRecipe& recipe, CompileUnit& unit) {
  unit.commands = unit.kind == UnitKind::kAicKernel   ? recipe.aic_kernel
                  : unit.kind == UnitKind::kAivKernel ? recipe.aiv_kernel
                                                      : recipe.orchestration;
  unit.recipe_identity = recipe.identity;
}

std::vector<Job> make_jobs(const CallableSpec& spec, const BuildOptions& options) {
  const CompileUnit common = common_unit(options);
  std::vector<Job> jobs;
  jobs.push_back(make_job(spec, common, spec.orchestration.source, "orchestration", spec.orchestration.name));
  if (spec.orchestration.api == OrchestrationApi::kAicpuBuildGraph) {  // after the root, which paths in objects are relative to
    std::vector<fs::path>& dirs = jobs.back().unit.include_dirs;
    dirs.insert(dirs.begin() + 1, dirs.front() / "aicpu_build_graph");
  }
  for (size_t i = 0; i < spec.incores.size(); ++i) {
    const KernelSpec& kernel = spec.incores[i];
    Job job = make_job(spec, common, kernel.source, fmt::format("incores[{}]", i), kernel.name);
    job.unit.kind = kernel.core_type == CoreType::AIC ? UnitKind::kAicKernel : UnitKind::kAivKernel;
    job.unit.extra_include_dirs = resolve_include_dirs(spec, kernel, job.place);
    jobs.push_back(std::move(job));
  }
  if (options.recipe != nullptr) {
    for (Job& job : jobs) follow_recipe(*options.recipe, job.unit);
  }
  return jobs;
}

void run_jobs(const CallableSpec& spec, const BuildOptions& options, Build& build, std::vector<Job>& jobs) {
  std::atomic<size_t> next = 0;
  std::mutex reporting;
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size(); i = next++) {
      Job& job = jobs[i];
      const auto start = std::chrono::steady_clock::now();
      try {
        build_object(build, job);
        check_exports(spec, job);
        job.report.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        const std::lock_guard lock(reporting);
        if (options.progress) options.progress(job.report);
      } catch (...) {
        job.failure = std::current_exception();
      }
    }
  };
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  const size_t width = std::min(jobs.size(), options.jobs > 0 ? static_cast<size_t>(options.jobs) : processors);
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < width; ++i) helpers.emplace_back(work);
  work();
}

/// The message of a source that does not compile; empty for other failures.
std::string compile_error(const Job& job) {
  try {
    std::rethrow_exception(job.failure);
  } catch (const Error& error) {
    return error.code() == ErrorCode::kCompileFailed ? error.message() : "";
  } catch (...) {
    return "";
  }
}

/// Every source's compile error in one, so that none has to be found by building again; else the first error.
void throw_failures(const std::vector<Job>& jobs) {
  std::vector<std::string> compile_errors;
  std::exception_ptr first;
  for (const Job& job : jobs) {
    if (!job.failure) continue;
    if (!first) first = job.failure;
    if (std::string text = compile_error(job); !text.empty()) compile_errors.push_back(std::move(text));
  }
  if (compile_errors.size() > 1) {
    throw Error(ErrorCode::kCompileFailed,
                fmt::format("{} sources do not compile\n\n{}", compile_errors.size(), fmt::join(compile_errors, "\n\n")));
  }
  if (first) std::rethrow_exception(first);
}

/// A name as an image can hold it.
std::string printable(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  }
  return name;
}

}  // namespace

BuiltCallable build_callable(const CallableSpec& spec, const BuildOptions& options, Store& store) {
  validate_callable_spec(spec);
  if (options.jobs < 0)
    throw Error(ErrorCode::kInvalidArgument, fmt::format("jobs is {}, must be 0 (all processors) or more", options.jobs));
  std::vector<Job> jobs = make_jobs(spec, options);
  const Compiler compiler = find_compiler(store);
  Build build{compiler, store, {}};
  run_jobs(spec, options, build, jobs);
  throw_failures(jobs);

  CallableParts parts;
  const Job& orchestration = jobs.front();
  parts.entry_name = spec.orchestration.function_name;
  parts.config_name = spec.orchestration.config_name;
  if (parts.config_name.empty() && std::count(orchestration.exports.begin(), orchestration.exports.end(), kDefaultConfig) > 0) {
    parts.config_name = kDefaultConfig;
  }
  parts.signature = spec.orchestration.signature;
  parts.orchestration = orchestration.object;
  for (size_t i = 0; i < spec.incores.size(); ++i) {
    const KernelSpec& kernel = spec.incores[i];
    parts.kernels.push_back({kernel.func_id, kernel.core_type, kernel.signature, jobs[i + 1].object, printable(jobs[i + 1].report.name)});
  }
  BuiltCallable built;
  built.image = build_chip_callable(parts);
  built.id = callable_id(built.image);
  bool compiled = false;
  for (Job& job : jobs) {
    compiled = compiled || !job.report.cached;
    built.sources.push_back(std::move(job.report));
  }
  if (compiled) store.prune_daily();
  return built;
}

}  // namespace tilewright
