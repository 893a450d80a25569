// SPDX-License-Identifier: Apache-2.0
#include "look_at_file.h"

#include <memory>
#include <string>
#include <utility>

#include "engine.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

Result<maildir::ContentIdentity> identity_without_tuid(io::FileReader& reader) {
  maildir::IdentityBuilder builder;
  STERNA_CHECK(
      read_without_tuid(reader, [&builder](std::string_view piece) { builder.update(piece); }));
  return builder.finish();
}

}  // namespace

Status read_without_tuid(io::FileReader& reader,
                         const std::function<void(std::string_view)>& take) {
  constexpr std::string_view kField = "\nX-TUID: ";
  constexpr std::size_t kValueOctets = 12;
  std::string text;
  STERNA_TRY(std::size_t got, reader.read(text, io::kReadOctets));
  const std::size_t at = text.find(kField);
  const std::size_t end = at + kField.size() + kValueOctets;
  if (at != std::string::npos && end < text.size() && text[end] == '\n') {
    text.erase(at + 1, end - at);
  }
  while (got > 0) {
    take(text);
    text.clear();
    STERNA_TRY(got, reader.read(text, io::kReadOctets));
  }
  return {};
}

Looked look_at(io::Directory& directory, std::string_view name, std::string_view base) {
  Looked looked;
  Result<std::unique_ptr<io::FileReader>> reader = directory.open_file(name);
  if (!reader) {
    if (reader.error().is(ErrorCode::not_found)) {
      looked.vanished = !directory.stat_at(name);
      return looked;
    }
    looked.denied = std::move(reader).error();
    if (const auto stat = directory.stat_at(name)) {
      looked.stamp = to_stamp(*stat);
      looked.changed_ns = stat->ctime_ns;
    }
    return looked;
  }
  Result<io::FileStat> before = (*reader)->stat();
  if (!before || before->type != io::FileType::file) return looked;
  Result<maildir::ContentIdentity> identity = maildir::foreign_mark(base)
                                                  ? identity_without_tuid(**reader)
                                                  : maildir::read_identity(**reader);
  Result<io::FileStat> after = (*reader)->stat();
  if (!identity || !after) return looked;
  looked.stamp = to_stamp(*after);
  looked.changed_ns = after->ctime_ns;
  // What a program has open for writing is not whole yet, however long it was left as it is (29).
  if (*before == *after && !(*reader)->has_writer()) looked.identity = *identity;
  return looked;
}

}  // namespace sterna::account
