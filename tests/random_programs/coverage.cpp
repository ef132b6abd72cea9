#include "coverage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/builder/recorder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright::random_programs {

namespace {

LoopForm form_of(mlir::Operation* op) {
  for (mlir::Operation* around = op->getParentOp(); around != nullptr; around = around->getParentOp()) {
    if (mlir::isa<mlir::scf::WhileOp>(around)) return LoopForm::kWhile;
    if (mlir::isa<mlir::scf::IfOp>(around)) return LoopForm::kIf;
    auto loop = mlir::dyn_cast<mlir::scf::ForOp>(around);
    if (!loop) continue;
    if (loop->hasAttr(tw::kParallelAttribute)) return LoopForm::kParallel;
    if (loop->hasAttr(tw::kUnrollAttribute)) return LoopForm::kUnrolled;
    if (loop->hasAttr(tw::kPipelineAttribute)) return LoopForm::kPipelined;
    return mlir::matchPattern(loop.getUpperBound(), mlir::m_Constant()) ? LoopForm::kFor : LoopForm::kOpenFor;
  }
  return LoopForm::kStraight;
}

/// The type of the elements that an operation works on: those of its first tile that is no mask, from the left operand on.
std::optional<twb_dtype> dtype_of(mlir::Operation* op, twb_builder* builder) {
  std::vector<mlir::Type> types(op->operand_type_begin(), op->operand_type_end());
  types.insert(types.end(), op->result_type_begin(), op->result_type_end());
  // Not the sum, and not the numbers of rows.
  if (mlir::isa<tile::MatmulAccOp, tile::GatherLoadOp>(op))
    types.erase(types.begin(), types.begin() + (mlir::isa<tile::MatmulAccOp>(op) ? 1 : 2));
  for (const mlir::Type type : types) {
    auto tile = mlir::dyn_cast<tile::TileType>(type);
    if (!tile || tile.is_mask()) continue;
    for (const twb_dtype dtype : kDtypes) {
      if (builder->type_of(dtype) == tile.getElement()) return dtype;
    }
  }
  return std::nullopt;
}

}  // namespace

void Coverage::add(const Program& program, const Recorded& recorded) {
  std::map<Cell, int>& counts = counts_[program.platform];
  recorded.builder->module->walk([&](mlir::Operation* op) {
    if (op->getName().getDialectNamespace() != "tile") return;
    if (const std::optional<twb_dtype> dtype = dtype_of(op, recorded.builder.get())) {
      ++counts[{{op->getName().stripDialect().str(), *dtype}, form_of(op)}];
    }
  });
}

std::vector<std::string> Coverage::empty_cells(const std::vector<std::string>& platforms) const {
  std::vector<std::string> empty;
  for (const std::string& platform : platforms) {
    const auto counted = counts_.find(platform);
    for (const Cell& cell : cells_of(vocabulary_of(platform))) {
      if (counted != counts_.end() && counted->second.contains(cell)) continue;
      empty.push_back(fmt::format("{}: {} {} {}", platform, cell.word.name, dtype_name(cell.word.dtype), loop_form_name(cell.form)));
    }
  }
  return empty;
}

std::string Coverage::table(const std::vector<std::string>& platforms) const {
  std::string text;
  for (const std::string& platform : platforms) {
    const Vocabulary& vocabulary = vocabulary_of(platform);
    const auto counted = counts_.find(platform);
    const auto count_of = [&](const Cell& cell) {
      if (counted == counts_.end()) return 0;
      const auto at = counted->second.find(cell);
      return at == counted->second.end() ? 0 : at->second;
    };
    text += fmt::format("\n{}: times that each was said, over element types; '-' where the platform does not have it\n", platform);
    text += fmt::format("{:22}{:10}", "", "");
    for (const twb_dtype dtype : kDtypes) text += fmt::format("{:>8}", dtype_name(dtype));
    text += "\n";
    std::map<std::string, std::set<std::string>> reasons;
    for (const std::string& name : vocabulary.operations()) {
      for (int form = 0; form < kLoopForms; ++form) {
        text += fmt::format("{:22}{:10}", form == 0 ? name : "", loop_form_name(static_cast<LoopForm>(form)));
        for (const twb_dtype dtype : kDtypes) {
          const Word word{name, dtype};
          if (vocabulary.has(name, dtype)) {
            text += fmt::format("{:>8}", count_of({word, static_cast<LoopForm>(form)}));
          } else {
            text += fmt::format("{:>8}", "-");
            const std::string& refusal = vocabulary.refusal(word);
            reasons[refusal.substr(0, refusal.find('\n'))].insert(name + " " + dtype_name(dtype));
          }
        }
        text += "\n";
      }
    }
    text += fmt::format("\n{} does not have\n", platform);
    for (const auto& [reason, words] : reasons) text += fmt::format("  {}\n      {}\n", fmt::join(words, ", "), reason);
  }
  return text;
}

}  // namespace tilewright::random_programs
