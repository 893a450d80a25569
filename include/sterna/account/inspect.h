// SPDX-License-Identifier: Apache-2.0
// What can be asked of an account beside a sync: its state, its history, what is held, a check of
// the way to the server, a comparison of all three trees.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::account {

// --- from the state alone: no server, no lock
// -------------------------------------------------------

struct MailboxState {
  std::string name;
  std::string path;  // absolute
  std::uint64_t messages = 0;
  std::int64_t last_sync_ms = 0;  // 0: never
};
struct ParkedMessage {
  std::string mailbox;
  std::uint32_t uid = 0;
  std::string path;  // "" if there is no file
  std::string action;
  std::string reason;
  unsigned tries = 0;
  std::int64_t next_try_ms = 0;
  bool whole = false;  // about the mailbox itself, not a message in it
};
// AccountState::error of a sync that was told to stop: nothing is wrong, and the next one goes on.
inline constexpr std::string_view kInterrupted = "interrupted";

struct AccountState {
  std::string name;
  bool ever_synced = false;
  bool marker_held = false;
  std::optional<Error> maildir_gone;  // of a held marker: the whole Maildir is not there
  std::int64_t last_sync_ms = 0;
  std::string error;  // of the last sync; "" if it went well
  std::uint64_t held = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t pending = 0;  // local changes seen and not carried out
  std::vector<MailboxState> mailboxes;
  std::vector<ParkedMessage> parked;
};
Result<AccountState> read_state(io::FileSystem& files, const Settings& settings);
// What the base takes on the disk, its log included; 0 where there is none yet. A few stat calls.
std::uint64_t base_octets(const Settings& settings);

struct HistoryLine {
  std::int64_t at_ms = 0;
  std::string mailbox;
  std::uint32_t uid = 0;
  std::string path;
  std::string event;
  std::string side;
  std::string detail;
  std::string reason;
  std::string message_id{};  // of what nothing else tells of
};
// What is set must all apply.
struct HistoryFilter {
  std::string path{};        // of a file: known by its base name
  std::string mailbox{};     // its name at that time
  std::uint32_t uid = 0;     // 0: any
  std::string message_id{};  // by whatever name its file has or had
  std::int64_t since_ms = INT64_MIN;
  std::int64_t until_ms = INT64_MAX;
  std::size_t limit = SIZE_MAX;
};
// Newest first.
Result<std::vector<HistoryLine>> read_history(const Settings& settings,
                                              const HistoryFilter& filter);

// The mailboxes that the state knows; none before the first sync.
Result<std::vector<std::string>> mailbox_names(const Settings& settings);
// The one whose folder is at this absolute path, or has it as its cur, new or tmp; "" if none is.
Result<std::string> mailbox_of_folder(const Settings& settings, const std::string& path);
// ErrorCode::usage, with the one of `names` that may be meant.
Error unknown_mailbox(const std::string& account, std::string_view typed,
                      const std::vector<std::string>& names);

struct HeldLine {
  std::int64_t id = 0;  // the same as long as it is held
  std::string kind;
  std::string mailbox;
  std::uint32_t uid = 0;
  std::string path;
  std::string message_id;  // "" where the base does not know it
  std::string reason;
  std::int64_t since_ms = 0;
};
Result<std::vector<HeldLine>> read_held(const Settings& settings);
// What the files that have no row in the base are called in full, and their Message-IDs.
void look_at_held_files(io::FileSystem& files, std::vector<HeldLine>& lines);

// --- decisions of the user: they change the state, and the next sync carries them out
// ----------------

enum class HeldDecision : std::uint8_t { apply, restore };
// For what is held now, in one mailbox (remote name) or all; of that for these HeldLine::id alone,
// unless there are none. Returns how many were decided.
Result<std::uint64_t> decide_held(const Settings& settings, HeldDecision decision,
                                  std::optional<MailboxName> mailbox,
                                  const std::set<std::int64_t>& ids = {});

struct Adoption {
  std::string found;    // what was there before, in words
  bool changed = true;  // false: nothing was wrong with the marker, and it was left alone
  // Then the mailboxes whose directory lacks a part, or is not the one that the base knows: it is,
  // from now on.
  std::vector<std::string> mailboxes;
};
// Makes a new marker for a Maildir whose marker is missing or foreign; the next sync pairs what is
// there. A marker that a sync accepts is left alone, and mailboxes whose directory was replaced,
// or lacks a part, are paired anew with what is in its place.
Result<Adoption> adopt(Services& services, const Settings& settings);

// --- with the server
// --------------------------------------------------------------------------------

enum class CheckStatus : std::uint8_t { ok, warning, failed, skipped };
struct CheckLine {
  std::string what;  // "DNS", "TLS", "login" ...
  CheckStatus status = CheckStatus::ok;
  std::string detail;
  std::string hint;  // how to mend it; "" if nothing is to be mended
  std::optional<Error> error;
};
coro::Task<std::vector<CheckLine>> check_account(Services services, Settings settings, bool offline,
                                                 Log log);

struct MailboxLine {
  std::string name;
  std::string path;  // "" if there is none
  std::string role;
  bool on_server = false;
  bool selectable = true;
  bool local = false;
  bool included = false;
  std::optional<std::uint64_t> messages_remote;
  std::optional<std::uint64_t> messages_local;
  std::optional<std::uint64_t> octets_remote;
  // Why it is not in step, though nobody left it out: parked, or a folder that can be no mailbox,
  // which is not `included`. "" if nothing is in the way.
  std::string obstacle;
};
coro::Task<Result<std::vector<MailboxLine>>> list_mailboxes(Services services, Settings settings,
                                                            Log log);

// All but the first are notes: known, and as they are to be for now.
enum class DifferenceKind : std::uint8_t {
  difference,
  held,
  parked,
  note,  // nothing that waits to be brought over: excluded, a stub ...
};
std::string_view to_string(DifferenceKind kind);

struct Difference {
  DifferenceKind kind = DifferenceKind::difference;
  std::string mailbox;
  std::uint32_t uid = 0;
  std::string path;
  std::string what;  // in words

  bool is_note() const { return kind != DifferenceKind::difference; }
};
struct Verification {
  std::vector<Difference> lines;
  std::uint64_t messages_compared = 0;
  std::uint64_t octets_compared = 0;  // with deep
  std::vector<Error> errors;
};
// Compares server, base and Maildir; `deep` compares octets, CRLF as LF. Changes nothing.
coro::Task<Verification> verify_account(Services services, Settings settings, bool deep, Log log);

}  // namespace sterna::account
