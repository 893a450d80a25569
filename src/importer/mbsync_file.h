// SPDX-License-Identifier: Apache-2.0
// The grammar of mbsync's configuration, mbsync(1): sections that an empty line ends, a keyword and
// its words a line, quotes, backslashes, comments. Knows no meaning but which words begin a
// section.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/secret.h"

namespace sterna::importer {

struct MbsyncOption {
  std::string word;                // as written
  std::vector<WipedString> words;  // what follows, unquoted; any may be a password
  unsigned line = 0;

  bool is(std::string_view name) const;  // the case does not count
  std::string_view first() const { return words.empty() ? std::string_view() : words.front(); }
};

struct MbsyncSection {
  std::string kind;  // lower case: imapaccount imapstore maildirstore channel group; "" global
  std::string name;
  std::vector<MbsyncOption> options;
  unsigned line = 0;

  // The last one of any of these names; nullptr if there is none.
  const MbsyncOption* find(std::string_view name, std::string_view other = {}) const;
};

struct MbsyncFile {
  MbsyncSection global;
  std::vector<MbsyncSection> sections;
  std::vector<std::string> problems;  // "line 3: ..."; never with a word that may be a password
};

MbsyncFile parse_mbsync(std::string_view text);

}  // namespace sterna::importer
