// Loops and branches, and what they carry.
#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

// ---- control

std::vector<Recorder::Variable> Recorder::declare_variables(const Statement& s, int count) {
  std::vector<Variable> variables;
  if (!in_task_) return variables;
  for (int i = 0; i < count; ++i) {
    std::optional<size_t> first;
    Bounds bounds;
    if (cube_) {
      const std::vector<size_t> sums = accumulators();
      if (sums.empty()) break;
      first = sums[static_cast<size_t>(choose(s.choice[4], sums.size()))];
      bounds = {-0x1p16, 0x1p16, tiles_[*first].bounds.unit};
      if (!tiles_[*first].bounds.within({-0x1p12, 0x1p12, Bounds::kNoUnit})) break;
    } else {
      bounds = carried_bounds(s.dtype);
      first = some_tile({Kind::kLoad, "", s.dtype, {s.choice[4] + static_cast<uint32_t>(i), s.choice[5], 0}}, false, true);
      if (first) first = bring_within(*first, bounds);
      if (!first) break;
    }
    variables.push_back({twb_declare(b(), use(*first)), tiles_[*first].form, bounds});
  }
  return variables;
}

std::vector<size_t> Recorder::get_variables(const std::vector<Variable>& variables) {
  std::vector<size_t> tiles;
  for (const Variable& variable : variables) tiles.push_back(add_tile(twb_get(b(), variable.value), variable.form, variable.bounds));
  return tiles;
}

void Recorder::set_variables(const std::vector<Variable>& variables, const std::vector<size_t>& own, const Mark& begin) {
  for (size_t v = 0; v < variables.size(); ++v) {
    const Variable& variable = variables[v];
    for (size_t i = tiles_.size(); i-- > begin.tiles;) {
      if (tiles_[i].form != variable.form || std::find(own.begin(), own.end(), i) != own.end()) continue;
      if (cube_ && (tiles_[i].used || tiles_[i].bounds.unit < variable.bounds.unit)) continue;
      // What a loop carries on the cube goes on where it lies: nothing copies it from another place.
      if (cube_ && v < own.size() && tiles_[i].place != tiles_[own[v]].place) continue;
      const std::optional<size_t> fitting = cube_ ? std::optional(i) : bring_within(i, variable.bounds);
      if (!fitting) continue;
      twb_set(b(), variable.value, use(*fitting));
      break;
    }
    if (v < own.size()) tiles_[own[v]].used = true;
  }
}

void Recorder::for_loop(const Statement& s) {
  constexpr twb_loop kKinds_[] = {TWB_SEQUENTIAL, TWB_PARALLEL, TWB_UNROLLED, TWB_PIPELINED};
  // Only loops in tasks are pipelined.
  const twb_loop kind = kKinds_[s.choice[0] % (in_task_ ? 4 : 3)];
  const bool open = kind != TWB_UNROLLED && s.choice[1] % 2 == 1;
  int trips = 1 + choose(s.choice[2], 3);
  const int most = in_task_ ? kMostTurns / turns_ : kMostTaskTurns / task_turns_;
  if (kind == TWB_UNROLLED && trips * copies_ > kMostCopies) trips = 1;
  if (trips > most) return block(s.body);
  // From 0, or in larger steps from elsewhere.
  const int64_t first = s.choice[3] % 3 == 2 ? 2 : 0, step = s.choice[3] % 3 == 0 ? 1 : 3;
  twb_value end = index(first + step * trips);
  if (open) {
    trips = std::max(trips, 2);
    const twb_value turns = numbers_[trips == 2 ? 0 : 1].value;
    if (trips > most) return block(s.body);
    end = sum(product(turns, index(step)), index(first));
  }
  const bool independent = kind == TWB_PARALLEL;
  const std::vector<Variable> variables = declare_variables(s, independent || (!in_task_) ? 0 : 1 + choose(s.choice[3] / 3, 2));
  const twb_value position = independent ? 0 : twb_declare(b(), index(1));
  const twb_value i = twb_begin_for(b(), index(first), end, index(step), kind, 2);
  const Mark begin = mark();
  const std::vector<size_t> own = get_variables(variables);
  const twb_value turn = step == 1 ? i : twb_calculate(b(), TWB_DIV, twb_calculate(b(), TWB_SUB, i, index(first)), index(step));
  numbers_.push_back({i, TWB_INDEX, {static_cast<double>(first), static_cast<double>(first + step * (trips - 1)), 0}});
  if (position != 0) numbers_.push_back({twb_get(b(), position), TWB_INDEX, {0, 15, 0}});
  inside(begin, turn, trips, kind == TWB_UNROLLED ? trips : 1, independent, [&] {
    block(s.body);
    if (position != 0) {
      const twb_value next = sum(product(twb_get(b(), position), index(3)), index(1));
      twb_set(b(), position, twb_calculate(b(), TWB_REM, next, index(16)));
    }
    set_variables(variables, own, begin);
  });
  twb_end_for(b());
  finish_variables(variables);
  if (position != 0) numbers_.push_back({twb_get(b(), position), TWB_INDEX, {0, 15, 0}});
}

void Recorder::while_loop(const Statement& s) {
  const int trips = 1 + choose(s.choice[2], 3);
  if (trips > (in_task_ ? kMostTurns / turns_ : kMostTaskTurns / task_turns_)) return block(s.body);
  const std::vector<Variable> variables = declare_variables(s, 1 + choose(s.choice[3] / 3, 2));
  const twb_value counter = twb_declare(b(), index(0));
  const bool open = s.choice[1] % 2 == 1 && trips >= 2;
  const twb_value end = open ? numbers_[trips == 2 ? 0 : 1].value : index(trips);
  const twb_value also = s.choice[1] % 3 == 2 ? condition(s.choice[0]) : 0;
  check(twb_begin_while(b()));
  twb_value go = twb_test(b(), TWB_LT, twb_get(b(), counter), end);
  if (also != 0) go = twb_calculate(b(), TWB_AND, go, also);
  twb_while_do(b(), go);
  const Mark begin = mark();
  const twb_value turn = twb_get(b(), counter);
  const std::vector<size_t> own = get_variables(variables);
  numbers_.push_back({turn, TWB_INDEX, {0, static_cast<double>(trips - 1), 0}});
  inside(begin, turn, trips, 1, false, [&] {
    block(s.body);
    twb_set(b(), counter, sum(twb_get(b(), counter), index(1)));
    set_variables(variables, own, begin);
  });
  twb_end_while(b());
  finish_variables(variables);
}

void Recorder::branch(const Statement& s) {
  const std::vector<Variable> variables = declare_variables(s, choose(s.choice[3], 3));
  check(twb_begin_if(b(), condition(s.choice[0])));
  way(s.body, variables);
  if (!s.otherwise.empty()) {
    twb_begin_else(b());
    way(s.otherwise, variables);
  }
  twb_end_if(b());
  finish_variables(variables);
}

void Recorder::way(const std::vector<Statement>& statements, const std::vector<Variable>& variables) {
  const Mark begin = mark();
  const size_t saved = block_tiles_;
  block_tiles_ = begin.tiles;
  block(statements);
  set_variables(variables, {}, begin);
  leave(begin);
  block_tiles_ = saved;
}

}  // namespace tilewright::random_programs
