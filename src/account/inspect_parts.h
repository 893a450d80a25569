// SPDX-License-Identifier: Apache-2.0
// What the commands that only look share: the base opened for reading, the marker beside it, and
// the mailboxes of both sides as a list.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "sterna/account/settings.h"
#include "sterna/maildir/layout.h"
#include "sterna/maildir/marker.h"
#include "sterna/model/mailbox.h"
#include "sterna/store/store.h"

namespace sterna::account {

// The base without its lock; null where the account has none yet.
Result<std::unique_ptr<store::Store>> open_base(const Settings& settings);

// Of a path relative to the Maildir's root, "" for the root itself.
std::string absolute_path(const Settings& settings, std::string_view relative);

std::string print_id(std::uint64_t id);                        // 16 hexadecimal digits
std::optional<std::uint64_t> parse_id(std::string_view text);  // strict; 0 is none
// An id that the base keeps under `key`; 0 if it has none, or no readable one.
Result<std::uint64_t> stored_id(store::Store& base, std::string_view key);

// Whether a sync would accept the marker (rule 14): ErrorCode::marker with a hint if not, also
// where it is missing although a base exists. `account` is its name; `base` may be null.
Status judge_marker(io::Directory& root, const std::string& account, const std::string& machine,
                    store::Store* base);

// The whole Maildir of an account that has a state is not there: ErrorCode::marker. No marker can
// be made where nothing is, so what mends it is another thing than with a marker that is missing.
Error maildir_gone(const Settings& settings);

// Logged in, with the names of the server known.
coro::Task<Result<std::unique_ptr<Connection>>> open_session(Services services,
                                                             const Settings& settings, Log log);

struct ServerMailbox {
  MailboxName name;
  WireName wire;
  Role role = Role::none;
  bool selectable = true;
  bool subscribed = false;
  bool foreign = false;  // another user's, or shared: never synced
  std::optional<std::uint64_t> messages;
  std::optional<std::uint64_t> octets;

  // Whether the settings want it synced.
  bool is_included(const Settings& settings) const;
};
// LIST, and with `counts` STATUS of everything selectable. Ascending by name.
coro::Task<Result<std::vector<ServerMailbox>>> list_server(Connection& connection,
                                                           const Settings& settings, bool counts);

struct LocalFolder {
  MailboxName name;  // remote name
  maildir::MailboxPath path;
  bool complete = true;
};
struct LocalFolders {
  std::vector<LocalFolder> mailboxes;
  std::vector<maildir::UnusableFolder> unusable;
};
// Every mailbox of the Maildir; `known` names those whose path does not spell their name.
Result<LocalFolders> list_local(io::Directory& root, const Settings& settings,
                                const std::vector<MailboxRow>& known);

// Of a directory that cannot be a mailbox, so that nothing in it is synced.
Error unusable_folder(const Settings& settings, const maildir::UnusableFolder& folder);

// Of a directory in the Maildir whose contents are unknown for want of a right.
Error unreadable_folder(const Settings& settings, const maildir::MailboxPath& path);

// Messages of a local mailbox, by name alone.
Result<std::uint64_t> count_local(io::Directory& root, const maildir::MailboxPath& path);

}  // namespace sterna::account
