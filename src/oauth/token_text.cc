// SPDX-License-Identifier: Apache-2.0
#include "token_text.h"

#include "json.h"
#include "sterna/base/bytes.h"

namespace sterna::oauth {
namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;
constexpr const char* kCipher = "AES-256-GCM";
// The year 33658: whatever is added to it or taken from it can still be told.
constexpr std::int64_t kTimeMaxMs = 1'000'000'000'000'000;

bool is_time(std::int64_t at_ms) {
  return at_ms >= 0 && at_ms <= kTimeMaxMs;
}

// The library's copies of what is secret are overwritten, as far as they can be reached.
void wipe_all(Json& json) {
  for (auto& member : json) {
    if (member.is_string()) wipe(member.get_ref<std::string&>());
  }
}

Secret dumped(Json& json) {
  std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
  text += '\n';
  wipe_all(json);
  return Secret(std::move(text));
}

std::int64_t number_of(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

std::variant<std::monostate, Tokens, Sealed> read_sealed(const Json& json) {
  const auto nonce = base64_decode(text_of(json, "nonce"));
  const auto text = base64_decode(text_of(json, "sealed"));
  if (text_of(json, "cipher") != kCipher || !nonce || !text) return {};
  return Sealed{.nonce = *nonce, .text = *text};
}

}  // namespace

Secret write_tokens(const Tokens& tokens) {
  Json json = {{"schema", kSchema},
               {"access_token", tokens.access.reveal()},
               {"refresh_token", tokens.refresh.reveal()},
               {"previous_refresh_token", tokens.previous_refresh.reveal()},
               {"issued_ms", tokens.issued_ms},
               {"expires_ms", tokens.expires_ms},
               {"scope", tokens.scope},
               {"client_id", tokens.client_id},
               {"token_url", tokens.token_url},
               {"user", tokens.user}};
  return dumped(json);
}

Secret write_sealed(const Sealed& sealed) {
  Json json = {{"schema", kSchema},
               {"cipher", kCipher},
               {"nonce", base64_encode(sealed.nonce)},
               {"sealed", base64_encode(sealed.text)}};
  return dumped(json);
}

std::variant<std::monostate, Tokens, Sealed> read_token_text(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || number_of(json, "schema") != kSchema) return {};
  if (json.contains("sealed")) return read_sealed(json);
  Tokens tokens;
  tokens.access = Secret(text_of(json, "access_token"));
  tokens.refresh = Secret(text_of(json, "refresh_token"));
  tokens.previous_refresh = Secret(text_of(json, "previous_refresh_token"));
  tokens.issued_ms = number_of(json, "issued_ms");
  tokens.expires_ms = number_of(json, "expires_ms");
  tokens.scope = text_of(json, "scope");
  tokens.client_id = text_of(json, "client_id");
  tokens.token_url = text_of(json, "token_url");
  tokens.user = text_of(json, "user");
  wipe_all(json);
  if (tokens.access.empty() || tokens.token_url.empty()) return {};
  if (!is_time(tokens.issued_ms) || !is_time(tokens.expires_ms)) return {};
  return tokens;
}

}  // namespace sterna::oauth
