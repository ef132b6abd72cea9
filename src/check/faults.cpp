#include "check/faults.h"

namespace tilewright::check {

bool Faults::seen_before(const char* kind, uint32_t first_site, uint32_t second_site) {
  const auto found = by_sites_.find({kind, first_site, second_site});
  if (found == by_sites_.end()) return false;
  if (found->second < listed_.size()) ++listed_[found->second].count;
  return true;
}

bool Faults::add(const char* kind, uint32_t first_site, uint32_t second_site, CheckFault fault) {
  const Lines lines{kind, fault.kernel, fault.first.name, fault.first.place, fault.second.name, fault.second.place};
  const auto [entry, added] = by_lines_.try_emplace(lines, by_lines_.size());
  by_sites_[{kind, first_site, second_site}] = entry->second;
  if (!added) {
    if (entry->second < listed_.size()) ++listed_[entry->second].count;
  } else if (listed_.size() < limit_) {
    listed_.push_back(std::move(fault));
  }
  return added;
}

CheckReport Faults::report() const { return {listed_, by_lines_.size() - listed_.size()}; }

}  // namespace tilewright::check
