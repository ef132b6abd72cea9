#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace tilewright {

const char* error_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk: return "ok";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kFileNotFound: return "file_not_found";
    case ErrorCode::kParseError: return "parse_error";
    case ErrorCode::kUnknownPlatform: return "unknown_platform";
    case ErrorCode::kUnknownRuntime: return "unknown_runtime";
    case ErrorCode::kPlatformUnavailable: return "platform_unavailable";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kLimitExceeded: return "limit_exceeded";
    case ErrorCode::kSignatureMismatch: return "signature_mismatch";
    case ErrorCode::kOutOfBounds: return "out_of_bounds";
    case ErrorCode::kUnknownHandle: return "unknown_handle";
    case ErrorCode::kCompileFailed: return "compile_failed";
    case ErrorCode::kSymbolMissing: return "symbol_missing";
    case ErrorCode::kToolMissing: return "tool_missing";
    case ErrorCode::kIoError: return "io_error";
    case ErrorCode::kStoreUnwritable: return "store_unwritable";
    case ErrorCode::kDiskFull: return "disk_full";
    case ErrorCode::kRunFailed: return "run_failed";
    case ErrorCode::kKernelCrashed: return "kernel_crashed";
    case ErrorCode::kDeviceLost: return "device_lost";
    case ErrorCode::kDeviceMemory: return "device_memory";
    case ErrorCode::kDeadlock: return "deadlock";
    case ErrorCode::kDeadline: return "deadline";
    case ErrorCode::kMismatch: return "mismatch";
    case ErrorCode::kCheckFailed: return "check_failed";
    case ErrorCode::kInternal: return "internal";
  }
  return "unknown";
}

int exit_code(ErrorCode code) {
  const int number = static_cast<int>(code);
  if (number == 0) return 0;
  if (code == ErrorCode::kRunFailed) return 1;
  if (number < 2000) return 2;
  if (number < 3000) return 1;
  if (number >= 5000 && number < 6000) return 1;
  return 3;
}

Error::Error(ErrorCode code, std::string message, std::string hint, int status)
    : code_(code), status_(status), message_(std::move(message)), hint_(std::move(hint)) {
  text_ = message_;
  if (!hint_.empty()) text_ += "\n  hint: " + hint_;
}

Error Error::with_context(std::string_view context) const { return Error(code_, std::string(context) + ": " + message_, hint_, status_); }

Error errno_error(int error_number, std::string_view what) {
  ErrorCode code = ErrorCode::kIoError;
  if (error_number == ENOENT) code = ErrorCode::kFileNotFound;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::kDiskFull;
  if (error_number == EROFS || error_number == EACCES) code = ErrorCode::kStoreUnwritable;
  return Error(code, std::string(what) + ": " + std::strerror(error_number));
}

}  // namespace tilewright
