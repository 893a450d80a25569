// SPDX-License-Identifier: Apache-2.0
// Comparison of one mailbox on the server, in the base and in the Maildir, for `sterna verify`.
// Changes nothing; what one side did not tell is not compared. Blocking: made for a Worker's job.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sterna/account/inspect.h"
#include "sterna/maildir/keywords.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "sterna/model/mailbox.h"
#include "sterna/store/store.h"

namespace sterna::account {

inline DifferenceKind note_if(bool is_note) {
  return is_note ? DifferenceKind::note : DifferenceKind::difference;
}

// What the base excuses: messages that are held or parked. What is found about them is a note.
struct Excuse {
  DifferenceKind kind;
  std::string reason;
};
struct Excuses {
  std::unordered_map<MessageKey, Excuse> messages;
  std::map<std::pair<MailboxId, std::string>, Excuse> files;  // by base name
};
Result<Excuses> read_excuses(store::Store& base);

// The flags that the server should tell of a row's message: what it cannot hold, or cannot be told,
// is in the base alone, by design, unless it has it (`told`) all the same.
FlagSet flags_there(const MessageRow& row, const StorableFlags& storable, const FlagSet& told);

struct RemoteMessage {
  Uid uid;
  FlagSet flags;
  std::optional<std::uint64_t> size;
  std::optional<std::int64_t> internal_date;
};

struct RemoteSide {
  std::vector<RemoteMessage> messages;  // ascending by UID
  bool complete = true;                 // absence from `messages` is absence
  bool any_keyword = true;              // else the server can hold `storable` alone
  FlagSet storable;
  bool sizes_reliable = true;
};

struct MailboxFacts {
  MailboxRow row;
  std::string directory;             // absolute
  std::optional<RemoteSide> remote;  // nullopt: not told
};

// A message that is on both sides, for who compares the bytes.
struct BodyPair {
  Uid uid;
  maildir::SeenFile file;
  std::uint64_t size = 0;  // of the file
};

class Comparison {
 public:
  Comparison(const MailboxFacts& facts, const Excuses& excuses)
      : facts_(facts), excuses_(excuses) {}

  // A failure is one of the base or of the disk; `lines` holds what was found before it.
  Status run(store::Store& base, io::Directory& root);

  std::vector<Difference> lines;
  std::vector<BodyPair> pairs;  // ascending by UID
  std::uint64_t compared = 0;

 private:
  Status list_files(io::Directory& root);
  void visit(const MessageRow& row);
  void visit_kept(const MessageRow& row, const RemoteMessage* remote, const maildir::Entry* file);
  void visit_other(const MessageRow& row, const RemoteMessage* remote, const maildir::Entry* file);
  void compare_remote(const MessageRow& row, const RemoteMessage& remote);
  void compare_flags_with_file(const MessageRow& row, const maildir::Entry& file);
  void compare_stat(const MessageRow& row, const RemoteMessage* remote, const maildir::Entry& file);
  const RemoteMessage* take_remote(Uid uid);
  const maildir::Entry* take_file(const std::string& base_name);
  void finish_remote();
  Status finish_files(store::Store& base);
  void summarize();

  void add(DifferenceKind kind, Uid uid, const std::string& base_name, std::string path,
           std::string what);
  void differs(const MessageRow& row, std::string what) {
    add(DifferenceKind::difference, row.key.uid, row.base_name, path_of(row), std::move(what));
  }
  void note(const MessageRow& row, std::string what, DifferenceKind kind = DifferenceKind::note) {
    add(kind, row.key.uid, row.base_name, path_of(row), std::move(what));
  }
  std::string path_of(const MessageRow& row) const;
  std::string path_of(const maildir::Entry& file) const;

  const MailboxFacts& facts_;
  const Excuses& excuses_;
  maildir::HomeDirectory home_;
  std::optional<maildir::Listing> listing_;  // nullopt: the directory is missing
  std::vector<bool> taken_;                  // entries of the listing that belong to a row
  maildir::KeywordTable keywords_;
  std::size_t next_remote_ = 0;
  std::uint64_t tombstones_ = 0;
  std::uint64_t other_times_ = 0;
  std::string other_time_path_;
};

}  // namespace sterna::account
