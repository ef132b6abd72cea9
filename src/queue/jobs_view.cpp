#include "queue/jobs_view.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "queue/queue_error.h"

namespace tilewright::queue {

Snapshot look_at_queue(PosixHost& host, const QueueSettings& settings, const std::string& keep) {
  const MutexGuard guard(host);
  return take_snapshot(host, settings, keep);
}

std::optional<Snapshot::Job> find_live_job(PosixHost& host, const std::string& id) {
  // A job may go from waiting to running between the look at the names and the look at the file.
  for (int attempt = 0; attempt < 3; ++attempt) {
    bool seen = false;
    for (const EntryName& name : host.list()) {
      if (name.id != id) continue;
      seen = true;
      std::optional<Entry> entry = host.read(name);
      if (entry && host.alive(name)) return Snapshot::Job{name, std::move(*entry)};
    }
    if (!seen) break;
  }
  return std::nullopt;
}

JobWatch::JobWatch(PosixHost& host, const std::string& id, const std::string& record_directory, const std::string& log) {
  notify_ = FileDescriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(notify_.get(), host.directory().path().c_str(), IN_DELETE | IN_MOVED_TO);
  ::inotify_add_watch(notify_.get(), record_directory.c_str(), IN_MOVED_TO);
  if (!log.empty()) ::inotify_add_watch(notify_.get(), log.c_str(), IN_MODIFY);
  if (const auto job = find_live_job(host, id); job && job->entry.pid_namespace == host.pid_namespace()) {
    process_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, job->entry.pid, 0)));
  }
}

void JobWatch::wait() {
  pollfd wakers[2] = {{notify_.get(), POLLIN, 0}, {process_.get(), POLLIN, 0}};
  // The second is for what none of the two shows: a supervisor in another PID namespace that dies.
  ::poll(wakers, 2, 1000);
  char events[4096];
  while (::read(notify_.get(), events, sizeof events) > 0) {
  }
  if (wakers[1].revents != 0) process_.reset();
}

}  // namespace tilewright::queue
