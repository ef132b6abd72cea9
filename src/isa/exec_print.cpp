// TPRINT: a tile or a global tensor as text.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "isa/convert_all.h"
#include "isa/execution.h"
#include "isa/fold.h"
#include "isa/tile_grid.h"
#include "pto/common/element_types.hpp"

namespace tilewright::isa {
namespace {

/// An element as text, right-aligned.
std::string element_text(const uint8_t* p, uint8_t element, int width, int precision) {
  const auto integer = [&](auto value) {
    std::memcpy(&value, p, sizeof(value));
    return fmt::format("{:>{}}", value, width);
  };
  switch (element) {
    case kPtoF32: {
      float value;
      std::memcpy(&value, p, sizeof(value));
      return fmt::format("{:>{}.{}f}", value, width, precision);
    }
    case kPtoF16: {
      half value;
      std::memcpy(&value, p, sizeof(value));
      return fmt::format("{:>{}.{}f}", static_cast<float>(value), width, precision);
    }
    case kPtoBf16: {
      bfloat16_t value;
      std::memcpy(&value, p, sizeof(value));
      return fmt::format("{:>{}.{}f}", static_cast<float>(value), width, precision);
    }
    case kPtoI8: return fmt::format("{:>{}}", static_cast<int>(static_cast<int8_t>(*p)), width);
    case kPtoU8: return fmt::format("{:>{}}", static_cast<int>(*p), width);
    case kPtoI16: return integer(int16_t{});
    case kPtoU16: return integer(uint16_t{});
    case kPtoI32: return integer(int32_t{});
    case kPtoU32: return integer(uint32_t{});
    case kPtoI64: return integer(int64_t{});
    case kPtoU64: return integer(uint64_t{});
    case kPtoI4: return fmt::format("{:>{}}", ((*p & 15) ^ 8) - 8, width);
    default: {
      float value;
      widen_small_float(static_cast<PtoElement>(element), &value, p, 1);
      return fmt::format("{:>{}.{}f}", value, width, precision);
    }
  }
}

void print(const Execution& execution) {
  const PtoOperand& operand = execution.operand(0);
  const auto format = static_cast<pto::PrintFormat>(execution.attributes().index[0]);
  const int width = format == pto::PrintFormat::Width10_Precision6 ? 10 : 8;
  const int precision = format == pto::PrintFormat::Width10_Precision6 ? 6 : format == pto::PrintFormat::Width8_Precision2 ? 2 : 4;
  const bool is_tile = operand.tile != nullptr;
  const FoldedOperand folded(operand);  // fp4 elements share bytes
  const Grid grid = is_tile ? tile_grid(folded.operand()) : global_grid(folded.operand());
  const Extent extent = is_tile ? Extent{operand.valid_rows, operand.valid_cols} : global_extent(operand);
  const uint8_t element = is_tile ? operand.tile->element : operand.global->element;
  std::string text = fmt::format("TPRINT: {}\n", describe_operand(execution, 0));
  for (int64_t r = 0; r < extent.rows; ++r) {
    for (int64_t c = 0; c < extent.cols; ++c) {
      if (c != 0) text += ' ';
      if (is_fp4(element)) {
        const uint8_t byte = folded.by_row() ? *grid.at(r / 2, c) : *grid.at(r, c / 2);
        const uint8_t code = (folded.by_row() ? r : c) % 2 == 0 ? byte & 15 : byte >> 4;
        text += element_text(&code, element, width, precision);
        continue;
      }
      text += element_text(grid.at(r, c), element, width, precision);
    }
    text += '\n';
  }
  std::fwrite(text.data(), 1, text.size(), stdout);  // at once: other cores print too
  std::fflush(stdout);
}

}  // namespace

Handler print_handler(pto::Op op) { return op == pto::Op::TPRINT ? print : nullptr; }

}  // namespace tilewright::isa
