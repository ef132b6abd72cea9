#include "compiler/plan/validator.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace tilewright::plan {
namespace {

constexpr const char* kNames[kListedPipes] = {"s", "v", "m", "mte1", "mte2", "mte3", "fix", "all"};

using Clock = std::array<uint32_t, kListedPipes>;

void join(Clock& clock, const Clock& other) {
  for (size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

/// Which way the program goes: all combinations one after the other, and if they are too many, some at random.
class Ways {
 public:
  explicit Ways(int most) : most_(most) {}

  int64_t next(int64_t from, int64_t to) {
    if (at_ == choices_.size())
      choices_.push_back({run_ < most_ / 2 ? 0 : std::uniform_int_distribution<int64_t>(0, to - from)(random_), to - from});
    return from + choices_[at_++].taken;
  }

  /// On to the next run, if there is one.
  bool advance() {
    at_ = 0;
    if (++run_ >= most_) return false;
    if (run_ >= most_ / 2) {
      choices_.clear();
      return true;
    }
    while (!choices_.empty() && choices_.back().taken == choices_.back().last) choices_.pop_back();
    if (choices_.empty()) return false;
    ++choices_.back().taken;
    return true;
  }

 private:
  struct Choice {
    int64_t taken, last;
  };
  const int most_;
  int run_ = 0;
  size_t at_ = 0;
  std::vector<Choice> choices_;
  std::mt19937_64 random_{1};
};

class Execution {
 public:
  Execution(Ways& ways) : ways_(ways) {}

  std::vector<PlanFault> run(const Listing& listing) {
    region(listing);
    for (const auto& [key, flag] : flags_) {
      if (flag.set) fault(PlanFault::Kind::kLeftSet, flag.id, -1, fmt::format("{} is still set at the end", name(key)));
    }
    return std::move(faults_);
  }

 private:
  using Key = std::tuple<int, int, int>;
  struct Flag {
    bool set = false;
    int id = -1;
    Clock clock{};
  };
  struct Touch {
    uint32_t time = 0;  ///< of the pipe; 0: none
    int id = -1;
  };
  /// Bytes with the same past.
  struct Segment {
    int64_t end = 0;
    int64_t value = 0;
    int written_by = -1;
    std::array<Touch, kListedPipes> reads{}, writes{};
  };
  using Segments = std::map<int64_t, Segment>;

  static size_t index(int i) { return static_cast<size_t>(i); }

  static std::string name(const Key& key) {
    return fmt::format("the flag {} from {} to {}", std::get<2>(key), kNames[index(std::get<0>(key))], kNames[index(std::get<1>(key))]);
  }

  void region(const Listing& listing) {
    for (const Listed& listed : listing) node(listed);
  }

  void node(const Listed& listed) {
    switch (listed.kind) {
      case Listed::Kind::kInstruction: return instruction(listed);
      case Listed::Kind::kDefine:
        for (const Listed::Access& access : listed.accesses) hand_over(access, new_value(access.slot), listed.id);
        return;
      case Listed::Kind::kAssign: {
        std::vector<int64_t> values;
        for (const Listed::Assigned& assigned : listed.assigned) values.push_back(values_[assigned.from]);
        for (size_t i = 0; i < values.size(); ++i) values_[listed.assigned[i].to] = values[i];
        return;
      }
      case Listed::Kind::kSetFlag: return set_flag(listed);
      case Listed::Kind::kWaitFlag: return wait_flag(listed);
      case Listed::Kind::kBarrier:
        for (Clock& clock : clocks_) join(clocks_[kListedScalar], clock);
        return;  // the scalar pipe issues what comes next
      case Listed::Kind::kLoop:
        for (int64_t left = trips(listed.min_trips, listed.max_trips); left > 0; --left) region(listed.first);
        return;
      case Listed::Kind::kWhile:
        region(listed.first);
        for (int64_t left = ways_.next(0, 3); left > 0; --left) {
          region(listed.second);
          region(listed.first);
        }
        return;
      case Listed::Kind::kBranch: return region(ways_.next(0, 1) == 0 ? listed.first : listed.second);
    }
  }

  int64_t trips(int64_t min, int64_t max) { return ways_.next(std::min<int64_t>(min, 3), std::min<int64_t>(max, 3)); }

  Clock& issue(int pipe) {
    Clock& clock = clocks_[index(pipe)];
    join(clock, clocks_[kListedScalar]);
    return clock;
  }

  void instruction(const Listed& listed) {
    Clock& clock = issue(listed.pipe);
    const uint32_t now = ++clock[index(listed.pipe)];
    for (const Listed::Access& access : listed.accesses) {
      if (!access.write) touch(access, clock, now, listed);
    }
    for (const Listed::Access& access : listed.accesses) {
      if (!access.write) continue;
      touch(access, clock, now, listed);
      hand_over(access, new_value(access.slot), listed.id);
    }
  }

  int64_t new_value(int slot) { return slot < 0 ? 0 : values_[slot] = ++last_value_; }

  /// Calls visit(segment, begin) for each segment of the bytes, which are split at both ends.
  template <typename Visit>
  void each(const Listed::Access& access, const Visit& visit) {
    Segments& segments = memories_[access.memory];
    for (const int64_t border : {access.begin, access.end}) {
      const auto behind = segments.upper_bound(border);
      if (behind == segments.begin()) continue;
      const auto found = std::prev(behind);
      if (found->first == border || found->second.end <= border) continue;
      const Segment rest = found->second;
      found->second.end = border;
      segments.emplace(border, rest);
    }
    for (int64_t at = access.begin; at < access.end;) {
      auto found = segments.lower_bound(at);
      if (found == segments.end() || found->first > at) {
        const int64_t end = found == segments.end() ? access.end : std::min(access.end, found->first);
        found = segments.emplace(at, Segment{end, 0, -1, {}, {}}).first;
      }
      visit(found->second, found->first);
      at = found->second.end;
    }
  }

  void touch(const Listed::Access& access, const Clock& clock, uint32_t now, const Listed& listed) {
    each(access, [&](Segment& segment, int64_t begin) {
      for (int pipe = 0; pipe < kListedPipes; ++pipe) {
        for (const Touch& earlier : {segment.writes[index(pipe)], access.write ? segment.reads[index(pipe)] : Touch()}) {
          if (pipe == listed.pipe || earlier.time <= clock[index(pipe)]) continue;
          fault(PlanFault::Kind::kUnordered, earlier.id, listed.id,
                fmt::format("{} and {} are unordered at bytes {} to {} of memory {}", kNames[index(pipe)], kNames[index(listed.pipe)],
                            begin, segment.end, access.memory));
        }
      }
      const int64_t expected = access.write || access.slot < 0 ? 0 : values_[access.slot];  // 0: nothing was written for it
      if (expected != 0 && segment.value != expected) {
        fault(PlanFault::Kind::kOverwritten, segment.written_by, listed.id,
              fmt::format("bytes {} to {} of memory {} hold something else", begin, segment.end, access.memory));
      }
      (access.write ? segment.writes : segment.reads)[index(listed.pipe)] = {now, listed.id};
    });
  }

  void hand_over(const Listed::Access& access, int64_t value, int id) {
    each(access, [&](Segment& segment, int64_t) {
      segment.value = value;
      segment.written_by = id;
    });
  }

  void set_flag(const Listed& listed) {
    const Key key{listed.pipe, listed.to_pipe, listed.event};
    Flag& flag = flags_[key];
    if (flag.set) fault(PlanFault::Kind::kSetTwice, flag.id, listed.id, fmt::format("{} is set again", name(key)));
    flag = {true, listed.id, issue(listed.pipe)};
  }

  void wait_flag(const Listed& listed) {
    const Key key{listed.pipe, listed.to_pipe, listed.event};
    Flag& flag = flags_[key];
    if (!flag.set) return fault(PlanFault::Kind::kWaitWithoutSet, -1, listed.id, fmt::format("nothing has set {}", name(key)));
    flag.set = false;
    join(issue(listed.to_pipe), flag.clock);
  }

  void fault(PlanFault::Kind kind, int first, int second, std::string text) {
    if (seen_.insert({kind, first, second}).second) faults_.push_back({kind, first, second, std::move(text)});
  }

  Ways& ways_;
  std::array<Clock, kListedPipes> clocks_{};
  std::map<Key, Flag> flags_;
  std::map<int, Segments> memories_;
  std::map<int, int64_t> values_;
  int64_t last_value_ = 0;
  std::vector<PlanFault> faults_;
  std::set<std::tuple<PlanFault::Kind, int, int>> seen_;
};

}  // namespace

std::vector<PlanFault> validate(const Listing& listing, int most) {
  Ways ways(most);
  do {
    std::vector<PlanFault> faults = Execution(ways).run(listing);
    if (!faults.empty()) return faults;
  } while (ways.advance());
  return {};
}

}  // namespace tilewright::plan
