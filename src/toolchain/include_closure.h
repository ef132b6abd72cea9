// Which files a compile read, named and checked without the paths of the machine it ran on.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"

namespace tilewright {

/// The directories a compile searches for headers. Files in them are named by directory number: "@1/tensor.h" lies in
/// directory 1, wherever that is. Other files keep their path.
class SearchPath {
 public:
  /// `own` are absolute: the source's directory, then what -I names; files in them are named by number. `system` are the
  /// compiler's own, which keep their paths.
  SearchPath(const std::vector<std::filesystem::path>& own, const std::vector<std::string>& system);

  std::string name_of(std::string_view path) const;
  std::string path_of(std::string_view name) const;
  const std::vector<std::string>& own() const { return own_; }

  /// What an #include of `path` may say: the rest of the path after each search directory that holds it.
  std::vector<std::string> spellings(std::string_view path) const;

 private:
  std::vector<std::string> own_;     // with a closing slash
  std::vector<std::string> system_;  // with a closing slash
};

/// The state of the files as one build sees them: each is read once. Thread safe.
class FileFacts {
 public:
  /// The SHA-256 of a file; empty if it cannot be read.
  std::optional<Digest> digest(const std::string& path);
  bool exists(const std::string& path);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::optional<Digest>> digests_;
  std::unordered_map<std::string, bool> exists_;
};

/// The files a Makefile rule depends on, as `g++ -MD` writes it.
std::vector<std::string> parse_depfile(std::string_view text);

/// A digest of the set of files that an #include which found one of `files` could have found instead: files of the same
/// spelling in another directory that is searched. A new header that shadows a used one changes it. Conservative: it
/// looks at every search directory and every directory of a used header, not only at those that come first.
Digest lookalikes(const SearchPath& search, const std::vector<std::string>& files, FileFacts& facts);

}  // namespace tilewright
