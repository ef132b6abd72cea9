#include "compiler/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/plan/plan_test_support.h"

namespace tilewright::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// The plan of a program that fits, of which the validator has nothing to say.
Plan planned(const Program& program) {
  const auto result = plan(program);
  const Plan* found = std::get_if<Plan>(&result);
  EXPECT_NE(found, nullptr) << "does not fit\n" << text(program);
  if (found == nullptr) return {};
  EXPECT_EQ(text(validate(listing_of(program, *found))), "") << text(program, *found);
  return *found;
}

std::string flags_text(const Plan& plan) {
  constexpr const char* kKinds[] = {"", " over turns", " at once"};
  std::string text;
  for (const Flag& flag : plan.flags) {
    text +=
        std::string(text.empty() ? "" : ", ") + pipe_name(flag.from) + " to " + pipe_name(flag.to) + kKinds[static_cast<size_t>(flag.kind)];
  }
  return text;
}

TEST(PlannerTest, OnePipeAfterAnotherTakesOneFlag) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kMte2, {}, {x});
  writer.reads_writes(Pipe::kVector, {x}, {y});
  writer.reads_writes(Pipe::kMte3, {y}, {});
  EXPECT_EQ(text(writer.program, planned(writer.program)), R"(0: mte2 writes 0:0-256
set mte2 to v 0
wait mte2 to v 0
1: v reads 0:0-256 writes 0:256-512
set v to mte3 0
wait v to mte3 0
2: mte3 reads 0:256-512
)");
}

TEST(PlannerTest, AFlagForTheLastOfSeveralIsEnough) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256), z = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kMte2, {}, {x});
  writer.reads_writes(Pipe::kMte2, {}, {y});
  writer.reads_writes(Pipe::kVector, {x, y}, {z});
  const Plan plan = planned(writer.program);
  ASSERT_THAT(plan.flags, SizeIs(1));
  EXPECT_EQ(plan.flags[0].set_after, 1);
}

TEST(PlannerTest, WhatAThirdPipePassesOnTakesNoFlag) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kMte2, {}, {x});
  writer.reads_writes(Pipe::kVector, {x}, {y});
  writer.reads_writes(Pipe::kMte3, {x, y}, {});
  EXPECT_EQ(flags_text(planned(writer.program)), "v to mte3, mte2 to v");
}

TEST(PlannerTest, ALoopTakesFlagsOverItsTurns) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256);
  writer.loop([&] {
    writer.reads_writes(Pipe::kMte2, {}, {x});
    writer.reads_writes(Pipe::kVector, {x}, {y});
    writer.reads_writes(Pipe::kMte3, {y}, {});
  });
  EXPECT_EQ(text(writer.program, planned(writer.program)), R"(set v to mte2 0
set mte3 to v 0
loop
  wait v to mte2 0
  0: mte2 writes 0:0-256
  set mte2 to v 0
  wait mte2 to v 0
  wait mte3 to v 0
  1: v reads 0:0-256 writes 0:256-512
  set v to mte3 0
  set v to mte2 0
  wait v to mte3 0
  2: mte3 reads 0:256-512
  set mte3 to v 0
wait v to mte2 0
wait mte3 to v 0
)");
}

TEST(PlannerTest, ALoopOfOneTurnHasNoTurnsToOrder) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256);
  writer.loop(
      [&] {
        writer.reads_writes(Pipe::kMte2, {}, {x});
        writer.reads_writes(Pipe::kVector, {x}, {});
      },
      1, 1);
  EXPECT_EQ(flags_text(planned(writer.program)), "mte2 to v");
}

TEST(PlannerTest, BranchesThatExcludeEachOtherAreOrderedOverTurnsOnly) {
  for (const bool loop : {false, true}) {
    Writer writer;
    const int memory = writer.memory(1024);
    const int x = writer.buffer(memory, 256);
    const auto branch = [&] {
      writer.two(
          Node::Kind::kBranch, [&] { writer.reads_writes(Pipe::kMte2, {}, {x}); }, [&] { writer.reads_writes(Pipe::kVector, {}, {x}); });
    };
    loop ? writer.loop(branch) : branch();
    EXPECT_EQ(flags_text(planned(writer.program)), loop ? "v to mte2 over turns, mte2 to v over turns" : "");
  }
}

TEST(PlannerTest, AWhileWaitsWhereItSets) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256);
  writer.two(Node::Kind::kWhile, [&] { writer.reads_writes(Pipe::kMte2, {}, {x}); }, [&] { writer.reads_writes(Pipe::kVector, {x}, {}); });
  EXPECT_EQ(flags_text(planned(writer.program)), "v to mte2 at once, mte2 to v at once");
}

TEST(PlannerTest, WhatTheScalarPipeDidIsKnownToAll) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kScalar, {}, {x});
  writer.reads_writes(Pipe::kVector, {}, {x});
  writer.reads_writes(Pipe::kScalar, {x}, {});
  writer.reads_writes(Pipe::kMte2, {}, {x});
  EXPECT_EQ(flags_text(planned(writer.program)), "v to s");
}

TEST(PlannerTest, AStoreToATensorComesBeforeALaterLoad) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256), tensor = writer.tensor(), other = writer.tensor();
  writer.reads_writes(Pipe::kMte3, {x}, {tensor});
  writer.reads_writes(Pipe::kMte2, {other}, {y});
  EXPECT_EQ(flags_text(planned(writer.program)), "");
  writer.reads_writes(Pipe::kMte2, {tensor}, {y});
  EXPECT_EQ(flags_text(planned(writer.program)), "mte3 to mte2");
}

TEST(PlannerTest, APlaceThatCostsNothingIsUsedAgain) {
  Writer writer;
  const int memory = writer.memory(1024);
  std::vector<int> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(writer.buffer(memory, 256));
  writer.reads_writes(Pipe::kVector, {}, {chain[0]});
  for (size_t i = 1; i < chain.size(); ++i) writer.reads_writes(Pipe::kVector, {chain[i - 1]}, {chain[i]});
  const Plan plan = planned(writer.program);
  EXPECT_THAT(plan.addresses, ElementsAre(0, 256, 0, 256, 0));
  EXPECT_THAT(plan.flags, IsEmpty());
}

TEST(PlannerTest, APlaceThatCostsAFlagIsUsedIfThereIsNoOther) {
  for (const bool room : {true, false}) {
    Writer writer;
    const int memory = writer.memory(room ? 1024 : 256);
    const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256);
    writer.reads_writes(Pipe::kVector, {x}, {});
    writer.reads_writes(Pipe::kMte2, {}, {y});
    const Plan plan = planned(writer.program);
    EXPECT_THAT(plan.addresses, ElementsAre(0, room ? 256 : 0));
    EXPECT_EQ(flags_text(plan), room ? "" : "v to mte2");
  }
}

TEST(PlannerTest, TakesTheReuseWithFewestFlags) {
  Writer writer;
  const int memory = writer.memory(512);
  const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256), z = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kMte2, {}, {x});
  writer.reads_writes(Pipe::kMte2, {}, {y});
  writer.reads_writes(Pipe::kVector, {x}, {});
  writer.reads_writes(Pipe::kMte3, {x}, {});  // so that x's place is behind two pipes, y's behind one
  writer.reads_writes(Pipe::kVector, {y}, {});
  writer.reads_writes(Pipe::kMte2, {}, {z});
  EXPECT_EQ(planned(writer.program).addresses[static_cast<size_t>(z)], 256);
}

TEST(PlannerTest, AResultLiesOnAnOperandThatNobodyNeeds) {
  for (const bool needed : {false, true}) {
    Writer writer;
    const int memory = writer.memory(512);
    const int x = writer.buffer(memory, 256), y = writer.buffer(memory, 256, {x});
    writer.reads_writes(Pipe::kVector, {}, {x});
    writer.reads_writes(Pipe::kVector, {x}, {y});
    if (needed) writer.reads_writes(Pipe::kVector, {x, y}, {});
    EXPECT_EQ(planned(writer.program).addresses[static_cast<size_t>(y)], needed ? 256 : 0);
  }
}

TEST(PlannerTest, WhatTheNextTurnNeedsIsNotOverwritten) {
  Writer writer;
  const int memory = writer.memory(512);
  const int sum = writer.buffer(memory, 256), term = writer.buffer(memory, 256), more = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kVector, {}, {sum});
  writer.loop([&] {
    writer.instruction(Pipe::kVector, {{sum, Use::kUpdate}});
    writer.reads_writes(Pipe::kVector, {}, {term});
    writer.reads_writes(Pipe::kVector, {term}, {});
    writer.reads_writes(Pipe::kVector, {}, {more});
  });
  EXPECT_THAT(planned(writer.program).addresses, ElementsAre(0, 256, 256));
}

TEST(PlannerTest, SaysWhatIsAliveWhereItDoesNotFit) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int gone = writer.buffer(memory, 512), small = writer.buffer(memory, 200), large = writer.buffer(memory, 800),
            last = writer.buffer(memory, 256);
  writer.reads_writes(Pipe::kVector, {}, {gone});
  writer.reads_writes(Pipe::kVector, {gone}, {small});
  writer.reads_writes(Pipe::kVector, {small}, {large});
  writer.reads_writes(Pipe::kVector, {large, small}, {last});
  const auto result = plan(writer.program);
  const auto* misfit = std::get_if<DoesNotFit>(&result);
  ASSERT_NE(misfit, nullptr);
  EXPECT_EQ(misfit->memory, memory);
  EXPECT_THAT(misfit->alive, ElementsAre(large, last, small));
  EXPECT_EQ(misfit->bytes, 800 + 256 + 224);  // 200 aligned
}

TEST(PlannerTest, LargeOnesFirstIfHolesWouldBeTooSmall) {
  Writer writer;
  const int memory = writer.memory(1024);
  const int a = writer.buffer(memory, 256), b = writer.buffer(memory, 256), c = writer.buffer(memory, 768);
  writer.reads_writes(Pipe::kVector, {}, {a});
  writer.reads_writes(Pipe::kVector, {}, {b});
  writer.reads_writes(Pipe::kVector, {a}, {});
  writer.reads_writes(Pipe::kVector, {}, {c});
  writer.reads_writes(Pipe::kVector, {b, c}, {});
  const Plan plan = planned(writer.program);
  EXPECT_EQ(plan.addresses[static_cast<size_t>(c)], 0);
  EXPECT_EQ(plan.addresses[static_cast<size_t>(b)], 768);
}

TEST(PlannerTest, FlagsThatAreOpenTogetherHaveDifferentEvents) {
  Writer writer;
  const int memory = writer.memory(4096);
  std::vector<int> buffers;
  for (int i = 0; i < 3; ++i) buffers.push_back(writer.buffer(memory, 32));
  for (const int i : buffers) writer.reads_writes(Pipe::kMte2, {}, {i});
  for (const int i : buffers) writer.reads_writes(Pipe::kVector, {i}, {});
  const Plan plan = planned(writer.program);
  ASSERT_THAT(plan.flags, SizeIs(3));
  EXPECT_EQ(plan.flags[0].event, 0);
  EXPECT_EQ(plan.flags[1].event, 1);
  EXPECT_EQ(plan.flags[2].event, 2);
}

TEST(PlannerTest, FlagsAreMergedWhenThereAreTooFew) {
  Writer writer;
  const int memory = writer.memory(4096);
  std::vector<int> buffers;
  for (int i = 0; i < 20; ++i) buffers.push_back(writer.buffer(memory, 32));
  for (const int i : buffers) writer.reads_writes(Pipe::kMte2, {}, {i});
  for (const int i : buffers) writer.reads_writes(Pipe::kVector, {i}, {});
  const Plan plan = planned(writer.program);
  EXPECT_THAT(plan.flags, SizeIs(8));
  for (const Flag& flag : plan.flags) EXPECT_LT(flag.event, 8);
}

TEST(PlannerTest, TheSameProgramGetsTheSamePlan) {
  Writer writer;
  const int memory = writer.memory(512);
  for (int i = 0; i < 6; ++i) {
    const int x = writer.buffer(memory, 128), y = writer.buffer(memory, 128);
    writer.reads_writes(Pipe::kMte2, {}, {x});
    writer.reads_writes(Pipe::kVector, {x}, {y});
    writer.reads_writes(Pipe::kMte3, {y}, {});
  }
  EXPECT_EQ(text(writer.program, planned(writer.program)), text(writer.program, planned(writer.program)));
}

}  // namespace
}  // namespace tilewright::plan
