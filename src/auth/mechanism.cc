// SPDX-License-Identifier: Apache-2.0
// The order of preference (docs/decisions): SCRAM, whose server never learns the password and has
// to prove that it knew it, with the stronger hash, bound to the connection. Then the password
// itself, under TLS: PLAIN, which defines its character set and any octet but NUL; the LOGIN
// command, which the base protocol has; SASL LOGIN, which no RFC has, but old servers do. CRAM-MD5
// is better than those on an open link only. Of the two for tokens, the one that has an RFC.
#include "sterna/auth/mechanism.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

struct Named {
  Mechanism mechanism;
  std::string_view text;
};
constexpr std::string_view kAuthenticate = "AUTHENTICATE ";
// In the order of the enumeration.
constexpr std::array kNames = {
    Named{Mechanism::plain, "AUTHENTICATE PLAIN"},
    Named{Mechanism::login, "AUTHENTICATE LOGIN"},
    Named{Mechanism::login_command, "LOGIN"},
    Named{Mechanism::cram_md5, "AUTHENTICATE CRAM-MD5"},
    Named{Mechanism::scram_sha_1, "AUTHENTICATE SCRAM-SHA-1"},
    Named{Mechanism::scram_sha_1_plus, "AUTHENTICATE SCRAM-SHA-1-PLUS"},
    Named{Mechanism::scram_sha_256, "AUTHENTICATE SCRAM-SHA-256"},
    Named{Mechanism::scram_sha_256_plus, "AUTHENTICATE SCRAM-SHA-256-PLUS"},
    Named{Mechanism::external, "AUTHENTICATE EXTERNAL"},
    Named{Mechanism::oauthbearer, "AUTHENTICATE OAUTHBEARER"},
    Named{Mechanism::xoauth2, "AUTHENTICATE XOAUTH2"},
};
static_assert(std::ranges::is_sorted(kNames, {}, &Named::mechanism));

std::string_view wanted_words(Preference preference) {
  switch (preference) {
    case Preference::automatic:
      return "SCRAM, PLAIN or LOGIN";
    case Preference::plain:
      return "auth = \"plain\"";
    case Preference::login:
      return "auth = \"login\"";
    case Preference::cram_md5:
      return "auth = \"cram-md5\"";
    case Preference::scram_sha_1:
      return "auth = \"scram-sha-1\"";
    case Preference::scram_sha_256:
      return "auth = \"scram-sha-256\"";
    case Preference::oauth:
      return "auth = \"oauth\"";
    case Preference::external:
      return "auth = \"external\"";
  }
  std::unreachable();
}

bool offers(const Offer& offer, std::string_view name) {
  return std::ranges::any_of(offer.mechanisms, [name](const std::string& offered) {
    return ascii_iequals(offered, name);
  });
}

bool offers(const Offer& offer, Mechanism mechanism) {
  if (mechanism == Mechanism::login_command) return !offer.login_disabled;
  return offers(offer, to_string(mechanism).substr(kAuthenticate.size()));
}

std::string describe(const Offer& offer) {
  std::vector<std::string> words;
  for (const std::string& mechanism : offer.mechanisms) {
    words.push_back("AUTH=" + printable(mechanism, 40));
  }
  words.push_back(offer.login_disabled ? "LOGINDISABLED" : "the LOGIN command");
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string_view hint_for(const Offer& offer, Preference preference) {
  if (preference == Preference::external) {
    return "a server offers EXTERNAL over TLS, and some of them only to a client with a "
           "certificate that they know";
  }
  if (preference != Preference::automatic) return "auth = \"auto\" takes what the server offers";
  if (offers(offer, Mechanism::xoauth2) || offers(offer, Mechanism::oauthbearer)) {
    return "this server wants OAuth 2.0: auth = \"oauth\", and an access token for a password";
  }
  if (offers(offer, Mechanism::cram_md5)) {
    return "auth = \"cram-md5\" takes it, though it proves nothing of the server";
  }
  if (offers(offer, Mechanism::external)) {
    return "auth = \"external\" logs in with a client certificate: tls.client_cert";
  }
  return "";
}

Error nothing_in_common(const Offer& offer, Preference preference) {
  return Error(ErrorCode::login, fmt::format("no way to log in: the server offers {}; wanted is {}",
                                             describe(offer), wanted_words(preference)))
      .with_hint(std::string(hint_for(offer, preference)));
}

// The members of one family that both sides can do; the bound one first.
std::vector<Mechanism> scram(const Offer& offer, Mechanism bound, Mechanism unbound,
                             Binding binding) {
  std::vector<Mechanism> found;
  if (binding == Binding::possible && offers(offer, bound)) found.push_back(bound);
  if (offers(offer, unbound)) found.push_back(unbound);
  return found;
}

std::vector<Mechanism> first_offered(const Offer& offer, std::initializer_list<Mechanism> wanted) {
  const auto it = std::ranges::find_if(wanted, [&](Mechanism one) { return offers(offer, one); });
  if (it == wanted.end()) return {};
  return {*it};
}

std::vector<Mechanism> best(const Offer& offer, Link link, Binding binding) {
  using enum Mechanism;
  std::vector<Mechanism> found = scram(offer, scram_sha_256_plus, scram_sha_256, binding);
  if (found.empty()) found = scram(offer, scram_sha_1_plus, scram_sha_1, binding);
  if (link == Link::encrypted) {
    std::ranges::copy(first_offered(offer, {plain, login_command, login}),
                      std::back_inserter(found));
  } else if (found.empty()) {
    // Whoever listens, or stands between, gets no password for a refusal.
    found = first_offered(offer, {cram_md5, plain, login_command, login});
  }
  return found;
}

std::vector<Mechanism> wanted(const Offer& offer, Preference preference, Link link,
                              Binding binding) {
  using enum Mechanism;
  switch (preference) {
    case Preference::automatic:
      return best(offer, link, binding);
    case Preference::plain:
      return first_offered(offer, {plain});
    case Preference::login:
      return first_offered(offer, {login_command, login});
    case Preference::cram_md5:
      return first_offered(offer, {cram_md5});
    case Preference::scram_sha_1:
      return scram(offer, scram_sha_1_plus, scram_sha_1, binding);
    case Preference::scram_sha_256:
      return scram(offer, scram_sha_256_plus, scram_sha_256, binding);
    case Preference::oauth:
      return first_offered(offer, {oauthbearer, xoauth2});
    case Preference::external:
      return first_offered(offer, {external});
  }
  std::unreachable();
}

}  // namespace

std::string_view to_string(Mechanism mechanism) {
  return kNames[static_cast<std::size_t>(mechanism)].text;
}

bool is_bound(Mechanism mechanism) {
  return mechanism == Mechanism::scram_sha_1_plus || mechanism == Mechanism::scram_sha_256_plus;
}

bool offers_binding(const Offer& offer) {
  return std::ranges::any_of(offer.mechanisms, [](const std::string& offered) {
    return ascii_lower(offered).ends_with("-plus");
  });
}

Result<std::vector<Mechanism>> choose_mechanisms(const Offer& offer, Preference preference,
                                                 Link link, Binding binding) {
  const bool too_open =
      link == Link::plaintext || (preference == Preference::external && link != Link::encrypted);
  if (too_open) {
    return fail(Error(ErrorCode::tls, "the link is not encrypted, so no password is sent over it")
                    .with_disposition(Disposition::needs_user)
                    .with_hint("tls.mode = \"implicit\" or \"starttls\" encrypts it"));
  }
  std::vector<Mechanism> found = wanted(offer, preference, link, binding);
  if (found.empty()) return fail(nothing_in_common(offer, preference));
  return found;
}

}  // namespace sterna::auth
