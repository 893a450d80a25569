// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/framer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace sterna::imap {
namespace {

using Place = FrameLiteral::Place;

class Collector : public Framer::Sink {
 public:
  Place place = Place::gathered;
  std::string stop_at;  // the text of a frame behind which feed() is to return
  std::vector<std::string> frames;
  std::string streamed;
  int ends = 0;

  Place on_literal(const Frame&) override { return place; }
  void on_chunk(std::string_view octets) override { streamed += octets; }
  void on_literal_end() override { ++ends; }
  Next on_frame(const Frame& frame) override {
    frames.emplace_back(frame.text);
    for (const FrameLiteral& literal : frame.literals) {
      frames.back() += fmt::format(" <{}+{} at {}{}>", literal.marker, literal.size, literal.data,
                                   literal.place == Place::gathered ? "" : " gone");
    }
    return !stop_at.empty() && frame.text == stop_at ? Next::stop : Next::go_on;
  }
};

std::vector<std::string> frames_of(std::string_view octets, Limits limits = {}) {
  Framer framer(limits);
  Collector sink;
  EXPECT_TRUE(framer.feed(octets, sink));
  return sink.frames;
}

ErrorCode error_of(std::string_view octets, Limits limits) {
  Framer framer(limits);
  Collector sink;
  const auto result = framer.feed(octets, sink);
  return result ? ErrorCode::internal : result.error().code();
}

using Frames = std::vector<std::string>;

TEST(FramerTest, EachLineIsAResponse) {
  EXPECT_EQ(frames_of("* OK hi\r\ns1 OK done\r\n"), (Frames{"* OK hi", "s1 OK done"}));
}

TEST(FramerTest, ALoneLineFeedEndsALine) {
  EXPECT_EQ(frames_of("* 1 EXISTS\n* 2 EXISTS\r\n"), (Frames{"* 1 EXISTS", "* 2 EXISTS"}));
}

TEST(FramerTest, AnUnfinishedLineIsNoResponseYet) {
  Framer framer;
  Collector sink;
  ASSERT_TRUE(framer.feed("* 1 EXI", sink));
  EXPECT_TRUE(sink.frames.empty());
  ASSERT_TRUE(framer.feed("STS\r\n", sink));
  EXPECT_EQ(sink.frames, Frames{"* 1 EXISTS"});
}

TEST(FramerTest, ALiteralContinuesTheResponse) {
  EXPECT_EQ(frames_of("* LIST () \"/\" {3}\r\na\r\n\r\n* 1 EXISTS\r\n"),
            (Frames{"* LIST () \"/\" {3}\r\na\r\n <14+3 at 19>", "* 1 EXISTS"}));
}

TEST(FramerTest, AnEmptyLiteralIsOne) {
  EXPECT_EQ(frames_of("* X {0}\r\n y\r\n"), Frames{"* X {0}\r\n y <4+0 at 9>"});
}

TEST(FramerTest, SeveralLiteralsAreKeptInOrder) {
  EXPECT_EQ(frames_of("* X {1}\r\na {2+}\r\nbc ~{1}\r\nd\r\n"),
            Frames{"* X {1}\r\na {2+}\r\nbc ~{1}\r\nd <4+1 at 9> <11+2 at 17> <21+1 at 26>"});
}

TEST(FramerTest, ALiteralMayHoldWhatLooksLikeResponses) {
  EXPECT_EQ(frames_of("* X {12}\r\ns1 OK {3}\r\nx\r\n* Y\r\n"),
            (Frames{"* X {12}\r\ns1 OK {3}\r\nx <4+12 at 10>", "* Y"}));
}

TEST(FramerTest, ALiteralThatEndsInCarriageReturnKeepsIt) {
  EXPECT_EQ(frames_of("* X {2}\r\na\r\n* Y\r\n"), (Frames{"* X {2}\r\na\r <4+2 at 9>", "* Y"}));
}

TEST(FramerTest, TheTextOfAStatusResponseHasNoLiteral) {
  for (const char* line : {"s1 BAD unknown command x {5}", "* OK hello {5}", "* no [ALERT] {1}",
                           "* BYE {9}", "*  PREAUTH {9}", "+ go on {3}"}) {
    EXPECT_EQ(frames_of(std::string(line) + "\r\n* 1 EXISTS\r\n"), (Frames{line, "* 1 EXISTS"}));
  }
}

TEST(FramerTest, BracesThatAnnounceNothingAreText) {
  for (const char* line :
       {"* X {}", "* X {a}", "* X 5}", "* X {-1}", "* X {1 }", "* X {1} ", "* X }"}) {
    EXPECT_EQ(frames_of(std::string(line) + "\r\n"), Frames{line});
  }
}

TEST(FramerTest, StreamedOctetsAreSlicesOfTheInput) {
  Framer framer;
  Collector sink;
  sink.place = Place::streamed;
  ASSERT_TRUE(framer.feed("* 1 FETCH (BODY[] {6}\r\nab", sink));
  EXPECT_EQ(sink.streamed, "ab");
  EXPECT_EQ(sink.ends, 0);
  ASSERT_TRUE(framer.feed("cdef)\r\n", sink));
  EXPECT_EQ(sink.streamed, "abcdef");
  EXPECT_EQ(sink.ends, 1);
  EXPECT_EQ(sink.frames, Frames{"* 1 FETCH (BODY[] {6}\r\n) <18+6 at 23 gone>"});
}

TEST(FramerTest, ChunksPointIntoTheCallersBuffer) {
  class Sink : public Collector {
   public:
    const char* chunk = nullptr;
    void on_chunk(std::string_view octets) override { chunk = octets.data(); }
  } sink;
  sink.place = Place::streamed;
  Framer framer;
  const std::string input = "* X {3}\r\nabc\r\n";
  ASSERT_TRUE(framer.feed(input, sink));
  EXPECT_EQ(sink.chunk, input.data() + 9);
}

TEST(FramerTest, AnEmptyStreamedLiteralHasAnEndAndNoChunk) {
  Framer framer;
  Collector sink;
  sink.place = Place::streamed;
  ASSERT_TRUE(framer.feed("* X {0}\r\n\r\n", sink));
  EXPECT_EQ(sink.streamed, "");
  EXPECT_EQ(sink.ends, 1);
}

TEST(FramerTest, ALongLiteralThatNobodyStreamsIsThrownAway) {
  const Limits limits{.gathered_literal_octets_max = 4};
  EXPECT_EQ(frames_of("* X {5}\r\nabcde y\r\n* X {4}\r\nabcd\r\n", limits),
            (Frames{"* X {5}\r\n y <4+5 at 9 gone>", "* X {4}\r\nabcd <4+4 at 9>"}));
}

TEST(FramerTest, LiteralsAreThrownAwayBeforeTheResponseGetsTooLong) {
  const Limits limits{.response_octets_max = 30};
  EXPECT_EQ(frames_of("* X {9}\r\n123456789 {9}\r\n123456789\r\n", limits),
            Frames{"* X {9}\r\n123456789 {9}\r\n <4+9 at 9> <19+9 at 24 gone>"});
}

TEST(FramerTest, StopLeavesTheRestUnread) {
  Framer framer;
  Collector sink;
  sink.stop_at = "s1 OK";
  const auto consumed = framer.feed("s1 OK\r\n\x01\x02\r\n", sink);
  ASSERT_TRUE(consumed);
  EXPECT_EQ(*consumed, 7U);
  ASSERT_TRUE(framer.feed("* 1 EXISTS\r\n", sink));
  EXPECT_EQ(sink.frames, (Frames{"s1 OK", "* 1 EXISTS"}));
}

TEST(FramerTest, ALineIsBounded) {
  const Limits limits{.line_octets_max = 10};
  EXPECT_EQ(error_of("12345678\r\n", limits), ErrorCode::internal);  // no error: ten octets
  EXPECT_EQ(error_of("123456789\r\n", limits), ErrorCode::protocol);
  EXPECT_EQ(error_of("12345678901", limits), ErrorCode::protocol);
}

TEST(FramerTest, AnEndlessLineEndsInAnErrorAndNotInMemory) {
  Framer framer(Limits{.line_octets_max = 1000});
  Collector sink;
  std::size_t fed = 0;
  while (framer.feed("xxxxxxxxxx", sink)) fed += 10;
  EXPECT_EQ(fed, 1000U);
}

TEST(FramerTest, AResponseIsBounded) {
  const Limits limits{.response_octets_max = 20};
  EXPECT_EQ(error_of("* X {1}\r\na {1}\r\nb {1}\r\n", limits), ErrorCode::protocol);
}

TEST(FramerTest, ALiteralIsBounded) {
  const Limits limits{.literal_octets_max = 100};
  EXPECT_EQ(error_of("* X {100}\r\n", limits), ErrorCode::internal);
  EXPECT_EQ(error_of("* X {101}\r\n", limits), ErrorCode::protocol);
  EXPECT_EQ(error_of("* X {18446744073709551615}\r\n", limits), ErrorCode::protocol);
  EXPECT_EQ(error_of("* X {99999999999999999999999999}\r\n", limits), ErrorCode::protocol);
}

TEST(FramerTest, TheNumberOfLiteralsIsBounded) {
  std::string octets = "* X";
  for (int i = 0; i < 3; ++i) octets += " {0}\r\n";
  EXPECT_EQ(error_of(octets, {.literals_max = 2}), ErrorCode::protocol);
  EXPECT_EQ(error_of(octets, {.literals_max = 3}), ErrorCode::internal);
}

TEST(FramerTest, HowItIsCutDoesNotMatter) {
  const std::string octets =
      "* OK hi {3}\r\n* 1 FETCH (BODY[] {10}\r\n12345\r\n{2} FLAGS ())\r\n* LIST () NIL {2}\r\nab\n"
      "\r\n+ {1}\r\ns1 OK\r\n";
  const Frames expected = frames_of(octets);
  ASSERT_EQ(expected.size(), 6U);
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    Framer framer;
    Collector sink;
    for (std::size_t at = 0; at < octets.size();) {
      const std::size_t size = 1 + random() % 7;
      ASSERT_TRUE(framer.feed(std::string_view(octets).substr(at, size), sink));
      at += size;
    }
    ASSERT_EQ(sink.frames, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sterna::imap
