#include "harness/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace tilewright::bench {

namespace {

std::string cpu_model(const std::string& otherwise) {
  std::istringstream lines(read_file("/proc/cpuinfo"));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
    if (start != std::string::npos) return line.substr(start);
  }
  return otherwise;
}

}  // namespace

Machine describe_machine() {
  Machine machine;
  utsname names{};
  if (::uname(&names) != 0) throw errno_error(errno, "cannot name the kernel");
  machine.kernel = fmt::format("{} {}", names.sysname, names.release);
  machine.cpu = cpu_model(names.machine);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) throw errno_error(errno, "cannot count the processors");
  machine.cores = CPU_COUNT(&allowed);
#ifdef __clang__
  machine.compiler = __VERSION__;
#else
  machine.compiler = "g++ " __VERSION__;
#endif
  machine.load = std::strtod(read_file("/proc/loadavg").c_str(), nullptr);
  return machine;
}

}  // namespace tilewright::bench
