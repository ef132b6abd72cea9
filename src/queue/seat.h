// A job's seat in the queue: the protocol of docs/design/queue.md, free of processes and system calls.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "queue/host.h"
#include "queue/plan.h"

namespace tilewright::queue {

/// How many jobs at the front of the queue are looked at for backfilling.
inline constexpr size_t kPlanWindow = 256;
/// The job at position k of the queue looks by itself every (k + 1) times this.
inline constexpr int64_t kTick = 5 * kSecond;
/// The first one's, while a device that is free by the plan cannot be taken, or a job lives on without its supervisor.
inline constexpr int64_t kRetryTick = kSecond;
/// A job that was offered its devices this long ago and did not take them is passed over.
inline constexpr int64_t kOfferExpiry = 4 * kSecond;

/// The state of the queue as one process sees it. Under the mutex.
struct Snapshot {
  struct Job {
    EntryName name;
    Entry entry;
  };
  PlanInput input;
  std::vector<Job> running;
  std::vector<EntryName> waiting;  ///< by arrival, all of them, dead ones included
  std::vector<Job> window;         ///< the front of the queue, alive
};

/// `keep` is put into the window wherever it stands.
Snapshot take_snapshot(Host& host, const QueueSettings& settings, const std::string& keep = {});

/// Not thread safe; one for each job. All methods throw Error where the directory fails.
class Seat {
 public:
  Seat(Host& host, const QueueSettings& settings, EntryName name, Entry entry);

  /// Publishes the job and starts it if it may start: granted() says so.
  void enter();
  /// After a poke, an ended watch or the tick: plans anew. True once granted.
  bool look();
  bool granted() const { return granted_; }
  /// When look() should be called at the latest, though nothing happened.
  int64_t next_tick() const { return next_tick_; }
  int position() const { return position_; }

  /// The job's processes are about to start: this is their root.
  void started(int root, int64_t root_started);

  /// Granted, but these devices turned out to be unusable: all go back, and the job waits on at its old place.
  void give_back(const std::vector<int>& unusable);

  /// Leaves the queue, waiting or running: the devices are free for others after this. The entry stays, as ended, so that whoever
  /// looks for the job finds either that or its record.
  void leave();
  /// Removes the entry. Both do nothing if there is none.
  void withdraw();

  const Entry& entry() const { return entry_; }
  const std::string& id() const { return name_.id; }

 private:
  bool waits() const { return name_.state == JobState::kWaiting; }
  void pass();
  bool anybody_waits() const;
  bool offer_taken(const Decision& decision, Snapshot& snapshot);
  bool take(const std::vector<int>& devices, int64_t now);
  bool rewatch(const Snapshot& snapshot);
  void tell_watchers(const Snapshot& snapshot);
  const Device* device(int id) const;

  Host& host_;
  const QueueSettings& settings_;
  EntryName name_;
  Entry entry_;
  bool published_ = false;
  bool granted_ = false;
  int64_t next_tick_ = 0;
  int position_ = 0;
  std::map<std::string, int64_t> offered_;  ///< other jobs that should have started, and since when
};

}  // namespace tilewright::queue
