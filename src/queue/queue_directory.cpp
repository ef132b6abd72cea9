#include "queue/queue_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "queue/queue_error.h"

namespace tilewright::queue {

namespace fs = std::filesystem;

namespace {

constexpr mode_t kEverybody = S_ISVTX | S_IRWXO;

QueueError directory_failed(int error_number, const fs::path& path, const char* what) {
  const Error error = errno_error(error_number, fmt::format("queue directory {}: {}", path.string(), what));
  return QueueError(kExitInfrastructure, error.code(), error.message());
}

/// Made under another name first, so that nobody sees it before its mode is right.
void make_directory(const fs::path& path) {
  const std::string temporary = fmt::format("{}.{}", path.string(), ::getpid());
  if (::mkdir(temporary.c_str(), 0700) != 0) throw directory_failed(errno, path, "cannot be made");
  if (::chmod(temporary.c_str(), 01777) != 0 || ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    const int error_number = errno;
    ::rmdir(temporary.c_str());
    if (error_number != EEXIST) throw directory_failed(error_number, path, "cannot be made");
  }
}

/// A directory behind one that is closed to others is private, whatever its own mode.
void require_reachable(const fs::path& path) {
  std::error_code failure;
  for (fs::path at = fs::canonical(path, failure).parent_path(); !at.empty() && !failure; at = at.parent_path()) {
    struct stat info{};
    if (::stat(at.c_str(), &info) == 0 && (info.st_mode & S_IXOTH) == 0) {
      throw refused(fmt::format("queue directory {} cannot be reached by other users: {} is closed to them", path.string(), at.string()),
                    "two users in two directories would both own the same device; use one that all can reach");
    }
    if (at == at.root_path()) break;
  }
}

}  // namespace

fs::path QueueDirectory::default_path() {
  struct stat info{};
  const bool shared =
      ::stat("/var/lock", &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
  return fs::path(shared ? "/var/lock" : "/tmp") / "tilewright-queue";
}

QueueDirectory QueueDirectory::open() {
  QueueDirectory directory;
  const char* named = std::getenv("TW_QUEUE_DIR");
  directory.path_ = named != nullptr && *named != '\0' ? fs::absolute(named) : default_path();
  const auto try_open = [&] { return ::open(directory.path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); };
  directory.fd_ = FileDescriptor(try_open());
  if (!directory.fd_ && errno == ENOENT) {
    make_directory(directory.path_);
    directory.fd_ = FileDescriptor(try_open());
  }
  if (!directory.fd_ && (errno == ELOOP || errno == ENOTDIR))
    throw refused(fmt::format("queue directory {} is a link or no directory", directory.path_.string()));
  if (!directory.fd_) throw directory_failed(errno, directory.path_, "cannot be opened");
  struct stat info{};
  if (::fstat(directory.fd_.get(), &info) != 0) throw directory_failed(errno, directory.path_, "cannot be read");
  if ((info.st_mode & kEverybody) != kEverybody) {
    throw refused(fmt::format("queue directory {} has mode {:o}, so that other users cannot share it safely", directory.path_.string(),
                              info.st_mode & 07777),
                  "chmod 1777; two users in two directories would both own the same device");
  }
  require_reachable(directory.path_);
  if (info.st_uid != 0)
    directory.note_ = fmt::format("{} belongs to uid {}, who can delete the files of others in it", directory.path_.string(), info.st_uid);
  return directory;
}

void QueueDirectory::reopen() {
  FileDescriptor again(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) throw directory_failed(errno, path_, "cannot be opened");
  fd_ = std::move(again);
}

std::vector<std::string> QueueDirectory::names() const {
  const int again = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = again < 0 ? nullptr : ::fdopendir(again);
  if (stream == nullptr) throw directory_failed(errno, path_, "cannot be read");
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(stream)) names.emplace_back(item->d_name);
  ::closedir(stream);
  return names;
}

bool QueueDirectory::read(const std::string& name, Content& content) const {
  const FileDescriptor file(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > (64 << 10)) return false;
  content.uid = info.st_uid;
  content.text.resize(static_cast<size_t>(info.st_size));
  const ssize_t got = ::pread(file.get(), content.text.data(), content.text.size(), 0);
  content.text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return got >= 0;
}

void QueueDirectory::write(const std::string& name, std::string_view text) const { write_file_atomically(path_ / name, text); }

bool QueueDirectory::remove(const std::string& name) const { return ::unlinkat(fd_.get(), name.c_str(), 0) == 0; }

}  // namespace tilewright::queue
