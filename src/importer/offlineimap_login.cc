// SPDX-License-Identifier: Apache-2.0
// A remote repository of OfflineIMAP: how to reach the server and how to log in.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "offlineimap_account.h"
#include "python_text.h"
#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "words.h"

namespace sterna::importer {
namespace {

class OfflineimapLogin {
 public:
  OfflineimapLogin(const OfflineAccount& account, Draft& draft, Remarks& remarks)
      : account_(account), draft_(draft), remarks_(remarks) {}

  void carry() {
    is_gmail_ = ascii_iequals(text("type"), "gmail");
    carry_server();
    carry_user();
    carry_auth();
    carry_tls();
    carry_proxy();
    if (asks_for_tokens()) carry_auth_proxy();
    if (!text("remote_identity").empty())
      say("remote_identity has no counterpart: Sterna acts as the user that it logs in as");
  }

 private:
  void say(std::string_view text) { remarks_.add(account_.about, text); }
  std::string text(std::string_view key) const { return account_.text(account_.remote, key); }
  bool has(std::string_view key) const { return !text(key).empty(); }

  // A setting, or the value of its Python expression, if that is obvious.
  std::string literal(const std::string& key) {
    if (has(key)) return text(key);
    const std::string code = text(key + "eval");
    if (code.empty()) return {};
    if (const auto value = python_string(code)) return *value;
    if (parse_number(code)) return code;
    say(fmt::format("{}eval is Python: write what it comes to", key));
    return {};
  }

  void carry_server() {
    std::string host = literal("remotehost");
    if (host.empty() && is_gmail_) host = "imap.gmail.com";
    const std::string tunnel =
        has("transporttunnel") ? text("transporttunnel") : text("preauthtunnel");
    const bool ssl = account_.yes(account_.remote, "ssl", true);
    const bool starttls = account_.yes(account_.remote, "starttls", true);
    TlsWord word = ssl ? TlsWord::implicit : (starttls ? TlsWord::starttls : TlsWord::none);
    if (!tunnel.empty()) word = TlsWord::none;
    if (host.empty()) {
      if (tunnel.empty()) {
        draft_.keys.set("enabled", "false", "until `host` is right");
        say("no remotehost is known: write `host`, and take away `enabled = false`");
      }
      host = "localhost";
    }
    const auto port = parse_number(literal("remoteport"), 65535);
    set_server(draft_, host, port.value_or(0), word, !tunnel.empty());
    if (!tunnel.empty()) {
      draft_.keys.set("tunnel", toml_shell(tunnel));
    } else if (word == TlsWord::none && !is_loopback_host(host)) {
      say("ssl and starttls are off: everything goes in the clear, as it did; leave out "
          "allow_plaintext and tls.mode if the server can do better");
    } else if (word == TlsWord::starttls) {
      say("ssl is off: Sterna insists on STARTTLS, where OfflineIMAP went on in the clear");
    }
  }

  void carry_user() {
    const std::string user = literal("remoteuser");
    if (!user.empty()) {
      draft_.keys.set_text("user", user);
      return;
    }
    leave_user_open(draft_, "");
    say("no remoteuser is known: write `user`, and take away `enabled = false`");
  }

  void carry_auth() {
    std::vector<std::string> mechanisms;
    const std::string listed = text("auth_mechanisms");
    for (const std::string_view word : split(listed, ',')) {
      if (!trim(word).empty()) mechanisms.emplace_back(trim(word));
    }
    const bool has_client = has("oauth2_client_id") || has("oauth2_client_id_eval");
    const bool has_token = has("oauth2_access_token") || has("oauth2_access_token_eval");
    const AuthChoice choice = choose_auth(mechanisms);
    if (choice.word == "oauth" || (mechanisms.empty() && (has_client || has_token))) {
      carry_oauth();
      return;
    }
    if (!choice.unknown.empty())
      say(fmt::format("auth_mechanisms {}: Sterna cannot log in so", choice.unknown));
    if (!choice.word.empty()) draft_.keys.set_text("auth", choice.word);
    carry_password();
  }

  void carry_password() {
    const std::string expression = text("remotepasseval");
    if (!expression.empty()) {
      if (const auto password = python_string(expression)) {
        draft_.keys.set_text("password", *password);
      } else {
        draft_.keys.set("password_command", python_command(account_, expression));
        say("remotepasseval is Python, and is run by python3 as a password_command; if what it "
            "runs is a single program (pass, gpg), name that one instead");
      }
    } else if (const auto password = account_.get(account_.remote, "remotepass")) {
      draft_.keys.set_text("password", *password);
    } else if (has("remotepassfile")) {
      draft_.keys.set_text("password_file", home_path(text("remotepassfile")));
    } else {
      say("no password is in the file, so OfflineIMAP took it from ~/.netrc, or asked: write a "
          "password_command, such as: awk '$2 == \"HOST\" { print $6 }' ~/.netrc");
    }
  }

  void carry_oauth() {
    draft_.keys.set("auth", "\"oauth\"");
    const std::string token = text("oauth2_access_token_eval");
    if (!token.empty()) {
      draft_.oauth.set("token_command", python_command(account_, token));
      return;
    }
    const std::string host(draft_.keys.find("host")->value);
    const bool google = is_gmail_ || host.contains("gmail.com") || host.contains("google");
    const bool microsoft = host.contains("office365") || host.contains("outlook");
    if (google) draft_.oauth.set("provider", "\"google\"");
    if (microsoft) draft_.oauth.set("provider", "\"microsoft\"");
    if (!google && !microsoft && has("oauth2_request_url"))
      draft_.oauth.set_text("token_url", text("oauth2_request_url"));
    for (const char* key : {"client_id", "client_secret"}) {
      const std::string given = fmt::format("oauth2_{}", key);
      if (has(given)) draft_.oauth.set_text(key, text(given));
      if (has(given + "_eval")) say(given + "_eval is Python: write what it comes to");
    }
    say(fmt::format("OAuth 2.0: tokens are not carried over; log in once: sterna auth {}",
                    draft_.name));
  }

  void carry_tls() {
    const std::string authorities = text("sslcacertfile");
    if (!authorities.empty() && authorities != "OS-DEFAULT" && !is_system_bundle(authorities))
      draft_.tls.set_text("ca_file", home_path(authorities));
    if (has("sslclientcert")) draft_.tls.set_text("client_cert", home_path(text("sslclientcert")));
    if (has("sslclientkey")) draft_.tls.set_text("client_key", home_path(text("sslclientkey")));
    if (has("cert_fingerprint"))
      say("cert_fingerprint is of the whole certificate, and tls.pin_sha256 of the key in it: it "
          "cannot be carried over. Where an authority vouches for the server, it is not needed; "
          "else `sterna check` shows what to pin");
    const std::string version = text("ssl_version");
    if (!version.empty() && version != "ssl23" && tls_versions({version}).only_old)
      say(fmt::format("ssl_version {}: TLS 1.2 is the oldest that Sterna speaks", version));
  }

  // "SOCKS5:host:port"
  void carry_proxy() {
    const std::string proxy = account_.text(account_.section, "proxy");
    if (proxy.empty()) return;
    const std::vector<std::string_view> parts = split(proxy, ':');
    if (parts.size() == 3 && ascii_iequals(parts[0], "SOCKS5")) {
      draft_.keys.set_text("proxy", fmt::format("socks5h://{}:{}", parts[1], parts[2]));
    } else {
      draft_.keys.set("enabled", "false", "until it is known how to go without the proxy");
      say("proxy: Sterna knows SOCKS5 alone; the account is switched off (enabled = false)");
    }
  }

  bool asks_for_tokens() const {
    const Setting* auth = draft_.keys.find("auth");
    return auth != nullptr && auth->value == "\"oauth\"" &&
           draft_.oauth.find("token_command") == nullptr;
  }

  // Of OAuth alone. Where it is not said, that goes by the proxy of the account, as with Sterna.
  void carry_auth_proxy() {
    const std::string proxy = account_.text(account_.section, "proxy");
    const auto of_oauth = account_.get(account_.section, "authproxy");
    if (!of_oauth || *of_oauth == proxy) return;
    if (of_oauth->empty() || *of_oauth == "''" || *of_oauth == "\"\"") {
      if (!proxy.empty())
        say("authproxy is empty, for OAuth without the proxy; with Sterna OAuth goes by the "
            "account's proxy, too");
      return;
    }
    draft_.keys.set("enabled", "false", "until it is known how OAuth goes without authproxy");
    say("authproxy: Sterna has no proxy for OAuth alone; that of the account (`proxy`) is for the "
        "mail and for OAuth. The account is switched off (enabled = false)");
  }

  const OfflineAccount& account_;
  Draft& draft_;
  Remarks& remarks_;
  bool is_gmail_ = false;
};

}  // namespace

bool OfflineAccount::yes(std::string_view of, std::string_view key, bool fallback) const {
  const std::string word = text(of, key);
  if (is_yes(word)) return true;
  return is_no(word) ? false : fallback;
}

std::string home_path(std::string_view path) {
  for (const std::string_view home : {"$HOME/", "${HOME}/"}) {
    if (path.starts_with(home)) return "~/" + std::string(path.substr(home.size()));
  }
  return std::string(path);
}

std::string python_command(const OfflineAccount& account, std::string_view expression) {
  std::string code = "import os, re; ";
  const std::string file = account.text("general", "pythonfile");
  if (!file.empty()) {
    // As a literal of Python: those of JSON and of TOML are such.
    code += fmt::format("exec(open(os.path.expandvars(os.path.expanduser({}))).read()); ",
                        std::string(toml_string(file)));
  }
  code += fmt::format("v = ({}); print(v.decode() if isinstance(v, bytes) else v)", expression);
  return toml_array({"python3", "-c", code});
}

void carry_offline_login(const OfflineAccount& account, Draft& draft, Remarks& remarks) {
  OfflineimapLogin(account, draft, remarks).carry();
}

}  // namespace sterna::importer
