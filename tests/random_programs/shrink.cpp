#include "shrink.h"

#include <algorithm>

namespace tilewright::random_programs {

namespace {

using Statements = std::vector<Statement>;

/// All lists of statements of a program, outer ones first.
void lists_of(Statements& statements, std::vector<Statements*>& lists) {
  lists.push_back(&statements);
  for (Statement& statement : statements) {
    lists_of(statement.body, lists);
    if (!statement.otherwise.empty()) lists_of(statement.otherwise, lists);
  }
}

/// Edits of the list with this number: `length` statements from `first` on are left out, or the statement at `first` gives way to its body.
bool leave_out(Program& program, size_t list, size_t first, size_t length) {
  std::vector<Statements*> lists;
  lists_of(program.body, lists);
  if (list >= lists.size() || first >= lists[list]->size()) return false;
  const size_t end = std::min(lists[list]->size(), first + length);
  lists[list]->erase(lists[list]->begin() + static_cast<ptrdiff_t>(first), lists[list]->begin() + static_cast<ptrdiff_t>(end));
  return true;
}

bool unwrap(Program& program, size_t list, size_t at) {
  std::vector<Statements*> lists;
  lists_of(program.body, lists);
  if (list >= lists.size() || at >= lists[list]->size()) return false;
  Statement around = (*lists[list])[at];
  const bool structure =
      around.kind == Kind::kFor || around.kind == Kind::kWhile || around.kind == Kind::kIf || around.kind == Kind::kScope;
  if (!structure) return false;
  Statements inner = std::move(around.body);
  inner.insert(inner.end(), around.otherwise.begin(), around.otherwise.end());
  lists[list]->erase(lists[list]->begin() + static_cast<ptrdiff_t>(at));
  lists[list]->insert(lists[list]->begin() + static_cast<ptrdiff_t>(at), inner.begin(), inner.end());
  return true;
}

/// The programs that are one step smaller, the boldest first.
std::vector<Program> smaller(const Program& program) {
  std::vector<Program> found;
  const auto add = [&](auto&& edit) {
    Program candidate = program;
    if (edit(candidate)) found.push_back(std::move(candidate));
  };
  Program copy = program;
  std::vector<Statements*> lists;
  lists_of(copy.body, lists);
  size_t longest = 1;
  for (const Statements* list : lists) longest = std::max(longest, list->size());
  for (size_t length = longest; length >= 1; length /= 2) {
    for (size_t list = 0; list < lists.size(); ++list) {
      if (length > 1 && lists[list]->size() < length) continue;
      for (size_t first = 0; first < lists[list]->size(); first += length)
        add([&](Program& candidate) { return leave_out(candidate, list, first, length); });
    }
  }
  for (size_t list = 0; list < lists.size(); ++list) {
    for (size_t at = 0; at < lists[list]->size(); ++at) add([&](Program& candidate) { return unwrap(candidate, list, at); });
  }
  if (program.valid != ValidKind::kWhole) {
    add([](Program& candidate) { return candidate.valid = ValidKind::kWhole, true; });
    add([](Program& candidate) { return candidate.valid != ValidKind::kKnown && (candidate.valid = ValidKind::kKnown, true); });
  }
  if (program.open_tensors) add([](Program& candidate) { return candidate.open_tensors = false, true; });
  if (program.rows > 8) add([](Program& candidate) { return candidate.rows /= 2, true; });
  if (program.columns > 8) add([](Program& candidate) { return candidate.columns /= 2, true; });
  for (size_t list = 0; list < lists.size(); ++list) {
    for (size_t at = 0; at < lists[list]->size(); ++at) {
      const auto simplify = [&](const std::function<bool(Statement&)>& edit) {
        add([&](Program& candidate) {
          std::vector<Statements*> own;
          lists_of(candidate.body, own);
          return edit((*own[list])[at]);
        });
      };
      const auto& choice = (*lists[list])[at].choice;
      if (std::any_of(choice.begin(), choice.end(), [](uint32_t c) { return c != 0; })) {
        simplify([](Statement& s) { return s.choice.fill(0), true; });
        for (size_t i = 0; i < choice.size(); ++i) simplify([i](Statement& s) { return s.choice[i] != 0 && (s.choice[i] = 0, true); });
      }
      if (!(*lists[list])[at].otherwise.empty()) simplify([](Statement& s) { return s.otherwise.clear(), true; });
    }
  }
  return found;
}

}  // namespace

Program shrink(Program program, const std::function<std::vector<bool>(const std::vector<Program>&)>& fails, int most) {
  constexpr size_t kTogether = 8;
  for (bool better = true; better && most > 0;) {
    better = false;
    const std::vector<Program> candidates = smaller(program);
    for (size_t first = 0; first < candidates.size() && !better && most > 0; first += kTogether) {
      const size_t end = std::min(candidates.size(), first + kTogether);
      const std::vector<Program> some(candidates.begin() + static_cast<ptrdiff_t>(first), candidates.begin() + static_cast<ptrdiff_t>(end));
      most -= static_cast<int>(some.size());
      const std::vector<bool> answers = fails(some);
      const auto still = std::find(answers.begin(), answers.end(), true);
      if (still == answers.end()) continue;
      program = some[static_cast<size_t>(still - answers.begin())];
      better = true;
    }
  }
  return program;
}

}  // namespace tilewright::random_programs
