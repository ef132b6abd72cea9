#include "compiler/plan/flags.h"

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

namespace tilewright::plan {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

using LaterOf = std::map<int, std::vector<int>>;  ///< what must come after an instruction, ascending

LaterOf by_earlier(const Program& program, const std::vector<Order>& orders) {
  std::map<int, std::set<int>> sorted;
  for (const Order& order : orders) {
    if (needs_flag(program, order)) sorted[order.earlier].insert(order.later);
  }
  LaterOf later;
  for (const auto& [earlier, set] : sorted) later[earlier] = {set.begin(), set.end()};
  return later;
}

/// Set and wait of `stronger` enclose no more than those of `flag`, so that it orders all that `flag` does.
bool dominates(const Flag& stronger, const Flag& flag) {
  return stronger.kind == flag.kind && stronger.region == flag.region && stronger.from == flag.from && stronger.to == flag.to &&
         stronger.set_after >= flag.set_after && stronger.wait_before <= flag.wait_before;
}

}  // namespace

bool needs_flag(const Program& program, Order order) {
  const Pipe from = program.instructions[index(order.earlier)].pipe, to = program.instructions[index(order.later)].pipe;
  return from != to && from != Pipe::kNone && to != Pipe::kNone && from != Pipe::kScalar;
}

Flag flag_for(const Structure& structure, const Program& program, Order order) {
  const Pipe from = program.instructions[index(order.earlier)].pipe, to = program.instructions[index(order.later)].pipe;
  const Place later = structure.place_of(order.later);
  const auto [a, b] = structure.common(structure.place_of(order.earlier), later);
  if (a.child < b.child) return {Flag::Kind::kForward, from, to, a.region, a.child, b.child, -1};
  // Over a back edge, or between the two regions of a while.
  Place in_loop = structure.in_loop(a);
  if (a.child == b.child && structure.node(a).kind == Node::Kind::kWhile) {
    for (in_loop = later; structure.regions()[index(in_loop.region)].owner.region != a.region;) {
      in_loop = structure.regions()[index(in_loop.region)].owner;
    }
  }
  if (in_loop.region < 0) throw std::logic_error("no instruction is executed before itself");
  const int before = structure.ancestor_in(later, in_loop.region).child;
  if (structure.regions()[index(in_loop.region)].kind == Node::Kind::kLoop) {
    return {Flag::Kind::kCarried, from, to, in_loop.region, in_loop.child, before, -1};
  }
  return {Flag::Kind::kPoint, from, to, in_loop.region, -1, before, -1};
}

std::vector<Flag> without_dominated(std::vector<Flag> flags) {
  std::sort(flags.begin(), flags.end());
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  std::vector<Flag> kept;
  for (const Flag& flag : flags) {
    const bool stood_for =
        std::any_of(flags.begin(), flags.end(), [&](const Flag& other) { return other != flag && dominates(other, flag); });
    if (!stood_for) kept.push_back(flag);
  }
  return kept;
}

std::vector<Flag> reduce(const Structure& structure, const Program& program, std::vector<Flag> flags, const std::vector<Order>& orders) {
  const LaterOf later_of = by_earlier(program, orders);
  OrderCheck check(structure, program, std::move(flags));
  std::map<int, std::vector<int>> used;  // by earlier instruction
  for (const auto& [earlier, later] : later_of) {
    OrderCheck::Answer answer = check.ask(earlier, later);
    if (!answer.unordered.empty()) {
      throw std::logic_error(fmt::format("flags do not order {} before {}", earlier, answer.unordered.front()));
    }
    used[earlier] = std::move(answer.used);
  }
  // Those over back edges first: they are four instructions, and they keep turns apart.
  std::vector<int> trial;
  for (const bool carried : {true, false}) {
    for (int i = 0; i < static_cast<int>(check.flags().size()); ++i) {
      if ((check.flags()[index(i)].kind == Flag::Kind::kCarried) == carried) trial.push_back(i);
    }
  }
  for (const int flag : trial) {
    check.set_active(flag, false);
    std::map<int, std::vector<int>> changed;
    bool needed = false;
    for (const auto& [earlier, later] : later_of) {
      if (!std::binary_search(used[earlier].begin(), used[earlier].end(), flag)) continue;
      OrderCheck::Answer answer = check.ask(earlier, later);
      needed = !answer.unordered.empty();
      if (needed) break;
      changed[earlier] = std::move(answer.used);
    }
    if (needed) {
      check.set_active(flag, true);
    } else {
      for (auto& [earlier, list] : changed) used[earlier] = std::move(list);
    }
  }
  std::vector<Flag> kept;
  for (int i = 0; i < static_cast<int>(check.flags().size()); ++i) {
    if (check.active(i)) kept.push_back(check.flags()[index(i)]);
  }
  return kept;
}

std::vector<Flag> flags_for(const Structure& structure, const Program& program, const std::vector<Order>& orders) {
  std::vector<Flag> flags;
  for (const Order& order : orders) {
    if (needs_flag(program, order)) flags.push_back(flag_for(structure, program, order));
  }
  return reduce(structure, program, without_dominated(std::move(flags)), orders);
}

namespace {

/// When each flag is first set and last waited for: numbers of the steps of all flags, in the order of the text.
class OpenTimes {
 public:
  OpenTimes(const Structure& structure, const std::vector<Flag>& flags)
      : structure_(structure), steps_(structure, flags), first_(flags.size(), -1), last_(flags.size(), -1) {
    region(0);
  }
  int first(int flag) const { return first_[index(flag)]; }
  int last(int flag) const { return last_[index(flag)]; }

 private:
  void region(int number) {
    for (int child = 0; child < static_cast<int>(structure_.regions()[index(number)].nodes->size()); ++child) {
      count(steps_.before[index(number)][index(child)]);
      for (const int inner : structure_.regions()[index(number)].inner[index(child)]) {
        if (inner >= 0) region(inner);
      }
      count(steps_.after[index(number)][index(child)]);
    }
    count(steps_.before[index(number)].back());
  }
  void count(const std::vector<FlagStep>& steps) {
    for (const FlagStep& step : steps) {
      if (first_[index(step.flag)] < 0) first_[index(step.flag)] = now_;
      last_[index(step.flag)] = now_++;
    }
  }

  const Structure& structure_;
  FlagSteps steps_;
  std::vector<int> first_, last_;
  int now_ = 0;
};

/// Gives events to the flags of one pair of pipes, lowest first. The flags that are open together where there are too many, or none.
std::vector<int> colour(std::vector<Flag>& flags, std::vector<int> of_pair, const OpenTimes& times, int events) {
  std::sort(of_pair.begin(), of_pair.end(), [&](int a, int b) { return times.first(a) < times.first(b); });
  std::vector<int> open;
  for (const int flag : of_pair) {
    std::erase_if(open, [&](int other) { return times.last(other) < times.first(flag); });
    open.push_back(flag);
    if (static_cast<int>(open.size()) > events) return open;
    std::set<int> taken;
    for (const int other : open) taken.insert(other == flag ? -1 : flags[index(other)].event);
    int event = 0;
    while (taken.count(event) != 0) ++event;
    flags[index(flag)].event = event;
  }
  return {};
}

/// Of flags that are open together, makes fewer: merges the two that lie closest, or lets one be set where it is waited for.
void make_fewer(const Structure& structure, std::vector<Flag>& flags, const std::vector<int>& open, const OpenTimes& times) {
  std::optional<std::pair<int, int>> closest;
  int smallest = 0;
  for (const int a : open) {
    for (const int b : open) {
      const Flag &one = flags[index(a)], &other = flags[index(b)];
      if (a >= b || one.kind == Flag::Kind::kPoint || one.kind != other.kind || one.region != other.region) continue;
      const int moved = std::abs(one.set_after - other.set_after) + std::abs(one.wait_before - other.wait_before);
      if (closest && smallest <= moved) continue;
      closest = {a, b};
      smallest = moved;
    }
  }
  if (closest) {
    Flag& one = flags[index(closest->first)];
    const Flag& other = flags[index(closest->second)];
    one.set_after = std::max(one.set_after, other.set_after);
    one.wait_before = std::min(one.wait_before, other.wait_before);
    flags.erase(flags.begin() + closest->second);
    return;
  }
  int longest = -1;
  for (const int flag : open) {
    if (flags[index(flag)].kind == Flag::Kind::kPoint) continue;
    if (longest < 0 || times.last(flag) - times.first(flag) > times.last(longest) - times.first(longest)) longest = flag;
  }
  if (longest < 0) throw std::logic_error("flags that are waited for where they are set are open one at a time");
  const Flag flag = flags[index(longest)];
  if (flag.kind == Flag::Kind::kCarried) {  // which is also waited for behind its loop
    const Place loop = structure.regions()[index(flag.region)].owner;
    Flag behind = flag;
    behind.kind = Flag::Kind::kPoint;
    behind.region = loop.region;
    behind.wait_before = loop.child + 1;
    behind.set_after = -1;
    flags.push_back(behind);
  }
  flags[index(longest)].kind = Flag::Kind::kPoint;
  flags[index(longest)].set_after = -1;
}

}  // namespace

std::vector<Flag> number_events(const Structure& structure, const Program& program, std::vector<Flag> flags,
                                const std::vector<Order>& orders) {
  for (bool merged = false;;) {
    const OpenTimes times(structure, flags);
    std::map<std::pair<Pipe, Pipe>, std::vector<int>> pairs;
    for (int i = 0; i < static_cast<int>(flags.size()); ++i) pairs[{flags[index(i)].from, flags[index(i)].to}].push_back(i);
    std::vector<int> too_many;
    for (const auto& [pair, of_pair] : pairs) {
      too_many = colour(flags, of_pair, times, program.events);
      if (!too_many.empty()) break;
    }
    if (too_many.empty() && !merged) return flags;
    for (Flag& flag : flags) flag.event = -1;
    // What is needed no more is looked for when there are enough events, not after every merge: that takes longer than all else.
    if (too_many.empty()) {
      flags = reduce(structure, program, std::move(flags), orders);
    } else {
      make_fewer(structure, flags, too_many, times);
    }
    merged = !too_many.empty();
  }
}

}  // namespace tilewright::plan
