// SPDX-License-Identifier: Apache-2.0
// Kept: what an account that lives on keeps from one sync to the next. News: what it was told
// since.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ahead.h"
#include "engine.h"
#include "list_remote.h"
#include "own_writes.h"
#include "pool.h"

namespace sterna::account {

// A mailbox that is synced, as the last sync left it.
struct KnownMailbox {
  MailboxName name;
  WireName wire;
  std::string path;  // below the Maildir's root
  RemoteCursor cursor;
};

struct Kept {
  Kept(Services services, const Settings& settings, Log log)
      : pool(services, settings, std::move(log)) {}

  Pool pool;
  // As the server last listed everything; none while something speaks against it.
  std::optional<RemoteList> list;
  std::vector<KnownMailbox> mailboxes;
  // Below the Maildir's root, "" is the root: where mailboxes are or may come to be.
  std::set<std::string> directories;
  // Mailboxes, by `path`, with files that may have been written to in place and were not looked at.
  std::set<std::string> written;
  OwnWrites own;                 // of the last sync
  std::unique_ptr<Ahead> ahead;  // within a pass
  // The state, opened before the sync that is about to begin.
  std::unique_ptr<store::Store> state;
  // Why the last sync ended before it had done what it could; none if it had.
  std::optional<Error> failure;
  bool was_put_off = false;   // it did not even begin (told_wait.h)
  bool opened_state = false;  // and so its report has what is held and parked
  // What the last sync left waiting for time to pass can be done by then (Clock::monotonic).
  std::optional<std::chrono::nanoseconds> ripe_at;
  std::optional<std::chrono::nanoseconds> settled_at;  // or files, if nobody writes on to them
};

// Since a sync that looked at everything: the server has something new in these mailboxes at most.
// A sync that is given it asks about no other, unless what it finds makes it doubt that.
struct News {
  std::set<std::string> mailboxes;  // as they are called on the wire
  // How many messages are in the one that it listens to, where some came.
  std::optional<std::uint32_t> exists;
  // In these, by `path`, files came or went here, as far as their names tell: what the server has
  // is asked for while they are listed.
  std::set<std::string> here;
};

// As sync_account(), over connections that stay open behind it. `news`: none to look at everything.
coro::Task<AccountReport> sync_kept(Services services, const Settings& settings,
                                    SyncRequest request, const News* news, Progress& progress,
                                    Log log, Kept& kept);

}  // namespace sterna::account
