// TSORT32 and TMRGSORT, on records of a value and an index.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "isa/execution.h"
#include "isa/tile_grid.h"
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

/// Descending; NaNs last.
bool before(float a, float b) { return a > b || (b != b && a == a); }

void sort32(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const PtoOperand& index = execution.operand(2);
  const bool f32 = is_f32(src);
  const int64_t per_record = kRecordBytes / src.tile->element_bytes;
  require_region(execution, 0, 0, 0, src.valid_rows, src.valid_cols * per_record);
  require_region(execution, 2, 0, 0, index.valid_rows == 1 ? 1 : src.valid_rows, src.valid_cols);
  const Grid to = tile_grid(dst), from = tile_grid(src), indices = tile_grid(index);
  for (int64_t r = 0; r < src.valid_rows; ++r) {
    for (int64_t c = 0; c < src.valid_cols; c += kSortBlock) {
      std::array<Record, kSortBlock> block;
      const int64_t n = std::min(kSortBlock, src.valid_cols - c);
      for (int64_t i = 0; i < n; ++i) {
        Record& record = block[static_cast<size_t>(i)];
        record.value = read_value(from.at(r, c + i), f32);
        std::memcpy(&record.index, indices.at(index.valid_rows == 1 ? 0 : r, c + i), 4);
      }
      std::sort(block.begin(), block.begin() + n, [](const Record& a, const Record& b) {
        return before(a.value, b.value) || (!before(b.value, a.value) && a.index < b.index);
      });
      for (int64_t i = 0; i < n; ++i) write_record(to.at(r, (c + i) * per_record), block[static_cast<size_t>(i)], f32);
    }
  }
}

/// A sorted list of records.
struct List {
  const uint8_t* next;
  int64_t left;
  int64_t taken = 0;
};

/// Merges lists into `out` until all are empty or, if told so, one is. Of equal values the earlier list's comes first.
void merge(std::span<List> lists, uint8_t* out, bool f32, bool stop_when_one_is_empty) {
  const auto empty = [](const List& list) { return list.left == 0; };
  for (;;) {
    if (stop_when_one_is_empty ? std::any_of(lists.begin(), lists.end(), empty) : std::all_of(lists.begin(), lists.end(), empty)) return;
    List* best = nullptr;
    for (List& list : lists) {
      if (list.left != 0 && (best == nullptr || before(read_value(list.next, f32), read_value(best->next, f32)))) best = &list;
    }
    std::memcpy(out, best->next, kRecordBytes);
    out += kRecordBytes;
    best->next += kRecordBytes;
    --best->left;
    ++best->taken;
  }
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

  if (execution.instruction.operand_count == 2) {
    const int64_t block = execution.attributes().index[1];
    if (block <= 0 || block % 64 != 0) {
      fail(execution, kPtoFailInvalidArgument, fmt::format("the block length is {}", block), "give a multiple of 64 elements");
    }
    const uint8_t* const in = static_cast<const uint8_t*>(execution.operand(1).data);
    for (int64_t group = 0; group < total; group += 4 * block) {
      std::array<List, 4> lists;
      for (int64_t i = 0; i < 4; ++i) {
        const int64_t at = std::min(group + i * block, total), end = std::min(at + block, total);
        lists[static_cast<size_t>(i)] = {in + at * bytes, (end - at) / per_record};
      }
      merge(lists, out + group * bytes, f32, false);
    }
    return;
  }
  std::array<List, 4> lists{};
  const size_t count = static_cast<size_t>(execution.instruction.operand_count) - 1;
  for (size_t i = 0; i < count; ++i) {
    const PtoOperand& src = execution.operand(static_cast<int>(i) + 1);
    lists[i] = {static_cast<const uint8_t*>(src.data), src.valid_cols / per_record};
  }
  merge(std::span(lists).first(count), out, f32, execution.attributes().index[0] != 0);
  uint16_t* const executed = reinterpret_cast<uint16_t*>(execution.attributes().scalar);
  for (size_t i = 0; i < 4; ++i) executed[i] = static_cast<uint16_t>(lists[i].taken);
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
