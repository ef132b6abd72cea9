#include "compiler/plan/placement.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>

namespace tilewright::plan {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }
int64_t aligned(int64_t bytes, int64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

/// Adds the orders between the accesses to two buffers that share bytes, or to one buffer.
void add_orders(const Structure& structure, const std::vector<BufferUse>& ones, const std::vector<BufferUse>& others,
                std::set<Order>& orders) {
  for (const BufferUse& one : ones) {
    for (const BufferUse& other : others) {
      if (one.instruction == other.instruction || (one.use == Use::kRead && other.use == Use::kRead)) continue;
      for (const Order order : {Order{one.instruction, other.instruction}, Order{other.instruction, one.instruction}}) {
        if (can_follow(structure, order.earlier, order.later)) orders.insert(order);
      }
    }
  }
}

class Placement {
 public:
  Placement(const Structure& structure, const Program& program, std::vector<Flag> flags)
      : structure_(structure),
        program_(program),
        lives_(lives_of(structure, program)),
        uses_(uses_of(program)),
        needed_(std::move(flags)) {}

  std::variant<std::vector<int64_t>, DoesNotFit> run() {
    std::vector<int> order;
    for (int i = 0; i < static_cast<int>(program_.buffers.size()); ++i) {
      if (buffer(i).memory != Buffer::kDevice && life(i).used()) order.push_back(i);
    }
    // By first use, which finds what has just become free; and if that leaves holes that are too small, the large ones first.
    std::sort(order.begin(), order.end(), [&](int a, int b) { return std::pair(life(a).begin, a) < std::pair(life(b).begin, b); });
    const std::optional<int> misfit = try_order(order);
    if (!misfit) return addresses_;
    sort_larger_first(order);
    if (!try_order(order)) return addresses_;
    return peak(*misfit);
  }

 private:
  struct Candidate {
    int64_t address = 0;
    std::vector<Flag> flags;
    int idle = 0;  ///< moments between the last use of what was there and the first of the buffer
    bool better_than(const Candidate& other) const {
      return flags.size() != other.flags.size() ? flags.size() < other.flags.size() : idle > other.idle;
    }
  };

  const Buffer& buffer(int i) const { return program_.buffers[index(i)]; }
  const Life& life(int i) const { return lives_[index(i)]; }
  const Memory& memory_of(int i) const { return program_.memories[index(buffer(i).memory)]; }

  void sort_larger_first(std::vector<int>& buffers) const {
    std::sort(buffers.begin(), buffers.end(), [&](int a, int b) {
      return std::tuple(-buffer(a).bytes, life(a).begin, a) < std::tuple(-buffer(b).bytes, life(b).begin, b);
    });
  }

  /// Whether `one` may begin in the place of `other` in the instruction that needs `other` last.
  bool takes_over(int one, int other) const {
    const std::vector<int>& onto = buffer(one).onto;
    return life(one).begin == life(other).end && std::find(onto.begin(), onto.end(), other) != onto.end();
  }

  /// The buffer for which there is no room, or nothing.
  std::optional<int> try_order(const std::vector<int>& order) {
    addresses_.assign(program_.buffers.size(), -1);
    placed_.clear();
    check_.emplace(structure_, program_, needed_);
    for (const int i : order) {
      std::optional<Candidate> best;
      for (const int64_t address : addresses_to_try(i)) {
        std::optional<Candidate> candidate = look_at(i, address);
        if (candidate && (!best || candidate->better_than(*best))) best = std::move(candidate);
        if (best && best->flags.empty()) break;
      }
      if (!best) return i;
      addresses_[index(i)] = best->address;
      placed_.push_back(i);
      if (best->flags.empty()) continue;
      std::vector<Flag> flags = check_->flags();
      flags.insert(flags.end(), best->flags.begin(), best->flags.end());
      check_.emplace(structure_, program_, std::move(flags));
    }
    return std::nullopt;
  }

  std::set<int64_t> addresses_to_try(int i) const {
    std::set<int64_t> addresses = {0};
    for (const int other : placed_) {
      if (buffer(other).memory != buffer(i).memory) continue;
      addresses.insert(addresses_[index(other)]);
      addresses.insert(aligned(addresses_[index(other)] + buffer(other).bytes, memory_of(i).alignment));
    }
    return addresses;
  }

  /// What it costs to have buffer `i` there, if that can be.
  std::optional<Candidate> look_at(int i, int64_t address) const {
    if (address + buffer(i).bytes > memory_of(i).bytes) return std::nullopt;
    Candidate candidate{address, {}, std::numeric_limits<int>::max()};
    std::set<Order> orders;
    for (const int other : placed_) {
      const int64_t there = addresses_[index(other)];
      if (buffer(other).memory != buffer(i).memory || address >= there + buffer(other).bytes || there >= address + buffer(i).bytes)
        continue;
      if (life(i).meets(life(other)) && !(address == there && (takes_over(i, other) || takes_over(other, i)))) return std::nullopt;
      candidate.idle = std::min(candidate.idle, std::max(life(i).begin - life(other).end, life(other).begin - life(i).end));
      add_orders(structure_, uses_[index(i)], uses_[index(other)], orders);
    }
    std::map<int, std::vector<int>> later_of;
    for (const Order& order : orders) {
      if (needs_flag(program_, order)) later_of[order.earlier].push_back(order.later);
    }
    for (const auto& [earlier, later] : later_of) {
      for (const int unordered : check_->ask(earlier, later).unordered) {
        candidate.flags.push_back(flag_for(structure_, program_, {earlier, unordered}));
      }
    }
    candidate.flags = without_dominated(std::move(candidate.flags));
    return candidate;
  }

  /// What is alive when most is, in the memory that has no room for `misfit`.
  DoesNotFit peak(int misfit) const {
    DoesNotFit most{buffer(misfit).memory, misfit, -1, {}};
    for (int at = 0; at < static_cast<int>(program_.buffers.size()); ++at) {
      if (buffer(at).memory != most.memory || !life(at).used()) continue;
      const int moment = life(at).begin;  // the peak is where something begins
      std::vector<int> alive;
      for (int i = 0; i < static_cast<int>(program_.buffers.size()); ++i) {
        if (buffer(i).memory == most.memory && life(i).used() && life(i).begin <= moment && moment <= life(i).end) alive.push_back(i);
      }
      std::erase_if(alive, [&](int i) { return std::any_of(alive.begin(), alive.end(), [&](int next) { return takes_over(next, i); }); });
      const int64_t bytes = std::accumulate(alive.begin(), alive.end(), int64_t{0},
                                            [&](int64_t sum, int i) { return sum + aligned(buffer(i).bytes, memory_of(i).alignment); });
      if (bytes <= most.bytes) continue;
      most.bytes = bytes;
      most.alive = std::move(alive);
    }
    sort_larger_first(most.alive);
    return most;
  }

  const Structure& structure_;
  const Program& program_;
  const std::vector<Life> lives_;
  const std::vector<std::vector<BufferUse>> uses_;
  const std::vector<Flag> needed_;
  std::vector<int64_t> addresses_;
  std::vector<int> placed_;
  std::optional<OrderCheck> check_;  ///< with the flags that the program needs and those that places have cost
};

}  // namespace

bool can_follow(const Structure& structure, int earlier, int later) {
  const auto [a, b] = structure.common(structure.place_of(earlier), structure.place_of(later));
  if (a.child < b.child || structure.in_loop(a).region >= 0) return true;
  return a.child == b.child && structure.node(a).kind == Node::Kind::kWhile;
}

std::vector<Order> orders_of(const Structure& structure, const Program& program, const std::vector<int64_t>& addresses) {
  const std::vector<std::vector<BufferUse>> uses = uses_of(program);
  std::set<Order> orders;
  for (size_t a = 0; a < uses.size(); ++a) {
    add_orders(structure, uses[a], uses[a], orders);
    for (size_t b = a + 1; b < uses.size(); ++b) {
      if (addresses[a] < 0 || addresses[b] < 0 || program.buffers[a].memory != program.buffers[b].memory) continue;
      if (addresses[a] < addresses[b] + program.buffers[b].bytes && addresses[b] < addresses[a] + program.buffers[a].bytes) {
        add_orders(structure, uses[a], uses[b], orders);
      }
    }
  }
  return {orders.begin(), orders.end()};
}

std::variant<std::vector<int64_t>, DoesNotFit> place(const Structure& structure, const Program& program, std::vector<Flag> flags) {
  return Placement(structure, program, std::move(flags)).run();
}

}  // namespace tilewright::plan
