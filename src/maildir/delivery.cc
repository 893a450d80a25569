// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/delivery.h"

#include <algorithm>
#include <utility>

#include "memory_reader.h"
#include "seen.h"
#include "sterna/base/assert.h"
#include "sterna/base/step.h"

namespace sterna::maildir {
namespace {

// Where syncfs is not wanted, so many files are held open before they are synced.
constexpr std::size_t kOpenFilesMax = 128;

// What a syncfs of so many files may take on a slow disk that nobody else uses.
std::chrono::nanoseconds syncfs_time_max(std::size_t files, std::uint64_t octets) {
  using std::chrono::milliseconds;
  constexpr std::uint64_t kOctetsPerMillisecond = 10'000;
  return milliseconds(250) + milliseconds(2 * files) + milliseconds(octets / kOctetsPerMillisecond);
}

}  // namespace

void Delivery::begin(MailboxDirs& mailbox, std::string_view base, std::int64_t mtime_ns) {
  abandon();
  current_ = std::make_unique<Current>();
  current_->mailbox = &mailbox;
  current_->base = base;
  current_->mtime_ns = mtime_ns;
}

void Delivery::abandon() {
  current_.reset();
  sealed_.reset();
}

void Delivery::convert(Current& current, std::string_view wire) {
  std::string& out = current.content;
  if (current.pending_cr && !wire.starts_with('\n')) out += '\r';
  current.pending_cr = false;
  for (;;) {
    const std::size_t cr = wire.find('\r');
    out += wire.substr(0, cr);
    if (cr == std::string_view::npos) return;
    wire.remove_prefix(cr + 1);
    if (wire.empty()) {
      current.pending_cr = true;
      return;
    }
    if (!wire.starts_with('\n')) out += '\r';
  }
}

void Delivery::set_mtime(std::int64_t mtime_ns) {
  STERNA_ASSERT(current_ != nullptr);
  current_->mtime_ns = mtime_ns;
}

Status Delivery::write(std::string_view wire) {
  STERNA_ASSERT(current_ && !sealed_);
  if (wire.empty()) return {};
  const std::size_t old_size = current_->content.size();
  convert(*current_, wire);
  current_->identity.update(std::string_view(current_->content).substr(old_size));
  current_->wire_octets += wire.size();
  octets_ += wire.size();
  if (current_->content.size() <= kDeliveryKeptOctetsMax) return {};
  auto done = spill(*current_);
  if (!done) abandon();
  return done;
}

// Moves what is at hand into the file.
Status Delivery::spill(Current& current) {
  current.outgrew = true;
  if (!current.file) {
    STERNA_TRY(current.file, current.mailbox->tmp->create_file(current.base));
  }
  STERNA_CHECK(current.file->write(current.content));
  current.digest.update(current.content);
  current.content.clear();
  return {};
}

const Delivery::Sealed& Delivery::seal() {
  STERNA_ASSERT(current_);
  if (sealed_) return *sealed_;
  Current& current = *current_;
  if (std::exchange(current.pending_cr, false)) {
    current.content += '\r';
    current.identity.update("\r");
  }
  sealed_ = std::make_unique<Sealed>();
  sealed_->identity = current.identity.finish();
  if (current.outgrew) {
    current.digest.update(current.content);
    sealed_->digest = current.digest.finish();
  }
  return *sealed_;
}

// What is at hand stays there, for matches().
Status Delivery::complete(Current& current) {
  if (current.written) return {};
  if (!current.file) {
    STERNA_TRY(current.file, current.mailbox->tmp->create_file(current.base));
  }
  if (!current.content.empty()) STERNA_CHECK(current.file->write(current.content));
  STERNA_CHECK(current.file->set_mtime(current.mtime_ns));
  // Before anybody sees it: what is written to it from then on is an edit.
  STERNA_TRY(current.stat, current.file->stat());
  current.written = true;
  return {};
}

Result<Delivered> Delivery::place(const FileName& name) {
  seal();
  const bool in_new = name.is_plain() && name.rest.empty();
  std::string full_name;
  if (in_new) {
    full_name = name.base;
  } else {
    full_name = print_file_name(with_flags(name, name.mask, name.keywords));
  }
  io::Directory& directory = current_->mailbox->message_dir(in_new);
  auto done = complete(*current_);
  at_step("delivery.written");
  if (done) done = directory.place(*current_->file, full_name);
  if (!done) {
    if (!done.error().is(ErrorCode::exists)) abandon();
    return fail(std::move(done).error());
  }
  auto delivered = placed(directory, in_new, std::move(full_name));
  abandon();
  return delivered;
}

Delivered Delivery::placed(io::Directory& directory, bool in_new, std::string full_name) {
  at_step("delivery.placed");
  touched_.add(directory);
  ++placed_;
  const io::FileStat stat = current_->stat;
  unsynced_.push_back(std::move(current_->file));
  if (!options_.fsync || wants_syncfs()) {
    unsynced_.clear();
  } else if (unsynced_.size() >= kOpenFilesMax) {
    static_cast<void>(sync_files());  // flush() tells: it is the batch that failed
  }
  return Delivered{.seen = {.in_new = in_new, .name = std::move(full_name), .ino = stat.ino},
                   .stat = stat,
                   .identity = sealed_->identity,
                   .wire_octets = current_->wire_octets};
}

Result<bool> Delivery::matches(const SeenFile& seen) {
  const Sealed& sealed = seal();
  STERNA_TRY(const auto file, current_->mailbox->message_dir(seen.in_new).open_file(seen.name));
  STERNA_TRY(const io::FileStat stat, file->stat());
  if (stat.ino != seen.ino) return fail(no_longer_seen(seen.name));
  if (sealed.digest) {
    STERNA_TRY(const Digest digest, full_digest(*file));
    return digest == *sealed.digest;
  }
  MemoryReader content(current_->content);
  return same_content(content, *file);
}

Status Delivery::flush() {
  auto done = options_.fsync ? barrier() : Status();
  if (done && placed_ > 0) at_step("delivery.flushed");
  unsynced_.clear();
  failed_.reset();
  touched_ = {};
  placed_ = 0;
  octets_ = 0;
  return done;
}

bool Delivery::wants_syncfs() const {
  return options_.syncfs_files_min > 0 && placed_ >= options_.syncfs_files_min;
}

Status Delivery::barrier() {
  if (failed_) return fail(*failed_);
  if (wants_syncfs()) {
    const auto began = options_.now ? options_.now() : std::chrono::nanoseconds();
    STERNA_CHECK(touched_.sync_file_systems());
    if (options_.now && options_.now() - began > syncfs_time_max(placed_, octets_)) {
      options_.syncfs_files_min = 0;
    }
    return {};
  }
  STERNA_CHECK(sync_files());
  return touched_.sync();
}

// The kernel tells a descriptor once that its file could not be written: none is asked again.
Status Delivery::sync_files() {
  for (const auto& file : std::exchange(unsynced_, {})) {
    Status synced = file->sync();
    if (synced) continue;
    failed_ = synced.error();
    return synced;
  }
  return {};
}

}  // namespace sterna::maildir
