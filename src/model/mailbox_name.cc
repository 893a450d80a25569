// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/mailbox_name.h"

#include <utility>
#include <vector>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna {

MailboxName::MailboxName(std::string decoded) : text_(std::move(decoded)) {
  constexpr std::string_view kInbox = "INBOX";
  const bool whole = ascii_iequals(text_, kInbox);
  const bool below = text_.size() > kInbox.size() && text_[kInbox.size()] == '/' &&
                     ascii_istarts_with(text_, kInbox);
  if (whole || below) text_.replace(0, kInbox.size(), kInbox);
}

std::vector<std::string_view> MailboxName::components() const {
  return split(text_, '/');
}

MailboxName MailboxName::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? MailboxName() : MailboxName(text_.substr(0, slash));
}

bool MailboxName::is_below(const MailboxName& ancestor) const {
  return text_.size() > ancestor.text_.size() && text_[ancestor.text_.size()] == '/' &&
         text_.starts_with(ancestor.text_);
}

MailboxName MailboxName::moved(const MailboxName& from, const MailboxName& to) const {
  STERNA_ASSERT(*this == from || is_below(from));
  return MailboxName(to.text_ + text_.substr(from.text_.size()));
}

namespace {

bool is_wildcard(char c) {
  return c == '*' || c == '%';
}

// One pass over the text with all places of the pattern that may be reached, so that a pattern
// costs the product of the lengths and no more, however it is made; going back to the last wildcard
// would read the text again from each of its letters (`*a%b` in a row of a).
bool match(std::string_view pattern, std::string_view text) {
  // reached[p]: the first p characters of the pattern can stand for all of the text so far.
  std::vector<char> reached(pattern.size() + 1, 0);
  reached[0] = 1;
  for (std::size_t p = 0; p < pattern.size() && is_wildcard(pattern[p]); ++p) reached[p + 1] = 1;
  for (const char c : text) {
    char before = std::exchange(reached[0], 0);  // reached[p] as it was without this character
    for (std::size_t p = 0; p < pattern.size(); ++p) {
      const char here = reached[p + 1];
      if (is_wildcard(pattern[p])) {
        const bool takes = here != 0 && (pattern[p] == '*' || c != '/');
        reached[p + 1] = takes || reached[p] != 0 ? 1 : 0;
      } else {
        reached[p + 1] = before != 0 && pattern[p] == c ? 1 : 0;
      }
      before = here;
    }
  }
  return reached.back() != 0;
}

}  // namespace

bool matches_pattern(std::string_view pattern, const MailboxName& name) {
  return match(MailboxName(std::string(pattern)).text(), name.text());
}

}  // namespace sterna
