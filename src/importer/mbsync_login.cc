// SPDX-License-Identifier: Apache-2.0
#include "mbsync_login.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "words.h"

namespace sterna::importer {
namespace {

// Options that change nothing about the mail, or that Sterna has its own mind about.
constexpr std::string_view kNotNeeded[] = {"Timeout",           "PipelineDepth", "DisableExtension",
                                           "DisableExtensions", "CipherString",  "PathDelimiter",
                                           "KeepAlive",         "UseSSLv2",      "UseSSLv3",
                                           "UseTLSv1",          "UseTLSv1.1",    "UseTLSv1.2"};

class MbsyncLogin {
 public:
  MbsyncLogin(const MbsyncSection& imap, std::string_view about, Draft& draft, Remarks& remarks)
      : imap_(imap), about_(about), draft_(draft), remarks_(remarks) {}

  void carry() {
    carry_server();
    carry_user();
    carry_auth();
    carry_tls();
    carry_rest();
  }

 private:
  void say(std::string_view text) { remarks_.add(about_, text); }

  std::string text(std::string_view name, std::string_view other = {}) const {
    const MbsyncOption* option = imap_.find(name, other);
    return option == nullptr ? std::string() : std::string(option->first());
  }
  bool yes(std::string_view name) const { return is_yes(text(name)); }

  // Of the words that several versions had for it.
  TlsWord tls_word(std::string& host) const {
    if (host.starts_with("imaps:")) {
      host.erase(0, 6);
      return TlsWord::implicit;
    }
    const std::string word = ascii_lower(text("SSLType", "TLSType"));
    if (word == "none") return TlsWord::none;
    if (word == "imaps") return TlsWord::implicit;
    if (word == "starttls") return TlsWord::starttls;
    if (yes("UseIMAPS")) return TlsWord::implicit;
    const bool tunnelled = imap_.find("Tunnel") != nullptr;
    return tunnelled ? TlsWord::none : TlsWord::starttls;
  }

  void carry_server() {
    std::string host = text("Host");
    const TlsWord word = tls_word(host);
    const std::string tunnel = text("Tunnel");
    if (host.empty()) {
      say(tunnel.empty() ? "no Host is given: write `host`"
                         : "no Host is given beside the Tunnel: `host` is a mere name here");
      host = "localhost";
    }
    const std::string port = text("Port");
    set_server(draft_, host, parse_number(port, 65535).value_or(0), word, !tunnel.empty());
    if (!tunnel.empty()) {
      draft_.keys.set("tunnel", toml_shell(tunnel));
    } else if (word == TlsWord::none && !is_loopback_host(host)) {
      say("SSLType None: everything goes in the clear, as it did; leave out allow_plaintext and "
          "tls.mode if the server can do better");
    }
    if (text("RequireSSL") == "no" && word == TlsWord::starttls)
      say("RequireSSL no: Sterna insists on STARTTLS");
  }

  void carry_user() {
    const std::string user = text("User");
    if (!user.empty()) {
      draft_.keys.set_text("user", user);
    } else {
      leave_user_open(draft_, imap_.find("UserCmd") != nullptr ? "UserCmd is a command" : "");
      say(imap_.find("UserCmd") != nullptr
              ? "UserCmd cannot be carried over: write the name that it prints as `user`, and "
                "take away `enabled = false`"
              : "no User is given: write `user`, and take away `enabled = false`");
    }
  }

  void carry_password() {
    const MbsyncOption* command = imap_.find("PassCmd");
    const MbsyncOption* password = imap_.find("Pass");
    if (command != nullptr) {
      const bool asks = command->first().starts_with('+');
      draft_.keys.set_text("password_command", command->first().substr(asks ? 1 : 0));
      if (asks)
        say("PassCmd began with +: Sterna runs the command without a terminal, so it must not ask "
            "there (a pinentry with a window is fine)");
    } else if (password != nullptr) {
      draft_.keys.set_text("password", password->first());
    } else if (yes("UseKeychain")) {
      say("UseKeychain is of macOS: write a password_command");
    } else {
      say("no Pass or PassCmd is given, so mbsync asked: write a password_command");
    }
  }

  // With OAuth 2.0 the password is an access token.
  void carry_token() {
    draft_.keys.set("auth", "\"oauth\"");
    const MbsyncOption* command = imap_.find("PassCmd");
    if (command == nullptr) {
      say("AuthMechs asks for OAuth 2.0, and there is no PassCmd that prints a token: write "
          "[account.NAME.oauth]");
      return;
    }
    const std::string_view text = command->first();
    draft_.oauth.set("token_command", toml_shell(text.starts_with('+') ? text.substr(1) : text));
  }

  void carry_auth() {
    std::vector<std::string> mechanisms;
    for (const MbsyncOption& option : imap_.options) {
      if (!option.is("AuthMechs") && !option.is("AuthMech")) continue;
      mechanisms.assign(option.words.begin(), option.words.end());
    }
    const AuthChoice choice = choose_auth(mechanisms);
    if (!choice.unknown.empty())
      say(fmt::format("AuthMechs {}: Sterna cannot log in so", choice.unknown));
    if (choice.word == "oauth") {
      carry_token();
      return;
    }
    if (!choice.word.empty()) draft_.keys.set_text("auth", choice.word);
    if (choice.word != "external" || imap_.find("Pass", "PassCmd") != nullptr) carry_password();
  }

  void carry_tls() {
    const bool own_authorities =
        imap_.find("CertificateFile") != nullptr && !is_system_bundle(text("CertificateFile"));
    if (own_authorities) carry_path("CertificateFile", "ca_file");
    carry_path("ClientCertificate", "client_cert");
    carry_path("ClientKey", "client_key");
    if (own_authorities)
      say("CertificateFile became tls.ca_file; if it holds the certificate of the server itself, "
          "and not of who issued it, use tls.pin_sha256 (sterna check shows the digest)");
    if (text("SystemCertificates") == "no")
      say("SystemCertificates no: Sterna trusts the authorities of the system beside ca_file; "
          "tls.pin_sha256 narrows it");
    const MbsyncOption* versions = imap_.find("SSLVersions", "TLSVersions");
    if (versions == nullptr) return;
    const std::vector<std::string> words(versions->words.begin(), versions->words.end());
    const TlsVersions range = tls_versions(words);
    if (range.only_13) draft_.tls.set("min_version", "\"1.3\"");
    if (range.only_old)
      say(fmt::format("{} names none that Sterna speaks: TLS 1.2 is the oldest", versions->word));
  }

  void carry_path(std::string_view option, const char* key) {
    const std::string path = text(option);
    if (!path.empty()) draft_.tls.set_text(key, path);
  }

  void carry_rest() {
    std::string left;
    for (const MbsyncOption& option : imap_.options) {
      const bool needless = std::ranges::any_of(
          kNotNeeded, [&option](std::string_view name) { return option.is(name); });
      if (needless) left += (left.empty() ? "" : ", ") + option.word;
    }
    if (!left.empty()) say(fmt::format("not carried over, and not needed: {}", left));
  }

  const MbsyncSection& imap_;
  std::string_view about_;
  Draft& draft_;
  Remarks& remarks_;
};

}  // namespace

void carry_login(const MbsyncSection& imap, std::string_view about, Draft& draft,
                 Remarks& remarks) {
  MbsyncLogin(imap, about, draft, remarks).carry();
}

}  // namespace sterna::importer
