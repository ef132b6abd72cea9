// Tries all interleavings of a few threads with a few atomic steps each: what a test of a lock-free protocol stands on.
//
// Threads are fibers. Each stops before every atomic access, and an explorer decides who goes on; it runs a scenario again and
// again until every order was tried (stateless model checking, depth first). Orders that differ only in steps which do not
// touch the same place are tried once (sleep sets: Godefroid, Partial-Order Methods for the Verification of Concurrent
// Systems, 1996). Memory is sequentially consistent, or has store buffers as x86 processors do (TSO).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/fiber.h"

namespace tilewright::interleavings {

enum class Memory : uint8_t {
  kSequential,    ///< a store is seen by all at once
  kStoreBuffers,  ///< each thread's stores wait in a queue and leave it at any time; fences and read-modify-writes wait for that
};

/// Faults that a test puts into the atomics, to see that it would find them.
struct Faults {
  bool torn_exchange = false;  ///< compare_exchange is a load and, as a step of its own, a store
};

/// What one execution does. Made anew for each; must do the same in the same order of steps.
class Scenario {
 public:
  virtual ~Scenario() = default;
  virtual size_t threads() const = 0;
  /// Of thread `index`, on its fiber. Must end whatever the others do, so it cannot spin.
  virtual void run(size_t index) = 0;
  /// After all threads have ended and all stores are seen, on the test's own stack.
  virtual void finish() = 0;
  /// What is wrong with this execution; empty if nothing.
  std::string fault;
};

class Explorer {
 public:
  static constexpr size_t kMaxThreads = 4;

  struct Result {
    uint64_t executions = 0;  ///< complete ones, which differ in the order of steps that touch the same place
    std::string fault;        ///< of the first bad execution, after which it stops
  };

  explicit Explorer(Memory memory, Faults faults = {}) : memory_(memory), faults_(faults) {}

  /// Runs every execution of what `make` makes. Not reentrant, one at a time in a process.
  Result explore(const std::function<std::unique_ptr<Scenario>()>& make);

  // ---- for the atomics ----

  /// The explorer under whose control the caller runs, or null: then accesses are plain.
  static Explorer* current() { return current_ != nullptr && current_->running_ ? current_ : nullptr; }
  template <typename T>
  T load(const T* place) {
    step({Step::kLoad, place});
    return newest(place);
  }
  template <typename T>
  void store(T* place, T value) {
    if (memory_ == Memory::kSequential) {
      step({Step::kWrite, place});
      *place = value;
    } else {
      step({Step::kLocal, nullptr});
      buffers_[self_].push_back({place, value, sizeof(T)});
    }
  }
  /// Replaces the value by change(value), unless that is nullopt. Returns the value before.
  template <typename T, typename Change>
  T update(T* place, Change&& change) {
    if (faults_.torn_exchange) {
      const T before = load(place);
      if (const std::optional<T> after = change(before)) store(place, *after);
      return before;
    }
    step({Step::kUpdate, place});
    const T before = *place;
    if (const std::optional<T> after = change(before)) *place = *after;
    return before;
  }
  void fence() { step({Step::kFence, nullptr}); }

 private:
  /// What an agent does next. An agent is a thread or, behind these, a thread's store buffer.
  struct Step {
    enum Kind : uint8_t { kNone, kLocal, kLoad, kWrite, kUpdate, kFence };
    Kind kind = kNone;
    const void* place = nullptr;
  };
  struct Store {
    void* place;
    uint64_t value;
    size_t bytes;
  };
  static constexpr size_t kAgents = 2 * kMaxThreads;
  /// A moment of the execution under way, and what has been tried from there.
  struct Node {
    std::array<Step, kAgents> steps;
    uint32_t enabled = 0;
    uint32_t tried = 0;   ///< agents that went on from here, the last one being `chosen`
    uint32_t asleep = 0;  ///< agents whose step here leads to what was tried already
    size_t chosen = 0;
  };

  template <typename T>
  T newest(const T* place) const {
    const std::deque<Store>& buffer = buffers_[self_];
    for (auto store = buffer.rbegin(); store != buffer.rend(); ++store) {
      if (store->place == place) return static_cast<T>(store->value);
    }
    return *place;
  }
  static bool depend(size_t a, const Step& step_a, size_t b, const Step& step_b);
  void step(Step next);
  bool execute(const std::function<std::unique_ptr<Scenario>()>& make, Result& result);
  Node look() const;
  static bool choose(Node& node);
  bool next_path();

  static inline Explorer* current_ = nullptr;
  Memory memory_;
  Faults faults_;
  bool running_ = false;  ///< a thread of the scenario
  size_t self_ = 0;
  size_t threads_ = 0;
  std::array<std::unique_ptr<Fiber>, kMaxThreads> fibers_;
  std::array<Step, kMaxThreads> next_;
  std::array<std::deque<Store>, kMaxThreads> buffers_;
  std::vector<Node> path_;
};

/// As std::atomic, under an explorer. Orders are ignored: both memories are at least as strict as acquire and release.
template <typename T>
class Atomic {
 public:
  Atomic() = default;
  constexpr Atomic(T value) : value_(value) {}

  T load(std::memory_order) const {
    Explorer* const explorer = Explorer::current();
    return explorer != nullptr ? explorer->load(&value_) : value_;
  }
  void store(T value, std::memory_order order) {
    Explorer* const explorer = Explorer::current();
    if (explorer == nullptr) {
      value_ = value;
    } else if (order == std::memory_order_seq_cst) {
      exchange(value, order);  // as compilers do
    } else {
      explorer->store(&value_, value);
    }
  }
  T exchange(T value, std::memory_order) {
    return update([&](T) { return std::optional<T>(value); });
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order, std::memory_order) {
    const T before = update([&](T now) { return now == expected ? std::optional<T>(desired) : std::nullopt; });
    return before == expected || (expected = before, false);
  }

 private:
  template <typename Change>
  T update(Change&& change) {
    if (Explorer* const explorer = Explorer::current(); explorer != nullptr) return explorer->update(&value_, change);
    const T before = value_;
    if (const std::optional<T> after = change(before)) value_ = *after;
    return before;
  }

  T value_;
};

inline void fence() {
  if (Explorer* const explorer = Explorer::current(); explorer != nullptr) explorer->fence();
}

}  // namespace tilewright::interleavings
