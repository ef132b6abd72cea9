// Text for people: tables, sizes, times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tilewright {

/// Columns as wide as their longest cell, two spaces apart. The last column is not padded; nothing is cut.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  /// As many cells as the header has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "64 GiB", "1.5 MiB", "12 B".
std::string bytes_text(uint64_t bytes);
/// "850 ns", "12.3 us", "4.56 ms", "1.23 s".
std::string duration_text(uint64_t nanoseconds);

}  // namespace tilewright
