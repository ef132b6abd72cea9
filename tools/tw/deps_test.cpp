// 'tw deps' as a user meets it, on a simulated device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "toolchain/artifact.h"
#include "toolchain/tensor_order.h"

namespace tilewright {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

ProcessResult deps(const std::string& more) {
  return run_process({"sh", "-c",
                      "export TW_CACHE_DIR='" TW_TEST_CACHE "'; '" TW_PROGRAM "' deps '" TW_EXAMPLES "/vector_dag/callable.json' "
                      "--arg a=f32[32,128]=randn:1 --arg b=f32[32,128]=randn:2 --arg f=f32[32,128] " +
                          more});
}

// s = a + b, u = s + 1, v = s + 2, w = u * v, f = w + s, each a task: six pairs, by the memory made for s, u, v and w.
TEST(Deps, TextHasTheFiguresAndEveryEdge) {
  const ProcessResult result = deps("");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("tasks                 5\npairs                 6\n"));
  EXPECT_THAT(result.output, HasSubstr("explicit by compiler  0\ncreator               6\n"));
  EXPECT_THAT(result.output, HasSubstr("unique-pair coverage  "));
  EXPECT_THAT(result.output, HasSubstr("set_dependencies      0 calls\n"));
  EXPECT_THAT(result.output, HasSubstr("SOURCE"));
  EXPECT_THAT(result.output, HasSubstr("multiply"));
}

TEST(Deps, TheOtherFormatsDescribeTheSameGraph) {
  const Json json = Json::parse(deps("--json").output);
  EXPECT_EQ(json["tasks"].size(), 5u);
  EXPECT_EQ(json["counts"]["pairs"], 6);
  EXPECT_EQ(json["counts"]["explicit_by_compiler"], 0);
  EXPECT_EQ(json["tracking_removed"], Json::array());
  EXPECT_EQ(Json::parse(deps("--json --keep-tracking").output), json) << "which changes nothing yet";
  const ProcessResult dot = deps("--dot");
  EXPECT_EQ(dot.exit_code, 0);
  EXPECT_THAT(dot.output, testing::StartsWith("digraph "));
  EXPECT_THAT(dot.output, HasSubstr("->"));
  const ProcessResult html = deps("--html");
  EXPECT_EQ(html.exit_code, 0);
  EXPECT_THAT(html.output, HasSubstr("<svg "));
  EXPECT_THAT(html.output, Not(HasSubstr("<script")));
}

TEST(Deps, ARuntimeThatLooksAtNoTensorsHasNothingToCover) {
  const ProcessResult result = deps("--runtime aicpu_build_graph --json");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const Json json = Json::parse(result.output);
  EXPECT_EQ(json["counts"]["tensormap"], 0) << "that runtime looks at no tensors";
  EXPECT_EQ(json["counts"]["unique_pair_coverage"], 1.0);
}

constexpr const char* kKernel = R"(
#include <pto/pto-inst.hpp>
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *) {}
)";

// As a compiler would write it: the first `count - derived` ids are the user's.
constexpr const char* kOrchestration = R"(#include "pto_orchestration_api.h"
static PTO2TaskId submit(const ChipTensor &x, const PTO2TaskId *after, uint32_t count, uint32_t derived) {
  CoreTaskArgs args;
  args.add_inout(x);
  args.set_dependencies(after, count, derived);
  return rt_submit_aiv_task(0, args).task_id();
}
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &args) {
  const ChipTensor &x = args.tensor(0).ref();
  const PTO2TaskId a = submit(x, nullptr, 0, 0);
  const PTO2TaskId b = submit(x, &a, 1, 1);       // the compiler, and the TensorMap
  const PTO2TaskId both[] = {b, a, b};
  const PTO2TaskId c = submit(x, both, 3, 2);     // b by user and compiler and the TensorMap, a by the compiler
  submit(x, &c, 1, 0);                            // the user, and the TensorMap
}
)";

/// That orchestration as an artifact, with the compiler's table of tensors, if any.
class ArtifactDeps {
 public:
  explicit ArtifactDeps(const std::string& tensors) {
    std::map<std::string, std::string> files = {
        {"kernel.cpp", kKernel},
        {"orchestration.cpp", kOrchestration},
        {"callable.json", R"({"name": "named", "orchestration": {"source": "orchestration.cpp", "signature": ["INOUT"]},
        "incores": [{"func_id": 0, "source": "kernel.cpp", "core_type": "aiv", "signature": ["INOUT"]}], "arguments": ["x"]})"}};
    if (!tensors.empty()) files[kTensorOrdersFile] = tensors;
    write_artifact(directory_.path() / "named.tw", {"a2a3", files});
  }
  ProcessResult deps(const std::string& more) const {
    return run_process(
        {"sh", "-c",
         "TW_CACHE_DIR='" TW_TEST_CACHE "' '" TW_PROGRAM "' deps '" + directory_.path().string() + "/named.tw' --arg x=f32[16] " + more});
  }

 private:
  TemporaryDirectory directory_;
};

TEST(Deps, WhatTheCompilerNamedIsToldFromWhatTheUserNamed) {
  const ArtifactDeps artifact("");
  const ProcessResult result = artifact.deps("--json");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(Json::parse(result.output)["tensors"].is_null());
  EXPECT_THAT(artifact.deps("").output, Not(HasSubstr("tensors: ")));
  const Json counts = Json::parse(result.output)["counts"];
  EXPECT_EQ(counts["pairs"], 4);
  EXPECT_EQ(counts["explicit_by_user"], 2);
  EXPECT_EQ(counts["explicit_by_compiler"], 2);
  EXPECT_EQ(counts["tensormap"], 3);
  EXPECT_EQ(counts["tensormap_also_explicit"], 3);
  EXPECT_EQ(counts["unique_pair_coverage"], 1.0);
  EXPECT_EQ(counts["explicit_share"], 1.0);
  EXPECT_EQ(counts["set_dependencies_calls"], 3);
}

TEST(Deps, TensorsOfAnArtifactSayWhoOrdersTheirTasks) {
  const ArtifactDeps artifact(
      format_tensor_orders({{"x", "named.cpp:3", false, "it is written in a loop (named.cpp:7)"}, {"made", "named.cpp:5", true, ""}}));
  const ProcessResult text = artifact.deps("");
  ASSERT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("tensors: 2 (ordered by named dependencies alone: 1)\n"
                                     "TENSOR  LINE         ORDERED BY\n"
                                     "x       named.cpp:3  the runtime: it is written in a loop (named.cpp:7)\n"
                                     "made    named.cpp:5  named dependencies\n"
                                     "dependencies of the last round:\n"));
  EXPECT_THAT(text.output, HasSubstr("tracking removed      0 tensors\n")) << "knowing that it may be is not removing it";
  const Json json = Json::parse(artifact.deps("--json").output);
  EXPECT_EQ(json["tensors"][0]["reason"], "it is written in a loop (named.cpp:7)");
  EXPECT_EQ(json["tensors"][1]["ordered_by"], "named dependencies");
  EXPECT_THAT(artifact.deps("--html").output, HasSubstr("<td>made<td>named.cpp:5<td>named dependencies"));
}

TEST(Deps, ATableOfTensorsThatCannotBeReadIsNamed) {
  const ProcessResult result = ArtifactDeps("{\"tensors\": [{\"name\": 3}]}").deps("");
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("dependencies.json"));
}

TEST(Deps, MisuseEndsWith2) {
  for (const char* words : {"--dot --html", "--json --dot", "--json --html", "--golden f=x.npy", "--arg f=f32[1]"}) {
    EXPECT_EQ(deps(words).exit_code, 2) << words;
  }
}

}  // namespace
}  // namespace tilewright
