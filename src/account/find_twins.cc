// SPDX-License-Identifier: Apache-2.0
#include "find_twins.h"

#include <algorithm>
#include <map>

#include "email_id.h"
#include "execute.h"
#include "message_limit.h"
#include "observe.h"

namespace sterna::account {
namespace {

// Of so many rows of one id one may be the source: a server that gives many messages the same id
// costs no more than that.
constexpr std::size_t kRowsOfIdMax = 8;

class AnnouncedSink : public Sink {
 public:
  explicit AnnouncedSink(const UidSet& wanted) : wanted_(wanted) {}
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || !fetch->size || !wanted_.contains(*fetch->uid)) return;
    told[*fetch->uid] = {email_id_of(*fetch), *fetch->size};
  }

  std::map<Uid, Announced> told;

 private:
  const UidSet& wanted_;
};

// By UID; of those that are here perhaps.
using Candidates = std::map<Uid, std::vector<MessageRow>>;

class Search {
 public:
  Search(Engine& engine, Connection& connection, MailboxWork& work, UidSet uids, Coming& coming)
      : engine_(engine),
        connection_(connection),
        work_(work),
        uids_(std::move(uids)),
        sorted_(coming) {}

  coro::Task<Result<Sorted>> run() {
    AnnouncedSink sink(uids_);
    STERNA_CO_CHECK(co_await ask(sink));
    STERNA_CO_CHECK(sort(sink.told));
    if (!candidates_.empty()) STERNA_CO_CHECK(co_await prove());
    co_return std::move(sorted_);
  }

 private:
  coro::Task<Status> ask(AnnouncedSink& sink) {
    imap::FetchRequest request;
    request.items = {imap::FetchItem::uid, imap::FetchItem::size};
    ask_for_email_id(connection_, request);
    for (const UidSet& part : parts_for(connection_, uids_, 100)) {
      request.uids = part;
      STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::uid_fetch(request), &sink));
      if (!done.ok()) engine_.log.debug("mailbox {}: ids: {}", work_.name(), done.text);
    }
    co_return Status{};
  }

  Status sort(const std::map<Uid, Announced>& told) {
    STERNA_TRY(const auto reading, engine_.store->read());
    for (const Uid uid : uids_.expand(uids_.count())) {
      const auto announced = told.find(uid);
      if (announced == told.end()) {
        sorted_.fetch.add(uid);
        continue;
      }
      sorted_.sizes[uid] = announced->second.size;
      STERNA_TRY(std::vector<MessageRow> rows, rows_of(announced->second));
      if (!rows.empty()) {
        candidates_.emplace(uid, std::move(rows));
      } else if (sorted_.claims.take(announced->second)) {
        sorted_.fetch.add(uid);
      } else {
        sorted_.later.add(uid);
      }
    }
    return {};
  }

  Result<std::vector<MessageRow>> rows_of(const Announced& message) {
    if (message.email_id.empty()) return std::vector<MessageRow>();
    STERNA_TRY(std::vector<MessageRow> rows,
               engine_.store->messages_of_email_id(message.email_id, kRowsOfIdMax));
    std::erase_if(rows, [&](const MessageRow& row) {
      return !may_be_source(row, message) || !engine_.find(row.key.mailbox);
    });
    return rows;
  }

  // The server's headers against what the rows know.
  coro::Task<Status> prove() {
    UidSet uids;
    for (const auto& [uid, rows] : candidates_) uids.add(uid);
    const std::vector<RemoteArrival> before = std::exchange(work_.input.remote.details, {});
    Status asked = co_await identify_remote(engine_, connection_, work_, uids);
    const std::vector<RemoteArrival> told = std::exchange(work_.input.remote.details, before);
    if (!asked && !connection_.usable()) co_return asked;
    if (!asked) engine_.log.debug("mailbox {}: {}", work_.name(), asked.error().describe());
    for (const auto& [uid, rows] : candidates_) take(uid, rows, told);
    co_return Status{};
  }

  void take(Uid uid, const std::vector<MessageRow>& rows, const std::vector<RemoteArrival>& told) {
    const auto arrival = std::ranges::find(told, uid, &RemoteArrival::uid);
    if (arrival == told.end()) {
      sorted_.fetch.add(uid);
      return;
    }
    for (const MessageRow& row : rows) {
      if (!is_twin_of(*arrival, row)) continue;
      const maildir::SeenFile seen{row.in_new, full_name(row), row.file.ino};
      sorted_.copies.push_back(
          {facts_of(*arrival), {row.key.mailbox, seen, row.file, *row.identity}});
      return;
    }
    sorted_.fetch.add(uid);
  }

  static Facts facts_of(const RemoteArrival& told) {
    Facts facts;
    facts.uid = told.uid;
    facts.flags = told.flags;
    if (told.internal_date != 0) facts.internal_date = told.internal_date;
    facts.email_id = told.email_id;
    return facts;
  }

  Engine& engine_;
  Connection& connection_;
  MailboxWork& work_;
  UidSet uids_;
  Candidates candidates_;
  Sorted sorted_;
};

}  // namespace

bool may_have_twins(const Engine& engine, const Connection& connection) {
  return tells_email_ids(connection) && !connection.quirks.size_unreliable &&
         engine.mailboxes.size() > 1;
}

coro::Task<Result<Sorted>> find_twins(Engine& engine, Connection& connection, MailboxWork& work,
                                      UidSet uids, Coming& coming) {
  Search search(engine, connection, work, std::move(uids), coming);
  co_return co_await search.run();
}

}  // namespace sterna::account
