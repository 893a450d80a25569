// SPDX-License-Identifier: Apache-2.0
#include "draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::importer {
namespace {

constexpr std::size_t kNameOctetsMax = 64;
constexpr std::size_t kRemarkOctetsMax = 600;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

void append_escaped(std::string_view text, WipedString& out) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    const auto octet = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\uFFFD";
    } else if (octet == '"' || octet == '\\') {
      out += '\\';
      out += text.front();
    } else if (octet == '\n' || octet == '\t') {
      out += octet == '\n' ? "\\n" : "\\t";
    } else if (octet < 0x20 || octet == 0x7f) {
      out += fmt::format("\\u{:04X}", octet);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append_setting(const Setting& setting, std::string_view before, WipedString& out) {
  out += before;
  out += setting.key;
  out += " = ";
  out += setting.value;
  if (!setting.note.empty()) out += "  # " + printable(setting.note);
  out += '\n';
}

void append_settings(const Settings& settings, WipedString& out) {
  for (const Setting& setting : settings.all()) append_setting(setting, "", out);
  for (const Setting& setting : settings.suggestions()) append_setting(setting, "# ", out);
}

void append_table(std::string_view head, const Settings& settings, WipedString& out) {
  if (settings.empty()) return;
  out += fmt::format("\n[{}]\n", head);
  append_settings(settings, out);
}

void append_draft(const Draft& draft, WipedString& out) {
  const std::string head = "account." + toml_key(draft.name);
  out += '\n';
  for (const std::string& comment : draft.comments) {
    out += comment.empty() ? "#" : "# " + printable(comment);
    out += '\n';
  }
  out += fmt::format("[{}]\n", head);
  append_settings(draft.keys, out);
  if (!draft.rename.empty()) {
    out += fmt::format("\n[{}.rename]  # the folder here = the mailbox there\n", head);
    for (const auto& [local, remote] : draft.rename)
      out += toml_key(local) + " = " + toml_string(remote) + "\n";
  }
  append_table(head + ".roles", draft.roles, out);
  append_table(head + ".tls", draft.tls, out);
  append_table(head + ".oauth", draft.oauth, out);
  for (const Settings& rule : draft.rules) {
    out += fmt::format("\n[[{}.rule]]\n", head);
    append_settings(rule, out);
  }
}

}  // namespace

void Remarks::add(std::string_view about, std::string_view text) {
  std::string line(about);
  if (!line.empty()) line += ": ";
  line += text;
  line = printable(line, kRemarkOctetsMax);
  if (std::ranges::find(lines_, line) == lines_.end()) lines_.push_back(std::move(line));
}

WipedString toml_string(std::string_view text) {
  WipedString out;
  out.reserve(2 * text.size() + 2);
  out += '"';
  append_escaped(text, out);
  out += '"';
  return out;
}

std::string toml_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += toml_string(text);
  }
  return out + "]";
}

std::string toml_shell(std::string_view command) {
  return toml_array({"sh", "-c", std::string(command)});
}

std::string toml_key(std::string_view name) {
  const bool bare = !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_name_character(c) && c != '.';
  });
  return bare ? std::string(name) : std::string(toml_string(name));
}

void Settings::set(std::string key, std::string value, std::string note) {
  erase(key);
  settings_.push_back({std::move(key), std::move(value), std::move(note)});
}

void Settings::set_text(std::string key, std::string_view value, std::string note) {
  erase(key);
  settings_.push_back({std::move(key), toml_string(value), std::move(note)});
}

void Settings::erase(std::string_view key) {
  std::erase_if(settings_, [key](const Setting& setting) { return setting.key == key; });
}

const Setting* Settings::find(std::string_view key) const {
  const auto found = std::ranges::find(settings_, key, &Setting::key);
  return found == settings_.end() ? nullptr : &*found;
}

void Settings::suggest(std::string key, std::string value, std::string note) {
  const bool known = std::ranges::find(suggestions_, key, &Setting::key) != suggestions_.end();
  if (!known) suggestions_.push_back({std::move(key), std::move(value), std::move(note)});
}

bool Settings::operator==(const Settings& other) const {
  return std::ranges::equal(settings_, other.settings_, [](const Setting& a, const Setting& b) {
    return a.key == b.key && a.value == b.value;
  });
}

std::string account_name(std::string_view wanted, const std::vector<Draft>& drafts) {
  std::string name;
  for (const char c : wanted.substr(0, kNameOctetsMax - 4)) {
    const bool sound = is_name_character(c);
    if (sound || !name.ends_with('-')) name += sound ? c : '-';
  }
  while (name.ends_with('-')) name.pop_back();
  if (name.find_first_not_of(".-") == std::string::npos) name = "mail";
  const auto taken = [&drafts](const std::string& one) {
    return std::ranges::find(drafts, one, &Draft::name) != drafts.end();
  };
  std::string free = name;
  for (int number = 2; taken(free); ++number) free = fmt::format("{}-{}", name, number);
  return free;
}

WipedString write_toml(const std::vector<std::string>& head, const Settings& hooks,
                       const std::vector<Draft>& drafts) {
  WipedString out;
  for (const std::string& line : head) out += "# " + line + "\n";
  append_table("hooks", hooks, out);
  for (const Draft& draft : drafts) append_draft(draft, out);
  return out;
}

}  // namespace sterna::importer
