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

// Before the server was known to be one: later, no key of the configuration is to blame.
bool is_of_opening(const Error& error) {
  return std::ranges::any_of(error.context(), [](std::string_view doing) {
    return doing == "connect" || doing == "greeting";
  });
}

}  // namespace

std::string hint_for(const Error& error) {
  if (!error.hint().empty()) return error.hint();
  switch (error.code()) {
    case ErrorCode::permission:
      return "give the user who runs Sterna the right to read and write there (chown, chmod), and "
             "see that it is not mounted read-only";
    case ErrorCode::no_space:
      return "make room on that disk, or raise the quota";
    case ErrorCode::resolve:
      return "check host, and that this machine can resolve names";
    case ErrorCode::timeout:
      if (!is_of_opening(error)) return "the server or the network is slow; try again later";
      [[fallthrough]];
    case ErrorCode::connect:
      return "check host, port and tls.mode, the network and firewalls";
    case ErrorCode::tls:
      return "check port and tls.mode: 993 is implicit, 143 is starttls";
    case ErrorCode::certificate:
      return "check the clock and the host name; for an authority of your own set tls.ca_file, for "
             "one known certificate tls.pin_sha256";
    case ErrorCode::login:
      return "check user and password";
    case ErrorCode::secret:
      return "if it comes from a password command, run that by hand, as the same user";
    case ErrorCode::locked:
      return "another Sterna is at work with this account; wait for it";
    case ErrorCode::not_found:
      return "see that it is there, and that its disk is mounted";
    case ErrorCode::exists:
      return "move away what has that name";
    case ErrorCode::corrupt:
      return "move the account's state away: the next sync adopts what is there";
    default:
      return {};
  }
}

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
