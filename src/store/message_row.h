// SPDX-License-Identifier: Apache-2.0
// Columns that more than one table has, to and from the types of the model.
#pragma once

#include <optional>
#include <string_view>

#include "db.h"
#include "sterna/model/message.h"

namespace sterna::store {

// The columns of `message`, in the order in which read_message() takes them.
#define STERNA_MESSAGE_COLUMNS                                                                \
  "mailbox, uid, state, flags, base_name, in_new, info, dev, ino, size, mtime_ns, btime_ns, " \
  "internal_date, remote_size, email_id, modseq, identity_size, header_digest, message_id, "  \
  "body_digest, remote_header, remote_since, local_since"

Result<MessageRow> read_message(const Db& db, Query& query);
FileStamp read_file_stamp(Query& query);  // five columns, as above
Result<RowState> read_state(const Db& db, Query& query);

// Four columns: identity_size, header_digest, message_id, body_digest; where there is none the last
// is 0 and the others NULL.
Result<std::optional<Identity>> read_identity(const Db& db, Query& query);

struct IdentityColumns {
  explicit IdentityColumns(const std::optional<Identity>& identity);
  std::optional<std::uint64_t> size;
  std::optional<Blob> header_digest;  // views into the identity
  std::optional<std::string_view> message_id;
  std::uint64_t body_digest = 0;
};

}  // namespace sterna::store
