// SPDX-License-Identifier: Apache-2.0
#include "query.h"

#include <sqlite3.h>

#include "db.h"
#include "sqlite_error.h"
#include "sterna/base/assert.h"

namespace sterna::store {

Query::Query(Db& db, const char* sql, Unbound) : db_(db) {
  Result<sqlite3_stmt*> statement = db.prepared(sql);
  if (!statement) {
    failure_ = std::move(statement).error();
    return;
  }
  STERNA_ASSERT(sqlite3_stmt_busy(*statement) == 0);
  statement_ = *statement;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  // Its result repeats the error of the last step, which next() has told.
  sqlite3_reset(statement_);
}

Result<bool> Query::next() {
  if (failure_) return fail(std::move(*failure_));
  const int code = sqlite3_step(statement_);
  column_ = 0;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(sqlite_error(db_.handle(), code));
}

std::int64_t Query::integer() {
  return sqlite3_column_int64(statement_, column_++);
}

std::string_view Query::text() {
  const int column = column_++;
  // The pointer first: asking for it may convert, which changes the size.
  const void* octets = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (octets == nullptr) return {};
  return {static_cast<const char*>(octets), static_cast<std::size_t>(size)};
}

bool Query::is_null() const {
  return sqlite3_column_type(statement_, column_) == SQLITE_NULL;
}

Status Query::unexpected_row() const {
  return fail(Error(ErrorCode::internal, "a change of the state gave a row")
                  .with_scope(ErrorScope::account));
}

void Query::bind(std::nullopt_t) {
  note(sqlite3_bind_null(statement_, ++bound_));
}

void Query::bind(std::string_view text) {
  // A view of nothing has no pointer, and a null pointer would be NULL.
  const char* octets = text.data() == nullptr ? "" : text.data();
  note(sqlite3_bind_text64(statement_, ++bound_, octets, text.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void Query::bind(Blob blob) {
  note(sqlite3_bind_blob64(statement_, ++bound_, blob.octets.data(), blob.octets.size(),
                           SQLITE_TRANSIENT));
}

void Query::bind_integer(std::int64_t number) {
  note(sqlite3_bind_int64(statement_, ++bound_, number));
}

void Query::note(int code) {
  if (code == SQLITE_OK || failure_) return;
  failure_ = sqlite_error(db_.handle(), code);
}

}  // namespace sterna::store
