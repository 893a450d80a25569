// SPDX-License-Identifier: Apache-2.0
// The mailboxes of both sides, for `sterna mailboxes` and for who compares them: LIST (RFC 3501
// section 6.3.8) with STATUS (LIST-STATUS, RFC 5819, where it exists) beside one walk of the
// Maildir.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine.h"
#include "inspect_parts.h"
#include "login.h"
#include "sterna/account/inspect.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"

namespace sterna::account {
namespace {

// Gathers the answers to LIST, LSUB and STATUS, in whichever order they come.
class ListSink final : public Sink {
 public:
  explicit ListSink(const imap::NameRules& names) : names_(names) {}

  void on_response(const imap::Response& response) override {
    if (const auto* list = std::get_if<imap::List>(&response)) {
      add(*list);
    } else if (const auto* status = std::get_if<imap::MailboxStatus>(&response)) {
      statuses_[decode(status->name)] = *status;
    }
  }

  std::vector<imap::List> take_lists() { return std::move(lists_); }
  bool is_subscribed(const imap::List& list) const {
    return list.attributes.subscribed || subscribed_.contains(list.name);
  }
  MailboxName decode(const WireName& wire) const { return imap::decode_mailbox(wire, names_); }
  const imap::MailboxStatus* status_of(const MailboxName& name) const {
    const auto it = statuses_.find(name);
    return it == statuses_.end() ? nullptr : &it->second;
  }

 private:
  void add(const imap::List& list) {
    if (list.name.octets.empty()) return;
    if (list.delimiter != '\0') names_.delimiter = list.delimiter;
    if (list.lsub) {
      subscribed_[list.name] = true;
    } else {
      lists_.push_back(list);
    }
  }

  imap::NameRules names_;
  std::vector<imap::List> lists_;
  std::map<WireName, bool> subscribed_;
  std::map<MailboxName, imap::MailboxStatus> statuses_;
};

std::vector<imap::StatusItem> counted_items(const imap::Capabilities& can) {
  std::vector<imap::StatusItem> items{imap::StatusItem::messages};
  if (can.has(imap::Capability::status_size)) items.push_back(imap::StatusItem::size);
  return items;
}

Role role_of(const MailboxName& name, Role told, const Settings& settings,
             const std::vector<MailboxRow>& known) {
  if (name.is_inbox()) return Role::inbox;
  if (told != Role::none) return told;
  for (const auto& [role, mailbox] : settings.roles) {
    if (mailbox == name) return role;
  }
  const auto it = std::ranges::find(known, name, &MailboxRow::name);
  return it == known.end() ? Role::none : it->role;
}

// Asks for what LIST did not bring. A NO concerns one mailbox, whose counts stay unknown.
coro::Task<Status> ask_statuses(Connection& connection, const std::vector<RemoteMailbox>& mailboxes,
                                ListSink& sink) {
  const std::vector<imap::StatusItem> items = counted_items(connection.capabilities());
  std::vector<imap::CommandId> asked;
  for (const RemoteMailbox& mailbox : mailboxes) {
    if (!mailbox.selectable || mailbox.messages) continue;
    STERNA_CO_TRY(const imap::CommandId id,
                  connection.submit(imap::status(mailbox.wire, items), &sink));
    asked.push_back(id);
  }
  for (const imap::CommandId id : asked) STERNA_CO_CHECK(co_await connection.wait(id));
  co_return Status{};
}

void take_counts(std::vector<RemoteMailbox>& mailboxes, const ListSink& sink) {
  for (RemoteMailbox& mailbox : mailboxes) {
    const imap::MailboxStatus* status = sink.status_of(mailbox.name);
    if (!status) continue;
    if (status->messages) mailbox.messages = *status->messages;
    if (status->size) mailbox.octets = status->size;
  }
}

struct LocalMail {
  LocalFolder folder;
  std::optional<std::uint64_t> messages;
};

// The Maildir with its counts; empty where there is none yet.
Result<std::vector<LocalMail>> look_at_local(io::FileSystem& files, const Settings& settings,
                                             const std::vector<MailboxRow>& known) {
  std::vector<LocalMail> found;
  auto root = files.open_root(settings.maildir, false);
  if (!root) {
    if (root.error().is(ErrorCode::not_found)) return found;
    return fail(std::move(root).error());
  }
  STERNA_TRY(std::vector<LocalFolder> folders, list_local(**root, settings, known));
  for (LocalFolder& folder : folders) {
    LocalMail mail{std::move(folder), std::nullopt};
    if (mail.folder.complete) {
      if (auto count = count_local(**root, mail.folder.path)) mail.messages = *count;
    }
    found.push_back(std::move(mail));
  }
  return found;
}

Result<std::vector<MailboxRow>> known_mailboxes(const Settings& settings) {
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return std::vector<MailboxRow>();
  return base->mailboxes();
}

std::vector<MailboxLine> join(const std::vector<RemoteMailbox>& remote,
                              const std::vector<LocalMail>& local, const Settings& settings,
                              const std::vector<MailboxRow>& known) {
  std::map<MailboxName, MailboxLine> lines;
  for (const RemoteMailbox& mailbox : remote) {
    MailboxLine& line = lines[mailbox.name];
    line.role = to_string(mailbox.role);
    line.on_server = true;
    line.selectable = mailbox.selectable;
    line.included = mailbox.selectable && settings.includes(mailbox.name, mailbox.role) &&
                    (!settings.subscribed_only || mailbox.subscribed || mailbox.name.is_inbox());
    line.messages_remote = mailbox.messages;
    line.octets_remote = mailbox.octets;
  }
  for (const LocalMail& mail : local) {
    MailboxLine& line = lines[mail.folder.name];
    line.local = true;
    line.path = absolute_path(settings, maildir::to_string(mail.folder.path));
    line.messages_local = mail.messages;
    if (line.on_server) continue;
    const Role role = role_of(mail.folder.name, Role::none, settings, known);
    line.role = to_string(role);
    line.included = settings.includes(mail.folder.name, role);
  }
  std::vector<MailboxLine> sorted;
  for (auto& [name, line] : lines) {
    line.name = name.text();
    sorted.push_back(std::move(line));
  }
  const auto inbox = std::ranges::find(sorted, "INBOX", &MailboxLine::name);
  if (inbox != sorted.end()) std::rotate(sorted.begin(), inbox, inbox + 1);
  return sorted;
}

}  // namespace

coro::Task<Result<std::unique_ptr<Connection>>> open_session(Services services,
                                                             const Settings& settings, Log log) {
  STERNA_CO_TRY(const Secret password, co_await settings.password());
  STERNA_CO_TRY(std::unique_ptr<Connection> connection,
                co_await open_connection(services, settings, password, std::move(log)));
  STERNA_CO_CHECK(co_await connection->settle());
  co_return connection;
}

coro::Task<Result<std::vector<RemoteMailbox>>> list_remote(Connection& connection,
                                                           const Settings& settings, bool counts,
                                                           const std::vector<MailboxRow>& known) {
  ListSink sink(connection.names);
  imap::ListOptions options = imap::list_options_for(connection.capabilities());
  const bool with_status = !options.return_status.empty() && counts;
  options.return_status.clear();
  if (with_status) options.return_status = counted_items(connection.capabilities());
  STERNA_CO_CHECK(co_await connection.run_ok(imap::list(options), &sink));
  if (settings.subscribed_only && !options.return_subscribed) {
    STERNA_CO_CHECK(co_await connection.run_ok(imap::lsub("", "*"), &sink));
  }
  std::map<MailboxName, RemoteMailbox> found;
  for (const imap::List& list : sink.take_lists()) {
    if (list.attributes.non_existent) continue;
    RemoteMailbox mailbox;
    mailbox.name = sink.decode(list.name);
    mailbox.wire = list.name;
    mailbox.role = role_of(mailbox.name, list.attributes.role, settings, known);
    mailbox.selectable = !list.attributes.no_select;
    mailbox.subscribed = sink.is_subscribed(list);
    found.try_emplace(mailbox.name, std::move(mailbox));
  }
  std::vector<RemoteMailbox> mailboxes;
  for (auto& [name, mailbox] : found) mailboxes.push_back(std::move(mailbox));
  take_counts(mailboxes, sink);
  if (counts) {
    STERNA_CO_CHECK(co_await ask_statuses(connection, mailboxes, sink));
    take_counts(mailboxes, sink);
  }
  co_return mailboxes;
}

Result<std::vector<LocalFolder>> list_local(io::Directory& root, const Settings& settings,
                                            const std::vector<MailboxRow>& known) {
  const maildir::Layout layout(settings.layout, settings.inbox);
  STERNA_TRY(maildir::Discovery discovery, maildir::discover(root, layout));
  std::vector<LocalFolder> folders;
  for (maildir::LocalMailbox& local : discovery.mailboxes) {
    const std::string path = maildir::to_string(local.path);
    const auto row = std::ranges::find_if(known, [&path](const MailboxRow& candidate) {
      return candidate.has_local && candidate.path == path;
    });
    LocalFolder folder{local.name, std::move(local.path), local.complete};
    if (row != known.end()) {
      folder.name = row->name;
    } else if (auto name = settings.to_remote(local.name)) {
      folder.name = std::move(*name);
    }
    folders.push_back(std::move(folder));
  }
  return folders;
}

Result<std::uint64_t> count_local(io::Directory& root, const maildir::MailboxPath& path) {
  STERNA_TRY(const maildir::HomeDirectory home, maildir::open_path(root, path));
  STERNA_TRY(const maildir::Listing listing, maildir::list_mailbox(*home));
  return static_cast<std::uint64_t>(
      std::ranges::count_if(listing.entries(), [](const maildir::Entry& entry) {
        return entry.kind == maildir::EntryKind::message ||
               entry.kind == maildir::EntryKind::duplicate;
      }));
}

coro::Task<Result<std::vector<MailboxLine>>> list_mailboxes(Services services, Settings settings,
                                                            Log log) {
  auto known = co_await on_worker(services, [&settings] { return known_mailboxes(settings); });
  if (!known) co_return fail(std::move(known).error());
  auto local = co_await on_worker(services, [&services, &settings, &known] {
    return look_at_local(services.files, settings, *known);
  });
  if (!local) co_return fail(std::move(local).error());
  STERNA_CO_TRY(const std::unique_ptr<Connection> connection,
                co_await open_session(services, settings, std::move(log)));
  auto remote = co_await list_remote(*connection, settings, true, *known);
  if (!remote) co_return fail_in(std::move(remote), "listing the mailboxes of the server");
  co_await connection->logout();
  co_return join(*remote, *local, settings, *known);
}

}  // namespace sterna::account
