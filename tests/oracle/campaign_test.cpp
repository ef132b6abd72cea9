// Some thousand random programs, judged with and without derive-dependencies; and mistakes that are planted are found.
//
//   TW_TEST_SEED=17 build/tests/campaign_test                 that program alone
//   TW_TEST_SEED=17 TW_TEST_COUNT=1000 ...                    that many from there on
//   build/bin/oracle_campaign --show 17                       its text, log and judgement
#include "campaign.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../campaigns.h"
#include "compiler/ir/tw_dialect.h"

namespace tilewright::oracle {
namespace {

/// Seeds from the environment, else these.
Campaign campaign_of(uint64_t first, uint64_t count) {
  const SeedRange seeds = seeds_to_test({first, count});
  Campaign campaign;
  campaign.first = seeds.first;
  campaign.count = seeds.count;
  return campaign;
}

TEST(CampaignTest, DerivedIdsOrderWhatConflicts) {
  const CampaignReport report = run_campaign(campaign_of(1, 4000));
  fmt::print("{}", report.summary);
  EXPECT_TRUE(report.failures.empty()) << report.failures << report.summary;
}

TEST(CampaignTest, TheRuntimeOrdersWhatConflictsWithoutThem) {
  Campaign campaign = campaign_of(100'000, 1000);
  campaign.settings.derive = false;
  const CampaignReport report = run_campaign(campaign);
  fmt::print("{}", report.summary);
  EXPECT_TRUE(report.failures.empty()) << report.failures << report.summary;
}

// ---- mistakes that are planted

struct Found {
  Verdict::Kind kind = Verdict::Kind::kGood;
  size_t statements = 0;
  std::string text;
};

/// What the first failure is, of 200 programs, and how small it becomes.
Found find(const Settings& settings) {
  Campaign campaign;
  campaign.first = 1;
  campaign.count = 200;
  campaign.settings = settings;
  campaign.stops = true;
  const CampaignReport report = run_campaign(campaign);
  Found found;
  if (report.failing_seeds.empty()) return found;
  found.kind = Judge(settings).judge(program_of(report.failing_seeds[0], settings)).kind;
  found.statements = report.statements_after;
  found.text = report.failures;
  return found;
}

/// The first task that has derived ids loses one.
void lose_an_id(mlir::ModuleOp module) {
  module.walk([](tw::SubmitOp submit) {
    if (submit.getDerived().empty()) return mlir::WalkResult::advance();
    submit.getDerivedMutable().erase(0);
    return mlir::WalkResult::interrupt();
  });
}

TEST(CampaignTest, FindsAnIdThatIsMissing) {
  const Found found = find({.alter = lose_an_id});
  EXPECT_EQ(found.kind, Verdict::Kind::kViolation);
  EXPECT_LE(found.statements, 6U) << found.text;
}

TEST(CampaignTest, FindsATensorThatIsTakenForOrdered) {
  const auto call_ordered = [](mlir::ModuleOp module) {
    const mlir::Attribute mark = mlir::UnitAttr::get(module.getContext());
    module.walk([&](tw::OrchestrationOp orchestration) {
      for (unsigned i = 0; i < orchestration.getNumArguments(); ++i) {
        if (orchestration.removeArgAttr(i, tw::kTrackedAttribute)) orchestration.setArgAttr(i, tw::kOrderedAttribute, mark);
      }
    });
  };
  const Found found = find({.alter = call_ordered});
  EXPECT_EQ(found.kind, Verdict::Kind::kViolation);
  EXPECT_LE(found.statements, 6U) << found.text;
}

TEST(CampaignTest, FindsAnEdgeThatNobodyNeeds) {
  const auto add_an_edge = [](mlir::ModuleOp module) {
    module.walk([](tw::OrchestrationOp orchestration) {
      mlir::Value first;
      for (tw::SubmitOp submit : orchestration.getBody().front().getOps<tw::SubmitOp>()) {
        if (first) submit.getDerivedMutable().append(first);
        first = submit.getTask();
      }
    });
  };
  const Found found = find({.alter = add_an_edge});
  EXPECT_EQ(found.kind, Verdict::Kind::kNeedless);
  EXPECT_LE(found.statements, 6U) << found.text;
}

// The generator's own: that what it says of order by name is needed.
TEST(CampaignTest, FindsAProgramThatDoesNotNameWhatItShould) {
  const auto forget = [](mlir::ModuleOp module) {
    module.walk([](tw::SubmitOp submit) {
      auto scope = submit->getParentOfType<tw::ScopeOp>();
      if (scope && scope.getManual()) submit.getDependenciesMutable().clear();
    });
  };
  const Found found = find({.alter = forget});
  EXPECT_EQ(found.kind, Verdict::Kind::kOwn);
  EXPECT_LE(found.statements, 8U) << found.text;
}

TEST(CampaignTest, FindsTasksBehindAManualScopeThatNobodyOrders) {
  // Without the pass, programs that leave it to the pass.
  const Settings settings{.derive = false};
  Judge judge(settings);
  int found = 0;
  for (uint64_t seed = 1; seed < 400; ++seed) {
    Program program = program_of(seed, settings);
    program.names_manual_tasks = false;
    found += judge.judge(program).kind == Verdict::Kind::kViolation ? 1 : 0;
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace tilewright::oracle
