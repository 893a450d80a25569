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
      add(std::move(fetch));
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
      if (!has_room_) leave_all(queue_);
      co_await work_off();
    }
    co_return std::move(failure_);
  }

 private:
  // One turn a mailbox: no two write into the same directories.
  void add(RemoteWork::Fetch fetch) {
    const auto same = std::ranges::find_if(
        queue_, [&](const RemoteWork::Fetch& other) { return other.mailbox == fetch.mailbox; });
    if (same == queue_.end()) return queue_.push_back(std::move(fetch));
    same->uids.add_all(fetch.uids);
    if (same->reason != fetch.reason) same->reason += "; " + fetch.reason;
  }

  coro::Task<void> work_off() {
    coro::Scope scope = co_await coro::make_scope();
    for (std::size_t i = 1; i < connections_; ++i) scope.spawn(take_part(i));
    co_await take_part(0);
    co_await scope.join();
  }

  coro::Task<void> take_part(std::size_t index) {
    auto connecting = index == 0 ? pool_.primary() : pool_.extra(index);
    Result<Connection*> connection = co_await std::move(connecting);
    if (!connection) {
      // One connection fewer is no failure as long as the first goes on.
      if (index == 0)
        failure_ = fail(std::move(connection).error());
      else
        engine_.log.debug("no more connections: {}", connection.error().describe());
      co_return;
    }
    coro::Scope scope = co_await coro::make_scope();
    std::unique_ptr<Turn> flushed;  // or being flushed: the one before
    std::unique_ptr<Turn> turn = next_turn();
    while (turn && failure_ && has_room_) {
      scope.spawn(take_turn(**connection, *turn));
      static_cast<void>(co_await turn->came.wait_regardless());
      if (flushed) static_cast<void>(co_await flushed->ended.wait_regardless());
      flushed = std::move(turn);
      turn = std::move(flushed->next);
      if (turn) continue;
      static_cast<void>(co_await flushed->ended.wait_regardless());
      turn = next_turn();
    }
    co_await scope.join();
    if (!turn) co_return;
    if (!has_room_) leave(*turn->work);
    static_cast<void>(co_await let_land(**connection, std::move(turn->ahead)));
  }

  // A mailbox of the queue.
  struct Turn {
    MailboxWork* work = nullptr;
    RemoteWork::Fetch fetch;
    std::unique_ptr<Ahead> ahead;  // what was asked for of it before its turn
    std::unique_ptr<Turn> next;    // asked for when all of this one had come
    coro::Event came;              // the connection is free
    coro::Event ended;
  };

  // nullptr: the queue is empty.
  std::unique_ptr<Turn> next_turn() {
    while (!queue_.empty()) {
      auto turn = std::make_unique<Turn>();
      turn->fetch = std::move(queue_.front());
      queue_.pop_front();
      turn->work = engine_.find(turn->fetch.mailbox);
      if (turn->work) return turn;
    }
    return nullptr;
  }

  coro::Task<void> take_turn(Connection& connection, Turn& turn) {
    MailboxWork& work = *turn.work;
    engine_.progress.phase(engine_.settings.name, work.name());
    Line line{std::move(turn.ahead), [&] { return begin_next(connection, turn); }};
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
      leave_the_rest(work, std::move(done).error());
    } else if (Status absorbed = absorb(engine_, connection, work, std::move(done)); !absorbed) {
      failure_ = std::move(absorbed);
    }
    turn.came.set();
    turn.ended.set();
  }

  // While the files of the one before are flushed. What fails in that is met by whoever needs it.
  coro::Task<void> begin_next(Connection& connection, Turn& turn) {
    turn.next = next_turn();
    if (turn.next) {
      auto ahead = begin_download(engine_, connection, *turn.next->work, turn.next->fetch.uids);
      if (ahead) turn.next->ahead = std::move(*ahead);
      static_cast<void>(co_await connection.flush());
    }
    turn.came.set();
  }

  // What needs no room goes on (43).
  void leave_the_rest(MailboxWork& work, Error error) {
    has_room_ = false;
    leave(work);
    leave_all(queue_);
    leave_all(later_);
    note_left(engine_.outcomes.no_room, work, std::move(error));
  }
  void leave_all(std::deque<RemoteWork::Fetch>& fetches) {
    for (const RemoteWork::Fetch& fetch : std::exchange(fetches, {})) {
      if (MailboxWork* unfetched = engine_.find(fetch.mailbox)) leave(*unfetched);
    }
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
  bool has_room_ = true;
  Status failure_;
};

}  // namespace

coro::Task<Status> download_all(Engine& engine, Pool& pool,
                                std::vector<RemoteWork::Fetch> fetches) {
  Downloads downloads(engine, pool, std::move(fetches));
  co_return co_await downloads.run();
}

}  // namespace sterna::account
