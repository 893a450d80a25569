// SPDX-License-Identifier: Apache-2.0
#include "hints.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

using std::string_view_literals::operator""sv;

// In lower case, beside the word imap.
constexpr std::array kSwitchedOff = {"disabled"sv,      "not enabled"sv, "not activated"sv,
                                     "deactivated"sv,   "not allowed"sv, "switched off"sv,
                                     "not available"sv, "turned off"sv};
constexpr std::array kAppPassword = {
    "application-specific password"sv, "app password"sv,       "app-specific password"sv,
    "application password"sv,          "authorization code"sv, "authorized code"sv};

template <std::size_t N>
bool has_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return text.contains(word); });
}

constexpr std::pair<std::string_view, std::string_view> kOtherServers[] = {
    {"+OK", "a POP3 server"},
    {"220", "an SMTP server, which sends mail,"},
    {"HTTP/", "a web server"},
    {"SSH-", "an SSH server"}};

}  // namespace

std::string hint_of_refusal(std::string_view said) {
  const std::string lower = ascii_lower(said);
  if (lower.contains("imap") && has_one_of(lower, kSwitchedOff)) {
    return "IMAP access is switched off for this account: switch it on in the settings of the "
           "provider's web mail";
  }
  if (has_one_of(lower, kAppPassword)) {
    return "make an app password in the account's settings at the provider, and use it instead of "
           "your own";
  }
  return {};
}

std::string hint_of_greeting(std::string_view said) {
  for (const auto& [begin, what] : kOtherServers) {
    if (!said.starts_with(begin)) continue;
    return "that is " + std::string(what) +
           " at this port: IMAP is usually at 993 with tls.mode = \"implicit\", or at 143 with "
           "\"starttls\"";
  }
  return {};
}

}  // namespace sterna::account
