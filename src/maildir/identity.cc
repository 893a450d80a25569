// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/identity.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "read_all.h"
#include "sterna/base/bytes.h"

namespace sterna::maildir {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

// A run of carriage returns is handed on in blocks of these.
constexpr auto kCarriageReturns = [] {
  std::array<char, 4096> block{};
  block.fill('\r');
  return block;
}();

// So many octets are put together before they are hashed.
constexpr std::size_t kHashedOctets = 64 * 1024;

// The octets of a header's field value may not grow without bound in a database.
constexpr std::size_t kMessageIdOctetsMax = 998;
constexpr std::size_t kDateOctetsMax = 128;
constexpr std::size_t kStubOctetsMax = 128;

// A field name (RFC 5322 section 2.2) with its colon.
bool is_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  return std::ranges::all_of(trim(line.substr(0, colon)),
                             [](char c) { return c > ' ' && c < '\x7f'; });
}

// Takes the first field with its continuation lines off `header`; empty at the end.
std::string_view next_field(std::string_view& header) {
  std::size_t end = 0;
  do {
    const std::size_t line_end = header.find(kLineEnd, end);
    end = line_end == std::string_view::npos ? header.size() : line_end + kLineEnd.size();
  } while (end < header.size() && (header[end] == ' ' || header[end] == '\t'));
  const std::string_view field = header.substr(0, end);
  header.remove_prefix(end);
  return field;
}

// The value of a field without its line ends and the white space at its sides.
std::string unfolded(std::string_view field) {
  std::string value;
  for (const char c : field.substr(field.find(':') + 1)) {
    if (c != '\r' && c != '\n') value += c;
  }
  return std::string(trim(value));
}

bool has_name(std::string_view field, std::string_view name) {
  return ascii_iequals(trim(field.substr(0, field.find(':'))), name);
}

// One that mail programs keep for themselves in their files.
bool is_own_field(std::string_view field) {
  constexpr std::array<std::string_view, 4> kNames{"Content-Length", "Lines", "Status", "X-Status"};
  return is_field(field) &&
         std::ranges::any_of(kNames, [&](std::string_view name) { return has_name(field, name); });
}

// The canonical lines of a header without those fields; nullopt where there is none, or nothing
// else that would tell a message from others.
std::optional<std::string> without_own_fields(std::string_view header) {
  std::string rest;
  bool has_own = false;
  bool has_others = false;
  while (!header.empty()) {
    const std::string_view field = next_field(header);
    const bool is_own = is_own_field(field);
    has_own = has_own || is_own;
    has_others = has_others || (!is_own && is_field(field));
    if (!is_own) rest += field;
  }
  return has_own && has_others ? std::optional(std::move(rest)) : std::nullopt;
}

// How much of `text`, canonical, is its header without the empty line; npos if that is not known
// yet.
std::size_t header_octets(std::string_view text) {
  if (text.starts_with(kLineEnd)) return 0;
  const std::size_t empty_line = text.find("\r\n\r\n");
  return empty_line == std::string_view::npos ? empty_line : empty_line + kLineEnd.size();
}

// "<...>", or the whole value where there are no brackets.
std::string message_id_of(std::string_view field) {
  std::string value = unfolded(field);
  const std::size_t open = value.find('<');
  const std::size_t close = value.find('>', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos) {
    value = value.substr(open, close - open + 1);
  }
  value.resize(std::min(value.size(), kMessageIdOctetsMax));
  return value;
}

constexpr std::size_t kPlaceholderTextMax = 256;

// isync, sync_msg.c: with "ReNew" or, later, "Upgrade", and perhaps a line on the flag.
bool is_placeholder_text(std::string_view text) {
  return text.size() <= kPlaceholderTextMax && text.starts_with("Having a size of ") &&
         text.contains("iB, this message is over the MaxSize limit.\nFlag it and sync again (");
}

// Never 0.
std::uint64_t first_bits(const Digest& digest) {
  std::uint64_t bits = 0;
  for (const std::uint8_t octet : std::span(digest.bytes).first<8>()) bits = bits << 8 | octet;
  return std::max<std::uint64_t>(bits >> 1, 1);
}

// Of the header's canonical lines without the empty one.
ContentIdentity identity_of_lines(std::string header, std::uint64_t size) {
  if (header.size() < kHeaderOctetsMax && !header.empty() && !header.ends_with(kLineEnd)) {
    header += kLineEnd;
  }
  header.resize(std::min(header.size(), kHeaderOctetsMax));
  ContentIdentity identity;
  identity.size = size;
  identity.header_digest = sha256(header);
  bool has_own = false;
  std::string_view rest = header;
  while (!rest.empty()) {
    const std::string_view field = next_field(rest);
    if (!is_field(field)) continue;
    identity.has_fields = true;
    has_own = has_own || is_own_field(field);
    if (identity.message_id.empty() && has_name(field, "Message-ID")) {
      identity.message_id = message_id_of(field);
    } else if (identity.date.empty() && has_name(field, "Date")) {
      identity.date = unfolded(field).substr(0, kDateOctetsMax);
    } else if (identity.stub_of.empty() && has_name(field, kStubField)) {
      identity.stub_of = unfolded(field).substr(0, kStubOctetsMax);
    } else if (has_name(field, "Subject")) {
      identity.is_placeholder = unfolded(field).starts_with("[placeholder] ");
    }
  }
  // One that reached the limit may have more fields behind it.
  if (!has_own || header.size() >= kHeaderOctetsMax) return identity;
  if (const auto plain = without_own_fields(header)) {
    identity.plain = PlainContent{sha256(*plain), header.size() - plain->size()};
  }
  return identity;
}

// One file in canonical form, piece by piece.
class CanonicalReader {
 public:
  explicit CanonicalReader(io::FileReader& file) : file_(file) {}

  // What is there and not yet taken; empty at the end only.
  Result<std::string_view> peek() {
    while (ready_.empty() && !at_end_) {
      ready_ = canonicalizer_.next(fresh_);
      if (!ready_.empty()) break;
      raw_.clear();
      STERNA_TRY(const std::size_t count, file_.read(raw_, io::kReadOctets));
      at_end_ = count == 0;
      fresh_ = raw_;
    }
    if (ready_.empty()) ready_ = canonicalizer_.rest();
    return ready_;
  }
  void take(std::size_t octets) { ready_.remove_prefix(octets); }

 private:
  io::FileReader& file_;
  Canonicalizer canonicalizer_;
  std::string raw_;
  std::string_view fresh_;  // of raw_, not yet in canonical form
  std::string_view ready_;
  bool at_end_ = false;
};

}  // namespace

std::string_view Canonicalizer::next(std::string_view& bytes) {
  const std::size_t run = std::min(bytes.find_first_not_of('\r'), bytes.size());
  pending_cr_ += run;
  bytes.remove_prefix(run);
  if (bytes.empty()) return {};
  if (bytes[0] == '\n') {
    pending_cr_ = 0;
    bytes.remove_prefix(1);
    return kLineEnd;
  }
  if (pending_cr_ > 0) return rest();
  const auto stop = std::ranges::find_if(bytes, [](char c) { return c == '\r' || c == '\n'; });
  const std::string_view text(bytes.begin(), stop);
  bytes.remove_prefix(text.size());
  return text;
}

std::string_view Canonicalizer::rest() {
  const std::string_view block(kCarriageReturns.data(), kCarriageReturns.size());
  const std::string_view some = block.substr(0, std::min<std::uint64_t>(pending_cr_, block.size()));
  pending_cr_ -= some.size();
  return some;
}

void IdentityBuilder::update(std::string_view bytes) {
  count(bytes);
  while (!header_done_) {
    const std::string_view piece = canonicalizer_.next(bytes);
    if (piece.empty()) return;
    take(piece);
  }
  take_body(bytes);
}

// Not much more than the limit is kept, however long the piece and the header are; a line end is
// kept whole, since the next may show that the header ended there.
void IdentityBuilder::take(std::string_view canonical) {
  const std::string_view kept = canonical.substr(0, kHeaderOctetsMax);
  header_ += kept;
  if (header_ == kLineEnd) {
    header_.clear();
    header_done_ = true;
  } else if (header_.ends_with("\r\n\r\n")) {
    header_.resize(header_.size() - kLineEnd.size());
    header_done_ = true;
  } else if (header_.size() >= kHeaderOctetsMax) {
    header_done_ = true;
    take_body(std::string_view(header_).substr(kHeaderOctetsMax));
    take_body(canonical.substr(kept.size()));
  }
}

void IdentityBuilder::take_body(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t cr = std::min(bytes.find('\r'), bytes.size());
    if (cr > 0) body_.update(bytes.substr(0, cr));
    if (body_start_.size() <= kPlaceholderTextMax) {
      body_start_ += bytes.substr(0, std::min(cr, kPlaceholderTextMax + 1));
    }
    bytes.remove_prefix(std::min(cr + 1, bytes.size()));
  }
}

void IdentityBuilder::count(std::string_view bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    const bool has_cr = at == 0 ? last_was_cr_ : bytes[at - 1] == '\r';
    if (!has_cr) ++size_;
  }
  last_was_cr_ = bytes.back() == '\r';
}

ContentIdentity IdentityBuilder::finish() {
  while (!header_done_) {
    const std::string_view piece = canonicalizer_.rest();
    if (piece.empty()) break;
    take(piece);
  }
  ContentIdentity identity = identity_of_lines(std::move(header_), size_);
  identity.body_digest = first_bits(body_.finish());
  identity.is_placeholder = identity.is_placeholder && is_placeholder_text(body_start_);
  return identity;
}

ContentIdentity identity_of_wire_header(std::string_view header, std::uint64_t rfc822_size) {
  IdentityBuilder builder;
  builder.update(header);
  ContentIdentity identity = builder.finish();
  identity.size = rfc822_size;
  identity.body_digest = 0;
  return identity;
}

void CanonicalDigest::update(std::string_view bytes) {
  for (;;) {
    const std::string_view piece = canonicalizer_.next(bytes);
    if (piece.empty()) return hash_buffer();
    buffer_ += piece;
    if (buffer_.size() >= kHashedOctets) hash_buffer();
  }
}

void CanonicalDigest::hash_buffer() {
  hash_.update(buffer_);
  buffer_.clear();
}

Digest CanonicalDigest::finish() {
  for (;;) {
    const std::string_view piece = canonicalizer_.rest();
    if (piece.empty()) return hash_.finish();
    hash_.update(piece);
  }
}

void PlainDigest::update(std::string_view bytes) {
  for (;;) {
    const std::string_view piece = canonicalizer_.next(bytes);
    if (piece.empty()) return take_buffer();
    buffer_ += piece;
    if (buffer_.size() >= kHashedOctets) take_buffer();
  }
}

void PlainDigest::take_buffer() {
  take(buffer_);
  buffer_.clear();
}

void PlainDigest::take(std::string_view canonical) {
  if (header_done_) return hash_.update(canonical);
  header_ += canonical;
  const std::size_t octets = header_octets(header_);
  const std::size_t known = std::min(octets, header_.size());
  if (octets != std::string::npos || known >= kHeaderOctetsMax) take_header(known);
}

// Longer ones are taken as they are, as an identity does.
void PlainDigest::take_header(std::size_t octets) {
  header_done_ = true;
  const std::string_view header = std::string_view(header_).substr(0, octets);
  const auto plain = octets < kHeaderOctetsMax ? without_own_fields(header) : std::nullopt;
  hash_.update(plain ? std::string_view(*plain) : header);
  hash_.update(std::string_view(header_).substr(octets));
  header_.clear();
}

Digest PlainDigest::finish() {
  for (;;) {
    const std::string_view piece = canonicalizer_.rest();
    if (piece.empty()) break;
    take(piece);
  }
  if (!header_done_) take_header(header_.size());
  return hash_.finish();
}

Result<ContentIdentity> read_identity(io::FileReader& file) {
  IdentityBuilder builder;
  STERNA_CHECK(read_all(file, [&](std::string_view piece) { builder.update(piece); }));
  return builder.finish();
}

Result<Digest> full_digest(io::FileReader& file) {
  CanonicalDigest digest;
  STERNA_CHECK(read_all(file, [&](std::string_view piece) { digest.update(piece); }));
  return digest.finish();
}

Digest full_digest(std::string_view bytes) {
  CanonicalDigest digest;
  digest.update(bytes);
  return digest.finish();
}

Result<FileDigests> file_digests(io::FileReader& file) {
  CanonicalDigest whole;
  PlainDigest plain;
  bool has_nul = false;
  STERNA_CHECK(read_all(file, [&](std::string_view piece) {
    whole.update(piece);
    plain.update(piece);
    has_nul = has_nul || piece.find('\0') != std::string_view::npos;
  }));
  return FileDigests{whole.finish(), plain.finish(), has_nul};
}

Result<std::vector<Digest>> digests_without_nul(io::FileReader& file) {
  CanonicalDigest replaced;
  CanonicalDigest dropped;
  STERNA_CHECK(read_all(file, [&](std::string_view piece) {
    std::string octets(piece);
    std::ranges::replace(octets, '\0', '\x80');
    replaced.update(octets);
    octets = piece;
    std::erase(octets, '\0');
    dropped.update(octets);
  }));
  return std::vector<Digest>{replaced.finish(), dropped.finish()};
}

Result<bool> same_content(io::FileReader& a, io::FileReader& b) {
  CanonicalReader left(a);
  CanonicalReader right(b);
  for (;;) {
    STERNA_TRY(const std::string_view mine, left.peek());
    STERNA_TRY(const std::string_view theirs, right.peek());
    const std::size_t common = std::min(mine.size(), theirs.size());
    if (common == 0) return mine.empty() && theirs.empty();
    if (mine.substr(0, common) != theirs.substr(0, common)) return false;
    left.take(common);
    right.take(common);
  }
}

}  // namespace sterna::maildir
