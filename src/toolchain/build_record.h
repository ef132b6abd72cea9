// A build record: under one build key, which sets of headers gave which object (as ccache's direct mode).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace tilewright {

struct BuildResult {
  Digest object;
  Digest lookalikes;                                  ///< see include_closure.h
  std::vector<std::pair<std::string, Digest>> files;  ///< headers: name (SearchPath::name_of) and content
};

struct BuildRecord {
  std::string source;                ///< file name of the source, for people
  std::string kind;                  ///< "kernel aiv a2a3 x86-64-v3", for people
  std::vector<BuildResult> results;  ///< newest first

  /// Puts `result` first, drops one with the same headers, keeps at most kMaxResults.
  void add(BuildResult result);
  std::string format() const;
  /// Empty if the text has another format: then the record counts as missing.
  static std::optional<BuildRecord> parse(std::string_view text);

  static constexpr size_t kMaxResults = 16;
};

}  // namespace tilewright
