#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>

namespace tilewright::faults {
namespace {

namespace fs = std::filesystem;

/// What can be read of it: processes come and go.
std::string content(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(got));
  ::close(file);
  return text;
}

size_t entries(const fs::path& directory) {
  std::error_code ignored;
  return static_cast<size_t>(std::distance(fs::directory_iterator(directory, ignored), fs::directory_iterator()));
}

}  // namespace

ProcessState process(pid_t pid) {
  const std::string stat = content("/proc/" + std::to_string(pid) + "/stat");
  const size_t end = stat.rfind(')');  // the name may hold anything
  if (end == std::string::npos) return {};
  ProcessState found{pid, 0, 0, 0};
  std::istringstream fields(stat.substr(end + 1));
  std::string skipped;
  fields >> found.state >> found.parent;
  for (int i = 0; i < 9; ++i) fields >> skipped;  // process group to the children's major faults
  uint64_t user = 0;
  uint64_t system = 0;
  fields >> user >> system;
  found.cpu_ticks = user + system;
  return found;
}

std::vector<ProcessState> children() {
  std::vector<ProcessState> found;
  DIR* const directory = ::opendir("/proc");
  while (const dirent* entry = ::readdir(directory)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const ProcessState state = process(static_cast<pid_t>(std::atoi(entry->d_name)));
    if (state.pid != 0 && state.parent == ::getpid()) found.push_back(state);
  }
  ::closedir(directory);
  return found;
}

pid_t device_process(int device_id) {
  const std::string wanted = std::string("--device-id") + '\0' + std::to_string(device_id) + '\0';
  for (const ProcessState& child : children()) {
    if (child.state != 'Z' && content("/proc/" + std::to_string(child.pid) + "/cmdline").find(wanted) != std::string::npos)
      return child.pid;
  }
  return 0;
}

std::vector<std::string> named_shared_memory(pid_t pid) {
  std::vector<std::string> found;
  const std::string directory = "/proc/" + std::to_string(pid);
  std::istringstream maps(content(directory + "/maps"));
  for (std::string line; std::getline(maps, line);) {
    if (const size_t at = line.find("/dev/shm"); at != std::string::npos) found.push_back(line.substr(at));
  }
  std::error_code ignored;
  for (const auto& descriptor : fs::directory_iterator(directory + "/fd", ignored)) {
    const std::string target = fs::read_symlink(descriptor.path(), ignored).string();
    if (target.find("/dev/shm") != std::string::npos) found.push_back(target);
  }
  return found;
}

std::map<std::string, size_t> belongings() {
  std::map<std::string, size_t> all;
  all["children"] = children().size();
  all["threads"] = entries("/proc/self/task");
  all["descriptors"] = entries("/proc/self/fd");
  all["temporary files"] = entries(fs::temp_directory_path());
  size_t memory_files = 0;
  std::istringstream maps(content("/proc/self/maps"));
  for (std::string line; std::getline(maps, line);) memory_files += line.find("/memfd:") != std::string::npos ? 1 : 0;
  all["mapped memory files"] = memory_files;
  return all;
}

}  // namespace tilewright::faults
