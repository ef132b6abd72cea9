// kill -9 of each process of a job, and of several at once: the device is free when the last process of the job has ended, and no
// earlier; nobody hangs.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "queue_fixture.h"

namespace tilewright::queue {
namespace {

using nlohmann::json;

/// Command that leaves a daemon: own session, ignores TERM, keeps no descriptor. It writes its presence into a file that whoever runs next
/// on the device reads: that is a process of this job that lives on while the device is given on.
std::string with_daemon(const std::string& pulse) {
  return "setsid bash -c 'trap \"\" TERM HUP; for fd in $(ls /proc/self/fd); do eval \"exec $fd<&-\"; done; exec 8>" + pulse +
         "; flock 8; echo up >&8; while :; do sleep 1; done' & while [ ! -s " + pulse + " ]; do sleep 0.01; done";
}

class CrashTest : public QueueTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    QueueTest::SetUp();
    if (!offers_isolation(GetParam())) GTEST_SKIP() << "no " << GetParam() << " on this host";
  }
  std::string pulse() const { return root_ / "pulse"; }
  Holder hold_with_daemon() { return hold("0", {"--isolation", GetParam(), "--grace", "0.2"}, -1, with_daemon(pulse())); }
  /// The next job's command: fails if the daemon still lives, by its lock.
  Ran next_job() { return submit({"--device", "0", "--timeout", "20", "--", "flock", "-n", pulse(), "echo", "alone"}); }
  void expect_device_comes_back() {
    const Ran ran = next_job();
    EXPECT_EQ(ran.out, "alone\n") << ran.code << ran.err;
    wait_until_idle();
  }
};

TEST_P(CrashTest, TheCommandsEndEndsWhatItLeftBehind) {
  Holder holder = hold_with_daemon();
  auto waiting = start({"--device", "0", "--", "flock", "-n", pulse(), "echo", "alone"});
  wait_until_queued(*waiting);
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(waiting->out(), "alone\n");
}

TEST_P(CrashTest, TheClientReturnsWhenNothingOfTheTreeIsLeft) {
  Holder holder = hold_with_daemon();
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
  const FileDescriptor daemons_lock(::open(pulse().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(daemons_lock.get(), LOCK_EX | LOCK_NB), 0) << "the daemon lives on";
}

TEST_P(CrashTest, WhatTheCommandLeftBehindGetsItsGrace) {
  const std::string up = root_ / "up", ended = root_ / "ended";
  const std::string daemon = "trap \"echo ended > " + ended + "; exit\" TERM; echo > " + up + "; while :; do sleep 0.05; done";
  // The subshell is the daemon's parent and ends at once: the daemon is nobody's child that the queue started.
  const Ran ran = submit({"--device", "0", "--isolation", GetParam(), "--grace", "20", "--run",
                          "(setsid bash -c '" + daemon + "' &); while [ ! -e " + up + " ]; do sleep 0.01; done"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(ended)) << "it was killed without a TERM";
}

TEST_P(CrashTest, Client) {
  Holder holder = hold_with_daemon();
  holder.child->kill(SIGKILL);
  expect_device_comes_back();
}

TEST_P(CrashTest, WaitingClient) {
  Holder holder = hold("0");
  auto first = start({"--device", "0", "--", "true"});
  wait_until_queued(*first);
  auto second = start({"--device", "0", "--", "true"});
  wait_until_queued(*second);
  first->kill(SIGKILL);
  holder.release();
  EXPECT_EQ(second->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_P(CrashTest, Supervisor) {
  Holder holder = hold_with_daemon();
  auto waiting = start({"--device", "0", "--", "flock", "-n", pulse(), "echo", "alone"});
  wait_until_queued(*waiting);
  ::kill(supervisor_of(holder.id), SIGKILL);
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(waiting->out(), "alone\n");
  EXPECT_EQ(holder.child->wait(), 125);
  EXPECT_EQ(json::parse(submit({"--status", holder.id, "--json"}).out).at("reason"), "infrastructure");
}

TEST_P(CrashTest, WaitingSupervisor) {
  Holder holder = hold("0");
  auto first = start({"--device", "0", "--", "true"});
  const std::string id = wait_until_queued(*first);
  auto second = start({"--device", "0", "--", "true"});
  wait_until_queued(*second);
  ::kill(supervisor_of(id), SIGKILL);
  EXPECT_EQ(first->wait(), 125);
  holder.release();
  EXPECT_EQ(second->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_P(CrashTest, Runner) {
  Holder holder = hold_with_daemon();
  ::kill(child_of(supervisor_of(holder.id)), SIGKILL);
  EXPECT_EQ(holder.child->wait(), 125);
  expect_device_comes_back();
}

TEST_P(CrashTest, Root) {
  Holder holder = hold_with_daemon();
  ::kill(child_of(child_of(supervisor_of(holder.id))), SIGKILL);
  EXPECT_EQ(holder.child->wait(), 125);
  expect_device_comes_back();
}

TEST_P(CrashTest, TheCommandsProcess) {
  Holder holder = hold_with_daemon();
  ::kill(child_of(child_of(child_of(supervisor_of(holder.id)))), SIGKILL);
  EXPECT_EQ(holder.child->wait(), 137) << "killed by signal 9, like any job";
  expect_device_comes_back();
}

TEST_P(CrashTest, ClientAndSupervisor) {
  Holder holder = hold_with_daemon();
  const pid_t supervisor = supervisor_of(holder.id);
  holder.child->kill(SIGSTOP);
  ::kill(supervisor, SIGKILL);
  holder.child->kill(SIGKILL);
  expect_device_comes_back();
}

TEST_P(CrashTest, EveryProcessInTheCallersGroup) {
  Holder holder = hold_with_daemon();
  ::kill(-holder.child->pid(), SIGKILL);
  expect_device_comes_back();
}

INSTANTIATE_TEST_SUITE_P(Isolation, CrashTest, ::testing::Values("auto", "cgroup", "none"),
                         [](const auto& info) { return std::string(info.param); });

/// What needs a namespace or a group: without either, a daemon that closed everything is beyond reach, which --devices says.
class AllAtOnceTest : public CrashTest {};

TEST_P(AllAtOnceTest, SupervisorRunnerRootAndClient) {
  Holder holder = hold_with_daemon();
  auto waiting = start({"--device", "0", "--", "flock", "-n", pulse(), "echo", "alone"});
  wait_until_queued(*waiting);
  const pid_t supervisor = supervisor_of(holder.id), runner = child_of(supervisor), root = child_of(runner);
  for (pid_t pid : {supervisor, runner}) ::kill(pid, SIGSTOP);
  for (pid_t pid : {supervisor, runner, root, holder.child->pid()}) ::kill(pid, SIGKILL);
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(waiting->out(), "alone\n");
}

TEST_P(AllAtOnceTest, OtherUsersWaitUntilTheGroupIsEmpty) {
  if (::geteuid() != 0 || GetParam() != std::string("cgroup")) GTEST_SKIP() << "needs root and a group";
  Holder holder = hold_with_daemon();
  const pid_t supervisor = supervisor_of(holder.id), runner = child_of(supervisor), root = child_of(runner), command = child_of(root);
  for (pid_t pid : {supervisor, runner, root}) ::kill(pid, SIGSTOP);
  for (pid_t pid : {supervisor, runner, root, command, holder.child->pid()}) ::kill(pid, SIGKILL);
  for (pid_t pid : {supervisor, runner, root, command}) wait_for_end(pid);
  // Nobody holds a lock any more; the daemon lives, and only its own user or root may end it.
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}, {}, 65534).code, 120);
  EXPECT_EQ(json::parse(submit({"--devices", "--json"}, {}, 65534).out).at("devices").at(0).at("state"), "busy");
  expect_device_comes_back();
}

INSTANTIATE_TEST_SUITE_P(Isolation, AllAtOnceTest, ::testing::Values("namespace", "cgroup"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(QueueTest, ProcessesThatInheritedTheLockKeepTheDevice) {
  // Supervisor, runner and root die at once, and there is no namespace: the command goes on, and so does its claim.
  Holder holder = hold("0", {"--isolation", "none"}, -1, "trap '' TERM HUP PIPE");
  const pid_t supervisor = supervisor_of(holder.id), runner = child_of(supervisor), root = child_of(runner), command = child_of(root);
  for (pid_t pid : {supervisor, runner, root}) ::kill(pid, SIGSTOP);
  for (pid_t pid : {supervisor, runner, root}) ::kill(pid, SIGKILL);
  wait_for_end(supervisor);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  EXPECT_EQ(json::parse(submit({"--devices", "--json"}).out).at("devices").at(0).at("state"), "busy");
  auto waiting = start({"--device", "0", "--", "true"});
  wait_until_queued(*waiting);
  EXPECT_EQ(submit({"--cancel", holder.id}).code, 0) << "its processes are found by their environment";
  wait_for_end(command);
  EXPECT_EQ(waiting->wait(), 0);
}

TEST_F(QueueTest, AStoppedJobInFrontDoesNotHoldUpTheQueue) {
  Holder holder = hold("0");
  auto stopped = start({"--device", "0", "--", "true"});
  const pid_t supervisor = supervisor_of(wait_until_queued(*stopped));
  auto behind = start({"--device", "0", "--", "true"});
  wait_until_queued(*behind);
  ::kill(supervisor, SIGSTOP);
  holder.release();
  EXPECT_EQ(behind->wait(), 0);
  ::kill(supervisor, SIGCONT);
  EXPECT_EQ(stopped->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
}

}  // namespace
}  // namespace tilewright::queue
