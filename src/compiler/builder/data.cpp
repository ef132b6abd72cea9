// Numbers, tensors, tiles.
#include "compiler/builder/recorder.h"

using namespace mlir;
using namespace tilewright;

// ---- numbers

twb_value twb_integer(twb_builder* b, twb_dtype dtype, int64_t number) {
  const Type type = b->type_of(dtype);
  if (!type || !b->recording()) return 0;
  if (isa<FloatType>(type)) return twb_float(b, dtype, static_cast<double>(number));
  const Type signless = tw::number_type(type);
  if (auto integer = dyn_cast<IntegerType>(type); integer && integer.getWidth() < 64) {
    const unsigned width = integer.getWidth();
    const bool fits = integer.isUnsigned() ? llvm::isUIntN(width, static_cast<uint64_t>(number)) && number >= 0
                                           : llvm::isIntN(width, number) || (width == 1 && number == 1);
    if (!fits) {
      b->error() << number << " does not fit into " << type;
      return 0;
    }
  }
  return b->give(b->ops.create<arith::ConstantOp>(b->location, b->ops.getIntegerAttr(signless, number)));
}

twb_value twb_float(twb_builder* b, twb_dtype dtype, double number) {
  const Type type = b->type_of(dtype);
  if (!type || !b->recording()) return 0;
  if (auto as_float = dyn_cast<FloatType>(type)) {
    bool inexact = false;
    APFloat value(number);
    value.convert(as_float.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return b->give(b->ops.create<arith::ConstantOp>(b->location, b->ops.getFloatAttr(type, value)));
  }
  if (number == std::floor(number) && std::fabs(number) < 0x1p62) return twb_integer(b, dtype, static_cast<int64_t>(number));
  b->error() << number << " is no value of type " << type;
  return 0;
}

namespace {

/// Two numbers of one type; an error that shows both otherwise.
bool take_pair(twb_builder* b, twb_value left, twb_value right, Value& l, Value& r) {
  l = b->take_number(left);
  r = b->take_number(right);
  if (!l || !r) return false;
  if (l.getType() == r.getType()) return true;
  b->error() << "cannot combine numbers of types " << l.getType() << " and " << r.getType() << "; convert one of them";
  return false;
}

template <typename OfFloats, typename OfIntegers>
twb_value calculate(twb_builder* b, Value l, Value r) {
  if constexpr (!std::is_void_v<OfFloats>) {
    if (isa<FloatType>(l.getType())) return b->give(b->ops.createOrFold<OfFloats>(b->location, l, r));
  } else if (isa<FloatType>(l.getType())) {
    b->error() << "'and' and 'or' are of integers, not of " << l.getType();
    return 0;
  }
  return b->give(b->ops.createOrFold<OfIntegers>(b->location, l, r));
}

}  // namespace

twb_value twb_calculate(twb_builder* b, twb_arith how, twb_value left, twb_value right) {
  Value l, r;
  if (!take_pair(b, left, right, l, r)) return 0;
  switch (how) {
    case TWB_ADD: return calculate<arith::AddFOp, arith::AddIOp>(b, l, r);
    case TWB_SUB: return calculate<arith::SubFOp, arith::SubIOp>(b, l, r);
    case TWB_MUL: return calculate<arith::MulFOp, arith::MulIOp>(b, l, r);
    case TWB_DIV: return calculate<arith::DivFOp, arith::DivSIOp>(b, l, r);
    case TWB_REM: return calculate<arith::RemFOp, arith::RemSIOp>(b, l, r);
    case TWB_MIN: return calculate<arith::MinimumFOp, arith::MinSIOp>(b, l, r);
    case TWB_MAX: return calculate<arith::MaximumFOp, arith::MaxSIOp>(b, l, r);
    case TWB_AND: return calculate<void, arith::AndIOp>(b, l, r);
    case TWB_OR: return calculate<void, arith::OrIOp>(b, l, r);
  }
  b->error() << "there is no calculation " << static_cast<int>(how);
  return 0;
}

twb_value twb_test(twb_builder* b, twb_compare how, twb_value left, twb_value right) {
  Value l, r;
  if (!take_pair(b, left, right, l, r)) return 0;
  using I = arith::CmpIPredicate;
  using F = arith::CmpFPredicate;
  constexpr I kIntegers[] = {I::eq, I::ne, I::slt, I::sgt, I::sge, I::sle};
  constexpr F kFloats[] = {F::OEQ, F::UNE, F::OLT, F::OGT, F::OGE, F::OLE};
  if (how < TWB_EQ || how > TWB_LE) {
    b->error() << "there is no comparison " << static_cast<int>(how);
    return 0;
  }
  if (isa<FloatType>(l.getType())) return b->give(b->ops.createOrFold<arith::CmpFOp>(b->location, kFloats[how], l, r));
  return b->give(b->ops.createOrFold<arith::CmpIOp>(b->location, kIntegers[how], l, r));
}

twb_value twb_choose(twb_builder* b, twb_value condition, twb_value if_true, twb_value if_false) {
  Value l, r;
  const Value c = b->take_number(condition);
  if (!take_pair(b, if_true, if_false, l, r) || !c) return 0;
  if (!c.getType().isInteger(1)) {
    b->error() << "a condition is a truth value, not of type " << c.getType();
    return 0;
  }
  return b->give(b->ops.createOrFold<arith::SelectOp>(b->location, c, l, r));
}

twb_value twb_convert(twb_builder* b, twb_dtype dtype, twb_value number) {
  const Value value = b->take_number(number);
  const Type wanted = b->type_of(dtype);
  if (!value || !wanted) return 0;
  const Type from = value.getType(), to = tw::number_type(wanted);
  if (from == to) return number;
  const auto as = [&](Value v) { return b->give(v); };
  OpBuilder& ops = b->ops;
  const Location at = b->location;
  if (isa<FloatType>(from) && isa<FloatType>(to)) {
    if (to.getIntOrFloatBitWidth() > from.getIntOrFloatBitWidth()) return as(ops.createOrFold<arith::ExtFOp>(at, to, value));
    if (to.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth()) return as(ops.createOrFold<arith::TruncFOp>(at, to, value));
    return as(ops.createOrFold<arith::TruncFOp>(at, to, ops.createOrFold<arith::ExtFOp>(at, ops.getF32Type(), value)));
  }
  if (from.isIndex() || to.isIndex()) {
    if (isa<IntegerType>(from) || isa<IntegerType>(to)) return as(ops.createOrFold<arith::IndexCastOp>(at, to, value));
    const Type i64 = ops.getI64Type();
    if (from.isIndex()) return as(ops.createOrFold<arith::SIToFPOp>(at, to, ops.createOrFold<arith::IndexCastOp>(at, i64, value)));
    return as(ops.createOrFold<arith::IndexCastOp>(at, to, ops.createOrFold<arith::FPToSIOp>(at, i64, value)));
  }
  if (isa<FloatType>(to)) return as(ops.createOrFold<arith::SIToFPOp>(at, to, value));
  if (isa<FloatType>(from)) return as(ops.createOrFold<arith::FPToSIOp>(at, to, value));
  if (to.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth()) return as(ops.createOrFold<arith::TruncIOp>(at, to, value));
  if (from.isInteger(1)) return as(ops.createOrFold<arith::ExtUIOp>(at, to, value));
  return as(ops.createOrFold<arith::ExtSIOp>(at, to, value));
}

// ---- tensors

namespace {

tw::DeviceTensorType tensor_type(twb_builder* b, ArrayRef<int64_t> shape, Type element) {
  return tw::DeviceTensorType::getChecked([b] { return b->error(); }, &b->context, shape, element);
}

}  // namespace

twb_value twb_new_tensor(twb_builder* b, twb_dtype dtype, const twb_value* extents, size_t rank, twb_value initial, int untracked) {
  const std::optional<twb_builder::Extents> size = b->take_extents(extents, rank);
  const Type element = b->type_of(dtype);
  if (!size || !element) return 0;
  const auto type = tensor_type(b, size->shape, element);
  const Value first = b->take(initial);
  if (!type || (initial != 0 && !first)) return 0;
  return b->result(b->make<tw::CreateOp>(type, size->open, first, untracked != 0));
}

twb_value twb_view(twb_builder* b, twb_value tensor, const twb_value* offsets, const twb_value* extents, size_t rank) {
  const auto from = b->take_tensor(tensor);
  SmallVector<Value> first;
  if (!from || !b->take_indices(offsets, rank, "an offset", first)) return 0;
  const std::optional<twb_builder::Extents> size = b->take_extents(extents, rank);
  if (!size) return 0;
  const auto type = tensor_type(b, size->shape, from.getType().getElement());
  return type ? b->result(b->make<tw::ViewOp>(type, from, first, size->open)) : 0;
}

twb_value twb_reshape(twb_builder* b, twb_value tensor, const twb_value* extents, size_t rank) {
  const auto from = b->take_tensor(tensor);
  const std::optional<twb_builder::Extents> size = b->take_extents(extents, rank);
  if (!from || !size) return 0;
  const auto type = tensor_type(b, size->shape, from.getType().getElement());
  return type ? b->result(b->make<tw::ReshapeOp>(type, from, size->open)) : 0;
}

twb_value twb_transpose(twb_builder* b, twb_value tensor, size_t first, size_t second) {
  const auto from = b->take_tensor(tensor);
  if (!from) return 0;
  SmallVector<int64_t> shape(from.getType().getShape());
  if (first < shape.size() && second < shape.size()) std::swap(shape[first], shape[second]);
  const auto type = tensor_type(b, shape, from.getType().getElement());
  return b->result(b->make<tw::TransposeOp>(type, from, static_cast<int64_t>(first), static_cast<int64_t>(second)));
}

void twb_assemble(twb_builder* b, twb_value tensor, twb_value into, const twb_value* offsets, size_t rank) {
  const auto from = b->take_tensor(tensor), to = b->take_tensor(into);
  SmallVector<Value> first;
  if (from && to && b->take_indices(offsets, rank, "an offset", first)) b->make<tw::AssembleOp>(from, to, first);
}

twb_value twb_dim(twb_builder* b, twb_value tensor, size_t dimension) {
  const auto from = b->take_tensor(tensor);
  if (!from) return 0;
  const int64_t extent = twb_extent(b, tensor, dimension);
  if (extent != TWB_OPEN) return twb_integer(b, TWB_INDEX, extent);
  return b->result(b->make<tw::DimOp>(b->ops.getIndexType(), from, static_cast<int64_t>(dimension)));
}

twb_value twb_read(twb_builder* b, twb_value tensor, const twb_value* indices, size_t rank) {
  const auto from = b->take_tensor(tensor);
  SmallVector<Value> at;
  if (!from || !b->take_indices(indices, rank, "an index", at)) return 0;
  return b->result(b->make<tw::ReadOp>(tw::number_type(from.getType().getElement()), from, at));
}

void twb_write(twb_builder* b, twb_value number, twb_value tensor, const twb_value* indices, size_t rank) {
  const auto to = b->take_tensor(tensor);
  const Value value = b->take_number(number);
  SmallVector<Value> at;
  if (to && value && b->take_indices(indices, rank, "an index", at)) b->make<tw::WriteOp>(value, to, at);
}

// ---- tiles

twb_value twb_load(twb_builder* b, twb_value tensor, const twb_value* indices, size_t rank, const twb_shape* shape) {
  const auto from = b->take_tensor(tensor);
  SmallVector<Value> at;
  if (!from || !b->take_indices(indices, rank, "an index", at)) return 0;
  const std::optional<twb_builder::TileShape> size = b->take_shape(shape, from.getType().getElement());
  return size ? b->result(b->make<tile::LoadOp>(size->type, from, at, size->valid)) : 0;
}

void twb_store(twb_builder* b, twb_value tile, twb_value tensor, const twb_value* indices, size_t rank, int atomic_add) {
  const auto from = b->take_tile(tile);
  const auto to = b->take_tensor(tensor);
  SmallVector<Value> at;
  if (from && to && b->take_indices(indices, rank, "an index", at)) b->make<tile::StoreOp>(from, to, at, atomic_add != 0);
}

twb_value twb_gather_load(twb_builder* b, twb_value tensor, twb_value indices) {
  const auto from = b->take_tensor(tensor);
  const auto at = b->take_tile(indices);
  if (!from || !at) return 0;
  const tw::DeviceTensorType type = from.getType();
  if (type.rank() != 2 || type.is_dynamic(1)) {
    b->error() << "takes rows of a tensor with 2 dimensions and a known number of columns, not of " << type;
    return 0;
  }
  return b->result(
      b->make<tile::GatherLoadOp>(tile::TileType::get(at.getType().getColumns(), type.getShape()[1], type.getElement()), from, at));
}

void twb_scatter_store(twb_builder* b, twb_value tile, twb_value tensor, twb_value indices) {
  const auto from = b->take_tile(tile), at = b->take_tile(indices);
  const auto to = b->take_tensor(tensor);
  if (from && to && at) b->make<tile::ScatterStoreOp>(from, to, at);
}

twb_value twb_new_tile(twb_builder* b, twb_dtype dtype, const twb_shape* shape) {
  const Type element = b->type_of(dtype);
  if (!element || !b->recording()) return 0;
  const std::optional<twb_builder::TileShape> size = b->take_shape(shape, element);
  return size ? b->result(b->make<tile::CreateOp>(size->type, size->valid)) : 0;
}

namespace {

/// The attribute of an operator that a word stands for: nothing if it takes none, null after an error.
std::optional<NamedAttribute> word_attribute(twb_builder* b, StringRef name, const char* word) {
  const auto attribute = [&](StringRef what, std::optional<uint32_t> value) -> NamedAttribute {
    if (!value) b->error() << name << ": '" << (word == nullptr ? "" : word) << "' is no " << what;
    return b->ops.getNamedAttr(what, b->ops.getI32IntegerAttr(static_cast<int32_t>(value.value_or(0))));
  };
  const StringRef given = word == nullptr ? "" : word;
  const auto number = [](auto symbol) { return symbol ? std::optional<uint32_t>(static_cast<uint32_t>(*symbol)) : std::nullopt; };
  if (name == "compare" || name == "compares") return attribute("how", number(tw::symbolizeCompare(given)));
  if (name == "cast") return attribute("round", given.empty() ? std::optional<uint32_t>(1) : number(tile::symbolizeRound(given)));
  if (name == "pad") return attribute("pad", number(tile::symbolizePad(given)));
  return std::nullopt;
}

}  // namespace

twb_value twb_operator(twb_builder* b, const char* name, const twb_value* operands, size_t count, const twb_shape* shape, twb_dtype dtype,
                       const char* word) {
  const tile::OperatorInfo* info = tile::find_operator(&b->context, name);
  if (info == nullptr) {
    b->error() << "there is no operator '" << name << "'";
    return 0;
  }
  SmallVector<Value> values;
  for (size_t i = 0; i < count; ++i) {
    values.push_back(b->take(operands[i]));
    if (!values.back()) return 0;
  }
  tile::TileType wanted;
  if (shape != nullptr) {
    Type element = b->type_of(dtype);
    const std::optional<twb_builder::TileShape> size = element ? b->take_shape(shape, element) : std::nullopt;
    if (!size) return 0;
    wanted = size->type;
  } else if (info->rule == tile::Rule::kOtherElement) {
    const Type element = b->type_of(dtype);
    if (!element) return 0;
    wanted = tile::TileType::get(1, 1, element);
  }
  const size_t errors = b->errors.size();
  const std::optional<NamedAttribute> attribute = word_attribute(b, name, word);
  if (b->errors.size() != errors || !b->recording()) return 0;
  const auto error = [&]() -> InFlightDiagnostic { return b->error() << name << ": "; };
  const FailureOr<tile::TileType> type = tile::infer_result(error, *info, ValueRange(values).getTypes(), wanted);
  if (failed(type)) return 0;
  OperationState state(b->location, ("tile." + StringRef(name)).str());
  state.addOperands(values);
  state.addTypes(wanted ? type->with_space(wanted.getSpace()) : *type);
  if (attribute) state.addAttribute(attribute->getName(), attribute->getValue());
  Operation* op = b->ops.create(state);
  if (succeeded(op->getName().verifyInvariants(op))) return b->give(op->getResult(0));
  op->erase();
  return 0;
}

twb_value twb_accumulate(twb_builder* b, twb_value sum, twb_value value) {
  const auto product = b->take_tile(value);
  if (!product || !b->take_tile(sum)) return 0;
  auto matmul = product.getDefiningOp<tile::MatmulOp>();
  if (!matmul || !matmul->use_empty() || matmul->getBlock() != b->ops.getInsertionBlock()) {
    const twb_value operands[] = {sum, value};
    return twb_operator(b, "add", operands, 2, nullptr, TWB_F32, nullptr);
  }
  // The product by itself is left behind for a later use; without one it is gone when the recording ends.
  const twb_value operands[] = {sum, b->give(matmul->getOperand(0)), b->give(matmul->getOperand(1))};
  return twb_operator(b, "matmul_acc", operands, 3, nullptr, TWB_F32, nullptr);
}

twb_value twb_move(twb_builder* b, twb_value tile, twb_space space) {
  const auto from = b->take_tile(tile);
  return from ? b->result(b->make<tile::MoveOp>(from.getType().with_space(static_cast<tile::Space>(space)), from)) : 0;
}

twb_value twb_extract(twb_builder* b, twb_value tile, twb_value row, twb_value column, const twb_shape* shape) {
  const auto from = b->take_tile(tile);
  const Value r = b->take_index(row, "a row"), c = b->take_index(column, "a column");
  if (!from || !r || !c) return 0;
  const std::optional<twb_builder::TileShape> size = b->take_shape(shape, from.getType().getElement());
  if (!size) return 0;
  if (!size->type.is_whole()) {
    b->error() << "extract: all of a part is valid";
    return 0;
  }
  return b->result(b->make<tile::ExtractOp>(size->type, from, r, c));
}

twb_value twb_insert(twb_builder* b, twb_value tile, twb_value into, twb_value row, twb_value column) {
  const auto from = b->take_tile(tile), to = b->take_tile(into);
  const Value r = b->take_index(row, "a row"), c = b->take_index(column, "a column");
  if (!from || !to || !r || !c) return 0;
  return b->result(b->make<tile::InsertOp>(to.getType(), from, to, r, c));
}

twb_value twb_reshape_tile(twb_builder* b, twb_value tile, twb_value rows, twb_value columns) {
  const auto from = b->take_tile(tile);
  if (!from) return 0;
  const twb_shape shape = {rows, columns, 0, 0, TWB_ANYWHERE};
  const std::optional<twb_builder::TileShape> size = b->take_shape(&shape, from.getType().getElement());
  return size ? b->result(b->make<tile::ReshapeOp>(size->type.with_space(from.getType().getSpace()), from)) : 0;
}

twb_value twb_set_valid(twb_builder* b, twb_value tile, twb_value rows, twb_value columns) {
  const auto from = b->take_tile(tile);
  if (!from) return 0;
  const tile::TileType type = from.getType();
  const twb_shape shape = {twb_integer(b, TWB_INDEX, type.getRows()), twb_integer(b, TWB_INDEX, type.getColumns()), rows, columns,
                           TWB_ANYWHERE};
  const std::optional<twb_builder::TileShape> size = b->take_shape(&shape, type.getElement());
  if (!size) return 0;
  return b->result(b->make<tile::SetValidOp>(type.with_valid(size->type.getValidRows(), size->type.getValidColumns()), from, size->valid));
}

twb_value twb_valid(twb_builder* b, twb_value tile, size_t dimension) {
  const auto from = b->take_tile(tile);
  if (!from) return 0;
  const int64_t known = dimension == 0 ? from.getType().getValidRows() : from.getType().getValidColumns();
  if (!ShapedType::isDynamic(known)) return twb_integer(b, TWB_INDEX, known);
  if (dimension == 0) return b->result(b->make<tile::ValidRowsOp>(from));
  return b->result(b->make<tile::ValidColumnsOp>(from));
}

twb_value twb_read_tile(twb_builder* b, twb_value tile, twb_value row, twb_value column) {
  const auto from = b->take_tile(tile);
  const Value r = b->take_index(row, "a row"), c = b->take_index(column, "a column");
  if (!from || !r || !c) return 0;
  return b->result(b->make<tile::ReadOp>(tw::number_type(from.getType().getElement()), from, r, c));
}

twb_value twb_write_tile(twb_builder* b, twb_value number, twb_value tile, twb_value row, twb_value column) {
  const auto to = b->take_tile(tile);
  const Value value = b->take_number(number), r = b->take_index(row, "a row"), c = b->take_index(column, "a column");
  if (!to || !value || !r || !c) return 0;
  return b->result(b->make<tile::WriteOp>(to.getType(), value, to, r, c));
}

twb_value twb_query(twb_builder* b, const char* name) {
  const StringRef which = name;
  if (which == "block_index") return b->result(b->make<tile::BlockIndexOp>());
  if (which == "block_count") return b->result(b->make<tile::BlockCountOp>());
  if (which == "subblock_index") return b->result(b->make<tile::SubblockIndexOp>());
  if (which == "cluster_count") return b->result(b->make<tw::ClusterCountOp>(b->ops.getIndexType()));
  if (which == "aiv_count") return b->result(b->make<tw::AivCountOp>(b->ops.getIndexType()));
  b->error() << "there is no query '" << which << "'";
  return 0;
}
