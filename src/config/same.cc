// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/same.h"

#include <fmt/format.h>

#include <concepts>
#include <type_traits>

#include "files.h"

namespace sterna::config {
namespace {

template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
concept Sequence = requires(const T& all) {
  all.begin();
  all.size();
} && !std::convertible_to<T, std::string_view>;

// Each value says where it ends, so that no two accounts make the same octets. The bindings name
// every member: one that is new does not compile before it has its place here.
class Writer {
 public:
  Digest finish() { return hash_.finish(); }

  void add(const AccountConfig& account) {
    const auto& [name, enabled, address, user, preset, host, port, auth, secret, oauth,
                 allow_plaintext, tls, tunnel, proxy, watch, poll_interval, connections, compress,
                 maildir, layout, inbox, mailboxes, excluded_roles, rename, subscribed_only, roles,
                 quirks, preset_roles, create, policy, rules, undo, fsync] = account;
    add_all(name, enabled, address, user, preset, host, port, auth, secret, oauth, allow_plaintext,
            tls, !tunnel.empty(), proxy, watch, poll_interval, connections, compress, maildir,
            layout, inbox, mailboxes, excluded_roles, rename, subscribed_only, roles, quirks,
            preset_roles, create, policy, rules, undo, fsync);
  }

 private:
  void put(std::string_view octets) {
    hash_.update(fmt::format("{}:", octets.size()));
    hash_.update(octets);
  }

  void add(const std::string& text) { put(text); }
  void add(const MailboxName& name) { put(name.text()); }
  void add(const Digest& digest) { put(digest.raw()); }
  void add(std::chrono::seconds time) { add(time.count()); }
  template <Scalar T>
  void add(T value) {
    if constexpr (std::is_enum_v<T>) {
      put(fmt::format("{}", static_cast<int>(value)));
    } else {
      put(fmt::format("{}", value));
    }
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <class First, class Second>
  void add(const std::pair<First, Second>& both) {
    add_all(both.first, both.second);
  }
  template <Sequence T>
  void add(const T& all) {
    add(all.size());
    for (const auto& one : all) add(one);
  }

  void add(const SecretSource& source) {
    add(source.index());
    if (const auto* file = std::get_if<PasswordFile>(&source)) add(file->path);
    if (const auto* credential = std::get_if<PasswordCredential>(&source)) add(credential->name);
  }
  void add(const OAuthConfig& oauth) {
    const auto& [token_command, provider, authorize_url, token_url, device_url, revoke_url, scope,
                 client_id, client_secret, redirect_uri, redirects_to_name, port, ca_file, extra] =
        oauth;
    add_all(!token_command.empty(), provider, authorize_url, token_url, device_url, revoke_url,
            scope, client_id, !client_secret.empty(), redirect_uri, redirects_to_name, port,
            ca_file, extra);
  }
  void add(const TlsConfig& tls) {
    const auto& [mode, ca_file, pins, client_cert, client_key, min_version] = tls;
    add_all(mode, ca_file, pins, client_cert, client_key, min_version);
  }
  void add(const ProxyConfig& proxy) {
    const auto& [host, port, user, password] = proxy;
    add_all(host, port, user, !password.empty());
  }
  void add(const HoldPolicy& hold) {
    const auto& [share, at_least, within] = hold;
    add_all(share, at_least, within);
  }
  void add(const MailboxPolicy& policy) {
    const auto& [direction, local_delete, remote_delete, expunge_flagged, hold] = policy;
    add_all(direction, local_delete, remote_delete, expunge_flagged, hold);
  }
  void add(const Rule& rule) {
    const auto& [match, direction, local_delete, remote_delete, expunge_flagged, hold_share,
                 hold_at_least, hold_within] = rule;
    add_all(match, direction, local_delete, remote_delete, expunge_flagged, hold_share,
            hold_at_least, hold_within);
  }

  template <class... Values>
  void add_all(const Values&... values) {
    (add(values), ...);
  }

  Sha256 hash_;
};

}  // namespace

bool same_directory(const std::string& one, const std::string& other) {
  return one == other || resolved(one) == resolved(other);
}

std::string settings_digest(const AccountConfig& account) {
  Writer writer;
  writer.add(account);
  return writer.finish().hex();
}

}  // namespace sterna::config
