#include "compiler/builder/loop_text.h"

#include <gtest/gtest.h>

namespace tilewright::recording {
namespace {

using Found = std::vector<TextPosition>;

TEST(FindContinue, FindsItInBlocksAndBranches) {
  EXPECT_EQ(find_continue("for (Index i : range(4)) {\n  if (x) continue;\n  f();\n}\n", 1), (Found{{2, 10}}));
  EXPECT_EQ(find_continue("for (Index i : range(4))\n  if (x) { continue; } else continue;\ncontinue;", 1), (Found{{2, 12}, {2, 29}}));
}

TEST(FindContinue, LoopsInsideHaveTheirOwn) {
  const char* source =
      "for (Index i : range(4)) {\n"
      "  for (int k = 0; k < 3; ++k) continue;\n"
      "  while (a) { continue; }\n"
      "  do { continue; } while (a);\n"
      "  if (b) for (;;) { continue; } else g();\n"
      "}\n";
  EXPECT_EQ(find_continue(source, 1), Found());
  EXPECT_EQ(find_continue(source, 2), (Found{{2, 31}}));
}

TEST(FindContinue, BehindADoItGoesOn) { EXPECT_EQ(find_continue("for (;;) { do f(); while (a); continue; }", 1), (Found{{1, 31}})); }

TEST(FindContinue, LambdasAreStatementsOfTheBody) {
  EXPECT_EQ(find_continue("for (Index i : range(4)) {\n  at([&] { f(\"}\"); });\n  continue;\n}", 1), (Found{{3, 3}}));
}

TEST(FindContinue, HeadsMaySpanLines) {
  EXPECT_EQ(find_continue("for (Index i :\n     range(0,\n           n)) {\n  continue;\n}", 3), (Found{{4, 3}}));
  EXPECT_EQ(find_continue("for (Index i : range(n)) { for (Index j : range(m)) { continue; } }", 1), (Found{{1, 55}}))
      << "the innermost head of the line";
}

TEST(FindContinue, CommentsStringsAndMacrosSayNothing) {
  EXPECT_EQ(find_continue("for (Index i : range(4)) {\n  // continue;\n  /* continue; } */ f(\"continue\\\"\", '}', 1'000);\n#define X "
                          "continue\n  g(R\"x(continue;})x\");\n}",
                          1),
            Found());
}

TEST(FindContinue, WhatItCannotFollowIsNothing) {
  EXPECT_EQ(find_continue("", 1), Found());
  EXPECT_EQ(find_continue("for (", 1), Found());
  EXPECT_EQ(find_continue("for (;;", 1), Found());
  EXPECT_EQ(find_continue("for (;;) { if (", 1), Found());
  EXPECT_EQ(find_continue("RANGES(i) { continue; }", 1), Found());
  EXPECT_EQ(find_continue("R\"", 1), Found());
  EXPECT_EQ(find_continue("f(\"", 1), Found());
}

}  // namespace
}  // namespace tilewright::recording
