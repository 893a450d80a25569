// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/mailbox_codec.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"
#include "sterna/model/modified_utf7.h"

namespace sterna::imap {
namespace {

constexpr const char* kNameAnew =
    "give the folder a name that the server takes, or exclude it with `mailboxes`";

constexpr std::string_view kInbox = "INBOX";

// NUL, CR and LF cannot be sent; the others of C0 are as useless in a name, but servers have them.
bool can_be_sent(std::string_view text) {
  return text.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
}

std::vector<std::string_view> wire_components(std::string_view octets, char delimiter) {
  if (delimiter == '\0') return {octets};
  return split(octets, delimiter);
}

std::optional<std::string> decode_component(std::string_view wire, bool utf8) {
  std::optional<std::string> text;
  if (!utf8) {
    text = modified_utf7_decode(wire);
  } else if (is_valid_utf8(wire)) {
    text = std::string(wire);
  }
  if (text) std::ranges::replace(*text, '/', MailboxName::kEscapedSlash);
  return text;
}

std::optional<MailboxName> decode_wholly(std::string_view octets, const NameRules& rules) {
  if (octets.starts_with(rules.prefix)) octets.remove_prefix(rules.prefix.size());
  std::string text;
  for (const std::string_view component : wire_components(octets, rules.delimiter)) {
    const auto decoded = decode_component(component, rules.utf8);
    if (!decoded) return std::nullopt;
    if (!text.empty()) text += '/';
    text += *decoded;
  }
  return MailboxName(std::move(text));
}

// Equal but for the case of a leading component INBOX.
bool same_mailbox(std::string_view a, std::string_view b, char delimiter) {
  if (a.size() != b.size()) return false;
  const bool inbox = ascii_istarts_with(a, kInbox) && ascii_istarts_with(b, kInbox) &&
                     (a.size() == kInbox.size() || a[kInbox.size()] == delimiter);
  const std::size_t skip = inbox ? kInbox.size() : 0;
  return a.substr(skip) == b.substr(skip);
}

MailboxName raw_name(const WireName& wire, char delimiter) {
  std::string text = wire.octets;
  if (delimiter != '/') std::ranges::replace(text, '/', MailboxName::kEscapedSlash);
  return MailboxName(std::move(text));
}

// Of those that the name begins with; -1 if it begins with none.
std::ptrdiff_t longest_prefix(std::string_view wire, const std::vector<NamespaceEntry>& entries) {
  std::ptrdiff_t longest = -1;
  for (const auto& [prefix, delimiter] : entries) {
    if (!same_mailbox(wire.substr(0, prefix.size()), prefix, delimiter)) continue;
    longest = std::max(longest, std::ssize(prefix));
  }
  return longest;
}

Result<std::string> encode_component(std::string_view component, const NameRules& rules) {
  std::string text(component);
  std::ranges::replace(text, MailboxName::kEscapedSlash, '/');
  std::optional<std::string> wire;
  if (!rules.utf8) {
    wire = modified_utf7_encode(text);
  } else if (is_valid_utf8(text)) {
    wire = text;
  }
  const bool separable = rules.delimiter == '\0' || text.find(rules.delimiter) == std::string::npos;
  if (!wire || text.empty() || !separable || !can_be_sent(text)) {
    return fail(Error(ErrorCode::unsupported,
                      fmt::format("the server can have no mailbox with \"{}\" in its name",
                                  printable(text)))
                    .with_scope(ErrorScope::mailbox)
                    .with_hint(kNameAnew));
  }
  return *std::move(wire);
}

}  // namespace

MailboxName decode_mailbox(const WireName& wire, const NameRules& rules) {
  if (ascii_iequals(wire.octets, kInbox)) return MailboxName(std::string(kInbox));
  auto decoded = decode_wholly(wire.octets, rules);
  if (!decoded) return raw_name(wire, rules.delimiter);
  const auto back = encode_mailbox(*decoded, rules);
  if (back && same_mailbox(back->octets, wire.octets, rules.delimiter)) return *std::move(decoded);
  return raw_name(wire, rules.delimiter);
}

Result<WireName> encode_mailbox(const MailboxName& name, const NameRules& rules) {
  if (name.is_inbox()) return WireName{std::string(kInbox)};
  const auto components = name.components();
  if (components.size() > 1 && rules.delimiter == '\0') {
    return fail(Error(ErrorCode::unsupported, "the server has no mailboxes below mailboxes")
                    .with_scope(ErrorScope::mailbox)
                    .with_hint(kNameAnew));
  }
  WireName wire{rules.prefix};
  for (std::size_t i = 0; i < components.size(); ++i) {
    STERNA_TRY(const std::string component, encode_component(components[i], rules));
    if (i > 0) wire.octets += rules.delimiter;
    wire.octets += component;
  }
  return wire;
}

bool is_foreign(const WireName& wire, const Namespace& namespaces) {
  const std::string_view name = wire.octets;
  if (ascii_iequals(name, kInbox)) return false;
  const std::ptrdiff_t ours =
      namespaces.personal.empty() ? 0 : longest_prefix(name, namespaces.personal);
  return longest_prefix(name, namespaces.others) > ours ||
         longest_prefix(name, namespaces.shared) > ours;
}

}  // namespace sterna::imap
