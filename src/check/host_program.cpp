// A host test program, which calls kernels directly, with TW_CHECK=1 in its environment: whatever runs on the cores of its threads is
// checked, and the report comes when the program ends. No source change; linking tw::check pulls this in.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "check/checker.h"

namespace tilewright {
namespace {

Checker* checker = nullptr;

void report() {
  const CheckReport found = checker->report();
  if (found.clean()) return;
  std::fflush(nullptr);
  const std::string text = format_check_report(found);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  _exit(exit_code(ErrorCode::kCheckFailed));  // whatever the program wanted to end with
}

struct Start {
  Start() {
    try {
      if (!environment_asks_for_check()) return;
      checker = new Checker({.attach_all = true});  // lives as long as the process: threads may outlive main
      std::atexit(report);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(exit_code(error.code()));
    }
  }
};
const Start start;

}  // namespace
}  // namespace tilewright

/// What the link line asks for, so that this file is not left out of the archive.
extern "C" void tw_check_host_program() {}
