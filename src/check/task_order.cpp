#include "check/task_order.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace tilewright::check {

uint32_t TaskOrder::add_node() {
  predecessors_.emplace_back();
  return static_cast<uint32_t>(predecessors_.size() - 1);
}

void TaskOrder::close() {
  const uint32_t count = static_cast<uint32_t>(predecessors_.size());
  std::vector<std::vector<uint32_t>> successors(count);
  std::vector<uint32_t> missing(count);
  for (uint32_t node = 0; node < count; ++node) {
    std::vector<uint32_t>& list = predecessors_[node];
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    missing[node] = static_cast<uint32_t>(list.size());
    for (const uint32_t predecessor : list) successors[predecessor].push_back(node);
  }
  order_.clear();
  places_.assign(count, {});
  known_.assign(count, {});
  std::vector<uint32_t> chain_lengths;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
  for (uint32_t node = 0; node < count; ++node) {
    if (missing[node] == 0) ready.push(node);
  }
  while (!ready.empty()) {
    const uint32_t node = ready.top();
    ready.pop();
    order_.push_back(node);
    place(node, chain_lengths);
    for (const uint32_t successor : successors[node]) {
      if (--missing[successor] == 0) ready.push(successor);
    }
  }
}

/// Into the chain of a predecessor that ends one, else into a new chain; and what it knows through all of them.
void TaskOrder::place(uint32_t node, std::vector<uint32_t>& chain_lengths) {
  std::vector<Place> known;
  bool placed = false;
  for (const uint32_t predecessor : predecessors_[node]) {
    const Place at = places_[predecessor];
    if (!placed && chain_lengths[at.chain] == at.position + 1) {
      places_[node] = {at.chain, chain_lengths[at.chain]++};
      placed = true;
    }
    known.push_back(at);
    known.insert(known.end(), known_[predecessor].begin(), known_[predecessor].end());
  }
  if (!placed) {
    places_[node] = {static_cast<uint32_t>(chain_lengths.size()), 0};
    chain_lengths.push_back(1);
  }
  std::sort(known.begin(), known.end(),
            [](const Place& a, const Place& b) { return a.chain != b.chain ? a.chain < b.chain : a.position > b.position; });
  for (const Place& at : known) {
    std::vector<Place>& list = known_[node];
    if (at.chain != places_[node].chain && (list.empty() || list.back().chain != at.chain)) list.push_back(at);
  }
  known_[node].shrink_to_fit();
}

bool TaskOrder::before(uint32_t first, uint32_t second) const {
  const Place at = places_[first];
  if (at.chain == places_[second].chain) return at.position < places_[second].position;
  const std::vector<Place>& list = known_[second];
  const auto found = std::lower_bound(list.begin(), list.end(), at.chain, [](const Place& a, uint32_t chain) { return a.chain < chain; });
  return found != list.end() && found->chain == at.chain && found->position >= at.position;
}

}  // namespace tilewright::check
