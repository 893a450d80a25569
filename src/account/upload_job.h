// SPDX-License-Identifier: Apache-2.0
// UploadJob: what upload.cc knows of each file that it sends.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connection.h"
#include "engine.h"
#include "sterna/maildir/upload.h"

namespace sterna::account {

// A file on its way to the server.
struct UploadJob {
  MailboxWork* work = nullptr;
  maildir::MailboxDirs* dirs = nullptr;
  const sync::Action* action = nullptr;
  const sync::Upload* what = nullptr;
  Intent intent;
  std::shared_ptr<maildir::UploadReader> reader;  // until its outcome is known
  io::FileStat stat;                              // this and the identity stay
  Identity identity;
  std::optional<Error> error;
  imap::CommandId command;
  bool alone = false;     // refused together with others: not joined again
  bool undated = false;   // refused with a date, or what was taken for one
  bool unworded = false;  // refused with its keywords, which follow by STORE
  bool remade = false;    // refused for want of its mailbox, which was made then

  std::uint64_t size() const { return identity.size; }
  bool is_looked_at() const { return reader || error; }
};

// Opens its file, counts and digests it. Blocking: made for a worker's job. Sets `reader` or
// `error`.
void open_file(UploadJob& job);

// The literals of a command one after the other, each as its reader gives it.
LiteralSource source_of(const std::vector<UploadJob*>& group);

// What is open at a time, sent and unanswered included: small files as octets, others as
// descriptors.
inline constexpr std::uint64_t kHeldOctets = 8 * 1024 * 1024;
inline constexpr std::size_t kHeldFiles = 8;

// What open readers keep: known before they are opened, since the size is.
class HeldUploads {
 public:
  bool has_room() const { return octets_ < kHeldOctets && files_ < kHeldFiles; }
  void add(const UploadJob& job) { (is_kept(job) ? octets_ : files_) += cost_of(job); }
  void remove(const UploadJob& job) { (is_kept(job) ? octets_ : files_) -= cost_of(job); }

 private:
  static bool is_kept(const UploadJob& job) {
    return job.what->identity.size <= maildir::kUploadKeptOctetsMax;
  }
  static std::uint64_t cost_of(const UploadJob& job) {
    return is_kept(job) ? job.what->identity.size : 1;
  }

  std::uint64_t octets_ = 0;
  std::uint64_t files_ = 0;
};

}  // namespace sterna::account
