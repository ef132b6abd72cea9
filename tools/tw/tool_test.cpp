// The program as a user meets it: exit codes, messages, JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ProcessResult tw(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {TW_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process(argv);
}

/// A shell command in which "$tw" is the program.
ProcessResult shell(const std::string& command) { return run_process({"sh", "-c", "tw='" TW_PROGRAM "'; " + command}); }

nlohmann::json json_of(const std::string& command) { return nlohmann::json::parse(shell(command + " 2>/dev/null").output); }

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  const std::string text = shell("\"$tw\" --help | sed -n 's/^  \\([a-z-]*\\)  .*/\\1/p'").output;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string name = text.substr(begin, text.find('\n', begin) - begin);
    if (!name.empty() && name[0] != '-') names.push_back(name);
  }
  return names;
}

TEST(Tool, SaysItsVersion) {
  const ProcessResult result = tw({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "tw " TW_VERSION "\n");
}

TEST(Tool, WithoutACommandItShowsHelpAndCountsAsMisuse) {
  const ProcessResult result = tw({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("Usage: tw"));
}

TEST(Tool, MisuseEndsWith2AndSaysWhere) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"frobnicate"}, "frobnicate"},
      {{"platforms", "--colour"}, "--colour"},
      {{"platforms", "extra"}, "extra"},
      {{"--log-level", "loud", "platforms"}, "unknown log level 'loud'"},
      {{"help", "frobnicate"}, "there is no command 'tw frobnicate'"},
  };
  for (const auto& [arguments, reason] : cases) {
    const ProcessResult result = tw(arguments);
    EXPECT_EQ(result.exit_code, 2) << reason;
    EXPECT_THAT(result.output, StartsWith("tw: error: "));
    EXPECT_THAT(result.output, HasSubstr(reason));
    EXPECT_THAT(result.output, HasSubstr("hint: "));
  }
}

TEST(Tool, WithJsonAnErrorIsAnObjectOnStandardOutput) {
  const nlohmann::json error = json_of("\"$tw\" test --json").at("error");
  EXPECT_EQ(error["name"], "unsupported");
  EXPECT_EQ(error["exit_code"], 2);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("tw test"));
  EXPECT_EQ(json_of("\"$tw\" platforms --json --colour").at("error")["name"], "invalid_argument");
}

TEST(Tool, CommandsOfALaterVersionAreRefusedWhateverFollows) {
  for (const char* name : {"test", "trace", "execute-artifact", "bench"}) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{name}, {name, "x", "--some", "switch", "-y"}}) {
      const ProcessResult result = tw(arguments);
      EXPECT_EQ(result.exit_code, 2) << name;
      EXPECT_THAT(result.output, HasSubstr(std::string("'tw ") + name + "' is not built yet in this version"));
    }
  }
}

TEST(Tool, HelpExplainsEveryCommandWithAnExample) {
  const std::vector<std::string> names = command_names();
  ASSERT_GE(names.size(), 11u);
  for (const std::string& name : names) {
    const ProcessResult result = tw({"help", name});
    EXPECT_EQ(result.exit_code, 0) << name;
    EXPECT_THAT(result.output, testing::ContainsRegex("Example:[ \n]+tw " + name)) << name;
    EXPECT_EQ(result.output, tw({name, "--help"}).output) << name;
  }
}

TEST(Tool, TheReferenceInTheDocumentationIsTheProgramsOwn) {
  EXPECT_EQ(read_file(TW_REFERENCE), tw({"help", "--all"}).output) << "write it again: build/bin/tw help --all > docs/reference/tw.md";
}

TEST(Tool, PlatformsSayWhatIsAvailableAndWhatIsMissing) {
  const ProcessResult text = tw({"platforms"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.output, HasSubstr("a2a3sim"));
  EXPECT_THAT(text.output, HasSubstr("plug-in"));
  const nlohmann::json json = json_of("\"$tw\" platforms --json");
  ASSERT_GE(json["platforms"].size(), 4u);
  for (const auto& platform : json["platforms"]) {
    EXPECT_EQ(platform["available"], platform["simulated"]) << platform;
    EXPECT_EQ(platform["reason"].get<std::string>().empty(), platform["available"].get<bool>()) << platform;
    EXPECT_EQ(platform["aiv_cores"].get<int>(), 2 * platform["aic_cores"].get<int>());
  }
}

TEST(Tool, DevicesListTheSimulatedPlatforms) {
  EXPECT_EQ(tw({"devices"}).exit_code, 0);
  const nlohmann::json json = json_of("\"$tw\" devices --json");
  int simulated = 0;
  for (const auto& device : json["devices"]) {
    if (!device["simulated"].get<bool>()) continue;
    ++simulated;
    EXPECT_TRUE(device["available"].get<bool>());
  }
  EXPECT_GE(simulated, 2);
}

TEST(Doctor, EveryCheckSaysWhatItIsForAndTheExitCodeFollowsTheRequiredOnes) {
  TemporaryDirectory cache;
  const std::string command = "TW_CACHE_DIR=" + cache.path().string() + " \"$tw\" doctor";
  const nlohmann::json json = json_of(command + " --json");
  bool good = true;
  for (const auto& check : json["checks"]) {
    EXPECT_FALSE(check["detail"].get<std::string>().empty()) << check;
    EXPECT_FALSE(check["use"].get<std::string>().empty()) << check;
    good = good && (check["found"].get<bool>() || !check["required"].get<bool>());
  }
  EXPECT_EQ(json["good"].get<bool>(), good);
  EXPECT_EQ(shell(command).exit_code, good ? 0 : 3);
}

TEST(Doctor, WithoutACompilerItEndsWith3AndNamesIt) {
  TemporaryDirectory empty;
  const ProcessResult result = shell("unset TW_CXX; PATH=" + empty.path().string() + " \"$tw\" doctor");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("required but missing: g++"));
  EXPECT_THAT(result.output, HasSubstr("not on PATH; package g++"));
}

TEST(Doctor, AStoreThatCannotBeWrittenIsNamed) {
  // A file in the way: nobody, not even root, can write below it.
  const nlohmann::json json = json_of("TW_CACHE_DIR=/dev/null/cache \"$tw\" doctor --json");
  EXPECT_EQ(json["good"], false);
  for (const auto& check : json["checks"]) {
    if (check["name"] != "directory") continue;
    EXPECT_THAT(check["detail"].get<std::string>(), HasSubstr("/dev/null/cache cannot be written"));
  }
}

TEST(Doctor, ItChangesNothing) {
  TemporaryDirectory home;
  EXPECT_EQ(shell("TW_CACHE_DIR=" + home.path().string() + "/cache \"$tw\" doctor >/dev/null").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(home.path()));
}

TEST(Tool, OutputThatCannotBeWrittenIsAnError) {
  const ProcessResult result = shell("\"$tw\" platforms > /dev/full");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("standard output"));
}

TEST(Tool, CtrlCEndsWhatWasStarted) {
  // 'tw doctor' starts a compiler that never ends, but says so, and who its parent is. If tw ends by itself, that is said
  // too, so that the test fails instead of waiting.
  TemporaryDirectory directory;
  const std::string root = directory.path().string();
  write_file_atomically(directory.path() / "compiler", "#!/bin/sh\necho $$ $PPID > " + root + "/fifo\nexec sleep 100000\n");
  const ProcessResult result = shell("cd " + root + R"(; chmod +x compiler; mkfifo fifo; exec 3<>fifo
      (TW_CXX=$PWD/compiler "$tw" doctor 2>/dev/null; echo status $? > status; echo ended early > fifo) 2>/dev/null &
      read compiler tool <&3
      kill -TERM $tool
      wait
      cat status
      # The child was dead before its parent ended: it is gone, or a zombie that nobody has waited for yet.
      grep -s State /proc/$compiler/status | grep -v Z
      ls)");
  EXPECT_EQ(result.output, "status 143\ncompiler\nfifo\nstatus\n");
}

}  // namespace
}  // namespace tilewright
