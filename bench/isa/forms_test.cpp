// Every form of an instruction does what its plain loop does, and takes nothing from the system while it runs: no memory, no lock, no thread.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>

#include "isa/bench_core.h"
#include "isa/forms.h"

namespace {
std::atomic<int64_t> allocations{0}, locks{0}, threads{0};
}  // namespace

// This program's own definitions come before the C library's.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

__attribute__((visibility("default"))) void* malloc(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
__attribute__((visibility("default"))) int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  locks.fetch_add(1, std::memory_order_relaxed);
  static const auto real = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return real(mutex);
}
__attribute__((visibility("default"))) int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                                                          void* argument) noexcept {
  threads.fetch_add(1, std::memory_order_relaxed);
  static const auto real =
      reinterpret_cast<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>(dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, attributes, start, argument);
}
}

namespace tilewright::bench {
namespace {

Forms all_forms() {
  Forms forms;
  for (const auto add : kFamilies) add(forms);
  return forms;
}

TEST(IsaForms, ComputeWhatTheirPlainLoopsCompute) {
  const BenchCore core;
  for (const Form& form : all_forms()) {
    SCOPED_TRACE(form.name + " " + form.type + " " + form.shape);
    const Prepared prepared = form.prepare();
    prepared.tile();
    if (prepared.plain) prepared.plain();
    if (prepared.error) {
      EXPECT_LE(prepared.error(), form.tolerance);
    }
  }
}

TEST(IsaForms, TakeNoMemoryNoLockAndNoThread) {
  const BenchCore core;
  for (const Form& form : all_forms()) {
    const Prepared prepared = form.prepare();
    prepared.tile();  // what is made once is made now
    const int64_t before[] = {allocations, locks, threads};
    for (int i = 0; i < 3; ++i) prepared.tile();
    const int64_t after[] = {allocations, locks, threads};
    SCOPED_TRACE(form.name + " " + form.type + " " + form.shape);
    EXPECT_EQ(after[0] - before[0], 0) << "allocations";
    EXPECT_EQ(after[1] - before[1], 0) << "locks";
    EXPECT_EQ(after[2] - before[2], 0) << "threads";
  }
}

TEST(IsaForms, CountersCount) {
  const int64_t before = allocations;
  const std::unique_ptr<int> memory = std::make_unique<int>(1);
  EXPECT_GT(allocations, before) << memory.get();
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const int64_t locks_before = locks;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  EXPECT_EQ(locks, locks_before + 1);
}

}  // namespace
}  // namespace tilewright::bench
