// Many random programs, one after another: judged, counted, and their failures made small.
#pragma once

#include <cstdint>
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

struct Campaign {
  uint64_t first = 1;  ///< the first seed
  uint64_t count = 1;
  /// Whether derive-dependencies runs. Without it programs are judged by what the runtime does for them.
  bool derive = true;
  uint64_t most_failures = 3;  ///< different ones that are made small
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
};

/// Judges programs in one context after the other.
class Judge {
 public:
  explicit Judge(bool derive) : derive_(derive) {}
  Verdict judge(const Program& program) { return judge(program, nullptr); }
  /// `report`: what is counted of programs that are defined; may be null.
  Verdict judge(const Program& program, CampaignReport* report);

 private:
  bool derive_;
  std::unique_ptr<mlir::MLIRContext> context_;
  int judged_ = 0;
};

CampaignReport run_campaign(const Campaign& campaign);

/// Tree, text and what is judged of the program of a seed, for people.
std::string describe(const Program& program, bool derive);

}  // namespace tilewright::oracle
