// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/quirks.h"

#include <algorithm>
#include <array>
#include <variant>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

struct Server {
  std::string_view said;  // in its greeting, and to ID
  const Capabilities& capabilities;
  std::string_view host;

  bool says(std::string_view part) const {
    return ascii_lower(said).find(ascii_lower(part)) != std::string::npos;
  }
  // The host is the domain or lies below it.
  bool is_at(std::string_view domain) const {
    if (host.size() < domain.size()) return false;
    const std::size_t begin = host.size() - domain.size();
    return ascii_iequals(host.substr(begin), domain) && (begin == 0 || host[begin - 1] == '.');
  }
  bool is_at_one_of(std::initializer_list<std::string_view> domains) const {
    return std::ranges::any_of(domains, [this](std::string_view domain) { return is_at(domain); });
  }
  // Cyrus 3 of a minor version below that.
  bool is_cyrus_before(unsigned minor) const {
    for (const std::string_view name : {"Cyrus IMAP 3.", "Cyrus IMAPD 3."}) {
      const std::size_t at = said.find(name);
      if (at == std::string_view::npos) continue;
      const std::string_view rest = said.substr(at + name.size());
      const auto number = parse_number(rest.substr(0, rest.find_first_not_of("0123456789")), 999);
      return number && *number < minor;
    }
    return false;
  }
  bool has(Capability capability) const { return capabilities.has(capability); }
};

struct Row {
  bool (*matches)(const Server&);
  void (*set)(Quirks&);
};

// The names are those of docs/imap.md. Later rows win where two set one number; the numbers of
// connections are those that the servers bear with other clients beside us.
constexpr std::array kRows = {
    // gmail
    Row{[](const Server& s) { return s.has(Capability::gmail); },
        [](Quirks& q) {
          q.connections_max = 5;
          q.download_mb_a_day = 2500;
          q.upload_mb_a_day = 500;
          q.deletes_at_once = true;
          q.append_deduplicates = true;
          q.hides_old_messages = true;
        }},
    // exchange
    Row{[](const Server& s) {
          return s.says("Microsoft Exchange") || s.says("Microsoft.Exchange");
        },
        [](Quirks& q) {
          q.pipeline_depth_max = 4;
          q.connections_max = 8;
          q.idle_unreliable = true;
          q.size_unreliable = true;
          q.append_rewrites = true;
          q.substitutes_messages = true;
        }},
    // yahoo
    Row{[](const Server& s) { return s.has(Capability::yahoo); },
        [](Quirks& q) {
          q.command_line_octets_max = 1000;
          q.connections_max = 2;
          q.idle_unreliable = true;
          q.hides_old_messages = true;
        }},
    // icloud
    Row{[](const Server& s) {
          return s.has(Capability::apple_push) &&
                 s.is_at_one_of({"me.com", "icloud.com", "mac.com"});
        },
        [](Quirks& q) {
          q.connections_max = 4;
          q.no_qresync = true;
          q.ask_capability_after_login = true;
        }},
    // courier
    Row{[](const Server& s) { return s.says("Courier-IMAP"); },
        [](Quirks& q) {
          q.connections_max = 4;
          q.idle_unreliable = true;
        }},
    // cyrus
    Row{[](const Server& s) { return s.says("Cyrus IMAP"); },
        [](Quirks& q) { q.binds_by_finished = true; }},
    // cyrus-status: freed memory, with whatever lies in it
    Row{[](const Server& s) { return s.is_cyrus_before(8); },
        [](Quirks& q) { q.no_mailbox_id = true; }},
    // proton-bridge
    Row{[](const Server& s) { return s.says("gluon session ID"); },
        [](Quirks& q) {
          q.no_uid_expunge = true;
          q.append_rewrites = true;
        }},
    // netease
    Row{[](const Server& s) { return s.is_at_one_of({"163.com", "126.com", "yeah.net"}); },
        [](Quirks& q) {
          q.connections_max = 2;
          q.id_required = true;
        }},
    // qq
    Row{[](const Server& s) { return s.is_at("qq.com"); },
        [](Quirks& q) {
          q.connections_max = 1;
          q.ask_capability_after_login = true;
        }},
    // yandex
    Row{[](const Server& s) { return s.is_at_one_of({"yandex.ru", "yandex.com"}); },
        [](Quirks& q) { q.connections_max = 2; }},
    // hmailserver
    Row{[](const Server& s) { return s.capabilities.has_other("IMAPREV1"); },
        [](Quirks& q) {
          q.connections_max = 2;
          q.size_unreliable = true;
        }},
};

}  // namespace

Quirks quirks_for(std::string_view said, const Capabilities& capabilities, std::string_view host) {
  const Server server{said, capabilities, host};
  Quirks quirks;
  for (const Row& row : kRows) {
    if (row.matches(server)) row.set(quirks);
  }
  return quirks;
}

namespace {

using Place = std::variant<bool Quirks::*, unsigned Quirks::*, std::size_t Quirks::*>;

struct Switch {
  std::string_view name;
  Place place;
};

constexpr std::array kSwitches = {
    Switch{"command_line_octets_max", &Quirks::command_line_octets_max},
    Switch{"pipeline_depth_max", &Quirks::pipeline_depth_max},
    Switch{"connections_max", &Quirks::connections_max},
    Switch{"download_mb_a_day", &Quirks::download_mb_a_day},
    Switch{"upload_mb_a_day", &Quirks::upload_mb_a_day},
    Switch{"idle_seconds_max", &Quirks::idle_seconds_max},
    Switch{"no_qresync", &Quirks::no_qresync},
    Switch{"ask_capability_after_login", &Quirks::ask_capability_after_login},
    Switch{"id_required", &Quirks::id_required},
    Switch{"idle_unreliable", &Quirks::idle_unreliable},
    Switch{"size_unreliable", &Quirks::size_unreliable},
    Switch{"hides_old_messages", &Quirks::hides_old_messages},
    Switch{"deletes_at_once", &Quirks::deletes_at_once},
    Switch{"append_deduplicates", &Quirks::append_deduplicates},
    Switch{"append_rewrites", &Quirks::append_rewrites},
    Switch{"substitutes_messages", &Quirks::substitutes_messages},
    Switch{"no_uid_expunge", &Quirks::no_uid_expunge},
    Switch{"no_mailbox_id", &Quirks::no_mailbox_id},
    Switch{"binds_by_finished", &Quirks::binds_by_finished},
};

void assign(bool& place, std::uint64_t value) {
  place = value != 0;
}
void assign(unsigned& place, std::uint64_t value) {
  place = static_cast<unsigned>(std::min<std::uint64_t>(value, UINT32_MAX));
}
void assign(std::size_t& place, std::uint64_t value) {
  place = value;
}

}  // namespace

bool set_quirk(Quirks& quirks, std::string_view name, std::uint64_t value) {
  const auto* found = std::ranges::find(kSwitches, name, &Switch::name);
  if (found == kSwitches.end()) return false;
  std::visit([&quirks, value](auto place) { assign(quirks.*place, value); }, found->place);
  return true;
}

std::string describe(const Quirks& quirks) {
  const Quirks ordinary;
  std::string text;
  for (const Switch& one : kSwitches) {
    const std::uint64_t value =
        std::visit([&quirks](auto place) { return std::uint64_t{quirks.*place}; }, one.place);
    const std::uint64_t usual =
        std::visit([&ordinary](auto place) { return std::uint64_t{ordinary.*place}; }, one.place);
    if (value == usual) continue;
    if (!text.empty()) text += ", ";
    text += one.name;
    if (!std::holds_alternative<bool Quirks::*>(one.place)) text += "=" + std::to_string(value);
  }
  return text;
}

std::vector<std::string_view> quirk_names() {
  std::vector<std::string_view> names;
  for (const Switch& one : kSwitches) names.push_back(one.name);
  return names;
}

}  // namespace sterna::imap
