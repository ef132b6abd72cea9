// Operations of in-core kernels. An operator is one entry of the table of operators below: its types, what it may lie on, its scratch,
// the instruction that it becomes and what it computes all stand there, and no pass names operators.
#ifndef TILEWRIGHT_COMPILER_TILE_OPS
#define TILEWRIGHT_COMPILER_TILE_OPS

include "compiler/ir/tile_dialect.td"
include "compiler/ir/tw_dialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

// ---- functions

def Tile_FuncOp : Tile_Op<"func", [IsolatedFromAbove, FunctionOpInterface, HasParent<"::mlir::ModuleOp">,
                                   DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "An in-core kernel";
  let description = [{
    Takes tensors, then numbers; `{tw.out}` and `{tw.inout}` mark what it writes. `aic` or `aiv` before the name is the kind of core
    that it runs on, once that is decided. Kernels for both make a mixed task when one `tw.submit` names them.

    ```mlir
    tile.func aiv @exp(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}) {
      %zero = arith.constant 0 : index
      %t = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32>
      %e = tile.exp %t : !tile.tile<64x128xf32>
      tile.store %e, %y[%zero, %zero] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
      tile.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, OptionalAttr<DictArrayAttr>:$arg_attrs,
                   OptionalAttr<DictArrayAttr>:$res_attrs, OptionalAttr<Tile_Core>:$core);
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

def Tile_ReturnOp : Tile_Op<"return", [Pure, Terminator, HasParent<"FuncOp">]> {
  let summary = "Ends a kernel";
  let assemblyFormat = "attr-dict";
}

// ---- between device memory and tiles

def Tile_LoadOp : Tile_Op<"load", [AttrSizedOperandSegments]> {
  let summary = "A tile with the elements of a tensor from these indices on";
  let description = [{
    One index per dimension; the tile's rows and columns run over the last two. `valid` gives the sizes of the valid region that its
    type leaves open, rows before columns; the rest of the tile is padding.
  }];
  let arguments = (ins Arg<Tw_TensorType, "", [MemRead]>:$tensor, Variadic<Index>:$indices, Variadic<Index>:$valid);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = [{
    $tensor `[` $indices `]` (`valid` `(` $valid^ `)`)? attr-dict `:` custom<Full>(type($tensor)) `->` custom<Full>(type($tile))
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store"> {
  let summary = "Writes the valid region of a tile to a tensor, from these indices on";
  let description = "With `atomic_add` the elements are added to what is there, each as one step.";
  let arguments = (ins Tile_TileType:$tile, Arg<Tw_TensorType, "", [MemWrite]>:$tensor, Variadic<Index>:$indices, UnitAttr:$atomic_add);
  let assemblyFormat = [{
    $tile `,` $tensor `[` $indices `]` (`atomic_add` $atomic_add^)? attr-dict `:` custom<Full>(type($tile)) `,` custom<Full>(type($tensor))
  }];
  let hasVerifier = 1;
}

def Tile_GatherLoadOp : Tile_Op<"gather_load"> {
  let summary = "A tile with those rows of a tensor that a row of indices names; 0 for an index outside";
  let description = "The indices are a 1xR tile of i32 for R rows.";
  let arguments = (ins Arg<Tw_TensorType, "", [MemRead]>:$tensor, Tile_TileType:$indices);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = [{
    $tensor `[` $indices `]` attr-dict `:` custom<Full>(type($tensor)) `,` custom<Full>(type($indices)) `->` custom<Full>(type($tile))
  }];
  let hasVerifier = 1;
}

def Tile_ScatterStoreOp : Tile_Op<"scatter_store"> {
  let summary = "Writes the rows of a tile to those of a tensor that a row of indices names";
  let description = "A later row wins; a row for an index outside is left out.";
  let arguments = (ins Tile_TileType:$tile, Arg<Tw_TensorType, "", [MemWrite]>:$tensor, Tile_TileType:$indices);
  let assemblyFormat = [{
    $tile `,` $tensor `[` $indices `]` attr-dict `:` custom<Full>(type($tile)) `,` custom<Full>(type($tensor)) `,` custom<Full>(type($indices))
  }];
  let hasVerifier = 1;
}

// ---- operators

def Tile_Operator : OpInterface<"Operator"> {
  let cppNamespace = "::tilewright::tile";
  let description = "An operation that computes a tile from tiles and numbers.";
  let methods = [StaticInterfaceMethod<"What is to be known of the operation.", "const ::tilewright::tile::OperatorInfo&", "info", (ins), "",
                                       "return ConcreteOp::kInfo;">];
  let verify = "return ::tilewright::tile::verify_operator($_op, ConcreteOp::kInfo);";
}

/// MNEMONIC becomes CALL, in which `$result` is the result, `$0` the first operand, `$scratch` the scratch tile and `$NAME` an
/// attribute; RULE (operator_info.h) says how its types belong together.
class Tile_OperatorOp<string mnemonic, string call_, string rule_, dag attributes = (ins)> : Tile_Op<mnemonic, [Pure, Tile_Operator]> {
  string call = call_;
  string rule = rule_;
  string place = "kVector";     ///< the unit that executes it: kVector or kCube
  string elements = "kAny";     ///< of its tiles, masks and indices aside: kAny, kFloats, kIntegers
  list<int> onto = [];          ///< the operands that the result may take the place of, if nobody needs them any more
  string alsoIn = "kUndecided";  ///< another memory that the instruction can write, by the pipe that loads it
  bit inPlace = 0;              ///< the result takes the place of the first operand
  string scratch = "kNone";     ///< size of `$scratch`: kNone, kLikeFirst, kLikeResult
  /// What it computes of floating-point elements a, b, c of its operands, in C++; a reduction combines a and b.
  string reference = "";

  let arguments = !con(attributes, (ins Variadic<AnyType>:$operands_));
  let results = (outs Tile_TileType:$result);
  let extraClassDeclaration = "static constexpr OperatorInfo kInfo = {\"" # mnemonic # "\", Rule::" # rule # ", \"" # call # "\", Place::" #
                              place # ", Elements::" # elements # ", " # !foldl("0", onto, sum, operand, sum # " | 1 << " # operand) # ", " #
                              !if(inPlace, "true", "false") # ", Scratch::" # scratch # ", Space::" # alsoIn # ", " #
                              !if(!empty(reference), "nullptr",
                                  "+[]([[maybe_unused]] double a, [[maybe_unused]] double b, [[maybe_unused]] double c) -> double { return " #
                                      reference # "; }") # "};";
  let assemblyFormat = "$operands_ attr-dict `:` custom<OperatorTypes>(ref($operands_), type($operands_), type($result))";
}

include "compiler/ir/operators.td"

// ---- tiles as such

def Tile_CreateOp : Tile_Op<"create", [MemoryEffects<[MemAlloc]>]> {
  let summary = "A tile whose elements are not set";
  let arguments = (ins Variadic<Index>:$valid);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "(`valid` `(` $valid^ `)`)? attr-dict `:` custom<Full>(type($tile))";
  let hasVerifier = 1;
}

def Tile_MoveOp : Tile_Op<"move", [Pure]> {
  let summary = "The same tile in another memory, or in another order of its elements";
  let arguments = (ins Tile_TileType:$tile);
  let results = (outs Tile_TileType:$moved);
  let assemblyFormat = "$tile attr-dict `:` custom<Full>(type($tile)) `->` custom<Full>(type($moved))";
  let hasVerifier = 1;
}

def Tile_ExtractOp : Tile_Op<"extract", [Pure]> {
  let summary = "The part of a tile that begins at this row and column, possibly in another memory";
  let arguments = (ins Tile_TileType:$tile, Index:$row, Index:$column);
  let results = (outs Tile_TileType:$part);
  let assemblyFormat = "$tile `[` $row `,` $column `]` attr-dict `:` custom<Full>(type($tile)) `->` custom<Full>(type($part))";
  let hasVerifier = 1;
}

def Tile_InsertOp : Tile_Op<"insert", [Pure, AllTypesMatch<["into", "result"]>]> {
  let summary = "The tile `into` with another one in it from this row and column on; the result takes the place of `into`";
  let arguments = (ins Tile_TileType:$tile, Tile_TileType:$into, Index:$row, Index:$column);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$tile `,` $into `[` $row `,` $column `]` attr-dict `:` custom<Full>(type($tile)) `,` custom<Full>(type($into))";
  let hasVerifier = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "The same elements in the same order under another shape; the result takes the place of the operand";
  let arguments = (ins Tile_TileType:$tile);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$tile attr-dict `:` custom<Full>(type($tile)) `->` custom<Full>(type($result))";
  let hasVerifier = 1;
}

def Tile_SetValidOp : Tile_Op<"set_valid", [Pure]> {
  let summary = "The same tile with another valid region; the result takes the place of the operand";
  let description = "`valid` gives the sizes that the result's type leaves open. What becomes valid holds what the padding held.";
  let arguments = (ins Tile_TileType:$tile, Variadic<Index>:$valid);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$tile (`valid` `(` $valid^ `)`)? attr-dict `:` custom<Full>(type($tile)) `->` custom<Full>(type($result))";
  let hasVerifier = 1;
}

foreach size = ["Rows", "Columns"] in
  def Tile_Valid#size#Op : Tile_Op<"valid_" # !tolower(size), [Pure]> {
    let summary = "How many " # !tolower(size) # " of a tile are valid";
    let arguments = (ins Tile_TileType:$tile);
    let results = (outs Index:$count);
    let assemblyFormat = "$tile attr-dict `:` custom<Full>(type($tile))";
    let hasFolder = 1;
  }

def Tile_ReadOp : Tile_Op<"read", [Pure]> {
  let summary = "One element of a tile";
  let arguments = (ins Tile_TileType:$tile, Index:$row, Index:$column);
  let results = (outs AnyType:$value);
  let assemblyFormat = "$tile `[` $row `,` $column `]` attr-dict `:` custom<Full>(type($tile)) `->` type($value)";
  let hasVerifier = 1;
}

def Tile_WriteOp : Tile_Op<"write", [Pure, AllTypesMatch<["tile", "result"]>]> {
  let summary = "The tile with another value for one element; the result takes the place of the operand";
  let arguments = (ins AnyType:$value, Tile_TileType:$tile, Index:$row, Index:$column);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$value `,` $tile `[` $row `,` $column `]` attr-dict `:` type($value) `,` custom<Full>(type($tile))";
  let hasVerifier = 1;
}

// ---- which core this is

foreach query = [["block_index", "BlockIndex", "The number of this block among those of its task"], ["block_count", "BlockCount", "How many blocks the task has"],
                 ["subblock_index", "SubblockIndex", "Which of its block's AIV cores this is: 0 or 1"]] in
  def Tile_#query[1]#Op : Tile_Op<query[0], [Pure]> {
    let summary = query[2];
    let results = (outs Index:$value);
    let assemblyFormat = "attr-dict";
  }

// ---- order between pipes: plan-memory-and-sync makes these, nobody writes them

def Tile_SetFlagOp : Tile_Op<"set_flag"> {
  let summary = "Sets a flag when all instructions before it on its first pipe are done";
  let arguments = (ins Tile_Pipe:$from, Tile_Pipe:$to, I64Attr:$event);
  let assemblyFormat = "$from `to` $to $event attr-dict";
  let hasVerifier = 1;
}

def Tile_WaitFlagOp : Tile_Op<"wait_flag"> {
  let summary = "The instructions behind it on its second pipe start when the flag is set; clears it";
  let arguments = (ins Tile_Pipe:$from, Tile_Pipe:$to, I64Attr:$event);
  let assemblyFormat = "$from `to` $to $event attr-dict";
  let hasVerifier = 1;
}

def Tile_BarrierOp : Tile_Op<"barrier"> {
  let summary = "What follows on a pipe starts when all before it on that pipe, or on all pipes, is done";
  let arguments = (ins Tile_Pipe:$pipe);
  let assemblyFormat = "$pipe attr-dict";
}

#endif
