// SPDX-License-Identifier: Apache-2.0
// What the commands print with --json: one object in one line, with "schema": 1.
//
// Names of members are an interface that scripts rely on: add to them, never change them. Times are
// RFC 3339 in UTC, sizes are octets, what is not known is null. Octets that are not UTF-8 become
// \udcXX, as Python's surrogateescape does, so that names come out as they are on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth_text.h"
#include "exit_status.h"
#include "sterna/account/account.h"
#include "sterna/account/inspect.h"
#include "sterna/account/pause.h"
#include "sterna/account/sync.h"
#include "sterna/base/secret.h"
#include "undo_text.h"

namespace sterna::cli {

// Of a command that could not begin, or failed as a whole.
std::string errors_json(const std::vector<Error>& errors, Exit exit);

struct SyncedAccount {
  account::AccountReport report;
  Exit exit = Exit::done;
};
std::string sync_json(const std::vector<SyncedAccount>& accounts, Exit exit);

struct StatusRow {
  account::AccountState state;
  std::string word;                        // the state's: "stopped", "held" ...
  std::optional<account::Life> life = {};  // where a daemon looks after it
  std::optional<account::Pause> pause = {};
  std::optional<account::ToldWait> wait = {};  // where no daemon looks after it
  bool unknown = false;                        // a daemon runs, and has no such account
};
std::string status_json(const std::vector<StatusRow>& rows);
// As a module of waybar reads it: the texts are markup there.
std::string waybar_json(std::string_view text, std::string_view tooltip, std::string_view word);

struct CheckedAccount {
  std::string account;
  std::vector<account::CheckLine> lines;
  Exit exit = Exit::done;
};
std::string check_json(const std::vector<CheckedAccount>& accounts, Exit exit);

// An account that was set up: its name, the file that has it, and how its server was found.
std::string init_json(const std::string& account, const std::string& file,
                      const std::string& found_by);

struct MailboxRow {
  account::MailboxLine line;
  std::string rule;     // what includes or excludes it; "" if no pattern matches
  bool pushed = false;  // the daemon hears of its changes at once
};
std::string mailboxes_json(const std::string& account, const std::vector<MailboxRow>& rows);

struct VerifiedAccount {
  std::string account;
  account::Verification result;
};
std::string verify_json(const std::vector<VerifiedAccount>& accounts, Exit exit);

struct HistoryRow {
  std::string account;
  account::HistoryLine line;
};
std::string history_json(const std::vector<HistoryRow>& rows);

struct HeldRow {
  std::string account;
  account::HeldLine line;
};
std::string held_json(const std::vector<HeldRow>& rows);

// `held apply` and `held restore`: what was decided, and the sync that carried it out.
struct Decided {
  std::string account;
  std::uint64_t count = 0;
};
std::string decided_json(std::string_view decision, const std::vector<Decided>& decided,
                         const std::vector<SyncedAccount>& accounts, Exit exit);

std::string undo_json(const std::vector<UndoRow>& rows);
std::string restored_json(const std::string& account, const account::Restoration& restoration,
                          Exit exit);

// `pause` and `resume`; `until_ms`: 0 where no time ends it.
std::string paused_json(const std::vector<std::string>& accounts, bool paused,
                        std::int64_t until_ms);

std::string import_json(std::string_view toml, const std::vector<std::string>& remarks);
// `auth`, and `auth --status`; what is not known is null.
std::string login_json(const LoginView& view);
std::string logout_json(const std::string& account, bool was_there, bool revoked);
std::string token_json(const std::string& account, const Secret& token);

std::string adopt_json(const std::string& account, const account::Adoption& adoption);

}  // namespace sterna::cli
