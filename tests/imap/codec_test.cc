// SPDX-License-Identifier: Apache-2.0
// Known answers, both ways, for what has a form on the wire: dates, names, capabilities.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/imap/capability.h"
#include "sterna/imap/date.h"
#include "sterna/imap/mailbox_codec.h"

namespace sterna::imap {
namespace {

TEST(DateTest, KnownAnswersBothWays) {
  const std::vector<std::pair<std::int64_t, std::string>> table = {
      {0, " 1-Jan-1970 00:00:00 +0000"},         {837596665, "17-Jul-1996 09:44:25 +0000"},
      {951782400, "29-Feb-2000 00:00:00 +0000"}, {4107542399, "28-Feb-2100 23:59:59 +0000"},
      {kDateMax, "31-Dec-9999 23:59:59 +0000"},
  };
  for (const auto& [seconds, text] : table) {
    EXPECT_EQ(print_date(seconds), text);
    EXPECT_EQ(parse_date(text), seconds) << text;
  }
}

TEST(DateTest, ZonesAndLooseForms) {
  EXPECT_EQ(parse_date("17-Jul-1996 02:44:25 -0700"), 837596665);
  EXPECT_EQ(parse_date("17-jul-1996 15:14:25 +0530"), 837596665);
  EXPECT_EQ(parse_date("1-Jan-1970 00:00:07 +0000"), 7);
  EXPECT_EQ(parse_date(" 1-Jan-1970  00:00:07 "), 7);
  EXPECT_EQ(parse_date("01-Jan-1970 00:00:07 GMT"), 7);
}

TEST(DateTest, WhatNoFileCanHaveIsClamped) {
  EXPECT_EQ(parse_date("31-Dec-1899 00:00:00 +0000"), 0);
  EXPECT_EQ(parse_date("01-Jan-1970 00:00:00 +1200"), 0);
  EXPECT_EQ(parse_date("31-Dec-9999 23:59:59 -2359"), kDateMax);
  EXPECT_EQ(print_date(-1), " 1-Jan-1970 00:00:00 +0000");
  EXPECT_EQ(print_date(INT64_MAX), "31-Dec-9999 23:59:59 +0000");
}

TEST(DateTest, NoDateIsNone) {
  for (const char* text :
       {"", " ", "17-Jul-1996", "30-Feb-2000 00:00:00 +0000", "0-Jan-2000 00:00:00 +0000",
        "17-Foo-1996 00:00:00 +0000", "17-Jul-10000 00:00:00 +0000", "17-Jul-1996 24:00:00 +0000",
        "17-Jul-1996 00:00 +0000", "-1-Jul-1996 00:00:00 +0000",
        "Wed, 17 Jul 1996 02:44:25 -0700"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
}

TEST(DateTest, OfAHeader) {
  constexpr std::int64_t kMoment = 837596665;
  for (const char* header : {
           "Date: Wed, 17 Jul 1996 02:44:25 -0700\r\n\r\nDate: x\r\n",
           "Subject: a\r\n Date: 1 Jan 2000 00:00:00 +0000\r\nDATE:17 Jul 1996 09:44:25 "
           "GMT\r\n\r\n",
           "Date:\r\n Wed, 17 Jul 96\r\n\t02:44:25 -0700 (PDT)\r\n\r\n",
           "date: 17 Jul 1996 09:44:25",
       }) {
    EXPECT_EQ(date_of_header(header), kMoment) << header;
  }
  EXPECT_EQ(date_of_header("Date: 17 Jul 1996 09:44 +0000\n\n"), kMoment - 25);
  for (const char* header : {"", "\r\nDate: 17 Jul 1996 09:44:25 GMT\r\n", "Date: yesterday\r\n",
                             "Subject: x", "Subject: x\r\n ", "Date: 30 Feb 2000 00:00:00 GMT"}) {
    EXPECT_EQ(date_of_header(header), std::nullopt) << header;
  }
}

TEST(DateTest, EveryMomentComesBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds = static_cast<std::int64_t>(random() % (kDateMax + 1));
    ASSERT_EQ(parse_date(print_date(seconds)), seconds);
  }
}

const NameRules kSlash{.delimiter = '/', .prefix = "", .utf8 = false};
const NameRules kCourier{.delimiter = '.', .prefix = "INBOX.", .utf8 = false};
const NameRules kDot{.delimiter = '.', .prefix = "", .utf8 = false};
const NameRules kUtf8{.delimiter = '/', .prefix = "", .utf8 = true};
const NameRules kFlat{.delimiter = '\0', .prefix = "", .utf8 = false};

struct NameCase {
  const NameRules& rules;
  std::string wire;
  std::string name;
};

TEST(MailboxCodecTest, KnownAnswersBothWays) {
  const std::vector<NameCase> table = {
      {kSlash, "INBOX", "INBOX"},
      {kSlash, "INBOX/x", "INBOX/x"},
      {kSlash, "Work/2024", "Work/2024"},
      {kSlash, "Entw&APw-rfe/a&-b", "Entw\u00fcrfe/a&b"},
      {kSlash, "a.b", "a.b"},
      {kSlash, "INBOXES", "INBOXES"},
      {kSlash, " x ", " x "},
      {kDot, "INBOX.Sent", "INBOX/Sent"},
      {kDot, "a/b.c",
       "a\x1f"
       "b/c"},
      {kCourier, "INBOX", "INBOX"},
      {kCourier, "INBOX.Sent", "Sent"},
      {kCourier, "INBOX.Lists.dev", "Lists/dev"},
      {kCourier, "INBOX.INBOX.x", "INBOX/x"},
      {kCourier, "INBOX.a/b",
       "a\x1f"
       "b"},
      {kUtf8, "Entw\u00fcrfe/&-", "Entw\u00fcrfe/&-"},
      {kFlat, "a/b.c",
       "a\x1f"
       "b.c"},
  };
  for (const auto& [rules, wire, name] : table) {
    EXPECT_EQ(decode_mailbox(WireName{wire}, rules).text(), name) << wire;
    const auto back = encode_mailbox(MailboxName(name), rules);
    ASSERT_TRUE(back) << name;
    EXPECT_EQ(back->octets, wire);
  }
}

TEST(MailboxCodecTest, TheCaseOfInboxDoesNotMatter) {
  EXPECT_EQ(decode_mailbox(WireName{"Inbox"}, kSlash).text(), "INBOX");
  EXPECT_EQ(decode_mailbox(WireName{"inbox/Foo"}, kSlash).text(), "INBOX/Foo");
  EXPECT_EQ(decode_mailbox(WireName{"Inbox"}, kCourier).text(), "INBOX");
}

TEST(MailboxCodecTest, WhatDoesNotComeBackKeepsItsOctets) {
  const std::vector<NameCase> table = {
      {kSlash, "x-&", "x-&"},          // broken UTF-7
      {kSlash, "&AGE-/b", "&AGE-/b"},  // not canonical
      {kSlash, "caf\xe9", "caf\xe9"},  // 8-bit
      {kSlash, "a//b", "a//b"},        // an empty component
      {kSlash, "a/", "a/"},
      {kDot, "a/b.&",
       "a\x1f"
       "b.&"},  // '/' must not separate
      {kDot,
       "a\x1f"
       "b",
       "a\x1f"
       "b"},                                     // holds the escape itself
      {kCourier, "INBOX.INBOX", "INBOX.INBOX"},  // would be a second INBOX
      {kCourier, "INBOX.inbox", "INBOX.inbox"},
      {kCourier, "#shared.list", "#shared.list"},  // another namespace
      {kUtf8, "caf\xe9", "caf\xe9"},
  };
  for (const auto& [rules, wire, name] : table) {
    EXPECT_EQ(decode_mailbox(WireName{wire}, rules).text(), name) << wire;
  }
}

TEST(MailboxCodecTest, NamesThatAServerCannotHaveAreErrors) {
  const std::vector<std::pair<const NameRules&, std::string>> table = {
      {kDot, "a.b"},
      {kSlash,
       "a\x1f"
       "b"},
      {kSlash, ""},
      {kSlash, "a//b"},
      {kSlash, "a/"},
      {kSlash, "a\nb"},
      {kUtf8, "a\rb"},
      {kFlat, "a/b"},
      {kSlash, "caf\xe9"},
      {kUtf8, "caf\xe9"},
      {kUtf8, std::string("a\0b", 3)},
  };
  for (const auto& [rules, name] : table) {
    const auto wire = encode_mailbox(MailboxName(name), rules);
    ASSERT_FALSE(wire) << name;
    EXPECT_TRUE(wire.error().is(ErrorCode::unsupported));
  }
}

TEST(MailboxCodecTest, NoTwoWireNamesThatDecodeShareAName) {
  std::minstd_rand random(3);
  constexpr std::string_view kOctets = "IiNBOX./a&-";
  for (int i = 0; i < 20'000; ++i) {
    std::string wire = random() % 2 == 0 ? "INBOX." : "";
    for (std::size_t n = random() % 8; n > 0; --n) wire += kOctets[random() % kOctets.size()];
    if (wire.empty()) continue;
    const MailboxName name = decode_mailbox(WireName{wire}, kCourier);
    const auto back = encode_mailbox(name, kCourier);
    // Either it is the way back, or the name is the raw octets.
    if (back && ascii_iequals(back->octets, wire)) continue;
    std::string raw = wire;
    for (char& c : raw) c = c == '/' ? '\x1f' : c;
    ASSERT_EQ(name, MailboxName(raw)) << wire;
  }
}

TEST(MailboxCodecTest, WhatIsForeign) {
  const auto foreign = [](const std::string& wire, const Namespace& namespaces) {
    return is_foreign(WireName{wire}, namespaces);
  };
  const Namespace dovecot{{{"", '/'}}, {{"Users/", '/'}}, {{"Shared/", '/'}, {"Public/", '/'}}};
  for (const char* ours : {"INBOX", "Work", "Shared", "Shared.x"}) {
    EXPECT_FALSE(foreign(ours, dovecot)) << ours;
  }
  for (const char* theirs : {"Users/bob", "Shared/x", "Public/x/y"}) {
    EXPECT_TRUE(foreign(theirs, dovecot)) << theirs;
  }
  // Cyrus without altnamespace: what has no prefix is shared.
  const Namespace cyrus{{{"INBOX/", '/'}}, {{"user/", '/'}}, {{"", '/'}}};
  for (const char* ours : {"INBOX", "inbox", "INBOX/Work", "Inbox/Work"}) {
    EXPECT_FALSE(foreign(ours, cyrus)) << ours;
  }
  for (const char* theirs : {"announce", "user/bob", "INBOXES", "inbox2/x"}) {
    EXPECT_TRUE(foreign(theirs, cyrus)) << theirs;
  }
  // A namespace inside another; two with one prefix; none of ours at all.
  EXPECT_FALSE(
      foreign("Shared/mine/x", {{{"", '/'}, {"Shared/mine/", '/'}}, {}, {{"Shared/", '/'}}}));
  EXPECT_TRUE(foreign("INBOX.user.bob", {{{"INBOX.", '.'}}, {{"INBOX.user.", '.'}}, {}}));
  EXPECT_FALSE(foreign("Work", {{{"", '/'}}, {}, {{"", '/'}}}));
  EXPECT_FALSE(foreign("Work", {{}, {}, {{"", '/'}}}));
  EXPECT_TRUE(foreign("Shared/x", {{}, {}, {{"Shared/", '/'}}}));
  EXPECT_FALSE(foreign("Work", {{{"INBOX.", '.'}}, {}, {}}));
}

TEST(CapabilityTest, ParsesWhatItPrints) {
  const auto capabilities = Capabilities::parse(
      "IMAP4rev1  idle LITERAL+ auth=PLAIN AUTH=XOAUTH2 AUTH=plain APPENDLIMIT=35651584 "
      "MESSAGELIMIT=1000 X-FOO x-foo");
  EXPECT_TRUE(capabilities.has(Capability::imap4rev1));
  EXPECT_TRUE(capabilities.has(Capability::idle));
  EXPECT_FALSE(capabilities.has(Capability::move));
  EXPECT_EQ(capabilities.auth_mechanisms(), (std::vector<std::string>{"PLAIN", "XOAUTH2"}));
  EXPECT_TRUE(capabilities.has_auth("xoauth2"));
  EXPECT_EQ(capabilities.append_limit(), 35651584U);
  EXPECT_EQ(capabilities.message_limit(), 1000U);
  EXPECT_TRUE(capabilities.has_other("x-foo"));
  EXPECT_EQ(Capabilities::parse(capabilities.to_string()), capabilities);
}

TEST(CapabilityTest, EveryKnownWordComesBack) {
  for (std::size_t i = 0; i < kCapabilityCount; ++i) {
    const auto capability = static_cast<Capability>(i);
    EXPECT_TRUE(Capabilities::parse(to_string(capability)).has(capability))
        << to_string(capability);
  }
}

TEST(CapabilityTest, WhatAnRfcImpliesIsAdded) {
  const auto qresync = Capabilities::parse("QRESYNC");
  EXPECT_TRUE(qresync.has(Capability::condstore));
  EXPECT_TRUE(qresync.has(Capability::enable));
  const auto rev2 = Capabilities::parse("IMAP4rev2");
  EXPECT_TRUE(rev2.has(Capability::move));
  EXPECT_TRUE(rev2.has(Capability::list_status));
  EXPECT_FALSE(rev2.has(Capability::condstore));
  EXPECT_FALSE(rev2.has(Capability::imap4rev1));
}

TEST(CapabilityTest, ValuesOutOfRangeAreUnknownWords) {
  const auto capabilities =
      Capabilities::parse("APPENDLIMIT=-1 MESSAGELIMIT=99999999999 APPENDLIMIT=x AUTH=");
  EXPECT_EQ(capabilities.append_limit(), std::nullopt);
  EXPECT_EQ(capabilities.message_limit(), std::nullopt);
  EXPECT_FALSE(capabilities.has(Capability::append_limit));
  EXPECT_TRUE(capabilities.has_other("AUTH="));
  EXPECT_TRUE(capabilities.auth_mechanisms().empty());
  EXPECT_TRUE(Capabilities::parse("APPENDLIMIT").has(Capability::append_limit));
}

TEST(CapabilityTest, TheNumberOfWordsIsBounded) {
  std::string words;
  for (int i = 0; i < 3000; ++i) words += fmt::format("X{} ", i);
  const auto capabilities = Capabilities::parse(words + "IDLE");
  EXPECT_TRUE(capabilities.has_other("X999"));
  EXPECT_FALSE(capabilities.has_other("X1000"));
  EXPECT_FALSE(capabilities.has(Capability::idle));
}

}  // namespace
}  // namespace sterna::imap
