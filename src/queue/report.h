// What task-submit says about the queue and its jobs. Each function prints to stdout, as text or JSON, and returns the exit code.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "queue/config.h"
#include "queue/job.h"

namespace tilewright::queue {

struct ReportOptions {
  bool json = false;
  double days = 30;  ///< --stats
};

/// What both backends say alike.
void require_job_id(const std::string& id);                 ///< throws QueueError(2)
[[noreturn]] void job_not_found(const std::string& id);     ///< QueueError(1)
int print_record(const JobRecord& record, const ReportOptions& options);
/// Copies to stdout what a log, which may not exist yet, has grown by.
class LogReader {
 public:
  explicit LogReader(std::string path) : path_(std::move(path)) {}
  void copy();

 private:
  std::string path_;
  std::ifstream file_;
};

int print_list(const QueueConfig& config, const ReportOptions& options);
int print_status(const std::string& id, const ReportOptions& options);
int print_devices(const QueueConfig& config, const ReportOptions& options);
int print_stats(const ReportOptions& options);
/// Why a job waits, and when it should start.
int print_explanation(const QueueConfig& config, const std::string& id, const ReportOptions& options);
/// Ids of waiting and running jobs whose command contains the text.
int print_found(const std::string& text, const ReportOptions& options);
/// Removes own records and logs that are older, and says how many.
int clean_history(double days, const ReportOptions& options);
/// The log of a detached job; with `follow`, until the job is over.
int print_log(const std::string& id, bool follow);
/// Waits for a job's end, its log on stdout meanwhile, and returns its exit code.
int wait_for_job(const std::string& id);
/// Ends a job of this user (of anybody as root), waiting or running, and waits until it is gone.
int cancel_job(const std::string& id);

}  // namespace tilewright::queue
