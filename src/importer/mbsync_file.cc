// SPDX-License-Identifier: Apache-2.0
#include "mbsync_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

constexpr std::array<std::string_view, 6> kSectionWords = {
    "imapaccount", "imapstore", "maildirstore", "channel", "group", "store"};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The words of a line. A '#' begins a comment where a word would begin.
struct Words {
  std::vector<WipedString> words;
  std::string_view flaw;
};

Words split_words(std::string_view line) {
  Words out;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size() || line[at] == '#') return out;
    WipedString word;
    bool quoted = false;
    bool escaped = false;
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (escaped) {
        word += c;
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && is_space(c)) {
        break;
      } else {
        word += c;
      }
    }
    if (escaped) out.flaw = "a backslash stands at its end";
    if (quoted) out.flaw = "a quotation mark is missing";
    out.words.push_back(std::move(word));
  }
}

class Reader {
 public:
  MbsyncFile run(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) read_line(line);
    return std::move(file_);
  }

 private:
  void read_line(std::string_view line) {
    ++line_;
    Words words = split_words(line);
    if (!words.flaw.empty())
      file_.problems.push_back(fmt::format("line {}: {}", line_, words.flaw));
    if (words.words.empty()) {
      // An empty line ends a section, a comment does not.
      if (trim(line).empty()) inside_ = false;
      return;
    }
    const std::string kind = ascii_lower(words.words.front());
    if (begins_section(kind)) {
      begin(kind, words.words);
      return;
    }
    MbsyncSection& section = inside_ ? file_.sections.back() : file_.global;
    MbsyncOption option{words.words.front(), {}, line_};
    option.words.assign(words.words.begin() + 1, words.words.end());
    section.options.push_back(std::move(option));
  }

  // A group names its channels with the word that begins one.
  bool begins_section(std::string_view kind) const {
    const bool in_group = inside_ && file_.sections.back().kind == "group";
    if (in_group && kind == "channel") return false;
    return std::ranges::find(kSectionWords, kind) != kSectionWords.end();
  }

  void begin(const std::string& kind, std::vector<WipedString>& words) {
    inside_ = true;
    MbsyncSection section{kind, words.size() > 1 ? std::string(words[1]) : "", {}, line_};
    if (section.name.empty())
      file_.problems.push_back(fmt::format("line {}: the section has no name", line_));
    // What stands behind the name of a group are its channels.
    if (words.size() > 2) {
      MbsyncOption rest{"channels", {}, line_};
      rest.words.assign(words.begin() + 2, words.end());
      section.options.push_back(std::move(rest));
    }
    file_.sections.push_back(std::move(section));
  }

  MbsyncFile file_;
  bool inside_ = false;
  unsigned line_ = 0;
};

}  // namespace

bool MbsyncOption::is(std::string_view name) const {
  return ascii_iequals(word, name);
}

const MbsyncOption* MbsyncSection::find(std::string_view name_sought,
                                        std::string_view other) const {
  const MbsyncOption* found = nullptr;
  for (const MbsyncOption& option : options) {
    if (option.is(name_sought) || (!other.empty() && option.is(other))) found = &option;
  }
  return found;
}

MbsyncFile parse_mbsync(std::string_view text) {
  return Reader().run(text);
}

}  // namespace sterna::importer
