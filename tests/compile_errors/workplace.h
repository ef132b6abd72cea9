// A directory of a test's own, in which it runs the programs of the build, and which it looks at afterwards.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"

namespace tilewright {

namespace fs = std::filesystem;

/// Every file below a directory with its content, links with where they lead; what a failed command must not change.
inline std::map<std::string, std::string> snapshot(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().lexically_relative(directory).string();
    files[name] = entry.is_symlink()        ? "-> " + fs::read_symlink(entry.path()).string()
                  : entry.is_regular_file() ? read_file(entry.path())
                                            : "(no file)";
  }
  return files;
}

/// The files that differ, a word each.
inline std::string differences(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after) {
  std::string names;
  for (const auto& [name, text] : before) {
    const auto found = after.find(name);
    if (found == after.end() || found->second != text) names += (found == after.end() ? "-" : "~") + name + " ";
  }
  for (const auto& [name, text] : after) {
    if (!before.contains(name)) names += "+" + name + " ";
  }
  return names;
}

class Workplace : public testing::Test {
 protected:
  Workplace() {
    fs::create_directory(temporary());
    fs::create_directory(work());
  }

  /// Where programs and artifacts of the test lie, and commands run.
  fs::path work() const { return base_.path() / "work"; }
  /// TMPDIR of the commands.
  fs::path temporary() const { return base_.path() / "tmp"; }
  fs::path file(const std::string& name, const std::string& text) const {
    fs::create_directories((work() / name).parent_path());
    write_file_atomically(work() / name, text);
    return work() / name;
  }

  /// A line of the shell in work(), where $tw and $opt are programs. The store is shared by all tests.
  ProcessResult shell(const std::string& line, const std::string& cache = TW_TEST_CACHE) const {
    return run_process(
        {"sh", "-c",
         "cd " + shell_quoted(work().string()) + " && tw=" + shell_quoted(TW_PROGRAM) + " && opt=" + shell_quoted(TW_OPT) + " && " + line},
        {.environment = {"TMPDIR=" + temporary().string(), "TW_CACHE_DIR=" + cache, "TW_RECORD_DEADLINE=1"}});
  }

  /// Runs a line that must fail with this exit code, say these texts, and change no file, temporary ones included.
  void refused(const std::string& line, const std::vector<std::string>& texts, int exit_code = 2) const {
    SCOPED_TRACE(line);
    const auto before = snapshot(base_.path());
    const ProcessResult result = shell(line);
    EXPECT_EQ(result.exit_code, exit_code) << result.output;
    for (const std::string& text : texts)
      EXPECT_NE(result.output.find(text), std::string::npos) << "no '" << text << "' in\n" << result.output;
    EXPECT_EQ(result.output.find("defect of Tilewright"), std::string::npos) << result.output;
    EXPECT_EQ(differences(before, snapshot(base_.path())), "");
  }
  void succeeds(const std::string& line) const {
    const ProcessResult result = shell(line);
    ASSERT_EQ(result.exit_code, 0) << line << "\n" << result.output;
  }

  TemporaryDirectory base_;
};

/// A program whose one task is right but for what a test puts in.
inline constexpr const char* kGoodProgram = R"(tw.orchestration @p(%x: !tw.tensor<64x128xf32>, %y: !tw.tensor<64x128xf32> {tw.out}) {
  %t = tw.at "copy" {
    %zero = arith.constant 0 : index
    %a = tile.load %x[%zero, %zero] : !tw.tensor<64x128xf32> -> !tile.tile<64x128xf32>
    tile.store %a, %y[%zero, %zero] : !tile.tile<64x128xf32>, !tw.tensor<64x128xf32>
  }
  tw.return
}
)";

/// A program in the language: `body` is what its function does with x and y, on line 4.
inline std::string program_in_the_language(const std::string& body) {
  return "#include <tilewright/language.h>\nusing namespace tilewright;\nvoid p(Tensor x, Out<Tensor> y) {\n  " + body +
         "\n}\nint main(int argc, char** argv) {\n  return program(\"p\", p, tensor(f32, {64, 128}), tensor(f32, {64, 128})).main(argc, "
         "argv);\n}\n";
}

}  // namespace tilewright
