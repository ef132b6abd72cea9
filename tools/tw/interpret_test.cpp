// 'tw interpret' as a user meets it; what the interpreter computes is tested in src/compiler/interpret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
#include "data/tensor_spec.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

ProcessResult shell(const std::string& command) {
  return run_process({"sh", "-c", "export TW_CACHE_DIR='" TW_TEST_CACHE "'; tw='" TW_PROGRAM "'; examples='" TW_EXAMPLES "'; " + command});
}

class Interpret : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomically(file(name), text);
    return file(name);
  }

  /// The interpreter's result and that of a device are equal within the tolerance for the type. `output` is the tensor's name.
  void agree(const std::string& program, const std::string& arguments, const std::string& output, const std::string& tolerance = "") const {
    const std::string golden = file("golden.npy");
    const ProcessResult interpreted = shell("$tw interpret " + program + " " + arguments + " --output " + output + "=" + golden);
    ASSERT_EQ(interpreted.exit_code, 0) << interpreted.output;
    const ProcessResult ran =
        shell("$tw run " + program + " " + arguments + " --check --nan ignore --golden " + output + "=" + golden + " " + tolerance);
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
  }

  void refuse(const std::string& words, const std::string& text) const {
    const ProcessResult result = shell("$tw interpret " + words);
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr(text));
  }

  TemporaryDirectory directory_;
};

TEST_F(Interpret, SaysWhatADeviceComputes) {
  agree("$examples/hello.cpp", "--arg x=f32[64,128]=randn:1 --arg y=f32[64,128]", "y", "--rtol 0 --atol 0");
  agree("$examples/elementwise.cpp", "--arg x=f32[150,128]=randn:1 --arg y=f32[150,128]=randn:2 --arg z=f32[150,128]", "z",
        "--rtol 0 --atol 0");
  // A tenth of a tenth of gamma(320) times a sum of 320 magnitudes of products; what is seen is 2.3e-5.
  agree("$examples/matmul.cpp", "--arg a=f16[256,320]=randn:1 --arg b=f16[320,256]=randn:2 --arg c=f32[256,256]", "c",
        "--rtol 0 --atol 2e-4");
}

TEST_F(Interpret, IsTheGoldenOfARun) {
  const std::string words = " --arg a=f16[256,320]=randn:1 --arg b=f16[320,256]=randn:2 --arg c=f32[256,256] --golden-from-interpreter ";
  const ProcessResult result = shell("$tw run $examples/matmul.cpp" + words);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("c: f32[256,256] matches golden: 65536 elements compared (rtol 0, atol 0 beyond each bound, NaN equal)"));

  // An artifact is compared with the program that it was made of, whatever its kernels have become.
  const std::string artifact = file("hello.tw");
  ASSERT_EQ(shell("$tw compile $examples/hello.cpp -o " + artifact).exit_code, 0);
  const std::string run = "$tw run " + artifact + " --arg x=f32[64,128]=randn:1 --arg y=f32[64,128] --golden-from-interpreter ";
  EXPECT_EQ(shell(run + "--rounds 2").exit_code, 0);
  ASSERT_EQ(shell("sed -i 's/TADDS(\\(.*\\), 1.0f)/TADDS(\\1, 1.0000001f)/' " + artifact + "/kernels/aiv/*.cpp && $tw rebuild " + artifact)
                .exit_code,
            0);
  const ProcessResult altered = shell(run);
  EXPECT_EQ(altered.exit_code, 1) << altered.output;
  EXPECT_THAT(altered.output, HasSubstr("does not match golden"));

  EXPECT_EQ(shell(run + "--golden y=" + file("no.npy")).exit_code, 2);
  const ProcessResult callable = shell("$tw run " TW_HELLO " --arg a=f32[8] --arg b=f32[8] --arg c=f32[8] --golden-from-interpreter");
  EXPECT_EQ(callable.exit_code, 2);
  EXPECT_THAT(callable.output, HasSubstr("is no program"));
}

TEST_F(Interpret, WritesWhatTheProgramSetAndSaysWhatItDidNot) {
  const std::string program = write("part.mlir", R"(
tw.orchestration @part(%x: !tw.tensor<2x8xf32>, %y: !tw.tensor<4x8xf32> {tw.out}, %counts: !tw.tensor<2xi32> {tw.out}, %s: f32) {
  %one = arith.constant 1 : index
  %t = tw.at {
    %zero = arith.constant 0 : index
    %a = tile.load %x[%zero, %zero] : !tw.tensor<2x8xf32> -> !tile.tile<2x8xf32>
    %b = tile.muls %a, %s : (!tile.tile<2x8xf32>, f32) -> !tile.tile<2x8xf32>
    tile.store %b, %y[%one, %zero] : !tile.tile<2x8xf32>, !tw.tensor<4x8xf32>
  }
  %five = arith.constant 5 : i32
  tw.write %five, %counts[%one] : i32, !tw.tensor<2xi32>
  tw.return
}
)");
  const std::string words = program + " --arg x=f32[2,8]=full:2 --arg y=f32[4,8] --arg counts=i32[2] --scalar s=f32:1.5 ";
  const ProcessResult result = shell("$tw interpret " + words + "--output y=" + file("y.npy") + " --output counts=" + file("counts.npy"));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("y: f32[4,8], 16 elements are undefined, the first at [0,0]\n"));
  EXPECT_THAT(result.output, HasSubstr("counts: i32[2], 1 elements are undefined, the first at [0]\n"));
  const HostTensor y = read_npy(file("y.npy")), counts = read_npy(file("counts.npy"));
  EXPECT_TRUE(std::isnan(y.elements<float>()[7]));
  EXPECT_EQ(y.elements<float>()[8], 3);
  EXPECT_EQ(counts.elements<uint32_t>()[0], 0xa5a5a5a5u);
  EXPECT_EQ(counts.elements<int32_t>()[1], 5);

  // Undefined elements are not compared, whatever golden has there.
  write_npy(file("golden.npy"), make_tensor(parse_tensor_spec("f32[4,8]=full:3")));
  const ProcessResult equal = shell("$tw interpret " + words + "--golden y=" + file("golden.npy") + " --json");
  EXPECT_EQ(equal.exit_code, 0) << equal.output;
  const nlohmann::json json = nlohmann::json::parse(equal.output);
  EXPECT_EQ(json.at("passed"), true);
  EXPECT_EQ(json.at("orchestration"), "part");
  EXPECT_EQ(json.at("unstable"), nullptr);
  EXPECT_EQ(json.at("tensors")[0].at("undefined"), 16);
  EXPECT_EQ(json.at("comparisons")[0].at("ignored"), 16);
  write_npy(file("golden.npy"), make_tensor(parse_tensor_spec("f32[4,8]=full:4")));
  EXPECT_EQ(shell("$tw interpret " + words + "--golden y=" + file("golden.npy")).exit_code, 1);
}

TEST_F(Interpret, MistakesEndWithTheirLine) {
  const std::string view = write("view.mlir",
                                 "tw.orchestration @view(%x: !tw.tensor<?x8xf32>, %n: index) {\n  %zero = arith.constant 0 : index\n"
                                 "  %v = tw.view %x[%n, %zero] : !tw.tensor<?x8xf32> -> !tw.tensor<4x8xf32>\n  tw.return\n}\n");
  EXPECT_EQ(shell("$tw interpret " + view + " --arg x=f32[8,8] --scalar n=i64:4").exit_code, 0);
  refuse(view + " --arg x=f32[8,8] --scalar n=i64:5",
         "view.mlir:3:8: error: tw.view: takes 4 elements from 5 on in dimension 0, which has 8");
  refuse(view + " --arg x=f32[8,9] --scalar n=i64:4", "argument 0 is !tw.tensor<?x8xf32>, and f32[8,9] is given");
  refuse(view + " --arg x=f32[8,8] --scalar n=f32:4", "argument 1 is index, and a scalar f32 is given");
  refuse(view + " --arg x=f32[8,8]", "no value for n");
  refuse(view + " --arg y=f32[8,8] --scalar n=i64:4", "the callable has no argument 'y'");
  refuse(view + " --arg x=f32[8,8] --scalar n=i64:4 --output x=x.npy", "only reads it");
  refuse(file("no.mlir"), "no.mlir");
  refuse(write("bad.mlir", "tw.orchestration @p(\n"), "bad.mlir:1:21: error: ");
  refuse(write("none.mlir", "tile.func @k() {\n  tile.return\n}\n"), "no tw.orchestration");
  const std::string endless = write("endless.mlir",
                                    "tw.orchestration @endless() {\n  %true = arith.constant true\n  scf.while : () -> () {\n"
                                    "    scf.condition(%true)\n  } do {\n    scf.yield\n  }\n  tw.return\n}\n");
  refuse(endless + " --max-while-turns 10", "endless.mlir:3:3: error: scf.while: has not ended after 10 turns");
  EXPECT_FALSE(fs::exists(file("x.npy")));
}

TEST_F(Interpret, ProgramsLearnTheCoresOfThePlatform) {
  const std::string program = write("cores.mlir",
                                    "tw.orchestration @cores(%y: !tw.tensor<1xi32> {tw.out}) {\n  %zero = arith.constant 0 : index\n"
                                    "  %n = tw.aiv_count\n  %k = arith.index_cast %n : index to i32\n"
                                    "  tw.write %k, %y[%zero] : i32, !tw.tensor<1xi32>\n  tw.return\n}\n");
  for (const auto& [platform, count] : {std::pair{"a2a3sim", 48}, std::pair{"a5sim", 72}}) {
    const ProcessResult result =
        shell("$tw interpret " + program + " --arg y=i32[1] --output y=" + file("y.npy") + " --platform " + platform);
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_EQ(read_npy(file("y.npy")).elements<int32_t>()[0], count);
  }
}

}  // namespace
}  // namespace tilewright
