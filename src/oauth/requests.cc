// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <string_view>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/base/wiping_heap.h"
#include "sterna/oauth/grant.h"

namespace sterna::oauth {
namespace {

constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

using Pair = std::pair<std::string_view, std::string_view>;

// The secret of a client travels in the form, which every provider takes (RFC 6749 section 2.3.1).
io::HttpRequest ask(const Client& client, const std::string& url,
                    std::initializer_list<Pair> parameters) {
  const WipedDeletes wiped;  // the form grows
  std::string form;
  const auto add = [&form](std::string_view name, std::string_view value) {
    std::string encoded = url_encoded(value);
    if (!form.empty()) form += '&';
    form += name;
    form += '=';
    form += encoded;
    wipe(encoded);
  };
  for (const auto& [name, value] : parameters) {
    if (!value.empty()) add(name, value);
  }
  add("client_id", client.id);
  if (!client.secret.empty()) add("client_secret", client.secret.reveal());
  io::HttpRequest request;
  request.url = url;
  request.form = Secret(std::move(form));
  request.ca_file = client.ca_file;
  request.proxy = client.proxy;
  return request;
}

}  // namespace

io::HttpRequest code_request(const Client& client, const Authorization& authorization,
                             const Secret& code) {
  return ask(client, client.token_url,
             {{"grant_type", "authorization_code"},
              {"code", code.reveal()},
              {"redirect_uri", authorization.redirect_uri},
              {"code_verifier", authorization.verifier.reveal()}});
}

// Without a scope: the same as was granted (RFC 6749 section 6).
io::HttpRequest refresh_request(const Client& client, const Secret& refresh) {
  return ask(client, client.token_url,
             {{"grant_type", "refresh_token"}, {"refresh_token", refresh.reveal()}});
}

io::HttpRequest revoke_request(const Client& client, const Secret& token) {
  return ask(client, client.revoke_url, {{"token", token.reveal()}});
}

io::HttpRequest device_request(const Client& client) {
  return ask(client, client.device_url, {{"scope", client.scope}});
}

io::HttpRequest poll_request(const Client& client, const Secret& device_code) {
  return ask(client, client.token_url,
             {{"grant_type", kDeviceGrant}, {"device_code", device_code.reveal()}});
}

}  // namespace sterna::oauth
