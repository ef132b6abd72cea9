#include "exec/schedule_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace tilewright {

ScheduleLog::ScheduleLog(const std::string& file) {
  if (file.empty()) return;
  file_ = FileDescriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file_) throw errno_error(errno, fmt::format("cannot write the log of the schedule to {}", file));
}

void ScheduleLog::add(std::string_view line) {
  ++events_;
  const auto hash = [this](char c) { digest_ = (digest_ ^ static_cast<uint8_t>(c)) * 0x100000001b3; };
  for (const char c : line) hash(c);
  hash('\n');
  if (!file_) return;
  buffer_.append(line);
  buffer_ += '\n';
}

void ScheduleLog::flush() {
  size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t count = ::write(file_.get(), buffer_.data() + written, buffer_.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // a full disk shows in the file's end; the run's result does not depend on it
    written += static_cast<size_t>(count);
  }
  buffer_.clear();
}

}  // namespace tilewright
