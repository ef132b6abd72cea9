// Random programs of tasks, compiled with derive-dependencies and run: the engine is told the ids that the interpreter logged, no tasks
// race, and results are the interpreter's.
//
//   TW_TEST_SEED=17 build/tests/on_device_test                that program alone, with its text
//   TW_TEST_SEED=17 TW_TEST_COUNT=640 ...                     that many from there on
#include "on_device.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "../campaigns.h"
#include "campaign.h"
#include "generate.h"
#include "toolchain/artifact.h"

namespace tilewright::oracle {
namespace {

TEST(OnDeviceTest, TheEngineDoesWhatTheInterpreterSays) {
  constexpr uint64_t kTogether = 64;
  const auto [first, count] = seeds_to_test({3'000'000, kTogether});
  Device device;
  for (uint64_t begin = first; begin < first + count; begin += kTogether) {
    std::vector<Program> programs;
    for (uint64_t each = begin; each < std::min(begin + kTogether, first + count); ++each) programs.push_back(generate(each));
    const std::vector<std::string> wrong = device.judge(programs);
    for (size_t i = 0; i < programs.size(); ++i) {
      if (wrong[i].empty()) continue;
      ADD_FAILURE() << "seed " << programs[i].seed << ": " << wrong[i] << (count == 1 ? "\n" + describe(programs[i], {}) : "");
    }
  }
  fmt::print("{} programs from seed {}: {} tasks, {} edges by name\n", count, first, device.tasks, device.edges);
}

/// What is wrong with 24 programs if this text becomes that one in their sources.
std::vector<std::string> wrong_with(const std::string& from, const std::string& to) {
  Device device;
  device.alter = [&](ArtifactContent& content) {
    for (auto& [name, text] : content.files) {
      if (!name.ends_with(".cpp")) continue;
      for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    }
  };
  std::vector<Program> programs;
  for (uint64_t seed = 3'000'000; seed < 3'000'024; ++seed) programs.push_back(generate(seed));
  std::vector<std::string> wrong = device.judge(programs);
  std::erase(wrong, "");
  return wrong;
}

bool any_says(const std::vector<std::string>& all, const std::string& words) {
  return std::any_of(all.begin(), all.end(), [&](const std::string& each) { return each.find(words) != std::string::npos; });
}

TEST(OnDeviceTest, FindsIdsThatTheEngineIsNotTold) {
  const std::vector<std::string> wrong = wrong_with(".set_dependencies(", ".set_dependencies(nullptr, 0); (void)(");
  EXPECT_TRUE(any_says(wrong, "the engine has no edge from task")) << wrong.size();
}

TEST(OnDeviceTest, FindsAResultThatDiffers) { EXPECT_TRUE(any_says(wrong_with("1.0f", "5.0f"), "expected")); }

}  // namespace
}  // namespace tilewright::oracle
