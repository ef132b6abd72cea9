// Random programs, compiled and run on checked simulated devices, give what the interpreter says; and mistakes of a compiler are found.
//
//   TW_TEST_SEED=17 build/tests/random_programs_test       that program alone, with its text
//   TW_TEST_SEED=17 TW_TEST_COUNT=1000 ...                 that many from there on
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../campaigns.h"
#include "campaign.h"
#include "planted.h"
#include "shrink.h"

namespace tilewright::random_programs {
namespace {

TEST(RandomPrograms, AgreeWithTheInterpreter) {
  const SeedRange seeds = seeds_to_test({1, 256});
  Campaign campaign;
  campaign.first = seeds.first;
  campaign.count = seeds.count;
  const CampaignReport report = run_campaign(campaign);
  fmt::print("{}\n", report.summary);
  EXPECT_TRUE(report.failures.empty()) << fmt::format("{}", report.failures);
}

TEST(RandomPrograms, AreTheSameEachTime) {
  for (const uint64_t seed : {0U, 5U, 123U}) {
    EXPECT_EQ(text_of(generate(seed)), text_of(generate(seed)));
    EXPECT_EQ(record(generate(seed)).text, record(generate(seed)).text);
  }
  EXPECT_NE(text_of(generate(1)), text_of(generate(3)));
}

/// Whatever is left out, a program has a meaning: else shrinking would get stuck.
TEST(RandomPrograms, AreProgramsWhateverIsLeftOut) {
  for (uint64_t seed = 200; seed < 230; ++seed) {
    Program program = generate(seed);
    while (!program.body.empty()) {
      program.body.erase(program.body.begin());
      EXPECT_NO_THROW(record(program)) << text_of(program);
    }
  }
}

size_t count_of(const std::vector<Statement>& statements, const std::string& name) {
  size_t count = 0;
  for (const Statement& each : statements)
    count += (each.name == name ? 1 : 0) + count_of(each.body, name) + count_of(each.otherwise, name);
  return count;
}

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  Program program = generate(7);
  Statement add{Kind::kOperator, "add", TWB_F32, {3, 3, 3, 3, 3, 3}};
  Statement loop{Kind::kFor, "", TWB_F32, {1, 1, 1, 1, 1, 1}, {add, add}};
  program.body.push_back({Kind::kVectorTask, "", TWB_F32, {}, {loop, add}});
  int asked = 0;
  const Program small = shrink(program, [&](const std::vector<Program>& programs) {
    std::vector<bool> answers;
    for (const Program& each : programs) {
      ++asked;
      answers.push_back(count_of(each.body, "add") >= 1 && size_of(each.body) >= 2);
    }
    return answers;
  });
  EXPECT_EQ(size_of(small.body), 2U) << text_of(small);
  EXPECT_EQ(count_of(small.body, "add"), 1U);
  EXPECT_LE(asked, 400);
}

TEST(RandomPrograms, FindOperandsOfADifferenceThatAreExchanged) {
  const PlantedReport report = find_planted(exchanged_operands, 256);
  EXPECT_FALSE(report.text.empty());
  EXPECT_LE(report.statements, 4U) << report.text;
}

}  // namespace
}  // namespace tilewright::random_programs
