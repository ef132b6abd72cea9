// LD_PRELOAD library: a host on which locks, clocks or mounts do not work. STRANGE_HOST says which.
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

namespace {

bool strange(const char* what) {
  const char* value = getenv("STRANGE_HOST");
  return value != nullptr && strcmp(value, what) == 0;
}

/// Years back and forth, a different amount at each call.
long jump() {
  static unsigned calls = 0;
  ++calls;
  return strange("clock") ? (calls % 2 == 0 ? 1 : -1) * 100'000'000L * static_cast<long>(calls % 7) : 0;
}

}  // namespace

extern "C" {

int flock(int fd, int operation) {
  if (strange("no_locks")) {
    errno = ENOLCK;
    return -1;
  }
  if (strange("no_exclusion")) return 0;
  static const auto real = reinterpret_cast<int (*)(int, int)>(dlsym(RTLD_NEXT, "flock"));
  return real(fd, operation);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = reinterpret_cast<int (*)(clockid_t, timespec*)>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec += jump();
  return result;
}

int mount(const char* source, const char* target, const char* type, unsigned long flags, const void* data) noexcept {
  if (strange("no_mount")) {
    errno = EPERM;
    return -1;
  }
  using Mount = int (*)(const char*, const char*, const char*, unsigned long, const void*);
  static const auto real = reinterpret_cast<Mount>(dlsym(RTLD_NEXT, "mount"));
  return real(source, target, type, flags, data);
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
