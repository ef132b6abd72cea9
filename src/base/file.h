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
/// failure leaves nothing behind, nor does a signal (see Uninterrupted). Throws Error (kDiskFull, kStoreUnwritable, kIoError).
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// $XDG_CACHE_HOME/tilewright, or $HOME/.cache/tilewright; TW_CACHE_DIR overrides both. Not created.
std::filesystem::path cache_directory();

/// While one lives, prepare_to_end() waits: for what is to be done wholly or not at all when a signal ends the process. May be nested.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// The first step of ending by a signal: whoever is Uninterrupted ends that, and whoever would begin it waits for the end of the process.
void prepare_to_end();
/// The second one, when no child is left that could write into them: removes the temporary directories that are left.
void remove_temporary_directories();

/// A new directory that is removed with its content on destruction, or when a signal ends the process.
class TemporaryDirectory {
 public:
  /// Under the system's temporary directory.
  TemporaryDirectory();
  /// Beside `path`, so that it can be renamed to it. Throws Error.
  explicit TemporaryDirectory(const std::filesystem::path& path);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  void make(std::string pattern);

  std::filesystem::path path_;
};

}  // namespace tilewright
