// Files: whole reads, atomic writes, and the directories the project may write to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tilewright {

/// A file descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

/// The whole file. Throws Error (kFileNotFound, kIoError).
std::string read_file(const std::filesystem::path& path);

/// Writes a temporary file beside `path`, then renames it: readers see the old content or the new one, and a
/// failure leaves nothing behind. Throws Error (kDiskFull, kStoreUnwritable, kIoError).
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// $XDG_CACHE_HOME/tilewright, or $HOME/.cache/tilewright; TW_CACHE_DIR overrides both. Not created.
std::filesystem::path cache_directory();

/// A new directory under the system's temporary directory, removed with its content on destruction.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

  /// Removes those that this process has now, for an end without destructors. Safe from any thread.
  static void remove_all();

 private:
  std::filesystem::path path_;
};

}  // namespace tilewright
