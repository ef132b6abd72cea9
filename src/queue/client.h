// The caller's side of a job: starts the supervisor, stays in the foreground, passes on signals and the exit code.
#pragma once

#include "queue/config.h"
#include "queue/job.h"

namespace tilewright::queue {

/// In the foreground: returns when the job is over, with the exit code for the caller. Detached: prints the id and returns 0 as soon as the
/// job is in the queue. Messages of the queue go to stderr.
int submit_job(JobSpec spec, const QueueConfig& config);

/// What a detached submission prints.
void print_id(const JobSpec& spec);

/// The current user's name, or its number.
std::string user_name(unsigned uid);

}  // namespace tilewright::queue
