// SPDX-License-Identifier: Apache-2.0
#include "seen.h"

#include <fmt/format.h>

namespace sterna::maildir {

Error no_longer_seen(std::string_view name) {
  return Error(ErrorCode::changed, fmt::format("{} is no longer the file that was seen", name));
}

Result<io::FileStat> stat_if_seen(io::Directory& directory, std::string_view name,
                                  std::uint64_t ino) {
  auto stat = directory.stat_at(name);
  if (!stat && stat.error().is(ErrorCode::not_found)) return fail(no_longer_seen(name));
  if (stat && (stat->type != io::FileType::file || stat->ino != ino)) {
    return fail(no_longer_seen(name));
  }
  return stat;
}

}  // namespace sterna::maildir
