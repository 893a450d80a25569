// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/stamp.h"
#include "text.h"

namespace sterna::maildir {
namespace {

constexpr std::string_view kFileName = "dovecot-keywords";
constexpr std::string_view kLockName = "dovecot-uidlist.lock";
constexpr std::size_t kFileOctetsMax = 64 * 1024;

// One word, as the file's lines have it.
bool can_be_in_file(std::string_view keyword) {
  return !keyword.empty() && keyword.size() <= kKeywordOctetsMax &&
         std::ranges::all_of(
             keyword, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
}

// The dotlock under which Dovecot changes a Maildir's files of names: whoever creates the file has
// it.
class Dotlock {
 public:
  static Result<Dotlock> take(MailboxDirs& mailbox) {
    auto placed = place(mailbox);
    if (!placed && placed.error().is(ErrorCode::exists)) {
      STERNA_CHECK(break_if_stale(mailbox));
      placed = place(mailbox);
    }
    if (!placed && placed.error().is(ErrorCode::exists)) {
      return fail(Error(ErrorCode::locked, fmt::format("{} is held by another program", kLockName))
                      .with_hint("the next sync tries again; a lock that has grown old is broken"));
    }
    STERNA_TRY(const std::uint64_t ino, std::move(placed));
    return Dotlock(*mailbox.home, ino);
  }

  Dotlock(Dotlock&& other) noexcept
      : home_(std::exchange(other.home_, nullptr)), ino_(other.ino_) {}
  Dotlock& operator=(Dotlock&&) = delete;
  ~Dotlock() {
    if (home_ == nullptr) return;
    // Somebody who thought us dead may have taken it over: that one is not ours to remove. A lock
    // that cannot be removed grows stale.
    const auto stat = home_->stat_at(kLockName);
    if (stat && stat->ino == ino_) std::ignore = home_->unlink_at(kLockName);
  }

 private:
  Dotlock(io::Directory& home, std::uint64_t ino) : home_(&home), ino_(ino) {}

  static Result<std::uint64_t> place(MailboxDirs& mailbox) {
    STERNA_TRY(const auto file, mailbox.tmp->create_file(kLockName));
    STERNA_CHECK(file->write("sterna\n"));
    STERNA_CHECK(mailbox.home->place(*file, kLockName));
    STERNA_TRY(const io::FileStat stat, file->stat());
    return stat.ino;
  }

  static Status break_if_stale(MailboxDirs& mailbox) {
    const auto lock = mailbox.home->stat_at(kLockName);
    if (!lock) return lock.error().is(ErrorCode::not_found) ? Status() : fail(lock.error());
    STERNA_TRY(const std::int64_t now_ns, file_system_now_ns(*mailbox.tmp));
    // One of the future was left before the clock was set back.
    const std::int64_t age_ns = now_ns - std::max(lock->ctime_ns, lock->mtime_ns);
    if (std::abs(age_ns) < kDotlockStaleNs) return {};
    return mailbox.home->unlink_at(kLockName);
  }

  io::Directory* home_;
  std::uint64_t ino_;
};

}  // namespace

KeywordTable KeywordTable::parse(std::string_view text) {
  KeywordTable table;
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto index = parse_number(line.substr(0, space), kKeywordLetters - 1);
    const std::string_view keyword = line.substr(space + 1);
    if (!index || !can_be_in_file(keyword) || !table.names_[*index].empty()) continue;
    table.names_[*index] = keyword;
  }
  return table;
}

std::string KeywordTable::print() const {
  std::string text;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!names_[i].empty()) text += fmt::format("{} {}\n", i, names_[i]);
  }
  return text;
}

std::optional<unsigned> KeywordTable::index_of(std::string_view keyword) const {
  for (unsigned i = 0; i < kKeywordLetters; ++i) {
    if (!names_[i].empty() && ascii_iequals(names_[i], keyword)) return i;
  }
  return std::nullopt;
}

std::string_view KeywordTable::keyword(unsigned index) const {
  STERNA_ASSERT(index < kKeywordLetters);
  return names_[index];
}

std::optional<unsigned> KeywordTable::add(std::string_view keyword) {
  if (const auto known = index_of(keyword)) return known;
  const auto free = std::ranges::find(names_, std::string());
  if (!can_be_in_file(keyword) || free == names_.end()) return std::nullopt;
  *free = keyword;
  return static_cast<unsigned>(free - names_.begin());
}

FlagSet KeywordTable::flags_of(std::uint8_t mask, std::uint32_t letters,
                               std::uint32_t* unnamed) const {
  FlagSet flags = FlagSet::from_mask(mask);
  std::uint32_t without_name = 0;
  for (unsigned i = 0; i < kKeywordLetters; ++i) {
    const std::uint32_t bit = 1U << i;
    if ((letters & bit) == 0) continue;
    if (names_[i].empty()) {
      without_name |= bit;
    } else {
      flags.add_keyword(names_[i]);
    }
  }
  if (unnamed != nullptr) *unnamed = without_name;
  return flags;
}

std::uint32_t KeywordTable::letters_of(const FlagSet& flags) const {
  std::uint32_t letters = 0;
  for (const std::string& keyword : flags.keywords()) {
    if (const auto index = index_of(keyword)) letters |= 1U << *index;
  }
  return letters;
}

std::vector<std::string> KeywordTable::missing(const FlagSet& flags) const {
  std::vector<std::string> missing;
  for (const std::string& keyword : flags.keywords()) {
    if (!index_of(keyword)) missing.push_back(keyword);
  }
  return missing;
}

Result<KeywordTable> read_keywords(io::Directory& mailbox) {
  auto text = read_small_file(mailbox, kFileName, kFileOctetsMax);
  if (text) return KeywordTable::parse(*text);
  if (text.error().is(ErrorCode::not_found)) return KeywordTable();
  return fail(std::move(text).error());
}

Result<KeywordTable> add_keywords(MailboxDirs& mailbox, const std::vector<std::string>& keywords) {
  STERNA_TRY(const Dotlock lock, Dotlock::take(mailbox));
  STERNA_TRY(KeywordTable table, read_keywords(*mailbox.home));
  const KeywordTable before = table;
  for (const std::string& keyword : keywords) table.add(keyword);
  if (table == before) return table;
  STERNA_CHECK(mailbox.home->replace_file(kFileName, table.print()));
  STERNA_CHECK(mailbox.home->sync());
  return table;
}

}  // namespace sterna::maildir
