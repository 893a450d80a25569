// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/mailbox_name.h"

#include <algorithm>
#include <array>

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

// Iterative wildcard matching with one point of return, so that a hostile pattern costs no more
// than the product of the lengths. A '*' is the stronger point of return: it also crosses '/'.
bool match(std::string_view pattern, std::string_view text) {
  struct Return {
    std::size_t pattern = std::string_view::npos;
    std::size_t text = 0;
  };
  Return star;
  Return percent;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, t};
      percent = {};
      continue;
    }
    if (p < pattern.size() && pattern[p] == '%') {
      percent = {++p, t};
      continue;
    }
    if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
      continue;
    }
    if (percent.pattern != std::string_view::npos && percent.text < text.size() &&
        text[percent.text] != '/') {
      p = percent.pattern;
      t = ++percent.text;
      continue;
    }
    if (star.pattern != std::string_view::npos && star.text < text.size()) {
      percent = {};
      p = star.pattern;
      t = ++star.text;
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace

bool matches_pattern(std::string_view pattern, const MailboxName& name) {
  return match(MailboxName(std::string(pattern)).text(), name.text());
}

}  // namespace sterna
