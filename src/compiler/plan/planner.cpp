#include "compiler/plan/planner.h"

#include "compiler/plan/placement.h"

namespace tilewright::plan {

std::variant<Plan, DoesNotFit> plan(const Program& program) {
  const Structure structure(program);
  const std::vector<int64_t> apart(program.buffers.size(), -1);
  std::vector<Flag> flags = flags_for(structure, program, orders_of(structure, program, apart));
  std::variant<std::vector<int64_t>, DoesNotFit> placed = place(structure, program, std::move(flags));
  if (const auto* misfit = std::get_if<DoesNotFit>(&placed)) return *misfit;
  Plan plan;
  plan.addresses = std::move(std::get<std::vector<int64_t>>(placed));
  const std::vector<Order> orders = orders_of(structure, program, plan.addresses);
  plan.flags = number_events(structure, program, flags_for(structure, program, orders), orders);
  return plan;
}

}  // namespace tilewright::plan
