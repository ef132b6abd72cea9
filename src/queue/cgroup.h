// A control group (cgroup v2) of a job's own, where this process may make one. It holds every process of the job, whatever they close
// and whoever of the queue's processes dies, so that others see whether the tree has ended and its owner can end it.
#pragma once

#include <cstdint>
#include <string>

namespace tilewright::queue {

/// Where the group of a job of this process would be: a directory in this process's own group. Empty if no cgroup2 file system is mounted
/// or this user may not make groups there (a login session often may not; a delegated one, `systemd-run --user --scope`, may).
std::string job_cgroup(const std::string& id);

/// Makes the group. False with errno.
bool make_cgroup(const std::string& path);
/// Moves this process into it, and with it all that it starts. False with errno.
bool enter_cgroup(const std::string& path);

enum class CgroupState { kNone, kEmpty, kPopulated };
/// What there is at `path`, which somebody else may have written: none, unless it is the group of job `id` and belongs to user `uid`.
CgroupState cgroup_state(const std::string& path, const std::string& id, uint32_t uid);
/// Kills all in it, without waiting. Only for one that cgroup_state() knows, or of this process's own job.
void kill_cgroup(const std::string& path);
/// The same, waits until they are gone, and removes it. Nothing where there is none.
void end_cgroup(const std::string& path);

/// Whether a job can have a group here, tried out. For --devices.
bool cgroup_possible();

}  // namespace tilewright::queue
