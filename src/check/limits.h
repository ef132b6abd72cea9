// What an instruction's shapes may be beyond fitting into their memories (spec/tile-isa.md, 1.3 and 2.1).
#pragma once

#include <string>
#include <vector>

#include "pto/common/sim_abi.h"

namespace tilewright::check {

struct LimitBroken {
  std::string problem;
  std::string remedy;
};

/// The limits that an instruction breaks; usually none.
std::vector<LimitBroken> limits_broken(const PtoInstruction& instruction);

}  // namespace tilewright::check
