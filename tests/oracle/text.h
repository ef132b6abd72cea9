// A tree of statements as the text of a module that `tw run` takes, with arguments for it.
#pragma once

#include <set>

#include "coverage.h"
#include "oracle.h"
#include "program.h"

namespace tilewright::oracle {

struct Text {
  Case example;
  std::set<Cell> cells;  ///< what it says
  /// All accesses are of whole views that are affine in the numbers of the program, every task does what it says, and no two parameters may
  /// share memory: a compiler can know them exactly.
  bool exact = true;
  /// Besides, all offsets and extents are numbers in the text, so that tasks that share nothing are known to.
  bool literal = true;
  int tasks = 0;  ///< in the text
};

/// The same text each time, and a program that is defined: views lie inside of their tensors, numbers that decide something are set. What
/// the runtime and the compiler do not order (manual scopes, no_dep, untracked tensors) is ordered by name.
Text text_of(const Program& program);

}  // namespace tilewright::oracle
