// SPDX-License-Identifier: Apache-2.0
// Every conversation in tests/golden/imap, fed whole, octet by octet and cut at random: the events
// are those of its E: lines, each time.
#include "transcript.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace sterna::imap::testing {
namespace {

std::string golden(const std::string& name) {
  return std::string(STERNA_GOLDEN_DIR) + "/" + name + ".txt";
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(STERNA_GOLDEN_DIR)) {
    names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string joined(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += "E: " + event + "\n";
  return text;
}

class TranscriptTest : public ::testing::TestWithParam<std::string> {};

TEST_P(TranscriptTest, WholeGivesTheEventsThatItNames) {
  const Transcript transcript = read_transcript(golden(GetParam()));
  EXPECT_EQ(joined(play(transcript, {Cut::Kind::whole})), joined(transcript.events));
}

TEST_P(TranscriptTest, OctetByOctetGivesTheSameEvents) {
  const Transcript transcript = read_transcript(golden(GetParam()));
  EXPECT_EQ(joined(play(transcript, {Cut::Kind::octets})), joined(transcript.events));
}

TEST_P(TranscriptTest, CutAtRandomGivesTheSameEvents) {
  const Transcript transcript = read_transcript(golden(GetParam()));
  for (unsigned seed = 1; seed <= 50; ++seed) {
    ASSERT_EQ(joined(play(transcript, {Cut::Kind::random, seed})), joined(transcript.events))
        << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, TranscriptTest, ::testing::ValuesIn(all_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sterna::imap::testing
