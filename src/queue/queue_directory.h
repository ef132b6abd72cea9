// The host-wide directory of locks and entries, and whether it can be trusted.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace tilewright::queue {

/// An open queue directory.
class QueueDirectory {
 public:
  /// TW_QUEUE_DIR; else tilewright-queue in /var/lock where that is writable for everybody, else in /tmp: a rule that gives the same
  /// for every user. Created with mode 1777 if missing. Throws QueueError: a directory that other users could not share, that is a
  /// link, or that cannot be made.
  static QueueDirectory open();
  static std::filesystem::path default_path();

  const std::filesystem::path& path() const { return path_; }
  int fd() const { return fd_.get(); }
  /// A descriptor that shares no lock with the old one. Throws Error.
  void reopen();
  /// What somebody should know: "it belongs to user X, who can delete the files of others". Empty: nothing.
  const std::string& note() const { return note_; }

  /// Names of the files in it. Throws Error.
  std::vector<std::string> names() const;
  /// A regular file's content with its owner; empty if there is none, or if it is none that is read: a link, longer than 64 KiB.
  struct Content {
    std::string text;
    unsigned uid = 0;
  };
  bool read(const std::string& name, Content& content) const;
  /// Writes `name` anew (temporary, rename). Throws Error.
  void write(const std::string& name, std::string_view text) const;
  bool remove(const std::string& name) const;

 private:
  std::filesystem::path path_;
  FileDescriptor fd_;
  std::string note_;
};

}  // namespace tilewright::queue
