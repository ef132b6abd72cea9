// Recipes: placeholders, and builds whose kernels a platform's own commands make.
#include "toolchain/recipe.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "task/callable.h"
#include "toolchain/toolchain.h"

namespace tilewright {
namespace {

using Command = CompileRecipe::Command;

TEST(Recipe, ReplacesPlaceholdersInsideWordsAndWholeWords) {
  const RecipePlaces places{"/src/a.cpp", "/tmp/o", "/tmp/d", "/tmp/s", {"-I/x", "-I/y"}, false};
  EXPECT_EQ(expand_command({"cc", "-MF{depfile}", "{includes}", "{flags}", "-o", "{output}", "{scratch}/{source}"}, places),
            (Command{"cc", "-MF/tmp/d", "-I/x", "-I/y", "-O2", "-DNDEBUG", "-o", "/tmp/o", "/tmp/s//src/a.cpp"}));
  RecipePlaces debug = places;
  debug.debug = true;
  EXPECT_EQ(expand_command({"{flags}", "{unknown}", "{sourc"}, debug), (Command{"-O0", "-g", "{unknown}", "{sourc"}));
}

class RecipeBuild : public testing::Test {
 protected:
  RecipeBuild() {
    std::ofstream(directory_.path() / "orchestration.cpp")
        << "#include \"pto_orchestration_api.h\"\nextern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs &) {}\n";
    std::ofstream(directory_.path() / "kernel.cpp") << "#include \"table.h\"\nkernel text\n";
    write_header("one");
    std::ofstream(directory_.path() / "table.h") << "header";
    spec_.name = "callable";
    spec_.base_dir = directory_.path();
    spec_.orchestration.source = "orchestration.cpp";
    spec_.incores.push_back({0, "kernel.cpp", CoreType::AIV, {}, "", {}});
    // "Compiles" by putting source and header into one file, in two steps.
    const std::string script = "cat \"$1\" \"$2\" > \"$3\"; echo \"object: $1 $2\" > \"$4\"";
    recipe_.identity = "cat 1";
    recipe_.aiv_kernel = {
        {"sh", "-c", script, "step", "{source}", header(), "{scratch}/both", "{depfile}"},
        {"sh", "-c", "printf '%s:' \"$3\" > \"$2\"; cat \"$1\" >> \"$2\"", "step", "{scratch}/both", "{output}", "packed"}};
    recipe_.aic_kernel = recipe_.aiv_kernel;
  }
  std::string header() const { return directory_.path() / "table.h"; }
  void write_header(const std::string& text) { std::ofstream(header()) << text; }

  BuiltCallable build() {
    BuildOptions options;
    options.recipe = &recipe_;
    return build_callable(spec_, options, store_);
  }
  std::string kernel_of(const BuiltCallable& built) {
    const CallableParts parts = parse_chip_callable(built.image);
    return {parts.kernels.at(0).binary.begin(), parts.kernels.at(0).binary.end()};
  }
  Error failure() {
    try {
      build();
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "nothing failed");
  }

  TemporaryDirectory directory_;
  TemporaryDirectory store_directory_;
  Store store_{store_directory_.path()};
  CallableSpec spec_;
  CompileRecipe recipe_;
};

TEST_F(RecipeBuild, KernelsAreWhatTheCommandsMakeAndTheOrchestrationIsTheHostCompilers) {
  const BuiltCallable built = build();
  EXPECT_EQ(kernel_of(built), "packed:#include \"table.h\"\nkernel text\nheader");
  const CallableParts parts = parse_chip_callable(built.image);
  EXPECT_EQ(parts.orchestration[1], 'E') << "an ELF file";
  EXPECT_EQ(parts.kernels[0].core_type, CoreType::AIV);
}

TEST_F(RecipeBuild, ObjectsAreKeptUntilHeaderWordsOrCompilerChange) {
  build();
  std::vector<bool> cached;
  const auto again = [&] { return build().sources.at(1).cached; };
  EXPECT_TRUE(again());
  recipe_.identity = "cat 2";
  EXPECT_FALSE(again());
  EXPECT_TRUE(again());
  recipe_.aiv_kernel[1].back() = "other";
  EXPECT_FALSE(again());
  write_header("changed");
  const BuiltCallable built = build();
  EXPECT_FALSE(built.sources.at(1).cached);
  EXPECT_NE(kernel_of(built).find("changed"), std::string::npos);
}

TEST_F(RecipeBuild, ACommandThatFailsEndsTheBuildWithItsOutput) {
  recipe_.aiv_kernel[0] = {"sh", "-c", "echo 'no such unit' >&2; exit 3"};
  const Error error = failure();
  EXPECT_EQ(error.code(), ErrorCode::kCompileFailed);
  EXPECT_NE(error.message().find("exit code 3"), std::string::npos) << error.what();
  EXPECT_NE(error.message().find("no such unit"), std::string::npos) << error.what();
  EXPECT_NE(error.message().find("kernel.cpp"), std::string::npos) << error.what();
}

TEST_F(RecipeBuild, ACommandThatIsNotInstalledIsNamed) {
  recipe_.aiv_kernel[0][0] = "ccec-that-is-not-here";
  const Error error = failure();
  EXPECT_EQ(error.code(), ErrorCode::kToolMissing);
  EXPECT_NE(error.message().find("ccec-that-is-not-here"), std::string::npos) << error.what();
}

TEST_F(RecipeBuild, CommandsThatLeaveNoOutputOrDepfileFail) {
  recipe_.aiv_kernel = {{"true", "{source}", "{output}", "{depfile}"}};
  EXPECT_NE(failure().message().find("left no {output}"), std::string::npos);
  recipe_.aiv_kernel = {{"cp", "{source}", "{output}"}};
  EXPECT_NE(failure().message().find("left no {depfile}"), std::string::npos);
}

}  // namespace
}  // namespace tilewright
