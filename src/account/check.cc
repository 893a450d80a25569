// SPDX-License-Identifier: Apache-2.0
// `sterna check`: the way from the disk to the logged-in session, one line a step. A step that
// fails carries its Error and how to mend it; the steps that need it are skipped.
#include <fmt/format.h>

#include <algorithm>

#include "check_parts.h"
#include "engine.h"
#include "inspect_parts.h"
#include "local_minute.h"
#include "login.h"
#include "sterna/account/pause.h"
#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kExpiryWarningDays = 14;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::size_t kNameShown = 200;

bool has_context(const Error& error, std::string_view text) {
  return std::ranges::find(error.context(), text) != error.context().end();
}

void report_unencrypted(Findings& findings, const io::Endpoint& endpoint) {
  if (!endpoint.tunnel.empty()) {
    findings.ok("TLS", "left to the tunnel");
  } else if (is_loopback_host(endpoint.host) && endpoint.proxy.host.empty()) {
    findings.ok("TLS", "none, within this machine");
  } else {
    findings.warn("TLS", "the line is not encrypted", "set tls.mode = \"implicit\"");
  }
}

void report_tls(Findings& findings, const Services& services, const io::TlsInfo& info) {
  const std::int64_t now = services.clock.wall_ns() / kNsPerSecond;
  const std::int64_t days = (info.expires - now) / kDaySeconds;
  std::string detail =
      fmt::format("{}, {}, certificate of {} by {}, valid for {} more day{}", info.version,
                  info.cipher, info.subject, info.issuer, days, days == 1 ? "" : "s");
  if (days < kExpiryWarningDays) {
    findings.warn("TLS", std::move(detail), "the server's certificate is to be renewed soon");
  } else {
    findings.ok("TLS", std::move(detail));
  }
}

// What carries the line; a proxy looks up names itself.
std::string_view way_to(const io::Endpoint& endpoint) {
  if (!endpoint.tunnel.empty()) return "tunnel";
  return endpoint.proxy.host.empty() ? "TCP" : "proxy";
}

std::string printable_endpoint(const io::Endpoint& endpoint) {
  if (!endpoint.tunnel.empty()) return printable(endpoint.tunnel.front());
  return fmt::format("{}:{}", printable(endpoint.host), endpoint.port);
}

void report_line(Findings& findings, const io::Endpoint& endpoint, const std::string& peer) {
  const std::string_view way = way_to(endpoint);
  if (way == "TCP" && !peer.empty() && peer != endpoint.host) {
    findings.ok("DNS", fmt::format("{} is at {}", printable(endpoint.host), peer));
  }
  findings.ok(std::string(way), printable_endpoint(endpoint));
}

// Which of the steps of open_line() failed follows from the error.
void report_no_line(Findings& findings, Error error, const io::Endpoint& endpoint) {
  // Octets that came before the handshake.
  const bool injected = error.is(ErrorCode::protocol) && has_context(error, "connect");
  if (error.is(ErrorCode::tls) || error.is(ErrorCode::certificate) || injected) {
    report_line(findings, endpoint, {});
    findings.failed("TLS", std::move(error));
    findings.skipped("greeting");
  } else if (has_context(error, "greeting") || error.is(ErrorCode::protocol)) {
    report_line(findings, endpoint, {});
    findings.failed("greeting", std::move(error));
  } else {
    findings.failed(error.is(ErrorCode::resolve) ? "DNS" : std::string(way_to(endpoint)),
                    std::move(error));
    findings.skipped("TLS");
    findings.skipped("greeting");
  }
  findings.skipped("login");
  findings.skipped("server");
}

void report_changes(Findings& findings, const Connection& connection) {
  if (connection.qresync) {
    findings.ok("changes", "QRESYNC: only what changed is asked for");
  } else if (connection.condstore) {
    findings.ok("changes",
                "CONDSTORE: only changed flags are asked for, deletions by comparing UIDs");
  } else {
    findings.ok("changes",
                "neither QRESYNC nor CONDSTORE: where a mailbox may have changed, its "
                "flags are asked for");
  }
  findings.ok("sweep", connection.has(imap::Capability::list_status)
                           ? "LIST-STATUS: all mailboxes in one answer"
                           : "STATUS of each mailbox");
}

void report_removals(Findings& findings, const Connection& connection) {
  const bool uidplus =
      connection.has(imap::Capability::uidplus) && !connection.quirks.no_uid_expunge;
  findings.ok("deletions", uidplus ? "UIDPLUS: exactly the message that is meant"
                                   : "EXPUNGE, with the marks of other clients taken away for that "
                                     "moment (no UIDPLUS that can be used)");
  findings.ok("moves", connection.has(imap::Capability::move) ? "MOVE" : "COPY, then a deletion");
}

void report_transfer(Findings& findings, const Connection& connection, const Settings& settings) {
  if (!connection.has(imap::Capability::idle)) {
    findings.ok("push", "none: the server does not offer IDLE");
  } else {
    std::string_view push = "IDLE: sterna run hears of changes at once";
    if (connection.quirks.idle_unreliable) {
      push = "the server offers IDLE, which tells of little there";
    } else if (connection.has(imap::Capability::notify)) {
      push = "NOTIFY: sterna run hears of changes in all mailboxes at once";
    }
    findings.ok("push", std::string(push));
  }
  std::string uploads = "after the server's go-ahead";
  if (connection.has(imap::Capability::literal_plus)) {
    uploads = "without waiting for the server (LITERAL+)";
  } else if (connection.has(imap::Capability::literal_minus)) {
    uploads = "of up to 4 KiB without waiting for the server (LITERAL-)";
  }
  if (const auto limit = connection.capabilities().append_limit()) {
    uploads += fmt::format(", at most {} a message", human_bytes(*limit));
  }
  findings.ok("uploads", std::move(uploads));
  const bool can_deflate = connection.has(imap::Capability::compress_deflate);
  if (settings.compress == Compress::yes && !can_deflate) {
    findings.warn("compression", "the server has no COMPRESS=DEFLATE",
                  "leave out compress = \"yes\"");
  } else if (settings.compress == Compress::no || !can_deflate) {
    findings.ok("compression", can_deflate ? "switched off" : "none");
  } else {
    findings.ok("compression",
                settings.compress == Compress::yes ? "DEFLATE" : "DEFLATE, on slow lines");
  }
}

void report_names(Findings& findings, const Connection& connection) {
  const imap::NameRules& names = connection.names;
  std::string detail = connection.has(imap::Capability::special_use)
                           ? "roles from SPECIAL-USE"
                           : "roles from the settings and the usual names";
  if (!names.prefix.empty()) detail += fmt::format(", below {}", printable(names.prefix));
  findings.ok("mailboxes", std::move(detail));
}

const ServerMailbox* holder_of(Role role, const std::vector<ServerMailbox>& mailboxes) {
  const auto it = std::ranges::find(mailboxes, role, &ServerMailbox::role);
  return it == mailboxes.end() ? nullptr : &*it;
}

// That what the configuration says of the role has no effect, and why.
void warn_of_role(Findings& findings, const Settings& settings, Role role,
                  const std::vector<ServerMailbox>& mailboxes) {
  const MailboxName& name = settings.roles.at(role);
  const std::string key =
      fmt::format("roles.{} = {}", to_string(role), printable(name.text(), kNameShown));
  if (std::ranges::find(mailboxes, name, &ServerMailbox::name) == mailboxes.end()) {
    findings.warn("roles", key + ": the server has no such mailbox",
                  fmt::format("sterna mailboxes {} lists what there is", settings.name));
  } else if (const ServerMailbox* holder = holder_of(role, mailboxes)) {
    findings.warn("roles",
                  fmt::format("{} has no effect: {} has that role", key,
                              printable(holder->name.text(), kNameShown)),
                  "leave it out");
  } else {
    findings.warn("roles", key + " has no effect: that mailbox has another role, or holds no mail",
                  "name another one, or leave it out");
  }
}

// A preset names what its servers have where they do not tell the roles themselves: that counts
// for nothing where they do, and is no mistake of the user's where they have no such mailbox.
void warn_of_preset(Findings& findings, const Settings& settings,
                    const std::vector<ServerMailbox>& mailboxes) {
  std::string expected;
  std::string mended;
  for (const Role role : settings.preset_roles) {
    if (holder_of(role, mailboxes)) continue;
    const std::string name = printable(settings.roles.at(role).text(), kNameShown);
    expected += fmt::format("{}{} = {}", expected.empty() ? "" : ", ", to_string(role), name);
    mended += fmt::format("{}roles.{}", mended.empty() ? "" : ", ", to_string(role));
  }
  if (expected.empty()) return;
  findings.warn("roles",
                fmt::format("the preset {} expects {}: no mailbox of the server has such a role",
                            settings.preset, expected),
                fmt::format("where another mailbox is meant, name it: {} (sterna mailboxes {} "
                            "lists what there is)",
                            mended, settings.name));
}

coro::Task<void> check_mailboxes(Findings& findings, const Settings& settings,
                                 Connection& connection) {
  auto listed = co_await list_server(connection, settings, false);
  if (listed) {
    report_roles(findings, settings, *listed);
  } else {
    findings.failed("roles", std::move(listed).error());
  }
}

coro::Task<void> check_login(Findings& findings, Services services, const Settings& settings,
                             LoginSecret& secret, Log log, std::unique_ptr<Connection>& line) {
  Result<std::string> how = co_await log_in(line, services, settings, secret, std::move(log));
  Connection& connection = *line;
  Status settled;
  if (how) settled = co_await connection.settle();
  if (!how || !settled) {
    findings.failed("login", how ? std::move(settled).error() : std::move(how).error());
    findings.skipped("server");
    co_return;
  }
  findings.ok("login", fmt::format("{} with {}", printable(settings.user), *how));
  report_changes(findings, connection);
  report_removals(findings, connection);
  report_transfer(findings, connection, settings);
  report_names(findings, connection);
  const std::string quirks = imap::describe(connection.quirks);
  if (!quirks.empty()) findings.ok("quirks", quirks);
  co_await check_mailboxes(findings, settings, connection);
}

// It keeps no check from knocking: whoever asks for one wants to know.
void report_wait(Findings& findings, const Services& services, const Settings& settings) {
  const auto wait = read_standing_wait(settings, services.clock.wall_ns() / 1'000'000);
  if (wait && !*wait) return;
  std::string detail = wait ? fmt::format("the server is left alone until {}, since it said \"{}\"",
                                          local_minute((*wait)->until_ms), (*wait)->said)
                            : wait.error().describe();
  findings.warn("wait", std::move(detail), "to sync now: sterna resume " + settings.name);
}

coro::Task<void> check_server(Findings& findings, Services services, const Settings& settings,
                              Log log) {
  // First, since a person may be asked, and servers do not wait long for a login.
  LoginSecret secret(settings);
  const Result<Secret> known = co_await secret.get();
  const auto before = services.clock.monotonic();
  auto connection = co_await open_line(services, settings, log);
  if (!connection) {
    report_no_line(findings, std::move(connection).error(), settings.endpoint);
    co_return;
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(services.clock.monotonic() - before);
  report_line(findings, settings.endpoint, (*connection)->transport().peer());
  if (const auto info = (*connection)->transport().tls_info()) {
    report_tls(findings, services, *info);
  } else {
    report_unencrypted(findings, settings.endpoint);
  }
  findings.ok("greeting", fmt::format("after {} ms, connecting included", took.count()));
  if (known || (*connection)->client().authenticated()) {
    co_await check_login(findings, services, settings, secret, std::move(log), *connection);
  } else {
    const bool is_token = settings.auth == auth::Preference::oauth;
    findings.failed(is_token ? "login" : "password", known.error());
    if (!is_token) findings.skipped("login");
    findings.skipped("server");
  }
  co_await (*connection)->logout();
}

}  // namespace

void report_roles(Findings& findings, const Settings& settings,
                  const std::vector<ServerMailbox>& mailboxes) {
  std::string detail;
  for (const Role role : {Role::trash, Role::sent, Role::drafts, Role::junk, Role::archive}) {
    const ServerMailbox* mailbox = holder_of(role, mailboxes);
    if (!mailbox) continue;
    detail += fmt::format("{}{} = {}", detail.empty() ? "" : ", ", to_string(role),
                          printable(mailbox->name.text(), kNameShown));
  }
  findings.ok("roles", detail.empty() ? "no mailbox has one" : std::move(detail));
  for (const auto& [role, name] : settings.roles) {
    const ServerMailbox* holder = holder_of(role, mailboxes);
    if (settings.preset_roles.contains(role) || (holder && holder->name == name)) continue;
    warn_of_role(findings, settings, role, mailboxes);
  }
  warn_of_preset(findings, settings, mailboxes);
  const MailboxPolicy policy = settings.policy_for(MailboxName("INBOX"));
  const bool wanted =
      policy.local_delete == sync::LocalDelete::trash && policy.direction != sync::Direction::pull;
  if (wanted && !holder_of(Role::trash, mailboxes)) {
    findings.warn("Trash",
                  "the server has none: what is deleted here is kept in the undo area for a while, "
                  "and expunged there",
                  "make a mailbox named Trash, or name one: roles.trash");
  }
}

coro::Task<std::vector<CheckLine>> check_account(Services services, Settings settings, bool offline,
                                                 Log log) {
  const std::string probe_name = ".sterna-check-" + services.random.hex(8);
  Findings findings = co_await on_worker(services, [&services, &settings, &probe_name] {
    Findings disk;
    check_disk(disk, services, settings, probe_name);
    return disk;
  });
  report_wait(findings, services, settings);
  if (!offline) co_await check_server(findings, services, settings, std::move(log));
  co_return std::move(findings.lines);
}

}  // namespace sterna::account
