// The main() of tile programs, as its users meet it. That it runs every example on every platform is tested in examples/tile_programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;

/// A shell command in which $subject is the program. Temporary files go to a directory that must be empty afterwards.
class TileProgram : public testing::Test {
 protected:
  ProcessResult shell(const std::string& command, const std::string& mistake = "") const {
    fs::create_directories(directory_.path() / "tmp");
    return run_process({"sh", "-c",
                        "export TW_CACHE_DIR='" TW_TEST_CACHE "' TMPDIR=" + file("tmp") + " SUBJECT='" + mistake +
                            "'; subject='" TW_SUBJECT "' tw='" TW_PROGRAM "'; " + command});
  }
  void TearDown() override { EXPECT_TRUE(fs::is_empty(directory_.path() / "tmp")); }
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }

  void refuse(const std::string& mistake, const std::string& text) const {
    const ProcessResult result = shell("$subject", mistake);
    EXPECT_EQ(result.exit_code, 2) << mistake << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr(text));
  }

  TemporaryDirectory directory_;
};

TEST_F(TileProgram, RunsItsExampleAndSaysHowFarResultsAreFromTheReference) {
  const ProcessResult result = shell("$subject --platform a5sim --runtime host_build_graph --check");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex("^subject on a5sim, host_build_graph, checked\n  y  f16\\[5,32\\]  largest error [0-9.e-]+ at "
                            "\\[[0-9], [0-9]+\\]; at most 0[.0-9]+ of its bound, .*\n  counts  i32\\[1,8\\]  exact\nPASS\n$"));
  EXPECT_NE(shell("$subject --seed 2").output, shell("$subject --seed 3").output);
}

TEST_F(TileProgram, OnlyAnInfinityMatchesOne) {
  const ProcessResult result = shell("$subject", "infinity");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("y: 160 of 160 elements are wrong"));
}

TEST_F(TileProgram, AResultThatIsWrongEndsWith1) {
  const ProcessResult result = shell("$subject", "reference");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              ContainsRegex("y: 32 of 160 elements are wrong; \\[2, 0\\] is .*, should be .*, and may differ by .*\nFAIL\n$"));
  EXPECT_EQ(shell("$subject", "bound").exit_code, 1);
}

TEST_F(TileProgram, MistakesOfTheExampleAndTheReferenceAreNamed) {
  refuse("extents", "the example of 'x': is [5, 31], but the parameter is [?, 32]");
  refuse("open extents", "the example of 'x': is [?, 32], but the parameter is [?, 32]");
  refuse("no content", "the example of 'counts': has no content, and the program reads it");
  refuse("kinds", "the example of 'exp': is a tensor, but the parameter is a number");
  refuse("number of values", "subject has 5 parameters, and its example has values for 4");
  refuse("no example", "subject has no example to run");
  refuse("outside", "the reference uses an element outside of its array");
  refuse("unset", "the reference leaves y[3, 7] without a value");
  refuse("program", "error: add: first operand is 8x32xf32, second operand must be 8x32xf32, is 4x32xf32");
}

TEST_F(TileProgram, MistakesOfTheCommandLineAreNamed) {
  for (const auto& [words, text] : {std::pair{"--frobnicate", "unknown argument '--frobnicate'"},
                                    {"--platform", "nothing follows '--platform'"},
                                    {"--platform a9", "unknown platform"},
                                    {"--runtime ring", "runtime"},
                                    {"--seed x", "--seed x is no number"},
                                    {"--artifact /nowhere", "/nowhere"}}) {
    const ProcessResult result = shell(std::string("$subject ") + words);
    EXPECT_EQ(result.exit_code, 2) << words << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr(text));
  }
  EXPECT_EQ(shell("$subject --record /nowhere/at/all").exit_code, 2);
  const ProcessResult help = shell("$subject --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("Example:\n  " TW_SUBJECT " --platform a5sim --runtime host_build_graph --check\n"));
}

TEST_F(TileProgram, NamesOfParametersStandInEverythingThatIsMade) {
  ASSERT_EQ(shell("$subject --record " + file("subject.mlir")).exit_code, 0);
  EXPECT_THAT(read_file(file("subject.mlir")), HasSubstr("@subject(%x: !tw.tensor<?x32xf32>"));
  const ProcessResult compiled = shell("$subject --compile-only -o " + file("subject.tw"));
  ASSERT_EQ(compiled.exit_code, 0) << compiled.output;
  // Callers use the program's own word, also where C++ has another meaning for it; what has none is called by its place.
  EXPECT_THAT(read_file(file("subject.tw/callable.json")),
              ContainsRegex("\"x\",[ \n]*\"y\",[ \n]*\"counts\",[ \n]*\"exp\",[ \n]*\"arg4\""));
  EXPECT_THAT(read_file(file("subject.tw/orchestration/subject.cpp")), HasSubstr("const ChipTensor &counts = orch_args.tensor(2).ref();"));
  const ProcessResult run = shell("$tw run " + file("subject.tw") +
                                  " --arg x=f32[5,32] --arg y=f16[5,32] --arg counts=i32[1,8] --scalar exp=f32:1 --scalar arg4=i64:0");
  EXPECT_EQ(run.exit_code, 0) << run.output;
}

TEST_F(TileProgram, RunsAnArtifactAsItIsNow) {
  ASSERT_EQ(shell("$subject -o " + file("subject.tw")).exit_code, 0);
  EXPECT_EQ(shell("$subject --artifact " + file("subject.tw")).exit_code, 0);
  ASSERT_EQ(shell("sed -i s/TMULS/TADDS/ " + file("subject.tw/kernels/aiv/scale.cpp") + " && $tw rebuild " + file("subject.tw")).exit_code,
            0);
  EXPECT_EQ(shell("$subject --artifact " + file("subject.tw")).exit_code, 1);
}

TEST_F(TileProgram, HandsDeriveDependenciesOn) {
  ASSERT_EQ(shell("$subject --derive-dependencies -o " + file("derived.tw")).exit_code, 0);
  EXPECT_TRUE(fs::exists(file("derived.tw/dependencies.json")));
  EXPECT_EQ(shell("$subject --derive-dependencies --artifact " + file("derived.tw")).exit_code, 0);
  ASSERT_EQ(shell("$subject -o " + file("plain.tw")).exit_code, 0);
  const ProcessResult refused = shell("$subject --derive-dependencies --artifact " + file("plain.tw"));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("was compiled without --derive-dependencies"));
  const ProcessResult run = shell("$subject --derive-dependencies");
  EXPECT_EQ(run.exit_code, 0) << run.output;
}

TEST_F(TileProgram, CompilingAloneLeavesNothing) {
  const ProcessResult result = shell("cd " + directory_.path().string() + " && $subject --compile-only --platform a5sim");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output, "subject: compiles for a5sim, tensormap_and_ringbuffer\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1);
}

TEST_F(TileProgram, CtrlCEndsTheRunAndRemovesItsFiles) {
  // The compiler of kernels waits on a pipe that nobody writes; when it has begun, so has the run.
  write_file_atomically(file("slow"), "#!/bin/sh\ncase \"$*\" in *-c*) echo begun > " + file("begun") + "; cat " + file("never") +
                                          ";; esac\nexec g++ \"$@\"\n");
  const ProcessResult result = shell("cd " + directory_.path().string() + R"(; chmod +x slow; mkfifo begun never
      export TW_CXX=$PWD/slow TW_CACHE_DIR=$PWD/cache
      (sh -c 'echo $$ > program; exec env --default-signal=INT "$0"' $subject; echo status $? > status) 2> /dev/null &
      read line < begun
      kill -INT $(cat program); wait; cat status)");
  EXPECT_EQ(result.output, "status 130\n");
}

}  // namespace
}  // namespace tilewright
