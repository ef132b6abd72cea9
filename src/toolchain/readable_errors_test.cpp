#include "toolchain/readable_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Texts as g++ 12 and clang 19 write them.
TEST(ReadableErrors, NameTheCallersLineTheInstructionAndTheRule) {
  EXPECT_THAT(
      readable_errors(
          "In file included from pto/pto-inst.hpp:14,\n"
          "                 from add.cpp:1:\n"
          "pto/inst/elementwise.hpp: In instantiation of ‘constexpr void pto::detail::check_elementwise() [with Dst = pto::Tile<1>]’:\n"
          "pto/inst/elementwise.hpp:39:1:   required from ‘pto::RecordEvent pto::TADD(TDDst&, TDSrc0&) [with TDDst = pto::Tile<1>]’\n"
          "add.cpp:5:32:   required from here\n"
          "pto/inst/elementwise.hpp:17:17: error: static assertion failed: operands have one element type; TCVT converts\n"
          "   17 |   static_assert(same\n"),
      ElementsAre("add.cpp:5: TADD: operands have one element type; TCVT converts"));
  EXPECT_THAT(readable_errors(
                  "pto/inst/elementwise.hpp:17:17: error: static assertion failed due to requirement 'same_element_v<a::b, c>': operands "
                  "have one element type; TCVT converts\n"
                  "pto/inst/elementwise.hpp:39:1: note: in instantiation of function template specialization "
                  "'pto::detail::check_elementwise<pto::Tile<1>>' requested here\n"
                  "add.cpp:5:28: note: in instantiation of function template specialization 'pto::TADD<pto::Tile<1>>' requested here\n"),
              ElementsAre("add.cpp:5: TADD: operands have one element type; TCVT converts"));
}

TEST(ReadableErrors, LeaveOtherErrorsAsTheyAre) {
  EXPECT_THAT(readable_errors("add.cpp: In function ‘void f()’:\n"
                              "add.cpp:8:22: error: ‘x’ was not declared in this scope\n"
                              "add.cpp:9:2: error: expected ‘;’ before ‘}’ token\n"
                              "add.cpp:8:22: error: ‘x’ was not declared in this scope\n"
                              "add.cpp:1:10: fatal error: none.h: No such file or directory\n"),
              ElementsAre("add.cpp:8: ‘x’ was not declared in this scope", "add.cpp:9: expected ‘;’ before ‘}’ token",
                          "add.cpp:1: none.h: No such file or directory"));
  EXPECT_THAT(readable_errors(""), IsEmpty());
  EXPECT_THAT(readable_errors("add.cpp:8:22: warning: unused\nld: cannot find -lx\n"), IsEmpty());
}

TEST(ReadableErrors, OfEveryFamilyOfInstructions) {
  const std::string source = TW_MISTAKES;
  const ProcessResult result = run_process({TW_TEST_CXX, "-std=c++20", "-fsyntax-only", "-D__CPU_SIM", "-D__DAV_VEC__",
                                            "-D__NPU_ARCH__=2201", "-I" TW_INCLUDE, "-I" TW_INCLUDE "/pto", source});
  ASSERT_NE(result.exit_code, 0);
  // The first error of each line of the source.
  std::map<int, std::string> first;
  for (const std::string& error : readable_errors(result.output)) {
    ASSERT_TRUE(error.starts_with(source + ":")) << error << " names no line of the kernel";
    const std::string rest = error.substr(source.size() + 1);
    first.try_emplace(std::stoi(rest), rest.substr(rest.find(": ") + 2));
  }
  std::istringstream lines(read_file(source));
  int number = 0, mistakes = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const size_t comment = line.find(";  ") == std::string::npos ? std::string::npos : line.find("// ");
    if (comment == std::string::npos) {
      EXPECT_FALSE(first.contains(number)) << number << ": " << first[number];
      continue;
    }
    ++mistakes;
    const std::string expected = line.substr(comment + 3);
    EXPECT_TRUE(first.contains(number) && std::regex_search(first[number], std::regex("^" + expected)))
        << source << ":" << number << " is to say: " << expected << "\nand says: " << first[number];
  }
  EXPECT_GT(mistakes, 55);
}

}  // namespace
}  // namespace tilewright
