#include "isa/legality.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "isa/hook.h"
#include "pto/common/legality.hpp"

namespace tilewright::isa {
namespace {

namespace legality = pto::legality;
using legality::Property;
using legality::Rule;

constexpr size_t kOpCount = static_cast<size_t>(pto::Op::OP_COUNT);
static_assert(std::is_sorted(std::begin(legality::kRules), std::end(legality::kRules),
                             [](const Rule& a, const Rule& b) { return a.op < b.op; }),
              "rules are in the order of Op");

struct Rules {
  const Rule* first = nullptr;
  const Rule* last = nullptr;
};

/// Rules by operation; none for one that the generation has in every form.
struct RuleIndex {
  Rules of[2][kOpCount];
  RuleIndex() {
    const Rule* const end = std::end(legality::kRules);
    for (const Rule* rule = std::begin(legality::kRules); rule != end;) {
      const Rule* const next = std::find_if(rule, end, [rule](const Rule& other) { return other.op != rule->op; });
      for (const int generation : {0, 1}) {
        const bool all = std::all_of(rule, next, [generation](const Rule& r) { return r.allowed[generation] == legality::kAny; });
        if (!all) of[generation][static_cast<size_t>(rule->op)] = {rule, next};
      }
      rule = next;
    }
  }
};
const RuleIndex rule_index;

struct RunningForm {
  const PtoInstruction& instruction;

  int operand_count() const { return instruction.operand_count; }
  uint32_t element(int i) const {
    const PtoOperand& operand = instruction.operands[i];
    return operand.tile != nullptr ? operand.tile->element : operand.global->element;
  }
  uint32_t tile_layout(int i) const {
    const PtoTileType* tile = instruction.operands[i].tile;
    return tile != nullptr ? tile->layout : uint32_t{kPtoNd};
  }
  int global_layout(int i) const {
    const PtoOperand& operand = instruction.operands[i];
    return operand.tile == nullptr ? operand.global->layout : -1;
  }
  bool compares_equal() const { return instruction.attributes.index[0] == static_cast<int32_t>(pto::CmpMode::EQ); }
};

std::string elements_in(legality::Set set) {
  std::vector<std::string_view> names;
  for (uint8_t element = 0; element < kPtoElementCount; ++element) {
    if (legality::contains(set, element)) names.emplace_back(element_name(element));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

const char* layout_name(int layout) {
  static constexpr const char* kNames[] = {"ND",          "DN",      "NZ",      "SCALE",     "MX_A_ND",   "MX_A_DN",   "MX_A_ZZ",
                                           "MX_B_ND",     "MX_B_DN", "MX_B_NN", "HIF4_A_ZZ", "HIF4_B_NN", "NC1HWC0",   "GNC1HWC0",
                                           "NCHW",        "GNCHW",   "NHWC",    "NDC1HWC0",  "NCDHW",     "FRACTAL_Z", "FRACTAL_Z_S16S8",
                                           "FRACTAL_Z_3D"};
  static_assert(std::size(kNames) == static_cast<size_t>(pto::Layout::MAX));
  return layout >= 0 && layout < static_cast<int>(std::size(kNames)) ? kNames[layout] : "?";
}

[[noreturn, gnu::cold]] void refuse(const Execution& execution, const Rule& rule) {
  const RunningForm form{execution.instruction};
  const legality::Set allowed = rule.allowed[static_cast<int>(execution.core.arch->generation)];
  std::string what, advice = "use another instruction, or a platform that has it";
  switch (rule.property) {
    case Property::kInstruction: what = "this instruction"; break;
    case Property::kElement:
      what = fmt::format("this instruction for elements {}", element_name(static_cast<uint8_t>(form.element(rule.operand))));
      if (allowed != 0) advice = "it has it for " + elements_in(allowed);
      break;
    case Property::kGlobalLayout:
      what = fmt::format("this instruction for the layout {} of global memory", layout_name(form.global_layout(rule.operand)));
      advice = "use a layout that it has, or another platform";
      break;
    case Property::kRearranged:
      what = "this instruction with a change of the arrangement to boxes";
      advice = "load the tile in the arrangement that is needed, or use another platform";
      break;
    case Property::kOtherThanEq:
      what = fmt::format("comparisons other than EQ for elements {}", element_name(static_cast<uint8_t>(form.element(rule.operand))));
      advice = "convert to f32 with TCVT, or use another platform";
      break;
  }
  execution.core.fail(kPtoFailUnsupported,
                      fmt::format("{}: {} does not have {}; {}", instruction_name(rule.op), execution.core.arch->name, what, advice));
}

}  // namespace

void check_generation(const Execution& execution) {
  const int generation = static_cast<int>(execution.core.arch->generation);
  const Rules rules = rule_index.of[generation][execution.instruction.op];
  if (rules.first == rules.last) return;
  const Rule* const rule =
      legality::refusing_rule(execution.core.arch->generation, execution.op(), RunningForm{execution.instruction}, rules.first, rules.last);
  if (rule != nullptr) refuse(execution, *rule);
}

std::string instruction_name(pto::Op op) {
  static constexpr std::pair<char, const char*> kMemories[] = {{'V', "Vec"},           {'M', "Mat"},  {'A', "Acc"},
                                                               {'L', "Left or Right"}, {'B', "Bias"}, {'S', "Scaling"}};
  const auto memory = [](char letter) -> const char* {
    for (const auto& [short_name, name] : kMemories) {
      if (short_name == letter) return name;
    }
    return "?";
  };
  const std::string_view name = op_name(static_cast<uint16_t>(op));
  for (const std::string_view family : {"TMOV_", "TEXTRACT_", "TINSERT_"}) {
    if (name.starts_with(family)) {
      return fmt::format("{} from {} to {}", family.substr(0, family.size() - 1), memory(name[family.size()]),
                         memory(name[family.size() + 2]));
    }
  }
  if (op == pto::Op::TSTORE_VEC) return "TSTORE from Vec";
  if (op == pto::Op::TSTORE_MAT) return "TSTORE from Mat";
  if (op == pto::Op::TSTORE_ACC) return "TSTORE from Acc";
  const bool intrinsic = op >= pto::Op::FFTS_CROSS_CORE_SYNC && op <= pto::Op::RLS_BUF;
  std::string text(name);
  if (intrinsic) std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace tilewright::isa
