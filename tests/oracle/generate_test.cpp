// The generator of random programs of tasks: its programs are defined, whatever is left out of them, and leave no cell of the table of
// coverage empty.
#include "generate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "shrink.h"
#include "text.h"

namespace tilewright::oracle {
namespace {

/// Why a program is not defined; empty if it is.
std::string mistake_of(mlir::MLIRContext& context, const Program& program) {
  const Text text = text_of(program);
  try {
    const auto module = compile(context, text.example.text, false);
    run(*module, text.example);
    return "";
  } catch (const Error& error) {
    return fmt::format("{}\n{}\n{}", error.message(), tree_of(program), text.example.text);
  }
}

TEST(GenerateTest, ProgramsAreTheSameEachTime) {
  for (const uint64_t seed : {0U, 5U, 123U, 4567U}) {
    EXPECT_EQ(tree_of(generate(seed)), tree_of(generate(seed)));
    const Text first = text_of(generate(seed)), second = text_of(generate(seed));
    EXPECT_EQ(first.example.text, second.example.text);
    EXPECT_EQ(first.cells, second.cells);
  }
  EXPECT_NE(tree_of(generate(1)), tree_of(generate(2)));
}

TEST(GenerateTest, ProgramsAreDefinedWhateverIsLeftOut) {
  const auto context = make_context();
  for (uint64_t seed = 200; seed < 240; ++seed) {
    Program program = generate(seed);
    while (!program.body.empty()) {
      program.body.erase(program.body.begin() + static_cast<ptrdiff_t>(seed % program.body.size()));
      EXPECT_EQ(mistake_of(*context, program), "") << "seed " << seed;
    }
    program = generate(seed);
    while (!program.parameters.empty()) {
      program.parameters.erase(program.parameters.begin());
      EXPECT_EQ(mistake_of(*context, program), "") << "seed " << seed;
    }
  }
}

TEST(GenerateTest, ProgramsOfSimpleChoicesAreDefined) {
  const auto context = make_context();
  const std::function<void(std::vector<Statement>&)> simplify = [&](std::vector<Statement>& statements) {
    for (Statement& statement : statements) {
      statement.choice.fill(0);
      simplify(statement.body);
      simplify(statement.otherwise);
    }
  };
  for (uint64_t seed = 300; seed < 340; ++seed) {
    Program program = generate(seed);
    simplify(program.body);
    EXPECT_EQ(mistake_of(*context, program), "") << "seed " << seed;
  }
}

TEST(GenerateTest, ATextHasArgumentsThatShareMemoryAndSomeThatDoNot) {
  int shared = 0, marked = 0;
  for (uint64_t seed = 1; seed < 200; ++seed) {
    const Text text = text_of(generate(seed));
    shared += text.example.aliases.empty() ? 0 : 1;
    marked += text.example.text.find("tw.may_alias") != std::string::npos && text.example.aliases.empty() ? 1 : 0;
    for (const interpret::Alias& alias : text.example.aliases) {
      const auto& outer = std::get<HostTensor>(text.example.arguments[alias.outer]);
      const auto& inner = std::get<HostTensor>(text.example.arguments[alias.inner]);
      EXPECT_LE(static_cast<uint64_t>(alias.first) + inner.element_count(), outer.element_count());
      EXPECT_EQ(inner.dtype(), outer.dtype());
    }
  }
  EXPECT_GT(shared, 10);
  EXPECT_GT(marked, 1);
}

TEST(GenerateTest, NoCellIsEmpty) {
  Coverage coverage;
  for (uint64_t seed = 0; seed < 6 * all_cells().size(); ++seed) coverage.add(text_of(generate(seed)).cells);
  std::vector<std::string> empty;
  for (const Cell& cell : coverage.empty_cells()) empty.push_back(text_of(cell));
  EXPECT_TRUE(empty.empty()) << fmt::format("{}", fmt::join(empty, "\n"));
}

size_t count_of(const std::vector<Statement>& statements, Kind kind) {
  size_t count = 0;
  for (const Statement& each : statements)
    count += (each.kind == kind ? 1 : 0) + count_of(each.body, kind) + count_of(each.otherwise, kind);
  return count;
}

TEST(ShrinkTest, LeavesWhatTheFailureNeeds) {
  Program program = generate(7);
  const Statement access{Kind::kAccess, {1, 1, 1, 1, 1, 1, 1, 1}};
  const Statement task{Kind::kTask, {3, 3, 3, 3, 3, 3, 3, 3}, {access, access}};
  program.body.push_back({Kind::kFor, {1, 1, 1, 1, 1, 1, 1, 1}, {task, task}});
  program.whole = false;
  int asked = 0;
  const Program small = shrink(
      program,
      [&](const Program& each) {
        ++asked;
        return count_of(each.body, Kind::kAccess) >= 1;
      },
      500);
  EXPECT_EQ(size_of(small.body), 2U) << tree_of(small);
  EXPECT_EQ(small.parameters.size(), 0U);
  EXPECT_TRUE(small.whole);
  EXPECT_LE(asked, 500);
}

TEST(CoverageTest, EachCellCanBeOrHasAReason) {
  EXPECT_EQ(why_impossible({Op::kRead, LoopForm::kStatic, AliasForm::kTurn}), nullptr);
  EXPECT_STREQ(why_impossible({Op::kDummy, LoopForm::kStatic, AliasForm::kWhole}), "it takes no tensor");
  Coverage coverage;
  EXPECT_EQ(coverage.empty_cells().size(), all_cells().size());
  coverage.add({all_cells()[3]});
  EXPECT_EQ(coverage.empty_cells().size(), all_cells().size() - 1);
  const std::string table = coverage.table();
  EXPECT_NE(table.find("it takes no tensor"), std::string::npos);
  for (int op = 0; op < kOps; ++op) EXPECT_NE(table.find(op_name(static_cast<Op>(op))), std::string::npos);
}

}  // namespace
}  // namespace tilewright::oracle
