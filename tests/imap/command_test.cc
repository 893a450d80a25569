// SPDX-License-Identifier: Apache-2.0
// What each command looks like on the wire, and what never gets there.
#include "sterna/imap/command.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "imap/cursor.h"
#include "sterna/imap/commands.h"

namespace sterna::imap {
namespace {

const WireName kInbox{"INBOX"};
const UidSet kUids = *UidSet::parse("1:3,7");

// The parts in a row, literals as "{5}hello", streamed ones as "{5}...".
std::string wire(const Result<Command>& command) {
  if (!command) return "error: " + std::string(to_string(command.error().code()));
  std::string text;
  for (const Command::Part& part : command->parts()) {
    if (const auto* plain = std::get_if<Command::Text>(&part)) {
      text += plain->octets;
    } else if (const auto* literal = std::get_if<Command::Literal>(&part)) {
      text += fmt::format("{{{}}}{}", literal->octets.size(), literal->octets);
    } else {
      text += fmt::format("{{{}}}...", std::get<Command::Stream>(part).size);
    }
  }
  return text;
}

TEST(CommandTest, Session) {
  EXPECT_EQ(wire(capability()), "CAPABILITY");
  EXPECT_EQ(wire(noop()), "NOOP");
  EXPECT_EQ(wire(logout()), "LOGOUT");
  EXPECT_EQ(wire(starttls()), "STARTTLS");
  EXPECT_EQ(wire(compress_deflate()), "COMPRESS DEFLATE");
  EXPECT_EQ(wire(idle()), "IDLE");
  EXPECT_EQ(wire(namespaces()), "NAMESPACE");
  EXPECT_EQ(wire(enable({Capability::qresync, Capability::utf8_accept})),
            "ENABLE QRESYNC UTF8=ACCEPT");
  EXPECT_EQ(wire(notify_personal()),
            "NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) "
            "(personal (MessageNew MessageExpunge FlagChange MailboxName))");
}

TEST(CommandTest, IdIsNeverAnEmptyList) {
  EXPECT_EQ(wire(id({})), "ID NIL");
  EXPECT_EQ(wire(id({{"name", "Sterna"}, {"version", "0.1\""}})),
            "ID (\"name\" \"Sterna\" \"version\" \"0.1\\\"\")");
}

TEST(CommandTest, Authentication) {
  EXPECT_EQ(wire(login("ann", Secret("p\"w"))), "LOGIN \"ann\" \"p\\\"w\"");
  EXPECT_EQ(wire(login("ann", Secret("p\xc3\xa9"))), "LOGIN \"ann\" {3}p\xc3\xa9");
  EXPECT_EQ(wire(authenticate("PLAIN")), "AUTHENTICATE PLAIN");
  EXPECT_EQ(wire(authenticate("PLAIN", Secret(std::string("\0a\0b", 4)))),
            "AUTHENTICATE PLAIN AGEAYg==");
  EXPECT_EQ(wire(authenticate("EXTERNAL", Secret(""))), "AUTHENTICATE EXTERNAL =");
  EXPECT_EQ(wire(authenticate("A B")), "error: usage");
}

TEST(CommandTest, SecretsAreNotInTheTrace) {
  EXPECT_EQ(login("ann", Secret("hunter2"))->redacted(), "LOGIN <secret> <secret>");
  EXPECT_EQ(login("ann", Secret("hunt\xe9r2"))->redacted(), "LOGIN <secret> <secret>");
  EXPECT_EQ(authenticate("PLAIN", Secret("hunter2"))->redacted(), "AUTHENTICATE PLAIN <secret>");
  EXPECT_EQ(create(WireName{"caf\xe9"})->redacted(), "CREATE {4}");
  EXPECT_EQ(append(kInbox, {{.size = 9}})->redacted(), "APPEND \"INBOX\" {9}");
}

TEST(CommandTest, List) {
  EXPECT_EQ(wire(list({})), "LIST \"\" \"*\"");
  EXPECT_EQ(wire(list({.patterns = {"INBOX", "a\"%"}, .return_subscribed = true})),
            "LIST \"\" (\"INBOX\" \"a\\\"%\") RETURN (SUBSCRIBED)");
  EXPECT_EQ(wire(list({.patterns = {"a", "b"}})), "error: usage");
  EXPECT_EQ(wire(list({.patterns = {}})), "error: usage");
  EXPECT_EQ(wire(lsub("", "*")), "LSUB \"\" \"*\"");
}

TEST(CommandTest, ListAsksForAllThatTheServerCanReturn) {
  const auto full =
      Capabilities::parse("LIST-EXTENDED LIST-STATUS CHILDREN SPECIAL-USE CONDSTORE OBJECTID");
  EXPECT_EQ(wire(list(list_options_for(full))),
            "LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT "
            "UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID))");
  EXPECT_EQ(wire(list(list_options_for(Capabilities::parse("LIST-EXTENDED")))),
            "LIST \"\" \"*\" RETURN (SUBSCRIBED)");
  EXPECT_EQ(wire(list(list_options_for(Capabilities::parse("SPECIAL-USE CHILDREN")))),
            "LIST \"\" \"*\"");
}

TEST(CommandTest, StatusAndMailboxes) {
  EXPECT_EQ(wire(status(kInbox, {StatusItem::unseen, StatusItem::size, StatusItem::append_limit})),
            "STATUS \"INBOX\" (UNSEEN SIZE APPENDLIMIT)");
  EXPECT_EQ(wire(status(kInbox, {})), "error: usage");
  EXPECT_EQ(wire(create(WireName{"a b"})), "CREATE \"a b\"");
  EXPECT_EQ(wire(delete_mailbox(WireName{"a"})), "DELETE \"a\"");
  EXPECT_EQ(wire(rename(WireName{"a"}, WireName{"NIL"})), "RENAME \"a\" \"NIL\"");
  EXPECT_EQ(wire(subscribe(WireName{"a\\"})), "SUBSCRIBE \"a\\\\\"");
  EXPECT_EQ(wire(unsubscribe(WireName{"caf\xe9"})), "UNSUBSCRIBE {4}caf\xe9");
  EXPECT_EQ(wire(my_rights(kInbox)), "MYRIGHTS \"INBOX\"");
  EXPECT_EQ(wire(create(WireName{})), "error: usage");
  EXPECT_EQ(wire(rename(WireName{"a"}, WireName{})), "error: usage");
}

TEST(CommandTest, Select) {
  EXPECT_EQ(wire(select(kInbox)), "SELECT \"INBOX\"");
  EXPECT_EQ(wire(select(kInbox, {.examine = true, .condstore = true})),
            "EXAMINE \"INBOX\" (CONDSTORE)");
  EXPECT_EQ(wire(unselect()), "UNSELECT");
  const QresyncState plain{UidValidity{5}, ModSeq{90}};
  EXPECT_EQ(wire(select(kInbox, {.condstore = true, .qresync = plain})),
            "SELECT \"INBOX\" (QRESYNC (5 90))");
  EXPECT_EQ(wire(select(kInbox, {.qresync = QresyncState{UidValidity{5}, ModSeq{}}})),
            "error: usage");
  EXPECT_EQ(select(kInbox)->mailbox(), kInbox);
}

TEST(CommandTest, Fetch) {
  EXPECT_EQ(wire(uid_fetch({.uids = UidSet::range(Uid{5}, kUidMax),
                            .items = {FetchItem::uid, FetchItem::flags, FetchItem::internal_date,
                                      FetchItem::size, FetchItem::modseq, FetchItem::email_id,
                                      FetchItem::gm_msgid, FetchItem::header, FetchItem::body}})),
            "UID FETCH 5:4294967295 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ EMAILID X-GM-MSGID "
            "BODY.PEEK[HEADER] BODY.PEEK[])");
  EXPECT_EQ(
      wire(uid_fetch(
          {.uids = kUids, .items = {FetchItem::uid}, .header_fields = {"Message-ID", "Date"}})),
      "UID FETCH 1:3,7 (UID BODY.PEEK[HEADER.FIELDS (Message-ID Date)])");
  EXPECT_EQ(wire(uid_fetch({.uids = kUids, .header_fields = {"Date"}})),
            "UID FETCH 1:3,7 (BODY.PEEK[HEADER.FIELDS (Date)])");
  EXPECT_EQ(wire(uid_fetch({.uids = kUids,
                            .items = {FetchItem::flags},
                            .changed_since = ModSeq{12},
                            .vanished = true})),
            "UID FETCH 1:3,7 (FLAGS) (CHANGEDSINCE 12 VANISHED)");
  EXPECT_EQ(wire(uid_fetch({.uids = kUids})), "error: usage");
  EXPECT_EQ(wire(uid_fetch({.items = {FetchItem::uid}})), "error: usage");
  EXPECT_EQ(wire(uid_fetch({.uids = kUids, .header_fields = {"a)"}})), "error: usage");
}

TEST(CommandTest, Store) {
  FlagSet flags{Flag::seen, Flag::forwarded};
  flags.add_keyword("work");
  EXPECT_EQ(wire(uid_store({.uids = kUids, .flags = flags})),
            "UID STORE 1:3,7 +FLAGS.SILENT ($Forwarded \\Seen work)");
  EXPECT_EQ(
      wire(uid_store({.uids = kUids, .action = StoreAction::remove, .flags = {Flag::deleted}})),
      "UID STORE 1:3,7 -FLAGS.SILENT (\\Deleted)");
  EXPECT_EQ(wire(uid_store({.uids = kUids})), "error: usage");
  EXPECT_EQ(wire(uid_store({.flags = flags})), "error: usage");
}

TEST(CommandTest, KeywordsThatAreNoAtomsAreRefused) {
  for (const char* keyword :
       {"a b", "a)", "a]", "a%", "a\"", "a\r\n", "caf\xc3\xa9", "a\x7f", "{1}"}) {
    FlagSet flags;
    flags.add_keyword(keyword);
    EXPECT_EQ(wire(uid_store({.uids = kUids, .flags = flags})), "error: usage") << keyword;
    EXPECT_EQ(wire(append(kInbox, {{.flags = flags}})), "error: usage") << keyword;
  }
}

TEST(CommandTest, Search) {
  EXPECT_EQ(wire(uid_search({})), "UID SEARCH ALL");
  EXPECT_EQ(wire(uid_search({.return_all = true, .uids = kUids, .deleted = true})),
            "UID SEARCH RETURN (ALL) UID 1:3,7 DELETED");
  EXPECT_EQ(wire(uid_search({.uids = UidSet()})), "error: usage");
}

TEST(CommandTest, CopyMoveExpunge) {
  EXPECT_EQ(wire(uid_copy(kUids, WireName{"a"})), "UID COPY 1:3,7 \"a\"");
  EXPECT_EQ(wire(uid_move(kUids, WireName{"a"})), "UID MOVE 1:3,7 \"a\"");
  EXPECT_EQ(wire(uid_expunge(kUids)), "UID EXPUNGE 1:3,7");
  EXPECT_EQ(wire(expunge()), "EXPUNGE");
  EXPECT_EQ(wire(uid_copy({}, WireName{"a"})), "error: usage");
  EXPECT_EQ(wire(uid_move(kUids, WireName{})), "error: usage");
  EXPECT_EQ(wire(uid_expunge({})), "error: usage");
}

TEST(CommandTest, Append) {
  EXPECT_EQ(wire(append(kInbox, {{.size = 12}})), "APPEND \"INBOX\" {12}...");
  EXPECT_EQ(wire(append(kInbox, {{.flags = {Flag::seen}, .internal_date = 837596665, .size = 1},
                                 {.size = 0}})),
            "APPEND \"INBOX\" (\\Seen) \"17-Jul-1996 09:44:25 +0000\" {1}... {0}...");
  EXPECT_EQ(wire(append(kInbox, {})), "error: usage");
}

TEST(CommandTest, NoArgumentCanEndALine) {
  for (const std::string& evil : {std::string("a\r\ns9 LOGOUT"), std::string("a\nb"),
                                  std::string("\r"), std::string("a\0b", 3)}) {
    const WireName name{evil};
    EXPECT_EQ(wire(login(evil, Secret("x"))), "error: usage");
    EXPECT_EQ(wire(login("x", Secret(evil))), "error: usage");
    EXPECT_EQ(wire(authenticate(evil)), "error: usage");
    EXPECT_EQ(wire(id({{"name", evil}})), "error: usage");
    EXPECT_EQ(wire(list({.patterns = {evil}})), "error: usage");
    EXPECT_EQ(wire(lsub(evil, "*")), "error: usage");
    EXPECT_EQ(wire(select(name)), "error: usage");
    EXPECT_EQ(wire(create(name)), "error: usage");
    EXPECT_EQ(wire(rename(kInbox, name)), "error: usage");
    EXPECT_EQ(wire(uid_copy(kUids, name)), "error: usage");
    EXPECT_EQ(wire(append(name, {{.size = 1}})), "error: usage");
  }
}

TEST(CommandTest, StringsParseBack) {
  std::minstd_rand random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::string value;
    for (std::size_t n = random() % 20; n > 0; --n) value += static_cast<char>(random() % 256);
    Command command(CommandKind::noop, "");
    if (!command.quoted_or_literal(value)) {
      EXPECT_NE(value.find_first_of(std::string_view("\0\r\n", 3)), std::string::npos);
      continue;
    }
    if (const auto* literal = std::get_if<Command::Literal>(&command.parts().back())) {
      ASSERT_EQ(literal->octets, value);
    } else {
      Cursor cursor(std::get<Command::Text>(command.parts().front()).octets);
      ASSERT_EQ(cursor.take_astring(), value);
      ASSERT_TRUE(cursor.at_end());
    }
  }
}

TEST(CommandTest, LongStringsGoAsLiterals) {
  EXPECT_EQ(wire(create(WireName{std::string(1000, 'a')})).substr(0, 9), "CREATE \"a");
  EXPECT_EQ(wire(create(WireName{std::string(1001, 'a')})).substr(0, 14), "CREATE {1001}a");
}

TEST(CommandTest, KindsKnowWhatTheyDo) {
  EXPECT_TRUE(uid_store({.uids = kUids, .flags = {Flag::seen}})->changes_selection());
  EXPECT_TRUE(uid_move(kUids, kInbox)->changes_selection());
  EXPECT_TRUE(expunge().changes_selection());
  EXPECT_FALSE(append(kInbox, {{.size = 1}})->changes_selection());
  EXPECT_FALSE(uid_fetch({.uids = kUids, .items = {FetchItem::uid}})->changes_selection());
  EXPECT_TRUE(idle().is_barrier());
  EXPECT_TRUE(starttls().is_barrier());
  EXPECT_FALSE(login("a", Secret("b"))->is_barrier());
}

}  // namespace
}  // namespace sterna::imap
