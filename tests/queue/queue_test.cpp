// task-submit, the program, against a queue of its own: what a job sees, how it ends, and what is refused.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "queue_fixture.h"

namespace tilewright::queue {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kNobody = 65534;

#define REQUIRE_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root"

// What a job sees

TEST_F(QueueTest, GivesOneFreeDeviceAndPassesTheExitCodeOn) {
  const Ran ran = submit({"--device", "auto", "--run", "echo $TASK_DEVICE; exit 42"});
  EXPECT_EQ(ran.out, "0\n");
  EXPECT_EQ(ran.code, 42);
  EXPECT_EQ(ran.err, "") << "a job that need not wait says nothing of its own";
}

TEST_F(QueueTest, SeveralDevices) {
  EXPECT_EQ(submit({"--device", "auto", "--device-num", "2", "--", "sh", "-c", "echo $TASK_DEVICE"}).out, "0,1\n");
  EXPECT_EQ(submit({"--device", "1,0", "--", "sh", "-c", "echo $TASK_DEVICE"}).out, "0,1\n");
  EXPECT_EQ(submit({"--device-num", "1", "--", "sh", "-c", "echo $TASK_DEVICE"}).out, "0\n");
}

TEST_F(QueueTest, NoDeviceUnlessAskedFor) {
  for (const std::vector<std::string>& form : {std::vector<std::string>{}, {"--no-device"}, {"--device-num", "0"}}) {
    std::vector<std::string> arguments = form;
    arguments.insert(arguments.end(), {"--", "sh", "-c", "echo ${TASK_DEVICE-none}"});
    EXPECT_EQ(submit(arguments, {"TASK_DEVICE=7"}).out, "none\n");
  }
}

TEST_F(QueueTest, EveryExitCodePassesThrough) {
  for (int code : {0, 1, 2, 3, 120, 121, 122, 123, 124, 125, 126, 127, 128, 255}) {
    EXPECT_EQ(submit({"--device", "auto", "--result", root_ / "result", "--", "sh", "-c", fmt::format("exit {}", code)}).code, code);
    EXPECT_EQ(json::parse(read_file(root_ / "result")).at("ended_by"), "job") << code;
  }
  for (int signal : {1, 2, 6, 9, 11, 15}) EXPECT_EQ(submit({"--", "sh", "-c", fmt::format("kill -{} $$", signal)}).code, 128 + signal);
}

TEST_F(QueueTest, StreamsDirectoryAndEnvironmentAreTheCallers) {
  auto child = start({"--device", "auto", "--run", "read line; echo \"$line $COLOUR\"; pwd; echo error >&2"}, {"COLOUR=red"});
  child->write("hello\n");
  EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(child->out(), "hello red\n" + fs::current_path().string() + "\n");
  EXPECT_EQ(child->err(), "error\n");
}

TEST_F(QueueTest, WordsBehindTheDashesAreNoShellText) {
  EXPECT_EQ(submit({"--", "printf", "%s\n", "$HOME; exit 3", "--device", "--"}).out, "$HOME; exit 3\n--device\n--\n");
}

TEST_F(QueueTest, VendorsVariablesAreStripped) {
  const Ran ran = submit({"--device", "1", "--run", "echo ${CUDA_VISIBLE_DEVICES-none} ${ASCEND_RT_VISIBLE_DEVICES-none} $TASK_DEVICE"},
                         {"CUDA_VISIBLE_DEVICES=0", "ASCEND_RT_VISIBLE_DEVICES=0"});
  EXPECT_EQ(ran.out, "none none 1\n");
}

TEST_F(QueueTest, VendorsVariableIsSetWhereConfiguredAndIdsAreRemapped) {
  write_config("visibility = \"CUDA_VISIBLE_DEVICES\"\n[[device]]\nid = 2\n[[device]]\nid = 5\n");
  EXPECT_EQ(submit({"--device", "2,5", "--run", "echo $CUDA_VISIBLE_DEVICES $TASK_DEVICE"}, {"CUDA_VISIBLE_DEVICES=0"}).out, "2,5 0,1\n");
}

TEST_F(QueueTest, EnvironmentOptions) {
  std::ofstream(root_ / "env") << "# comment\nA=file\nB=file\n";
  const Ran ran = submit({"--env-file", root_ / "env", "--env", "A=option", "--env", "NOT_SET_ANYWHERE", "--run", "echo $A $B"});
  EXPECT_EQ(ran.out, "option file\n");
  EXPECT_NE(ran.err.find("NOT_SET_ANYWHERE"), std::string::npos);
}

TEST_F(QueueTest, RunsAsTheCallingUser) {
  REQUIRE_ROOT();
  const Ran ran = submit({"--device", "auto", "--run", "id -u"}, {}, kNobody);
  EXPECT_EQ(ran.out, "65534\n") << ran.err;
  EXPECT_EQ(submit({"--device", "auto", "--isolation", "none", "--run", "id -u"}, {}, kNobody).out, "65534\n");
}

TEST_F(QueueTest, IgnoredInterruptsStayIgnored) {
  // As in `nohup` or behind `&` in a shell without job control.
  auto child = start({});
  EXPECT_EQ(child->wait(), 2);
  EXPECT_EQ(submit({"--", "sh", "-c", "trap '' INT; exec " TW_TASK_SUBMIT " --version"}).code, 0);
}

// Detached

TEST_F(QueueTest, DetachedJobLogsAndCanBeWaitedFor) {
  const Ran ran = submit({"--detach", "--device", "auto", "--run", "echo out; echo err >&2; cat; exit 7"});
  EXPECT_EQ(ran.code, 0);
  const std::string id = ran.out.substr(0, ran.out.size() - 1);
  const Ran waited = submit({"--wait", id});
  EXPECT_EQ(waited.code, 7);
  EXPECT_EQ(submit({"--log", id}).out, "out\nerr\n");
  EXPECT_EQ(submit({"--log", id, "-f"}).out, "out\nerr\n");
  EXPECT_EQ(submit({"--status", id}).out.substr(0, 19), "completed (exit=7)\n");
}

TEST_F(QueueTest, ACommandLineWithoutRunIsDetachedAsInTheExistingTool) {
  const Ran ran = submit({"--device", "auto", "exit 3"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(submit({"--wait", ran.out.substr(0, ran.out.size() - 1)}).code, 3);
}

TEST_F(QueueTest, FollowingALogShowsWhatComesAndEndsWithTheJob) {
  const std::string pipe = root_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string id = submit({"--detach", "--run", "echo first; read line < " + pipe + "; echo $line"}).out.substr(0, 40);
  const std::string trimmed = id.substr(0, id.find('\n'));
  auto follower = start({"--log", trimmed, "-f"});
  EXPECT_EQ(follower->line(), "first");
  std::ofstream(pipe) << "second\n";
  EXPECT_EQ(follower->line(), "second");
  EXPECT_EQ(follower->wait(), 0);
}

TEST_F(QueueTest, StreamsOfADetachedJobAreClosedForTheCaller) {
  const std::string pipe = root_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // Would not return while the job runs if the job, or its supervisor, held the caller's stdout.
  const Ran ran = submit({"--detach", "--run", "cat " + pipe});
  EXPECT_EQ(ran.code, 0);
  std::ofstream(pipe) << "";
}

// Waiting

TEST_F(QueueTest, WaitsItsTurnInOrder) {
  Holder holder = hold("0");
  const std::string order = root_ / "order";
  auto first = start({"--device", "0", "--run", "echo first >> " + order});
  wait_until_queued(*first);
  auto second = start({"--device", "0", "--run", "echo second >> " + order});
  const std::string id = wait_until_queued(*second);
  EXPECT_EQ(submit({"--status", id}).out.substr(0, 8), "pending\n");
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
  EXPECT_EQ(first->wait(), 0);
  EXPECT_EQ(second->wait(), 0);
  EXPECT_EQ(read_file(order), "first\nsecond\n");
}

TEST_F(QueueTest, TimeoutWhileWaitingIsNotTheJobs) {
  Holder holder = hold("0");
  const Ran ran = submit({"--device", "0", "--timeout", "0.2", "--result", root_ / "result", "--", "touch", root_ / "ran"});
  EXPECT_EQ(ran.code, 120);
  EXPECT_EQ(json::parse(read_file(root_ / "result")).at("reason"), "wait_timeout");
  EXPECT_FALSE(fs::exists(root_ / "ran"));
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  EXPECT_EQ(submit({"--device", "auto", "--no-wait", "--", "true"}).code, 0) << "device 1 is free";
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, WaitingTimeAndRunningTimeAreSeparateClocks) {
  EXPECT_EQ(submit({"--device", "0", "--timeout", "0.2", "--", "sleep", "0.5"}).code, 0);
  Holder holder = hold("0");
  auto waiting = start({"--device", "0", "--max-time", "1", "--", "true"});
  wait_until_queued(*waiting);
  holder.release();
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, MaxTimeEndsTheWholeTree) {
  for (const char* isolation : {"auto", "none"}) {
    const std::string alive = root_ / "alive";
    // A daemon that ignores TERM, has its own session and keeps no descriptor of ours, and a command that ignores TERM as well.
    const std::string daemon =
        "setsid bash -c 'trap \"\" TERM; exec 0<&- 1>&- 2>&-; for fd in $(ls /proc/self/fd); do eval \"exec $fd<&-\"; done; echo x > " +
        alive + "; while :; do sleep 1; done' & while [ ! -e " + alive + " ]; do sleep 0.01; done; trap '' TERM; while :; do sleep 1; done";
    const Ran ran = submit(
        {"--device", "0", "--isolation", isolation, "--max-time", "0.5", "--grace", "0.2", "--result", root_ / "result", "--run", daemon});
    EXPECT_EQ(ran.code, 124) << isolation;
    EXPECT_EQ(json::parse(read_file(root_ / "result")).at("reason"), "time_limit");
    EXPECT_TRUE(fs::exists(alive));
    wait_until_idle();  // fails if the daemon lives
    fs::remove(alive);
  }
}

TEST_F(QueueTest, TermComesFirst) {
  const Ran ran = submit({"--device", "0", "--max-time", "0.3", "--grace", "10", "--run",
                          "trap 'sleep 0.3; echo cleaned up; exit 0' TERM; while :; do sleep 0.05; done"});
  EXPECT_EQ(ran.code, 124) << "the code says that the time was over, whatever the job does with TERM";
  EXPECT_EQ(ran.out, "cleaned up\n");
}

// Cancelling

TEST_F(QueueTest, CancelWaitingAndRunningJobs) {
  Holder holder = hold("0", {"--result", root_ / "result"});
  auto waiting = start({"--device", "0", "--", "true"});
  EXPECT_EQ(submit({"--cancel", wait_until_queued(*waiting)}).code, 0);
  EXPECT_EQ(waiting->wait(), 121);
  EXPECT_EQ(submit({"--cancel", holder.id}).code, 0);
  EXPECT_EQ(holder.child->wait(), 121);
  EXPECT_EQ(json::parse(read_file(root_ / "result")).at("reason"), "cancelled");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0);
  EXPECT_EQ(submit({"--cancel", holder.id}).code, 1) << "it is over";
}

TEST_F(QueueTest, SignalsToTheClientCancel) {
  for (int signal : {SIGTERM, SIGHUP}) {
    Holder holder = hold("0");
    auto waiting = start({"--device", "0", "--", "true"});
    wait_until_queued(*waiting);
    waiting->kill(signal);
    EXPECT_EQ(waiting->wait(), 128 + signal);
    holder.child->kill(signal);
    EXPECT_EQ(holder.child->wait(), 128 + signal);
  }
}

TEST_F(QueueTest, InterruptReachesTheCommandAlone) {
  auto child = start({"--device", "0", "--run", "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done"});
  EXPECT_EQ(child->line(), "ready");
  child->kill(SIGINT);
  EXPECT_EQ(child->wait(), 5);
  EXPECT_EQ(child->out(), "interrupted\n");
}

// Questions

TEST_F(QueueTest, ListStatusDevicesAndExplainAgree) {
  Holder holder = hold("0", {"--max-time", "100"});
  auto waiting = start({"--device", "0", "--", "true"});
  const std::string id = wait_until_queued(*waiting);
  const json list = json::parse(submit({"--list", "--json"}).out);
  EXPECT_EQ(list.at("running").at(0).at("id"), holder.id);
  EXPECT_EQ(list.at("running").at(0).at("devices"), json::array({0}));
  EXPECT_EQ(list.at("pending").at(0).at("id"), id);
  const json devices = json::parse(submit({"--devices", "--json"}).out);
  EXPECT_EQ(devices.at("devices").at(0).at("state"), "busy");
  EXPECT_EQ(devices.at("devices").at(0).at("jobs"), json::array({holder.id}));
  EXPECT_EQ(devices.at("devices").at(1).at("state"), "free");
  EXPECT_EQ(json::parse(submit({"--status", holder.id, "--json"}).out).at("devices"), json::array({0}));
  const json explained = json::parse(submit({"--explain", id, "--json"}).out);
  EXPECT_GT(explained.at("expected_in_seconds").get<double>(), 50);
  EXPECT_LT(explained.at("expected_in_seconds").get<double>(), 107);
  EXPECT_NE(explained.at("reason").get<std::string>().find("first in line"), std::string::npos);
  EXPECT_EQ(submit({"--find", "read line"}).out, holder.id + "\n");
  EXPECT_NE(submit({"--list"}).out.find(id), std::string::npos);
  EXPECT_NE(submit({"--devices"}).out.find(holder.id), std::string::npos);
  EXPECT_NE(submit({"--explain", id}).out.find("expected start"), std::string::npos);
  holder.release();
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
  wait_until_idle();  // the record goes into the database after the caller has its code
  const json stats = json::parse(submit({"--stats", "--json"}).out);
  EXPECT_EQ(stats.at("own").at(0).at("jobs"), 2);
  EXPECT_EQ(stats.at("host").at(0).at("jobs"), 2);
}

TEST_F(QueueTest, WhatIsPrintedIsPrintedAsJsonToo) {
  const json submitted = json::parse(submit({"--detach", "--json", "--run", "exit 3"}).out);
  const std::string id = submitted.at("id");
  EXPECT_EQ(submit({"--wait", id}).code, 3);
  EXPECT_EQ(json::parse(submit({"--status", id, "--json"}).out).at("exit_code"), 3);
  EXPECT_EQ(json::parse(submit({"--explain", id, "--json"}).out).at("state"), "completed");
  EXPECT_EQ(json::parse(submit({"--find", "exit 3", "--json"}).out), json::array());
  EXPECT_EQ(json::parse(submit({"--clean", "--days", "0", "--json"}).out).at("removed"), 1);
  const json again = json::parse(submit({"--json", "true"}).out);  // the existing tool's form
  EXPECT_EQ(submit({"--wait", again.at("id")}).code, 0);
}

TEST_F(QueueTest, BashCompletesEveryOption) {
  const Ran ran = submit({"--completion"});
  EXPECT_EQ(ran.code, 0);
  const Ran help = submit({"--help"});
  EXPECT_EQ(help.code, 0);
  for (size_t at = help.out.find("\n  --"); at != std::string::npos; at = help.out.find("\n  --", at + 1)) {
    const std::string option = help.out.substr(at + 3, help.out.find_first_of(" ,\n", at + 3) - at - 3);
    EXPECT_NE(ran.out.find(option), std::string::npos) << option;
  }
  Child bash({"bash", "-c", ran.out + "\ncompgen -W \"$(complete -p task-submit | cut -d\"'\" -f2)\" -- --max"});
  EXPECT_EQ(bash.wait(), 0) << bash.err();
  EXPECT_EQ(bash.out(), "--max-time\n");
}

TEST_F(QueueTest, UnknownJobsAreNotFound) {
  for (const char* option : {"--status", "--log", "--wait", "--cancel", "--explain"}) {
    const Ran ran = submit({option, "task_20200101_000000_1"});
    EXPECT_EQ(ran.code, 1) << option;
    EXPECT_NE(ran.err.find("not_found"), std::string::npos) << option;
    EXPECT_EQ(submit({option, "../../etc/passwd"}).code, 2) << option;
  }
}

// Misuse and what cannot be

TEST_F(QueueTest, MisuseIsTwo) {
  const std::vector<std::vector<std::string>> all = {{},
                                                     {"--no-such-option", "--", "true"},
                                                     {"--"},
                                                     {"--device", "auto"},
                                                     {"two", "words"},
                                                     {"--run", "true", "--", "true"},
                                                     {"--device"},
                                                     {"--device", "x", "--", "true"},
                                                     {"--device", "0", "--device-num", "1", "--", "true"},
                                                     {"--device-num", "-1", "--", "true"},
                                                     {"--device-num", "two", "--", "true"},
                                                     {"--no-device", "--device", "0", "--", "true"},
                                                     {"--max-time", "abc", "--", "true"},
                                                     {"--max-time", "-1", "--", "true"},
                                                     {"--timeout", "1s", "--", "true"},
                                                     {"--timeout", "", "--", "true"},
                                                     {"--priority", "1000", "--", "true"},
                                                     {"--isolation", "some", "--", "true"},
                                                     {"--env", "=x", "--", "true"},
                                                     {"-f"},
                                                     {"--detach", "-i", "--run", "true"},
                                                     {"--list", "--", "true"},
                                                     {"--list", "--devices"},
                                                     {"--list", "--max-time", "5"},
                                                     {"--devices", "--device", "0"},
                                                     {"--stats", "--isolation", "none"},
                                                     {"--list", "--days", "3"},
                                                     {"--list", "-f"},
                                                     {"--put-back", "0", "--reason", "mended"},
                                                     {"--devices", "--for", "3"},
                                                     {"--json", "--", "true"},
                                                     {"--take-out", "0", "--json"},
                                                     {"--no-wait", "--timeout", "3", "--", "true"},
                                                     {"--backend", "slurm", "--isolation", "none", "--", "true"},
                                                     {"--backend", "slurm", "--detach", "--timeout", "3", "--", "true"},
                                                     {"--backend", "slurm", "--device-num", "2", "--ignore-group-affinity", "--", "true"}};
  for (const auto& arguments : all) {
    const Ran ran = submit(arguments);
    EXPECT_EQ(ran.code, 2) << fmt::format("{}", fmt::join(arguments, " ")) << ": " << ran.err;
    EXPECT_NE(ran.err, "");
  }
}

TEST_F(QueueTest, DevicesThatThereAreNot) {
  EXPECT_EQ(submit({"--device", "7", "--", "true"}).code, 122);
  EXPECT_EQ(submit({"--device", "auto", "--device-num", "3", "--", "true"}).code, 122);
  EXPECT_EQ(submit({"--take-out", "7"}).code, 122);
}

TEST_F(QueueTest, CommandsThatCannotBeRun) {
  const Ran missing = submit({"--result", root_ / "result", "--", "/nonexistent/program"});
  EXPECT_EQ(missing.code, 127);
  EXPECT_NE(missing.err.find("/nonexistent/program"), std::string::npos);
  EXPECT_EQ(json::parse(read_file(root_ / "result")).at("ended_by"), "queue");
  EXPECT_EQ(submit({"--", "/etc/passwd"}).code, 126);
  EXPECT_EQ(submit({"--isolation", "none", "--", "/nonexistent/program"}).code, 127);
}

TEST_F(QueueTest, NestedSubmissionIsRefused) {
  EXPECT_EQ(submit({"--device", "auto", "--", TW_TASK_SUBMIT, "--device", "auto", "--", "true"}).code, 123);
}

// Sharing

TEST_F(QueueTest, SlotsLetSeveralJobsOnOneDevice) {
  write_config("[[device]]\nid = 0\nslots = 2\n");
  Holder first = hold("0"), second = hold("0");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  first.release();
  EXPECT_EQ(first.child->wait(), 0);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0);
  second.release();
  EXPECT_EQ(second.child->wait(), 0);
}

TEST_F(QueueTest, JobsWithoutADeviceHaveTheirOwnLimit) {
  write_config("deviceless_limit = 1\n[[device]]\nid = 0\n");
  auto holder = start({"--run", "echo up; read line"});
  EXPECT_EQ(holder->line(), "up");
  EXPECT_EQ(submit({"--no-wait", "--", "true"}).code, 120);
  EXPECT_EQ(submit({"--device", "auto", "--no-wait", "--", "true"}).code, 0);
  holder->write("go\n");
  EXPECT_EQ(holder->wait(), 0);
}

TEST_F(QueueTest, GroupsAndPreferredOrder) {
  write_config(
      "preferred = [3, 2, 1, 0]\n[[device]]\nid = 0\ngroup = \"a\"\n[[device]]\nid = 1\ngroup = \"b\"\n[[device]]\nid = 2\ngroup = "
      "\"a\"\n[[device]]\nid = 3\ngroup = \"b\"\n");
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "3\n");
  Holder holder = hold("3");
  EXPECT_EQ(submit({"--device-num", "2", "--run", "echo $TASK_DEVICE"}).out, "0,2\n");
  EXPECT_EQ(submit({"--device-num", "3", "--", "true"}).code, 122);
  EXPECT_EQ(submit({"--device-num", "3", "--ignore-group-affinity", "--run", "echo $TASK_DEVICE"}).out, "0,1,2\n");
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
}

// Health

TEST_F(QueueTest, DevicesAreTakenOutAndPutBack) {
  EXPECT_EQ(submit({"--take-out", "0", "--reason", "smells burnt", "--for", "0"}).code, 0);
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
  const Ran ran = submit({"--device", "0", "--no-wait", "--", "true"});
  EXPECT_EQ(ran.code, 120);
  EXPECT_NE(submit({"--devices"}).out.find("smells burnt"), std::string::npos);
  auto waiting = start({"--device", "0", "--run", "echo $TASK_DEVICE"});
  const std::string id = wait_until_queued(*waiting);
  EXPECT_NE(submit({"--explain", id}).out.find("smells burnt"), std::string::npos);
  EXPECT_EQ(submit({"--put-back", "0"}).code, 0);
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(waiting->out(), "0\n");
}

TEST_F(QueueTest, AFailedHealthCheckTakesTheDeviceOut) {
  write_config(
      fmt::format("health_check = [\"sh\", \"-c\", \"echo device $TASK_DEVICE is hot; test $TASK_DEVICE != 0\"]\n[[device]]\nid = "
                  "0\n[[device]]\nid = 1\n"));
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
  const json devices = json::parse(submit({"--devices", "--json"}).out).at("devices");
  EXPECT_EQ(devices.at(0).at("state"), "out");
  EXPECT_NE(devices.at(0).at("reason").get<std::string>().find("device 0 is hot"), std::string::npos);
}

TEST_F(QueueTest, ACheckThatHangsIsAFailure) {
  write_config(
      "health_check = [\"sh\", \"-c\", \"test $TASK_DEVICE = 1 || sleep 100\"]\ncheck_timeout = 0.2\n[[device]]\nid = 0\n[[device]]\nid = "
      "1\n");
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
}

TEST_F(QueueTest, RepeatedInfrastructureFailuresTakeTheDeviceOut) {
  write_config("infrastructure_failures = 3\n[[device]]\nid = 0\n[[device]]\nid = 1\n");
  const auto fail = [&](int code) {
    EXPECT_EQ(submit({"--device", "0", "--run", fmt::format("exit {}", code)}).code, code);
    wait_until_idle();
  };
  for (int code : {3, 3, 0, 3, 3}) fail(code);  // a success in between starts the count anew
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0) << "two in a row are not three";
  wait_until_idle();
  for (int code : {3, 3, 3}) fail(code);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  EXPECT_EQ(submit({"--put-back", "0"}).code, 0);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0);
}

TEST_F(QueueTest, ADeviceInUseOutsideTheQueueIsSkippedAndShown) {
  const std::string node = root_ / "node0";
  FileDescriptor file(::open(node.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  write_config(fmt::format("[[device]]\nid = 0\nnode = \"{}\"\n[[device]]\nid = 1\n", node));
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
  const json device = json::parse(submit({"--devices", "--json"}).out).at("devices").at(0);
  EXPECT_EQ(device.at("state"), "in use");
  EXPECT_NE(device.at("reason").get<std::string>().find(fmt::format("process {}", ::getpid())), std::string::npos);
  auto waiting = start({"--device", "0", "--run", "echo $TASK_DEVICE"});
  wait_until_queued(*waiting);
  file.reset();
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(waiting->out(), "0\n");
}

TEST_F(QueueTest, JobsOfTheQueueAreNoUseOutsideIt) {
  const std::string node = root_ / "node0";
  std::ofstream(node).flush();
  write_config(fmt::format("[[device]]\nid = 0\nnode = \"{}\"\nslots = 2\n", node));
  Holder first = hold("0"), second = hold("0");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  first.release();
  second.release();
  EXPECT_EQ(first.child->wait() + second.child->wait(), 0);
  // A runner that is slow to go has the node open still, though its job's device is free.
  write_config(fmt::format("[[device]]\nid = 0\nnode = \"{}\"\n", node));
  Holder holder = hold("0");
  auto waiting = start({"--device", "0", "--timeout", "20", "--", "true"});
  wait_until_queued(*waiting);
  const pid_t runner = child_of(supervisor_of(holder.id));
  ::kill(runner, SIGSTOP);
  holder.release();
  EXPECT_EQ(waiting->wait(), 0) << waiting->err();
  ::kill(runner, SIGCONT);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, TheVendorsToolIsAskedWhoUsesADevice) {
  write_config(
      "in_use_check = [\"sh\", \"-c\", \"test $TASK_DEVICE = 1 || { echo pid 77 trains; exit 1; }\"]\n[[device]]\nid = 0\n[[device]]\nid = "
      "1\n");
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
  EXPECT_NE(submit({"--devices"}).out.find("pid 77 trains"), std::string::npos);
}

// Other users

TEST_F(QueueTest, AnotherUsersJobIsSeenAndNotTouched) {
  REQUIRE_ROOT();
  Holder holder = hold("0");
  EXPECT_NE(submit({"--list"}, {}, kNobody).out.find(holder.id), std::string::npos);
  EXPECT_EQ(submit({"--status", holder.id}, {}, kNobody).code, 0);
  EXPECT_EQ(submit({"--cancel", holder.id}, {}, kNobody).code, 123);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}, {}, kNobody).code, 120);
  EXPECT_EQ(submit({"--take-out", "1", "--for", "0"}).code, 0);
  EXPECT_EQ(submit({"--put-back", "1"}, {}, kNobody).code, 123);
  EXPECT_EQ(submit({"--priority", "5", "--", "true"}, {}, kNobody).code, 123);
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
  EXPECT_EQ(submit({"--put-back", "1"}).code, 0);
}

TEST_F(QueueTest, ACancelMessageOfAnotherUserIsIgnored) {
  REQUIRE_ROOT();
  Holder holder = hold("0");
  // The same message that --cancel sends, from a user who may not.
  const std::string script = fmt::format(
      "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(b'cancel', '{}/s.{}')", queue_.string(), holder.id);
  Child sender({"python3", "-c", script}, {}, kNobody);
  EXPECT_EQ(sender.wait(), 0) << sender.err();
  EXPECT_EQ(submit({"--status", holder.id}).out.substr(0, 8), "running\n");
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, FilesUnderAnotherUsersNameAreIgnored) {
  REQUIRE_ROOT();
  // Entries and marks that say root's number and belong to somebody else: a job that holds both devices, one that waits in front of all,
  // with priority; devices taken out, failures, an account. Locked, so that they look alive.
  const std::string script = fmt::format(R"(
import fcntl, json, os, sys
os.chdir('{}')
def plant(name, text):
    file = open(name, 'w')
    file.write(text); file.flush()
    fcntl.flock(file, fcntl.LOCK_EX)
    return file
entry = dict(v=1, pid=os.getpid(), pidns=os.stat('/proc/self/ns/pid').st_ino, pool=[0, 1], avoid=[], one_group=False, limit=0, devices=[])
running = dict(entry, id='task_20300101_000000_1', width=2, devices=[0, 1], started=1)
waiting = dict(entry, id='task_20300101_000000_2', width=2, started=0)
boot = open('/proc/sys/kernel/random/boot_id').read()
kept = [plant('r.00000000000000000001.0.100.2.task_20300101_000000_1', json.dumps(running).ljust(4096)),
        plant('w.00000000000000000002.0.200.2.task_20300101_000000_2', json.dumps(waiting).ljust(4096)),
        plant('out.0.0', '9223372036854775807 ' + boot + 'planted\n'), plant('fail.0.0', '100\n'), plant('acct.0', '1e9 1000000\n')]
print('planted', flush=True)
sys.stdin.readline()
)",
                                         queue_.string());
  Child other({"python3", "-c", script}, {}, kNobody);
  ASSERT_EQ(other.line(), "planted");
  EXPECT_EQ(submit({"--device", "0,1", "--no-wait", "--run", "echo $TASK_DEVICE"}).out, "0,1\n");
  EXPECT_EQ(submit({"--device", "0,1", "--no-wait", "--run", "echo $TASK_DEVICE"}, {}, kNobody).out, "0,1\n");
  EXPECT_EQ(submit({"--list"}).out.find("task_20300101"), std::string::npos);
  EXPECT_EQ(submit({"--devices"}).out.find("planted"), std::string::npos);
  other.write("go\n");
  EXPECT_EQ(other.wait(), 0) << other.err();
  for (const auto& item : fs::directory_iterator(queue_)) fs::remove(item.path());
}

TEST_F(QueueTest, AnotherUsersFilesInTheDirectoryCannotBeTakenAway) {
  REQUIRE_ROOT();
  // The directory is sticky: what is not one's own cannot be removed, renamed or signalled by anybody but root.
  Holder holder = hold("0");
  const pid_t supervisor = supervisor_of(holder.id);
  const std::string script = fmt::format(
      "cd {}; for file in *; do rm -f $file; mv $file x; (: > $file); done 2>/dev/null; kill -9 {} 2>/dev/null; ls | grep -c {}",
      queue_.string(), supervisor, holder.id);
  Child other({"sh", "-c", script}, {}, kNobody);
  other.wait();
  EXPECT_EQ(other.out(), "2\n") << "entry and socket";
  EXPECT_EQ(submit({"--status", holder.id}).out.substr(0, 8), "running\n");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}, {}, kNobody).code, 120);
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, UsersShareTheQueue) {
  REQUIRE_ROOT();
  Holder holder = hold("0", {}, kNobody);
  auto waiting = start({"--device", "0", "--run", "id -u"});
  wait_until_queued(*waiting);
  holder.release();
  EXPECT_EQ(waiting->wait(), 0);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(QueueTest, ConfigurationOfAnotherUserIsRefused) {
  REQUIRE_ROOT();
  write_config("health_check = [\"true\"]\n[[device]]\nid = 0\n");
  ASSERT_EQ(::chown(config_.c_str(), 1234, 1234), 0);
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}).code, 123);
  ASSERT_EQ(::chown(config_.c_str(), 0, 0), 0);
  ::chmod(config_.c_str(), 0666);
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}).code, 123);
}

}  // namespace
}  // namespace tilewright::queue
