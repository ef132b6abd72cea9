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

/// Whether `path` is a directory with a manifest.
bool is_artifact(const std::filesystem::path& path);

/// Writes a directory beside `directory` and renames it when it is complete: an artifact of that name is replaced at once, and a failure
/// leaves it as it was. Throws Error: kInvalidArgument if something else has the name, kDiskFull, kStoreUnwritable, kIoError.
void write_artifact(const std::filesystem::path& directory, const ArtifactContent& content);

/// Reads an artifact and checks every file against the manifest. Throws Error: kFileNotFound (no artifact, a file that is missing),
/// kInvalidArgument (files that differ, or that the manifest does not name; another version), kParseError.
Artifact load_artifact(const std::filesystem::path& directory);

/// Every file of an artifact that is not as the manifest says, with the reason: "kernels/aiv/exp.cpp was altered". Throws as load_artifact
/// for a manifest that cannot be used.
std::vector<std::string> artifact_differences(const std::filesystem::path& directory);

/// The artifact as its files are now, whatever the manifest says of them; sources that callable.json names must exist. Throws as
/// load_artifact, but not for files that were altered or added.
Artifact load_altered_artifact(const std::filesystem::path& directory);

/// Makes the manifest say what the files are now. Throws Error: kFileNotFound, kIoError and what else writing a file throws.
void renew_manifest(const std::filesystem::path& directory);

}  // namespace tilewright
