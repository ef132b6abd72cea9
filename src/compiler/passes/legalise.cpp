// legalise: what the target does not have is an error here, at the line that asks for it, and not one of the kernel's compiler.
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "compiler/target.h"
#include "pto/common/legality.hpp"

namespace tilewright {
namespace {

using namespace mlir;
using pto::Op;
using tile::Layout;
using tile::Space;
using tile::TileType;

constexpr int64_t kBoxRows = 16;

PtoElement element_code(Type element, const Target& target) {
  if (element.isF32()) return kPtoF32;
  if (element.isF16()) return kPtoF16;
  if (element.isBF16()) return kPtoBf16;
  if (element.isFloat8E4M3FN()) return kPtoF8E4M3;
  if (element.isFloat8E5M2()) return kPtoF8E5M2;
  const bool natural = !element.isUnsignedInteger();
  switch (element.getIntOrFloatBitWidth()) {
    case 1: return target.mask_bits == 32 ? kPtoU32 : kPtoU8;
    case 8: return natural ? kPtoI8 : kPtoU8;
    case 16: return natural ? kPtoI16 : kPtoU16;
    case 32: return natural ? kPtoI32 : kPtoU32;
    default: return natural ? kPtoI64 : kPtoU64;
  }
}

/// The order of a tile's elements, where its memory implies it.
Layout layout_of(TileType type) {
  if (type.getLayout() != Layout::kOfSpace) return type.getLayout();
  switch (type.getSpace()) {
    case Space::kVec: return type.getColumns() == 1 ? Layout::kColumnMajor : Layout::kRowMajor;
    case Space::kRight: return Layout::kZn;
    case Space::kBias:
    case Space::kUndecided: return Layout::kRowMajor;
    case Space::kMat:
    case Space::kLeft:
    case Space::kAcc: return Layout::kNz;
  }
  llvm_unreachable("a memory without a layout");
}

PtoTileLayout layout_code(TileType type) {
  switch (layout_of(type)) {
    case Layout::kOfSpace:
    case Layout::kRowMajor: return kPtoNd;
    case Layout::kColumnMajor: return kPtoDn;
    case Layout::kNz: return kPtoNz;
    case Layout::kZn: return kPtoZn;
    case Layout::kZz: return kPtoZz;
  }
  llvm_unreachable("a layout without a number");
}

/// An instruction as pto::legality asks for it: its tiles and tensors in the order in which the call names them.
struct Form {
  const Target& target;
  SmallVector<Type> operands;
  bool equal = true;

  int operand_count() const { return static_cast<int>(operands.size()); }
  Type at(int i) const { return operands[static_cast<size_t>(i)]; }
  uint32_t element(int i) const {
    if (auto tensor = dyn_cast<tw::DeviceTensorType>(at(i))) return element_code(tensor.getElement(), target);
    return element_code(cast<TileType>(at(i)).getElement(), target);
  }
  int global_layout(int i) const { return isa<tw::DeviceTensorType>(at(i)) ? static_cast<int>(pto::legality::kND) : -1; }
  uint32_t tile_layout(int i) const {
    auto tile = dyn_cast<TileType>(at(i));
    return tile ? layout_code(tile) : kPtoNd;
  }
  bool compares_equal() const { return equal; }
};

std::optional<Op> find_instruction(StringRef name) {
  static constexpr const char* kNames[] = {
#define TW_NAME(name, pipe) #name,
      PTO_OP_LIST(TW_NAME)
#undef TW_NAME
  };
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<Op>(i);
  }
  return std::nullopt;
}

/// The letter of a memory in the names of instructions that have one name per kind ("TMOV_M2L").
char letter(Space space) {
  switch (space) {
    case Space::kUndecided:
    case Space::kVec: return 'V';
    case Space::kMat: return 'M';
    case Space::kLeft:
    case Space::kRight: return 'L';
    case Space::kAcc: return 'A';
    case Space::kBias: return 'B';
  }
  llvm_unreachable("a memory without a letter");
}

/// Tiles of an operator in the order of its call, "TSELS($result, $0, $1, $scratch, $2)", without scratch, which no rule counts.
Form form_of(Operation* op, const tile::OperatorInfo& info, const Target& target) {
  Form form{target, {}};
  const StringRef call(info.call);
  SmallVector<StringRef> arguments;
  call.substr(call.find('(') + 1).drop_back().split(arguments, ',');
  for (StringRef argument : arguments) {
    argument = argument.trim().drop_front();
    unsigned number = 0;
    if (argument == "result") {
      form.operands.push_back(op->getResult(0).getType());
    } else if (!argument.getAsInteger(10, number) && isa<TileType>(op->getOperand(number).getType())) {
      form.operands.push_back(op->getOperand(number).getType());
    }
  }
  if (auto how = op->getAttrOfType<tw::CompareAttr>("how")) form.equal = how.getValue() == tw::Compare::kEqual;
  return form;
}

/// Checks operations in the order of a kernel. What follows from a mistake is not reported again.
class Legality {
 public:
  Legality(const Target& target, pto::legality::Generation generation) : target_(target), generation_(generation) {}

  LogicalResult check(Operation* op) {
    if (llvm::any_of(op->getOperands(), [&](Value operand) { return refused_.contains(operand); })) {
      refused_.insert(op->result_begin(), op->result_end());
      return success();  // an error was reported
    }
    for (const Value result : op->getResults()) {
      auto tile = dyn_cast<TileType>(result.getType());
      if (!tile || succeeded(check_shape(op, tile))) continue;
      refused_.insert(op->result_begin(), op->result_end());
      return failure();
    }
    if (const tile::OperatorInfo* info = tile::operator_info(op)) {
      return failure(failed(check_form(op, instruction_name(*info), form_of(op, *info, target_))) || failed(check_header(op, *info)));
    }
    if (auto load = dyn_cast<tile::GatherLoadOp>(op))
      return check_form(op, "MGATHER", {target_, {load.getTile().getType(), load.getTensor().getType()}});
    const auto type = [](Value value) { return value.getType(); };
    const auto space = [](Value value) { return cast<TileType>(value.getType()).getSpace(); };
    if (auto load = dyn_cast<tile::LoadOp>(op)) return check_form(op, "TLOAD", {target_, {type(load.getTile()), type(load.getTensor())}});
    if (auto store = dyn_cast<tile::StoreOp>(op)) {
      return check_form(op, space(store.getTile()) == Space::kAcc ? "TSTORE_ACC" : "TSTORE_VEC",
                        {target_, {type(store.getTensor()), type(store.getTile())}});
    }
    if (isa<tile::MoveOp, tile::ExtractOp, tile::InsertOp>(op)) {
      const Value from = op->getOperand(0), to = op->getResult(0);
      const StringRef base = isa<tile::MoveOp>(op) ? "TMOV_" : isa<tile::ExtractOp>(op) ? "TEXTRACT_" : "TINSERT_";
      return check_form(op, (base + Twine(letter(space(from))) + "2" + Twine(letter(space(to)))).str(), {target_, {type(to), type(from)}});
    }
    return success();
  }

 private:
  /// Rows of 32-byte blocks, boxes that are full.
  LogicalResult check_shape(Operation* op, TileType tile) const {
    if (tile.is_mask()) return success();
    const int64_t bytes = element_bytes(tile.getElement()), block = std::max<int64_t>(1, kBlockBytes / bytes);
    int64_t rows = 1, columns = 1;
    switch (layout_of(tile)) {
      case Layout::kOfSpace:
      case Layout::kRowMajor: columns = block; break;
      case Layout::kColumnMajor: rows = block; break;
      case Layout::kNz:
      case Layout::kZz:
        rows = tile.getRows() == 1 ? 1 : kBoxRows;
        columns = tile.getSpace() == Space::kAcc ? kBoxRows : block;
        break;
      case Layout::kZn:
        rows = block;
        columns = kBoxRows;
        break;
    }
    if (tile.getRows() % rows == 0 && tile.getColumns() % columns == 0) return success();
    const auto up = [](int64_t size, int64_t unit) {
      return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(size), static_cast<uint64_t>(unit)));
    };
    const TileType padded = TileType::get(up(tile.getRows(), rows), up(tile.getColumns(), columns), tile.getElement());
    InFlightDiagnostic error = op->emitOpError() << "makes a tile of " << tile.text() << " in " << tile::stringifySpace(tile.getSpace())
                                                 << ", where " << target_.name;
    if (rows > 1) error << " has rows in multiples of " << rows;
    if (columns > 1) error << (rows > 1 ? " and" : " has") << " columns in multiples of " << columns;
    return error << "; a tile of " << padded.text() << " with " << tile.getRows() << "x" << tile.getColumns() << " of it valid would do: {"
                 << padded.getRows() << ", " << padded.getColumns() << "}, {.valid = {" << tile.getRows() << ", " << tile.getColumns()
                 << "}}";
  }

  LogicalResult check_form(Operation* op, StringRef instruction, const Form& form) const {
    const std::optional<Op> code = find_instruction(instruction);
    if (!code) return op->emitOpError() << "becomes " << instruction << ", and there is no such instruction";
    const pto::legality::Rule* rule = pto::legality::refusing_rule(generation_, *code, form);
    if (rule == nullptr) return success();
    const StringRef spoken = instruction.take_until([](char c) { return c == '_'; });
    InFlightDiagnostic error = op->emitOpError() << "becomes " << (instruction.starts_with("TMATMUL") ? instruction : spoken) << ", which "
                                                 << target_.name << " does not have";
    switch (rule->property) {
      case pto::legality::Property::kInstruction: return error << " between these memories";
      case pto::legality::Property::kElement: return error << " for elements " << element_text(form.at(rule->operand));
      case pto::legality::Property::kGlobalLayout: return error << " for this layout of device memory";
      case pto::legality::Property::kRearranged: return error << " for another order of the elements";
      case pto::legality::Property::kOtherThanEq:
        return error << " for elements " << element_text(form.at(rule->operand)) << " and a comparison other than 'eq'";
    }
    llvm_unreachable("a property without a message");
  }

  /// What the headers of instructions refuse on every platform. The tables of the generations say nothing where the specification names no
  /// types for one.
  LogicalResult check_header(Operation* op, const tile::OperatorInfo& info) const {
    Type element;
    for (const Type type : op->getOperandTypes()) {
      auto tile = dyn_cast<TileType>(type);
      if (!tile || tile.is_mask()) continue;
      element = tile.getElement();
      if (info.place == tile::Place::kVector || info.rule != tile::Rule::kAccumulate) break;
    }
    if (!element) return success();
    const StringRef instruction = instruction_name(info);
    const auto refuse = [&](const Twine& what) {
      return op->emitOpError() << "becomes " << instruction << ", which " << what << ", not " << element_text(element);
    };
    if (info.place == tile::Place::kCube && isa<IntegerType>(element) && !element.isSignlessInteger(8))
      return refuse("multiplies floating-point elements and i8");
    if (info.rule == tile::Rule::kPadded && element_bytes(element) > 4) return refuse("works on elements of 1, 2 and 4 bytes");
    if (instruction == "TNEG" && element.isUnsignedInteger()) return refuse("works on signed elements");
    if (isa<FloatType>(element) && element_bytes(element) == 1 && computes(info.rule))
      return refuse("computes with numbers of 16 bits and more or integers");
    return success();
  }

  /// Whether operators of a rule compute with elements, or only put them elsewhere or convert them.
  static bool computes(tile::Rule rule) {
    using tile::Rule;
    constexpr Rule kOthers[] = {Rule::kNumber,  Rule::kOtherElement, Rule::kTransposed,    Rule::kColumnToTile,
                                Rule::kProduct, Rule::kAccumulate,   Rule::kProductAndRow, Rule::kSideBySide,
                                Rule::kGather,  Rule::kScatter,      Rule::kMaskAndTiles,  Rule::kPadded};
    return !llvm::is_contained(kOthers, rule);
  }

  static std::string element_text(Type type) {
    std::string text;
    if (auto tile = dyn_cast<TileType>(type)) type = tile.getElement();
    if (auto tensor = dyn_cast<tw::DeviceTensorType>(type)) type = tensor.getElement();
    llvm::raw_string_ostream(text) << type;
    return text;
  }

  const Target& target_;
  pto::legality::Generation generation_;
  llvm::DenseSet<Value> refused_;  ///< of a shape that the target does not have
};

class Legalise : public PassWrapper<Legalise, OperationPass<ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Legalise)

  explicit Legalise(StringRef platform) { platform_ = platform.str(); }
  Legalise(const Legalise& other) : PassWrapper(other) { platform_ = other.platform_; }

  StringRef getArgument() const override { return "legalise"; }
  StringRef getDescription() const override { return "Refuse what the platform does not have: instructions, element types, shapes"; }

  void runOnOperation() override {
    const Target* target = find_target(platform_);
    if (target == nullptr) {
      getOperation().emitError() << "'" << platform_ << "' is no platform; there are " << kPlatforms;
      return signalPassFailure();
    }
    Legality legality(*target, target->generation);
    bool wrong = false;
    getOperation().walk([&](tile::FuncOp kernel) { kernel.walk([&](Operation* op) { wrong = failed(legality.check(op)) || wrong; }); });
    if (wrong) signalPassFailure();
  }

 private:
  Option<std::string> platform_{*this, "platform", llvm::cl::desc("the platform that it is for"), llvm::cl::init("a2a3")};
};

}  // namespace

std::unique_ptr<Pass> create_legalise(StringRef platform) { return std::make_unique<Legalise>(platform); }

}  // namespace tilewright
