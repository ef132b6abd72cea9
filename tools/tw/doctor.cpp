#include "doctor.h"

#include <cpuid.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "command.h"
#include "platform/registry.h"
#include "text_table.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr int kInfrastructureFailed = 3;  // the exit code of base/error.h

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

/// The first line that a program prints with --version; empty if it fails.
std::string version_of(const std::string& program) {
  try {
    const ProcessResult result = run_process({program, "--version"});
    return result.exit_code == 0 ? trimmed(result.output.substr(0, result.output.find('\n'))) : std::string();
  } catch (const Error&) {
    return {};
  }
}

Check program_check(const char* group, const char* name, bool required, const char* package, const char* use) {
  const std::string path = find_program(name);
  Check check{group, name, required, !path.empty(), "", use};
  if (path.empty()) {
    check.detail = fmt::format("not on PATH; package {}", package);
    return check;
  }
  const std::string version = version_of(path);
  check.found = !version.empty();
  check.detail = check.found ? fmt::format("{} ({})", version, path) : fmt::format("{} does not answer --version", path);
  return check;
}

void add_compilers(std::vector<Check>& checks) {
  // The choice that the toolchain makes: TW_CXX, else g++-12, else g++.
  const char* own = std::getenv("TW_CXX");
  const bool chosen = own != nullptr && *own != '\0';
  const char* host = chosen ? own : find_program("g++-12").empty() ? "g++" : "g++-12";
  checks.push_back(program_check("compilers", host, true, "g++", "compiles orchestrations and kernels (TW_CXX names another)"));
  for (const char* name : {"clang++", "clang++-19"}) {
    checks.push_back(program_check("compilers", name, false, "clang-19", "a second compiler for kernels and for this project"));
  }
  checks.push_back(program_check("compilers", "ccache", false, "ccache", "faster builds of this project"));
  checks.push_back(program_check("compilers", "ld.lld", false, "lld", "faster linking"));
  checks.push_back(program_check("compilers", "gdb", false, "gdb", "debugging kernels (tw run --debug-kernel)"));
}

/// The directory itself or the nearest one above it that exists.
fs::path existing_part(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

void add_store(std::vector<Check>& checks) {
  const fs::path root = fs::absolute(cache_directory());
  const fs::path there = existing_part(root);
  const bool writable = fs::is_directory(there) && ::access(there.c_str(), W_OK | X_OK) == 0;
  uint64_t bytes = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, ignored), end; at != end;
       at.increment(ignored)) {
    std::error_code gone;  // other processes may remove files meanwhile
    const uint64_t size = at->is_regular_file(gone) && !gone ? at->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  checks.push_back({"store", "directory", true, writable,
                    writable ? fmt::format("{}, {} used", root.string(), bytes_text(bytes))
                             : fmt::format("{} cannot be written; set TW_CACHE_DIR to a directory that can", root.string()),
                    "keeps compiled objects"});
  struct statvfs space{};
  if (::statvfs(there.c_str(), &space) == 0) {
    const uint64_t free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
    constexpr uint64_t kEnough = uint64_t{256} << 20;
    checks.push_back({"store", "free space", false, free_bytes >= kEnough, bytes_text(free_bytes), "256 MiB keep many callables"});
  }
}

void add_processor(std::vector<Check>& checks) {
  __builtin_cpu_init();
  // Kernels are compiled for x86-64-v3, whose newest parts these are.
  const std::pair<const char*, bool> needed[] = {{"AVX2", __builtin_cpu_supports("avx2") != 0},
                                                 {"FMA", __builtin_cpu_supports("fma") != 0}};
  for (const auto& [name, found] : needed) {
    checks.push_back({"processor", name, true, found, found ? "yes" : "this processor lacks it", "runs kernels (x86-64-v3)"});
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
  checks.push_back(
      {"processor", "AVX-512", false, avx512, avx512 ? "yes" : "this processor lacks it", "faster arithmetic on wider vectors"});
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool amx = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1) != 0;
  checks.push_back({"processor", "AMX-BF16", false, amx, amx ? "yes" : "this processor lacks it", "faster bf16 matrix products"});
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  checks.push_back({"processor", "processors", true, count >= 1, std::to_string(count), "threads that simulate cores"});
}

/// A memory file can be created, sized and mapped executable.
std::string memory_file_problem() {
  FileDescriptor file(::memfd_create("tw-doctor", MFD_CLOEXEC));
  if (!file) return fmt::format("memfd_create: {}", std::strerror(errno));
  if (::ftruncate(file.get(), 4096) != 0) return fmt::format("ftruncate: {}", std::strerror(errno));
  void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) return fmt::format("mapping it executable: {}", std::strerror(errno));
  ::munmap(at, 4096);
  return {};
}

std::optional<uint64_t> number_in(const char* path) {
  try {
    return std::stoull(read_file(path));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void add_memory(std::vector<Check>& checks) {
  const std::string problem = memory_file_problem();
  checks.push_back(
      {"memory", "memory files", true, problem.empty(), problem.empty() ? "memfd_create works" : problem, "device memory and loaded code"});
  struct statvfs shm{};
  const bool has_shm = ::statvfs("/dev/shm", &shm) == 0 && ::access("/dev/shm", W_OK) == 0;
  checks.push_back({"memory", "/dev/shm", false, has_shm,
                    has_shm ? bytes_text(static_cast<uint64_t>(shm.f_bavail) * shm.f_frsize) + " free" : "not mounted or not writable",
                    "tensors shared between processes"});
  const uint64_t ram = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE));
  checks.push_back({"memory", "RAM", true, true, bytes_text(ram), "device memory is taken from it as it is touched"});
  const std::optional<uint64_t> maps = number_in("/proc/sys/vm/max_map_count");
  constexpr uint64_t kDefaultMaps = 65530;
  checks.push_back({"memory", "max_map_count", false, maps.value_or(0) >= kDefaultMaps, maps ? std::to_string(*maps) : "unknown",
                    "mappings for loaded kernels and stacks; 65530 is plenty"});
}

Check file_check(const char* group, const char* name, std::initializer_list<const char*> paths, const char* package, const char* use) {
  for (const char* path : paths) {
    if (::access(path, R_OK) == 0) return {group, name, false, true, path, use};
  }
  return {group, name, false, false, fmt::format("not installed; package {}", package), use};
}

void add_optional_parts(std::vector<Check>& checks) {
  checks.push_back(file_check("compiler", "LLVM 19", {"/usr/lib/llvm-19/lib/cmake/llvm/LLVMConfig.cmake"}, "llvm-19-dev",
                              "tw compile (a later version)"));
  checks.push_back(file_check("compiler", "MLIR 19", {"/usr/lib/llvm-19/lib/cmake/mlir/MLIRConfig.cmake"}, "libmlir-19-dev",
                              "tw compile (a later version)"));
  checks.push_back(program_check("cluster", "sbatch", false, "slurm-client", "queueing runs on a cluster (a later version)"));
  checks.push_back(program_check("cluster", "mpirun", false, "openmpi-bin", "runs across machines (a later version)"));
  checks.push_back(
      file_check("competitors", "oneTBB", {"/usr/include/oneapi/tbb.h", "/usr/include/tbb/tbb.h"}, "libtbb-dev", "make bench"));
  checks.push_back(file_check("competitors", "StarPU", {"/usr/include/starpu/1.4/starpu.h", "/usr/include/starpu/1.3/starpu.h"},
                              "libstarpu-dev", "make bench"));
  checks.push_back(file_check("competitors", "LLVM OpenMP", {"/usr/lib/llvm-19/lib/libomp.so", "/usr/lib/llvm-19/lib/libomp.so.5"},
                              "libomp-19-dev", "make bench"));
  checks.push_back(file_check("competitors", "Eigen", {"/usr/include/eigen3/Eigen/Core"}, "libeigen3-dev", "make bench"));
  checks.push_back(file_check("competitors", "OpenBLAS",
                              {"/usr/include/x86_64-linux-gnu/cblas.h", "/usr/include/x86_64-linux-gnu/openblas-pthread/cblas.h"},
                              "libopenblas-dev", "make bench"));
}

void add_platforms(std::vector<Check>& checks) {
  const char* const use = "runs on hardware, or on another simulator";
  for (const PlatformRegistry::Directory& directory : PlatformRegistry::instance().directories()) {
    std::error_code ignored;
    const bool there = fs::is_directory(directory.path, ignored);
    checks.push_back({"platforms", directory.path.string(), false, there,
                      there ? fmt::format("searched for plug-ins ({})", directory.origin)
                            : fmt::format("no such directory; correct {}", directory.origin),
                      use});
  }
  for (const PlatformStatus& status : PlatformRegistry::instance().list()) {
    if (status.info != nullptr && status.info->simulated && status.info->plugin == nullptr) continue;  // always there
    const bool good = status.problem.empty();
    checks.push_back(
        {"platforms", status.name, false, good, good ? fmt::format("{} ({})", status.version, status.origin) : status.problem, use});
  }
}

void print_text(const std::vector<Check>& checks) {
  TextTable table({"GROUP", "WHAT", "STATE", "DETAIL", "FOR"});
  for (const Check& check : checks) {
    const char* state = check.found ? "ok" : check.required ? "MISSING" : "absent";
    table.add({check.group, check.name, state, check.detail, check.use});
  }
  fmt::print("{}", table.text());
}

void print_json(const std::vector<Check>& checks, bool good) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    list.push_back({{"group", check.group},
                    {"name", check.name},
                    {"required", check.required},
                    {"found", check.found},
                    {"detail", check.detail},
                    {"use", check.use}});
  }
  const nlohmann::ordered_json object = {{"good", good}, {"checks", list}};
  fmt::print("{}\n", object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

std::vector<Check> run_checks() {
  std::vector<Check> checks;
  add_compilers(checks);
  add_store(checks);
  add_processor(checks);
  add_memory(checks);
  add_platforms(checks);
  add_optional_parts(checks);
  return checks;
}

CLI::App* add_doctor_command(CLI::App& parent, int& exit_code, bool& json) {
  CLI::App* command = parent.add_subcommand("doctor", "Say what is installed, what is missing and what it would enable");
  add_json_flag(*command, json);
  command->footer(
      "Ends with 0 if everything that is required was found, else with 3. What is absent but optional is said, and what it\n"
      "is for.\n"
      "\n"
      "Example:\n  tw doctor");
  command->callback([&exit_code, &json] {
    const std::vector<Check> checks = run_checks();
    std::string missing;
    for (const Check& check : checks) {
      if (check.required && !check.found) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", check.name);
    }
    json ? print_json(checks, missing.empty()) : print_text(checks);
    if (missing.empty()) return;
    fmt::print(stderr, "tw: error: required but missing: {}\n", missing);
    exit_code = kInfrastructureFailed;
  });
  return command;
}

}  // namespace tilewright
