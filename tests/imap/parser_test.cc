// SPDX-License-Identifier: Apache-2.0
// Single responses: what is understood, what is skipped, and what is refused.
#include "sterna/imap/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "describe.h"
#include "sterna/imap/framer.h"

namespace sterna::imap {
namespace {

using testing::describe;

// The first response in `octets`, described; "bad" if it is refused. Literals are all gathered.
class OneResponse : public Framer::Sink {
 public:
  std::string text = "none";
  FrameLiteral::Place on_literal(const Frame&) override { return FrameLiteral::Place::gathered; }
  void on_chunk(std::string_view) override {}
  void on_literal_end() override {}
  Next on_frame(const Frame& frame) override {
    const auto response = parse_response(frame);
    text = response ? describe(*response) : "bad";
    return Next::stop;
  }
};

std::string parsed(std::string_view octets) {
  Framer framer;
  OneResponse sink;
  const auto consumed = framer.feed(std::string(octets) + "\r\n", sink);
  return consumed ? sink.text : "error";
}

TEST(ParserTest, TaggedResponses) {
  EXPECT_EQ(parsed("s1 OK done"), "s1 OK done");
  EXPECT_EQ(parsed("s1 no [TRYCREATE] no such mailbox"), "s1 NO [TRYCREATE] no such mailbox");
  EXPECT_EQ(parsed("s1 BAD"), "s1 BAD");
  EXPECT_EQ(parsed("s1 BYE"), "bad");
  EXPECT_EQ(parsed("s1 DONE"), "bad");
  EXPECT_EQ(parsed("Server Unavailable. 15"), "bad");
  EXPECT_EQ(parsed("s1"), "bad");
}

TEST(ParserTest, CodesWithData) {
  EXPECT_EQ(parsed("* OK [UIDVALIDITY 3857529045] UIDs valid"),
            "OK [UIDVALIDITY 3857529045] UIDs valid");
  EXPECT_EQ(parsed("* OK [UIDNEXT 4392] x"), "OK [UIDNEXT 4392] x");
  EXPECT_EQ(parsed("* OK [UNSEEN 17] x"), "OK [UNSEEN 17] x");
  EXPECT_EQ(parsed("* OK [HIGHESTMODSEQ 9223372036854775807] x"),
            "OK [HIGHESTMODSEQ 9223372036854775807] x");
  EXPECT_EQ(parsed("s1 OK [APPENDUID 38505 3955] x"), "s1 OK [APPENDUID 38505 3955] x");
  EXPECT_EQ(parsed("s1 OK [APPENDUID 38505 3955:3957,3960] x"),
            "s1 OK [APPENDUID 38505 3955:3957,3960] x");
  EXPECT_EQ(parsed("s1 OK [MODIFIED 7,9] x"), "s1 OK [MODIFIED 7,9] x");
  EXPECT_EQ(parsed("* OK [MAILBOXID (F22)] x"), "OK [MAILBOXID F22] x");
  EXPECT_EQ(parsed("s1 OK [MESSAGELIMIT 1000 23221] x"), "s1 OK [MESSAGELIMIT 1000 last=23221] x");
  EXPECT_EQ(parsed("s1 OK [MESSAGELIMIT 1000] x"), "s1 OK [MESSAGELIMIT 1000] x");
  EXPECT_EQ(parsed("* OK [PERMANENTFLAGS (\\Seen \\*)] x"), "OK [PERMANENTFLAGS (\\Seen \\*)] x");
  EXPECT_EQ(parsed("s1 OK [CAPABILITY IMAP4rev1 MOVE] x"), "s1 OK [CAPABILITY IMAP4rev1 MOVE] x");
}

TEST(ParserTest, CopyUidPairsInTheOrderWritten) {
  EXPECT_EQ(parsed("s1 OK [COPYUID 38505 304,319:320 3956:3958] x"),
            "s1 OK [COPYUID 38505 304>3956*1 319>3957*2] x");
  EXPECT_EQ(parsed("s1 OK [COPYUID 1 319:320,304 7:9] x"), "s1 OK [COPYUID 1 319>7*2 304>9*1] x");
  EXPECT_EQ(parsed("s1 OK [COPYUID 1 12:10 1:3] x"), "s1 OK [COPYUID 1 10>1*3] x");
  EXPECT_EQ(parsed("s1 OK [COPYUID 1 1:4294967295 1:4294967295] x"),
            "s1 OK [COPYUID 1 1>1*4294967295] x");
}

TEST(ParserTest, CodesWithBrokenDataKeepTheirNameAlone) {
  for (const char* code : {"UIDVALIDITY 0",
                           "UIDVALIDITY -1",
                           "UIDVALIDITY 4294967296",
                           "UIDNEXT x",
                           "UIDNEXT",
                           "HIGHESTMODSEQ -1",
                           "HIGHESTMODSEQ 9223372036854775808",
                           "HIGHESTMODSEQ 0",
                           "APPENDUID 1",
                           "APPENDUID 0 5",
                           "APPENDUID 1 0",
                           "APPENDUID 1 5:*",
                           "COPYUID 1 1:2 1",
                           "COPYUID 1 1 1:2",
                           "COPYUID 1 1 0",
                           "COPYUID 1",
                           "COPYUID 0 1 1",
                           "MODIFIED",
                           "MODIFIED 1,,2",
                           "MAILBOXID ()",
                           "MESSAGELIMIT x",
                           "PERMANENTFLAGS \\Seen"}) {
    const std::string name = std::string(code).substr(0, std::string(code).find(' '));
    EXPECT_EQ(parsed(std::string("* OK [") + code + "] x"), "OK [" + name + "] x") << code;
  }
}

TEST(ParserTest, TheEndOfACodeIsFound) {
  EXPECT_EQ(parsed("* OK [PERMANENTFLAGS (\\Seen [a] \\*)] text [b]"),
            "OK [PERMANENTFLAGS (\\Seen [a] \\*)] text [b]");
  EXPECT_EQ(parsed("* NO [BADCHARSET (\"a]\" US-ASCII)] x"), "NO [BADCHARSET] x");
  EXPECT_EQ(parsed("* OK [REFERRAL imap://a\"b/;c=(] x"), "OK [REFERRAL] x");
  EXPECT_EQ(parsed("* OK [ALERT]"), "OK [ALERT]");
  EXPECT_EQ(parsed("* OK [ALERT text"), "OK [ALERT text");
  EXPECT_EQ(parsed("* OK [] x"), "OK [] x");
}

TEST(ParserTest, CopyUidFindsTargets) {
  const CopyUid copied{UidValidity{1}, {{Uid{10}, Uid{100}, 3}, {Uid{5}, Uid{200}, 1}}};
  EXPECT_EQ(copied.target_of(Uid{10}), Uid{100});
  EXPECT_EQ(copied.target_of(Uid{12}), Uid{102});
  EXPECT_EQ(copied.target_of(Uid{5}), Uid{200});
  EXPECT_EQ(copied.target_of(Uid{13}), std::nullopt);
  EXPECT_EQ(copied.target_of(Uid{9}), std::nullopt);
  EXPECT_EQ(copied.sources().to_string(), "5,10:12");
  EXPECT_EQ(copied.targets().to_string(), "100:102,200");
}

TEST(ParserTest, EveryCodeHasANameOfItsOwn) {
  for (int i = static_cast<int>(Code::alert); i <= static_cast<int>(Code::web_alert); ++i) {
    const auto code = static_cast<Code>(i);
    ASSERT_FALSE(to_string(code).empty()) << i;
    const std::string name(to_string(code));
    EXPECT_EQ(parsed("* OK [" + name + "] x"), "OK [" + name + "] x");
  }
}

TEST(ParserTest, Numbers) {
  EXPECT_EQ(parsed("* 172 EXISTS"), "EXISTS 172");
  EXPECT_EQ(parsed("* 4294967295 EXISTS"), "EXISTS 4294967295");
  EXPECT_EQ(parsed("* 4294967296 EXISTS"), "bad");
  EXPECT_EQ(parsed("* -5 EXISTS"), "bad");
  EXPECT_EQ(parsed("* 5x EXISTS"), "bad");
  EXPECT_EQ(parsed("* 0 RECENT"), "RECENT 0");
  EXPECT_EQ(parsed("* 0 EXPUNGE"), "bad");
  EXPECT_EQ(parsed("* 44 expunge"), "EXPUNGE 44");
  EXPECT_EQ(parsed("* 7"), "bad");
  EXPECT_EQ(parsed("* 7 FROB x"), "ignored FROB");
}

TEST(ParserTest, UnknownResponsesAreIgnored) {
  EXPECT_EQ(parsed("* QUOTAROOT INBOX \"\""), "ignored QUOTAROOT");
  EXPECT_EQ(parsed("* x-frob (((("), "ignored X-FROB");
  EXPECT_EQ(parsed("*"), "bad");
  EXPECT_EQ(parsed("* ((("), "bad");
  EXPECT_EQ(parsed("* \"x\""), "bad");
}

TEST(ParserTest, Continuations) {
  EXPECT_EQ(parsed("+"), "+ ");
  EXPECT_EQ(parsed("+ "), "+ ");
  EXPECT_EQ(parsed("+ PDE4OTYuNjk3MTcwOTUy"), "+ PDE4OTYuNjk3MTcwOTUy");
  EXPECT_EQ(parsed("+OK"), "+ OK");
}

TEST(ParserTest, Fetch) {
  EXPECT_EQ(parsed("* 23 FETCH (FLAGS (\\Seen $Forwarded) RFC822.SIZE 44827 UID 4827313)"),
            "FETCH 23 uid=4827313 flags=($Forwarded \\Seen) size=44827");
  EXPECT_EQ(parsed("* 1 FETCH (UID 4294967295 MODSEQ (9223372036854775807) RFC822.SIZE "
                   "18446744073709551615)"),
            "FETCH 1 uid=4294967295 modseq=9223372036854775807 size=18446744073709551615");
  EXPECT_EQ(parsed("* 1 FETCH ()"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (ENVELOPE (\"date\" NIL ((NIL NIL \"a\" \"b\"))) UID 5)"),
            "FETCH 1 uid=5");
  // As Domino has it.
  EXPECT_EQ(parsed("* 1 FETCH (UID 5 (ENVELOPE (NIL NIL)) (FLAGS (\\Seen)) RFC822.SIZE 7)"),
            "FETCH 1 uid=5 flags=(\\Seen) size=7");
  EXPECT_EQ(parsed("* 1 FETCH (X-GM-LABELS (\\Inbox \"a b\" c]d) X-GM-THRID 5 UID 5)"),
            "FETCH 1 uid=5");
}

TEST(ParserTest, FetchItemsOutOfRangeAreNone) {
  EXPECT_EQ(parsed("* 1 FETCH (UID 0)"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (UID -5 RFC822.SIZE -1)"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (UID 4294967296 RFC822.SIZE NIL)"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (UID (1 2) RFC822.SIZE \"a\" MODSEQ (-1) FLAGS NIL)"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (MODSEQ (9223372036854775808) MODSEQ (0))"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (INTERNALDATE \"yesterday\")"), "FETCH 1");
  EXPECT_EQ(parsed("* 1 FETCH (INTERNALDATE NIL)"), "FETCH 1");
}

TEST(ParserTest, BrokenFetchIsRefused) {
  for (const char* line :
       {"* 1 FETCH", "* 1 FETCH UID 5", "* 1 FETCH (UID 5", "* 1 FETCH (FLAGS (\\Seen)",
        "* 1 FETCH (FLAGS \\Seen)", "* 1 FETCH (BODY[] hello)", "* 1 FETCH (BODY[ \"a\")",
        "* 1 FETCH (BODY[]<x> \"a\")", "* 1 FETCH (BODY[]<1 \"a\")", "* 1 FETCH (X)",
        "* 1 FETCH (X \"abc)", "* 1 FETCH (X (a)", "* 1 FETCH ((UID 5)", "* 1 FETCH (((UID 5)))",
        "* 1 FETCH (EMAILID (a b))"}) {
    EXPECT_EQ(parsed(line), "bad") << line;
  }
}

TEST(ParserTest, BodiesOfEveryForm) {
  EXPECT_EQ(parsed("* 1 FETCH (BODY[] {3}\r\nabc UID 2)"), "FETCH 1 uid=2 body[]=#0:3");
  EXPECT_EQ(parsed("* 1 FETCH (BODY[]<0> \"abc\")"), "FETCH 1 body[]<0>=#0:3");
  EXPECT_EQ(parsed("* 1 FETCH (BODY[HEADER] nil BODY[1.2.MIME] \"\")"),
            "FETCH 1 body[HEADER]=NIL body[1.2.MIME]=#0:0");
  EXPECT_EQ(parsed("* 1 FETCH (BODY[header.fields (\"from\" to)] {2}\r\n\r\n)"),
            "FETCH 1 body[HEADER.FIELDS (FROM TO)]=#0:2");
  EXPECT_EQ(parsed("* 1 FETCH (BINARY[1] ~{2}\r\nab BINARY.SIZE[1] 2)"), "FETCH 1 binary[1]=#0:2");
  EXPECT_EQ(parsed("* 1 FETCH (RFC822 {1}\r\na RFC822.HEADER \"b\" RFC822.TEXT NIL)"),
            "FETCH 1 body[]=#0:1 body[HEADER]=#0:1 body[TEXT]=NIL");
  EXPECT_EQ(parsed("* 1 FETCH (BODY (\"text\" \"plain\") UID 3)"), "FETCH 1 uid=3");
}

TEST(ParserTest, NestingOfAnyDepthIsSkippedWithoutRecursion) {
  const std::string deep = std::string(1'000'000, '(') + std::string(1'000'000, ')');
  EXPECT_EQ(parsed("* 1 FETCH (BODYSTRUCTURE " + deep + " UID 5)"), "FETCH 1 uid=5");
  EXPECT_EQ(parsed("* 1 FETCH (BODYSTRUCTURE " + std::string(1'000'000, '(')), "bad");
  EXPECT_EQ(parsed("* 1 FETCH (BODYSTRUCTURE " + std::string(1'000'000, '(') + ")"), "bad");
}

TEST(ParserTest, List) {
  EXPECT_EQ(parsed("* LIST (\\Noselect) \"/\" ~/Mail/foo"), "LIST (noselect) / ~/Mail/foo");
  EXPECT_EQ(parsed("* LIST () \"/\" \"a \\\"b\\\" \\\\c\""), "LIST () / a \"b\" \\c");
  EXPECT_EQ(parsed("* LIST () NIL inbox"), "LIST () NIL inbox");
  EXPECT_EQ(parsed("* LIST () \"/\" NIL"), "LIST () / NIL");
  EXPECT_EQ(parsed("* LIST () \"/\" {4}\r\na\r\nb"), "LIST () / a\\x0d\\x0ab");
  EXPECT_EQ(parsed("* LIST (\\Sent \\Subscribed) \".\" a.b"), "LIST (subscribed sent) . a.b");
  EXPECT_EQ(parsed("* LSUB () \"/\" x"), "LSUB () / x");
  EXPECT_EQ(parsed("* LIST () \"/\""), "bad");
  EXPECT_EQ(parsed("* LIST () \"ab\" x"), "bad");
  EXPECT_EQ(parsed("* LIST x \"/\" y"), "bad");
  EXPECT_EQ(parsed("* LIST () \"/\" \"x"), "bad");
  EXPECT_EQ(parsed("* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\")"), "bad");
}

TEST(ParserTest, NamesThatAreTooLongToHoldAreRefused) {
  const std::string name(300'000, 'a');
  EXPECT_EQ(parsed("* LIST () \"/\" {300000}\r\n" + name), "bad");
}

TEST(ParserTest, Status) {
  EXPECT_EQ(parsed("* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)"),
            "STATUS blurdybloop messages=231 uidnext=44292");
  EXPECT_EQ(parsed("* STATUS \"a b\" (APPENDLIMIT 257890 HIGHESTMODSEQ 7011231777)"),
            "STATUS a b modseq=7011231777 appendlimit=257890");
  EXPECT_EQ(parsed("* STATUS a ()"), "STATUS a");
  EXPECT_EQ(parsed("* STATUS a"), "bad");
  EXPECT_EQ(parsed("* STATUS a (MESSAGES 1"), "bad");
  EXPECT_EQ(parsed("* STATUS \"\" (MESSAGES 1)"), "bad");
}

TEST(ParserTest, SearchInAnyOrder) {
  EXPECT_EQ(parsed("* SEARCH 2 84 882"), "SEARCH set=2,84,882");
  EXPECT_EQ(parsed("* SEARCH 5 4 4 3 1"), "SEARCH set=1,3:5");
  EXPECT_EQ(parsed("* SEARCH 4294967295 (MODSEQ 12)"), "SEARCH set=4294967295 modseq=12");
  EXPECT_EQ(parsed("* SEARCH"), "SEARCH");
}

TEST(ParserTest, ASetThatIsNotWhollyUnderstoodIsRefused) {
  for (const char* line :
       {"* SEARCH 1 0", "* SEARCH 1 x 3", "* SEARCH 4294967296", "* SEARCH 1 (FOO 3)",
        "* ESEARCH UID ALL 1:", "* ESEARCH UID ALL *", "* ESEARCH UID ALL 0",
        "* ESEARCH (TAG \"a\" UID ALL 1", "* VANISHED", "* VANISHED 1:5 6",
        "* VANISHED (EARLIER) 5,,6", "* VANISHED (LATER) 5", "* VANISHED 0:5"}) {
    EXPECT_EQ(parsed(line), "bad") << line;
  }
}

TEST(ParserTest, ESearch) {
  EXPECT_EQ(parsed("* ESEARCH (TAG \"A285\") UID MIN 7 MAX 3800 COUNT 15 ALL 2,10:11"),
            "ESEARCH tag=A285 uid all=2,10:11 min=7 max=3800 count=15");
  EXPECT_EQ(parsed("* ESEARCH (TAG A1) COUNT 0"), "ESEARCH tag=A1 count=0");
  EXPECT_EQ(parsed("* ESEARCH (TAG \"A\") UID PARTIAL (-1:-100 NIL) MODSEQ 9"),
            "ESEARCH tag=A uid modseq=9");
}

TEST(ParserTest, ARangeOfFourThousandMillionCostsNothing) {
  EXPECT_EQ(parsed("* VANISHED (EARLIER) 1:4294967295"), "VANISHED earlier 1:4294967295");
  EXPECT_EQ(parsed("* ESEARCH UID ALL 4294967295:1"), "ESEARCH uid all=1:4294967295");
}

TEST(ParserTest, NamespaceIdAndRights) {
  EXPECT_EQ(
      parsed("* NAMESPACE ((\"\" \"/\")) NIL ((\"#s/\" \"/\" \"X\" (\"a\" \"b\"))(\"t\" NIL))"),
      "NAMESPACE (|/) () (#s/|/ t|NIL)");
  EXPECT_EQ(parsed("* NAMESPACE NIL NIL"), "bad");
  EXPECT_EQ(parsed("* ID (\"name\" \"x\" \"v\" NIL)"), "ID name=x v=");
  EXPECT_EQ(parsed("* ID (\"name\")"), "bad");
  EXPECT_EQ(parsed("* MYRIGHTS INBOX lrs"), "MYRIGHTS INBOX lrs");
  EXPECT_EQ(parsed("* MYRIGHTS INBOX"), "bad");
}

TEST(ParserTest, CapabilityAndEnabled) {
  EXPECT_EQ(parsed("* CAPABILITY IMAP4rev1 AUTH=PLAIN X"), "CAPABILITY IMAP4rev1 AUTH=PLAIN X");
  EXPECT_EQ(parsed("* ENABLED"), "ENABLED ");
  EXPECT_EQ(parsed("* ENABLED CONDSTORE"), "ENABLED CONDSTORE");
}

TEST(ParserTest, ControlCharactersNeverReachTheExcerpt) {
  const std::string text = "* 1 FETCH \x1b[2J\x01";
  const auto response = parse_response(Frame{text, {}});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message().find_first_of("\x1b\x01"), std::string::npos);
}

TEST(ParserTest, ABodyIsRecognisedBeforeItsOctetsCome) {
  const auto begin = [](std::string_view text) {
    const FrameLiteral literal{text.rfind('{'), text.size(), 9, FrameLiteral::Place::gathered};
    return parse_fetch_up_to_body(Frame{text, {&literal, 1}});
  };
  const auto fetch = begin("* 5 FETCH (UID 7 FLAGS (\\Seen) BODY[] {9}\r\n");
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->number, SeqNum{5});
  EXPECT_EQ(fetch->uid, Uid{7});
  EXPECT_EQ(fetch->bodies.back().size, 9U);
  EXPECT_EQ(begin("* 7 UIDFETCH (BINARY[1] ~{9}\r\n")->uid, Uid{7});
  EXPECT_TRUE(begin("* 7 FETCH (RFC822.TEXT {9}\r\n"));
  EXPECT_FALSE(begin("* 5 FETCH (X-GM-LABELS ({9}\r\n"));
  EXPECT_FALSE(begin("* 5 FETCH (X \"BODY[] \" {9}\r\n"));
  EXPECT_FALSE(begin("* 5 FETCH (BODY[HEADER.FIELDS ({9}\r\n"));
  EXPECT_FALSE(begin("* LIST () \"/\" {9}\r\n"));
  EXPECT_FALSE(begin("* 0 FETCH (BODY[] {9}\r\n"));
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(ParserTest, WhatAResponseHoldsManyOfIsBounded) {
  EXPECT_NE(parsed("* 1 FETCH (FLAGS (" + repeated("k ", 1000) + "))"), "bad");
  EXPECT_EQ(parsed("* 1 FETCH (FLAGS (" + repeated("k ", 1001) + "))"), "bad");
  EXPECT_EQ(parsed("* 1 FETCH (FLAGS (" + repeated("k", 20'000) + "))"), "bad");
  EXPECT_NE(parsed("* FLAGS (" + repeated("k ", 1001) + ")"), "bad");
  EXPECT_EQ(parsed("* FLAGS (" + repeated("k ", 20'001) + ")"), "bad");
  EXPECT_EQ(parsed("* 1 FETCH (" + repeated("BODY[] \"\" ", 101) + ")"), "bad");
  EXPECT_EQ(parsed("* NAMESPACE (" + repeated("(\"a\" \"/\")", 1001) + ") NIL NIL"), "bad");
  EXPECT_EQ(parsed("* ID (" + repeated("\"a\" NIL ", 1001) + ")"), "bad");
  EXPECT_EQ(parsed("* LIST () \"/\" x (\"CHILDINFO\" (" + repeated("\"a\" ", 1001) + "))"), "bad");
}

TEST(ParserTest, AnObjectIdThatIsTooLongIsNone) {
  const std::string id = repeated("M", 256);
  EXPECT_EQ(parsed("* 1 FETCH (EMAILID (" + id + "))"), parsed("* 1 FETCH ()"));
  EXPECT_EQ(parsed("* STATUS x (MAILBOXID (" + id + "))"), parsed("* STATUS x ()"));
  EXPECT_EQ(parsed("* OK [MAILBOXID (" + id + ")] x"), parsed("* OK [MAILBOXID] x"));
}

TEST(ParserTest, KeywordsThatDifferInCaseAloneAreOne) {
  EXPECT_EQ(parsed("* FLAGS (b A a \\Seen B)"), parsed("* FLAGS (\\Seen A B)"));
}

}  // namespace
}  // namespace sterna::imap
