// What limits the values of the type that a conversion goes to.
#pragma once

namespace tilewright::isa {

/// A float has `precision` significand bits, and subnormals below 2^min_exponent.
struct TargetRange {
  bool is_float;
  double lowest, highest;
  int precision, min_exponent;
};

}  // namespace tilewright::isa
