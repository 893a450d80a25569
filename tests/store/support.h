// SPDX-License-Identifier: Apache-2.0
// A state directory of a test's own, rows to put into it, and SQL behind the store's back.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sterna/store/store.h"
#include "tests/support/temp_dir.h"

namespace sterna::store {

// The value, or an exception, which GoogleTest reports as a failure with the error's text.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().describe());
}

class StateDirectory {
 public:
  std::string path() const { return root_ / "account"; }
  std::string file() const { return path() + "/state.db"; }
  std::unique_ptr<Store> open() const { return must(Store::open(path(), false)); }
  std::unique_ptr<Store> open_to_read() const { return must(Store::open(path(), true)); }

 private:
  test::TempDir root_;
};

inline mode_t mode_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

// Does `changes` in a transaction of its own.
template <class Changes>
void change(Store& store, Changes changes, Durability durability = Durability::full) {
  Store::Transaction transaction = must(store.begin(durability));
  changes();
  must(transaction.commit());
}

inline MailboxId add_mailbox(Store& store, const std::string& name) {
  MailboxId id;
  change(store, [&] {
    MailboxRow row;
    row.name = MailboxName(name);
    id = must(store.add_mailbox(row));
  });
  return id;
}

inline MessageRow message_row(MailboxId mailbox, std::uint32_t uid,
                              RowState state = RowState::present, std::string base_name = "") {
  MessageRow row;
  row.key = {mailbox, Uid{uid}};
  row.state = state;
  row.base_name = std::move(base_name);
  return row;
}

inline Identity identity_of(const std::string& text) {
  return {.size = text.size(),
          .header = sha256(text),
          .message_id = "<" + text + "@example.org>",
          .body = hash64(text) >> 1};
}

// All that a row says, to be compared at once.
inline auto fields(const std::optional<Identity>& identity) {
  const Identity value = identity.value_or(Identity{});
  return std::tuple(identity.has_value(), value.size, value.header, value.message_id, value.body);
}
inline auto fields(const MessageRow& row) {
  return std::tuple_cat(
      std::tuple(row.key, row.state, row.flags.to_string(), row.base_name, row.in_new, row.info),
      std::tuple(row.file.dev, row.file.ino, row.file.size, row.file.mtime_ns, row.file.btime_ns),
      std::tuple(row.internal_date, row.remote_size, row.remote_header, row.email_id, row.modseq,
                 row.remote_since, row.local_since),
      fields(row.identity));
}

inline std::vector<std::uint32_t> uids_of(const std::vector<MessageRow>& rows) {
  std::vector<std::uint32_t> uids;
  for (const MessageRow& row : rows) uids.push_back(row.key.uid.value);
  return uids;
}

// Runs `sql` on `file`, past the store.
inline void run_sql(const std::string& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> close(handle, sqlite3_close);
  ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
}

// The first column of every row.
inline std::vector<std::string> ask_sql(const std::string& file, const std::string& sql) {
  std::vector<std::string> values;
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> close(handle, sqlite3_close);
  const auto take = [](void* into, int, char** columns, char**) {
    static_cast<std::vector<std::string>*>(into)->emplace_back(columns[0] ? columns[0] : "NULL");
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), take, &values, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  return values;
}

}  // namespace sterna::store
