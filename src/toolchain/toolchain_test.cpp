#include "toolchain/toolchain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "task/callable.h"
#include "toolchain/child_test_util.h"
#include "toolchain/elf_symbols.h"
#include "toolchain/paths.h"

namespace tilewright {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
namespace fs = std::filesystem;

// Quick to compile: what the framework looks for, without the API's headers.
constexpr const char* kOrchestration = R"(
extern "C" void framework_bind_runtime(void *) {}
extern "C" void aicpu_orchestration_entry(const void *) {}
)";
constexpr const char* kKernel = R"(
#include <stdint.h>
#include "scale.h"
extern "C" void kernel_entry(int64_t *args) { args[0] *= SCALE; }
)";

/// Sets an environment variable for one scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class Toolchain : public ::testing::Test {
 protected:
  void SetUp() override { make_project(project_); }

  /// An orchestration and one kernel with a header beside it.
  static void make_project(const fs::path& root) {
    write(root / "orchestration.cpp", kOrchestration);
    write(root / "kernel.cpp", kKernel);
    write(root / "scale.h", "#define SCALE 2\n");
  }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    write_file_atomically(path, text);
  }
  static CallableSpec spec_of(const fs::path& root) {
    CallableSpec spec;
    spec.name = "sample";
    spec.base_dir = root;
    spec.orchestration.source = "orchestration.cpp";
    spec.incores.push_back({});
    spec.incores[0].source = "kernel.cpp";
    return spec;
  }
  CallableSpec spec() const { return spec_of(project_); }
  BuiltCallable build(const CallableSpec& spec, const BuildOptions& options = {}) { return build_callable(spec, options, store_); }
  void expect_error(const CallableSpec& spec, ErrorCode code, const ::testing::Matcher<std::string>& message,
                    const BuildOptions& options = {}) {
    try {
      build(spec, options);
      FAIL() << "built";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(std::string(error.what()), message);
    }
  }
  static std::vector<bool> cached(const BuiltCallable& built) {
    std::vector<bool> flags;
    for (const SourceReport& source : built.sources) flags.push_back(source.cached);
    return flags;
  }

  TemporaryDirectory directory_;
  fs::path project_ = directory_.path() / "project";
  Store store_{directory_.path() / "store"};
};

// ---- what is built -----------------------------------------------------------------------------------------------

TEST_F(Toolchain, BuildsACallableAgainstTheRealHeaders) {
  write(project_ / "orchestration.cpp", R"(
#include "pto_orchestration_api.h"
extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &) { return {1}; }
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &args) {
  CoreTaskArgs task;
  task.add_input(args.tensor(0).ref());
  rt_submit_aiv_task(7, task);
})");
  write(project_ / "cube.cpp", R"(
#include <stdint.h>
#include "tensor.h"
#if !defined(__CPU_SIM) || !defined(__DAV_CUBE__) || defined(__DAV_VEC__) || __NPU_ARCH__ != 3510 || PTO_CPU_MAX_THREADS != 1
#error wrong defines
#endif
extern "C" void kernel_entry(int64_t *args) { reinterpret_cast<ChipTensor *>(args[0])->version = 1; })");
  CallableSpec sample = spec();
  sample.orchestration.signature = {ArgDirection::INOUT};
  sample.incores[0].func_id = 7;
  sample.incores.push_back({2, "cube.cpp", CoreType::AIC, {ArgDirection::INOUT}, "cube", {}});
  const BuiltCallable built = build(sample, {.platform_arch = "a5sim"});
  EXPECT_THAT(cached(built), ElementsAre(false, false, false));
  EXPECT_EQ(built.id, sha256(built.image));
  const CallableParts parts = parse_chip_callable(built.image);
  EXPECT_EQ(parts.entry_name, "aicpu_orchestration_entry");
  EXPECT_EQ(parts.config_name, "aicpu_orchestration_config") << "found because it is exported";
  EXPECT_THAT(exported_functions(parts.orchestration), IsSupersetOf({"framework_bind_runtime", "aicpu_orchestration_entry"}));
  ASSERT_EQ(parts.kernels.size(), 2u);
  EXPECT_EQ(parts.kernels[0].func_id, 2);
  EXPECT_EQ(parts.kernels[0].core_type, CoreType::AIC);
  EXPECT_EQ(parts.kernels[1].core_type, CoreType::AIV);
  EXPECT_THAT(exported_functions(parts.kernels[1].binary), Contains("kernel_entry"));
  EXPECT_EQ(built.sources[2].name, "cube");
  EXPECT_EQ(built.sources[2].object, sha256(parts.kernels[0].binary));
}

TEST_F(Toolchain, SecondBuildComesFromTheStore) {
  const BuiltCallable first = build(spec()), second = build(spec());
  EXPECT_THAT(cached(first), Each(false));
  EXPECT_THAT(cached(second), Each(true));
  EXPECT_EQ(first.image, second.image);
}

TEST_F(Toolchain, ObjectsDoNotDependOnWhereTheSourcesLie) {
  write(project_ / "kernel.cpp", std::string(kKernel) + "extern \"C\" const char *where() { return __FILE__ __DATE__ __TIME__; }\n");
  const fs::path elsewhere = directory_.path() / "another place" / "deeper";
  fs::create_directories(elsewhere.parent_path());
  fs::copy(project_, elsewhere, fs::copy_options::recursive);
  const BuiltCallable first = build(spec());
  const BuiltCallable moved = build(spec_of(elsewhere));
  EXPECT_THAT(cached(moved), Each(true)) << "a copy is found in the store";
  EXPECT_EQ(moved.id, first.id);
  Store empty(directory_.path() / "empty");
  const BuiltCallable compiled = build_callable(spec_of(elsewhere), {}, empty);
  EXPECT_THAT(cached(compiled), Each(false));
  EXPECT_EQ(compiled.id, first.id) << "and compiling it gives the same bytes";
  const std::string bytes(first.image.begin(), first.image.end());
  EXPECT_THAT(bytes, Not(HasSubstr(directory_.path().string())));
  EXPECT_THAT(bytes, HasSubstr("kernel.cppJan  1 1970"));
}

TEST_F(Toolchain, FuncIdsAndNamesDoNotChangeObjects) {
  CallableSpec sample = spec();
  const BuiltCallable first = build(sample);
  sample.incores[0].func_id = 9;
  sample.incores[0].name = "renamed";
  const BuiltCallable second = build(sample);
  EXPECT_THAT(cached(second), Each(true));
  EXPECT_EQ(first.sources[1].object, second.sources[1].object);
  EXPECT_NE(first.id, second.id) << "the callable holds the func_id";
}

TEST_F(Toolchain, AChangedHeaderRebuildsOnlyItsUsers) {
  const BuiltCallable first = build(spec());
  write(project_ / "scale.h", "#define SCALE 3\n");
  const BuiltCallable second = build(spec());
  EXPECT_THAT(cached(second), ElementsAre(true, false));
  EXPECT_NE(first.sources[1].object, second.sources[1].object);
  write(project_ / "scale.h", "#define SCALE 2\n");
  const BuiltCallable third = build(spec());
  EXPECT_THAT(cached(third), Each(true)) << "both are in the store";
  EXPECT_EQ(third.id, first.id);
}

TEST_F(Toolchain, UnrelatedChangesRebuildNothing) {
  build(spec());
  write(project_ / "other.h", "#define OTHER 1\n");
  write(project_ / "other.cpp", "int other;\n");
  fs::last_write_time(project_ / "kernel.cpp", fs::file_time_type::clock::now() - std::chrono::hours(5));
  fs::last_write_time(project_ / "scale.h", fs::file_time_type::clock::now() - std::chrono::hours(5));
  const ScopedVariable variable("TW_UNRELATED", "1");
  EXPECT_THAT(cached(build(spec())), Each(true));
}

TEST_F(Toolchain, AHeaderThatShadowsAUsedOneIsNoticed) {
  write(project_ / "shared" / "scale.h", "#define SCALE 2\n");
  fs::remove(project_ / "scale.h");
  CallableSpec sample = spec();
  sample.incores[0].extra_include_dirs = {"first", "shared"};
  fs::create_directories(project_ / "first");
  const BuiltCallable before = build(sample);
  write(project_ / "first" / "scale.h", "#define SCALE 5\n");
  const BuiltCallable after = build(sample);
  EXPECT_THAT(cached(after), ElementsAre(true, false));
  EXPECT_NE(before.id, after.id);
  fs::remove(project_ / "first" / "scale.h");
  EXPECT_EQ(build(sample).id, before.id);
}

TEST_F(Toolchain, WhatDecidesTheCodeIsInTheKey) {
  const BuiltCallable base = build(spec());
  EXPECT_THAT(cached(build(spec(), {.platform_arch = "a5"})), ElementsAre(true, false)) << "an orchestration has no architecture";
  EXPECT_THAT(cached(build(spec(), {.target_level = "x86-64-v2"})), Each(false));
  const BuiltCallable debug = build(spec(), {.debug = true});
  EXPECT_THAT(cached(debug), Each(false));
  EXPECT_THAT(std::string(debug.image.begin(), debug.image.end()), HasSubstr((project_ / "kernel.cpp").string()));
  CallableSpec cube = spec();
  cube.incores[0].core_type = CoreType::AIC;
  EXPECT_THAT(cached(build(cube)), ElementsAre(true, false));
  EXPECT_THAT(cached(build(spec(), {.platform_arch = "a2a3sim"})), Each(true));
}

TEST_F(Toolchain, AnotherCompilerIsAnotherKey) {
  build(spec());
  const fs::path wrapper = directory_.path() / "wrapper";
  write(wrapper, "#!/bin/sh\nexec g++ \"$@\"\n");
  ::chmod(wrapper.c_str(), 0755);
  const ScopedVariable compiler("TW_CXX", wrapper.string());
  EXPECT_THAT(cached(build(spec())), Each(false));
  EXPECT_THAT(cached(build(spec())), Each(true));
}

TEST_F(Toolchain, TheSameSourceTwiceIsCompiledOnce) {
  CallableSpec sample = spec();
  for (int32_t id = 1; id < 4; ++id) {
    sample.incores.push_back(sample.incores[0]);
    sample.incores.back().func_id = id;
  }
  const BuiltCallable built = build(sample, {.jobs = 4});
  EXPECT_EQ(std::count_if(built.sources.begin() + 1, built.sources.end(), [](const auto& s) { return !s.cached; }), 1);
}

TEST_F(Toolchain, ExtraIncludeDirsExpandVariables) {
  fs::rename(project_ / "scale.h", directory_.path() / "scale.h");
  const ScopedVariable variable("TW_TEST_SDK", directory_.path().string());
  CallableSpec sample = spec();
  for (const char* text : {"$TW_TEST_SDK", "${TW_TEST_SDK}/", "$TW_TEST_SDK/project/..", ".."}) {
    sample.incores[0].extra_include_dirs = {text};
    EXPECT_EQ(build(sample).sources.size(), 2u) << text;
  }
}

TEST_F(Toolchain, ReportsEachSource) {
  std::vector<std::string> names;
  build(spec(), {.progress = [&](const SourceReport& report) { names.push_back(report.name); }});
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("orchestration.cpp", "kernel.cpp"));
}

// ---- mistakes ----------------------------------------------------------------------------------------------------

TEST_F(Toolchain, SyntaxErrorsOfAllSourcesAreShownWithTheirLines) {
  write(project_ / "kernel.cpp", "extern \"C\" void kernel_entry(long *args) {\n  args[0] = 1\n}\n");
  expect_error(spec(), ErrorCode::kCompileFailed,
               AllOf(HasSubstr("kernel.cpp:2:"), HasSubstr("args[0] = 1"), HasSubstr("command: "), HasSubstr("-std=c++20")));
  write(project_ / "orchestration.cpp", "#include \"missing.h\"\n");
  expect_error(
      spec(), ErrorCode::kCompileFailed,
      AllOf(HasSubstr("2 sources do not compile"), HasSubstr("kernel.cpp:2:"), HasSubstr("orchestration.cpp:1:"), HasSubstr("missing.h")));
}

TEST_F(Toolchain, UndefinedReferencesFailTheBuild) {
  write(project_ / "kernel.cpp", "void helper();\nextern \"C\" void kernel_entry(long *) { helper(); }\n");
  expect_error(spec(), ErrorCode::kCompileFailed, HasSubstr("undefined reference to `helper()'"));
}

TEST_F(Toolchain, MissingKernelEntryIsNamedWithWhatIsThere) {
  write(project_ / "kernel.cpp", "extern \"C\" void run_kernel(long *) {}\nint helper(float) { return 1; }\n");
  expect_error(
      spec(), ErrorCode::kSymbolMissing,
      AllOf(HasSubstr("incores[0]"), HasSubstr("kernel.cpp does not define 'kernel_entry'; it exports helper(float), run_kernel")));
}

TEST_F(Toolchain, MangledKernelEntryGetsAHint) {
  write(project_ / "kernel.cpp", "void kernel_entry(long *) {}\n");
  expect_error(spec(), ErrorCode::kSymbolMissing, HasSubstr("'kernel_entry(long*)' has C++ linkage; declare it extern \"C\""));
}

TEST_F(Toolchain, OrchestrationMustExportItsFunctions) {
  CallableSpec sample = spec();
  sample.orchestration.function_name = "my_entry";
  expect_error(sample, ErrorCode::kSymbolMissing, AllOf(HasSubstr("'my_entry'"), HasSubstr("aicpu_orchestration_entry")));
  sample = spec();
  sample.orchestration.config_name = "my_config";
  expect_error(sample, ErrorCode::kSymbolMissing, HasSubstr("'my_config'"));
  write(project_ / "orchestration.cpp", "extern \"C\" void aicpu_orchestration_entry(void *) {}\n");
  expect_error(spec(), ErrorCode::kSymbolMissing, HasSubstr("include \"pto_orchestration_api.h\""));
}

TEST_F(Toolchain, SymbolsAreCheckedInCachedObjectsToo) {
  build(spec());
  CallableSpec sample = spec();
  sample.orchestration.function_name = "other_entry";
  expect_error(sample, ErrorCode::kSymbolMissing, HasSubstr("'other_entry'"));
}

TEST_F(Toolchain, MissingFilesAreNamed) {
  CallableSpec sample = spec();
  sample.incores[0].source = "nowhere.cpp";
  expect_error(sample, ErrorCode::kFileNotFound, AllOf(HasSubstr("incores[0].source"), HasSubstr((project_ / "nowhere.cpp").string())));
  sample = spec();
  sample.orchestration.source = ".";
  expect_error(sample, ErrorCode::kFileNotFound, HasSubstr("orchestration.source"));
  sample = spec();
  sample.incores[0].extra_include_dirs = {"not_here", ".", "kernel.cpp"};
  expect_error(sample, ErrorCode::kFileNotFound,
               AllOf(HasSubstr((project_ / "not_here").string()), HasSubstr((project_ / "kernel.cpp").string())));
}

TEST_F(Toolchain, BadVariablesInIncludeDirsAreNamed) {
  CallableSpec sample = spec();
  sample.incores[0].extra_include_dirs = {"$TW_TEST_UNSET/include"};
  expect_error(sample, ErrorCode::kInvalidArgument, HasSubstr("environment variable TW_TEST_UNSET is not set"));
  for (const char* text : {"a$", "$/x", "${", "${HOME", "${}"}) {
    sample.incores[0].extra_include_dirs = {text};
    expect_error(sample, ErrorCode::kInvalidArgument, HasSubstr("must be followed by the name of a variable"));
  }
}

TEST_F(Toolchain, BadSpecsAndOptionsAreRefused) {
  CallableSpec sample = spec();
  sample.incores.push_back(sample.incores[0]);
  expect_error(sample, ErrorCode::kInvalidArgument, HasSubstr("incores[1].func_id"));
  sample = spec();
  sample.incores[0].func_id = 1024;
  expect_error(sample, ErrorCode::kInvalidArgument, HasSubstr("1024"));
  sample = spec();
  sample.orchestration.signature.resize(257);
  expect_error(sample, ErrorCode::kLimitExceeded, HasSubstr("257"));
  expect_error(spec(), ErrorCode::kUnknownPlatform, HasSubstr("'a7'"), {.platform_arch = "a7"});
  expect_error(spec(), ErrorCode::kInvalidArgument, HasSubstr("'native'"), {.target_level = "native"});
  expect_error(spec(), ErrorCode::kInvalidArgument, HasSubstr("not allowed"), {.target_level = "x86-64 -O9"});
  expect_error(spec(), ErrorCode::kInvalidArgument, HasSubstr("jobs"), {.jobs = -1});
  expect_error(spec(), ErrorCode::kCompileFailed, HasSubstr("x86-64-v9"), {.target_level = "x86-64-v9"});
}

TEST_F(Toolchain, MissingCompilerIsNamed) {
  const ScopedVariable compiler("TW_CXX", "no-such-compiler");
  expect_error(spec(), ErrorCode::kToolMissing, HasSubstr("no-such-compiler"));
}

TEST_F(Toolchain, ACompilerThatWritesNonsenseIsFoundOut) {
  const fs::path wrapper = directory_.path() / "wrapper";
  write(wrapper, "#!/bin/sh\ng++ \"$@\" || exit $?\nwhile [ $# -gt 0 ]; do [ \"$1\" = -o ] && echo junk > \"$2\"; shift; done\n");
  ::chmod(wrapper.c_str(), 0755);
  const ScopedVariable compiler("TW_CXX", wrapper.string());
  expect_error(spec(), ErrorCode::kCompileFailed, HasSubstr("not a readable shared object"));
}

TEST_F(Toolchain, AnInstructionThatThePlatformLacksIsRefusedInOneLine) {
  write(project_ / "kernel.cpp", R"(#include <pto/pto-inst.hpp>
using namespace pto;
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *) {
  Tile<TileType::Vec, bfloat16_t, 16, 16> vec;
  TASSIGN(vec, 0);
  TADD(vec, vec, vec);
})");
  const std::string kernel = (project_ / "kernel.cpp").string();
  expect_error(spec(), ErrorCode::kCompileFailed, HasSubstr(kernel + ":6: TADD: a2a3 does not have this instruction for elements bf16\n"),
               {.platform_arch = "a2a3sim"});
  EXPECT_NO_THROW(build(spec(), {.platform_arch = "a5sim"}));
}

TEST_F(Toolchain, HeadersAreFoundOrEveryPlaceTriedIsNamed) {
  EXPECT_TRUE(fs::exists(find_toolchain_paths().include_root / "orchestration" / "tensor.h"));
  const ScopedVariable headers("TW_INCLUDE_DIR", project_.string());
  expect_error(spec(), ErrorCode::kFileNotFound, AllOf(HasSubstr("TW_INCLUDE_DIR"), HasSubstr(project_.string())));
}

TEST_F(Toolchain, InstalledHeadersAreFoundBesideTheProgramOrLibrary) {
  const fs::path prefix = directory_.path() / "prefix";
  EXPECT_EQ(find_toolchain_paths(prefix / "bin").include_root, find_toolchain_paths().include_root) << "not installed: the source tree";
  const fs::path headers = prefix / "include" / ("tilewright-" TW_VERSION);
  write(headers / "orchestration" / "pto_orchestration_api.h", "");
  for (const char* place : {"bin", "lib", "lib/x86_64-linux-gnu"}) {
    EXPECT_EQ(find_toolchain_paths(prefix / place).include_root, headers) << place;
  }
}

// ---- the store under stress --------------------------------------------------------------------------------------

TEST_F(Toolchain, DamagedEntriesAreBuiltAgain) {
  const BuiltCallable first = build(spec());
  const fs::path object = store_.path_of(EntryKind::kObject, first.sources[1].object);
  std::string bytes = read_file(object);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  std::ofstream(object, std::ios::binary) << bytes;
  const BuiltCallable second = build(spec());
  EXPECT_THAT(cached(second), ElementsAre(true, false));
  EXPECT_EQ(second.id, first.id);
  for (const StoreEntry& entry : store_.list()) fs::resize_file(store_.path_of(entry.kind, entry.name), entry.size / 2);
  const BuiltCallable third = build(spec());
  EXPECT_THAT(cached(third), Each(false));
  EXPECT_EQ(third.id, first.id);
  EXPECT_THAT(cached(build(spec())), Each(true));
}

TEST_F(Toolchain, AStoreThatCannotBeWrittenCostsAWarningNotTheResult) {
  Store blocked(project_ / "kernel.cpp" / "store");
  ::testing::internal::CaptureStderr();
  const BuiltCallable built = build_callable(spec(), {}, blocked);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(built.id, build(spec()).id);
  EXPECT_THAT(text, HasSubstr("building without the cache"));
  EXPECT_EQ(text.find("building without"), text.rfind("building without")) << text;
}

TEST_F(Toolchain, AFullStoreCostsAWarningAndAFullTemporaryDirectoryIsSaidSo) {
  const fs::path place = directory_.path() / "small";
  fs::create_directories(place);
  const int result = run_in_tmpfs(place, "16k", [&] {
    Store full(place / "store");
    if (build_callable(spec(), {}, full).sources.size() != 2) return 1;
    if (!full.verify(false).empty()) return 2;
    for (const auto& file : fs::recursive_directory_iterator(place)) {
      if (file.path().filename().string().find('.') != std::string::npos) return 3;  // half written
    }
    fs::remove_all(place / "store");
    ::setenv("TMPDIR", place.c_str(), 1);
    std::string big = "extern \"C\" void kernel_entry(long *) {}\nextern \"C\" const char table[65536] = {1};\n";
    write(project_ / "kernel.cpp", big);
    try {
      build(spec());
      return 4;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDiskFull) throw;
    }
    return fs::is_empty(place) ? 0 : 5;
  });
  if (result == kMountRefused) GTEST_SKIP() << "no tmpfs can be mounted here";
  EXPECT_EQ(result, 0);
}

TEST_F(Toolchain, ConcurrentBuildsAgreeAndCompileOnce) {
  constexpr int kProcesses = 6;
  for (int i = 0; i < kProcesses; ++i) write(project_ / fmt::format("own{}.cpp", i), std::string(kKernel) + fmt::format("int own{};\n", i));
  const auto spec_for = [&](int process) {
    CallableSpec sample = spec();  // two sources that all share, one that is its own
    sample.incores.push_back(sample.incores[0]);
    sample.incores[1].func_id = 1;
    sample.incores[1].source = fmt::format("own{}.cpp", process);
    return sample;
  };
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(start_child([&, process] {
      Store mine(store_.root());
      const CallableSpec sample = spec_for(process);
      std::atomic<int> compiled = 0;
      BuildOptions options;
      options.progress = [&](const SourceReport& report) { compiled += report.cached ? 0 : 1; };
      Digest ids[2];
      std::jthread other([&] { ids[1] = build_callable(sample, options, mine).id; });
      ids[0] = build_callable(sample, options, mine).id;
      other.join();
      if (ids[0] != ids[1]) return 100;
      write_file_atomically(directory_.path() / fmt::format("id{}", process), ids[0].hex());
      return compiled.load();
    }));
  }
  int compiled = 0;
  for (pid_t child : children) {
    const int count = wait_for_child(child);
    ASSERT_LT(count, 7);
    compiled += count;
  }
  EXPECT_EQ(compiled, 2 + kProcesses) << "each object once";
  EXPECT_TRUE(store_.verify(false).empty());
  for (int process = 0; process < kProcesses; ++process) {
    EXPECT_EQ(read_file(directory_.path() / fmt::format("id{}", process)), build(spec_for(process)).id.hex());
  }
}

TEST_F(Toolchain, EvictionNeverBreaksABuild) {
  const Digest expected = build(spec()).id;
  const pid_t pruner = start_child([&] {
    Store mine(store_.root());
    while (!fs::exists(directory_.path() / "done")) mine.prune({.max_bytes = 0, .max_idle = {}});
    return 0;
  });
  for (int i = 0; i < 10; ++i) EXPECT_EQ(build(spec()).id, expected);
  write(directory_.path() / "done", "");
  EXPECT_EQ(wait_for_child(pruner), 0);
}

}  // namespace
}  // namespace tilewright
