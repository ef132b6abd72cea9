// TCI and TTRI.
#include <algorithm>
#include <cstring>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"

namespace tilewright::isa {
namespace {

/// first, first + 1, ... or first, first - 1, ...; wraps as the element does.
template <typename T>
void count_run(uint8_t* dst, uint64_t first, bool down, int64_t n) {
  T* const out = reinterpret_cast<T*>(dst);
  const T start = static_cast<T>(first);
  if (down) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(start - static_cast<T>(i));
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(start + static_cast<T>(i));
  }
}

void count(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  if (dst.valid_rows != 1) {
    fail(execution, kPtoFailInvalidArgument, describe_operand(execution, 0) + " has other than one valid row", "count along one row");
  }
  const uint64_t first = execution.attributes().scalar;
  const bool down = execution.attributes().index[0] != 0;
  const int bytes = dst.tile->element_bytes;
  const auto run = bytes == 1   ? count_run<uint8_t>
                   : bytes == 2 ? count_run<uint16_t>
                   : bytes == 4 ? count_run<uint32_t>
                                : count_run<uint64_t>;
  if (dst.tile->layout == kPtoNd) return run(static_cast<uint8_t*>(dst.data), first, down, dst.valid_cols);
  const Grid to = tile_grid(dst);
  alignas(64) uint8_t buffer[kGatherRun * 8];
  for (int64_t c = 0; c < dst.valid_cols; c += kGatherRun) {
    const int64_t n = std::min<int64_t>(kGatherRun, dst.valid_cols - c);
    run(buffer, down ? first - static_cast<uint64_t>(c) : first + static_cast<uint64_t>(c), down, n);
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
