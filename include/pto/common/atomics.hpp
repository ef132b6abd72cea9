// The atomic accesses of kernel-facing headers: the compiler's builtins, and what a device compiler has in their place.
#pragma once

#include <stdint.h>

#include "pto/common/macros.hpp"

#pragma GCC visibility push(hidden)

namespace pto::detail {

#if defined(__CUDACC__)
PTO_FN uint32_t load_relaxed(const uint32_t* value) { return *static_cast<const volatile uint32_t*>(value); }
PTO_FN void store_release(volatile uint32_t* to, uint32_t value) {
  __threadfence_system();
  *to = value;
}
PTO_FN void store_in_order(volatile int32_t* to, int32_t value) { atomicExch_system(const_cast<int32_t*>(to), value); }
PTO_FN void add_in_order(volatile int32_t* to, int32_t value) { atomicAdd_system(const_cast<int32_t*>(to), value); }
#else
PTO_FN uint32_t load_relaxed(const uint32_t* value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
PTO_FN void store_release(volatile uint32_t* to, uint32_t value) { __atomic_store_n(to, value, __ATOMIC_RELEASE); }
/// Sequentially consistent, as the next one.
PTO_FN void store_in_order(volatile int32_t* to, int32_t value) { __atomic_store_n(to, value, __ATOMIC_SEQ_CST); }
PTO_FN void add_in_order(volatile int32_t* to, int32_t value) { __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST); }
#endif

}  // namespace pto::detail

#pragma GCC visibility pop
