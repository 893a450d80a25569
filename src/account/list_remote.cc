// SPDX-License-Identifier: Apache-2.0
#include "list_remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "roles.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {

void ListBudget::take(const imap::Response& response) {
  if (const auto* list = std::get_if<imap::List>(&response)) {
    ++lists_;
    octets_ += sizeof(*list) + list->name.octets.size();
    for (const std::string& info : list->child_info) octets_ += sizeof(info) + info.size();
    if (list->old_name) octets_ += list->old_name->octets.size();
  } else if (const auto* status = std::get_if<imap::MailboxStatus>(&response)) {
    octets_ += status->name.octets.size() + status->mailbox_id.size();
  }
}

Error ListBudget::error() {
  return Error(ErrorCode::protocol,
               fmt::format("the server lists more than {} mailboxes, or endless names",
                           kMailboxesMax))
      .with_hint("see whether host and user are right");
}

void ListSink::on_response(const imap::Response& response) {
  budget_.take(response);
  if (budget_.spent()) return;  // the line ends after this read
  if (const auto* list = std::get_if<imap::List>(&response)) lists.push_back(*list);
  if (const auto* status = std::get_if<imap::MailboxStatus>(&response)) {
    statuses[status->name.octets] = *status;
  }
}

sync::MailboxPolicy policy_of(const Engine& engine, const MailboxName& name, Role role) {
  const MailboxPolicy policy = engine.settings.policy_for(name);
  return {engine.settings.includes(name, role), engine.settings.create, policy.direction,
          policy.local_delete, policy.remote_delete};
}

std::vector<imap::StatusItem> status_items(const Connection& connection) {
  std::vector<imap::StatusItem> items = imap::status_items_for(connection.capabilities());
  const bool has_modseq = connection.has(imap::Capability::condstore);
  const bool has_id =
      connection.has(imap::Capability::object_id) && !connection.quirks.no_mailbox_id;
  std::erase_if(items, [&](imap::StatusItem item) {
    return (item == imap::StatusItem::highest_modseq && !has_modseq) ||
           (item == imap::StatusItem::mailbox_id && !has_id);
  });
  return items;
}

namespace {

// Why nothing of a mailbox can be synced, whatever the configuration says; "" if it can.
std::string_view why_impossible(const sync::RemoteMailbox& mailbox) {
  const std::string& wire = mailbox.wire.octets;
  const auto levels = static_cast<std::size_t>(std::ranges::count(mailbox.name.text(), '/')) + 1;
  if (wire.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos) {
    return "its name holds a line end or NUL, and cannot be said to the server";
  }
  if (wire.size() > kMailboxNameOctetsMax) return "its name is too long";
  if (levels > maildir::kMailboxDepthMax) return "it lies too deep";
  return {};
}

// Where the server does not tell (RFC 3348), the list does, with what is left out of it here.
void find_children(std::vector<RemoteListing>& mailboxes, const std::set<std::string>& listed) {
  for (RemoteListing& one : mailboxes) {
    if (one.mailbox.delimiter == '\0' || one.mailbox.has_children) continue;
    const std::string above = one.mailbox.wire.octets + one.mailbox.delimiter;
    const auto next = listed.upper_bound(above);
    one.mailbox.has_children = next != listed.end() && next->starts_with(above);
  }
}

// What is in the list and cannot be synced, with the reason.
using Impossible = std::vector<std::pair<MailboxName, std::string_view>>;

// Two of the server's mailboxes can have one name, as modified UTF-7 and as octets that are none.
// The one is synced that is called what we would call it; whatever the list begins with, it is
// always the same.
void leave_out_namesakes(const Connection& connection, std::vector<RemoteListing>& mailboxes,
                         Impossible& impossible) {
  const auto rank = [&](const RemoteListing& one) {
    imap::NameRules rules = connection.names;
    rules.delimiter = one.mailbox.delimiter;
    const auto ours = imap::encode_mailbox(one.mailbox.name, rules);
    return std::pair(!(ours && *ours == one.mailbox.wire), one.mailbox.wire);
  };
  std::map<MailboxName, const RemoteListing*> chosen;
  for (const RemoteListing& one : mailboxes) {
    const auto [it, is_first] = chosen.emplace(one.mailbox.name, &one);
    if (!is_first && rank(one) < rank(*it->second)) it->second = &one;
  }
  if (chosen.size() == mailboxes.size()) return;
  std::vector<RemoteListing> kept;
  for (RemoteListing& one : mailboxes) {
    if (chosen.at(one.mailbox.name) == &one) {
      kept.push_back(std::move(one));
    } else if (!one.mailbox.name.is_inbox()) {  // which some servers list twice
      impossible.emplace_back(one.mailbox.name, "another mailbox of the server has the same name");
    }
  }
  mailboxes = std::move(kept);
}

// The first of them by name: a server may list any number. Once a sync, which lists more than once.
void note_impossible(Engine& engine, const Impossible& all) {
  constexpr std::size_t kNamed = 10;
  if (all.empty() || std::exchange(engine.impossible_told, true)) return;
  for (std::size_t i = 0; i < std::min(all.size(), kNamed); ++i) {
    engine.note(Error(ErrorCode::unsupported, std::string(all[i].second))
                    .with_scope(ErrorScope::mailbox)
                    .with_context("mailbox " + printable(all[i].first.text(), 200))
                    .with_hint("rename it on the server, or exclude it with `mailboxes`"));
  }
  if (all.size() > kNamed) {
    engine.note(Error(ErrorCode::unsupported,
                      fmt::format("{} more mailboxes have such names", all.size() - kNamed))
                    .with_scope(ErrorScope::mailbox));
  }
}

// Without NAMESPACE, LIST alone says what stands between the components of a new name. Some servers
// say of INBOX alone that nothing can lie below it.
void learn_delimiter(Connection& connection, const std::vector<imap::List>& lists) {
  if (!connection.namespaces.personal.empty() || lists.empty()) return;
  const auto told =
      std::ranges::find_if(lists, [](const imap::List& line) { return line.delimiter != '\0'; });
  connection.names.delimiter = told == lists.end() ? '\0' : told->delimiter;
}

void take_status(RemoteListing& listing, const imap::MailboxStatus& status) {
  listing.status = status;
  listing.mailbox.uidvalidity = status.uid_validity;
  listing.mailbox.uid_next = status.uid_next;
  listing.mailbox.messages = status.messages;
  if (!status.mailbox_id.empty()) listing.mailbox.mailbox_id = status.mailbox_id;
}

struct AskedLists {
  bool told = false;     // of one mailbox at least
  bool unknown = false;  // BAD for one at least
};

coro::Task<Result<AskedLists>> ask_statuses(Connection& connection, RemoteList& list,
                                            std::vector<imap::StatusItem> items) {
  std::vector<imap::CommandId> flying;
  ListSink sink;
  for (const RemoteListing& one : list.mailboxes) {
    const bool synced = one.mailbox.policy.included && one.mailbox.subscribed;
    const bool wanted = synced || one.mailbox.role == Role::trash;
    if (!one.mailbox.selectable || !wanted || one.status) continue;
    STERNA_CO_TRY(const imap::CommandId id,
                  connection.submit(imap::status(one.mailbox.wire, items), &sink));
    flying.push_back(id);
  }
  AskedLists asked;
  for (const imap::CommandId id : flying) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(id));
    asked.told = asked.told || done.ok();
    asked.unknown = asked.unknown || done.status == imap::StatusKind::bad;
  }
  for (RemoteListing& one : list.mailboxes) {
    const auto it = sink.statuses.find(one.mailbox.wire.octets);
    if (it != sink.statuses.end()) take_status(one, it->second);
  }
  co_return asked;
}

// With what extensions add, and once more without where that is not understood.
coro::Task<Status> ask_statuses(Connection& connection, RemoteList& list) {
  const std::vector<imap::StatusItem> items = status_items(connection);
  STERNA_CO_TRY(AskedLists asked, co_await ask_statuses(connection, list, items));
  const std::vector<imap::StatusItem> plain = imap::status_items_for({});
  if (!asked.unknown || items == plain) co_return Status{};
  STERNA_CO_TRY(asked, co_await ask_statuses(connection, list, plain));
  if (!asked.told) co_return Status{};
  for (const imap::Capability one : {imap::Capability::condstore, imap::Capability::object_id}) {
    if (connection.has(one)) connection.distrust(one);
  }
  co_return Status{};
}

// NO without a reason that could be another one tomorrow.
bool denies_it(const imap::Done& done) {
  using enum imap::Code;
  const imap::Code code = done.code.code;
  const bool lasting = code == none || code == non_existent || code == try_create ||
                       code == no_perm || code == cannot;
  return done.status == imap::StatusKind::no && lasting;
}

}  // namespace

Result<WireName> wire_of_new(const Connection& connection, const MailboxName& name) {
  STERNA_TRY(WireName wire, imap::encode_mailbox(name, connection.names));
  if (!imap::is_foreign(wire, connection.namespaces)) return wire;
  return fail(
      Error(ErrorCode::unsupported, "the server has the mailboxes of others under that name")
          .with_scope(ErrorScope::mailbox)
          .with_hint("rename the folder, or exclude it with `mailboxes`"));
}

coro::Task<Result<std::set<MailboxId>>> ask_for_unlisted(Engine& engine, Connection& connection,
                                                         std::vector<MailboxRow> rows,
                                                         const RemoteList& list) {
  std::set<MailboxId> there;
  if (!list.complete) co_return there;
  std::set<std::string_view> listed;
  for (const RemoteListing& one : list.mailboxes) listed.insert(one.mailbox.wire.octets);
  std::vector<std::pair<const MailboxRow*, imap::CommandId>> asked;
  for (const MailboxRow& row : rows) {
    const bool lacking = row.has_remote && !listed.contains(row.wire.octets);
    if (!lacking || !engine.settings.includes(row.name, row.role)) continue;
    STERNA_CO_TRY(const imap::CommandId id,
                  connection.submit(imap::status(row.wire, {imap::StatusItem::messages})));
    asked.emplace_back(&row, id);
  }
  for (const auto& [row, id] : asked) {
    STERNA_CO_TRY(const imap::Done done, co_await connection.wait(id));
    if (denies_it(done)) continue;
    there.insert(row->id);
    engine.log.warn("mailbox {}: the server does not list it, and answers for it ({} {}): not gone",
                    row->name.text(), imap::to_string(done.status), printable(done.text));
  }
  co_return there;
}

bool takes_plain_list_alone(Connection& connection, const imap::Done& done) {
  const bool refused = done.status == imap::StatusKind::bad ||
                       (done.status == imap::StatusKind::no &&
                        (done.code.code == imap::Code::none || done.code.is(imap::Code::cannot)));
  if (!refused || !connection.has(imap::Capability::list_extended)) return false;
  connection.distrust(imap::Capability::list_extended);
  return true;
}

imap::ListOptions list_options(const Connection& connection) {
  if (!connection.has(imap::Capability::list_extended)) return {};
  imap::ListOptions options = imap::list_options_for(connection.capabilities());
  if (!options.return_status.empty()) options.return_status = status_items(connection);
  return options;
}

coro::Task<Result<RemoteList>> list_remote(Engine& engine, Connection& connection) {
  // Of the mailbox that is selected, servers may say what they told last, not what is in it. Waited
  // for: commands that do not depend on one another may be answered in any order.
  if (connection.client().selection() || connection.selecting())
    STERNA_CO_CHECK(co_await connection.run_ok(imap::noop()));
  ListSink sink;
  // All are listed, subscribed or not: what is left out of a list would be gone from the server.
  imap::ListOptions options = list_options(connection);
  const bool subscribed_only = engine.settings.subscribed_only;
  STERNA_CO_TRY(const imap::CommandId listing, connection.submit(imap::list(options), &sink));
  ListSink subscriptions;
  std::optional<imap::CommandId> lsub;
  if (subscribed_only && !options.return_subscribed) {
    STERNA_CO_TRY(lsub, connection.submit(imap::lsub("", "*"), &subscriptions));
  }
  STERNA_CO_TRY(imap::Done done, co_await connection.wait(listing));
  if (lsub) {
    STERNA_CO_TRY(imap::Done answered, co_await connection.wait_ok(*lsub));
  }
  STERNA_CO_CHECK(co_await connection.settle());
  if (takes_plain_list_alone(connection, done)) co_return co_await list_remote(engine, connection);
  if (!done.ok()) co_return fail(imap::error_from(done).with_context("list the mailboxes"));
  learn_delimiter(connection, sink.lists);

  std::set<std::string> subscribed;
  for (const imap::List& one : subscriptions.lists) subscribed.insert(one.name.octets);
  RemoteList result;
  const bool unreadable = sink.unreadable || subscriptions.unreadable;
  if (unreadable) {
    engine.log.warn("the server's list of mailboxes has a line that cannot be read: none is gone");
  }
  result.complete = done.code.code != imap::Code::message_limit && !unreadable;
  std::set<std::string> seen;
  Impossible impossible;
  for (const imap::List& line : sink.lists) {
    if (line.name.octets.empty()) continue;
    if (imap::is_foreign(line.name, connection.namespaces)) continue;
    if (!seen.insert(line.name.octets).second) continue;
    RemoteListing one;
    imap::NameRules rules = connection.names;
    rules.delimiter = line.delimiter;
    one.mailbox.wire = line.name;
    one.mailbox.name = imap::decode_mailbox(line.name, rules);
    one.mailbox.delimiter = line.delimiter;
    one.mailbox.role = one.mailbox.name.is_inbox() ? Role::inbox : line.attributes.role;
    one.mailbox.subscribed = !subscribed_only || one.mailbox.name.is_inbox() ||
                             line.attributes.subscribed || subscribed.contains(line.name.octets);
    one.mailbox.selectable = !line.attributes.no_select && !line.attributes.non_existent;
    one.mailbox.has_children = line.attributes.has_children;
    if (const auto why = why_impossible(one.mailbox); !why.empty()) {
      if (one.mailbox.selectable) impossible.emplace_back(one.mailbox.name, why);
      continue;
    }
    const auto status = sink.statuses.find(line.name.octets);
    if (status != sink.statuses.end()) take_status(one, status->second);
    result.mailboxes.push_back(std::move(one));
  }
  find_children(result.mailboxes, seen);
  leave_out_namesakes(connection, result.mailboxes, impossible);
  std::erase_if(impossible,
                [&](const auto& one) { return !engine.settings.includes(one.first, Role::none); });
  note_impossible(engine, impossible);
  assign_roles(engine.settings.roles, result.mailboxes);
  for (RemoteListing& one : result.mailboxes) {
    one.mailbox.policy = policy_of(engine, one.mailbox.name, one.mailbox.role);
  }
  STERNA_CO_CHECK(co_await ask_statuses(connection, result));
  co_return result;
}

}  // namespace sterna::account
