// SPDX-License-Identifier: Apache-2.0
// What is on the disk of people who run an earlier version opens in every later one, and
// docs/storage.md names every table and column of it.
#include <fmt/format.h>

#include <fstream>
#include <set>

#include "support.h"

namespace sterna::store {
namespace {

std::string read_source(const std::string& below) {
  std::ifstream file(std::string(STERNA_SOURCE_DIR) + "/" + below);
  EXPECT_TRUE(file) << below;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A database as that version wrote it, with a row in every table.
class Earlier : public testing::TestWithParam<int> {
 protected:
  Earlier() {
    std::filesystem::create_directories(state_.path());
    for (int version = 1; version <= GetParam(); ++version) {
      run_sql(state_.file(), read_source(fmt::format("tests/store/version_{}.sql", version)));
    }
  }
  StateDirectory state_;
};

TEST_P(Earlier, OpensAndKeepsItsRows) {
  const auto store = state_.open();
  EXPECT_FALSE(store->is_new());
  EXPECT_EQ(must(store->get("tree")), "00000000000000a1");

  const auto mailboxes = must(store->mailboxes());
  ASSERT_EQ(mailboxes.size(), 1U);
  EXPECT_EQ(mailboxes[0].id, MailboxId{7});
  EXPECT_EQ(mailboxes[0].name.text(), "INBOX");
  EXPECT_EQ(mailboxes[0].role, Role::inbox);
  EXPECT_EQ(mailboxes[0].cursor,
            (RemoteCursor{UidValidity{1700000000}, Uid{13}, ModSeq{99}, 1, {}}));

  const auto messages = must(store->messages_by_base_name("1700000000.M1P2.host"));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].key, (MessageKey{MailboxId{7}, Uid{12}}));
  EXPECT_EQ(messages[0].state, RowState::present);
  EXPECT_EQ(messages[0].flags, FlagSet::parse("\\Seen work"));
  EXPECT_EQ(messages[0].identity->header, sha256("header"));
  EXPECT_EQ(messages[0].identity->body, 0U);
  EXPECT_EQ(messages[0].remote_header, std::nullopt);
  EXPECT_EQ(must(store->counts(MailboxId{7})).present, 1U);

  ASSERT_EQ(must(store->intents()).size(), 1U);
  EXPECT_EQ(must(store->intents())[0].kind, IntentKind::upload);
  EXPECT_EQ(must(store->intents())[0].stored, GetParam() >= 2);
  EXPECT_EQ(must(store->held()).size(), 1U);
  EXPECT_EQ(must(store->approvals()).size(), 1U);
  EXPECT_EQ(must(store->failures()).size(), 1U);
  EXPECT_EQ(must(store->attempts()).size(), GetParam() >= 6 ? 1U : 0U);
  EXPECT_TRUE(must(store->tombstone_of(MailboxId{7}, "1699999999.M1P1.host")));
  EXPECT_EQ(must(store->undo_entries()).size(), 1U);
  EXPECT_EQ(must(store->history({.path = "cur/1700000000.M1P2.host:2,S"})).size(), 1U);
  EXPECT_EQ(must(store->removals_since(MailboxId{7}, "remote", 0)).count, 3U);
}

TEST_P(Earlier, HasTheSchemaThatANewFileGets) {
  const StateDirectory fresh;
  fresh.open();
  const std::string schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
  state_.open();
  EXPECT_EQ(ask_sql(state_.file(), schema), ask_sql(fresh.file(), schema));
  EXPECT_EQ(ask_sql(fresh.file(), "PRAGMA user_version"), std::vector<std::string>{"12"});
}

// What an earlier version kept has no age yet: it begins to live with the first later one.
TEST_P(Earlier, WhatItKeptIsAsYoungAsTheClock) {
  const auto store = state_.open();
  EXPECT_EQ(store->lived_ms(), 0);
  change(*store, [&] {
    EXPECT_EQ(must(store->trim_history(0, 9)), 0U);
    EXPECT_EQ(must(store->trim_tombstones(0, 9)), 0U);
    EXPECT_EQ(must(store->trim_removals(0, 9)), 0U);
    EXPECT_TRUE(must(store->take_undo(0, 9)).empty());
    EXPECT_EQ(must(store->trim_history(1, 9)), 1U);
    EXPECT_EQ(must(store->trim_tombstones(1, 9)), 1U);
    EXPECT_EQ(must(store->trim_removals(1, 9)), 1U);
    EXPECT_EQ(must(store->take_undo(1, 9)), std::vector<std::string>{"1"});
  });
}

INSTANTIATE_TEST_SUITE_P(Schema, Earlier, testing::Values(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));

TEST(Schema, IsStrictThroughout) {
  const StateDirectory state;
  state.open();
  EXPECT_EQ(ask_sql(state.file(),
                    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict "
                    "AND name NOT LIKE 'sqlite_%'"),
            std::vector<std::string>{});
}

TEST(Schema, IsDocumentedTableByTable) {
  const StateDirectory state;
  state.open();
  const std::string page = read_source("docs/storage.md");
  for (const std::string& table : ask_sql(state.file(),
                                          "SELECT name FROM sqlite_schema WHERE type = 'table' "
                                          "AND name NOT LIKE 'sqlite_%'")) {
    const std::size_t start = page.find("\n### `" + table + "`\n");
    ASSERT_NE(start, std::string::npos) << table;
    const std::string section = page.substr(start, page.find("\n##", start + 4) - start);
    for (const std::string& column :
         ask_sql(state.file(), "SELECT name FROM pragma_table_info('" + table + "')")) {
      EXPECT_NE(section.find("`" + column + "`"), std::string::npos) << table << "." << column;
    }
  }
}

// Without statistics SQLite guesses; a wrong guess reads a whole mailbox.
TEST(Schema, HasAnIndexForEveryQuestionThatIsNotAboutAWholeMailbox) {
  const StateDirectory state;
  state.open();
  const std::pair<const char*, const char*> plans[] = {
      {"SELECT flags FROM message WHERE state = ? ORDER BY mailbox, uid",
       "SEARCH message USING INDEX message_by_state (state=?)"},
      {"SELECT uid FROM message WHERE state = ? AND mailbox = ? ORDER BY uid",
       "SEARCH message USING COVERING INDEX message_by_state (state=? AND mailbox=?)"},
      {"SELECT flags FROM message WHERE base_hash = ? ORDER BY mailbox, uid",
       "SEARCH message USING INDEX message_by_base_name (base_hash=?)"},
      {"SELECT flags FROM message WHERE email_id = ? AND email_id != '' ORDER BY mailbox, uid "
       "LIMIT ?",
       "SEARCH message USING INDEX message_by_email_id (email_id=?)"},
      {"SELECT ino FROM tombstone WHERE +mailbox = ? AND base_hash = ?",
       "SEARCH tombstone USING INDEX tombstone_by_base_name (base_hash=?)"},
      {"SELECT uid FROM tombstone WHERE lived_ms < ? ORDER BY lived_ms",
       "SEARCH tombstone USING COVERING INDEX tombstone_by_age (lived_ms<?)"},
  };
  for (const auto& [sql, plan] : plans) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(state.file().c_str(), &handle), SQLITE_OK);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> close(handle, sqlite3_close);
    std::string detail;
    const auto take = [](void* into, int, char** columns, char**) {
      *static_cast<std::string*>(into) += columns[3];
      return 0;
    };
    ASSERT_EQ(sqlite3_exec(handle, (std::string("EXPLAIN QUERY PLAN ") + sql).c_str(), take,
                           &detail, nullptr),
              SQLITE_OK);
    EXPECT_EQ(detail, plan);
  }
}

}  // namespace
}  // namespace sterna::store
