#include "compiler/plan/kernel_program.h"

#include "compiler/ir/loops.h"
#include "compiler/passes/tensor_regions.h"

namespace tilewright {

using namespace mlir;
using plan::Use;
using tile::Space;
using tile::TileType;

int64_t tile_bytes(TileType type) {
  constexpr int64_t kBlock = 32;
  const auto blocks = [](int64_t bytes) { return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(bytes), kBlock)); };
  if (type.is_mask()) return type.getRows() * blocks((type.getColumns() + 7) / 8);
  return blocks(type.getRows() * type.getColumns() * element_bytes(type.getElement()));
}

plan::Pipe to_plan(tile::Pipe pipe) {
  switch (pipe) {
    case tile::Pipe::kScalar: return plan::Pipe::kScalar;
    case tile::Pipe::kVector: return plan::Pipe::kVector;
    case tile::Pipe::kCube: return plan::Pipe::kCube;
    case tile::Pipe::kMte1: return plan::Pipe::kMte1;
    case tile::Pipe::kMte2: return plan::Pipe::kMte2;
    case tile::Pipe::kMte3: return plan::Pipe::kMte3;
    case tile::Pipe::kFix: return plan::Pipe::kFix;
    case tile::Pipe::kAll: break;
  }
  llvm_unreachable("no operation occupies all pipes");
}

tile::Pipe from_plan(plan::Pipe pipe) {
  for (const tile::Pipe candidate : {tile::Pipe::kScalar, tile::Pipe::kVector, tile::Pipe::kCube, tile::Pipe::kMte1, tile::Pipe::kMte2,
                                     tile::Pipe::kMte3, tile::Pipe::kFix}) {
    if (to_plan(candidate) == pipe) return candidate;
  }
  llvm_unreachable("a pipe without a name");
}

Value tensor_of(Value value) {
  const Value root = root_tensor(value);
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && isa<tile::FuncOp>(argument.getOwner()->getParentOp()) ? root : Value();
}

namespace {

bool is_tensor(Value value) { return isa<tw::DeviceTensorType>(value.getType()); }

class Builder {
 public:
  Builder(tile::FuncOp kernel, const SharedPlaces& places, const Target& target) : kernel_(kernel), places_(places), target_(target) {}

  FailureOr<KernelProgram> run() {
    result_.program.events = static_cast<int>(target_.flags_per_pipe_pair);
    for (const SpaceInfo& info : target_.spaces) {
      spaces_.push_back(info.space);
      result_.program.memories.push_back({stringifySpace(info.space).str(), info.bytes, info.alignment});
    }
    for (const auto& tiles : places_.classes()) {
      if (failed(add_buffer(tiles))) return failure();
    }
    if (failed(add_tensors())) return failure();
    if (failed(region(kernel_.getBody().front(), result_.program.body))) return failure();
    return std::move(result_);
  }

 private:
  LogicalResult add_buffer(ArrayRef<Value> tiles) {
    const auto first = cast<TileType>(tiles.front().getType());
    int64_t bytes = 0;
    for (Value tile : tiles) {
      const auto type = cast<TileType>(tile.getType());
      if (type.getSpace() == Space::kUndecided) {
        Operation* op = tile.getDefiningOp();
        return (op != nullptr ? op : tile.getParentBlock()->getParentOp())->emitOpError()
               << "has a tile " << type.text() << " without a memory; infer-memory-space decides it";
      }
      bytes = std::max(bytes, tile_bytes(type));
    }
    add_buffer(memory(first.getSpace()), bytes, tiles.front(), nullptr);
    return success();
  }

  int add_buffer(int memory, int64_t bytes, Value tile, Operation* scratch_of) {
    result_.program.buffers.push_back({memory, bytes, {}});
    result_.buffers.push_back(tile);
    result_.scratch_of.push_back(scratch_of);
    return static_cast<int>(result_.program.buffers.size()) - 1;
  }

  int memory(Space space) const { return static_cast<int>(llvm::find(spaces_, space) - spaces_.begin()); }

  /// A buffer for each tensor argument; only one if nobody knows which of them an operation means.
  LogicalResult add_tensors() {
    bool known = true;
    kernel_->walk([&](Operation* op) {
      for (const Value operand : op->getOperands()) known &= !is_tensor(operand) || tensor_of(operand);
    });
    int all = -1;
    for (const Value argument : kernel_.getBody().getArguments()) {
      if (!is_tensor(argument)) continue;
      if (known || all < 0) all = add_buffer(plan::Buffer::kDevice, 1, Value(), nullptr);
      tensors_[argument] = all;
    }
    any_tensor_ = all;
    return success();
  }

  int tensor(Value value) const {
    const Value argument = tensor_of(value);
    return argument ? tensors_.lookup(argument) : any_tensor_;
  }

  LogicalResult region(Block& block, plan::Region& nodes) {
    const size_t number = result_.blocks.size();
    result_.blocks.push_back(&block);
    result_.children.emplace_back();
    for (Operation& op : block) {
      const size_t before = nodes.size();
      if (failed(operation(&op, nodes))) return failure();
      if (nodes.size() != before) result_.children[number].push_back(&op);
    }
    return success();
  }

  LogicalResult operation(Operation* op, plan::Region& nodes) {
    if (isa<tile::SetFlagOp, tile::WaitFlagOp, tile::BarrierOp>(op)) {
      return op->emitOpError("is in the kernel already; plan-memory-and-sync makes all flags and barriers");
    }
    if (isa<scf::ForOp, scf::WhileOp, scf::IfOp>(op)) {
      plan::Node node;
      node.kind = isa<scf::ForOp>(op)     ? plan::Node::Kind::kLoop
                  : isa<scf::WhileOp>(op) ? plan::Node::Kind::kWhile
                                          : plan::Node::Kind::kBranch;
      const std::optional<Turns> turns = isa<scf::ForOp>(op) ? turns_of(cast<scf::ForOp>(op)) : std::nullopt;
      node.min_trips = turns ? turns->count : 0;
      node.max_trips = turns ? turns->count : plan::Node::kUnbounded;
      if (failed(inner(op->getRegion(0), node.first))) return failure();
      if (op->getNumRegions() > 1 && failed(inner(op->getRegion(1), node.second))) return failure();
      nodes.push_back(std::move(node));
      return success();
    }
    const std::optional<tile::Pipe> pipe = pipe_of(target_, op);
    const bool touches = isa<tile::CreateOp>(op) || tile::operator_info(op) != nullptr ||
                         isa<tile::LoadOp, tile::StoreOp, tile::GatherLoadOp, tile::ScatterStoreOp, tile::MoveOp, tile::ExtractOp,
                             tile::InsertOp, tile::ReadOp, tile::WriteOp, tw::ReadOp, tw::WriteOp>(op);
    if (!touches) return success();
    if (!pipe && !isa<tile::CreateOp>(op))
      return op->emitOpError() << "moves a tile between memories where " << target_.name << " has no way";
    plan::Instruction instruction;
    instruction.pipe = pipe ? to_plan(*pipe) : plan::Pipe::kNone;
    accesses(op, instruction.accesses);
    nodes.push_back(plan::instruction_node(static_cast<int>(result_.program.instructions.size())));
    result_.program.instructions.push_back(std::move(instruction));
    result_.instructions.push_back(op);
    return success();
  }

  /// A branch without an else has an empty region, which is one all the same.
  LogicalResult inner(Region& inner, plan::Region& nodes) {
    if (!inner.empty()) return region(inner.front(), nodes);
    result_.blocks.push_back(nullptr);
    result_.children.emplace_back();
    return success();
  }

  void accesses(Operation* op, std::vector<plan::Access>& accesses) {
    const std::optional<unsigned> shared = tile::shared_operand(op);
    for (OpOperand& operand : op->getOpOperands()) {
      const Value value = operand.get();
      if (is_tensor(value)) {
        const bool writes = isa<tile::StoreOp, tile::ScatterStoreOp, tw::WriteOp>(op);
        accesses.push_back({tensor(value), writes ? Use::kUpdate : Use::kRead});
      } else if (isa<TileType>(value.getType())) {
        accesses.push_back({number(value), shared == operand.getOperandNumber() ? Use::kUpdate : Use::kRead});
      }
    }
    if (op->getNumResults() != 1 || !isa<TileType>(op->getResult(0).getType())) return;
    const int made = number(op->getResult(0));
    if (!shared) {
      accesses.push_back({made, Use::kWrite});
      for (unsigned i = 0; i < op->getNumOperands(); ++i) {
        const Value operand = op->getOperand(i);
        if (may_lie_on(op, i) && number(operand) != made)
          result_.program.buffers[static_cast<size_t>(made)].onto.push_back(number(operand));
      }
    }
    const tile::OperatorInfo* info = tile::operator_info(op);
    if (info == nullptr || info->scratch == tile::Scratch::kNone) return;
    const Value like = info->scratch == tile::Scratch::kLikeFirst ? op->getOperand(0) : op->getResult(0);
    const auto type = cast<TileType>(like.getType());
    const int scratch = add_buffer(memory(type.getSpace()), tile_bytes(type), Value(), op);
    result_.scratch[op] = scratch;
    accesses.push_back({scratch, Use::kWrite});
  }

  int number(Value tile) const { return static_cast<int>(places_.number(tile)); }

  tile::FuncOp kernel_;
  const SharedPlaces& places_;
  const Target& target_;
  std::vector<Space> spaces_;
  DenseMap<Value, int> tensors_;
  int any_tensor_ = -1;
  KernelProgram result_;
};

}  // namespace

FailureOr<KernelProgram> program_of(tile::FuncOp kernel, const SharedPlaces& places, const Target& target) {
  return Builder(kernel, places, target).run();
}

}  // namespace tilewright
