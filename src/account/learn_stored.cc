// SPDX-License-Identifier: Apache-2.0
#include "learn_stored.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "failures.h"
#include "message_limit.h"
#include "observe.h"
#include "sterna/base/bytes.h"
#include "sterna/base/step.h"
#include "sterna/imap/outcome.h"

namespace sterna::account {
namespace {

constexpr std::size_t kFirst = 100;
// A server that rewrites does it to every message: one look a day is enough to know that it does
// not.
constexpr std::int64_t kTrustedMs = std::int64_t{24} * 3600 * 1000;
constexpr std::string_view kStoredAsSentKey = "stored_as_sent_ms";
// What is lost of this with the power is asked again.
constexpr auto kDurability = store::Durability::normal;
// Of a mailbox, "UIDVALIDITY LOOKS UIDS": uploaded, and not told of.
constexpr std::string_view kUnlearnedPrefix = "unlearned:";
constexpr std::uint64_t kLooksForStoredMax = 8;

std::string unlearned_key(MailboxId mailbox) {
  return fmt::format("{}{}", kUnlearnedPrefix, mailbox.value);
}

struct Unlearned {
  UidValidity uidvalidity;
  std::uint64_t looks = 0;
  UidSet uids;
};

std::optional<Unlearned> parse_unlearned(std::string_view text) {
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto validity = parse_number(text.substr(0, first), UINT32_MAX);
  const auto looks = parse_number(text.substr(first + 1, second - first - 1));
  auto uids = UidSet::parse(text.substr(second + 1));
  if (!validity || !looks || !uids) return std::nullopt;
  return Unlearned{UidValidity{static_cast<std::uint32_t>(*validity)}, *looks, std::move(*uids)};
}

Result<Unlearned> unlearned_of(Engine& engine, MailboxId mailbox) {
  STERNA_TRY(const auto text, engine.store->get(unlearned_key(mailbox)));
  return parse_unlearned(text.value_or("")).value_or(Unlearned{});
}

Status set_unlearned(Engine& engine, MailboxId mailbox, const Unlearned& what) {
  if (what.uids.empty() || what.looks >= kLooksForStoredMax) {
    return engine.store->unset(unlearned_key(mailbox));
  }
  return engine.store->set(unlearned_key(mailbox), fmt::format("{} {} {}", what.uidvalidity.value,
                                                               what.looks, what.uids.to_string()));
}

class StoredSink : public Sink {
 public:
  struct Told {
    std::uint64_t size = 0;
    std::optional<std::int64_t> date;
  };
  explicit StoredSink(const UidSet& wanted) : wanted_(wanted) {}
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || !fetch->size || !wanted_.contains(*fetch->uid)) return;
    found[fetch->uid->value] = {*fetch->size, fetch->internal_date};
  }
  std::unordered_map<std::uint32_t, Told> found;

 private:
  const UidSet& wanted_;
};

coro::Task<Status> ask(Engine& engine, Connection& connection, MailboxWork& work,
                       const UidSet& uids, StoredSink& sink) {
  STERNA_CO_CHECK(co_await select_mailbox(engine, connection, work, work.input.remote.uidvalidity));
  imap::FetchRequest request;
  request.items = {imap::FetchItem::uid, imap::FetchItem::internal_date, imap::FetchItem::size};
  for (const UidSet& part : parts_for(connection, uids, 200)) {
    request.uids = part;
    STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::uid_fetch(request), &sink));
    if (!done.ok()) co_return fail(imap::error_from(done));
  }
  co_return Status{};
}

coro::Task<Result<std::vector<RemoteArrival>>> headers_of(Engine& engine, Connection& connection,
                                                          MailboxWork& work, const UidSet& uids) {
  const std::vector<RemoteArrival> before = std::exchange(work.input.remote.details, {});
  Status asked = co_await identify_remote(engine, connection, work, uids);
  std::vector<RemoteArrival> found = std::exchange(work.input.remote.details, before);
  STERNA_CO_CHECK(asked);
  co_return found;
}

Result<bool> is_trusted(Engine& engine) {
  STERNA_TRY(const std::optional<std::string> stored, engine.store->get(kStoredAsSentKey));
  const auto at_ms = parse_number(stored.value_or(""), INT64_MAX);
  const std::int64_t now_ms = engine.now_ms();
  return at_ms && std::cmp_less_equal(*at_ms, now_ms) &&
         now_ms - static_cast<std::int64_t>(*at_ms) < kTrustedMs;
}

Status note_stored_as_sent(Engine& engine) {
  const auto note = [&] {
    return engine.store->set(kStoredAsSentKey, fmt::format("{}", engine.now_ms()));
  };
  STERNA_CHECK(engine.write(note, kDurability));
  at_step("upload.learned");
  return {};
}

// Whether the server has another size than what was sent. Takes what it told of from `untold`.
coro::Task<Result<bool>> complete(Engine& engine, Connection& connection, MailboxWork& work,
                                  const UidSet& uids, UidSet& untold) {
  StoredSink sink(uids);
  STERNA_CO_CHECK(co_await ask(engine, connection, work, uids, sink));
  STERNA_CO_TRY(std::vector<MessageRow> rows, engine.store->messages(work.row.id, uids));
  std::vector<Uid> told_of;
  std::vector<Uid> rewritten;
  std::vector<MessageRow*> changed;
  for (MessageRow& row : rows) {
    const auto told = sink.found.find(row.key.uid.value);
    if (told == sink.found.end()) continue;
    const auto [size, date] = told->second;
    told_of.push_back(row.key.uid);
    if (size != row.remote_size) rewritten.push_back(row.key.uid);
    if (size == row.remote_size && date.value_or(row.internal_date) == row.internal_date) continue;
    row.remote_size = size;
    row.internal_date = date.value_or(row.internal_date);
    changed.push_back(&row);
  }
  const UidSet told_uids = UidSet::of(std::move(told_of));
  if (changed.empty()) {
    untold = untold.minus(told_uids);
    // Asked again, since a lost power took the note that it was learned: the row has it.
    const bool known = std::ranges::any_of(
        rows, [](const MessageRow& row) { return row.remote_header.has_value(); });
    if (!known && sink.found.size() == uids.count()) {
      STERNA_CO_CHECK(note_stored_as_sent(engine));
    }
    co_return known;
  }
  const bool any = !rewritten.empty();
  if (any) {
    const UidSet those = UidSet::of(std::move(rewritten));
    STERNA_CO_TRY(const std::vector<RemoteArrival> found,
                  co_await headers_of(engine, connection, work, those));
    for (MessageRow* row : changed) {
      const auto it = std::ranges::find(found, row->key.uid, &RemoteArrival::uid);
      if (it != found.end() && it->identity) take_remote_identity(*row, *it->identity);
    }
  }
  const auto put = [&]() -> Status {
    for (const MessageRow* row : changed) STERNA_CHECK(engine.store->put_message(*row));
    return {};
  };
  STERNA_CO_CHECK(engine.write(put, kDurability));
  at_step("upload.learned");
  untold = untold.minus(told_uids);
  co_return any;
}

// After a look: what it did not tell is asked for again, until it was looked for often enough.
Status keep_untold(Engine& engine, const MailboxWork& work, const UidSet& asked,
                   const UidSet& untold) {
  STERNA_TRY(Unlearned known, unlearned_of(engine, work.row.id));
  const bool same = known.uidvalidity == work.input.remote.uidvalidity;
  if (known.uids.empty() && untold.empty()) return {};
  UidSet left = same ? known.uids.minus(asked) : UidSet();
  left.add_all(untold);
  const auto set = [&] {
    return set_unlearned(engine, work.row.id,
                         {work.input.remote.uidvalidity, same ? known.looks + 1 : 1, left});
  };
  return engine.write(set, kDurability);
}

}  // namespace

Status note_unlearned(Engine& engine, const Connection& connection, MailboxId mailbox,
                      const UidSet& uids) {
  const MailboxWork* work = engine.find(mailbox);
  STERNA_TRY(const bool trusted, is_trusted(engine));
  if (!work || (trusted && !connection.quirks.append_rewrites)) return {};
  const UidValidity uidvalidity = work->input.remote.uidvalidity;
  STERNA_TRY(Unlearned known, unlearned_of(engine, mailbox));
  UidSet all = known.uidvalidity == uidvalidity ? std::move(known.uids) : UidSet();
  all.add_all(uids);
  return set_unlearned(engine, mailbox, {uidvalidity, 0, std::move(all)});
}

coro::Task<Status> learn_stored(Engine& engine, Connection& connection, MailboxWork& work,
                                const UidSet& uids) {
  STERNA_CO_TRY(const bool trusted, is_trusted(engine));
  if (trusted && !connection.quirks.append_rewrites) {
    co_return keep_untold(engine, work, uids, {});
  }
  std::vector<Uid> first = uids.expand(uids.count());
  first.resize(std::min(first.size(), kFirst));
  const UidSet some = UidSet::of(std::move(first));
  const UidSet others = uids.minus(some);
  UidSet untold = some;
  Result<bool> rewrites = co_await complete(engine, connection, work, some, untold);
  if (rewrites && *rewrites && !others.empty()) {
    untold.add_all(others);
    rewrites = co_await complete(engine, connection, work, others, untold);
  }
  if (rewrites || !ends_pass(connection, rewrites.error())) {
    STERNA_CO_CHECK(keep_untold(engine, work, uids, untold));
  }
  if (rewrites) co_return Status{};
  if (ends_pass(connection, rewrites.error())) co_return fail(std::move(rewrites).error());
  engine.log.debug("mailbox {}: what was stored is not told: {}", work.name(),
                   printable(rewrites.error().describe(), 200));
  co_return Status{};
}

coro::Task<Status> learn_the_rest(Engine& engine, Pool& pool) {
  if (engine.dry_run()) co_return Status{};
  STERNA_CO_TRY(const std::vector<std::string> keys,
                engine.store->keys_with_prefix(kUnlearnedPrefix));
  for (const std::string& key : keys) {
    const auto id = parse_number(std::string_view(key).substr(kUnlearnedPrefix.size()), INT64_MAX);
    const MailboxId mailbox{static_cast<std::int64_t>(id.value_or(0))};
    MailboxWork* work = engine.find(mailbox);
    const bool seen = work && work->is_seen() && !work->input.adopting;
    if (!seen) continue;
    const RemoteDelta& remote = work->input.remote;
    STERNA_CO_TRY(const Unlearned known, unlearned_of(engine, mailbox));
    UidSet there;
    if (known.uidvalidity == remote.uidvalidity) {
      STERNA_CO_TRY(there, engine.store->remote_uids_among(mailbox, known.uids.minus(remote.gone)));
    }
    if (there.empty()) {
      STERNA_CO_CHECK(engine.write([&] { return engine.store->unset(key); }, kDurability));
      continue;
    }
    STERNA_CO_TRY(Connection * connection, co_await pool.primary());
    STERNA_CO_CHECK(co_await learn_stored(engine, *connection, *work, there));
  }
  co_return Status{};
}

}  // namespace sterna::account
