// 'tw compile' that is ended in the middle, and two that write one artifact.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <random>
#include <thread>

#include "base/error.h"
#include "toolchain/artifact.h"
#include "workplace.h"

extern char** environ;

namespace tilewright {
namespace {

using Clock = std::chrono::steady_clock;

class Interruptions : public Workplace {
 protected:
  void SetUp() override {
    // What a command leaves running becomes a child of this process, which can so tell.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    ::setenv("TMPDIR", temporary().c_str(), 1);
    ::setenv("TW_CACHE_DIR", cache().c_str(), 1);
    fs::create_directory(cache());
    file("p.cpp", program_in_the_language("at([&] { store(load(x, {0, 0}, {64, 128}), y, {0, 0}); });"));
  }
  void TearDown() override {
    ::unsetenv("TMPDIR");
    ::unsetenv("TW_CACHE_DIR");
  }
  fs::path cache() const { return base_.path() / "cache"; }
  fs::path artifact() const { return work() / "a.tw"; }

  pid_t start() const {
    std::vector<std::string> words = {TW_PROGRAM, "compile", work() / "p.cpp", "-o", artifact()};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&quiet, 1, 2);
    pid_t pid = -1;
    EXPECT_EQ(::posix_spawn(&pid, TW_PROGRAM, &quiet, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
    return pid;
  }
  /// How a process ended: its exit code, or the negative number of the signal.
  static int wait(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  /// Whether a process that a command had started was not ended with it. Dead ones are only waited for.
  static bool something_lives_on() {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    return pid == 0;
  }
  /// Starts, and sends the signal after a part of the time that a whole compilation took.
  int end_after(Clock::duration delay, int signal) const {
    const auto when = Clock::now() + delay;
    const pid_t pid = start();
    std::this_thread::sleep_until(when);
    ::kill(pid, signal);
    return wait(pid);
  }
  /// The artifact is complete, or not there.
  bool is_whole_or_absent() const {
    if (!fs::exists(artifact())) return true;
    try {
      load_artifact(artifact());
      return true;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      return false;
    }
  }
  void clear() const {
    fs::remove_all(cache());
    fs::remove_all(artifact());
  }
  Clock::duration time_of_one() const {
    const auto begin = Clock::now();
    EXPECT_EQ(wait(start()), 0);
    const auto taken = Clock::now() - begin;
    clear();
    return taken;
  }
};

std::mt19937_64 seeded() {
  const uint64_t seed = std::random_device()();
  fmt::print("seed {}\n", seed);
  return std::mt19937_64(seed);
}

TEST_F(Interruptions, ASignalAtAnyTimeLeavesNothingBehind) {
  std::mt19937_64 random = seeded();
  const auto whole = time_of_one();
  int interrupted = 0;
  for (int i = 0; i < 12; ++i) {
    const int signal = i % 3 == 0 ? SIGTERM : i % 3 == 1 ? SIGHUP : SIGINT;
    const int end = end_after(whole * static_cast<int>(random() % 1000) / 1000, signal);
    EXPECT_TRUE(end == -signal || end == 0) << end;
    interrupted += end == -signal ? 1 : 0;
    EXPECT_TRUE(is_whole_or_absent());
    const bool written = fs::exists(artifact());  // the signal may come after that, and before tw has ended
    EXPECT_TRUE(written || end != 0);
    EXPECT_EQ(differences({}, snapshot(temporary())), "");
    EXPECT_EQ(std::distance(fs::directory_iterator(work()), fs::directory_iterator()), written ? 2 : 1) << "something is left beside it";
    // Store and all: no file that is still being written.
    for (const auto& [name, text] : snapshot(cache().parent_path()))
      EXPECT_FALSE(name.starts_with("cache/") && name.find('.') != name.npos) << name;
    EXPECT_FALSE(something_lives_on());
    clear();
  }
  EXPECT_GT(interrupted, 0);
  EXPECT_EQ(wait(start()), 0);
}

TEST_F(Interruptions, AKilledCompilerLeavesNoPartOfAnArtifact) {
  std::mt19937_64 random = seeded();
  const auto whole = time_of_one();
  for (int i = 0; i < 6; ++i) {
    const int end = end_after(whole * static_cast<int>(random() % 1000) / 1000, SIGKILL);
    EXPECT_TRUE(end == -SIGKILL || end == 0) << end;
    while (::waitpid(-1, nullptr, 0) > 0) {  // what it had started ends by itself
    }
    EXPECT_TRUE(is_whole_or_absent());
  }
  EXPECT_EQ(wait(start()), 0) << "and the next one finds nothing in its way";
  EXPECT_TRUE(fs::exists(artifact()));
  EXPECT_TRUE(is_whole_or_absent());
}

TEST_F(Interruptions, SeveralMayWriteOneArtifact) {
  for (int round = 0; round < 3; ++round) {
    const pid_t processes[] = {start(), start(), start()};
    for (const pid_t process : processes) EXPECT_EQ(wait(process), 0);
    EXPECT_TRUE(fs::exists(artifact()));
    EXPECT_TRUE(is_whole_or_absent());
    EXPECT_EQ(std::distance(fs::directory_iterator(work()), fs::directory_iterator()), 2) << "something is left beside it";
    if (round == 0) clear();
  }
}

}  // namespace
}  // namespace tilewright
