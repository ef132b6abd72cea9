// TSORT32 and TMRGSORT, on records of a value and an index.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "isa/execution.h"
#include "isa/kernels.h"
#include "isa/tile_strips.h"
#include "pto/common/element_types.hpp"

namespace tilewright::isa {
namespace {

constexpr int64_t kRecordBytes = 8;
constexpr int64_t kSortBlock = 32;

struct Record {
  float value;
  uint32_t index;
};

bool is_f32(const PtoOperand& operand) { return operand.tile->element == kPtoF32; }

float read_value(const uint8_t* p, bool f32) {
  if (f32) {
    float value;
    std::memcpy(&value, p, sizeof(value));
    return value;
  }
  half value;
  std::memcpy(&value, p, sizeof(value));
  return static_cast<float>(value);
}

void write_record(uint8_t* p, const Record& record, bool f32) {
  if (f32) {
    std::memcpy(p, &record.value, 4);
  } else {
    const half value(record.value);
    std::memset(p, 0, 4);
    std::memcpy(p, &value, 2);
  }
  std::memcpy(p + 4, &record.index, 4);
}

/// A number that orders values: less comes first. Descending, both zeros alike, NaNs last.
uint32_t order_of(float value) {
  if (value != value) return UINT32_MAX;
  const uint32_t bits = __builtin_bit_cast(uint32_t, value + 0.0f);  // -0 becomes 0
  const uint32_t ascending = bits ^ (bits >> 31 != 0 ? UINT32_MAX : 0x80000000u);
  return ~ascending;
}

/// Sorts n <= kSortBlock records by value, then by index.
void sort_block(Record* records, int64_t n) {
  uint64_t keys[kSortBlock], ranks[kSortBlock], sum = 0;
  for (int64_t i = 0; i < n; ++i) keys[i] = uint64_t{order_of(records[i].value)} << 32 | records[i].index;
  rank_keys(keys, ranks, n);
  for (int64_t i = 0; i < n; ++i) sum += ranks[i];
  if (sum != static_cast<uint64_t>(n * (n - 1) / 2)) {  // two keys are equal: they keep their order
    for (int64_t i = 0; i < n; ++i) ranks[i] += static_cast<uint64_t>(std::count(keys, keys + i, keys[i]));
  }
  Record sorted[kSortBlock];
  for (int64_t i = 0; i < n; ++i) sorted[ranks[i]] = records[i];
  std::copy_n(sorted, n, records);
}

void sort32(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const PtoOperand& index = execution.operand(2);
  const bool f32 = is_f32(src);
  const int64_t per_record = kRecordBytes / src.tile->element_bytes;
  require_region(execution, 0, 0, 0, src.valid_rows, src.valid_cols * per_record);
  require_region(execution, 2, 0, 0, index.valid_rows == 1 ? 1 : src.valid_rows, src.valid_cols);
  const Grid indices = tile_grid(index);
  const bool indices_by_row = indices.col.digits == 1 && indices.col.step[0] == 4;
  const int64_t bytes = src.tile->element_bytes;
  for (int64_t r = 0; r < src.valid_rows; ++r) {  // both tiles are row-major
    const uint8_t* const from = static_cast<const uint8_t*>(src.data) + r * src.tile->cols * bytes;
    uint8_t* const to = static_cast<uint8_t*>(dst.data) + r * dst.tile->cols * bytes;
    for (int64_t c = 0; c < src.valid_cols; c += kSortBlock) {
      std::array<Record, kSortBlock> block;
      std::array<uint32_t, kSortBlock> index_of;
      const int64_t n = std::min(kSortBlock, src.valid_cols - c), index_row = index.valid_rows == 1 ? 0 : r;
      if (indices_by_row) {
        std::memcpy(index_of.data(), indices.at(index_row, c), static_cast<size_t>(n) * 4);
      } else {
        copy_grid(row_buffer(index_of.data(), 4), 0, 0, indices, index_row, c, 1, n);
      }
      for (int64_t i = 0; i < n; ++i) {
        block[static_cast<size_t>(i)] = {read_value(from + (c + i) * bytes, f32), index_of[static_cast<size_t>(i)]};
      }
      sort_block(block.data(), n);
      for (int64_t i = 0; i < n; ++i) write_record(to + (c + i) * kRecordBytes, block[static_cast<size_t>(i)], f32);
    }
  }
}

/// Lists that are merged: up to four, one behind the other in `records`.
struct Lists {
  const uint8_t* records;
  std::array<int64_t, 4> lengths;  ///< -1 for a list that is not there
};

/// Merges lists into `out` until all are empty or, if told so, one is; returns how many records each gave. Of equal values the earlier list's
/// comes first. `keys` has room for a number for each record, and one more for each list.
template <bool kStopWhenOneIsEmpty>
std::array<int64_t, 4> merge(const Lists& lists, bool f32, uint64_t* keys, uint8_t* out) {
  // Every record as a number: its order, then its place. The end of a list, and a list that is not there, come after all of them.
  constexpr uint64_t kEnd = UINT64_MAX, kAbsent = UINT64_MAX - 1;
  const uint64_t* next[4];
  uint64_t position = 0;
  for (size_t i = 0; i < 4; ++i) {
    next[i] = keys;
    for (int64_t left = lists.lengths[i]; left > 0; --left, ++position) {
      *keys++ = uint64_t{order_of(read_value(lists.records + position * kRecordBytes, f32))} << 32 | position;
    }
    *keys++ = lists.lengths[i] < 0 ? kAbsent : kEnd;
  }
  // All heads are advanced at once, so that nothing depends on which one it was.
  const uint64_t *a = next[0], *b = next[1], *c = next[2], *d = next[3];
  for (;;) {
    const uint64_t x = *a, y = *b, z = *c, w = *d;
    const uint64_t least = std::min(std::min(x, y), std::min(z, w));
    if (least >= kAbsent) break;
    if (kStopWhenOneIsEmpty && std::max(std::max(x, y), std::max(z, w)) == kEnd) break;
    std::memcpy(out, lists.records + (least & UINT32_MAX) * kRecordBytes, kRecordBytes);
    out += kRecordBytes;
    a += x == least;
    b += y == least;
    c += z == least;
    d += w == least;
  }
  return {a - next[0], b - next[1], c - next[2], d - next[3]};
}

void require_apart(const Execution& execution, int64_t written_bytes) {
  const PtoOperand& dst = execution.operand(0);
  const uint8_t* const begin = static_cast<const uint8_t*>(dst.data);
  for (int i = 1; i < execution.instruction.operand_count; ++i) {
    const PtoOperand& src = execution.operand(i);
    const uint8_t* const data = static_cast<const uint8_t*>(src.data);
    if (data < begin + written_bytes && begin < data + int64_t{src.valid_cols} * src.tile->element_bytes) {
      fail(execution, kPtoFailInvalidArgument, describe_operand(execution, i) + " overlaps the destination", "merge into another place");
    }
  }
}

void merge_sort(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const bool f32 = is_f32(dst);
  const int64_t bytes = dst.tile->element_bytes, per_record = kRecordBytes / bytes;
  uint8_t* const out = static_cast<uint8_t*>(dst.data);
  int64_t total = 0;
  for (int i = 1; i < execution.instruction.operand_count; ++i) {
    if (execution.operand(i).valid_cols % per_record != 0) {
      fail(execution, kPtoFailInvalidArgument, describe_operand(execution, i) + " is no whole number of records",
           fmt::format("a record has {} elements", per_record));
    }
    total += execution.operand(i).valid_cols;
  }
  require_region(execution, 0, 0, 0, 1, total);
  require_apart(execution, total * bytes);
  uint8_t* const scratch = execution.core.memory->scratch();  // half of it holds the keys, the other half all records that fit UB
  uint64_t* const keys = reinterpret_cast<uint64_t*>(scratch);

  if (execution.instruction.operand_count == 2) {
    const int64_t block = execution.attributes().index[1];
    if (block <= 0 || block % 64 != 0) {
      fail(execution, kPtoFailInvalidArgument, fmt::format("the block length is {}", block), "give a multiple of 64 elements");
    }
    const uint8_t* const in = static_cast<const uint8_t*>(execution.operand(1).data);
    for (int64_t group = 0; group < total; group += 4 * block) {
      Lists lists{in + group * bytes, {}};
      for (int64_t i = 0; i < 4; ++i) {
        lists.lengths[static_cast<size_t>(i)] = std::clamp<int64_t>(total - group - i * block, 0, block) / per_record;
      }
      merge<false>(lists, f32, keys, out + group * bytes);
    }
    return;
  }
  Lists lists{scratch + CoreMemory::kScratchBytes / 2, {-1, -1, -1, -1}};
  uint8_t* copied = scratch + CoreMemory::kScratchBytes / 2;
  for (int i = 1; i < execution.instruction.operand_count; ++i) {
    const PtoOperand& src = execution.operand(i);
    lists.lengths[static_cast<size_t>(i) - 1] = src.valid_cols / per_record;
    std::memcpy(copied, src.data, static_cast<size_t>(src.valid_cols * bytes));
    copied += src.valid_cols * bytes;
  }
  const auto taken = execution.attributes().index[0] != 0 ? merge<true>(lists, f32, keys, out) : merge<false>(lists, f32, keys, out);
  uint16_t* const executed = reinterpret_cast<uint16_t*>(execution.attributes().scalar);
  for (size_t i = 0; i < 4; ++i) executed[i] = static_cast<uint16_t>(taken[i]);
}

}  // namespace

Handler sort_handler(pto::Op op) {
  switch (op) {
    case pto::Op::TSORT32: return sort32;
    case pto::Op::TMRGSORT: return merge_sort;
    default: return nullptr;
  }
}

}  // namespace tilewright::isa
