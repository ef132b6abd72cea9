// A job as its own processes know it, and how it ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "queue/config.h"

namespace tilewright::queue {

struct JobSpec {
  std::string id;
  std::vector<std::string> argv;  ///< run without a shell; --run makes it {shell, "-c", command}
  std::string command;            ///< as it was given, for people
  std::string directory;          ///< where it runs
  std::vector<std::string> environment;  ///< "NAME=value", without what the queue sets itself
  bool detached = false;
  bool json = false;        ///< detached: the id is printed as JSON
  std::string log;          ///< detached: where its output goes
  std::string result_file;  ///< absolute; empty: none

  std::vector<int> pool;  ///< devices it may get
  int width = 0;
  bool one_group = true;
  int priority = 0;
  int64_t max_time = 0;  ///< ns; 0 none
  int64_t timeout = 0;   ///< ns; 0 for ever
  int64_t grace = 0;     ///< ns
  bool no_wait = false;
  Isolation isolation = Isolation::kAuto;
};

/// Why a job is over. All but kJob: the queue ended it, or never began it.
enum class EndReason { kJob, kWaitTimeout, kTimeLimit, kCancelled, kNoDevice, kRefused, kCannotExecute, kInfrastructure };
const char* end_reason_name(EndReason reason);  ///< "job", "wait_timeout", "time_limit", ...
EndReason parse_end_reason(std::string_view name);

struct JobRecord {
  std::string id;
  std::string user;
  std::string command;
  std::string directory;
  std::string log;
  std::vector<int> devices;
  int exit_code = 0;
  EndReason reason = EndReason::kJob;
  std::string text;  ///< more about the reason: "the supervisor was killed"
  double submitted = 0, started = 0, ended = 0;  ///< wall clock, s; started 0: never
  double wait_seconds = 0, run_seconds = 0;      ///< by a clock that nobody sets

  std::string to_json() const;
  /// Throws Error(kParseError).
  static JobRecord from_json(const std::string& text);
};

/// 0 to 255 of a job that exited, 128 + n of one that signal n ended.
int exit_code_of(int wait_status);

/// What the job sees: the caller's environment without the vendors' visibility variables, with TASK_DEVICE and the queue's own.
std::vector<std::string> job_environment(const JobSpec& spec, const std::vector<int>& devices, const std::string& visibility);

}  // namespace tilewright::queue
