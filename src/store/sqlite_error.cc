// SPDX-License-Identifier: Apache-2.0
#include "sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>
#include <utility>

namespace sterna::store {
namespace {

constexpr int kPrimaryMask = 0xff;

std::string file_of(sqlite3* db) {
  const char* path = sqlite3_db_filename(db, "main");
  return path == nullptr || *path == '\0' ? "the account's state" : path;
}

// SQLite knows ENOSPC on a write; a quota, or a full disk met by fsync, shows only in errno.
bool is_out_of_space(sqlite3* db) {
  const int number = sqlite3_system_errno(db);
  return number == ENOSPC || number == EDQUOT;
}

ErrorCode code_of(sqlite3* db, int code) {
  switch (code & kPrimaryMask) {
    case SQLITE_FULL:
      return ErrorCode::no_space;
    case SQLITE_IOERR:
      return is_out_of_space(db) ? ErrorCode::no_space : ErrorCode::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorCode::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorCode::locked;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::permission;
    case SQLITE_CANTOPEN:
      return sqlite3_system_errno(db) == EACCES ? ErrorCode::permission : ErrorCode::io;
    case SQLITE_NOMEM:
      return ErrorCode::io;
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_UNIQUE ? ErrorCode::exists : ErrorCode::internal;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

Error sqlite_error(sqlite3* db, int code) {
  const ErrorCode kind = code_of(db, code);
  std::string text = fmt::format("{} (SQLite {})", sqlite3_errmsg(db), code);
  if (kind == ErrorCode::corrupt) return corrupt(db, std::move(text));
  const bool full = kind == ErrorCode::no_space;
  return Error(kind, file_of(db) + ": " + text)
      .with_scope(ErrorScope::account)
      .with_hint(full ? "free some space; the next sync goes on where this one stopped" : "");
}

Error corrupt(sqlite3* db, std::string message) {
  const std::string file = file_of(db);
  return Error(ErrorCode::corrupt, file + ": " + message)
      .with_scope(ErrorScope::account)
      .with_hint(
          fmt::format("deleting {}* loses no mail: the next sync pairs what is there", file));
}

}  // namespace sterna::store
