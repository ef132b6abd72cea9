#include "toolchain/include_closure.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <unordered_set>

#include "base/file.h"

namespace tilewright {
namespace {

std::string with_slash(std::string directory) {
  if (directory.empty() || directory.back() != '/') directory.push_back('/');
  return directory;
}

/// Hundreds of headers are hashed for a build that compiles nothing, so through one buffer that stays in the cache. Empty
/// if the file is gone or unreadable: whoever asks takes it as changed.
std::optional<Digest> digest_of_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  Hasher hasher;
  char buffer[1 << 15];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return hasher.finish();
    hasher.bytes(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

SearchPath::SearchPath(const std::vector<std::filesystem::path>& own, const std::vector<std::string>& system) {
  for (const auto& directory : own) own_.push_back(with_slash(directory.string()));
  for (const std::string& directory : system) system_.push_back(with_slash(directory));
}

std::string SearchPath::name_of(std::string_view path) const {
  size_t best = own_.size();
  for (size_t i = 0; i < own_.size(); ++i) {
    if (path.starts_with(own_[i]) && (best == own_.size() || own_[i].size() > own_[best].size())) best = i;
  }
  if (best == own_.size()) return std::string(path);
  return fmt::format("@{}/{}", best, path.substr(own_[best].size()));
}

std::string SearchPath::path_of(std::string_view name) const {
  if (!name.starts_with('@')) return std::string(name);
  const size_t slash = name.find('/');
  size_t index = own_.size();
  if (slash != std::string_view::npos) std::from_chars(name.data() + 1, name.data() + slash, index);
  if (index >= own_.size()) return std::string(name);  // a path that no file has
  return own_[index] + std::string(name.substr(slash + 1));
}

std::vector<std::string> SearchPath::spellings(std::string_view path) const {
  std::vector<std::string> all;
  for (const auto* directories : {&own_, &system_}) {
    for (const std::string& directory : *directories) {
      if (path.starts_with(directory)) all.emplace_back(path.substr(directory.size()));
    }
  }
  return all;
}

std::optional<Digest> FileFacts::digest(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = digests_.find(path); known != digests_.end()) return known->second;
  }
  const std::optional<Digest> digest = digest_of_file(path);
  const std::lock_guard lock(mutex_);
  return digests_.emplace(path, digest).first->second;
}

bool FileFacts::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto [entry, fresh] = exists_.try_emplace(path, false);
  if (fresh) entry->second = ::access(path.c_str(), F_OK) == 0;
  return entry->second;
}

std::vector<std::string> parse_depfile(std::string_view text) {
  // "target: a b\<newline> c": blanks and '#' in names are escaped by a backslash, '$' is doubled.
  std::vector<std::string> files;
  std::string file;
  const auto flush = [&] {
    if (!file.empty()) files.push_back(std::move(file));
    file.clear();
  };
  const size_t colon = text.find(": ");
  for (size_t i = colon == std::string_view::npos ? text.size() : colon + 2; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && next == '\n') {
      flush();
      ++i;
    } else if (c == '\\' && (next == ' ' || next == '#' || next == '\\')) {
      file.push_back(next);
      ++i;
    } else if (c == '$' && next == '$') {
      file.push_back('$');
      ++i;
    } else if (c == ' ' || c == '\n') {
      flush();
    } else {
      file.push_back(c);
    }
  }
  flush();
  return files;
}

Digest lookalikes(const SearchPath& search, const std::vector<std::string>& files, FileFacts& facts) {
  const std::unordered_set<std::string> used(files.begin(), files.end());
  std::set<std::string> spelled;
  std::set<std::string> directories(search.own().begin(), search.own().end());
  for (const std::string& file : files) {
    for (std::string& spelling : search.spellings(file)) spelled.insert(std::move(spelling));
    // A quoted #include looks beside the file that says it first.
    if (search.name_of(file).front() == '@') directories.insert(file.substr(0, file.rfind('/') + 1));
  }
  std::set<std::string> found;
  std::string candidate;
  for (const std::string& directory : directories) {
    for (const std::string& spelling : spelled) {
      const size_t first = spelling.find('/');  // most directories lack even the first part of a spelling
      candidate.assign(directory).append(spelling, 0, first);
      if (!facts.exists(candidate)) continue;
      candidate.assign(directory).append(spelling);
      if ((first == std::string::npos || facts.exists(candidate)) && !used.contains(candidate)) found.insert(search.name_of(candidate));
    }
  }
  Hasher hasher;
  for (const std::string& name : found) hasher.field(name);
  return hasher.finish();
}

}  // namespace tilewright
