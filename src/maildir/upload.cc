// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/upload.h"

#include <algorithm>
#include <utility>

#include "read_all.h"

namespace sterna::maildir {
namespace {

bool is_same_file(const io::FileStat& a, const io::FileStat& b) {
  return a.dev == b.dev && a.ino == b.ino && a.size == b.size && a.mtime_ns == b.mtime_ns;
}

Error changed() {
  return Error(ErrorCode::changed, "the file changed while it was read");
}

Result<std::unique_ptr<io::FileReader>> open_seen(io::Directory& directory, const SeenFile& seen) {
  auto file = directory.open_file(seen.name);
  if (!file && file.error().is(ErrorCode::not_found)) return fail(changed());
  return file;
}

// Gives each LF that has no CR before it one.
void append_wire(std::string_view bytes, bool& last_was_cr, std::string& wire) {
  while (!bytes.empty()) {
    const std::size_t lf = bytes.find('\n');
    const std::string_view line = bytes.substr(0, lf);
    wire += line;
    if (!line.empty()) last_was_cr = line.back() == '\r';
    if (lf == std::string_view::npos) return;
    wire += last_was_cr ? "\n" : "\r\n";
    last_was_cr = false;
    bytes.remove_prefix(lf + 1);
  }
}

}  // namespace

Result<UploadReader> UploadReader::open(io::Directory& directory, const SeenFile& seen) {
  UploadReader upload;
  STERNA_TRY(const auto file, open_seen(directory, seen));
  STERNA_TRY(upload.stat_, file->stat());
  if (upload.stat_.ino != seen.ino || file->has_writer()) return fail(changed());

  const bool is_kept = upload.stat_.size <= kUploadKeptOctetsMax;
  IdentityBuilder identity;
  STERNA_CHECK(read_all(*file, [&](std::string_view piece) {
    identity.update(piece);
    if (is_kept) append_wire(piece, upload.last_was_cr_, upload.ready_);
  }));
  STERNA_TRY(const io::FileStat after, file->stat());
  if (!is_same_file(upload.stat_, after)) return fail(changed());
  upload.identity_ = identity.finish();
  if (is_kept) return upload;

  STERNA_TRY(upload.file_, open_seen(directory, seen));
  STERNA_TRY(const io::FileStat again, upload.file_->stat());
  if (!is_same_file(upload.stat_, again)) return fail(changed());
  return upload;
}

// More octets into `ready_`, from the file; leaves it empty at the file's end.
Status UploadReader::refill() {
  std::string piece;
  STERNA_TRY(const std::size_t count, file_->read(piece, io::kReadOctets));
  ready_.clear();
  ready_at_ = 0;
  append_wire(piece, last_was_cr_, ready_);
  if (count > 0) return {};
  STERNA_TRY(const io::FileStat after, file_->stat());
  if (produced_ != size() || !is_same_file(stat_, after)) return fail(changed());
  return {};
}

Result<std::size_t> UploadReader::read(std::string& into, std::size_t octets_max) {
  if (ready_at_ == ready_.size() && file_) STERNA_CHECK(refill());
  const std::string_view piece = std::string_view(ready_).substr(ready_at_, octets_max);
  // Not one octet more than was announced may get into the literal.
  if (piece.size() > size() - produced_) return fail(changed());
  into += piece;
  ready_at_ += piece.size();
  produced_ += piece.size();
  return piece.size();
}

}  // namespace sterna::maildir
