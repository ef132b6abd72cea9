// A job's file in the queue directory: its name, which alone orders the queue, and its content.
//
// Both are read from files of other users, so parsing is strict and never throws: what does not fit is no entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilewright::queue {

/// Jobs of another version are left alone: docs/design/queue.md, "Two versions".
extern const int kProtocolVersion;
inline constexpr size_t kEntrySize = 4096;  ///< every entry file has this size, so that an update needs no disk space
inline constexpr int kLowestPriority = -100;
inline constexpr int kHighestPriority = 100;

/// Ended: its devices are free, its record is being written.
enum class JobState : char { kWaiting = 'w', kRunning = 'r', kEnded = 'e' };

/// "w.ARRIVAL.UID.PRIORITY.WIDTH.ID"; numbers of fixed width, so that the order of names is the order of arrival.
struct EntryName {
  JobState state = JobState::kWaiting;
  int64_t arrival = 0;  ///< CLOCK_BOOTTIME, ns
  uint32_t uid = 0;
  int priority = 0;
  int width = 0;  ///< devices asked for
  std::string id;

  std::string text() const;
  EntryName with_state(JobState other) const;
  static std::optional<EntryName> parse(std::string_view text);
};

/// What a job tells others. Its command and environment stay in its own process.
struct Entry {
  int version = kProtocolVersion;
  std::string id;
  int pid = 0;                 ///< of the supervisor, as its own PID namespace numbers it
  uint64_t pid_namespace = 0;  ///< inode of that namespace
  std::string command;    ///< for lists; shortened
  std::string directory;  ///< where it runs; shortened
  int root = 0;              ///< pid of the root of the job's processes, in the supervisor's PID namespace; 0: not started yet
  int64_t root_started = 0;  ///< and when it started, as /proc/PID/stat has it, so that no later process is taken for it
  std::string cgroup;     ///< where its processes are, if it has a group of its own; empty: it has none
  std::vector<int> pool;  ///< devices that may be given to it: what it asked for, and may open
  std::vector<int> avoid;  ///< devices it was offered and could not take; others plan without them
  int width = 0;
  bool one_group = true;     ///< several devices have to be of one group
  int64_t limit = 0;         ///< longest time from start to the end of its tree, ns; 0 none
  int64_t submitted = 0;     ///< wall clock, s
  int64_t started = 0;       ///< CLOCK_BOOTTIME, ns; running only
  std::vector<int> devices;  ///< what it holds; running only

  /// JSON padded to kEntrySize.
  std::string serialize() const;
  static std::optional<Entry> parse(std::string_view text);
};

/// "task_YYYYMMDD_HHMMSS_<pid><five random digits>", local time.
std::string make_job_id();
/// ^task_[0-9]{8}_[0-9]{6}_[0-9]+$, at most 64 characters.
bool is_job_id(std::string_view text);

}  // namespace tilewright::queue
