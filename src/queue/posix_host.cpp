#include "queue/posix_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>
#include <sstream>

#include "queue/cgroup.h"
#include "queue/marks.h"
#include "queue/plan.h"
#include "queue/queue_error.h"

namespace tilewright::queue {

namespace {

QueueError failed(std::string_view what) {
  const Error error = errno_error(errno, what);
  return QueueError(kExitInfrastructure, error.code(), error.message());
}

bool flock_retrying(int fd, int operation) {
  int result;
  while ((result = ::flock(fd, operation)) != 0 && errno == EINTR) {
  }
  return result == 0;
}

uint64_t own_pid_namespace() {
  struct stat info{};
  return ::stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

void write_entry(int fd, const Entry& entry) {
  const std::string text = entry.serialize();
  if (text.size() != kEntrySize)
    throw QueueError(kExitInfrastructure, ErrorCode::kLimitExceeded, "the job asks for more devices than an entry can list");
  const ssize_t put = ::pwrite(fd, text.data(), text.size(), 0);
  if (put < 0) throw failed("cannot write the queue entry");
  if (put != static_cast<ssize_t>(text.size())) {
    errno = ENOSPC;
    throw failed("cannot write the queue entry");
  }
}

/// Through /proc, so that the length of the directory's path does not matter.
sockaddr_un socket_address(int directory, const std::string& id) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/s.{}", directory, id);
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size() + 1, sizeof address.sun_path - 1));
  return address;
}

/// A pidfd of a process that has not ended. Empty with errno, ESRCH where it has.
FileDescriptor open_process(int pid) {
  FileDescriptor file(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{file.get(), POLLIN, 0};
  if (file && ::poll(&ended, 1, 0) > 0) {
    file.reset();
    errno = ESRCH;
  }
  return file;
}

/// /proc/PID/stat from the third field on, which is behind the name.
std::string process_status(int pid) {
  const std::string line = read_process_file(pid, "stat");
  const size_t name_end = line.rfind(')');
  return name_end == std::string::npos || name_end + 2 > line.size() ? std::string() : line.substr(name_end + 2);
}

/// Whether a process that has a device's node open is one of a job's own that hold the lock (a runner may do so for a moment after its job's
/// device went back), or, with `jobs`, a job's.
bool of_the_queue(int pid, bool jobs) {
  const std::string name = read_process_file(pid, "comm");
  if (name == "tw-supervisor\n" || name == "tw-runner\n" || name == "tw-root\n") return true;
  return jobs && ('\0' + read_process_file(pid, "environ")).find(std::string("\0TASKQUEUE_INSIDE=", 18)) != std::string::npos;
}

}  // namespace

std::string read_process_file(int pid, const char* name) {
  const FileDescriptor file(::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  for (ssize_t got; file && (got = ::read(file.get(), part, sizeof part)) > 0;) text.append(part, static_cast<size_t>(got));
  return text;
}

int64_t process_started(int pid) {
  // The 22nd field of proc(5): behind the name, the 20th.
  std::istringstream fields(process_status(pid));
  std::string skipped;
  for (int i = 0; i < 19; ++i) fields >> skipped;
  int64_t ticks = 0;
  return fields >> ticks ? ticks : 0;
}

int64_t boot_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

PosixHost::PosixHost(QueueDirectory directory) : directory_(std::move(directory)), pid_namespace_(own_pid_namespace()) {}

PosixHost::~PosixHost() = default;

uint32_t PosixHost::uid() { return ::geteuid(); }

void PosixHost::lock() {
  if (flock_retrying(directory_.fd(), LOCK_EX)) return;
  throw refused(fmt::format("queue directory {}: its file system has no locks ({})", directory_.path().string(), std::strerror(errno)),
                "use one on a local file system, such as /var/lock or /tmp");
}

void PosixHost::unlock() { flock_retrying(directory_.fd(), LOCK_UN); }

void PosixHost::after_fork() {
  directory_.reopen();
  watched_.clear();
}

std::vector<EntryName> PosixHost::list() {
  std::vector<EntryName> names;
  mark_names_.clear();
  const std::vector<std::string> files = directory_.names();
  for (const std::string& text : files) {
    if (text.starts_with("out.")) mark_names_.push_back(text);
    if (std::optional<EntryName> name = EntryName::parse(text)) names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end(), [](const EntryName& a, const EntryName& b) {
    if (a.state != b.state) return a.state < b.state;
    return a.arrival != b.arrival ? a.arrival < b.arrival : a.id < b.id;
  });
  if (entry_ && !strays_removed_) {  // once for each job, under the mutex
    strays_removed_ = true;
    remove_strays(files, names);
  }
  return names;
}

/// What a process leaves that is killed before its entry has its name, or after it lost it: a socket, an entry under its first name.
void PosixHost::remove_strays(const std::vector<std::string>& files, const std::vector<EntryName>& entries) {
  std::set<std::string> ids;
  for (const EntryName& entry : entries) ids.insert(entry.id);
  for (const std::string& file : files) {
    struct stat info{};
    const bool socket = file.starts_with("s."), temporary = file.starts_with("n.");
    if ((!socket && !temporary) || ids.contains(file.substr(2)) ||
        ::fstatat(directory_.fd(), file.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (info.st_uid != uid() && uid() != 0) continue;
    // Entries get their name under the mutex, so one that is still without is dead. A socket may be that of a job that is about to enter.
    if (temporary || !listened_to(file.substr(2))) directory_.remove(file);
  }
}

std::optional<Entry> PosixHost::read(const EntryName& name) {
  QueueDirectory::Content content;
  if (!directory_.read(name.text(), content) || content.uid != name.uid) return std::nullopt;
  std::optional<Entry> entry = Entry::parse(content.text);
  return entry && entry->id == name.id ? std::move(entry) : std::nullopt;
}

bool PosixHost::alive(const EntryName& name) {
  const FileDescriptor file(::openat(directory_.fd(), name.text().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_uid != name.uid || !S_ISREG(info.st_mode)) return false;
  return !flock_retrying(file.get(), LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

bool PosixHost::lingers(const EntryName& name, const Entry& entry) {
  if (listened_to(name.id)) return false;
  if (entry.root > 0 && entry.pid_namespace == pid_namespace_) {
    // A namespace's init ends when all of it has ended, and closes its files, locks included, long before.
    FileDescriptor root = open_process(entry.root);
    if (root && entry.root_started == process_started(entry.root)) {
      watched_.push_back(std::move(root));
      return true;
    }
  }
  const FileDescriptor group = find_cgroup(entry.cgroup, name.id, name.uid);
  if (!group) return false;
  const bool populated = cgroup_populated(group);
  if (name.uid == uid() || uid() == 0) populated ? kill_cgroup(group) : remove_cgroup(entry.cgroup);
  return populated;
}

void PosixHost::remove_dead(const EntryName& name) {
  if (name.uid != uid() && uid() != 0) return;
  directory_.remove(name.text());
  directory_.remove("s." + name.id);
}

std::vector<OutMark> PosixHost::out_marks() { return read_out_marks(directory_, mark_names_); }

FileDescriptor PosixHost::open_lock_file(const std::string& name) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    // An existing file is opened without O_CREAT: fs.protected_regular forbids it for files of others in a sticky directory.
    FileDescriptor file(::openat(directory_.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info{};
    if (file && ::fstat(file.get(), &info) == 0) return S_ISREG(info.st_mode) && info.st_nlink == 1 ? std::move(file) : FileDescriptor();
    if (errno != ENOENT) return {};
    const FileDescriptor made(::openat(directory_.fd(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (made) ::fchmod(made.get(), 0644);
  }
  return {};
}

void PosixHost::publish(const EntryName& name, const Entry& entry) {
  const std::string temporary = "n." + name.id;
  entry_ = FileDescriptor(::openat(directory_.fd(), temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!entry_) throw failed(fmt::format("cannot create an entry in {}", directory_.path().string()));
  try {
    const FileDescriptor second(::openat(directory_.fd(), temporary.c_str(), O_RDONLY | O_CLOEXEC));
    if (!flock_retrying(entry_.get(), LOCK_EX | LOCK_NB) || !second || flock_retrying(second.get(), LOCK_SH | LOCK_NB)) {
      throw refused(fmt::format("queue directory {}: locks on its file system do not exclude", directory_.path().string()),
                    "use one on a local file system, such as /var/lock or /tmp");
    }
    ::fchmod(entry_.get(), 0644);
    write_entry(entry_.get(), entry);
    if (::renameat2(directory_.fd(), temporary.c_str(), directory_.fd(), name.text().c_str(), RENAME_NOREPLACE) != 0)
      throw failed("cannot publish the entry");
  } catch (...) {
    directory_.remove(temporary);
    entry_.reset();
    throw;
  }
}

void PosixHost::update(const EntryName& from, const EntryName& to, const Entry& entry) {
  write_entry(entry_.get(), entry);
  const std::string before = from.text(), after = to.text();
  if (before != after && ::renameat(directory_.fd(), before.c_str(), directory_.fd(), after.c_str()) != 0)
    throw failed("cannot update the entry");
}

void PosixHost::withdraw(const EntryName& name) {
  directory_.remove(name.text());
  directory_.remove("s." + name.id);
  entry_.reset();
  socket_.reset();
}

bool PosixHost::lock_slot(const Device& device) {
  for (int slot = 0; slot < device.slots; ++slot) {
    FileDescriptor file = open_lock_file(fmt::format("d.{}.{}", device.id, slot));
    if (!file || !flock_retrying(file.get(), LOCK_EX | LOCK_NB)) continue;
    devices_.push_back(std::move(file));
    return true;
  }
  return false;
}

bool PosixHost::lock_device(const Device& device) {
  FileDescriptor file;
  const std::string name = fmt::format("d.{}", device.id);
  if (device.node.empty()) {
    file = open_lock_file(name);
  } else {
    constexpr int kFlags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    file = FileDescriptor(::open(device.node.c_str(), O_RDONLY | kFlags));
    if (!file && errno == EACCES) file = FileDescriptor(::open(device.node.c_str(), O_WRONLY | kFlags));
  }
  if (!file || !flock_retrying(file.get(), (device.slots > 1 ? LOCK_SH : LOCK_EX) | LOCK_NB)) return false;
  struct stat locked{}, named{};
  const int found =
      device.node.empty() ? ::fstatat(directory_.fd(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) : ::stat(device.node.c_str(), &named);
  // Somebody may have put another file in its place meanwhile.
  if (::fstat(file.get(), &locked) != 0 || found != 0 || locked.st_ino != named.st_ino || locked.st_dev != named.st_dev) return false;
  if (device.slots > 1 && !lock_slot(device)) return false;
  devices_.push_back(std::move(file));
  return true;
}

void PosixHost::unlock_devices() {
  for (const FileDescriptor& file : devices_) flock_retrying(file.get(), LOCK_UN);
  devices_.clear();
}

std::string PosixHost::foreign_use(const Device& device) {
  if (device.node.empty()) return {};
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return {};
  std::string user;
  while (const dirent* process = ::readdir(processes)) {
    const int pid = std::atoi(process->d_name);
    if (pid <= 0 || pid == ::getpid()) continue;
    const std::string directory = fmt::format("/proc/{}/fd", pid);
    DIR* files = ::opendir(directory.c_str());  // of other users only root can
    if (files == nullptr) continue;
    while (const dirent* file = ::readdir(files)) {
      char target[4096];
      const ssize_t length = ::readlinkat(::dirfd(files), file->d_name, target, sizeof target);
      if (length <= 0 || std::string_view(target, static_cast<size_t>(length)) != device.node) continue;
      if (!of_the_queue(pid, device.slots > 1)) user = fmt::format("process {} has {} open", pid, device.node);
      break;
    }
    ::closedir(files);
    if (!user.empty()) break;
  }
  ::closedir(processes);
  return user;
}

void PosixHost::open_socket(const std::string& id) {
  socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = socket_address(directory_.fd(), id);
  const int on = 1;
  if (!socket_ || ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::fchmodat(directory_.fd(), ("s." + id).c_str(), 0666, 0) != 0) {
    throw failed(fmt::format("cannot make a socket in {}", directory_.path().string()));
  }
}

void PosixHost::send(const std::string& id, std::string_view message) {
  const FileDescriptor sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = socket_address(directory_.fd(), id);
  // A full queue means that it has been poked often enough; an absent socket, that nobody is there.
  ::sendto(sender.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           sizeof address);
}

bool PosixHost::listened_to(const std::string& id) {
  const FileDescriptor sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = socket_address(directory_.fd(), id);
  return ::connect(sender.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool PosixHost::take_messages() {
  bool cancelled = false;
  for (;;) {
    char text[64];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    iovec part{text, sizeof text};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return cancelled;
    if (std::string_view(text, static_cast<size_t>(got)) != "cancel") continue;
    for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(header))) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS) continue;
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
      cancelled = cancelled || sender.uid == uid() || sender.uid == 0;
    }
  }
}

Watch PosixHost::watch(const Entry& process) {
  if (process.pid_namespace != pid_namespace_) return Watch::kImpossible;
  FileDescriptor file = open_process(process.pid);
  if (!file) return errno == ESRCH || errno == EINVAL ? Watch::kEnded : Watch::kImpossible;
  watched_.push_back(std::move(file));
  return Watch::kWatched;
}

void PosixHost::clear_watches() { watched_.clear(); }

bool PosixHost::stopped(const Entry& process) {
  if (process.pid_namespace != pid_namespace_) return false;
  const std::string status = process_status(process.pid);
  return !status.empty() && (status[0] == 'T' || status[0] == 't');
}

std::vector<pollfd> PosixHost::wakers() const {
  std::vector<pollfd> all;
  if (socket_) all.push_back({socket_.get(), POLLIN, 0});
  for (const FileDescriptor& file : watched_) all.push_back({file.get(), POLLIN, 0});
  return all;
}

std::vector<int> PosixHost::lock_descriptors() const {
  std::vector<int> all;
  if (entry_) all.push_back(entry_.get());
  for (const FileDescriptor& file : devices_) all.push_back(file.get());
  return all;
}

}  // namespace tilewright::queue
