#include "shrink.h"

#include <algorithm>
#include <cstddef>

namespace tilewright::oracle {

namespace {

using Statements = std::vector<Statement>;

/// All lists of statements of a program, outer ones first.
std::vector<Statements*> lists_of(Program& program) {
  std::vector<Statements*> lists = {&program.body, &program.parameters};
  for (size_t i = 0; i < lists.size(); ++i) {
    for (Statement& statement : *lists[i]) {
      for (Statements* inner : {&statement.body, &statement.otherwise}) {
        if (!inner->empty()) lists.push_back(inner);
      }
    }
  }
  return lists;
}

/// One way to make a program smaller: an edit of the list with this number at this place.
struct Edit {
  enum class What : uint8_t { kErase, kUnwrap, kEmptyOtherwise, kZeroAll, kZero, kRows, kColumns, kWhole, kNames } what;
  size_t list = 0, first = 0, count = 0;
};

/// Applies it; no if it would change nothing.
bool apply(const Edit& edit, Program& program) {
  switch (edit.what) {
    case Edit::What::kRows: return program.rows > 4 && (program.rows /= 2, true);
    case Edit::What::kColumns: return program.columns > 8 && (program.columns /= 2, true);
    case Edit::What::kWhole: return !program.whole && (program.whole = true);
    case Edit::What::kNames: return !program.names_manual_tasks && (program.names_manual_tasks = true);
    default: break;
  }
  Statements& list = *lists_of(program)[edit.list];
  Statement& statement = list[edit.first];
  const auto at = list.begin() + static_cast<ptrdiff_t>(edit.first);
  switch (edit.what) {
    case Edit::What::kErase: list.erase(at, at + static_cast<ptrdiff_t>(edit.count)); return true;
    case Edit::What::kUnwrap: {
      if (statement.body.empty() || statement.body[0].kind == Kind::kAccess) return false;
      Statements inner = std::move(statement.body);
      inner.insert(inner.end(), statement.otherwise.begin(), statement.otherwise.end());
      list.erase(at);
      list.insert(list.begin() + static_cast<ptrdiff_t>(edit.first), inner.begin(), inner.end());
      return true;
    }
    case Edit::What::kEmptyOtherwise: return !statement.otherwise.empty() && (statement.otherwise.clear(), true);
    case Edit::What::kZeroAll: {
      const bool zero = std::all_of(statement.choice.begin(), statement.choice.end(), [](uint32_t choice) { return choice == 0; });
      statement.choice.fill(0);
      return !zero;
    }
    case Edit::What::kZero: return statement.choice[edit.count] != 0 && (statement.choice[edit.count] = 0, true);
    default: return false;
  }
}

/// All edits, the boldest first.
std::vector<Edit> edits_of(Program& program) {
  using What = Edit::What;
  std::vector<Edit> edits;
  const std::vector<Statements*> lists = lists_of(program);
  size_t longest = 1;
  for (const Statements* list : lists) longest = std::max(longest, list->size());
  for (size_t count = longest; count >= 1; count /= 2) {
    for (size_t list = 0; list < lists.size(); ++list) {
      for (size_t first = 0; first + count <= lists[list]->size(); first += count) edits.push_back({What::kErase, list, first, count});
    }
  }
  edits.push_back({What::kWhole});
  edits.push_back({What::kNames});
  edits.push_back({What::kRows});
  edits.push_back({What::kColumns});
  for (size_t list = 0; list < lists.size(); ++list) {
    for (size_t at = 0; at < lists[list]->size(); ++at) {
      edits.push_back({What::kUnwrap, list, at});
      edits.push_back({What::kEmptyOtherwise, list, at});
      edits.push_back({What::kZeroAll, list, at});
      for (size_t choice = 0; choice < std::tuple_size_v<decltype(Statement::choice)>; ++choice)
        edits.push_back({What::kZero, list, at, choice});
    }
  }
  return edits;
}

}  // namespace

Program shrink(Program program, const std::function<bool(const Program&)>& fails, int most) {
  for (bool better = true; better && most > 0;) {
    better = false;
    // Edits that come behind one that was taken may name another place, or none any more: they are made anew.
    std::vector<Edit> edits = edits_of(program);
    for (size_t i = 0; i < edits.size() && most > 0; ++i) {
      Program candidate = program;
      if (!apply(edits[i], candidate)) continue;
      --most;
      if (!fails(candidate)) continue;
      program = std::move(candidate);
      better = true;
      edits = edits_of(program);
    }
  }
  return program;
}

}  // namespace tilewright::oracle
