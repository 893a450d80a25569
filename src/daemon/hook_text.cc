// SPDX-License-Identifier: Apache-2.0
#include "hook_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "sterna/base/bytes.h"

namespace sterna::daemon {
namespace {

// A program is not started at all with more than 128 KiB in one variable.
constexpr std::size_t kVariableMax = std::size_t{64} * 1024;

// Who has these speaks in our name to the service manager, or finds our secrets.
constexpr std::array<std::string_view, 10> kOurs = {
    "NOTIFY_SOCKET",  "WATCHDOG_USEC", "WATCHDOG_PID",          "LISTEN_PID",     "LISTEN_FDS",
    "LISTEN_FDNAMES", "MAINPID",       "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "FDSTORE"};

bool may_be_inherited(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  if (name.starts_with("STERNA_")) return name == "STERNA_CONFIG";
  return std::ranges::find(kOurs, name) == kOurs.end();
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// One a line, whole ones only.
std::string lines_of(const std::set<std::string>& mailboxes) {
  std::string text;
  for (const std::string& name : mailboxes) {
    const std::string line = std::ranges::any_of(name, is_control) ? printable(name) : name;
    if (text.size() + line.size() + 1 > kVariableMax) break;
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

void add_string(std::string& json, std::string_view raw) {
  json += '"';
  while (!raw.empty()) {
    const std::size_t length = utf8_sequence(raw);
    const auto octet = static_cast<unsigned char>(raw.front());
    if (length == 0) {
      json += fmt::format("\\udc{:02x}", octet);
    } else if (octet < 0x20 || octet == 0x7f) {
      json += fmt::format("\\u{:04x}", octet);
    } else {
      if (octet == '"' || octet == '\\') json += '\\';
      json += raw.substr(0, length);
    }
    raw.remove_prefix(std::max<std::size_t>(length, 1));
  }
  json += '"';
}

void add_member(std::string& json, std::string_view name, std::string_view value) {
  if (json.back() != '{') json += ',';
  add_string(json, name);
  json += ':';
  add_string(json, value);
}

}  // namespace

std::vector<std::string> hook_environment(HookEvent event, const std::string& account,
                                          const HookFacts& facts) {
  std::vector<std::string> variables;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (may_be_inherited(*variable)) variables.emplace_back(*variable);
  }
  variables.push_back(fmt::format("STERNA_EVENT={}", to_string(event)));
  variables.push_back("STERNA_ACCOUNT=" + account);
  variables.push_back("STERNA_MAILBOXES=" + lines_of(facts.mailboxes));
  variables.push_back(fmt::format("STERNA_NEW={}", facts.added));
  variables.push_back(fmt::format("STERNA_DELETED={}", facts.removed));
  variables.push_back(fmt::format("STERNA_CHANGED={}", facts.changed));
  if (!facts.message.empty()) {
    variables.push_back("STERNA_MESSAGE=" + printable(facts.message, 4000));
  }
  return variables;
}

std::string changes_json(const std::vector<account::FileChange>& changes) {
  std::string json = "[";
  for (const account::FileChange& change : changes) {
    if (json.size() > 1) json += ',';
    json += '{';
    add_member(json, "event", account::to_string(change.kind));
    add_member(json, "path", change.path);
    if (!change.old_path.empty()) add_member(json, "old_path", change.old_path);
    add_member(json, "mailbox", change.mailbox);
    json += '}';
  }
  return json + "]\n";
}

}  // namespace sterna::daemon
