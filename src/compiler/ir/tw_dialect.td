// The dialect of orchestrations: device tensors, tasks, scopes. docs/design/compiler.md says why there are two dialects.
#ifndef TILEWRIGHT_COMPILER_TW_DIALECT
#define TILEWRIGHT_COMPILER_TW_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Tw_Dialect : Dialect {
  let name = "tw";
  let cppNamespace = "::tilewright::tw";
  let summary = "Orchestrations: tensors in device memory, and the tasks that work on them";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasRegionArgAttrVerify = 1;
  let hasOperationAttrVerify = 1;
}

def Tw_Compare : I32EnumAttr<"Compare", "a comparison", [
    I32EnumAttrCase<"kEqual", 0, "eq">, I32EnumAttrCase<"kNotEqual", 1, "ne">, I32EnumAttrCase<"kLess", 2, "lt">,
    I32EnumAttrCase<"kGreater", 3, "gt">, I32EnumAttrCase<"kGreaterEqual", 4, "ge">, I32EnumAttrCase<"kLessEqual", 5, "le">]> {
  let cppNamespace = "::tilewright::tw";
}

class Tw_Type<string name, string mnemonic_> : TypeDef<Tw_Dialect, name> {
  let mnemonic = mnemonic_;
}

def Tw_TensorType : Tw_Type<"DeviceTensor", "tensor"> {
  let summary = "A tensor in device memory, or a view of one";
  let description = [{
    `!tw.tensor<?x512xf32>`: one to five extents, `?` where `tw.dim` tells it at run time, and an element type. A value of this
    type is a reference: two may name the same bytes.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$element);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    unsigned rank() const { return static_cast<unsigned>(getShape().size()); }
    bool is_dynamic(unsigned dimension) const { return ::mlir::ShapedType::isDynamic(getShape()[dimension]); }
    /// How many extents are `?`.
    unsigned dynamic_count() const;
  }];
}

def Tw_TaskIdType : Tw_Type<"TaskId", "task_id"> {
  let summary = "Names one task, or none";
}

def Tw_TaskIdsType : Tw_Type<"TaskIds", "task_ids"> {
  let summary = "A fixed number of task ids";
  let parameters = (ins "int64_t":$count);
  let assemblyFormat = "`<` $count `>`";
  let genVerifyDecl = 1;
}

def Tw_VariableType : Tw_Type<"Variable", "var"> {
  let summary = "A variable of the traced program, until promote-variables has made values of it";
  let parameters = (ins "::mlir::Type":$value);
  let assemblyFormat = "`<` $value `>`";
}

#endif
