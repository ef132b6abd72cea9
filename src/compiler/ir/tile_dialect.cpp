#include "compiler/ir/tile_dialect.h"

#include "compiler/ir/rectangles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

#include "compiler/ir/tile_dialect.cpp.inc"
#include "compiler/ir/tile_interfaces.cpp.inc"

namespace tilewright::tile {

using namespace mlir;

Operation* TileDialect::materializeConstant(OpBuilder& builder, Attribute value, Type type, Location location) {
  return arith::ConstantOp::materialize(builder, value, type, location);
}

void TileDialect::initialize() {
  register_types();
  registerTileDialectOperations(this);
}

// ---- functions

ParseResult FuncOp::parse(OpAsmParser& parser, OperationState& result) {
  StringRef word;
  if (succeeded(parser.parseOptionalKeyword(&word, {"aic", "aiv"}))) {
    result.addAttribute(getCoreAttrName(result.name), CoreAttr::get(parser.getContext(), *symbolizeCore(word)));
  }
  return tw::parse_function(parser, result);
}

void FuncOp::getAsmBlockArgumentNames(Region& body, OpAsmSetValueNameFn name) { tw::name_arguments(body, name); }

void FuncOp::print(OpAsmPrinter& printer) {
  if (const std::optional<Core> core = getCore()) printer << " " << stringifyCore(*core);
  tw::print_function(printer, *this, {getCoreAttrName().getValue()});
}

LogicalResult FuncOp::verify() { return tw::verify_signature(*this); }
LogicalResult FuncOp::verifyRegions() { return tw::verify_kernel_body(*this); }

LogicalResult TileDialect::verifyOperationAttribute(Operation* op, NamedAttribute attribute) {
  const StringRef name = attribute.getName();
  if (name != kScratchAttribute) return op->emitOpError() << "has the attribute '" << name << "', which nobody knows";
  const OperatorInfo* info = operator_info(op);
  if (info == nullptr || info->scratch == Scratch::kNone) return op->emitOpError() << "has '" << name << "', but needs no scratch";
  auto address = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!address || address.getInt() < 0) return op->emitOpError() << "'" << name << "' is an address in bytes";
  return success();
}

// ---- assembly formats

ParseResult parseOperatorTypes(OpAsmParser& parser, ArrayRef<OpAsmParser::UnresolvedOperand> operands, SmallVectorImpl<Type>& types,
                               Type& result) {
  if (succeeded(parser.parseOptionalLParen())) {
    if (failed(parser.parseOptionalRParen()) && (parser.parseTypeList(types) || parser.parseRParen())) return failure();
    return failure(parser.parseArrow() || parser.parseType(result));
  }
  if (parser.parseType(result)) return failure();
  types.assign(operands.size(), result);
  return success();
}

void printOperatorTypes(OpAsmPrinter& printer, Operation*, OperandRange, TypeRange types, Type result) {
  if (!types.empty() && llvm::all_of(types, [&](Type type) { return type == result; })) {
    printer << result;
  } else {
    printer << "(" << types << ") -> " << result;
  }
}

// ---- device memory

namespace {

/// What leaves the accumulator can be rounded on its way (spec/tile-isa.md, 2.1, TSTORE).
bool is_stored_rounded(Operation* op, tw::DeviceTensorType tensor, TileType tile) {
  return isa<StoreOp>(op) && tile.getSpace() == Space::kAcc && tile.getElement().isF32() &&
         (tensor.getElement().isF16() || tensor.getElement().isBF16());
}

LogicalResult verify_elements(Operation* op, tw::DeviceTensorType tensor, TileType tile) {
  if (tensor.getElement() == tile.getElement() || is_stored_rounded(op, tensor, tile)) return success();
  return op->emitOpError() << "moves elements of " << tensor << " to or from a tile of " << tile.text()
                           << "; a cast is an operation of its own";
}

LogicalResult verify_space(Operation* op, TileType tile, std::initializer_list<Space> spaces, StringRef what) {
  if (tile.getSpace() == Space::kUndecided || llvm::is_contained(spaces, tile.getSpace())) return success();
  InFlightDiagnostic error = op->emitOpError() << what << " a tile in " << stringifySpace(tile.getSpace()) << "; it must lie in ";
  llvm::interleave(spaces, [&](Space space) { error << stringifySpace(space); }, [&] { error << " or "; });
  return error;
}

LogicalResult verify_access(Operation* op, tw::DeviceTensorType tensor, TileType tile, OperandRange indices) {
  if (indices.size() != tensor.rank())
    return op->emitOpError() << "has " << indices.size() << " indices for the " << tensor.rank() << " dimensions of " << tensor;
  if (failed(verify_elements(op, tensor, tile))) return failure();
  // Rows and columns run over the last two dimensions; of a size that the run knows there may be none.
  const auto least = [](int64_t size) { return ShapedType::isDynamic(size) ? 0 : size; };
  SmallVector<int64_t> extents(tensor.rank(), 1);
  extents.back() = least(tile.getValidColumns());
  if (tensor.rank() > 1) {
    extents[tensor.rank() - 2] = least(tile.getValidRows());
  } else if (tile.getRows() != 1 && tile.getColumns() != 1) {
    return op->emitOpError() << "moves a tile of " << tile.text() << " to or from " << tensor << ", of which a tile is a row or a column";
  } else if (tile.getColumns() == 1) {
    extents.back() = least(tile.getValidRows());
  }
  return tw::verify_inside(op, tensor, indices, extents);
}

/// `valid` operands give, in order, the sizes of the valid region that the type leaves open.
LogicalResult verify_valid(Operation* op, TileType tile, size_t given) {
  if (given == tile.open_count()) return success();
  return op->emitOpError() << "gives " << given << " sizes of the valid region, but " << tile << " leaves " << tile.open_count() << " open";
}

/// Rows that a row of indices names, of a tensor with two dimensions.
LogicalResult verify_indexed(Operation* op, tw::DeviceTensorType tensor, TileType tile, TileType indices) {
  if (tensor.rank() != 2) return op->emitOpError() << "takes rows of a tensor with 2 dimensions, not of " << tensor;
  if (failed(verify_elements(op, tensor, tile))) return failure();
  if (indices.getElement().isInteger(32) && indices.getRows() == 1 && indices.getColumns() == tile.getRows()) return success();
  return op->emitOpError() << "has indices " << indices.text() << "; for " << tile.getRows() << " rows they are 1x" << tile.getRows()
                           << "xi32";
}

}  // namespace

LogicalResult LoadOp::verify() {
  const TileType tile = getTile().getType();
  if (failed(verify_access(*this, getTensor().getType(), tile, getIndices()))) return failure();
  if (failed(verify_space(*this, tile, {Space::kVec, Space::kMat}, "loads"))) return failure();
  return verify_valid(*this, tile, getValid().size());
}

LogicalResult StoreOp::verify() {
  const TileType tile = getTile().getType();
  if (failed(verify_access(*this, getTensor().getType(), tile, getIndices()))) return failure();
  return verify_space(*this, tile, {Space::kVec, Space::kAcc}, "stores");
}

LogicalResult GatherLoadOp::verify() {
  if (failed(verify_space(*this, getTile().getType(), {Space::kVec}, "loads"))) return failure();
  return verify_indexed(*this, getTensor().getType(), getTile().getType(), getIndices().getType());
}

LogicalResult ScatterStoreOp::verify() {
  if (failed(verify_space(*this, getTile().getType(), {Space::kVec}, "stores"))) return failure();
  return verify_indexed(*this, getTensor().getType(), getTile().getType(), getIndices().getType());
}

// ---- tiles as such

LogicalResult CreateOp::verify() { return verify_valid(*this, getTile().getType(), getValid().size()); }

LogicalResult MoveOp::verify() {
  const TileType from = getTile().getType(), to = getMoved().getType();
  if (from.unplaced() == to.unplaced()) return success();
  return emitOpError() << "makes " << to.text() << " of " << from.text() << "; a move changes the memory and the order of elements alone";
}

namespace {

/// A tile of `part` fits into one of `whole` at this row and column, as far as they are known.
LogicalResult verify_part(Operation* op, TileType whole, TileType part, Value row, Value column) {
  if (whole.getElement() != part.getElement())
    return op->emitOpError() << "has tiles of different elements, " << whole.text() << " and " << part.text();
  const auto fits = [](Value at, int64_t size, int64_t room) {
    APInt first;
    if (!matchPattern(at, m_ConstantInt(&first))) return size <= room;
    return first.getSExtValue() >= 0 && first.getSExtValue() + size <= room;
  };
  if (fits(row, part.getRows(), whole.getRows()) && fits(column, part.getColumns(), whole.getColumns())) return success();
  return op->emitOpError() << "has a part of " << part.text() << " that does not lie in " << whole.text();
}

LogicalResult verify_element(Operation* op, TileType tile, Type value) {
  if (value == tw::number_type(tile.getElement()) && !tile.is_mask()) return success();
  return op->emitOpError() << "has a value of type " << value << " for an element of " << tile.text();
}

}  // namespace

LogicalResult ExtractOp::verify() { return verify_part(*this, getTile().getType(), getPart().getType(), getRow(), getColumn()); }
LogicalResult InsertOp::verify() { return verify_part(*this, getInto().getType(), getTile().getType(), getRow(), getColumn()); }

LogicalResult ReshapeOp::verify() {
  const TileType from = getTile().getType(), to = getResult().getType();
  if (from.getElement() == to.getElement() && from.getRows() * from.getColumns() == to.getRows() * to.getColumns() && from.is_whole() &&
      to.is_whole() && from.getSpace() == to.getSpace()) {
    return success();
  }
  return emitOpError() << "cannot make " << to << " of " << from
                       << ": elements, their number and the memory must be equal, and all of both valid";
}

LogicalResult SetValidOp::verify() {
  const TileType from = getTile().getType(), to = getResult().getType();
  if (from.with_valid(to.getValidRows(), to.getValidColumns()) == to) return verify_valid(*this, to, getValid().size());
  return emitOpError() << "makes " << to << " of " << from << "; only the valid region can change";
}

OpFoldResult ValidRowsOp::fold(FoldAdaptor) {
  const int64_t rows = getTile().getType().getValidRows();
  return ShapedType::isDynamic(rows) ? OpFoldResult() : OpFoldResult(Builder(getContext()).getIndexAttr(rows));
}

OpFoldResult ValidColumnsOp::fold(FoldAdaptor) {
  const int64_t columns = getTile().getType().getValidColumns();
  return ShapedType::isDynamic(columns) ? OpFoldResult() : OpFoldResult(Builder(getContext()).getIndexAttr(columns));
}

LogicalResult ReadOp::verify() { return verify_element(*this, getTile().getType(), getValue().getType()); }
LogicalResult WriteOp::verify() { return verify_element(*this, getTile().getType(), getValue().getType()); }

// ---- order between pipes

namespace {

LogicalResult verify_flag(Operation* op, Pipe from, Pipe to, int64_t event) {
  if (from == to || from == Pipe::kAll || to == Pipe::kAll)
    return op->emitOpError("is between two different pipes; within one, and for all, there are barriers");
  if (event >= 0 && event < kFlagsPerPipePair) return success();
  return op->emitOpError() << "has flag " << event << "; a pair of pipes has 0 to " << kFlagsPerPipePair - 1;
}

}  // namespace

LogicalResult SetFlagOp::verify() { return verify_flag(*this, getFrom(), getTo(), getEvent()); }
LogicalResult WaitFlagOp::verify() { return verify_flag(*this, getFrom(), getTo(), getEvent()); }

}  // namespace tilewright::tile
