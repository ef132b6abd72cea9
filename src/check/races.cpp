#include "check/races.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "check/tensors.h"

namespace tilewright::check {
namespace {

/// Beyond every address of a process.
constexpr uint64_t kFirstGrant = uint64_t{1} << 56;
constexpr size_t kNoMemory = SIZE_MAX;

/// The indices of the element that holds an address of a tensor; empty if none does.
std::vector<uint64_t> element_at(const ChipTensor& tensor, uint64_t address) {
  const uint64_t size = get_element_size(tensor.dtype), begin = tensor.buffer.addr + tensor.start_offset * size;
  if (address < begin) return {};
  uint64_t rest = (address - begin) / size;
  std::vector<uint32_t> dims(tensor.ndims);
  for (uint32_t d = 0; d < tensor.ndims; ++d) dims[d] = d;
  std::stable_sort(dims.begin(), dims.end(), [&](uint32_t a, uint32_t b) { return tensor.strides[a] > tensor.strides[b]; });
  std::vector<uint64_t> indices(tensor.ndims);
  for (const uint32_t d : dims) {
    if (tensor.shapes[d] <= 1 || tensor.strides[d] == 0) continue;
    indices[d] = std::min<uint64_t>(rest / tensor.strides[d], tensor.shapes[d] - 1);
    rest -= indices[d] * tensor.strides[d];
  }
  return rest == 0 ? indices : std::vector<uint64_t>();
}

}  // namespace

/// Two nodes, the first submitted first, and the memory.
struct Races::Pair {
  uint32_t first, second;
  size_t memory;  ///< the callable's tensor; behind those, a grant; or kNoMemory
  friend auto operator<=>(const Pair&, const Pair&) = default;
};

struct Races::Found {
  struct Side {
    bool reads = false, writes = false, adds = false;
    std::set<uint32_t> sites;

    void add(const Item& item) {
      (item.write ? item.atomic ? adds : writes : reads) = true;
      sites.insert(item.site);
    }
    const char* word() const {
      if (reads) return writes || adds ? "reads and writes" : "reads";
      return writes ? "writes" : "adds to";
    }
  };
  Side sides[2];
  ByteRange first{0, 0};  ///< stretch
  uint64_t end = 0;       ///< of the last one
  uint64_t bytes = 0;

  void add(const ByteRange& part) {
    if (bytes == 0) first = {part.begin, part.begin};
    if (first.end == part.begin) first.end = part.end;
    if (bytes == 0 || part.begin >= end) bytes += part.end - part.begin;
    end = part.end;
  }
};

uint32_t Races::new_node(CallStack stack) {
  const uint32_t node = order_.add_node();
  nodes_.emplace_back().stack.assign(stack.begin(), stack.end());
  if (last_host_ != UINT32_MAX) order_.add_edge(last_host_, node);
  return node;
}

void Races::add_task(PTO2TaskId task, const int32_t (&kernel_ids)[3], CallStack submitted) {
  const uint32_t node = new_node(submitted);
  nodes_[node].task = task;
  std::copy(std::begin(kernel_ids), std::end(kernel_ids), nodes_[node].kernel_ids);
  node_of_[task.raw] = node;
}

void Races::add_edge(PTO2TaskId predecessor, PTO2TaskId successor) {
  const auto from = node_of_.find(predecessor.raw), to = node_of_.find(successor.raw);
  if (from != node_of_.end() && to != node_of_.end() && from != to) order_.add_edge(from->second, to->second);
}

void Races::add_arguments(PTO2TaskId task, std::span<const ChipTensor> tensors, ByteRange given) {
  const auto found = node_of_.find(task.raw);
  if (found == node_of_.end()) return;
  nodes_[found->second].tensors.assign(tensors.begin(), tensors.end());
  nodes_[found->second].given = given;
}

void Races::add_host_access(ByteRange bytes, bool write, std::span<const PTO2TaskId> after, std::span<const PTO2TaskId> pending,
                            CallStack called) {
  const uint32_t node = new_node(called);
  last_host_ = node;
  nodes_[node].accesses.push_back({bytes, kPredicate, write, false});
  for (const PTO2TaskId task : after) {
    const auto found = node_of_.find(task.raw);
    if (found == node_of_.end() || nodes_[found->second].waited) continue;
    nodes_[found->second].waited = true;
    order_.add_edge(found->second, node);
  }
  for (const PTO2TaskId task : pending) {
    if (const auto found = node_of_.find(task.raw); found != node_of_.end()) order_.add_edge(node, found->second);
  }
}

void Races::touch(PTO2TaskId task, std::span<const ByteRange> ranges, bool write, bool atomic, uint32_t site) {
  const auto found = node_of_.find(task.raw);
  if (found == node_of_.end()) return;
  Node& node = nodes_[found->second];
  for (const ByteRange& range : ranges) {
    if (range.begin < range.end) node.accesses.push_back({range, site, write, atomic});
  }
  if (node.accesses.size() < node.compact_at) return;
  compact(node.accesses);
  node.compact_at = 2 * node.accesses.size() + 4096;
}

/// The same bytes by fewer entries, in an order that does not depend on when they came.
void Races::compact(std::vector<Access>& accesses) {
  const auto key = [](const Access& a) { return std::tuple(a.write, a.atomic, a.site, a.bytes.begin, a.bytes.end); };
  std::sort(accesses.begin(), accesses.end(), [&](const Access& a, const Access& b) { return key(a) < key(b); });
  size_t kept = 0;
  for (const Access& access : accesses) {
    Access* const last = kept == 0 ? nullptr : &accesses[kept - 1];
    if (last != nullptr && last->write == access.write && last->atomic == access.atomic && last->site == access.site &&
        access.bytes.begin <= last->bytes.end) {
      last->bytes.end = std::max(last->bytes.end, access.bytes.end);
    } else {
      accesses[kept++] = access;
    }
  }
  accesses.resize(kept);
}

/// The runtime gives bytes away again when all who use them are done, which is no dependency and needs none. So each grant is moved to a
/// place of its own: what a task means by an address is what was granted there last before the task was submitted.
void Races::place_accesses() {
  std::map<uint64_t, std::pair<uint64_t, size_t>> grants;  // begin to end and number
  uint64_t next = kFirstGrant;
  items_.assign(nodes_.size(), {});
  grants_.clear();
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (const ByteRange given = node.given; given.begin < given.end) {
      auto at = grants.lower_bound(given.begin);
      if (at != grants.begin() && std::prev(at)->second.first > given.begin) --at;
      while (at != grants.end() && at->first < given.end) at = grants.erase(at);
      grants[given.begin] = {given.end, grants_.size()};
      grants_.push_back({next, given.begin, i});
      next += (given.end - given.begin + 127) / 64 * 64;  // never adjacent
    }
    compact(node.accesses);
    for (const Access& access : node.accesses) place_parts(i, access, grants);
  }
}

void Races::place_parts(uint32_t node, const Access& access, const std::map<uint64_t, std::pair<uint64_t, size_t>>& grants) {
  for (uint64_t at = access.bytes.begin; at < access.bytes.end;) {
    const auto next = grants.upper_bound(at);
    uint64_t end = next == grants.end() ? access.bytes.end : std::min(access.bytes.end, next->first);
    uint64_t place = at;
    if (next != grants.begin()) {
      const auto& [begin, grant] = *std::prev(next);
      if (at < grant.first) {
        end = std::min(end, grant.first);
        place = grants_[grant.second].place + (at - begin);
      }
    }
    items_[node].push_back({{place, place + (end - at)}, node, access.site, access.write, access.atomic});
    at = end;
  }
}

/// Bytes that at least one pair of unordered tasks is about. An access is compared with those of its bytes that nothing stands for yet: few,
/// unless many unordered tasks read the same bytes.
std::vector<ByteRange> Races::disputed_bytes() {
  Shadow shadow;
  std::vector<ByteRange> disputed;
  for (const uint32_t node : order_.order()) {
    for (const Item& item : items_[node]) {
      shadow.touch(
          item.bytes, {static_cast<int32_t>(node), 0, 0, item.write, item.atomic, 0, 0},
          [&](const Touch& earlier) { return order_.before(static_cast<uint32_t>(earlier.core), node); },
          [&](const Touch&, const ByteRange& part) { disputed.push_back(part); }, [](const ByteRange&) {});
    }
  }
  std::sort(disputed.begin(), disputed.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  std::vector<ByteRange> merged;
  for (const ByteRange& part : disputed) {
    if (!merged.empty() && part.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, part.end);
    } else {
      merged.push_back(part);
    }
  }
  return merged;
}

/// All pairs about those bytes.
std::map<Races::Pair, Races::Found> Races::pairs_in(const std::vector<ByteRange>& disputed) {
  // What is done to the bytes, cut at their borders; begins and ends in order.
  std::vector<Item> items;
  for (const std::vector<Item>& list : items_) {
    for (const Item& item : list) {
      auto part = std::upper_bound(disputed.begin(), disputed.end(), item.bytes.begin,
                                   [](uint64_t at, const ByteRange& range) { return at < range.end; });
      for (; part != disputed.end() && part->begin < item.bytes.end; ++part) {
        items.push_back(item);
        items.back().bytes = {std::max(part->begin, item.bytes.begin), std::min(part->end, item.bytes.end)};
      }
    }
  }
  std::vector<std::pair<uint64_t, size_t>> begins;
  std::set<uint64_t> borders;
  for (size_t i = 0; i < items.size(); ++i) {
    begins.emplace_back(items[i].bytes.begin, i);
    borders.insert({items[i].bytes.begin, items[i].bytes.end});
  }
  std::sort(begins.begin(), begins.end());

  std::map<Pair, Found> pairs;
  std::vector<size_t> active;
  size_t next = 0;
  for (auto border = borders.begin(); border != borders.end() && std::next(border) != borders.end(); ++border) {
    const ByteRange part{*border, *std::next(border)};
    std::erase_if(active, [&](size_t i) { return items[i].bytes.end <= part.begin; });
    for (; next < begins.size() && begins[next].first == part.begin; ++next) active.push_back(begins[next].second);
    if (active.size() < 2) continue;
    const size_t memory = memory_at(part.begin);
    for (size_t i = 0; i < active.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const Item *a = &items[active[i]], *b = &items[active[j]];
        if (a->node > b->node) std::swap(a, b);
        if (a->node == b->node || (!a->write && !b->write) || (a->atomic && b->atomic)) continue;
        if (order_.before(a->node, b->node) || order_.before(b->node, a->node)) continue;
        Found& found = pairs[{a->node, b->node, memory}];
        found.add(part);
        found.sides[0].add(*a);
        found.sides[1].add(*b);
        if (pairs.size() >= kCounted) return pairs;
      }
    }
  }
  return pairs;
}

size_t Races::memory_at(uint64_t place) const {
  if (place >= kFirstGrant) {
    const auto after =
        std::upper_bound(grants_.begin(), grants_.end(), place, [](uint64_t at, const Grant& grant) { return at < grant.place; });
    return memory_.tensors.size() + static_cast<size_t>(after - grants_.begin()) - 1;
  }
  for (size_t i = 0; i < memory_.tensors.size(); ++i) {
    if (place >= memory_.tensors[i].begin && place < memory_.tensors[i].end) return i;
  }
  return kNoMemory;
}

uint64_t Races::address_of(uint64_t place) const {
  if (place < kFirstGrant) return place;
  const Grant& grant = grants_[memory_at(place) - memory_.tensors.size()];
  return grant.address + (place - grant.place);
}

RaceAccess Races::describe(uint32_t number, const Found& found, bool second, const std::function<std::string(uint32_t)>& place,
                           const std::function<std::string(CallStack)>& line) const {
  const Node& node = nodes_[number];
  const Found::Side& side = found.sides[second ? 1 : 0];
  RaceAccess access;
  access.task = node.task;
  std::copy(std::begin(node.kernel_ids), std::end(node.kernel_ids), access.kernel_ids);
  access.access = side.word();
  if (!node.stack.empty()) access.submitted = line(node.stack);
  const uint64_t begin = address_of(found.first.begin), last = address_of(found.end - 1);
  if (const std::optional<int> argument = Tensors(node.tensors, {}).holding({begin, begin + 1})) {
    const ChipTensor& tensor = node.tensors[static_cast<size_t>(*argument)];
    access.argument = *argument;
    const std::vector<uint64_t> from = element_at(tensor, begin), to = element_at(tensor, last);
    access.elements = fmt::format("[{}]", fmt::join(from, ", "));
    if (!to.empty() && to != from) access.elements += fmt::format(" to [{}]", fmt::join(to, ", "));
  }
  if (node.task.is_valid()) {
    std::set<std::string> places;
    for (const uint32_t site : side.sites) places.insert(site == kPredicate ? "its predicate" : place(site));
    access.places.assign(places.begin(), places.end());
  }
  return access;
}

RaceReport Races::report(const std::function<std::string(uint32_t)>& place, const std::function<std::string(CallStack)>& line) {
  order_.close();
  place_accesses();
  const std::map<Pair, Found> pairs = pairs_in(disputed_bytes());
  RaceReport report;
  for (const auto& [pair, found] : pairs) {
    if (report.races.size() == kListed) break;
    Race race;
    race.first = describe(pair.first, found, false, place, line);
    race.second = describe(pair.second, found, true, place, line);
    uint64_t base = 0;
    if (pair.memory < memory_.tensors.size()) {
      race.tensor = static_cast<int32_t>(pair.memory);
      base = memory_.tensors[pair.memory].begin;
    } else if (pair.memory != kNoMemory) {
      const Grant& grant = grants_[pair.memory - memory_.tensors.size()];
      race.creator = nodes_[grant.node].task;
      base = grant.place;
    }
    race.begin = found.first.begin - base;
    race.end = found.first.end - base;
    race.bytes = found.bytes;
    report.races.push_back(std::move(race));
  }
  report.unlisted = pairs.size() - report.races.size();
  return report;
}

}  // namespace tilewright::check
