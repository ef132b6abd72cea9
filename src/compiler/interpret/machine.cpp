#include "compiler/interpret/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "compiler/ir/diagnostics.h"

namespace tilewright::interpret {

using namespace mlir;

void fail(Operation* op, ErrorCode code, const std::string& message, const std::string& hint) {
  throw Error(code, fmt::format("{}error: {}: {}", position_of(op->getLoc()), op->getName().getStringRef().str(), message), hint);
}

Handler find_handler(OperationName name) {
  static const Handlers kHandlers = [] {
    Handlers handlers;
    add_arith(handlers);
    add_control(handlers);
    add_tensors(handlers);
    add_tasks(handlers);
    add_tiles(handlers);
    return handlers;
  }();
  const auto found = kHandlers.find(name.getStringRef());
  if (found != kHandlers.end()) return found->second;
  return name.hasInterface<tile::Operator>() ? run_operator : nullptr;
}

// ---- values

const Datum& Machine::get(Value value) const {
  const auto found = frame_.find(value);
  if (found == frame_.end()) throw Error(ErrorCode::kInternal, position_of(value.getLoc()) + "a value is used that nothing has made");
  return found->second;
}

void Machine::set_all(ValueRange to, ValueRange from) {
  std::vector<Datum> data;  // all are read before the first is set
  for (const Value value : from) data.push_back(get(value));
  for (size_t i = 0; i < data.size(); ++i) set(to[i], std::move(data[i]));
}

int64_t Machine::decided(Operation* op, const Number& number) {
  if (!number.defined) fail(op, ErrorCode::kInvalidArgument, "hangs on an element that was never set, or on what was computed from one");
  if (number.error != 0 && unstable.empty()) unstable = fmt::format("{}{}", position_of(op->getLoc()), op->getName().getStringRef().str());
  return number.integer;
}

llvm::SmallVector<int64_t, 5> Machine::decided(Operation* op, ValueRange values) {
  llvm::SmallVector<int64_t, 5> numbers;
  for (const Value value : values) numbers.push_back(decided(op, value));
  return numbers;
}

// ---- running

void Machine::run_block(Block& block) {
  for (Operation& op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) return;
    const Handler handler = find_handler(op.getName());
    if (handler == nullptr) {
      fail(&op, ErrorCode::kUnsupported, "the interpreter does not know this operation",
           "programs are of the dialects tw, tile, arith and scf");
    }
    handler(*this, &op);
  }
}

void Machine::run_kernel(tile::FuncOp kernel, ArrayRef<Datum> arguments) {
  llvm::DenseMap<Value, Datum> caller;
  std::swap(caller, frame_);
  for (const auto& [parameter, argument] : llvm::zip_equal(kernel.getBody().getArguments(), arguments)) set(parameter, argument);
  run_block(kernel.getBody().front());
  std::swap(caller, frame_);
}

tile::FuncOp Machine::kernel_named(Operation* user, FlatSymbolRefAttr name) {
  return symbols_.lookupNearestSymbolFrom<tile::FuncOp>(user, name);
}

// ---- what several files need

namespace {

std::string shape_text(const Tensor& tensor) { return fmt::format("{}", fmt::join(tensor.shape, "x")); }

}  // namespace

void check_inside(Operation* op, const Tensor& tensor, ArrayRef<int64_t> indices, int64_t rows, int64_t columns) {
  if (rows == 0 || columns == 0) return;
  const size_t rank = tensor.shape.size();
  if (rank == 1 && rows > 1) {
    fail(op, ErrorCode::kOutOfBounds, fmt::format("takes {} rows of a tensor with one dimension of {}", rows, tensor.shape[0]));
  }
  for (size_t d = 0; d < rank; ++d) {
    const int64_t extent = d + 1 == rank ? columns : d + 2 == rank ? rows : 1;
    // Extents are below 2^32 and tiles' sizes too, so that the difference has room.
    if (indices[d] >= 0 && indices[d] <= tensor.shape[d] - extent) continue;
    fail(op, ErrorCode::kOutOfBounds,
         extent == 1
             ? fmt::format("takes index {} of dimension {} of a tensor of {}", indices[d], d, shape_text(tensor))
             : fmt::format("takes {} elements from {} on in dimension {} of a tensor of {}", extent, indices[d], d, shape_text(tensor)));
  }
}

void check_writable(Operation* op, const Tensor& tensor) {
  if (!tensor.read_only) return;
  fail(op, ErrorCode::kInvalidArgument, "writes a tensor that its orchestration only reads", "mark the argument tw.out or tw.inout");
}

void for_each_index(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(shape, 0)) return;
  llvm::SmallVector<int64_t, 5> at(shape.size(), 0);
  while (true) {
    visit(at);
    size_t d = shape.size();
    while (d > 0 && at[d - 1] + 1 == shape[d - 1]) at[--d] = 0;
    if (d == 0) return;
    ++at[d - 1];
  }
}

Tile empty_tile(Operation* op, tile::TileType type, ArrayRef<int64_t> open) {
  Tile tile{*format_of(type.getElement()), type.getRows(), type.getColumns(), type.getValidRows(), type.getValidColumns(), {}};
  size_t next = 0;
  for (int64_t* size : {&tile.valid_rows, &tile.valid_columns}) {
    if (ShapedType::isDynamic(*size)) *size = open[next++];
  }
  if (tile.valid_rows < 0 || tile.valid_rows > tile.rows || tile.valid_columns < 0 || tile.valid_columns > tile.columns) {
    fail(op, ErrorCode::kOutOfBounds,
         fmt::format("makes a valid region of {}x{} in a tile of {}x{}", tile.valid_rows, tile.valid_columns, tile.rows, tile.columns));
  }
  tile.elements.resize(static_cast<size_t>(tile.rows * tile.columns));
  return tile;
}

Tile known_tile(Operation* op, tile::TileType type) {
  if (type.open_count() != 0) {
    fail(op, ErrorCode::kInvalidArgument, fmt::format("makes {}, whose valid region nothing tells at run time", type.text()));
  }
  return empty_tile(op, type, {});
}

namespace {

/// An integer that goes from an element to a scalar or back keeps its bits; only one of them may be unsigned.
Number with_kind(Format format, Format::Kind kind, const Number& number) {
  if (format.is_real() || format.width == 1 || !number.defined) return number;
  format.kind = kind;
  Number same_bits = number;
  same_bits.integer = wrap(format, static_cast<uint64_t>(number.integer));
  return same_bits;
}

}  // namespace

Number as_scalar(const Format& element, const Number& number) { return with_kind(element, Format::Kind::kSigned, number); }
Number as_element(const Format& element, const Number& number) { return with_kind(element, element.kind, number); }

Relation relation_of(tw::Compare compare) {
  switch (compare) {
    case tw::Compare::kEqual: return Relation::kEqual;
    case tw::Compare::kNotEqual: return Relation::kNotEqual;
    case tw::Compare::kLess: return Relation::kLess;
    case tw::Compare::kGreater: return Relation::kGreater;
    case tw::Compare::kGreaterEqual: return Relation::kGreaterEqual;
    case tw::Compare::kLessEqual: return Relation::kLessEqual;
  }
  llvm_unreachable("a comparison without a meaning");
}

}  // namespace tilewright::interpret
