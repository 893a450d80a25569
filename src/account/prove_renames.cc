// SPDX-License-Identifier: Apache-2.0
#include "prove_renames.h"

#include <algorithm>
#include <vector>

#include "failures.h"
#include "observe.h"
#include "sterna/base/bytes.h"
#include "uids_of.h"

namespace sterna::account {
namespace {

// How many messages of a mailbox are compared: the first, the last, and what lies evenly between.
constexpr std::size_t kComparedMax = 12;

// Of the rows that say what the server's message is like.
Result<std::vector<MessageRow>> rows_to_compare(Engine& engine, MailboxId mailbox) {
  std::vector<Uid> all;
  STERNA_CHECK(engine.store->for_each(mailbox, [&](const MessageRow& row) {
    if (is_on_server(row.state) && row.identity) all.push_back(row.key.uid);
  }));
  std::vector<Uid> chosen;
  const std::size_t count = std::min(all.size(), kComparedMax);
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(all[count == 1 ? 0 : i * (all.size() - 1) / (count - 1)]);
  }
  return engine.store->messages(mailbox, UidSet::of(std::move(chosen)));
}

bool is_same(const MessageRow& row, const std::vector<RemoteArrival>& found) {
  const auto it = std::ranges::find(found, row.key.uid, &RemoteArrival::uid);
  return it != found.end() && it->identity &&
         it->identity->same_as(*remote_identity(row), it->size_reliable);
}

coro::Task<Result<bool>> is_proven(Engine& engine, Connection& connection,
                                   const sync::SupposedRename& rename, UidValidity expected) {
  STERNA_CO_TRY(const std::vector<MessageRow> rows, rows_to_compare(engine, rename.id));
  if (rows.empty()) co_return false;
  MailboxWork there;
  there.row.wire = rename.now;
  there.input.remote.uidvalidity = expected;
  Status asked = co_await identify_remote(engine, connection, there, uids_of_keys(rows));
  if (!asked) {
    if (ends_pass(connection, asked.error())) co_return fail(std::move(asked).error());
    engine.log.info("what is in {} is not known: {}", printable(rename.now.octets, 200),
                    printable(asked.error().describe(), 200));
    co_return false;
  }
  const std::vector<RemoteArrival>& found = there.input.remote.details;
  co_return std::ranges::all_of(rows, [&](const MessageRow& row) { return is_same(row, found); });
}

}  // namespace

coro::Task<Status> prove_renames(Engine& engine, Connection& connection,
                                 sync::MailboxesInput& input) {
  for (const sync::SupposedRename& rename : sync::supposed_renames(input)) {
    const auto row = std::ranges::find(input.base, rename.id,
                                       [](const sync::KnownMailbox& one) { return one.row.id; });
    STERNA_CO_TRY(const bool proven,
                  co_await is_proven(engine, connection, rename, row->row.cursor.uidvalidity));
    if (proven) {
      input.proven_renames.push_back(rename);
    } else {
      engine.log.info("mailbox {}: {} is not what it was called since", row->row.name.text(),
                      printable(rename.now.octets, 200));
    }
  }
  co_return Status{};
}

}  // namespace sterna::account
