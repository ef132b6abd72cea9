// 'tw compile', 'tw rebuild' and 'tw run' of programs, as a user meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
#include "data/small_float.h"
#include "data/tensor_spec.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// A shell command in which $tw is the program, $programs, $sources and $examples directories of programs, and the store one of the tests' own.
ProcessResult shell(const std::string& command) {
  return run_process({"sh", "-c",
                      "export TW_CACHE_DIR='" TW_TEST_CACHE "'; tw='" TW_PROGRAM "'; programs='" TW_PROGRAMS "'; sources='" TW_SOURCES
                      "'; examples='" TW_EXAMPLES "'; " +
                          command});
}

class Compile : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomically(file(name), text);
    return file(name);
  }
  /// The names of what is in the test's directory.
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator())); }

  /// The program is refused with exit code 2 and this text, and nothing is left of an artifact.
  void refuse(const std::string& program, const std::string& text, const std::string& options = "") const {
    const size_t before = entries();
    const ProcessResult result = shell("$tw compile " + program + " -o " + file("refused.tw") + " " + options);
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr(text));
    EXPECT_EQ(entries(), before);
  }

  TemporaryDirectory directory_;
};

HostTensor make(const std::string& spec) { return make_tensor(parse_tensor_spec(spec)); }

constexpr const char* kVariants[][2] = {{"a2a3sim", "tensormap_and_ringbuffer"},
                                        {"a2a3sim", "host_build_graph"},
                                        {"a2a3sim", "aicpu_build_graph"},
                                        {"a5sim", "tensormap_and_ringbuffer"},
                                        {"a5sim", "host_build_graph"}};

/// a * b in double precision, and the sum of the magnitudes of its terms.
struct Product {
  Product(const HostTensor& a, const HostTensor& b, size_t rows, size_t depth, size_t columns)
      : value(rows * columns), magnitude(rows * columns) {
    for (size_t m = 0; m < rows; ++m) {
      for (size_t k = 0; k < depth; ++k) {
        for (size_t n = 0; n < columns; ++n) {
          const double term =
              double{half_to_float(a.elements<uint16_t>()[m * depth + k])} * half_to_float(b.elements<uint16_t>()[k * columns + n]);
          value[m * columns + n] += term;
          magnitude[m * columns + n] += std::fabs(term);
        }
      }
    }
  }
  std::vector<double> value, magnitude;
};

TEST_F(Compile, AnElementwiseProgramRunsEverywhere) {
  const HostTensor a = make("f32[192,128]=randn:1"), b = make("f32[192,128]=randn:2");
  for (const auto& [platform, runtime] : kVariants) {
    const ProcessResult result = shell(
        std::string("$tw run $programs/elementwise.mlir --check --platform ") + platform + " --runtime " + runtime +
        " --arg a=f32[192,128]=randn:1 --arg b=f32[192,128]=randn:2 --arg c=f32[192,128] --scalar s=f32:1.5 --output c=" + file("c.npy"));
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const HostTensor c = read_npy(file("c.npy"));
    for (size_t i = 0; i < c.element_count(); ++i) {
      const double x = a.elements<float>()[i], y = b.elements<float>()[i], expected = 1.5 * x + y;
      ASSERT_NEAR(c.elements<float>()[i], expected, 2e-7 * (std::fabs(1.5 * x) + std::fabs(expected)))
          << platform << " " << runtime << " " << i;
    }
  }
}

TEST_F(Compile, AProductOfTilesRunsEverywhere) {
  constexpr size_t kRows = 64, kDepth = 256, kColumns = 128;
  const Product product(make("f16[64,256]=randn:1"), make("f16[256,128]=randn:2"), kRows, kDepth, kColumns);
  for (const auto& [platform, runtime] : kVariants) {
    const ProcessResult result =
        shell(std::string("$tw run $programs/matmul.mlir --check --platform ") + platform + " --runtime " + runtime +
              " --arg a=f16[64,256]=randn:1 --arg b=f16[256,128]=randn:2 --arg c=f32[64,128] --output c=" + file("c.npy"));
    ASSERT_EQ(result.exit_code, 0) << result.output;
    const HostTensor c = read_npy(file("c.npy"));
    for (size_t i = 0; i < product.value.size(); ++i) {
      // Sums in f32: kDepth roundings at most.
      ASSERT_NEAR(c.elements<float>()[i], product.value[i], kDepth * 6e-8 * product.magnitude[i]) << platform << " " << runtime << " " << i;
    }
  }
}

TEST_F(Compile, ProgramsInTheLanguageAreBuiltAndRun) {
  const HostTensor x = make("f32[64,128]=randn:1");
  const ProcessResult hello =
      shell("$tw run --check $examples/hello.cpp --arg x=f32[64,128]=randn:1 --arg y=f32[64,128] --output y=" + file("y.npy"));
  ASSERT_EQ(hello.exit_code, 0) << hello.output;
  const HostTensor y = read_npy(file("y.npy"));
  for (size_t i = 0; i < y.element_count(); ++i) {
    ASSERT_EQ(y.elements<float>()[i], static_cast<float>(double{x.elements<float>()[i]} + 1)) << i;
  }
}

TEST_F(Compile, MistakesInProgramsInTheLanguageAreReportedAtTheirLines) {
  const auto program = [&](const std::string& statement) {
    return write("wrong.cpp",
                 "#include <tilewright/language.h>\nusing namespace tilewright;\nvoid wrong(Tensor x, Out<Tensor> y) {\n  at([&] {\n    " +
                     statement +
                     "\n  });\n}\nint main(int argc, char** argv) {\n  return program(\"wrong\", wrong, tensor(f32, {64, 128}), "
                     "tensor(f32, {64, 128})).main(argc, argv);\n}\n");
  };
  refuse(program("store(load(x, {0, 0}, {64, 128}) + load(x, {0, 0}, {32, 128}), y, {0, 0});"), "wrong.cpp:5:");
  refuse(program("store(nothing, y, {0, 0});"), "wrong.cpp:5:");
}

TEST_F(Compile, TheSameProgramGivesTheSameBytes) {
  ASSERT_EQ(shell("$tw compile $programs/matmul.mlir -o " + file("one")).exit_code, 0);
  ASSERT_EQ(shell("cp $programs/matmul.mlir " + file("matmul.mlir") + " && cd " + directory_.path().string() +
                  " && TW_CACHE_DIR=" + file("cache") + " $tw compile matmul.mlir -o two")
                .exit_code,
            0);
  const ProcessResult same = shell("diff -r " + file("one") + " " + file("two"));
  EXPECT_EQ(same.exit_code, 0) << same.output;
  const ProcessResult source =
      shell("mkdir " + file("here") + " && cp $examples/hello.cpp " + file("here") + " && $tw compile " + file("here/hello.cpp") + " -o " +
            file("three") + " && $tw compile $examples/hello.cpp -o " + file("four") + " && diff -r " + file("three") + " " + file("four"));
  EXPECT_EQ(source.exit_code, 0) << source.output;
  // With reasons why tensors stay tracked, which name lines.
  const ProcessResult derived = shell(
      "cp $sources/order.cpp " + file("here") + " && $tw compile " + file("here/order.cpp") + " --derive-dependencies -o " + file("five") +
      " && $tw compile $sources/order.cpp --derive-dependencies -o " + file("six") + " && diff -r " + file("five") + " " + file("six"));
  EXPECT_EQ(derived.exit_code, 0) << derived.output;
  EXPECT_THAT(read_file(file("six/dependencies.json")), HasSubstr("(order.cpp:10)"));
}

TEST_F(Compile, AnAlteredArtifactIsRefusedUntilItIsRebuilt) {
  const std::string artifact = file("e.tw");
  ASSERT_EQ(shell("$tw compile $programs/elementwise.mlir -o " + artifact).exit_code, 0);
  const std::string run =
      "$tw run " + artifact +
      " --arg a=f32[64,128]=full:1 --arg b=f32[64,128]=full:2 --arg c=f32[64,128] --scalar s=f32:3 --output c=" + file("c.npy");
  ASSERT_EQ(shell(run).exit_code, 0);
  EXPECT_EQ(read_npy(file("c.npy")).elements<float>()[0], 5.0f);

  const std::string kernel = artifact + "/kernels/aiv/scale_add.cpp";
  ASSERT_EQ(shell("sed -i s/TADD/TSUB/ " + kernel).exit_code, 0);
  const ProcessResult refused = shell(run);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("kernels/aiv/scale_add.cpp was altered"));
  EXPECT_THAT(refused.output, HasSubstr("tw rebuild " + artifact));
  const ProcessResult rebuilt = shell("$tw rebuild " + artifact);
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.output;
  ASSERT_EQ(shell(run).exit_code, 0);
  EXPECT_EQ(read_npy(file("c.npy")).elements<float>()[0], 1.0f);

  // What does not compile is not taken.
  ASSERT_EQ(shell("sed -i s/TSUB/TNOTHING/ " + kernel).exit_code, 0);
  const ProcessResult broken = shell("$tw rebuild " + artifact);
  EXPECT_EQ(broken.exit_code, 1) << broken.output;
  EXPECT_THAT(broken.output, HasSubstr("TNOTHING"));
  EXPECT_EQ(shell(run).exit_code, 2);

  ASSERT_EQ(shell("rm " + kernel).exit_code, 0);
  EXPECT_THAT(shell(run).output, HasSubstr("kernels/aiv/scale_add.cpp is missing"));
  EXPECT_EQ(shell("$tw rebuild " + artifact).exit_code, 2);
  ASSERT_EQ(shell("sed -i 's/\"tilewright\": \"/&9/' " + artifact + "/manifest.json").exit_code, 0);
  const ProcessResult other = shell(run);
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.output, ContainsRegex("was made by Tilewright 9.*; this is "));
}

TEST_F(Compile, AnArtifactRunsWhereItWasCompiledFor) {
  const std::string artifact = file("e.tw");
  ASSERT_EQ(shell("$tw compile $programs/elementwise.mlir --platform a5sim -o " + artifact).exit_code, 0);
  const std::string run =
      "$tw run " + artifact + " --arg a=f32[64,128]=full:1 --arg b=f32[64,128]=full:2 --arg c=f32[64,128] --scalar s=f32:3 --platform ";
  EXPECT_EQ(shell(run + "a5sim").exit_code, 0);
  const ProcessResult refused = shell(run + "a2a3sim");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("was compiled for a5"));
  EXPECT_EQ(shell(run + "a5sim --runtime aicpu_build_graph").exit_code, 2);
}

TEST_F(Compile, ArgumentsOfOtherTypesEndTheRun) {
  const ProcessResult result =
      shell("$tw run $programs/elementwise.mlir --arg a=f32[64,64] --arg b=f32[64,128] --arg c=f32[64,128] --scalar s=f32:3");
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("argument 0 must be f32 [?, 128], but is"));
}

TEST_F(Compile, MistakesAreReportedWhereTheyAre) {
  const auto program = [&](const std::string& text) { return write("bad.mlir", text); };
  refuse(program("tw.orchestration @p() {\n  %x = tw.nothing\n  tw.return\n}\n"), "bad.mlir:2:8: error: ");
  refuse(program("tw.orchestration @p(\n"), "bad.mlir:1:21: error: ");
  refuse(program("tile.func aiv @k() {\n  tile.return\n}\n"), "the program has no tw.orchestration");
  refuse(program("tw.orchestration @p() {\n  tw.return\n}\ntw.orchestration @q() {\n  tw.return\n}\n"),
         "bad.mlir:4:1: error: 'tw.orchestration' op is the second orchestration of the program, after 'p'");
  refuse(program("tw.orchestration @p(%x: !tw.tensor<16x16xf8E5M2>) {\n  tw.return\n}\n"), "which the runtime does not know");
  refuse(file("no.mlir"), "no.mlir");
  refuse(write("notes.txt", "text"), "is no program");
  refuse("$programs/elementwise.mlir", "unknown platform", "--platform a9");
  refuse("$programs/elementwise.mlir", "runtime", "--runtime ring");
  ASSERT_EQ(shell("mkdir " + file("other") + " && touch " + file("other/notes")).exit_code, 0);
  const ProcessResult taken = shell("$tw compile $programs/elementwise.mlir -o " + file("other"));
  EXPECT_EQ(taken.exit_code, 2);
  EXPECT_THAT(taken.output, HasSubstr("exists and is no artifact"));
  EXPECT_TRUE(fs::exists(file("other/notes")));
}

TEST_F(Compile, DependenciesThatNobodyNamesAreRefusedWhereTheRuntimeFindsNone) {
  const std::string kernel =
      "tile.func aiv @k(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n  tile.return\n}\ntw.orchestration @p(%x: !tw.tensor<16x16xf32> "
      "{tw.inout}) {\n"
      "  %a = tw.submit @k(%x : !tw.tensor<16x16xf32>)\n";
  const std::string without = write("without.mlir", kernel + "  %b = tw.submit @k(%x : !tw.tensor<16x16xf32>)\n  tw.return\n}\n");
  refuse(without, "without.mlir:6:8: error: 'tw.submit' op may use a tensor that an earlier task uses", "--runtime aicpu_build_graph");
  EXPECT_EQ(shell("$tw compile " + without + " -o " + file("without.tw")).exit_code, 0);
  const std::string with =
      write("with.mlir", kernel + "  %b = tw.submit @k(%x : !tw.tensor<16x16xf32>) after(%a : !tw.task_id)\n  tw.return\n}\n");
  EXPECT_EQ(shell("$tw compile " + with + " -o " + file("with.tw") + " --runtime aicpu_build_graph").exit_code, 0);
}

constexpr const char* kUpdate = "tile.func aiv @k(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n  tile.return\n}\n";
constexpr const char* kUpdateTwice =
    "tw.orchestration @p(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n"
    "  %a = tw.submit @k(%x : !tw.tensor<16x16xf32>)\n"
    "  %b = tw.submit @k(%x : !tw.tensor<16x16xf32>)\n"
    "  tw.return\n}\n";

TEST_F(Compile, DependenciesAreDerivedWhereThatIsAskedFor) {
  const std::string program = write("p.mlir", std::string(kUpdate) + kUpdateTwice);
  const auto compile = [&](const std::string& artifact, const std::string& options) {
    const ProcessResult result = shell("$tw compile " + program + " -o " + file(artifact) + " " + options);
    ASSERT_EQ(result.exit_code, 0) << result.output;
  };
  compile("with.tw", "--derive-dependencies");
  compile("without.tw", "");
  const auto orchestration = [&](const std::string& artifact) { return read_file(file(artifact + "/orchestration/p.cpp")); };
  EXPECT_THAT(orchestration("with.tw"), HasSubstr("k_after.add_derived(a);"));
  EXPECT_THAT(orchestration("without.tw"), Not(HasSubstr("derived")));
  EXPECT_EQ(read_file(file("with.tw/dependencies.json")), R"({
  "tensors": [
    {
      "name": "x",
      "line": "p.mlir:4",
      "ordered": true,
      "reason": ""
    }
  ]
}
)");
  EXPECT_FALSE(fs::exists(file("without.tw/dependencies.json")));
  // The store has both, and takes neither for the other.
  compile("again.tw", "--derive-dependencies");
  const ProcessResult same = shell("diff -r " + file("with.tw") + " " + file("again.tw"));
  EXPECT_EQ(same.exit_code, 0) << same.output;
  // The order is named: no other is needed.
  compile("named.tw", "--derive-dependencies --runtime aicpu_build_graph");
  refuse(program, "p.mlir:6:8: error: 'tw.submit' op may use a tensor that an earlier task uses", "--runtime aicpu_build_graph");
}

TEST_F(Compile, ItSaysWhichTensorsTheRuntimeHasToTrack) {
  const std::string program = write("p.mlir", std::string(kUpdate) +
                                                  "tw.orchestration @p(%x: !tw.tensor<16x16xf32> {tw.inout}, %n: index) {\n"
                                                  "  %zero = arith.constant 0 : index\n"
                                                  "  %one = arith.constant 1 : index\n"
                                                  "  %made = tw.create : !tw.tensor<16x16xf32>\n"
                                                  "  scf.for %i = %zero to %n step %one {\n"
                                                  "    %a = tw.submit @k(%x : !tw.tensor<16x16xf32>)\n"
                                                  "  }\n"
                                                  "  tw.return\n}\n");
  ASSERT_EQ(shell("$tw compile " + program + " --derive-dependencies -o " + file("p.tw")).exit_code, 0);
  const std::string tensors = read_file(file("p.tw/dependencies.json"));
  EXPECT_THAT(tensors, ContainsRegex("\"name\": \"x\",[ \n]*\"line\": \"p.mlir:4\",[ \n]*\"ordered\": false,[ \n]*\"reason\": "
                                     "\"turns of a loop .*\\(p.mlir:8\\)\""));
  EXPECT_THAT(tensors, ContainsRegex("\"name\": \"made\",[ \n]*\"line\": \"p.mlir:7\",[ \n]*\"ordered\": true"));
}

TEST_F(Compile, AProgramWithPlannedKernelsHasDependenciesToDeriveToo) {
  const std::string program = write("p.mlir",
                                    "tile.func aiv @k(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n"
                                    "  %t = tile.create : !tile.tile<16x16xf32, vec, at 0>\n"
                                    "  tile.barrier all\n  tile.return\n}\n" +
                                        std::string(kUpdateTwice));
  const ProcessResult result = shell("$tw compile " + program + " --derive-dependencies -o " + file("p.tw"));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(read_file(file("p.tw/orchestration/p.cpp")), HasSubstr("k_after.add_derived(a);"));
}

TEST_F(Compile, WhatIsCompiledAlreadyCannotBeAskedToDeriveDependencies) {
  const std::string program = write("p.mlir", std::string(kUpdate) + kUpdateTwice);
  ASSERT_EQ(shell("$tw compile " + program + " -o " + file("without.tw")).exit_code, 0);
  ASSERT_EQ(shell("$tw compile " + program + " -o " + file("with.tw") + " --derive-dependencies").exit_code, 0);
  const auto run = [&](const std::string& callable) { return shell("$tw run " + callable + " --derive-dependencies --arg x=f32[16,16]"); };
  for (const std::string& good : {program, file("with.tw")}) {
    const ProcessResult result = run(good);
    EXPECT_EQ(result.exit_code, 0) << result.output;
  }
  const ProcessResult artifact = run(file("without.tw"));
  EXPECT_EQ(artifact.exit_code, 2);
  EXPECT_THAT(artifact.output, HasSubstr("without.tw was compiled without --derive-dependencies"));
  const ProcessResult written = run(file("without.tw/callable.json"));
  EXPECT_EQ(written.exit_code, 2);
  EXPECT_THAT(written.output, HasSubstr("--derive-dependencies is for programs, and the orchestration of "));
}

TEST_F(Compile, WithoutTheCompilerItSaysSo) {
  const ProcessResult result =
      shell("cp $tw " + file("tw") + " && " + file("tw") + " compile $programs/elementwise.mlir -o " + file("e.tw"));
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("was built without its compiler"));
  EXPECT_EQ(entries(), 1u);
}

// The tensors of vector_dag are ordered by what the compiler names, all of them; the runtime finds the same pairs.
TEST_F(Compile, DependenciesOfProgramsAndArtifactsAreReportedWithTheirTensors) {
  const std::string arguments = " --arg a=f32[32,128]=randn:1 --arg b=f32[32,128]=randn:2 --arg f=f32[32,128]";
  const std::string program = "$examples/vector_dag.cpp";
  const ProcessResult direct = shell("$tw deps " + program + " --derive-dependencies" + arguments);
  ASSERT_EQ(direct.exit_code, 0) << direct.output;
  EXPECT_THAT(direct.output, HasSubstr("explicit by user      0\nexplicit by compiler  4\n"));
  EXPECT_THAT(direct.output, HasSubstr("tensormap             4, of which 4 are explicit too\nunique-pair coverage  100.00 %\n"));
  EXPECT_THAT(direct.output, HasSubstr("tensors: 6 (ordered by named dependencies alone: 6)\n"));
  ASSERT_EQ(shell("$tw compile " + program + " --derive-dependencies -o " + file("with.tw") + " && $tw compile " + program + " -o " +
                  file("without.tw"))
                .exit_code,
            0);
  EXPECT_EQ(shell("$tw deps " + file("with.tw") + arguments).output, direct.output);
  const ProcessResult without = shell("$tw deps " + file("without.tw") + arguments);
  EXPECT_THAT(without.output, HasSubstr("explicit by compiler  0\n"));
  EXPECT_THAT(without.output, Not(HasSubstr("tensors: ")));
}

}  // namespace
}  // namespace tilewright
