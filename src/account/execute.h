// SPDX-License-Identifier: Apache-2.0
// Carrying out a plan: what is done on this side, what on the server, in the order of
// docs/safety.md.
//
// Every part takes the plan's actions of its kind, keeps effect, flush and record in order, and
// notes what failed without stopping the rest. A returned error is one of the account: no space, a
// database that does not answer; or of the connection.
#pragma once

#include <span>

#include "engine.h"

namespace sterna::account {

// What is to be said to the server about one message's flags, after the local half was recorded.
struct FlagPush {
  MessageKey key;
  UidValidity uidvalidity;
  FlagDelta delta;
  FlagSet result;  // the base afterwards
  std::string reason;
  std::optional<std::string> info;  // the file's info part, which the row has only from then on
};

// Work for the server that came out of the local half.
struct RemoteWork {
  std::vector<FlagPush> pushes;
  std::vector<const sync::Action*> moves;     // MoveOut
  std::vector<const sync::Action*> uploads;   // Upload
  std::vector<const sync::Action*> removals;  // DeleteOut
  std::vector<const sync::Action*> clears;    // ClearDeleted
  struct Fetch {
    MailboxId mailbox;
    UidSet uids;
    std::string reason;
  };
  std::vector<Fetch> downloads;
  bool empty() const {
    return pushes.empty() && moves.empty() && uploads.empty() && removals.empty() &&
           clears.empty() && downloads.empty();
  }
};

// Repairs, pairs, records, flags in, moves in, what is forgotten; fills `remote` with what is left
// to do.
coro::Task<Status> execute_local(Engine& engine, const sync::Plan& plan, RemoteWork& remote);
// The first part of it: wrecks go to the undo area, and their messages are fetched again.
coro::Task<Status> repair_wrecks(Engine& engine, const sync::Plan& plan, RemoteWork& remote);
// Whether the file of that name still is what `stamp` tells, if it tells a size or a time. What was
// written into it since is nowhere else, and a directory does not show it. Blocking.
Status check_unchanged(maildir::MailboxDirs& dirs, const maildir::SeenFile& seen,
                       const FileStamp& stamp);
// Deletions in: last, and into the undo area.
coro::Task<Status> execute_local_removals(Engine& engine, const sync::Plan& plan);

// `next`: the mailbox that is pushed to after this one; its SELECT leaves with these STOREs.
coro::Task<Status> push_flags(Engine& engine, Connection& connection, MailboxWork& work,
                              std::span<const FlagPush> pushes, const MailboxWork* next = nullptr);
struct Uploads {
  MailboxWork* work;
  std::vector<const sync::Action*> actions;  // Upload
};
coro::Task<Status> upload(Engine& engine, Connection& connection, std::span<const Uploads> uploads);
coro::Task<Status> move_out(Engine& engine, Connection& connection, MailboxWork& from,
                            MailboxWork& to, std::span<const sync::Action* const> actions);
struct Removals {
  MailboxWork* work;
  std::vector<const sync::Action*> actions;  // DeleteOut, at least one
};
coro::Task<Status> remove_out(Engine& engine, Connection& connection,
                              std::span<const Removals> removals);
coro::Task<Status> clear_deleted(Engine& engine, Connection& connection, MailboxWork& work,
                                 std::span<const sync::Action* const> actions);

}  // namespace sterna::account
