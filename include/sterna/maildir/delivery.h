// SPDX-License-Identifier: Apache-2.0
// Delivery: writes messages into mailboxes and makes a batch of them durable with one barrier.
//
//   begin, write..., place     for each message; the file appears under its name at once
//   flush                      file contents, then directories; only now may rows be written
//
// CRLF becomes LF, also across pieces; a lone CR or LF stays. Placing never overwrites. Until
// flush() succeeded nothing of the batch counts as delivered, however much of it can be seen: the
// files carry names from which the next pass knows them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/identity.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"

namespace sterna::maildir {

// Messages up to this size are written with one call, when they are placed.
inline constexpr std::size_t kDeliveryKeptOctetsMax = 256 * 1024;

struct DeliveryOptions {
  bool fsync = true;  // false: flush() only closes files
  // From so many files on, one syncfs for each file system instead of an fsync for each file: 100
  // files took 6 ms instead of 40 (ext4). 0: never.
  std::size_t syncfs_files_min = 8;
  // Tells how long a syncfs took. One that took far longer than its files explain flushed somebody
  // else's: from then on each file is synced by itself. Empty: not asked.
  std::function<std::chrono::nanoseconds()> now{};
};

struct Delivered {
  SeenFile seen;
  io::FileStat stat;
  ContentIdentity identity;       // of the file; `size` as it would be uploaded
  std::uint64_t wire_octets = 0;  // as they came
};

// One thread at a time; the mailboxes must outlive the batch. A message whose write() or place()
// failed with anything but ErrorCode::exists is forgotten.
class Delivery {
 public:
  explicit Delivery(DeliveryOptions options = {}) : options_(std::move(options)) {}

  // Begins a message for `mailbox`, and forgets one that was begun and not placed. `base` names the
  // file in tmp/ while it has no better name, where the file system cannot do without.
  void begin(MailboxDirs& mailbox, std::string_view base, std::int64_t mtime_ns);
  Status write(std::string_view wire);
  // For a date that came behind the body. Precondition: begun and not placed.
  void set_mtime(std::int64_t mtime_ns);
  // Of what was written since begin(); nothing more may be. Precondition: begun and not placed.
  const ContentIdentity& identity() { return seal().identity; }
  // Under `name` in new/ if it is plain, else in cur/ with ":2,". ErrorCode::exists if the name is
  // taken; the message may then be placed under another name, or compared by matches() and
  // abandoned.
  Result<Delivered> place(const FileName& name);
  // Whether `seen` holds what was written since begin() (by size, then by octets with regard to
  // line ends only). Precondition: begun and not placed.
  Result<bool> matches(const SeenFile& seen);
  void abandon();

  std::size_t count() const { return placed_; }     // placed since the last flush
  std::uint64_t octets() const { return octets_; }  // written since the last flush
  // The barrier. After an error nothing of the batch is delivered, and the next one begins empty. A
  // message that was begun and not placed is no part of the batch: it goes on.
  Status flush();

 private:
  struct Current {
    MailboxDirs* mailbox = nullptr;
    std::string base;
    std::int64_t mtime_ns = 0;
    std::string content;                   // what is not yet in `file`
    std::unique_ptr<io::FileWriter> file;  // once the content outgrew kDeliveryKeptOctetsMax
    CanonicalDigest digest;                // of what is in `file`
    bool outgrew = false;                  // `file` holds a part that is not at hand
    bool written = false;                  // `file` holds all of it, and has its mtime
    io::FileStat stat;                     // then
    IdentityBuilder identity;
    std::uint64_t wire_octets = 0;
    bool pending_cr = false;
  };
  // The message when its last octet came, until it is placed or forgotten.
  struct Sealed {
    ContentIdentity identity;
    std::optional<Digest> digest;  // of a message that outgrew; else the content is at hand
  };
  static void convert(Current& current, std::string_view wire);
  static Status spill(Current& current);
  static Status complete(Current& current);
  const Sealed& seal();
  Delivered placed(io::Directory& directory, bool in_new, std::string full_name);
  Status barrier();
  Status sync_files();
  bool wants_syncfs() const;

  DeliveryOptions options_;
  std::unique_ptr<Current> current_;
  std::unique_ptr<Sealed> sealed_;
  std::vector<std::unique_ptr<io::FileWriter>> unsynced_;
  std::optional<Error> failed_;  // of what was synced before the barrier
  TouchedDirectories touched_;
  std::size_t placed_ = 0;
  std::uint64_t octets_ = 0;
};

}  // namespace sterna::maildir
