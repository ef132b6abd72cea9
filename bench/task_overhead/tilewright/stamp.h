// The task of bench/task_overhead. A kernel knows how many tensors it is given; TENSORS is that.
#include <cstdint>

#include "../stamps.h"

extern "C" void kernel_entry(int64_t* args) {
  reinterpret_cast<tilewright::bench::StampBoard*>(args[TENSORS + 1])->run_task(static_cast<uint32_t>(args[TENSORS]));
}
