#include "compiler/ir/operator_info.h"

#include "compiler/ir/tile_dialect.h"

namespace tilewright::tile {

using namespace mlir;

namespace {

constexpr const char* kPlaces[] = {"first", "second", "third"};

/// What an operator is given, and what it makes of it. The first expectation of a rule that does not hold is the error.
class Signature {
 public:
  Signature(function_ref<InFlightDiagnostic()> error, const OperatorInfo& info, TypeRange operands, TileType wanted)
      : error_(error), info_(info), operands_(operands), wanted_(wanted) {}

  FailureOr<TileType> infer() {
    const TileType result = by_rule();
    if (!result || !has_elements(result)) return failure();
    return result;
  }

 private:
  /// A size of a tile: the room, and how much of it is valid.
  struct Extent {
    int64_t room;
    int64_t valid;
    bool operator==(const Extent&) const = default;
  };
  static constexpr Extent kOne = {1, 1};

  /// Null after an error.
  TileType by_rule() {
    switch (info_.rule) {
      case Rule::kOneTile: return takes(1) ? tile(0) : TileType();
      case Rule::kSameTiles: return takes(2) && is(1, tile(0)) ? tile(0) : TileType();
      case Rule::kSameTilesAndNumber: return takes(2, 1) && is(1, tile(0)) && is_number(2, tile(0)) ? tile(0) : TileType();
      case Rule::kSameTilesToMask: return takes(2) && is(1, tile(0)) ? mask(tile(0)) : TileType();
      case Rule::kMaskAndTiles: return takes(3) && is(2, tile(1)) && is(0, mask(tile(1))) ? tile(1) : TileType();
      case Rule::kMaskTileAndNumber: return takes(2, 1) && is(0, mask(tile(1))) && is_number(2, tile(1)) ? tile(1) : TileType();
      case Rule::kTileAndNumber: return takes(1, 1) && is_number(1, tile(0)) ? tile(0) : TileType();
      case Rule::kTileAndNumberToMask: return takes(1, 1) && is_number(1, tile(0)) ? mask(tile(0)) : TileType();
      case Rule::kNumber: return takes(0, 1) && has_wanted() && is_number(0, wanted_) ? wanted_ : TileType();
      case Rule::kCount: return takes(0, 1) && has_wanted() && is_number(0, wanted_) ? row(wanted_) : TileType();
      case Rule::kOtherElement: return takes(1) && has_wanted() ? tile(0).with_element(wanted_.getElement()) : TileType();
      case Rule::kTransposed: return takes(1) ? shaped(columns_of(tile(0)), rows_of(tile(0)), tile(0).getElement()) : TileType();
      case Rule::kRowToOne: return takes(1) ? column(tile(0)) : TileType();
      case Rule::kColumnToOne: return takes(1) ? row(tile(0)) : TileType();
      case Rule::kTileAndColumn: return takes(2) && is(1, column(tile(0))) ? tile(0) : TileType();
      case Rule::kTileAndRow: return takes(2) && is(1, row(tile(0))) ? tile(0) : TileType();
      case Rule::kColumnToTile:
        return takes(1) && has_wanted() && is(0, column(tile(0))) ? with_columns(tile(0), columns_of(wanted_)) : TileType();
      case Rule::kRowToTile: return takes(1) && has_wanted() && is(0, row(tile(0))) ? with_rows(tile(0), rows_of(wanted_)) : TileType();
      case Rule::kProduct: return takes(2) && is_product(0) ? product(0) : TileType();
      case Rule::kAccumulate: return takes(3) && is_product(1) && is(0, product(1)) ? product(1) : TileType();
      case Rule::kProductAndRow: return takes(3) && is_product(0) && is(2, row(product(0))) ? product(0) : TileType();
      case Rule::kSideBySide: return takes(2) ? side_by_side() : TileType();
      case Rule::kGather: return takes(2) && is_index(1) ? tile(1).with_element(tile(0).getElement()) : TileType();
      case Rule::kScatter: return takes(3) ? scattered() : TileType();
      case Rule::kPadded: return takes(1) ? tile(0).with_valid(tile(0).getRows(), tile(0).getColumns()) : TileType();
    }
    llvm_unreachable("a rule without a meaning");
  }

  static Extent rows_of(TileType type) { return {type.getRows(), type.getValidRows()}; }
  static Extent columns_of(TileType type) { return {type.getColumns(), type.getValidColumns()}; }
  static TileType shaped(Extent rows, Extent columns, Type element) {
    return TileType::get(rows.room, columns.room, element).with_valid(rows.valid, columns.valid);
  }
  static TileType with_rows(TileType type, Extent rows) { return shaped(rows, columns_of(type), type.getElement()); }
  static TileType with_columns(TileType type, Extent columns) { return shaped(rows_of(type), columns, type.getElement()); }
  static TileType column(TileType type) { return with_columns(type, kOne); }
  static TileType row(TileType type) { return with_rows(type, kOne); }
  static TileType mask(TileType type) { return type.with_element(IntegerType::get(type.getContext(), 1)); }

  TileType tile(unsigned operand) const { return cast<TileType>(operands_[operand]).unplaced(); }
  TileType product(unsigned left) const {
    return shaped(rows_of(tile(left)), columns_of(tile(left + 1)), accumulator_type(tile(left).getElement()));
  }

  TileType side_by_side() const {
    const TileType a = tile(0), b = tile(1);
    // Valid columns must be next to each other, so that the first tile's are all of its columns.
    if (rows_of(a) == rows_of(b) && a.getElement() == b.getElement() && columns_of(a).room == columns_of(a).valid) {
      const int64_t valid = b.getValidColumns();
      const bool open = ShapedType::isDynamic(valid);
      return with_columns(a, {a.getColumns() + b.getColumns(), open ? valid : a.getColumns() + valid});
    }
    error_() << "cannot put " << b.text() << " behind the columns of " << a.text()
             << ": rows and element types must be equal, and all columns of the first valid";
    return {};
  }

  TileType scattered() const {
    if (!is_index(2) || !is(2, tile(1).with_element(tile(2).getElement()))) return {};
    if (columns_of(tile(0)) == columns_of(tile(1)) && tile(0).getElement() == tile(1).getElement()) return tile(0);
    error_() << "cannot put rows of " << tile(1).text() << " into " << tile(0).text() << ": columns and element types must be equal";
    return {};
  }

  bool takes(unsigned tiles, unsigned numbers = 0) const {
    const auto is_tile = [](Type type) { return isa<TileType>(type); };
    if (operands_.size() == tiles + numbers && llvm::all_of(operands_.take_front(tiles), is_tile) &&
        llvm::none_of(operands_.drop_front(tiles), is_tile)) {
      return true;
    }
    InFlightDiagnostic error = error_() << "takes ";
    if (tiles != 0) error << tiles << (tiles == 1 ? " tile" : " tiles");
    if (numbers != 0) error << (tiles != 0 ? " and then a number" : "a number");
    error << ", not (" << operands_ << ")";
    return false;
  }

  bool has_wanted() const {
    if (wanted_) return true;
    error_() << "does not know the type of its result";
    return false;
  }

  /// Operand `operand` agrees with `expected`; where it lies is not asked.
  bool is(unsigned operand, TileType expected) const {
    if (tile(operand) == expected.unplaced()) return true;
    InFlightDiagnostic error = error_();
    if (operand != 0) error << "first operand is " << tile(0).text() << ", ";
    error << (operands_.size() > 1 ? kPlaces[operand] : "the") << " operand must be " << expected.text() << ", is " << tile(operand).text();
    return false;
  }

  bool is_number(unsigned operand, TileType like) const {
    const Type wanted = tw::number_type(like.getElement());
    if (operands_[operand] == wanted) return true;
    error_() << "the number must be of the tile's element type " << wanted << ", is " << operands_[operand];
    return false;
  }

  bool is_index(unsigned operand) const {
    if (tile(operand).getElement().isInteger(32)) return true;
    error_() << "indices are 32-bit integers, not " << tile(operand).text();
    return false;
  }

  bool is_product(unsigned left) const {
    const TileType a = tile(left), b = tile(left + 1);
    if (a.getElement() == b.getElement() && columns_of(a) == rows_of(b)) return true;
    error_() << "cannot multiply " << a.text() << " by " << b.text() << ": columns and rows, and the element types, must be equal";
    return false;
  }

  /// The element type is one that the operator can work on: that of its last tile, since masks come first and indices have types of their own.
  bool has_elements(TileType result) const {
    if (info_.elements == Elements::kAny) return true;
    const Type element = operands_.empty() || !isa<TileType>(operands_[0]) ? result.getElement() : tile(0).getElement();
    const bool floats = info_.elements == Elements::kFloats;
    if (floats ? isa<FloatType>(element) : isa<IntegerType>(element)) return true;
    error_() << "works on " << (floats ? "floating-point" : "integer") << " elements, not on " << element;
    return false;
  }

  function_ref<InFlightDiagnostic()> error_;
  const OperatorInfo& info_;
  TypeRange operands_;
  TileType wanted_;
};

}  // namespace

FailureOr<TileType> infer_result(function_ref<InFlightDiagnostic()> error, const OperatorInfo& info, TypeRange operands, TileType wanted) {
  return Signature(error, info, operands, wanted ? wanted.unplaced() : wanted).infer();
}

Space operand_space(const OperatorInfo& info, unsigned operand) {
  if (info.place == Place::kVector) return Space::kVec;
  if (info.rule == Rule::kAccumulate) return operand == 0 ? Space::kAcc : operand == 1 ? Space::kLeft : Space::kRight;
  return operand == 0 ? Space::kLeft : operand == 1 ? Space::kRight : Space::kBias;
}

Space result_space(const OperatorInfo& info) { return info.place == Place::kVector ? Space::kVec : Space::kAcc; }

const OperatorInfo* operator_info(Operation* op) {
  auto as_operator = dyn_cast<Operator>(op);
  return as_operator ? &as_operator.info() : nullptr;
}

const OperatorInfo* find_operator(MLIRContext* context, StringRef name) {
  const std::optional<RegisteredOperationName> found = RegisteredOperationName::lookup(("tile." + name).str(), context);
  if (!found) return nullptr;
  const Operator::Concept* concept_ = found->getInterface<Operator>();
  return concept_ == nullptr ? nullptr : &concept_->info();
}

std::optional<unsigned> shared_operand(Operation* op) {
  if (const OperatorInfo* info = operator_info(op)) return info->in_place ? std::optional<unsigned>(0) : std::nullopt;
  if (isa<ReshapeOp, SetValidOp>(op)) return 0;
  if (isa<InsertOp, WriteOp>(op)) return 1;
  return std::nullopt;
}

LogicalResult verify_operator(Operation* op, const OperatorInfo& info) {
  const auto error = [op] { return op->emitOpError(); };
  const auto result = cast<TileType>(op->getResult(0).getType());
  const FailureOr<TileType> expected = infer_result(error, info, op->getOperandTypes(), result);
  if (failed(expected)) return failure();
  if (*expected != result.unplaced()) {
    InFlightDiagnostic diagnostic = op->emitOpError();
    if (op->getNumOperands() != 0) {
      if (auto first = dyn_cast<TileType>(op->getOperand(0).getType())) diagnostic << "first operand is " << first.text() << ", ";
    }
    return diagnostic << "the result must be " << expected->text() << ", is " << result.text();
  }
  const auto lies_in = [&](TileType type, Space space, const Twine& which) -> LogicalResult {
    if (type.getSpace() == Space::kUndecided || type.getSpace() == space) return success();
    return op->emitOpError() << which << " lies in " << stringifySpace(type.getSpace()) << "; it must lie in " << stringifySpace(space);
  };
  for (const auto& [i, type] : llvm::enumerate(op->getOperandTypes())) {
    auto tile = dyn_cast<TileType>(type);
    if (tile && failed(lies_in(tile, operand_space(info, static_cast<unsigned>(i)), Twine("the ") + kPlaces[i] + " operand")))
      return failure();
  }
  if (info.also_in != Space::kUndecided && result.getSpace() == info.also_in) return success();
  return lies_in(result, result_space(info), "the result");
}

Type accumulator_type(Type element) {
  Builder builder(element.getContext());
  return isa<IntegerType>(element) ? Type(builder.getI32Type()) : Type(builder.getF32Type());
}

}  // namespace tilewright::tile
