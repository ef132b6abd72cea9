#include "platform/arena.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"

extern char** environ;

namespace tilewright {
namespace {

constexpr uint64_t kMiB = 1 << 20;

ErrorCode code_of(const std::function<void()>& action, std::string* text = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (text != nullptr) *text = error.what();
    return error.code();
  }
  return ErrorCode::kOk;
}

TEST(DeviceArena, AddressesRepeatAndAreAligned) {
  uint64_t first = 0;
  for (int round = 0; round < 3; ++round) {
    DeviceArena arena(64 * kMiB, 4 * kMiB);
    if (round == 0) first = arena.base();
    EXPECT_EQ(arena.base(), first);
    EXPECT_EQ(arena.allocate(1), first);
    EXPECT_EQ(arena.allocate(0), first + 64);
    EXPECT_EQ(arena.allocate(65), first + 128);
    EXPECT_EQ(arena.allocate(64), first + 256);
    EXPECT_EQ(arena.runtime_base(), first + 64 * kMiB);
  }
}

TEST(DeviceArena, TwoArenasDoNotOverlap) {
  DeviceArena a(64 * kMiB, kMiB);
  DeviceArena b(64 * kMiB, kMiB);
  EXPECT_NE(a.base(), b.base());
  std::memset(reinterpret_cast<void*>(a.allocate(4096)), 1, 4096);
  std::memset(reinterpret_cast<void*>(b.allocate(4096)), 2, 4096);
  EXPECT_EQ(*reinterpret_cast<uint8_t*>(a.base()), 1);
}

TEST(DeviceArena, MemoryIsCommittedAsItIsTouched) {
  DeviceArena arena(uint64_t{64} << 30, kRuntimeHeapBytes);  // more than most machines have
  auto* last = reinterpret_cast<uint8_t*>(arena.runtime_base() + arena.runtime_bytes() - 1);
  *last = 7;
  EXPECT_EQ(*last, 7);
}

TEST(DeviceArena, FirstFitReusesTheLowestHole) {
  DeviceArena arena(kMiB, kMiB);
  const uint64_t a = arena.allocate(1024);
  const uint64_t b = arena.allocate(1024);
  const uint64_t c = arena.allocate(1024);
  arena.free(a);
  arena.free(b);
  EXPECT_EQ(arena.allocate(2048), a);
  arena.free(c);
  EXPECT_EQ(arena.allocate(64), c);
}

TEST(DeviceArena, ExhaustionNamesTheSizes) {
  DeviceArena arena(2 * kMiB, kMiB);
  arena.allocate(kMiB);
  std::string text;
  EXPECT_EQ(code_of([&] { arena.allocate(kMiB + 1); }, &text), ErrorCode::kDeviceMemory);
  EXPECT_NE(text.find("1048577 bytes; 1048576 of 2097152 bytes are free"), std::string::npos) << text;
  EXPECT_EQ(code_of([&] { arena.allocate(UINT64_MAX); }), ErrorCode::kDeviceMemory);
  EXPECT_EQ(arena.allocate(kMiB), arena.base() + kMiB);
}

TEST(DeviceArena, FreeOfAForeignAddressIsRefused) {
  DeviceArena arena(kMiB, kMiB);
  const uint64_t a = arena.allocate(128);
  EXPECT_EQ(code_of([&] { arena.free(a + 64); }), ErrorCode::kInvalidArgument);
  arena.free(a);
  EXPECT_EQ(code_of([&] { arena.free(a); }), ErrorCode::kInvalidArgument);
}

TEST(DeviceArena, RangesOutsideOneAllocationAreRefused) {
  DeviceArena arena(kMiB, kMiB);
  const uint64_t a = arena.allocate(100);
  const uint64_t b = arena.allocate(100);
  EXPECT_NO_THROW(arena.check_range(a, 100));
  EXPECT_NO_THROW(arena.check_range(a + 99, 1));
  EXPECT_EQ(code_of([&] { arena.check_range(a, 101); }), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code_of([&] { arena.check_range(a + 50, UINT64_MAX); }), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code_of([&] { arena.check_range(a, b + 100 - a); }), ErrorCode::kOutOfBounds);
  EXPECT_EQ(code_of([&] { arena.check_range(a - 1, 1); }), ErrorCode::kOutOfBounds);
  arena.free(a);
  EXPECT_EQ(code_of([&] { arena.check_range(a, 1); }), ErrorCode::kOutOfBounds);
}

TEST(DeviceArena, LargeBlocksGiveTheirMemoryBack) {
  DeviceArena arena(64 * kMiB, kMiB);
  const uint64_t a = arena.allocate(32 * kMiB);
  std::memset(reinterpret_cast<void*>(a), 5, 32 * kMiB);
  arena.free(a);
  EXPECT_EQ(arena.allocate(32 * kMiB), a);
  EXPECT_EQ(*reinterpret_cast<uint8_t*>(a), 0) << "pages given back read as zero";
}

TEST(DeviceArena, RandomAllocationsNeverOverlap) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  DeviceArena arena(kMiB, kMiB);
  std::map<uint64_t, uint64_t> live;
  for (int step = 0; step < 3000; ++step) {
    if (random() % 2 == 0 || live.empty()) {
      const uint64_t bytes = random() % 20000;
      uint64_t address = 0;
      if (code_of([&] { address = arena.allocate(bytes); }) != ErrorCode::kOk) continue;
      EXPECT_EQ(address % 64, 0u);
      const auto after = live.lower_bound(address);
      ASSERT_TRUE(after == live.end() || address + bytes <= after->first);
      ASSERT_TRUE(after == live.begin() || std::prev(after)->first + std::prev(after)->second <= address);
      live[address] = std::max<uint64_t>(bytes, 1);
    } else {
      auto victim = std::next(live.begin(), static_cast<long>(random() % live.size()));
      arena.free(victim->first);
      live.erase(victim);
    }
  }
  while (!live.empty()) {
    arena.free(live.begin()->first);
    live.erase(live.begin());
  }
  EXPECT_EQ(arena.allocated_bytes(), 0u);
}

TEST(DeviceArena, AFileThatIsNoArenaIsRefused) {
  FileDescriptor file(::memfd_create("other", MFD_CLOEXEC));
  EXPECT_EQ(code_of([&] { DeviceArena other(file.release()); }), ErrorCode::kInvalidArgument);
}

TEST(DeviceArena, TheSameProcessCannotMapItTwice) {
  DeviceArena arena(kMiB, kMiB);
  std::string text;
  EXPECT_EQ(code_of([&] { DeviceArena other(::dup(arena.fd())); }, &text), ErrorCode::kDeviceMemory);
  EXPECT_NE(text.find("not free in this process"), std::string::npos) << text;
}

// The child half of the test below: maps fd 3, checks and changes the first words.
int child_main() {
  DeviceArena arena(3);
  auto* words = reinterpret_cast<uint64_t*>(arena.base());
  if (words[0] != arena.base() || words[1] != 42) return 1;
  words[1] = 43;
  *reinterpret_cast<uint64_t*>(arena.runtime_base()) = 44;
  return 0;
}

TEST(DeviceArena, AnotherProcessSeesTheSameMemoryAtTheSameAddress) {
  if (std::getenv("TW_ARENA_TEST_CHILD") != nullptr) std::_Exit(child_main());
  DeviceArena arena(64 * kMiB, kMiB);
  auto* words = reinterpret_cast<uint64_t*>(arena.allocate(64));
  words[0] = arena.base();
  words[1] = 42;
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  std::string flag = "TW_ARENA_TEST_CHILD=1";
  environment.push_back(flag.data());
  environment.push_back(nullptr);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=DeviceArena.AnotherProcessSeesTheSameMemoryAtTheSameAddress";
  char* argv[] = {program.data(), filter.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, arena.fd(), 3);
  pid_t pid = -1;
  ASSERT_EQ(::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv, environment.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(words[1], 43u);
  EXPECT_EQ(*reinterpret_cast<uint64_t*>(arena.runtime_base()), 44u);
}

TEST(DeviceArena, ALimitOnFileSizesIsAnErrorAndNoSignal) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit small{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &small);
    try {
      const DeviceArena arena(4 << 20, 4 << 20);
    } catch (const Error& error) {
      ::_exit(error.code() == ErrorCode::kDeviceMemory && std::string(error.what()).find("ulimit -f") != std::string::npos ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tilewright
