// Arguments of a program that share memory: in order where both may alias, else refused where dependencies were derived.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "tilewright/worker.h"
#include "toolchain/artifact.h"
#include "toolchain/toolchain.h"

namespace tilewright {
namespace {

using testing::HasSubstr;

constexpr int64_t kRows = 64, kColumns = 128, kCount = kRows * kColumns;
constexpr uint64_t kSeeds = 5;  ///< schedules that are tried

class Aliasing : public testing::Test {
 protected:
  /// aliasing.cpp, or the same without the marks of its parameters.
  std::vector<uint8_t> build(bool marked, bool derived) const {
    const std::string text = directory("program.tw"), artifact = directory("built.tw");
    tw({"compile", TW_PROGRAMS "/aliasing.cpp", "-o", text});
    std::string module = read_file(text + "/program.mlir");
    for (const std::string mark : {" {tw.may_alias}", "tw.may_alias, "}) {
      const size_t at = module.find(mark);
      EXPECT_NE(at, std::string::npos) << module;
      if (!marked && at != std::string::npos) module.erase(at, mark.size());
    }
    const std::string program = directory("aliasing.mlir");
    write_file_atomically(program, module);
    std::vector<std::string> words = {"compile", program, "-o", artifact};
    if (derived) words.emplace_back("--derive-dependencies");
    tw(words);
    Store store(TW_TEST_CACHE);
    return build_callable(load_artifact(artifact).spec, {}, store).image;
  }

  /// Runs it on tensors that begin at these elements of one memory, with these steps between columns; what went wrong, else "".
  std::string run(const std::vector<uint8_t>& image, int64_t x_at, int64_t y_at, int64_t step = 1, uint64_t seed = 0) const {
    std::vector<float> memory(4 * kCount);
    for (size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i % 1000);
    const auto argument = [&](int64_t at, ArgDirection direction) {
      return TensorArgument{&memory[at], DataType::FLOAT32, {kRows, kColumns}, {kColumns * step, step}, direction};
    };
    std::vector<float> expected;
    for (int64_t i = 0; i < kCount; ++i) expected.push_back(2 * memory[x_at + i * step] + 3);
    ChipWorker worker;
    TaskArguments arguments;
    arguments.add_tensor(argument(x_at, ArgDirection::IN)).add_tensor(argument(y_at, ArgDirection::OUT));
    RunOptions options;
    options.sim_seed = seed;
    try {
      worker.run(worker.register_callable(image), arguments, {}, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kRunFailed) << error.what();
      EXPECT_EQ(error.status(), -9) << error.what();
      return error.what();
    }
    for (int64_t i = 0; i < kCount; ++i) {
      const float is = memory[y_at + i * step];
      if (is != expected[i]) return "seed " + std::to_string(seed) + ": element " + std::to_string(i) + " is " + std::to_string(is);
    }
    return "";
  }

 private:
  void tw(std::vector<std::string> words) const {
    words.insert(words.begin(), {"env", "TW_CACHE_DIR=" TW_TEST_CACHE, TW_PROGRAM});
    const ProcessResult result = run_process(words);
    ASSERT_EQ(result.exit_code, 0) << result.output;
  }
  std::string directory(const std::string& name) const { return (directory_.path() / name).string(); }

  TemporaryDirectory directory_;
};

TEST_F(Aliasing, TasksOnTensorsThatMayAliasAreInOrder) {
  const std::vector<uint8_t> image = build(true, true);
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EXPECT_EQ(run(image, 0, 0, 1, seed), "");
    EXPECT_EQ(run(image, 0, 2 * kCount, 1, seed), "");
  }
  // The mark is why.
  const std::vector<uint8_t> unmarked = build(false, false);
  bool always_right = true;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) always_right = always_right && run(unmarked, 0, 0, 1, seed).empty();
  EXPECT_FALSE(always_right) << "all schedules of a program with races agree";
}

TEST_F(Aliasing, TensorsWithoutTheMarkMustLieApart) {
  const std::vector<uint8_t> image = build(false, true);
  const std::string refused = run(image, 0, 0);
  EXPECT_THAT(refused, HasSubstr("arguments 0 (x) and 1 (y) share memory"));
  EXPECT_THAT(refused, HasSubstr("may_alias"));
  EXPECT_THAT(run(image, 0, kCount - 1), HasSubstr("share memory"));
  EXPECT_THAT(run(image, kCount - 1, 0), HasSubstr("share memory"));
  EXPECT_EQ(run(image, 0, kCount), "");
  EXPECT_EQ(run(image, kCount, 0), "");
  // Every other element of either: from first to last they overlap.
  EXPECT_THAT(run(image, 0, 1, 2), HasSubstr("share memory"));
  EXPECT_EQ(run(image, 0, 2 * kCount, 2), "");
}

TEST_F(Aliasing, WhatTheRuntimeTracksNeedsNoMark) {
  const std::vector<uint8_t> image = build(false, false);
  EXPECT_EQ(run(image, 0, 2 * kCount), "");
  EXPECT_EQ(run(image, 0, 1, 2), "");
}

}  // namespace
}  // namespace tilewright
