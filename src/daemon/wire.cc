// SPDX-License-Identifier: Apache-2.0
// The only file of this room that sees nlohmann-json for the control socket.
#include "wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "sterna/base/bytes.h"
#include "sterna/base/json_text.h"

namespace sterna::daemon {
namespace {

using Json = nlohmann::ordered_json;
using account::AccountReport;
using account::Counts;
using account::Life;

constexpr int kDepthMax = 8;
constexpr std::size_t kNamesMax = 100'000;

// --- values to JSON

std::string text_of(const Json& object) {
  return json_escaped(object.dump());
}

Json octets(std::string_view raw) {
  return Json(json_marked(raw));
}

template <class Strings>
Json octets_list(const Strings& all) {
  Json list = Json::array();
  for (const std::string& one : all) list.push_back(octets(one));
  return list;
}

Json error_object(const Error& error) {
  return Json{{"code", to_string(error.code())},
              {"scope", to_string(error.scope())},
              {"disposition", to_string(error.disposition())},
              {"message", octets(error.message())},
              {"context", octets_list(error.context())},
              {"hint", octets(error.hint())}};
}

// One table for both directions, so that no count can be forgotten in one of them.
struct CountField {
  std::string_view name;
  std::uint64_t Counts::* member;
};
constexpr CountField kCounts[] = {{"downloaded", &Counts::downloaded},
                                  {"uploaded", &Counts::uploaded},
                                  {"flags_in", &Counts::flags_in},
                                  {"flags_out", &Counts::flags_out},
                                  {"moved_in", &Counts::moved_in},
                                  {"moved_out", &Counts::moved_out},
                                  {"deleted_in", &Counts::deleted_in},
                                  {"deleted_out", &Counts::deleted_out},
                                  {"mailboxes_in", &Counts::mailboxes_in},
                                  {"mailboxes_out", &Counts::mailboxes_out},
                                  {"bodies_fetched", &Counts::bodies_fetched},
                                  {"bytes_in", &Counts::bytes_in},
                                  {"bytes_out", &Counts::bytes_out}};
static_assert(sizeof(Counts) == std::size(kCounts) * sizeof(std::uint64_t));

void add_counts(Json& object, const Counts& counts) {
  for (const CountField& field : kCounts) object[std::string(field.name)] = counts.*field.member;
}

Json report_object(const AccountReport& report) {
  Json object{{"account", octets(report.account)}};
  add_counts(object, report.counts);
  object["held"] = report.held;
  object["quarantined"] = report.quarantined;
  object["marker_held"] = report.marker_held;
  object["anything_done"] = report.anything_done;
  object["seconds"] = report.seconds;
  Json& errors = object["errors"] = Json::array();
  for (const Error& error : report.errors) errors.push_back(error_object(error));
  Json& waiting = object["waiting"] = Json::array();
  for (const account::WaitingLine& line : report.waiting) {
    waiting.push_back({{"mailbox", octets(line.mailbox)},
                       {"count", line.count},
                       {"reason", octets(line.reason)}});
  }
  return object;
}

Json counters_object(const account::LifeCounters& counters) {
  Json reconnects = Json::object();
  for (const auto& [reason, count] : counters.reconnects) reconnects[json_marked(reason)] = count;
  Json moved = Json::object();
  add_counts(moved, counters.moved);
  return Json{{"syncs", counters.syncs},
              {"syncs_failed", counters.syncs_failed},
              {"logins", counters.logins},
              {"logins_refused", counters.logins_refused},
              {"reconnects", std::move(reconnects)},
              {"moved", std::move(moved)},
              {"pushes", counters.pushes},
              {"push_latency_sum_ns", counters.push_latency_sum.count()},
              {"push_latency_max_ns", counters.push_latency_max.count()}};
}

Json life_object(const Life& life) {
  return Json{{"state", account::to_string(life.state)},
              {"since_ms", life.since_ms},
              {"error", life.error ? error_object(*life.error) : Json(nullptr)},
              {"next_try_ms", life.next_try_ms},
              {"pending", life.pending},
              {"waiting", life.waiting},
              {"last_sync_ms", life.last_sync_ms},
              {"last_duration_ns", life.last_duration.count()},
              {"held", life.held},
              {"quarantined", life.quarantined},
              {"pushed", octets_list(life.pushed)},
              {"push_by", octets(life.push_by)},
              {"connections", life.connections},
              {"watches", life.watches},
              {"watch_obstacle", octets(life.watch_obstacle)},
              {"disk_silent", life.disk_silent},
              {"certificate_expires_ms", life.certificate_expires_ms},
              {"token_expires_ms", life.token_expires_ms},
              {"counters", counters_object(life.counters)}};
}

Json named_life(const AccountLife& life) {
  Json object{{"account", octets(life.name)}};
  if (!life.settings.empty()) object["settings"] = octets(life.settings);
  object["life"] = life_object(life.life);
  return object;
}

// --- JSON to values. What is missing keeps its default, so that either end may be the older one.

// Null where it is none, or too deep.
Json parse(const std::string& line) {
  bool too_deep = false;
  const auto look = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  Json read = Json::parse(json_with_marks(line), look, false);
  return too_deep || !read.is_object() ? Json(nullptr) : read;
}

const Json* find(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

std::optional<std::string> text_in(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  return json_unmarked(value.get_ref<const std::string&>());
}

std::optional<std::int64_t> integer_in(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > INT64_MAX) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<std::int64_t>();
}

void read(const Json& object, std::string_view name, std::string& into) {
  const Json* value = find(object, name);
  if (auto text = value ? text_in(*value) : std::nullopt) into = std::move(*text);
}
void read(const Json& object, std::string_view name, std::int64_t& into) {
  const Json* value = find(object, name);
  if (const auto number = value ? integer_in(*value) : std::nullopt) into = *number;
}
void read(const Json& object, std::string_view name, std::uint64_t& into) {
  const Json* value = find(object, name);
  if (value && value->is_number_unsigned()) into = value->get<std::uint64_t>();
}
void read(const Json& object, std::string_view name, bool& into) {
  const Json* value = find(object, name);
  if (value && value->is_boolean()) into = value->get<bool>();
}
void read(const Json& object, std::string_view name, double& into) {
  const Json* value = find(object, name);
  if (value && value->is_number()) into = value->get<double>();
}
void read(const Json& object, std::string_view name, std::chrono::nanoseconds& into) {
  std::int64_t count = into.count();
  read(object, name, count);
  into = std::chrono::nanoseconds(count);
}
void read(const Json& object, std::string_view name, std::vector<std::string>& into) {
  const Json* list = find(object, name);
  if (!list || !list->is_array()) return;
  for (const Json& value : *list) {
    if (auto text = text_in(value)) into.push_back(std::move(*text));
  }
}

// The enumerator of that word, of those up to `last`.
template <class Enum>
std::optional<Enum> named(std::string_view word, Enum last, auto&& word_of) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    if (word_of(value) == word) return value;
  }
  return std::nullopt;
}

template <class Enum>
Enum read_word(const Json& object, std::string_view name, Enum last, Enum otherwise) {
  std::string word;
  read(object, name, word);
  const auto word_of = [](Enum value) { return to_string(value); };
  return named(word, last, word_of).value_or(otherwise);
}

std::optional<Error> read_error(const Json* value) {
  if (!value || !value->is_object()) return std::nullopt;
  std::string message;
  std::string hint;
  std::vector<std::string> context;
  read(*value, "message", message);
  read(*value, "hint", hint);
  read(*value, "context", context);
  const ErrorCode code = read_word(*value, "code", ErrorCode::cancelled, ErrorCode::internal);
  const Error usual(code, message);
  Error error = Error(code, std::move(message))
                    .with_scope(read_word(*value, "scope", ErrorScope::process, usual.scope()))
                    .with_disposition(read_word(*value, "disposition", Disposition::cancelled,
                                                usual.disposition()))
                    .with_hint(std::move(hint));
  for (std::string& line : context) error.add_context(std::move(line));
  return error;
}

void read_counts(const Json& object, Counts& counts) {
  for (const CountField& field : kCounts) read(object, field.name, counts.*field.member);
}

AccountReport read_report(const Json& object) {
  AccountReport report;
  read(object, "account", report.account);
  read_counts(object, report.counts);
  read(object, "held", report.held);
  read(object, "quarantined", report.quarantined);
  read(object, "marker_held", report.marker_held);
  read(object, "anything_done", report.anything_done);
  read(object, "seconds", report.seconds);
  if (const Json* errors = find(object, "errors"); errors && errors->is_array()) {
    for (const Json& value : *errors) {
      if (auto error = read_error(&value)) report.errors.push_back(std::move(*error));
    }
  }
  if (const Json* waiting = find(object, "waiting"); waiting && waiting->is_array()) {
    for (const Json& value : *waiting) {
      account::WaitingLine& line = report.waiting.emplace_back();
      read(value, "mailbox", line.mailbox);
      read(value, "count", line.count);
      read(value, "reason", line.reason);
    }
  }
  return report;
}

void read_counters(const Json& object, account::LifeCounters& counters) {
  read(object, "syncs", counters.syncs);
  read(object, "syncs_failed", counters.syncs_failed);
  read(object, "logins", counters.logins);
  read(object, "logins_refused", counters.logins_refused);
  if (const Json* reconnects = find(object, "reconnects"); reconnects && reconnects->is_object()) {
    for (const auto& [reason, count] : reconnects->items()) {
      if (count.is_number_unsigned())
        counters.reconnects[json_unmarked(reason)] = count.get<std::uint64_t>();
    }
  }
  if (const Json* moved = find(object, "moved")) read_counts(*moved, counters.moved);
  read(object, "pushes", counters.pushes);
  read(object, "push_latency_sum_ns", counters.push_latency_sum);
  read(object, "push_latency_max_ns", counters.push_latency_max);
}

AccountLife read_life(const Json& object) {
  AccountLife result;
  read(object, "account", result.name);
  read(object, "settings", result.settings);
  const Json* value = find(object, "life");
  if (!value) return result;
  Life& life = result.life;
  life.state = read_word(*value, "state", account::LifeState::error, account::LifeState::error);
  read(*value, "since_ms", life.since_ms);
  life.error = read_error(find(*value, "error"));
  read(*value, "next_try_ms", life.next_try_ms);
  read(*value, "pending", life.pending);
  read(*value, "waiting", life.waiting);
  read(*value, "last_sync_ms", life.last_sync_ms);
  read(*value, "last_duration_ns", life.last_duration);
  read(*value, "held", life.held);
  read(*value, "quarantined", life.quarantined);
  read(*value, "pushed", life.pushed);
  read(*value, "push_by", life.push_by);
  read(*value, "connections", life.connections);
  read(*value, "watches", life.watches);
  read(*value, "watch_obstacle", life.watch_obstacle);
  read(*value, "disk_silent", life.disk_silent);
  read(*value, "certificate_expires_ms", life.certificate_expires_ms);
  read(*value, "token_expires_ms", life.token_expires_ms);
  if (const Json* counters = find(*value, "counters")) read_counters(*counters, life.counters);
  return result;
}

ProgressNote read_note(const Json& object) {
  ProgressNote note;
  read(object, "account", note.account);
  read(object, "expected_messages", note.expected_messages);
  read(object, "expected_bytes", note.expected_octets);
  read(object, "done_messages", note.done_messages);
  read(object, "done_bytes", note.done_octets);
  read(object, "phase", note.phase);
  return note;
}

// --- requests, of whoever

struct OpText {
  std::string_view word;
  Op op;
  bool takes_accounts;
};
constexpr OpText kOps[] = {{"status", Op::status, true},       {"sync", Op::sync, true},
                           {"pause", Op::pause, true},         {"resume", Op::resume, true},
                           {"lend", Op::lend, true},           {"return", Op::give_back, false},
                           {"subscribe", Op::subscribe, true}, {"reload", Op::reload, false}};

const OpText* op_of(std::string_view word) {
  const auto* it = std::ranges::find(kOps, word, &OpText::word);
  return it == std::end(kOps) ? nullptr : it;
}

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::usage, std::move(message));
}

Status read_names(const Json& value, std::string_view field, std::vector<std::string>& names) {
  if (!value.is_array()) return refuse(fmt::format("`{}` takes a list of names", field));
  if (value.size() > kNamesMax) return refuse(fmt::format("`{}` has too many names", field));
  for (const Json& one : value) {
    auto name = text_in(one);
    if (!name || name->empty()) return refuse(fmt::format("`{}` takes a list of names", field));
    names.push_back(std::move(*name));
  }
  if (names.empty()) return refuse(fmt::format("`{}` is empty; leave it out for all", field));
  return {};
}

Status read_field(const std::string& field, const Json& value, const OpText& op, Request& request) {
  if (field == "id" || field == "op") return {};
  if (field == "accounts" && op.takes_accounts) return read_names(value, field, request.accounts);
  if (field == "mailboxes" && op.op == Op::sync) {
    std::vector<std::string> names;
    STERNA_CHECK(read_names(value, field, names));
    for (std::string& name : names) request.mailboxes.emplace_back(std::move(name));
    return {};
  }
  if (field == "until_ms" && op.op == Op::pause) {
    request.until_ms = integer_in(value);
    if (request.until_ms && *request.until_ms > 0) return {};
    return refuse("`until_ms` takes milliseconds since the epoch");
  }
  if (field == "state_dir" && op.takes_accounts) {
    request.state_dir = text_in(value).value_or("");
    if (request.state_dir.starts_with('/')) return {};
    return refuse("`state_dir` takes an absolute path");
  }
  if (field == "keep_waits" && op.op == Op::resume) {
    if (!value.is_boolean()) return refuse("`keep_waits` takes true or false");
    request.keep_waits = value.get<bool>();
    return {};
  }
  return refuse(
      fmt::format("`{}` has no field `{}`", op.word, printable(json_unmarked(field), 80)));
}

Result<Request> request_of(const Json& object, std::int64_t id) {
  Request request;
  request.id = id;
  const Json* word = find(object, "op");
  const auto text = word ? text_in(*word) : std::nullopt;
  if (!text) return refuse("`op` is missing");
  const OpText* op = op_of(*text);
  if (!op) return refuse(fmt::format("there is no op `{}`", printable(*text, 80)));
  request.op = op->op;
  for (const auto& [field, value] : object.items()) {
    STERNA_CHECK(read_field(field, value, *op, request));
  }
  if (!request.mailboxes.empty() && request.accounts.size() != 1)
    return refuse("`mailboxes` are those of one account: name it in `accounts`");
  return request;
}

}  // namespace

std::string hello_line(const std::string& version) {
  return text_of(
      Json{{"sterna", octets(version)}, {"protocol", kProtocol}, {"revision", kRevision}});
}

std::string request_line(const Request& request) {
  const auto* op = std::ranges::find(kOps, request.op, &OpText::op);
  Json object{{"id", request.id}, {"op", op->word}};
  if (!request.accounts.empty()) object["accounts"] = octets_list(request.accounts);
  if (!request.mailboxes.empty()) {
    Json& names = object["mailboxes"] = Json::array();
    for (const MailboxName& name : request.mailboxes) names.push_back(octets(name.text()));
  }
  if (request.until_ms) object["until_ms"] = *request.until_ms;
  if (op->takes_accounts && !request.state_dir.empty())
    object["state_dir"] = octets(request.state_dir);
  if (request.keep_waits) object["keep_waits"] = true;
  return text_of(object);
}

std::string done_line(std::int64_t id) {
  return text_of(Json{{"id", id}, {"ok", true}});
}

std::string failed_line(std::optional<std::int64_t> id, const Error& error) {
  return text_of(
      Json{{"id", id ? Json(*id) : Json(nullptr)}, {"ok", false}, {"error", error_object(error)}});
}

std::string lives_line(std::int64_t id, const std::vector<AccountLife>& lives) {
  Json object{{"id", id}, {"ok", true}};
  Json& list = object["accounts"] = Json::array();
  for (const AccountLife& life : lives) list.push_back(named_life(life));
  return text_of(object);
}

std::string reports_line(std::int64_t id, const std::vector<AccountReport>& reports) {
  Json object{{"id", id}, {"ok", true}};
  Json& list = object["reports"] = Json::array();
  for (const AccountReport& report : reports) list.push_back(report_object(report));
  return text_of(object);
}

std::string progress_line(std::int64_t id, const ProgressNote& note) {
  return text_of(Json{{"id", id},
                      {"progress",
                       {{"account", octets(note.account)},
                        {"expected_messages", note.expected_messages},
                        {"expected_bytes", note.expected_octets},
                        {"done_messages", note.done_messages},
                        {"done_bytes", note.done_octets},
                        {"phase", octets(note.phase)}}}});
}

std::string life_event(const AccountLife& life) {
  Json object{{"event", "life"}};
  object.update(named_life(life));
  return text_of(object);
}

std::string ended_event(const std::string& account) {
  return text_of(Json{{"event", "ended"}, {"account", octets(account)}});
}

std::string synced_event(const AccountReport& report) {
  return text_of(Json{{"event", "synced"}, {"report", report_object(report)}});
}

ReadRequest read_request(const std::string& line) {
  const Json object = parse(line);
  if (!object.is_object()) return {std::nullopt, refuse("a line is no JSON object")};
  const Json* id = find(object, "id");
  const auto number = id ? integer_in(*id) : std::nullopt;
  if (!number) return {std::nullopt, refuse("`id` takes a whole number")};
  return {number, request_of(object, *number)};
}

Result<Message> read_message(const std::string& line) {
  const Json object = parse(line);
  if (!object.is_object()) return fail(ErrorCode::protocol, "the daemon sent no JSON object");
  Message message;
  if (const Json* id = find(object, "id")) message.id = integer_in(*id);
  if (const Json* version = find(object, "sterna")) {
    message.kind = Message::Kind::hello;
    message.version = text_in(*version).value_or("");
    const auto number = [&object](std::string_view name) {
      std::int64_t value = 0;
      read(object, name, value);
      return static_cast<int>(std::clamp<std::int64_t>(value, 0, INT32_MAX));
    };
    message.protocol = number("protocol");
    message.revision = number("revision");
    return message;
  }
  std::string event;
  read(object, "event", event);
  if (event == "life" || event == "ended") {
    message.kind = event == "life" ? Message::Kind::life : Message::Kind::ended;
    message.lives.push_back(read_life(object));
    return message;
  }
  if (const Json* report = find(object, "report"); report && event == "synced") {
    message.kind = Message::Kind::synced;
    message.reports.push_back(read_report(*report));
    return message;
  }
  if (const Json* progress = find(object, "progress")) {
    message.kind = Message::Kind::progress;
    message.progress = read_note(*progress);
    return message;
  }
  const Json* ok = find(object, "ok");
  if (!ok || !ok->is_boolean()) return fail(ErrorCode::protocol, "the daemon sent an unknown line");
  message.kind = ok->get<bool>() ? Message::Kind::done : Message::Kind::failed;
  message.error = read_error(find(object, "error"));
  if (message.kind == Message::Kind::failed && !message.error)
    message.error = Error(ErrorCode::protocol, "the daemon refused, and did not say why");
  if (const Json* lives = find(object, "accounts"); lives && lives->is_array()) {
    for (const Json& life : *lives) message.lives.push_back(read_life(life));
  }
  if (const Json* reports = find(object, "reports"); reports && reports->is_array()) {
    for (const Json& report : *reports) message.reports.push_back(read_report(report));
  }
  return message;
}

}  // namespace sterna::daemon
