// SPDX-License-Identifier: Apache-2.0
// The only file of this room that sees nlohmann-json.
#include "json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "sterna/base/json_text.h"
#include "times.h"

namespace sterna::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;

Json octets(std::string_view raw) {
  return Json(json_marked(raw));
}

std::string text_of(const Json& object) {
  return json_escaped(object.dump()) + "\n";
}

Json envelope() {
  return Json{{"schema", kSchema}};
}

Json time_or_null(std::int64_t at_ms) {
  return at_ms == 0 ? Json(nullptr) : Json(rfc3339(at_ms));
}

template <class Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json uid_or_null(std::uint32_t uid) {
  return uid == 0 ? Json(nullptr) : Json(uid);
}

Json octets_or_null(std::string_view raw) {
  return raw.empty() ? Json(nullptr) : octets(raw);
}

Json error_object(const Error& error) {
  return Json{{"code", to_string(error.code())},
              {"scope", to_string(error.scope())},
              {"disposition", to_string(error.disposition())},
              {"message", octets(error.describe())},
              {"hint", octets_or_null(error.hint())}};
}

Json error_list(const std::vector<Error>& errors) {
  Json list = Json::array();
  for (const Error& error : errors) list.push_back(error_object(error));
  return list;
}

Json synced_object(const SyncedAccount& account) {
  const account::AccountReport& report = account.report;
  const account::Counts& counts = report.counts;
  Json waiting = Json::array();
  for (const account::WaitingLine& line : report.waiting)
    waiting.push_back({{"mailbox", octets(line.mailbox)},
                       {"count", line.count},
                       {"reason", octets(line.reason)}});
  Json object{{"name", octets(report.account)},
              {"exit", static_cast<int>(account.exit)},
              {"downloaded", counts.downloaded},
              {"uploaded", counts.uploaded},
              {"flags_in", counts.flags_in},
              {"flags_out", counts.flags_out},
              {"moved_in", counts.moved_in},
              {"moved_out", counts.moved_out},
              {"deleted_in", counts.deleted_in},
              {"deleted_out", counts.deleted_out},
              {"mailboxes_in", counts.mailboxes_in},
              {"mailboxes_out", counts.mailboxes_out},
              {"bodies_fetched", counts.bodies_fetched},
              {"bytes_in", counts.bytes_in},
              {"bytes_out", counts.bytes_out},
              {"held", report.held},
              {"marker_held", report.marker_held},
              {"quarantined", report.quarantined},
              {"waiting", waiting},
              {"seconds", report.seconds},
              {"errors", error_list(report.errors)}};
  if (!report.plan.empty()) {
    Json& plan = object["plan"] = Json::array();
    for (const account::PlannedLine& line : report.plan)
      plan.push_back({{"mailbox", octets(line.mailbox)},
                      {"action", octets(line.action)},
                      {"count", line.count},
                      {"reason", octets(line.reason)}});
  }
  return object;
}

Json synced_list(const std::vector<SyncedAccount>& accounts) {
  Json list = Json::array();
  for (const SyncedAccount& account : accounts) list.push_back(synced_object(account));
  return list;
}

bool is_pushed(const StatusRow& row, const std::string& mailbox) {
  return row.life && std::ranges::find(row.life->pushed, mailbox) != row.life->pushed.end();
}

// What only a daemon knows.
void add_life(Json& object, const account::Life& life) {
  object["since"] = time_or_null(life.since_ms);
  object["next_try"] = time_or_null(life.next_try_ms);
  object["error_object"] = life.error ? error_object(*life.error) : Json(nullptr);
  object["push_by"] = octets_or_null(life.push_by);
  object["connections"] = life.connections;
  object["watches"] = life.watches;
  object["watch_obstacle"] = octets_or_null(life.watch_obstacle);
  object["disk_silent"] = life.disk_silent;
}

Json status_object(const StatusRow& row) {
  const account::AccountState& state = row.state;
  Json mailboxes = Json::array();
  for (const account::MailboxState& mailbox : state.mailboxes)
    mailboxes.push_back({{"name", octets(mailbox.name)},
                         {"path", octets_or_null(mailbox.path)},
                         {"messages", mailbox.messages},
                         {"pushed", is_pushed(row, mailbox.name)},
                         {"last_sync", time_or_null(mailbox.last_sync_ms)}});
  Json parked = Json::array();
  for (const account::ParkedMessage& message : state.parked)
    parked.push_back({{"mailbox", octets(message.mailbox)},
                      {"uid", uid_or_null(message.uid)},
                      {"path", octets_or_null(message.path)},
                      {"action", octets(message.action)},
                      {"reason", octets(message.reason)},
                      {"tries", message.tries},
                      {"next_try", time_or_null(message.next_try_ms)}});
  Json object{{"name", octets(state.name)},
              {"state", row.word},
              {"last_sync", time_or_null(state.last_sync_ms)},
              {"pending", state.pending},
              {"held", state.held},
              {"quarantined", state.quarantined},
              {"error", octets_or_null(state.error)},
              {"mailboxes", std::move(mailboxes)},
              {"parked", std::move(parked)}};
  if (row.pause) object["paused_until"] = time_or_null(row.pause->until_ms);
  if (row.wait) object["next_try"] = time_or_null(row.wait->until_ms);
  if (row.life) add_life(object, *row.life);
  return object;
}

std::string_view word_of(account::CheckStatus status) {
  constexpr std::string_view kWords[] = {"ok", "warning", "failed", "skipped"};
  return kWords[static_cast<std::size_t>(status)];
}

}  // namespace

std::string errors_json(const std::vector<Error>& errors, Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  object["errors"] = error_list(errors);
  return text_of(object);
}

std::string sync_json(const std::vector<SyncedAccount>& accounts, Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  object["accounts"] = synced_list(accounts);
  return text_of(object);
}

std::string status_json(const std::vector<StatusRow>& rows) {
  Json object = envelope();
  Json& list = object["accounts"] = Json::array();
  for (const StatusRow& row : rows) list.push_back(status_object(row));
  return text_of(object);
}

std::string waybar_json(std::string_view text, std::string_view tooltip, std::string_view word) {
  const auto markup = [](std::string_view plain) {
    std::string result;
    for (const char c : plain) {
      if (c == '&') {
        result += "&amp;";
      } else if (c == '<') {
        result += "&lt;";
      } else if (c == '>') {
        result += "&gt;";
      } else {
        result += c;
      }
    }
    return result;
  };
  return text_of(Json{{"text", octets(markup(text))},
                      {"alt", word},
                      {"tooltip", octets(markup(tooltip))},
                      {"class", word}});
}

std::string check_json(const std::vector<CheckedAccount>& accounts, Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  Json& list = object["accounts"] = Json::array();
  for (const CheckedAccount& account : accounts) {
    Json checks = Json::array();
    for (const account::CheckLine& line : account.lines)
      checks.push_back({{"what", octets(line.what)},
                        {"status", word_of(line.status)},
                        {"detail", octets(line.detail)},
                        {"hint", octets_or_null(line.hint)},
                        {"error", line.error ? error_object(*line.error) : Json(nullptr)}});
    list.push_back({{"name", octets(account.account)},
                    {"exit", static_cast<int>(account.exit)},
                    {"checks", std::move(checks)}});
  }
  return text_of(object);
}

std::string init_json(const std::string& account, const std::string& file,
                      const std::string& found_by) {
  Json object = envelope();
  object["account"] = octets(account);
  object["file"] = octets(file);
  object["found_by"] = octets(found_by);
  return text_of(object);
}

std::string mailboxes_json(const std::string& account, const std::vector<MailboxRow>& rows) {
  Json object = envelope();
  Json& list = object["mailboxes"] = Json::array();
  for (const MailboxRow& row : rows) {
    const account::MailboxLine& line = row.line;
    list.push_back({{"account", octets(account)},
                    {"mailbox", octets(line.name)},
                    {"path", octets_or_null(line.path)},
                    {"role", octets_or_null(line.role)},
                    {"on_server", line.on_server},
                    {"selectable", line.selectable},
                    {"local", line.local},
                    {"included", line.included},
                    {"rule", octets_or_null(row.rule)},
                    {"reason", octets_or_null(line.obstacle)},
                    {"pushed", row.pushed},
                    {"messages_remote", number_or_null(line.messages_remote)},
                    {"messages_local", number_or_null(line.messages_local)},
                    {"bytes_remote", number_or_null(line.octets_remote)}});
  }
  return text_of(object);
}

std::string verify_json(const std::vector<VerifiedAccount>& accounts, Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  Json differences = Json::array();
  Json notes = Json::array();
  Json& list = object["accounts"] = Json::array();
  for (const VerifiedAccount& account : accounts) {
    std::uint64_t count = 0;
    for (const account::Difference& line : account.result.lines) {
      count += line.is_note() ? 0 : 1;
      (line.is_note() ? notes : differences)
          .push_back({{"kind", to_string(line.kind)},
                      {"account", octets(account.account)},
                      {"mailbox", octets(line.mailbox)},
                      {"uid", uid_or_null(line.uid)},
                      {"path", octets_or_null(line.path)},
                      {"reason", octets(line.what)}});
    }
    list.push_back({{"name", octets(account.account)},
                    {"differences", count},
                    {"messages_compared", account.result.messages_compared},
                    {"bytes_compared", account.result.octets_compared},
                    {"errors", error_list(account.result.errors)}});
  }
  object["differences"] = std::move(differences);
  object["notes"] = std::move(notes);
  return text_of(object);
}

std::string history_json(const std::vector<HistoryRow>& rows) {
  Json object = envelope();
  Json& list = object["history"] = Json::array();
  for (const HistoryRow& row : rows)
    list.push_back({{"account", octets(row.account)},
                    {"mailbox", octets(row.line.mailbox)},
                    {"uid", uid_or_null(row.line.uid)},
                    {"path", octets_or_null(row.line.path)},
                    {"event", octets(row.line.event)},
                    {"side", octets(row.line.side)},
                    {"detail", octets_or_null(row.line.detail)},
                    {"message_id", octets_or_null(row.line.message_id)},
                    {"reason", octets(row.line.reason)},
                    {"since", time_or_null(row.line.at_ms)}});
  return text_of(object);
}

std::string held_json(const std::vector<HeldRow>& rows) {
  Json object = envelope();
  Json& list = object["held"] = Json::array();
  for (const HeldRow& row : rows)
    list.push_back({{"account", octets(row.account)},
                    {"mailbox", octets(row.line.mailbox)},
                    {"uid", uid_or_null(row.line.uid)},
                    {"id", row.line.id},
                    {"path", octets_or_null(row.line.path)},
                    {"message_id", octets_or_null(row.line.message_id)},
                    {"kind", octets(row.line.kind)},
                    {"reason", octets(row.line.reason)},
                    {"since", time_or_null(row.line.since_ms)}});
  return text_of(object);
}

std::string decided_json(std::string_view decision, const std::vector<Decided>& decided,
                         const std::vector<SyncedAccount>& accounts, Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  object["decision"] = decision;
  Json& list = object["decided"] = Json::array();
  for (const Decided& one : decided)
    list.push_back({{"account", octets(one.account)}, {"count", one.count}});
  object["accounts"] = synced_list(accounts);
  return text_of(object);
}

std::string undo_json(const std::vector<UndoRow>& rows) {
  Json object = envelope();
  Json& list = object["undo"] = Json::array();
  for (const UndoRow& row : rows)
    list.push_back({{"account", octets(row.account)},
                    {"mailbox", octets_or_null(row.line.mailbox)},
                    {"uid", nullptr},
                    {"id", row.line.id},
                    {"path", octets(row.line.path)},
                    {"flags", octets(row.line.flags)},
                    {"size", row.line.size},
                    {"from", octets_or_null(row.line.from)},
                    {"subject", octets_or_null(row.line.subject)},
                    {"message_id", octets_or_null(row.line.message_id)},
                    {"reason", octets(row.line.reason)},
                    {"since", time_or_null(row.line.at_ms)}});
  return text_of(object);
}

std::string restored_json(const std::string& account, const account::Restoration& restoration,
                          Exit exit) {
  Json object = envelope();
  object["exit"] = static_cast<int>(exit);
  object["account"] = octets(account);
  Json& list = object["restored"] = Json::array();
  for (const account::Restored& one : restoration.restored)
    list.push_back({{"id", one.id},
                    {"mailbox", octets(one.mailbox)},
                    {"path", octets(one.path)},
                    {"mailbox_made", one.mailbox_made},
                    {"note", octets_or_null(one.note)}});
  object["errors"] = error_list(restoration.errors);
  return text_of(object);
}

std::string paused_json(const std::vector<std::string>& accounts, bool paused,
                        std::int64_t until_ms) {
  Json object = envelope();
  Json& list = object["accounts"] = Json::array();
  for (const std::string& name : accounts) list.push_back(octets(name));
  object["paused"] = paused;
  object["until"] = time_or_null(until_ms);
  return text_of(object);
}

std::string login_json(const LoginView& view) {
  const bool there = view.expires_ms != 0;
  Json json = envelope();
  json["account"] = octets(view.account);
  json["provider"] = octets(view.provider);
  json["logged_in"] = lasts(view);
  json["user"] = octets_or_null(view.user);
  json["scope"] = octets_or_null(view.scope);
  json["missing_scope"] = octets_or_null(view.missing_scope);
  json["expires"] = time_or_null(view.expires_ms);
  json["valid"] = view.is_valid;
  json["renewable"] = view.is_renewable;
  json["file"] = there ? octets(view.file) : Json(nullptr);
  json["encrypted"] = there ? Json(view.is_encrypted) : Json(nullptr);
  return text_of(json);
}

std::string logout_json(const std::string& account, bool was_there, bool revoked) {
  Json json = envelope();
  json["account"] = octets(account);
  json["logged_out"] = was_there;
  json["revoked"] = revoked;
  return text_of(json);
}

std::string token_json(const std::string& account, const Secret& token) {
  Json json = envelope();
  json["account"] = octets(account);
  json["access_token"] = octets(token.reveal());
  return text_of(json);
}

std::string adopt_json(const std::string& account, const account::Adoption& adoption) {
  Json object = envelope();
  object["account"] = octets(account);
  object["found"] = octets(adoption.found);
  object["changed"] = adoption.changed;
  Json& mailboxes = object["mailboxes"] = Json::array();
  for (const std::string& name : adoption.mailboxes) mailboxes.push_back(octets(name));
  return text_of(object);
}

std::string import_json(std::string_view toml, const std::vector<std::string>& remarks) {
  Json object = envelope();
  object["configuration"] = octets(toml);
  object["remarks"] = remarks;
  return text_of(object);
}

}  // namespace sterna::cli
