// SPDX-License-Identifier: Apache-2.0
#include "upload_job.h"

#include <string>
#include <utility>

namespace sterna::account {
namespace {

Result<std::string> read_piece(maildir::UploadReader& reader, std::size_t octets_max) {
  std::string piece;
  STERNA_TRY(const std::size_t got, reader.read(piece, octets_max));
  if (got == 0) return fail(ErrorCode::changed, "the file became shorter while it was sent");
  return piece;
}

}  // namespace

void open_file(UploadJob& job) {
  Result<maildir::UploadReader> reader = maildir::UploadReader::open(
      job.dirs->message_dir(job.what->file.in_new), to_seen(job.what->file));
  if (!reader) {
    job.error = reader.error();
  } else if (to_identity(reader->identity()).same_as(job.what->identity)) {
    job.stat = reader->stat();
    job.identity = to_identity(reader->identity());
    job.reader = std::make_shared<maildir::UploadReader>(std::move(*reader));
  } else {
    job.error = Error(ErrorCode::changed, "the file is being written");
  }
}

LiteralSource source_of(const std::vector<UploadJob*>& group) {
  struct Feed {
    std::vector<std::shared_ptr<maildir::UploadReader>> readers;
    std::size_t current = 0;
    std::uint64_t given = 0;
  };
  auto feed = std::make_shared<Feed>();
  for (const UploadJob* job : group) feed->readers.push_back(job->reader);
  return [feed](std::size_t octets_max) -> Result<std::string> {
    while (feed->given == feed->readers[feed->current]->size()) {
      ++feed->current;
      feed->given = 0;
    }
    STERNA_TRY(std::string piece, read_piece(*feed->readers[feed->current], octets_max));
    feed->given += piece.size();
    return piece;
  };
}

}  // namespace sterna::account
