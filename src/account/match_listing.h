// SPDX-License-Identifier: Apache-2.0
// A listing against the rows of its mailbox: which file is which row's, by base name, and of those
// that share one by inode.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine.h"
#include "sterna/coro/task.h"

namespace sterna::account {

// A row whose file the listing does not have.
struct MissingFile {
  Uid uid;
  RowState state;
  std::string base;
};

// Which rows and which files of a listing belong together: each file is the file of one row. The
// listing must outlive it. Rows come ascending by UID.
class Matching {
 public:
  explicit Matching(const maildir::Listing& listing);

  // Of files with one base the one that the row had, else any that is no other row's yet. A row
  // with the inode takes it also from one that came before: that one knew the name alone, or the
  // file by an earlier content.
  const maildir::Entry* take(const store::LocalRow& row);
  // From whom the last call of take() took it.
  std::optional<MissingFile> robbed() { return std::exchange(robbed_, std::nullopt); }
  bool is_taken(const maildir::Entry& entry) const { return holders_[index_of(entry)].uid.value; }
  // Of one base, and not the only one.
  bool is_namesake(const maildir::Entry& entry) const;

 private:
  struct Holder {
    Uid uid;
    RowState state = RowState::present;
  };

  std::size_t index_of(const maildir::Entry& entry) const;

  const maildir::Listing& listing_;
  std::vector<Holder> holders_;  // of each entry; UID 0: nobody
  std::optional<MissingFile> robbed_;
  std::unordered_map<std::string_view, std::vector<const maildir::Entry*>> others_;
};

struct ListingMatch {
  std::vector<LocalChange> changed;  // ascending by UID
  std::vector<LocalFile> arrived;    // no row's; nothing but the name was looked at
  std::vector<LocalFile> namesakes;  // as `arrived`, while they have the base of another file
  std::vector<MissingFile> missing;
  std::vector<Uid> linked;  // rows whose file has one more name among `arrived`: a hard link
  std::map<Uid, FileStamp> damaged;  // of `changed`, as long as the file is that one
};

// Of work.listing, which `dirs` was read for. Files that have the base of another file are given
// names of their own, and are among `arrived` then.
coro::Task<Result<ListingMatch>> match_listing(Engine& engine, MailboxWork& work,
                                               maildir::MailboxDirs& dirs);

}  // namespace sterna::account
