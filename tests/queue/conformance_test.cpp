// One suite, both backends: what a user of one may expect of the other.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "queue_fixture.h"

namespace tilewright::queue {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// A private Slurm for the whole program; or why there is none.
class PrivateSlurm : public ::testing::Environment {
 public:
  static inline std::string config, problem;

  void SetUp() override {
    std::string pattern = "/tmp/tw-slurm-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const ProcessResult started = run_process({"timeout", "-k", "1", "60", TW_PRIVATE_SLURM, "start", directory_, "2"});
    if (started.exit_code == 0)
      config = directory_ + "/slurm.conf";
    else
      problem = started.output;
    if (!config.empty()) ::setenv("SLURM_CONF", config.c_str(), 1);
  }
  void TearDown() override {
    run_process({TW_PRIVATE_SLURM, "stop", directory_});
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  static void stop_controller() {
    std::ifstream file(fs::path(config).parent_path() / "slurmctld.pid");
    pid_t pid = 0;
    file >> pid;
    ::kill(pid, SIGKILL);
  }

 private:
  std::string directory_;
};

class Conformance : public QueueTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (slurm() && PrivateSlurm::config.empty()) GTEST_SKIP() << PrivateSlurm::problem;
    QueueTest::SetUp();
  }
  void TearDown() override {
    if (!root_.empty()) QueueTest::TearDown();
  }
  bool slurm() const { return std::string(GetParam()) == "slurm"; }
  std::vector<std::string> with_backend(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--backend", GetParam()});
    return arguments;
  }
  Ran run(const std::vector<std::string>& arguments) { return submit(with_backend(arguments)); }
  std::unique_ptr<Child> begin(const std::vector<std::string>& arguments) { return start(with_backend(arguments)); }
  static std::string trimmed(const std::string& text) { return text.substr(0, text.find('\n')); }
};

TEST_P(Conformance, ExitCodesPassThrough) {
  for (int code : {0, 7, 124, 255}) {
    const Ran ran = run({"--device", "auto", "--result", root_ / "result", "--run", fmt::format("exit {}", code)});
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_EQ(json::parse(read_file(root_ / "result")).at("ended_by"), "job");
  }
  EXPECT_EQ(run({"--device", "auto", "--run", "kill -9 $$"}).code, 137);
  EXPECT_EQ(run({"--device", "auto", "--", "/nonexistent/program"}).code, 127);
}

TEST_P(Conformance, GrantedDevicesAreInTaskDevice) {
  EXPECT_EQ(run({"--device", "auto", "--device-num", "2", "--run", "echo $TASK_DEVICE ${CUDA_VISIBLE_DEVICES-none}"}).out, "0,1 none\n");
  EXPECT_EQ(run({"--run", "echo ${TASK_DEVICE-none}"}).out, "none\n");
}

TEST_P(Conformance, StreamsAndDirectory) {
  auto child = begin({"--device", "auto", "--run", "read line; echo \"$line\"; pwd; echo error >&2"});
  child->write("hello\n");
  EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(child->out(), "hello\n" + fs::current_path().string() + "\n");
  EXPECT_NE(child->err().find("error\n"), std::string::npos);
}

TEST_P(Conformance, MaxTime) {
  const Ran ran = run({"--device", "auto", "--max-time", "0.5", "--grace", "0.2", "--result", root_ / "result", "--run",
                       "trap '' TERM; while :; do sleep 0.1; done"});
  EXPECT_EQ(ran.code, 124);
  EXPECT_EQ(json::parse(read_file(root_ / "result")).at("reason"), "time_limit");
}

TEST_P(Conformance, WaitingCancellingAndTimeout) {
  auto holder = begin({"--device", "auto", "--device-num", "2", "--run", "echo $TW_TASK_ID; read line"});
  const std::string id = trimmed(holder->line());
  EXPECT_EQ(run({"--device", "auto", "--timeout", "1", "--run", "true"}).code, 120);
  const Ran detached = run({"--detach", "--device", "auto", "--run", "true"});
  EXPECT_EQ(detached.code, 0) << detached.err;
  const std::string waiting = trimmed(detached.out);
  EXPECT_EQ(trimmed(run({"--status", waiting}).out), "pending");
  EXPECT_EQ(trimmed(run({"--status", id}).out), "running");
  EXPECT_EQ(json::parse(run({"--status", id, "--json"}).out).at("devices"), json::array({0, 1}));
  const json list = json::parse(run({"--list", "--json"}).out);
  EXPECT_EQ(list.at("running").at(0).at("id"), id);
  EXPECT_EQ(list.at("pending").at(0).at("id"), waiting);
  EXPECT_EQ(run({"--cancel", waiting}).code, 0);
  EXPECT_EQ(run({"--wait", waiting}).code, 121);
  EXPECT_EQ(run({"--cancel", id}).code, 0);
  EXPECT_EQ(holder->wait(), 121);
}

TEST_P(Conformance, DetachedLogAndWait) {
  const std::string id = trimmed(run({"--detach", "--device", "auto", "--run", "echo out; echo err >&2; exit 7"}).out);
  EXPECT_EQ(run({"--wait", id}).code, 7);
  EXPECT_EQ(run({"--log", id}).out, "out\nerr\n");
  EXPECT_EQ(trimmed(run({"--status", id}).out), "completed (exit=7)");
}

TEST_P(Conformance, UnknownJobs) {
  for (const char* option : {"--status", "--log", "--wait", "--cancel"})
    EXPECT_EQ(run({option, "task_20200101_000000_1"}).code, 1) << option;
}

INSTANTIATE_TEST_SUITE_P(Backend, Conformance, ::testing::Values("local", "slurm"),
                         [](const auto& info) { return std::string(info.param); });

class SlurmOnly : public Conformance {};

TEST_P(SlurmOnly, InsideAnAllocationTheLocalBackendSubdivides) {
  const std::string inner = fmt::format(
      "TW_TASK_DEVICES= {0} --device auto --run 'echo got $TASK_DEVICE'; {0} --device auto --device-num 3 -- true; echo code $?",
      TW_TASK_SUBMIT);
  Child job({"srun", "--quiet", "--gres=gpu:2", "env", "-u", "TASKQUEUE_INSIDE", "-u", "TW_TASK_DEVICES", "TW_QUEUE_DIR=" + queue_.string(),
             "XDG_STATE_HOME=" + state_.string(), "bash", "-c", inner});
  EXPECT_EQ(job.wait(), 0);
  EXPECT_EQ(job.out(), "got 0\ncode 122\n") << job.err();
}

// The last one: there is no controller after it.
TEST_P(SlurmOnly, WithoutAControllerThereIsAnErrorWithinSeconds) {
  PrivateSlurm::stop_controller();
  const Ran ran = run({"--device", "auto", "--run", "true"});
  EXPECT_EQ(ran.code, 125);
  EXPECT_NE(ran.err.find("down"), std::string::npos) << ran.err;
}

INSTANTIATE_TEST_SUITE_P(Backend, SlurmOnly, ::testing::Values("slurm"), [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tilewright::queue

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::AddGlobalTestEnvironment(new tilewright::queue::PrivateSlurm);
  return RUN_ALL_TESTS();
}
