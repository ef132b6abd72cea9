#include "tilewright/call_config.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "base/error.h"

using tilewright::Error;
using tilewright::ErrorCode;

namespace {

void check(const char* name, int ring, uint64_t value, bool good, const char* rule) {
  if (value == 0 || good) return;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("runtime_env.{}[{}] = {} is not allowed", name, ring, value),
              fmt::format("use 0 for the default, or {}", rule));
}

}  // namespace

bool RuntimeEnv::any() const {
  for (int ring = 0; ring < 4; ++ring) {
    if (ring_task_window[ring] != 0 || ring_heap[ring] != 0 || ring_dep_pool[ring] != 0) return true;
  }
  return false;
}

void RuntimeEnv::validate() const {
  for (int ring = 0; ring < 4; ++ring) {
    const uint64_t window = ring_task_window[ring];
    check("ring_task_window", ring, window, window >= 4 && window <= INT32_MAX && std::has_single_bit(window),
          "a power of two from 4 to 2^30");
    check("ring_heap", ring, ring_heap[ring], ring_heap[ring] >= 1024, "at least 1024 bytes");
    check("ring_dep_pool", ring, ring_dep_pool[ring], ring_dep_pool[ring] >= 4 && ring_dep_pool[ring] <= INT32_MAX,
          "4 to 2^31 - 1 entries");
  }
}

bool CallConfig::diagnostics_any() const {
  return enable_chip_swimlane != 0 || enable_dump_args != 0 || enable_pmu != 0 || enable_dep_gen != 0 || enable_scope_stats != 0;
}

void CallConfig::validate() const {
  runtime_env.validate();
  if (std::memchr(output_prefix, '\0', sizeof output_prefix) == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "output_prefix is not terminated", "it holds at most 1023 bytes");
  }
  if (diagnostics_any() && !output_prefix_set()) {
    throw Error(ErrorCode::kInvalidArgument, "a diagnostic is enabled but output_prefix is empty",
                "set output_prefix to the directory and name prefix of its files");
  }
}
