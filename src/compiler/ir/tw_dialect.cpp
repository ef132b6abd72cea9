#include "compiler/ir/tw_dialect.h"

#include "compiler/ir/tile_dialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"

#include "compiler/ir/tw_dialect.cpp.inc"
#include "compiler/ir/tw_enums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/ir/tw_types.cpp.inc"

namespace tilewright::tw {

using namespace mlir;

Operation* TwDialect::materializeConstant(OpBuilder& builder, Attribute value, Type type, Location location) {
  return arith::ConstantOp::materialize(builder, value, type, location);
}

void TwDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "compiler/ir/tw_types.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/ir/tw_ops.cpp.inc"
      >();
}

bool is_element_type(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    const unsigned width = integer.getWidth();
    return !integer.isSigned() && (width == 8 || width == 16 || width == 32 || width == 64);
  }
  return type.isF32() || type.isF16() || type.isBF16() || type.isFloat8E4M3FN() || type.isFloat8E5M2();
}

Type number_type(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer && integer.isUnsigned() ? Type(IntegerType::get(element.getContext(), integer.getWidth())) : element;
}

// ---- types

unsigned DeviceTensorType::dynamic_count() const { return static_cast<unsigned>(llvm::count_if(getShape(), ShapedType::isDynamic)); }

LogicalResult DeviceTensorType::verify(function_ref<InFlightDiagnostic()> error, ArrayRef<int64_t> shape, Type element) {
  if (shape.empty() || shape.size() > kMaxRank) return error() << "a tensor has 1 to " << kMaxRank << " dimensions, not " << shape.size();
  for (const int64_t extent : shape) {
    if (!ShapedType::isDynamic(extent) && extent <= 0) return error() << "a tensor's extents are positive; " << extent << " is not";
  }
  if (!is_element_type(element)) {
    return error() << element << " is no element type; there are f32, f16, bf16, f8E4M3FN, f8E5M2, and i8 to i64 and ui8 to ui64";
  }
  return success();
}

Type DeviceTensorType::parse(AsmParser& parser) {
  SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() || parser.parseDimensionList(shape) || parser.parseType(element) || parser.parseGreater()) return {};
  return parser.getChecked<DeviceTensorType>(parser.getContext(), shape, element);
}

void DeviceTensorType::print(AsmPrinter& printer) const {
  printer << "<";
  printer.printDimensionList(getShape());
  printer << "x" << getElement() << ">";
}

LogicalResult TaskIdsType::verify(function_ref<InFlightDiagnostic()> error, int64_t count) {
  if (count <= 0) return error() << "an array of task ids holds at least one, not " << count;
  return success();
}

// ---- attributes

namespace {

/// The value that a mark takes: a reason for tw.tracked, none for others.
LogicalResult verify_mark(NamedAttribute attribute, function_ref<InFlightDiagnostic()> error) {
  const StringRef name = attribute.getName();
  if (name == kTrackedAttribute) {
    if (!isa<StringAttr>(attribute.getValue())) return error() << "'" << name << "' takes a reason, a string";
    return success();
  }
  if (!isa<UnitAttr>(attribute.getValue())) return error() << "'" << name << "' takes no value";
  return success();
}

}  // namespace

LogicalResult TwDialect::verifyRegionArgAttribute(Operation* op, unsigned, unsigned argument, NamedAttribute attribute) {
  const StringRef name = attribute.getName();
  const bool of_orchestrations = name == kMayAliasAttribute || name == kOrderedAttribute || name == kTrackedAttribute;
  if (name != kOutAttribute && name != kInOutAttribute && !of_orchestrations) {
    return op->emitOpError() << "argument " << argument << " has the mark '" << name << "', which nobody knows; there are '"
                             << kOutAttribute << "', '" << kInOutAttribute << "' and '" << kMayAliasAttribute << "'";
  }
  if (of_orchestrations && !isa<OrchestrationOp>(op))
    return op->emitOpError() << "argument " << argument << " has the mark '" << name << "', which only those of an orchestration can have";
  return verify_mark(attribute, [&] { return op->emitOpError() << "argument " << argument << ": "; });
}

LogicalResult TwDialect::verifyOperationAttribute(Operation* op, NamedAttribute attribute) {
  const StringRef name = attribute.getName();
  if (name == kOrderedAttribute || name == kTrackedAttribute) {
    if (!isa<CreateOp>(op)) return op->emitOpError() << "has the attribute '" << name << "', which only a tensor can have";
    return verify_mark(attribute, [&] { return op->emitOpError(); });
  }
  if (name != kParallelAttribute && name != kUnrollAttribute && name != kPipelineAttribute) {
    return op->emitOpError() << "has the attribute '" << name << "', which nobody knows";
  }
  if (!isa<scf::ForOp>(op)) return op->emitOpError() << "has the attribute '" << name << "', which only an scf.for can have";
  if (name != kPipelineAttribute) return verify_mark(attribute, [&] { return op->emitOpError(); });
  auto stages = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!stages || stages.getInt() < 2) return op->emitOpError() << "'" << name << "' takes a number of turns, 2 or more";
  return success();
}

StringRef direction_name(Direction direction) {
  switch (direction) {
    case Direction::kUndecided: return "";
    case Direction::kIn: return "in";
    case Direction::kOut: return "out";
    case Direction::kInOut: return "inout";
    case Direction::kNoDep: return "no_dep";
  }
  llvm_unreachable("a direction without a name");
}

ParseResult parseFull(OpAsmParser& parser, Type& type) { return parser.parseType(type); }
void printFull(OpAsmPrinter& printer, Operation*, Type type) { printer << type; }

// ---- functions

ParseResult parse_function(OpAsmParser& parser, OperationState& result) {
  const auto type = [](Builder& builder, ArrayRef<Type> arguments, ArrayRef<Type> results, function_interface_impl::VariadicFlag,
                       std::string&) { return builder.getFunctionType(arguments, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, parser.getBuilder().getStringAttr("function_type"), type,
      parser.getBuilder().getStringAttr("arg_attrs"), parser.getBuilder().getStringAttr("res_attrs"));
}

void print_function(OpAsmPrinter& printer, FunctionOpInterface function, ArrayRef<StringRef> elided) {
  printer << " ";
  printer.printSymbolName(function.getName());
  function_interface_impl::printFunctionSignature(printer, function, function.getArgumentTypes(), /*isVariadic=*/false,
                                                  function.getResultTypes());
  SmallVector<StringRef> hidden(elided);
  hidden.append({"function_type", "arg_attrs", "res_attrs"});
  function_interface_impl::printFunctionAttributes(printer, function, hidden);
  printer << " ";
  printer.printRegion(function.getFunctionBody(), /*printEntryBlockArgs=*/false);
}

void name_arguments(Region& body, OpAsmSetValueNameFn name) {
  for (const BlockArgument argument : body.getArguments()) {
    if (auto named = dyn_cast<NameLoc>(argument.getLoc())) name(argument, named.getName());
  }
}

LogicalResult verify_signature(FunctionOpInterface function) {
  if (function.getNumResults() != 0) return function->emitOpError("returns values; what it makes goes to arguments marked 'tw.out'");
  bool numbers = false;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    const Type type = function.getArgumentTypes()[i];
    const bool out = function.getArgAttr(i, kOutAttribute) != nullptr;
    const bool inout = function.getArgAttr(i, kInOutAttribute) != nullptr;
    if (isa<DeviceTensorType>(type)) {
      if (numbers) return function->emitOpError() << "argument " << i << " is a tensor behind a number; tensors come first";
      if (out && inout) return function->emitOpError() << "argument " << i << " is marked both 'tw.out' and 'tw.inout'";
      continue;
    }
    numbers = true;
    if (!type.isIntOrIndexOrFloat()) return function->emitOpError() << "argument " << i << " is " << type << ", neither tensor nor number";
    if (out || inout) return function->emitOpError() << "argument " << i << " is a number and cannot be written";
    if (function.getArgAttr(i, kMayAliasAttribute)) return function->emitOpError() << "argument " << i << " is a number and has no memory";
  }
  return success();
}

LogicalResult verify_kernel_body(Operation* kernel) {
  const WalkResult result = kernel->walk([&](Operation* op) {
    if (op == kernel || !isa<TwDialect>(op->getDialect())) return WalkResult::advance();
    if (isa<ViewOp, ReshapeOp, TransposeOp, DimOp, ReadOp, WriteOp, DeclareOp, GetOp, SetOp>(op)) return WalkResult::advance();
    InFlightDiagnostic error = op->emitOpError("stands in a kernel; only an orchestration can do this");
    error.attachNote(kernel->getLoc()) << "the kernel begins here";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

}  // namespace tilewright::tw
