// SPDX-License-Identifier: Apache-2.0
// Store's inside: the lock, the connection, and the transaction that may be open.
//
// A transaction in which a change failed is spoilt: every later change and the commit repeat the
// first error, so that half of what belonged together is never recorded. This matters since SQLite
// may roll back by itself when the disk is full, and would then take each further change for a
// transaction of its own.
#pragma once

#include <optional>
#include <utility>

#include "db.h"
#include "directory.h"
#include "passing_states.h"
#include "sterna/base/assert.h"
#include "sterna/store/store.h"

namespace sterna::store {

class Store::Impl {
 public:
  Impl(DirectoryLock lock, Db connection, bool is_read_only)
      : lock_(std::move(lock)), read_only_(is_read_only), db(std::move(connection)) {}

  Status begin(Durability durability);
  Status commit();
  void rollback();
  Status checkpoint();

  // Every change goes through here. Precondition: a transaction is open.
  template <class... Values>
  Status change(const char* sql, const Values&... values) {
    STERNA_ASSERT(in_transaction_);
    if (spoilt_) return fail(*spoilt_);
    return changed(db.run(sql, values...));
  }
  // The same, for a deletion of which the number of rows matters.
  template <class... Values>
  Result<std::size_t> remove_rows(const char* sql, const Values&... values) {
    STERNA_CHECK(change(sql, values...));
    return static_cast<std::size_t>(db.changed_rows());
  }
  // Ends the row's passing state, if it has one.
  Status forget_passing(MessageKey key);

 private:
  Status changed(Status result);
  Status set_durability(Durability durability);
  Status note_flush();

  // Before the connection, so that it goes after it: closing may still write.
  DirectoryLock lock_;
  bool read_only_;
  bool in_transaction_ = false;
  int pages_before_ = 0;
  bool may_be_unflushed_ = true;  // something that was committed, by an earlier process perhaps
  std::optional<Durability>
      durability_;  // what the connection is set to; nullopt: SQLite's default
  std::optional<Error> spoilt_;
  std::optional<Error> broken_;  // what is in memory is not what is in the file

 public:
  Db db;
  PassingStates passing;
  bool is_new = false;
  std::int64_t lived_ms = 0;
  std::uint64_t flushes = 0;
};

}  // namespace sterna::store
