// 'tw run' as a user meets it, on a simulated device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "base/process.h"
#include "data/npy.h"
#include "data/tensor_spec.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A shell command in which $tw is the program, $hello the example c = a + b, and the store one of the tests' own.
ProcessResult shell(const std::string& command) {
  return run_process({"sh", "-c", "export TW_CACHE_DIR='" TW_TEST_CACHE "'; tw='" TW_PROGRAM "'; hello='" TW_HELLO "'; " + command});
}

ProcessResult hello(const std::string& arguments) { return shell("$tw run $hello --platform a2a3sim " + arguments); }

constexpr const char* kArguments = " --arg a=f32[5000]=arange --arg b=f32[5000]=full:1 --arg c=f32[5000] ";

class Run : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const { write_file_atomically(file(name), text); }

  /// A callable of one orchestration that runs `body`, with one INOUT tensor x, and no kernels; its path.
  std::string callable_of(const std::string& body) const {
    write("orchestration.cpp",
          "#include \"pto_orchestration_api.h\"\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
          "extern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs& args) {\n  (void)args;\n" +
              body + "\n}\n");
    write("callable.json", R"({"name": "test", "orchestration": {"source": "orchestration.cpp", "signature": ["INOUT"]},
                               "incores": [], "arguments": ["x"]})");
    return file("callable.json");
  }

  TemporaryDirectory directory_;
};

TEST_F(Run, WritesOutputsAndReportsWhatRan) {
  const ProcessResult result = hello(kArguments + ("--output c=" + file("c.npy")));
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("a2a3sim device 0, runtime tensormap_and_ringbuffer"));
  EXPECT_THAT(result.output, HasSubstr("tasks     2\n"));
  EXPECT_THAT(result.output, HasSubstr("c: f32[5000] written to " + file("c.npy")));
  const HostTensor written = read_npy(file("c.npy"));
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(written.elements<float>()[i], static_cast<float>(i) + 1) << i;
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1) << "nothing but the output";
}

TEST_F(Run, ThePlatformIsA2a3simUnlessNamed) {
  const ProcessResult result = shell(std::string("$tw run $hello") + kArguments);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("ran on    a2a3sim device 0"));
}

TEST_F(Run, WhatNeverReturnsEndsAtTheDeadline) {
  const std::string never = callable_of("  for (volatile int i = 0;; i = 1) {}");
  const std::string words = "$tw run " + never + " --arg x=f32[4] ";
  for (const std::string& command : {words + "--deadline 0.05", "TW_DEADLINE=0.05 " + words}) {
    const ProcessResult result = shell(command);
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_THAT(result.output, HasSubstr("the run used up its CPU time on device 0 (a2a3sim)"));
    EXPECT_THAT(result.output, HasSubstr("orchestration on orchestrator"));
    EXPECT_THAT(result.output, HasSubstr("#0 aicpu_orchestration_entry+0x"));
    EXPECT_THAT(result.output, HasSubstr("--deadline"));
  }
  EXPECT_EQ(shell(words + "--deadline 0").exit_code, 2);
  const ProcessResult in_process = shell(words + "--in-process --deadline 1");
  EXPECT_EQ(in_process.exit_code, 2) << in_process.output;
  EXPECT_THAT(in_process.output, HasSubstr("a deadline needs a device process"));
}

TEST_F(Run, DebugKernelSimulatesInTheProcessOfTheTool) {
  // The orchestration runs in the device's process. It says which that is, and the shell that becomes the tool likewise.
  const std::string callable = callable_of(
      "  FILE* file = fopen(getenv(\"TW_TEST_FILE\"), \"w\");\n"
      "  fprintf(file, \"%d\\n\", getpid());\n  fclose(file);");
  const std::string words = "; exec $tw run " + callable + " --platform a2a3sim --arg x=f32[4] > /dev/null";
  const auto same_process = [&](const std::string& more) {
    const std::string command = "export TW_TEST_FILE=" + file("device") + "; (sh -c 'echo $$ > " + file("tool") + words + more + "')";
    EXPECT_EQ(shell("export tw; " + command).exit_code, 0) << more;
    return read_file(file("tool")) == read_file(file("device"));
  };
  EXPECT_FALSE(same_process(""));
  EXPECT_TRUE(same_process(" --debug-kernel"));
  EXPECT_TRUE(same_process(" --in-process"));
}

TEST_F(Run, AMatchingGoldenIs0AndAMismatchIs1InEveryRound) {
  write_npy(file("golden.npy"), make_tensor(parse_tensor_spec("f32[5000]=arange:1")));
  EXPECT_EQ(hello(kArguments + ("--rounds 2 --golden c=" + file("golden.npy"))).exit_code, 0);
  HostTensor wrong = make_tensor(parse_tensor_spec("f32[5000]=arange:1"));
  wrong.elements<float>()[4321] += 5;
  write_npy(file("golden.npy"), wrong);
  const std::string words = kArguments + ("--rounds 2 --golden c=" + file("golden.npy") + " --output c=" + file("c.npy"));
  const ProcessResult result = hello(words);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("round 2, c: f32[5000] does not match golden: 1 of 5000 elements differ"));
  EXPECT_THAT(result.output, HasSubstr("[4321] actual 4322, golden 4327, absolute error 5"));
  EXPECT_TRUE(fs::exists(file("c.npy"))) << "a wrong result is what one wants to look at";
  const nlohmann::json json = nlohmann::json::parse(hello(words + " --json").output);
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["rounds"][1]["comparisons"][0]["worst_absolute"]["index"], nlohmann::json::array({4321}));
  EXPECT_EQ(json["build"]["from_store"], json["build"]["sources"]) << "built by an earlier run";
  EXPECT_EQ(hello(words + " --atol 5.5").exit_code, 0);
}

TEST_F(Run, EveryRoundStartsFromTheSameTensors) {
  // x += 1 on the host side of the run would count up if rounds continued from each other.
  const std::string callable = callable_of(
      "  const uint32_t at[] = {0};\n  set_tensor_data<float>(args.tensor(0).ref(), 1, at, get_tensor_data<float>(args.tensor(0).ref(), 1, "
      "at) + 1.0f);");
  const ProcessResult result =
      shell("$tw run " + callable + " --platform a2a3sim --rounds 3 --arg x=f32[4]=full:7 --output x=" + file("x.npy"));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(read_npy(file("x.npy")).elements<float>(), ElementsAre(8, 7, 7, 7));
}

TEST_F(Run, DependenciesNameTasksKernelsAndSources) {
  const std::string words =
      "$tw run " TW_MATMUL_BIAS
      " --platform a2a3sim --arg a=f16[64,128]=randn:1 --arg b=f16[128,128]=randn:2 --arg bias=f32[128]=randn:3 --arg c=f32[64,128] --deps";
  const ProcessResult text = shell(words);
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, testing::ContainsRegex("creator +r1t0 matmul +r1t1 bias_relu +0"));
  const nlohmann::json json = nlohmann::json::parse(shell(words + " --json").output);
  ASSERT_EQ(json["dependencies"].size(), 1u);
  EXPECT_EQ(json["dependencies"][0]["source"], "creator");
  EXPECT_EQ(json["tasks"][1]["kernels"], "bias_relu");
}

TEST_F(Run, TrackWarOrdersAWriterAfterAReader) {
  const std::string words = "$tw run " +
                            callable_of(
                                "  CoreTaskArgs read, write;\n  read.add_input(args.tensor(0).ref());\n"
                                "  write.add_inout(args.tensor(0).ref());\n  rt_submit_dummy_task(read);\n"
                                "  rt_submit_dummy_task(write);") +
                            " --platform a2a3sim --arg x=f32[4] --deps --json";
  const auto dependencies = [&](const std::string& command) {
    const ProcessResult result = shell(command);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return nlohmann::json::parse(result.output)["dependencies"].size();
  };
  EXPECT_EQ(dependencies(words), 0u);
  EXPECT_EQ(dependencies(words + " --track-war"), 1u);
  EXPECT_EQ(dependencies("export TW_TRACK_WAR=1; " + words), 1u);
  const ProcessResult refused = shell(words + " --track-war --runtime aicpu_build_graph");
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("track_war orders accesses by itself, aicpu_build_graph does not"));
}

TEST_F(Run, CheckFindsAMissingFlagAndSaysWhatMendsIt) {
  const ProcessResult clean = hello(std::string(kArguments) + "--check");
  EXPECT_EQ(clean.exit_code, 0) << clean.output;
  EXPECT_THAT(clean.output, HasSubstr("check: no faults"));
  // The same kernel without the flag between the loads and the addition.
  fs::copy(fs::path(TW_HELLO).parent_path(), file("hello"), fs::copy_options::recursive);
  std::string kernel;
  int line = 0, load = 0, add = 0;
  std::istringstream lines(read_file(file("hello/kernels/add.cpp")));
  for (std::string text; std::getline(lines, text);) {
    if (text.find("PIPE_MTE2, PIPE_V") != std::string::npos) continue;
    ++line;
    if (load == 0 && text.find("TLOAD(") != std::string::npos) load = line;
    if (text.find("TADD(") != std::string::npos) add = line;
    kernel += text + "\n";
  }
  write("hello/kernels/add.cpp", kernel);
  const std::string words = "$tw run " + file("hello/callable.json") + " --platform a2a3sim" + kArguments;
  const ProcessResult unchecked = shell(words);
  EXPECT_EQ(unchecked.exit_code, 0) << "the simulator gives the right result: " << unchecked.output;
  const ProcessResult result = shell(words + "--check");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("check: 2 faults"));
  EXPECT_THAT(result.output, testing::ContainsRegex("unordered in kernel add[^:]*: nothing orders"));
  EXPECT_THAT(result.output, HasSubstr("    first   add.cpp:" + std::to_string(load) + ": TLOAD on PIPE_MTE2, AIV0, writes operand 0"));
  EXPECT_THAT(result.output, HasSubstr("    then    add.cpp:" + std::to_string(add) + ": TADD on PIPE_V, AIV0, reads operand 1"));
  EXPECT_THAT(result.output, HasSubstr("mend    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0) after the first and wait_flag(PIPE_MTE2, PIPE_V, "
                                       "EVENT_ID0) before the second"));
  const ProcessResult again = shell(words + "--check");
  const auto report = [](const std::string& output) { return output.substr(output.find("check:")); };
  EXPECT_EQ(report(result.output), report(again.output)) << "the same every time";
  const nlohmann::json json = nlohmann::json::parse(shell(words + "--check --json").output);
  EXPECT_EQ(json["passed"], false);
  ASSERT_EQ(json["check"]["faults"].size(), 2u);
  const nlohmann::json& fault = json["check"]["faults"][0];
  EXPECT_EQ(fault["kind"], "unordered");
  EXPECT_EQ(fault["first"]["place"], "add.cpp:" + std::to_string(load));
  EXPECT_EQ(fault["bytes"]["memory"], "UB (Vec)");
  EXPECT_EQ(json["check"]["unlisted"], 0);
  const ProcessResult explored = shell(words + "--check --explore 3");
  EXPECT_EQ(explored.exit_code, 1);
  EXPECT_THAT(explored.output, HasSubstr("seed 1 fails, the first of 1 tried from 1 on: see below\ncheck: 2 faults"));
  // A program that does not know of the checker: the variable makes its runs fail.
  const ProcessResult by_environment = shell("export TW_CHECK=1; " + words);
  EXPECT_EQ(by_environment.exit_code, 1);
  EXPECT_THAT(by_environment.output, HasSubstr("add.cpp:" + std::to_string(add) + ": TADD on PIPE_V"));
  const ProcessResult misspelt = shell("export TW_CHECK=yes; " + words);
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_THAT(misspelt.output, HasSubstr("TW_CHECK='yes' is neither 0 nor 1"));
}

TEST_F(Run, MisuseEndsWith2BeforeAnythingIsBuilt) {
  write("broken.json", "{\"name\": ");
  const std::string sim = "$tw run $hello --platform a2a3sim";
  const std::pair<std::string, std::string> cases[] = {
      {"$tw run", "callable is required"},
      {"$tw run " + file("none.json") + " --platform a2a3sim", file("none.json")},
      {"$tw run " + file("broken.json") + " --platform a2a3sim", "broken.json"},
      {"$tw run $hello --platform a9sim", "unknown platform 'a9sim'"},
      {"$tw run $hello --platform a2a3" + std::string(kArguments), "plug-in"},
      {sim, "no value for a, b, c"},
      {sim + " --arg a=f32[5000]", "no value for b, c"},
      {sim + " --arg a", "'a' has no name"},
      {sim + " --arg", "--arg"},
      {sim + " --device x", "--device"},
      {sim + kArguments + " --device -1", "--device -1"},
      {sim + kArguments + " --rounds 0", "--rounds 0"},
      {sim + kArguments + " --runtime fast", "fast"},
      {sim + kArguments + " --config fast=1", "unknown key 'fast'"},
      {sim + kArguments + " --check --config host_threads=2", "check simulates on one thread"},
      {sim + kArguments + " --config enable_pmu=1", "not built yet"},
      {sim + kArguments + " --output c=/no/such/directory/c.npy", "/no/such/directory"},
      {sim + kArguments + " --golden c=/no/such.npy", "--golden c: "},
      {sim + kArguments + " --rtol 1", "there is no --golden"},
      {sim + kArguments + " --trace", "--trace"},
  };
  for (const auto& [command, reason] : cases) {
    const ProcessResult result = shell(command);
    EXPECT_EQ(result.exit_code, 2) << command << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr("tw: error: ")) << command;
    EXPECT_THAT(result.output, HasSubstr(reason)) << command;
  }
}

TEST_F(Run, SourcesThatDoNotCompileEndWith1AndTheCompilersText) {
  const ProcessResult result =
      shell("$tw run " + callable_of("  this_is_not_declared(1);") + " --platform a2a3sim --arg x=f32[4] --output x=" + file("x.npy"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("this_is_not_declared"));
  EXPECT_THAT(result.output, HasSubstr("orchestration.cpp:7"));
  EXPECT_FALSE(fs::exists(file("x.npy")));
}

TEST_F(Run, ACrashEndsWith3AndLeavesNoOutput) {
  const ProcessResult result =
      shell("$tw run " + callable_of("  *(volatile int*)8 = 1;") + " --platform a2a3sim --arg x=f32[4] --output x=" + file("x.npy"));
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("SIGSEGV"));
  EXPECT_FALSE(fs::exists(file("x.npy")));
}

/// Runs an orchestration that never returns. Once it is there, in the device process, `then` is done, in which $device is that process
/// and $tool the program. What the program ended with, what is in the directory and the number of the device's process.
class NeverReturning : public Run {
 protected:
  ProcessResult run_and(const std::string& then) {
    callable_of(
        "  FILE* fifo = fopen(getenv(\"TW_TEST_FIFO\"), \"w\");\n"
        "  fprintf(fifo, \"%d\\n\", getpid());\n  fclose(fifo);\n  for (;;) pause();");
    // 'env' because a shell starts its background commands with SIGINT ignored, which tw respects.
    return shell("cd " + directory_.path().string() + R"(; mkfifo fifo; exec 3<>fifo; export TW_TEST_FIFO=$PWD/fifo
      (sh -c 'echo $$ > tool; exec env --default-signal=INT "$0" "$@"' $tw run callable.json --platform a2a3sim --arg x=f32[4] --output x=x.npy > log 2>&1
       echo status $? > status; echo 0 > fifo) 2>/dev/null &
      read device <&3
      [ $device = 0 ] && cat log
      tool=$(cat tool); echo $device > device
      )" + then + R"(
      wait
      cat status
      ls)");
  }
  const std::string files_ = "callable.json\ndevice\nfifo\nlog\norchestration.cpp\nstatus\ntool\n";
};

TEST_F(NeverReturning, CtrlCEndsTheDeviceAndLeavesNoOutput) {
  EXPECT_EQ(run_and("kill -INT $tool; wait; grep -s State /proc/$device/status | grep -v Z").output, "status 130\n" + files_);
}

TEST_F(NeverReturning, CtrlCEndsAStoppedDeviceToo) {
  EXPECT_EQ(run_and("kill -STOP $device; kill -INT $tool; wait; grep -s State /proc/$device/status | grep -v Z").output,
            "status 130\n" + files_);
}

TEST_F(NeverReturning, TheDeviceEndsWhenTheToolIsKilled) {
  EXPECT_EQ(run_and("kill -KILL $tool").output, "status 137\n" + files_);
  const pid_t device = static_cast<pid_t>(std::stol(read_file(file("device"))));
  pollfd end{static_cast<int>(::syscall(SYS_pidfd_open, device, 0)), POLLIN, 0};
  const FileDescriptor owner(end.fd);
  while (owner && ::poll(&end, 1, -1) < 0) {  // returns when it has ended
  }
}

// Two tasks, of which the second reads what the first wrote; nobody says so.
class Explore : public Run {
 protected:
  void SetUp() override {
    const std::string head =
        "#include <stdint.h>\n#include \"tensor.h\"\nextern \"C\" void kernel_entry(int64_t* args) {\n"
        "  int32_t* x = reinterpret_cast<ChipTensor*>(args[0])->data_as<int32_t>();\n";
    write("first.cpp", head + "  x[0] = 7;\n}\n");
    write("second.cpp", head + "  x[1] = x[0];\n}\n");
    write("orchestration.cpp",
          "#include \"pto_orchestration_api.h\"\nextern \"C\" void aicpu_orchestration_entry(const ChipTaskArgs& orch) {\n"
          "  const ChipTensor& x = orch.tensor(0).ref();\n"
          "  for (int i = 0; i < 2; ++i) {\n    CoreTaskArgs args;\n    args.add_no_dep(x);\n    rt_submit_aiv_task(i, args);\n  }\n}\n");
    write("callable.json", R"({"name": "test", "orchestration": {"source": "orchestration.cpp", "signature": ["INOUT"]},
      "incores": [{"func_id": 0, "source": "first.cpp", "core_type": "aiv"}, {"func_id": 1, "source": "second.cpp", "core_type": "aiv"}],
      "arguments": ["x"]})");
    words_ = "$tw run " + file("callable.json") + " --arg x=i32[2]";
  }
  std::string words_;
};

TEST_F(Explore, TheFirstSeedThatFailsIsReportedWithACommandThatShowsItAgain) {
  write_npy(file("golden.npy"), make_tensor(parse_tensor_spec("i32[2]=full:7")));
  for (const std::string& golden : {std::string(), " --golden x=" + file("golden.npy")}) {
    const ProcessResult text = shell(words_ + golden + " --explore 64");
    EXPECT_EQ(text.exit_code, 1) << text.output;
    EXPECT_THAT(text.output, HasSubstr("tried from 1 on: "));
    EXPECT_THAT(text.output, HasSubstr(golden.empty() ? "it leaves something else than seed 1" : "what it leaves does not match golden"));
    EXPECT_THAT(text.output, HasSubstr("[1] actual "));
    const nlohmann::json json = nlohmann::json::parse(shell(words_ + golden + " --explore=64 --json").output);
    EXPECT_EQ(json["passed"], false);
    EXPECT_EQ(json["failure"]["kind"], golden.empty() ? "difference" : "mismatch");
    const std::string replay = json["failure"]["replay"];
    EXPECT_THAT(replay, HasSubstr(" --sim-seed " + std::to_string(json["failure"]["seed"].get<uint64_t>())));
    EXPECT_THAT(replay, Not(HasSubstr("--explore")));
    const ProcessResult again = shell(replay + " --json");
    EXPECT_EQ(again.exit_code, golden.empty() ? 0 : 1) << again.output;
    EXPECT_EQ(shell(replay + " --json --rounds 3").exit_code, golden.empty() ? 0 : 1);
    if (golden.empty()) continue;
    const nlohmann::json result = nlohmann::json::parse(again.output);
    EXPECT_EQ(result["rounds"][0]["comparisons"][0]["mismatches"], 1);
  }
}

// The example whose cube and vector cores order everything by flags, without one of them: its wait, and where that is set.
TEST_F(Run, ExploringFindsEachMissingCrossCoreFlagOfAnExample) {
  struct Flag {
    std::string name;
    std::vector<std::pair<std::string, std::string>> lines;
  };
  const std::string cube = "kernels/aic/product.cpp", vector = "kernels/aiv/center.cpp";
  const std::vector<Flag> flags = {
      {"none", {}},
      {"product stored",
       {{vector, "wait_flag_dev(product_stored(half_index));"},
        {cube, "ffts_cross_core_sync(PIPE_FIX, flag_config(kBetweenAicAndAivs, product_stored(half_index)));"}}},
      {"may be reused",
       {{cube, "if (round >= 2) wait_flag_dev(may_reuse(half_index));"},
        {cube, "for (int i = round < 2 ? 0 : round - 2; i < round; ++i) wait_flag_dev(may_reuse(i % 2));"},
        {vector, "ffts_cross_core_sync(PIPE_MTE2, flag_config(kBetweenAicAndAivs, may_reuse(half_index)));"}}},
      {"sums stored",
       {{vector, "ffts_cross_core_sync(PIPE_MTE3, flag_config(kAmongAivs, kSumsStored));"}, {vector, "wait_flag_dev(kSumsStored);"}}}};
  const fs::path example = fs::path(TW_HELLO).parent_path().parent_path() / "cross_core_flags";
  for (const Flag& flag : flags) {
    const fs::path copy = directory_.path() / "example";
    fs::remove_all(copy);
    fs::copy(example, copy, fs::copy_options::recursive);
    for (const auto& [source, line] : flag.lines) {
      std::string text = read_file((copy / source).string());
      const size_t at = text.find(line);
      ASSERT_NE(at, std::string::npos) << line;
      write_file_atomically((copy / source).string(), text.erase(at, line.size()));
    }
    for (const std::string platform : {"a2a3sim", "a5sim"}) {
      const ProcessResult result = shell("$tw run " + (copy / "callable.json").string() + " --platform " + platform +
                                         " --arg x=f16[512,128]=randn:1 --arg w=f16[128,128]=randn:2 --arg y=f32[512,128]"
                                         " --config aic_cores=2 --explore 16 --json");
      const nlohmann::json json = nlohmann::json::parse(result.output);
      EXPECT_EQ(json["passed"], flag.lines.empty()) << flag.name << " on " << platform << ": " << result.output;
      EXPECT_EQ(result.exit_code, flag.lines.empty() ? 0 : 1) << flag.name << " on " << platform;
    }
  }
}

TEST_F(Run, ExploringACorrectProgramFindsNothing) {
  const ProcessResult text = hello(kArguments + std::string("--explore 20"));
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("explored  20 seeds from 1 on, "));
  EXPECT_THAT(text.output, HasSubstr("none fails"));
  const nlohmann::json json = nlohmann::json::parse(hello(kArguments + std::string("--explore 5 --sim-seed 100 --json")).output);
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["first_seed"], 100);
  EXPECT_EQ(json["tried"], 5);
  EXPECT_TRUE(json["failure"].is_null());
}

TEST_F(Run, ASeedGivesOneScheduleInEveryRoundAndEveryProcess) {
  const auto run = [&](const std::string& seed, const std::string& log) {
    const ProcessResult result = hello(kArguments + ("--sim-seed " + seed + " --rounds 3 --json --sim-log " + file(log)));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    const nlohmann::json rounds = nlohmann::json::parse(result.output)["rounds"];
    EXPECT_EQ(rounds[0]["schedule"], rounds[2]["schedule"]);
    EXPECT_EQ(rounds[0]["run_ns"], rounds[2]["run_ns"]);
    return rounds[0]["schedule"]["digest"].get<std::string>();
  };
  const std::string digest = run("7", "a");
  EXPECT_EQ(run("7", "b"), digest);
  EXPECT_NE(run("8", "c"), digest);
  EXPECT_EQ(read_file(file("a")), read_file(file("b")));
  EXPECT_THAT(read_file(file("a")), HasSubstr(" start t0.b0.aiv0 func 0 on AIV "));
}

TEST_F(Run, WordsAboutSeedsThatMakeNoSenseAre2) {
  for (const char* bad : {"--sim-seed 0", "--sim-seed x", "--sim-log log", "--explore 0", "--explore -3", "--explore 5 --rounds 2",
                          "--explore 5 --deps", "--explore 5 --output c=c.npy", "--explore 5 --sim-seed 18446744073709551615"}) {
    EXPECT_EQ(hello(std::string(bad) + kArguments).exit_code, 2) << bad;
  }
}

}  // namespace
}  // namespace tilewright
