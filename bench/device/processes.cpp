#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "systems.h"

extern char** environ;

namespace tilewright::bench {
namespace {

constexpr const char* kSystem = "a bare process";

pid_t spawn(const char* program) {
  const char* argv[] = {program, nullptr};
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, program, nullptr, nullptr, const_cast<char**>(argv), environ);
  if (failure != 0) throw errno_error(failure, std::string("cannot start ") + program);
  return pid;
}

/// A child that sends back whatever it gets: the least that work in another process can cost.
class Echo {
 public:
  Echo() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error(errno, "socketpair");
    socket_ = FileDescriptor(ends[0]);
    const FileDescriptor its_end(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its_end.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, its_end.get(), 1);
    const char* argv[] = {"cat", nullptr};
    const int failure = ::posix_spawnp(&pid_, "cat", &actions, nullptr, const_cast<char**>(argv), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) throw errno_error(failure, "cannot start cat");
    round_trip();
  }
  ~Echo() {
    socket_ = FileDescriptor();
    ::waitpid(pid_, nullptr, 0);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void round_trip() {
    char message[64] = {};
    size_t received = 0;
    if (::write(socket_.get(), message, sizeof message) != sizeof message) throw errno_error(errno, "write");
    while (received < sizeof message) {
      const ssize_t got = ::read(socket_.get(), message + received, sizeof message - received);
      if (got <= 0) throw errno_error(errno, "read");
      received += static_cast<size_t>(got);
    }
  }
  pid_t pid() const { return pid_; }
  /// Kills it, and returns how long it took until that was known.
  double until_dead_us() const {
    const auto start = std::chrono::steady_clock::now();
    ::kill(pid_, SIGSEGV);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  FileDescriptor socket_;
  pid_t pid_ = -1;
};

std::vector<double> throughput(const Sizes& sizes, int workers) {
  std::vector<std::unique_ptr<Echo>> all;
  for (int i = 0; i < workers; ++i) all.push_back(std::make_unique<Echo>());
  const int trips = sizes.burst / workers;
  const auto burst = [&] {
    std::vector<std::thread> clients;
    for (auto& echo : all) {
      clients.emplace_back([&echo, trips] {
        for (int i = 0; i < trips; ++i) echo->round_trip();
      });
    }
    for (std::thread& client : clients) client.join();
  };
  return in_bulk(sizes.repeats, burst, [&](double seconds) { return trips * workers / seconds; });
}

}  // namespace

std::vector<Row> measure_processes(const Sizes& sizes) {
  std::vector<Row> rows;
  const auto add = [&rows](const char* system, const char* what, const char* metric, const char* unit, std::vector<double> samples) {
    rows.push_back(make_row(system, what, metric, unit));
    rows.back().set_samples(std::move(samples));
  };
  Echo echo;
  add(kSystem, kRoundTrip, "time", "us", each_in_us(sizes.runs, [&] { echo.round_trip(); }));
  add(kSystem, kAfterPause, "time", "us", each_after_pause_in_us(sizes.pauses, [&] { echo.round_trip(); }));
  std::unique_ptr<Echo> started;
  add(kSystem, kStart, "time", "us", each_in_us(sizes.starts, [&] {
        started.reset();
        started = std::make_unique<Echo>();
      }));
  add("/bin/true, started and waited for", kStart, "time", "us", each_in_us(sizes.starts, [] {
        const pid_t pid = spawn("/bin/true");
        ::waitpid(pid, nullptr, 0);
      }));
  std::vector<double> deaths;
  for (int i = 0; i < sizes.starts; ++i) {
    const Echo doomed;
    deaths.push_back(doomed.until_dead_us());
  }
  add(kSystem, kCrash, "time", "us", std::move(deaths));
  add(kSystem, kResident, "memory", "KiB", {memory_kib(echo.pid(), "Rss")});
  add(kSystem, kMemory, "memory", "KiB", {proportional_kib(echo.pid())});
  add(kSystem, kThroughputOne, "rate", "1/s", throughput(sizes, 1));
  add(kSystem, kThroughputEight, "rate", "1/s", throughput(sizes, 8));
  return rows;
}

}  // namespace tilewright::bench
