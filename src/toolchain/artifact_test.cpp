#include "toolchain/artifact.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCallable =
    R"({"name": "p", "orchestration": {"source": "orchestration/p.cpp"}, "incores": [{"func_id": 0, "source": "kernels/aiv/k.cpp", "core_type": "aiv"}]})";

ArtifactContent some_content(const std::string& kernel = "// a kernel\n") {
  return {"a2a3", {{"callable.json", kCallable}, {"orchestration/p.cpp", "// submits\n"}, {"kernels/aiv/k.cpp", kernel}}};
}

class ArtifactTest : public ::testing::Test {
 protected:
  fs::path path() const { return base_.path() / "p"; }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(base_.path()), fs::directory_iterator())); }
  TemporaryDirectory base_;
};

template <typename F>
std::string error_of(F call, ErrorCode code) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST_F(ArtifactTest, IsReadAsItWasWritten) {
  write_artifact(path(), some_content());
  const Artifact artifact = load_artifact(path());
  EXPECT_EQ(artifact.platform, "a2a3");
  EXPECT_EQ(artifact.spec.name, "p");
  EXPECT_EQ(read_file(path() / "kernels/aiv/k.cpp"), "// a kernel\n");
  EXPECT_EQ(entries(), 1u) << "nothing is left beside it";
}

TEST_F(ArtifactTest, ReplacesAnArtifactAndNothingElse) {
  write_artifact(path(), some_content());
  write_artifact(path(), some_content("// another\n"));
  EXPECT_EQ(read_file(path() / "kernels/aiv/k.cpp"), "// another\n");
  EXPECT_EQ(entries(), 1u);
  const fs::path other = base_.path() / "other";
  fs::create_directory(other);
  write_artifact(other, some_content());  // an empty directory is as good as none
  EXPECT_NO_THROW(load_artifact(other));
  fs::remove(other / "manifest.json");
  EXPECT_NE(error_of([&] { write_artifact(other, some_content()); }, ErrorCode::kInvalidArgument).find("is no artifact"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(other / "callable.json"));
  error_of([&] { write_artifact(base_.path() / "no/such/place", some_content()); }, ErrorCode::kFileNotFound);
}

TEST_F(ArtifactTest, LeavesTheOldOneIfTheNewOneCannotBeWritten) {
  write_artifact(path(), some_content());
  ArtifactContent content = some_content();
  content.files["callable.json/below"] = "";  // a file cannot be a directory
  EXPECT_ANY_THROW(write_artifact(path(), content));
  EXPECT_NO_THROW(load_artifact(path()));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(ArtifactTest, RefusesFilesThatDiffer) {
  write_artifact(path(), some_content());
  write_file_atomically(path() / "kernels/aiv/k.cpp", "// edited\n");
  const std::string text = error_of([&] { load_artifact(path()); }, ErrorCode::kInvalidArgument);
  EXPECT_NE(text.find("kernels/aiv/k.cpp was altered"), std::string::npos) << text;
  EXPECT_NE(text.find("tw rebuild"), std::string::npos) << text;
  fs::remove(path() / "kernels/aiv/k.cpp");
  write_file_atomically(path() / "kernels/aiv/h.h", "");
  const std::vector<std::string> expected = {"kernels/aiv/k.cpp is missing", "kernels/aiv/h.h was added"};
  EXPECT_EQ(artifact_differences(path()), expected);
}

TEST_F(ArtifactTest, TakesEditedFilesAfterRenewal) {
  write_artifact(path(), some_content());
  write_file_atomically(path() / "kernels/aiv/k.cpp", "// edited\n");
  EXPECT_EQ(load_altered_artifact(path()).spec.name, "p");
  renew_manifest(path(), artifact_files(path()));
  EXPECT_NO_THROW(load_artifact(path()));
}

TEST_F(ArtifactTest, ReplacesNoDirectoryThatHappensToHaveAManifest) {
  fs::create_directory(path());
  for (const char* manifest : {"{\"name\": \"an extension of a browser\"}", "{", "[]"}) {
    write_file_atomically(path() / "manifest.json", manifest);
    EXPECT_FALSE(is_artifact(path()));
    error_of([&] { write_artifact(path(), some_content()); }, ErrorCode::kInvalidArgument);
    EXPECT_EQ(read_file(path() / "manifest.json"), manifest);
  }
}

TEST_F(ArtifactTest, IsWrittenWhereALinkLeads) {
  fs::create_directory(base_.path() / "real");
  fs::create_directory_symlink("real", path());
  write_artifact(path(), some_content());
  write_artifact(path(), some_content("// another\n"));
  EXPECT_TRUE(fs::is_symlink(path()));
  EXPECT_EQ(read_file(base_.path() / "real/kernels/aiv/k.cpp"), "// another\n");
  EXPECT_EQ(entries(), 2u);
  fs::remove_all(base_.path() / "real");
  error_of([&] { write_artifact(path(), some_content()); }, ErrorCode::kInvalidArgument);
  error_of([&] { write_artifact("", some_content()); }, ErrorCode::kInvalidArgument);
}

TEST_F(ArtifactTest, MayBeWrittenBySeveralAtOnce) {
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 25; ++i) EXPECT_NO_THROW(write_artifact(path(), some_content(std::to_string(writer))));
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_NO_THROW(load_artifact(path()));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(ArtifactTest, RefusesWhatIsNoPlainFile) {
  write_artifact(path(), some_content());
  const fs::path kernel = path() / "kernels/aiv/k.cpp";
  fs::rename(kernel, base_.path() / "k.cpp");
  fs::create_symlink(base_.path() / "k.cpp", kernel);  // the same bytes, but from elsewhere
  EXPECT_NE(error_of([&] { load_artifact(path()); }, ErrorCode::kInvalidArgument).find("k.cpp is no plain file"), std::string::npos);
  error_of([&] { artifact_files(path()); }, ErrorCode::kInvalidArgument);
  fs::remove(kernel);
  ASSERT_EQ(::mkfifo(kernel.c_str(), 0644), 0);  // reading it would wait for ever
  error_of([&] { load_artifact(path()); }, ErrorCode::kInvalidArgument);
  write_artifact(path(), some_content());
  fs::rename(path() / "callable.json", base_.path() / "callable.json");
  fs::create_symlink(base_.path() / "callable.json", path() / "callable.json");
  error_of([&] { load_altered_artifact(path()); }, ErrorCode::kInvalidArgument);
  fs::remove(path() / "manifest.json");
  fs::create_symlink("/dev/zero", path() / "manifest.json");
  error_of([&] { load_artifact(path()); }, ErrorCode::kInvalidArgument);
}

TEST_F(ArtifactTest, HoldsAllItsSources) {
  for (const char* elsewhere : {"../k.cpp", "/tmp/k.cpp", "kernels/../../k.cpp"}) {
    write_artifact(path(), some_content());
    std::string text = kCallable;
    text.replace(text.find("kernels/aiv/k.cpp"), 17, elsewhere);
    write_file_atomically(path() / "callable.json", text);
    const std::string message = error_of([&] { load_altered_artifact(path()); }, ErrorCode::kInvalidArgument);
    EXPECT_NE(message.find("incores[0].source"), std::string::npos) << message;
    EXPECT_NE(message.find("lies outside of the artifact"), std::string::npos) << message;
  }
}

TEST_F(ArtifactTest, RefusesAManifestThatNamesOtherFiles) {
  for (const char* name : {"../secret", "/etc/passwd", "kernels/../x", "", ".", "kernels/"}) {
    write_artifact(path(), some_content());
    std::string text = read_file(path() / "manifest.json");
    text.replace(text.find("kernels/aiv/k.cpp"), 17, name);
    write_file_atomically(path() / "manifest.json", text);
    const std::string message = error_of([&] { load_artifact(path()); }, ErrorCode::kInvalidArgument);
    EXPECT_NE(message.find("names no file of the artifact"), std::string::npos) << message;
  }
}

TEST_F(ArtifactTest, RefusesOtherVersionsAndBrokenManifests) {
  write_artifact(path(), some_content());
  const std::string good = read_file(path() / "manifest.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    write_file_atomically(path() / "manifest.json", text);
    return [this] { load_artifact(path()); };
  };
  EXPECT_NE(error_of(with("\"format\": 1", "\"format\": 2"), ErrorCode::kInvalidArgument).find("format 2"), std::string::npos);
  EXPECT_NE(error_of(with("\"tilewright\": \"", "\"tilewright\": \"9."), ErrorCode::kInvalidArgument).find("made by Tilewright 9."),
            std::string::npos);
  error_of(with("{", "["), ErrorCode::kParseError);
  error_of(with("\"files\"", "\"other\""), ErrorCode::kParseError);
  fs::remove(path() / "manifest.json");
  error_of([&] { load_artifact(path()); }, ErrorCode::kFileNotFound);
}

}  // namespace
}  // namespace tilewright
