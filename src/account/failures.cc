// SPDX-License-Identifier: Apache-2.0
#include "failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sterna/sync/attempts.h"
#include "time_units.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kPauseMaxMs = kDayMs;

// 1 minute, doubled with each failure, up to a day.
std::int64_t pause_ms(unsigned count) {
  const unsigned doublings = std::min(count, 11U);
  return std::min<std::int64_t>(std::int64_t{60'000} << doublings, kPauseMaxMs);
}

std::optional<store::Failure> find(Engine& engine, MailboxId mailbox, Uid uid,
                                   std::string_view base_name, std::string_view action) {
  auto known = engine.store->failure(mailbox, uid, base_name, action);
  return known ? std::move(*known) : std::nullopt;
}

void count_after(Engine& engine, unsigned before, store::Failure& failure, const Error& error) {
  failure.count = before;
  failure.next_try_ms = engine.now_ms() + pause_ms(failure.count);
  ++failure.count;
  failure.reason = error.describe();
}

// The message itself waits; for the arithmetic the server has it.
Status put_quarantined(Engine& engine, MessageKey key) {
  STERNA_TRY(const std::optional<MessageRow> row, engine.store->message(key));
  if (row) return {};
  MessageRow parked;
  parked.key = key;
  parked.state = RowState::quarantined;
  parked.remote_since = engine.generation;
  return engine.store->put_message(parked);
}

// What is done with files here.
bool is_change_here(std::string_view action) {
  return action == "flags_in" || action == "move_in" || action == "delete_in" || action == "repair";
}

Status add_parked(Engine& engine, const MailboxWork& work, const store::Failure& failure) {
  std::string name = failure.base_name;
  if (failure.uid) {
    STERNA_TRY(const auto row, engine.store->message({failure.mailbox, failure.uid}));
    if (row) name = full_name(*row);
  }
  const bool here =
      is_change_here(failure.action) || failure.action == "download" || failure.action == "read";
  return engine.add_history(work, failure.uid, name, "parked", here ? "local" : "remote",
                            failure.action, failure.reason);
}

// That it is tried again and again is in the table of failures.
Status note_first(Engine& engine, const MailboxWork& work, const store::Failure& failure) {
  return failure.count == 1 ? add_parked(engine, work, failure) : Status{};
}

void count_once_more(Engine& engine, store::Failure& failure, const Error& error) {
  const auto known = find(engine, failure.mailbox, failure.uid, failure.base_name, failure.action);
  count_after(engine, known ? known->count : failure.count, failure, error);
}

UidSet uids_that_failed(Engine& engine, const MailboxWork& work, std::string_view action,
                        bool due_ones_too) {
  UidSet uids;
  Result<std::vector<store::Failure>> all = engine.store->failures();
  if (!all) return uids;
  for (const store::Failure& failure : *all) {
    if (failure.mailbox != work.row.id || !failure.uid || failure.action != action) continue;
    if (due_ones_too || waits(failure, engine.now_ms())) uids.add(failure.uid);
  }
  return uids;
}

bool is_seen(const MailboxWork& work) {
  return work.requested && work.input.remote.coverage != Coverage::unknown &&
         work.input.local.coverage != Coverage::unknown;
}

// What failed is not to be done any more, though the row is there.
bool is_given_up(const MailboxWork& work, const MessageRow& row, const std::string& action) {
  const bool listed = work.listing && work.listing->complete();
  if (action == "delete") {
    const bool flagged = row.flags.has(Flag::deleted);
    return listed && !flagged && row.state == RowState::present &&
           work.listing->find(row.base_name) != nullptr;
  }
  return action == "flags" && is_seen(work) && !work.flags_unsaid.contains(row.key.uid);
}

// The server asks to be left alone: nothing is wrong with the message, and the sync ends with that.
bool is_of_account(Engine& engine, MailboxWork& work, const Error& error) {
  if (!is_told_to_wait(error)) return false;
  work.look_again();
  if (!engine.told_to_wait) {
    engine.told_to_wait = Error(error).with_context(fmt::format("mailbox {}", work.name()));
  }
  return true;
}

}  // namespace

bool waits(const store::Failure& failure, std::int64_t now_ms) {
  return failure.next_try_ms > now_ms && failure.next_try_ms - now_ms <= kPauseMaxMs;
}

void park(Engine& engine, MailboxWork& work, Uid uid, std::string_view base_name,
          std::string_view action, Error error) {
  if (is_of_account(engine, work, error)) return;
  std::string what(action);
  if (uid) {
    what += fmt::format(" UID {}", uid.value);
  } else if (!error.message().contains(base_name)) {  // errors of the disk name the file
    what += fmt::format(" {}", base_name);
  }
  store::Failure failure{work.row.id, uid, std::string(base_name), std::string(action), 0, 0, {}};
  count_once_more(engine, failure, error);
  Status stored = engine.write([&]() -> Status {
    STERNA_CHECK(engine.store->put_failure(failure));
    STERNA_CHECK(note_first(engine, work, failure));
    if (!uid || action != "download") return {};
    return put_quarantined(engine, {work.row.id, uid});
  });
  if (!stored) engine.note(stored.error(), &work);
  engine.note(std::move(error).with_scope(ErrorScope::message).with_context(what), &work);
}

void park(Engine& engine, MailboxWork& work, const UidSet& uids, std::string_view action,
          Error error) {
  if (is_of_account(engine, work, error)) return;
  std::map<Uid, unsigned> counts;
  if (Result<std::vector<store::Failure>> all = engine.store->failures()) {
    for (const store::Failure& known : *all) {
      const bool same = known.mailbox == work.row.id && known.action == action;
      if (same && known.base_name.empty()) counts[known.uid] = known.count;
    }
  }
  Status stored = engine.write([&]() -> Status {
    for (const UidRange& range : uids.ranges()) {
      for (std::uint64_t value = range.first.value; value <= range.last.value; ++value) {
        const Uid uid(static_cast<std::uint32_t>(value));
        store::Failure failure{work.row.id, uid, {}, std::string(action), 0, 0, {}};
        count_after(engine, counts[uid], failure, error);
        STERNA_CHECK(engine.store->put_failure(failure));
        STERNA_CHECK(note_first(engine, work, failure));
      }
    }
    return {};
  });
  if (!stored) engine.note(stored.error(), &work);
  engine.note(std::move(error)
                  .with_scope(ErrorScope::message)
                  .with_context(fmt::format("{} UID {}", action, uids.to_string())),
              &work);
}

Result<std::int64_t> put_vain(Engine& engine, const ActionKey& key, unsigned times,
                              const Error& error) {
  store::Failure failure{key.mailbox, key.uid, key.base_name, key.action, 0, 0, {}};
  // What seemed to succeed was forgotten as a failure, and was none the less in vain.
  const unsigned parked_before = times - std::min(times, sync::kVainAttempts);
  const auto known = find(engine, key.mailbox, key.uid, key.base_name, key.action);
  count_after(engine, std::max(parked_before, known ? known->count : 0U), failure, error);
  STERNA_CHECK(engine.store->put_failure(failure));
  if (const MailboxWork* work = engine.find(key.mailbox); work && !known) {
    STERNA_CHECK(add_parked(engine, *work, failure));
  }
  if (key.action == "download") {
    STERNA_CHECK(put_quarantined(engine, {key.mailbox, key.uid}));
  }
  return failure.next_try_ms;
}

namespace {

Result<bool> is_settled(Engine& engine, const MailboxWork& work, const store::Failure& failure) {
  // Done by now, or not to be done any more.
  const bool is_left = engine.outcomes.unfinished.contains(key_of(failure));
  if (is_change_here(failure.action)) return is_seen(work) && !is_left;
  if (failure.action == "read") {
    return work.listing && is_seen(work) && !work.told_denied.contains(failure.base_name);
  }
  if (failure.uid) {
    STERNA_TRY(const auto row, engine.store->message({failure.mailbox, failure.uid}));
    return !row || is_given_up(work, *row, failure.action);
  }
  const bool listed = work.listing && work.listing->complete();
  if (listed && !work.listing->find(failure.base_name)) return true;
  if (failure.action != "move" && failure.action != "upload") return false;
  // The server has it there after all: the file has its row.
  STERNA_TRY(const auto rows, engine.store->messages_by_base_name(failure.base_name));
  return std::ranges::any_of(
      rows, [&](const MessageRow& row) { return row.key.mailbox == failure.mailbox; });
}

// They go when no plan has them any more (attempts.h), whatever there is of a row.
Result<std::set<ActionKey>> parked_in_vain(Engine& engine) {
  STERNA_TRY(const std::vector<Attempt> attempts, engine.store->attempts());
  std::set<ActionKey> keys;
  for (const Attempt& attempt : attempts) {
    if (attempt.next_try_ms != 0) keys.insert(attempt.key);
  }
  return keys;
}

}  // namespace

Status forget_settled_failures(Engine& engine) {
  STERNA_TRY(const std::vector<store::Failure> failures, engine.store->failures());
  if (failures.empty()) return {};
  STERNA_TRY(const std::set<ActionKey> vain, parked_in_vain(engine));
  std::vector<store::Failure> settled;
  for (const store::Failure& failure : failures) {
    const MailboxWork* work = engine.find(failure.mailbox);
    if (!work || is_of_mailbox(failure) || vain.contains(key_of(failure))) continue;
    STERNA_TRY(const bool over, is_settled(engine, *work, failure));
    if (over) settled.push_back(failure);
  }
  if (settled.empty()) return {};
  return engine.write([&]() -> Status {
    for (const store::Failure& failure : settled) {
      STERNA_CHECK(engine.store->clear_failure(failure.mailbox, failure.uid, failure.base_name,
                                               failure.action));
    }
    return {};
  });
}

UidSet parked_uids(Engine& engine, const MailboxWork& work, std::string_view action) {
  return uids_that_failed(engine, work, action, false);
}

UidSet failed_uids(Engine& engine, const MailboxWork& work, std::string_view action) {
  return uids_that_failed(engine, work, action, true);
}

bool is_parked(Engine& engine, const MailboxWork& work, Uid uid, std::string_view base_name,
               std::string_view action) {
  const auto failure = find(engine, work.row.id, uid, base_name, action);
  return failure && waits(*failure, engine.now_ms());
}

ActionKey key_of(const store::Failure& failure) {
  return {failure.mailbox, failure.uid, failure.base_name, failure.action};
}

bool is_of_mailbox(const store::Failure& failure) {
  return !failure.uid && failure.action.ends_with("_mailbox");
}

void park(Engine& engine, const MailboxFailure& failed, Error error) {
  store::Failure failure{failed.id, Uid{}, failed.name, failed.action, 0, 0, {}};
  count_once_more(engine, failure, error);
  Status stored = engine.write([&] { return engine.store->put_failure(failure); });
  if (!stored) engine.note(std::move(stored).error());
  engine.note(std::move(error));
}

bool is_parked(Engine& engine, const MailboxFailure& failed) {
  const auto failure = find(engine, failed.id, Uid{}, failed.name, failed.action);
  return failure && waits(*failure, engine.now_ms());
}

Status keep_parked(Engine& engine, const std::set<MailboxFailure>& still,
                   const std::set<std::string>& unsaid) {
  STERNA_TRY(const std::vector<store::Failure> all, engine.store->failures());
  for (const store::Failure& failure : all) {
    if (!is_of_mailbox(failure) || unsaid.contains(failure.base_name)) continue;
    if (still.contains({failure.mailbox, failure.base_name, failure.action})) continue;
    STERNA_CHECK(engine.write([&] {
      return engine.store->clear_failure(failure.mailbox, Uid{}, failure.base_name, failure.action);
    }));
  }
  return {};
}

bool ends_pass(const Connection& connection, const Error& error) {
  const bool wide = error.scope() == ErrorScope::account || error.scope() == ErrorScope::process;
  return !connection.usable() || wide || error.is_cancelled();
}

Status absorb(Engine& engine, const Connection& connection, MailboxWork& work, Status status) {
  if (status) return {};
  work.look_again();
  work.broken_off = true;
  const Error& error = status.error();
  if (ends_pass(connection, error)) {
    return fail(std::move(status).error().with_context(fmt::format("mailbox {}", work.name())));
  }
  if (error.is(ErrorCode::changed)) {
    engine.again = true;
    return {};
  }
  engine.note(std::move(status).error(), &work);
  return {};
}

}  // namespace sterna::account
