// SPDX-License-Identifier: Apache-2.0
// sync_account(): one sync of one account, from the lock on its state to the last cursor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/base/error.h"
#include "sterna/coro/task.h"

namespace sterna::account {

struct SyncRequest {
  // Remote names; empty: all. Other mailboxes are still listed locally, never changed.
  std::vector<MailboxName> mailboxes;
  bool dry_run = false;        // EXAMINE only; nothing is written on any side
  bool tells_changes = false;  // AccountReport::changes
  // It begins although the server asked an earlier one to be left alone until later.
  bool despite_wait = false;
};

// What a sync changed in the Maildir.
struct FileChange {
  enum class Kind : std::uint8_t { added, removed, renamed, flags };
  Kind kind = Kind::added;
  std::string path;      // absolute; of what was removed, where it was
  std::string old_path;  // renamed, flags
  std::string mailbox;
  Role role = Role::none;  // of the mailbox
};
std::string_view to_string(FileChange::Kind kind);

// What was done, as `sync --json` tells it.
struct Counts {
  std::uint64_t downloaded = 0;
  std::uint64_t uploaded = 0;
  std::uint64_t flags_in = 0;
  std::uint64_t flags_out = 0;
  std::uint64_t moved_in = 0;
  std::uint64_t moved_out = 0;
  std::uint64_t deleted_in = 0;
  std::uint64_t deleted_out = 0;
  std::uint64_t mailboxes_in = 0;   // created, renamed or removed locally
  std::uint64_t mailboxes_out = 0;  // on the server
  std::uint64_t bodies_fetched = 0;
  std::uint64_t bytes_in = 0;  // on the wire
  std::uint64_t bytes_out = 0;
};

// One line of a dry run's plan.
struct PlannedLine {
  std::string mailbox;
  std::string action;  // "download" "upload" "push_flags" ... "held"
  std::uint64_t count = 0;
  std::string reason;  // of all of them
};

// Changes that are known and wait for another look or another account, of one mailbox and one kind.
struct WaitingLine {
  std::string mailbox;
  std::uint64_t count = 0;
  std::string reason;
};

// Of an error of a report: the server asks to be left alone for a while (throttling, a limit,
// maintenance).
bool is_told_to_wait(const Error& error);

struct AccountReport {
  std::string account;
  Counts counts;
  std::uint64_t held = 0;         // deletions that wait for a decision, now
  std::uint64_t quarantined = 0;  // messages parked, now
  bool marker_held = false;       // the marker is missing or foreign: nothing was done
  bool anything_done = false;  // at least one mailbox was brought into step, or nothing was to do
  double seconds = 0;
  // What failed: each names mailbox or message in its context. Empty: all is well.
  std::vector<Error> errors;
  std::vector<PlannedLine> plan;     // of a dry run
  std::vector<WaitingLine> waiting;  // after the last pass
  std::vector<FileChange> changes;   // where the request asks for them
};

// Called from the loop's thread, often; must be cheap.
class Progress {
 public:
  virtual ~Progress() = default;
  // More work became known: messages to transfer, and octets where they are known, as of uploads.
  virtual void expect(std::uint64_t /*messages*/, std::uint64_t /*octets*/) {}
  virtual void transferred(std::uint64_t /*messages*/, std::uint64_t /*octets*/) {}
  virtual void phase(std::string_view /*account*/, std::string_view /*what*/) {}
};

// Never throws, never fails as a whole: everything that went wrong is in the report.
coro::Task<AccountReport> sync_account(Services services, Settings settings, SyncRequest request,
                                       Progress& progress, Log log);

}  // namespace sterna::account
