#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace tilewright {
namespace {

TEST(Error, TextHoldsMessageAndHint) {
  const Error error(ErrorCode::kUnknownPlatform, "unknown platform 'x'", "use a2a3sim");
  EXPECT_STREQ(error.what(), "unknown platform 'x'\n  hint: use a2a3sim");
  EXPECT_STREQ(error_name(error.code()), "unknown_platform");
}

TEST(Error, ContextComesFirstAndKeepsCodeHintAndStatus) {
  const Error error = Error(ErrorCode::kRunFailed, "failed", "raise it", -5).with_context("callable add");
  EXPECT_STREQ(error.what(), "callable add: failed\n  hint: raise it");
  EXPECT_EQ(error.status(), -5);
}

TEST(Error, ExitCodesSeparateWrongMisuseAndInfrastructure) {
  EXPECT_EQ(exit_code(ErrorCode::kOk), 0);
  EXPECT_EQ(exit_code(ErrorCode::kMismatch), 1);
  EXPECT_EQ(exit_code(ErrorCode::kCompileFailed), 1);
  EXPECT_EQ(exit_code(ErrorCode::kRunFailed), 1);
  EXPECT_EQ(exit_code(ErrorCode::kInvalidArgument), 2);
  EXPECT_EQ(exit_code(ErrorCode::kDeviceLost), 3);
  EXPECT_EQ(exit_code(ErrorCode::kDiskFull), 3);
}

TEST(Error, ErrnoMapsToTheCodeAUserCanActOn) {
  EXPECT_EQ(errno_error(ENOENT, "x").code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(errno_error(ENOSPC, "x").code(), ErrorCode::kDiskFull);
  EXPECT_EQ(errno_error(EROFS, "x").code(), ErrorCode::kStoreUnwritable);
  EXPECT_EQ(errno_error(EIO, "x").code(), ErrorCode::kIoError);
}

}  // namespace
}  // namespace tilewright
