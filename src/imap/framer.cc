// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/framer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

constexpr std::size_t kKeptCapacity = std::size_t{64} << 10;

std::string_view without_line_end(std::string_view line) {
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Whether a response that begins like this may hold literals: only an untagged one that is not a
// status response.
bool may_hold_literals(std::string_view text) {
  const std::size_t first = text.find_first_not_of(std::string_view("\0 ", 2));
  if (first == std::string_view::npos || text[first] != '*') return false;
  text.remove_prefix(first + 1);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  for (const std::string_view status : {"OK", "NO", "BAD", "BYE", "PREAUTH"}) {
    if (ascii_iequals(word, status)) return false;
  }
  return true;
}

struct Marker {
  std::size_t begin = 0;
  std::optional<std::uint64_t> size;  // none: beyond 64 bits
};

// "{123}" or "{123+}" at the end of a line.
std::optional<Marker> find_marker(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  std::size_t end = line.size() - 1;
  if (end > 0 && line[end - 1] == '+') --end;
  std::size_t begin = end;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9') --begin;
  if (begin == end || begin == 0 || line[begin - 1] != '{') return std::nullopt;
  return Marker{begin - 1, parse_number(line.substr(begin, end - begin))};
}

}  // namespace

Result<std::size_t> Framer::feed(std::string_view octets, Sink& sink) {
  std::size_t at = 0;
  while (at < octets.size()) {
    if (literal_left_ > 0) {
      at += take_literal(octets.substr(at), sink);
      continue;
    }
    const std::string_view rest = octets.substr(at);
    const void* found = std::memchr(rest.data(), '\n', rest.size());
    const std::size_t length =
        found == nullptr
            ? rest.size()
            : static_cast<std::size_t>(static_cast<const char*>(found) - rest.data()) + 1;
    if (pending_.size() - line_begin_ + length > limits_.line_octets_max ||
        pending_.size() + length > limits_.response_octets_max) {
      return fail(ErrorCode::protocol, "the server's response is longer than it may be");
    }
    at += length;
    if (found == nullptr) {
      pending_ += rest;
      break;
    }
    Sink::Next next = Sink::Next::go_on;
    STERNA_CHECK(end_line(rest.substr(0, length), sink, next));
    if (next == Sink::Next::stop) break;
  }
  return at;
}

// `line` ends in LF; what came before it of the same response is in pending_.
Status Framer::end_line(std::string_view line, Sink& sink, Sink::Next& next) {
  // A response that came in one piece is handed over where it is, without a copy.
  const bool whole = pending_.empty();
  if (!whole) pending_ += line;
  std::string_view text = whole ? line : std::string_view(pending_);
  // The line end is looked for in this part only: before it may stand a literal that ends in CR.
  const std::string_view part = without_line_end(text.substr(line_begin_));
  text = text.substr(0, line_begin_ + part.size());

  if (const auto marker = find_marker(part); marker && may_hold_literals(text)) {
    if (!marker->size || *marker->size > limits_.literal_octets_max) {
      return fail(ErrorCode::protocol, "the server announces a literal larger than it may be");
    }
    if (literals_.size() >= limits_.literals_max) {
      return fail(ErrorCode::protocol, "the server's response has too many literals");
    }
    const std::size_t begin = line_begin_ + marker->begin;
    if (whole) {
      pending_ = text;
    } else {
      pending_.resize(text.size());
    }
    return begin_literal(*marker->size, begin, sink);
  }

  next = sink.on_frame(Frame{text, literals_});
  pending_.clear();
  if (pending_.capacity() > kKeptCapacity) pending_.shrink_to_fit();
  literals_.clear();
  line_begin_ = 0;
  return {};
}

Status Framer::begin_literal(std::uint64_t size, std::size_t marker, Sink& sink) {
  using Place = FrameLiteral::Place;
  pending_ += "\r\n";
  literals_.push_back({marker, pending_.size(), size, Place::gathered});
  Place place = sink.on_literal(Frame{pending_, literals_});
  const bool fits = size <= limits_.gathered_literal_octets_max &&
                    pending_.size() + size <= limits_.response_octets_max;
  if (place == Place::gathered && !fits) place = Place::discarded;
  literals_.back().place = place;
  literal_left_ = size;
  if (size == 0) end_literal(sink);
  return {};
}

std::size_t Framer::take_literal(std::string_view octets, Sink& sink) {
  const std::string_view piece = octets.substr(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(literal_left_, octets.size())));
  switch (literals_.back().place) {
    case FrameLiteral::Place::gathered:
      pending_ += piece;
      break;
    case FrameLiteral::Place::streamed:
      sink.on_chunk(piece);
      break;
    case FrameLiteral::Place::discarded:
      break;
  }
  literal_left_ -= piece.size();
  if (literal_left_ == 0) end_literal(sink);
  return piece.size();
}

void Framer::end_literal(Sink& sink) {
  line_begin_ = pending_.size();
  if (literals_.back().place == FrameLiteral::Place::streamed) sink.on_literal_end();
}

}  // namespace sterna::imap
