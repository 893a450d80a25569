// SPDX-License-Identifier: Apache-2.0
// Db: one connection to SQLite, and the statements prepared on it so far.
//
// Statements are prepared when they are first used and kept as long as the connection lives; the
// key is the address of their text, so every text is a constant of static lifetime. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sterna/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sterna::store {

enum class Access : std::uint8_t { read_only, read_write };

class Db {
 public:
  // Opens `path`, which must exist. What is slow or depends on the schema is left to the first use.
  static Result<Db> open(const std::string& path, Access access);

  // Runs `sql`, which may hold several statements, and drops their rows.
  Status execute(const char* sql);
  // Runs a statement that gives no row, such as an INSERT. `sql` is a constant.
  template <class... Values>
  Status run(const char* sql, const Values&... values);

  std::int64_t last_insert_id() const;
  // By the statement that ran last.
  int changed_rows() const;
  // To the log, by all commits so far. One that wrote nothing flushed nothing, whatever the
  // durability: SQLite does not write what is the same octet for octet.
  int pages_written() const;
  // False once SQLite has rolled a transaction back by itself, as it may when the disk is full.
  bool in_transaction() const;
  // Copies the write-ahead log into the database as far as no reader needs it. Closing does so too,
  // and removes the log, if it is large; a small one is left to the next process, which reads it in
  // less time than two flushes take.
  Status checkpoint();
  // As checkpoint(), and cuts the log down where nobody uses it at that moment.
  Status empty_log();
  // Whether the log of that database is worth it.
  static bool has_large_log(const std::string& path);

  sqlite3* handle() const { return handle_.get(); }

 private:
  friend class Query;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Db(sqlite3* handle);
  Status configure(Access access);
  Result<sqlite3_stmt*> prepared(const char* sql);

  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace sterna::store

#include "query.h"

namespace sterna::store {

template <class... Values>
Status Db::run(const char* sql, const Values&... values) {
  Query query(*this, sql, values...);
  STERNA_TRY(const bool row, query.next());
  return row ? query.unexpected_row() : Status();
}

}  // namespace sterna::store
