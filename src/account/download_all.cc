// SPDX-License-Identifier: Apache-2.0
#include "download_all.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "allowance.h"
#include "download.h"
#include "failures.h"
#include "sterna/coro/scope.h"

namespace sterna::account {
namespace {

// Below so many messages another connection costs more than it brings.
constexpr std::uint64_t kMessagesForAnotherConnection = 400;
// The disk is the limit before a third one helps, and each holds its share of messages in memory.
constexpr std::size_t kDownloadConnectionsMax = 2;

class Downloads {
 public:
  Downloads(Engine& engine, Pool& pool, std::vector<RemoteWork::Fetch> fetches)
      : engine_(engine), pool_(pool) {
    std::uint64_t messages = 0;
    for (RemoteWork::Fetch& fetch : fetches) {
      messages += fetch.uids.count();
      queue_.push_back(std::move(fetch));
    }
    // INBOX first, then small mailboxes: most of them are soon complete.
    std::ranges::sort(queue_, {}, [&](const RemoteWork::Fetch& fetch) {
      const MailboxWork* work = engine.find(fetch.mailbox);
      return std::pair(work && !work->row.name.is_inbox(), fetch.uids.count());
    });
    engine.progress.expect(messages, 0);
    connections_ =
        std::min({pool.size_max(), queue_.size(), kDownloadConnectionsMax,
                  static_cast<std::size_t>(1 + messages / kMessagesForAnotherConnection)});
  }

  coro::Task<Status> run() {
    co_await work_off();
    if (failure_ && !later_.empty()) {
      // What was on its way into another mailbox is here, or does not come.
      coming_.end();
      queue_ = std::exchange(later_, {});
      co_await work_off();
    }
    co_return std::move(failure_);
  }

 private:
  coro::Task<void> work_off() {
    coro::Scope scope = co_await coro::make_scope();
    for (std::size_t i = 1; i < connections_; ++i) scope.spawn(take_part(i));
    co_await take_part(0);
    co_await scope.join();
  }

  coro::Task<void> take_part(std::size_t index) {
    Result<Connection*> connection =
        index == 0 ? co_await pool_.primary() : co_await pool_.extra(index);
    if (!connection) {
      // One connection fewer is no failure as long as the first goes on.
      if (index == 0)
        failure_ = fail(std::move(connection).error());
      else
        engine_.log.debug("no more connections: {}", connection.error().describe());
      co_return;
    }
    Turn turn = next_turn();
    while (turn.work && failure_) {
      Turn next;
      const bool goes_on = co_await take_turn(**connection, turn, next);
      if (goes_on && !next.work) next = next_turn();
      turn = std::move(next);
      if (!goes_on) break;
    }
    static_cast<void>(co_await let_land(**connection, std::move(turn.ahead)));
  }

  // A mailbox of the queue, and what was asked for of it before its turn.
  struct Turn {
    MailboxWork* work = nullptr;  // none: the queue is empty
    RemoteWork::Fetch fetch;
    std::unique_ptr<Ahead> ahead;
  };

  Turn next_turn() {
    Turn turn;
    while (!queue_.empty() && !turn.work) {
      turn.fetch = std::move(queue_.front());
      queue_.pop_front();
      turn.work = engine_.find(turn.fetch.mailbox);
    }
    return turn;
  }

  // Whether there may be another one; `next` is the one that was asked for already.
  coro::Task<bool> take_turn(Connection& connection, Turn& turn, Turn& next) {
    MailboxWork& work = *turn.work;
    engine_.progress.phase(engine_.settings.name, work.name());
    Line line{std::move(turn.ahead), [&] { return begin_next(connection, next); }};
    Result<UidSet> later = co_await download(engine_, connection, work, turn.fetch.uids,
                                             turn.fetch.reason, coming_, std::move(line));
    if (later && !later->empty()) {
      later_.push_back({turn.fetch.mailbox, std::move(*later), turn.fetch.reason});
    }
    Status done = later ? Status{} : fail(std::move(later).error());
    if (!done && done.error().is(ErrorCode::day_limit)) {
      // What arrived in the others may come all the same.
      leave(work);
      note_left(engine_.outcomes.day_limit, work, std::move(done).error());
      if (Status rests = rest_for_a_while(engine_, work); !rests) failure_ = std::move(rests);
    } else if (!done && done.error().is(ErrorCode::no_space) && connection.usable()) {
      if (next.work) queue_.push_front(next.fetch);
      leave_the_rest(work, std::move(done).error());
      co_return false;
    } else if (Status absorbed = absorb(engine_, connection, work, std::move(done)); !absorbed) {
      failure_ = std::move(absorbed);
    }
    co_return failure_.has_value();
  }

  // While the files of the one before are flushed.
  Status begin_next(Connection& connection, Turn& next) {
    next = next_turn();
    if (!next.work) return {};
    STERNA_TRY(next.ahead, begin_download(engine_, connection, *next.work, next.fetch.uids));
    return {};
  }

  // What needs no room goes on (43).
  void leave_the_rest(MailboxWork& work, Error error) {
    leave(work);
    for (std::deque<RemoteWork::Fetch>* rest : {&queue_, &later_}) {
      for (const RemoteWork::Fetch& fetch : std::exchange(*rest, {})) {
        if (MailboxWork* unfetched = engine_.find(fetch.mailbox)) leave(*unfetched);
      }
    }
    note_left(engine_.outcomes.no_room, work, std::move(error));
  }
  static void note_left(std::optional<Error>& first, const MailboxWork& work, Error error) {
    if (!first) first = std::move(error).with_context(fmt::format("mailbox {}", work.name()));
  }
  static void leave(MailboxWork& work) {
    work.look_again();
    work.broken_off = true;
  }

  Engine& engine_;
  Pool& pool_;
  std::deque<RemoteWork::Fetch> queue_;
  std::deque<RemoteWork::Fetch> later_;
  Coming coming_;
  std::size_t connections_ = 1;
  Status failure_;
};

}  // namespace

coro::Task<Status> download_all(Engine& engine, Pool& pool,
                                std::vector<RemoteWork::Fetch> fetches) {
  Downloads downloads(engine, pool, std::move(fetches));
  co_return co_await downloads.run();
}

}  // namespace sterna::account
