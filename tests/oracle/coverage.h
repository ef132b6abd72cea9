// What random programs have said: what is done x what stands around it x how it comes to its elements.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "program.h"

namespace tilewright::oracle {

enum class Op : uint8_t {
  kRead,
  kWrite,
  kReadWrite,
  kAtomic,
  kGather,
  kScatter,
  kPartial,  ///< a part of what the kernel is given
  kPredicate,
  kHostRead,
  kHostWrite,
  kBlocks,  ///< an SPMD task
  kMixed,
  kTuple,  ///< a task that writes several tensors
  kFireAndForget,
  kUserDependency,
  kManual,  ///< a task in a manual scope
  kNoDep,
  kUntracked,
  kAssembleView,
  kAssembleCopy,
  kDummy,
  kArray,  ///< of task ids
};
inline constexpr int kOps = 22;
const char* op_name(Op op);

struct Cell {
  Op op;
  LoopForm loop;
  AliasForm alias;
  auto operator<=>(const Cell&) const = default;
};
std::string text_of(const Cell& cell);
/// Why no program can have this; null if one can.
const char* why_impossible(const Cell& cell);
/// The cells that a program can have.
const std::vector<Cell>& all_cells();

class Coverage {
 public:
  void add(const std::set<Cell>& cells) {
    for (const Cell& cell : cells) ++counts_[cell];
  }
  /// Cells that programs can have and none had.
  std::vector<Cell> empty_cells() const;
  /// For each operation a row for each form of loop and a column for each alias form, with the number of programs that had it, and below
  /// why others cannot be.
  std::string table() const;

 private:
  std::map<Cell, int> counts_;
};

}  // namespace tilewright::oracle
