#include "compiler/plan/liveness.h"

#include <algorithm>

namespace tilewright::plan {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

/// Aho, Lam, Sethi, Ullman: Compilers, 9.2.5, on structured text: what a region needs from before it, and what it surely writes.
class Liveness {
 public:
  Liveness(const Structure& structure, const Program& program) : structure_(structure), program_(program), lives_(program.buffers.size()) {}

  std::vector<Life> run() {
    region(0);
    return lives_;
  }

 private:
  using Set = std::vector<bool>;
  struct Effect {
    Set needs, writes;
  };

  Effect nothing() const { return {Set(program_.buffers.size()), Set(program_.buffers.size())}; }

  /// `effect`, and then `next`.
  static void follow(Effect& effect, const Effect& next) {
    for (size_t i = 0; i < effect.needs.size(); ++i) {
      effect.needs[i] = effect.needs[i] || (next.needs[i] && !effect.writes[i]);
      effect.writes[i] = effect.writes[i] || next.writes[i];
    }
  }

  Effect region(int number) {
    Effect effect = nothing();
    for (int child = 0; child < static_cast<int>(structure_.regions()[index(number)].nodes->size()); ++child) {
      follow(effect, node({number, child}));
    }
    return effect;
  }

  Effect node(Place place) {
    const Node& node = structure_.node(place);
    switch (node.kind) {
      case Node::Kind::kInstruction: return instruction(node.instruction);
      case Node::Kind::kLoop: {
        Effect turn = region(structure_.inner(place, 0));
        live_through(place, turn);
        if (node.min_trips == 0) turn.writes = nothing().writes;
        return turn;
      }
      case Node::Kind::kWhile: {
        Effect head = region(structure_.inner(place, 0));
        Effect turn = head;
        follow(turn, region(structure_.inner(place, 1)));
        live_through(place, turn);
        return {turn.needs, head.writes};
      }
      case Node::Kind::kBranch: {
        Effect one = region(structure_.inner(place, 0));
        const Effect other = region(structure_.inner(place, 1));
        for (size_t i = 0; i < one.needs.size(); ++i) {
          one.needs[i] = one.needs[i] || other.needs[i];
          one.writes[i] = one.writes[i] && other.writes[i];
        }
        return one;
      }
    }
    return nothing();
  }

  Effect instruction(int number) {
    Effect effect = nothing();
    for (const Access& access : program_.instructions[index(number)].accesses) {
      extend(access.buffer, structure_.moment(number));
      (access.use == Use::kWrite ? effect.writes : effect.needs)[index(access.buffer)] = true;
    }
    return effect;
  }

  /// What a turn needs from before it is alive from the begin to the end of its loop.
  void live_through(Place loop, const Effect& turn) {
    const auto [begin, end] = structure_.extent(loop);
    for (size_t i = 0; i < turn.needs.size(); ++i) {
      if (!turn.needs[i]) continue;
      extend(static_cast<int>(i), begin);
      extend(static_cast<int>(i), end);
    }
  }

  void extend(int buffer, int moment) {
    Life& life = lives_[index(buffer)];
    life.begin = life.used() ? std::min(life.begin, moment) : moment;
    life.end = std::max(life.end, moment);
  }

  const Structure& structure_;
  const Program& program_;
  std::vector<Life> lives_;
};

}  // namespace

std::vector<Life> lives_of(const Structure& structure, const Program& program) { return Liveness(structure, program).run(); }

std::vector<std::vector<BufferUse>> uses_of(const Program& program) {
  std::vector<std::vector<BufferUse>> uses(program.buffers.size());
  for (int i = 0; i < static_cast<int>(program.instructions.size()); ++i) {
    for (const Access& access : program.instructions[index(i)].accesses) uses[index(access.buffer)].push_back({i, access.use});
  }
  return uses;
}

}  // namespace tilewright::plan
