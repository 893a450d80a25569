// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/identity.h"

#include <array>
#include <random>

#include "maildir/memory_reader.h"
#include "sterna/maildir/file_name.h"
#include "world.h"

namespace sterna::maildir {
namespace {

using std::string_view_literals::operator""sv;

ContentIdentity identity_of(std::string_view bytes, std::size_t piece_octets = SIZE_MAX) {
  IdentityBuilder builder;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_octets, bytes.size()))) {
    builder.update(bytes.substr(0, piece_octets));
  }
  return builder.finish();
}

// What a delivery makes of octets of the wire, and what an upload makes of a file.
std::string as_file(std::string_view wire) {
  std::string file;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire.substr(i, 2) != "\r\n") file += wire[i];
  }
  return file;
}
std::string as_wire(std::string_view file) {
  std::string wire;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] == '\n' && (i == 0 || file[i - 1] != '\r')) wire += '\r';
    wire += file[i];
  }
  return wire;
}

constexpr std::string_view kMessage =
    "Received: from a\n\tby b\n"
    "Message-ID: <1@example.org>\n"
    "Date: Mon, 1 Jan 2024 00:00:00 +0000\n"
    "Subject: hello\n"
    "\n"
    "body\n";

TEST(AsFile, DropsTheCarriageReturnOfALineEndOnly) {
  EXPECT_EQ(as_file("a\r\nb\rc\r\r\n"), "a\nb\rc\r\n");
}

TEST(Identity, HasWhatTheHeaderSays) {
  const ContentIdentity identity = identity_of(kMessage);
  EXPECT_EQ(identity.message_id, "<1@example.org>");
  EXPECT_EQ(identity.date, "Mon, 1 Jan 2024 00:00:00 +0000");
  EXPECT_TRUE(identity.has_fields);
  EXPECT_EQ(identity.size, as_wire(kMessage).size());
  const std::string lines(kMessage.substr(0, kMessage.find("\n\n") + 1));
  EXPECT_EQ(identity.header_digest, sha256(as_wire(lines)));
}

TEST(Identity, IsTheSameOnBothSides) {
  const std::string wire = as_wire(kMessage);
  EXPECT_EQ(identity_of(kMessage), identity_of(wire));
  ContentIdentity read = identity_of(kMessage);
  read.body_digest = 0;
  EXPECT_EQ(identity_of_wire_header(wire.substr(0, wire.find("\r\n\r\n") + 4), wire.size()), read);
}

TEST(Identity, DoesNotDependOnHowAServerEndsTheHeader) {
  const ContentIdentity whole = identity_of_wire_header("A: b\r\nC: d\r\n\r\n", 100);
  EXPECT_EQ(identity_of_wire_header("A: b\r\nC: d\r\n", 100), whole);
  EXPECT_EQ(identity_of_wire_header("A: b\r\nC: d", 100), whole);
  EXPECT_EQ(identity_of_wire_header("A: b\nC: d\n\n", 100), whole);
  EXPECT_NE(identity_of_wire_header("A: b\r\nC: d \r\n", 100), whole);
  EXPECT_NE(identity_of_wire_header("A: b\r\nC: d\r\n\r\n", 101), whole);
}

TEST(Identity, TellsBodiesApartThatTheServerCannot) {
  const ContentIdentity one = identity_of("A: b\n\none\n");
  ContentIdentity two = identity_of("A: b\n\ntwo\n");
  EXPECT_NE(one.body_digest, two.body_digest);
  two.body_digest = one.body_digest;
  EXPECT_EQ(one, two);
  EXPECT_NE(identity_of("A: b\n\none\n").size, identity_of("A: b\n\nthree\n").size);
}

TEST(Identity, HasABodyWhereThereIsNone) {
  EXPECT_NE(identity_of("A: b\n").body_digest, 0U);
  EXPECT_EQ(identity_of("A: b\n").body_digest, identity_of("C: d\n\n").body_digest);
  EXPECT_NE(identity_of("A: b\n\n\n").body_digest, identity_of("A: b\n\n").body_digest);
}

TEST(Identity, OfTheBodyDoesNotDependOnPiecesLineEndsAndOwnFields) {
  for (const std::size_t header : {20UZ, kHeaderOctetsMax - 3, kHeaderOctetsMax - 2,
                                   kHeaderOctetsMax - 1, kHeaderOctetsMax, 2 * kHeaderOctetsMax}) {
    const std::string text = "A: " + std::string(header - 3, 'x') + "\nB: c\n\none\ntwo\n\nthree";
    const ContentIdentity whole = identity_of(text);
    const std::string edited = text.substr(0, text.size() - 1) + "s";
    EXPECT_NE(identity_of(edited).body_digest, whole.body_digest) << header;
    for (const std::size_t octets : {1UZ, 7UZ, 1000UZ, kHeaderOctetsMax - 1, kHeaderOctetsMax}) {
      EXPECT_EQ(identity_of(text, octets), whole) << header << ' ' << octets;
      EXPECT_EQ(identity_of(as_wire(text), octets), whole) << header << ' ' << octets;
    }
  }
  EXPECT_EQ(identity_of("A: b\nStatus: RO\n\none\n").body_digest,
            identity_of("A: b\n\none\n").body_digest);
}

TEST(Identity, UnfoldsAndTrimsFields) {
  const ContentIdentity identity =
      identity_of("MESSAGE-id  :\n <1@x>\n (comment)\nDate:\n\t Mon,\n 1 Jan\n\n");
  EXPECT_EQ(identity.message_id, "<1@x>");
  EXPECT_EQ(identity.date, "Mon, 1 Jan");
}

TEST(Identity, TakesTheFirstOfSeveralFields) {
  EXPECT_EQ(identity_of("Message-ID: <1@x>\nMessage-ID: <2@x>\n\n").message_id, "<1@x>");
  EXPECT_EQ(identity_of("X-Message-ID: <0@x>\nMessage-ID: <1@x>\n\n").message_id, "<1@x>");
}

TEST(Identity, TakesWhatIsThereForAMessageId) {
  EXPECT_EQ(identity_of("Message-ID: no brackets\n\n").message_id, "no brackets");
  EXPECT_EQ(identity_of("Message-ID: x <1@x> y\n\n").message_id, "<1@x>");
  EXPECT_EQ(identity_of("Message-ID: <1@x\n\n").message_id, "<1@x");
  EXPECT_EQ(identity_of("Message-ID:\n\n").message_id, "");
  EXPECT_LE(identity_of("Message-ID: " + std::string(5000, 'x') + "\n\n").message_id.size(), 998U);
}

TEST(Identity, OfATextWithoutAHeaderHasNoFields) {
  for (const std::string_view text : {""sv, "\n"sv, "\r\n"sv, "just words\n"sv,
                                      "\nbody: not a field\n"sv, ": no name\n"sv, "\0\0\0"sv}) {
    const ContentIdentity identity = identity_of(text);
    EXPECT_FALSE(identity.has_fields) << text;
    EXPECT_EQ(identity.message_id, "");
  }
  EXPECT_FALSE(identity_of("From a@b Mon Jan 1 10:00:00 2024\n\n").has_fields);
  EXPECT_TRUE(identity_of("From a@b Mon Jan 1 10:00:00 2024\nSubject: x\n\n").has_fields);
}

TEST(Identity, OfAnEmptyHeaderDiffersFromNone) {
  EXPECT_EQ(identity_of("\nbody").header_digest, sha256(""));
  EXPECT_NE(identity_of("body").header_digest, sha256(""));
}

TEST(Identity, CountsNoMoreThanTheLimitOfAHeader) {
  const std::string head = "Subject: " + std::string(kHeaderOctetsMax - 100, 'x') + "\n";
  const std::string one = head + std::string(200, 'a') + "\n\n";
  const std::string two = head + std::string(99, 'a') + std::string(101, 'b') + "\n\n";
  EXPECT_EQ(identity_of(one).header_digest, identity_of(two).header_digest);
  EXPECT_EQ(identity_of(one), identity_of(one, 1000));
  const std::string three = head + std::string(50, 'a') + std::string(150, 'b') + "\n\n";
  EXPECT_NE(identity_of(one).header_digest, identity_of(three).header_digest);
}

TEST(Identity, AtItsLimitIsTheSameForEveryEndAndPiece) {
  for (std::size_t octets = kHeaderOctetsMax - 6; octets < kHeaderOctetsMax + 6; ++octets) {
    std::string header = "A: ";
    header.resize(octets, 'x');
    const ContentIdentity whole = identity_of_wire_header(header + "\r\n\r\n", 1);
    EXPECT_EQ(identity_of_wire_header(header + "\r\n", 1), whole) << octets;
    EXPECT_EQ(identity_of_wire_header(header, 1), whole) << octets;
    IdentityBuilder builder;
    for (const char c : header + "\n\nbody") builder.update({&c, 1});
    EXPECT_EQ(builder.finish().header_digest, whole.header_digest) << octets;
  }
}

TEST(Identity, OfALineOfAMegabyteIsFine) {
  const std::string text = "A: " + std::string(1 << 20, 'x') + "\n\nbody";
  EXPECT_EQ(identity_of(text), identity_of(text, 4096));
  EXPECT_EQ(identity_of(text).size, text.size() + 2);
}

// What mail programs add to a header when they write a message to a Maildir.
constexpr std::string_view kSaved =
    "Received: from a\n\tby b\n"
    "STATUS: RO\n"
    "Message-ID: <1@example.org>\n"
    "X-Status:\n\tA\n"
    "Date: Mon, 1 Jan 2024 00:00:00 +0000\n"
    "Subject: hello\n"
    "Content-Length : 5\n"
    "lines: 1\n"
    "\n"
    "body\n";

TEST(PlainContent, IsThatOfTheMessageAsItWas) {
  const ContentIdentity original = identity_of(kMessage);
  const ContentIdentity saved = identity_of(kSaved);
  EXPECT_FALSE(original.plain);
  ASSERT_TRUE(saved.plain);
  EXPECT_EQ(saved.plain->header_digest, original.header_digest);
  EXPECT_EQ(saved.size - saved.plain->fields_octets, original.size);
  EXPECT_NE(saved.header_digest, original.header_digest);
  EXPECT_EQ(saved.size, as_wire(kSaved).size());
  EXPECT_EQ(identity_of(as_wire(kSaved)), saved);
  EXPECT_EQ(identity_of(kSaved, 1), saved);
}

TEST(PlainContent, IsThereOnlyWhereSomethingIsLeftOut) {
  EXPECT_FALSE(identity_of("A: b\n\nStatus: RO\n").plain);
  EXPECT_FALSE(identity_of("X-Content-Length: 5\nLinesman: a\nA: Status: RO\n\n").plain);
  EXPECT_FALSE(identity_of("A: b\n Status: RO\nStatus\n\n").plain);
  EXPECT_TRUE(identity_of("A: b\nStatus: RO\n\n").plain);
}

TEST(PlainContent, NeedsAFieldThatTellsTheMessage) {
  EXPECT_FALSE(identity_of("Content-Length: 5\n\nbody\n").plain);
  EXPECT_FALSE(identity_of("no field\nContent-Length: 5\n\nbody\n").plain);
}

TEST(PlainContent, IsNotKnownOfAHeaderThatIsTooLong) {
  const std::string more = "Status: RO\n\nbody";
  const std::string head = "Subject: " + std::string(kHeaderOctetsMax - 100, 'x') + "\n";
  EXPECT_TRUE(identity_of(head + more).plain);
  EXPECT_FALSE(identity_of(head + "A: " + std::string(200, 'a') + "\n" + more).plain);
  EXPECT_FALSE(identity_of(more.substr(0, 11) + head + "A: " + std::string(200, 'a')).plain);
}

Digest plain_digest_of(std::string_view bytes, std::size_t piece_octets = SIZE_MAX) {
  PlainDigest digest;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_octets, bytes.size()))) {
    digest.update(bytes.substr(0, piece_octets));
  }
  return digest.finish();
}

TEST(PlainDigests, LookPastThoseFieldsAlone) {
  EXPECT_EQ(plain_digest_of(kMessage), full_digest(kMessage));
  EXPECT_EQ(plain_digest_of(kSaved), full_digest(kMessage));
  EXPECT_EQ(plain_digest_of(as_wire(kSaved), 1), full_digest(kMessage));
  std::string other(kSaved);
  other[other.size() - 2] = 'Y';
  EXPECT_NE(plain_digest_of(other), full_digest(kMessage));
  MemoryReader file(kSaved);
  const FileDigests both = must(file_digests(file));
  EXPECT_EQ(both.whole, full_digest(kSaved));
  EXPECT_EQ(both.plain, full_digest(kMessage));
}

TEST(Digests, WithoutNulAreWhatAServerMayStore) {
  const std::string_view text = "A: b\n\none\0two\n"sv;
  MemoryReader first(text);
  EXPECT_TRUE(must(file_digests(first)).has_nul);
  MemoryReader second(text);
  EXPECT_EQ(must(digests_without_nul(second)),
            (std::vector{full_digest("A: b\n\none\x80two\n"), full_digest("A: b\n\nonetwo\n")}));
  MemoryReader plain(kMessage);
  EXPECT_FALSE(must(file_digests(plain)).has_nul);
}

TEST(PlainDigests, TakeTheBodyAsItIs) {
  for (const std::string_view text :
       {""sv, "\n"sv, "\nStatus: RO\n"sv, "A: b\n\nStatus: RO\n\n"sv, "words"sv, "a\r"sv}) {
    EXPECT_EQ(plain_digest_of(text), full_digest(text)) << text;
    EXPECT_EQ(plain_digest_of(text, 1), full_digest(text)) << text;
  }
}

constexpr std::string_view kSpices = "\r\n\r\n\r\n\na: b\0 \t"sv;

std::string random_text(std::mt19937& random) {
  std::string text;
  for (unsigned length = random() % 40; length > 0; --length)
    text += kSpices[random() % kSpices.size()];
  return text;
}

TEST(Identity, DoesNotDependOnThePieces) {
  std::mt19937 random(8);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_text(random);
    const ContentIdentity whole = identity_of(text);
    ASSERT_EQ(identity_of(text, 1), whole);
    ASSERT_EQ(identity_of(text, 1 + random() % 7), whole);
    ASSERT_EQ(whole.size, as_wire(text).size());
  }
}

// Wherever in the header a mail program puts its field, and however it is read.
TEST(PlainContent, DoesNotDependOnThePiecesOrThePlace) {
  std::mt19937 random(10);
  for (int round = 0; round < 20'000; ++round) {
    std::string before = "A: b\r\n";
    for (unsigned fields = random() % 4; fields > 0; --fields) {
      before += random() % 2 ? "X: y\r\n z\r\n" : "Y:\r\n";
    }
    const std::string body = "\r\n" + as_wire(random_text(random));
    std::string after = before;
    const std::string_view field = random() % 2 ? "Lines: 3\r\n" : "Content-Length:\r\n\t7\r\n";
    after.insert(random() % 2 ? 0 : before.size(), field);
    const ContentIdentity whole = identity_of(before + body);
    const ContentIdentity saved = identity_of(after + body, 1 + random() % 7);
    ASSERT_TRUE(saved.plain);
    ASSERT_EQ(saved.plain->header_digest, whole.header_digest);
    ASSERT_EQ(saved.size - saved.plain->fields_octets, whole.size);
    ASSERT_EQ(plain_digest_of(after + body, 1 + random() % 7), full_digest(before + body));
  }
}

// Down and up again: whatever a server sends, and whatever a file holds, the digests meet.
TEST(Digests, AgreeBetweenTheWireAndItsFile) {
  std::mt19937 random(9);
  for (int round = 0; round < 50'000; ++round) {
    const std::string text = random_text(random);
    ASSERT_EQ(full_digest(as_file(text)), full_digest(text));
    ASSERT_EQ(full_digest(as_wire(text)), full_digest(text));
    ASSERT_EQ(identity_of(as_file(text)).header_digest, identity_of(text).header_digest);
    ASSERT_EQ(identity_of(as_wire(text)).header_digest, identity_of(text).header_digest);
    // Where the wire has carriage returns in line ends alone, the size meets too.
    std::string lines = text;
    std::erase(lines, '\r');
    const std::string clean = as_wire(lines);
    ASSERT_EQ(identity_of(as_file(clean)).size, clean.size());
  }
}

TEST(Digests, SeeEveryOctetOfTheBody) {
  std::string text(kMessage);
  const Digest before = full_digest(text);
  for (char& c : text) {
    if (c == '\n') continue;
    c ^= 1;
    if (c != '\r' && c != '\n') EXPECT_NE(full_digest(text), before);
    c ^= 1;
  }
  EXPECT_EQ(full_digest("a\r\nb"), sha256("a\r\nb"));
  EXPECT_EQ(full_digest("a\nb"), sha256("a\r\nb"));
  EXPECT_EQ(full_digest("a\rb\r"), sha256("a\rb\r"));
  EXPECT_EQ(full_digest("a\r\r\r\nb"), sha256("a\r\nb"));
  EXPECT_EQ(full_digest(""), sha256(""));
}

// What is given out at once and what is taken in between: whoever counts more carriage returns than
// a block has holds no more for it.
TEST(Canonicalizer, GivesARunOfCarriageReturnsInBlocks) {
  constexpr std::size_t kRun = 10'000'000;
  constexpr std::size_t kBlockMax = 64 * 1024;
  const std::string some(1'000'000, '\r');
  Canonicalizer canonicalizer;
  const auto swallow_run = [&] {
    for (std::size_t given = 0; given < kRun; given += some.size()) {
      std::string_view bytes = some;
      ASSERT_TRUE(canonicalizer.next(bytes).empty());
      ASSERT_TRUE(bytes.empty());
    }
  };
  swallow_run();
  std::string_view line_end = "\n";
  EXPECT_EQ(canonicalizer.next(line_end), "\r\n");
  swallow_run();
  std::string_view text = "x";
  std::size_t before_text = 0;
  std::string_view piece = canonicalizer.next(text);
  for (; piece != "x"; piece = canonicalizer.next(text)) {
    ASSERT_FALSE(piece.empty());
    ASSERT_LE(piece.size(), kBlockMax);
    before_text += piece.size();
  }
  EXPECT_EQ(before_text, kRun);
  swallow_run();
  std::size_t at_end = 0;
  for (piece = canonicalizer.rest(); !piece.empty(); piece = canonicalizer.rest()) {
    ASSERT_LE(piece.size(), kBlockMax);
    at_end += piece.size();
  }
  EXPECT_EQ(at_end, kRun);
}

TEST(Digests, OfALongRunOfCarriageReturnsAreThoseOfItsOctets) {
  const std::string run(300'000, '\r');
  for (const std::string_view end : {""sv, "x"sv, "\r\r"sv, "words\n"sv}) {
    const std::string text = run + std::string(end);
    const std::string canonical = end.ends_with('\n') ? run + "words\r\n" : text;
    EXPECT_EQ(full_digest(text), sha256(canonical)) << end;
    EXPECT_EQ(plain_digest_of(text, 4096), sha256(canonical)) << end;
    EXPECT_EQ(identity_of(text, 4096), identity_of(text)) << end;
    EXPECT_EQ(identity_of(text).header_digest, sha256(run.substr(0, kHeaderOctetsMax))) << end;
  }
  EXPECT_EQ(full_digest(run + "\nx"), sha256("\r\nx"));
}

TEST(Digests, OfAFileAreThoseOfItsOctets) {
  std::string text(kMessage);
  while (text.size() < 400'000) text += "line\nline\r\n\r";
  MemoryReader one(text);
  EXPECT_EQ(must(full_digest(one)), full_digest(text));
  MemoryReader two(text);
  EXPECT_EQ(must(read_identity(two)), identity_of(text));
}

constexpr std::string_view kPlaceholder =
    "From: ann\nX-TUID: abcdefghijkl\nSubject: [placeholder] big\n\n"
    "Having a size of 2.2MiB, this message is over the MaxSize limit.\n"
    "Flag it and sync again (Sync mode Upgrade) to fetch its real contents.\n";

TEST(Placeholder, IsKnownByWhatMbsyncWritesIntoIt) {
  const std::string flagged =
      std::string(kPlaceholder) + "\nThe original message is flagged as important.\n";
  std::string wire;
  for (const char c : flagged) wire += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string_view text :
       {kPlaceholder, std::string_view(flagged), std::string_view(wire)}) {
    EXPECT_TRUE(identity_of(text).is_placeholder) << text;
    EXPECT_TRUE(identity_of(text, 1).is_placeholder) << text;
  }
}

TEST(Placeholder, IsNoMessageThatQuotesOne) {
  EXPECT_FALSE(identity_of(kMessage).is_placeholder);
  const std::string head = "Subject: [placeholder] big\n\n";
  const std::string text(kPlaceholder.substr(kPlaceholder.find("\n\n") + 2));
  EXPECT_TRUE(identity_of(head + text).is_placeholder);
  EXPECT_FALSE(identity_of("Subject: Re: [placeholder] big\n\n" + text).is_placeholder);
  EXPECT_FALSE(identity_of(head + "> " + text).is_placeholder);
  EXPECT_FALSE(identity_of(head + text + std::string(200, 'x')).is_placeholder);
  EXPECT_FALSE(identity_of(head).is_placeholder);
}

TEST(Stub, SaysWhichMessageItStandsFor) {
  const std::string name =
      derive_base_name({TreeId{7}, MailboxId{3}, UidValidity{9}, Uid{4}, 5, 0});
  const std::string field = std::string(kStubField) + ": " + name;
  EXPECT_EQ(identity_of("Subject: x\n" + field + "\n\nbody\n").stub_of, name);
  EXPECT_EQ(identity_of("Subject: x\n\n" + field + "\n").stub_of, "");
}

TEST(SameContent, LooksPastLineEndsAlone) {
  const auto same = [](std::string_view a, std::string_view b) {
    MemoryReader left(a);
    MemoryReader right(b);
    return must(same_content(left, right));
  };
  EXPECT_TRUE(same("", ""));
  EXPECT_TRUE(same("a\nb\n", "a\r\nb\r\n"));
  EXPECT_TRUE(same("a\r\n", "a\r\r\n"));
  EXPECT_FALSE(same("a", ""));
  EXPECT_FALSE(same("", "a"));
  EXPECT_FALSE(same("a\n", "a"));
  EXPECT_FALSE(same("a\r", "a"));
  EXPECT_FALSE(same("ab", "ac"));
  std::string lf;
  std::string crlf;
  while (lf.size() < 500'000) {
    lf += "0123456789\n";
    crlf += "0123456789\r\n";
  }
  EXPECT_TRUE(same(lf, crlf));
  EXPECT_FALSE(same(lf, crlf + "x"));
  const std::string run(500'000, '\r');
  EXPECT_TRUE(same(run, run));
  EXPECT_FALSE(same(run, run + "\r"));
  EXPECT_TRUE(same(run + "\n", "\n"));
  EXPECT_FALSE(same(run + "x", run + "\rx"));
}

class IdentityOnDiskTest : public MaildirTest {};

TEST_F(IdentityOnDiskTest, AFileThatCannotBeReadHasNone) {
  put("A/new/1", kMessage);
  const auto file = must(open("A").fresh->open_file("1"));
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::read ? Status(fail(ErrorCode::io, "EIO")) : Status();
  };
  EXPECT_EQ(code_of(read_identity(*file)), ErrorCode::io);
  EXPECT_EQ(code_of(full_digest(*file)), ErrorCode::io);
}

}  // namespace
}  // namespace sterna::maildir
