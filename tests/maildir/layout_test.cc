// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include "maildir/escape.h"
#include "maildir/fold_case.h"
#include "sterna/base/bytes.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Layout kFs(LayoutKind::fs, "INBOX");
const Layout kPlusPlus(LayoutKind::maildir_plus_plus, "");

struct Known {
  std::string_view name;
  std::string_view path;
};

// Names as MailboxName has them: 0x1f stands for a '/' inside a component.
const std::array kFsNames = {
    Known{"INBOX", "INBOX"},
    Known{"INBOX/x", "INBOX/x"},
    Known{"Lists/dev", "Lists/dev"},
    Known{"Entw\u00fcrfe", "Entw\u00fcrfe"},
    Known{"a\x1f"
          "b",
          "a%2Fb"},
    Known{"100%", "100%25"},
    Known{"%41", "%2541"},
    Known{".hidden", "%2Ehidden"},
    Known{"..", "%2E."},
    Known{".", "%2E"},
    Known{"a.b", "a.b"},
    Known{"cur", "%63ur"},
    Known{"x/new/y", "x/%6Eew/y"},
    Known{"tmp", "%74mp"},
    Known{"Cur", "Cur"},
    Known{"dovecot-keywords", "%64ovecot-keywords"},
    Known{"a\tb\x7f", "a%09b%7F"},
    Known{"a//b", "a/%00/b"},
    Known{"%00", "%2500"},
    Known{"raw\xff", "raw\xff"},
    Known{"a:2,S", "a:2,S"},
    Known{" x ", " x "},
};

const std::array kPlusPlusNames = {
    Known{"INBOX", ""},
    Known{"INBOX/x", ".INBOX.x"},
    Known{"Lists/dev", ".Lists.dev"},
    Known{"Entw\u00fcrfe", ".Entw&APw-rfe"},
    Known{"Tom & Jerry", ".Tom &- Jerry"},
    Known{"a.b/c", ".a%2Eb.c"},
    Known{"..", ".%2E%2E"},
    Known{"a\x1f"
          "b",
          ".a%2Fb"},
    Known{"100%", ".100%25"},
    Known{"cur", ".cur"},
    Known{"a//b", ".a.%00.b"},
    Known{"raw\xff", ".raw%FF"},
    Known{"sterna", ".%73terna"},
    Known{"notmuch", ".%6Eotmuch"},
};

TEST(Layout, KnowsWhereMailboxesAreInFs) {
  for (const Known& known : kFsNames) {
    const MailboxName name{std::string(known.name)};
    EXPECT_EQ(to_string(kFs.path_of(name)), known.path);
    EXPECT_EQ(kFs.name_of(parse_mailbox_path(known.path)), name) << known.path;
  }
}

TEST(Layout, KnowsWhereMailboxesAreInMaildirPlusPlus) {
  for (const Known& known : kPlusPlusNames) {
    const MailboxName name{std::string(known.name)};
    EXPECT_EQ(to_string(kPlusPlus.path_of(name)), known.path);
    EXPECT_EQ(kPlusPlus.name_of(parse_mailbox_path(known.path)), name) << known.path;
  }
}

TEST(Layout, TakesStrangeSpellingsAsTheyAre) {
  EXPECT_EQ(kFs.name_of({"100%"}), MailboxName("100%"));
  EXPECT_EQ(kFs.name_of({"a%2fb"}), MailboxName("a%2fb"));  // we write upper case
  EXPECT_EQ(kFs.name_of({"a%1Fb"}), MailboxName("a%1Fb"));  // we write %2F
  EXPECT_EQ(kFs.name_of({"a%00b"}), MailboxName("a%00b"));
  EXPECT_EQ(kFs.name_of({"%73ent"}), MailboxName("sent"));
  EXPECT_EQ(kPlusPlus.name_of({".Entw\u00fcrfe"}), MailboxName("Entw\u00fcrfe"));
  EXPECT_EQ(kPlusPlus.name_of({".a&b"}), MailboxName("a&b"));
  EXPECT_EQ(kPlusPlus.name_of({"..sub"}), MailboxName("INBOX/sub"));  // as mbsync writes it
}

TEST(Layout, RefusesPathsThatAreNoMailboxes) {
  for (const MailboxPath& path :
       std::vector<MailboxPath>{{},
                                {"cur"},
                                {"a", "new"},
                                {".notmuch"},
                                {"a", ".b"},
                                {""},
                                {"a", ""},
                                {"inbox"},
                                {std::string("long%~0123456789abcdef")}}) {
    EXPECT_EQ(kFs.name_of(path), std::nullopt) << to_string(path);
  }
  for (const MailboxPath& path : std::vector<MailboxPath>{{"a"},
                                                          {"."},
                                                          {".."},
                                                          {"...a"},
                                                          {".a."},
                                                          {".a..b"},
                                                          {".a", "b"},
                                                          {".INBOX"},
                                                          {".sterna"},
                                                          {".notmuch"},
                                                          {".long%~0123456789abcdef"}}) {
    EXPECT_EQ(kPlusPlus.name_of(path), std::nullopt) << to_string(path);
  }
}

TEST(Layout, PutsInboxWhereItIsToldTo) {
  const Layout root(LayoutKind::fs, "");
  EXPECT_THAT(root.path_of(MailboxName("INBOX")), IsEmpty());
  EXPECT_EQ(root.name_of({}), MailboxName("INBOX"));
  EXPECT_EQ(root.name_of({"INBOX"}), std::nullopt);
  EXPECT_THAT(root.path_of(MailboxName("INBOX/x")), ElementsAre("INBOX", "x"));
  EXPECT_EQ(root.name_of({"INBOX", "x"}), MailboxName("INBOX/x"));

  const Layout renamed(LayoutKind::fs, "Mail/Eingang");
  EXPECT_THAT(renamed.path_of(MailboxName("inbox")), ElementsAre("Mail", "Eingang"));
  EXPECT_EQ(renamed.name_of({"Mail", "Eingang"}), MailboxName("INBOX"));
  EXPECT_THAT(renamed.path_of(MailboxName("INBOX/x")), ElementsAre("INBOX", "x"));

  const Layout folder(LayoutKind::maildir_plus_plus, "INBOX");
  EXPECT_THAT(folder.path_of(MailboxName("INBOX")), ElementsAre(".INBOX"));
  EXPECT_EQ(folder.name_of({".INBOX"}), MailboxName("INBOX"));
}

TEST(Layout, KeepsAnotherMailboxOutOfTheFolderOfInbox) {
  const Layout layout(LayoutKind::fs, "Eingang");
  const MailboxName name("Eingang");
  const MailboxPath path = layout.path_of(name);
  EXPECT_THAT(path, ElementsAre("%45ingang"));
  EXPECT_EQ(layout.name_of(path), name);
}

std::string random_text(std::mt19937& random, unsigned octets_max) {
  constexpr std::string_view kSpices = "..//%%2EF0&-\x1f~curnewtmpINBOXinbox \xc3\xbc";
  std::string text;
  for (unsigned length = random() % octets_max; length > 0; --length) {
    text += random() % 5 == 0 ? static_cast<char>(1 + random() % 255)
                              : kSpices[random() % kSpices.size()];
  }
  return text;
}

TEST(Layout, EveryNameComesBackFromItsPath) {
  std::mt19937 random(3);
  for (int round = 0; round < 50'000; ++round) {
    const MailboxName name(random_text(random, 30));
    for (const Layout* layout : {&kFs, &kPlusPlus}) {
      const MailboxPath path = layout->path_of(name);
      ASSERT_EQ(layout->name_of(path), name) << name.text();
      for (const std::string& component : path) {
        ASSERT_FALSE(component.empty() || component == "." || component == "..");
        ASSERT_TRUE(component.find('/') == std::string::npos);
        ASSERT_LE(component.size(), kPathComponentOctetsMax);
      }
    }
  }
}

TEST(Layout, ReadsAnyPathWithoutFailing) {
  std::mt19937 random(4);
  for (int round = 0; round < 50'000; ++round) {
    const MailboxPath path = parse_mailbox_path(random_text(random, 40));
    ASSERT_EQ(parse_mailbox_path(to_string(path)), path);
    for (const Layout* layout : {&kFs, &kPlusPlus}) {
      const auto name = layout->name_of(path);
      if (name) ASSERT_EQ(layout->name_of(layout->path_of(*name)), *name);
    }
  }
}

TEST(Shorten, LeavesWhatFits) {
  const std::string fits(255, 'a');
  EXPECT_EQ(shorten(fits), fits);
  EXPECT_FALSE(is_shortened(fits));
}

TEST(Shorten, CutsBetweenCharactersAndEscapesAndTellsNamesApart) {
  std::set<std::string> seen;
  for (const std::string_view piece :
       {"a", "\u00fc", "\u65e5", "\U0001f4e7", "%2E", "a%2E", "aa%2E"}) {
    std::string text;
    while (text.size() <= 300) text += piece;
    for (const std::string& component : {text, text + "x"}) {
      const std::string cut = shorten(component);
      EXPECT_LE(cut.size(), kPathComponentOctetsMax);
      EXPECT_GT(cut.size(), kPathComponentOctetsMax - 10);
      EXPECT_TRUE(is_shortened(cut));
      EXPECT_TRUE(seen.insert(cut).second);
      const std::string_view head = std::string_view(cut).substr(0, cut.size() - 18);
      EXPECT_TRUE(is_valid_utf8(head));
      EXPECT_EQ(shorten(cut), cut);
      if (piece.contains('%'))
        EXPECT_EQ(unescape_component(LayoutKind::fs, head).find('%'), std::string::npos);
    }
  }
}

TEST(Layout, CutsLongNamesTheSameWayEachTime) {
  const MailboxName name("a/" + std::string(300, 'b') + "/c");
  const MailboxPath path = kFs.path_of(name);
  ASSERT_EQ(path.size(), 3U);
  EXPECT_TRUE(is_shortened(path[1]));
  EXPECT_EQ(kFs.path_of(name), path);
  EXPECT_EQ(kFs.name_of(path), std::nullopt);
  EXPECT_TRUE(is_shortened(kPlusPlus.path_of(name)[0]));
}

std::vector<MailboxName> names(std::initializer_list<std::string> texts) {
  return {texts.begin(), texts.end()};
}

std::map<std::string, std::string> assigned(const Layout& layout, std::vector<MailboxName> wanted,
                                            bool folds_case,
                                            std::map<MailboxName, MailboxPath> known = {}) {
  std::map<std::string, std::string> paths;
  for (const auto& [name, path] : layout.assign_paths(std::move(wanted), known, folds_case)) {
    paths[name.text()] = to_string(path);
  }
  return paths;
}

using Paths = std::map<std::string, std::string>;

TEST(AssignPaths, LeavesCaseAloneWhereItMatters) {
  EXPECT_EQ(assigned(kFs, names({"Sent", "sent", "SENT"}), false),
            (Paths{{"Sent", "Sent"}, {"sent", "sent"}, {"SENT", "SENT"}}));
}

TEST(AssignPaths, EscapesTheFirstDifferingLetterOfTheLaterName) {
  EXPECT_EQ(assigned(kFs, names({"sent", "Sent"}), true),
            (Paths{{"Sent", "Sent"}, {"sent", "%73ent"}}));
  EXPECT_EQ(assigned(kFs, names({"Archive/Old", "Archive/OLD"}), true),
            (Paths{{"Archive/OLD", "Archive/OLD"}, {"Archive/Old", "Archive/O%6Cd"}}));
  EXPECT_EQ(assigned(kFs, names({"\u00c4x", "\u00e4x"}), true),
            (Paths{{"\u00c4x", "\u00c4x"}, {"\u00e4x", "%C3%A4x"}}));
  EXPECT_EQ(assigned(kPlusPlus, names({"a/sent", "a/Sent"}), true),
            (Paths{{"a/Sent", ".a.Sent"}, {"a/sent", ".a.%73ent"}}));
}

TEST(AssignPaths, PutsChildrenBelowTheirOwnParent) {
  EXPECT_EQ(assigned(kFs, names({"Sent/a", "sent/b", "sent"}), true),
            (Paths{{"Sent/a", "Sent/a"}, {"sent", "%73ent"}, {"sent/b", "%73ent/b"}}));
}

TEST(AssignPaths, LeavesKnownNamesWhereTheyAre) {
  EXPECT_EQ(assigned(kFs, names({"SENT", "sent"}), true, {{MailboxName("sent"), {"sent"}}}),
            (Paths{{"SENT", "%53ENT"}, {"sent", "sent"}}));
  EXPECT_EQ(assigned(kFs, names({"x"}), false, {{MailboxName("x"), {"strange%"}}}),
            (Paths{{"x", "strange%"}}));
}

TEST(AssignPaths, KeepsOutOfPathsThatOthersHave) {
  // A mailbox whose path is not the one that its name would get.
  EXPECT_EQ(assigned(kFs, names({"b"}), false, {{MailboxName("a"), {"b"}}}), (Paths{{"b", "%62"}}));
}

TEST(AssignPaths, KeepsOutOfAMaildirsOwnFilesInAnyCase) {
  EXPECT_EQ(assigned(kFs, names({"Cur", "x/NEW"}), true),
            (Paths{{"Cur", "%43ur"}, {"x/NEW", "x/%4EEW"}}));
}

TEST(AssignPaths, AgreesWithPathOfWhereNothingMeets) {
  for (const Known& known : kFsNames) {
    const MailboxName name{std::string(known.name)};
    EXPECT_EQ(kFs.assign_paths({name}, {}, false).at(name), kFs.path_of(name));
  }
}

TEST(AssignPaths, NeverGivesOnePathTwice) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::set<MailboxName> wanted;
    for (int i = 0; i < 40; ++i) {
      std::string text;
      for (unsigned length = 1 + random() % 4; length > 0; --length) text += "aAbB%/"[random() % 6];
      wanted.insert(MailboxName(text));
    }
    for (const Layout* layout : {&kFs, &kPlusPlus}) {
      std::set<std::string> seen;
      const auto paths = layout->assign_paths({wanted.begin(), wanted.end()}, {}, true);
      for (const auto& [name, path] : paths) {
        ASSERT_TRUE(seen.insert(fold_case(to_string(path))).second) << name.text();
        const auto read = layout->name_of(path);
        if (read) ASSERT_EQ(*read, name);
      }
    }
  }
}

TEST(AssignPaths, TellsLettersOfEveryScriptApart) {
  for (const auto& [upper, lower] : std::map<std::string, std::string>{{"\u0218", "\u0219"},
                                                                       {"\u0386", "\u03ac"},
                                                                       {"\u0400", "\u0450"},
                                                                       {"\u1ea4", "\u1ea5"}}) {
    const auto paths = kFs.assign_paths({MailboxName(upper), MailboxName(lower)}, {}, true);
    EXPECT_NE(fold_case(to_string(paths.at(MailboxName(upper)))),
              fold_case(to_string(paths.at(MailboxName(lower)))))
        << upper;
  }
}

}  // namespace
}  // namespace sterna::maildir
