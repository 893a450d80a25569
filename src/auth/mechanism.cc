// SPDX-License-Identifier: Apache-2.0
// The order of preference: PLAIN, which defines its character set and any octet but NUL; then the
// LOGIN command, which the base protocol has; then SASL LOGIN, which no RFC has, but old servers
// do. Of the two for tokens, the one that has an RFC.
#include "sterna/auth/mechanism.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

bool offers(const Offer& offer, std::string_view mechanism) {
  return std::ranges::any_of(offer.mechanisms, [mechanism](const std::string& offered) {
    return ascii_iequals(offered, mechanism);
  });
}

std::string describe(const Offer& offer) {
  std::vector<std::string> words;
  for (const std::string& mechanism : offer.mechanisms) {
    words.push_back("AUTH=" + printable(mechanism, 40));
  }
  words.push_back(offer.login_disabled ? "LOGINDISABLED" : "the LOGIN command");
  return fmt::format("{}", fmt::join(words, ", "));
}

Error nothing_in_common(const Offer& offer, Preference preference) {
  constexpr std::string_view kWanted[] = {"PLAIN or LOGIN", "auth = \"plain\"", "auth = \"login\"",
                                          "auth = \"oauth\""};
  Error error(ErrorCode::login,
              fmt::format("no way to log in: the server offers {}; wanted is {}", describe(offer),
                          kWanted[static_cast<std::size_t>(preference)]));
  const bool tokens_only = offers(offer, "XOAUTH2") || offers(offer, "OAUTHBEARER");
  if (preference != Preference::automatic) {
    return std::move(error).with_hint("auth = \"auto\" takes what the server offers");
  }
  if (tokens_only) {
    return std::move(error).with_hint(
        "this server wants OAuth 2.0: auth = \"oauth\", and an access token for a password");
  }
  return error;
}

}  // namespace

std::string_view to_string(Mechanism mechanism) {
  constexpr std::string_view kNames[] = {"AUTHENTICATE PLAIN", "AUTHENTICATE LOGIN", "LOGIN",
                                         "AUTHENTICATE OAUTHBEARER", "AUTHENTICATE XOAUTH2"};
  return kNames[static_cast<std::size_t>(mechanism)];
}

Result<Mechanism> choose_mechanism(const Offer& offer, Preference preference, Link link) {
  if (link == Link::plaintext) {
    return fail(Error(ErrorCode::tls, "the link is not encrypted, so no password is sent over it")
                    .with_disposition(Disposition::needs_user)
                    .with_hint("tls.mode = \"implicit\" or \"starttls\" encrypts it"));
  }
  if (preference == Preference::oauth) {
    if (offers(offer, "OAUTHBEARER")) return Mechanism::oauthbearer;
    if (offers(offer, "XOAUTH2")) return Mechanism::xoauth2;
    return fail(nothing_in_common(offer, preference));
  }
  if (preference != Preference::login && offers(offer, "PLAIN")) return Mechanism::plain;
  if (preference != Preference::plain) {
    if (!offer.login_disabled) return Mechanism::login_command;
    if (offers(offer, "LOGIN")) return Mechanism::login;
  }
  return fail(nothing_in_common(offer, preference));
}

}  // namespace sterna::auth
