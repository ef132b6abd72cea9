// The protocols of graph/task_table.h under all interleavings of their steps. See docs/design/engine.md, Tests.
#include "exec/interleavings.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <iostream>
#include <set>
#include <string>

#include "graph/task_table.h"

namespace tilewright {
namespace {

using interleavings::Atomic;
using interleavings::Explorer;
using interleavings::Faults;
using interleavings::Memory;
using interleavings::Scenario;

// ---- the explorer itself ----

/// Two variables, two threads, and what they read.
class Litmus : public Scenario {
 public:
  using Thread = std::function<void(Litmus&)>;
  Litmus(std::vector<Thread> threads, std::set<std::pair<uint32_t, uint32_t>>& seen) : bodies_(std::move(threads)), seen_(seen) {}
  size_t threads() const override { return bodies_.size(); }
  void run(size_t index) override { bodies_[index](*this); }
  void finish() override { seen_.insert({a, b}); }

  Atomic<uint32_t> x{0}, y{0};
  uint32_t a = 9, b = 9;

 private:
  std::vector<Thread> bodies_;
  std::set<std::pair<uint32_t, uint32_t>>& seen_;
};

using Outcomes = std::set<std::pair<uint32_t, uint32_t>>;

Outcomes outcomes(Memory memory, const std::vector<Litmus::Thread>& threads, Faults faults = {}) {
  Outcomes seen;
  const Explorer::Result result = Explorer(memory, faults).explore([&] { return std::make_unique<Litmus>(threads, seen); });
  EXPECT_GE(result.executions, seen.size());
  return seen;
}

void set(Atomic<uint32_t>& place, uint32_t value) { place.store(value, std::memory_order_release); }
uint32_t get(const Atomic<uint32_t>& place) { return place.load(std::memory_order_acquire); }

TEST(Explorer, StoresPassLoadsOnlyInStoreBuffers) {
  const std::vector<Litmus::Thread> bare = {[](Litmus& l) { set(l.x, 1), l.a = get(l.y); }, [](Litmus& l) { set(l.y, 1), l.b = get(l.x); }};
  const std::vector<Litmus::Thread> fenced = {[](Litmus& l) { set(l.x, 1), interleavings::fence(), l.a = get(l.y); },
                                              [](Litmus& l) { set(l.y, 1), interleavings::fence(), l.b = get(l.x); }};
  const Outcomes one_after_the_other = {{0, 1}, {1, 0}, {1, 1}};
  Outcomes all = one_after_the_other;
  all.insert({0, 0});
  EXPECT_EQ(outcomes(Memory::kSequential, bare), one_after_the_other);
  EXPECT_EQ(outcomes(Memory::kStoreBuffers, bare), all);
  EXPECT_EQ(outcomes(Memory::kStoreBuffers, fenced), one_after_the_other);
}

TEST(Explorer, StoresOfOneThreadAreSeenInOrderAndByItselfAtOnce) {
  const std::vector<Litmus::Thread> message = {[](Litmus& l) { set(l.x, 1), set(l.y, 1); },
                                               [](Litmus& l) { l.a = get(l.y), l.b = get(l.x); }};
  EXPECT_EQ(outcomes(Memory::kStoreBuffers, message), (Outcomes{{0, 0}, {0, 1}, {1, 1}}));
  const std::vector<Litmus::Thread> own = {[](Litmus& l) { set(l.x, 1), set(l.x, 2), l.a = get(l.x); }};
  EXPECT_EQ(outcomes(Memory::kStoreBuffers, own), (Outcomes{{2, 9}}));
}

TEST(Explorer, AnExchangeIsOneStepUnlessItIsToldToTear) {
  const auto add = [](Atomic<uint32_t>& place) {
    uint32_t before = get(place);
    while (!place.compare_exchange_weak(before, before + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
    }
    return before;
  };
  const std::vector<Litmus::Thread> threads = {[&](Litmus& l) { l.a = add(l.x); }, [&](Litmus& l) { l.b = add(l.x); }};
  EXPECT_EQ(outcomes(Memory::kSequential, threads), (Outcomes{{0, 1}, {1, 0}}));
  EXPECT_EQ(outcomes(Memory::kSequential, threads, {.torn_exchange = true}), (Outcomes{{0, 1}, {1, 0}, {0, 0}}));
}

TEST(Explorer, StepsAtDifferentPlacesAreTriedInOneOrder) {
  Outcomes seen;
  const std::vector<Litmus::Thread> apart = {[](Litmus& l) { set(l.x, 1), set(l.x, 2); }, [](Litmus& l) { set(l.y, 1), set(l.y, 2); }};
  EXPECT_EQ(Explorer(Memory::kSequential).explore([&] { return std::make_unique<Litmus>(apart, seen); }).executions, 1u);
  const std::vector<Litmus::Thread> together = {[](Litmus& l) { set(l.x, 1), set(l.x, 2); }, [](Litmus& l) { set(l.x, 1), set(l.x, 2); }};
  EXPECT_EQ(Explorer(Memory::kSequential).explore([&] { return std::make_unique<Litmus>(together, seen); }).executions, 6u);
}

// ---- the task table ----

/// What a test breaks, to see that it is found.
struct Mutation {
  bool no_fence = false;             ///< none between mark_done and the second look at the waiters
  bool no_second_look = false;       ///< waiters are looked at once, behind mark_done
  bool looks_before_done = false;    ///< waiters are looked at once, before mark_done
  bool reuses_undone_slots = false;  ///< the submitter does not look whether the task of the earlier lap is done
  Faults faults = {};
};

/// Tasks of ring 0, which has four slots, numbered as their ids; carriers and a submitter that do what Scheduler and Graph do.
class Engine : public Scenario {
 public:
  static constexpr uint32_t kWindow = 4;
  static constexpr uint32_t kMaxTasks = 32;  ///< two laps of the stream
  struct Carrier {
    uint32_t ready = kNoSlot;
    uint32_t claimed[4] = {};
    uint32_t completed[8] = {};
    uint32_t completed_count = 0;
    uint32_t batch_limit = 1;
  };
  using Program = std::vector<std::vector<uint32_t>>;
  using Thread = std::function<void(Engine&, Carrier&)>;
  struct Plan {
    Program predecessors;  ///< by task
    std::function<void(Engine&)> prepare;
    std::vector<Thread> threads;
  };

  /// The table is used by one execution after the other, as by runs: what one leaves behind is ended as Graph::end_run does it.
  /// Ids continue, by a multiple of what the stream and the slots repeat with, so that every execution finds the same.
  struct Shared {
    BasicTaskTable<Atomic> table{sizes()};
    uint32_t first_id = 0;
  };

  Engine(const Plan& plan, const Mutation& mutation, Shared& shared)
      : plan_(plan),
        mutation_(mutation),
        shared_(shared),
        table_(shared.table),
        first_id_(shared.first_id),
        carriers_(plan.threads.size()) {
    plan_.prepare(*this);
  }
  ~Engine() override {
    for (uint32_t task = 0; task < kMaxTasks; ++task) table_.mark_done(ref(task));
    for (uint32_t slot = 0; slot < kWindow; ++slot) table_.record(slot).waiters.store(0, std::memory_order_relaxed);
    for (; submitted_ < kMaxTasks; ++submitted_) table_.publish(0);
    table_.discard_unclaimed();
    shared_.first_id += kMaxTasks;
  }
  size_t threads() const override { return plan_.threads.size(); }
  void run(size_t index) override { plan_.threads[index](*this, carriers_[index]); }

  // Whatever is left is done by one carrier alone: then nothing may be missing.
  void finish() override {
    Carrier carrier;
    for (uint32_t before = UINT32_MAX; before != submitted_ + total_runs();) {
      before = submitted_ + total_runs();
      while (submit_next()) {
      }
      while (claim_and_work(carrier, 4)) {
      }
    }
    for (uint32_t task = 0; task < plan_.predecessors.size() && fault.empty(); ++task) {
      if (runs(task) == 0) fault = "task " + std::to_string(task) + " was lost";
    }
  }

  // ---- the submitter, as Graph::submit and Graph::advance ----

  bool submit_next() {
    if (submitted_ == plan_.predecessors.size()) return false;
    if (submitted_ - reclaimed_ >= kWindow) advance();
    if (submitted_ - reclaimed_ >= kWindow) return false;
    const uint32_t id = submitted_++;
    Table::TaskSlot& record = table_.record(slot(id));
    record.id = first_id_ + id;
    const std::vector<uint32_t>& predecessors = plan_.predecessors[id];
    record.predecessor_count = static_cast<uint32_t>(predecessors.size());
    for (size_t i = 0; i < predecessors.size(); ++i) record.inline_predecessors[i] = ref(predecessors[i]);
    table_.publish(slot(id));
    return true;
  }
  void advance() {
    while (reclaimed_ != submitted_ && (mutation_.reuses_undone_slots || table_.is_done(ref(reclaimed_)))) ++reclaimed_;
  }

  // ---- a carrier, as Scheduler: claim, start, complete, flush ----

  bool claim_and_work(Carrier& carrier, uint32_t limit) {
    const uint32_t count = table_.claim(carrier.claimed, limit);
    for (uint32_t i = 0; i < count; ++i) start(carrier, carrier.claimed[i]);
    work(carrier);
    return count != 0;
  }
  /// Takes the next tasks from the stream; somebody else starts them.
  void claim_only(uint32_t count) {
    uint32_t slots[kWindow];
    while (count != 0) count -= table_.claim(slots, count);
  }
  void work(Carrier& carrier) {
    do {
      while (carrier.ready != kNoSlot) {
        const uint32_t slot = carrier.ready;
        carrier.ready = table_.next_in_list(slot);
        start(carrier, slot);
      }
      flush(carrier);
    } while (carrier.ready != kNoSlot);
  }
  void start(Carrier& carrier, uint32_t slot) {
    const Table::TaskSlot& task = table_.record(slot);
    if (const TaskRef undone = table_.undone_predecessor(task); undone.slot != kNoSlot) {
      add_ready(carrier, table_.park(slot, undone));
      return;
    }
    const uint32_t self = task.id - first_id_;
    for (uint32_t other : plan_.predecessors[self]) {
      if (runs(other) == 0) fault = "task " + std::to_string(self) + " ran before task " + std::to_string(other);
    }
    if (runs_[self].exchange(1, std::memory_order_relaxed) != 0) fault = "task " + std::to_string(self) + " ran twice";
    complete(carrier, slot);
  }
  void complete(Carrier& carrier, uint32_t slot) {
    if (mutation_.looks_before_done) add_ready(carrier, table_.take_waiters(slot));
    table_.mark_done({slot, table_.record(slot).id});
    if (mutation_.looks_before_done) return;
    add_ready(carrier, table_.take_waiters(slot));
    carrier.completed[carrier.completed_count++] = slot;
    if (carrier.completed_count >= carrier.batch_limit) flush(carrier);
  }
  void flush(Carrier& carrier) {
    if (carrier.completed_count == 0) return;
    if (!mutation_.no_fence) interleavings::fence();
    for (uint32_t i = 0; i < carrier.completed_count && !mutation_.no_second_look; ++i) {
      add_ready(carrier, table_.take_waiters(carrier.completed[i]));
    }
    carrier.completed_count = 0;
  }

  static uint32_t slot(uint32_t task) { return task % kWindow; }
  TaskRef ref(uint32_t task) const { return {slot(task), first_id_ + task}; }

 private:
  using Table = BasicTaskTable<Atomic>;

  static RingSizes sizes() {
    RingSizes sizes;
    sizes.task_window.fill(kWindow);
    return sizes;
  }
  uint32_t runs(uint32_t task) const { return runs_[task].load(std::memory_order_relaxed); }
  uint32_t total_runs() const {
    uint32_t total = 0;
    for (uint32_t task = 0; task < plan_.predecessors.size(); ++task) total += runs(task);
    return total;
  }
  void add_ready(Carrier& carrier, uint32_t list) {
    if (list == kNoSlot) return;
    uint32_t last = list, length = 1;
    for (; table_.next_in_list(last) != kNoSlot; last = table_.next_in_list(last)) {
      if (++length <= kMaxTasks) continue;
      fault = "a list of tasks has no end";
      return;
    }
    table_.set_next_in_list(last, carrier.ready);
    carrier.ready = list;
  }

  const Plan& plan_;
  const Mutation mutation_;
  Shared& shared_;
  Table& table_;
  const uint32_t first_id_;
  std::vector<Carrier> carriers_;
  std::array<Atomic<uint32_t>, kMaxTasks> runs_{};
  uint32_t submitted_ = 0;
  uint32_t reclaimed_ = 0;
};

Explorer::Result explore(const Engine::Plan& plan, Memory memory, const Mutation& mutation = {}) {
  Engine::Shared shared;
  return Explorer(memory, mutation.faults).explore([&] { return std::make_unique<Engine>(plan, mutation, shared); });
}

void expect_good(const Engine::Plan& plan) {
  for (const Memory memory : {Memory::kSequential, Memory::kStoreBuffers}) {
    const Explorer::Result result = explore(plan, memory);
    EXPECT_EQ(result.fault, "");
    EXPECT_GT(result.executions, 1u);
    std::cout << result.executions << (memory == Memory::kSequential ? " sequential executions\n" : " executions with store buffers\n");
  }
}

Engine::Thread holder_of(uint32_t task, uint32_t batch_limit = 1) {
  return [=](Engine& engine, Engine::Carrier& carrier) {
    carrier.batch_limit = batch_limit;
    engine.start(carrier, Engine::slot(task));
    engine.work(carrier);
  };
}

/// The first `count` tasks are published and claimed, and each has a carrier that is about to look at it.
Engine::Plan held(Engine::Program program, uint32_t batch_limit = 1) {
  Engine::Plan plan;
  const uint32_t count = static_cast<uint32_t>(program.size());
  for (uint32_t task = 0; task < count; ++task) plan.threads.push_back(holder_of(task, batch_limit));
  plan.predecessors = std::move(program);
  plan.prepare = [count](Engine& engine) {
    for (uint32_t i = 0; i < count; ++i) engine.submit_next();
    engine.claim_only(count);
  };
  return plan;
}

TEST(Interleavings, ATaskThatParksIsFoundByWhoCompletes) {
  expect_good(held({{}, {0}}));
  expect_good(held({{}, {0}}, 2));
}

TEST(Interleavings, TwoTasksThatParkOnOneAreBothFound) { expect_good(held({{}, {0}, {0}})); }

TEST(Interleavings, ATaskThatWaitsForTwoRunsAfterBoth) { expect_good(held({{}, {}, {0, 1}})); }

TEST(Interleavings, AChainRunsInOrder) { expect_good(held({{}, {0}, {1}})); }

// Two carriers follow the submitter over the end of the stream, where its entries are used again.
TEST(Interleavings, EveryPublishedTaskIsClaimedOnce) {
  constexpr uint32_t kBefore = 15;  // of the stream's 16 entries
  Engine::Plan plan;
  plan.predecessors.resize(kBefore + 3);
  plan.prepare = [](Engine& engine) {
    Engine::Carrier carrier;
    for (uint32_t i = 0; i < kBefore; ++i) {
      engine.submit_next();
      engine.claim_and_work(carrier, 1);
    }
    engine.advance();
  };
  const auto carrier = [](Engine& engine, Engine::Carrier& self) { engine.claim_and_work(self, 2); };
  const auto submitter = [](Engine& engine, Engine::Carrier&) {
    for (int i = 0; i < 3; ++i) engine.submit_next();
  };
  plan.threads = {submitter, carrier, carrier};
  expect_good(plan);
  EXPECT_NE(explore(plan, Memory::kSequential, {.faults = {.torn_exchange = true}}).fault, "");
}

/// Task 0 is about to run, task 3 to park on it; then tasks 4 and 5 use the slots of 0 and 1 again, while the carriers still look
/// at the lists of the earlier lap.
Engine::Plan reuse() {
  Engine::Plan plan;
  plan.predecessors = {{}, {}, {}, {0}, {}, {4}};
  plan.prepare = [](Engine& engine) {
    for (int i = 0; i < 4; ++i) engine.submit_next();
    engine.claim_only(4);
    Engine::Carrier carrier;
    engine.start(carrier, 1);
    engine.start(carrier, 2);
  };
  const auto submitter = [](Engine& engine, Engine::Carrier&) { engine.submit_next() && engine.submit_next(); };
  const auto carrier = [](uint32_t task) {
    return [task](Engine& engine, Engine::Carrier& self) {
      engine.start(self, Engine::slot(task));
      engine.work(self);
      engine.claim_and_work(self, 1);
    };
  };
  plan.threads = {submitter, carrier(0), carrier(3)};
  return plan;
}

TEST(Interleavings, ASlotOfALaterLapIsNotMistakenForItsEarlierTask) { expect_good(reuse()); }

// Tasks complete out of order; the watermark waits for the oldest, and a slot is used again only behind it.
TEST(Interleavings, TheWatermarkMovesOverWhatIsDone) {
  Engine::Plan plan;
  plan.predecessors = {{}, {}, {}, {}, {1}, {0, 4}};
  plan.prepare = [](Engine& engine) {
    for (int i = 0; i < 4; ++i) engine.submit_next();
    engine.claim_only(4);
  };
  const auto submitter = [](Engine& engine, Engine::Carrier&) {
    engine.submit_next();
    engine.submit_next();
  };
  plan.threads = {submitter, holder_of(0), holder_of(1)};
  const auto prepare_held = plan.prepare;
  plan.prepare = [prepare_held](Engine& engine) {
    prepare_held(engine);
    Engine::Carrier carrier;
    engine.start(carrier, 2);
    engine.start(carrier, 3);
  };
  expect_good(plan);
}

// ---- what is broken is found ----

void expect_found(const Engine::Plan& plan, Memory memory, const Mutation& mutation, const std::string& text) {
  const std::string fault = explore(plan, memory, mutation).fault;
  EXPECT_NE(fault.find(text), std::string::npos) << "found: '" << fault << "'";
}

TEST(Interleavings, WithoutTheFenceATaskIsLostInAStoreBuffer) {
  const Mutation mutation{.no_fence = true};
  expect_found(held({{}, {0}}), Memory::kStoreBuffers, mutation, "task 1 was lost");
  EXPECT_EQ(explore(held({{}, {0}}), Memory::kSequential, mutation).fault, "") << "what the fence is for is not seen here";
}

TEST(Interleavings, TheFirstLookWithoutAFenceIsNotEnough) {
  expect_found(held({{}, {0}}), Memory::kStoreBuffers, {.no_second_look = true}, "task 1 was lost");
}

TEST(Interleavings, WhoLooksForWaitersBeforeItSaysThatItIsDoneLosesATask) {
  expect_found(held({{}, {0}}), Memory::kSequential, {.looks_before_done = true}, "task 1 was lost");
}

TEST(Interleavings, ParkingWithALoadAndAStoreIsFound) {
  EXPECT_NE(explore(held({{}, {0}, {0}}), Memory::kSequential, {.faults = {.torn_exchange = true}}).fault, "");
}

TEST(Interleavings, ASlotThatIsUsedAgainTooEarlyIsFound) {
  for (const Memory memory : {Memory::kSequential, Memory::kStoreBuffers}) {
    EXPECT_NE(explore(reuse(), memory, {.reuses_undone_slots = true}).fault, "");
  }
}

}  // namespace
}  // namespace tilewright
