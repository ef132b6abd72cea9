// Comparisons by mode.
#pragma once

#include "pto/common/type.hpp"

namespace tilewright::isa {

/// Whether a stands to b as `mode` says. T is how elements are compared: half and bfloat16 as float.
template <typename T>
bool holds(pto::CmpMode mode, T a, T b) {
  switch (mode) {
    case pto::CmpMode::EQ: return a == b;
    case pto::CmpMode::NE: return a != b;
    case pto::CmpMode::LT: return a < b;
    case pto::CmpMode::LE: return a <= b;
    case pto::CmpMode::GT: return a > b;
    default: return a >= b;
  }
}

}  // namespace tilewright::isa
