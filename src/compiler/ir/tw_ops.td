// Operations of orchestrations.
#ifndef TILEWRIGHT_COMPILER_TW_OPS
#define TILEWRIGHT_COMPILER_TW_OPS

include "compiler/ir/tw_dialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tw_Op<string mnemonic, list<Trait> traits = []> : Op<Tw_Dialect, mnemonic, traits>;

def Tw_AnyTasks : AnyTypeOf<[Tw_TaskIdType, Tw_TaskIdsType]>;

// ---- functions

def Tw_OrchestrationOp : Tw_Op<"orchestration", [IsolatedFromAbove, FunctionOpInterface, HasParent<"::mlir::ModuleOp">,
                                                 DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A function that submits tasks";
  let description = [{
    Its arguments are tensors and then numbers. A tensor is read; one marked `{tw.out}` is written, `{tw.inout}` both. Two that are both
    marked `{tw.may_alias}` may be, or lie in, the same memory. Loops are those of
    scf; on an `scf.for`, `tw.parallel` promises that its turns do not depend on each other, `tw.unroll` asks for a copy of the body for
    each turn, `tw.pipeline = 2`, in a task, for as many turns in flight with tiles of their own.

    derive-dependencies marks each tensor, here and at `tw.create`: `tw.ordered` if the tasks that use it are ordered by `after` and `derived`
    alone, else `tw.tracked` with the reason why the runtime has to.

    ```mlir
    tw.orchestration @softmax(%x: !tw.tensor<?x512xf32>, %y: !tw.tensor<?x512xf32> {tw.out}) {
      ...
      tw.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, OptionalAttr<DictArrayAttr>:$arg_attrs,
                   OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Region* getCallableRegion() { return &getBody(); }
    ::mlir::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::mlir::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
  }];
}

def Tw_ReturnOp : Tw_Op<"return", [Pure, Terminator, HasParent<"OrchestrationOp">]> {
  let summary = "Ends an orchestration";
  let assemblyFormat = "attr-dict";
}

// ---- tensors

def Tw_CreateOp : Tw_Op<"create", [MemoryEffects<[MemAlloc]>, AttrSizedOperandSegments]> {
  let summary = "A new tensor in device memory, for the life of the scope";
  let description = [{
    Extents that its type leaves open are operands. `filled` sets every element. An `untracked` tensor has no dependencies that the
    runtime finds, for as long as it lives.
  }];
  let arguments = (ins Variadic<Index>:$extents, Optional<AnyType>:$initial, UnitAttr:$untracked);
  let results = (outs Tw_TensorType:$tensor);
  let assemblyFormat = [{
    (`(` $extents^ `)`)? (`filled` $initial^ `:` type($initial))? (`untracked` $untracked^)? attr-dict `:` custom<Full>(type($tensor))
  }];
  let hasVerifier = 1;
}

def Tw_ViewOp : Tw_Op<"view", [Pure, AttrSizedOperandSegments]> {
  let summary = "A rectangle of a tensor: one offset and one extent for each of its dimensions";
  let description = [{
    Extents that are known stand in the result's type; the others are operands, in order. The rectangle lies inside the tensor:
    what is known to lie outside is an error here, the rest is checked when the program runs.
  }];
  let arguments = (ins Tw_TensorType:$tensor, Variadic<Index>:$offsets, Variadic<Index>:$extents);
  let results = (outs Tw_TensorType:$view);
  let assemblyFormat = [{
    $tensor `[` $offsets `]` (`extents` `(` $extents^ `)`)? attr-dict `:` custom<Full>(type($tensor)) `->` custom<Full>(type($view))
  }];
  let hasVerifier = 1;
}

def Tw_ReshapeOp : Tw_Op<"reshape", [Pure]> {
  let summary = "The same elements of a dense tensor, in the same order, under another shape";
  let arguments = (ins Tw_TensorType:$tensor, Variadic<Index>:$extents);
  let results = (outs Tw_TensorType:$view);
  let assemblyFormat = "$tensor (`extents` `(` $extents^ `)`)? attr-dict `:` custom<Full>(type($tensor)) `->` custom<Full>(type($view))";
  let hasVerifier = 1;
}

def Tw_TransposeOp : Tw_Op<"transpose", [Pure]> {
  let summary = "The same bytes with two dimensions exchanged";
  let arguments = (ins Tw_TensorType:$tensor, I64Attr:$first, I64Attr:$second);
  let results = (outs Tw_TensorType:$view);
  let assemblyFormat = "$tensor `,` $first `,` $second attr-dict `:` custom<Full>(type($tensor)) `->` custom<Full>(type($view))";
  let hasVerifier = 1;
}

def Tw_AssembleOp : Tw_Op<"assemble"> {
  let summary = "Puts a tensor into a rectangle of another one, from these offsets on";
  let description = [{
    Where the tensor was created to be put there it becomes a view of the other one, and nothing is copied; else it is a task that copies.
  }];
  let arguments = (ins Arg<Tw_TensorType, "", [MemRead]>:$tensor, Arg<Tw_TensorType, "", [MemWrite]>:$into, Variadic<Index>:$offsets);
  let assemblyFormat = "$tensor `,` $into `[` $offsets `]` attr-dict `:` custom<Full>(type($tensor)) `,` custom<Full>(type($into))";
  let hasVerifier = 1;
}

def Tw_DimOp : Tw_Op<"dim", [Pure]> {
  let summary = "An extent of a tensor";
  let arguments = (ins Tw_TensorType:$tensor, I64Attr:$dimension);
  let results = (outs Index:$extent);
  let assemblyFormat = "$tensor `,` $dimension attr-dict `:` custom<Full>(type($tensor))";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tw_ReadOp : Tw_Op<"read"> {
  let summary = "One element of a tensor";
  let description = "An orchestration waits for the task that writes it; a kernel reads what is there.";
  let arguments = (ins Arg<Tw_TensorType, "", [MemRead]>:$tensor, Variadic<Index>:$indices);
  let results = (outs AnyType:$value);
  let assemblyFormat = "$tensor `[` $indices `]` attr-dict `:` custom<Full>(type($tensor)) `->` type($value)";
  let hasVerifier = 1;
}

def Tw_WriteOp : Tw_Op<"write"> {
  let summary = "Another value for one element of a tensor";
  let description = "An orchestration waits for the tasks that use it; a kernel writes at once.";
  let arguments = (ins AnyType:$value, Arg<Tw_TensorType, "", [MemWrite]>:$tensor, Variadic<Index>:$indices);
  let assemblyFormat = "$value `,` $tensor `[` $indices `]` attr-dict `:` type($value) `,` custom<Full>(type($tensor))";
  let hasVerifier = 1;
}

// ---- tasks

def Tw_ScopeOp : Tw_Op<"scope", [SingleBlockImplicitTerminator<"YieldOp">, NoRegionArguments, RecursiveMemoryEffects]> {
  let summary = "A scope of the runtime: what is created in it ends with it";
  let description = "In a `manual` scope tasks are ordered by named dependencies alone, and no other scope stands in it.";
  let arguments = (ins UnitAttr:$manual);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "(`manual` $manual^)? (`->` `(` type($results)^ `)`)? $body attr-dict";
  let hasVerifier = 1;
}

def Tw_YieldOp : Tw_Op<"yield", [Pure, Terminator, HasParent<"ScopeOp">]> {
  let summary = "Ends a scope; its operands are the scope's results";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{/* nothing to set */}]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let hasVerifier = 1;
}

def Tw_AtOp : Tw_Op<"at", [SingleBlock, NoTerminator, NoRegionArguments, RecursiveMemoryEffects, AttrSizedOperandSegments]> {
  let summary = "One task, written where it is submitted; outline-incore makes a kernel of it";
  let description = [{
    `blocks` makes an SPMD task: the body runs once for each block, which `tile.block_index` tells apart; with `sync_start` all blocks
    start together. `after` adds dependencies to those that the runtime finds, `no_dep` takes tensors out of what it looks at. `when`:
    the task runs only if the element, read when the task becomes ready, compares so with the number; else it is complete at once.

    ```mlir
    %t = tw.at "scale" blocks %n after(%p : !tw.task_id) when %flags[%i] ne 0 : !tw.tensor<8xi32> {
      ...
    }
    ```
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name, Optional<Index>:$blocks, UnitAttr:$sync_start, Variadic<Tw_AnyTasks>:$dependencies,
                   Variadic<Tw_TensorType>:$no_dep, Optional<Tw_TensorType>:$tested, Variadic<Index>:$tested_indices,
                   OptionalAttr<Tw_Compare>:$relation, OptionalAttr<I64Attr>:$target, UnitAttr:$early_resolve);
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Tw_TaskIdType:$task);
  let assemblyFormat = [{
    ($name^)? (`blocks` $blocks^)? (`sync_start` $sync_start^)? (`after` `(` $dependencies^ `:` type($dependencies) `)`)?
    (`no_dep` `(` $no_dep^ `:` type($no_dep) `)`)?
    (`when` $tested^ `[` $tested_indices `]` $relation $target `:` custom<Full>(type($tested)))?
    (`early_resolve` $early_resolve^)? $body attr-dict
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Tw_SubmitOp : Tw_Op<"submit", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, AttrSizedOperandSegments]> {
  let summary = "One task: one to three kernels of one core group, or blocks of them, on these arguments";
  let description = [{
    More than one kernel is a mixed task: an AIC kernel and one or two AIV kernels that run side by side on the same arguments.
    `blocks`, `sync_start`, `after`, `when` and `early_resolve` are as in `tw.at`. The word before a tensor is what the runtime does
    with it, infer-directions finds it: `in` waits for writers, `inout` waits and is the next writer, `out` is the next writer without
    waiting, `no_dep` neither. `derived` are tasks that it waits for as well, because of what both access: derive-dependencies finds them.

    ```mlir
    %t = tw.submit @row_softmax(in %x, out %y : !tw.tensor<64x512xf32>, !tw.tensor<64x512xf32>) after(%p : !tw.task_id)
    %u = tw.submit @qk with @soft(%a, %b : !tw.tensor<64x512xf32>, !tw.tensor<64x512xf32>) blocks %n sync_start
    ```
  }];
  let arguments = (ins FlatSymbolRefArrayAttr:$kernels, Variadic<AnyType>:$operands_, OptionalAttr<DenseI32ArrayAttr>:$directions,
                   Optional<Index>:$blocks, UnitAttr:$sync_start, Variadic<Tw_AnyTasks>:$dependencies, Variadic<Tw_TaskIdType>:$derived,
                   Optional<Tw_TensorType>:$tested, Variadic<Index>:$tested_indices, OptionalAttr<Tw_Compare>:$relation,
                   OptionalAttr<I64Attr>:$target, UnitAttr:$early_resolve);
  let results = (outs Tw_TaskIdType:$task);
  let assemblyFormat = [{
    custom<Kernels>($kernels) `` custom<Arguments>($operands_, type($operands_), $directions)
    (`blocks` $blocks^)? (`sync_start` $sync_start^)? (`after` `(` $dependencies^ `:` type($dependencies) `)`)?
    (`derived` `(` $derived^ `:` type($derived) `)`)?
    (`when` $tested^ `[` $tested_indices `]` $relation $target `:` custom<Full>(type($tested)))?
    (`early_resolve` $early_resolve^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// What the runtime does with operand `i`; kUndecided until call-directions has run, and for numbers.
    ::tilewright::tw::Direction direction(unsigned i);
  }];
}

def Tw_DummyOp : Tw_Op<"dummy"> {
  let summary = "A task without a kernel: complete when all that it waits for are";
  let arguments = (ins Variadic<Tw_AnyTasks>:$dependencies);
  let results = (outs Tw_TaskIdType:$task);
  let assemblyFormat = "`after` `(` ($dependencies^ `:` type($dependencies))? `)` attr-dict";
}

def Tw_NoTaskOp : Tw_Op<"no_task", [Pure]> {
  let summary = "The task id that names no task; waiting for it is no wait";
  let results = (outs Tw_TaskIdType:$task);
  let assemblyFormat = "attr-dict";
}

def Tw_IsTaskOp : Tw_Op<"is_task", [Pure]> {
  let summary = "Whether a task id names a task";
  let arguments = (ins Tw_TaskIdType:$task);
  let results = (outs I1:$named);
  let assemblyFormat = "$task attr-dict";
}

def Tw_NoTasksOp : Tw_Op<"no_tasks", [Pure]> {
  let summary = "An array of task ids that name no tasks";
  let results = (outs Tw_TaskIdsType:$tasks);
  let assemblyFormat = "attr-dict `:` custom<Full>(type($tasks))";
}

def Tw_GetTaskOp : Tw_Op<"get_task", [Pure]> {
  let summary = "One of an array of task ids";
  let arguments = (ins Tw_TaskIdsType:$tasks, Index:$index);
  let results = (outs Tw_TaskIdType:$task);
  let assemblyFormat = "$tasks `[` $index `]` attr-dict `:` custom<Full>(type($tasks))";
  let hasVerifier = 1;
}

def Tw_SetTaskOp : Tw_Op<"set_task", [Pure, AllTypesMatch<["tasks", "result"]>]> {
  let summary = "The array of task ids with another one at an index";
  let arguments = (ins Tw_TaskIdType:$task, Tw_TaskIdsType:$tasks, Index:$index);
  let results = (outs Tw_TaskIdsType:$result);
  let assemblyFormat = "$task `,` $tasks `[` $index `]` attr-dict `:` custom<Full>(type($tasks))";
  let hasVerifier = 1;
}

foreach count = [["cluster_count", "ClusterCount", "How many core groups the device has"], ["aiv_count", "AivCount", "How many AIV cores the device has"]] in
  def Tw_#count[1]#Op : Tw_Op<count[0], [Pure]> {
    let summary = count[2];
    let results = (outs Index:$count);
    let assemblyFormat = "attr-dict";
  }

// ---- variables of the traced program

def Tw_DeclareOp : Tw_Op<"declare", [OptionalTypesMatchWith<"the first value has the variable's type", "variable", "initial",
                                                             "::llvm::cast<::tilewright::tw::VariableType>($_self).getValue()">]> {
  let summary = "A variable, with its first value if it has one yet";
  let arguments = (ins Optional<AnyType>:$initial);
  let results = (outs Res<Tw_VariableType, "", [MemAlloc]>:$variable);
  let assemblyFormat = "($initial^)? attr-dict `:` custom<Full>(type($variable))";
}

def Tw_GetOp : Tw_Op<"get", [TypesMatchWith<"the value has the variable's type", "variable", "value",
                                             "::llvm::cast<::tilewright::tw::VariableType>($_self).getValue()">]> {
  let summary = "What a variable holds";
  let arguments = (ins Arg<Tw_VariableType, "", [MemRead]>:$variable);
  let results = (outs AnyType:$value);
  let assemblyFormat = "$variable attr-dict `:` custom<Full>(type($variable))";
}

def Tw_SetOp : Tw_Op<"set", [TypesMatchWith<"the value has the variable's type", "variable", "value",
                                             "::llvm::cast<::tilewright::tw::VariableType>($_self).getValue()">]> {
  let summary = "Gives a variable another value";
  let arguments = (ins AnyType:$value, Arg<Tw_VariableType, "", [MemWrite]>:$variable);
  let assemblyFormat = "$value `,` $variable attr-dict `:` custom<Full>(type($variable))";
}

#endif
