// SPDX-License-Identifier: Apache-2.0
#include "importer/python_text.h"

#include <gmock/gmock.h>

namespace sterna::importer {
namespace {

using testing::ElementsAre;

TEST(PythonString, IsALiteralAndNothingElse) {
  EXPECT_EQ(python_string("'se\"cret'"), "se\"cret");
  EXPECT_EQ(python_string("\"a\\\"b\\\\c\""), "a\"b\\c");
  EXPECT_EQ(python_string("r'^INBOX\\.'"), "^INBOX\\.");
  EXPECT_EQ(python_string("'a' 'b'"), "ab");
  EXPECT_EQ(python_string("'''x'''"), "x");
  EXPECT_EQ(python_string("get_pass('x')"), std::nullopt);
  EXPECT_EQ(python_string("f'{x}'"), std::nullopt);
  EXPECT_EQ(python_string("'open"), std::nullopt);
  EXPECT_EQ(python_string("'\\x41'"), std::nullopt);
  EXPECT_EQ(python_string(""), std::nullopt);
}

TEST(PythonStrings, AreAListOrATuple) {
  EXPECT_THAT(*python_strings("['INBOX', u'Sent',\n 'x']"), ElementsAre("INBOX", "Sent", "x"));
  EXPECT_THAT(*python_strings("('a',)"), ElementsAre("a"));
  EXPECT_EQ(python_strings("['a', b]"), std::nullopt);
}

// "+A +B -C", or "?".
std::string filter(std::string_view code) {
  const auto found = parse_folder_filter(code);
  if (!found) return "?";
  std::string text;
  for (const std::string& name : found->included) text += "+" + name + " ";
  for (const std::string& name : found->excluded) text += "-" + name + " ";
  if (!text.empty()) text.pop_back();
  return text;
}

TEST(FolderFilter, Lists) {
  EXPECT_EQ(filter("lambda f: f in ['INBOX', 'Sent']"), "+INBOX +Sent");
  EXPECT_EQ(filter("lambda foldername: foldername not in ['Trash']"), "-Trash");
  EXPECT_EQ(filter("lambda f: not f in ('a', 'b')"), "-a -b");
  EXPECT_EQ(filter("lambda f: f != 'Spam' and f != 'Trash'"), "-Spam -Trash");
  EXPECT_EQ(filter("lambda f: f == 'INBOX' or f.startswith('Work')"), "+INBOX +Work*");
  EXPECT_EQ(filter("lambda f: True"), "");
}

TEST(FolderFilter, RegularExpressions) {
  EXPECT_EQ(filter("lambda f: not re.search('(^Trash$|Del)', f)"), "-Trash -*Del*");
  EXPECT_EQ(filter("lambda f: re.search('^Work', f)"), "+Work*");
  EXPECT_EQ(filter("lambda f: re.match('Work.*', f)"), "+Work*");
  EXPECT_EQ(filter("lambda f: not re.search(r'^(\\[Gmail\\]/All Mail|Junk)$', f)"),
            "-[Gmail]/All Mail -Junk");
  EXPECT_EQ(filter("lambda f: f.startswith('A') and not re.search('x$', f)"), "+A* -*x");
}

TEST(FolderFilter, WhatIsNotObviousIsNotUnderstood) {
  for (const char* code :
       {"my_filter", "lambda f: my_filter(f)", "lambda f: re.search('a+', f)",
        "lambda f: re.search('\\\\w', f)", "lambda f: f in A", "lambda f: f == 'a' or f != 'b'",
        "lambda f: f in ['a'] and f in ['b']", "lambda f: re.search('(a', f)",
        "lambda f: f in ['a'] if x else True", "lambda f: g in ['a']", "lambda f: f in []"}) {
    EXPECT_EQ(filter(code), "?") << code;
  }
}

std::string translated(std::string_view code, std::string_view name) {
  const auto translation = NameTranslation::parse(code);
  return translation ? translation->apply(name) : "?";
}

TEST(NameTranslation, Substitutions) {
  EXPECT_EQ(translated("lambda f: re.sub('^INBOX\\.', '', f)", "INBOX.Sent"), "Sent");
  EXPECT_EQ(translated("lambda f: re.sub('^INBOX\\.', '', f)", "INBOX"), "INBOX");
  EXPECT_EQ(translated("lambda f: re.sub('^INBOX\\.*', '.', f)", "INBOX.Sent"), ".Sent");
  EXPECT_EQ(translated("lambda f: re.sub('^INBOX\\.*', '.', f)", "INBOX"), ".");
  EXPECT_EQ(translated("lambda f: re.sub('^\\[Gmail\\].', '', f)", "[Gmail]/Drafts"), "Drafts");
  EXPECT_EQ(translated("lambda f: re.sub('.*Drafts$', 'drafts', re.sub('.*Sent Mail$', 'sent', f))",
                       "[Gmail]/Sent Mail"),
            "sent");
}

TEST(NameTranslation, DictionariesAndOtherWays) {
  EXPECT_EQ(translated("lambda f: {'[Gmail]/Sent Mail': 'sent',}.get(f, f)", "[Gmail]/Sent Mail"),
            "sent");
  EXPECT_EQ(translated("lambda f: {'a': 'b'}.get(f, f)", "c"), "c");
  EXPECT_EQ(translated("lambda f: '.' + f.replace('/', '.')", "a/b/c"), ".a.b.c");
  EXPECT_EQ(translated("lambda f: ('x' + f)", "y"), "xy");
}

TEST(NameTranslation, WhatIsNotObviousIsNotUnderstood) {
  for (const char* code :
       {"oimaptransfolder", "lambda f: f.lower()", "lambda f: re.sub('(a)', r'\\1', f)",
        "lambda f: f[2:]", "lambda f: f if f else 'x'", "lambda f, g: f"}) {
    EXPECT_EQ(translated(code, "x"), "?") << code;
  }
}

TEST(NameTranslation, StaysSmall) {
  std::string code = "lambda f: f";
  for (int i = 0; i < 300; ++i) code += ".replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')";
  EXPECT_LT(translated(code, "a").size(), 10'000U);
}

TEST(NameTranslation, DeepCodeIsNoDeepRecursion) {
  EXPECT_EQ(translated("lambda f: " + std::string(3000, '('), "x"), "?");
  std::string sum = "lambda f: f";
  for (int i = 0; i < 1900; ++i) sum += "+f";
  EXPECT_EQ(translated(sum, "x").size(), 1901U);
}

}  // namespace
}  // namespace sterna::importer
