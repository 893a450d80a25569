// SPDX-License-Identifier: Apache-2.0
// The client's parser understands everything that the real servers answered.
#include "sterna/imap/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "sterna/imap/framer.h"
#include "transcript.h"

namespace sterna::transcripts {
namespace {

// Numbers for the names of normal.py.
std::string with_numbers(const std::string& answer) {
  static const std::regex kName("((?:MODSEQ|UIDVALIDITY|APPENDUID|COPYUID) \\(?)[vm](\\d+)");
  static const std::regex kNow("INTERNALDATE \"now\"");
  return std::regex_replace(std::regex_replace(answer, kName, "$1$2"), kNow,
                            "INTERNALDATE \"01-Jan-2024 10:00:00 +0000\"");
}

class Sink : public imap::Framer::Sink {
 public:
  imap::FrameLiteral::Place on_literal(const imap::Frame&) override {
    return imap::FrameLiteral::Place::gathered;
  }
  void on_chunk(std::string_view) override {}
  void on_literal_end() override {}
  Next on_frame(const imap::Frame& frame) override {
    ++frames;
    const auto response = imap::parse_response(frame);
    EXPECT_TRUE(response) << frame.text;
    if (response) EXPECT_FALSE(std::holds_alternative<imap::Ignored>(*response)) << frame.text;
    return Next::go_on;
  }
  int frames = 0;
};

class ParserTest : public testing::TestWithParam<std::string> {};

TEST_P(ParserTest, UnderstandsEveryAnswer) {
  int transcripts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(STERNA_TRANSCRIPTS_DIR) +
                                                               "/recorded/" + GetParam())) {
    SCOPED_TRACE(entry.path().string());
    ++transcripts;
    for (const Step& step : read_transcript(entry.path().string())) {
      for (const std::string& answer : step.answers) {
        if (answer == "closed") continue;
        imap::Framer framer;
        Sink sink;
        const std::string octets = with_numbers(answer) + "\r\n";
        EXPECT_EQ(framer.feed(octets, sink), octets.size());
        EXPECT_EQ(sink.frames, 1) << answer;
      }
    }
  }
  EXPECT_GT(transcripts, 0);
}

INSTANTIATE_TEST_SUITE_P(Recorded, ParserTest,
                         testing::Values("dovecot", "dovecot-maildir", "cyrus", "courier"));

}  // namespace
}  // namespace sterna::transcripts
