#include "campaign.h"

#include <fmt/format.h>

#include <ctime>
#include <map>

#include "../campaigns.h"
#include "base/error.h"
#include "generate.h"
#include "shrink.h"
#include "text.h"

namespace tilewright::oracle {

namespace {

constexpr int kProgramsPerContext = 1000;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

const char* verdict_name(Verdict::Kind kind) {
  constexpr const char* kNames[] = {"good", "violation", "needless edge", "own violation", "undefined"};
  return kNames[static_cast<int>(kind)];
}

void Precision::add(const Judgement& judgement) {
  ++programs;
  tasks += judgement.tasks;
  conflicts += judgement.conflicts;
  reduction += judgement.reduction;
  needed += judgement.needed;
  derived += judgement.derived;
  user += judgement.user;
  excess += judgement.excess;
  path_needed += judgement.path_needed;
  path_given += judgement.path_given;
  if (judgement.needed == 0) return;
  ++with_needed;
  ratios += static_cast<double>(judgement.derived) / static_cast<double>(judgement.needed);
}

namespace {

/// A text behind the passes, and what is found about its order.
struct Judged {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  interpret::Log log;
  Judgement judgement;
};

Judged judge_text(mlir::MLIRContext& context, const Text& text, const Settings& settings) {
  Judged judged;
  judged.module = compile(context, text.example.text, settings.derive);
  if (settings.alter) settings.alter(*judged.module);
  judged.log = run(*judged.module, text.example);
  judged.judgement = judge(*judged.module, judged.log, settings.derive ? Tracking::kUnlessOrdered : Tracking::kAll);
  return judged;
}

}  // namespace

Program program_of(uint64_t seed, const Settings& settings) {
  Program program = generate(seed);
  if (!settings.derive) program.names_manual_tasks = true;
  return program;
}

Verdict Judge::judge(const Program& program, CampaignReport* report) {
  if (judged_++ % kProgramsPerContext == 0) context_ = make_context();
  try {
    const Text text = text_of(program);
    const Judgement judgement = judge_text(*context_, text, settings_).judgement;
    if (report != nullptr) {
      report->coverage.add(text.cells);
      report->all.add(judgement);
      if (text.exact) report->exact.add(judgement);
      if (text.exact && judgement.ordered == judgement.tensors) report->ordered.add(judgement);
    }
    using Kind = Verdict::Kind;
    if (!judgement.violations.empty()) return {Kind::kViolation, judgement.violations[0].text, "violation"};
    if (!judgement.own_violations.empty()) return {Kind::kOwn, judgement.own_violations[0].text, "own violation"};
    if (text.literal && !judgement.needless.empty()) return {Kind::kNeedless, judgement.needless[0].text, "needless"};
    return {};
  } catch (const Error& error) {
    return {Verdict::Kind::kUndefined, error.message(), cause_of(error.message())};
  }
}

std::string describe(const Program& program, const Settings& settings) {
  const Text written = text_of(program);
  std::string text = tree_of(program) + "\n" + written.example.text + "\n";
  try {
    const auto context = make_context();
    const Judged judged = judge_text(*context, written, settings);
    text += text_of(judged.log);
    for (const Violation& each : judged.judgement.violations) text += "violation: " + each.text + "\n";
    for (const Violation& each : judged.judgement.own_violations) text += "own violation: " + each.text + "\n";
    for (const Edge& each : judged.judgement.needless) text += "edge without need: " + each.text + "\n";
    const Judgement& sum = judged.judgement;
    text += fmt::format("conflicts {}, reduction {}, needed {}, derived {}, by name {}, excess {}{}\n", sum.conflicts, sum.reduction,
                        sum.needed, sum.derived, sum.user, sum.excess, written.exact ? ", exact" : "");
  } catch (const Error& error) {
    text += error.message();
  }
  return text;
}

CampaignReport run_campaign(const Campaign& campaign) {
  CampaignReport report;
  Judge judge(campaign.settings);
  std::map<Verdict::Kind, uint64_t> kinds;
  std::map<std::string, std::pair<uint64_t, uint64_t>> causes;  // how often, and the first seed
  const char* const flag = campaign.settings.derive ? "" : "--no-derive ";
  const double begin = processor_seconds();
  double shrinking = 0;
  for (uint64_t seed = campaign.first; seed < campaign.first + campaign.count && !(campaign.stops && !causes.empty()); ++seed) {
    const Program program = program_of(seed, campaign.settings);
    ++report.programs;
    const Verdict verdict = judge.judge(program, &report);
    ++kinds[verdict.kind];
    if (verdict.kind == Verdict::Kind::kGood) continue;
    report.failing_seeds.push_back(seed);
    auto& [count, first] = causes[fmt::format("{}: {}", verdict_name(verdict.kind), verdict.cause)];
    if (count++ != 0) continue;
    first = seed;
    if (causes.size() > campaign.most_failures) continue;
    const double before = processor_seconds();
    const Program small = shrink(program, [&](const Program& candidate) {
      const Verdict other = judge.judge(candidate);
      return other.kind == verdict.kind && other.cause == verdict.cause;
    });
    if (report.failures.empty()) report.statements_after = size_of(small.body);
    report.failures += fmt::format("\n---- {}: {}\nbuild/bin/oracle_campaign {}--show {}\nmade small, {} statements of {}: {}\n{}\n",
                                   verdict_name(verdict.kind), verdict.text, flag, seed, size_of(small.body), size_of(program.body),
                                   judge.judge(small).text, describe(small, campaign.settings));
    shrinking += processor_seconds() - before;
  }
  const double seconds = processor_seconds() - begin - shrinking;
  report.summary = fmt::format("{} programs from seed {}, {}:", report.programs, campaign.first,
                               campaign.settings.derive ? "derived" : "nothing derived");
  for (const auto& [kind, count] : kinds) report.summary += fmt::format(" {} {}", count, verdict_name(kind));
  report.summary += fmt::format("; {:.0f} programs a second of processor time\n", static_cast<double>(report.programs) / seconds);
  const auto line = [&](const char* which, const Precision& sum) {
    report.summary += fmt::format(
        "  {}: {} programs, {} tasks, {} conflicts, {} in their reduction; needed {}, derived {}: {:.3f}, mean of programs {:.3f}; by name "
        "{}; "
        "pairs ordered without need {}; longest paths {} for {}\n",
        which, sum.programs, sum.tasks, sum.conflicts, sum.reduction, sum.needed, sum.derived, sum.ratio(), sum.mean_ratio(), sum.user,
        sum.excess, sum.path_given, sum.path_needed);
  };
  line("all", report.all);
  line("exact", report.exact);
  line("exact and ordered", report.ordered);
  for (const auto& [cause, found] : causes) report.summary += fmt::format("  {} x {}, first seed {}\n", found.first, cause, found.second);
  return report;
}

}  // namespace tilewright::oracle
