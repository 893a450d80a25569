// SPDX-License-Identifier: Apache-2.0
#include "file_change.h"

#include <utility>

#include "sterna/maildir/file_name.h"

namespace sterna::account {

void carry_out(Change& change, maildir::TouchedDirectories& touched) {
  const maildir::SeenFile seen = to_seen(change.file);
  maildir::MailboxDirs& from = *change.from->dirs;
  const maildir::KeywordTable& keywords = change.to->keywords;
  Result<maildir::SeenFile> result = [&]() -> Result<maildir::SeenFile> {
    const std::uint32_t letters = keywords.letters_of(change.flags);
    if (change.kind == Change::Kind::flags) {
      if (change.base.empty()) {
        return maildir::rename_flags(from, seen, change.flags.mask(), letters, touched);
      }
      STERNA_TRY(const auto renamed, maildir::rename_base(from, seen, change.base, touched));
      return maildir::rename_flags(from, renamed, change.flags.mask(), letters, touched);
    }
    maildir::FileName name = maildir::parse_file_name(change.file.name);
    if (!change.base.empty()) name.base = change.base;
    if (name.tells_flags()) name = maildir::with_flags(name, change.flags.mask(), letters);
    return maildir::move_file(from, seen, *change.to->dirs, change.file.in_new && name.is_plain(),
                              name, touched);
  }();
  change.error.reset();
  if (result) {
    change.done = std::move(*result);
  } else {
    change.error = result.error();
  }
}

std::vector<std::string> keywords_without_letter(const Change& change) {
  if (change.error) return {};
  return change.to->keywords.missing(change.flags);
}

void name_keywords(std::vector<Change>& changes) {
  for (Change& change : changes) {
    const std::vector<std::string> missing = keywords_without_letter(change);
    if (missing.empty()) continue;
    auto table = maildir::add_keywords(*change.to->dirs, missing);
    if (table) {
      change.to->keywords = *table;
      continue;
    }
    change.to->letters_denied = true;
    // What the name shows now is perhaps said nowhere else yet.
    FlagSet left = change.file.flags;
    for (const std::string& keyword : missing) left.remove_keyword(keyword);
    if (left != change.file.flags) change.error = table.error();
  }
}

}  // namespace sterna::account
