// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/authorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sterna/base/bytes.h"
#include "sterna/base/digest.h"

namespace sterna::oauth {
namespace {

// 43 characters, the least that RFC 7636 section 4.1 takes, and all the entropy of the digest.
constexpr std::size_t kVerifierOctets = 32;
constexpr std::size_t kStateOctets = 16;
// Codes of providers have some hundred characters, a few of them two thousand.
constexpr std::size_t kAnswerMax = 16 * 1024;
constexpr std::size_t kParametersMax = 32;

std::string chance(io::Random& random, std::size_t octets) {
  std::string bytes;
  while (bytes.size() < octets) {
    std::uint64_t word = random.next();
    for (int i = 0; i < 8; ++i, word >>= 8) bytes += static_cast<char>(word & 0xff);
  }
  bytes.resize(octets);
  std::string text = base64url(bytes);
  wipe(bytes);
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

using Answer = std::map<std::string, WipedString, std::less<>>;

// None of what RFC 6749 section 3.1 allows: a parameter twice, or no such encoding.
std::optional<Answer> parse_query(std::string_view query) {
  Answer answer;
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = url_decoded(pair.substr(0, equals));
    auto value = url_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || answer.size() == kParametersMax) return std::nullopt;
    if (!answer.emplace(*name, std::move(*value)).second) return std::nullopt;
  }
  return answer;
}

std::string_view value_of(const Answer& answer, std::string_view name) {
  const auto it = answer.find(name);
  return it == answer.end() ? std::string_view() : std::string_view(it->second);
}

bool is_answer(const Answer& answer) {
  return answer.contains("code") || answer.contains("error");
}

Error refused(const Answer& answer) {
  const std::string_view error = value_of(answer, "error");
  const std::string_view why = value_of(answer, "error_description");
  std::string text = fmt::format("the provider says {}", printable(error, 80));
  if (!why.empty()) text += ": " + printable(why, 300);
  Error refusal(ErrorCode::login, std::move(text));
  if (error == "access_denied")
    return std::move(refusal).with_hint("the login was refused there; try again and agree to it");
  return refusal;
}

// RFC 6749 section 4.1.2.1. Precondition: is_answer().
Result<Secret> code_of(const Answer& answer) {
  if (answer.contains("error")) return fail(refused(answer));
  const std::string_view code = value_of(answer, "code");
  if (code.empty()) return fail(ErrorCode::login, "the provider's answer has an empty code");
  return Secret(std::string(code));
}

bool is_bare_code(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }) &&
         !text.contains("://");
}

Error no_answer() {
  return Error(ErrorCode::usage, "this is neither the address of the last page nor a code")
      .with_hint(
          "copy the whole line out of the browser's address field, also if the page itself "
          "could not be shown");
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.resize(std::min(text.find('='), text.size()));
  return text;
}

std::optional<std::string> url_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string challenge_of(const Secret& verifier) {
  return base64url(sha256(verifier.reveal()).raw());
}

Authorization begin_authorization(io::Random& random, std::string redirect_uri) {
  Authorization authorization;
  authorization.verifier = Secret(chance(random, kVerifierOctets));
  authorization.state = chance(random, kStateOctets);
  authorization.redirect_uri = std::move(redirect_uri);
  return authorization;
}

std::string loopback_redirect(const Client& client, std::uint16_t port) {
  return fmt::format("http://{}:{}", client.redirects_to_name ? "localhost" : "127.0.0.1", port);
}

std::string authorization_url(const Client& client, const Authorization& authorization,
                              std::string_view user) {
  std::string url = client.authorize_url;
  const auto add = [&url](std::string_view name, std::string_view value) {
    url += url.contains('?') ? '&' : '?';
    url += fmt::format("{}={}", url_encoded(name), url_encoded(value));
  };
  add("response_type", "code");
  add("client_id", client.id);
  add("redirect_uri", authorization.redirect_uri);
  if (!client.scope.empty()) add("scope", client.scope);
  add("state", authorization.state);
  add("code_challenge", challenge_of(authorization.verifier));
  add("code_challenge_method", "S256");
  if (!user.empty()) add("login_hint", user);
  for (const auto& [name, value] : client.extra) add(name, value);
  return url;
}

bool same_secret(std::string_view one, std::string_view other) {
  unsigned difference = one.size() == other.size() ? 0 : 1;
  for (std::size_t i = 0; i < one.size() && !other.empty(); ++i) {
    difference |=
        static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i % other.size()]);
  }
  return difference == 0;
}

Visit read_visit(std::string_view target, const Authorization& authorization) {
  if (target.size() > kAnswerMax) return {};
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos || target.substr(0, mark) != "/") return {};
  const auto answer = parse_query(target.substr(mark + 1));
  if (!answer || !is_answer(*answer)) return {};
  if (!same_secret(value_of(*answer, "state"), authorization.state))
    return {.kind = Visit::Kind::foreign};
  return {.kind = Visit::Kind::answer, .code = code_of(*answer)};
}

Result<Secret> read_pasted(std::string_view text, const Authorization& authorization) {
  text = trim(text);
  if (text.empty() || text.size() > kAnswerMax) return fail(no_answer());
  const std::size_t mark = text.find('?');
  if (mark == std::string_view::npos) {
    if (is_bare_code(text)) return Secret(std::string(text));
    return fail(no_answer());
  }
  const std::string_view query = text.substr(mark + 1);
  const auto answer = parse_query(query.substr(0, query.find('#')));
  if (!answer || !is_answer(*answer)) return fail(no_answer());
  if (!same_secret(value_of(*answer, "state"), authorization.state)) {
    return fail(Error(ErrorCode::usage, "this is the answer to another login than this one")
                    .with_hint("open the address that was printed last, and paste what it leads "
                               "to"));
  }
  return code_of(*answer);
}

}  // namespace sterna::oauth
