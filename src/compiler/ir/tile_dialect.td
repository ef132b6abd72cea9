// The dialect of in-core kernels: tiles in on-chip memory and what computes on them.
#ifndef TILEWRIGHT_COMPILER_TILE_DIALECT
#define TILEWRIGHT_COMPILER_TILE_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::tilewright::tile";
  let summary = "In-core kernels: tiles in on-chip memory";
  let dependentDialects = ["::tilewright::tw::TwDialect", "::mlir::arith::ArithDialect"];
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    void register_types();
  }];
  let hasOperationAttrVerify = 1;
  let hasConstantMaterializer = 1;
}

def Tile_Space : I32EnumAttr<"Space", "an on-chip memory", [
    I32EnumAttrCase<"kUndecided", 0, "undecided">, I32EnumAttrCase<"kVec", 1, "vec">, I32EnumAttrCase<"kMat", 2, "mat">,
    I32EnumAttrCase<"kLeft", 3, "left">, I32EnumAttrCase<"kRight", 4, "right">, I32EnumAttrCase<"kAcc", 5, "acc">,
    I32EnumAttrCase<"kBias", 6, "bias">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_Round : I32EnumAttr<"Round", "how a conversion rounds", [
    I32EnumAttrCase<"kNone", 0, "none">, I32EnumAttrCase<"kRint", 1, "rint">, I32EnumAttrCase<"kRound", 2, "round">,
    I32EnumAttrCase<"kFloor", 3, "floor">, I32EnumAttrCase<"kCeil", 4, "ceil">, I32EnumAttrCase<"kTrunc", 5, "trunc">,
    I32EnumAttrCase<"kOdd", 6, "odd">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_Pad : I32EnumAttr<"Pad", "what the padding of a tile holds", [
    I32EnumAttrCase<"kZero", 0, "zero">, I32EnumAttrCase<"kMin", 1, "min">, I32EnumAttrCase<"kMax", 2, "max">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_Core : I32EnumAttr<"Core", "a kind of core", [I32EnumAttrCase<"kAic", 0, "aic">, I32EnumAttrCase<"kAiv", 1, "aiv">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_Pipe : I32EnumAttr<"Pipe", "a pipe of a core: its instructions run in order, pipes run side by side", [
    I32EnumAttrCase<"kScalar", 0, "s">, I32EnumAttrCase<"kVector", 1, "v">, I32EnumAttrCase<"kCube", 2, "m">,
    I32EnumAttrCase<"kMte1", 3, "mte1">, I32EnumAttrCase<"kMte2", 4, "mte2">, I32EnumAttrCase<"kMte3", 5, "mte3">,
    I32EnumAttrCase<"kFix", 6, "fix">, I32EnumAttrCase<"kAll", 7, "all">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_Layout : I32EnumAttr<"Layout", "the order of a tile's elements", [
    I32EnumAttrCase<"kOfSpace", 0, "of_space">, I32EnumAttrCase<"kRowMajor", 1, "row_major">, I32EnumAttrCase<"kColumnMajor", 2, "col_major">,
    I32EnumAttrCase<"kNz", 3, "nz">, I32EnumAttrCase<"kZn", 4, "zn">, I32EnumAttrCase<"kZz", 5, "zz">]> {
  let cppNamespace = "::tilewright::tile";
}

def Tile_TileType : TypeDef<Tile_Dialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "A tile in on-chip memory";
  let description = [{
    Rows and columns that it has room for, and the element type; `i1` makes it a mask. Then what has been decided, in this order:

    - `valid 60x?`: the region from its origin that holds values, unless that is all of it; `?` is known at run time.
    - `vec`, `mat`, `left`, `right`, `acc`, `bias`: the memory that it lies in.
    - `col_major`, `row_major`, `nz`, `zn`, `zz`: the order of its elements, if it is not the one that the memory implies.
    - `at 4096`: its address in that memory, in bytes.

    So `!tile.tile<64x128xf32>` as it is written first, and `!tile.tile<64x128xf32, valid 60x?, vec, at 4096>` in the end. An address
    in the type means that a tile that a loop carries lies at one place through all turns, and a verifier sees it when it does not.
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$element, "int64_t":$validRows, "int64_t":$validColumns,
                    "::tilewright::tile::Space":$space, "::tilewright::tile::Layout":$layout, "int64_t":$address);
  let builders = [
    TypeBuilderWithInferredContext<(ins "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$element,
                                        CArg<"::tilewright::tile::Space", "::tilewright::tile::Space::kUndecided">:$space), [{
      return $_get(element.getContext(), rows, columns, element, rows, columns, space, Layout::kOfSpace, kNoAddress);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kNoAddress = -1;

    bool is_whole() const { return getValidRows() == getRows() && getValidColumns() == getColumns(); }
    bool is_mask() const { return getElement().isInteger(1); }
    bool has_address() const { return getAddress() != kNoAddress; }
    /// How many sizes of the valid region are known at run time only.
    unsigned open_count() const;

    TileType with_element(::mlir::Type element) const;
    TileType with_valid(int64_t rows, int64_t columns) const;
    TileType with_space(::tilewright::tile::Space space) const;
    TileType with_layout(::tilewright::tile::Layout layout) const;
    TileType with_address(int64_t address) const;
    /// The same values wherever they lie: without memory, layout and address.
    TileType unplaced() const;
    /// "64x128xf32", with the valid region if it is not the whole: how messages show it.
    std::string text() const;
  }];
}

#endif
