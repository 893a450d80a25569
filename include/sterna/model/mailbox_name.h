// SPDX-License-Identifier: Apache-2.0
// MailboxName: the name of a mailbox as people read it; WireName: the octets that the server uses.
//
// A MailboxName is decoded (UTF-8 where the server's modified UTF-7 was sound, else the raw
// octets), has the prefix of the personal namespace stripped, and '/' between its components; a '/'
// inside a component is written as the octet 0x1f here, so that components stay separable. INBOX is
// upper case, and INBOX's own children are INBOX/x. Names are compared by octets; they are never
// normalised.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

class MailboxName {
 public:
  // Stands for a '/' that belongs to a component where the server's delimiter is another character.
  static constexpr char kEscapedSlash = '\x1f';

  MailboxName() = default;
  explicit MailboxName(std::string decoded);  // makes "inbox" and "inbox/x" INBOX and INBOX/x

  const std::string& text() const { return text_; }
  bool is_inbox() const { return text_ == "INBOX"; }
  bool empty() const { return text_.empty(); }
  std::vector<std::string_view> components() const;
  MailboxName parent() const;                        // empty for a top-level name
  bool is_below(const MailboxName& ancestor) const;  // strictly
  // This name with the leading `from` replaced by `to`. Precondition: equal to or below `from`.
  MailboxName moved(const MailboxName& from, const MailboxName& to) const;

  auto operator<=>(const MailboxName&) const = default;

 private:
  std::string text_;
};

struct WireName {
  std::string octets;
  auto operator<=>(const WireName&) const = default;
};

// IMAP's wildcards over decoded names: '*' crosses '/', '%' does not; "INBOX" in any case.
bool matches_pattern(std::string_view pattern, const MailboxName& name);

}  // namespace sterna

template <>
struct std::hash<sterna::MailboxName> {
  std::size_t operator()(const sterna::MailboxName& name) const noexcept {
    return std::hash<std::string>{}(name.text());
  }
};
