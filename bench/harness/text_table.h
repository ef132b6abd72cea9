// Lines of cells as text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tilewright::bench {

/// Each column is as wide as its widest cell, two spaces apart; numbers to the right. Lines may differ in length.
class TextTable {
 public:
  void add(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
  /// The first `left_columns` columns are aligned to the left, the others to the right.
  std::string text(size_t left_columns) const;

 private:
  std::vector<std::vector<std::string>> lines_;
};

}  // namespace tilewright::bench
