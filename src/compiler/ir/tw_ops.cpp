#include "compiler/ir/rectangles.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/ir/tw_dialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

namespace tilewright::tw {

using namespace mlir;

namespace {

ParseResult parseKernels(OpAsmParser& parser, ArrayAttr& kernels) {
  SmallVector<Attribute> names;
  const auto one = [&]() -> ParseResult {
    FlatSymbolRefAttr name;
    if (parser.parseAttribute(name)) return failure();
    names.push_back(name);
    return success();
  };
  if (one()) return failure();
  while (succeeded(parser.parseOptionalKeyword("with"))) {
    if (one()) return failure();
  }
  kernels = parser.getBuilder().getArrayAttr(names);
  return success();
}

void printKernels(OpAsmPrinter& printer, Operation*, ArrayAttr kernels) {
  llvm::interleave(kernels, [&](Attribute name) { printer << name; }, [&] { printer << " with "; });
}

ParseResult parseArguments(OpAsmParser& parser, SmallVectorImpl<OpAsmParser::UnresolvedOperand>& operands, SmallVectorImpl<Type>& types,
                           DenseI32ArrayAttr& directions) {
  SmallVector<int32_t> words;
  bool any = false;
  const auto one = [&]() -> ParseResult {
    Direction direction = Direction::kUndecided;
    for (const Direction d : {Direction::kIn, Direction::kOut, Direction::kInOut, Direction::kNoDep}) {
      if (succeeded(parser.parseOptionalKeyword(direction_name(d)))) direction = d;
    }
    any = any || direction != Direction::kUndecided;
    words.push_back(static_cast<int32_t>(direction));
    return parser.parseOperand(operands.emplace_back());
  };
  if (parser.parseLParen()) return failure();
  if (succeeded(parser.parseOptionalRParen())) return success();
  if (parser.parseCommaSeparatedList(one) || parser.parseColonTypeList(types) || parser.parseRParen()) return failure();
  if (any) directions = parser.getBuilder().getDenseI32ArrayAttr(words);
  return success();
}

void printArguments(OpAsmPrinter& printer, Operation*, OperandRange operands, TypeRange types, DenseI32ArrayAttr directions) {
  printer << "(";
  for (unsigned i = 0; i < operands.size(); ++i) {
    if (i != 0) printer << ", ";
    const StringRef word = directions ? direction_name(static_cast<Direction>(directions[i])) : "";
    if (!word.empty()) printer << word << " ";
    printer << operands[i];
  }
  if (!operands.empty()) printer << " : " << types;
  printer << ")";
}

/// "extents" of an operation give, in order, those of its result that the type leaves open.
LogicalResult verify_extents(Operation* op, DeviceTensorType type, size_t given) {
  if (given == type.dynamic_count()) return success();
  return op->emitOpError() << "gives " << given << " extents, but " << type << " leaves " << type.dynamic_count() << " open";
}

LogicalResult verify_indices(Operation* op, DeviceTensorType type, size_t given) {
  if (given == type.rank()) return success();
  return op->emitOpError() << "has " << given << " indices for the " << type.rank() << " dimensions of " << type;
}

/// Elements of an orchestration's reads and writes are numbers of the tensor's element type.
LogicalResult verify_element(Operation* op, DeviceTensorType type, Type value) {
  if (value == number_type(type.getElement())) return success();
  return op->emitOpError() << "has a value of type " << value << " for an element of " << type;
}

/// "when": an element of a tensor of integers, compared with a number.
LogicalResult verify_condition(Operation* op, Value tested, OperandRange indices, bool complete) {
  if (!tested) return indices.empty() && !complete ? success() : op->emitOpError("has half a condition");
  if (!complete) return op->emitOpError("has half a condition");
  const auto type = cast<DeviceTensorType>(tested.getType());
  if (!isa<IntegerType>(type.getElement()))
    return op->emitOpError() << "cannot compare an element of " << type << "; a condition is on integers";
  return verify_indices(op, type, indices.size());
}

/// Number of elements, if all extents are known.
std::optional<int64_t> element_count(DeviceTensorType type) {
  if (type.dynamic_count() != 0) return std::nullopt;
  int64_t count = 1;
  for (const int64_t extent : type.getShape()) count *= extent;
  return count;
}

}  // namespace

// ---- rectangles

std::optional<int64_t> constant(Value value) {
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number))) return std::nullopt;
  return number.getSExtValue();
}

LogicalResult verify_inside(Operation* op, DeviceTensorType whole, OperandRange offsets, ArrayRef<int64_t> least_extents) {
  for (unsigned d = 0; d < whole.rank(); ++d) {
    const std::optional<int64_t> first = constant(offsets[d]);
    if (!first) continue;
    if (*first >= 0 && (whole.is_dynamic(d) || *first + least_extents[d] <= whole.getShape()[d])) continue;
    return op->emitOpError() << "takes " << *first << " to " << *first + least_extents[d] << " of dimension " << d
                             << ", which lies outside " << whole;
  }
  return success();
}

namespace {

/// Of a part, where an open extent is 1 at least.
SmallVector<int64_t> least_extents(DeviceTensorType part) {
  SmallVector<int64_t> extents(part.getShape());
  for (int64_t& extent : extents) extent = ShapedType::isDynamic(extent) ? 1 : extent;
  return extents;
}

}  // namespace

// ---- functions

ParseResult OrchestrationOp::parse(OpAsmParser& parser, OperationState& result) { return parse_function(parser, result); }
void OrchestrationOp::print(OpAsmPrinter& printer) { print_function(printer, *this); }
void OrchestrationOp::getAsmBlockArgumentNames(Region& body, OpAsmSetValueNameFn name) { name_arguments(body, name); }
LogicalResult OrchestrationOp::verify() { return verify_signature(*this); }

LogicalResult OrchestrationOp::verifyRegions() {
  const WalkResult result = (*this)->walk<WalkOrder::PreOrder>([](Operation* op) {
    if (isa<AtOp>(op)) return WalkResult::skip();
    if (!isa<tile::TileDialect>(op->getDialect())) return WalkResult::advance();
    op->emitOpError("stands outside of a task; tiles live in 'tw.at' and in kernels");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

// ---- tensors

LogicalResult CreateOp::verify() {
  const DeviceTensorType type = getTensor().getType();
  if (failed(verify_extents(*this, type, getExtents().size()))) return failure();
  return getInitial() ? verify_element(*this, type, getInitial().getType()) : success();
}

LogicalResult ViewOp::verify() {
  const DeviceTensorType from = getTensor().getType(), to = getView().getType();
  if (failed(verify_indices(*this, from, getOffsets().size())) || failed(verify_extents(*this, to, getExtents().size()))) return failure();
  if (from.rank() != to.rank() || from.getElement() != to.getElement()) {
    return emitOpError() << "cannot be " << to << ": a view of " << from << " has as many dimensions and the same elements";
  }
  return verify_inside(*this, from, getOffsets(), least_extents(to));
}

LogicalResult AssembleOp::verify() {
  const DeviceTensorType from = getTensor().getType(), to = getInto().getType();
  if (failed(verify_indices(*this, to, getOffsets().size()))) return failure();
  if (from.rank() != to.rank() || from.getElement() != to.getElement()) {
    return emitOpError() << "cannot put " << from << " into " << to << ": dimensions and elements must be the same";
  }
  return verify_inside(*this, to, getOffsets(), least_extents(from));
}

LogicalResult ReshapeOp::verify() {
  const DeviceTensorType from = getTensor().getType(), to = getView().getType();
  if (failed(verify_extents(*this, to, getExtents().size()))) return failure();
  if (from.getElement() != to.getElement()) return emitOpError() << "cannot make " << to << " of " << from << ": the elements differ";
  const std::optional<int64_t> before = element_count(from), after = element_count(to);
  if (before && after && *before != *after) {
    return emitOpError() << "cannot make " << to << " (" << *after << " elements) of " << from << " (" << *before << ")";
  }
  return success();
}

LogicalResult TransposeOp::verify() {
  const DeviceTensorType from = getTensor().getType(), to = getView().getType();
  const uint64_t first = getFirst(), second = getSecond();
  if (first >= from.rank() || second >= from.rank()) {
    return emitOpError() << "exchanges dimensions " << first << " and " << second << " of " << from << ", which has " << from.rank();
  }
  SmallVector<int64_t> shape(from.getShape());
  std::swap(shape[first], shape[second]);
  const auto expected = DeviceTensorType::get(getContext(), shape, from.getElement());
  if (to != expected) return emitOpError() << "makes " << expected << " of " << from << ", not " << to;
  return success();
}

LogicalResult DimOp::verify() {
  if (getDimension() < getTensor().getType().rank()) return success();
  return emitOpError() << "asks for dimension " << getDimension() << " of " << getTensor().getType();
}

OpFoldResult DimOp::fold(FoldAdaptor) {
  const DeviceTensorType type = getTensor().getType();
  const unsigned dimension = static_cast<unsigned>(getDimension());
  if (type.is_dynamic(dimension)) return {};
  return Builder(getContext()).getIndexAttr(type.getShape()[dimension]);
}

LogicalResult ReadOp::verify() {
  if (failed(verify_indices(*this, getTensor().getType(), getIndices().size()))) return failure();
  return verify_element(*this, getTensor().getType(), getValue().getType());
}

LogicalResult WriteOp::verify() {
  if (failed(verify_indices(*this, getTensor().getType(), getIndices().size()))) return failure();
  return verify_element(*this, getTensor().getType(), getValue().getType());
}

// ---- tasks

LogicalResult ScopeOp::verify() {
  for (auto outer = (*this)->getParentOfType<ScopeOp>(); outer; outer = outer->getParentOfType<ScopeOp>()) {
    if (outer.getManual()) return emitOpError() << "stands in a manual scope, which takes no scope in it";  // spec/l2-runtime.md, 3
  }
  return success();
}

LogicalResult YieldOp::verify() {
  if (getValues().getTypes() == (*this)->getParentOp()->getResultTypes()) return success();
  return emitOpError() << "gives (" << getValues().getTypes() << ") for the results (" << (*this)->getParentOp()->getResultTypes() << ")";
}

LogicalResult AtOp::verify() {
  if (getSyncStart() && !getBlocks()) return emitOpError("has 'sync_start' but no 'blocks' that could start together");
  return verify_condition(*this, getTested(), getTestedIndices(), getRelation() && getTarget());
}

LogicalResult AtOp::verifyRegions() { return verify_kernel_body(*this); }

Direction SubmitOp::direction(unsigned i) {
  return getDirections() ? static_cast<Direction>((*getDirections())[i]) : Direction::kUndecided;
}

LogicalResult SubmitOp::verify() {
  if (getKernels().empty() || getKernels().size() > 3) {
    return emitOpError() << "has " << getKernels().size() << " kernels; a core group runs one to three";
  }
  if (getSyncStart() && !getBlocks()) return emitOpError("has 'sync_start' but no 'blocks' that could start together");
  if (getDirections() && getDirections()->size() != getOperands_().size()) return emitOpError("has not one direction for each argument");
  for (unsigned i = 0; i < getOperands_().size(); ++i) {
    if (direction(i) > Direction::kNoDep || direction(i) < Direction::kUndecided)
      return emitOpError() << "argument " << i << " has no known direction";
    if (direction(i) != Direction::kUndecided && !isa<DeviceTensorType>(getOperands_()[i].getType())) {
      return emitOpError() << "argument " << i << " is '" << direction_name(direction(i)) << "', but it is a number";
    }
  }
  return verify_condition(*this, getTested(), getTestedIndices(), getRelation() && getTarget());
}

LogicalResult SubmitOp::verifySymbolUses(SymbolTableCollection& symbols) {
  unsigned aic = 0, aiv = 0;
  for (const FlatSymbolRefAttr name : getKernels().getAsRange<FlatSymbolRefAttr>()) {
    auto kernel = symbols.lookupNearestSymbolFrom<tile::FuncOp>(*this, name);
    if (!kernel) return emitOpError() << "names " << name << ", and there is no such kernel";
    if (kernel.getArgumentTypes() != ArrayRef<Type>(llvm::to_vector(getOperands_().getTypes()))) {
      InFlightDiagnostic error = emitOpError() << "calls " << name << " with (" << getOperands_().getTypes() << ")";
      error.attachNote(kernel.getLoc()) << "it takes (" << kernel.getArgumentTypes() << ")";
      return error;
    }
    aic += kernel.getCore() == tile::Core::kAic ? 1 : 0;
    aiv += kernel.getCore() == tile::Core::kAiv ? 1 : 0;
    for (unsigned i = 0; i < getOperands_().size(); ++i) {
      const bool out = kernel.getArgAttr(i, kOutAttribute) != nullptr, inout = kernel.getArgAttr(i, kInOutAttribute) != nullptr;
      const Direction d = direction(i);
      const bool fits = d == Direction::kUndecided || d == Direction::kNoDep || (d == Direction::kIn ? !out && !inout : out || inout);
      if (fits || getKernels().size() > 1) continue;  // of a mixed task one kernel may read what the other writes
      InFlightDiagnostic error = emitOpError() << "argument " << i << " is '" << direction_name(d) << "'";
      error.attachNote(kernel.getLoc()) << name << (out ? " writes it" : inout ? " reads and writes it" : " only reads it");
      return error;
    }
  }
  if (aic > 1 || aiv > 2)
    return emitOpError() << "has " << aic << " AIC and " << aiv << " AIV kernels; a core group has one AIC and two AIV cores";
  return success();
}

namespace {

LogicalResult verify_task_index(Operation* op, TaskIdsType tasks, Value index) {
  const std::optional<int64_t> i = constant(index);
  if (!i || (*i >= 0 && *i < tasks.getCount())) return success();
  return op->emitOpError() << "has index " << *i << " for " << tasks.getCount() << " task ids";
}

}  // namespace

LogicalResult GetTaskOp::verify() { return verify_task_index(*this, getTasks().getType(), getIndex()); }
LogicalResult SetTaskOp::verify() { return verify_task_index(*this, getTasks().getType(), getIndex()); }

}  // namespace tilewright::tw

using namespace tilewright::tw;  // for the functions that the generated code calls by their names

#define GET_OP_CLASSES
#include "compiler/ir/tw_ops.cpp.inc"
