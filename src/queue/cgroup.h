// A control group (cgroup v2) of a job's own, where this process may make one. It holds every process of the job, whatever they close
// and whoever of the queue's processes dies, so that others see whether the tree has ended and its owner can end it.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"

namespace tilewright::queue {

/// Where the group of a job of this process would be: a directory in this process's own group. Empty if no cgroup2 file system is mounted
/// or this user may not make groups there (a login session often may not; a delegated one, `systemd-run --user --scope`, may).
std::string job_cgroup(const std::string& id);

/// Makes the group. False with errno.
bool make_cgroup(const std::string& path);
/// Moves this process into it, and with it all that it starts. False with errno.
bool enter_cgroup(const std::string& path);

/// The group at `path`, which somebody else may have written: empty, unless it is the group of job `id` and belongs to user `uid`. What is
/// done to the open directory reaches no other, whatever becomes of the path meanwhile.
FileDescriptor find_cgroup(const std::string& path, const std::string& id, uint32_t uid);
bool cgroup_populated(const FileDescriptor& group);
/// Kills all in it, without waiting.
void kill_cgroup(const FileDescriptor& group);
/// Removes it if it is empty.
void remove_cgroup(const std::string& path);
/// Kills all in the group of this process's own job, waits until they are gone, and removes it. Nothing where there is none.
void end_cgroup(const std::string& path);

/// Whether a job can have a group here, tried out. For --devices.
bool cgroup_possible();

}  // namespace tilewright::queue
