#include "chaos.h"

#include <dirent.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace tilewright::queue {

namespace {

const char* const kJob = R"(
for device in ${TASK_DEVICE//,/ }; do
  exec {marker}>>"$MARKERS/m.$device"
  flock -n $marker || { echo "$TW_TASK_ID shares device $device" >> "$MARKERS/violations"; exit 77; }
done
if [ $3 = daemon ]; then setsid bash -c 'trap "" TERM; sleep 100' & fi
sleep $1
exit $2
)";

struct Submitted {
  int code = 0;           ///< what the job exits with
  bool limited = false;   ///< it runs longer than its --max-time
  bool impatient = false;  ///< it may give up waiting
  std::string name;
};

struct Seen {
  pid_t pid = 0;
  std::string submitter;
};

std::string variable(const std::string& environment, const std::string& name) {
  const size_t at = environment.find('\0' + name + "=");
  return at == std::string::npos ? "" : std::string(environment.c_str() + at + name.size() + 2);
}

/// All processes of this queue but ourselves, with the name of the submitter that each belongs to.
std::vector<Seen> processes_of(const std::string& queue) {
  std::vector<Seen> seen;
  DIR* processes = ::opendir("/proc");
  while (const dirent* process = ::readdir(processes)) {
    const pid_t pid = std::atoi(process->d_name);
    if (pid <= 0 || pid == ::getpid()) continue;
    std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    const std::string text = '\0' + std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (variable(text, "TW_QUEUE_DIR") == queue && !variable(text, "SUBMITTER").empty()) seen.push_back({pid, variable(text, "SUBMITTER")});
  }
  ::closedir(processes);
  return seen;
}

}  // namespace

unsigned ChaosTest::seed() {
  const char* given = std::getenv("TW_TEST_SEED");
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device()();
}

void ChaosTest::cancel_one(unsigned choice, std::set<std::string>& touched) {
  std::vector<std::string> names;
  for (const std::string& name : queue_files()) {
    if (name.starts_with("w.") || name.starts_with("r.")) names.push_back(name);
  }
  if (names.empty()) return;
  const std::string id = names[choice % names.size()].substr(names[choice % names.size()].rfind('.') + 1);
  std::ifstream file(fmt::format("/proc/{}/environ", supervisor_of(id)), std::ios::binary);
  touched.insert(variable('\0' + std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}, "SUBMITTER"));
  const int code = submit({"--cancel", id}).code;
  EXPECT_TRUE(code == 0 || code == 1) << code;  // 1: it was over by then
}

void ChaosTest::run_chaos(int submitters, unsigned seed) {
  SCOPED_TRACE(fmt::format("TW_TEST_SEED={}", seed));
  std::printf("TW_TEST_SEED=%u\n", seed);
  std::mt19937 random(seed);
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  set_devices("0-3");
  const bool groups = offers_isolation("cgroup");
  std::ofstream(root_ / "job") << kJob;
  std::map<pid_t, Submitted> running;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < submitters; ++i) {
    Submitted submitted;
    submitted.name = fmt::format("s{}", i);
    submitted.code = static_cast<int>(random() % 100);
    submitted.limited = chance(10);
    submitted.impatient = chance(10);
    std::vector<std::string> arguments = {"--device", "auto", "--device-num", chance(15) ? "4" : chance(30) ? "2" : "1", "--grace", "0.05"};
    if (submitted.limited) arguments.insert(arguments.end(), {"--max-time", "0.1"});
    if (submitted.impatient) arguments.insert(arguments.end(), {"--timeout", "0.5"});
    if (const unsigned kind = random() % 10; kind < 3)
      arguments.insert(arguments.end(), {"--isolation", "none"});
    else if (kind < 5 && groups)
      arguments.insert(arguments.end(), {"--isolation", "cgroup"});
    arguments.insert(arguments.end(), {"--", "bash", root_ / "job", submitted.limited ? "30" : fmt::format("0.0{}", random() % 5),
                                       std::to_string(submitted.code), chance(10) ? "daemon" : "plain"});
    children.push_back(start(arguments, {"SUBMITTER=" + submitted.name, "MARKERS=" + root_.string()}));
    running[children.back()->pid()] = submitted;
  }
  std::set<std::string> touched;
  std::map<int, int> codes;
  while (!running.empty()) {
    int status = 0;
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
    const auto job = running.find(ended.si_pid);
    if (job == running.end()) {
      ::waitpid(ended.si_pid, &status, 0);
      continue;
    }
    const auto child = std::find_if(children.begin(), children.end(), [&](const auto& child) { return child->pid() == ended.si_pid; });
    const int code = (*child)->wait();
    ++codes[code];
    const Submitted& submitted = job->second;
    const bool expected = submitted.limited ? code == 124 : code == submitted.code;
    if (!touched.contains(submitted.name) && !expected && !(submitted.impatient && code == 120)) {
      ADD_FAILURE() << submitted.name << " ended with " << code << " instead of " << (submitted.limited ? 124 : submitted.code) << ": "
                    << (*child)->err();
    }
    EXPECT_NE(code, 77 + 128);
    children.erase(child);
    running.erase(job);
    if (chance(15)) cancel_one(random(), touched);
    if (!chance(60)) continue;
    const std::vector<Seen> all = processes_of(queue_);
    if (all.empty()) continue;
    // One or, as in `pkill -9`, several processes of one submitter.
    const std::string victim = all[random() % all.size()].submitter;
    touched.insert(victim);
    const bool several = chance(30);
    for (const Seen& process : all) {
      if (process.submitter != victim || (several && chance(30))) continue;
      ::kill(process.pid, chance(90) ? SIGKILL : SIGTERM);
      if (!several) break;
    }
  }
  wait_until_idle();
  std::ifstream violations(root_ / "violations");
  const std::string text{std::istreambuf_iterator<char>(violations), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, "");
  EXPECT_EQ(submit({"--device-num", "4", "--no-wait", "--", "true"}).code, 0) << "a device is lost";
  std::string summary;
  for (const auto& [code, count] : codes) {
    if (code >= 120) summary += fmt::format(" {}x{}", code, count);
  }
  std::printf("codes from 120 on:%s; %zu of %d submitters were hit\n", summary.c_str(), touched.size(), submitters);
}

}  // namespace tilewright::queue
