// SPDX-License-Identifier: Apache-2.0
// Query: one run of a prepared statement. Values are bound in order and copied; then next() gives
// row after row, and the getters read its columns from left to right, one call a column.
//
//   Query query(db, "SELECT uid, flags FROM message WHERE mailbox = ?", mailbox);
//   while (true) {
//     STERNA_TRY(const bool row, query.next());
//     if (!row) break;
//     use(query.get<Uid>(), query.text()) ...
//
// A failure to prepare or to bind comes out of the first next(). The statement is reset when the
// Query goes; until then nobody else may run the same one, which is asserted.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/ids.h"
#include "sterna/base/result.h"

struct sqlite3_stmt;

namespace sterna::store {

class Db;

// Octets that are no text.
struct Blob {
  std::string_view octets;
};

class Query {
 public:
  template <class... Values>
  Query(Db& db, const char* sql, const Values&... values) : Query(db, sql, Unbound{}) {
    (bind(values), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  // True: a row is there. False: no more.
  Result<bool> next();

  // The next column of the row. Views are valid until next() or the end of the Query. SQL's numbers
  // are signed 64-bit: unsigned ones of that size are stored as the same 64 bits.
  std::int64_t integer();
  std::string_view text();
  std::string string() { return std::string(text()); }
  bool boolean() { return integer() != 0; }
  bool is_null() const;  // of the next column, without passing it
  void skip() { ++column_; }

  template <std::integral T>
  T get() {
    return static_cast<T>(integer());
  }
  template <class Id>
    requires requires(Id id) { id.value; }
  Id get() {
    return Id{static_cast<decltype(Id::value)>(integer())};
  }

  // The error of a statement that was not meant to give rows.
  Status unexpected_row() const;

 private:
  struct Unbound {};
  Query(Db& db, const char* sql, Unbound);

  void bind(std::nullopt_t);
  void bind(std::string_view text);
  void bind(const std::string& text) { bind(std::string_view(text)); }
  void bind(Blob blob);
  void bind_integer(std::int64_t number);
  template <std::integral T>
  void bind(T number) {
    bind_integer(static_cast<std::int64_t>(number));
  }
  template <class Tag, class Rep>
  void bind(StrongId<Tag, Rep> id) {
    bind_integer(static_cast<std::int64_t>(id.value));
  }
  template <class T>
  void bind(const std::optional<T>& value) {
    value ? bind(*value) : bind(std::nullopt);
  }
  void note(int code);

  Db& db_;
  sqlite3_stmt* statement_ = nullptr;
  std::optional<Error> failure_;
  int bound_ = 0;
  int column_ = 0;
};

}  // namespace sterna::store
