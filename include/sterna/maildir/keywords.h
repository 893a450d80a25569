// SPDX-License-Identifier: Apache-2.0
// KeywordTable: what the letters a-z in the names of one mailbox mean, as the file dovecot-keywords
// says ("0 $Junk": a is $Junk), so that Dovecot and others on the same Maildir agree.
//
// A letter is never given another meaning and never taken back, by us or by a file that has it
// twice (the first line counts). Keywords without a letter, those beyond 26 among them, live in the
// state alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "sterna/model/flags.h"

namespace sterna::maildir {

inline constexpr std::size_t kKeywordLetters = 26;
inline constexpr std::size_t kKeywordOctetsMax = 255;  // what of a name can be in the file

class KeywordTable {
 public:
  static KeywordTable parse(std::string_view text);  // tolerant: lines that are none are skipped
  std::string print() const;

  std::optional<unsigned> index_of(std::string_view keyword) const;  // 0-25, without regard to case
  std::string_view keyword(unsigned index) const;                    // "" if the letter is free
  // The first free letter; nullopt if the keyword cannot be in the file or all are taken.
  std::optional<unsigned> add(std::string_view keyword);

  // Both halves of a name as flags. Letters without meaning are left out of the result; `unnamed`,
  // if given, gets their mask: they are kept in the name, and say nothing.
  FlagSet flags_of(std::uint8_t mask, std::uint32_t letters,
                   std::uint32_t* unnamed = nullptr) const;
  // The letters for the keywords of `flags` that have one.
  std::uint32_t letters_of(const FlagSet& flags) const;
  // The keywords of `flags` without a letter.
  std::vector<std::string> missing(const FlagSet& flags) const;

  bool operator==(const KeywordTable&) const = default;

 private:
  std::array<std::string, kKeywordLetters> names_;
};

// Empty if the file is missing.
Result<KeywordTable> read_keywords(io::Directory& mailbox);

// Gives letters to those of `keywords` that have none and can have one, under dovecot-uidlist.lock
// and after reading the file again. The result is the table as it is now. ErrorCode::locked if
// somebody else holds the lock: try later; one older than kDotlockStaleNs is broken.
Result<KeywordTable> add_keywords(MailboxDirs& mailbox, const std::vector<std::string>& keywords);

inline constexpr std::int64_t kDotlockStaleNs = 600'000'000'000;

}  // namespace sterna::maildir
