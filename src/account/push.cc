// SPDX-License-Identifier: Apache-2.0
// Flags out: our own deltas and nothing else, grouped and pipelined. +FLAGS and -FLAGS commute with
// what other clients do to other flags, so a group is safe to send without looking first, and to
// send again. A server answers OK to STORE of what is not there any more, so it is asked in the
// same breath which of the messages are: what was not said to a message is still to be said to it,
// wherever it went.
#include <fmt/format.h>

#include <deque>
#include <memory>

#include "execute.h"
#include "failures.h"
#include "message_limit.h"
#include "observe.h"
#include "removal_count.h"
#include "sterna/base/step.h"
#include "sterna/imap/outcome.h"
#include "uid_sink.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

struct Group {
  imap::StoreAction action = imap::StoreAction::add;
  FlagSet flags;
  std::vector<std::size_t> members;  // indexes into the pushes
};

std::vector<Group> group_by_delta(std::span<const FlagPush> pushes) {
  std::map<std::pair<int, std::string>, Group> groups;
  const auto add = [&](imap::StoreAction what, const FlagSet& flags, std::size_t index) {
    if (flags.empty()) return;
    Group& group = groups[{static_cast<int>(what), flags.to_string()}];
    group.action = what;
    group.flags = flags;
    group.members.push_back(index);
  };
  for (std::size_t i = 0; i < pushes.size(); ++i) {
    add(imap::StoreAction::add, pushes[i].delta.add, i);
    add(imap::StoreAction::remove, pushes[i].delta.remove, i);
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

struct Flying {
  imap::CommandId id;
  std::size_t group;
  UidSet uids;
};

Status record(Engine& engine, MailboxWork& work, std::span<const FlagPush> pushes,
              const std::vector<bool>& failed) {
  const UidSet failed_before = failed_uids(engine, work, "flags");
  // Lost with the power, it is learned again: both sides show the same flags.
  STERNA_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  STERNA_TRY(RemovalCount lost, RemovalCount::begin(engine));
  for (std::size_t i = 0; i < pushes.size(); ++i) {
    if (failed[i]) continue;
    STERNA_TRY(std::optional<MessageRow> row, engine.store->message(pushes[i].key));
    if (!row) continue;
    const Uid uid = pushes[i].key.uid;
    if (engine.flags_lost.contains(pushes[i].key)) {
      lost.add(work, uid);
      STERNA_CHECK(engine.store->remove_approval(pushes[i].key));
    }
    if (failed_before.contains(uid)) {
      STERNA_CHECK(engine.store->clear_failure(work.row.id, uid, "", "flags"));
    }
    row->flags = work.shown(pushes[i].result);
    if (pushes[i].info) row->info = *pushes[i].info;
    STERNA_CHECK(engine.store->put_message(*row));
    ++engine.report.counts.flags_out;
    STERNA_CHECK(engine.add_history(work, pushes[i].key.uid, full_name(*row), "flags", "remote",
                                    pushes[i].result.to_string(), pushes[i].reason));
  }
  STERNA_CHECK(lost.save("flags"));
  STERNA_CHECK(transaction.commit());
  at_step("flags_out.recorded");
  return {};
}

struct Question {
  imap::CommandId id;
  UidSet uids;
};

struct Stores {
  std::vector<Group> groups;
  std::vector<Flying> flying;
  std::deque<Question> questions;  // which of the messages are there
  // Of all of these commands: Dovecot answers the search before it ends the STOREs.
  std::unique_ptr<UidSink> found = std::make_unique<UidSink>();
};

Status ask_for_presence(Connection& connection, const UidSet& uids, Stores& stores) {
  for (UidSet& part : parts_for(connection, uids, 300)) {
    Question& question = stores.questions.emplace_back();
    imap::SearchQuery query;
    query.return_all = connection.has(imap::Capability::esearch);
    query.uids = part;
    question.uids = std::move(part);
    STERNA_TRY(question.id, connection.submit(imap::uid_search(query), stores.found.get()));
  }
  return {};
}

Status send_stores(Connection& connection, std::span<const FlagPush> pushes, Stores& stores) {
  stores.groups = group_by_delta(pushes);
  for (std::size_t i = 0; i < stores.groups.size(); ++i) {
    const Group& group = stores.groups[i];
    const auto uid_of = [&](std::size_t index) { return pushes[index].key.uid; };
    const UidSet all = uids_of(group.members, uid_of);
    for (UidSet& part : parts_for(connection, all, 300)) {
      imap::StoreRequest request{part, group.action, group.flags};
      STERNA_TRY(const imap::CommandId id,
                 connection.submit(imap::uid_store(request), stores.found.get()));
      stores.flying.push_back({id, i, std::move(part)});
    }
  }
  return ask_for_presence(connection, uids_of_keys(pushes), stores);
}

// What was sent is answered into `stores`, which may not go before that.
coro::Task<Status> let_land(Connection& connection, const Stores& stores, Status failed) {
  std::vector<imap::CommandId> flying;
  for (const Flying& one : stores.flying) flying.push_back(one.id);
  for (const Question& question : stores.questions) {
    if (question.id != imap::CommandId{}) flying.push_back(question.id);
  }
  for (const imap::CommandId id : flying) {
    Result<imap::Done> done = co_await connection.wait(id);
    if (!done) break;  // nothing is answered any more
  }
  co_return failed;
}

// What surely was not there. Without a whole answer nothing is sure.
coro::Task<Result<UidSet>> find_absent(Connection& connection, const Stores& stores) {
  UidSet absent;
  for (const Question& question : stores.questions) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(question.id));
    const bool whole =
        done.ok() && !is_limited(done) && !stores.found->limited && !stores.found->unreadable;
    if (whole) absent.add_all(question.uids.minus(stores.found->uids));
  }
  co_return absent;
}

// So many commands more for what a server refused together; what is left then is refused.
constexpr int kNarrowingCommands = 100;

// What was refused of several messages, or done for a part of them: halved until it is one message
// that the server refuses, and the others are told; and its flags, until it is the one that is
// refused, and the message has the others.
class Unsaid {
 public:
  Unsaid(std::span<const FlagPush> pushes, const std::vector<Group>& groups)
      : pushes_(pushes), groups_(groups), failed_(pushes.size(), false) {}

  void take(std::size_t group, const UidSet& uids, const imap::Done& done) {
    take({group, groups_[group].flags, uids}, done);
  }

  bool has_more() const { return !more_.empty(); }

  coro::Task<Status> say(Connection& connection) {
    while (!more_.empty()) {
      const Part one = std::move(more_.front());
      more_.pop_front();
      --commands_left_;
      imap::StoreRequest request{one.uids, groups_[one.group].action, one.flags};
      STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_store(request)));
      take(one, done);
    }
    co_return Status{};
  }

  const std::vector<bool>& failed() const { return failed_; }

  UidSet refused;
  std::optional<Error> refusal;

 private:
  struct Part {
    std::size_t group = 0;
    FlagSet flags;
    UidSet uids;
  };

  void take(const Part& part, const imap::Done& done) {
    if (done.ok()) {
      UidSet left = left_out(part.uids, done);
      // All of it again would be no step forward.
      if (left == part.uids) {
        refuse(part, limited_error("changed"));
      } else if (!left.empty()) {
        more_.push_back({part.group, part.flags, std::move(left)});
      }
      return;
    }
    Error error = imap::error_from(done);
    // A right that is missing is missing for all of them.
    const bool of_all =
        done.code.is(imap::Code::no_perm) || is_told_to_wait(error) || commands_left_ <= 0;
    if (of_all || !halve(part)) refuse(part, std::move(error));
  }

  bool halve(const Part& part) {
    const auto middle_of = [](auto& all) {
      return all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    };
    if (std::vector<Uid> uids = part.uids.expand(part.uids.count()); uids.size() > 1) {
      more_.push_back({part.group, part.flags, UidSet::of({uids.begin(), middle_of(uids)})});
      more_.push_back({part.group, part.flags, UidSet::of({middle_of(uids), uids.end()})});
      return true;
    }
    std::vector<std::string> words = part.flags.to_imap();
    if (words.size() < 2) return false;
    more_.push_back({part.group, FlagSet::from_imap({words.begin(), middle_of(words)}), part.uids});
    more_.push_back({part.group, FlagSet::from_imap({middle_of(words), words.end()}), part.uids});
    return true;
  }

  void refuse(const Part& part, Error error) {
    for (const std::size_t index : groups_[part.group].members) {
      if (part.uids.contains(pushes_[index].key.uid)) failed_[index] = true;
    }
    refused.add_all(part.uids);
    if (refusal) return;
    refusal = std::move(error).with_context(fmt::format("set {}", part.flags.to_string()));
  }

  std::span<const FlagPush> pushes_;
  const std::vector<Group>& groups_;
  std::vector<bool> failed_;
  std::deque<Part> more_;
  int commands_left_ = kNarrowingCommands;
};

coro::Task<Status> finish_stores(Engine& engine, Connection& connection, MailboxWork& work,
                                 std::span<const FlagPush> pushes, Stores stores) {
  Unsaid unsaid(pushes, stores.groups);
  for (const Flying& one : stores.flying) {
    STERNA_CO_TRY(imap::Done done, co_await connection.wait(one.id));
    unsaid.take(one.group, one.uids, done);
  }
  STERNA_CO_TRY(UidSet absent, co_await find_absent(connection, stores));
  if (unsaid.has_more()) {
    STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, pushes.front().uidvalidity));
    STERNA_CO_CHECK(co_await unsaid.say(connection));
    // Some may have gone since the first question.
    stores.questions.clear();
    *stores.found = {};
    Status asked = ask_for_presence(connection, uids_of_keys(pushes), stores);
    if (!asked) co_return co_await let_land(connection, stores, std::move(asked));
    STERNA_CO_TRY(absent, co_await find_absent(connection, stores));
  }
  std::vector<bool> failed = unsaid.failed();
  for (std::size_t i = 0; i < pushes.size(); ++i) {
    failed[i] = failed[i] || absent.contains(pushes[i].key.uid);
  }
  if (unsaid.refusal) {
    // Some of the messages may be gone by now: the next pass sees what is left to say.
    work.look_again();
    park(engine, work, unsaid.refused.minus(absent), "flags", std::move(*unsaid.refusal));
  }
  if (!absent.empty()) {
    work.look_again();
    engine.again = true;
    for (const Uid uid : absent.expand(absent.count())) {
      engine.outcomes.answers[{work.row.id, uid, {}, "flags"}] =
          "answered OK to STORE, and its SEARCH tells of no such message";
    }
  }
  at_step("flags_out.answered");
  co_return record(engine, work, pushes, failed);
}

// The others were refused before, and their time has not come.
std::vector<FlagPush> those_due(Engine& engine, MailboxWork& work,
                                std::span<const FlagPush> pushes) {
  const UidSet parked = parked_uids(engine, work, "flags");
  std::vector<FlagPush> due;
  for (const FlagPush& push : pushes) {
    work.flags_unsaid.add(push.key.uid);
    if (parked.contains(push.key.uid)) {
      work.look_again();
    } else {
      due.push_back(push);
    }
  }
  return due;
}

}  // namespace

coro::Task<Status> push_flags(Engine& engine, Connection& connection, MailboxWork& work,
                              std::span<const FlagPush> all, const MailboxWork* next) {
  const std::vector<FlagPush> pushes = those_due(engine, work, all);
  if (pushes.empty()) co_return Status{};
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, pushes.front().uidvalidity));
  Stores stores;
  Status sent = send_stores(connection, pushes, stores);
  if (!sent) co_return co_await let_land(connection, stores, std::move(sent));
  imap::CommandId selecting;
  if (next) {
    Result<imap::CommandId> id = submit_select(engine, connection, *next);
    if (!id) co_return co_await let_land(connection, stores, fail(std::move(id).error()));
    selecting = *id;
  }
  Status done = co_await finish_stores(engine, connection, work, pushes, std::move(stores));
  if (!done || !next) co_return done;
  // Whether it succeeded is asked where it matters, by select_mailbox().
  STERNA_CO_TRY(imap::Done selected, co_await connection.wait(selecting));
  if (!selected.ok()) engine.log.debug("mailbox {}: {}", next->name(), selected.text);
  co_return Status{};
}

coro::Task<Status> clear_deleted(Engine& engine, Connection& connection, MailboxWork& work,
                                 std::span<const sync::Action* const> actions) {
  const auto& first = std::get<sync::ClearDeleted>(actions.front()->what);
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, first.where.uidvalidity));
  for (const sync::Action* action : actions) {
    const auto& what = std::get<sync::ClearDeleted>(action->what);
    imap::StoreRequest request{UidSet::single(what.uid), imap::StoreAction::remove,
                               FlagSet{Flag::deleted}};
    STERNA_CO_TRY(const imap::Done done, co_await connection.run(imap::uid_store(request)));
    // Where it was moved on to, the mark is as the server has it.
    const bool refused = done.status == imap::StatusKind::no && what.moved_on;
    if (!done.ok() && !refused) co_return fail(imap::error_from(done));
    auto close = [&] { return engine.store->close_intent(what.intent); };
    STERNA_CO_CHECK(engine.write(close));
    engine.again = true;  // what waited for it
  }
  co_return Status{};
}

}  // namespace sterna::account
