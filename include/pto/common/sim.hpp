// The kernel's side of the simulator interface: the hidden pointer to the table, and the errors that headers detect themselves.
#pragma once

#include "pto/common/atomics.hpp"
#include "pto/common/macros.hpp"
#include "pto/common/sim_abi.h"

#if !defined(__CUDACC__)
/// Present in a program that links the simulator itself (a host test program); absent in a kernel object.
extern "C" __attribute__((weak)) const PtoSimTable* pto_sim_default_table();
extern "C" long pto_detail_write(int file, const void* bytes, unsigned long count) __asm__("write");
#endif

#pragma GCC visibility push(hidden)

namespace pto::detail {

#if defined(__CUDACC__)
/// A device backend sets it before the first kernel of the module runs.
__device__ inline const PtoSimTable* device_table = nullptr;

PTO_FN const PtoSimTable& sim() { return *device_table; }
#else
struct SimBinding {
  inline static const PtoSimTable* table = nullptr;  // hidden: one per object, never shared with another kernel
};

__attribute__((noinline, cold)) inline const PtoSimTable* bind_default_table() {
  if (pto_sim_default_table == nullptr) {
    constexpr char kText[] = "pto: this kernel object was never bound to a simulator: call its pto_sim_bind() after dlopen\n";
    (void)!pto_detail_write(2, kText, sizeof(kText) - 1);
    __builtin_trap();
  }
  const PtoSimTable* table = pto_sim_default_table();
  if (table->size >= sizeof(PtoSimTable)) table->set_default_arch(__NPU_ARCH__);
  __atomic_store_n(&SimBinding::table, table, __ATOMIC_RELAXED);  // threads of a program may come here at once
  return table;
}

PTO_FN const PtoSimTable& sim() {
  const PtoSimTable* table = __atomic_load_n(&SimBinding::table, __ATOMIC_RELAXED);
  return *(__builtin_expect(table != nullptr, 1) ? table : bind_default_table());
}
#endif

[[noreturn]] __attribute__((noinline, cold)) PTO_FN void fail(int code, const char* text) {
  sim().fail(code, text);
  __builtin_unreachable();
}

}  // namespace pto::detail

#pragma GCC visibility pop

#if !defined(__CUDACC__)
// The symbols that a kernel object exports besides its entry.
extern "C" __attribute__((visibility("default"), used)) inline uint32_t pto_sim_abi_version() { return PTO_SIM_ABI_VERSION; }
extern "C" __attribute__((visibility("default"), used)) inline uint32_t pto_sim_npu_arch() { return __NPU_ARCH__; }
extern "C" __attribute__((visibility("default"), used)) inline uint32_t pto_sim_strict() {
#if defined(PTO_STRICT_ARCH)
  return 1;
#else
  return 0;
#endif
}
extern "C" __attribute__((visibility("default"), used)) inline void pto_sim_bind(const PtoSimTable* table) {
  pto::detail::SimBinding::table = table;
}
#endif

/// Ends the kernel with an error that quotes the condition, unless it holds. PTO_CPU_ASSERT(condition[, message literal])
#define PTO_CPU_ASSERT(condition, ...)                                 \
  ((condition) ? (void)0                                               \
               : ::pto::detail::fail(kPtoFailInvalidArgument, __FILE__ \
                                     ":" PTO_DETAIL_STRING(__LINE__) ": assertion failed: " #condition __VA_OPT__(": ") __VA_ARGS__))
