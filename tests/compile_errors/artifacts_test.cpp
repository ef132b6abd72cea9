// Artifacts that are not as they were compiled: refused with the file's name, and taken by 'tw rebuild' as far as they make sense.
#include <fmt/format.h>

#include "toolchain/artifact.h"
#include "workplace.h"

namespace tilewright {
namespace {

class WrongArtifacts : public Workplace {
 protected:
  void SetUp() override {
    file("p.mlir", kGoodProgram);
    succeeds("$tw compile p.mlir -o good.tw");
    again();
  }
  /// a.tw as it was compiled.
  void again() const {
    fs::remove_all(artifact());
    fs::copy(work() / "good.tw", artifact(), fs::copy_options::recursive);
  }
  fs::path artifact() const { return work() / "a.tw"; }
  void change(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = read_file(artifact() / name);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << name << " has no " << from;
    write_file_atomically(artifact() / name, text.replace(at, from.size(), to));
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& [name, digest] : artifact_files(work() / "good.tw")) names.push_back(name);
    EXPECT_GE(names.size(), 5u);
    return names;
  }
};

constexpr const char* kRun = "$tw run a.tw --arg x=f32[64,128]=full:3 --arg y=f32[64,128]";

TEST_F(WrongArtifacts, EveryFileCounts) {
  succeeds(kRun);
  for (const std::string& name : files()) {
    SCOPED_TRACE(name);
    const std::string text = read_file(artifact() / name);
    fs::remove(artifact() / name);
    refused(kRun, {"a.tw is not as it was compiled: " + name + " is missing", "tw rebuild a.tw"});
    for (const std::string& other : {text + "\n", text.substr(0, text.size() / 2), std::string()}) {
      write_file_atomically(artifact() / name, other);
      refused(kRun, {"a.tw is not as it was compiled: " + name + " was altered", "tw rebuild a.tw"});
    }
    fs::remove(artifact() / name);
    fs::create_directory(artifact() / name);
    refused(kRun, {name + " is missing"});
    fs::remove(artifact() / name);
    fs::create_symlink(work() / "good.tw" / name, artifact() / name);
    refused(kRun, {name + " is no plain file"});
    again();
  }
  file("a.tw/kernels/aiv/more.h", "");
  refused(kRun, {"kernels/aiv/more.h was added"});
}

struct WrongManifest {
  std::string from, to, says;
};

TEST_F(WrongArtifacts, ManifestsOfOtherVersionsAndBrokenOnesAreRefused) {
  const WrongManifest all[] = {
      {"{", "[", "manifest.json: parse error at line 2, column 10"},
      {"\"format\": 1", "\"format\": 2", "manifest.json: the artifact has format 2, and this version reads format 1"},
      {"\"format\": 1", "\"format\": \"1\"", "manifest.json: "},
      {"\"tilewright\": \"", "\"tilewright\": \"99.", "manifest.json: the artifact was made by Tilewright 99."},
      {"\"files\"", "\"filez\"", "manifest.json: key 'files' not found"},
      {"\"platform\": \"a2a3\"", "\"platform\": 7", "manifest.json: "},
      {"callable.json", "../secret.json", "manifest.json: '../secret.json' names no file of the artifact"},
      {"callable.json", "/etc/passwd", "manifest.json: '/etc/passwd' names no file of the artifact"},
  };
  for (const WrongManifest& wrong : all) {
    SCOPED_TRACE(wrong.to);
    change("manifest.json", wrong.from, wrong.to);
    refused(kRun, {wrong.says, "compile the program again"});
    refused("$tw rebuild a.tw", {wrong.says, "compile the program again"});
    again();
  }
  for (const std::string& text : {std::string(), std::string("\0\xff", 2), std::string("null"), std::string(100000, '[')}) {
    write_file_atomically(artifact() / "manifest.json", text);
    refused(kRun, {"manifest.json: "});
    refused("$tw rebuild a.tw", {"manifest.json: "});
  }
  fs::remove(artifact() / "manifest.json");
  refused(kRun, {"a.tw is no artifact: it has no manifest.json"});
  refused("$tw rebuild a.tw", {"a.tw is no artifact: it has no manifest.json"});
}

TEST_F(WrongArtifacts, ManifestsOfAnotherPlatformDoNotRun) {
  for (const char* platform : {"a5", "", "a", "a2a3simx"}) {
    change("manifest.json", "\"platform\": \"a2a3\"", fmt::format("\"platform\": \"{}\"", platform));
    refused(kRun, {"and a2a3sim is another platform"});
    again();
  }
}

TEST_F(WrongArtifacts, RebuildTakesOnlyWhatCompiles) {
  change("kernels/aiv/copy.cpp", "TLOAD(", "TLODA(");
  refused("$tw rebuild a.tw", {"kernels/aiv/copy.cpp", "TLODA"}, 1);
  change("orchestration/p.cpp", "rt_submit_aiv_task", "rt_sumbit");
  refused("$tw rebuild a.tw", {"2 sources do not compile", "TLODA", "rt_sumbit"}, 1);
  again();
  change("kernels/aiv/copy.cpp", "kernel_entry", "kernel_enter");
  refused("$tw rebuild a.tw", {"does not define 'kernel_entry'"}, 1);
  again();
  fs::remove(artifact() / "kernels/aiv/copy.cpp");
  refused("$tw rebuild a.tw", {"incores[0].source: ", "copy.cpp is not a file"});
  again();
  fs::remove(artifact() / "callable.json");
  refused("$tw rebuild a.tw", {"callable.json"});
  refused("$tw rebuild nothing.tw", {"nothing.tw is no artifact"});
  refused("$tw rebuild p.mlir", {"p.mlir is no artifact"});
}

TEST_F(WrongArtifacts, RebuildReadsTheEditedCallable) {
  const WrongManifest all[] = {
      {"\"name\": \"p\"", "\"name\": p", "callable.json: parse error at line 2"},
      {"\"incores\"", "\"kernels\"", "callable.json: the document: unknown key 'kernels'"},
      {"\"core_type\": \"aiv\"", "\"core_type\": \"gpu\"", "callable.json: incores[0].core_type: 'gpu' is no core type"},
      {"tensormap_and_ringbuffer", "ring", "callable.json: runtime: "},
      {"kernels/aiv/copy.cpp", "../p.mlir", "callable.json: incores[0].source: "},
      {"orchestration/p.cpp", "/etc/passwd", "callable.json: orchestration.source: /etc/passwd lies outside of the artifact"},
  };
  for (const WrongManifest& wrong : all) {
    SCOPED_TRACE(wrong.to);
    change("callable.json", wrong.from, wrong.to);
    refused("$tw rebuild a.tw", {wrong.says});
    again();
  }
}

TEST_F(WrongArtifacts, RebuildTakesKernelsThatWereAddedAndTakenAway) {
  // One more kernel, which includes a header of its own, and which the orchestration submits instead of the first.
  file("a.tw/kernels/aiv/twice.h", "constexpr float kFactor = 2.0f;\n");
  std::string kernel = read_file(artifact() / "kernels/aiv/copy.cpp");
  kernel.replace(kernel.find("extern \"C\""), 0, "#include \"twice.h\"\n");
  kernel.replace(kernel.find("  set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\n"), 45,
                 "  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n  TMULS(a, a, kFactor);\n"
                 "  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n");
  kernel.replace(kernel.find("wait_flag(PIPE_MTE2, PIPE_MTE3"), 30, "wait_flag(PIPE_V, PIPE_MTE3");
  file("a.tw/kernels/aiv/twice.cpp", kernel);
  change(
      "callable.json", "\"incores\": [",
      R"("incores": [ {"func_id": 1, "source": "kernels/aiv/twice.cpp", "core_type": "aiv", "signature": ["IN", "OUT"], "name": "twice"},)");
  change("orchestration/p.cpp", "kCopy = 0", "kCopy = 1");
  const ProcessResult added = shell("$tw rebuild a.tw");
  ASSERT_EQ(added.exit_code, 0) << added.output;
  for (const char* text :
       {"callable.json was altered", "orchestration/p.cpp was altered", "kernels/aiv/twice.cpp was added", "twice.h was added"}) {
    EXPECT_NE(added.output.find(text), std::string::npos) << added.output;
  }
  succeeds(std::string(kRun) + " --check --output y=y.npy && $tw run a.tw --arg x=f32[64,128]=full:3 --arg y=f32[64,128] --golden y=y.npy");
  succeeds("$tw compile p.mlir -o b.tw && $tw run b.tw --arg x=f32[64,128]=full:6 --arg y=f32[64,128] --golden y=y.npy");

  // And without the first one.
  fs::remove(artifact() / "kernels/aiv/copy.cpp");
  refused("$tw rebuild a.tw", {"incores[1].source"});
  std::string callable = read_file(artifact() / "callable.json");
  const size_t second = callable.find("},", callable.find("\"incores\""));
  callable.replace(second + 1, callable.find(']', callable.find("\"name\": \"copy\"")) - second - 1, "\n  ");
  write_file_atomically(artifact() / "callable.json", callable);
  const ProcessResult removed = shell("$tw rebuild a.tw --json");
  ASSERT_EQ(removed.exit_code, 0) << removed.output;
  EXPECT_NE(removed.output.find("kernels/aiv/copy.cpp is missing"), std::string::npos) << removed.output;
  succeeds("$tw run a.tw --arg x=f32[64,128]=full:3 --arg y=f32[64,128] --golden y=y.npy");
  EXPECT_NE(shell("$tw rebuild a.tw").output.find("nothing had changed"), std::string::npos);
}

}  // namespace
}  // namespace tilewright
