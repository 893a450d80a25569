// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/file_name.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "sterna/base/bytes.h"
#include "sterna/model/flags.h"

namespace sterna::maildir {
namespace {

constexpr std::uint8_t mask_of(std::initializer_list<Flag> flags) {
  std::uint8_t mask = 0;
  for (const Flag flag : flags)
    mask |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(flag));
  return mask;
}

std::uint32_t letters(std::string_view text) {
  std::uint32_t mask = 0;
  for (const char c : text) mask |= 1U << static_cast<unsigned>(c - 'a');
  return mask;
}

struct KnownName {
  std::string_view full;
  std::string_view base;
  InfoKind kind;
  std::uint8_t mask = 0;
  std::string_view keywords;
  std::string_view unknown;
  std::string_view rest;
};

const std::array kKnownNames = {
    KnownName{"1.M2.host", "1.M2.host", InfoKind::none, 0, "", "", ""},
    KnownName{"1.M2.host:2,", "1.M2.host", InfoKind::flags, 0, "", "", ""},
    KnownName{"1.x:2,S", "1.x", InfoKind::flags, mask_of({Flag::seen}), "", "", ""},
    KnownName{"1.x:2,DFPRST", "1.x", InfoKind::flags, 0x3f, "", "", ""},
    KnownName{"1.x:2,FSac", "1.x", InfoKind::flags, mask_of({Flag::flagged, Flag::seen}), "ac", "",
              ""},
    KnownName{"1.x:2,19SXz", "1.x", InfoKind::flags, mask_of({Flag::seen}), "z", "19X", ""},
    KnownName{"1.x:2,S,more:stuff", "1.x", InfoKind::flags, mask_of({Flag::seen}), "", "",
              ",more:stuff"},
    KnownName{"1.x:2,,", "1.x", InfoKind::flags, 0, "", "", ","},
    KnownName{"1.x:1,what,S", "1.x", InfoKind::experimental, 0, "", "", ":1,what,S"},
    KnownName{"1.x:3,S", "1.x", InfoKind::unknown, 0, "", "", ":3,S"},
    KnownName{"1.x:", "1.x", InfoKind::unknown, 0, "", "", ":"},
    KnownName{"1.x:2", "1.x", InfoKind::unknown, 0, "", "", ":2"},
    KnownName{":2,S", "", InfoKind::flags, mask_of({Flag::seen}), "", "", ""},
    KnownName{"12:30.x:2,S", "12:30.x", InfoKind::flags, mask_of({Flag::seen}), "", "", ""},
    KnownName{"1.x:2,S:2,F", "1.x:2,S", InfoKind::flags, mask_of({Flag::flagged}), "", "", ""},
};

TEST(FileName, TakesKnownNamesApart) {
  for (const KnownName& known : kKnownNames) {
    const FileName name = parse_file_name(known.full);
    EXPECT_EQ(name.base, known.base) << known.full;
    EXPECT_EQ(name.kind, known.kind) << known.full;
    EXPECT_EQ(name.mask, known.mask) << known.full;
    EXPECT_EQ(name.keywords, letters(known.keywords)) << known.full;
    EXPECT_EQ(name.unknown, known.unknown) << known.full;
    EXPECT_EQ(name.rest, known.rest) << known.full;
  }
}

TEST(FileName, PrintsKnownNamesAsTheyWere) {
  for (const KnownName& known : kKnownNames) {
    EXPECT_EQ(print_file_name(parse_file_name(known.full)), known.full);
  }
}

TEST(FileName, ViewsSayWhatParsingSays) {
  for (const KnownName& known : kKnownNames) {
    const FileNameView view = view_file_name(known.full);
    EXPECT_EQ(view.base, known.base);
    EXPECT_EQ(view.kind, known.kind);
    EXPECT_EQ(view.mask, known.mask);
    EXPECT_EQ(view.keywords, letters(known.keywords));
    EXPECT_EQ(std::string(view.base) + std::string(view.info), known.full);
  }
}

TEST(FileName, SortsLettersAndWritesEachOnce) {
  EXPECT_EQ(print_file_name(parse_file_name("x:2,zSaFS9aX")), "x:2,9FSXaz");
}

TEST(FileName, KeepsUnknownLettersAndTheRestWhenFlagsChange) {
  const FileName name = parse_file_name("x:2,Sb9X,note");
  EXPECT_EQ(print_file_name(with_flags(name, mask_of({Flag::replied}), letters("a"))),
            "x:2,9RXa,note");
  EXPECT_EQ(print_file_name(with_flags(name, 0, 0)), "x:2,9X,note");
}

TEST(FileName, GivesAnInfoPartToANameWithoutOne) {
  EXPECT_EQ(print_file_name(with_flags(parse_file_name("x"), 0, 0)), "x:2,");
}

TEST(FileName, ExperimentalInfoTellsNoFlags) {
  EXPECT_TRUE(parse_file_name("x").tells_flags());
  EXPECT_TRUE(parse_file_name("x:2,S").tells_flags());
  EXPECT_FALSE(parse_file_name("x:1,S").tells_flags());
  EXPECT_FALSE(parse_file_name("x:S").tells_flags());
}

TEST(FileName, IsPlainOnlyWithoutAnyLetter) {
  EXPECT_TRUE(parse_file_name("x").is_plain());
  EXPECT_TRUE(parse_file_name("x:2,").is_plain());
  EXPECT_FALSE(parse_file_name("x:2,S").is_plain());
  EXPECT_FALSE(parse_file_name("x:2,a").is_plain());
  EXPECT_FALSE(parse_file_name("x:2,X").is_plain());
}

// Random octets, with those that mean something more often than others.
std::string random_name(std::mt19937& random) {
  constexpr std::string_view kSpices = ":2,:2,1,::,,SFDRPTabzX,U=12,S=3,W=4.";
  std::string name;
  for (unsigned length = random() % 40; length > 0; --length) {
    name += random() % 4 == 0 ? static_cast<char>(1 + random() % 255)
                              : kSpices[random() % kSpices.size()];
  }
  return name;
}

TEST(FileName, WhateverIsParsedPrintsToWhatParsesTheSame) {
  std::mt19937 random(1);
  for (int round = 0; round < 100'000; ++round) {
    const std::string text = random_name(random);
    const FileName name = parse_file_name(text);
    const std::string printed = print_file_name(name);
    ASSERT_EQ(parse_file_name(printed), name) << text;
    ASSERT_EQ(print_file_name(parse_file_name(printed)), printed) << text;
    if (!name.tells_flags()) {
      ASSERT_EQ(printed, text);
      continue;
    }
    const FileName flagged = with_flags(name, mask_of({Flag::seen}), letters("q"));
    const FileName again = parse_file_name(print_file_name(flagged));
    ASSERT_EQ(again, flagged) << text;
    ASSERT_EQ(again.base, name.base);
    ASSERT_EQ(again.unknown, name.unknown);
  }
}

TEST(Fields, OfOtherProgramsAreStripped) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kKnown{{
      {"1.M2.host", "1.M2.host"},
      {"1.M2.host,U=12", "1.M2.host"},
      {"1.M2.host,U=12,FMD5=0123456789abcdef0123456789abcdef", "1.M2.host"},
      {"1.M2.host,S=1234,W=1250", "1.M2.host"},
      {"1.M2.host,U=12,S=1234", "1.M2.host"},
      {"1.M2.host,note,S=1", "1.M2.host,note"},
      {"1.M2.host,U=", "1.M2.host,U="},
      {"1.M2.host,U=4294967296", "1.M2.host,U=4294967296"},
      {"1.M2.host,U=-1", "1.M2.host,U=-1"},
      {"1.M2.host,FMD5=xyz", "1.M2.host,FMD5=xyz"},
      {"U=12", "U=12"},
      {",U=12", ""},
  }};
  for (const auto& [base, stripped] : kKnown) {
    EXPECT_EQ(strip_fields(base), stripped);
  }
}

TEST(ForeignMark, TellsNamesThatWereOnAServer) {
  EXPECT_EQ(foreign_mark("1.M2.host"), std::nullopt);
  EXPECT_EQ(foreign_mark("1.M2.host,S=12"), std::nullopt);
  EXPECT_EQ(foreign_mark("1.M2.host,U=0"), std::nullopt);
  EXPECT_EQ(foreign_mark("1.M2.host,U=99999999999"), std::nullopt);
  const auto mbsync = foreign_mark("1.M2.host,U=4294967295");
  ASSERT_TRUE(mbsync.has_value());
  EXPECT_EQ(mbsync->uid, kUidMax);
  EXPECT_EQ(mbsync->folder_md5, "");
  const auto offlineimap = foreign_mark("1_0.2.host,U=7,FMD5=0123456789abcdef0123456789abcdef");
  ASSERT_TRUE(offlineimap.has_value());
  EXPECT_EQ(offlineimap->uid, Uid{7});
  EXPECT_EQ(offlineimap->folder_md5, "0123456789abcdef0123456789abcdef");
}

const Origin kOrigin{.tree = TreeId{0x0123456789abcdef},
                     .mailbox = MailboxId{42},
                     .uidvalidity = UidValidity{1700000001},
                     .uid = Uid{7},
                     .seconds = 1699999999};

TEST(Origin, IsSpelledInTheName) {
  EXPECT_EQ(derive_base_name(kOrigin), "1699999999.S0123456789abcdefM42V1700000001U7.sterna");
  Origin second = kOrigin;
  second.collision = 2;
  EXPECT_EQ(derive_base_name(second), "1699999999.S0123456789abcdefM42V1700000001U7C2.sterna");
}

TEST(Origin, IsReadBackAlsoBehindFieldsOfOtherPrograms) {
  EXPECT_EQ(parse_origin(derive_base_name(kOrigin)), kOrigin);
  EXPECT_EQ(parse_origin(derive_base_name(kOrigin) + ",S=12,W=13"), kOrigin);
  EXPECT_EQ(parse_origin(derive_base_name(kOrigin) + ",U=3"), kOrigin);
}

TEST(Origin, AtItsLargestStaysWithinTheLimit) {
  const Origin largest{.tree = TreeId{UINT64_MAX},
                       .mailbox = MailboxId{INT64_MAX},
                       .uidvalidity = UidValidity{UINT32_MAX},
                       .uid = Uid{UINT32_MAX},
                       .seconds = INT64_MAX,
                       .collision = UINT32_MAX};
  const std::string name = derive_base_name(largest);
  EXPECT_LE(name.size(), kBaseOctetsMax);
  EXPECT_EQ(parse_origin(name), largest);
}

TEST(Origin, OfADateBefore1970CountsFromZero) {
  Origin old = kOrigin;
  old.seconds = -5;
  EXPECT_TRUE(derive_base_name(old).starts_with("0.S"));
}

TEST(Origin, IsSeenInNoNameThatIsNotExactlyOurs) {
  const std::string ours = derive_base_name(kOrigin);
  for (const std::string& name : {
           std::string(), std::string("1.M2.host"), ours + "x", "x" + ours,
           "0" + ours,                                                 // leading zero
           std::string("1.S0123456789ABCDEFM42V1U7.sterna"),           // upper case
           std::string("1.S0123456789abcdeM42V1U7.sterna"),            // a digit short
           std::string("1.S0123456789abcdefM42V1U07.sterna"),          // leading zero
           std::string("1.S0123456789abcdefM42V1U7C0.sterna"),         // no collision
           std::string("1.S0123456789abcdefM42V4294967296U7.sterna"),  // too large
           std::string("1.S0123456789abcdefM-1V1U7.sterna"),           // a sign
           std::string("1.S0123456789abcdefM42U7V1.sterna"),           // another order
           std::string("1.S0123456789abcdefM42V1U7"),                  // no suffix
           std::string("1.S0123456789abcdefMVU.sterna"),               // no digits
           std::string(".S0123456789abcdefM42V1U7.sterna"),            // no date
           std::string("1.S0123456789abcdefM42V1U7C1C2.sterna"),       // twice
       }) {
    EXPECT_EQ(parse_origin(name), std::nullopt) << name;
  }
}

TEST(Origin, SurvivesRandomDamageOnlyAsWhatItThenSays) {
  std::mt19937 random(2);
  const std::string ours = derive_base_name(kOrigin);
  for (int round = 0; round < 50'000; ++round) {
    std::string damaged = ours;
    damaged[random() % damaged.size()] = static_cast<char>(1 + random() % 255);
    const auto origin = parse_origin(damaged);
    if (origin) ASSERT_EQ(derive_base_name(*origin), strip_fields(damaged));
  }
}

TEST(UniqueName, CarriesNoOrigin) {
  const std::string name = unique_base_name("00112233445566778899aabbccddeeff", 1700000000);
  EXPECT_EQ(name, "1700000000.R00112233445566778899aabbccddeeff.sterna");
  EXPECT_EQ(parse_origin(name), std::nullopt);
  EXPECT_LE(name.size(), kBaseOctetsMax);
}

}  // namespace
}  // namespace sterna::maildir
