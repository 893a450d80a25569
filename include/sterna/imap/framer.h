// SPDX-License-Identifier: Apache-2.0
// Framer: finds where a response ends, before any grammar is looked at (RFC 3501 sections 2.2
// and 4.3).
//
// A response is a line, and as long as that line ends in "{n}", n octets and another line. The
// octets of a literal go by as slices of the caller's buffer, never copied, unless the sink wants
// them gathered into the frame. Status responses and "+" carry no literal: what follows their
// condition is free text, which may well end in "{5}". Lines end in CRLF; a lone LF is accepted.
//
// What comes out depends only on the octets, not on how they were cut into calls of feed().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/imap/limits.h"

namespace sterna::imap {

struct FrameLiteral {
  enum class Place : std::uint8_t {
    gathered,   // its octets are in the frame's text
    streamed,   // they went to Sink::on_chunk
    discarded,  // they are gone
  };
  std::size_t marker = 0;  // where "{n}" begins in the text
  std::size_t data = 0;    // where its octets begin, or would begin
  std::uint64_t size = 0;
  Place place = Place::gathered;
};

// One response. `text` has no line end at its end; the literals are in the order of their markers.
// Both are valid only during the call that hands them over.
struct Frame {
  std::string_view text;
  std::span<const FrameLiteral> literals;
};

class Framer {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // A literal begins; it is the last one of `so_far`, whose text ends behind the marker's line
    // end. The answer decides where its octets go. `gathered` is overruled for long ones (Limits).
    virtual FrameLiteral::Place on_literal(const Frame& so_far) = 0;
    // Octets of a streamed literal; after the last one on_literal_end. An empty literal has no
    // chunk.
    virtual void on_chunk(std::string_view octets) = 0;
    virtual void on_literal_end() = 0;
    enum class Next : std::uint8_t { go_on, stop };
    // stop: feed() returns at once, with what follows not consumed.
    virtual Next on_frame(const Frame& frame) = 0;
  };

  explicit Framer(Limits limits = {}) : limits_(limits) {}

  // Returns the octets consumed: all of them, unless the sink said stop. After an error the framer
  // is spent: the stream cannot be trusted any more.
  Result<std::size_t> feed(std::string_view octets, Sink& sink);

 private:
  Status end_line(std::string_view line, Sink& sink, Sink::Next& next);
  Status begin_literal(std::uint64_t size, std::size_t marker, Sink& sink);
  std::size_t take_literal(std::string_view octets, Sink& sink);
  void end_literal(Sink& sink);

  Limits limits_;
  std::string pending_;         // the response so far: finished parts and the beginning of a line
  std::size_t line_begin_ = 0;  // where the current line part begins in pending_
  std::vector<FrameLiteral> literals_;
  std::uint64_t literal_left_ = 0;
};

}  // namespace sterna::imap
