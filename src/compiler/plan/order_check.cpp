// Whether what must come first does. One instruction is followed through the program: which pipes know that it is done, and which flags that
// are set carry this knowledge. Sets of states, one for each way that makes a difference, so that the answer is exact for all ways.
#include <algorithm>
#include <iterator>

#include "compiler/plan/flags.h"

namespace tilewright::plan {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }
uint8_t bit(Pipe pipe) { return static_cast<uint8_t>(1u << static_cast<unsigned>(pipe)); }
constexpr uint8_t kAllPipes = (1u << kPipes) - 1;

struct State {
  uint8_t known = 0;  ///< pipes, as a mask
  std::vector<int> held;  ///< set flags that carry the knowledge, ascending

  /// Knows no more than `other`.
  bool within(const State& other) const {
    return (known & ~other.known) == 0 && std::includes(other.held.begin(), other.held.end(), held.begin(), held.end());
  }
};

/// The weakest states, among which none knows more than another: what does not go wrong in a weak state goes wrong in no stronger one.
class States {
 public:
  /// Whether that made a difference.
  bool add(const State& state) {
    for (const State& known : states_) {
      if (known.within(state)) return false;
    }
    std::erase_if(states_, [&](const State& known) { return state.within(known); });
    states_.push_back(state);
    return true;
  }
  bool add(const States& others) {
    bool changed = false;
    for (const State& state : others.states_) changed |= add(state);
    return changed;
  }
  bool empty() const { return states_.empty(); }
  const std::vector<State>& all() const { return states_; }
  /// Changes every state, and joins those that became equal.
  template <typename Change>
  void each(const Change& change) {
    if (states_.size() == 1) return change(states_.front());
    std::vector<State> before = std::move(states_);
    states_.clear();
    for (State& state : before) {
      change(state);
      add(state);
    }
  }

 private:
  std::vector<State> states_;
};

class Walk {
 public:
  Walk(const Structure& structure, const Program& program, const OrderCheck& check, const FlagSteps& steps, int earlier,
       const std::vector<int>& later)
      : structure_(structure), program_(program), check_(check), steps_(steps), earlier_(earlier), later_(later) {}

  OrderCheck::Answer run() {
    // The body of the program is executed once: from the instruction on to the last one that is asked for.
    if (later_.empty()) return {};
    const auto in_body = [&](int instruction) { return structure_.ancestor_in(structure_.place_of(instruction), 0).child; };
    int last = 0;
    for (const int instruction : later_) last = std::max(last, in_body(instruction));
    States states;
    region(0, states, in_body(earlier_), last);
    for (std::vector<int>* list : {&unordered_, &used_}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    return {std::move(unordered_), std::move(used_)};
  }

 private:
  void region(int number, States& states) {
    region(number, states, 0, static_cast<int>(structure_.regions()[index(number)].nodes->size()) - 1);
    flags(steps_.before[index(number)].back(), states);
  }

  void region(int number, States& states, int first, int last) {
    for (int child = first; child <= last; ++child) {
      flags(steps_.before[index(number)][index(child)], states);
      node({number, child}, states);
      flags(steps_.after[index(number)][index(child)], states);
    }
  }

  void node(Place place, States& states) {
    const Node& node = structure_.node(place);
    const auto [begin, end] = structure_.extent(place);
    const int first_moment = structure_.moment(earlier_);
    if (states.empty() && (first_moment < begin || first_moment > end)) return;  // before the instruction
    switch (node.kind) {
      case Node::Kind::kInstruction: return instruction(node.instruction, states);
      case Node::Kind::kLoop:
        return turns(node.min_trips, node.max_trips, states, [](States&) {}, [&](States& s) { region(structure_.inner(place, 0), s); });
      case Node::Kind::kWhile:
        return turns(
            0, Node::kUnbounded, states, [&](States& s) { region(structure_.inner(place, 0), s); },
            [&](States& s) { region(structure_.inner(place, 1), s); });
      case Node::Kind::kBranch: {
        States other = states;
        region(structure_.inner(place, 0), states);
        region(structure_.inner(place, 1), other);
        states.add(other);
        return;
      }
    }
  }

  void instruction(int number, States& states) {
    const Pipe pipe = program_.instructions[index(number)].pipe;
    if (std::binary_search(later_.begin(), later_.end(), number)) {
      for (const State& state : states.all()) {
        if ((state.known & bit(pipe)) == 0) unordered_.push_back(number);
      }
    }
    if (number == earlier_) {
      states = States();
      states.add(State{pipe == Pipe::kScalar ? kAllPipes : bit(pipe), {}});
    }
  }

  /// From `min` to `max` turns. Ends when a turn brings nothing new; states are finite.
  template <typename Head, typename Body>
  void turns(int64_t min, int64_t max, States& states, const Head& head, const Body& body) {
    constexpr int64_t kAlike = 3;  // an instruction is followed; before the third turn there is nothing to tell turns apart by
    min = std::min(min, kAlike);
    States ends;
    for (int64_t turn = 0;; ++turn) {
      head(states);
      const bool changed = turn < min || ends.add(states);
      if (turn >= max || (turn > 0 && !changed)) break;
      body(states);
    }
    states = ends;
  }

  void flags(const std::vector<FlagStep>& steps, States& states) {
    if (states.empty()) return;
    for (const FlagStep& step : steps) {
      if (!check_.active(step.flag)) continue;
      const Flag& flag = check_.flags()[index(step.flag)];
      const bool matters = std::any_of(states.all().begin(), states.all().end(), [&](const State& state) {
        return (step.set && (state.known & bit(flag.from)) != 0) || std::binary_search(state.held.begin(), state.held.end(), step.flag);
      });
      if (!matters) continue;
      states.each([&](State& state) {
        const auto at = std::lower_bound(state.held.begin(), state.held.end(), step.flag);
        const bool held = at != state.held.end() && *at == step.flag;
        if (step.set) {
          const bool knows = (state.known & bit(flag.from)) != 0;
          if (knows && !held) state.held.insert(at, step.flag);
          if (!knows && held) state.held.erase(at);
        } else if (held) {
          state.held.erase(at);
          if ((state.known & bit(flag.to)) == 0) used_.push_back(step.flag);
          state.known |= flag.to == Pipe::kScalar ? kAllPipes : bit(flag.to);
        }
      });
    }
  }

  const Structure& structure_;
  const Program& program_;
  const OrderCheck& check_;
  const FlagSteps& steps_;
  const int earlier_;
  const std::vector<int>& later_;
  std::vector<int> unordered_, used_;
};

}  // namespace

FlagSteps::FlagSteps(const Structure& structure, const std::vector<Flag>& flags) {
  for (const Structure::RegionInfo& region : structure.regions()) {
    before.emplace_back(region.nodes->size() + 1);
    after.emplace_back(region.nodes->size());
  }
  const auto add = [&](std::vector<std::vector<std::vector<FlagStep>>>& where, Place place, bool set, int flag) {
    where[index(place.region)][index(place.child)].push_back({set, flag});
  };
  // After a node: the waits that end a loop, then sets. Before one: the sets that begin a loop, pairs, waits.
  const auto each = [&](Flag::Kind kind, const auto& step) {
    for (int i = 0; i < static_cast<int>(flags.size()); ++i) {
      if (flags[index(i)].kind == kind) step(i, flags[index(i)]);
    }
  };
  const auto owner = [&](const Flag& flag) { return structure.regions()[index(flag.region)].owner; };
  each(Flag::Kind::kCarried, [&](int i, const Flag& flag) {
    add(before, owner(flag), true, i);
    add(after, owner(flag), false, i);
  });
  each(Flag::Kind::kPoint, [&](int i, const Flag& flag) {
    add(before, {flag.region, flag.wait_before}, true, i);
    add(before, {flag.region, flag.wait_before}, false, i);
  });
  for (const Flag::Kind kind : {Flag::Kind::kForward, Flag::Kind::kCarried}) {
    each(kind, [&](int i, const Flag& flag) {
      add(after, {flag.region, flag.set_after}, true, i);
      add(before, {flag.region, flag.wait_before}, false, i);
    });
  }
}

OrderCheck::OrderCheck(const Structure& structure, const Program& program, std::vector<Flag> flags)
    : structure_(structure), program_(program), flags_(std::move(flags)), active_(flags_.size(), true), steps_(structure, flags_) {}

OrderCheck::Answer OrderCheck::ask(int earlier, const std::vector<int>& later) const {
  return Walk(structure_, program_, *this, steps_, earlier, later).run();
}

}  // namespace tilewright::plan
