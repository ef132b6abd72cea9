// A seed decides everything, on any host; and seeds find order bugs.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <set>

#include "schedules_test_support.h"

extern char** environ;

namespace tilewright {
namespace {

using namespace schedules_test;

/// Two kernels of a block that exchange lines in device memory through signals and flags, tasks that need each other, and one that
/// starts together and meets. `flag` is how the reader learns that a line was written; `dependency` is how the third of the tasks in
/// a row is given what it reads.
std::vector<uint8_t> exchange(const std::string& flag, const std::string& dependency, const std::string& platform = "a2a3sim") {
  const Kernel writes{CoreType::AIC, "writes", R"(
    int32_t *x = data_of(args[0]);
    comm::Signal written(x + 1024);
    for (int i = 0; i < 64; ++i) x[i] = i;
    pipe_barrier(PIPE_ALL);
    comm::TNOTIFY(written, 1, comm::NotifyOp::AtomicAdd);)"};
  const Kernel reads{CoreType::AIV, "reads", R"(
    int32_t *x = data_of(args[0]);
    comm::Signal written(x + 1024);
    )" + flag + R"(
    if (get_sub_block_id(args) != 0) return;
    Row row;
    TASSIGN(row, 0);
    Line from(x), to(x + 64);
    TLOAD(row, from);
    TSTORE(to, row);)"};
  const Kernel adds{CoreType::AIV, "adds", R"(
    int32_t *x = data_of(args[0]);
    Row row;
    TASSIGN(row, 0);
    Line from(x + args[3]), to(x + args[3] + 64);
    TLOAD(row, from);
    TADDS(row, row, 1);
    TSTORE(to, row);)"};
  const Kernel meets{CoreType::AIV, "meets", "SYNCALL(); data_of(args[0])[512 + get_block_idx(args)] = 1;"};
  return build(R"(
    const uint32_t line[] = {64};
    const auto part = [&](uint32_t at) { const uint32_t from[] = {at}; return x.view(line, from); };
    CoreTaskArgs pair;
    pair.add_no_dep(x);
    const ChipTensor produced = part(64);
    pair.add_inout(produced);
    rt_submit_task(mixed(0, 1, 1), pair);
    CoreTaskArgs group;
    group.add_no_dep(x);
    group.launch_spec.set_block_num(6);
    group.launch_spec.set_require_sync_start(true);
    rt_submit_aiv_task(3, group);
    for (int i = 1; i <= 4; ++i) {
      const ChipTensor from = part(static_cast<uint32_t>(i) * 64), to = part(static_cast<uint32_t>(i) * 64 + 64);
      CoreTaskArgs args;
      args.add_no_dep(x);
      if (i == 3) {
        args.)" + dependency +
                   R"((from);
      } else {
        args.add_input(from);
      }
      args.add_inout(to);
      args.add_scalar(static_cast<int64_t>(i) * 64);
      rt_submit_aiv_task(2, args);
    })",
               {writes, reads, adds, meets}, platform);
}

constexpr const char* kFlag = "comm::TWAIT(written, 1, comm::WaitCmp::GE);";
constexpr const char *kDependency = "add_input", *kNoDependency = "add_no_dep";

std::vector<int32_t> expected() {
  std::vector<int32_t> x(2048);
  for (int line = 0; line < 6; ++line) {
    for (int i = 0; i < 64; ++i) x[static_cast<size_t>(line * 64 + i)] = i + std::max(line - 1, 0);
  }
  for (size_t block = 0; block < 6; ++block) x[512 + block] = 1;
  x[1024] = 1;
  return x;
}

/// Other processes that use the processors.
class BusyHost {
 public:
  BusyHost() {
    for (pid_t& pid : pids_) {
      char shell[] = "sh", option[] = "-c", loop[] = "while :; do :; done";
      char* const words[] = {shell, option, loop, nullptr};
      if (::posix_spawnp(&pid, "sh", nullptr, nullptr, words, environ) != 0) pid = -1;
    }
  }
  ~BusyHost() {
    for (const pid_t pid : pids_) {
      if (pid < 0) continue;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

 private:
  pid_t pids_[3];
};

class SeedsOn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Platforms, SeedsOn, testing::Values("a2a3sim", "a5sim"), [](const auto& info) { return info.param; });

TEST_P(SeedsOn, AHundredRunsInDifferentProcessesOnABusyHostAreOne) {
  const std::string platform = GetParam();
  const std::vector<uint8_t> image = exchange(kFlag, kDependency, platform);
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "log").string();
  uint64_t interrupting = 0;  // a seed that interrupts kernels at instructions, which not every one does in so short a run
  for (Program program(image, true, platform); interrupting < 100;) {
    std::vector<int32_t> x(2048);
    ASSERT_EQ(program.run(x, with_seed(++interrupting, file)), "");
    if (read_file(file).find(" interrupt t") != std::string::npos) break;
  }
  ASSERT_LT(interrupting, 100u);
  for (const uint64_t seed : {interrupting, uint64_t{1000}}) {
    std::set<std::string> logs;
    std::set<std::pair<uint64_t, uint64_t>> digests_and_times;
    int runs = 0;
    const auto repeat = [&](Program& program, int times) {
      for (int i = 0; i < times; ++i, ++runs) {
        std::vector<int32_t> x(2048);
        ASSERT_EQ(program.run(x, with_seed(seed, file)), "");
        ASSERT_EQ(x, expected());
        logs.insert(read_file(file));
        digests_and_times.insert({program.report.sim_digest, program.report.run_ns});
      }
    };
    Program here(image, true, platform), there(image, false, platform), elsewhere(image, false, platform);
    repeat(here, 20);
    std::vector<int32_t> x(2048);
    ASSERT_EQ(there.run(x), "") << "a run without a seed in between";
    repeat(there, 30);
    const BusyHost busy;
    Program late(image, false, platform);
    repeat(elsewhere, 30);
    repeat(late, 20);
    EXPECT_EQ(runs, 100);
    EXPECT_EQ(logs.size(), 1u) << "seed " << seed;
    EXPECT_EQ(digests_and_times.size(), 1u) << "seed " << seed;
  }
}

/// How many seeds until the result is wrong, over many first seeds: the most, and the mean.
std::pair<uint64_t, double> seeds_to_find(const std::vector<uint8_t>& image, uint64_t limit, const std::string& platform) {
  constexpr uint64_t kStarts = 40;
  Program program(image, true, platform);
  uint64_t most = 0, sum = 0;
  for (uint64_t start = 0; start < kStarts; ++start) {
    uint64_t tried = 0;
    for (bool found = false; !found && tried < limit; ++tried) {
      std::vector<int32_t> x(2048);
      const std::string error = program.run(x, with_seed(1 + 1000 * start + tried));
      EXPECT_EQ(error, "");
      found = x != expected();
    }
    most = std::max(most, tried);
    sum += tried;
  }
  std::printf("found after %.1f seeds on average, at most %llu, from %llu starts\n", static_cast<double>(sum) / kStarts,
              static_cast<unsigned long long>(most), static_cast<unsigned long long>(kStarts));
  return {most, static_cast<double>(sum) / kStarts};
}

TEST_P(SeedsOn, AMissingCrossCoreFlagIsFoundWithinBound) {
  EXPECT_LT(seeds_to_find(exchange("(void)written;", kDependency, GetParam()), 64, GetParam()).first, 64u);
}

TEST_P(SeedsOn, AMissingDependencyIsFoundWithinBound) {
  EXPECT_LT(seeds_to_find(exchange(kFlag, kNoDependency, GetParam()), 64, GetParam()).first, 64u);
}

TEST(Seeds, ACorrectProgramStaysRight) {
  Program program(exchange(kFlag, kDependency));
  std::set<uint64_t> schedules;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::vector<int32_t> x(2048);
    ASSERT_EQ(program.run(x, with_seed(seed)), "") << "seed " << seed;
    ASSERT_EQ(x, expected()) << "seed " << seed;
    schedules.insert(program.report.sim_digest);
  }
  EXPECT_GE(schedules.size(), 290u);
}

TEST(Seeds, WhatCannotBeIsRefused) {
  Program program(exchange(kFlag, kDependency));
  std::vector<int32_t> x(2048);
  RunOptions log_alone;
  log_alone.sim_log = "log";
  EXPECT_NE(program.run(x, log_alone).find("belongs to a run with a seed"), std::string::npos);
  EXPECT_NE(program.run(x, with_seed(1, "/no/such/directory/log")).find("cannot write the log of the schedule"), std::string::npos);
  ::setenv("TW_SIM_SEED", "none", 1);
  EXPECT_NE(program.run(x).find("TW_SIM_SEED: 'none' is no seed"), std::string::npos);
  ::setenv("TW_SIM_SEED", "5", 1);
  EXPECT_EQ(program.run(x), "");
  const uint64_t digest = program.report.sim_digest;
  EXPECT_NE(digest, 0u);
  ::unsetenv("TW_SIM_SEED");
  EXPECT_EQ(program.run(x), "");
  EXPECT_EQ(program.report.sim_events, 0u);
}

}  // namespace
}  // namespace tilewright
