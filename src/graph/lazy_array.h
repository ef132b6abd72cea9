// A large array whose memory is committed as it is touched.
#pragma once

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace tilewright {

/// Elements start as zero bytes, which T must accept as a value; they are never destroyed.
template <typename T>
class LazyArray {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit LazyArray(size_t count) : bytes_(count * sizeof(T)) {
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw Error(ErrorCode::kDeviceMemory, fmt::format("cannot reserve {} bytes of address space", bytes_));
    elements_ = static_cast<T*>(memory);
  }
  ~LazyArray() { ::munmap(elements_, bytes_); }
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;

  /// For the first `count` elements huge pages are asked for: half of what a miss of the cache costs is the walk through the page
  /// tables of a virtual machine. Advice, which the host need not follow; what is touched first commits 2 MiB.
  void use_huge_pages(size_t count) { ::madvise(elements_, count * sizeof(T), MADV_HUGEPAGE); }

  T& operator[](size_t i) { return elements_[i]; }
  const T& operator[](size_t i) const { return elements_[i]; }

 private:
  size_t bytes_;
  T* elements_;
};

}  // namespace tilewright
