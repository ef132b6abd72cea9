// Many random programs, one after another: judged, counted, and their failures made small.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coverage.h"
#include "oracle.h"
#include "program.h"

namespace tilewright::oracle {

/// What comes of one program.
struct Verdict {
  enum class Kind : uint8_t {
    kGood,
    kViolation,  ///< two accesses that conflict and that nothing orders
    kNeedless,   ///< an edge between tasks that have nothing in common, where all offsets and extents stand in the text
    kOwn,        ///< a conflict that the program itself was to order: a mistake of the generator
    kUndefined,  ///< no program, or not defined for its arguments: a mistake of the generator, or a pass that refuses it
  } kind = Kind::kGood;
  std::string text = {};
  /// Two failures that are likely to have one cause have one of these.
  std::string cause = {};
};
const char* verdict_name(Verdict::Kind kind);

/// What programs are judged with.
struct Settings {
  /// Whether derive-dependencies runs. Without it programs are judged by what the runtime does for them.
  bool derive = true;
  /// Changes a module behind the passes: how tests plant mistakes of the compiler.
  std::function<void(mlir::ModuleOp module)> alter = {};
};

struct Campaign {
  uint64_t first = 1;  ///< the first seed
  uint64_t count = 1;
  Settings settings = {};
  uint64_t most_failures = 3;  ///< different ones that are made small
  bool stops = false;          ///< at the first failure
};

/// Sums over programs.
struct Precision {
  uint64_t programs = 0;
  uint64_t tasks = 0, conflicts = 0, reduction = 0, needed = 0, derived = 0, user = 0, excess = 0;
  uint64_t path_needed = 0, path_given = 0;
  double ratios = 0;          ///< of derived to needed, of the programs that need any
  uint64_t with_needed = 0;   ///< programs that do

  void add(const Judgement& judgement);
  double mean_ratio() const { return with_needed == 0 ? 1 : ratios / static_cast<double>(with_needed); }
  double ratio() const { return needed == 0 ? 1 : static_cast<double>(derived) / static_cast<double>(needed); }
};

struct CampaignReport {
  std::string summary;   ///< programs, verdicts, precision, time
  std::string failures;  ///< the programs made small, with why and how to run them again; empty if there is none
  std::vector<uint64_t> failing_seeds;
  Coverage coverage;
  Precision all;
  Precision exact;    ///< of programs of affine accesses of whole views (Text::exact)
  Precision ordered;  ///< of those in which derived ids and those of the program order everything (tw.ordered)
  uint64_t programs = 0;
  size_t statements_after = 0;  ///< of the first failure, made small
};

/// The program of a seed as it is judged: one that is right without the pass, if that does not run.
Program program_of(uint64_t seed, const Settings& settings);

/// Judges programs in one context after the other.
class Judge {
 public:
  explicit Judge(const Settings& settings) : settings_(settings) {}
  /// `report`: where programs that are defined are counted; may be null.
  Verdict judge(const Program& program, CampaignReport* report = nullptr);

 private:
  const Settings& settings_;
  std::unique_ptr<mlir::MLIRContext> context_;
  int judged_ = 0;
};

CampaignReport run_campaign(const Campaign& campaign);

/// Tree, text, log and judgement of a program, for people.
std::string describe(const Program& program, const Settings& settings);

}  // namespace tilewright::oracle
