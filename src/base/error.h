// Errors that users see: a stable code, what happened, and what to do about it.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace tilewright {

/// Stable error codes. Published in docs/reference/errors.md; a number is never reused.
enum class ErrorCode : int {
  kOk = 0,
  // 1xxx: the request is wrong (exit code 2)
  kInvalidArgument = 1001,
  kFileNotFound = 1002,
  kParseError = 1003,
  kUnknownPlatform = 1004,
  kUnknownRuntime = 1005,
  kPlatformUnavailable = 1006,  ///< the platform is known but its plug-in is not installed
  kUnsupported = 1007,          ///< a documented feature that this version does not have
  kLimitExceeded = 1008,        ///< too many tensors, rank too high, too many registered callables
  kSignatureMismatch = 1009,    ///< arguments do not fit the callable's signature
  kOutOfBounds = 1010,          ///< a view or a copy leaves its buffer
  kUnknownHandle = 1011,
  // 2xxx: building a callable (exit code 1)
  kCompileFailed = 2001,
  kSymbolMissing = 2002,
  kToolMissing = 2003,
  // 3xxx: files and the object store (exit code 3)
  kIoError = 3001,
  kStoreUnwritable = 3002,
  kDiskFull = 3003,
  // 4xxx: running (exit code 3, except kRunFailed)
  kRunFailed = 4001,  ///< the runtime reported a status code; Error::status() holds it (exit code 1)
  kKernelCrashed = 4002,
  kDeviceLost = 4003,
  kDeviceMemory = 4004,  ///< device memory exhausted, or a tensor larger than the device
  kDeadlock = 4005,
  kDeadline = 4006,
  // 5xxx: results (exit code 1)
  kMismatch = 5001,
  kCheckFailed = 5002,  ///< the checker found mistakes in kernels
  // 9xxx
  kInternal = 9001,
};

/// "invalid_argument", "kernel_crashed", ...: the name scripts may match on.
const char* error_name(ErrorCode code);

/// The process exit code for an error: 1 the thing ran and is wrong, 2 misuse, 3 device or infrastructure.
int exit_code(ErrorCode code);

/// The exception of all C++ interfaces. what() is the full text: "message\n  hint: ...".
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {}, int status = 0);

  const char* what() const noexcept override { return text_.c_str(); }
  ErrorCode code() const { return code_; }
  /// Runtime status (the negative PTO2_ERROR_* number of spec/api.md F) for kRunFailed, kDeadlock and kDeadline, else 0.
  int status() const { return status_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

  /// The same error with context put before its message ("orchestration foo.cpp: ...").
  Error with_context(std::string_view context) const;

 private:
  ErrorCode code_;
  int status_;
  std::string message_;
  std::string hint_;
  std::string text_;
};

/// An Error for the current errno: "cannot open x: No such file or directory". ENOENT becomes
/// kFileNotFound, ENOSPC and EDQUOT kDiskFull, EROFS and EACCES kStoreUnwritable, others kIoError.
Error errno_error(int error_number, std::string_view what);

}  // namespace tilewright
