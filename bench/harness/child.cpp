#include "harness/child.h"

#include <signal.h>
#include <sys/prctl.h>

#include <sstream>

#include "base/error.h"
#include "base/process.h"

namespace tilewright::bench {

std::filesystem::path program_directory() {
  std::error_code failure;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) throw errno_error(failure.value(), "cannot find this program's own path");
  return program.parent_path();
}

ChildResult run_child(const std::vector<std::string>& argv) {
  const ProcessResult process = run_process(argv);
  ChildResult result;
  result.exit_code = process.exit_code;
  std::istringstream lines(process.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind('{', 0) == 0) {
      result.rows.push_back(row_from_json(line));
    } else {
      result.chatter += line + "\n";
    }
  }
  return result;
}

void end_with_parent() { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

}  // namespace tilewright::bench
