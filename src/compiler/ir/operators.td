// The table of operators. tile_ops.td says what the fields mean. References are of floating-point elements, in double precision; those of
// integers, which wrap, are in interpret/run_operator.cpp.
#ifndef TILEWRIGHT_COMPILER_OPERATORS
#define TILEWRIGHT_COMPILER_OPERATORS

// ---- element by element

class Tile_Binary<string mnemonic, string instruction, string of_a_and_b> :
    Tile_OperatorOp<mnemonic, instruction # "($result, $0, $1)", "kSameTiles"> {
  let summary = "Of two tiles, element by element: " # of_a_and_b;
  let reference = of_a_and_b;
  let onto = [0, 1];
}
def Tile_AddOp : Tile_Binary<"add", "TADD", "a + b">;
def Tile_SubOp : Tile_Binary<"sub", "TSUB", "a - b">;
def Tile_MulOp : Tile_Binary<"mul", "TMUL", "a * b">;
def Tile_DivOp : Tile_Binary<"div", "TDIV", "a / b">;
def Tile_MaxOp : Tile_Binary<"max", "TMAX", "std::fmax(a, b)">;
def Tile_MinOp : Tile_Binary<"min", "TMIN", "std::fmin(a, b)">;
let elements = "kIntegers", reference = "" in {
  def Tile_AndOp : Tile_Binary<"and", "TAND", "a & b">;
  def Tile_OrOp : Tile_Binary<"or", "TOR", "a | b">;
  def Tile_ShlOp : Tile_Binary<"shl", "TSHL", "a << b">;
  def Tile_ShrOp : Tile_Binary<"shr", "TSHR", "a >> b">;
  def Tile_XorOp : Tile_Binary<"xor", "TXOR", "a ^ b"> {
    let call = "TXOR($result, $0, $1, $scratch)";
    let scratch = "kLikeResult";
    let onto = []<int>;
  }
}
let onto = []<int> in {
  def Tile_RemOp : Tile_Binary<"rem", "TREM", "a - std::floor(a / b) * b"> {
    let call = "TREM($result, $0, $1, $scratch)";
    let scratch = "kLikeResult";
  }
  def Tile_FmodOp : Tile_Binary<"fmod", "TFMOD", "std::fmod(a, b)">;
  let elements = "kFloats" in
  def Tile_PreluOp : Tile_Binary<"prelu", "TPRELU", "a > 0 ? a : a * b"> {
    let call = "TPRELU($result, $0, $1, $scratch)";
    let scratch = "kLikeResult";
  }
}

class Tile_WithNumber<string mnemonic, string instruction, string of_a_and_b> :
    Tile_OperatorOp<mnemonic, instruction # "($result, $0, $1)", "kTileAndNumber"> {
  let summary = "Of each element a and one number b: " # of_a_and_b;
  let reference = of_a_and_b;
  let onto = [0];
}
def Tile_AddsOp : Tile_WithNumber<"adds", "TADDS", "a + b">;
def Tile_SubsOp : Tile_WithNumber<"subs", "TSUBS", "a - b">;
def Tile_MulsOp : Tile_WithNumber<"muls", "TMULS", "a * b">;
def Tile_DivsOp : Tile_WithNumber<"divs", "TDIVS", "a / b">;
def Tile_MaxsOp : Tile_WithNumber<"maxs", "TMAXS", "std::fmax(a, b)">;
def Tile_MinsOp : Tile_WithNumber<"mins", "TMINS", "std::fmin(a, b)">;
let elements = "kFloats" in {
  def Tile_RdivsOp : Tile_WithNumber<"rdivs", "TDIVS", "b / a"> { let call = "TDIVS($result, $1, $0)"; }
  def Tile_LreluOp : Tile_WithNumber<"lrelu", "TLRELU", "a > 0 ? a : a * b">;
}
let elements = "kIntegers", reference = "" in {
  def Tile_AndsOp : Tile_WithNumber<"ands", "TANDS", "a & b">;
  def Tile_OrsOp : Tile_WithNumber<"ors", "TORS", "a | b">;
  def Tile_ShlsOp : Tile_WithNumber<"shls", "TSHLS", "a << b">;
  def Tile_ShrsOp : Tile_WithNumber<"shrs", "TSHRS", "a >> b">;
  def Tile_XorsOp : Tile_WithNumber<"xors", "TXORS", "a ^ b"> {
    let call = "TXORS($result, $0, $1, $scratch)";
    let scratch = "kLikeResult";
    let onto = []<int>;
  }
}
let onto = []<int> in {
  def Tile_RemsOp : Tile_WithNumber<"rems", "TREMS", "a - std::floor(a / b) * b"> {
    let call = "TREMS($result, $0, $1, $scratch)";
    let scratch = "kLikeResult";
  }
  def Tile_FmodsOp : Tile_WithNumber<"fmods", "TFMODS", "std::fmod(a, b)">;
}

class Tile_Unary<string mnemonic, string instruction, string of_a> : Tile_OperatorOp<mnemonic, instruction # "($result, $0)", "kOneTile"> {
  let summary = "Of each element: " # of_a;
  let reference = of_a;
  let onto = [0];
}
def Tile_AbsOp : Tile_Unary<"abs", "TABS", "std::fabs(a)">;
def Tile_NegOp : Tile_Unary<"neg", "TNEG", "-a">;
def Tile_ReluOp : Tile_Unary<"relu", "TRELU", "a > 0 ? a : 0">;
let elements = "kFloats" in {
  def Tile_ExpOp : Tile_Unary<"exp", "TEXP", "std::exp(a)">;
  def Tile_LogOp : Tile_Unary<"log", "TLOG", "std::log(a)">;
  def Tile_SqrtOp : Tile_Unary<"sqrt", "TSQRT", "std::sqrt(a)">;
  let onto = []<int> in {
    def Tile_RsqrtOp : Tile_Unary<"rsqrt", "TRSQRT", "1 / std::sqrt(a)">;
    def Tile_RecipOp : Tile_Unary<"recip", "TRECIP", "1 / a">;
  }
}
let elements = "kIntegers", reference = "" in
def Tile_NotOp : Tile_Unary<"not", "TNOT", "~a">;

def Tile_AxpyOp : Tile_OperatorOp<"axpy", "TAXPY($result, $1, $2)", "kSameTilesAndNumber"> {
  let summary = "The first tile plus a number times the second; takes the place of the first";
  let reference = "a + c * b";
  let elements = "kFloats";
  let inPlace = 1;
}

// ---- comparing and selecting

class Tile_Comparison<string mnemonic, string instruction, string rule> :
    Tile_OperatorOp<mnemonic, instruction # "($result, $0, $1, $how)", rule, (ins Tw_Compare:$how)> {
  let assemblyFormat = "$how $operands_ attr-dict `:` custom<OperatorTypes>(ref($operands_), type($operands_), type($result))";
}
def Tile_CompareOp : Tile_Comparison<"compare", "TCMP", "kSameTilesToMask"> {
  let summary = "A mask: where an element of the first tile compares with that of the second";
}
def Tile_ComparesOp : Tile_Comparison<"compares", "TCMPS", "kTileAndNumberToMask"> {
  let summary = "A mask: where an element compares with a number";
}
def Tile_SelectOp : Tile_OperatorOp<"select", "TSEL($result, $0, $1, $2, $scratch)", "kMaskAndTiles"> {
  let summary = "Where the mask is set the first tile's element, elsewhere the second's";
  let onto = [1, 2];
  let scratch = "kLikeResult";
}
def Tile_SelectsOp : Tile_OperatorOp<"selects", "TSELS($result, $0, $1, $scratch, $2)", "kMaskTileAndNumber"> {
  let summary = "Where the mask is set the tile's element, elsewhere a number";
  let onto = [1];
  let scratch = "kLikeResult";
}

// ---- reductions and broadcasts

class Tile_RowReduction<string mnemonic, string instruction, string combined> :
    Tile_OperatorOp<mnemonic, instruction # "($result, $0, $scratch)", "kRowToOne"> {
  let summary = "A column with one value for each row: " # combined;
  let reference = combined;
  let scratch = "kLikeFirst";
}
def Tile_RowSumOp : Tile_RowReduction<"row_sum", "TROWSUM", "a + b">;
def Tile_RowMaxOp : Tile_RowReduction<"row_max", "TROWMAX", "std::fmax(a, b)">;
def Tile_RowMinOp : Tile_RowReduction<"row_min", "TROWMIN", "std::fmin(a, b)">;

class Tile_ColumnReduction<string mnemonic, string instruction, string combined> :
    Tile_OperatorOp<mnemonic, instruction # "($result, $0)", "kColumnToOne"> {
  let summary = "A row with one value for each column: " # combined;
  let reference = combined;
}
def Tile_ColSumOp : Tile_ColumnReduction<"col_sum", "TCOLSUM", "a + b">;
def Tile_ColMaxOp : Tile_ColumnReduction<"col_max", "TCOLMAX", "std::fmax(a, b)">;
def Tile_ColMinOp : Tile_ColumnReduction<"col_min", "TCOLMIN", "std::fmin(a, b)">;

foreach way = [["add", "a + b", "Add"], ["sub", "a - b", "Sub"], ["mul", "a * b", "Mul"], ["div", "a / b", "Div"],
               ["max", "std::fmax(a, b)", "Max"], ["min", "std::fmin(a, b)", "Min"], ["expdif", "std::exp(a - b)", "Expdif"]] in {
  def Tile_RowExpand#way[2]#Op : Tile_OperatorOp<"row_expand_" # way[0], "TROWEXPAND" # !toupper(way[0]) # "($result, $0, $1)", "kTileAndColumn"> {
    let summary = "Of each element a and its row's value b in a column: " # way[1];
    let reference = way[1];
    let elements = !if(!eq(way[0], "expdif"), "kFloats", "kAny");
    let onto = [0];
  }
  def Tile_ColExpand#way[2]#Op : Tile_OperatorOp<"col_expand_" # way[0], "TCOLEXPAND" # !toupper(way[0]) # "($result, $0, $1)", "kTileAndRow"> {
    let summary = "Of each element a and its column's value b in a row: " # way[1];
    let reference = way[1];
    let elements = !if(!eq(way[0], "expdif"), "kFloats", "kAny");
    let onto = [0];
  }
}
def Tile_RowExpandOp : Tile_OperatorOp<"row_expand", "TROWEXPAND($result, $0)", "kColumnToTile"> {
  let summary = "A column repeated along its rows";
}
def Tile_ColExpandOp : Tile_OperatorOp<"col_expand", "TCOLEXPAND($result, $0)", "kRowToTile"> {
  let summary = "A row repeated along its columns";
}
def Tile_FillOp : Tile_OperatorOp<"fill", "TEXPANDS($result, $0)", "kNumber"> {
  let summary = "A number in every element";
  let alsoIn = "kMat";
}
def Tile_IotaOp : Tile_OperatorOp<"iota", "TCI<$type, $element, 0>($result, $0)", "kCount"> {
  let summary = "A row that counts up from a number";
  let elements = "kIntegers";
}

// ---- the cube

let place = "kCube" in {
  def Tile_MatmulOp : Tile_OperatorOp<"matmul", "TMATMUL($result, $0, $1)", "kProduct"> {
    let summary = "The product of two tiles";
  }
  def Tile_MatmulAccOp : Tile_OperatorOp<"matmul_acc", "TMATMUL_ACC($result, $1, $2)", "kAccumulate"> {
    let summary = "The first tile plus the product of the others; takes the place of the first";
    let inPlace = 1;
  }
  def Tile_MatmulBiasOp : Tile_OperatorOp<"matmul_bias", "TMATMUL_BIAS($result, $0, $1, $2)", "kProductAndRow"> {
    let summary = "The product of two tiles plus a row";
  }
}

// ---- other orders of the elements, and other types

def Tile_CastOp : Tile_OperatorOp<"cast", "TCVT($result, $0, $round)", "kOtherElement",
                                  (ins DefaultValuedAttr<Tile_Round, "::tilewright::tile::Round::kRint">:$round)> {
  let summary = "The same values in another element type";
  let onto = [0];
  let assemblyFormat = "$operands_ (`round` $round^)? attr-dict `:` custom<OperatorTypes>(ref($operands_), type($operands_), type($result))";
}
def Tile_TransposeOp : Tile_OperatorOp<"transpose", "TTRANS($result, $0, $scratch)", "kTransposed"> {
  let summary = "Rows as columns";
  let scratch = "kLikeResult";
}
def Tile_ConcatOp : Tile_OperatorOp<"concat", "TCONCAT($result, $0, $1)", "kSideBySide"> {
  let summary = "The columns of the first tile and behind them those of the second";
}
def Tile_GatherOp : Tile_OperatorOp<"gather", "TGATHER($result, $0, $1, $scratch)", "kGather"> {
  let summary = "For each index the element with that number, counted row by row; 0 for an index outside";
  let scratch = "kLikeResult";
}
def Tile_ScatterOp : Tile_OperatorOp<"scatter", "TSCATTER($result, $1, $2)", "kScatter"> {
  let summary = "The first tile with element (i, j) of the second in row index(i, j) of column j; takes the place of the first";
  let inPlace = 1;
}
def Tile_PadOp : Tile_OperatorOp<"pad", "TFILLPAD($result, $0)", "kPadded", (ins Tile_Pad:$pad)> {
  let summary = "The same values, with the padding set and valid";
  let assemblyFormat = "$operands_ `with` $pad attr-dict `:` custom<OperatorTypes>(ref($operands_), type($operands_), type($result))";
}

#endif
