#include "base/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "base/error.h"

namespace tilewright {
namespace {

TEST(Process, OutputAndExitCodeComeBack) {
  const ProcessResult result = run_process({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.output, "out\nerr\n");
}

TEST(Process, OutputLargerThanAPipeIsComplete) {
  const ProcessResult result = run_process({"sh", "-c", "head -c 1000000 /dev/zero"});
  EXPECT_EQ(result.output.size(), 1000000u);
}

TEST(Process, ASignalIsReportedAs128PlusItsNumber) { EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).exit_code, 128 + 9); }

TEST(Process, AShellReadsQuotedWordsBack) {
  const std::vector<std::string> words = {"plain", "", "two words", "it's", "$HOME `ls` \\", "a=b/c,d"};
  const std::string line = shell_line({"printf", "[%s]"}) + " " + shell_line(words);
  EXPECT_EQ(run_process({"sh", "-c", line}).output, "[plain][][two words][it's][$HOME `ls` \\][a=b/c,d]");
}

TEST(Process, TheDirectoryOfCodeIsWhereItsProgramLies) {
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe");
  EXPECT_EQ(directory_of_code(reinterpret_cast<const void*>(&run_process)), program.parent_path());
  EXPECT_EQ(directory_of_code(nullptr), std::filesystem::path());
}

TEST(Process, VariablesAreReplacedOrAdded) {
  ::setenv("TW_TEST_VARIABLE", "old", 1);
  const std::vector<std::string> print = {"sh", "-c", "echo $TW_TEST_VARIABLE $TW_TEST_VARIABLE_2"};
  EXPECT_EQ(run_process(print, {.environment = {"TW_TEST_VARIABLE=new", "TW_TEST_VARIABLE_2=more"}}).output, "new more\n");
  EXPECT_EQ(run_process(print).output, "old\n");
  ::unsetenv("TW_TEST_VARIABLE");
}

TEST(Process, AProcessThatUsesMoreThanItMayIsEnded) {
  EXPECT_EQ(run_process({"sh", "-c", "while :; do :; done"}, {.cpu_seconds = 1}).exit_code, 128 + SIGXCPU);
  // The limit may come a moment after the start, and what the shell has started by then does not have it.
  const char* const command = "while [ \"$(ulimit -v)\" != 102400 ]; do :; done; head -c 300000000 /dev/zero | tail -n 1 > /dev/null";
  const ProcessResult result = run_process({"sh", "-c", command}, {.address_space_bytes = 100 << 20});
  EXPECT_NE(result.exit_code, 0) << result.output;
}

TEST(Process, AMissingProgramIsNamed) {
  try {
    run_process({"tw-no-such-program"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kToolMissing);
    EXPECT_NE(std::string(error.what()).find("tw-no-such-program"), std::string::npos);
  }
}

}  // namespace
}  // namespace tilewright
