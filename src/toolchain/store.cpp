#include "toolchain/store.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/log.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kComponent = "store";
constexpr size_t kHexSize = 64;

const char* directory_name(EntryKind kind) { return kind == EntryKind::kObject ? "objects" : "records"; }

/// A record's key says nothing about its content, so it carries a digest of itself and its key in front.
std::string record_seal(const Digest& key, std::string_view content) {
  return Hasher().bytes(key.bytes.data(), key.bytes.size()).bytes(content.data(), content.size()).finish().hex() + "\n";
}

bool is_intact(EntryKind kind, const Digest& name, std::string_view content) {
  if (kind == EntryKind::kObject) return sha256(content) == name;
  return content.size() > kHexSize && content.substr(0, kHexSize + 1) == record_seal(name, content.substr(kHexSize + 1));
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

/// Calls `visit` for every file of one kind. A directory or file that goes away meanwhile is skipped.
void walk(const fs::path& directory, const std::function<void(const fs::directory_entry&)>& visit) {
  std::error_code failure;
  fs::recursive_directory_iterator files(directory, fs::directory_options::skip_permission_denied, failure);
  for (; !failure && files != fs::recursive_directory_iterator(); files.increment(failure)) {
    std::error_code gone;
    if (files->is_regular_file(gone) && !gone) visit(*files);
  }
}

}  // namespace

Store::Store(fs::path root) : root_(std::move(root)) {}

fs::path Store::default_root() { return cache_directory() / "store"; }

fs::path Store::path_of(EntryKind kind, const Digest& name) const {
  const std::string hex = name.hex();
  return root_ / directory_name(kind) / hex.substr(0, 2) / hex.substr(2);
}

std::optional<std::string> Store::read_checked(EntryKind kind, const Digest& name) {
  const fs::path path = path_of(kind, name);
  std::string content;
  try {
    content = read_file(path);
  } catch (const Error&) {  // if the store cannot be used at all, the write that follows says so
    return std::nullopt;
  }
  if (!is_intact(kind, name, content)) {
    log(LogLevel::kWarn, kComponent, "{} is damaged; removed, it will be built again", path.string());
    remove_quietly(path);
    return std::nullopt;
  }
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // used now; a store that is read-only has no eviction
  return content;
}

void Store::write(EntryKind kind, const Digest& name, std::string_view content) {
  const fs::path path = path_of(kind, name);
  try {
    write_file_atomically(path, content);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kFileNotFound && error.code() != ErrorCode::kIoError) throw;
    std::error_code failure;
    if (fs::create_directories(path.parent_path(), failure); failure) {
      if (failure == std::errc::no_space_on_device) throw errno_error(ENOSPC, fmt::format("cannot create {}", path.parent_path().string()));
      throw Error(ErrorCode::kStoreUnwritable, fmt::format("cannot create {}: {}", path.parent_path().string(), failure.message()),
                  "set TW_CACHE_DIR or XDG_CACHE_HOME to a directory that can be written");
    }
    write_file_atomically(path, content);
  }
}

std::optional<std::vector<uint8_t>> Store::get(const Digest& id) {
  const std::optional<std::string> content = read_checked(EntryKind::kObject, id);
  if (!content) return std::nullopt;
  return std::vector<uint8_t>(content->begin(), content->end());
}

Digest Store::put(std::span<const uint8_t> object) {
  const Digest id = sha256(object);
  // Written even if it is there: what is there may be damaged, and being asked to put means that it was not found good.
  write(EntryKind::kObject, id, {reinterpret_cast<const char*>(object.data()), object.size()});
  return id;
}

std::optional<std::string> Store::get_record(const Digest& key) {
  std::optional<std::string> content = read_checked(EntryKind::kRecord, key);
  if (content) content->erase(0, kHexSize + 1);
  return content;
}

std::optional<std::string> Store::peek_record(const Digest& key) const {
  try {
    std::string content = read_file(path_of(EntryKind::kRecord, key));
    if (!is_intact(EntryKind::kRecord, key, content)) return std::nullopt;
    return content.erase(0, kHexSize + 1);
  } catch (const Error&) {  // pruned meanwhile, or unreadable
    return std::nullopt;
  }
}

void Store::put_record(const Digest& key, std::string_view content) {
  write(EntryKind::kRecord, key, record_seal(key, content).append(content));
}

void Store::try_to_write(const std::function<void()>& write) {
  try {
    write();
  } catch (const Error& error) {
    if (warned_.exchange(true)) return;
    const std::string hint = error.code() == ErrorCode::kDiskFull ? "'tw cache prune' makes room" : error.hint();
    log(LogLevel::kWarn, kComponent, "building without the cache in {}: {} ({}){}{}", root_.string(), error.message(),
        error_name(error.code()), hint.empty() ? "" : "; ", hint);
  }
}

FileDescriptor Store::lock(const Digest& key) {
  // One of 4096 files that are never removed: removing a lock file is a race, and a shared one only costs a wait.
  const fs::path path = root_ / "locks" / key.hex().substr(0, 3);
  const auto open = [&path] { return FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)); };
  FileDescriptor file = open();
  if (!file && errno == ENOENT) {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    file = open();
  }
  if (!file) return {};
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return {};
  }
  return file;
}

std::vector<StoreEntry> Store::list() const {
  std::vector<StoreEntry> entries;
  for (EntryKind kind : {EntryKind::kObject, EntryKind::kRecord}) {
    walk(root_ / directory_name(kind), [&](const fs::directory_entry& file) {
      const std::string shard = file.path().parent_path().filename().string();
      const std::optional<Digest> name = Digest::parse(shard + file.path().filename().string());
      if (!name) return;
      std::error_code gone;
      StoreEntry entry{kind, *name, file.file_size(gone), {}};
      if (!gone) entry.last_used = file.last_write_time(gone);
      if (!gone) entries.push_back(entry);
    });
  }
  std::sort(entries.begin(), entries.end(), [](const StoreEntry& a, const StoreEntry& b) {
    return std::tie(a.last_used, a.kind, a.name) < std::tie(b.last_used, b.kind, b.name);
  });
  return entries;
}

PruneReport Store::prune(const PrunePolicy& policy) {
  const auto now = fs::file_time_type::clock::now();
  const std::vector<StoreEntry> entries = list();
  PruneReport report;
  for (const StoreEntry& entry : entries) {
    ++report.kept;
    report.kept_bytes += entry.size;
  }
  for (const StoreEntry& entry : entries) {
    const bool too_old = policy.max_idle && now - entry.last_used > *policy.max_idle;
    const bool too_much = policy.max_bytes && report.kept_bytes > *policy.max_bytes;
    if (!too_old && !too_much) break;  // the rest was used later, and nothing is over the limit
    std::error_code failure;
    fs::remove(path_of(entry.kind, entry.name), failure);
    if (failure)
      throw Error(ErrorCode::kStoreUnwritable,
                  fmt::format("cannot remove {}: {}", path_of(entry.kind, entry.name).string(), failure.message()));
    --report.kept;
    report.kept_bytes -= entry.size;
    ++report.removed;
    report.removed_bytes += entry.size;
  }
  for (EntryKind kind : {EntryKind::kObject, EntryKind::kRecord}) {
    walk(root_ / directory_name(kind), [&](const fs::directory_entry& file) {
      const bool temporary = file.path().filename().string().find('.') != std::string::npos;  // as write_file_atomically names them
      std::error_code gone;
      const auto written = file.last_write_time(gone);
      if (temporary && !gone && now - written > std::chrono::hours(1)) remove_quietly(file.path());
    });
  }
  return report;
}

void Store::prune_daily() {
  const fs::path stamp = root_ / "pruned";
  std::error_code missing;
  const auto last = fs::last_write_time(stamp, missing);
  if (!missing && fs::file_time_type::clock::now() - last < std::chrono::hours(24)) return;
  try_to_write([&] {
    write_file_atomically(stamp, "");
    if (missing) return;  // a new store
    const PruneReport report = prune({uint64_t{10} << 30, std::chrono::hours(24 * 30)});
    if (report.removed > 0) log(LogLevel::kInfo, kComponent, "pruned {} files, {} bytes", report.removed, report.removed_bytes);
  });
}

std::vector<StoreEntry> Store::verify(bool remove, const std::function<void(const StoreEntry&)>& seen) {
  std::vector<StoreEntry> damaged;
  for (const StoreEntry& entry : list()) {
    if (seen) seen(entry);
    const fs::path path = path_of(entry.kind, entry.name);
    try {
      if (is_intact(entry.kind, entry.name, read_file(path))) continue;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kFileNotFound) continue;  // pruned meanwhile
    }
    damaged.push_back(entry);
    if (remove) remove_quietly(path);
  }
  return damaged;
}

}  // namespace tilewright
