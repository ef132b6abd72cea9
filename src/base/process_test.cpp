#include "base/process.h"

#include <gtest/gtest.h>

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
