// SPDX-License-Identifier: Apache-2.0
// A state.db that is not what it claims to be is refused with the way out, never repaired and never
// read as something else.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "support.h"

namespace sterna::store {
namespace {

using ::testing::HasSubstr;

void expect_corrupt(const Error& error) {
  EXPECT_EQ(error.code(), ErrorCode::corrupt) << error.describe();
  EXPECT_EQ(error.scope(), ErrorScope::account);
  EXPECT_EQ(error.disposition(), Disposition::needs_user);
  EXPECT_THAT(error.message(), HasSubstr("/account/state.db"));
  EXPECT_THAT(error.hint(), HasSubstr("loses no mail: the next sync pairs what is there"));
}

void expect_refused(const StateDirectory& state) {
  for (const bool read_only : {false, true}) {
    const auto store = Store::open(state.path(), read_only);
    ASSERT_FALSE(store);
    expect_corrupt(store.error());
  }
}

TEST(Corrupt, RefusesAFileThatIsNoDatabase) {
  const StateDirectory state;
  std::filesystem::create_directories(state.path());
  std::ofstream(state.file()) << std::string(8192, 'x');
  expect_refused(state);
  EXPECT_EQ(std::filesystem::file_size(state.file()), 8192U);
}

TEST(Corrupt, RefusesADatabaseOfAnotherProgram) {
  const StateDirectory state;
  std::filesystem::create_directories(state.path());
  run_sql(state.file(), "CREATE TABLE bookmarks (url); PRAGMA user_version = 1");
  expect_refused(state);
}

TEST(Corrupt, RefusesADatabaseOfAnotherProgramThatHasNoVersion) {
  const StateDirectory state;
  std::filesystem::create_directories(state.path());
  run_sql(state.file(), "CREATE TABLE bookmarks (url)");
  const auto store = Store::open(state.path(), false);
  ASSERT_FALSE(store);
  expect_corrupt(store.error());
  EXPECT_EQ(ask_sql(state.file(), "SELECT name FROM sqlite_schema"),
            std::vector<std::string>{"bookmarks"});
}

TEST(Corrupt, TellsOfDamagedPages) {
  const StateDirectory state;
  {
    const auto store = state.open();
    const MailboxId inbox = add_mailbox(*store, "INBOX");
    change(*store, [&] {
      for (std::uint32_t uid = 1; uid <= 4000; ++uid) {
        must(store->put_message(message_row(inbox, uid, RowState::present, std::string(99, 'n'))));
      }
    });
    must(store->checkpoint());
  }
  // What is in the log as well would be read from there.
  std::filesystem::remove(state.file() + "-wal");
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(state.file()));
  constexpr std::streamoff kHeaderAndSchema = 40 * 4096;
  ASSERT_GT(size, 2 * kHeaderAndSchema);
  std::fstream file(state.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kHeaderAndSchema);
  file << std::string(static_cast<std::size_t>(size - kHeaderAndSchema), '\xee');
  file.close();

  const auto store = state.open();
  const Status read = store->for_each(MailboxId{1}, [](const MessageRow&) {});
  ASSERT_FALSE(read);
  expect_corrupt(read.error());
}

TEST(Corrupt, TellsOfValuesThatNoVersionWrote) {
  const StateDirectory state;
  MailboxId inbox;
  {
    const auto store = state.open();
    inbox = add_mailbox(*store, "INBOX");
    change(*store, [&] {
      MessageRow row = message_row(inbox, 1);
      row.identity = identity_of("one");
      must(store->put_message(row));
      must(store->add_intent(Intent{}));
    });
  }
  const struct {
    const char* damage;
    std::function<bool(Store&, Error&)> fails;
  } cases[] = {
      {"UPDATE message SET state = 'lost'",
       [&](Store& store, Error& error) {
         auto result = store.message({inbox, Uid{1}});
         return !result && (error = result.error(), true);
       }},
      {"UPDATE message SET state = 'present', header_digest = x'00'",
       [&](Store& store, Error& error) {
         auto result = store.message({inbox, Uid{1}});
         return !result && (error = result.error(), true);
       }},
      {"UPDATE intent SET kind = 'lost'",
       [&](Store& store, Error& error) {
         auto result = store.intents();
         return !result && (error = result.error(), true);
       }},
      {"UPDATE mailbox SET role = 'lost'",
       [&](Store& store, Error& error) {
         auto result = store.mailboxes();
         return !result && (error = result.error(), true);
       }},
  };
  for (const auto& test : cases) {
    run_sql(state.file(), test.damage);
    const auto store = state.open();
    Error error(ErrorCode::internal, "");
    EXPECT_TRUE(test.fails(*store, error)) << test.damage;
    expect_corrupt(error);
  }
}

}  // namespace
}  // namespace sterna::store
