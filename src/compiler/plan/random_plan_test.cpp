// Random programs: the validator has nothing to say of their plans, and something as soon as any flag is taken away.
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "compiler/plan/plan_test_support.h"

namespace tilewright::plan {
namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Program make() {
    const int64_t capacity = 32 * between(3, 14);
    memories_ = static_cast<int>(between(1, 2));
    for (int i = 0; i < memories_; ++i) writer_.memory(capacity);
    for (int64_t i = between(0, 2); i > 0; --i) tensors_.push_back(writer_.tensor());
    if (between(0, 3) == 0) writer_.program.events = static_cast<int>(between(1, 2));
    pipes_ = static_cast<int>(between(2, kPipes));
    left_ = static_cast<int>(between(3, 16));
    choices_ = 3;
    while (left_ > 0) region(0);
    return writer_.program;
  }

 private:
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  int one_of(const std::vector<int>& list) { return list[static_cast<size_t>(between(0, static_cast<int64_t>(list.size()) - 1))]; }

  void region(int depth) {
    const size_t visible = visible_.size();
    for (int64_t count = between(1, 6); count > 0 && left_ > 0; --count) {
      const int64_t what = depth < 3 && choices_ > 0 ? between(0, 11) : 11;
      if (what > 2) {
        instruction();
        continue;
      }
      --choices_;
      const auto inner = [&] { region(depth + 1); };
      if (what == 0) {
        constexpr std::pair<int64_t, int64_t> kBounds[] = {{0, Node::kUnbounded}, {1, Node::kUnbounded}, {2, 2}, {0, 1}, {5, 5}, {1, 2}};
        const auto [min, max] = kBounds[static_cast<size_t>(between(0, 9) < 5 ? 0 : between(1, 5))];
        writer_.loop(inner, min, max);
      } else {
        writer_.two(what == 1 ? Node::Kind::kBranch : Node::Kind::kWhile, inner, inner);
      }
    }
    if (depth > 0) visible_.resize(visible);
  }

  void instruction() {
    --left_;
    const auto pipe = static_cast<Pipe>(between(0, 19) == 0 ? static_cast<int64_t>(Pipe::kNone) : between(0, pipes_ - 1));
    std::vector<Access> accesses;
    if (pipe != Pipe::kNone) {
      for (int64_t reads = between(0, 2); reads > 0 && !visible_.empty(); --reads) accesses.push_back({one_of(visible_), Use::kRead});
      if (!tensors_.empty() && between(0, 3) == 0) accesses.push_back({one_of(tensors_), between(0, 1) == 0 ? Use::kRead : Use::kUpdate});
      if (between(0, 5) == 0) return add(pipe, std::move(accesses));
    }
    if (!visible_.empty() && between(0, 4) == 0) {
      const int written = one_of(visible_);
      std::erase_if(accesses, [&](const Access& access) { return access.buffer == written; });
      accesses.push_back({written, between(0, 1) == 0 && pipe != Pipe::kNone ? Use::kUpdate : Use::kWrite});
      return add(pipe, std::move(accesses));
    }
    int made = -1;
    if (!accesses.empty() && accesses[0].use == Use::kRead &&
        writer_.program.buffers[static_cast<size_t>(accesses[0].buffer)].memory >= 0 && between(0, 1) == 0) {
      const Buffer like = writer_.program.buffers[static_cast<size_t>(accesses[0].buffer)];
      made = writer_.buffer(like.memory, like.bytes, {accesses[0].buffer});
    } else {
      made = writer_.buffer(static_cast<int>(between(0, memories_ - 1)), 32 * between(1, 4));
    }
    accesses.push_back({made, Use::kWrite});
    add(pipe, std::move(accesses));
    visible_.push_back(made);
  }

  void add(Pipe pipe, std::vector<Access> accesses) { writer_.instruction(pipe, std::move(accesses)); }

  std::mt19937_64 random_;
  Writer writer_;
  std::vector<int> tensors_, visible_;
  int memories_ = 1, pipes_ = 2, left_ = 0, choices_ = 0;
};

/// What is wrong with the plan of a program, or nothing. "no plan" is not wrong: memories are small.
struct Result {
  std::string problem;
  bool planned = false;
  int flags = 0;
};

Result examine(const Program& program) try {
  const auto planned = plan(program);
  const Plan* found = std::get_if<Plan>(&planned);
  if (found == nullptr) return {};
  Result result{{}, true, static_cast<int>(found->flags.size())};
  if (const auto faults = validate(listing_of(program, *found)); !faults.empty()) {
    result.problem = text(faults);
    return result;
  }
  for (size_t i = 0; i < found->flags.size(); ++i) {
    Plan without = *found;
    without.flags.erase(without.flags.begin() + static_cast<int64_t>(i));
    if (validate(listing_of(program, without), 20000).empty()) {
      result.problem = "nobody misses flag " + std::to_string(i) + " from " + pipe_name(found->flags[i].from) + " to " +
                       pipe_name(found->flags[i].to) + " with event " + std::to_string(found->flags[i].event) + "\n";
      return result;
    }
  }
  return result;
} catch (const std::logic_error& error) {
  return {error.what(), false, 0};
}

/// Every program that has one node less, or a node's insides in its place.
void each_smaller(Program& program, Region& region, const std::function<bool()>& smaller_fails) {
  for (size_t i = 0; i < region.size();) {
    const Region before = region;
    region.erase(region.begin() + static_cast<int64_t>(i));
    if (smaller_fails()) continue;
    if (before[i].kind != Node::Kind::kInstruction) {
      region.insert(region.begin() + static_cast<int64_t>(i), before[i].first.begin(), before[i].first.end());
      if (smaller_fails()) continue;
    }
    region = before;
    each_smaller(program, region[i].first, smaller_fails);
    each_smaller(program, region[i].second, smaller_fails);
    ++i;
  }
}

/// Instructions that no node names are taken out, so that numbers are small.
Program tidy(const Program& program) {
  Program tidied = program;
  tidied.instructions.clear();
  const std::function<void(Region&)> walk = [&](Region& region) {
    for (Node& node : region) {
      if (node.kind == Node::Kind::kInstruction) {
        tidied.instructions.push_back(program.instructions[static_cast<size_t>(node.instruction)]);
        node.instruction = static_cast<int>(tidied.instructions.size()) - 1;
      }
      walk(node.first);
      walk(node.second);
    }
  };
  walk(tidied.body);
  return tidied;
}

std::string shrunk(Program program) {
  each_smaller(program, program.body, [&] { return !examine(tidy(program)).problem.empty(); });
  const Program small = tidy(program);
  const std::string problem = examine(small).problem;
  try {
    return text(small) + "planned:\n" + text(small, std::get<Plan>(plan(small))) + problem;
  } catch (const std::logic_error&) {
    return text(small) + problem;
  }
}

TEST(RandomPlanTest, IsOrderedAndEachFlagIsNeeded) {
  const char* given = std::getenv("TW_TEST_SEED");
  const uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const char* count = std::getenv("TW_TEST_COUNT");
  const uint64_t programs = count != nullptr ? std::strtoull(count, nullptr, 10) : given != nullptr ? 1 : 1500;
  int planned = 0, flags = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    const Program program = Generator(seed).make();
    const Result result = examine(program);
    ASSERT_TRUE(result.problem.empty()) << "TW_TEST_SEED=" << seed << "\n" << result.problem << "shrunk:\n" << shrunk(program);
    planned += result.planned ? 1 : 0;
    flags += result.flags;
  }
  if (programs < 100) return;
  EXPECT_GT(planned, static_cast<int>(programs / 3));
  EXPECT_GT(flags, planned);
  std::printf("%d of %d programs planned, %d flags\n", planned, static_cast<int>(programs), flags);
}

// A flag over turns that became one in them was missed behind its loop.
TEST(RandomPlanTest, FlagsThatRanOutOfEventsStillOrderWhatFollows) {
  for (const uint64_t seed : {4640}) EXPECT_EQ(examine(Generator(seed).make()).problem, "");
}

}  // namespace
}  // namespace tilewright::plan
