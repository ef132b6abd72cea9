// What /proc says of this process and its children, for tests of what faults leave behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tilewright::faults {

struct ProcessState {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';  ///< 'R', 'S', 'T', 'Z', ...
  uint64_t cpu_ticks = 0;  ///< user and system time
};

/// All children of this process, zombies included.
std::vector<ProcessState> children();

/// One process; state 0 if it is gone.
ProcessState process(pid_t pid);

/// The device process with this id among the children; 0 if none runs. Zombies do not count.
pid_t device_process(int device_id);

/// Files in /dev/shm that a process has open or mapped: such could stay behind when it dies, memory files cannot.
std::vector<std::string> named_shared_memory(pid_t pid);

/// Everything else that a fault could leave behind: by name, how many of it there are now.
std::map<std::string, size_t> belongings();

}  // namespace tilewright::faults
