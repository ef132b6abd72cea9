// What host test programs of kernels use of the vendor's host interface (spec/tile-isa-headers.md), on this processor: device memory is
// host memory, a copy is a copy, and a stream has nothing to wait for. A kernel is called like a function; RunBlocks calls it once for
// every block. On-chip memories belong to the calling thread. Link libtilewright.
//
// Every function returns ACL_SUCCESS or says by its number what was wrong with its arguments. Thread safe.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <type_traits>

#include "pto/common/element_types.hpp"
#include "pto/common/intrinsics.hpp"

using aclError = int;
constexpr aclError ACL_SUCCESS = 0;
constexpr aclError ACL_ERROR_NONE = 0;
constexpr aclError ACL_ERROR_INVALID_PARAM = 100000;  ///< a null pointer, a size of 0, a destination too small
constexpr aclError ACL_ERROR_BAD_ALLOC = 200000;      ///< out of memory

using aclrtStream = void*;
using aclrtContext = void*;
using aclFloat16 = uint16_t;  ///< the bits of a half

enum aclrtMemcpyKind { ACL_MEMCPY_HOST_TO_HOST = 0, ACL_MEMCPY_HOST_TO_DEVICE, ACL_MEMCPY_DEVICE_TO_HOST, ACL_MEMCPY_DEVICE_TO_DEVICE };
enum aclrtMemMallocPolicy { ACL_MEM_MALLOC_HUGE_FIRST = 0, ACL_MEM_MALLOC_HUGE_ONLY, ACL_MEM_MALLOC_NORMAL_ONLY };

inline aclError aclInit(const char*) { return ACL_SUCCESS; }
inline aclError aclFinalize() { return ACL_SUCCESS; }
inline aclError aclrtSetDevice(int32_t) { return ACL_SUCCESS; }
inline aclError aclrtResetDevice(int32_t) { return ACL_SUCCESS; }

/// The stream is a name only: a kernel has run when its call returns.
inline aclError aclrtCreateStream(aclrtStream* stream) {
  if (stream == nullptr) return ACL_ERROR_INVALID_PARAM;
  *stream = stream;
  return ACL_SUCCESS;
}
inline aclError aclrtDestroyStream(aclrtStream stream) { return stream != nullptr ? ACL_SUCCESS : ACL_ERROR_INVALID_PARAM; }
inline aclError aclrtSynchronizeStream(aclrtStream) { return ACL_SUCCESS; }
inline aclError aclrtSynchronizeDevice() { return ACL_SUCCESS; }

/// Memory aligned to 512 bytes, as on a device. Give it back with aclrtFree.
inline aclError aclrtMalloc(void** pointer, size_t size, aclrtMemMallocPolicy = ACL_MEM_MALLOC_HUGE_FIRST) {
  if (pointer == nullptr || size == 0) return ACL_ERROR_INVALID_PARAM;
  if (size > SIZE_MAX - 511) return ACL_ERROR_BAD_ALLOC;
  *pointer = aligned_alloc(512, (size + 511) / 512 * 512);
  return *pointer != nullptr ? ACL_SUCCESS : ACL_ERROR_BAD_ALLOC;
}
inline aclError aclrtMallocHost(void** pointer, size_t size) { return aclrtMalloc(pointer, size); }
inline aclError aclrtFree(void* pointer) {
  free(pointer);
  return pointer != nullptr ? ACL_SUCCESS : ACL_ERROR_INVALID_PARAM;
}
inline aclError aclrtFreeHost(void* pointer) { return aclrtFree(pointer); }

/// Copies `size` bytes to a destination of `dst_size`.
inline aclError aclrtMemcpy(void* dst, size_t dst_size, const void* src, size_t size, aclrtMemcpyKind) {
  if (dst == nullptr || src == nullptr || size > dst_size) return ACL_ERROR_INVALID_PARAM;
  memmove(dst, src, size);
  return ACL_SUCCESS;
}
/// Sets `count` bytes of a destination of `dst_size`.
inline aclError aclrtMemset(void* dst, size_t dst_size, int32_t value, size_t count) {
  if (dst == nullptr || count > dst_size) return ACL_ERROR_INVALID_PARAM;
  memset(dst, value, count);
  return ACL_SUCCESS;
}

/// A half, or the bits of one, as a float.
template <typename T>
inline float aclFloat16ToFloat(T value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<float>(half::FromRaw(static_cast<uint16_t>(value)));
  } else {
    return static_cast<float>(value);
  }
}
/// The bits of the nearest half.
inline aclFloat16 aclFloatToFloat16(float value) { return half(value).bits; }

/// Part of the simulator: calls kernel(data) once for each block, see pto::RunBlocks.
extern "C" void pto_sim_run_blocks(int32_t block_num, void (*kernel)(void*), void* data);

namespace pto {

/// Calls kernel() for block indices 0 to block_num - 1 at once, each on a thread with on-chip memories of its own, where get_block_idx()
/// and get_block_num() say which and how many. Blocks may wait for each other (SYNCALL, flags, signals); a wait that nothing can end
/// stops the program with what everybody waits for. Returns when all are done. Launches of different threads are independent.
template <typename Kernel>
void RunBlocks(int32_t block_num, Kernel&& kernel) {
  using Callable = std::remove_reference_t<Kernel>;
  pto_sim_run_blocks(block_num, [](void* data) { (*static_cast<Callable*>(data))(); }, const_cast<std::remove_const_t<Callable>*>(&kernel));
}

}  // namespace pto
