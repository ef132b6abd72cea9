// Loops and branches of scf.
#include <fmt/format.h>

#include "compiler/interpret/machine.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright::interpret {

using namespace mlir;

namespace {

void run_for(Machine& machine, scf::ForOp loop) {
  const int64_t first = machine.decided(loop, loop.getLowerBound()), end = machine.decided(loop, loop.getUpperBound());
  const int64_t step = machine.decided(loop, loop.getStep());
  if (step <= 0) fail(loop, ErrorCode::kInvalidArgument, fmt::format("has a step of {}; a step is above 0", step));
  machine.set_all(loop.getRegionIterArgs(), loop.getInitArgs());
  for (int64_t i = first; i < end;) {
    machine.set(loop.getInductionVar(), Number::of_integer(i));
    machine.run_block(*loop.getBody());
    machine.set_all(loop.getRegionIterArgs(), loop.getYieldedValues());
    // The next number may be none.
    if (static_cast<uint64_t>(end) - static_cast<uint64_t>(i) <= static_cast<uint64_t>(step)) break;
    i += step;
  }
  machine.set_all(loop.getResults(), loop.getRegionIterArgs());
}

void run_if(Machine& machine, scf::IfOp branch) {
  Region& taken = machine.decided(branch, branch.getCondition()) != 0 ? branch.getThenRegion() : branch.getElseRegion();
  if (taken.empty()) return;
  machine.run_block(taken.front());
  machine.set_all(branch.getResults(), taken.front().getTerminator()->getOperands());
}

void run_while(Machine& machine, scf::WhileOp loop) {
  machine.set_all(loop.getBeforeArguments(), loop.getInits());
  for (uint64_t turns = 0;; ++turns) {
    machine.run_block(*loop.getBeforeBody());
    scf::ConditionOp condition = loop.getConditionOp();
    if (machine.decided(condition, condition.getCondition()) == 0) return machine.set_all(loop.getResults(), condition.getArgs());
    if (turns == machine.options.max_while_turns) {
      fail(loop, ErrorCode::kLimitExceeded, fmt::format("has not ended after {} turns", turns));
    }
    machine.set_all(loop.getAfterArguments(), condition.getArgs());
    machine.run_block(*loop.getAfterBody());
    machine.set_all(loop.getBeforeArguments(), loop.getYieldOp().getResults());
  }
}

}  // namespace

void add_control(Handlers& handlers) {
  add_handler<scf::ForOp, run_for>(handlers);
  add_handler<scf::IfOp, run_if>(handlers);
  add_handler<scf::WhileOp, run_while>(handlers);
}

}  // namespace tilewright::interpret
