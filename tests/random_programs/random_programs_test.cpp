// Random programs, compiled and run on checked simulated devices, give what the interpreter says; and mistakes of a compiler are found.
//
//   TW_TEST_SEED=17 build/tests/random_programs_test       that program alone, with its text
//   TW_TEST_SEED=17 TW_TEST_COUNT=1000 ...                 that many from there on
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "campaign.h"
#include "shrink.h"

namespace tilewright::random_programs {
namespace {

TEST(RandomPrograms, AgreeWithTheInterpreter) {
  const char* const seed = std::getenv("TW_TEST_SEED");
  const char* const count = std::getenv("TW_TEST_COUNT");
  Campaign campaign;
  campaign.first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  campaign.count = count != nullptr ? std::strtoull(count, nullptr, 10) : seed != nullptr ? 1 : 256;
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

std::string replaced_once(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// A mistake that the compiler could make, planted in the kernels that it writes: how many programs it takes, and what is left of the first.
void expect_found(const char* what, const std::function<void(std::string&)>& mistake, uint64_t most) {
  Campaign campaign;
  campaign.first = 1;
  campaign.count = most;
  campaign.batch = 16;
  campaign.alter = mistake;
  campaign.most_failures = 1;
  const CampaignReport report = run_campaign(campaign);
  ASSERT_FALSE(report.failures.empty()) << what << " was not found in " << most << " programs";
  fmt::print("{}: found by program {} of {}, shrunk from {} statements to {}\n{}\n", what, report.failing_seeds.front(), most,
             report.statements_before, report.statements_after, report.failures.substr(0, 3000));
  EXPECT_LE(report.statements_after, 6U);
}

TEST(RandomPrograms, FindOperandsOfADifferenceThatAreExchanged) {
  expect_found(
      "TSUB with its operands exchanged",
      [](std::string& kernel) {
        const size_t at = kernel.find("TSUB(");
        if (at == std::string::npos) return;
        const size_t end = kernel.find(')', at);
        const std::string inside = kernel.substr(at + 5, end - at - 5);
        const size_t first = inside.find(", "), second = inside.find(", ", first + 2);
        kernel.replace(at + 5, end - at - 5, inside.substr(0, first) + inside.substr(second) + inside.substr(first, second - first));
      },
      256);
}

TEST(RandomPrograms, FindAFlagThatIsMissing) {
  expect_found(
      "a flag from vector to store that is missing",
      [](std::string& kernel) {
        kernel = replaced_once(kernel, "set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);", "");
        kernel = replaced_once(kernel, "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);", "");
      },
      32);
}

TEST(RandomPrograms, FindALoopOfOneTurnMore) {
  expect_found(
      "a loop of one turn more",
      [](std::string& kernel) {
        const size_t at = kernel.find("for (int64_t ");
        const size_t less = at == std::string::npos ? at : kernel.find(" < ", at);
        if (less != std::string::npos) kernel.replace(less, 3, " <= ");
      },
      64);
}

}  // namespace
}  // namespace tilewright::random_programs
