// derive-dependencies: named dependencies from what tasks access. docs/design/dependencies.md, "The pass".
#include <map>

#include "compiler/ir/diagnostics.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/affine_regions.h"
#include "compiler/passes/certain_order.h"
#include "compiler/passes/kernel_accesses.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/tensor_regions.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tilewright {
namespace {

using namespace mlir;
using tw::Direction;

// ---- accesses

enum class Kind : uint8_t { kRead, kAdd, kWrite };  // kAdd: atomic additions, in any order among each other

bool conflict(Kind a, Kind b) { return a != b || a == Kind::kWrite; }
/// Whether all that conflicts with `earlier` conflicts with `later` too.
bool stands_for(Kind later, Kind earlier) { return later == Kind::kWrite || later == earlier; }

/// What a task does with a tensor, or the orchestration with an element.
struct Access {
  Operation* op;
  Value tensor;
  Region region;
  Kind kind;
  unsigned task;  ///< its number in the order; kNameless once nothing can name it
};

constexpr unsigned kNameless = ~0u;  ///< of tasks in a loop that has ended

/// What kernels do with one of their tensors: each access, of it or of a part of it.
SmallVector<KernelAccess> kernel_accesses(tw::SubmitOp submit, unsigned operand, SymbolTableCollection& symbols, bool& are_all) {
  SmallVector<KernelAccess> accesses;
  for (const auto name : submit.getKernels().getAsRange<FlatSymbolRefAttr>()) {
    auto kernel = symbols.lookupNearestSymbolFrom<tile::FuncOp>(submit, name);
    SmallVector<Value> pending = {kernel.getArgument(operand)};
    while (!pending.empty()) {
      const Value tensor = pending.pop_back_val();
      for (Operation* user : tensor.getUsers()) {
        if (isa<tw::ViewOp, tw::ReshapeOp, tw::TransposeOp>(user)) {
          pending.push_back(user->getResult(0));
        } else if (const std::optional<KernelAccess> access = access_of(user)) {
          accesses.push_back(*access);
        } else {
          are_all = are_all && isa<tw::DimOp>(user);
        }
      }
    }
  }
  return accesses;
}

// ---- what has to be waited for

/// Accesses that a later one may have to wait for, by number and in order, for each tensor; arguments that may alias are one. Those of an
/// unknown tensor stand under null.
using State = llvm::MapVector<Value, SmallVector<unsigned, 4>>;

void unite(State& state, const State& other) {
  for (const auto& [root, accesses] : other) {
    SmallVector<unsigned, 4> both;
    SmallVector<unsigned, 4>& all = state[root];
    std::set_union(all.begin(), all.end(), accesses.begin(), accesses.end(), std::back_inserter(both));
    all = std::move(both);
  }
}

/// A task, and those that it is to wait for.
struct Consumer {
  tw::SubmitOp submit;
  struct Edge {
    unsigned task;
    /// Tasks that this one waits for as well, and that come after `task`: whenever one of them has run, the edge is not needed.
    SmallVector<unsigned> unless;
  };
  SmallVector<Edge> edges;
};

/// " (softmax.cpp:12)", without directories: the same program elsewhere gives the same text.
std::string place(Operation* op) {
  const std::string position = position_of(op->getLoc());
  const StringRef line = StringRef(position).rsplit(": ").first.rsplit(':').first;  // without the column
  return line.empty() ? "" : (" (" + line.substr(line.find_last_of('/') + 1) + ")").str();
}

class Derivation {
 public:
  explicit Derivation(tw::OrchestrationOp orchestration) : orchestration_(orchestration) {
    for (const BlockArgument argument : orchestration.getArguments()) {
      if (!orchestration.getArgAttr(argument.getArgNumber(), tw::kMayAliasAttribute)) continue;
      if (!aliased_) aliased_ = argument;
      same_[argument] = aliased_;
    }
  }

  LogicalResult run() {
    walk(orchestration_.getBody().front());
    if (failed(check_written()) || failed(write_edges())) return failure();
    mark();
    return success();
  }

 private:
  Value key_of(Value root) const {
    const auto found = same_.find(root);
    return found == same_.end() ? root : found->second;
  }

  /// Notes why the runtime has to order the accesses of a tensor. The first reason counts.
  void track(Value key, StringRef reason, Operation* where) {
    if (!tracked_.contains(key)) tracked_[key] = reason.str() + place(where);
  }
  void track_both(const Access& one, const Access& other, StringRef reason, Operation* where) {
    track(key_of(one.region.root), reason, where);
    track(key_of(other.region.root), reason, where);
  }

  // ---- the walk

  void walk(Block& block) {
    for (Operation& op : block) {
      if (auto submit = dyn_cast<tw::SubmitOp>(op)) {
        run_task(submit);
      } else if (isa<tw::DummyOp>(op)) {
        add_task(&op);
      } else if (auto read = dyn_cast<tw::ReadOp>(op)) {
        run_host_access(read, read.getTensor(), read.getIndices(), Kind::kRead);
      } else if (auto write = dyn_cast<tw::WriteOp>(op)) {
        run_host_access(write, write.getTensor(), write.getIndices(), Kind::kWrite);
      } else if (auto scope = dyn_cast<tw::ScopeOp>(op)) {
        walk(scope.getBody().front());
      } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
        walk_branch(branch);
      } else if (op.getNumRegions() > 0) {
        walk_loop(&op);
      }
    }
  }

  void walk_branch(scf::IfOp branch) {
    State before = state_;
    walk(branch.getThenRegion().front());
    if (!branch.getElseRegion().empty()) {
      std::swap(before, state_);
      walk(branch.getElseRegion().front());
    }
    unite(state_, before);
  }

  void walk_loop(Operation* loop) {
    State before = state_;
    const size_t first = accesses_.size();
    for (mlir::Region& region : loop->getRegions()) {
      for (Block& block : region) walk(block);
    }
    check_turns(loop, MutableArrayRef<Access>(accesses_).drop_front(first));
    state_ = std::move(before);
    for (size_t i = first; i < accesses_.size(); ++i) {
      accesses_[i].task = kNameless;
      if (isa<tw::SubmitOp>(accesses_[i].op)) state_[key_of(accesses_[i].region.root)].push_back(static_cast<unsigned>(i));
    }
  }

  /// Marks what two turns of a loop may both access, one of them writing.
  void check_turns(Operation* loop, ArrayRef<Access> accesses) {
    if (loop->hasAttr(tw::kParallelAttribute)) return;
    auto counted = dyn_cast<scf::ForOp>(loop);
    llvm::MapVector<Value, SmallVector<const Access*>> by_root;
    for (const Access& access : accesses) by_root[key_of(access.region.root)].push_back(&access);
    for (const auto& [root, all] : by_root) {
      const bool new_in_turn = root && root.getDefiningOp() && loop->isProperAncestor(root.getDefiningOp());
      const bool carried = llvm::any_of(all, [](const Access* access) { return access->region.of_any_turn; });
      if ((new_in_turn && !carried) || tracked_.contains(root)) continue;
      const auto meet = [&](const Access* a, const Access* b) {
        return conflict(a->kind, b->kind) && (!counted || !regions_.are_disjoint_in_turns(counted, a->region, b->region));
      };
      const auto meets_another = [&](const Access* a) { return llvm::any_of(all, [&](const Access* b) { return meet(a, b); }); };
      if (llvm::any_of(all, meets_another)) track(root, "turns of a loop may depend on each other", loop);
    }
  }

  // ---- accesses

  /// The next task, or access of the orchestration, with what is certain of its order.
  unsigned add_task(Operation* op) {
    const unsigned task = order_.add(op);
    for (const unsigned host : llvm::reverse(host_accesses_)) {  // the orchestration has gone on
      if (!order_.comes_after(task, host)) order_.wait(task, host);
    }
    return task;
  }

  /// Calls `visit` for each earlier access that conflicts with this one and may be of the same elements.
  void for_each_conflict(const Access& access, function_ref<void(const Access&)> visit) {
    const auto look_at = [&](ArrayRef<unsigned> list) {
      for (const unsigned number : list) {
        const Access& earlier = accesses_[number];
        if (conflict(earlier.kind, access.kind) && !regions_.are_disjoint(earlier.region, access.region)) visit(earlier);
      }
    };
    const Value key = key_of(access.region.root);
    for (const auto& [root, list] : state_) {
      if (!key || !root || root == key) look_at(list);
    }
  }

  void add_accesses(SmallVectorImpl<Access>& list, Operation* op, unsigned task, Value tensor, ArrayRef<Region> regions, Kind kind) {
    for (const Region& region : regions) {
      if (region.root && is_untracked(region.root)) continue;
      if (!region.root && unknown_ == nullptr) unknown_ = op;
      const auto is_same = [&](const Access& other) {
        return other.tensor == tensor && other.region.root == region.root && other.region.elements == region.elements &&
               other.region.symbols == region.symbols;
      };
      if (llvm::any_of(list, [&](const Access& other) { return is_same(other) && stands_for(other.kind, kind); })) continue;
      llvm::erase_if(list, [&](const Access& other) { return is_same(other) && stands_for(kind, other.kind); });
      list.push_back({op, tensor, region, kind, task});
    }
  }

  /// What the kernels do with an operand: each access as far as it is known, else that its direction says. Of a tensor that they take for the
  /// runtime's sake alone (track-predicates), nothing.
  void add_operand(SmallVectorImpl<Access>& list, tw::SubmitOp submit, unsigned task, unsigned operand) {
    constexpr size_t kMost = 8;  // accesses that are looked at one by one
    const Value tensor = submit.getOperands_()[operand];
    const Direction direction = submit.direction(operand);
    bool are_all = true;
    const SmallVector<KernelAccess> accesses = kernel_accesses(submit, operand, symbols_, are_all);
    if (accesses.empty() && are_all && direction == Direction::kIn && tensor == submit.getTested()) return;
    if (accesses.empty() || !are_all || accesses.size() > kMost) {
      const bool only_adds =
          are_all && !accesses.empty() && llvm::all_of(accesses, [](const KernelAccess& access) { return access.adds(); });
      const Kind kind = direction == Direction::kIn ? Kind::kRead : only_adds ? Kind::kAdd : Kind::kWrite;
      return add_accesses(list, submit, task, tensor, regions_.of(tensor), kind);
    }
    for (const KernelAccess& access : accesses) {
      const Kind kind = access.adds() ? Kind::kAdd : access.writes ? Kind::kWrite : Kind::kRead;
      add_accesses(list, submit, task, tensor, regions_.accessed(submit, operand, access), kind);
    }
  }

  SmallVector<Access> accesses_of(tw::SubmitOp submit, unsigned task) {
    SmallVector<Access> accesses;
    for (const auto& [i, operand] : llvm::enumerate(submit.getOperands_())) {
      if (!isa<tw::DeviceTensorType>(operand.getType())) continue;
      const auto number = static_cast<unsigned>(i);
      if (submit.direction(number) == Direction::kNoDep) {
        for (const Region& region : regions_.of(operand)) {
          if (!region.root && unknown_ == nullptr) unknown_ = submit;
          track(key_of(region.root), "a task takes it as no_dep", submit);
        }
      } else {
        add_operand(accesses, submit, task, number);
      }
    }
    if (const Value tested = submit.getTested())
      add_accesses(accesses, submit, task, tested, regions_.element(tested, submit.getTestedIndices()), Kind::kRead);
    return accesses;
  }

  void run_task(tw::SubmitOp submit) {
    const unsigned task = add_task(submit);
    const bool manual = is_in_manual_scope(submit);
    const SmallVector<Access> accesses = accesses_of(submit, task);
    SmallVector<unsigned> candidates;
    for (const Access& access : accesses) {
      for_each_conflict(access, [&](const Access& earlier) {
        if (earlier.task == kNameless) {
          track_both(access, earlier, "a task in a loop, which nothing behind the loop can name", earlier.op);
        } else if (!manual) {
          candidates.push_back(earlier.task);
        } else if (!order_.comes_after(task, earlier.task)) {
          track_both(access, earlier, "a manual scope, where the program orders tasks", submit);
        }
      });
    }
    choose(task, submit, std::move(candidates));
    for (const Access& access : accesses) record(access);
  }

  /// Of the candidates, those that no other one, or what the program names, comes after: from the latest on.
  void choose(unsigned task, tw::SubmitOp submit, SmallVector<unsigned>&& candidates) {
    constexpr size_t kMostUnless = 4;  // the nearest; without one of them an edge is redundant at times, nothing else
    llvm::sort(candidates, std::greater<>());
    Consumer consumer{submit, {}};
    for (const unsigned candidate : candidates) {
      if (order_.comes_after(task, candidate)) continue;
      Consumer::Edge edge{candidate, {}};
      for (const Consumer::Edge& later : llvm::reverse(consumer.edges)) {
        if (edge.unless.size() == kMostUnless) break;
        if (order_.comes_after(later.task, candidate)) edge.unless.push_back(later.task);
      }
      order_.wait(task, candidate);
      consumer.edges.push_back(std::move(edge));
    }
    if (!consumer.edges.empty()) consumers_.push_back(std::move(consumer));
  }

  /// From now on, `access` stands for earlier ones that it comes after and covers.
  void record(const Access& access) {
    SmallVector<unsigned, 4>& list = state_[key_of(access.region.root)];
    if (access.region.root && access.region.exact) {
      llvm::erase_if(list, [&](unsigned number) {
        const Access& earlier = accesses_[number];
        return earlier.task != kNameless && order_.comes_after(access.task, earlier.task) && stands_for(access.kind, earlier.kind) &&
               earlier.region.root == access.region.root && regions_.covers(access.region, earlier.region);
      });
    }
    list.push_back(static_cast<unsigned>(accesses_.size()));
    accesses_.push_back(access);
  }

  /// The runtime makes the orchestration wait for the tasks that it knows to write the element.
  void run_host_access(Operation* op, Value tensor, ValueRange indices, Kind kind) {
    const unsigned host = add_task(op);
    SmallVector<Access> accesses;
    add_accesses(accesses, op, host, tensor, regions_.element(tensor, indices), kind);
    for (const Access& access : accesses) {
      for_each_conflict(access, [&](const Access& earlier) {
        track_both(access, earlier, kind == Kind::kRead ? "the orchestration reads it" : "the orchestration writes it", op);
        const bool waits = earlier.task != kNameless && earlier.kind != Kind::kRead && earlier.region.exact &&
                           !is_in_manual_scope(earlier.op) && regions_.covers(earlier.region, access.region);
        if (waits) order_.wait(host, earlier.task);
      });
      accesses_.push_back(access);
    }
    host_accesses_.push_back(host);
  }

  /// An argument that is written says so: callers' memory is checked by these marks. infer-directions asks for them, where it runs.
  LogicalResult check_written() {
    for (const Access& access : accesses_) {
      auto argument = dyn_cast_or_null<BlockArgument>(access.region.root);
      if (access.kind == Kind::kRead || !argument || argument.getOwner() != &orchestration_.getBody().front()) continue;
      const unsigned number = argument.getArgNumber();
      if (orchestration_.getArgAttr(number, tw::kOutAttribute) || orchestration_.getArgAttr(number, tw::kInOutAttribute)) continue;
      return access.op->emitOpError() << "writes argument " << number << " of '" << orchestration_.getName() << "', which is neither '"
                                      << tw::kOutAttribute << "' nor '" << tw::kInOutAttribute << "'";
    }
    return success();
  }

  // ---- what becomes of it

  LogicalResult write_edges() {
    // Where ids are needed outside of their blocks, each has a variable, before the outermost operation that hides it.
    std::map<unsigned, Operation*> hidden_by;
    for (Consumer& consumer : consumers_) {
      for (const Consumer::Edge& edge : consumer.edges) {
        Operation* around = order_.operation(edge.task);
        while (around->getBlock()->findAncestorOpInBlock(*consumer.submit) == nullptr) around = around->getParentOp();
        if (isa<tw::OrchestrationOp>(around)) return consumer.submit.emitOpError("internal error: waits for a task of another function");
        if (around == order_.operation(edge.task)) continue;
        Operation*& outermost = hidden_by[edge.task];
        if (outermost == nullptr || around->isProperAncestor(outermost)) outermost = around;
      }
    }
    llvm::DenseMap<unsigned, Value> variables;
    for (const auto& [task, around] : hidden_by) {
      auto producer = cast<tw::SubmitOp>(order_.operation(task));
      OpBuilder builder(around);
      const Value none = builder.create<tw::NoTaskOp>(producer.getLoc(), producer.getTask().getType());
      const auto type = tw::VariableType::get(builder.getContext(), none.getType());
      const StringAttr name = builder.getStringAttr(cast<FlatSymbolRefAttr>(producer.getKernels()[0]).getValue() + "_task");
      variables[task] = builder.create<tw::DeclareOp>(NameLoc::get(name, producer.getLoc()), type, none);
      builder.setInsertionPointAfter(producer);
      builder.create<tw::SetOp>(producer.getLoc(), producer.getTask(), variables[task]);
    }
    for (Consumer& consumer : consumers_) {
      OpBuilder builder(consumer.submit);
      const Location place = consumer.submit.getLoc();
      llvm::DenseMap<unsigned, Value> ids;
      const auto id_of = [&](unsigned task) {
        Value& id = ids[task];
        if (!id) {
          Operation* producer = order_.operation(task);
          const bool seen = producer->getBlock()->findAncestorOpInBlock(*consumer.submit) != nullptr;
          id = seen ? producer->getResult(0) : Value(builder.create<tw::GetOp>(place, producer->getResult(0).getType(), variables[task]));
        }
        return id;
      };
      SmallVector<Value> derived;
      for (const Consumer::Edge& edge : llvm::reverse(consumer.edges)) {
        for (const unsigned later : edge.unless) id_of(later);
        Value id = id_of(edge.task);
        for (const unsigned later : edge.unless) {
          const Value none = builder.create<tw::NoTaskOp>(place, id.getType());
          id = builder.create<arith::SelectOp>(place, builder.create<tw::IsTaskOp>(place, builder.getI1Type(), id_of(later)), none, id);
        }
        derived.push_back(id);
      }
      consumer.submit.getDerivedMutable().assign(derived);
    }
    return success();
  }

  void mark() {
    OpBuilder builder(orchestration_);
    const auto name_and_value = [&](Value root) -> std::pair<StringRef, Attribute> {
      const Value key = key_of(root);
      if (unknown_ != nullptr) track(key, "it may be the tensor, which is not known, that is used", unknown_);
      if (tracked_.contains(key)) return {tw::kTrackedAttribute, builder.getStringAttr(tracked_[key])};
      return {tw::kOrderedAttribute, builder.getUnitAttr()};
    };
    for (const BlockArgument argument : orchestration_.getArguments()) {
      if (!isa<tw::DeviceTensorType>(argument.getType())) continue;
      const auto [name, value] = name_and_value(argument);
      for (const StringRef mark : {tw::kOrderedAttribute, tw::kTrackedAttribute})
        orchestration_.removeArgAttr(argument.getArgNumber(), mark);
      orchestration_.setArgAttr(argument.getArgNumber(), name, value);
    }
    orchestration_->walk([&](tw::CreateOp create) {
      if (create.getUntracked()) return;
      const auto [name, value] = name_and_value(create.getTensor());
      for (const StringRef mark : {tw::kOrderedAttribute, tw::kTrackedAttribute}) create->removeAttr(mark);
      create->setAttr(name, value);
    });
  }

  tw::OrchestrationOp orchestration_;
  SymbolTableCollection symbols_;
  Regions regions_;
  CertainOrder order_;
  State state_;
  std::vector<Access> accesses_;  ///< all so far
  SmallVector<unsigned> host_accesses_;  ///< their numbers in the order
  std::vector<Consumer> consumers_;
  llvm::MapVector<Value, std::string> tracked_;  ///< why
  Operation* unknown_ = nullptr;  ///< the first access of a tensor that is not known
  Value aliased_;  ///< the first argument that may alias
  llvm::DenseMap<Value, Value> same_;
};

class DeriveDependencies : public PassWrapper<DeriveDependencies, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DeriveDependencies)

  StringRef getArgument() const override { return "derive-dependencies"; }
  StringRef getDescription() const override { return "Name the tasks that each task has to wait for, from what they access"; }

  void runOnOperation() override {
    for (auto orchestration : getOperation().getOps<tw::OrchestrationOp>()) {
      if (failed(Derivation(orchestration).run())) return signalPassFailure();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_derive_dependencies() { return std::make_unique<DeriveDependencies>(); }

}  // namespace tilewright
