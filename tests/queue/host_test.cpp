// Hosts on which something is not as it should be: directories, disks, locks, clocks, other versions, very long queues.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "queue/entry.h"
#include "queue_fixture.h"

namespace tilewright::queue {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

#define REQUIRE_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root"

class HostTest : public QueueTest {
 protected:
  /// A shell in a mount namespace of its own, with this queue in its environment and "$1" task-submit.
  std::pair<int, std::string> in_mount_namespace(const std::string& script) {
    Child child({"unshare", "-m", "bash", "-c", "mount --make-rprivate /; " + script, "bash", TW_TASK_SUBMIT},
                {"TW_QUEUE_DIR=" + queue_.string(), "XDG_STATE_HOME=" + state_.string(), "TW_TASK_DEVICES=0-1", "TW_QUEUE_CONFIG",
                 "TASKQUEUE_INSIDE"});
    const int code = child.wait();
    return {code, child.out() + child.err()};
  }
  /// An entry file that this process holds the lock of.
  FileDescriptor plant(const EntryName& name, const std::string& content) {
    FileDescriptor file(::open((queue_ / name.text()).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
    planted_.push_back(queue_ / name.text());
    return file;
  }
  void TearDown() override {
    for (const fs::path& path : planted_) fs::remove(path);
    QueueTest::TearDown();
  }
  std::vector<fs::path> planted_;
};

TEST_F(HostTest, ADirectoryThatOthersCannotShareIsRefused) {
  for (mode_t mode : {0700, 0755, 0777, 01770}) {
    ::chmod(queue_.c_str(), mode);
    EXPECT_EQ(submit({"--device", "auto", "--", "true"}).code, 123) << fmt::format("{:o}", mode);
  }
  ::chmod(queue_.c_str(), 01777);
  ::chmod(root_.c_str(), 0700);
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}).code, 123) << "behind a directory that is closed to others";
  ::chmod(root_.c_str(), 0755);
  fs::create_symlink(queue_, root_ / "link");
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}, {"TW_QUEUE_DIR=" + (root_ / "link").string()}).code, 123);
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}).code, 0);
}

TEST_F(HostTest, AMissingDirectoryIsMadeForEverybody) {
  fs::remove(queue_);
  EXPECT_EQ(submit({"--device", "auto", "--", "true"}, {}, -1).code, 0);
  struct stat info{};
  ASSERT_EQ(::stat(queue_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 01777u);
}

TEST_F(HostTest, FileSystemsWithoutLocksAreRefused) {
  for (const char* kind : {"no_locks", "no_exclusion"}) {
    const Ran ran =
        submit({"--device", "auto", "--", "touch", root_ / "ran"}, {"LD_PRELOAD=" TW_STRANGE_HOST, fmt::format("STRANGE_HOST={}", kind)});
    EXPECT_EQ(ran.code, 123) << kind << ran.err;
    EXPECT_NE(ran.err.find("lock"), std::string::npos);
    EXPECT_FALSE(fs::exists(root_ / "ran"));
  }
}

TEST_F(HostTest, ClockJumpsChangeNothing) {
  const std::vector<std::string> strange = {"LD_PRELOAD=" TW_STRANGE_HOST, "STRANGE_HOST=clock"};
  EXPECT_EQ(submit({"--device", "auto", "--max-time", "1000", "--timeout", "1000", "--run", "exit 5"}, strange).code, 5);
  EXPECT_EQ(submit({"--device", "auto", "--max-time", "0.2", "--grace", "0.1", "--", "sleep", "100"}, strange).code, 124);
  Holder holder = hold("0");
  auto waiting = start({"--device", "0", "--timeout", "1000", "--run", "exit 6"}, strange);
  wait_until_queued(*waiting);
  holder.release();
  EXPECT_EQ(waiting->wait(), 6);
  EXPECT_EQ(holder.child->wait(), 0);
}

TEST_F(HostTest, AReadOnlyDirectoryIsAnError) {
  REQUIRE_ROOT();
  const auto [code, output] = in_mount_namespace(
      "mount --bind \"$TW_QUEUE_DIR\" \"$TW_QUEUE_DIR\"; mount -o remount,ro,bind \"$TW_QUEUE_DIR\"; \"$1\" --device auto -- true");
  EXPECT_EQ(code, 125) << output;
  EXPECT_NE(output.find("Read-only"), std::string::npos) << output;
}

TEST_F(HostTest, AFullDiskRefusesNewJobsAndLosesNoRunningOne) {
  REQUIRE_ROOT();
  const auto [code, output] = in_mount_namespace(
      "mount -t tmpfs -o size=256k,mode=1777 none \"$TW_QUEUE_DIR\"; export FULL=\"$TW_QUEUE_DIR/fill\" SUBMIT=\"$1\"\n"
      "\"$1\" --device 0 --run 'cat /dev/zero > $FULL 2>/dev/null; env -u TASKQUEUE_INSIDE $SUBMIT --device 1 -- true; echo second $?; "
      "exit 9'; echo first $?\n"
      "ls $TW_QUEUE_DIR | grep -c '^[wren]\\.'; rm $FULL; \"$1\" --device-num 2 --no-wait -- true; echo third $?");
  EXPECT_EQ(code, 0);
  for (const char* expected : {"second 125", "first 9", "\n0\n", "third 0", "No space left"})
    EXPECT_NE(output.find(expected), std::string::npos) << expected << " in: " << output;
}

TEST_F(HostTest, AFullDiskForRecordsCostsNoExitCode) {
  REQUIRE_ROOT();
  const auto [code, output] = in_mount_namespace(
      "mount -t tmpfs -o size=64k none \"$XDG_STATE_HOME\"; cat /dev/zero > \"$XDG_STATE_HOME/fill\" 2>/dev/null; \"$1\" --device auto "
      "--run 'exit 9'; echo code $?");
  EXPECT_NE(output.find("code 9"), std::string::npos) << output;
  EXPECT_EQ(submit({"--device-num", "2", "--no-wait", "--", "true"}).code, 0);
}

// What keeps a job's processes together

TEST_F(HostTest, ANamespaceThatCannotBeSetUpCostsNoOutput) {
  // As in containers that may make namespaces and may not mount /proc: noticed only after the root was started.
  const std::vector<std::string> strange = {"LD_PRELOAD=" TW_STRANGE_HOST, "STRANGE_HOST=no_mount"};
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo out; echo $TASK_DEVICE"}, strange).out, "out\n0\n");
  const std::string id = submit({"--detach", "--run", "echo logged"}, strange).out;
  const std::string trimmed = id.substr(0, id.find('\n'));
  EXPECT_EQ(submit({"--wait", trimmed}).code, 0);
  EXPECT_EQ(submit({"--log", trimmed}).out, "logged\n");
  const Ran ran = submit({"--isolation", "namespace", "--", "touch", root_ / "ran"}, strange);
  EXPECT_EQ(ran.code, 123) << ran.err;
  EXPECT_FALSE(fs::exists(root_ / "ran"));
}

TEST_F(HostTest, WithNeitherNamespaceNorGroupTheGuaranteeIsSaidToBeWeaker) {
  // The limit is the user namespace's own, so nobody else on this host notices; and there this user owns no control group.
  const std::string bare = "echo 0 > /proc/sys/user/max_pid_namespaces && exec \"$@\"";
  const auto run = [&](std::vector<std::string> arguments) {
    const std::vector<std::string> prefix = {"unshare", "--user", "--map-root-user", "sh", "-c", bare, "sh", TW_TASK_SUBMIT};
    arguments.insert(arguments.begin(), prefix.begin(), prefix.end());
    Child child(arguments,
                {"TW_QUEUE_DIR=" + queue_.string(), "XDG_STATE_HOME=" + (state_ / "other").string(), "TW_TASK_DEVICES=0-1",
                 "TW_QUEUE_CONFIG", "TASKQUEUE_INSIDE"},
                ::geteuid() == 0 ? 65534 : -1);
    const int code = child.wait();
    return Ran{code, child.out(), child.err()};
  };
  if (run({"--version"}).code != 0) GTEST_SKIP() << "no user namespaces here";
  const json devices = json::parse(run({"--devices", "--json"}).out);
  EXPECT_EQ(devices.at("isolation"), "none");
  EXPECT_NE(devices.at("guarantee").get<std::string>().find("weaker"), std::string::npos);
  EXPECT_EQ(run({"--isolation", "namespace", "--", "true"}).code, 123);
  EXPECT_EQ(run({"--isolation", "cgroup", "--", "true"}).code, 123);
  const Ran ran = run({"--device", "auto", "--grace", "0.1", "--run", "setsid sh -c 'trap \"\" TERM; sleep 1000' & echo up; exit 7"});
  EXPECT_EQ(ran.code, 7) << ran.err;
  EXPECT_EQ(ran.out, "up\n");
  wait_until_idle();  // fails if what it left behind lives
  EXPECT_EQ(json::parse(submit({"--devices", "--json"}).out).at("isolation"), offers_isolation("namespace") ? "namespace" : "cgroup");
}

TEST_F(HostTest, ADeadJobsClaimOnAGroupThatIsNotItsOwnIsIgnored) {
  // A dead entry that names a populated directory as its group: no group, one of another name, one of another owner.
  for (const std::string& group :
       {std::string("/sys/fs/cgroup"), std::string("/proc/self"), (root_ / "tw-task_20300101_000000_1").string()}) {
    fs::create_directories(root_ / "tw-task_20300101_000000_1");
    std::ofstream(root_ / "tw-task_20300101_000000_1" / "cgroup.events") << "populated 1\n";
    Entry entry;
    entry.id = "task_20300101_000000_1";
    entry.pid = 1;
    entry.devices = {0};
    entry.cgroup = group;
    plant({JobState::kRunning, 1, ::geteuid(), 0, 1, entry.id}, entry.serialize());  // and unlocked at once
    EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0) << group;
  }
}

TEST_F(HostTest, ADamagedHistoryLosesNothing) {
  fs::create_directories(state_ / "tilewright" / "queue");
  std::ofstream(state_ / "tilewright" / "queue" / "history.db") << std::string(10'000, 'x');
  EXPECT_EQ(submit({"--device", "auto", "--run", "exit 4"}).code, 4);
  wait_until_idle();
  const Ran stats = submit({"--stats", "--json"});
  EXPECT_EQ(json::parse(stats.out).at("own").at(0).at("jobs"), 1);
}

TEST_F(HostTest, JobsOfAnotherVersionAreLeftAlone) {
  // A later version's entries, whose content this one does not understand, and its lock on device 0.
  const auto waiting = plant({JobState::kWaiting, 1, 0, 0, 1, "task_20300101_000000_1"}, R"({"v": 2, "wants": "everything"})");
  // One that could be read, and would be first and want everything.
  Entry readable;
  readable.version = kProtocolVersion + 1;
  readable.id = "task_20300101_000000_3";
  readable.pid = ::getpid();
  readable.pool = {0, 1};
  readable.width = 2;
  const auto wide = plant({JobState::kWaiting, 3, ::geteuid(), 0, 2, readable.id}, readable.serialize());
  const auto running =
      plant({JobState::kRunning, 2, 0, 0, 1, "task_20300101_000000_2"}, R"({"v": 2, "id": "task_20300101_000000_2", "devices": "0"})");
  const FileDescriptor device(::open((queue_ / "d.0").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(::flock(device.get(), LOCK_EX), 0);
  EXPECT_EQ(submit({"--device", "auto", "--no-wait", "--run", "echo $TASK_DEVICE"}).out, "1\n");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  EXPECT_TRUE(fs::exists(planted_[0]));
  EXPECT_TRUE(fs::exists(planted_[1]));
}

TEST_F(HostTest, TwoVersionsAtOnceShareDevicesAndKeepTheirOwnOrder) {
  // Either program holds, the other wants: one owner, whoever came first; and the one that waits starts when the other's job ends.
  const std::string programs[2] = {TW_TASK_SUBMIT, TW_TASK_SUBMIT_NEXT};
  for (int first : {0, 1}) {
    program_ = programs[first];
    Holder holder = hold("0");
    program_ = programs[1 - first];
    EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
    EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n");
    EXPECT_EQ(json::parse(submit({"--devices", "--json"}).out).at("devices").at(0).at("state"), "busy");
    auto waiting = start({"--device", "0", "--run", "echo $TASK_DEVICE"});
    wait_until_queued(*waiting);
    auto wide = start({"--device", "0,1", "--run", "echo $TASK_DEVICE"});
    wait_until_queued(*wide);
    holder.release();
    EXPECT_EQ(holder.child->wait(), 0);
    EXPECT_EQ(waiting->wait(), 0);
    EXPECT_EQ(waiting->out(), "0\n");
    EXPECT_EQ(wide->wait(), 0);
    // An order of a person reaches the other version's job: it is the sender that counts.
    program_ = programs[first];
    Holder cancelled = hold("0");
    program_ = programs[1 - first];
    EXPECT_EQ(submit({"--cancel", cancelled.id}).code, 0);
    EXPECT_EQ(cancelled.child->wait(), 121);
  }
}

TEST_F(HostTest, SlotsOfOthersAndLinksAreNotTaken) {
  write_config("[[device]]\nid = 0\nslots = 3\n");
  // One slot is locked by a process that is no job of this version, one is a link: one is left.
  const FileDescriptor slot(::open((queue_ / "d.0.0").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(::flock(slot.get(), LOCK_EX), 0);
  fs::create_symlink("/etc/passwd", queue_ / "d.0.1");
  Holder holder = hold("0");
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 120);
  holder.release();
  EXPECT_EQ(holder.child->wait(), 0);
  EXPECT_EQ(submit({"--device", "0", "--no-wait", "--", "true"}).code, 0);
}

TEST_F(HostTest, GarbageInTheDirectoryIsIgnored) {
  fs::create_directory(queue_ / "w.00000000000000000001.0.100.1.task_20300101_000000_1");
  fs::create_symlink("/etc/passwd", queue_ / "w.00000000000000000002.0.100.1.task_20300101_000000_2");
  ASSERT_EQ(::mkfifo((queue_ / "r.00000000000000000003.0.100.1.task_20300101_000000_3").c_str(), 0666), 0);
  std::ofstream(queue_ / "out.0.0") << "not a mark";
  std::ofstream(queue_ / "out.x.y") << "";
  std::ofstream(queue_ / "acct.0") << "lots";
  std::ofstream(queue_ / "w.nonsense") << "";
  fs::create_symlink("/etc/passwd", queue_ / "d.0");
  EXPECT_EQ(submit({"--device", "auto", "--run", "echo $TASK_DEVICE"}).out, "1\n") << "a link is no lock file";
  EXPECT_EQ(submit({"--list"}).code, 0);
  EXPECT_EQ(submit({"--devices"}).code, 0);
  for (const auto& item : fs::directory_iterator(queue_)) fs::remove(item.path());
}

}  // namespace
}  // namespace tilewright::queue
