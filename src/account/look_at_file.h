// SPDX-License-Identifier: Apache-2.0
// A look at one file of a Maildir: what only the file itself can tell.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "sterna/base/error.h"
#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/identity.h"
#include "sterna/model/message.h"

namespace sterna::account {

struct Looked {
  std::optional<Error> denied;
  bool vanished = false;
  std::optional<FileStamp>
      stamp;  // nullopt: it is not there any more, or cannot be read to its end
  // nullopt, too, while it changes or a program has it open for writing.
  std::optional<maildir::ContentIdentity> identity;
  std::int64_t changed_ns = 0;  // the later of mtime and ctime
};

// Blocking: made for a worker's job. `base` is the base of `name`, which says who stored the file.
Looked look_at(io::Directory& directory, std::string_view name, std::string_view base);

// The octets of a file, in pieces, without the header "X-TUID: 12 characters" that mbsync adds to
// what it stores: the message on the server does not have it. For files that another synchronizer
// named.
Status read_without_tuid(io::FileReader& reader, const std::function<void(std::string_view)>& take);

}  // namespace sterna::account
