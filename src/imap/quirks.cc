// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/quirks.h"

#include <algorithm>
#include <array>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

struct Server {
  std::string_view greeting;
  const Capabilities& capabilities;
  std::string_view host;

  bool greets(std::string_view part) const {
    return ascii_lower(greeting).find(ascii_lower(part)) != std::string::npos;
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
          q.deletes_at_once = true;
          q.append_deduplicates = true;
          q.hides_old_messages = true;
        }},
    // exchange
    Row{[](const Server& s) { return s.greets("Microsoft Exchange"); },
        [](Quirks& q) {
          q.pipeline_depth_max = 4;
          q.connections_max = 8;
          q.idle_unreliable = true;
          q.size_unreliable = true;
          q.append_rewrites = true;
        }},
    // yahoo
    Row{[](const Server& s) { return s.has(Capability::yahoo); },
        [](Quirks& q) {
          q.command_line_octets_max = 1000;
          q.connections_max = 2;
          q.idle_unreliable = true;
          q.header_search_unreliable = true;
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
          q.header_search_unreliable = true;
          q.slow_moves = true;
        }},
    // courier
    Row{[](const Server& s) { return s.greets("Courier-IMAP"); },
        [](Quirks& q) {
          q.connections_max = 4;
          q.idle_unreliable = true;
        }},
    // cyrus
    Row{[](const Server& s) { return s.greets("Cyrus IMAP"); },
        [](Quirks& q) { q.binds_by_finished = true; }},
    // proton-bridge
    Row{[](const Server& s) { return s.greets("gluon session ID"); },
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
          q.header_search_unreliable = true;
        }},
    // yandex
    Row{[](const Server& s) { return s.is_at_one_of({"yandex.ru", "yandex.com"}); },
        [](Quirks& q) {
          q.connections_max = 2;
          q.header_search_unreliable = true;
        }},
    // hmailserver
    Row{[](const Server& s) { return s.capabilities.has_other("IMAPREV1"); },
        [](Quirks& q) {
          q.connections_max = 2;
          q.size_unreliable = true;
        }},
};

}  // namespace

Quirks quirks_for(std::string_view greeting, const Capabilities& capabilities,
                  std::string_view host) {
  const Server server{greeting, capabilities, host};
  Quirks quirks;
  for (const Row& row : kRows) {
    if (row.matches(server)) row.set(quirks);
  }
  return quirks;
}

}  // namespace sterna::imap
