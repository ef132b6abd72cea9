#include "coverage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tilewright::oracle {

const char* op_name(Op op) {
  constexpr const char* kNames[] = {"read",          "write",           "read-write", "atomic",     "gather", "scatter",
                                    "partial",       "predicate",       "host read",  "host write", "blocks", "mixed",
                                    "tuple",         "fire-and-forget", "user dep",   "manual",     "no_dep", "untracked",
                                    "assemble view", "assemble copy",   "dummy",      "task array"};
  return kNames[static_cast<int>(op)];
}

std::string text_of(const Cell& cell) {
  return fmt::format("{} / {} / {}", op_name(cell.op), loop_form_name(cell.loop), alias_form_name(cell.alias));
}

const char* why_impossible(const Cell& cell) {
  const bool takes_none = cell.op == Op::kDummy || cell.op == Op::kArray;
  if (takes_none && cell.alias != AliasForm::kNone) return "it takes no tensor";
  if (!takes_none && cell.alias == AliasForm::kNone) return "it takes a tensor";
  if (cell.alias == AliasForm::kTurn && cell.loop == LoopForm::kStraight) return "outside of loops there are no turns";
  if (cell.op == Op::kUntracked && cell.alias == AliasForm::kMayAlias) return "only a created tensor is untracked";
  return nullptr;
}

const std::vector<Cell>& all_cells() {
  static const std::vector<Cell> kCells = [] {
    std::vector<Cell> cells;
    for (int op = 0; op < kOps; ++op) {
      for (int loop = 0; loop < kLoopForms; ++loop) {
        for (int alias = 0; alias < kAliasForms; ++alias) {
          const Cell cell{static_cast<Op>(op), static_cast<LoopForm>(loop), static_cast<AliasForm>(alias)};
          if (why_impossible(cell) == nullptr) cells.push_back(cell);
        }
      }
    }
    return cells;
  }();
  return kCells;
}

std::vector<Cell> Coverage::empty_cells() const {
  std::vector<Cell> empty;
  for (const Cell& cell : all_cells()) {
    if (!counts_.contains(cell)) empty.push_back(cell);
  }
  return empty;
}

std::string Coverage::table() const {
  std::string text = "programs that had it; '-' where none can\n\n";
  text += fmt::format("{:16}{:12}", "", "");
  constexpr const char* kHeads[] = {"whole",  "slice", "slice2", "stride",  "transp", "reshape", "offset",
                                    "extent", "turn",  "branch", "carried", "alias",  "created", "none"};
  for (const char* head : kHeads) text += fmt::format("{:>8}", head);
  text += "\n";
  std::map<std::string, std::set<std::string>> reasons;
  for (int op = 0; op < kOps; ++op) {
    for (int loop = 0; loop < kLoopForms; ++loop) {
      text += fmt::format("{:16}{:12}", loop == 0 ? op_name(static_cast<Op>(op)) : "", loop_form_name(static_cast<LoopForm>(loop)));
      for (int alias = 0; alias < kAliasForms; ++alias) {
        const Cell cell{static_cast<Op>(op), static_cast<LoopForm>(loop), static_cast<AliasForm>(alias)};
        if (const char* why = why_impossible(cell)) {
          text += fmt::format("{:>8}", "-");
          reasons[why].insert(fmt::format("{} x {}", op_name(cell.op), alias_form_name(cell.alias)));
        } else {
          const auto found = counts_.find(cell);
          text += fmt::format("{:>8}", found == counts_.end() ? 0 : found->second);
        }
      }
      text += "\n";
    }
  }
  text += "\ncells that cannot be\n";
  for (const auto& [why, cells] : reasons) text += fmt::format("  {}: {}\n", why, fmt::join(cells, ", "));
  return text;
}

}  // namespace tilewright::oracle
