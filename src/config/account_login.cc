// SPDX-License-Identifier: Apache-2.0
// The keys that say how to reach the server and how to log in.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "account.h"
#include "files.h"
#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

constexpr Choice<Auth> kAuth[] = {{"auto", Auth::automatic},
                                  {"plain", Auth::plain},
                                  {"login", Auth::login},
                                  {"cram-md5", Auth::cram_md5},
                                  {"scram-sha-1", Auth::scram_sha_1},
                                  {"scram-sha-256", Auth::scram_sha_256},
                                  {"oauth", Auth::oauth},
                                  {"external", Auth::external}};
constexpr Choice<TlsMode> kTlsMode[] = {
    {"implicit", TlsMode::implicit}, {"starttls", TlsMode::starttls}, {"none", TlsMode::none}};
constexpr Choice<TlsVersion> kTlsVersion[] = {{"1.2", TlsVersion::tls12},
                                              {"1.3", TlsVersion::tls13}};
constexpr Choice<Compress> kCompress[] = {
    {"auto", Compress::automatic}, {"yes", Compress::yes}, {"no", Compress::no}};

void read_password(const Fields& fields, AccountConfig& account) {
  const Node& node = *fields.find("password");
  if (!node.is(Node::Kind::string) || node.text.empty()) {
    fields.refuse("password", "`password` takes a string that is not empty");
  } else if (node.text.contains('\0')) {
    fields.refuse("password", "`password` holds a NUL, which no login can carry");
  } else {
    account.secret = Secret(node.text);
  }
}

void read_password_path(const Fields& fields, AccountConfig& account) {
  PasswordFile file;
  if (!fields.path("password_file", file.path)) return;
  if (is_directory(file.path)) {
    fields.refuse("password_file", "this is a directory: the password is the first line of a file");
  } else if (file_readable_by_others(file.path)) {
    fields.refuse("password_file", "this password file can be read by the group or by others",
                  "chmod 600 " + file.path);
  }
  account.secret = std::move(file);
}

void read_password_command(const Fields& fields, AccountConfig& account) {
  PasswordCommand command;
  if (fields.command("password_command", command.argv)) account.secret = std::move(command);
}

// systemd.exec(5): valid names are those of files.
void read_credential(const Fields& fields, AccountConfig& account) {
  PasswordCredential credential;
  if (!fields.text("credential", credential.name)) return;
  const std::string& name = credential.name;
  if (name.empty() || name == "." || name == ".." || name.contains('/')) {
    fields.refuse("credential", "`credential` takes the name of a credential of the unit",
                  "such as mail for LoadCredential=mail:/etc/sterna/mail");
    return;
  }
  account.secret = std::move(credential);
}

// keyring = false is as if it were not there.
bool is_given(const Fields& fields, std::string_view key) {
  const Node* node = fields.find(key);
  if (node == nullptr) return false;
  bool wanted = true;
  return key != "keyring" || !node->is(Node::Kind::boolean) ||
         (fields.boolean(key, wanted) && wanted);
}

void read_keyring(const Fields& fields, AccountConfig& account) {
  bool wanted = false;
  if (fields.boolean("keyring", wanted)) account.secret = PasswordKeyring();
}

void read_secret(const Fields& fields, AccountConfig& account) {
  std::string_view first;
  for (const std::string_view key : kSecretKeys) {
    if (!is_given(fields, key)) continue;
    if (!first.empty()) {
      fields.refuse(key, fmt::format("two sources for one password: `{}` and `{}`", first, key),
                    "keep one of them");
      return;
    }
    first = key;
  }
  if (first == "password") read_password(fields, account);
  if (first == "password_file") read_password_path(fields, account);
  if (first == "password_command") read_password_command(fields, account);
  if (first == "credential") read_credential(fields, account);
  if (first == "keyring") read_keyring(fields, account);
}

void read_pins(const Fields& tls, TlsConfig& out) {
  std::vector<std::string> texts;
  if (!tls.texts("pin_sha256", texts)) return;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto raw = base64_decode(texts[i]);
    const auto digest = raw ? Digest::from_bytes(*raw) : std::nullopt;
    if (!digest) {
      tls.problems().add(tls.find("pin_sha256")->items[i].place,
                         "`tls.pin_sha256` takes SHA-256 digests in base64 (44 characters)");
      return;
    }
    out.pins.push_back(*digest);
  }
}

void check_private_key(const Fields& tls, std::string_view name, const std::string& path) {
  if (is_directory(path)) {
    tls.refuse(name, "this is a directory: the key is a file");
  } else if (file_readable_by_others(path)) {
    tls.refuse(name, "this private key can be read by the group or by others", "chmod 600 " + path);
  }
}

// Without a file of its own the key is in that of the certificate.
void read_client_certificate(const Fields& tls, TlsConfig& out) {
  const bool has_certificate = tls.path("client_cert", out.client_cert);
  if (tls.path("client_key", out.client_key)) {
    check_private_key(tls, "client_key", out.client_key);
  } else if (has_certificate && tls.find("client_key") == nullptr) {
    check_private_key(tls, "client_cert", out.client_cert);
  }
}

void read_tls(const Fields& fields, AccountConfig& account) {
  const Node* node = fields.find("tls");
  if (node == nullptr) return;
  if (!node->is(Node::Kind::table)) {
    fields.refuse("tls", "`tls` takes a table, such as [account.NAME.tls]");
    return;
  }
  const Fields tls(*node, Section::tls, "tls.", fields.home(), fields.problems());
  tls.check_keys();
  tls.choice("mode", kTlsMode, account.tls.mode);
  tls.path("ca_file", account.tls.ca_file);
  read_pins(tls, account.tls);
  read_client_certificate(tls, account.tls);
  tls.choice("min_version", kTlsVersion, account.tls.min_version);
  tls.boolean("allow_plaintext", account.allow_plaintext);
}

// An empty `watch` is a choice: nothing but polling.
void read_watching(const Fields& fields, AccountConfig& account) {
  const Node* watch = fields.find("watch");
  if (watch != nullptr && watch->is(Node::Kind::array) && watch->items.empty()) {
    account.watch.clear();
  } else {
    read_patterns(fields, "watch", account.watch);
  }
  if (fields.duration("poll_interval", Zero::refused, account.poll_interval) &&
      account.poll_interval < kPollIntervalMin) {
    fields.refuse("poll_interval", fmt::format("`poll_interval` must be at least \"{}s\"",
                                               kPollIntervalMin.count()));
  }
}

void check_host(const Fields& fields, const std::string& host) {
  if (host.empty() || host.find_first_of(" /@[]") != std::string::npos) {
    fields.refuse("host", "`host` takes the name or the address of a server");
  } else if (std::ranges::count(host, ':') == 1) {
    fields.refuse("host", "`host` takes the name or the address of a server",
                  "its port is the key `port`");
  }
}

}  // namespace

void read_login(const Fields& fields, AccountConfig& account) {
  fields.boolean("enabled", account.enabled);
  if (fields.text("address", account.address)) {
    const std::size_t at = account.address.rfind('@');
    const bool sound = at != std::string::npos && at > 0 && at + 1 < account.address.size() &&
                       !account.address.contains(' ');
    if (!sound) {
      fields.refuse("address",
                    fmt::format("`{}` is no mail address", printable(account.address, 80)),
                    "`address` takes one such as ann@example.org; a mere login name is `user`");
    }
  }
  if (fields.text("user", account.user) && account.user.empty()) {
    fields.refuse("user", "`user` is empty");
  }
  if (fields.text("host", account.host)) check_host(fields, account.host);
  fields.integer("port", 1, 65535, account.port);
  fields.choice("auth", kAuth, account.auth);
  read_secret(fields, account);
  fields.boolean("allow_plaintext", account.allow_plaintext);
  read_way(fields, account);
  read_tls(fields, account);
  read_watching(fields, account);
  fields.integer("connections", 1, kConnectionsMax, account.connections);
  fields.choice("compress", kCompress, account.compress);
}

}  // namespace sterna::config
