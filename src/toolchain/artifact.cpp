#include "toolchain/artifact.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";
constexpr const char* kCallable = "callable.json";
constexpr int kFormat = 1;  ///< of the manifest and of what a directory holds

/// What the manifest says.
struct Manifest {
  std::string platform;
  std::map<std::string, std::string> files;  ///< path to the SHA-256 of its content
};

std::string format_manifest(const Manifest& manifest) {
  const nlohmann::json object = {
      {"format", kFormat}, {"tilewright", TW_VERSION}, {"platform", manifest.platform}, {"files", manifest.files}};
  return object.dump(2) + "\n";
}

Manifest read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifest;
  if (!fs::exists(path)) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("{} is no artifact: it has no {}", directory.string(), kManifest),
                "'tw compile PROGRAM -o DIR' makes one");
  }
  const std::string text = read_file(path);
  const std::string again = "compile the program again";
  try {
    const nlohmann::json object = nlohmann::json::parse(text);
    const int format = object.at("format").get<int>();
    if (format != kFormat) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the artifact has format {}, and this version reads format {}", path.string(), format, kFormat), again);
    }
    const std::string version = object.at("tilewright").get<std::string>();
    if (version != TW_VERSION) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the artifact was made by Tilewright {}; this is {}", path.string(), version, TW_VERSION), again);
    }
    return {object.at("platform").get<std::string>(), object.at("files").get<std::map<std::string, std::string>>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kParseError, fmt::format("{}: {}", path.string(), error.what()), again);
  }
}

/// Files of the directory, relative, manifest aside.
std::set<std::string> files_below(const fs::path& directory) {
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    const std::string path = entry.path().lexically_relative(directory).generic_string();
    if (path != kManifest) files.insert(path);
  }
  return files;
}

Artifact read_artifact(const fs::path& directory, const Manifest& manifest) {
  Artifact artifact{directory, manifest.platform, {}};
  artifact.spec = load_callable_spec(directory / kCallable);
  return artifact;
}

/// A directory beside another one, removed unless it is kept.
class DirectoryInTheMaking {
 public:
  explicit DirectoryInTheMaking(const fs::path& final) : path_(final.string() + ".tw-XXXXXX") {
    std::string text = path_.string();
    if (::mkdtemp(text.data()) == nullptr) throw errno_error(errno, fmt::format("cannot make a directory beside {}", final.string()));
    path_ = text;
    fs::permissions(path_,
                    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec);
  }
  ~DirectoryInTheMaking() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  DirectoryInTheMaking(const DirectoryInTheMaking&) = delete;
  DirectoryInTheMaking& operator=(const DirectoryInTheMaking&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

bool is_artifact(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path / kManifest, ignored);
}

void write_artifact(const fs::path& directory, const ArtifactContent& content) {
  const fs::path target = fs::absolute(directory).lexically_normal();
  const fs::path final = target.has_filename() ? target : target.parent_path();
  std::error_code ignored;
  const bool exists = fs::exists(fs::symlink_status(final, ignored));
  const bool replaces = exists && is_artifact(final);
  if (exists && !replaces && !(fs::is_directory(final, ignored) && fs::is_empty(final, ignored))) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} exists and is no artifact", final.string()), "name another directory");
  }
  if (!fs::is_directory(final.parent_path(), ignored)) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("there is no directory {}", final.parent_path().string()));
  }
  const DirectoryInTheMaking making(final);
  Manifest manifest{content.platform, {}};
  for (const auto& [name, text] : content.files) {
    fs::create_directories((making.path() / name).parent_path());
    write_file_atomically(making.path() / name, text);
    manifest.files[name] = sha256(text).hex();
  }
  write_file_atomically(making.path() / kManifest, format_manifest(manifest));
  // An artifact of that name and the new one change places; the old one then goes the way of what was not completed.
  const unsigned flags = replaces ? RENAME_EXCHANGE : 0;
  if (::renameat2(AT_FDCWD, making.path().c_str(), AT_FDCWD, final.c_str(), flags) != 0) {
    throw errno_error(errno, fmt::format("cannot rename {} to {}", making.path().string(), final.string()));
  }
}

std::vector<std::string> artifact_differences(const fs::path& directory) {
  const Manifest manifest = read_manifest(directory);
  std::set<std::string> found = files_below(directory);
  std::vector<std::string> differences;
  for (const auto& [name, digest] : manifest.files) {
    if (found.erase(name) == 0) {
      differences.push_back(name + " is missing");
    } else if (sha256(read_file(directory / name)).hex() != digest) {
      differences.push_back(name + " was altered");
    }
  }
  for (const std::string& name : found) differences.push_back(name + " was added");
  return differences;
}

Artifact load_artifact(const fs::path& directory) {
  const std::vector<std::string> differences = artifact_differences(directory);
  if (!differences.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} is not as it was compiled: {}", directory.string(), fmt::join(differences, ", ")),
                fmt::format("'tw rebuild {}' takes the files as they are", directory.string()));
  }
  return read_artifact(directory, read_manifest(directory));
}

Artifact load_altered_artifact(const fs::path& directory) { return read_artifact(directory, read_manifest(directory)); }

void renew_manifest(const fs::path& directory) {
  Manifest manifest = read_manifest(directory);
  manifest.files.clear();
  for (const std::string& name : files_below(directory)) manifest.files[name] = sha256(read_file(directory / name)).hex();
  write_file_atomically(directory / kManifest, format_manifest(manifest));
}

}  // namespace tilewright
