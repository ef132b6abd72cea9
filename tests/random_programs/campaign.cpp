#include "campaign.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <set>

#include "shrink.h"

namespace tilewright::random_programs {

namespace {

std::string describe(const Program& original, const Program& small, const Verdict& verdict) {
  std::string module;
  try {
    module = record(small).text;
  } catch (const std::exception& error) {
    module = error.what();
  }
  return fmt::format(
      "\n---- {}: {}\nTW_TEST_SEED={} build/tests/random_programs_test --gtest_filter=RandomPrograms.AgreeWithTheInterpreter\n"
      "made small, {} statements of {}:\n{}\n{}\n",
      verdict_name(verdict.kind), verdict.text, original.seed, size_of(small.body), size_of(original.body), text_of(small), module);
}

}  // namespace

CampaignReport run_campaign(const Campaign& campaign) {
  CampaignReport report;
  Runner runner;
  runner.alter = campaign.alter;
  runner.on_recorded = [&](const Program& program, const Recorded& recorded) { report.coverage.add(program, recorded); };
  std::map<Verdict::Kind, uint64_t> kinds;
  std::map<std::string, std::pair<uint64_t, uint64_t>> causes;  // how often, and the first seed
  const auto summary = [&] {
    std::string text = fmt::format("{} programs from seed {}:", report.programs, campaign.first);
    for (const auto& [kind, count] : kinds) text += fmt::format(" {} {}", verdict_name(kind), count);
    const Times& t = runner.times;
    text +=
        fmt::format("; seconds of processor time: record {:.1f}, interpret {:.1f}, compile {:.1f}, C++ {:.1f}, run (this process) {:.1f}",
                    t.record, t.interpret, t.compile, t.build, t.run);
    for (const auto& [cause, found] : causes) text += fmt::format("\n  {} x {}, first seed {}", found.first, cause, found.second);
    return text;
  };
  // Whole batches have one shape.
  for (uint64_t seed = campaign.first; seed < campaign.first + campaign.count && causes.size() < campaign.most_failures;) {
    const uint64_t end = std::min(campaign.first + campaign.count, (seed / campaign.batch + 1) * campaign.batch);
    std::vector<Program> programs;
    for (; seed < end; ++seed) programs.push_back(generate(seed));
    const std::vector<Verdict> verdicts = runner.judge(programs);
    for (size_t i = 0; i < programs.size(); ++i) {
      ++report.programs;
      ++kinds[verdicts[i].kind];
      report.agreed += verdicts[i].kind == Verdict::Kind::kAgrees ? 1 : 0;
      if (!verdicts[i].failed()) continue;
      report.failing_seeds.push_back(programs[i].seed);
      const std::string cause = fmt::format("{}: {}", verdict_name(verdicts[i].kind), verdicts[i].cause);
      auto& [count, first] = causes[cause];
      if (count++ != 0) continue;
      first = programs[i].seed;
      if (causes.size() > campaign.most_failures) continue;
      Runner shrinking;
      shrinking.alter = campaign.alter;
      const auto same = [&](const Verdict& other) { return other.kind == verdicts[i].kind && other.cause == verdicts[i].cause; };
      const Program small = shrink(programs[i], [&](const std::vector<Program>& candidates) {
        std::vector<bool> answers;
        for (const Verdict& verdict : shrinking.judge(candidates)) answers.push_back(same(verdict));
        return answers;
      });
      if (report.failures.empty()) {
        report.statements_before = size_of(programs[i].body);
        report.statements_after = size_of(small.body);
      }
      const std::string text = describe(programs[i], small, shrinking.judge_one(small));
      if (!campaign.log.empty()) std::ofstream(campaign.log, std::ios::app) << text << std::endl;
      report.failures += text;
    }
    if (!campaign.log.empty()) std::ofstream(campaign.log, std::ios::app) << summary() << std::endl;
  }
  report.summary = summary();
  return report;
}

}  // namespace tilewright::random_programs
