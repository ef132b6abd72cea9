// plan-memory-and-sync: a kernel's tiles get their addresses, and its pipes their flags.
#include "compiler/passes/passes.h"
#include "compiler/plan/kernel_program.h"
#include "compiler/plan/verify_plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace tilewright {
namespace {

using namespace mlir;

size_t index(int i) { return static_cast<size_t>(i); }

/// "64x128xf32, 32768 bytes"
std::string describe(const KernelProgram& kernel, int buffer) {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (const Value tile = kernel.buffers[index(buffer)]) {
    out << cast<tile::TileType>(tile.getType()).text();
  } else {
    out << "scratch of " << kernel.scratch_of[index(buffer)]->getName();
  }
  out << ", " << kernel.program.buffers[index(buffer)].bytes << " bytes";
  return text;
}

Location location_of(const KernelProgram& kernel, int buffer) {
  const Value tile = kernel.buffers[index(buffer)];
  return tile ? tile.getLoc() : kernel.scratch_of[index(buffer)]->getLoc();
}

void report(tile::FuncOp func, const KernelProgram& kernel, const plan::DoesNotFit& misfit) {
  const plan::Memory& memory = kernel.program.memories[index(misfit.memory)];
  InFlightDiagnostic error = emitError(location_of(kernel, misfit.buffer)) << "kernel '" << func.getSymName() << "' ";
  if (misfit.bytes > memory.bytes) {
    error << "needs " << misfit.bytes << " bytes of " << memory.name << " at once, which has " << memory.bytes;
  } else {
    error << "has no " << kernel.program.buffers[index(misfit.buffer)].bytes << " bytes of " << memory.name
          << " that lie together; at the peak, " << misfit.bytes << " of " << memory.bytes << " are in use";
  }
  for (const int alive : misfit.alive) error.attachNote(location_of(kernel, alive)) << "alive at the peak: " << describe(kernel, alive);
}

/// Writes addresses into the types of tiles and into attributes for scratch.
void write_addresses(const SharedPlaces& places, const KernelProgram& kernel, const plan::Plan& plan) {
  for (size_t number = 0; number < places.classes().size(); ++number) {
    const int64_t address = std::max<int64_t>(plan.addresses[number], 0);  // a tile that nothing touches may lie anywhere
    for (Value tile : places.classes()[number]) tile.setType(cast<tile::TileType>(tile.getType()).with_address(address));
  }
  for (const auto& [op, buffer] : kernel.scratch) {
    op->setAttr(tile::kScratchAttribute, OpBuilder(op).getI64IntegerAttr(plan.addresses[index(buffer)]));
  }
}

void write_flags(const KernelProgram& kernel, const plan::Plan& plan) {
  const plan::Structure structure(kernel.program);
  const plan::FlagSteps steps(structure, plan.flags);
  const auto write = [&](OpBuilder& builder, Location location, const std::vector<plan::FlagStep>& list) {
    for (const plan::FlagStep& step : list) {
      const plan::Flag& flag = plan.flags[index(step.flag)];
      const tile::Pipe from = from_plan(flag.from), to = from_plan(flag.to);
      if (step.set) {
        builder.create<tile::SetFlagOp>(location, from, to, flag.event);
      } else {
        builder.create<tile::WaitFlagOp>(location, from, to, flag.event);
      }
    }
  };
  for (size_t region = 0; region < kernel.blocks.size(); ++region) {
    const std::vector<Operation*>& children = kernel.children[region];
    for (size_t child = 0; child < children.size(); ++child) {
      OpBuilder before(children[child]);
      write(before, children[child]->getLoc(), steps.before[region][child]);
      OpBuilder after(children[child]->getContext());
      after.setInsertionPointAfter(children[child]);
      write(after, children[child]->getLoc(), steps.after[region][child]);
    }
    if (steps.before[region].back().empty()) continue;
    Operation* end = kernel.blocks[region]->getTerminator();
    OpBuilder last(end);
    write(last, end->getLoc(), steps.before[region].back());
  }
}

LogicalResult plan_kernel(tile::FuncOp func, const Target& target) {
  SharedPlaces places;
  if (failed(places.make(func))) return failure();
  const FailureOr<KernelProgram> kernel = program_of(func, places, target);
  if (failed(kernel)) return failure();
  const std::variant<plan::Plan, plan::DoesNotFit> planned = plan::plan(kernel->program);
  if (const auto* misfit = std::get_if<plan::DoesNotFit>(&planned)) {
    report(func, *kernel, *misfit);
    return failure();
  }
  const auto& plan = std::get<plan::Plan>(planned);
  write_addresses(places, *kernel, plan);
  write_flags(*kernel, plan);
  if (kernel->instructions.empty()) return success();
  Operation* end = func.getBody().front().getTerminator();
  OpBuilder(end).create<tile::BarrierOp>(end->getLoc(), tile::Pipe::kAll);
  return success();
}

/// A pass on the kernels of a module, for a platform.
template <typename Derived>
class KernelPass : public PassWrapper<Derived, OperationPass<ModuleOp>> {
 public:
  KernelPass() = default;
  explicit KernelPass(StringRef platform) { platform_ = platform.str(); }
  KernelPass(const KernelPass& other) : PassWrapper<Derived, OperationPass<ModuleOp>>(other) {}

  void runOnOperation() override {
    const Target* target = find_target(platform_);
    if (target == nullptr) {
      emitError(this->getOperation().getLoc()) << "there is no platform '" << platform_ << "'; there are " << kPlatforms;
      return this->signalPassFailure();
    }
    for (auto func : this->getOperation().template getOps<tile::FuncOp>()) {
      if (failed(Derived::run(func, *target))) return this->signalPassFailure();
    }
  }

 protected:
  Pass::Option<std::string> platform_{*this, "platform", llvm::cl::desc("a2a3, a2a3sim, a5 or a5sim"), llvm::cl::init("a2a3")};
};

class PlanMemoryAndSync : public KernelPass<PlanMemoryAndSync> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PlanMemoryAndSync)
  using KernelPass::KernelPass;
  StringRef getArgument() const override { return "plan-memory-and-sync"; }
  StringRef getDescription() const override { return "Give tiles their addresses and pipes their flags"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<tile::TileDialect>(); }
  static LogicalResult run(tile::FuncOp func, const Target& target) { return plan_kernel(func, target); }
};

class VerifyPlan : public KernelPass<VerifyPlan> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyPlan)
  using KernelPass::KernelPass;
  StringRef getArgument() const override { return "verify-plan"; }
  StringRef getDescription() const override { return "Execute planned kernels on vector clocks and report what is not in order"; }
  static LogicalResult run(tile::FuncOp func, const Target& target) { return verify_plan(func, target); }
};

}  // namespace

std::unique_ptr<Pass> create_plan_memory_and_sync(llvm::StringRef platform) { return std::make_unique<PlanMemoryAndSync>(platform); }
std::unique_ptr<Pass> create_verify_plan(llvm::StringRef platform) { return std::make_unique<VerifyPlan>(platform); }

}  // namespace tilewright
