// Views of global memory and tiles of on-chip memory (spec/tile-isa.md, 1.1 and 1.2). They own nothing.
#pragma once

#include <stdint.h>

#include <type_traits>

#include "pto/common/constants.hpp"
#include "pto/common/sim.hpp"
#include "pto/common/type.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// A dimension that is known only at run time.
constexpr int DYNAMIC = -1;

namespace detail {

/// Five numbers of which some are fixed at compile time; what Shape and Stride have in common.
template <int64_t... Static>
struct FiveDims {
  static constexpr int64_t kStatic[5] = {Static...};
  static constexpr int kDynamicCount = ((Static == DYNAMIC ? 1 : 0) + ...);

  /// Static values as they are, dynamic ones 1.
  static constexpr void set_default(int64_t (&values)[5]) {
    for (int d = 0; d < 5; ++d) values[d] = kStatic[d] == DYNAMIC ? 1 : kStatic[d];
  }

  /// Stores the dynamic positions out of five values, or out of exactly as many values as there are dynamic positions.
  template <typename... Values>
  static constexpr void set(int64_t (&values)[5], Values... given_values) {
    static_assert(sizeof...(Values) == 5 || static_cast<int>(sizeof...(Values)) == kDynamicCount,
                  "give five values, or one for each DYNAMIC dimension");
    const int64_t given[] = {static_cast<int64_t>(given_values)...};
    int next = 0;
    for (int d = 0; d < 5; ++d) {
      const bool dynamic = kStatic[d] == DYNAMIC;
      values[d] = !dynamic ? kStatic[d] : sizeof...(Values) == 5 ? given[d] : given[next];
      next += dynamic ? 1 : 0;
    }
  }
};

/// T::kType where kernel code can take its address: a device compiler has no place for a static member.
template <typename T>
PTO_DATA inline constexpr auto described = T::kType;

template <typename... Values>
inline constexpr bool all_integral_v = (std::is_convertible_v<Values, int64_t> && ...);

}  // namespace detail

/// Extent of a global tensor: always five dimensions, outermost first.
template <int64_t N1 = DYNAMIC, int64_t N2 = DYNAMIC, int64_t N3 = DYNAMIC, int64_t N4 = DYNAMIC, int64_t N5 = DYNAMIC>
struct Shape {
  using Dims = detail::FiveDims<N1, N2, N3, N4, N5>;
  static constexpr int64_t staticShape[5] = {N1, N2, N3, N4, N5};
  int64_t shape[5];

  PTO_FN constexpr Shape() : shape{} { Dims::set_default(shape); }
  template <typename... Values>
    requires(sizeof...(Values) > 0 && detail::all_integral_v<Values...>)
  PTO_FN constexpr Shape(Values... values) : shape{} {
    Dims::set(shape, values...);
  }
};

/// Strides of a global tensor, in elements.
template <int64_t SN1 = DYNAMIC, int64_t SN2 = DYNAMIC, int64_t SN3 = DYNAMIC, int64_t SN4 = DYNAMIC, int64_t SN5 = DYNAMIC>
struct Stride {
  using Dims = detail::FiveDims<SN1, SN2, SN3, SN4, SN5>;
  static constexpr int64_t staticStride[5] = {SN1, SN2, SN3, SN4, SN5};
  int64_t stride[5];

  PTO_FN constexpr Stride() : stride{} { Dims::set_default(stride); }
  template <typename... Values>
    requires(sizeof...(Values) > 0 && detail::all_integral_v<Values...>)
  PTO_FN constexpr Stride(Values... values) : stride{} {
    Dims::set(stride, values...);
  }
};

struct TileConfig {
  static constexpr int alignedSize = 32;
  static constexpr int fixedRowSize = 16;
  static constexpr int fixedColSize = 16;
  static constexpr int fixedMxRowSize = 16;
  static constexpr int fixedMxColSize = 2;
  static constexpr int fractalABSize = 512;
  static constexpr int fractalCSize = 1024;
  static constexpr int fractalMxSize = 32;
};

namespace detail {

/// The element code of a C++ type; kPtoElementCount for a type that is no element.
template <typename T>
constexpr PtoElement element_of() {
  if constexpr (std::is_same_v<T, float>)
    return kPtoF32;
  else if constexpr (std::is_same_v<T, half>)
    return kPtoF16;
  else if constexpr (std::is_same_v<T, bfloat16_t>)
    return kPtoBf16;
  else if constexpr (std::is_same_v<T, float8_e4m3_t>)
    return kPtoF8E4M3;
  else if constexpr (std::is_same_v<T, float8_e5m2_t>)
    return kPtoF8E5M2;
  else if constexpr (std::is_same_v<T, float8_e8m0_t>)
    return kPtoF8E8M0;
  else if constexpr (std::is_same_v<T, hifloat8_t>)
    return kPtoHif8;
  else if constexpr (std::is_same_v<T, float4_e2m1x2_t>)
    return kPtoF4E2M1x2;
  else if constexpr (std::is_same_v<T, float4_e1m2x2_t>)
    return kPtoF4E1M2x2;
  else if constexpr (std::is_same_v<T, int4b_t>)
    return kPtoI4;
  else if constexpr (std::is_integral_v<T>) {
    constexpr bool kSigned = std::is_signed_v<T>;
    return sizeof(T) == 1   ? (kSigned ? kPtoI8 : kPtoU8)
           : sizeof(T) == 2 ? (kSigned ? kPtoI16 : kPtoU16)
           : sizeof(T) == 4 ? (kSigned ? kPtoI32 : kPtoU32)
                            : (kSigned ? kPtoI64 : kPtoU64);
  } else
    return kPtoElementCount;
}

/// fp4 types are twins: two elements share a byte. Extents, strides and offsets count elements everywhere.
template <typename T>
inline constexpr bool is_twin_v = std::is_same_v<T, float4_e2m1x2_t> || std::is_same_v<T, float4_e1m2x2_t>;
template <typename T>
inline constexpr int element_bits_v = is_twin_v<T> ? 4 : 8 * static_cast<int>(sizeof(T));
/// As the binary interface has it: 0 where elements share a byte.
template <typename T>
inline constexpr uint8_t element_bytes_v = is_twin_v<T> ? 0 : sizeof(T);

/// Shapes and strides of a rows x cols matrix in one arrangement. S(i) and D(i) are the i-th size and stride.
template <typename T, Layout L>
struct Arrangement {
  static constexpr int64_t kC0 = 8 * TileConfig::alignedSize / element_bits_v<T>;

  static constexpr int64_t size(int d, int64_t r, int64_t c) {
    const bool dynamic_r = r == DYNAMIC, dynamic_c = c == DYNAMIC;
    auto divide = [](int64_t n, int64_t by, bool dynamic) { return dynamic ? int64_t{DYNAMIC} : n / by; };
    if constexpr (L == Layout::ND || L == Layout::DN) {
      const int64_t v[5] = {1, 1, 1, r, c};
      return v[d];
    } else if constexpr (L == Layout::NZ) {
      const int64_t v[5] = {1, divide(c, kC0, dynamic_c), divide(r, 16, dynamic_r), 16, kC0};
      return v[d];
    } else if constexpr (L == Layout::MX_A_ZZ) {
      const int64_t v[5] = {1, divide(r, 16, dynamic_r), divide(c, 2, dynamic_c), 16, 2};
      return v[d];
    } else if constexpr (L == Layout::MX_B_NN) {
      const int64_t v[5] = {1, divide(c, 16, dynamic_c), divide(r, 2, dynamic_r), 16, 2};
      return v[d];
    } else if constexpr (L == Layout::HIF4_A_ZZ) {
      const int64_t v[5] = {1, divide(r, 16, dynamic_r), divide(c, 4, dynamic_c), 16, 4};
      return v[d];
    } else if constexpr (L == Layout::HIF4_B_NN) {
      const int64_t v[5] = {1, divide(c, 16, dynamic_c), divide(r, 4, dynamic_r), 16, 4};
      return v[d];
    } else if constexpr (L == Layout::MX_A_ND) {
      const int64_t v[5] = {1, 1, r, divide(c, 2, dynamic_c), 2};
      return v[d];
    } else if constexpr (L == Layout::MX_A_DN) {
      const int64_t v[5] = {1, 1, divide(c, 2, dynamic_c), r, 2};
      return v[d];
    } else if constexpr (L == Layout::MX_B_ND) {
      const int64_t v[5] = {1, 1, divide(r, 2, dynamic_r), c, 2};
      return v[d];
    } else {
      static_assert(L == Layout::MX_B_DN, "TileShape2D: this layout has no two-dimensional form here");
      const int64_t v[5] = {1, 1, c, divide(r, 2, dynamic_r), 2};
      return v[d];
    }
  }

  static constexpr int64_t step(int d, int64_t r, int64_t c) {
    const bool dynamic_r = r == DYNAMIC, dynamic_c = c == DYNAMIC;
    auto times = [](int64_t a, int64_t b, bool dynamic) { return dynamic ? int64_t{DYNAMIC} : a * b; };
    const int64_t rc = times(r, c, dynamic_r || dynamic_c);
    if constexpr (L == Layout::ND) {
      const int64_t v[5] = {rc, rc, rc, c, 1};
      return v[d];
    } else if constexpr (L == Layout::DN) {
      const int64_t v[5] = {rc, rc, rc, 1, r};
      return v[d];
    } else if constexpr (L == Layout::NZ) {
      const int64_t v[5] = {rc, times(r, kC0, dynamic_r), 16 * kC0, kC0, 1};
      return v[d];
    } else if constexpr (L == Layout::MX_A_ZZ) {
      const int64_t v[5] = {rc, times(16, c, dynamic_c), 32, 2, 1};
      return v[d];
    } else if constexpr (L == Layout::MX_B_NN) {
      const int64_t v[5] = {rc, times(16, r, dynamic_r), 32, 2, 1};
      return v[d];
    } else if constexpr (L == Layout::HIF4_A_ZZ) {
      const int64_t v[5] = {rc, times(16, c, dynamic_c), 64, 4, 1};
      return v[d];
    } else if constexpr (L == Layout::HIF4_B_NN) {
      const int64_t v[5] = {rc, times(16, r, dynamic_r), 64, 4, 1};
      return v[d];
    } else if constexpr (L == Layout::MX_A_ND) {
      const int64_t v[5] = {rc, rc, c, 2, 1};
      return v[d];
    } else if constexpr (L == Layout::MX_A_DN) {
      const int64_t v[5] = {rc, rc, times(2, r, dynamic_r), 2, 1};
      return v[d];
    } else if constexpr (L == Layout::MX_B_ND) {
      const int64_t v[5] = {rc, rc, times(2, c, dynamic_c), 2, 1};
      return v[d];
    } else {
      static_assert(L == Layout::MX_B_DN, "BaseShape2D: this layout has no two-dimensional form here");
      const int64_t v[5] = {rc, rc, r, 2, 1};
      return v[d];
    }
  }
};

template <typename T, int64_t R, int64_t C, Layout L, typename A = Arrangement<T, L>>
using ArrangedShape = Shape<A::size(0, R, C), A::size(1, R, C), A::size(2, R, C), A::size(3, R, C), A::size(4, R, C)>;
template <typename T, int64_t R, int64_t C, Layout L, typename A = Arrangement<T, L>>
using ArrangedStride = Stride<A::step(0, R, C), A::step(1, R, C), A::step(2, R, C), A::step(3, R, C), A::step(4, R, C)>;

template <typename T, int64_t R, int64_t C, Layout L>
constexpr bool nz_extent_ok() {
  if constexpr (L == Layout::NZ) {
    return (R == DYNAMIC || R % 16 == 0) && (C == DYNAMIC || C % Arrangement<T, L>::kC0 == 0);
  }
  return true;
}

}  // namespace detail

/// The Shape of a rows x cols matrix in a layout. With DYNAMIC extents, construct it from (rows, cols).
template <typename T, int64_t R, int64_t C, Layout L = Layout::ND>
struct TileShape2D : detail::ArrangedShape<T, R, C, L> {
  using Base = detail::ArrangedShape<T, R, C, L>;
  static_assert(detail::nz_extent_ok<T, R, C, L>(), "NZ needs rows % 16 == 0 and cols % (32 / sizeof(T)) == 0");

  PTO_FN constexpr TileShape2D() {
    static_assert(R != DYNAMIC && C != DYNAMIC, "TileShape2D with a DYNAMIC extent is constructed from (rows, cols)");
  }
  PTO_FN constexpr TileShape2D(int64_t rows, int64_t cols) {
    for (int d = 0; d < 5; ++d) this->shape[d] = detail::Arrangement<T, L>::size(d, rows, cols);
  }
};

/// The Stride that goes with TileShape2D for a contiguous matrix.
template <typename T, int64_t R, int64_t C, Layout L = Layout::ND>
struct BaseShape2D : detail::ArrangedStride<T, R, C, L> {
  using Base = detail::ArrangedStride<T, R, C, L>;

  PTO_FN constexpr BaseShape2D() {
    static_assert(R != DYNAMIC && C != DYNAMIC, "BaseShape2D with a DYNAMIC extent is constructed from (rows, cols)");
  }
  PTO_FN constexpr BaseShape2D(int64_t rows, int64_t cols) {
    for (int d = 0; d < 5; ++d) this->stride[d] = detail::Arrangement<T, L>::step(d, rows, cols);
  }
};

/// A strided five-dimensional view of global memory. Copying it copies the view.
template <typename Element_, typename Shape_, typename Stride_, Layout Layout_ = Layout::ND>
struct GlobalTensor {
  using RawDType = Element_;
  using DType = __gm__ Element_;
  using ShapeType = Shape_;
  using StrideType = Stride_;
  static constexpr Layout layout = Layout_;
  static constexpr const int64_t (&staticShape)[5] = Shape_::staticShape;
  static constexpr const int64_t (&staticStride)[5] = Stride_::staticStride;
  static constexpr PtoGlobalType kType = {detail::element_of<std::remove_cv_t<Element_>>(),
                                          detail::element_bytes_v<std::remove_cv_t<Element_>>, static_cast<uint8_t>(Layout_)};

  PTO_FN GlobalTensor() : data_(nullptr) {}
  PTO_FN GlobalTensor(DType* data, const Shape_& shape = Shape_(), const Stride_& stride = Stride_())
      : data_(data), shape_(shape), stride_(stride) {}

  PTO_FN int64_t GetShape(int dim) const { return shape_.shape[dim]; }
  PTO_FN int64_t GetStride(int dim) const { return stride_.stride[dim]; }
  template <int Dim>
  PTO_FN static constexpr int64_t GetShape() {
    static_assert(Shape_::staticShape[Dim] != DYNAMIC, "GetShape<dim>() is for static dimensions; use GetShape(dim)");
    return Shape_::staticShape[Dim];
  }
  template <int Dim>
  PTO_FN static constexpr int64_t GetStride() {
    static_assert(Stride_::staticStride[Dim] != DYNAMIC, "GetStride<dim>() is for static strides; use GetStride(dim)");
    return Stride_::staticStride[Dim];
  }

  /// SetShape<3, 4>(rows, cols): replaces dynamic dimensions.
  template <int... Dims, typename... Values>
  PTO_FN void SetShape(Values... values) {
    static_assert(sizeof...(Dims) == sizeof...(Values) && sizeof...(Dims) >= 1, "one value for each dimension named");
    static_assert(((Shape_::staticShape[Dims] == DYNAMIC) && ...), "only a DYNAMIC dimension can be set");
    ((shape_.shape[Dims] = static_cast<int64_t>(values)), ...);
  }
  template <int... Dims, typename... Values>
  PTO_FN void SetStride(Values... values) {
    static_assert(sizeof...(Dims) == sizeof...(Values) && sizeof...(Dims) >= 1, "one value for each dimension named");
    static_assert(((Stride_::staticStride[Dims] == DYNAMIC) && ...), "only a DYNAMIC stride can be set");
    ((stride_.stride[Dims] = static_cast<int64_t>(values)), ...);
  }

  PTO_FN DType* data() const { return data_; }
  PTO_FN void rebind(DType* data) { data_ = data; }

  PTO_FN void describe(PtoOperand& operand) const {
    operand.tile = nullptr;
    operand.global = &detail::described<GlobalTensor>;
    operand.shape = shape_.shape;
    operand.stride = stride_.stride;
    operand.data = const_cast<std::remove_cv_t<Element_>*>(data_);
    operand.valid_rows = operand.valid_cols = 0;
  }

 private:
  DType* data_;
  Shape_ shape_;
  Stride_ stride_;
};

namespace detail {

/// Reports a scalar access to a tile when someone watches (the hazard checker); see PtoSimTable::watch_scalars.
__attribute__((noinline, cold)) PTO_FN void report_scalar_access(Op op, const PtoTileType* tile, void* data, uint64_t offset) {
  PtoInstruction instruction = {};
  instruction.op = static_cast<uint16_t>(op);
  instruction.pipe = PIPE_S;
  instruction.operand_count = 1;
  instruction.attributes.scalar = offset;
  instruction.operands[0] = {tile, nullptr, nullptr, nullptr, data, tile->rows, tile->cols};
  sim().execute(&instruction);
}

template <int Rows, int Cols, BLayout B, SLayout S, int FractalSize, int ElementBits>
struct TileGeometry {
  static constexpr int kPerBlock = 8 * TileConfig::alignedSize / ElementBits;
  static constexpr bool kBoxed = S != SLayout::NoneBox;
  static constexpr int kInnerRows = !kBoxed                                    ? 1
                                    : FractalSize == TileConfig::fractalCSize  ? 16
                                    : FractalSize == TileConfig::fractalMxSize ? (S == SLayout::RowMajor ? 16 : 2)
                                                                               : (S == SLayout::RowMajor ? 16 : kPerBlock);
  static constexpr int kInnerCols = !kBoxed                                    ? 1
                                    : FractalSize == TileConfig::fractalCSize  ? 16
                                    : FractalSize == TileConfig::fractalMxSize ? (S == SLayout::RowMajor ? 2 : 16)
                                                                               : (S == SLayout::RowMajor ? kPerBlock : 16);
  static constexpr PtoTileLayout kLayout = !kBoxed                  ? (B == BLayout::RowMajor ? kPtoNd : kPtoDn)
                                           : B == BLayout::RowMajor ? (S == SLayout::RowMajor ? kPtoZz : kPtoZn)
                                           : S == SLayout::RowMajor ? kPtoNz
                                                                    : kPtoNn;
  /// Steps that TSUBVIEW takes: exact for whole boxes.
  static constexpr int kRowStride = B == BLayout::RowMajor ? Cols : kInnerCols;
  static constexpr int kColStride = B == BLayout::RowMajor ? kInnerRows : Rows;

  static constexpr int64_t offset(int64_t r, int64_t c) {
    if constexpr (!kBoxed) return r * kRowStride + c * kColStride;
    const int64_t br = r / kInnerRows, ir = r % kInnerRows, bc = c / kInnerCols, ic = c % kInnerCols;
    const int64_t box = B == BLayout::RowMajor ? br * Cols * kInnerRows + bc * kInnerRows * kInnerCols
                                               : bc * Rows * kInnerCols + br * kInnerRows * kInnerCols;
    return box + (S == SLayout::RowMajor ? ir * kInnerCols + ic : ic * kInnerRows + ir);
  }
};

}  // namespace detail

/// A two-dimensional tile in one of the core's memories. The physical extent is a compile-time constant; the valid extent may be
/// DYNAMIC, then the constructor takes it. TASSIGN gives the tile its place.
template <TileType Loc_, typename Element_, int Rows_, int Cols_, BLayout BFractal_ = BLayout::RowMajor, int RowValid_ = Rows_,
          int ColValid_ = Cols_, SLayout SFractal_ = SLayout::NoneBox, int SFractalSize_ = TileConfig::fractalABSize,
          auto PadVal_ = PadValue::Null, CompactMode Compact_ = CompactMode::Null>
struct Tile {
  using DType = Element_;
  using TileDType = Element_*;
  using Geometry = detail::TileGeometry<Rows_, Cols_, BFractal_, SFractal_, SFractalSize_, detail::element_bits_v<Element_>>;

  static constexpr TileType Loc = Loc_;
  static constexpr int Rows = Rows_;
  static constexpr int Cols = Cols_;
  static constexpr int RowStride = Geometry::kRowStride;
  static constexpr int ColStride = Geometry::kColStride;
  static constexpr int ValidRow = RowValid_;
  static constexpr int ValidCol = ColValid_;
  static constexpr BLayout BFractal = BFractal_;
  static constexpr SLayout SFractal = SFractal_;
  static constexpr int SFractalSize = SFractalSize_;
  static constexpr int Numel = Rows_ * Cols_;
  static constexpr bool isRowMajor = BFractal_ == BLayout::RowMajor;
  static constexpr bool isBoxedLayout = Geometry::kBoxed;
  static constexpr bool isInnerRowMajor = SFractal_ == SLayout::RowMajor;
  static constexpr bool isInnerColMajor = SFractal_ == SLayout::ColMajor;
  static constexpr int InnerRows = Geometry::kInnerRows;
  static constexpr int InnerCols = Geometry::kInnerCols;
  static constexpr int InnerNumel = InnerRows * InnerCols;
  static constexpr PadValue PadVal = static_cast<PadValue>(PadVal_);
  static constexpr CompactMode Compact = Compact_;
  static constexpr PtoTileType kType = {detail::element_of<Element_>(),
                                        detail::element_bytes_v<Element_>,
                                        static_cast<uint8_t>(Loc_),
                                        Geometry::kLayout,
                                        Rows_,
                                        Cols_,
                                        InnerRows,
                                        InnerCols,
                                        static_cast<uint64_t>(PadVal)};
  static constexpr int64_t kBytes = int64_t{Rows_} * Cols_ * detail::element_bits_v<Element_> / 8;

  static_assert(detail::element_of<Element_>() != kPtoElementCount, "Tile: this element type is not supported");
  static_assert(Rows_ > 0 && Cols_ > 0, "Tile: the physical extent is at least 1 x 1");
  static_assert(RowValid_ == DYNAMIC || (RowValid_ >= 0 && RowValid_ <= Rows_), "Tile: valid rows exceed the physical rows");
  static_assert(ColValid_ == DYNAMIC || (ColValid_ >= 0 && ColValid_ <= Cols_), "Tile: valid columns exceed the physical columns");
  static_assert(SFractalSize_ == TileConfig::fractalABSize || SFractalSize_ == TileConfig::fractalCSize ||
                    SFractalSize_ == TileConfig::fractalMxSize,
                "Tile: the fractal size is 512, 1024 or 32");
  static_assert(isBoxedLayout || !isRowMajor || Cols_ * detail::element_bits_v<Element_> % (8 * TileConfig::alignedSize) == 0,
                "Tile: a row of a row-major tile is a multiple of 32 bytes");
  static_assert(isBoxedLayout || isRowMajor || Rows_ * detail::element_bits_v<Element_> % (8 * TileConfig::alignedSize) == 0,
                "Tile: a column of a column-major tile is a multiple of 32 bytes");
  static_assert(!isBoxedLayout || Cols_ % InnerCols == 0, "Tile: a boxed tile has a whole number of boxes in a row");
  static_assert(!isBoxedLayout || Rows_ % InnerRows == 0 || Loc_ == TileType::Vec || SFractalSize_ == TileConfig::fractalMxSize ||
                    Rows_ == 1,
                "Tile: a boxed tile has a whole number of boxes in a column");

  PTO_FN Tile()
      : data_(nullptr), valid_row_(RowValid_ == DYNAMIC ? Rows_ : RowValid_), valid_col_(ColValid_ == DYNAMIC ? Cols_ : ColValid_) {}

  /// Two DYNAMIC extents: (valid rows, valid columns).
  PTO_FN Tile(int valid_row, int valid_col)
    requires(RowValid_ == DYNAMIC && ColValid_ == DYNAMIC)
      : data_(nullptr), valid_row_(valid_row), valid_col_(valid_col) {
    check_valid();
  }
  /// One DYNAMIC extent: its value.
  PTO_FN explicit Tile(int valid)
    requires((RowValid_ == DYNAMIC) != (ColValid_ == DYNAMIC))
      : data_(nullptr), valid_row_(RowValid_ == DYNAMIC ? valid : RowValid_), valid_col_(ColValid_ == DYNAMIC ? valid : ColValid_) {
    check_valid();
  }

  PTO_FN int GetValidRow() const { return RowValid_ == DYNAMIC ? valid_row_ : RowValid_; }
  PTO_FN int GetValidCol() const { return ColValid_ == DYNAMIC ? valid_col_ : ColValid_; }
  PTO_FN void SetValidRow(int valid_row) {
    static_assert(RowValid_ == DYNAMIC, "SetValidRow: the valid rows of this tile type are fixed");
    valid_row_ = valid_row;
    check_valid();
  }
  PTO_FN void SetValidCol(int valid_col) {
    static_assert(ColValid_ == DYNAMIC, "SetValidCol: the valid columns of this tile type are fixed");
    valid_col_ = valid_col;
    check_valid();
  }
  PTO_FN void SetValidShape(int valid_row, int valid_col) {
    if constexpr (RowValid_ == DYNAMIC) valid_row_ = valid_row;
    if constexpr (ColValid_ == DYNAMIC) valid_col_ = valid_col;
    static_assert(RowValid_ == DYNAMIC || ColValid_ == DYNAMIC, "SetValidShape: the valid shape of this tile type is fixed");
    PTO_CPU_ASSERT(GetValidRow() == valid_row && GetValidCol() == valid_col, "SetValidShape: this extent of the tile type is fixed");
    check_valid();
  }

  /// The element at a physical offset (elements).
  PTO_FN DType GetValue(uint32_t offset) const {
    check_scalar_access(Op::SCALAR_GET, offset);
    return data_[offset];
  }
  template <typename Value>
  PTO_FN void SetValue(uint32_t offset, Value value) {
    check_scalar_access(Op::SCALAR_SET, offset);
    data_[offset] = static_cast<DType>(value);
  }

  PTO_FN TileDType data() const { return data_; }
  PTO_FN void rebind(TileDType data) { data_ = data; }

  PTO_FN void describe(PtoOperand& operand) const {
    operand.tile = &detail::described<Tile>;
    operand.global = nullptr;
    operand.shape = operand.stride = nullptr;
    operand.data = data_;
    operand.valid_rows = GetValidRow();
    operand.valid_cols = GetValidCol();
  }

 private:
  PTO_FN void check_valid() const {
    PTO_CPU_ASSERT(valid_row_ >= 0 && valid_row_ <= Rows_ && valid_col_ >= 0 && valid_col_ <= Cols_,
                   "the valid shape of a tile lies within its physical shape");
  }
  PTO_FN void check_scalar_access(Op op, uint32_t offset) const {
    static_assert(!detail::is_twin_v<Element_>, "GetValue and SetValue: two fp4 elements share a byte; use data()");
    static_assert(Loc_ == TileType::Vec || Loc_ == TileType::Ctrl, "GetValue and SetValue work on Vec and Ctrl tiles only");
    PTO_CPU_ASSERT(data_ != nullptr, "GetValue/SetValue: the tile has no address; call TASSIGN first");
    PTO_CPU_ASSERT(offset < static_cast<uint32_t>(Numel), "GetValue/SetValue: the offset is outside the tile");
    if (__builtin_expect(detail::load_relaxed(detail::sim().watch_scalars) != 0, 0))
      detail::report_scalar_access(op, &detail::described<Tile>, data_, offset);
  }

  TileDType data_;
  int valid_row_;
  int valid_col_;
};

// Tiles of the cube unit. Left is Nz here, as on A5; an explicit Zz Left (A2A3) works as well.
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeft = Tile<TileType::Left, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalABSize>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRight = Tile<TileType::Right, T, R, C, BLayout::RowMajor, VR, VC, SLayout::ColMajor, TileConfig::fractalABSize>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileAcc = Tile<TileType::Acc, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalCSize>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeftScale = Tile<TileType::ScaleLeft, T, R, C, BLayout::RowMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalMxSize>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRightScale = Tile<TileType::ScaleRight, T, R, C, BLayout::ColMajor, VR, VC, SLayout::ColMajor, TileConfig::fractalMxSize>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeftCompact = Tile<TileType::Left, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalABSize,
                             PadValue::Null, CompactMode::Normal>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRightCompact = Tile<TileType::Right, T, R, C, BLayout::RowMajor, VR, VC, SLayout::ColMajor, TileConfig::fractalABSize,
                              PadValue::Null, CompactMode::Normal>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileAccCompact = Tile<TileType::Acc, T, R, C, BLayout::ColMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalCSize, PadValue::Null,
                            CompactMode::Normal>;

template <typename T, int R, int C, int VR = R, int VC = C>
using TileLeftScaleCompact = Tile<TileType::ScaleLeft, T, R, C, BLayout::RowMajor, VR, VC, SLayout::RowMajor, TileConfig::fractalMxSize,
                                  PadValue::Null, CompactMode::Normal>;
template <typename T, int R, int C, int VR = R, int VC = C>
using TileRightScaleCompact = Tile<TileType::ScaleRight, T, R, C, BLayout::ColMajor, VR, VC, SLayout::ColMajor, TileConfig::fractalMxSize,
                                   PadValue::Null, CompactMode::Normal>;

/// The sizes of a convolution tile, one to six, outermost first; DYNAMIC ones are set when it is constructed.
template <int64_t... Dims>
struct ConvTileShape {
  static constexpr int totalDimCount = sizeof...(Dims);
  static_assert(totalDimCount >= 1 && totalDimCount <= 6, "ConvTileShape: one to six sizes");
  static constexpr int64_t staticShape[totalDimCount] = {Dims...};
  int64_t shape[totalDimCount];

  /// Static sizes as they are, DYNAMIC ones 1.
  PTO_FN constexpr ConvTileShape() : shape{(Dims == DYNAMIC ? 1 : Dims)...} {}
  /// All sizes, or as many as there are DYNAMIC ones.
  template <typename... Values>
    requires(sizeof...(Values) > 0 && detail::all_integral_v<Values...>)
  PTO_FN constexpr ConvTileShape(Values... values) : ConvTileShape() {
    constexpr int kDynamic = ((Dims == DYNAMIC ? 1 : 0) + ...);
    static_assert(sizeof...(Values) == totalDimCount || static_cast<int>(sizeof...(Values)) == kDynamic,
                  "give every size, or one for each DYNAMIC size");
    const int64_t given[] = {static_cast<int64_t>(values)...};
    int next = 0;
    for (int d = 0; d < totalDimCount; ++d) {
      if (staticShape[d] != DYNAMIC) continue;
      shape[d] = sizeof...(Values) == totalDimCount ? given[d] : given[next];
      ++next;
    }
  }
};

/// A feature map or filter of a convolution on chip: a dense array of one to six sizes in a layout, within BufferSizeBytes from its
/// address on, and the convolution's attributes. Copying it copies the view.
template <TileType Loc_, typename Element_, int BufferSizeBytes, Layout Layout_, typename Shape_>
class ConvTile {
 public:
  using DType = Element_;
  using TileDType = Element_*;
  using ShapeType = Shape_;
  static constexpr TileType Loc = Loc_;
  static constexpr Layout layout = Layout_;
  static constexpr int bufferSize = BufferSizeBytes;
  static constexpr int totalDimCount = Shape_::totalDimCount;
  static constexpr int Numel = BufferSizeBytes / static_cast<int>(sizeof(Element_));
  static constexpr PtoTileType kType = {
      detail::element_of<Element_>(), sizeof(Element_), static_cast<uint8_t>(Loc_), kPtoNd, 1, Numel, 1, 1, 0};
  static constexpr PtoGlobalType kLayoutType = {detail::element_of<Element_>(), sizeof(Element_), static_cast<uint8_t>(Layout_)};
  static_assert(Loc_ == TileType::Mat || Loc_ == TileType::Vec, "ConvTile: convolution tiles live in Mat or Vec");
  static_assert(BufferSizeBytes > 0 && BufferSizeBytes % TileConfig::alignedSize == 0, "ConvTile: the buffer is a multiple of 32 bytes");

  /// What TIMG2COL reads.
  uint16_t fmapH = 0, fmapW = 0;
  uint8_t padList[4] = {};
  uint8_t filterH = 1, filterW = 1, dilationH = 1, dilationW = 1, strideH = 1, strideW = 1;
  Element_ padValue = Element_(0);
  uint16_t channelSize = 0, repeatStride = 0;
  uint8_t repeatTime = 0, repeatMode = 0;
  bool transpose = false;
  uint16_t dstStride = 0, dstMposition = 0;

  PTO_FN ConvTile() { set_sizes(Shape_()); }
  PTO_FN explicit ConvTile(const Shape_& shape) { set_sizes(shape); }

  PTO_FN int64_t GetShape(int dim) const { return sizes_[6 - totalDimCount + dim]; }

#define PTO_DETAIL_CONV_ATTRIBUTE(Name, member)                     \
  PTO_FN void Set##Name(decltype(member) value) { member = value; } \
  PTO_FN decltype(member) Get##Name() const { return member; }
  PTO_DETAIL_CONV_ATTRIBUTE(FmapH, fmapH)
  PTO_DETAIL_CONV_ATTRIBUTE(FmapW, fmapW)
  PTO_DETAIL_CONV_ATTRIBUTE(FilterH, filterH)
  PTO_DETAIL_CONV_ATTRIBUTE(FilterW, filterW)
  PTO_DETAIL_CONV_ATTRIBUTE(DilationH, dilationH)
  PTO_DETAIL_CONV_ATTRIBUTE(DilationW, dilationW)
  PTO_DETAIL_CONV_ATTRIBUTE(StrideH, strideH)
  PTO_DETAIL_CONV_ATTRIBUTE(StrideW, strideW)
  PTO_DETAIL_CONV_ATTRIBUTE(PadValue, padValue)
  PTO_DETAIL_CONV_ATTRIBUTE(ChannelSize, channelSize)
  PTO_DETAIL_CONV_ATTRIBUTE(RepeatStride, repeatStride)
  PTO_DETAIL_CONV_ATTRIBUTE(RepeatTime, repeatTime)
  PTO_DETAIL_CONV_ATTRIBUTE(RepeatMode, repeatMode)
  PTO_DETAIL_CONV_ATTRIBUTE(Transpose, transpose)
  PTO_DETAIL_CONV_ATTRIBUTE(DstStride, dstStride)
  PTO_DETAIL_CONV_ATTRIBUTE(DstMposition, dstMposition)
#undef PTO_DETAIL_CONV_ATTRIBUTE
  PTO_FN void SetPadList(int side, uint8_t value) {
    PTO_CPU_ASSERT(side >= 0 && side < 4, "SetPadList: a side is 0 to 3");
    padList[side] = value;
  }
  PTO_FN uint8_t GetPadList(int side) const { return padList[side]; }

  PTO_FN TileDType data() const { return data_; }
  PTO_FN void rebind(TileDType data) { data_ = data; }

  PTO_FN void describe(PtoOperand& operand) const {
    operand.tile = &kType;
    operand.global = &kLayoutType;
    operand.shape = sizes_;
    operand.stride = nullptr;
    operand.data = data_;
    operand.valid_rows = 1;
    operand.valid_cols = Numel;
  }

 private:
  PTO_FN void set_sizes(const Shape_& shape) {
    int64_t elements = 1;
    for (int d = 0; d < 6; ++d) {
      sizes_[d] = d < 6 - totalDimCount ? 1 : shape.shape[d - (6 - totalDimCount)];
      PTO_CPU_ASSERT(sizes_[d] >= 1, "ConvTile: a size is at least 1");
      elements *= sizes_[d];
    }
    PTO_CPU_ASSERT(elements <= Numel, "ConvTile: the sizes exceed the buffer");
  }

  TileDType data_ = nullptr;
  int64_t sizes_[6];
};

template <typename T>
struct is_conv_tile : std::false_type {};
template <TileType L, typename E, int B, Layout A, typename S>
struct is_conv_tile<ConvTile<L, E, B, A, S>> : std::true_type {};
template <typename T>
inline constexpr bool is_conv_tile_v = is_conv_tile<std::remove_cvref_t<T>>::value;

template <typename T>
struct is_tile_data : std::false_type {};
template <TileType L, typename E, int R, int C, BLayout B, int VR, int VC, SLayout S, int F, auto P, CompactMode M>
struct is_tile_data<Tile<L, E, R, C, B, VR, VC, S, F, P, M>> : std::true_type {};
template <typename T>
struct is_global_data : std::false_type {};
template <typename E, typename S, typename D, Layout L>
struct is_global_data<GlobalTensor<E, S, D, L>> : std::true_type {};

template <typename T>
inline constexpr bool is_tile_data_v = is_tile_data<std::remove_cvref_t<T>>::value;
template <typename T>
inline constexpr bool is_global_data_v = is_global_data<std::remove_cvref_t<T>>::value;
template <typename T>
inline constexpr bool is_boxed_data_v = T::isBoxedLayout;
template <typename T>
inline constexpr bool is_Nz_layout = !T::isRowMajor && T::isInnerRowMajor;
template <typename T>
inline constexpr bool is_Zn_layout = T::isRowMajor && T::isInnerColMajor;
template <typename T>
inline constexpr bool is_Zz_layout = T::isRowMajor && T::isInnerRowMajor;

/// Physical offset, in elements, of the element at (row, col).
template <typename T>
PTO_FN constexpr int64_t GetTileElementOffset(int64_t row, int64_t col) {
  return T::Geometry::offset(row, col);
}

}  // namespace pto

#pragma GCC visibility pop
