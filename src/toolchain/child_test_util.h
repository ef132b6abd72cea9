// For tests: code in child processes, and in a file system of its own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <functional>
#include <string>

namespace tilewright {

/// Runs `body` in a child process; the child's exit code, 99 after an exception.
inline pid_t start_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 99;
  try {
    code = body();
  } catch (const std::exception& error) {
    (void)!::write(2, error.what(), std::string(error.what()).size());
  }
  ::_exit(code);
}

inline int wait_for_child(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

constexpr int kMountRefused = 77;

/// Runs `body` in a child that sees an empty tmpfs of `size` ("64k") at `place`. kMountRefused where the kernel does not
/// allow it.
inline int run_in_tmpfs(const std::filesystem::path& place, const std::string& size, const std::function<int()>& body) {
  return wait_for_child(start_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kMountRefused;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kMountRefused;
    if (::mount("tmpfs", place.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) return kMountRefused;
    return body();
  }));
}

/// Makes the tmpfs of run_in_tmpfs read-only, for everyone.
inline bool make_read_only(const std::filesystem::path& place) {
  return ::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

}  // namespace tilewright
