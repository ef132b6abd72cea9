#include "queue/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tilewright::queue {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "tw-";

/// Where cgroup2 is mounted as a whole; empty: nowhere. The format of mountinfo is in proc(5): the root is the 4th word, the mount point the
/// 5th, the type the first behind " - ".
std::string mount_point() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const size_t dash = line.find(" - cgroup2 ");
    if (dash == std::string::npos) continue;
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    if (words >> id >> parent >> device >> root >> point && root == "/") return point;
  }
  return {};
}

/// The directory of this process's group; empty if there is none.
std::string own_cgroup() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    const std::string mount = mount_point();
    return mount.empty() ? mount : (fs::path(mount) / line.substr(4)).lexically_normal().string();
  }
  return {};
}

bool write_word(const FileDescriptor& group, const char* name, const char* word) {
  const FileDescriptor file(::openat(group.get(), name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  return file && ::write(file.get(), word, 1) == 1;
}

FileDescriptor open_group(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

FileDescriptor open_events(const FileDescriptor& group) {
  return FileDescriptor(::openat(group.get(), "cgroup.events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

/// Reads cgroup.events anew, which also makes poll() wait for the next change.
bool has_processes(const FileDescriptor& events) {
  char text[256];
  const ssize_t got = ::pread(events.get(), text, sizeof text - 1, 0);
  return got > 0 && std::string_view(text, static_cast<size_t>(got)).find("populated 1") != std::string_view::npos;
}

}  // namespace

std::string job_cgroup(const std::string& id) {
  const std::string own = own_cgroup();
  if (own.empty() || ::faccessat(AT_FDCWD, own.c_str(), W_OK, AT_EACCESS) != 0) return {};
  return (fs::path(own) / (kPrefix + id)).string();
}

bool make_cgroup(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0; }

bool enter_cgroup(const std::string& path) {
  const FileDescriptor group = open_group(path);
  return group && write_word(group, "cgroup.procs", "0");
}

FileDescriptor find_cgroup(const std::string& path, const std::string& id, uint32_t uid) {
  if (!path.starts_with('/') || fs::path(path).filename() != kPrefix + id) return {};
  FileDescriptor group = open_group(path);
  struct stat info{};
  struct statfs system{};
  if (!group || ::fstat(group.get(), &info) != 0 || info.st_uid != uid || ::fstatfs(group.get(), &system) != 0 ||
      system.f_type != CGROUP2_SUPER_MAGIC) {
    return {};
  }
  return group;
}

bool cgroup_populated(const FileDescriptor& group) {
  const FileDescriptor events = open_events(group);
  return events && has_processes(events);
}

void kill_cgroup(const FileDescriptor& group) { write_word(group, "cgroup.kill", "1"); }

void remove_cgroup(const std::string& path) { ::rmdir(path.c_str()); }

void end_cgroup(const std::string& path) {
  if (const FileDescriptor group = open_group(path)) {
    const FileDescriptor events = open_events(group);
    while (events && has_processes(events)) {
      kill_cgroup(group);
      pollfd changed{events.get(), POLLPRI, 0};
      ::poll(&changed, 1, 1000);  // a process in uninterruptible sleep may take its time
    }
  }
  remove_cgroup(path);
}

bool cgroup_possible() {
  const std::string path = job_cgroup(std::to_string(::getpid()));
  if (path.empty() || !make_cgroup(path)) return false;
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(enter_cgroup(path) ? 0 : 1);
  int status = 1;
  if (pid > 0) ::waitpid(pid, &status, 0);
  const bool can_kill = ::access((path + "/cgroup.kill").c_str(), W_OK) == 0;  // since Linux 5.14
  remove_cgroup(path);
  return pid > 0 && status == 0 && can_kill;
}

}  // namespace tilewright::queue
