// The faults found so far: the first few in full, the others counted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tilewright/check_report.h"

namespace tilewright::check {

/// Not thread safe.
class Faults {
 public:
  /// Faults that are listed in full.
  explicit Faults(size_t limit) : limit_(limit) {}

  /// Counts a fault at two places (numbers of Sites); the result says whether it is a new one, to be described by add().
  bool seen_before(const char* kind, uint32_t first_site, uint32_t second_site);
  /// A fault that was not seen before. One at the same lines as another is counted with that; the result says whether it is not.
  bool add(const char* kind, uint32_t first_site, uint32_t second_site, CheckFault fault);

  bool empty() const { return by_lines_.empty(); }
  CheckReport report() const;

 private:
  using Lines = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;

  const size_t limit_;
  std::map<std::tuple<const char*, uint32_t, uint32_t>, size_t> by_sites_;  ///< to indices of listed_, or beyond them
  std::map<Lines, size_t> by_lines_;
  std::vector<CheckFault> listed_;
};

}  // namespace tilewright::check
