// SPDX-License-Identifier: Apache-2.0
#include "body_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "header_fields.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/imap/date.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

constexpr std::uint32_t kCollisionsMax = 100;

}  // namespace

BodyWriter::BodyWriter(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs,
                       const imap::Quirks& quirks)
    : delivery_({.fsync = engine.settings.fsync,
                 .now = [&clock = engine.services.clock] { return clock.monotonic(); }}),
      clock_(engine.services.clock),
      dirs_(dirs),
      known_names_(work.listing ? &*work.listing : nullptr),
      keywords_(work.keywords),
      tree_(engine.tree),
      mailbox_(work.row.id),
      uidvalidity_(work.input.remote.uidvalidity),
      knows_substitutes_(quirks.substitutes_messages),
      fsync_(engine.settings.fsync) {}

std::vector<Stored> BodyWriter::write(std::vector<Piece> pieces) {
  std::vector<Stored> stored;
  std::vector<FlagSet> flags;
  for (const Piece& piece : pieces) flags.push_back(piece.facts.flags);
  name_keywords(flags);
  for (Piece& piece : pieces) {
    if (piece.broken) {
      delivery_.abandon();
      failed_.reset();
      continue;
    }
    write_one(piece, stored);
  }
  return stored;
}

std::vector<Stored> BodyWriter::copy(std::vector<Twin> twins, maildir::MailboxDirs& from) {
  std::vector<Stored> stored;
  std::vector<FlagSet> flags;
  for (const Twin& twin : twins) flags.push_back(twin.facts.flags);
  name_keywords(flags);
  for (Twin& twin : twins) {
    Stored& one = stored.emplace_back();
    one.facts = std::move(twin.facts);
    one.copied_from = twin.source.mailbox;
    begin();
    one.is_unproven = !read_source(twin.source, from);
    if (one.is_unproven) {
      delivery_.abandon();
      continue;
    }
    one.wire_octets = twin.source.identity.size;
    store(one);
  }
  return stored;
}

// Letters for keywords that have none yet; without one the keyword lives in the state alone.
void BodyWriter::name_keywords(const std::vector<FlagSet>& flags) {
  std::vector<std::string> missing;
  for (const FlagSet& set : flags) {
    for (std::string& keyword : keywords_.missing(set)) {
      if (std::ranges::find(missing, keyword) == missing.end()) {
        missing.push_back(std::move(keyword));
      }
    }
  }
  if (missing.empty()) return;
  auto table = maildir::add_keywords(dirs_, missing);
  if (table) keywords_ = *table;
  letters_denied_ = letters_denied_ || !table;
}

void BodyWriter::begin() {
  failed_.reset();
  const std::string temporary = fmt::format("sterna.{}.{}", mailbox_.value, ++sequence_);
  delivery_.begin(dirs_, temporary, 0);
  header_date_.reset();
}

void BodyWriter::write_one(Piece& piece, std::vector<Stored>& stored) {
  if (piece.first) {
    begin();
    const bool dated = piece.last && piece.facts.internal_date;
    if (!dated) header_date_ = imap::date_of_header(piece.octets);
    if (knows_substitutes_) {
      if (Status rendered = check_rendered(piece.octets); !rendered) failed_ = rendered.error();
    }
  }
  if (!failed_) {
    if (Status written = delivery_.write(piece.octets); !written) failed_ = written.error();
  }
  if (!piece.last) return;
  Stored& one = stored.emplace_back();
  one.facts = std::move(piece.facts);
  store(one);
  if (one.delivered) one.wire_octets = one.delivered->wire_octets;
}

// False if the octets that were read are not those that the row knows. That they cannot be written
// is another matter.
bool BodyWriter::read_source(const Source& source, maildir::MailboxDirs& from) {
  const auto reader = from.message_dir(source.seen.in_new).open_file(source.seen.name);
  if (!reader) return false;
  const Result<io::FileStat> stat = (*reader)->stat();
  if (!stat || stat->type != io::FileType::file || to_stamp(*stat) != source.file) return false;
  for (bool is_first = true;; is_first = false) {
    std::string octets;
    const Result<std::size_t> got = (*reader)->read(octets, io::kReadOctets);
    if (!got) return false;
    if (*got == 0) break;
    if (is_first) header_date_ = imap::date_of_header(octets);
    if (Status written = delivery_.write(octets); !written) {
      failed_ = written.error();
      return true;
    }
  }
  return to_identity(delivery_.identity()).same_as(source.identity);
}

void BodyWriter::store(Stored& one) {
  one.date = one.facts.internal_date.value_or(header_date_.value_or(now()));
  if (!failed_) place(one);
  if (!failed_) return;
  delivery_.abandon();
  one.error = std::exchange(failed_, std::nullopt);
}

std::int64_t BodyWriter::now() const {
  return clock_.wall_ns() / kNsPerSecond;
}

void BodyWriter::place(Stored& one) {
  delivery_.set_mtime(to_ns(one.date));
  maildir::Origin origin{tree_, mailbox_, uidvalidity_, one.facts.uid, one.date, 0};
  std::optional<Error> failure;
  for (; origin.collision < kCollisionsMax; ++origin.collision) {
    maildir::FileName name;
    name.base = maildir::derive_base_name(origin);
    if (is_there_already(name.base, one)) return;
    name.kind = maildir::InfoKind::flags;
    name.mask = one.facts.flags.mask();
    name.keywords = keywords_.letters_of(one.facts.flags);
    Result<maildir::Delivered> placed = delivery_.place(name);
    if (placed) {
      one.delivered = std::move(*placed);
      one.base = name.base;
      return;
    }
    failure = std::move(placed).error();
    if (!failure->is(ErrorCode::exists)) break;
  }
  failed_ = std::move(failure);
}

// A download that is done again meets its own file, whatever its flags are by now (rule 8). True as
// well where that cannot be flushed.
bool BodyWriter::is_there_already(const std::string& base, Stored& one) {
  const maildir::Entry* entry = known_names_ ? known_names_->find(base) : nullptr;
  if (!entry || entry->kind == maildir::EntryKind::strange) return false;
  const maildir::SeenFile seen = known_names_->seen(*entry);
  Result<bool> same = delivery_.matches(seen);
  if (!same || !*same) return false;
  Result<io::FileStat> stat = maildir::stat_seen(*dirs_.home, seen);
  if (!stat) return false;
  Result<std::unique_ptr<io::FileReader>> reader =
      dirs_.message_dir(seen.in_new).open_file(seen.name);
  if (!reader) return false;
  Result<maildir::ContentIdentity> identity = maildir::read_identity(**reader);
  if (!identity) return false;
  delivery_.abandon();
  // Whoever left it there need not have flushed it, and its row would miss it after the power went.
  Status flushed;
  if (fsync_) flushed = (*reader)->sync();
  if (fsync_ && flushed) flushed = dirs_.message_dir(seen.in_new).sync();
  if (!flushed) {
    failed_ = std::move(flushed).error();
    return true;
  }
  one.delivered = maildir::Delivered{seen, *stat, *identity, identity->size};
  one.base = base;
  return true;
}

}  // namespace sterna::account
