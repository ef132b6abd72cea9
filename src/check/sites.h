// The places that kernels issue instructions from, as small numbers: a loop that runs a thousand times is one place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "check/source_lines.h"
#include "pto/common/sim_abi.h"

namespace tilewright::check {

struct Site {
  static constexpr size_t kFrames = 6;
  uint16_t op;
  uint8_t pipe;
  uint8_t frame_count;
  std::array<const void*, kFrames> frames;

  CallStack stack() const { return {frames.data(), frame_count}; }
  friend auto operator<=>(const Site&, const Site&) = default;
};

/// Not thread safe.
class Sites {
 public:
  /// The number of the place that `instruction` comes from, on whose way to the simulator the caller is. `issued_from` is the address
  /// it returns to in the kernel.
  uint32_t number(const PtoInstruction& instruction, const void* issued_from);
  const Site& operator[](uint32_t number) const { return *by_number_[number]; }

 private:
  std::map<Site, uint32_t> numbers_;
  std::vector<const Site*> by_number_;
};

}  // namespace tilewright::check
