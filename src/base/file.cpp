#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

/// The directories that are to be removed yet.
struct TemporaryDirectories {
  std::mutex mutex;
  std::set<fs::path> paths;
};
/// Never destroyed: a static object may hold a TemporaryDirectory.
TemporaryDirectories& temporary_directories() {
  static auto* const all = new TemporaryDirectories;
  return *all;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (fs::temp_directory_path() / "tilewright-XXXXXX").string();
  const std::lock_guard<std::mutex> guard(temporary_directories().mutex);
  if (::mkdtemp(pattern.data()) == nullptr) throw errno_error(errno, fmt::format("cannot create {}", pattern));
  path_ = pattern;
  temporary_directories().paths.insert(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  // One at a time: who finds a file gone that was there before gives up.
  const std::lock_guard<std::mutex> guard(temporary_directories().mutex);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  temporary_directories().paths.erase(path_);
}

void TemporaryDirectory::remove_all() {
  const std::lock_guard<std::mutex> guard(temporary_directories().mutex);
  std::error_code ignored;
  for (const fs::path& path : temporary_directories().paths) fs::remove_all(path, ignored);
  temporary_directories().paths.clear();
}

}  // namespace tilewright
