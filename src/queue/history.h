// What became of a user's jobs: one record file a job, the logs of detached ones, and a database for questions.
//
// The record files are what a job writes, and what --status and --wait read. The database takes them over when somebody asks for --stats and
// before they are removed; it may be damaged or missing, and only --stats notices.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "queue/job.h"

namespace tilewright::queue {

/// $XDG_STATE_HOME/tilewright/queue, else $HOME/.local/state/tilewright/queue. Throws Error if neither variable is set.
std::filesystem::path history_directory();

class History {
 public:
  /// Nothing is created before it is needed.
  explicit History(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::filesystem::path log_path(const std::string& id) const { return directory_ / "logs" / (id + ".log"); }
  /// Creates the directories (mode 700). Throws Error.
  void prepare() const;
  /// Writes the record file. Throws Error.
  void write_record(const JobRecord& record) const;
  std::optional<JobRecord> find(const std::string& id) const;
  /// Takes all records over into the database. One that cannot be read is put aside as history.db.damaged, and a new one begun.
  void import() const;
  /// Removes the oldest records and logs beyond `keep`, once the database has them.
  void rotate(size_t keep) const;
  /// Removes records and logs that ended more than `seconds` ago; returns how many.
  int clean(double older_than_seconds) const;
  /// The newest records first.
  std::vector<JobRecord> newest(size_t count) const;

  struct Usage {
    std::string user;
    int device = -1;  ///< -1: no device
    long jobs = 0;
    double device_hours = 0;
    double wait_seconds = 0;  ///< mean
    long failed = 0;  ///< exit code other than 0
  };
  /// Sums by user and device over the last `days`, after import(). Throws Error if the database cannot be read.
  std::vector<Usage> usage(double days) const;

 private:
  std::filesystem::path record_path(const std::string& id) const { return directory_ / "jobs" / (id + ".json"); }
  std::filesystem::path directory_;
};

}  // namespace tilewright::queue
