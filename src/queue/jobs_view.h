// Jobs that are in the queue now, as somebody sees them who is not one of them.
#pragma once

#include <optional>
#include <string>

#include "queue/posix_host.h"
#include "queue/seat.h"

namespace tilewright::queue {

/// A consistent picture, taken under the mutex.
Snapshot look_at_queue(PosixHost& host, const QueueSettings& settings, const std::string& keep = {});

/// A live job by its id.
std::optional<Snapshot::Job> find_live_job(PosixHost& host, const std::string& id);

/// Blocks until something about the job may have changed: its entry went, its record came, its supervisor ended, its log grew.
/// Made before the state is looked at, so that nothing in between is missed.
class JobWatch {
 public:
  JobWatch(PosixHost& host, const std::string& id, const std::string& record_directory, const std::string& log);
  void wait();

 private:
  FileDescriptor notify_;
  FileDescriptor process_;
};

}  // namespace tilewright::queue
