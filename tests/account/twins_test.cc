// SPDX-License-Identifier: Apache-2.0
// The decision whether a message is made of a file that is here, and who fetches it where it is
// not.
#include "src/account/twins.h"

#include <gtest/gtest.h>

#include <functional>

namespace sterna::account {
namespace {

// A row whose message is "m1", of 120 octets, and is here.
MessageRow row() {
  MessageRow row;
  row.key = {MailboxId{1}, Uid{5}};
  row.state = RowState::present;
  row.base_name = "1.name";
  row.file = {.dev = 1, .ino = 2, .size = 110, .mtime_ns = 3, .btime_ns = 4};
  row.remote_size = 120;
  row.email_id = "m1";
  row.identity = {.size = 120, .header = sha256("header"), .message_id = "<1@x>", .body = 7};
  return row;
}

RemoteArrival arrival() {
  RemoteArrival told;
  told.uid = Uid{9};
  told.email_id = "m1";
  told.identity = {.size = 120, .header = sha256("header"), .message_id = "<1@x>"};
  return told;
}

TEST(Twins, AMessageOfOneIdAndSizeMayBeMadeOfTheFile) {
  EXPECT_TRUE(may_be_source(row(), {"m1", 120}));
}

TEST(Twins, WithoutAnIdNothingIsOne) {
  MessageRow nameless = row();
  nameless.email_id.clear();
  EXPECT_FALSE(may_be_source(nameless, {"", 120}));
  EXPECT_FALSE(may_be_source(row(), {"m2", 120}));
}

TEST(Twins, WithoutASizeNothingIsOne) {
  MessageRow sizeless = row();
  sizeless.remote_size = sizeless.identity->size = 0;
  EXPECT_FALSE(may_be_source(sizeless, {"m1", 0}));
  EXPECT_FALSE(may_be_source(row(), {"m1", 121}));
}

TEST(Twins, NoFileIsMadeOfARowThatIsNotSureOfItsOwn) {
  const std::pair<const char*, std::function<void(MessageRow&)>> cases[] = {
      {"dropped", [](MessageRow& r) { r.state = RowState::dropped; }},
      {"a stub", [](MessageRow& r) { r.state = RowState::stub; }},
      {"kept here alone", [](MessageRow& r) { r.state = RowState::detached; }},
      {"being removed", [](MessageRow& r) { r.state = RowState::deleting; }},
      {"edited, the file is another row's", [](MessageRow& r) { give_file_away(r); }},
      {"its stamp was not seen", [](MessageRow& r) { r.file = {}; }},
      {"nobody read it", [](MessageRow& r) { r.identity.reset(); }},
      {"nobody read its body", [](MessageRow& r) { r.identity->body = 0; }},
      {"the server rewrote it", [](MessageRow& r) { r.remote_header = sha256("other"); }},
      {"the server has another size", [](MessageRow& r) { r.remote_size = 119; }},
      {"the file has another size", [](MessageRow& r) { r.identity->size = 119; }},
  };
  for (const auto& [what, change] : cases) {
    MessageRow changed = row();
    change(changed);
    EXPECT_FALSE(may_be_source(changed, {"m1", 120})) << what;
  }
}

TEST(Twins, TheHeaderProvesIt) {
  EXPECT_TRUE(is_twin_of(arrival(), row()));
}

TEST(Twins, OneIdOfTwoContentsProvesNothing) {
  const std::pair<const char*, std::function<void(RemoteArrival&)>> cases[] = {
      {"header", [](RemoteArrival& t) { t.identity->header = sha256("other"); }},
      {"size", [](RemoteArrival& t) { t.identity->size = 121; }},
      {"sizes are not true", [](RemoteArrival& t) { t.size_reliable = false; }},
      {"no header was told", [](RemoteArrival& t) { t.identity.reset(); }},
      {"another id by now", [](RemoteArrival& t) { t.email_id = "m2"; }},
      {"no id by now", [](RemoteArrival& t) { t.email_id.clear(); }},
  };
  for (const auto& [what, change] : cases) {
    RemoteArrival changed = arrival();
    change(changed);
    EXPECT_FALSE(is_twin_of(changed, row())) << what;
  }
}

TEST(Claims, AContentIsFetchedByWhoCameFirst) {
  Coming coming;
  Claims one(coming);
  Claims two(coming);
  EXPECT_TRUE(one.take({"m1", 120}));
  EXPECT_FALSE(two.take({"m1", 120}));
  EXPECT_FALSE(one.take({"m1", 120}));
  EXPECT_TRUE(two.take({"m1", 121}));
}

TEST(Claims, WithoutAnIdAreNeverInTheWay) {
  Coming coming;
  Claims one(coming);
  EXPECT_TRUE(one.take({"", 120}));
  EXPECT_TRUE(one.take({"", 120}));
}

TEST(Claims, EndWithWhoMadeThem) {
  Coming coming;
  {
    Claims first(coming);
    EXPECT_TRUE(first.take({"m1", 120}));
    const Claims moved(std::move(first));
    Claims other(coming);
    EXPECT_FALSE(other.take({"m1", 120}));
  }
  Claims later(coming);
  EXPECT_TRUE(later.take({"m1", 120}));
}

TEST(Claims, AreNoMoreWhenNothingIsLeftForLater) {
  Coming coming;
  Claims one(coming);
  EXPECT_TRUE(one.take({"m1", 120}));
  coming.end();
  Claims two(coming);
  EXPECT_TRUE(two.take({"m1", 120}));
}

}  // namespace
}  // namespace sterna::account
