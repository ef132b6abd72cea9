// TCI and TTRI.
#include <algorithm>
#include <cstring>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"

namespace tilewright::isa {
namespace {

/// first, first + step, ... in the low bytes, which wrap as the element does.
template <typename T>
void count_run(uint8_t* dst, uint64_t first, uint64_t step, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T value = static_cast<T>(first + step * static_cast<uint64_t>(i));
    std::memcpy(dst + i * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
  }
}

void count(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  if (dst.valid_rows != 1) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 0) + " has other than one valid row", "count along one row");
  }
  const Grid to = tile_grid(dst);
  const uint64_t step = execution.attributes().index[0] != 0 ? UINT64_MAX : 1;
  const int bytes = to.element_bytes;
  const auto run = bytes == 1   ? count_run<uint8_t>
                   : bytes == 2 ? count_run<uint16_t>
                   : bytes == 4 ? count_run<uint32_t>
                                : count_run<uint64_t>;
  if (dst.tile->layout == kPtoNd) return run(to.data, execution.attributes().scalar, step, dst.valid_cols);
  alignas(64) uint8_t buffer[kGatherRun * 8];
  for (int64_t c = 0; c < dst.valid_cols; c += kGatherRun) {
    const int64_t n = std::min<int64_t>(kGatherRun, dst.valid_cols - c);
    run(buffer, execution.attributes().scalar + step * static_cast<uint64_t>(c), step, n);
    copy_grid(to, 0, c, row_buffer(buffer, bytes), 0, 0, 1, n);
  }
}

void triangle(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const Grid to = tile_grid(dst);
  const uint64_t one = execution.attributes().scalar, zero = 0;
  const int64_t diagonal = execution.attributes().index[0], cols = dst.valid_cols;
  const bool upper = execution.attributes().index[1] != 0, row_major = dst.tile->layout == kPtoNd;
  const StripKernel spread = spread_kernel(to.element_bytes);
  const auto fill = [&](int64_t r, int64_t c, int64_t n, const uint64_t& value) {
    if (!row_major) return fill_grid(to, r, c, 1, n, value);
    Strips s{};
    s.dst = to.data + r * to.row.step[0] + c * to.element_bytes;
    s.a = reinterpret_cast<const uint8_t*>(&value);
    s.lines = 1, s.n = n;
    spread(s);
  };
  for (int64_t r = 0; r < dst.valid_rows; ++r) {
    const int64_t split = std::clamp<int64_t>(upper ? r + diagonal : r + diagonal + 1, 0, cols);
    fill(r, 0, split, upper ? zero : one);
    fill(r, split, cols - split, upper ? one : zero);
  }
}

}  // namespace

Handler generate_handler(pto::Op op) { return op == pto::Op::TCI ? count : op == pto::Op::TTRI ? triangle : nullptr; }

}  // namespace tilewright::isa
