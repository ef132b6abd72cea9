// What the host has and how its owner wants it shared.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "queue/host.h"

namespace tilewright::queue {

/// What keeps a job's processes together. Auto: the first of the others that the host offers.
enum class Isolation { kAuto, kNamespace, kCgroup, kNone };
const char* isolation_name(Isolation isolation);
Isolation parse_isolation(std::string_view text);  ///< "auto", "namespace", "cgroup", "none". Throws Error(kInvalidArgument)

struct QueueConfig : QueueSettings {
  std::string source;           ///< where the devices come from, for --devices
  double max_time = 0;          ///< default of --max-time, s; 0 none
  double max_time_cap = 0;      ///< longest --max-time that is accepted, s; 0 any
  double timeout = 0;           ///< default of --timeout, s; 0 for ever
  double grace = 5;             ///< between TERM and KILL, s
  Isolation isolation = Isolation::kAuto;
  std::string visibility;  ///< vendor's variable to set; TASK_DEVICE then counts from 0. Empty: strip them all
  std::vector<std::string> health_check;  ///< argv, run with TASK_DEVICE; failure takes the device out
  std::vector<std::string> in_use_check;  ///< likewise: failure means that somebody uses the device outside the queue
  double check_timeout = 30;              ///< s
  double out_time = 600;                  ///< how long a device stays out, s
  int infrastructure_failures = 3;        ///< in a row on one device: it is taken out. 0 never
  std::vector<int> infrastructure_codes = {3};  ///< exit codes of jobs that count as such
  size_t keep_jobs = 1000;                      ///< records and logs that are kept
  std::string backend = "local";                ///< "local" or "slurm"
  std::string slurm_gres = "gpu";               ///< name of the generic resource that stands for a device
};

/// TW_QUEUE_CONFIG, else /etc/tilewright/queue.toml, else defaults. Devices: TW_TASK_DEVICES restricts (or, without any other source, names)
/// the ids; then the file's; then /dev/davinci* or /dev/nvidia*. A file of another user than root or the caller is refused, since it
/// names commands. Throws Error.
QueueConfig load_config();

/// For tests: the same from a text, with nodes looked for in `device_directory`. `restrict_to` as TW_TASK_DEVICES.
QueueConfig parse_config(const std::string& text, const std::string& name, const std::filesystem::path& device_directory,
                         const std::string& restrict_to);

/// The variables by which vendors' libraries choose devices; a job gets none of them from its caller.
const std::vector<std::string>& visibility_variables();

}  // namespace tilewright::queue
