// The object store: compiled objects under the SHA-256 of their bytes, and small records that say which inputs gave
// which object (docs/design/toolchain.md).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/hash.h"

namespace tilewright {

enum class EntryKind : uint8_t { kObject, kRecord };

/// One file of the store.
struct StoreEntry {
  EntryKind kind;
  Digest name;
  uint64_t size = 0;  ///< bytes
  std::filesystem::file_time_type last_used;
};

struct PrunePolicy {
  std::optional<uint64_t> max_bytes;             ///< remove the least recently used until no more than this is left
  std::optional<std::chrono::seconds> max_idle;  ///< remove what was not used for longer
};

struct PruneReport {
  uint64_t removed = 0, removed_bytes = 0, kept = 0, kept_bytes = 0;
};

/// A directory that any number of threads and processes may use at once. Files appear whole or not at all, and are read
/// whole and checked against their name, so that a reader needs no lock and no eviction can break it. What is damaged is
/// removed and counts as missing.
class Store {
 public:
  /// Nothing is created before the first write.
  explicit Store(std::filesystem::path root = default_root());
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// cache_directory() / "store".
  static std::filesystem::path default_root();
  const std::filesystem::path& root() const { return root_; }

  /// An object, or nothing if it is not there, unreadable or damaged. Marks it as used.
  std::optional<std::vector<uint8_t>> get(const Digest& id);
  /// Returns its id. Throws Error: kDiskFull, kStoreUnwritable, kIoError; a failure leaves nothing behind.
  Digest put(std::span<const uint8_t> object);

  /// The record of a key, or nothing, as get.
  std::optional<std::string> get_record(const Digest& key);
  /// The same without marking it as used or removing a damaged one, for reports.
  std::optional<std::string> peek_record(const Digest& key) const;
  /// Replaces it. Throws as put.
  void put_record(const Digest& key, std::string_view content);

  /// Runs `write`, which puts something. A store that cannot be written costs a warning, once per Store, not the
  /// result: whoever builds has the bytes in memory.
  void try_to_write(const std::function<void()>& write);

  /// Held while something is built under `key`, so that it is built once. Waits for another thread or process that
  /// holds it; empty if the store cannot be written. Released by the kernel if its holder dies.
  FileDescriptor lock(const Digest& key);

  /// All files, least recently used first.
  std::vector<StoreEntry> list() const;
  /// Removes files as `policy` says, and what interrupted writers left behind an hour ago or earlier.
  PruneReport prune(const PrunePolicy& policy);
  /// Once a day: prune of what was idle for 30 days, and beyond 10 GiB.
  void prune_daily();
  /// The damaged files; `remove` also removes them. Calls `seen` for each file first.
  std::vector<StoreEntry> verify(bool remove, const std::function<void(const StoreEntry&)>& seen = {});

  std::filesystem::path path_of(EntryKind kind, const Digest& name) const;

 private:
  std::optional<std::string> read_checked(EntryKind kind, const Digest& name);
  void write(EntryKind kind, const Digest& name, std::string_view content);

  std::filesystem::path root_;
  std::atomic<bool> warned_ = false;
};

}  // namespace tilewright
