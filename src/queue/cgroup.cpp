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

#include "base/file.h"

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

bool write_word(const std::string& path, const char* word) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), word, 1) == 1;
}

/// Reads cgroup.events anew, which also makes poll() wait for the next change.
bool populated(const FileDescriptor& events) {
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

bool enter_cgroup(const std::string& path) { return write_word(path + "/cgroup.procs", "0"); }

CgroupState cgroup_state(const std::string& path, const std::string& id, uint32_t uid) {
  if (!path.starts_with('/') || fs::path(path).filename() != kPrefix + id) return CgroupState::kNone;
  const FileDescriptor group(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info{};
  struct statfs system{};
  if (!group || ::fstat(group.get(), &info) != 0 || info.st_uid != uid || ::fstatfs(group.get(), &system) != 0 ||
      system.f_type != CGROUP2_SUPER_MAGIC) {
    return CgroupState::kNone;
  }
  const FileDescriptor events(::openat(group.get(), "cgroup.events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return events && populated(events) ? CgroupState::kPopulated : CgroupState::kEmpty;
}

void kill_cgroup(const std::string& path) { write_word(path + "/cgroup.kill", "1"); }

void end_cgroup(const std::string& path) {
  const FileDescriptor events(::open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  while (events && populated(events)) {
    kill_cgroup(path);
    pollfd changed{events.get(), POLLPRI, 0};
    ::poll(&changed, 1, 1000);  // a process in uninterruptible sleep may take its time
  }
  ::rmdir(path.c_str());
}

bool cgroup_possible() {
  const std::string path = job_cgroup(std::to_string(::getpid()));
  if (path.empty() || !make_cgroup(path)) return false;
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(enter_cgroup(path) ? 0 : 1);
  int status = 1;
  if (pid > 0) ::waitpid(pid, &status, 0);
  const bool can_kill = ::access((path + "/cgroup.kill").c_str(), W_OK) == 0;  // since Linux 5.14
  ::rmdir(path.c_str());
  return pid > 0 && status == 0 && can_kill;
}

}  // namespace tilewright::queue
