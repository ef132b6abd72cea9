#include "toolchain/artifact.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

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
constexpr fs::perms kDirectoryMode =
    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec;
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

/// What a file is, without following a link.
bool is_plain_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(fs::symlink_status(path, ignored));
}

/// A path that leads to a file of the directory, and is spelled as this version spells it.
bool stays_inside(const std::string& name) {
  const fs::path path = name;
  return path.is_relative() && path.has_filename() && path.lexically_normal() == path && path != "." && *path.begin() != "..";
}

Manifest read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifest;
  if (!fs::exists(fs::symlink_status(path))) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("{} is no artifact: it has no {}", directory.string(), kManifest),
                "'tw compile PROGRAM -o DIR' makes one");
  }
  const std::string again = "compile the program again";
  if (!is_plain_file(path)) throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no plain file", path.string()), again);
  try {
    const nlohmann::json object = nlohmann::json::parse(read_file(path));
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
    Manifest manifest{object.at("platform").get<std::string>(), object.at("files").get<std::map<std::string, std::string>>()};
    for (const auto& [name, digest] : manifest.files) {
      if (stays_inside(name)) continue;
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: '{}' names no file of the artifact", path.string(), name), again);
    }
    return manifest;
  } catch (const nlohmann::json::exception& error) {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 3, column 4: ..."
    what = what.substr(what.find("] ") + 2);
    throw Error(ErrorCode::kParseError, fmt::format("{}: {}", path.string(), what), again);
  }
}

/// Files of the directory, relative, manifest aside; links and what else is no directory count as files.
std::set<std::string> files_below(const fs::path& directory) {
  std::set<std::string> files;
  std::error_code failure;
  fs::recursive_directory_iterator entries(directory, failure);
  for (; !failure && entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
    if (entries->is_directory() && !entries->is_symlink()) continue;
    const std::string path = entries->path().lexically_relative(directory).generic_string();
    if (path != kManifest) files.insert(path);
  }
  if (failure) throw errno_error(failure.value(), fmt::format("cannot read the directory {}", directory.string()));
  return files;
}

/// The source that callable.json names, if it is not one of the artifact's files.
void require_inside(const fs::path& directory, const fs::path& source, const std::string& place) {
  const fs::path relative = source.lexically_relative(directory);
  if (stays_inside(relative.generic_string())) return;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}: {}.source: {} lies outside of the artifact", (directory / kCallable).string(), place, source.string()),
              "an artifact holds all its sources; copy the file into it");
}

Artifact read_artifact(const fs::path& directory, const Manifest& manifest) {
  Artifact artifact{directory, manifest.platform, {}};
  const fs::path callable = directory / kCallable;
  if (fs::exists(fs::symlink_status(callable)) && !is_plain_file(callable)) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no plain file", callable.string()));
  }
  artifact.spec = load_callable_spec(callable);
  const fs::path base = fs::absolute(directory).lexically_normal();
  require_inside(base, (artifact.spec.base_dir / artifact.spec.orchestration.source).lexically_normal(), "orchestration");
  for (size_t i = 0; i < artifact.spec.incores.size(); ++i) {
    require_inside(base, (artifact.spec.base_dir / artifact.spec.incores[i].source).lexically_normal(), fmt::format("incores[{}]", i));
  }
  return artifact;
}

/// Where `directory` leads: an artifact may be named by a link to it.
fs::path final_place(const fs::path& directory) {
  if (directory.empty()) throw Error(ErrorCode::kInvalidArgument, "an artifact needs a directory, and its name is empty");
  const fs::path target = fs::absolute(directory).lexically_normal();
  const fs::path named = target.has_filename() ? target : target.parent_path();
  std::error_code failure;
  if (!fs::is_symlink(named, failure)) return named;
  const fs::path place = fs::canonical(named, failure);
  if (!failure) return place;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{} exists and is no artifact: the link leads nowhere", named.string()),
              "name another directory");
}

/// Whether an artifact may take the name: there is nothing, an empty directory, or an artifact, which it replaces.
bool replaces_artifact(const fs::path& final) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(final, ignored))) return false;
  if (is_artifact(final)) return true;
  if (fs::is_directory(final, ignored) && fs::is_empty(final, ignored)) return false;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{} exists and is no artifact", final.string()), "name another directory");
}

/// Gives a complete directory its name. An artifact that has it already changes places with it, and goes the way of temporary directories.
void give_name(const fs::path& made, const fs::path& final) {
  for (;;) {
    const bool replaces = replaces_artifact(final);
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, final.c_str(), replaces ? RENAME_EXCHANGE : 0) == 0) return;
    // Another process may have given or taken the name since.
    if (replaces ? errno == ENOENT : errno == ENOTEMPTY || errno == EEXIST) continue;
    throw errno_error(errno, fmt::format("cannot rename {} to {}", made.string(), final.string()));
  }
}

}  // namespace

bool is_artifact(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) || !is_plain_file(path / kManifest)) return false;
  const nlohmann::json object = nlohmann::json::parse(read_file(path / kManifest), nullptr, false);
  return object.is_object() && object.contains("tilewright") && object.contains("files");
}

void write_artifact(const fs::path& directory, const ArtifactContent& content) {
  const fs::path final = final_place(directory);
  replaces_artifact(final);
  std::error_code ignored;
  if (!fs::is_directory(final.parent_path(), ignored)) {
    throw Error(ErrorCode::kFileNotFound, fmt::format("there is no directory {}", final.parent_path().string()));
  }
  const TemporaryDirectory making(final);
  Manifest manifest{content.platform, {}};
  for (const auto& [name, text] : content.files) {
    std::error_code failure;
    fs::create_directories((making.path() / name).parent_path(), failure);
    if (failure) throw errno_error(failure.value(), fmt::format("cannot make the directory of {}", (final / name).string()));
    write_file_atomically(making.path() / name, text);
    manifest.files[name] = sha256(text).hex();
  }
  write_file_atomically(making.path() / kManifest, format_manifest(manifest));
  const Uninterrupted whole;
  fs::permissions(making.path(), kDirectoryMode);
  give_name(making.path(), final);
}

std::vector<std::string> artifact_differences(const fs::path& directory) {
  const Manifest manifest = read_manifest(directory);
  std::set<std::string> found = files_below(directory);
  std::vector<std::string> differences;
  for (const auto& [name, digest] : manifest.files) {
    if (found.erase(name) == 0) {
      differences.push_back(name + " is missing");
    } else if (!is_plain_file(directory / name)) {
      differences.push_back(name + " is no plain file");
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

std::map<std::string, std::string> artifact_files(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const std::string& name : files_below(directory)) {
    if (!is_plain_file(directory / name)) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("{} is no plain file", (directory / name).string()),
                  "an artifact holds files and directories");
    }
    files[name] = sha256(read_file(directory / name)).hex();
  }
  return files;
}

void renew_manifest(const fs::path& directory, const std::map<std::string, std::string>& files) {
  Manifest manifest = read_manifest(directory);
  manifest.files = files;
  try {
    write_file_atomically(directory / kManifest, format_manifest(manifest));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: the name of a file is not UTF-8: {}", directory.string(), error.what()));
  }
}

}  // namespace tilewright
