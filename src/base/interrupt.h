// Ctrl-C: end everything that was started, leave no partial output.
#pragma once

#include <thread>

#include "base/file.h"

namespace tilewright {

/// While it lives, SIGINT, SIGTERM and SIGHUP kill every descendant of this process (compilers, device processes), remove its temporary
/// directories and then end it by that signal; what is Uninterrupted (base/file.h) is done before. At most one at a time, in main.
class InterruptHandler {
 public:
  /// Throws Error(kIoError).
  InterruptHandler();
  ~InterruptHandler();
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;

 private:
  void watch();

  FileDescriptor reader_;
  std::thread watcher_;
};

}  // namespace tilewright
