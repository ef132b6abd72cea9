// What random programs have said: operation x form of the code around it x element type.
#pragma once

#include <map>
#include <set>

#include "generate.h"
#include "record.h"

namespace tilewright::random_programs {

class Coverage {
 public:
  /// Counts the operations of a module as it was recorded.
  void add(const Program& program, const Recorded& recorded);
  /// The cells that platforms have and no program had.
  std::vector<std::string> empty_cells(const std::vector<std::string>& platforms) const;
  /// A row for each operation, a column for each form; a cell has the number of element types that were there, of those that a platform has,
  /// and the fewest programs of one. Below it what platforms do not have, and why.
  std::string table(const std::vector<std::string>& platforms) const;

 private:
  std::map<std::string, std::map<Cell, int>> counts_;  ///< by platform
};

}  // namespace tilewright::random_programs
