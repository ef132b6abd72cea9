// The queue on a real host: files and locks in the queue directory, datagram sockets, pidfds.
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "queue/host.h"
#include "queue/queue_directory.h"

namespace tilewright::queue {

int64_t boot_clock();  ///< CLOCK_BOOTTIME, ns: goes on while the host sleeps, and nobody can set it

std::string read_process_file(int pid, const char* name);  ///< of /proc/PID; empty if it cannot be read
int64_t process_started(int pid);  ///< clock ticks since boot; 0: no such process

/// One for each process that looks at the queue; one that publishes a job calls open_socket() first. Not thread safe.
class PosixHost : public Host {
 public:
  explicit PosixHost(QueueDirectory directory);
  ~PosixHost() override;

  int64_t now() override { return boot_clock(); }
  uint32_t uid() override;
  void lock() override;
  void unlock() override;
  std::vector<EntryName> list() override;
  std::optional<Entry> read(const EntryName& name) override;
  bool alive(const EntryName& name) override;
  bool lingers(const EntryName& name, const Entry& entry) override;
  void remove_dead(const EntryName& name) override;
  std::vector<OutMark> out_marks() override;
  void publish(const EntryName& name, const Entry& entry) override;
  void update(const EntryName& from, const EntryName& to, const Entry& entry) override;
  void withdraw(const EntryName& name) override;
  bool lock_device(const Device& device) override;
  void unlock_devices() override;
  std::string foreign_use(const Device& device) override;
  void poke(const std::string& id) override { send(id, {}); }
  Watch watch(const Entry& process) override;
  void clear_watches() override;
  bool stopped(const Entry& process) override;

  /// In a child: gets a directory descriptor of its own, since a lock belongs to the open file and would be shared with the parent.
  void after_fork();

  const QueueDirectory& directory() const { return directory_; }
  uint64_t pid_namespace() const { return pid_namespace_; }

  /// The socket that pokes and cancels come to. Throws Error.
  void open_socket(const std::string& id);
  /// "cancel" to a job; it counts there if it comes from the job's user or from root.
  void send(const std::string& id, std::string_view message);
  /// Somebody listens on the job's socket.
  bool listened_to(const std::string& id);
  /// Takes what has come: true if one was a cancel by somebody who may.
  bool take_messages();
  /// The socket and the processes watched, for poll().
  std::vector<pollfd> wakers() const;
  /// The lock descriptors, for the job's command to inherit.
  std::vector<int> lock_descriptors() const;

 private:
  void remove_strays(const std::vector<std::string>& files, const std::vector<EntryName>& entries);
  FileDescriptor open_lock_file(const std::string& name);
  bool lock_slot(const Device& device);

  QueueDirectory directory_;
  uint64_t pid_namespace_;
  FileDescriptor socket_;
  bool strays_removed_ = false;
  FileDescriptor entry_;
  std::vector<FileDescriptor> devices_;
  std::vector<FileDescriptor> watched_;
  std::vector<std::string> mark_names_;  ///< of the last list()
};

}  // namespace tilewright::queue
