// SPDX-License-Identifier: Apache-2.0
// Renames of mailboxes, on either side: intent, effect, row.
//
// Here the inode of cur tells after a crash what was done, on the server an intent. Rows that trade
// their names cannot be written one by one; what has to wait for another is written by settle().
#pragma once

#include <set>
#include <string>
#include <vector>

#include "mailbox_rows.h"

namespace sterna::account {

class MailboxRenames {
 public:
  MailboxRenames(Engine& engine, Connection& connection)
      : engine_(engine), connection_(connection) {}

  coro::Task<Status> step_aside(const sync::StepAside& what);
  coro::Task<Status> rename_remote(const sync::RenameRemote& what, const std::string& reason);
  Status rename_local(const sync::RenameLocal& what, const std::string& reason);
  Status rename_row(const sync::RenameRow& what, const std::string& reason);

  // Writes what had to wait. Mailboxes whose new name still belongs to another row stay as they
  // were in the base, and their intents stay open.
  Result<std::set<MailboxId>> settle();

 private:
  struct Renamed {
    MailboxRow row;
    MailboxEvent event;
  };
  coro::Task<Status> rename_on_server(const MailboxRow& row, const WireName& from,
                                      const MailboxName& to);
  Result<std::vector<IntentId>> begin(const MailboxRow& row, const MailboxName& to);
  coro::Task<Status> subscribe(const WireName& from, const WireName& to);
  coro::Task<Result<bool>> is_there(const WireName& wire);
  Result<bool> is_at(const maildir::MailboxPath& path, const MailboxRow& row);
  Result<maildir::MailboxPath> source_of(const std::string& path, MailboxId id,
                                         const MailboxName& name) const;
  Result<WireName> new_wire(const MailboxRow& row, const MailboxName& to) const;
  Result<WireName> wire_of(const WireName& wire, const MailboxName& name) const;
  Status move_directory(const MailboxRow& row, const maildir::MailboxPath& from,
                        const maildir::MailboxPath& to);
  Status record(Renamed renamed);
  Status write(const std::vector<Renamed>& batch);

  Engine& engine_;
  Connection& connection_;
  std::vector<Renamed> waiting_;
};

}  // namespace sterna::account
