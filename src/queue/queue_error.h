// Errors that end task-submit with a code of its own.
#pragma once

#include <string>

#include "base/error.h"
#include "queue/exit_codes.h"

namespace tilewright::queue {

class QueueError : public Error {
 public:
  QueueError(int exit, ErrorCode code, std::string message, std::string hint = {})
      : Error(code, std::move(message), std::move(hint)), exit_(exit) {}
  int exit() const { return exit_; }

 private:
  int exit_;
};

inline QueueError refused(std::string message, std::string hint = {}) {
  return QueueError(kExitRefused, ErrorCode::kInvalidArgument, std::move(message), std::move(hint));
}

inline QueueError misuse(std::string message, std::string hint = {}) {
  return QueueError(kExitMisuse, ErrorCode::kInvalidArgument, std::move(message), std::move(hint));
}

}  // namespace tilewright::queue
