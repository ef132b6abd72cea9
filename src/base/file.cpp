#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

#include "base/error.h"

namespace tilewright {

namespace fs = std::filesystem;

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string read_file(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw errno_error(errno, fmt::format("cannot read {}", path.string()));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) throw errno_error(errno, fmt::format("cannot read {}", path.string()));
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(content.size() + 4096);  // grown, or a pipe or /proc file
    const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(errno, fmt::format("cannot read {}", path.string()));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  content.resize(filled);
  return content;
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  const Uninterrupted whole;
  const std::string what = fmt::format("cannot write {}", path.string());
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) throw errno_error(errno, what);
  const auto fail = [&](int error_number) {
    ::unlink(temporary.c_str());
    return errno_error(error_number, what);
  };
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t put = ::write(file.get(), content.data() + written, content.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw fail(errno);
    written += static_cast<size_t>(put);
  }
  if (::fchmod(file.get(), 0644) != 0) throw fail(errno);
  if (::close(file.release()) != 0) throw fail(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw fail(errno);
}

fs::path cache_directory() {
  if (const char* own = std::getenv("TW_CACHE_DIR"); own != nullptr && *own != '\0') return own;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0') return fs::path(xdg) / "tilewright";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "tilewright";
  return fs::temp_directory_path() / fmt::format("tilewright-{}", ::getuid());
}

namespace {

/// What a signal has to wait for and to remove. Never destroyed: threads may be at work when the process ends.
struct Unfinished {
  std::mutex mutex;
  std::condition_variable fewer;
  int threads = 0;  ///< that are Uninterrupted
  bool ending = false;
  std::set<fs::path> directories;
};

Unfinished& unfinished() {
  static Unfinished& only = *new Unfinished;
  return only;
}

thread_local int uninterrupted_depth = 0;

}  // namespace

Uninterrupted::Uninterrupted() {
  if (uninterrupted_depth++ > 0) return;
  Unfinished& all = unfinished();
  std::unique_lock lock(all.mutex);
  all.fewer.wait(lock, [&] { return !all.ending; });
  ++all.threads;
}

Uninterrupted::~Uninterrupted() {
  if (--uninterrupted_depth > 0) return;
  Unfinished& all = unfinished();
  const std::lock_guard lock(all.mutex);
  --all.threads;
  all.fewer.notify_all();
}

void prepare_to_end() {
  Unfinished& all = unfinished();
  std::unique_lock lock(all.mutex);
  all.ending = true;
  all.fewer.wait(lock, [&] { return all.threads == 0; });
}

void remove_temporary_directories() {
  Unfinished& all = unfinished();
  const std::lock_guard lock(all.mutex);
  for (const fs::path& directory : all.directories) {
    std::error_code failure;
    // Again if another thread made one more file meanwhile.
    for (int attempt = 0; attempt < 10 && fs::exists(directory, failure); ++attempt) fs::remove_all(directory, failure);
  }
}

TemporaryDirectory::TemporaryDirectory() {
  std::error_code failure;
  const fs::path parent = fs::temp_directory_path(failure);
  if (failure) {
    const char* const named = std::getenv("TMPDIR");
    throw Error(ErrorCode::kIoError, fmt::format("cannot use the temporary directory {}: {}", named ? named : "/tmp", failure.message()),
                "set TMPDIR to a directory");
  }
  make((parent / "tilewright-XXXXXX").string());
}

TemporaryDirectory::TemporaryDirectory(const fs::path& path) { make(path.string() + ".tw-XXXXXX"); }

void TemporaryDirectory::make(std::string pattern) {
  const Uninterrupted registered;
  if (::mkdtemp(pattern.data()) == nullptr) throw errno_error(errno, fmt::format("cannot create {}", pattern));
  path_ = pattern;
  const std::lock_guard lock(unfinished().mutex);
  unfinished().directories.insert(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  const Uninterrupted whole;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  const std::lock_guard lock(unfinished().mutex);
  unfinished().directories.erase(path_);
}

}  // namespace tilewright
