// SPDX-License-Identifier: Apache-2.0
#include "transfer.h"

#include <deque>

#include "message_limit.h"
#include "sterna/imap/commands.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {
namespace {

class Transferring {
 public:
  Transferring(Engine& engine, Connection& connection, const UidSet& uids, const MailboxWork& to,
               CopySink& sink)
      : connection_(connection),
        target_(to.row.wire),
        sink_(sink),
        may_make_(may_be_made(engine, to)),
        moves_(connection.has(imap::Capability::move)) {
    for (UidSet& part : parts_for(connection, uids, 600)) parts_.push_back(std::move(part));
  }

  coro::Task<Result<Transfer>> run() {
    while (!parts_.empty()) {
      const UidSet part = std::move(parts_.front());
      parts_.pop_front();
      const std::size_t told = sink_.answers.size();
      const bool moving = moves_;
      STERNA_CO_TRY(
          imap::Done done,
          co_await connection_.run(
              moving ? imap::uid_move(part, target_) : imap::uid_copy(part, target_), &sink_));
      if (done.ok()) {
        if (!take(part, moving, done, named_since(told, moving))) break;
        continue;
      }
      // What was copied before the refusal must not be copied once more.
      const bool untouched = sink_.answers.size() == told;
      STERNA_CO_TRY(const bool remedied, co_await remedy(done, moving && untouched));
      if (!remedied) {
        result_.refusal = imap::error_from(done);
        break;
      }
      parts_.push_front(part);
    }
    co_return std::move(result_);
  }

 private:
  // Of which messages COPYUID told since then; nullopt: the server says nothing of that. What a
  // MOVE did not take is where it was, and the copies of others would pass for its own.
  std::optional<UidSet> named_since(std::size_t told, bool moving) const {
    if (sink_.answers.size() == told) return std::nullopt;
    UidSet named;
    for (std::size_t i = told; i < sink_.answers.size(); ++i) {
      named.add_all(sink_.answers[i].sources());
    }
    if (moving && named.empty()) return std::nullopt;
    return named;
  }

  // An OK is no word for what COPYUID leaves out. False if it does not go on.
  bool take(const UidSet& part, bool moving, const imap::Done& done,
            const std::optional<UidSet>& named) {
    const UidSet left = left_out(part, done);
    const UidSet answered = part.minus(left);
    const UidSet there = named ? answered.intersect(*named) : answered;
    (moving ? result_.moved : result_.copied).add_all(there);
    result_.unnamed.add_all(answered.minus(there));
    if (left.empty()) return true;
    if (left == part) {
      if (!moving) result_.doubted.add_all(part);
      result_.refusal = limited_error("changed");
      return false;
    }
    parts_.push_front(left);
    return true;
  }

  coro::Task<Result<bool>> remedy(const imap::Done& refused, bool may_copy) {
    if (refused.code.is(imap::Code::try_create) && may_make_) {
      may_make_ = false;
      STERNA_CO_TRY(imap::Done created, co_await connection_.run(imap::create(target_)));
      co_return created.ok();
    }
    const bool unknown = refused.status == imap::StatusKind::bad;
    if (!may_copy || (!unknown && !refused.code.is(imap::Code::cannot))) co_return false;
    if (unknown) connection_.distrust(imap::Capability::move);
    moves_ = false;
    co_return true;
  }

  Connection& connection_;
  WireName target_;
  CopySink& sink_;
  std::deque<UidSet> parts_;
  Transfer result_;
  bool may_make_;
  bool moves_;
};

}  // namespace

std::optional<Uid> CopySink::target_of(Uid source, UidValidity expected) const {
  for (const imap::CopyUid& answer : answers) {
    if (answer.uidvalidity != expected) continue;
    if (const auto target = answer.target_of(source)) return target;
  }
  return std::nullopt;
}

UidValidity CopySink::uidvalidity() const {
  UidValidity last;
  for (const imap::CopyUid& answer : answers) {
    if (answer.uidvalidity) last = answer.uidvalidity;
  }
  return last;
}

Result<bool> can_be_new(Engine& engine, const MailboxWork& work, Uid uid) {
  if (uid < work.next_cursor.uid_next) return false;
  STERNA_TRY(const std::optional<MessageRow> row, engine.store->message({work.row.id, uid}));
  return !row;
}

coro::Task<Result<Transfer>> transfer(Engine& engine, Connection& connection, UidSet uids,
                                      const MailboxWork& to, CopySink& sink) {
  Transferring transferring(engine, connection, uids, to, sink);
  co_return co_await transferring.run();
}

bool may_be_made(const Engine& engine, const MailboxWork& work) {
  const sync::Create create = engine.settings.create;
  return !work.row.name.is_inbox() &&
         (create == sync::Create::both || create == sync::Create::remote);
}

}  // namespace sterna::account
