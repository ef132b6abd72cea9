// Tasks, scopes, variables, loops and branches.
#include <fstream>
#include <sstream>

#include "compiler/builder/loop_text.h"
#include "compiler/builder/recorder.h"

using namespace mlir;
using namespace tilewright;
using recording::Open;

// ---- tasks

namespace {

/// The options of a task as operands; nothing after an error.
struct TaskOperands {
  Value blocks, tested;
  SmallVector<Value> after, no_dep, indices;
  tw::CompareAttr relation;
  IntegerAttr target;
};

std::optional<TaskOperands> take_task(twb_builder* b, const twb_task* task) {
  TaskOperands operands;
  for (size_t i = 0; i < task->after_count; ++i) {
    operands.after.push_back(b->take(task->after[i]));
    if (!operands.after.back()) return std::nullopt;
  }
  for (size_t i = 0; i < task->no_dep_count; ++i) {
    operands.no_dep.push_back(b->take_tensor(task->no_dep[i]));
    if (!operands.no_dep.back()) return std::nullopt;
  }
  if (task->blocks != 0) {
    operands.blocks = b->take_index(task->blocks, "a number of blocks");
    if (!operands.blocks) return std::nullopt;
  }
  if (task->tested == 0) return operands;
  operands.tested = b->take_tensor(task->tested);
  if (!operands.tested || !b->take_indices(task->tested_indices, task->tested_count, "an index", operands.indices)) return std::nullopt;
  operands.relation = tw::CompareAttr::get(&b->context, static_cast<tw::Compare>(task->relation));
  operands.target = b->ops.getI64IntegerAttr(task->target);
  return operands;
}

constexpr twb_task kNoOptions = {};

}  // namespace

int twb_begin_at(twb_builder* b, const twb_task* task) {
  if (!b->recording()) return 0;
  if (task == nullptr) task = &kNoOptions;
  std::optional<TaskOperands> operands = take_task(b, task);
  const bool complete = operands.has_value();
  if (!complete) operands.emplace();  // the body is recorded all the same, for the errors in it
  const StringAttr name = task->name == nullptr ? StringAttr() : b->ops.getStringAttr(task->name);
  auto at = b->ops.create<tw::AtOp>(b->location, tw::TaskIdType::get(&b->context), name, operands->blocks, task->sync_start != 0,
                                    operands->after, operands->no_dep, operands->tested, operands->indices, operands->relation,
                                    operands->target, task->early_resolve != 0);
  b->open(Open::kAt, at, &at.getBody().emplaceBlock());
  return complete ? 1 : 0;
}

twb_value twb_end_at(twb_builder* b) {
  Operation* at = b->close(Open::kAt);
  return at == nullptr || failed(at->getName().verifyInvariants(at)) ? 0 : b->give(at->getResult(0));
}

twb_value twb_submit(twb_builder* b, const char* const* kernels, size_t kernel_count, const twb_value* arguments, size_t argument_count,
                     const twb_task* task) {
  if (task == nullptr) task = &kNoOptions;
  SmallVector<Attribute> names;
  for (size_t i = 0; i < kernel_count; ++i) names.push_back(FlatSymbolRefAttr::get(&b->context, kernels[i]));
  SmallVector<Value> values;
  for (size_t i = 0; i < argument_count; ++i) {
    values.push_back(b->take(arguments[i]));
    if (!values.back()) return 0;
  }
  const std::optional<TaskOperands> operands = take_task(b, task);
  if (!operands) return 0;
  SmallVector<int32_t> directions(values.size(), static_cast<int32_t>(tw::Direction::kUndecided));
  for (Value tensor : operands->no_dep) {
    // A variable that is read for both gives two values.
    const auto found = llvm::find_if(values, [&](Value value) {
      auto first = value.getDefiningOp<tw::GetOp>(), second = tensor.getDefiningOp<tw::GetOp>();
      return value == tensor || (first && second && first.getVariable() == second.getVariable());
    });
    if (found == values.end()) {
      b->error() << "submit: what has no dependencies must be an argument of the task";
      return 0;
    }
    directions[static_cast<size_t>(found - values.begin())] = static_cast<int32_t>(tw::Direction::kNoDep);
  }
  const DenseI32ArrayAttr marked = operands->no_dep.empty() ? DenseI32ArrayAttr() : b->ops.getDenseI32ArrayAttr(directions);
  return b->result(b->make<tw::SubmitOp>(tw::TaskIdType::get(&b->context), b->ops.getArrayAttr(names), values, marked, operands->blocks,
                                         task->sync_start != 0, operands->after, /*derived=*/ValueRange(), operands->tested,
                                         operands->indices, operands->relation, operands->target, task->early_resolve != 0));
}

twb_value twb_dummy(twb_builder* b, const twb_value* after, size_t count) {
  SmallVector<Value> tasks;
  for (size_t i = 0; i < count; ++i) {
    tasks.push_back(b->take(after[i]));
    if (!tasks.back()) return 0;
  }
  return b->result(b->make<tw::DummyOp>(tw::TaskIdType::get(&b->context), tasks));
}

twb_value twb_no_task(twb_builder* b) { return b->result(b->make<tw::NoTaskOp>(tw::TaskIdType::get(&b->context))); }

twb_value twb_is_task(twb_builder* b, twb_value task) {
  const auto id = b->take_task(task);
  return id ? b->result(b->make<tw::IsTaskOp>(b->ops.getI1Type(), id)) : 0;
}

twb_value twb_no_tasks(twb_builder* b, int64_t count) {
  const auto type = tw::TaskIdsType::getChecked([b] { return b->error(); }, &b->context, count);
  return type ? b->result(b->make<tw::NoTasksOp>(type)) : 0;
}

twb_value twb_get_task(twb_builder* b, twb_value tasks, twb_value index) {
  const auto from = b->take_tasks(tasks);
  const Value at = b->take_index(index, "an index");
  return from && at ? b->result(b->make<tw::GetTaskOp>(tw::TaskIdType::get(&b->context), from, at)) : 0;
}

twb_value twb_set_task(twb_builder* b, twb_value task, twb_value tasks, twb_value index) {
  const auto id = b->take_task(task);
  const auto into = b->take_tasks(tasks);
  const Value at = b->take_index(index, "an index");
  return id && into && at ? b->result(b->make<tw::SetTaskOp>(into.getType(), id, into, at)) : 0;
}

int twb_begin_scope(twb_builder* b, int manual) {
  if (!b->recording()) return 0;
  auto scope = b->ops.create<tw::ScopeOp>(b->location, TypeRange(), manual != 0);
  b->open(Open::kScope, scope, &scope.getBody().emplaceBlock());
  return 1;
}

void twb_end_scope(twb_builder* b) {
  if (!b->frames.empty() && b->frames.back().kind == Open::kScope) b->ops.create<tw::YieldOp>(b->location);
  b->close(Open::kScope);
}

// ---- variables

twb_value twb_declare(twb_builder* b, twb_value initial) {
  if (!b->recording()) return 0;
  const Value first = b->take(initial);
  const Type type = first ? first.getType() : Type(b->ops.getNoneType());
  // What fails leaves a variable without a value behind, so that assigning to it later is no second error.
  auto declare = b->ops.create<tw::DeclareOp>(b->location, tw::VariableType::get(&b->context, type), first);
  if (!first) b->untyped.push_back(declare);
  return b->give(declare.getVariable());
}

namespace {

/// The variable of a number; null after an error. `assigned`: a task cannot give the orchestration's variables new values.
TypedValue<tw::VariableType> take_variable(twb_builder* b, twb_value variable, bool assigned) {
  const Value value = b->take(variable);
  if (!value) return {};
  if (!isa<tw::VariableType>(value.getType())) {
    b->error() << "takes a variable, not a value of type " << value.getType();
    return {};
  }
  Operation* around = b->ops.getInsertionBlock()->getParentOp();
  for (; assigned && around != nullptr && around->getBlock() != nullptr && !around->isProperAncestor(value.getDefiningOp());
       around = around->getParentOp()) {
    if (!isa<tw::AtOp>(around)) continue;
    InFlightDiagnostic error = b->error() << "a task cannot assign to a variable of the orchestration, which goes on before the task runs";
    error.attachNote(value.getLoc()) << "it was declared here";
    return {};
  }
  return cast<TypedValue<tw::VariableType>>(value);
}

std::string shown(Type type) {
  if (auto tile = dyn_cast<tile::TileType>(type)) return tile.text();
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

}  // namespace

twb_value twb_get(twb_builder* b, twb_value variable) {
  const auto from = take_variable(b, variable, false);
  if (!from) return 0;
  if (isa<NoneType>(from.getType().getValue())) {
    if (b->errors.empty()) b->error() << "uses a variable that has no value yet";  // else the value is missing for want of one that failed
    return 0;
  }
  return b->result(b->make<tw::GetOp>(from.getType().getValue(), from));
}

void twb_set(twb_builder* b, twb_value variable, twb_value value) {
  const auto to = take_variable(b, variable, true);
  const Value given = b->take(value);
  if (!to || !given) return;
  if (isa<NoneType>(to.getType().getValue())) {
    Value(to).setType(tw::VariableType::get(&b->context, given.getType()));
    llvm::erase(b->untyped, to.getDefiningOp<tw::DeclareOp>());
  }
  if (to.getType().getValue() != given.getType()) {
    InFlightDiagnostic error = b->error() << "assigns " << shown(given.getType()) << " to a variable that holds "
                                          << shown(to.getType().getValue());
    error.attachNote(to.getLoc()) << "the variable";
    return;
  }
  b->make<tw::SetOp>(given, to);
}

// ---- control flow

twb_value twb_begin_for(twb_builder* b, twb_value first, twb_value end, twb_value step, twb_loop kind, int64_t stages) {
  if (!b->recording()) return 0;
  Value bounds[] = {b->take_index(first, "the start of a loop"), b->take_index(end, "the end of a loop"),
                    b->take_index(step, "the step of a loop")};
  for (Value& bound : bounds) {
    if (!bound) bound = b->constant_index(1);  // the body is recorded all the same, for the errors in it
  }
  APInt constant;
  if (matchPattern(bounds[2], m_ConstantInt(&constant)) && constant.getSExtValue() <= 0) {
    b->error() << "the step of a loop is positive; " << constant.getSExtValue() << " is not";
  }
  auto loop = b->ops.create<scf::ForOp>(b->location, bounds[0], bounds[1], bounds[2]);
  if (kind == TWB_PARALLEL) loop->setAttr(tw::kParallelAttribute, b->ops.getUnitAttr());
  int64_t known = 0;
  if (kind == TWB_UNROLLED &&
      (twb_constant(b, first, &known) == 0 || twb_constant(b, end, &known) == 0 || twb_constant(b, step, &known) == 0)) {
    b->error() << "the bounds of an unrolled loop are known while the program is recorded";
  }
  if (kind == TWB_UNROLLED) loop->setAttr(tw::kUnrollAttribute, b->ops.getUnitAttr());
  if (kind == TWB_PIPELINED) {
    loop->setAttr(tw::kPipelineAttribute, b->ops.getI64IntegerAttr(stages));
    if (stages < 2) b->error() << "a pipelined loop has 2 turns in flight or more, not " << stages;
  }
  b->frames.push_back({Open::kFor, loop, b->ops.saveInsertionPoint()});
  b->ops.setInsertionPoint(loop.getBody()->getTerminator());
  return b->give(loop.getInductionVar());
}

void twb_end_for(twb_builder* b) { b->close(Open::kFor); }

void twb_check_loop_text(twb_builder* b, const char* file, uint32_t line) {
  if (!b->checked_loops.insert({file, line}).second) return;  // one that is recorded twice
  const auto [source, is_new] = b->sources.try_emplace(file);
  if (is_new) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    source->second = text.str();
  }
  for (const recording::TextPosition& at : recording::find_continue(source->second, line)) {
    emitError(FileLineColLoc::get(&b->context, file, at.line, at.column))
        << "'continue' leaves the rest of the body out for all turns, since it was recorded once; use if_, or if and else";
  }
}

int twb_begin_if(twb_builder* b, twb_value condition) {
  if (!b->recording()) return 0;
  Value value = b->take_number(condition);
  const bool good = value && value.getType().isInteger(1);
  if (value && !good) b->error() << "a condition is a truth value, not of type " << value.getType();
  if (!good) value = b->ops.create<arith::ConstantIntOp>(b->location, 1, 1);
  auto branch = b->ops.create<scf::IfOp>(b->location, value, /*withElseRegion=*/false);
  b->frames.push_back({Open::kThen, branch, b->ops.saveInsertionPoint()});
  b->ops.setInsertionPoint(branch.thenBlock()->getTerminator());
  return good ? 1 : 0;
}

void twb_begin_else(twb_builder* b) {
  if (b->frames.empty() || b->frames.back().kind != Open::kThen) {
    b->close(Open::kThen);  // says what is wrong
    return;
  }
  auto branch = cast<scf::IfOp>(b->frames.back().op);
  b->frames.back().kind = Open::kElse;
  Block& block = branch.getElseRegion().emplaceBlock();
  b->ops.setInsertionPointToEnd(&block);
  b->ops.setInsertionPoint(b->ops.create<scf::YieldOp>(b->location));
}

void twb_end_if(twb_builder* b) { b->close(!b->frames.empty() && b->frames.back().kind == Open::kElse ? Open::kElse : Open::kThen); }

int twb_begin_while(twb_builder* b) {
  if (!b->recording()) return 0;
  auto loop = b->ops.create<scf::WhileOp>(b->location, TypeRange(), ValueRange());
  loop.getAfter().emplaceBlock();
  b->open(Open::kWhile, loop, &loop.getBefore().emplaceBlock());
  return 1;
}

void twb_while_do(twb_builder* b, twb_value condition) {
  if (b->frames.empty() || b->frames.back().kind != Open::kWhile) {
    b->close(Open::kWhile);  // says what is wrong
    return;
  }
  Value value = b->take_number(condition);
  if (value && !value.getType().isInteger(1)) {
    b->error() << "a condition is a truth value, not of type " << value.getType();
    value = {};
  }
  if (!value) value = b->ops.create<arith::ConstantIntOp>(b->location, 0, 1);
  b->ops.create<scf::ConditionOp>(b->location, value, ValueRange());
  b->frames.back().kind = Open::kWhileBody;
  b->ops.setInsertionPointToEnd(&cast<scf::WhileOp>(b->frames.back().op).getAfter().front());
}

void twb_end_while(twb_builder* b) {
  if (!b->frames.empty() && b->frames.back().kind == Open::kWhileBody) b->ops.create<scf::YieldOp>(b->location);
  b->close(Open::kWhileBody);
}
