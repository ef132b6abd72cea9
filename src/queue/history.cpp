#include "queue/history.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "queue/device_ids.h"
#include "queue/entry.h"

namespace tilewright::queue {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS jobs(id TEXT PRIMARY KEY, user TEXT, command TEXT, devices TEXT, exit_code INTEGER, reason TEXT,"
    " submitted REAL, started REAL, ended REAL, wait_seconds REAL, run_seconds REAL);"
    "CREATE TABLE IF NOT EXISTS job_devices(id TEXT, device INTEGER, PRIMARY KEY(id, device));";

/// An open database. Throws Error(kIoError), with `damaged` set if the file is no database or a broken one.
class Database {
 public:
  explicit Database(const fs::path& path) : path_(path) {
    sqlite3* handle = nullptr;
    const int result = ::sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    check(result);
    ::sqlite3_busy_timeout(handle, 10'000);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=NORMAL");
    run(kSchema);
  }

  void run(const char* sql) { check(::sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr)); }

  class Statement {
   public:
    Statement(Database& database, const char* sql) : database_(database) {
      sqlite3_stmt* statement = nullptr;
      const int result = ::sqlite3_prepare_v2(database.handle_.get(), sql, -1, &statement, nullptr);
      statement_.reset(statement);
      database.check(result);
    }
    Statement& bind(const std::string& text) {
      ::sqlite3_bind_text(statement_.get(), ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
      return *this;
    }
    Statement& bind(double number) {
      ::sqlite3_bind_double(statement_.get(), ++bound_, number);
      return *this;
    }
    Statement& bind(int number) {
      ::sqlite3_bind_int(statement_.get(), ++bound_, number);
      return *this;
    }
    bool step() {
      const int result = ::sqlite3_step(statement_.get());
      if (result != SQLITE_ROW && result != SQLITE_DONE) database_.check(result);
      return result == SQLITE_ROW;
    }
    std::string text(int column) const {
      const auto* value = reinterpret_cast<const char*>(::sqlite3_column_text(statement_.get(), column));
      return value != nullptr ? value : "";
    }
    double number(int column) const { return ::sqlite3_column_double(statement_.get(), column); }

   private:
    struct Finalize {
      void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
    };
    Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
  };

  static bool is_damage(int result) { return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { ::sqlite3_close(handle); }
  };
  void check(int result) const {
    if (result == SQLITE_OK) return;
    throw Error(ErrorCode::kIoError, fmt::format("job history {}: {}", path_.string(), ::sqlite3_errmsg(handle_.get())), {},
                is_damage(result) ? 1 : 0);
  }

  fs::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

void insert(Database& database, const JobRecord& record) {
  Database::Statement(database, "INSERT OR IGNORE INTO jobs VALUES(?,?,?,?,?,?,?,?,?,?,?)")
      .bind(record.id)
      .bind(record.user)
      .bind(record.command)
      .bind(format_device_ids(record.devices))
      .bind(record.exit_code)
      .bind(std::string(end_reason_name(record.reason)))
      .bind(record.submitted)
      .bind(record.started)
      .bind(record.ended)
      .bind(record.wait_seconds)
      .bind(record.run_seconds)
      .step();
  for (int device : record.devices) {
    Database::Statement(database, "INSERT OR IGNORE INTO job_devices VALUES(?,?)").bind(record.id).bind(device).step();
  }
}

void insert_all(const fs::path& path, const std::vector<JobRecord>& records) {
  Database database(path);
  database.run("BEGIN IMMEDIATE");
  for (const JobRecord& record : records) insert(database, record);
  database.run("COMMIT");
}

/// Record files, oldest first: job ids begin with the date.
std::vector<fs::path> record_files(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator at(directory, failure), end; !failure && at != end; at.increment(failure)) {
    if (at->path().extension() == ".json") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

fs::path history_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') return fs::path(state) / "tilewright" / "queue";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".local" / "state" / "tilewright" / "queue";
  throw Error(ErrorCode::kInvalidArgument, "neither XDG_STATE_HOME nor HOME is set", "the queue keeps records and logs of your jobs there");
}

void History::prepare() const {
  for (const char* name : {"jobs", "logs"}) {
    std::error_code failure;
    fs::create_directories(directory_ / name, failure);
    if (failure) throw errno_error(failure.value(), fmt::format("cannot make {}", (directory_ / name).string()));
  }
  ::chmod(directory_.c_str(), 0700);
}

void History::write_record(const JobRecord& record) const {
  std::error_code ignored;
  if (!fs::exists(directory_ / "jobs", ignored)) prepare();
  write_file_atomically(record_path(record.id), record.to_json());
}

std::optional<JobRecord> History::find(const std::string& id) const {
  std::error_code ignored;
  if (!is_job_id(id) || !fs::exists(record_path(id), ignored)) return std::nullopt;
  return JobRecord::from_json(read_file(record_path(id)));
}

void History::import() const {
  const fs::path path = directory_ / "history.db";
  const std::vector<JobRecord> records = newest(std::numeric_limits<size_t>::max());
  if (records.empty()) return;
  try {
    insert_all(path, records);
  } catch (const Error& failure) {
    if (failure.status() != 1) throw;
    std::error_code ignored;
    fs::rename(path, directory_ / "history.db.damaged", ignored);
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(path.string() + suffix, ignored);
    insert_all(path, records);
  }
}

void History::rotate(size_t keep) const {
  const std::vector<fs::path> files = record_files(directory_ / "jobs");
  // A tenth more than asked for may stay, so that most jobs have nothing to remove.
  if (files.size() <= keep + keep / 10) return;
  import();
  for (size_t i = 0; i + keep < files.size(); ++i) {
    std::error_code ignored;
    fs::remove(log_path(files[i].stem().string()), ignored);
    fs::remove(files[i], ignored);
  }
}

int History::clean(double older_than_seconds) const {
  import();
  int removed = 0;
  for (const fs::path& file : record_files(directory_ / "jobs")) {
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0 || static_cast<double>(std::time(nullptr) - info.st_mtime) < older_than_seconds) continue;
    std::error_code ignored;
    fs::remove(log_path(file.stem().string()), ignored);
    removed += fs::remove(file, ignored);
  }
  return removed;
}

std::vector<JobRecord> History::newest(size_t count) const {
  std::vector<JobRecord> records;
  std::vector<fs::path> files = record_files(directory_ / "jobs");
  for (auto file = files.rbegin(); file != files.rend() && records.size() < count; ++file) {
    try {
      records.push_back(JobRecord::from_json(read_file(*file)));
    } catch (const Error&) {
      continue;  // one damaged record hides no other
    }
  }
  return records;
}

std::vector<History::Usage> History::usage(double days) const {
  import();
  std::error_code ignored;
  if (!fs::exists(directory_ / "history.db", ignored)) return {};
  Database database(directory_ / "history.db");
  Database::Statement rows(
      database,
      "SELECT jobs.user, COALESCE(job_devices.device, -1), COUNT(*), SUM(jobs.run_seconds) / 3600, AVG(jobs.wait_seconds),"
      " SUM(jobs.exit_code <> 0) FROM jobs LEFT JOIN job_devices ON jobs.id = job_devices.id WHERE jobs.ended >= ?"
      " GROUP BY 1, 2 ORDER BY 1, 2");
  rows.bind(static_cast<double>(std::time(nullptr)) - days * 86400);
  std::vector<Usage> usage;
  while (rows.step()) {
    Usage row{rows.text(0),   static_cast<int>(rows.number(1)), static_cast<long>(rows.number(2)), rows.number(3),
              rows.number(4), static_cast<long>(rows.number(5))};
    if (row.device < 0) row.device_hours = 0;
    usage.push_back(std::move(row));
  }
  return usage;
}

}  // namespace tilewright::queue
