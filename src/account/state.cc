// SPDX-License-Identifier: Apache-2.0
// What the state of an account tells without a server, and what the user decides about it. Reading
// takes no lock; deciding takes it, so that no sync runs meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "decisions.h"
#include "failures.h"
#include "header_fields.h"
#include "inspect_parts.h"
#include "last_sync.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "sterna/sync/plan.h"

namespace sterna::account {
namespace {

using MailboxNames = std::map<std::int64_t, MailboxRow>;

Result<MailboxNames> mailboxes_by_id(store::Store& base) {
  STERNA_TRY(std::vector<MailboxRow> rows, base.mailboxes());
  MailboxNames names;
  for (MailboxRow& row : rows) names.emplace(row.id.value, std::move(row));
  return names;
}

const MailboxRow* find(const MailboxNames& names, MailboxId id) {
  const auto it = names.find(id.value);
  return it == names.end() ? nullptr : &it->second;
}

Result<std::string> text_of(store::Store& base, std::string_view key) {
  STERNA_TRY(std::optional<std::string> value, base.get(key));
  return value.value_or("");
}

Result<std::int64_t> number_of(store::Store& base, std::string_view key) {
  STERNA_TRY(const std::string text, text_of(base, key));
  return static_cast<std::int64_t>(parse_number(text, INT64_MAX).value_or(0));
}

// Where a row's file was last seen.
std::string path_of_row(const Settings& settings, const MailboxRow& mailbox,
                        const MessageRow& row) {
  return fmt::format("{}/{}/{}", absolute_path(settings, mailbox.path), row.in_new ? "new" : "cur",
                     full_name(row));
}

// Of a message in the base, or of a file that has no row; of the latter the base alone knows no
// more than the beginning of its name.
Result<std::string> path_of(store::Store& base, const Settings& settings, const MailboxRow& mailbox,
                            Uid uid, const std::string& base_name) {
  if (uid) {
    STERNA_TRY(std::optional<MessageRow> row, base.message({mailbox.id, uid}));
    if (row && !row->base_name.empty()) return path_of_row(settings, mailbox, *row);
  }
  if (base_name.empty()) return std::string();
  return fmt::format("{}/cur/{}", absolute_path(settings, mailbox.path), base_name);
}

// The same with a look at the directory, which knows the whole name.
std::string path_on_disk(io::FileSystem& files, const Settings& settings, const MailboxRow& mailbox,
                         const std::string& base_name) {
  const std::string directory = absolute_path(settings, mailbox.path);
  if (auto opened = files.open_root(directory, false)) {
    auto found = maildir::find_by_base(**opened, base_name);
    if (found && *found) {
      return fmt::format("{}/{}/{}", directory, (*found)->in_new ? "new" : "cur", (*found)->name);
    }
  }
  return {};
}

struct HeldFolder {
  std::unique_ptr<io::Directory> home;
  maildir::Listing listing;
};

std::optional<HeldFolder> open_folder(io::FileSystem& files, const std::string& path) {
  auto home = files.open_root(path, false);
  if (!home) return std::nullopt;
  auto listing = maildir::list_mailbox(**home);
  if (!listing) return std::nullopt;
  return HeldFolder{std::move(*home), std::move(*listing)};
}

Status read_mailboxes(store::Store& base, const Settings& settings, const MailboxNames& names,
                      AccountState& state) {
  STERNA_TRY(const MailboxesBehind behind, mailboxes_behind(base));
  for (const auto& [id, row] : names) {
    MailboxState mailbox;
    mailbox.name = row.name.text();
    mailbox.path = absolute_path(settings, row.path);
    STERNA_TRY(const store::Store::Counts counts, base.counts(row.id));
    mailbox.messages = counts.present;
    const auto at = behind.find(id);
    // A row that the sync which made it did not finish.
    const bool never = !row.cursor.uid_next && counts.present == 0;
    mailbox.last_sync_ms = at != behind.end() ? at->second : never ? 0 : state.last_sync_ms;
    state.mailboxes.push_back(std::move(mailbox));
  }
  std::ranges::sort(state.mailboxes, {}, &MailboxState::name);
  return {};
}

Status read_parked(io::FileSystem& files, store::Store& base, const Settings& settings,
                   const MailboxNames& names, AccountState& state) {
  std::set<std::tuple<std::int64_t, std::uint32_t, std::string>> messages;
  STERNA_TRY(const std::vector<store::Failure> failures, base.failures());
  for (const store::Failure& failure : failures) {
    const MailboxRow* mailbox = find(names, failure.mailbox);
    const bool whole = is_of_mailbox(failure);
    if (!mailbox && !whole) continue;
    ParkedMessage parked{.mailbox = whole ? failure.base_name : mailbox->name.text(),
                         .uid = failure.uid.value,
                         .path = {},
                         .action = failure.action,
                         .reason = failure.reason,
                         .tries = failure.count,
                         .next_try_ms = failure.next_try_ms,
                         .whole = whole};
    if (failure.uid) {
      STERNA_TRY(parked.path, path_of(base, settings, *mailbox, failure.uid, {}));
    } else if (!whole) {
      parked.path = path_on_disk(files, settings, *mailbox, failure.base_name);
    }
    state.parked.push_back(std::move(parked));
    messages.emplace(failure.mailbox.value, failure.uid.value,
                     failure.uid ? std::string() : failure.base_name);
  }
  STERNA_TRY(const std::vector<MessageRow> rows, base.messages_in_state(RowState::quarantined));
  for (const MessageRow& row : rows) {
    messages.emplace(row.key.mailbox.value, row.key.uid.value, std::string());
  }
  state.quarantined = messages.size();
  return {};
}

// Changes that are known and not carried out. An intent to delete on the server has its row in
// state deleting, which counts already.
Result<std::uint64_t> count_pending(store::Store& base) {
  std::uint64_t pending = 0;
  for (const RowState state : {RowState::wanted, RowState::dropping, RowState::deleting}) {
    STERNA_TRY(const std::vector<MessageRow> rows, base.messages_in_state(state));
    pending += rows.size();
  }
  STERNA_TRY(const std::vector<Intent> intents, base.intents());
  pending += static_cast<std::uint64_t>(std::ranges::count_if(
      intents, [](const Intent& intent) { return intent.kind != IntentKind::delete_out; }));
  // Some of what the last plan left waiting has such a row or intent.
  STERNA_TRY(const std::int64_t waiting, number_of(base, kWaitingKey));
  return std::max(pending, static_cast<std::uint64_t>(waiting));
}

// As the last sync found it, unless the marker is back since, as when the disk was mounted.
Status read_marker_held(io::FileSystem& files, const Settings& settings, store::Store& base,
                        AccountState& state) {
  STERNA_TRY(const std::string held, text_of(base, "marker_held"));
  if (held.empty()) return {};
  auto root = files.open_root(settings.maildir, false);
  if (!root && root.error().is(ErrorCode::not_found)) state.maildir_gone = maildir_gone(settings);
  state.marker_held = !root || !judge_marker(**root, settings.name, files.machine_id(), &base);
  return {};
}

}  // namespace

Result<std::unique_ptr<store::Store>> open_base(const Settings& settings) {
  auto opened = store::Store::open(settings.state_dir, true);
  if (!opened && opened.error().is(ErrorCode::not_found)) {
    return std::unique_ptr<store::Store>();
  }
  return opened;
}

std::string absolute_path(const Settings& settings, std::string_view relative) {
  std::string path = settings.maildir;
  if (!relative.empty()) path.append("/").append(relative);
  return path;
}

std::string print_id(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t id = 0;
  if (text.size() != 16) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (error != std::errc() || end != text.data() + text.size() || id == 0) return std::nullopt;
  return id;
}

Result<std::uint64_t> stored_id(store::Store& base, std::string_view key) {
  STERNA_TRY(const std::string text, text_of(base, key));
  return parse_id(text).value_or(0);
}

Error maildir_gone(const Settings& settings) {
  return Error(ErrorCode::marker, fmt::format("the Maildir {} is not there; is its disk mounted?",
                                              printable(settings.maildir)))
      .with_hint(
          fmt::format("mount it; or, to begin anew, move {} away", printable(settings.state_dir)));
}

Status judge_marker(io::Directory& root, const std::string& account, const std::string& machine,
                    store::Store* base) {
  const std::string hint = fmt::format(
      "mount what belongs there; or, if this is the right Maildir: sterna adopt {}", account);
  std::uint64_t state = 0;
  std::uint64_t tree = 0;
  if (base) {
    STERNA_TRY(state, stored_id(*base, "state"));
    STERNA_TRY(tree, stored_id(*base, "tree"));
  }
  const bool first = state == 0 || tree == 0;
  const auto refuse = [&hint](std::string what) {
    return fail(Error(ErrorCode::marker, std::move(what)).with_hint(hint));
  };
  auto marker = maildir::read_marker(root);
  if (!marker && marker.error().is(ErrorCode::not_found)) {
    if (first) return {};
    return refuse("the marker is missing, although this account has a state");
  }
  if (!marker && marker.error().is(ErrorCode::marker)) return refuse("the marker is damaged");
  if (!marker) return fail(std::move(marker).error());
  if (marker->machine != machine) return refuse("the marker is that of another machine");
  if (!first && (marker->state.value != state || marker->tree.value != tree)) {
    return refuse("the marker is that of another state");
  }
  return {};
}

std::uint64_t base_octets(const Settings& settings) {
  return store::Store::octets(settings.state_dir);
}

Result<AccountState> read_state(io::FileSystem& files, const Settings& settings) {
  AccountState state;
  state.name = settings.name;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return state;
  STERNA_TRY(state.last_sync_ms, number_of(*base, kLastSyncKey));
  state.ever_synced = state.last_sync_ms > 0;
  STERNA_TRY(state.error, text_of(*base, "last_error"));
  STERNA_CHECK(read_marker_held(files, settings, *base, state));
  STERNA_TRY(const std::vector<store::HeldEntry> held, base->held());
  state.held = held.size();
  STERNA_TRY(state.pending, count_pending(*base));
  STERNA_TRY(const MailboxNames names, mailboxes_by_id(*base));
  STERNA_CHECK(read_mailboxes(*base, settings, names, state));
  STERNA_CHECK(read_parked(files, *base, settings, names, state));
  return state;
}

Result<std::vector<HistoryLine>> read_history(const Settings& settings,
                                              const HistoryFilter& filter) {
  std::vector<HistoryLine> lines;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return lines;
  const std::string_view name = std::string_view(filter.path).substr(filter.path.rfind('/') + 1);
  store::HistoryQuestion question;
  question.path = maildir::view_file_name(name).base;
  question.mailbox = filter.mailbox;
  question.uid = Uid{filter.uid};
  question.message_id = filter.message_id;
  question.since_ms = filter.since_ms;
  question.until_ms = filter.until_ms;
  question.limit = filter.limit;
  STERNA_TRY(std::vector<store::HistoryEntry> entries, base->history(question));
  for (store::HistoryEntry& entry : entries) {
    lines.push_back({entry.at_ms, std::move(entry.mailbox), entry.uid.value,
                     entry.path.empty() ? std::string() : absolute_path(settings, entry.path),
                     std::move(entry.event), std::move(entry.side), std::move(entry.detail),
                     std::move(entry.reason), std::move(entry.message_id)});
  }
  return lines;
}

Result<std::vector<std::string>> mailbox_names(const Settings& settings) {
  std::vector<std::string> names;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return names;
  STERNA_TRY(const std::vector<MailboxRow> rows, base->mailboxes());
  for (const MailboxRow& row : rows) names.push_back(row.name.text());
  return names;
}

Result<std::string> mailbox_of_folder(const Settings& settings, const std::string& path) {
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return std::string();
  STERNA_TRY(const std::vector<MailboxRow> rows, base->mailboxes());
  for (const MailboxRow& row : rows) {
    const std::string folder = absolute_path(settings, row.path);
    const bool inside =
        path == folder + "/cur" || path == folder + "/new" || path == folder + "/tmp";
    if (row.has_local && (path == folder || inside)) return row.name.text();
  }
  return std::string();
}

Error unknown_mailbox(const std::string& account, std::string_view typed,
                      const std::vector<std::string>& names) {
  const std::string near = nearest_name(typed, names);
  return Error(ErrorCode::usage, fmt::format("there is no mailbox {}", printable(typed, 200)))
      .with_hint(near.empty() ? fmt::format("sterna mailboxes {} lists them", account)
                              : fmt::format("did you mean {}?", printable(near, 200)));
}

Result<std::vector<HeldLine>> read_held(const Settings& settings) {
  std::vector<HeldLine> lines;
  STERNA_TRY(const std::unique_ptr<store::Store> base, open_base(settings));
  if (!base) return lines;
  STERNA_TRY(const MailboxNames names, mailboxes_by_id(*base));
  STERNA_TRY(const std::vector<store::HeldEntry> entries, base->held());
  for (const store::HeldEntry& entry : entries) {
    HeldLine line{.id = entry.id,
                  .kind = entry.kind,
                  .mailbox = {},
                  .uid = entry.uid.value,
                  .path = {},
                  .message_id = {},
                  .reason = entry.reason,
                  .since_ms = entry.since_ms};
    if (const MailboxRow* mailbox = find(names, entry.mailbox)) {
      line.mailbox = mailbox->name.text();
      STERNA_TRY(line.path, path_of(*base, settings, *mailbox, entry.uid, entry.base_name));
    }
    if (entry.uid) {
      STERNA_TRY(const auto row, base->message({entry.mailbox, entry.uid}));
      if (row && row->identity) line.message_id = row->identity->message_id;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

void look_at_held_files(io::FileSystem& files, std::vector<HeldLine>& lines) {
  std::map<std::string, std::optional<HeldFolder>> folders;
  for (HeldLine& line : lines) {
    if (line.uid != 0 || line.path.empty()) continue;
    const std::size_t name = line.path.rfind("/cur/");
    if (name == std::string::npos) continue;
    const std::string path = line.path.substr(0, name);
    auto known = folders.find(path);
    if (known == folders.end()) known = folders.emplace(path, open_folder(files, path)).first;
    if (!known->second) continue;
    const HeldFolder& folder = *known->second;
    const maildir::Entry* entry = folder.listing.find(std::string_view(line.path).substr(name + 5));
    if (!entry || entry->kind == maildir::EntryKind::strange) continue;
    const std::string_view file = folder.listing.name(*entry);
    const std::string directory = entry->in_new ? "new" : "cur";
    line.path = fmt::format("{}/{}/{}", path, directory, file);
    if (const auto opened = folder.home->open_directory(directory)) {
      line.message_id = read_fields(**opened, file).message_id;
    }
  }
}

}  // namespace sterna::account
