// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"

namespace sterna::importer {
namespace {

struct Mechanism {
  std::string_view name;
  std::string_view word;
};
constexpr Mechanism kMechanisms[] = {
    {"plain", "plain"},
    {"login", "login"},
    {"cram-md5", "cram-md5"},
    {"scram-sha-1", "scram-sha-1"},
    {"scram-sha-1-plus", "scram-sha-1"},
    {"scram-sha-256", "scram-sha-256"},
    {"scram-sha-256-plus", "scram-sha-256"},
    {"external", "external"},
    {"xoauth2", "oauth"},
    {"oauthbearer", "oauth"},
};

}  // namespace

bool is_yes(std::string_view word) {
  const std::string lower = ascii_lower(word);
  return lower == "yes" || lower == "true" || lower == "on" || lower == "1";
}

bool is_no(std::string_view word) {
  const std::string lower = ascii_lower(word);
  return lower == "no" || lower == "false" || lower == "off" || lower == "0";
}

AuthChoice choose_auth(const std::vector<std::string>& mechanisms) {
  AuthChoice choice;
  std::vector<std::string_view> words;
  for (const std::string& mechanism : mechanisms) {
    if (mechanism == "*") return {};
    const std::string lower = ascii_lower(mechanism);
    const auto* known = std::ranges::find(kMechanisms, lower, &Mechanism::name);
    if (known == std::end(kMechanisms)) {
      choice.unknown += (choice.unknown.empty() ? "" : " ") + mechanism;
    } else if (std::ranges::find(words, known->word) == words.end()) {
      words.push_back(known->word);
    }
  }
  if (!words.empty()) choice.unknown.clear();
  if (words.size() > 1) std::erase(words, "oauth");
  if (words.size() == 1) choice.word = words.front();
  return choice;
}

TlsVersions tls_versions(const std::vector<std::string>& words) {
  // Old: a list of those allowed. Later: changes to what is usual, +1.3 or -1.2.
  bool has_12 = false;
  bool has_13 = false;
  for (const std::string& word : words) {
    if (word.starts_with('+') || word.starts_with('-')) {
      const auto says = [&words](const char* change) {
        return std::ranges::find(words, change) != words.end();
      };
      return {.only_13 = says("-1.2"), .only_old = says("-1.2") && says("-1.3")};
    }
    has_12 = has_12 || word.ends_with("1.2") || word.ends_with("1_2");
    has_13 = has_13 || word.ends_with("1.3") || word.ends_with("1_3");
  }
  return {.only_13 = has_13 && !has_12 && words.size() == 1,
          .only_old = !words.empty() && !has_12 && !has_13};
}

bool is_system_bundle(std::string_view path) {
  constexpr std::string_view kBundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                           "/etc/ssl/certs/ca-bundle.crt",
                                           "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/cert.pem",
                                           "/etc/ssl/ca-bundle.pem",
                                           "/etc/ssl/certs/ca-bundle.trust.crt"};
  return std::ranges::find(kBundles, path) != std::end(kBundles);
}

void set_server(Draft& draft, std::string_view host, std::uint64_t port, TlsWord word,
                bool tunnelled) {
  draft.keys.set_text("host", host);
  const std::uint64_t usual = word == TlsWord::implicit ? 993 : 143;
  if (port != 0 && port != usual && !tunnelled) draft.keys.set("port", fmt::format("{}", port));
  if (tunnelled && word == TlsWord::none) return;
  if (word == TlsWord::starttls) draft.tls.set("mode", "\"starttls\"");
  if (word != TlsWord::none) return;
  draft.tls.set("mode", "\"none\"");
  if (!is_loopback_host(host)) draft.tls.set("allow_plaintext", "true");
}

void leave_user_open(Draft& draft, std::string_view why) {
  draft.keys.set("enabled", "false", "until `user` is right");
  draft.keys.set_text("user", "unknown", std::string(why));
}

}  // namespace sterna::importer
