#include "compiler/interpret/element_set.h"

#include <algorithm>

namespace tilewright::interpret {

void ElementSet::add(Interval interval) {
  if (interval.begin >= interval.end) return;
  if (intervals_.empty() || intervals_.back().end < interval.begin) return intervals_.push_back(interval);
  Interval& last = intervals_.back();
  if (last.begin <= interval.begin) {
    last.end = std::max(last.end, interval.end);
    return;
  }
  intervals_.push_back(interval);
  sorted_ = false;
  if (intervals_.size() < sort_at_) return;
  sort();
  sort_at_ = 2 * intervals_.size() + 64;
}

void ElementSet::add(const ElementSet& other) {
  for (const Interval each : other.intervals()) add(each);
}

void ElementSet::sort() const {
  std::sort(intervals_.begin(), intervals_.end(), [](Interval a, Interval b) { return a.begin < b.begin; });
  size_t kept = 0;
  for (size_t i = 1; i < intervals_.size(); ++i) {
    if (intervals_[kept].end < intervals_[i].begin) {
      intervals_[++kept] = intervals_[i];
    } else {
      intervals_[kept].end = std::max(intervals_[kept].end, intervals_[i].end);
    }
  }
  intervals_.resize(kept + 1);
  sorted_ = true;
}

const std::vector<Interval>& ElementSet::intervals() const {
  if (!sorted_) sort();
  return intervals_;
}

int64_t ElementSet::count() const {
  int64_t count = 0;
  for (const Interval each : intervals()) count += each.end - each.begin;
  return count;
}

std::optional<int64_t> ElementSet::first_common(const ElementSet& other) const {
  const std::vector<Interval>&a = intervals(), &b = other.intervals();
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const int64_t begin = std::max(a[i].begin, b[k].begin);
    if (begin < std::min(a[i].end, b[k].end)) return begin;
    (a[i].end <= b[k].end ? i : k)++;
  }
  return std::nullopt;
}

ElementSet ElementSet::common(const ElementSet& other) const {
  const std::vector<Interval>&a = intervals(), &b = other.intervals();
  ElementSet both;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    both.add({std::max(a[i].begin, b[k].begin), std::min(a[i].end, b[k].end)});
    (a[i].end <= b[k].end ? i : k)++;
  }
  return both;
}

}  // namespace tilewright::interpret
