// Matrix products: A stays in its boxes, of f32 (or i32) after conversion in the core's scratch; B is packed there into panels of 16 columns;
// the result goes straight into the boxes of the Acc tile, whose columns of boxes are such panels already.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "isa/convert_all.h"
#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_grid.h"

namespace tilewright::isa {
namespace {

constexpr int64_t kMany = int64_t{1} << 40;
constexpr int64_t kBoxRows = 16;  ///< of a Left tile
/// Depth of one pass: a panel of B (256 x 16 x 4 bytes) and six rows of A stay in the first-level cache.
constexpr int64_t kDepthBlock = 256;

/// Where an operand's converted elements go in the scratch: 64 Ki elements of A at most (L0A of i8), then a panel, then a box.
struct Scratch {
  uint8_t* a;
  uint8_t* panel;
  uint8_t* box;
  uint8_t* edge;

  explicit Scratch(const CoreMemory& memory) : a(memory.scratch()), panel(a + 512 * 1024), box(panel + 64 * 1024), edge(box + 64 * 1024) {}
};

Grid row_major(void* data, int64_t row_step, int bytes) {
  Grid grid{static_cast<uint8_t*>(data), {}, {}, bytes};
  grid.row.add(kMany, row_step);
  grid.col.add(kMany, bytes);
  return grid;
}

/// The first row of A, in the accumulator's type.
void unpack_row(const Grid& a, ConvertKernel convert, void* out, int64_t depth) {
  const Grid dst = row_major(out, 0, sizeof(float));
  for_each_block(dst, 0, 0, a, 0, 0, 1, depth, [&](const Block& block) { convert(block.dst, block.src, block.cols); });
}

/// Where boxes of A lie, steps in elements.
struct Boxes {
  int64_t row_step, box_step;  ///< to the next 16 rows, to the next columns
};
Boxes boxes_of(const PtoTileType& type) {
  const int64_t box = kBoxRows * type.inner_cols;
  if (type.layout == kPtoNz) return {box, int64_t{type.rows} * type.inner_cols};  // columns of boxes; else rows of boxes
  return {int64_t{type.cols} * kBoxRows, box};
}

/// Whether the kernels widen elements of B themselves.
bool is_widened_by_kernel(uint8_t element) { return element == kPtoF16 || element == kPtoBf16; }

/// Rows k0 .. k0 + depth of panel n0 / 16 of B, 16 columns each; columns and rows up to whole boxes are included. k0 is a
/// multiple of a box. `out` gets elements of B's type where the kernels widen them, else of the accumulator's.
template <typename T>
void pack_right(const PtoOperand& b, ConvertKernel convert, T* out, T* box, int64_t k0, int64_t n0, int64_t depth) {
  const PtoTileType& type = *b.tile;
  const int64_t inner = type.inner_rows, bytes = type.element_bytes;
  uint8_t* const to = reinterpret_cast<uint8_t*>(convert == nullptr ? out : box);  // the narrower elements are turned, then widened
  for (int64_t k = 0; k < depth; k += inner) {
    const uint8_t* from = static_cast<const uint8_t*>(b.data) + ((k0 + k) / inner * type.cols * inner + n0 * inner) * bytes;
    transpose({to + k * kPanelCols * bytes, from, kPanelCols * bytes, inner * bytes, kPanelCols, inner, static_cast<int>(bytes)});
  }
  if (convert != nullptr) convert(out, box, (depth + inner - 1) / inner * inner * kPanelCols);
}

struct Product {
  const PtoOperand& c;
  const PtoOperand& a;
  const PtoOperand& b;
  int64_t rows, cols, depth;
  bool accumulate;
};

template <PtoElement kElement>
void widen_run(void* dst, const void* src, int64_t n) {
  widen_small_float(kElement, static_cast<float*>(dst), static_cast<const uint8_t*>(src), n);
}

ConvertKernel widening_kernel(uint8_t element, PtoElement accumulator) {
  switch (element) {
    case kPtoF8E4M3: return widen_run<kPtoF8E4M3>;
    case kPtoF8E5M2: return widen_run<kPtoF8E5M2>;
    case kPtoHif8: return widen_run<kPtoHif8>;
    default: return convert_kernel(static_cast<PtoElement>(element), accumulator);
  }
}

/// One row: B is read where it lies.
void multiply_row(const Product& p, const Scratch& scratch, PtoElement accumulator) {
  const PtoElement element = static_cast<PtoElement>(p.a.tile->element);
  const Grid a = tile_grid(p.a), c = tile_grid(p.c);
  const ConvertKernel convert = convert_kernel(element, accumulator);
  unpack_row(a, convert, scratch.a, p.depth);
  const PtoTileType& b = *p.b.tile;
  row_product(element, {scratch.a, static_cast<const uint8_t*>(p.b.data), int64_t{b.inner_rows} * b.cols * b.element_bytes, c.at(0, 0),
                        p.cols > kPanelCols ? c.col.offset(kPanelCols) : 0, p.depth, p.cols, p.accumulate});
}

/// Calls steps.start(k, depth) for passes of at most kDepthBlock, and in each pass steps.pack(k, n, depth) and steps.multiply(m, rows, target,
/// accumulate) for panels of 16 columns; `target` is where the panel of the result lies: in its boxes, or in a buffer for the last columns,
/// which fill part of a box, and what lies beside them there is not ours.
template <typename T, typename Steps>
void for_panels(const Product& p, const Scratch& scratch, Steps steps) {
  const Grid c = tile_grid(p.c);
  for (int64_t k = 0; k < p.depth || k == 0; k += kDepthBlock) {
    const int64_t depth = std::min(kDepthBlock, p.depth - k);
    const bool accumulate = p.accumulate || k > 0;
    steps.start(k, depth);
    for (int64_t n = 0; n < p.cols; n += kPanelCols) {
      steps.pack(k, n, depth);
      if (n + kPanelCols <= p.cols) {
        steps.multiply(int64_t{0}, p.rows, reinterpret_cast<T*>(c.at(0, n)), accumulate);
        continue;
      }
      const int64_t rest = p.cols - n;
      const Grid buffer = row_major(scratch.edge, kPanelCols * static_cast<int64_t>(sizeof(T)), sizeof(T));
      for (int64_t m = 0; m < p.rows; m += kDepthBlock) {
        const int64_t rows = std::min(kDepthBlock, p.rows - m);
        if (accumulate) copy_grid(buffer, 0, 0, c, m, n, rows, rest);
        steps.multiply(m, rows, reinterpret_cast<T*>(scratch.edge), accumulate);
        copy_grid(c, m, n, buffer, 0, 0, rows, rest);
      }
    }
  }
}

/// Products in f32, or of bytes in i32 where there is nothing better. A narrower A is widened into the scratch, row of boxes after row of
/// boxes; f16 and bf16 on the way: while the kernel multiplies 16 rows with the first panel, it widens the next.
template <typename T>
class Widened {
 public:
  Widened(const Product& p, const Scratch& scratch, PtoElement accumulator)
      : p_(p),
        scratch_(scratch),
        inner_(p.a.tile->inner_cols),
        bytes_(p.a.tile->element_bytes),
        source_boxes_(boxes_of(*p.a.tile)),
        kernel_widens_(is_widened_by_kernel(p.b.tile->element)),
        b_element_(kernel_widens_ ? static_cast<PtoElement>(p.b.tile->element) : accumulator),
        accumulator_(accumulator),
        in_place_(p.a.tile->element == accumulator),
        convert_b_(kernel_widens_ || in_place_ ? nullptr : widening_kernel(p.b.tile->element, accumulator)) {}

  void start(int64_t k, int64_t depth) {
    depth_ = depth;
    source_ = static_cast<const uint8_t*>(p_.a.data) + k / inner_ * source_boxes_.box_step * bytes_;
    if (in_place_) {
      a_ = reinterpret_cast<const T*>(source_), boxes_ = source_boxes_;
      return;
    }
    a_ = reinterpret_cast<const T*>(scratch_.a);
    boxes_ = {(depth + inner_ - 1) / inner_ * inner_ * kBoxRows, kBoxRows * inner_};
    is_widened_ = false;
  }
  void pack(int64_t k, int64_t n, int64_t depth) const {
    pack_right(p_.b, convert_b_, reinterpret_cast<T*>(scratch_.panel), reinterpret_cast<T*>(scratch_.box), k, n, depth);
  }
  void multiply(int64_t m, int64_t rows, T* target, bool accumulate) {
    PanelProduct<T> product{a_ + m / kBoxRows * boxes_.row_step,
                            boxes_.row_step,
                            boxes_.box_step,
                            static_cast<int>(inner_),
                            scratch_.panel,
                            b_element_,
                            target,
                            rows,
                            depth_,
                            accumulate,
                            {}};
    if (!in_place_ && !is_widened_) {
      if (kernel_widens_ && rows == p_.rows && rows % kBoxRows == 0) {
        product.source = {source_, source_boxes_.row_step, source_boxes_.box_step};
      } else {
        widen();
      }
      is_widened_ = true;
    }
    panel_product(product);
  }

 private:
  void widen() const {
    const ConvertKernel convert = widening_kernel(p_.a.tile->element, accumulator_);
    T* const to = reinterpret_cast<T*>(scratch_.a);
    const int64_t box = kBoxRows * inner_;
    for (int64_t m = 0; m < p_.rows; m += kBoxRows) {
      for (int64_t b = 0; b * box < boxes_.row_step; ++b) {
        const int64_t from = m / kBoxRows * source_boxes_.row_step + b * source_boxes_.box_step;
        convert(to + m / kBoxRows * boxes_.row_step + b * box, source_ + from * bytes_, box);
      }
    }
  }

  const Product& p_;
  const Scratch& scratch_;
  int64_t inner_, bytes_;
  Boxes source_boxes_;
  bool kernel_widens_;
  PtoElement b_element_;
  PtoElement accumulator_;
  bool in_place_;
  ConvertKernel convert_b_;
  // of the pass
  const uint8_t* source_ = nullptr;
  const T* a_ = nullptr;
  Boxes boxes_{};
  int64_t depth_ = 0;
  bool is_widened_ = false;
};

template <typename T>
void multiply(const Product& p, const Scratch& scratch, PtoElement accumulator) {
  for_panels<T>(p, scratch, Widened<T>(p, scratch, accumulator));
}

/// Products in groups of four bytes: all of A lies in the scratch, row after row, zeros up to a whole group.
class Groups {
 public:
  Groups(const Product& p, const Scratch& scratch, GroupKernel kernel)
      : p_(p), scratch_(scratch), kernel_(kernel), bytes_(p.a.tile->element_bytes), stride_((p.depth * bytes_ + 3) / 4 * 4) {
    const Grid rows = row_major(scratch.a, stride_, static_cast<int>(bytes_));
    copy_grid(rows, 0, 0, tile_grid(p.a), 0, 0, p.rows, p.depth);
    const int64_t used = p.depth * bytes_;
    for (int64_t m = 0; m < p.rows && used < stride_; ++m)
      std::memset(scratch.a + m * stride_ + used, 0, static_cast<size_t>(stride_ - used));
    uint8_t* const a = scratch.a;  // and the flip below are known not to be changed by the loop
    for (int64_t i = 0, n = kernel.flip != 0 ? p.rows * stride_ : 0, flip = kernel.flip; i < n; ++i) a[i] ^= static_cast<uint8_t>(flip);
  }

  /// Of bf16: whether the instructions give what they should.
  bool good() const {
    if (bytes_ == 1) return true;
    const uint16_t smallest_a = smallest_magnitude(reinterpret_cast<const uint16_t*>(scratch_.a), p_.rows * stride_ / 2);
    const Grid b = tile_grid(p_.b);
    uint16_t smallest_b = 0xffff;
    for_each_block(b, 0, 0, b, 0, 0, p_.depth, p_.cols, [&](const Block& block) {  // boxes, of which a column goes on in the next
      const bool dense = block.src_col_step == block.rows * block.src_row_step;
      for (int64_t c = 0; c < (dense ? 1 : block.cols); ++c) {
        const auto* const column = reinterpret_cast<const uint16_t*>(block.src + c * block.src_col_step);
        smallest_b = std::min(smallest_b, smallest_magnitude(column, dense ? block.rows * block.cols : block.rows));
      }
    });
    return bf16_products_stay_normal(smallest_a, smallest_b);
  }

  void start(int64_t k, int64_t depth) { k_ = k, depth_ = depth; }
  /// A box of B is 32 bytes high, that is 8 groups.
  void pack(int64_t k0, int64_t n, int64_t depth) const {
    const int64_t inner = kBoxBytes / bytes_, group = 4 / bytes_;
    for (int64_t k = 0; k < depth; k += inner) {
      const uint8_t* const box = static_cast<const uint8_t*>(p_.b.data) + ((k0 + k) / inner * p_.b.tile->cols + n) * kBoxBytes;
      transpose({scratch_.panel + k / group * 4 * kPanelCols, box, 4 * kPanelCols, kBoxBytes, kPanelCols, kBoxBytes / 4, 4});
    }
    for (int64_t k = depth; k % group != 0; ++k) {
      uint8_t* const groups = scratch_.panel + k / group * 4 * kPanelCols + k % group * bytes_;
      for (int64_t j = 0; j < kPanelCols; ++j) std::memset(groups + 4 * j, 0, static_cast<size_t>(bytes_));
    }
  }
  void multiply(int64_t m, int64_t rows, void* target, bool accumulate) const {
    kernel_.run({scratch_.a + m * stride_ + k_ * bytes_, stride_, scratch_.panel, target, rows, (depth_ * bytes_ + 3) / 4, accumulate});
  }

 private:
  static constexpr int64_t kBoxBytes = 32;

  const Product& p_;
  const Scratch& scratch_;
  GroupKernel kernel_;
  int64_t bytes_, stride_;  ///< of an element, of a row
  int64_t k_ = 0, depth_ = 0;
};

/// Products of bf16 with fewer multiply-additions are quicker without looking at all elements first.
constexpr int64_t kWorthGroups = 32 * 32 * 32;

template <typename T>
bool multiply_groups(const Product& p, const Scratch& scratch, PtoElement element) {
  const GroupKernel kernel = group_kernel(element);
  if (kernel.run == nullptr) return false;
  const Groups groups(p, scratch, kernel);
  if (!groups.good()) return false;
  for_panels<T>(p, scratch, groups);
  return true;
}

/// c = what the product is added to.
void initialize(const Execution& execution, const Product& p) {
  const PtoOperand& extra = execution.operand(3);
  const Grid c = tile_grid(p.c);
  Grid from = tile_grid(extra);
  const bool is_bias = static_cast<pto::TileType>(extra.tile->space) == pto::TileType::Bias;
  require_region(execution, 3, 0, 0, is_bias ? 1 : p.rows, p.cols);
  if (is_bias) from.row = {};
  if (is_bias || extra.data != p.c.data) copy_grid(c, 0, 0, from, 0, 0, p.rows, p.cols);
}

void matmul(const Execution& execution) {
  const PtoOperand& a = execution.operand(1);
  const PtoOperand& b = execution.operand(2);
  const Product p{execution.operand(0), a, b, a.valid_rows, b.valid_cols, a.valid_cols, execution.instruction.operand_count == 4};
  const bool gemv = execution.op() == pto::Op::TGEMV || execution.op() == pto::Op::TGEMV_ACC || execution.op() == pto::Op::TGEMV_BIAS;
  if (gemv && p.rows != 1) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("the left matrix has {} valid rows, not 1: {}", p.rows, describe_operand(execution, 1)), "use TMATMUL");
  }
  if (b.valid_rows != p.depth || p.depth == 0) {
    fail(execution, kPtoFailInvalidArgument,
         fmt::format("K differs or is 0: {} valid columns in {}, {} valid rows in {}", p.depth, describe_operand(execution, 1),
                     b.valid_rows, describe_operand(execution, 2)),
         "give both matrices the same K");
  }
  require_region(execution, 0, 0, 0, p.rows, p.cols);
  if (p.c.tile->inner_cols != kPanelCols || b.tile->inner_cols != kPanelCols) {
    fail(execution, kPtoFailUnsupported, "boxes of the Acc and Right tiles are not 16 columns wide", "use TileAcc and TileRight");
  }
  if (p.accumulate) initialize(execution, p);
  const Scratch scratch(*execution.core.memory);
  const bool bytes = a.tile->element == kPtoI8;
  if (p.rows == 1 && !is_small_float(a.tile->element)) {
    multiply_row(p, scratch, bytes ? kPtoI32 : kPtoF32);
  } else if (bytes) {
    if (!multiply_groups<int32_t>(p, scratch, kPtoI8)) multiply<int32_t>(p, scratch, kPtoI32);
  } else if (a.tile->element != kPtoBf16 || p.rows * p.cols * p.depth < kWorthGroups || !multiply_groups<float>(p, scratch, kPtoBf16)) {
    multiply<float>(p, scratch, kPtoF32);
  }
}

}  // namespace

Handler matmul_handler(pto::Op op) {
  using enum pto::Op;
  switch (op) {
    case TMATMUL:
    case TMATMUL_ACC:
    case TMATMUL_BIAS:
    case TGEMV:
    case TGEMV_ACC:
    case TGEMV_BIAS: return matmul;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
