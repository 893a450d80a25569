// SPDX-License-Identifier: Apache-2.0
#include "init_draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

constexpr std::size_t kNameOctetsMax = 64;
constexpr std::size_t kPinCharacters = 44;  // SHA-256 in base64

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string bare_or_quoted(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, is_name_character);
  return bare ? std::string(key) : toml_string(key);
}

std::string_view word_of(config::TlsMode mode) {
  switch (mode) {
    case config::TlsMode::implicit:
      return "implicit";
    case config::TlsMode::starttls:
      return "starttls";
    case config::TlsMode::none:
      return "none";
  }
  std::unreachable();
}

std::uint16_t usual_port(config::TlsMode mode) {
  return mode == config::TlsMode::implicit ? 993 : 143;
}

// Of what has been found, whatever it was, a comment of one line.
void add_comment(WipedString& text, std::string_view what) {
  text.append("# ").append(printable(what, 300)).append("\n");
}

void add_key(WipedString& text, std::string_view key, std::string_view value) {
  text.append(key).append(" = ").append(value).append("\n");
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + toml_string(word);
  return "[" + list + "]";
}

std::string excluded_of(const config::Preset& preset) {
  std::string names;
  for (const std::string_view name : preset.excluded)
    names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

void add_server(WipedString& text, const Draft& draft) {
  const config::Preset* preset = draft.preset;
  // A host in so many words would keep the domain from leading to its preset.
  if (preset != nullptr && (!draft.preset_by_address || !draft.host.empty()))
    add_key(text, "preset", toml_string(preset->name));
  if (!draft.host.empty()) add_key(text, "host", toml_string(draft.host));
  const bool preset_mode = preset != nullptr && preset->mode == draft.mode;
  const std::uint16_t port = preset_mode ? preset->port : usual_port(draft.mode);
  if (draft.port != port) add_key(text, "port", std::to_string(draft.port));
}

void add_secret(WipedString& text, const Draft& draft) {
  if (const auto* command = std::get_if<FromCommand>(&draft.secret)) {
    if (!command->command.empty()) add_key(text, "password_command", toml_string(command->command));
  } else if (const auto* file = std::get_if<FromFile>(&draft.secret)) {
    add_key(text, "password_file", toml_string(file->path));
  } else if (std::holds_alternative<FromKeyring>(draft.secret)) {
    std::vector<std::string> words = {"secret-tool", "lookup"};
    for (std::string& word : keyring_attributes(draft.name)) words.push_back(std::move(word));
    add_key(text, "password_command", quoted_list(words));
  } else {
    add_key(text, "auth", toml_string("oauth"));
  }
}

// Behind all keys of the account itself.
void add_tables(WipedString& text, const Draft& draft) {
  const config::TlsMode usual =
      draft.preset != nullptr ? draft.preset->mode : config::TlsMode::implicit;
  const std::string heading = fmt::format("\n[account.{}.", bare_or_quoted(draft.name));
  if (draft.mode != usual || !draft.pins.empty()) {
    text.append(heading).append("tls]\n");
    if (draft.mode != usual) add_key(text, "mode", toml_string(word_of(draft.mode)));
    if (!draft.pins.empty()) add_key(text, "pin_sha256", quoted_list(draft.pins));
  }
  const auto* oauth = std::get_if<ByOAuth>(&draft.secret);
  if (oauth == nullptr) return;
  text.append(heading).append("oauth]\n");
  const auto add_unless_empty = [&text](std::string_view key, const std::string& value) {
    if (!value.empty()) add_key(text, key, toml_string(value));
  };
  add_unless_empty("provider", oauth->provider);
  add_unless_empty("authorize_url", oauth->authorize_url);
  add_unless_empty("token_url", oauth->token_url);
  add_unless_empty("device_url", oauth->device_url);
  add_unless_empty("scope", oauth->scope);
  add_key(text, "client_id", toml_string(oauth->client_id));
  if (oauth->client_secret.empty()) return;
  std::string secret = toml_string(oauth->client_secret.reveal());
  add_key(text, "client_secret", secret);
  wipe(secret);
}

}  // namespace

std::string account_name(std::string_view domain, const std::vector<std::string>& taken) {
  std::string base(domain.substr(0, domain.find('.')));
  std::erase_if(base, [](char c) { return !is_name_character(c); });
  base.resize(std::min(base.size(), kNameOctetsMax - 4));
  if (base.empty()) base = "mail";
  std::string name = base;
  for (int number = 2; std::ranges::find(taken, name) != taken.end(); ++number)
    name = fmt::format("{}-{}", base, number);
  return name;
}

std::vector<std::string> keyring_attributes(const std::string& account) {
  return {"service", "sterna", "account", account};
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 127) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string pin_in(std::string_view hint) {
  constexpr std::string_view kKey = "tls.pin_sha256 = [\"";
  const std::size_t at = hint.find(kKey);
  if (at == std::string_view::npos) return {};
  const std::string_view pin = hint.substr(at + kKey.size()).substr(0, kPinCharacters);
  return base64_decode(pin) ? std::string(pin) : std::string();
}

WipedString toml_of(const Draft& draft) {
  WipedString text;
  text.reserve(4096);  // no copy of a secret is left behind by growing
  add_comment(text, fmt::format("{}: {}", draft.address, draft.found_by));
  add_comment(text, "All keys are in sterna.toml(5); sterna check says whether all is well.");
  text.append("[account.").append(bare_or_quoted(draft.name)).append("]\n");
  add_key(text, "address", toml_string(draft.address));
  if (!draft.user.empty() && draft.user != draft.address)
    add_key(text, "user", toml_string(draft.user));
  add_server(text, draft);
  add_secret(text, draft);
  if (!draft.maildir.empty()) add_key(text, "maildir", toml_string(draft.maildir));
  if (draft.preset != nullptr && !draft.preset->excluded.empty()) {
    add_comment(text,
                "Left out, unless you write a list of your own, such as mailboxes = [\"*\"]: " +
                    excluded_of(*draft.preset));
  }
  add_tables(text, draft);
  return text;
}

}  // namespace sterna::cli
