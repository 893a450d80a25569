// SPDX-License-Identifier: Apache-2.0
// The mailboxes of both sides, for `sterna mailboxes` and for who compares them: LIST (RFC 3501
// section 6.3.8) with STATUS (LIST-STATUS, RFC 5819, where it exists) beside one walk of the
// Maildir.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine.h"
#include "failures.h"
#include "inspect_parts.h"
#include "list_remote.h"
#include "login.h"
#include "roles.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"

namespace sterna::account {
namespace {

// Gathers the answers to LIST, LSUB and STATUS, in whichever order they come.
class InventorySink final : public Sink {
 public:
  void on_response(const imap::Response& response) override {
    budget_.take(response);
    if (budget_.spent()) return;
    if (const auto* list = std::get_if<imap::List>(&response)) {
      if (list->lsub) {
        subscribed.insert(list->name);
      } else if (!list->name.octets.empty() && !list->attributes.non_existent) {
        lists.try_emplace(list->name, *list);
      }
    } else if (const auto* status = std::get_if<imap::MailboxStatus>(&response)) {
      statuses[status->name] = *status;
    }
  }

  bool full() const override { return budget_.spent(); }
  coro::Task<Status> relieve() override { return hang_up(ListBudget::error()); }

  std::map<WireName, imap::List> lists;
  std::set<WireName> subscribed;
  std::map<WireName, imap::MailboxStatus> statuses;

 private:
  ListBudget budget_;
};

std::vector<imap::StatusItem> counted_items(const Connection& connection) {
  std::vector<imap::StatusItem> items{imap::StatusItem::messages};
  if (connection.has(imap::Capability::status_size)) items.push_back(imap::StatusItem::size);
  return items;
}

// The roles that a sync would give.
std::map<WireName, Role> roles_of(const std::vector<ServerMailbox>& mailboxes,
                                  const Settings& settings) {
  std::vector<RemoteListing> listings;
  for (const ServerMailbox& mailbox : mailboxes) {
    if (mailbox.foreign) continue;
    RemoteListing listing;
    listing.mailbox.wire = mailbox.wire;
    listing.mailbox.name = mailbox.name;
    listing.mailbox.role = mailbox.role;
    listing.mailbox.selectable = mailbox.selectable;
    listings.push_back(std::move(listing));
  }
  assign_roles(settings.roles, listings);
  std::map<WireName, Role> roles;
  for (const RemoteListing& listing : listings) {
    roles[listing.mailbox.wire] = listing.mailbox.role;
  }
  return roles;
}

std::vector<ServerMailbox> mailboxes_of(const InventorySink& sink, const Connection& connection,
                                        const Settings& settings) {
  std::vector<ServerMailbox> mailboxes;
  for (const auto& [wire, list] : sink.lists) {
    imap::NameRules rules = connection.names;
    rules.delimiter = list.delimiter;
    ServerMailbox mailbox;
    mailbox.name = imap::decode_mailbox(wire, rules);
    mailbox.wire = wire;
    mailbox.role = mailbox.name.is_inbox() ? Role::inbox : list.attributes.role;
    mailbox.selectable = !list.attributes.no_select;
    mailbox.subscribed = list.attributes.subscribed || sink.subscribed.contains(wire);
    mailbox.foreign = imap::is_foreign(wire, connection.namespaces);
    mailboxes.push_back(std::move(mailbox));
  }
  const std::map<WireName, Role> roles = roles_of(mailboxes, settings);
  for (ServerMailbox& mailbox : mailboxes) {
    if (!mailbox.foreign) mailbox.role = roles.at(mailbox.wire);
  }
  std::ranges::sort(mailboxes, {},
                    [](const ServerMailbox& one) { return std::tie(one.name, one.foreign); });
  return mailboxes;
}

// Asks for what LIST did not bring. A NO concerns one mailbox, whose counts stay unknown.
coro::Task<Status> ask_statuses(Connection& connection, const std::vector<ServerMailbox>& mailboxes,
                                InventorySink& sink) {
  const std::vector<imap::StatusItem> items = counted_items(connection);
  std::vector<imap::CommandId> asked;
  for (const ServerMailbox& mailbox : mailboxes) {
    if (!mailbox.selectable || sink.statuses.contains(mailbox.wire)) continue;
    STERNA_CO_TRY(const imap::CommandId id,
                  connection.submit(imap::status(mailbox.wire, items), &sink));
    asked.push_back(id);
  }
  bool unknown = false;
  for (const imap::CommandId id : asked) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(id));
    unknown = unknown || done.status == imap::StatusKind::bad;
  }
  if (!unknown || !connection.has(imap::Capability::status_size)) co_return Status{};
  connection.distrust(imap::Capability::status_size);
  co_return co_await ask_statuses(connection, mailboxes, sink);
}

void take_counts(std::vector<ServerMailbox>& mailboxes, const InventorySink& sink) {
  for (ServerMailbox& mailbox : mailboxes) {
    const auto it = sink.statuses.find(mailbox.wire);
    if (it == sink.statuses.end()) continue;
    if (it->second.messages) mailbox.messages = *it->second.messages;
    mailbox.octets = it->second.size;
  }
}

struct LocalMail {
  LocalFolder folder;
  std::optional<std::uint64_t> messages;
};
struct LocalSide {
  std::vector<LocalMail> mailboxes;
  std::vector<MailboxLine> unusable;
};

// What cannot be a mailbox has no name but that of its folder.
MailboxLine line_of_unusable(io::Directory& root, const Settings& settings,
                             const maildir::UnusableFolder& folder) {
  MailboxLine line;
  line.name = folder.path.empty() ? "." : maildir::to_string(folder.path);
  line.path = absolute_path(settings, maildir::to_string(folder.path));
  line.local = true;
  line.obstacle = fmt::format("{}: {}", folder.why, folder.remedy);
  if (auto count = count_local(root, folder.path)) line.messages_local = *count;
  return line;
}

// The Maildir with its counts; empty where there is none yet.
Result<LocalSide> look_at_local(io::FileSystem& files, const Settings& settings,
                                const std::vector<MailboxRow>& known) {
  LocalSide found;
  auto root = files.open_root(settings.maildir, false);
  if (!root) {
    if (root.error().is(ErrorCode::not_found)) return found;
    return fail(std::move(root).error());
  }
  STERNA_TRY(LocalFolders folders, list_local(**root, settings, known));
  for (const maildir::UnusableFolder& folder : folders.unusable) {
    if (folder.has_cur) found.unusable.push_back(line_of_unusable(**root, settings, folder));
  }
  for (LocalFolder& folder : folders.mailboxes) {
    LocalMail mail{std::move(folder), std::nullopt};
    if (mail.folder.complete) {
      if (auto count = count_local(**root, mail.folder.path)) mail.messages = *count;
    }
    found.mailboxes.push_back(std::move(mail));
  }
  return found;
}

struct KnownMailboxes {
  std::vector<MailboxRow> rows;
  std::map<MailboxName, std::string> parked;  // as a whole, with the reason
};

Result<KnownMailboxes> known_mailboxes(const Settings& settings) {
  KnownMailboxes known;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return known;
  STERNA_TRY(known.rows, base->mailboxes());
  STERNA_TRY(const std::vector<store::Failure> failures, base->failures());
  for (const store::Failure& failure : failures) {
    if (!is_of_mailbox(failure)) continue;
    known.parked.emplace(MailboxName(failure.base_name), failure.reason);
  }
  return known;
}

std::vector<MailboxLine> join(const std::vector<ServerMailbox>& remote, const LocalSide& local,
                              const KnownMailboxes& known, const Settings& settings) {
  std::map<MailboxName, MailboxLine> lines;
  for (const ServerMailbox& mailbox : remote) {
    // Without our prefix it may be called as one of ours.
    if (mailbox.foreign && lines.contains(mailbox.name)) continue;
    MailboxLine& line = lines[mailbox.name];
    line.role = to_string(mailbox.role);
    line.on_server = true;
    line.selectable = mailbox.selectable;
    line.included = mailbox.selectable && mailbox.is_included(settings);
    line.messages_remote = mailbox.messages;
    line.octets_remote = mailbox.octets;
  }
  for (const LocalMail& mail : local.mailboxes) {
    MailboxLine& line = lines[mail.folder.name];
    line.local = true;
    line.path = absolute_path(settings, maildir::to_string(mail.folder.path));
    line.messages_local = mail.messages;
    if (!line.on_server) line.included = settings.includes(mail.folder.name, Role::none);
  }
  std::vector<MailboxLine> sorted;
  for (auto& [name, line] : lines) {
    line.name = name.text();
    const auto parked = known.parked.find(name);
    if (line.included && parked != known.parked.end()) line.obstacle = parked->second;
    sorted.push_back(std::move(line));
  }
  const auto inbox = std::ranges::find(sorted, "INBOX", &MailboxLine::name);
  if (inbox != sorted.end()) std::rotate(sorted.begin(), inbox, inbox + 1);
  std::ranges::copy(local.unusable, std::back_inserter(sorted));
  return sorted;
}

}  // namespace

coro::Task<Result<std::unique_ptr<Connection>>> open_session(Services services,
                                                             const Settings& settings, Log log) {
  LoginSecret secret(settings);
  STERNA_CO_TRY(std::unique_ptr<Connection> connection,
                co_await open_connection(services, settings, secret, std::move(log)));
  STERNA_CO_CHECK(co_await connection->settle());
  co_return connection;
}

bool ServerMailbox::is_included(const Settings& settings) const {
  return !foreign && settings.includes(name, role) &&
         (!settings.subscribed_only || subscribed || name.is_inbox());
}

coro::Task<Result<std::vector<ServerMailbox>>> list_server(Connection& connection,
                                                           const Settings& settings, bool counts) {
  InventorySink sink;
  imap::ListOptions options = list_options(connection);
  const bool with_status = counts && !options.return_status.empty();
  options.return_status.clear();
  if (with_status) options.return_status = counted_items(connection);
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::list(options), &sink));
  if (takes_plain_list_alone(connection, done)) {
    co_return co_await list_server(connection, settings, counts);
  }
  if (!done.ok()) co_return fail(imap::error_from(done));
  if (settings.subscribed_only && !options.return_subscribed) {
    STERNA_CO_CHECK(co_await connection.run_ok(imap::lsub("", "*"), &sink));
  }
  std::vector<ServerMailbox> mailboxes = mailboxes_of(sink, connection, settings);
  if (counts) {
    STERNA_CO_CHECK(co_await ask_statuses(connection, mailboxes, sink));
    take_counts(mailboxes, sink);
  }
  co_return mailboxes;
}

Result<LocalFolders> list_local(io::Directory& root, const Settings& settings,
                                const std::vector<MailboxRow>& known) {
  const maildir::Layout layout(settings.layout, settings.inbox);
  STERNA_TRY(maildir::Discovery discovery, maildir::discover(root, layout));
  LocalFolders folders;
  folders.unusable = std::move(discovery.unusable);
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
    folders.mailboxes.push_back(std::move(folder));
  }
  return folders;
}

Error unusable_folder(const Settings& settings, const maildir::UnusableFolder& folder) {
  const std::string where =
      printable(absolute_path(settings, maildir::to_string(folder.path)), 500);
  return Error(ErrorCode::exists, fmt::format("{} {}", where, folder.why))
      .with_scope(ErrorScope::mailbox)
      .with_hint(folder.remedy);
}

Error unreadable_folder(const Settings& settings, const maildir::MailboxPath& path) {
  const std::string where = printable(absolute_path(settings, maildir::to_string(path)), 500);
  return Error(ErrorCode::permission, fmt::format("{} cannot be read", where))
      .with_scope(ErrorScope::mailbox)
      .with_hint(fmt::format("nothing in it is synced, and no mailbox is removed, until whoever "
                             "runs Sterna may read it: chmod u+rwx {}",
                             where));
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
    return look_at_local(services.files, settings, known->rows);
  });
  if (!local) co_return fail(std::move(local).error());
  STERNA_CO_TRY(const std::unique_ptr<Connection> connection,
                co_await open_session(services, settings, std::move(log)));
  auto remote = co_await list_server(*connection, settings, true);
  if (!remote) co_return fail_in(std::move(remote), "listing the mailboxes of the server");
  co_await connection->logout();
  co_return join(*remote, *local, *known, settings);
}

}  // namespace sterna::account
