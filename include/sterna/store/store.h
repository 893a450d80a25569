// SPDX-License-Identifier: Apache-2.0
// Store: the base of one account, in one SQLite file (docs/storage.md).
//
// One thread at a time. Changes happen inside a Transaction; a Transaction that dies without
// commit() rolls back, and so does one in which a change failed: its commit() repeats the first
// error. Durability is the caller's choice per transaction: `full` for intents and everything that
// follows an effect, `normal` for cursors alone. Reading outside a transaction sees what is
// committed, inside it what the transaction did so far. A visitor must not use the store that calls
// it. Errors: no_space, corrupt, io, permission, locked; all of scope account. Text is octets as
// they came, and comes back as it went in.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/model/attempt.h"
#include "sterna/model/intent.h"
#include "sterna/model/mailbox.h"
#include "sterna/model/message.h"
#include "sterna/model/uid_set.h"

namespace sterna::store {

// A row as the comparison with a listing needs it; small, since a whole mailbox may be read.
struct LocalRow {
  Uid uid;
  RowState state = RowState::present;
  std::uint64_t ino = 0;
  bool in_new = false;
  std::string_view base_name;  // valid during the callback only
  std::string_view info;       // valid during the callback only
};

// A row as the comparison with its file's stat needs it.
struct StampedRow {
  Uid uid;
  RowState state = RowState::present;
  std::string_view base_name;  // valid during the callback only
  FileStamp file;
  Generation local_since;
};

struct HistoryEntry {
  std::int64_t at_ms = 0;
  std::string mailbox;  // name at that time
  Uid uid;
  std::string path;          // of the file, relative to the Maildir's root; "" if none
  std::string event;         // "downloaded" "uploaded" "flags" "moved" "deleted" "held" ...
  std::string side;          // where it took effect: "local" or "remote"
  std::string detail;        // flags, the other mailbox
  std::string reason;        // the plan's
  std::string message_id{};  // where nothing else knows it from then on: of a row that went
};

// All that is set must apply.
struct HistoryQuestion {
  std::string path{};     // of a file: its base name, as messages_by_base_name() compares
  std::string mailbox{};  // its name at that time
  Uid uid{};
  // Of every message that has it, by all names of its files that the base knows or knew.
  std::string message_id{};
  std::int64_t since_ms = INT64_MIN;
  std::int64_t until_ms = INT64_MAX;
  std::size_t limit = SIZE_MAX;
};

struct UndoEntry {
  std::int64_t id = 0;
  std::string file;  // in the undo area
  std::string mailbox;
  std::string base_name;
  FlagSet flags;
  std::uint64_t size = 0;
  std::optional<Identity> identity;
  std::int64_t at_ms = 0;
  std::string reason;
};

struct HeldEntry {
  std::int64_t id = 0;
  std::string kind;  // sync::to_string(HeldKind)
  MailboxId mailbox;
  Uid uid;  // none for orphans
  UidValidity uidvalidity;
  std::string base_name;
  std::string reason;
  std::int64_t since_ms = 0;
};

struct ApprovalEntry {
  MessageKey key;
  UidValidity uidvalidity;
};

// A failing (row, action): counted, parked, retried at growing intervals (rule 25).
struct Failure {
  MailboxId mailbox;
  Uid uid;                // none where it is a file without a row
  std::string base_name;  // "" where it is a row
  std::string action;     // "download", "upload" ...
  unsigned count = 0;
  std::int64_t next_try_ms = 0;
  std::string reason;
};

struct Tombstone {
  MessageKey key;  // without a UID: the message was moved, and is in another mailbox
  std::string base_name;
  std::uint64_t ino = 0;
  std::string boot_id;
  std::int64_t at_ms = 0;
  bool of_backup = false;  // a backup was restored since: the file is back with it
};

enum class Durability : std::uint8_t { normal, full };

class Store {
 public:
  // Opens or creates `directory`/state.db (directory mode 0700, file 0600), takes the exclusive
  // lock and migrates. ErrorCode::locked if another process has it, without waiting;
  // ErrorCode::corrupt; ErrorCode::unsupported for a newer schema or a network file system.
  // `read_only`: no lock, also beside a process that has it; no change is accepted; not_found if
  // there is none.
  static Result<std::unique_ptr<Store>> open(const std::string& directory, bool read_only);
  ~Store();

  bool is_new() const;  // was created by this open()

  class Transaction {
   public:
    Transaction(Transaction&&) noexcept;
    ~Transaction();
    Status commit();  // once; whatever it says, the transaction is over
   private:
    friend class Store;
    explicit Transaction(Store& store);
    Store* store_;
  };
  // Precondition: no other transaction is open. It must not outlive the store.
  Result<Transaction> begin(Durability durability);
  // How many transactions were committed with `full`: each made durable what came before it, also
  // where it found nothing to change itself.
  std::uint64_t flushes() const;

  // One view of the base for all that is read while it lives: saves two locks for each statement.
  class Reading {
   public:
    Reading(Reading&&) noexcept;
    ~Reading();

   private:
    friend class Store;
    explicit Reading(Store& store);
    Store* store_;
  };
  // Precondition: no transaction is open, and none is begun meanwhile. It must not outlive the
  // store.
  Result<Reading> read();

  // --- small facts: tree id, state id, epoch, generation, cached capabilities ...
  Result<std::optional<std::string>> get(std::string_view key);
  Status set(std::string_view key, std::string_view value);
  Status unset(std::string_view key);
  // Ascending. `prefix` is not empty and does not end in the octet 0xff.
  Result<std::vector<std::string>> keys_with_prefix(std::string_view prefix);

  // --- lived time, a clock of the account's own: what is kept for a while is aged by it, since the
  // machine's clock may jump. Tombstones, undo, history and removals carry what it showed when they
  // were written. It stands still until live() moves it, and what it shows is forgotten unless
  // keep_lived() writes it down.
  std::int64_t lived_ms() const;
  void live(std::chrono::milliseconds time);  // not negative
  Status keep_lived();

  // --- mailboxes
  Result<std::vector<MailboxRow>> mailboxes();  // ascending by name
  Result<std::optional<MailboxRow>> mailbox(MailboxId id);
  // row.id is ignored; an id is never given twice. `exists` if the name is taken, here and in
  // update_mailbox(): the one error that leaves the transaction sound.
  Result<MailboxId> add_mailbox(const MailboxRow& row);
  Status update_mailbox(const MailboxRow& row);
  Status remove_mailbox(MailboxId id);  // and everything of it but history and undo

  // --- messages
  Result<std::optional<MessageRow>> message(MessageKey key);
  Result<std::vector<MessageRow>> messages(MailboxId mailbox, const UidSet& uids);
  // In any state, ascending from that UID, at most `limit`.
  Result<std::vector<MessageRow>> messages_from(MailboxId mailbox, Uid from, std::size_t limit);
  // In the account, in any state. Names compare without what follows the first ',', where other
  // programs keep fields that come and go (",U=12"): a hint, wider than maildir::strip_fields().
  Result<std::vector<MessageRow>> messages_by_base_name(std::string_view base_name);
  // In the account, in any state, at most `limit`. None for "".
  Result<std::vector<MessageRow>> messages_of_email_id(std::string_view email_id,
                                                       std::size_t limit);
  Result<std::vector<MessageRow>> messages_in_state(RowState state);  // in the account
  Result<bool> has_detached(MailboxId mailbox);
  // Those with the header of one of these. Reads the whole table: for rare questions.
  Result<std::vector<MessageRow>> messages_with_headers(const std::set<Digest>& headers);
  // Every row of the mailbox with a file (present, stub, detached), ascending by UID.
  Status for_each_local(MailboxId mailbox, const std::function<void(const LocalRow&)>& visit);
  // The same rows.
  Status for_each_stamp(MailboxId mailbox, const std::function<void(const StampedRow&)>& visit);
  // Every row of the mailbox in any state, whole, ascending by UID (verify, adoption).
  Status for_each(MailboxId mailbox, const std::function<void(const MessageRow&)>& visit);
  // UIDs of rows for which the server has a message (is_on_server).
  Result<UidSet> remote_uids(MailboxId mailbox);
  // Those of them that are in `uids`.
  Result<UidSet> remote_uids_among(MailboxId mailbox, const UidSet& uids);
  struct Counts {
    std::uint64_t on_server = 0;
    std::uint64_t present = 0;  // present or stub
    std::uint64_t quarantined = 0;
  };
  Result<Counts> counts(MailboxId mailbox);
  Status put_message(const MessageRow& row);  // inserts or replaces; the mailbox must exist
  // Of a row that exists; nothing else of it is touched. Cheap for `deleting` and `dropping`.
  Status set_state(MessageKey key, RowState state);
  Status remove_message(MessageKey key);
  // Flags of the base of rows, as FlagSet, for the comparison with what the server says: calls
  // visit for each row of `uids` that exists, ascending.
  Status for_each_flags(MailboxId mailbox, const UidSet& uids,
                        const std::function<void(Uid, RowState, const FlagSet&, ModSeq)>& visit);
  // Turns all rows of a mailbox into nothing, giving them back first (UIDVALIDITY changed,
  // adoption), with all that was known by their UIDs: approvals, failures and attempts, which
  // would be taken for those of other messages.
  Result<std::vector<MessageRow>> take_all(MailboxId mailbox);

  // --- intents
  Result<IntentId> add_intent(const Intent& intent);
  Status update_intent(const Intent& intent);
  Status close_intent(IntentId id);
  Result<std::vector<Intent>> intents();

  // --- attempts: actions of the last plans, by their key
  Result<std::vector<Attempt>> attempts();
  Status put_attempt(const Attempt& attempt);
  Status clear_attempt(const ActionKey& key);

  // --- held, approvals, failures, tombstones, undo, history
  Result<std::vector<HeldEntry>> held();
  // The recomputed verdict of a pass replaces what was there. Entries of equal kind, mailbox, uid
  // and base name stay: they keep id and since_ms. `id` of what is given is ignored.
  Status replace_held(const std::vector<HeldEntry>& entries);
  Result<std::vector<ApprovalEntry>> approvals();
  Status add_approval(const ApprovalEntry& entry);
  Status remove_approval(MessageKey key);
  // MailboxId{} where a failure, a held entry or an intent belongs to no mailbox.
  Result<std::vector<Failure>> failures();
  Result<std::optional<Failure>> failure(MailboxId mailbox, Uid uid, std::string_view base_name,
                                         std::string_view action);
  Status put_failure(const Failure& failure);  // key: mailbox, uid, base_name, action
  Status clear_failure(MailboxId mailbox, Uid uid, std::string_view base_name,
                       std::string_view action);
  // Of all failures: the machine's clock was set, by so much, and a pause lasts no longer for that.
  Status move_tries(std::chrono::milliseconds by);
  Status add_tombstone(const Tombstone& tombstone);  // without a base name: nothing to remember
  // The newest of that name, compared as messages_by_base_name() does.
  Result<std::optional<Tombstone>> tombstone_of(MailboxId mailbox, std::string_view base_name);
  // A backup of the mailbox was restored: what bears these names came with it.
  Status mark_tombstones_of_backup(MailboxId mailbox);
  // The trim functions remove what was written before that lived time, the oldest first and at most
  // `rows_max`, and give back how many they removed.
  Result<std::size_t> trim_tombstones(std::int64_t lived_before_ms, std::size_t rows_max);
  Result<std::int64_t> add_undo(const UndoEntry& entry);
  Result<std::vector<UndoEntry>> undo_entries();
  Status remove_undo(std::int64_t id);
  // Removes entries as the trim functions do, and gives back their files: they have no entry now.
  Result<std::vector<std::string>> take_undo(std::int64_t lived_before_ms, std::size_t rows_max);
  Status add_history(const HistoryEntry& entry);
  // Newest first.
  Result<std::vector<HistoryEntry>> history(const HistoryQuestion& question);
  Result<std::size_t> trim_history(std::int64_t lived_before_ms, std::size_t rows_max);

  // --- the brake's rolling window (rule 6). side: "remote" "local" "flags". MailboxId{} stands for
  // the account as a whole: entries of its own, not the sum of the mailboxes'.
  Status add_removals(MailboxId mailbox, std::string_view side, std::uint64_t count,
                      std::int64_t at_ms, std::uint64_t messages_before);
  struct Removals {
    std::uint64_t count = 0;
    std::uint64_t messages_before = 0;  // the largest denominator within the window; 0 if none
  };
  Result<Removals> removals_since(MailboxId mailbox, std::string_view side, std::int64_t since_ms);
  Result<std::size_t> trim_removals(std::int64_t lived_before_ms, std::size_t rows_max);

  // Moves the write-ahead log into the database where that is cheap; before a clean exit.
  Status checkpoint();
  // What the files take on the disk, the log included; 0 where there are none.
  static std::uint64_t octets(const std::string& directory);
  // Whether the log is worth copying.
  static bool has_large_log(const std::string& directory);
  // checkpoint() of a store that is open; from any thread, beside whatever the store does
  // meanwhile. Cuts the log down, too, where the store rests.
  static Status copy_log(const std::string& directory);

 private:
  Store();
  Status read_lived();
  Result<std::set<std::string>> names_of_message(const std::string& message_id);
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::store
