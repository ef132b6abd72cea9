#include "compiler/builder/recorder.h"

#include "compiler/builder/order.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/register.h"
#include "llvm/ADT/StringExtras.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace tilewright;
using recording::Frame;
using recording::Open;

namespace {

const char* words(Open kind) {
  switch (kind) {
    case Open::kFunction: return "function";
    case Open::kAt: return "task";
    case Open::kScope: return "scope";
    case Open::kFor: return "loop";
    case Open::kThen: return "if";
    case Open::kElse: return "else";
    case Open::kWhile: return "condition of a while";
    case Open::kWhileBody: return "while";
  }
  return "";
}

}  // namespace

twb_builder::twb_builder() : ops(&context), location(UnknownLoc::get(&context)), values(1) {
  DialectRegistry registry;
  register_dialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.disableMultithreading();
  context.printOpOnDiagnostic(false);
  module = ModuleOp::create(location);
  context.getDiagEngine().registerHandler([this](Diagnostic& diagnostic) {
    errors.push_back(text_of(diagnostic, false));
    return success();
  });
}

// ---- values

twb_value twb_builder::give(Value value) {
  values.push_back(value);
  return static_cast<twb_value>(values.size() - 1);
}

Value twb_builder::take(twb_value number) {
  if (number == 0 || !recording()) return {};
  if (number >= values.size() || !values[number]) {
    error() << "there is no value " << number;
    return {};
  }
  Value value = values[number];
  Region* home = value.getParentRegion();
  // Within one region what is recorded later stands behind, so that a region around this one is enough.
  if (home->isAncestor(ops.getInsertionBlock()->getParent())) return value;
  const auto function_of = [](Operation* op) {
    return isa<FunctionOpInterface>(op) ? op : op->getParentOfType<FunctionOpInterface>().getOperation();
  };
  InFlightDiagnostic diagnostic = error() << (function_of(home->getParentOp()) != function_of(ops.getInsertionBlock()->getParentOp())
                                                  ? "uses a value of another function; what a kernel works on comes in as an argument"
                                                  : "uses a value outside of the loop, branch or task that made it");
  diagnostic.attachNote(value.getLoc()) << "it was made here";
  return {};
}

Value twb_builder::take_index(twb_value number, const char* what) {
  const Value value = take(number);
  if (!value || value.getType().isIndex()) return value;
  error() << what << " must be an index, not a value of type " << value.getType();
  return {};
}

Value twb_builder::take_number(twb_value number) {
  const Value value = take(number);
  if (!value || value.getType().isIntOrIndexOrFloat()) return value;
  error() << "takes a number, not a value of type " << value.getType();
  return {};
}

namespace {

template <typename T>
TypedValue<T> of_type(twb_builder& b, twb_value number, const char* what) {
  const Value value = b.take(number);
  if (!value || isa<T>(value.getType())) return cast_if_present<TypedValue<T>>(value);
  b.error() << "takes " << what << ", not a value of type " << value.getType();
  return {};
}

}  // namespace

TypedValue<tw::DeviceTensorType> twb_builder::take_tensor(twb_value number) {
  return of_type<tw::DeviceTensorType>(*this, number, "a tensor");
}
TypedValue<tile::TileType> twb_builder::take_tile(twb_value number) { return of_type<tile::TileType>(*this, number, "a tile"); }
TypedValue<tw::TaskIdType> twb_builder::take_task(twb_value number) { return of_type<tw::TaskIdType>(*this, number, "a task id"); }
TypedValue<tw::TaskIdsType> twb_builder::take_tasks(twb_value number) {
  return of_type<tw::TaskIdsType>(*this, number, "an array of task ids");
}

bool twb_builder::take_indices(const twb_value* numbers, size_t count, const char* what, SmallVectorImpl<Value>& taken) {
  for (size_t i = 0; i < count; ++i) {
    taken.push_back(take_index(numbers[i], what));
    if (!taken.back()) return false;
  }
  return true;
}

std::optional<twb_builder::Extents> twb_builder::take_extents(const twb_value* numbers, size_t count) {
  Extents extents;
  for (size_t i = 0; i < count; ++i) {
    const Value value = take_index(numbers[i], "an extent");
    if (!value) return std::nullopt;
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant))) {
      extents.shape.push_back(constant.getSExtValue());
      if (constant.getSExtValue() > 0) continue;
      error() << "an extent is positive; " << constant.getSExtValue() << " is not";
      return std::nullopt;
    }
    extents.shape.push_back(ShapedType::kDynamic);
    extents.open.push_back(value);
  }
  return extents;
}

std::optional<twb_builder::TileShape> twb_builder::take_shape(const twb_shape* shape, Type element) {
  const twb_value sizes[] = {shape->rows, shape->columns}, valid_sizes[] = {shape->valid_rows, shape->valid_columns};
  const std::optional<Extents> size = take_extents(sizes, 2);
  if (!size) return std::nullopt;
  if (!size->open.empty()) {
    error() << "the rows and columns of a tile are known when the program is compiled; only its valid region may be smaller when it runs";
    return std::nullopt;
  }
  TileShape taken;
  int64_t valid[] = {size->shape[0], size->shape[1]};
  for (int d = 0; d < 2; ++d) {
    if (valid_sizes[d] == 0) continue;
    const Value value = take_index(valid_sizes[d], "a valid size");
    if (!value) return std::nullopt;
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant))) {
      valid[d] = constant.getSExtValue();
    } else {
      valid[d] = ShapedType::kDynamic;
      taken.valid.push_back(value);
    }
  }
  taken.type = tile::TileType::getChecked([this] { return error(); }, &context, size->shape[0], size->shape[1], element, valid[0], valid[1],
                                          static_cast<tile::Space>(shape->space), tile::Layout::kOfSpace, tile::TileType::kNoAddress);
  if (!taken.type) return std::nullopt;
  return taken;
}

Value twb_builder::constant_index(int64_t number) { return ops.create<arith::ConstantIndexOp>(location, number); }

Type twb_builder::type_of(twb_dtype dtype) {
  switch (dtype) {
    case TWB_F32: return ops.getF32Type();
    case TWB_F16: return ops.getF16Type();
    case TWB_BF16: return ops.getBF16Type();
    case TWB_F8E4M3: return ops.getFloat8E4M3FNType();
    case TWB_F8E5M2: return ops.getFloat8E5M2Type();
    case TWB_I8: return ops.getIntegerType(8);
    case TWB_I16: return ops.getIntegerType(16);
    case TWB_I32: return ops.getIntegerType(32);
    case TWB_I64: return ops.getIntegerType(64);
    case TWB_U8: return ops.getIntegerType(8, false);
    case TWB_U16: return ops.getIntegerType(16, false);
    case TWB_U32: return ops.getIntegerType(32, false);
    case TWB_U64: return ops.getIntegerType(64, false);
    case TWB_INDEX: return ops.getIndexType();
    case TWB_BOOL: return ops.getI1Type();
  }
  error() << "there is no element type " << static_cast<int>(dtype);
  return {};
}

// ---- what is open

bool twb_builder::recording() {
  if (!frames.empty()) return true;
  error() << "stands outside of a function";
  return false;
}

void twb_builder::open(Open kind, Operation* op, Block* body) {
  frames.push_back({kind, op, ops.saveInsertionPoint()});
  ops.setInsertionPointToEnd(body);
}

Operation* twb_builder::close(Open kind) {
  if (frames.empty() || frames.back().kind != kind) {
    InFlightDiagnostic diagnostic = error() << "ends '" << words(kind) << "', but ";
    if (frames.empty()) {
      diagnostic << "nothing is open";
    } else {
      diagnostic << "what is open is '" << words(frames.back().kind) << "'";
    }
    return nullptr;
  }
  const Frame frame = frames.back();
  frames.pop_back();
  ops.restoreInsertionPoint(frame.resume);
  return frame.op;
}

// ---- the module

twb_builder* twb_create(void) { return new twb_builder(); }
void twb_destroy(twb_builder* b) { delete b; }

void twb_locate(twb_builder* b, const char* file, uint32_t line, uint32_t column) {
  b->location = FileLineColLoc::get(&b->context, file, line, column);
}

void twb_error(twb_builder* b, const char* message) { b->error() << message; }

int twb_finish(twb_builder* b) {
  if (!b->frames.empty()) {
    emitError(b->frames.back().op->getLoc()) << "this " << words(b->frames.back().kind) << " is never ended";
    return 0;
  }
  for (tw::DeclareOp variable : b->untyped) variable->erase();
  b->untyped.clear();
  // A module with errors has holes where operations were refused; what the verifier would say of them helps nobody.
  if (!b->errors.empty() || failed(verify(*b->module))) return 0;
  recording::order_operations(*b->module);
  return 1;
}

size_t twb_error_count(const twb_builder* b) { return b->errors.size(); }
const char* twb_error_text(const twb_builder* b, size_t index) { return index < b->errors.size() ? b->errors[index].c_str() : ""; }

const char* twb_text(twb_builder* b, int with_locations) {
  b->text.clear();
  llvm::raw_string_ostream out(b->text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(with_locations != 0, /*prettyForm=*/false);
  b->module->print(out, flags);
  out << "\n";
  return b->text.c_str();
}

// ---- functions

namespace {

/// The names of parameters; none if none has one, else those without are called by their place. nullopt after an error.
std::optional<SmallVector<std::string>> names_of(twb_builder* b, ArrayRef<twb_parameter> parameters) {
  SmallVector<std::string> names;
  if (llvm::all_of(parameters, [](const twb_parameter& p) { return p.name == nullptr; })) return names;
  std::set<StringRef> taken;
  names.reserve(parameters.size());
  for (const auto& [i, p] : llvm::enumerate(parameters)) {
    names.push_back(p.name != nullptr ? p.name : "arg" + std::to_string(i));
    const StringRef name = names.back();
    if (name.empty() || llvm::isDigit(name.front()) || !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; })) {
      b->error() << "'" << name << "' is no name for a parameter, which has letters, digits and '_'";
      return std::nullopt;
    }
    if (!taken.insert(name).second) {
      b->error() << "there are two parameters '" << name << "'";
      return std::nullopt;
    }
  }
  return names;
}

template <typename Function>
int begin_function(twb_builder* b, const char* name, const twb_parameter* parameters, size_t count, twb_value* given) {
  SmallVector<Type> types;
  const std::optional<SmallVector<std::string>> names = names_of(b, {parameters, count});
  if (!names) return 0;
  SmallVector<DictionaryAttr> marks;
  const auto marks_of = [&](const twb_parameter& p) {
    NamedAttrList list;
    if (p.direction != TWB_IN && p.kind == TWB_TENSOR)
      list.append(p.direction == TWB_OUT ? tw::kOutAttribute : tw::kInOutAttribute, b->ops.getUnitAttr());
    if (p.may_alias != 0) list.append(tw::kMayAliasAttribute, b->ops.getUnitAttr());
    return list.getDictionary(&b->context);
  };
  for (size_t i = 0; i < count; ++i) {
    const twb_parameter& p = parameters[i];
    Type type = b->type_of(p.dtype);
    if (type && p.kind == TWB_TENSOR) {
      SmallVector<int64_t> shape;
      for (size_t d = 0; d < p.rank; ++d) shape.push_back(p.extents[d] == TWB_OPEN ? ShapedType::kDynamic : p.extents[d]);
      type = tw::DeviceTensorType::getChecked([b] { return b->error(); }, &b->context, ArrayRef<int64_t>(shape), type);
    }
    if (!type) return 0;
    types.push_back(type);
    if (p.may_alias != 0 && (p.kind != TWB_TENSOR || !std::is_same_v<Function, tw::OrchestrationOp>)) {
      b->error() << "parameter " << i << " may alias, which only a tensor of an orchestration can";
      return 0;
    }
    marks.push_back(marks_of(p));
  }
  if (SymbolTable::lookupSymbolIn(*b->module, name) != nullptr) {
    b->error() << "there is a function '" << name << "' already";
    return 0;
  }
  const OpBuilder::InsertPoint resume = b->ops.saveInsertionPoint();
  // A kernel that is recorded in the middle of an orchestration stands before it.
  if (b->frames.empty()) {
    b->ops.setInsertionPointToEnd(b->module->getBody());
  } else {
    b->ops.setInsertionPoint(b->frames.front().op);
  }
  OperationState state(b->location, Function::getOperationName());
  state.addAttribute("sym_name", b->ops.getStringAttr(name));
  state.addAttribute("function_type", TypeAttr::get(b->ops.getFunctionType(types, {})));
  state.addRegion();
  auto function = cast<Function>(b->ops.create(state));
  for (size_t i = 0; i < count; ++i) {
    if (!marks[i].empty()) function.setArgAttrs(static_cast<unsigned>(i), marks[i]);
  }
  Block& body = function.getBody().emplaceBlock();
  for (size_t i = 0; i < count; ++i) {
    const Location location = names->empty() ? b->location : NameLoc::get(b->ops.getStringAttr((*names)[i]), b->location);
    given[i] = b->give(body.addArgument(types[i], location));
  }
  b->ops.restoreInsertionPoint(resume);
  b->open(Open::kFunction, function, &body);
  return 1;
}

}  // namespace

int twb_begin_orchestration(twb_builder* b, const char* name, const twb_parameter* parameters, size_t count, twb_value* given) {
  return begin_function<tw::OrchestrationOp>(b, name, parameters, count, given);
}

int twb_begin_kernel(twb_builder* b, const char* name, const twb_parameter* parameters, size_t count, twb_value* given) {
  return begin_function<tile::FuncOp>(b, name, parameters, count, given);
}

const char* twb_begin_kernel_for(twb_builder* b, int function, const char* name, const twb_value* arguments,
                                 const twb_direction* directions, size_t count, twb_value* given, int* begun) {
  *begun = 0;
  std::string types;
  SmallVector<SmallVector<int64_t>> extents(count);
  SmallVector<twb_parameter> parameters;
  for (size_t i = 0; i < count; ++i) {
    for (size_t d = 0; d < twb_rank(b, arguments[i]); ++d) extents[i].push_back(twb_extent(b, arguments[i], d));
    parameters.push_back(
        {twb_kind_of(b, arguments[i]), twb_dtype_of(b, arguments[i]), directions[i], extents[i].data(), extents[i].size(), nullptr, 0});
    types += std::to_string(parameters[i].kind) + ":" + std::to_string(parameters[i].dtype);
    for (const int64_t extent : extents[i]) types += "x" + std::to_string(extent);
    types += ",";
  }
  for (const recording::Kernel& kernel : b->kernels) {
    if (kernel.function == function && kernel.types == types) return kernel.name.c_str();
  }
  std::string own = name;
  const auto is_taken = [&](const recording::Kernel& kernel) { return kernel.name == own; };
  for (size_t i = 1; llvm::any_of(b->kernels, is_taken); ++i) own = std::string(name) + "_" + std::to_string(i);
  // Known before it is recorded: a kernel that submits itself ends here.
  b->kernels.push_back({function, std::move(types), own});
  *begun = twb_begin_kernel(b, own.c_str(), parameters.data(), count, given);
  return b->kernels.back().name.c_str();
}

void twb_end_function(twb_builder* b) {
  if (!b->frames.empty() && b->frames.back().kind == Open::kFunction) {
    if (isa<tile::FuncOp>(b->frames.back().op)) {
      b->ops.create<tile::ReturnOp>(b->location);
    } else {
      b->ops.create<tw::ReturnOp>(b->location);
    }
  }
  b->close(Open::kFunction);
}

// ---- what a value is

twb_kind twb_kind_of(const twb_builder* b, twb_value value) {
  if (value == 0 || value >= b->values.size() || !b->values[value]) return TWB_NONE;
  const Type type = b->values[value].getType();
  if (isa<tw::DeviceTensorType>(type)) return TWB_TENSOR;
  if (isa<tile::TileType>(type)) return TWB_TILE;
  if (isa<tw::TaskIdType>(type)) return TWB_TASK;
  if (isa<tw::TaskIdsType>(type)) return TWB_TASKS;
  return type.isIntOrIndexOrFloat() ? TWB_NUMBER : TWB_NONE;
}

namespace {

Type element_of(Type type) {
  if (auto variable = dyn_cast<tw::VariableType>(type)) return element_of(variable.getValue());
  if (auto tensor = dyn_cast<tw::DeviceTensorType>(type)) return tensor.getElement();
  if (auto tile = dyn_cast<tile::TileType>(type)) return tile.getElement();
  return type;
}

}  // namespace

twb_dtype twb_dtype_of(const twb_builder* b, twb_value value) {
  if (value == 0 || value >= b->values.size() || !b->values[value]) return TWB_F32;
  const Type type = element_of(b->values[value].getType());
  if (isa<NoneType>(type)) return TWB_F32;
  for (int dtype = TWB_F32; dtype < TWB_BOOL; ++dtype) {
    if (const_cast<twb_builder*>(b)->type_of(static_cast<twb_dtype>(dtype)) == type) return static_cast<twb_dtype>(dtype);
  }
  return TWB_BOOL;
}

size_t twb_rank(const twb_builder* b, twb_value tensor) {
  if (twb_kind_of(b, tensor) != TWB_TENSOR) return 0;
  return cast<tw::DeviceTensorType>(b->values[tensor].getType()).rank();
}

int64_t twb_extent(const twb_builder* b, twb_value value, size_t dimension) {
  const twb_kind kind = twb_kind_of(b, value);
  if (kind == TWB_TILE && dimension < 2) {
    const auto type = cast<tile::TileType>(b->values[value].getType());
    return dimension == 0 ? type.getRows() : type.getColumns();
  }
  if (kind != TWB_TENSOR || dimension >= twb_rank(b, value)) return TWB_OPEN;
  const int64_t extent = cast<tw::DeviceTensorType>(b->values[value].getType()).getShape()[dimension];
  return ShapedType::isDynamic(extent) ? TWB_OPEN : extent;
}

int twb_constant(const twb_builder* b, twb_value number, int64_t* constant) {
  APInt value;
  if (number == 0 || number >= b->values.size() || !b->values[number] || !matchPattern(b->values[number], m_ConstantInt(&value))) return 0;
  *constant = value.getSExtValue();
  return 1;
}
