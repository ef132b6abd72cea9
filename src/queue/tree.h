// The process tree of a job: its root, which starts the command and ends what the command leaves behind.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "queue/config.h"

namespace tilewright::queue {

/// What the processes of a job tell each other over pipes; whole messages only.
struct TreeMessage {
  enum Kind : int {
    kCannotExecute,  ///< value: errno of the execve
    kCannotEnter,    ///< value: errno of the chdir
    kCannotIsolate,  ///< the host does not offer what keeps the job's processes together; value: errno
    kEnded,          ///< the command ended; value: its wait status
    kEmpty,          ///< and nothing of its tree is left
    kReleased,       ///< to the runner: the supervisor has given the devices back and may go
    kTerminate,      ///< to the root: TERM to the whole tree
    kSignal,         ///< to the root: signal `value` to the command
  };
  Kind kind = kCannotExecute;
  int value = 0;
};

struct TreeSpec {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::string directory;
  int input = 0, output = 1, error = 2;
  bool own_session = false;        ///< the command gets a session of its own
  std::vector<int> inherited;      ///< lock descriptors that the command's processes keep
  sigset_t signal_mask;            ///< the command's
  int64_t grace = 0;               ///< ns between TERM and KILL for what the command leaves behind
  int status = -1;                 ///< write end of the pipe for kCannotExecute ... kEmpty
  int control = -1;                ///< kTerminate and kSignal come from here; its end means that the runner died
  Isolation isolation = Isolation::kNone;  ///< not kAuto
  std::string cgroup;                      ///< with kCgroup: the group, which exists
  std::function<void(pid_t)> before_start;  ///< if set: called in the starting process with the root's pid, before the command exists
};

/// Starts the root of a job's tree as a child. With a namespace: init of a new PID namespace, so that its death is the whole tree's.
/// Returns its pid, or -1 with errno if the host does not allow the isolation; then nothing was started. Signals are to be blocked.
/// `not_kept` are descriptors that the root closes: those whose end tells others of a death.
pid_t start_root(const TreeSpec& spec, const std::vector<int>& not_kept);

/// Ends and reaps all descendants of this process, which is a subreaper. Returns when there are none.
void end_descendants();
/// Sends a signal to all descendants, as /proc shows them. Returns how many there were.
int signal_descendants(int signal);

/// Kills all processes that this user may kill and whose environment has `variable` ("NAME=value").
void kill_by_environment(const std::string& variable);

/// Whether a PID namespace can be had here, tried out. For --devices.
bool namespace_possible();

/// Whole messages over a pipe or socket. false: closed, or broken.
bool send_message(int fd, TreeMessage message);
bool receive_message(int fd, TreeMessage& message);

/// Sets the process's name as ps shows it.
void name_process(const char* name);
/// Closes standard streams (they become /dev/null), so that nobody waits for their end because of this process.
void leave_streams();

}  // namespace tilewright::queue
