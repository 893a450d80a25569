// SPDX-License-Identifier: Apache-2.0
// Opening, transactions, and the small facts. The rows are in the files named after them.
#include "sterna/store/store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "db.h"
#include "directory.h"
#include "impl.h"
#include "schema.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/base/step.h"

namespace sterna::store {
namespace {

constexpr std::string_view kLivedKey = "lived_ms";

Error no_state(const std::string& path) {
  return Error(ErrorCode::not_found, fmt::format("there is no state yet: {}", path))
      .with_scope(ErrorScope::account);
}

Result<Db> open_to_read(const std::string& path) {
  STERNA_TRY(const bool there, file_exists(path));
  if (!there) return fail(no_state(path));
  STERNA_TRY(Db db, Db::open(path, Access::read_only));
  STERNA_TRY(const SchemaState schema, read_schema(db));
  // Another process is making it, and has not finished.
  if (schema.is_new()) return fail(no_state(path));
  if (schema.version == kSchemaVersion) return db;
  return fail(Error(ErrorCode::unsupported, fmt::format("{} is of version {}, to be brought to {}",
                                                        path, schema.version, kSchemaVersion))
                  .with_scope(ErrorScope::account)
                  .with_disposition(Disposition::needs_user)
                  .with_hint("the next sync does it"));
}

}  // namespace

// --- transactions

Status Store::Impl::set_durability(Durability durability) {
  if (durability_ == durability) return {};
  STERNA_CHECK(db.execute(durability == Durability::full ? "PRAGMA synchronous = FULL"
                                                         : "PRAGMA synchronous = NORMAL"));
  durability_ = durability;
  return {};
}

Status Store::Impl::begin(Durability durability) {
  STERNA_ASSERT(!in_transaction_);
  if (broken_) return fail(*broken_);
  if (read_only_) {
    return fail(Error(ErrorCode::permission, "the state was opened for reading only")
                    .with_scope(ErrorScope::account));
  }
  STERNA_CHECK(set_durability(durability));
  // At once, so that a failure to get the write lock is met here and not in the middle.
  STERNA_CHECK(db.run("BEGIN IMMEDIATE"));
  in_transaction_ = true;
  pages_before_ = db.pages_written();
  return {};
}

Status Store::Impl::changed(Status result) {
  // A name that is taken undoes that one statement and leaves the transaction sound.
  if (!result && !result.error().is(ErrorCode::exists)) spoilt_ = result.error();
  return result;
}

Status Store::Impl::commit() {
  STERNA_ASSERT(in_transaction_);
  at_step("store.writing");
  Status result = spoilt_ ? Status(fail(*spoilt_)) : db.run("COMMIT");
  at_step("store.committed");
  if (!result) {
    rollback();
    return result;
  }
  in_transaction_ = false;
  return note_flush();
}

// After a commit. One that wrote nothing is not flushed, and neither is what came before it: then
// the header of the database is written anew.
Status Store::Impl::note_flush() {
  const bool wrote = db.pages_written() != pages_before_;
  if (durability_ != Durability::full) {
    may_be_unflushed_ = may_be_unflushed_ || wrote;
    return {};
  }
  if (!wrote && may_be_unflushed_) {
    const std::string touch = fmt::format("PRAGMA user_version = {}", kSchemaVersion);
    STERNA_CHECK(db.execute(touch.c_str()));
  }
  may_be_unflushed_ = false;
  ++flushes;
  return {};
}

void Store::Impl::rollback() {
  in_transaction_ = false;
  spoilt_.reset();
  // Its failure would mean that SQLite already did it; there is nothing to add to the first error.
  if (db.in_transaction()) static_cast<void>(db.run("ROLLBACK"));
  // Without it rows would have states that nobody wrote: nothing can be begun any more.
  if (Status loaded = passing.load(db); !loaded) broken_ = std::move(loaded).error();
}

Status Store::Impl::checkpoint() {
  STERNA_ASSERT(!in_transaction_);
  return read_only_ ? Status() : db.checkpoint();
}

Store::Transaction::Transaction(Store& store) : store_(&store) {}

Store::Transaction::Transaction(Transaction&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)) {}

Store::Transaction::~Transaction() {
  if (store_ != nullptr) store_->impl_->rollback();
}

Status Store::Transaction::commit() {
  STERNA_ASSERT(store_ != nullptr);
  return std::exchange(store_, nullptr)->impl_->commit();
}

Store::Reading::Reading(Store& store) : store_(&store) {}

Store::Reading::Reading(Reading&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}

Store::Reading::~Reading() {
  // Nothing was changed: there is nothing that its failure could lose.
  if (store_ != nullptr) static_cast<void>(store_->impl_->db.run("COMMIT"));
}

Result<Store::Reading> Store::read() {
  STERNA_CHECK(impl_->db.run("BEGIN DEFERRED"));
  return Reading(*this);
}

std::uint64_t Store::flushes() const {
  return impl_->flushes;
}

Result<Store::Transaction> Store::begin(Durability durability) {
  STERNA_CHECK(impl_->begin(durability));
  return Transaction(*this);
}

// --- opening

Store::Store() = default;
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, bool read_only) {
  const std::string path = directory + "/state.db";
  std::unique_ptr<Store> store(new Store);
  if (read_only) {
    STERNA_TRY(const bool there, file_exists(directory));
    if (there) STERNA_CHECK(check_file_system(directory));
    STERNA_TRY(Db db, open_to_read(path));
    store->impl_ = std::make_unique<Impl>(DirectoryLock(), std::move(db), read_only);
    STERNA_CHECK(store->impl_->passing.load(store->impl_->db));
    STERNA_CHECK(store->read_lived());
    return store;
  }
  STERNA_CHECK(make_directory(directory));
  STERNA_CHECK(check_file_system(directory));
  STERNA_TRY(DirectoryLock lock, DirectoryLock::take(directory));
  STERNA_CHECK(make_file(path));
  STERNA_TRY(Db db, Db::open(path, Access::read_write));
  STERNA_TRY(const SchemaState schema, read_schema(db));
  STERNA_CHECK(migrate(db, schema));
  store->impl_ = std::make_unique<Impl>(std::move(lock), std::move(db), read_only);
  store->impl_->is_new = schema.is_new();
  STERNA_CHECK(store->impl_->passing.load(store->impl_->db));
  STERNA_CHECK(store->read_lived());
  return store;
}

bool Store::is_new() const {
  return impl_->is_new;
}

Status Store::checkpoint() {
  return impl_->checkpoint();
}

std::uint64_t Store::octets(const std::string& directory) {
  std::uint64_t sum = 0;
  for (const char* name : {"/state.db", "/state.db-wal"}) {
    struct stat found{};
    if (::stat((directory + name).c_str(), &found) == 0)
      sum += static_cast<std::uint64_t>(found.st_size);
  }
  return sum;
}

bool Store::has_large_log(const std::string& directory) {
  return Db::has_large_log(directory + "/state.db");
}

Status Store::copy_log(const std::string& directory) {
  STERNA_TRY(Db db, Db::open(directory + "/state.db", Access::read_write));
  return db.empty_log();
}

// --- facts

Result<std::optional<std::string>> Store::get(std::string_view key) {
  Query query(impl_->db, "SELECT value FROM fact WHERE key = ?", key);
  STERNA_TRY(const bool row, query.next());
  if (!row) return std::nullopt;
  return query.string();
}

Status Store::set(std::string_view key, std::string_view value) {
  return impl_->change(
      "INSERT INTO fact (key, value) VALUES (?, ?) "
      "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key, value);
}

Status Store::unset(std::string_view key) {
  return impl_->change("DELETE FROM fact WHERE key = ?", key);
}

Result<std::vector<std::string>> Store::keys_with_prefix(std::string_view prefix) {
  STERNA_ASSERT(!prefix.empty() && prefix.back() != '\xff');
  std::string end(prefix);
  ++end.back();
  std::vector<std::string> keys;
  Query query(impl_->db, "SELECT key FROM fact WHERE key >= ? AND key < ? ORDER BY key", prefix,
              end);
  while (true) {
    STERNA_TRY(const bool row, query.next());
    if (!row) return keys;
    keys.push_back(query.string());
  }
}

// --- lived time

Status Store::read_lived() {
  STERNA_TRY(const std::optional<std::string> text, get(kLivedKey));
  if (text) impl_->lived_ms = static_cast<std::int64_t>(parse_number(*text, INT64_MAX).value_or(0));
  return {};
}

std::int64_t Store::lived_ms() const {
  return impl_->lived_ms;
}

void Store::live(std::chrono::milliseconds time) {
  STERNA_ASSERT(time.count() >= 0);
  impl_->lived_ms += time.count();
}

Status Store::keep_lived() {
  return set(kLivedKey, fmt::format("{}", impl_->lived_ms));
}

}  // namespace sterna::store
