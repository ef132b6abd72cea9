// A queue of ten thousand jobs.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "queue/entry.h"
#include "queue_fixture.h"

namespace tilewright::queue {
namespace {

TEST_F(QueueTest, TenThousandJobsWait) {
  constexpr int kJobs = 10'000;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kJobs + 1000);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < kJobs + 100) GTEST_SKIP() << "not enough descriptors allowed";
  Holder holder = hold("0");
  std::vector<FileDescriptor> entries;
  for (int i = 0; i < kJobs; ++i) {
    Entry entry;
    entry.id = fmt::format("task_20300101_000000_{}", i + 1);
    entry.pid = ::getpid();
    entry.pool = {0};
    entry.width = 1;
    const EntryName name{JobState::kWaiting, i + 1, ::geteuid(), 0, 1, entry.id};
    const std::string content = entry.serialize();
    FileDescriptor file(::open((queue_ / name.text()).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    ASSERT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    ASSERT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
    entries.push_back(std::move(file));
  }
  EXPECT_EQ(submit({"--device", "1", "--timeout", "60", "--", "true"}).code, 0);
  auto last = start({"--device", "0", "--", "true"});
  EXPECT_NE(last->error_line().find(" 10000 in front"), std::string::npos);
  EXPECT_NE(submit({"--list"}).out.find("more"), std::string::npos);
  entries.clear();  // all of them die
  holder.release();
  EXPECT_EQ(last->wait(), 0) << "the dead in front of it hold nobody up";
  EXPECT_EQ(holder.child->wait(), 0);
}

}  // namespace
}  // namespace tilewright::queue
