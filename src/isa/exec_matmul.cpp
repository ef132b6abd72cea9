// Matrix products: operands are unpacked from their boxes into f32 (or i32) panels in the core's scratch, multiplied there,
// and the result goes straight into the boxes of the Acc tile, whose columns of boxes are panels of 16 columns already.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_grid.h"

namespace tilewright::isa {
namespace {

constexpr int64_t kMany = int64_t{1} << 40;
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

/// A as rows x depth, row-major, in the accumulator's type.
template <typename T>
void unpack_left(const Grid& a, ConvertKernel convert, T* out, int64_t rows, int64_t depth) {
  const Grid dst = row_major(out, depth * static_cast<int64_t>(sizeof(T)), sizeof(T));
  for_each_block(dst, 0, 0, a, 0, 0, rows, depth, [&](const Block& block) {
    for (int64_t r = 0; r < block.rows; ++r) convert(block.dst + r * block.dst_row_step, block.src + r * block.src_row_step, block.cols);
  });
}

/// Rows k0 .. k0 + depth of panel n0 / 16 of B, 16 columns each; columns and rows up to whole boxes are included. k0 is a
/// multiple of a box.
template <typename T>
void pack_right(const PtoOperand& b, ConvertKernel convert, T* out, T* box, int64_t k0, int64_t n0, int64_t depth) {
  const PtoTileType& type = *b.tile;
  const int64_t inner = type.inner_rows, bytes = type.element_bytes;
  constexpr int kBytes = sizeof(T);
  for (int64_t k = 0; k < depth; k += inner) {
    const int64_t offset = (k0 + k) / inner * type.cols * inner + n0 * inner;
    convert(box, static_cast<const uint8_t*>(b.data) + offset * bytes, inner * kPanelCols);
    transpose({reinterpret_cast<uint8_t*>(out + k * kPanelCols), reinterpret_cast<const uint8_t*>(box), kPanelCols * kBytes, inner * kBytes,
               kPanelCols, inner, kBytes});
  }
}

struct Product {
  const PtoOperand& c;
  const PtoOperand& a;
  const PtoOperand& b;
  int64_t rows, cols, depth;
  bool accumulate;
};

template <typename T>
void multiply(const Product& p, const Scratch& scratch, PtoElement accumulator) {
  const ConvertKernel convert = convert_kernel(static_cast<PtoElement>(p.a.tile->element), accumulator);
  T* a = reinterpret_cast<T*>(scratch.a);
  T* panel = reinterpret_cast<T*>(scratch.panel);
  T* edge = reinterpret_cast<T*>(scratch.edge);
  unpack_left(tile_grid(p.a), convert, a, p.rows, p.depth);
  const Grid c = tile_grid(p.c);
  for (int64_t k = 0; k < p.depth || k == 0; k += kDepthBlock) {
    const int64_t depth = std::min(kDepthBlock, p.depth - k);
    const bool accumulate = p.accumulate || k > 0;
    for (int64_t n = 0; n < p.cols; n += kPanelCols) {
      pack_right(p.b, convert, panel, reinterpret_cast<T*>(scratch.box), k, n, depth);
      T* target = reinterpret_cast<T*>(c.at(0, n));
      if (n + kPanelCols <= p.cols) {
        panel_product({a + k, p.depth, panel, target, p.rows, depth, accumulate});
        continue;
      }
      // The last columns fill part of a box: what lies beside them in the box is not ours.
      const int64_t rest = p.cols - n;
      const int64_t step = kPanelCols * static_cast<int64_t>(sizeof(T));
      for (int64_t m = 0; m < p.rows; m += kDepthBlock) {
        const int64_t rows = std::min(kDepthBlock, p.rows - m);
        const Grid buffer = row_major(edge, step, sizeof(T));
        if (accumulate) copy_grid(buffer, 0, 0, c, m, n, rows, rest);
        panel_product({a + m * p.depth + k, p.depth, panel, edge, rows, depth, accumulate});
        copy_grid(c, m, n, buffer, 0, 0, rows, rest);
      }
    }
  }
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
  if (a.tile->element == kPtoI8) {
    multiply<int32_t>(p, scratch, kPtoI32);
  } else {
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
