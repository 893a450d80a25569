// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <gmock/gmock.h>

#include "cli/width.h"

namespace sterna::cli {
namespace {

using std::chrono::milliseconds;

ProgressView half_done() {
  ProgressView view;
  view.label = "work: INBOX";
  view.done = {.messages = 1250, .octets = 40'000'000};
  view.expected = {.messages = 5000, .octets = 80'000'000};
  view.messages_per_second = 100;
  view.octets_per_second = 2'000'000;
  return view;
}

TEST(ProgressLine, SaysHowMuchOfWhat) {
  EXPECT_EQ(progress_line(half_done(), 120),
            "work: INBOX [##########----------] 1250/5000 messages, 40.0 MB/80.0 MB, 2.0 MB/s, "
            "20 s left");
}

TEST(ProgressLine, LeavesTheBarOutFirstThenOctetsThenTheRateAndTheEstimateLast) {
  EXPECT_EQ(progress_line(half_done(), 90),
            "work: INBOX [####----] 1250/5000 messages, 40.0 MB/80.0 MB, 2.0 MB/s, 20 s left");
  EXPECT_EQ(progress_line(half_done(), 78),
            "work: INBOX 1250/5000 messages, 40.0 MB/80.0 MB, 2.0 MB/s, 20 s left");
  EXPECT_EQ(progress_line(half_done(), 67),
            "work: INBOX [####----] 1250/5000 messages, 2.0 MB/s, 20 s left");
  EXPECT_EQ(progress_line(half_done(), 55), "work: INBOX 1250/5000 messages, 2.0 MB/s, 20 s left");
  EXPECT_EQ(progress_line(half_done(), 50), "work: INBOX 1250/5000 messages, 20 s left");
  EXPECT_EQ(progress_line(half_done(), 40), "work: INBOX 1250/5000 messages");
  EXPECT_EQ(progress_line(half_done(), 20), "work: INBOX");
  EXPECT_EQ(progress_line(half_done(), 6), "work:…");
}

TEST(ProgressLine, HasAllOfItInEightyColumns) {
  EXPECT_EQ(progress_line(half_done(), 79),
            "work: INBOX [####----] 1250/5000 messages, 40.0 MB/80.0 MB, 2.0 MB/s, 20 s left");
}

TEST(ProgressLine, HasItsRateAndEstimateInEightyColumnsWhateverTheName) {
  ProgressView view = half_done();
  view.label = "an-account: Lists/with-a-rather-long-name-of-its-own";
  EXPECT_THAT(progress_line(view, 79), testing::EndsWith(", 2.0 MB/s, 20 s left"));
}

TEST(ProgressLine, OctetsAreShownWithoutATotalWhereSizesAreUnknown) {
  ProgressView view = half_done();
  view.expected.octets = 0;
  EXPECT_EQ(progress_line(view, 79),
            "work: INBOX [##------] 1250/5000 messages, 40.0 MB, 2.0 MB/s, 38 s left");
}

TEST(ProgressLine, WithoutAnEstimateSaysHowMuch) {
  ProgressView view = half_done();
  view.octets_per_second.reset();
  EXPECT_EQ(progress_line(view, 75),
            "work: INBOX [##########----------] 1250/5000 messages, 40.0 MB/80.0 MB");
}

TEST(ProgressLine, IsNeverWiderThanAsked) {
  ProgressView view = half_done();
  view.label = "長い名前のアカウント: 受信箱/とても長い名前のメールボックス";
  for (std::size_t columns = 1; columns < 160; ++columns)
    EXPECT_LE(display_width(progress_line(view, columns)), columns);
}

TEST(ProgressLine, WithoutExpectationsShowsThePhaseAlone) {
  ProgressView view;
  view.label = "work: listing mailboxes";
  EXPECT_EQ(progress_line(view, 80), "work: listing mailboxes");
  EXPECT_EQ(progress_words(view), "work: listing mailboxes");
}

TEST(ProgressLine, CountsByMessagesWhereSizesAreUnknown) {
  ProgressView view = half_done();
  view.done.octets = 0;
  view.expected.octets = 0;
  view.octets_per_second.reset();
  EXPECT_EQ(progress_line(view, 120),
            "work: INBOX [#####---------------] 1250/5000 messages, 38 s left");
}

TEST(ProgressLine, NeverClaimsMoreThanAll) {
  ProgressView view = half_done();
  view.done = {.messages = 6000, .octets = 90'000'000};
  EXPECT_EQ(progress_line(view, 120),
            "work: INBOX [####################] 6000/6000 messages, 90.0 MB/90.0 MB, 2.0 MB/s");
}

TEST(ProgressWords, AreForALog) {
  EXPECT_EQ(progress_words(half_done()), "work: INBOX: 1250 of 5000 messages, 40.0 MB of 80.0 MB");
}

TEST(RateMeter, NeedsTimeToSaySomething) {
  RateMeter meter;
  EXPECT_EQ(meter.rate(), std::nullopt);
  meter.add(milliseconds(0), 0);
  meter.add(milliseconds(200), 50);
  EXPECT_EQ(meter.rate(), std::nullopt);
  meter.add(milliseconds(1000), 300);
  EXPECT_DOUBLE_EQ(*meter.rate(), 300);
}

TEST(RateMeter, ForgetsWhatIsLongAgo) {
  RateMeter meter;
  std::uint64_t total = 0;
  for (int at = 0; at <= 10'000; at += 100) meter.add(milliseconds(at), total += 1000);
  for (int at = 10'100; at <= 20'000; at += 100) meter.add(milliseconds(at), total += 10);
  EXPECT_DOUBLE_EQ(*meter.rate(), 100);
  for (int at = 20'100; at <= 30'000; at += 100) meter.add(milliseconds(at), total);
  EXPECT_DOUBLE_EQ(*meter.rate(), 0);
}

TEST(SecondsLeft, IsUnknownWithoutARate) {
  ProgressView view = half_done();
  EXPECT_DOUBLE_EQ(*seconds_left(view), 20);
  view.octets_per_second = 0;
  EXPECT_EQ(seconds_left(view), std::nullopt);
  view.octets_per_second.reset();
  EXPECT_EQ(seconds_left(view), std::nullopt);
  view = half_done();
  view.done = view.expected;
  EXPECT_EQ(seconds_left(view), std::nullopt);
}

}  // namespace
}  // namespace sterna::cli
