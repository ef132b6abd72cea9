// Ctrl-C: end everything that was started, leave no partial output.
#pragma once

#include <mutex>
#include <thread>

#include "base/file.h"

namespace tilewright {

/// While it lives, SIGINT, SIGTERM and SIGHUP kill every descendant of this process (compilers, device processes), remove the temporary
/// directories of this process and then end it by that signal. At most one at a time, in main.
class InterruptHandler {
 public:
  /// Throws Error(kIoError).
  InterruptHandler();
  ~InterruptHandler();
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;

  /// Held while a result is written, so that a signal finds either nothing or the whole set of files.
  static std::unique_lock<std::mutex> hold_off();

 private:
  void watch();

  FileDescriptor reader_;
  std::thread watcher_;
};

}  // namespace tilewright
