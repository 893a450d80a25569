// SPDX-License-Identifier: Apache-2.0
#include "db.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "sqlite_error.h"

namespace sterna::store {
namespace {

// Readers and the one writer do not block one another; this covers the moments in which one of them
// opens or closes the write-ahead log.
constexpr int kBusyTimeoutMs = 2'000;
// Pages of 4 KiB in the write-ahead log after which a commit copies them into the database. Larger
// than SQLite's 1,000, so that a first sync is not stopped by it every thousand messages.
constexpr int kAutoCheckpointPages = 4'000;
// The kernel has the file in its own cache. Who only reads, reads whole mailboxes once.
constexpr int kCacheKiB = 1536;
constexpr int kReadingCacheKiB = 256;
// Whoever opens the database reads the log first, 0.02 ms a page: smaller ones cost less to read
// than to copy.
constexpr std::uintmax_t kWorthCopyingOctets = 256 * 1024;
// A log of at most so many octets is not worth two flushes at the end of a run: the next one copies
// it while it waits for its server (Store::copy_log()).
constexpr std::uintmax_t kKeptLogOctetsMax = 4 * 1024 * 1024;

int flags_of(Access access) {
  const int mode = access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  return mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
}

struct Switch {
  int option;
  int value;
};

// Double-quoted strings are a typing error that SQL would hide; a schema is data, and is not
// trusted.
constexpr Switch kSwitches[] = {
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
};

std::uintmax_t log_octets(const std::string& path) {
  std::error_code missing;
  const auto octets = std::filesystem::file_size(path + "-wal", missing);
  return missing ? 0 : octets;
}

bool has_small_log(sqlite3* handle) {
  const char* path = sqlite3_db_filename(handle, "main");
  return !path || log_octets(path) <= kKeptLogOctetsMax;
}

}  // namespace

void Db::Close::operator()(sqlite3* handle) const {
  if (has_small_log(handle)) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  sqlite3_close_v2(handle);
}
void Db::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Db::Db(sqlite3* handle) : handle_(handle) {}

Result<Db> Db::open(const std::string& path, Access access) {
  // Statistics that nobody reads would put every allocation of all threads behind one lock. Room
  // for pages that is allocated at once is touched at once, used or not: page by page, then.
  [[maybe_unused]] static const int configured =
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) +
      sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags_of(access), nullptr);
  Db db(handle);
  if (code != SQLITE_OK) return fail(sqlite_error(handle, code));
  STERNA_CHECK(db.configure(access));
  return db;
}

Status Db::configure(Access access) {
  for (const Switch& option : kSwitches) {
    const int code = sqlite3_db_config(handle(), option.option, option.value, nullptr);
    if (code != SQLITE_OK) return fail(sqlite_error(handle(), code));
  }
  sqlite3_busy_timeout(handle(), kBusyTimeoutMs);
  if (access == Access::read_write) {
    sqlite3_wal_autocheckpoint(handle(), kAutoCheckpointPages);
    // A log that begins anew is cut down, so that its size tells what is in it.
    STERNA_CHECK(execute("PRAGMA journal_size_limit = 0"));
  }
  const int cache = access == Access::read_only ? kReadingCacheKiB : kCacheKiB;
  return execute(fmt::format("PRAGMA cache_size = -{}", cache).c_str());
}

Status Db::execute(const char* sql) {
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(handle(), code));
  return {};
}

std::int64_t Db::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle());
}

int Db::changed_rows() const {
  return sqlite3_changes(handle());
}

int Db::pages_written() const {
  int pages = 0;
  int highest = 0;
  sqlite3_db_status(handle(), SQLITE_DBSTATUS_CACHE_WRITE, &pages, &highest, 0);
  return pages;
}

bool Db::in_transaction() const {
  return sqlite3_get_autocommit(handle()) == 0;
}

Status Db::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(handle(), code));
  return {};
}

Status Db::empty_log() {
  STERNA_CHECK(checkpoint());
  // There is nothing left to copy, or somebody reads or writes: then it begins anew another time.
  sqlite3_busy_timeout(handle(), 0);
  const int code =
      sqlite3_wal_checkpoint_v2(handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle(), kBusyTimeoutMs);
  if (code != SQLITE_OK && code != SQLITE_BUSY) return fail(sqlite_error(handle(), code));
  return {};
}

bool Db::has_large_log(const std::string& path) {
  return log_octets(path) >= kWorthCopyingOctets;
}

Result<sqlite3_stmt*> Db::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(handle(), code));
  statements_.emplace(sql, statement);
  return statement;
}

}  // namespace sterna::store
