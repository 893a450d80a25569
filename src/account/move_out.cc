// SPDX-License-Identifier: Apache-2.0
// Moves out: the user moved the file, the server's message follows (RFC 6851).
//
// COPYUID says where it went, message by message; a message of which it says nothing keeps its old
// row and its intent, and the next pass pairs it by content at its new place. Without MOVE: COPY,
// and only what the server says was copied is expunged.
#include <fmt/format.h>

#include <algorithm>

#include "execute.h"
#include "expunge.h"
#include "failures.h"
#include "observe.h"
#include "prove.h"
#include "row_changes.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"
#include "sterna/coro/both.h"
#include "sterna/maildir/change.h"
#include "sterna/maildir/file_name.h"
#include "transfer.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

// Parked by the file, where it is: should it move on, that is another move.
constexpr std::string_view kFailure = "move";

struct Moving {
  const sync::Action* action = nullptr;
  const sync::MoveOut* what = nullptr;
  MessageRow row;
  IntentId intent;
};

// The base from which both sides, as they are, come to what is planned: what one of them is still
// to be told is told when the move turns out to be done.
FlagSet base_flags(const sync::MoveOut& move) {
  const FlagSet remote = move.flags.minus(move.to_remote.add).united(move.to_remote.remove);
  if (!move.file.tells_flags) return remote;
  const FlagSet& local = move.file.flags;
  return remote.intersected(local).united(remote.united(local).minus(move.flags));
}

// The intent of the same move that is open since the server refused it, or the line broke.
const Intent* find_open(const std::vector<Intent>& open, const Intent& intent) {
  const auto found = std::ranges::find_if(open, [&](const Intent& other) {
    return other.kind == intent.kind && other.mailbox == intent.mailbox &&
           other.uidvalidity == intent.uidvalidity && other.uid == intent.uid &&
           other.target == intent.target && other.target_uidvalidity == intent.target_uidvalidity;
  });
  return found == open.end() ? nullptr : &*found;
}

// What the server is asked about: the content is what the file has,
// as the server has it.
MessageRow asked_about(const Moving& one) {
  MessageRow row = one.row;
  row.identity = one.what->identity;
  return row;
}

Status write_intents(Engine& engine, MailboxWork& from, MailboxWork& to,
                     std::vector<Moving>& moving) {
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
  STERNA_TRY(const std::vector<Intent> open, engine.store->intents());
  for (Moving& one : moving) {
    Intent intent;
    intent.kind = IntentKind::move_out;
    intent.mailbox = from.row.id;
    intent.uidvalidity = one.what->from.uidvalidity;
    intent.uid = one.row.key.uid;
    intent.target = to.row.id;
    intent.target_uidvalidity = one.what->to.uidvalidity;
    intent.target_uid_next = to.next_cursor.uid_next;
    intent.base_name = one.what->file.base;
    intent.identity = remote_identity(asked_about(one));
    intent.flags = base_flags(*one.what);
    intent.at_ms = engine.sure_ms();
    const Intent* before = find_open(open, intent);
    if (!before) {
      STERNA_TRY(one.intent, engine.store->add_intent(intent));
      continue;
    }
    // What a first try may have brought there has no lower UID than it said.
    one.intent = intent.id = before->id;
    intent.target_uid_next = before->target_uid_next;
    STERNA_CHECK(engine.store->update_intent(intent));
  }
  STERNA_CHECK(transaction.commit());
  at_step("move_out.intended");
  return {};
}

// The flags of both sides, in the letters of the new place. nullopt: the file cannot be renamed
// now.
Result<std::optional<LocalFile>> with_flags_here(Engine& engine, MailboxWork& to,
                                                 const sync::MoveOut& move,
                                                 maildir::TouchedDirectories& touched) {
  LocalFile file = move.file;
  if (!file.tells_flags) return file;
  STERNA_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(to));
  const std::vector<std::string> missing = to.keywords.missing(move.flags);
  if (!missing.empty()) {
    auto table = maildir::add_keywords(*dirs, missing);
    if (table) to.keywords = *table;
    to.letters_denied = to.letters_denied || !table;
  }
  const maildir::FileName name = maildir::parse_file_name(file.name);
  const std::uint32_t letters = to.keywords.letters_of(move.flags);
  if (name.mask == move.flags.mask() && name.keywords == letters) return file;
  Result<maildir::SeenFile> renamed =
      maildir::rename_flags(*dirs, to_seen(file), move.flags.mask(), letters, touched);
  if (!renamed) {
    to.look_again();
    return std::nullopt;
  }
  file.name = renamed->name;
  file.base = maildir::parse_file_name(file.name).base;
  file.in_new = renamed->in_new;
  return file;
}

ActionKey key_of(const MailboxWork& to, const sync::MoveOut& what) {
  return {to.row.id, Uid{}, what.file.base, std::string(kFailure)};
}

void look_again(Engine& engine, MailboxWork& from, MailboxWork& to, const sync::MoveOut& what) {
  from.look_again();
  to.look_again();
  MailboxWork* before = what.forgets ? engine.find(what.forgets->mailbox) : nullptr;
  if (before) before->look_again();
}

Status record(Engine& engine, MailboxWork& from, MailboxWork& to, const std::vector<Moving>& moving,
              const CopySink& answers, std::vector<FlagPush>& pushes) {
  maildir::TouchedDirectories touched;
  std::vector<MessageRow> placed;  // that had no row
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
  for (const Moving& one : moving) {
    STERNA_CHECK(engine.store->clear_failure(to.row.id, Uid{}, one.what->file.base, kFailure));
    ++engine.report.counts.moved_out;
    const auto uid = answers.target_of(one.row.key.uid, one.what->to.uidvalidity);
    STERNA_TRY(const bool told, uid ? can_be_new(engine, to, *uid) : Result<bool>(false));
    if (!told) {
      engine.again = true;
      look_again(engine, from, to, *one.what);
      engine.outcomes.answers[key_of(to, *one.what)] = "answered OK, and did not say where it is";
      continue;
    }
    const FlagDelta& delta = one.what->to_remote;
    STERNA_TRY(const auto file, with_flags_here(engine, to, *one.what, touched));
    // What the file does not show was never agreed: it is fetched again.
    const FlagSet& agreed = file ? one.what->flags : one.what->file.flags;
    MessageRow row = moved_row(one.row, to, *uid, file.value_or(one.what->file),
                               to.shown(agreed).minus(delta.add).united(delta.remove));
    row.identity = one.what->identity;
    row.remote_since = engine.generation;
    row.local_since = engine.generation;
    if (!delta.empty()) {
      pushes.push_back({row.key, one.what->to.uidvalidity, delta, agreed, one.action->reason,
                        std::exchange(row.info, unsaid(row.info))});
    }
    STERNA_CHECK(leave_place(engine, one.row));
    STERNA_CHECK(engine.store->put_message(row));
    if (one.row.base_name.empty()) placed.push_back(row);
    if (one.what->forgets) STERNA_CHECK(forget_row(engine, *one.what->forgets, one.action->reason));
    STERNA_CHECK(engine.store->close_intent(one.intent));
    STERNA_CHECK(engine.add_history(to, *uid, one.what->file.name, "moved", "remote",
                                    fmt::format("from {}", from.name()), one.action->reason));
  }
  STERNA_CHECK(close_uploads_of(engine, placed));
  if (engine.settings.fsync) STERNA_CHECK(touched.sync());
  STERNA_CHECK(transaction.commit());
  at_step("move_out.recorded");
  return {};
}

// Leaves in `moving` what is the message that the user moved (rule 11).
coro::Task<Status> keep_proven(Engine& engine, MailboxWork& from, MailboxWork& to, Proof& proof,
                               std::vector<Moving>& moving) {
  std::vector<MessageRow> doubted;
  for (const Moving& one : moving) {
    if (proof.of(one.row) == Proof::Verdict::doubted) doubted.push_back(asked_about(one));
  }
  STERNA_CO_TRY(const UidSet same, co_await proof.same_by_header(doubted));
  const bool any_gone = std::ranges::any_of(
      moving, [&](const Moving& one) { return proof.of(one.row) == Proof::Verdict::gone; });
  if (any_gone) STERNA_CO_CHECK(engine.doubt_cursor(from));
  std::erase_if(moving, [&](const Moving& one) {
    const Uid uid = one.row.key.uid;
    const Proof::Verdict verdict = proof.of(one.row);
    if (verdict == Proof::Verdict::same || same.contains(uid)) return false;
    look_again(engine, from, to, *one.what);
    if (verdict == Proof::Verdict::gone) {
      engine.outcomes.answers[key_of(to, *one.what)] = kUnknownToFetch;
    } else {
      park(engine, to, Uid{}, one.what->file.base, kFailure,
           not_the_same(uid, "moved")
               .with_context(fmt::format("UID {} of {}", uid.value, from.name())));
    }
    return true;
  });
  co_return Status{};
}

// Else a lost power would bring the old names back, as copies of what was moved (rule 16).
coro::Task<Status> flush_old_places(Engine& engine, MailboxWork& from,
                                    const std::vector<Moving>& moving) {
  if (!engine.settings.fsync) co_return Status{};
  maildir::TouchedDirectories left;
  for (const Moving& one : moving) {
    const auto dirs = engine.open_dirs(from);
    if (!dirs && dirs.error().is(ErrorCode::not_found))
      co_return maildir::flush_rest_of(*engine.root, from.path);
    if (!dirs) co_return fail(dirs.error());
    const bool without_row = one.row.base_name.empty();
    if (without_row || !one.row.in_new) left.add((*dirs)->message_dir(false));
    if (without_row || one.row.in_new) left.add((*dirs)->message_dir(true));
  }
  co_return co_await on_worker(engine.services, [&left] { return left.sync(); });
}

coro::Task<Status> move_epoch(Engine& engine) {
  co_return engine.bump_epoch();
}

// SELECT and the question are one packet. While they are answered, the epoch moves, and the disk
// has what the user did.
coro::Task<Status> prove(Engine& engine, Connection& connection, MailboxWork& from, MailboxWork& to,
                         std::vector<Moving>& moving) {
  const UidValidity expected = moving.front().what->from.uidvalidity;
  Proof proof(engine, connection, from, expected);
  const Status asked = proof.ask(uids_of_rows(moving));
  const Status sent = co_await connection.flush();
  auto [flushed, bumped] =
      co_await coro::both(flush_old_places(engine, from, moving), move_epoch(engine));
  STERNA_CO_CHECK(co_await proof.land());
  STERNA_CO_CHECK(asked);
  STERNA_CO_CHECK(sent);
  STERNA_CO_CHECK(bumped);
  STERNA_CO_CHECK(flushed);
  STERNA_CO_CHECK(co_await keep_proven(engine, from, to, proof, moving));
  co_return co_await select_mailbox(engine, connection, from, expected);
}

// A MOVE that was answered NO may be half done (RFC 6851 section 4.3): the intents stay, and the
// next pass asks both sides.
void refuse(Engine& engine, MailboxWork& from, MailboxWork& to, std::vector<Moving>& moving,
            const UidSet& uids, const Error& error) {
  std::erase_if(moving, [&](const Moving& one) {
    const Uid uid = one.row.key.uid;
    if (!uids.contains(uid)) return false;
    look_again(engine, from, to, *one.what);
    park(engine, to, Uid{}, one.what->file.base, kFailure,
         Error(error).with_context(fmt::format("UID {} of {}", uid.value, from.name())));
    return true;
  });
}

// The \Deleted that an earlier try left, which a copy would have, too.
coro::Task<Status> take_back_marks(Engine& engine, Connection& connection, MailboxWork& from,
                                   MailboxWork& to, std::vector<Moving>& moving) {
  UidSet marked;
  for (const Moving& one : moving) {
    if (one.what->marked) marked.add(one.row.key.uid);
  }
  if (marked.empty()) co_return Status{};
  Status cleared = co_await unmark_deleted(connection, marked);
  if (!cleared && !connection.usable()) co_return cleared;
  if (!cleared) refuse(engine, from, to, moving, marked, cleared.error());
  co_return Status{};
}

// What the server would not take is parked, and no longer in `moving`.
coro::Task<Status> carry_over(Engine& engine, Connection& connection, MailboxWork& from,
                              MailboxWork& to, std::vector<Moving>& moving, CopySink& sink) {
  STERNA_CO_TRY(const Transfer done,
                co_await transfer(engine, connection, uids_of_rows(moving), to, sink));
  if (done.refusal) {
    UidSet refused;
    for (const Moving& one : moving) {
      const Uid uid = one.row.key.uid;
      if (!done.has(uid) && !done.unnamed.contains(uid)) refused.add(uid);
    }
    refuse(engine, from, to, moving, refused, *done.refusal);
  }
  if (!done.copied.empty()) {
    at_step("move_out.copied");
    STERNA_CO_CHECK(co_await expunge_exactly(engine, connection, from, done.copied));
  }
  co_return Status{};
}

}  // namespace

coro::Task<Status> move_out(Engine& engine, Connection& connection, MailboxWork& from,
                            MailboxWork& to, std::span<const sync::Action* const> actions) {
  std::vector<Moving> moving;
  for (const sync::Action* action : actions) {
    const auto& what = std::get<sync::MoveOut>(action->what);
    if (is_parked(engine, to, Uid{}, what.file.base, kFailure)) {
      look_again(engine, from, to, what);
      continue;
    }
    STERNA_CO_TRY(std::optional<MessageRow> row, engine.store->message({from.row.id, what.uid}));
    if (!row) {
      // Moved by another client just now, and here elsewhere: it has no row at the place where it
      // is.
      row.emplace();
      row->key = {from.row.id, what.uid};
      row->internal_date = what.file.file.mtime_ns / kNsPerSecond;
      row->remote_size = what.identity.size;
      STERNA_CO_TRY(const std::optional<MessageRow> before,
                    what.forgets ? engine.store->message(*what.forgets) : std::nullopt);
      if (before && before->remote_header) {  // the server rewrote it
        row->remote_size = before->remote_size;
        row->remote_header = before->remote_header;
      }
    }
    moving.push_back({action, &what, std::move(*row), {}});
  }
  if (moving.empty()) co_return Status{};
  STERNA_CO_CHECK(co_await prove(engine, connection, from, to, moving));
  if (moving.empty()) co_return Status{};
  STERNA_CO_CHECK(write_intents(engine, from, to, moving));
  STERNA_CO_CHECK(co_await take_back_marks(engine, connection, from, to, moving));
  if (moving.empty()) co_return Status{};
  CopySink sink;
  STERNA_CO_CHECK(co_await carry_over(engine, connection, from, to, moving, sink));
  if (moving.empty()) co_return Status{};
  at_step("move_out.answered");
  from.changed_by_us = to.changed_by_us = true;
  std::vector<FlagPush> pushes;
  STERNA_CO_CHECK(record(engine, from, to, moving, sink, pushes));
  if (pushes.empty()) co_return Status{};
  co_return co_await push_flags(engine, connection, to, pushes);
}

}  // namespace sterna::account
