// SPDX-License-Identifier: Apache-2.0
// The table `oauth` of an account.
#include <fmt/format.h>

#include <algorithm>

#include "account.h"
#include "files.h"
#include "oauth_providers.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

constexpr std::string_view kUrlKeys[] = {"authorize_url", "token_url", "device_url", "revoke_url"};

// "https://host/path" without what could hide another host.
bool is_sound_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return false;
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  return !host.empty() && !host.contains('@') && !url.contains('#') &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
}

std::string host_of(std::string_view url) {
  const std::string_view rest = url.substr(std::min(url.find("//") + 2, url.size()));
  return std::string(rest.substr(0, rest.find_first_of("/?:")));
}

std::string with_tenant(std::string_view url, std::string_view tenant) {
  std::string text(url);
  const std::size_t at = text.find(kTenantMark);
  if (at != std::string::npos) text.replace(at, kTenantMark.size(), tenant);
  return text;
}

void apply(const OAuthProvider& provider, std::string_view tenant, OAuthConfig& out) {
  out.provider = provider.name;
  out.authorize_url = with_tenant(provider.authorize_url, tenant);
  out.token_url = with_tenant(provider.token_url, tenant);
  out.device_url = with_tenant(provider.device_url, tenant);
  out.revoke_url = provider.revoke_url;
  out.scope = provider.scope;
  out.redirects_to_name = provider.redirects_to_name;
  for (const std::string_view pair : split(provider.extra, ' ')) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos)
      out.extra.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
}

std::vector<std::string> provider_names() {
  std::vector<std::string> names;
  for (const OAuthProvider& provider : oauth_providers()) names.emplace_back(provider.name);
  return names;
}

// The one that is named, else that of the account's preset, unless the endpoints are given.
const OAuthProvider* choose_provider(const Fields& oauth, const std::string& preset) {
  std::string name;
  if (oauth.text("provider", name)) {
    const OAuthProvider* provider = find_oauth_provider(name);
    if (provider != nullptr) return provider;
    std::string near = nearest_name(name, provider_names());
    if (ascii_iequals(name, "gmail")) near = "google";
    if (ascii_iequals(name, "outlook") || ascii_iequals(name, "office365")) near = "microsoft";
    oauth.refuse("provider", fmt::format("`oauth.provider` knows no `{}`", printable(name, 40)),
                 near.empty() ? fmt::format("one of {}; or give authorize_url and token_url",
                                            fmt::join(provider_names(), ", "))
                              : fmt::format("did you mean `{}`?", near));
    return nullptr;
  }
  const bool has_endpoint = oauth.find("token_url") != nullptr;
  return has_endpoint ? nullptr : find_oauth_provider(preset);
}

std::string read_tenant(const Fields& oauth, const OAuthProvider* provider) {
  std::string tenant(kTenantUsual);
  if (!oauth.text("tenant", tenant)) return std::string(kTenantUsual);
  const bool sound = !tenant.empty() && std::ranges::all_of(tenant, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
  if (!sound) {
    oauth.refuse("tenant", "`oauth.tenant` takes a domain or the id of a directory",
                 "such as \"example.org\"; \"common\" is any, \"consumers\" private accounts");
  } else if (provider != nullptr && !provider->token_url.contains(kTenantMark)) {
    oauth.refuse("tenant", fmt::format("`oauth.tenant` is nothing that {} knows", provider->name));
  }
  return tenant;
}

void read_url(const Fields& oauth, std::string_view key, std::string& out) {
  std::string url;
  if (!oauth.text(key, url)) return;
  if (is_sound_url(url)) {
    out = std::move(url);
    return;
  }
  oauth.refuse(key,
               fmt::format("{} takes an address that begins with https://", oauth.quoted(key)));
}

void read_client_secret(const Fields& oauth, OAuthConfig& out) {
  const Node* node = oauth.find("client_secret");
  if (node == nullptr) return;
  if (!node->is(Node::Kind::string) || node->text.empty()) {
    oauth.refuse("client_secret", "`oauth.client_secret` takes a string that is not empty");
  } else {
    out.client_secret = Secret(node->text);
  }
}

bool has_own_client(const Fields& oauth) {
  return oauth.find("client_id") != nullptr || oauth.find("client_secret") != nullptr;
}

void read_token_command(const Fields& oauth, OAuthConfig& out) {
  if (!oauth.command("token_command", out.token_command)) return;
  if (has_own_client(oauth)) {
    oauth.refuse("token_command", "`oauth.token_command` stands instead of a client of your own",
                 "keep it, or `client_id`");
  }
}

// Where the table is, and what the account says beside it.
void choose_method(const Fields& fields, AccountConfig& account) {
  if (account.auth == Auth::automatic) account.auth = Auth::oauth;
  if (account.auth != Auth::oauth) return;
  for (const std::string_view key : kSecretKeys) {
    if (fields.find(key) == nullptr) continue;
    fields.refuse(key, fmt::format("two ways to log in: `{}` and the table `oauth`", key),
                  "keep one of them");
  }
}

void check_client(const Fields& oauth, Place place, const std::string& account,
                  const OAuthConfig& client) {
  const bool refused = oauth.refused("provider") || oauth.refused("client_id") ||
                       std::ranges::any_of(kUrlKeys, [&](auto key) { return oauth.refused(key); });
  if (refused) return;
  Problems& problems = oauth.problems();
  if (client.token_url.empty()) {
    problems.add(place, fmt::format("account `{}` needs `oauth.provider`", account),
                 fmt::format("one of {}; or authorize_url, token_url and scope",
                             fmt::join(provider_names(), ", ")));
  } else if (client.authorize_url.empty() && client.device_url.empty()) {
    problems.add(place, fmt::format("account `{}` needs `oauth.authorize_url`", account),
                 "or `oauth.device_url`, for logins with --device alone");
  }
  if (client.client_id.empty()) {
    problems.add(place, fmt::format("account `{}` needs `oauth.client_id`", account),
                 "Sterna ships none; docs/oauth.md says how to get one of your own");
  }
}

}  // namespace

void read_oauth(const Fields& fields, AccountConfig& account) {
  const Node* node = fields.find("oauth");
  if (node == nullptr) return;
  if (!node->is(Node::Kind::table)) {
    fields.refuse("oauth", "`oauth` takes a table, such as [account.NAME.oauth]");
    return;
  }
  const Fields oauth(*node, Section::oauth, "oauth.", fields.home(), fields.problems());
  oauth.check_keys();
  OAuthConfig& out = account.oauth.emplace();
  const OAuthProvider* provider = choose_provider(oauth, account.preset);
  const std::string tenant = read_tenant(oauth, provider);
  if (provider != nullptr) apply(*provider, tenant, out);
  read_url(oauth, "authorize_url", out.authorize_url);
  read_url(oauth, "token_url", out.token_url);
  read_url(oauth, "device_url", out.device_url);
  read_url(oauth, "revoke_url", out.revoke_url);
  if (provider == nullptr) out.provider = host_of(out.token_url);
  oauth.text("scope", out.scope);
  oauth.text("client_id", out.client_id);
  read_client_secret(oauth, out);
  oauth.text("redirect_uri", out.redirect_uri);
  oauth.integer("port", 1, 65535, out.port);
  oauth.path("ca_file", out.ca_file);
  read_token_command(oauth, out);
  choose_method(fields, account);
}

void complete_oauth(const Fields& fields, Place place, const AccountConfig& account) {
  if (account.auth != Auth::oauth || fields.refused("auth")) return;
  const Node* node = fields.find("oauth");
  if (node != nullptr && account.oauth && account.oauth->token_command.empty()) {
    const Fields oauth(*node, Section::oauth, "oauth.", fields.home(), fields.problems());
    if (!oauth.refused("token_command")) check_client(oauth, place, account.name, *account.oauth);
  }
  const bool has_secret = std::ranges::any_of(
      kSecretKeys, [&](std::string_view key) { return fields.find(key) != nullptr; });
  if (node != nullptr || has_secret) return;
  fields.problems().add(
      place, fmt::format("account `{0}` needs [account.{0}.oauth] with `client_id`", account.name),
      "Sterna ships none; docs/oauth.md says how to get one of your own");
}

}  // namespace sterna::config
