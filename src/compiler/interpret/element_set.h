// Sets of the elements of one memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

namespace tilewright::interpret {

/// Elements `begin` to `end` - 1, by their numbers in the memory.
struct Interval {
  int64_t begin = 0, end = 0;
  bool operator==(const Interval&) const = default;
};

/// A set of elements, as intervals. Consecutive additions that continue each other cost no memory. Not thread safe.
class ElementSet {
 public:
  ElementSet() = default;
  ElementSet(std::initializer_list<Interval> intervals) {
    for (const Interval each : intervals) add(each);
  }

  /// Adds the elements of an interval, which may have none.
  void add(Interval interval);
  void add(const ElementSet& other);

  /// In ascending order, with a gap between each two.
  const std::vector<Interval>& intervals() const;
  bool empty() const { return intervals_.empty(); }
  int64_t count() const;

  /// The lowest element that both have.
  std::optional<int64_t> first_common(const ElementSet& other) const;
  ElementSet common(const ElementSet& other) const;

  bool operator==(const ElementSet& other) const { return intervals() == other.intervals(); }

 private:
  void sort() const;

  mutable std::vector<Interval> intervals_;  ///< in any order, and overlapping, unless sorted_
  mutable bool sorted_ = true;
  size_t sort_at_ = 64;
};

}  // namespace tilewright::interpret
