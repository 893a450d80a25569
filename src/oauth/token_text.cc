// SPDX-License-Identifier: Apache-2.0
#include "token_text.h"

#include <fmt/format.h>

#include "json.h"
#include "sterna/base/bytes.h"
#include "sterna/base/wiping_heap.h"

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

// An object as the library writes it. It is not asked to write secrets: it has parts of a text on
// the stack, and leaves them there.
class Writer {
 public:
  void add(std::string_view name, const Json& value) {
    begin(name);
    text_ += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  void add(std::string_view name, const Secret& value) {
    begin(name);
    text_ += '"';
    for (const char c : value.reveal()) add_character(c);
    text_ += '"';
  }
  Secret finish() {
    text_ += "\n}\n";
    return Secret(std::move(text_));
  }

 private:
  void begin(std::string_view name) {
    text_ += text_.empty() ? "{\n  \"" : ",\n  \"";
    text_ += name;
    text_ += "\": ";
  }
  void add_character(char c) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ') {
      text_ += fmt::format("\\u{:04x}", octet);
      return;
    }
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }

  std::string text_;
};

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
  const WipedDeletes wiped;
  Writer writer;
  writer.add("access_token", tokens.access);
  writer.add("client_id", tokens.client_id);
  writer.add("expires_ms", tokens.expires_ms);
  writer.add("issued_ms", tokens.issued_ms);
  writer.add("previous_refresh_token", tokens.previous_refresh);
  writer.add("refresh_token", tokens.refresh);
  writer.add("schema", kSchema);
  writer.add("scope", tokens.scope);
  writer.add("token_url", tokens.token_url);
  writer.add("user", tokens.user);
  return writer.finish();
}

Secret write_sealed(const Sealed& sealed) {
  Writer writer;
  writer.add("cipher", kCipher);
  writer.add("nonce", base64_encode(sealed.nonce));
  writer.add("schema", kSchema);
  writer.add("sealed", base64_encode(sealed.text));
  return writer.finish();
}

std::variant<std::monostate, Tokens, Sealed> read_token_text(std::string_view text) {
  const WipedDeletes wiped;  // the parser's copies, too
  const Json json = Json::parse(text, nullptr, false);
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
  if (tokens.access.empty() || tokens.token_url.empty()) return {};
  if (!is_time(tokens.issued_ms) || !is_time(tokens.expires_ms)) return {};
  return tokens;
}

}  // namespace sterna::oauth
