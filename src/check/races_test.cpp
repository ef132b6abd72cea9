#include "check/races.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <tuple>

namespace tilewright::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kKernel[3] = {-1, 4, -1};

PTO2TaskId id(uint32_t number) { return PTO2TaskId::make(1, number); }

struct Program {
  Races races{{{{0x1000, 0x2000}, {0x8000, 0x9000}}}};

  void task(uint32_t number, std::initializer_list<uint32_t> predecessors = {}) {
    races.add_task(id(number), kKernel, {});
    for (const uint32_t predecessor : predecessors) races.add_edge(id(predecessor), id(number));
  }
  void access(uint32_t task, ByteRange bytes, bool write, bool atomic = false, uint32_t site = 0) {
    races.touch(id(task), {&bytes, 1}, write, atomic, site);
  }
  RaceReport report() {
    return races.report([](uint32_t site) { return "line " + std::to_string(site); }, [](CallStack) { return std::string("?"); });
  }
  /// "first-second" of each race, numbers of tasks.
  std::vector<std::string> pairs() {
    std::vector<std::string> pairs;
    for (const Race& race : report().races) {
      pairs.push_back(std::to_string(race.first.task.local()) + "-" + std::to_string(race.second.task.local()));
    }
    return pairs;
  }
};

TEST(Races, AWriteAndAReadOfTheSameBytesWithoutAnEdgeAreOne) {
  Program program;
  program.task(0);
  program.task(1);
  program.access(0, {0x1000, 0x1040}, true, false, 7);
  program.access(1, {0x1020, 0x1080}, false, false, 8);
  const RaceReport report = program.report();
  ASSERT_EQ(report.races.size(), 1u);
  const Race& race = report.races[0];
  EXPECT_EQ(race.first.task, id(0));
  EXPECT_EQ(race.second.task, id(1));
  EXPECT_EQ(race.first.access, "writes");
  EXPECT_EQ(race.second.access, "reads");
  EXPECT_THAT(race.first.places, ElementsAre("line 7"));
  EXPECT_THAT(race.second.places, ElementsAre("line 8"));
  EXPECT_EQ(race.tensor, 0);
  EXPECT_EQ(std::tuple(race.begin, race.end, race.bytes), std::tuple(0x20u, 0x40u, 0x20u));
  EXPECT_EQ(race.first.kernel_ids[1], 4);
}

TEST(Races, EdgesOrderThroughOtherTasksAndAgainstTheOrderOfSubmission) {
  Program program;
  for (uint32_t task = 0; task < 4; ++task) program.task(task);
  program.races.add_edge(id(3), id(1));  // as rt_add_dependency may
  program.races.add_edge(id(1), id(0));
  for (const uint32_t task : {0u, 3u, 2u}) program.access(task, {0x1000, 0x1004}, true);
  EXPECT_THAT(program.pairs(), ElementsAre("0-2", "2-3"));
}

TEST(Races, ReadersDoNotConflictNorDoAtomicAdditions) {
  Program program;
  for (uint32_t task = 0; task < 4; ++task) program.task(task);
  program.access(0, {0x1000, 0x1010}, false);
  program.access(1, {0x1000, 0x1010}, false);
  program.access(2, {0x1100, 0x1110}, true, true);
  program.access(3, {0x1100, 0x1110}, true, true);
  EXPECT_THAT(program.pairs(), IsEmpty());
  program.access(3, {0x1108, 0x110c}, true);
  EXPECT_THAT(program.pairs(), ElementsAre("2-3")) << "an ordinary store against an addition";
}

TEST(Races, StridedAccessesThatInterleaveAreApart) {
  Program program;
  program.task(0);
  program.task(1);
  for (uint64_t row = 0; row < 16; ++row) {
    program.access(0, {0x1000 + row * 64, 0x1020 + row * 64}, true);
    program.access(1, {0x1020 + row * 64, 0x1040 + row * 64}, true);
  }
  EXPECT_THAT(program.pairs(), IsEmpty());
  program.access(1, {0x1000 + 3 * 64 + 31, 0x1000 + 3 * 64 + 32}, false);
  const RaceReport report = program.report();
  ASSERT_EQ(report.races.size(), 1u);
  EXPECT_EQ(report.races[0].bytes, 1u);
}

TEST(Races, MemoryThatIsGivenAgainIsOtherMemory) {
  Program program;
  const auto give = [&](uint32_t task) { program.races.add_arguments(id(task), {}, {0x20000, 0x20400}); };
  program.task(0);
  give(0);
  program.task(1, {0});
  program.task(2);
  give(2);  // task 0's memory was given back
  program.task(3);
  program.access(0, {0x20000, 0x20400}, true);
  program.access(1, {0x20000, 0x20400}, false);
  program.access(2, {0x20000, 0x20400}, true);
  EXPECT_THAT(program.pairs(), IsEmpty());
  program.access(3, {0x20010, 0x20020}, false);
  const RaceReport report = program.report();
  ASSERT_EQ(report.races.size(), 1u);
  EXPECT_EQ(report.races[0].creator, id(2));
  EXPECT_EQ(report.races[0].tensor, -1);
  EXPECT_EQ(report.races[0].begin, 0x10u);
}

TEST(Races, TheOrchestrationsOwnAccessesOrderWhatItWaitedForAndWhatComesAfter) {
  Program program;
  program.task(0);
  program.task(1);
  const PTO2TaskId waited[] = {id(0)};
  program.races.add_host_access({0x1000, 0x1004}, true, waited, {}, {});
  program.task(2);
  for (uint32_t task = 0; task < 3; ++task) program.access(task, {0x1000, 0x1004}, false);
  const RaceReport report = program.report();
  ASSERT_EQ(report.races.size(), 1u);
  EXPECT_EQ(report.races[0].first.task, id(1));
  EXPECT_FALSE(report.races[0].second.task.is_valid());
  EXPECT_EQ(report.races[0].second.access, "writes");

  Program held_back;  // a task of an open scope starts after the access
  held_back.task(0);
  held_back.races.add_host_access({0x1000, 0x1004}, true, {}, std::array{id(0)}, {});
  held_back.access(0, {0x1000, 0x1004}, true);
  EXPECT_THAT(held_back.pairs(), IsEmpty());
}

TEST(Races, TheArgumentAndItsElementsAreNamed) {
  Program program;
  program.task(0);
  program.task(1);
  const uint32_t shape[] = {8, 16};
  ChipTensor tensor = make_tensor_external(reinterpret_cast<void*>(0x1000), shape, 2, DataType::FLOAT32);
  const uint32_t part[] = {4, 8}, at[] = {2, 8};
  const ChipTensor view = tensor.view(part, at);
  program.races.add_arguments(id(0), {{view}}, {0, 0});
  program.races.add_arguments(id(1), {{tensor}}, {0, 0});
  for (uint64_t row = 2; row < 6; ++row) program.access(0, {0x1000 + row * 64 + 32, 0x1000 + row * 64 + 64}, true);
  program.access(1, {0x1000, 0x1200}, false);
  const RaceReport report = program.report();
  ASSERT_EQ(report.races.size(), 1u);
  EXPECT_EQ(report.races[0].first.argument, 0);
  EXPECT_EQ(report.races[0].first.elements, "[0, 0] to [3, 7]");
  EXPECT_EQ(report.races[0].second.elements, "[2, 8] to [5, 15]");
  EXPECT_EQ(report.races[0].bytes, 128u);
}

TEST(Races, NothingIsSaidOfTasksThatWereNotAddedAndEmptyAccesses) {
  Program program;
  program.task(0);
  program.access(0, {0x1000, 0x1000}, true);
  program.access(9, {0x1000, 0x1010}, true);
  program.races.add_edge(id(9), id(0));
  EXPECT_THAT(program.pairs(), IsEmpty());
}

// ---- against a model: bytes one by one, order by Warshall's algorithm ----

struct RandomAccess {
  uint32_t task;
  ByteRange bytes;
  bool write, atomic;
};

struct RandomProgram {
  uint32_t tasks;
  std::vector<std::pair<uint32_t, uint32_t>> edges;
  std::vector<RandomAccess> accesses;
};

RandomProgram random_program(std::mt19937& random) {
  const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  RandomProgram program;
  program.tasks = 2 + below(12);
  std::vector<uint32_t> rank(program.tasks);  // edges may lead backwards, but not in a cycle
  for (uint32_t& r : rank) r = below(100);
  for (uint32_t n = below(2 * program.tasks); n > 0; --n) {
    const uint32_t a = below(program.tasks), b = below(program.tasks);
    if (rank[a] < rank[b]) program.edges.emplace_back(a, b);
  }
  for (uint32_t n = below(40); n > 0; --n) {
    const uint64_t begin = 0x1000 + below(48);
    const bool write = below(2) == 0;
    program.accesses.push_back({below(program.tasks), {begin, begin + 1 + below(12)}, write, write && below(4) == 0});
  }
  return program;
}

std::set<std::tuple<uint32_t, uint32_t, uint64_t>> expected_races(const RandomProgram& program) {
  std::vector<std::vector<bool>> before(program.tasks, std::vector<bool>(program.tasks));
  for (const auto& [a, b] : program.edges) before[a][b] = true;
  for (uint32_t k = 0; k < program.tasks; ++k) {
    for (uint32_t i = 0; i < program.tasks; ++i) {
      for (uint32_t j = 0; j < program.tasks; ++j) before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
    }
  }
  std::map<std::pair<uint32_t, uint32_t>, std::set<uint64_t>> bytes;
  for (const RandomAccess& x : program.accesses) {
    for (const RandomAccess& y : program.accesses) {
      if (x.task >= y.task || before[x.task][y.task] || before[y.task][x.task]) continue;
      if ((!x.write && !y.write) || (x.atomic && y.atomic)) continue;
      for (uint64_t at = std::max(x.bytes.begin, y.bytes.begin); at < std::min(x.bytes.end, y.bytes.end); ++at) {
        bytes[{x.task, y.task}].insert(at);
      }
    }
  }
  std::set<std::tuple<uint32_t, uint32_t, uint64_t>> races;
  for (const auto& [pair, set] : bytes) races.insert({pair.first, pair.second, set.size()});
  return races;
}

std::set<std::tuple<uint32_t, uint32_t, uint64_t>> found_races(const RandomProgram& source, std::mt19937& random) {
  Program program;
  for (uint32_t task = 0; task < source.tasks; ++task) program.task(task);
  for (const auto& [a, b] : source.edges) program.races.add_edge(id(a), id(b));
  std::vector<RandomAccess> accesses = source.accesses;
  std::shuffle(accesses.begin(), accesses.end(), random);  // a schedule
  for (const RandomAccess& access : accesses) program.access(access.task, access.bytes, access.write, access.atomic, access.task);
  std::set<std::tuple<uint32_t, uint32_t, uint64_t>> races;
  for (const Race& race : program.report().races) races.insert({race.first.task.local(), race.second.task.local(), race.bytes});
  return races;
}

TEST(Races, OfRandomProgramsAreThoseOfAModelInEveryOrderOfAccesses) {
  const uint32_t seed = 20261127;
  std::mt19937 random(seed);
  size_t with_races = 0;
  for (int round = 0; round < 3000; ++round) {
    RandomProgram program = random_program(random);
    const auto wrong = [&](const RandomProgram& p) { return found_races(p, random) != expected_races(p); };
    with_races += expected_races(program).empty() ? 0 : 1;
    if (!wrong(program)) continue;
    // Leaves out what it takes no part in.
    for (size_t i = 0; i < program.accesses.size();) {
      RandomProgram smaller = program;
      smaller.accesses.erase(smaller.accesses.begin() + static_cast<ptrdiff_t>(i));
      if (wrong(smaller)) {
        program.accesses.swap(smaller.accesses);
      } else {
        ++i;
      }
    }
    std::string text;
    for (const auto& [a, b] : program.edges) text += " " + std::to_string(a) + ">" + std::to_string(b);
    for (const RandomAccess& a : program.accesses) {
      text += "\n  task " + std::to_string(a.task) + (a.write ? a.atomic ? " adds " : " writes " : " reads ") +
              std::to_string(a.bytes.begin - 0x1000) + " to " + std::to_string(a.bytes.end - 0x1000);
    }
    FAIL() << "seed " << seed << ", round " << round << ", edges" << text;
  }
  EXPECT_GT(with_races, 500u);
  EXPECT_LT(with_races, 2900u);
}

TEST(TaskOrder, IsTheClosureOfTheEdges) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  for (int round = 0; round < 600; ++round) {
    const uint32_t count = 1 + below(60);
    TaskOrder order;
    std::vector<std::vector<bool>> before(count, std::vector<bool>(count));
    for (uint32_t i = 0; i < count; ++i) order.add_node();
    std::vector<uint32_t> place(count);
    for (uint32_t i = 0; i < count; ++i) place[i] = i;
    std::shuffle(place.begin(), place.end(), random);
    const uint32_t longest = 1 + below(count);  // short edges make long ways
    for (uint32_t n = below(3 * count); n > 0; --n) {
      const uint32_t a = below(count), b = a + 1 + below(longest);
      if (b >= count) continue;
      order.add_edge(place[a], place[b]);
      before[place[a]][place[b]] = true;
    }
    for (uint32_t k = 0; k < count; ++k) {
      for (uint32_t i = 0; i < count; ++i) {
        for (uint32_t j = 0; j < count; ++j) before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
      }
    }
    order.close();
    ASSERT_EQ(order.order().size(), count);
    for (uint32_t i = 0; i < count; ++i) {
      for (uint32_t j = 0; j < count; ++j) ASSERT_EQ(order.before(i, j), before[i][j]) << i << " " << j << " in round " << round;
    }
  }
}

/// Layers of tasks, every one behind all of the layer before it: directly, or by way of a task between them.
struct Layers {
  TaskOrder order;
  std::vector<std::vector<uint32_t>> layers;

  Layers(uint32_t count, uint32_t width, bool barriers) {
    for (uint32_t layer = 0; layer < count; ++layer) {
      std::vector<uint32_t> before;
      if (layer > 0) before = layers.back();
      if (layer > 0 && barriers) {
        const uint32_t barrier = order.add_node();
        for (const uint32_t task : before) order.add_edge(task, barrier);
        before = {barrier};
      }
      layers.emplace_back();
      for (uint32_t i = 0; i < width; ++i) {
        layers.back().push_back(order.add_node());
        for (const uint32_t task : before) order.add_edge(task, layers.back().back());
      }
    }
  }
  void check() {
    order.close();
    ASSERT_EQ(order.order().size(), order.size());
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      const uint32_t first = layers[layer].front(), last = layers[layer].back();
      EXPECT_FALSE(order.before(first, last) || order.before(last, first));
      if (layer == 0) continue;
      EXPECT_TRUE(order.before(layers[layer - 1].back(), first) && order.before(layers[0].front(), last));
      EXPECT_FALSE(order.before(first, layers[layer - 1].back()));
    }
  }
};

TEST(TaskOrder, ManyTasksBehindABarrierCostAFewEntriesEach) {
  constexpr uint32_t kTasks = 100'000;
  Layers two(2, kTasks / 2, true);
  two.check();
  EXPECT_LE(two.order.entries(), 2 * kTasks) << "one list for all of the second layer";
  Layers many(kTasks / 100, 100, true);
  many.check();
  EXPECT_LE(many.order.entries(), 10 * kTasks);
  Layers direct(kTasks / 100, 100, false);
  direct.check();
  EXPECT_LE(direct.order.entries(), 2 * kTasks);
}

TEST(TaskOrder, TasksBehindABarrierMayHavePredecessorsOfTheirOwn) {
  constexpr uint32_t kTasks = 50'000;
  TaskOrder order;
  for (uint32_t i = 0; i < kTasks; ++i) order.add_node();
  const uint32_t barrier = order.add_node();
  for (uint32_t i = 0; i < kTasks; ++i) order.add_edge(i, barrier);
  for (uint32_t i = 0; i < kTasks; ++i) {  // one before the barrier, and memory that was allocated meanwhile
    const uint32_t memory = order.add_node(), task = order.add_node();
    order.add_edge(memory, task);
    order.add_edge(barrier, task);
    order.add_edge(i, task);
  }
  order.close();
  EXPECT_LE(order.entries(), 10 * kTasks);
  const uint32_t first = barrier + 2, last = barrier + 2 * kTasks;
  EXPECT_TRUE(order.before(kTasks - 1, first) && order.before(0, last) && order.before(last - 1, last));
  EXPECT_FALSE(order.before(first - 1, last) || order.before(first, last) || order.before(0, last - 1));
}

TEST(TaskOrder, WhatLiesOnACycleIsLeftOut) {
  TaskOrder order;
  for (int i = 0; i < 3; ++i) order.add_node();
  order.add_edge(1, 2);
  order.add_edge(2, 1);
  order.close();
  EXPECT_THAT(order.order(), ElementsAre(0u));
}

}  // namespace
}  // namespace tilewright::check
