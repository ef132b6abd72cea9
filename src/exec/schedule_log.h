// What happened in a run under a seed, event by event: what makes two runs the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace tilewright {

/// Lines "TIME EVENT WHO ...", hashed and, on request, written to a file. Times are those of the run's virtual clock; nothing in a
/// line depends on addresses, on the clock or on the host. Not thread safe.
class ScheduleLog {
 public:
  /// `file` is replaced; empty: only the digest is kept. Throws Error(kIoError).
  explicit ScheduleLog(const std::string& file);
  ~ScheduleLog() { flush(); }
  ScheduleLog(const ScheduleLog&) = delete;
  ScheduleLog& operator=(const ScheduleLog&) = delete;

  /// `line` has no line end.
  void add(std::string_view line);
  /// Before foreign code runs, which may end the process: what is in the file then tells how it came about.
  void flush();

  uint64_t events() const { return events_; }
  /// FNV-1a, 64 bits, over the lines and their ends.
  uint64_t digest() const { return digest_; }

 private:
  uint64_t events_ = 0;
  uint64_t digest_ = 0xcbf29ce484222325;
  FileDescriptor file_;
  std::string buffer_;
};

}  // namespace tilewright
