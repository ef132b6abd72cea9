// What the queue's protocol needs from the operating system. The real one is PosixHost; tests explore all interleavings and
// crashes of the same protocol code over a simulated one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "queue/entry.h"

namespace tilewright::queue {

struct Device {
  int id = 0;
  std::string node;  ///< "/dev/davinci0"; empty: the lock is a file of the queue directory
  std::string group;
  int slots = 1;
};

/// What the devices' owner lays down for the order of jobs.
struct QueueSettings {
  std::vector<Device> devices;  ///< in the preferred order
  int deviceless_limit = 1;     ///< jobs without a device at once
};

/// A mark in the queue directory: the device is taken out.
struct OutMark {
  int device = 0;
  uint32_t uid = 0;
  int64_t until = 0;  ///< CLOCK_BOOTTIME, ns; kNever: until put back
  std::string reason;
};

enum class Watch { kWatched, kEnded, kImpossible };  ///< impossible: in a PID namespace that cannot be seen from here

class Host {
 public:
  virtual ~Host() = default;

  virtual int64_t now() = 0;  ///< CLOCK_BOOTTIME, ns
  virtual uint32_t uid() = 0;

  /// The mutex of the queue directory. lock() blocks. Not recursive.
  virtual void lock() = 0;
  virtual void unlock() = 0;

  // Under the mutex.
  virtual std::vector<EntryName> list() = 0;  ///< sorted by state and arrival; names that do not parse are left out
  /// Content, if the file is regular and belongs to the name's user.
  virtual std::optional<Entry> read(const EntryName& name) = 0;
  virtual bool alive(const EntryName& name) = 0;  ///< somebody holds the entry's lock
  /// Whether processes of this job, whose supervisor and runner are dead, have not ended yet: the kernel ends its namespace, or they live on in
  /// its cgroup. Those are killed, if this process may. The end of the former wakes this process, as after watch().
  virtual bool lingers(const EntryName& name, const Entry& entry) = 0;
  virtual void remove_dead(const EntryName& name) = 0;  ///< if this process may; else nothing
  virtual std::vector<OutMark> out_marks() = 0;  ///< as they were at the last list()

  // The one entry of this process. Under the mutex. Throw Error where the directory cannot be written.
  virtual void publish(const EntryName& name, const Entry& entry) = 0;  ///< locked before it can be seen
  virtual void update(const EntryName& from, const EntryName& to, const Entry& entry) = 0;
  virtual void withdraw(const EntryName& name) = 0;  ///< without the mutex

  /// Takes the lock of a device without waiting; false if somebody else has it.
  virtual bool lock_device(const Device& device) = 0;
  /// Frees all device locks of this process, also for those that inherited them.
  virtual void unlock_devices() = 0;
  /// Why the device is in use outside the queue, or empty. Called with the device's lock held.
  virtual std::string foreign_use(const Device& device) = 0;

  /// An empty message to a job's socket. Does not fail: who is not there needs none.
  virtual void poke(const std::string& id) = 0;

  /// Be woken when this process ends.
  virtual Watch watch(const Entry& process) = 0;
  virtual void clear_watches() = 0;
  /// Its supervisor was stopped by a signal, as far as can be seen from here: it will not take what it is offered.
  virtual bool stopped(const Entry& process) = 0;
};

/// The mutex of the queue directory, while this lives.
class MutexGuard {
 public:
  explicit MutexGuard(Host& host) : host_(host) { host_.lock(); }
  ~MutexGuard() { host_.unlock(); }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;

 private:
  Host& host_;
};

}  // namespace tilewright::queue
