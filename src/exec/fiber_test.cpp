#include "exec/fiber.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <stdexcept>
#include <vector>

namespace tilewright {
namespace {

TEST(Fiber, RunsBetweenSuspensionsAndRemembersItsStack) {
  Fiber fiber(64 << 10);
  std::vector<int> seen;
  fiber.start([&] {
    for (int i = 0; i < 3; ++i) {
      seen.push_back(i);
      fiber.suspend();
    }
  });
  for (int i = 0; i < 4; ++i) fiber.resume();
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(fiber.finished());
}

TEST(Fiber, ASuspendedOneCanBeAbandonedAndStartedAnew) {
  Fiber fiber(64 << 10);
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    fiber.start([&] {
      ++runs;
      fiber.suspend();
      runs += 100;
    });
    fiber.resume();
  }
  EXPECT_EQ(runs, 3);
}

TEST(Fiber, ErrnoAndCaughtExceptionsStayApart) {
  Fiber a(64 << 10), b(64 << 10);
  std::string in_a, in_b;
  const auto body = [](Fiber& self, const char* text, int number, std::string& result) {
    try {
      throw std::runtime_error(text);
    } catch (...) {
      errno = number;
      self.suspend();  // the other fiber throws and catches meanwhile
      try {
        throw;
      } catch (const std::exception& caught) {
        result = caught.what();
      }
      if (errno != number) result += " errno lost";
    }
  };
  a.start([&] { body(a, "from a", ERANGE, in_a); });
  b.start([&] { body(b, "from b", EDOM, in_b); });
  a.resume();
  b.resume();
  a.resume();
  b.resume();
  EXPECT_EQ(in_a, "from a");
  EXPECT_EQ(in_b, "from b");
}

}  // namespace
}  // namespace tilewright
