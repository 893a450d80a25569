// SPDX-License-Identifier: Apache-2.0
#include "empty_mailboxes.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "execute.h"
#include "failures.h"
#include "look_at_file.h"
#include "message_limit.h"
#include "observe.h"
#include "row_changes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/listing.h"
#include "trash_copies.h"

namespace sterna::account {
namespace {

constexpr const char* kReason = "its mailbox was removed, and the user applied it";

Status bury_all(Engine& engine, const MailboxWork& work, const std::vector<MessageRow>& rows,
                const std::string& side) {
  if (rows.empty()) return {};
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  return engine.write([&]() -> Status {
    for (const MessageRow& row : rows) {
      STERNA_CHECK(bury(engine, work, row, side, "forgotten", kReason));
      for (const Intent& intent : intents) {
        const bool about = intent.mailbox == row.key.mailbox && intent.uid == row.key.uid;
        if (about) STERNA_CHECK(engine.store->close_intent(intent.id));
      }
    }
    return {};
  });
}

// --- on the server
// --------------------------------------------------------------------------------

coro::Task<Result<UidSet>> all_uids(Connection& connection) {
  STERNA_CO_TRY(Found found, co_await search_all(connection, {}));
  // What it left out would count as gone (rule 5).
  if (!found.whole) {
    co_return fail(Error(ErrorCode::unsupported, "the server does not tell all that is in it")
                       .with_scope(ErrorScope::mailbox));
  }
  co_return std::move(found.uids);
}

// Never the last copy, unless the user asked for that (rule 7).
sync::RemovalKind kind_for(Engine& engine, const MailboxWork& work) {
  if (work.policy.local_delete == sync::LocalDelete::expunge) return sync::RemovalKind::expunge;
  const MailboxWork* trash = engine.trash();
  const bool bin = work.row.role == Role::trash || work.row.role == Role::junk;
  return trash && !bin ? sync::RemovalKind::to_trash : sync::RemovalKind::fetch_expunge;
}

// Messages that never had a file here are not among what was removed here: they are new.
bool was_here(const MessageRow& row) {
  return row.state != RowState::wanted && row.state != RowState::quarantined;
}

struct Known {
  std::vector<MessageRow> there;
  std::vector<MessageRow> gone;
  std::vector<MessageRow> unseen;
};

Result<Known> sort_rows(Engine& engine, const MailboxWork& work, const UidSet& uids) {
  Known known;
  STERNA_CHECK(engine.store->for_each(work.row.id, [&](const MessageRow& row) {
    if (!is_on_server(row.state)) return;
    auto& rows = !was_here(row)               ? known.unseen
                 : uids.contains(row.key.uid) ? known.there
                                              : known.gone;
    rows.push_back(row);
  }));
  return known;
}

// Removals to the Trash that were begun before may have got as far as the copy (without MOVE):
// those of which it is there.
coro::Task<Result<UidSet>> copied_before(Engine& engine, Connection& connection,
                                         const MailboxWork& work,
                                         const std::vector<MessageRow>& rows) {
  STERNA_CO_TRY(const auto intents,
                open_removals(engine, work.row.id, work.row.cursor.uidvalidity));
  std::vector<BegunRemoval> begun;
  for (const MessageRow& row : rows) {
    const auto intent = intents.find(row.key.uid);
    if (intent == intents.end() || !row.identity) continue;
    begun.push_back({row.key, intent->second, *remote_identity(row)});
  }
  MailboxWork* trash = engine.trash();
  if (begun.empty() || !trash) co_return UidSet{};
  co_return co_await find_trash_copies(engine, connection, *trash, begun);
}

coro::Task<Status> remove_known(Engine& engine, Connection& connection, MailboxWork& work,
                                const std::vector<MessageRow>& rows) {
  std::vector<sync::Action> actions;
  const sync::RemovalKind kind = kind_for(engine, work);
  STERNA_CO_TRY(const UidSet copied, co_await copied_before(engine, connection, work, rows));
  for (const MessageRow& row : rows) {
    sync::DeleteOut out;
    out.where = {work.row.id, work.row.cursor.uidvalidity};
    out.uid = row.key.uid;
    out.kind = copied.contains(row.key.uid) ? sync::RemovalKind::expunge : kind;
    out.identity = row.identity.value_or(Identity{row.remote_size, {}, {}});
    out.proof = "its directory is gone from the whole Maildir";
    actions.push_back({std::move(out), kReason});
  }
  Removals removals{&work, {}};
  for (const sync::Action& action : actions) removals.actions.push_back(&action);
  if (actions.empty()) co_return Status{};
  co_return co_await remove_out(engine, connection, std::span(&removals, 1));
}

// A file of the mailbox that is in another one now was moved before its folder was removed.
struct MovedFile {
  MailboxWork* place = nullptr;
  const LocalArrival* arrival = nullptr;
};

MovedFile find_moved(Engine& engine, const MessageRow& row) {
  if (row.base_name.empty()) return {};
  for (const auto& work : engine.mailboxes) {
    for (const LocalArrival& arrival : work->input.local.arrived) {
      if (arrival.file.base == row.base_name) return {work.get(), &arrival};
    }
  }
  return {};
}

bool is_file_of(const Identity& identity, const LocalArrival& arrival) {
  return (arrival.identity && identity.same_as(*arrival.identity)) ||
         (arrival.plain && identity.same_as(*arrival.plain));
}

sync::Action move_to(const MailboxWork& work, const MessageRow& row, const MovedFile& moved) {
  sync::MoveOut move;
  move.from = {work.row.id, work.row.cursor.uidvalidity};
  move.uid = row.key.uid;
  move.to = {moved.place->row.id, moved.place->input.remote.uidvalidity};
  move.file = moved.arrival->file;
  move.flags = row.flags;
  move.identity = *row.identity;
  return {std::move(move), "moved here before its folder was removed"};
}

// The messages whose files were moved away follow them; `rows` keeps the others. What is not proven
// to be the same stays where it is.
coro::Task<Status> follow_moves(Engine& engine, Connection& connection, MailboxWork& work,
                                std::vector<MessageRow>& rows) {
  std::map<MailboxWork*, std::vector<sync::Action>> moves;
  std::erase_if(rows, [&](const MessageRow& row) {
    const MovedFile moved = find_moved(engine, row);
    if (!moved.place) return false;
    const bool proven = row.identity && is_file_of(*row.identity, *moved.arrival);
    if (proven && moved.place->input.remote.uidvalidity && !moved.place->input.local.suspect) {
      moves[moved.place].push_back(move_to(work, row, moved));
    }
    return true;
  });
  for (const auto& [place, actions] : moves) {
    std::vector<const sync::Action*> pointers;
    for (const sync::Action& action : actions) pointers.push_back(&action);
    STERNA_CO_CHECK(co_await move_out(engine, connection, work, *place, pointers));
    place->look_again();
  }
  co_return Status{};
}

coro::Task<Status> empty_there(Engine& engine, Connection& connection, MailboxWork& work) {
  work.input.remote.uidvalidity = work.row.cursor.uidvalidity;
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, work.row.cursor.uidvalidity));
  STERNA_CO_TRY(const UidSet uids, co_await all_uids(connection));
  STERNA_CO_TRY(Known known, sort_rows(engine, work, uids));
  STERNA_CO_CHECK(bury_all(engine, work, known.gone, "remote"));
  STERNA_CO_CHECK(engine.write([&]() -> Status {
    for (const MessageRow& row : known.unseen) {
      STERNA_CHECK(engine.store->remove_message(row.key));
    }
    return {};
  }));
  STERNA_CO_CHECK(co_await follow_moves(engine, connection, work, known.there));
  co_return co_await remove_known(engine, connection, work, known.there);
}

// --- here
// -----------------------------------------------------------------------------------------

// Where a row says that its file is, or was before its removal was begun.
bool may_have_file(RowState state) {
  return state == RowState::present || state == RowState::stub || state == RowState::detached ||
         state == RowState::dropping;
}

// A row, and the file that has its name now.
struct Named {
  MessageRow row;
  LocalFile file;
  std::optional<bool> edited;  // nullopt: not known
};

Named name_again(const maildir::Listing& listing, const maildir::Entry& entry, MessageRow row) {
  Named named{std::move(row), {}, {}};
  named.file.name = std::string(listing.name(entry));
  named.file.base = std::string(listing.base(entry));
  named.file.in_new = entry.in_new;
  return named;
}

bool is_content_of(const Identity& identity, const maildir::ContentIdentity& content) {
  const std::optional<Identity> plain = to_plain_identity(content);
  return identity.same_as(to_identity(content)) || (plain && identity.same_as(*plain));
}

// Blocking. A name proves nothing (rule 9), and a file that was only touched or copied is no edit.
void look_at_file_of(maildir::MailboxDirs& dirs, Named& named) {
  io::Directory& directory = dirs.message_dir(named.file.in_new);
  const Result<io::FileStat> now = directory.stat_at(named.file.name);
  if (!now) return;
  named.file.file = to_stamp(*now);
  if (named.file.file == named.row.file) {
    named.edited = false;
    return;
  }
  const Looked looked = look_at(directory, named.file.name, named.file.base);
  if (!looked.stamp || !looked.identity) return;
  named.file.file = *looked.stamp;
  named.edited = !named.row.identity || !is_content_of(*named.row.identity, *looked.identity);
}

sync::Action removal_of(const MailboxWork& work, const Named& named) {
  sync::DeleteIn remove{{work.row.id, work.row.cursor.uidvalidity},
                        named.row.key.uid,
                        {},
                        {},
                        {},
                        RowState::tombstone};
  remove.file = named.file;
  remove.proof = "its mailbox is missing in two complete lists of the server";
  return {std::move(remove), kReason};
}

// The row goes and the file stays, as mail that came since the server had the mailbox. It has the
// name, and not the file, of a message that was removed.
Status spare(Engine& engine, const MailboxWork& work, MessageRow row) {
  row.file = {};
  return engine.write([&] {
    return bury(engine, work, row, "local", "forgotten",
                "its file was edited, and the edit is on no server");
  });
}

coro::Task<Status> empty_here(Engine& engine, MailboxWork& work) {
  STERNA_CO_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(work));
  STERNA_CO_TRY(const maildir::Listing listing, maildir::list_mailbox(*dirs->home));
  if (!listing.complete()) {
    co_return fail(ErrorCode::changed, "the directory is not at rest");
  }
  std::vector<Named> all;
  std::vector<MessageRow> rest;
  STERNA_CO_CHECK(engine.store->for_each(work.row.id, [&](const MessageRow& row) {
    const maildir::Entry* entry = may_have_file(row.state) ? listing.find(row.base_name) : nullptr;
    if (!entry || entry->kind == maildir::EntryKind::strange) return rest.push_back(row);
    all.push_back(name_again(listing, *entry, row));
  }));
  auto look = [dirs, &all]() -> Status {
    for (Named& named : all) look_at_file_of(*dirs, named);
    return {};
  };
  STERNA_CO_CHECK(co_await on_worker(engine.services, look));
  sync::Plan plan;
  Status unknown;
  for (const Named& named : all) {
    if (!named.edited) {
      unknown = fail(ErrorCode::changed, named.file.name + " cannot be read, or is being written");
    } else if (*named.edited) {
      STERNA_CO_CHECK(spare(engine, work, named.row));
    } else {
      plan.actions.push_back(removal_of(work, named));
    }
  }
  STERNA_CO_CHECK(bury_all(engine, work, rest, "local"));
  STERNA_CO_CHECK(co_await execute_local_removals(engine, plan));
  co_return unknown;
}

Status conclude(Engine& engine, const Connection& connection, const MailboxWork& work,
                Status done) {
  if (done) {
    // The table says what becomes of the mailbox. What could not go waits for another sync.
    STERNA_TRY(const store::Store::Counts left, engine.store->counts(work.row.id));
    engine.again = engine.again || (left.on_server == 0 && left.present == 0);
    return {};
  }
  if (ends_pass(connection, done.error())) {
    return fail_in(std::move(done), fmt::format("mailbox {}", work.name()));
  }
  engine.note(std::move(done).error(), &work);
  return {};
}

}  // namespace

coro::Task<Status> empty_mailboxes(Engine& engine, Connection& connection) {
  for (const MailboxId id : engine.emptied_here) {
    MailboxWork* work = engine.find(id);
    if (!work) continue;
    Status done = co_await empty_here(engine, *work);
    STERNA_CO_CHECK(conclude(engine, connection, *work, std::move(done)));
  }
  for (const MailboxId id : engine.emptied_there) {
    MailboxWork* work = engine.find(id);
    if (!work) continue;
    Status done = co_await empty_there(engine, connection, *work);
    STERNA_CO_CHECK(conclude(engine, connection, *work, std::move(done)));
  }
  co_return Status{};
}

}  // namespace sterna::account
