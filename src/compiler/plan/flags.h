// Flags between pipes: which are needed so that what must come first does, and where their set and wait stand.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "compiler/plan/structure.h"

namespace tilewright::plan {

/// What `from` has been given before the set is done before `to` starts what it is given after the wait.
struct Flag {
  enum class Kind : uint8_t {
    kForward,  ///< set after child `set_after` of `region`, wait before the later child `wait_before`
    kCarried,  ///< over the back edge of the loop that `region` is the body of: set after `set_after`, wait before `wait_before`, which is not
    ///< later; also a set before the loop and a wait after it, so that the first and the last turn, or none, are like the others
    kPoint,  ///< set and wait together, before child `wait_before` or, if there is none of that number, at the end
  };
  Kind kind = Kind::kForward;
  Pipe from = Pipe::kNone, to = Pipe::kNone;
  int region = 0;
  int set_after = -1;
  int wait_before = -1;
  int event = -1;

  friend bool operator==(const Flag&, const Flag&) = default;
  friend auto operator<=>(const Flag&, const Flag&) = default;
};

/// `later` must find done what `earlier` does, whenever one is executed after the other.
struct Order {
  int earlier = 0, later = 0;
  friend auto operator<=>(const Order&, const Order&) = default;
};

/// One half of a flag, where it stands.
struct FlagStep {
  bool set = false;
  int flag = -1;
};

/// Where sets and waits stand: by place, what comes directly after the node and directly before it, or last in its region.
struct FlagSteps {
  explicit FlagSteps(const Structure& structure, const std::vector<Flag>& flags);
  std::vector<std::vector<std::vector<FlagStep>>> before, after;  ///< by region and child; `before` has one more
};

/// The flag that gives `order` if nothing else does. Within one pipe, and for what the scalar pipe does first, none is needed: not to be asked.
Flag flag_for(const Structure& structure, const Program& program, Order order);

/// Answers whether orders hold, for a set of flags of which some can be taken out.
class OrderCheck {
 public:
  OrderCheck(const Structure& structure, const Program& program, std::vector<Flag> flags);

  const std::vector<Flag>& flags() const { return flags_; }
  bool active(int flag) const { return active_[static_cast<size_t>(flag)]; }
  void set_active(int flag, bool active) { active_[static_cast<size_t>(flag)] = active; }

  struct Answer {
    std::vector<int> unordered;  ///< of the instructions asked for, in ascending order
    std::vector<int> used;  ///< flags whose wait made a pipe know of the instruction
  };
  /// Follows every way from each execution of `earlier` and says which of `later` (ascending) it can reach without being known to be done.
  Answer ask(int earlier, const std::vector<int>& later) const;

 private:
  const Structure& structure_;
  const Program& program_;
  std::vector<Flag> flags_;
  std::vector<bool> active_;
  FlagSteps steps_;
};

/// Whether an order between two instructions needs a flag at all.
bool needs_flag(const Program& program, Order order);

/// A set of flags that gives `orders` (those that need one), none of which can be taken away.
std::vector<Flag> flags_for(const Structure& structure, const Program& program, const std::vector<Order>& orders);

/// Takes out flags without which `orders` hold all the same.
std::vector<Flag> reduce(const Structure& structure, const Program& program, std::vector<Flag> flags, const std::vector<Order>& orders);

/// Numbers the events of flags: flags of a pair of pipes that are open together get different ones. Where that takes more than there are, flags
/// are merged (later set, earlier wait), and what is needed no more goes.
std::vector<Flag> number_events(const Structure& structure, const Program& program, std::vector<Flag> flags,
                                const std::vector<Order>& orders);

/// Drops flags that one flag of the same region and pipes stands for: set later and waited for earlier.
std::vector<Flag> without_dominated(std::vector<Flag> flags);

}  // namespace tilewright::plan
