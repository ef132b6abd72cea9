#include "compiler/emit/tensor_orders.h"

#include <fmt/format.h>

#include "compiler/emit/cpp_text.h"
#include "compiler/ir/tw_dialect.h"

namespace tilewright::emit {

using namespace mlir;

namespace {

/// The mark of that name on the argument or operation that `root` is.
Attribute mark_of(Value root, StringRef name) {
  if (auto create = root.getDefiningOp<tw::CreateOp>()) return create->getAttr(name);
  auto argument = dyn_cast<BlockArgument>(root);
  auto orchestration = argument ? dyn_cast<tw::OrchestrationOp>(argument.getOwner()->getParentOp()) : tw::OrchestrationOp();
  return orchestration ? orchestration.getArgAttr(argument.getArgNumber(), name) : Attribute();
}

}  // namespace

std::optional<std::vector<TensorOrder>> tensor_orders(tw::OrchestrationOp orchestration) {
  std::vector<TensorOrder> tensors;
  const auto add = [&](Value root, const std::string& otherwise) {
    const auto reason = dyn_cast_or_null<StringAttr>(mark_of(root, tw::kTrackedAttribute));
    if (!reason && !is_ordered(root)) return;
    const std::string name = name_of(root.getLoc());
    tensors.push_back({name.empty() ? otherwise : name, place_of(root.getLoc()), !reason, reason ? reason.str() : ""});
  };
  for (const BlockArgument argument : orchestration.getArguments()) add(argument, fmt::format("arg{}", argument.getArgNumber()));
  orchestration->walk([&](tw::CreateOp create) { add(create.getTensor(), "created"); });
  if (tensors.empty()) return std::nullopt;
  return tensors;
}

bool is_ordered(Value root) { return mark_of(root, tw::kOrderedAttribute) != nullptr; }

}  // namespace tilewright::emit
