// How a seed decides: who goes on, who is interrupted, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tilewright {

/// One policy per run. The same seed and the same questions give the same answers, on every machine.
///
/// Even seeds walk at random: whoever can go on does with the same probability, and is interrupted at an instruction with a
/// probability that belongs to the seed. Odd seeds give every activity a random priority, and the highest goes on; now and then it
/// falls below all others (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic guarantees of
/// finding bugs", ASPLOS 2010). A walk finds what needs a switch at one of many places; priorities find what needs one activity to
/// stay behind for long: of n activities, one is last with probability 1 / n however long the others take.
class SchedulePolicy {
 public:
  explicit SchedulePolicy(uint64_t seed);

  /// A number in [0, count), all equally likely; count >= 1.
  size_t below(size_t count);
  /// For a new activity.
  uint64_t priority();
  /// For a task that an activity of priority `from` made ready.
  uint64_t heir(uint64_t from) { return inherits_ ? from : priority(); }
  /// For one that yielded, so that those it waits for come first: below all that were given before.
  uint64_t lowest() { return --lowest_; }
  /// Index of who goes on; one priority each, at least one.
  size_t choose(std::span<const uint64_t> priorities);

  /// Whether the running activity is interrupted at this instruction; if `falls`, it gets lowest().
  bool interrupts(bool& falls);
  /// Whether others get a chance now that the running activity made something possible (submitted, notified).
  bool looks_up();

 private:
  uint64_t next();
  bool one_in(uint64_t n) { return next() % n == 0; }

  uint64_t state_;
  bool walks_;
  bool inherits_;
  uint64_t interval_ = 0;  ///< instructions between two interruptions, on average
  uint64_t lowest_ = uint64_t{1} << 32;
};

}  // namespace tilewright
