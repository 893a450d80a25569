// SPDX-License-Identifier: Apache-2.0
// MailboxDirs: a mailbox's directories, held open, so that everything a batch does happens in the
// directories that it began with. TouchedDirectories: which of them await an fsync.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/layout.h"

namespace sterna::maildir {

// A directory below a root, or the root itself, which must then outlive this.
class HomeDirectory {
 public:
  HomeDirectory() = default;
  explicit HomeDirectory(io::Directory& root) : directory_(&root) {}
  explicit HomeDirectory(std::unique_ptr<io::Directory> owned)
      : owned_(std::move(owned)), directory_(owned_.get()) {}

  io::Directory& operator*() const { return *directory_; }
  io::Directory* operator->() const { return directory_; }

 private:
  std::unique_ptr<io::Directory> owned_;
  io::Directory* directory_ = nullptr;
};

struct MailboxDirs {
  HomeDirectory home;
  std::unique_ptr<io::Directory> cur;
  std::unique_ptr<io::Directory> fresh;  // new/
  std::unique_ptr<io::Directory> tmp;

  io::Directory& message_dir(bool in_new) const { return in_new ? *fresh : *cur; }
};

// The directories whose names changed in a batch. They must outlive the sync. One thread at a time.
class TouchedDirectories {
 public:
  void add(io::Directory& directory);
  void add(const TouchedDirectories& others);
  // fsync of each, or one syncfs for many, and forgets them. After an error all of them are kept:
  // nothing is known.
  Status sync();
  // syncfs of each file system that they are on: what is in them is durable, and they themselves.
  Status sync_file_systems();
  // In parts that may be synced at once, on as many threads; one, where a syncfs does it. Nothing
  // is left here.
  std::vector<TouchedDirectories> split(std::size_t parts_max);

 private:
  std::vector<io::Directory*> directories_;
};

// The directory of `path` itself, without regard to what is in it. ErrorCode::not_found.
Result<HomeDirectory> open_path(io::Directory& root, const MailboxPath& path);

// ErrorCode::not_found if the directory or one of cur, new, tmp is missing: never made here, since
// a missing directory means that something is wrong (rule 15).
Result<MailboxDirs> open_mailbox(io::Directory& root, const MailboxPath& path);

// fsync of the root and of each directory of `path`: another program may have made or renamed one
// of them a moment ago, and without its name all that is in it goes with the power.
Status flush_path(io::Directory& root, const MailboxPath& path);
// The same down to the first that is missing: what another program removed stays removed.
Status flush_rest_of(io::Directory& root, const MailboxPath& path);

// Makes what is missing of the path, tmp, new and last cur, so that whoever sees cur sees a
// mailbox; maildirfolder in a Maildir++ folder. Durable on return. A mailbox that exists is
// completed and opened.
Result<MailboxDirs> create_mailbox(io::Directory& root, LayoutKind kind, const MailboxPath& path);

// Removes a mailbox that holds no message: cur first, then new, tmp, the control files of Maildirs
// and the directory, where nothing else (a child, a foreign file) is in it. ErrorCode::changed if a
// message or a delivery under way is found; nothing is removed then. Durable on return; gone
// already is success.
Status remove_empty_mailbox(io::Directory& root, const MailboxPath& path);

// Gives a mailbox's directory (in fs with its children) another path; parents are made. Durable on
// return. ErrorCode::exists if something is there.
Status rename_mailbox(io::Directory& root, const MailboxPath& from, const MailboxPath& to);

}  // namespace sterna::maildir
