// What is known of numbers that a random program computes with: enough to keep every result finite, every sum exact where it can be, and
// every operator within what it is defined for.
#pragma once

#include <optional>
#include <span>

#include "compiler/ir/operator_info.h"
#include "program.h"

namespace tilewright::random_programs {

/// Numbers from `low` to `high`, all multiples of 2^unit.
struct Bounds {
  static constexpr int kNoUnit = -1000;  ///< no such unit

  double low = 0;
  double high = 0;
  int unit = 0;
  bool exact = true;  ///< no rounding on the way to them

  bool within(const Bounds& other) const { return low >= other.low && high <= other.high; }
  bool fits(const Bounds& other) const { return within(other) && unit >= other.unit; }
};
Bounds united(const Bounds& a, const Bounds& b);
Bounds number(double value);

/// Where an operator is defined, as kinds of operands that there are tensors of.
enum class Domain : uint8_t {
  kGeneral,   ///< of both signs
  kPositive,  ///< at least 1/2
  kCount,     ///< 0 to 3
  kBit,       ///< 0 and 1
  kRows,      ///< numbers of rows, each once in a column
};
Bounds bounds_of(Domain domain, twb_dtype dtype);
/// What loops carry and tasks hand on.
Bounds carried_bounds(twb_dtype dtype);

/// Bounds of numbers of type `dtype` that are what `bounds` says before they are put into it; nothing if they do not fit.
std::optional<Bounds> converted(const Bounds& bounds, twb_dtype dtype);

/// What an operator makes of operands (tiles, masks, numbers, in order) in a result of `dtype`. `length` is the number of elements that a
/// reduction or a product combines, or that an operator counts. Nothing if it is not defined there, or does not fit.
std::optional<Bounds> result_of(const tile::OperatorInfo& info, twb_dtype dtype, std::span<const Bounds> operands, int length);

}  // namespace tilewright::random_programs
