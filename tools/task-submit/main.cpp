// task-submit: lends this host's devices to one job at a time. docs/guide/queue.md.
#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"
#include "queue/queue_error.h"
#include "request.h"

int main(int argc, char** argv) {
  using namespace tilewright;
  try {
    return queue::run_task_submit(argc, argv);
  } catch (const queue::QueueError& error) {
    fmt::print(stderr, "task-submit: {}\n", error.what());
    return error.exit();
  } catch (const Error& error) {
    fmt::print(stderr, "task-submit: {}\n", error.what());
    return exit_code(error.code()) == 2 ? queue::kExitMisuse : queue::kExitInfrastructure;
  } catch (const std::exception& error) {
    fmt::print(stderr, "task-submit: {}\n", error.what());
    return queue::kExitInfrastructure;
  }
}
