// Artifacts: a directory with the sources of a compiled program, whose manifest says what belongs to it (docs/reference/artifact.md).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "toolchain/callable_spec.h"

namespace tilewright {

/// What an artifact holds beside its manifest. Paths are relative, with '/'; "callable.json" is one of them.
struct ArtifactContent {
  std::string platform;  ///< architecture that it was compiled for: "a2a3" or "a5"
  std::map<std::string, std::string> files;
};

struct Artifact {
  std::filesystem::path directory;
  std::string platform;  ///< "a2a3" or "a5"
  CallableSpec spec;     ///< its sources are in the directory
};

/// Whether `path` is a directory with a manifest of some version of Tilewright, which counts other manifest.json files out.
bool is_artifact(const std::filesystem::path& path);

/// Writes a directory beside `directory` (or beside what that links to) and renames it when it is complete: an artifact of that name is
/// replaced at once, and a failure, or a signal, leaves it as it was. Several processes may write the same one; the last stays. Throws
/// Error: kInvalidArgument if something else has the name, kDiskFull, kStoreUnwritable, kIoError.
void write_artifact(const std::filesystem::path& directory, const ArtifactContent& content);

/// Reads an artifact and checks every file against the manifest. Throws Error: kFileNotFound (no artifact, a file that is missing),
/// kInvalidArgument (files that differ, or that the manifest does not name; another version), kParseError.
Artifact load_artifact(const std::filesystem::path& directory);

/// Every file of an artifact that is not as the manifest says, with the reason: "kernels/aiv/exp.cpp was altered". Throws as load_artifact
/// for a manifest that cannot be used.
std::vector<std::string> artifact_differences(const std::filesystem::path& directory);

/// The artifact as its files are now, whatever the manifest says of them; the sources that callable.json names lie in it. Throws as
/// load_artifact, but not for files that were altered or added.
Artifact load_altered_artifact(const std::filesystem::path& directory);

/// The files of an artifact as they are now, with their SHA-256. Throws Error: kInvalidArgument for what is no plain file, kIoError.
std::map<std::string, std::string> artifact_files(const std::filesystem::path& directory);

/// Makes the manifest say that these are the files. Throws Error: kFileNotFound, kIoError and what else writing a file throws.
void renew_manifest(const std::filesystem::path& directory, const std::map<std::string, std::string>& files);

}  // namespace tilewright
