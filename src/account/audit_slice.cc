// SPDX-License-Identifier: Apache-2.0
#include "audit_slice.h"

#include "look_at_file.h"

namespace sterna::account {

FileLook look_at_row(maildir::MailboxDirs& dirs, const MessageRow& row) {
  FileLook look;
  io::Directory& directory = dirs.message_dir(row.in_new);
  const std::string name = full_name(row);
  const Result<io::FileStat> now = directory.stat_at(name);
  const bool stamped = row.file.size != 0 || row.file.mtime_ns != 0;
  look.moved = !now || (row.file.ino != 0 && now->ino != row.file.ino) ||
               (stamped && (now->size != row.file.size || now->mtime_ns != row.file.mtime_ns));
  if (look.moved || !row.identity) return look;
  const Looked looked = look_at(directory, name, row.base_name);
  if (looked.stamp == to_stamp(*now)) look.content = looked.identity;
  return look;
}

}  // namespace sterna::account
