#include "check/task_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

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
  nodes_.assign(count, {});
  lists_.clear();
  chain_lengths_.clear();
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
  for (uint32_t node = 0; node < count; ++node) {
    if (missing[node] == 0) ready.push(node);
  }
  while (!ready.empty()) {
    const uint32_t node = ready.top();
    ready.pop();
    nodes_[node].rank = static_cast<uint32_t>(order_.size());
    order_.push_back(node);
    place(node);
    for (const uint32_t successor : successors[node]) {
      if (--missing[successor] == 0) ready.push(successor);
    }
  }
  list_of_.clear();
}

/// Into a chain whose last node comes before it, else into a new one. That of the only predecessor needs no new list.
void TaskOrder::place(uint32_t number) {
  Node& node = nodes_[number];
  const std::vector<uint32_t> predecessors = nearest(number);
  uint32_t chain = kNone;
  if (predecessors.size() == 1 && is_end(nodes_[predecessors[0]].at)) {
    chain = nodes_[predecessors[0]].at.chain;
    node.list = nodes_[predecessors[0]].list;
  } else if (!predecessors.empty()) {
    const auto [at, is_new] = list_of_.try_emplace(predecessors, kNone);
    if (is_new) at->second = make_list(predecessors);
    node.list = at->second;
    chain = find_end(node.list);
  }
  if (chain == kNone) {
    chain = static_cast<uint32_t>(chain_lengths_.size());
    chain_lengths_.push_back(0);
  }
  node.at = {chain, chain_lengths_[chain]++};
}

/// The predecessors without most of those that others come after anyway: for the more nodes have the same.
std::vector<uint32_t> TaskOrder::nearest(uint32_t node) const {
  constexpr size_t kCompared = 4;
  std::vector<uint32_t> latest_first = predecessors_[node], kept;
  std::sort(latest_first.begin(), latest_first.end(), [&](uint32_t a, uint32_t b) { return nodes_[a].rank > nodes_[b].rank; });
  for (const uint32_t predecessor : latest_first) {
    const auto end = kept.begin() + static_cast<ptrdiff_t>(std::min(kept.size(), kCompared));
    if (std::none_of(kept.begin(), end, [&](uint32_t later) { return before(predecessor, later); })) kept.push_back(predecessor);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

/// On the longest list of a predecessor, what the others and the predecessors themselves add to it.
uint32_t TaskOrder::make_list(const std::vector<uint32_t>& predecessors) {
  List made;
  for (const uint32_t predecessor : predecessors) {
    const uint32_t list = nodes_[predecessor].list;
    if (list != kNone && (made.base == kNone || lists_[list].size > lists_[made.base].size)) made.base = list;
  }
  std::set<uint32_t> read;  // with all that lies below
  for (uint32_t list = made.base; list != kNone; list = lists_[list].base) read.insert(list);
  if (made.base != kNone && lists_[made.base].depth == kDeepest) {
    for (uint32_t list = made.base; list != kNone; list = lists_[list].base) {
      made.places.insert(made.places.end(), lists_[list].places.begin(), lists_[list].places.end());
    }
    made.base = kNone;
  }
  for (const uint32_t predecessor : predecessors) {
    made.places.push_back(nodes_[predecessor].at);
    for (uint32_t list = nodes_[predecessor].list; list != kNone && read.insert(list).second; list = lists_[list].base) {
      made.places.insert(made.places.end(), lists_[list].places.begin(), lists_[list].places.end());
    }
  }
  std::sort(made.places.begin(), made.places.end(),
            [](const Place& a, const Place& b) { return a.chain != b.chain ? a.chain < b.chain : a.position > b.position; });
  const auto twins = std::unique(made.places.begin(), made.places.end(), [](const Place& a, const Place& b) { return a.chain == b.chain; });
  made.places.erase(twins, made.places.end());
  if (made.base != kNone) {
    std::erase_if(made.places, [&](const Place& place) {
      const uint32_t position = known(made.base, place.chain);
      return position != kNone && position >= place.position;
    });
    made.depth = lists_[made.base].depth + 1;
    made.size = lists_[made.base].size;
  }
  made.places.shrink_to_fit();
  made.size += made.places.size();
  lists_.push_back(std::move(made));
  return static_cast<uint32_t>(lists_.size() - 1);
}

/// A chain whose last node the list has, or kNone. A chain that has gone on is never looked at again.
uint32_t TaskOrder::find_end(uint32_t list) {
  for (; list != kNone; list = lists_[list].base) {
    for (size_t& at = lists_[list].grown; at < lists_[list].places.size(); ++at) {
      if (is_end(lists_[list].places[at])) return lists_[list].places[at].chain;
    }
  }
  return kNone;
}

/// The last position of the chain that the list has, or kNone.
uint32_t TaskOrder::known(uint32_t list, uint32_t chain) const {
  for (; list != kNone; list = lists_[list].base) {
    const std::vector<Place>& places = lists_[list].places;
    const auto at = std::lower_bound(places.begin(), places.end(), chain, [](const Place& a, uint32_t wanted) { return a.chain < wanted; });
    if (at != places.end() && at->chain == chain) return at->position;
  }
  return kNone;
}

bool TaskOrder::before(uint32_t first, uint32_t second) const {
  const Place at = nodes_[first].at;
  if (at.chain == nodes_[second].at.chain) return at.position < nodes_[second].at.position;
  const uint32_t position = known(nodes_[second].list, at.chain);
  return position != kNone && position >= at.position;
}

size_t TaskOrder::entries() const {
  size_t entries = 0;
  for (const List& list : lists_) entries += list.places.size();
  return entries;
}

}  // namespace tilewright::check
