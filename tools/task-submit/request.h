// The command line of task-submit, and what it asks for.
#pragma once

namespace tilewright::queue {

/// Returns the program's exit code. Throws Error and QueueError, whose exit() is the exit code.
int run_task_submit(int argc, char** argv);

}  // namespace tilewright::queue
