// SPDX-License-Identifier: Apache-2.0
// The framer on any octets: it keeps to its bounds, and how the octets are cut does not show. The
// first octet of the input chooses the cuts, the second where literals go.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/assert.h"
#include "sterna/imap/framer.h"

namespace {

using sterna::imap::Frame;
using sterna::imap::FrameLiteral;
using sterna::imap::Framer;
using sterna::imap::Limits;

constexpr Limits kLimits{.line_octets_max = 400,
                         .response_octets_max = 900,
                         .gathered_literal_octets_max = 100,
                         .literal_octets_max = 5000,
                         .literals_max = 20};

class Sink : public Framer::Sink {
 public:
  explicit Sink(unsigned taste) : taste_(taste) {}
  std::string events;

  FrameLiteral::Place on_literal(const Frame& so_far) override {
    check(so_far);
    STERNA_ASSERT(so_far.literals.back().data == so_far.text.size());
    events += fmt::format("literal {}\n", so_far.literals.back().size);
    open_ = (so_far.text.size() + taste_) % 2 == 0;
    return open_ ? FrameLiteral::Place::streamed : FrameLiteral::Place::gathered;
  }
  void on_chunk(std::string_view octets) override {
    STERNA_ASSERT(open_ && !octets.empty());
    events += octets;
  }
  void on_literal_end() override {
    STERNA_ASSERT(open_);
    open_ = false;
    events += "|\n";
  }
  Next on_frame(const Frame& frame) override {
    check(frame);
    STERNA_ASSERT(!open_);
    events += fmt::format("frame {} {}\n", frame.text, frame.literals.size());
    return (frame.text.size() + taste_) % 7 == 0 ? Next::stop : Next::go_on;
  }

 private:
  static void check(const Frame& frame) {
    STERNA_ASSERT(frame.text.size() <= kLimits.response_octets_max + 2);
    STERNA_ASSERT(frame.literals.size() <= kLimits.literals_max);
    std::size_t at = 0;
    for (const FrameLiteral& literal : frame.literals) {
      STERNA_ASSERT(literal.marker >= at && literal.data > literal.marker);
      STERNA_ASSERT(frame.text[literal.marker] == '{');
      STERNA_ASSERT(literal.size <= kLimits.literal_octets_max);
      at = literal.data;
    }
    STERNA_ASSERT(at <= frame.text.size());
  }

  unsigned taste_;
  bool open_ = false;
};

// `cut` 0 feeds everything at once.
std::string events_of(std::string_view octets, unsigned taste, unsigned cut) {
  Framer framer(kLimits);
  Sink sink(taste);
  std::minstd_rand random(cut);
  while (!octets.empty()) {
    const std::size_t size = cut == 0 ? octets.size() : 1 + random() % 9;
    const auto consumed = framer.feed(octets.substr(0, size), sink);
    if (!consumed) return sink.events + "error";
    octets.remove_prefix(*consumed);
  }
  return sink.events + "end";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string octets(data + 2, data + size);
  const std::string whole = events_of(octets, data[1], 0);
  STERNA_ASSERT(events_of(octets, data[1], data[0] + 1U) == whole);
  return 0;
}
