// What limits the values of the type that a conversion goes to.
#pragma once

namespace tilewright::isa {

struct TargetRange {
  bool is_float;
  double lowest, highest;
  double min_normal;  ///< of a float: below it values are multiples of min_normal * epsilon
  double epsilon;     ///< of a float: distance of 1 and the next value
};

}  // namespace tilewright::isa
