// The same commands on a cluster: Slurm queues and allocates, a step of ours on the node runs the command.
//
// The step (task-submit --slurm-step) keeps the time limit, derives TASK_DEVICE from what Slurm granted, and writes the job's record into the
// user's history directory, which has to be on a file system that the nodes share, as home directories are.
#pragma once

#include <filesystem>
#include <string>

#include "queue/config.h"
#include "queue/job.h"
#include "queue/report.h"

namespace tilewright::queue {

/// Submits with srun, or detached with sbatch. Exit codes as submit_job().
int submit_to_slurm(const JobSpec& spec, const QueueConfig& config);
/// On the node: runs the job whose specification is in `file`. Returns the exit code of the step.
int run_slurm_step(const std::string& file);

int print_slurm_list(const ReportOptions& options);
int print_slurm_status(const std::string& id, const ReportOptions& options);
int print_slurm_devices(const QueueConfig& config, const ReportOptions& options);
int print_slurm_explanation(const std::string& id, const ReportOptions& options);
int wait_for_slurm_job(const std::string& id);
int print_slurm_log(const std::string& id, bool follow);
int cancel_slurm_job(const std::string& id);

/// The file that says that a job is being cancelled. Slurm's TERM reaches the command and our step in no certain order, so the step could
/// take it for the command's own end.
std::filesystem::path slurm_cancel_mark(const std::string& id);

/// The ids of the devices that Slurm granted to this process's job or step; empty if none.
std::string slurm_granted_devices();

}  // namespace tilewright::queue
