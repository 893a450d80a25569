// SPDX-License-Identifier: Apache-2.0
#include "sterna/discover/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace sterna::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Dice kLowest = [](std::uint32_t) { return 0U; };
const Dice kHighest = [](std::uint32_t most) { return most; };

std::vector<std::string> targets(const std::vector<io::SrvRecord>& records) {
  std::vector<std::string> names;
  for (const io::SrvRecord& record : records) names.push_back(record.target);
  return names;
}

TEST(Srv, GoesByPriorityThenByWeight) {
  const std::vector<io::SrvRecord> records = {{20, 0, 993, "last.example"},
                                              {10, 1, 993, "rare.example"},
                                              {10, 9, 993, "often.example"},
                                              {0, 0, 993, "first.example"}};
  EXPECT_THAT(targets(in_order(records, kLowest)),
              ElementsAre("first.example", "rare.example", "often.example", "last.example"));
  EXPECT_THAT(targets(in_order(records, kHighest)),
              ElementsAre("first.example", "often.example", "rare.example", "last.example"));
}

TEST(Srv, ChoosesAsOftenAsTheWeightSays) {
  const std::vector<io::SrvRecord> records = {
      {10, 0, 993, "never.example"}, {10, 60, 993, "a.example"}, {10, 20, 993, "b.example"}};
  std::map<std::string, int> first;
  for (std::uint32_t roll = 0; roll <= 80; ++roll) {
    const Dice dice = [roll](std::uint32_t most) { return std::min(roll, most); };
    ++first[in_order(records, dice).front().target];
  }
  EXPECT_EQ(first["a.example"], 60);
  EXPECT_EQ(first["b.example"], 20);
  EXPECT_EQ(first["never.example"], 1) << "RFC 2782: a very small chance";
}

TEST(Srv, LeavesOutWhatNamesNoHost) {
  EXPECT_THAT(in_order({{0, 0, 993, ""}, {0, 0, 0, "a.example"}, {0, 0, 993, "a b"}}, kLowest),
              IsEmpty());
  EXPECT_TRUE(is_refusal({{0, 0, 0, ""}}));
  EXPECT_FALSE(is_refusal({}));
  EXPECT_FALSE(is_refusal({{0, 0, 993, "a.example"}}));
}

TEST(Exchange, IsTheOneOfTheBestPreference) {
  EXPECT_EQ(best_exchange({{20, "b.example"}, {10, "A.example"}}), "a.example");
  EXPECT_EQ(best_exchange({}), "");
  EXPECT_EQ(best_exchange({{0, ""}}), "") << "RFC 7505: takes no mail";
}

TEST(Exchange, LeadsToTheDomainsAboveButToNoPublicSuffix) {
  EXPECT_THAT(*domains_of_exchange("mx1.mail.provider.co.uk", "example.org"),
              ElementsAre("mail.provider.co.uk", "provider.co.uk"));
  EXPECT_THAT(*domains_of_exchange("mx.provider.example", "example.org"),
              ElementsAre("provider.example"));
  EXPECT_THAT(*domains_of_exchange("provider.co.uk", "example.org"), ElementsAre("provider.co.uk"));
  EXPECT_THAT(*domains_of_exchange("MX.Example.org", "example.org"), IsEmpty());
  EXPECT_THAT(*domains_of_exchange("co.uk", "example.org"), IsEmpty());
  EXPECT_THAT(*domains_of_exchange("", "example.org"), IsEmpty());
}

TEST(Consent, IsNeededWhereNothingButTheDnsLeadsToAForeignHost) {
  const Address ann{"ann", "example.org"};
  const auto needed = [&ann](Source source, std::string host) {
    Candidate candidate;
    candidate.source = source;
    candidate.host = std::move(host);
    return needs_consent(candidate, ann);
  };
  EXPECT_FALSE(needed(Source::autoconfig, "imap.provider.example"));
  EXPECT_TRUE(needed(Source::srv, "imap.provider.example"));
  EXPECT_TRUE(needed(Source::known_exchange, "imap.gmail.com"));
  EXPECT_TRUE(needed(Source::exchange_autoconfig, "imap.provider.example"));
  EXPECT_TRUE(needed(Source::database, "imap.provider.example"));
  EXPECT_FALSE(needed(Source::srv, "IMAP.example.org"));
  EXPECT_FALSE(needed(Source::srv, "example.org"));
  EXPECT_TRUE(needed(Source::srv, "notexample.org"));
  EXPECT_TRUE(needed(Source::srv, "example.org.provider.example"));
}

TEST(Ranked, GoesBySourceAndHasEachPlaceOnce) {
  const auto from = [](Source source, std::string host, std::string where) {
    Candidate candidate;
    candidate.source = source;
    candidate.host = std::move(host);
    candidate.where = std::move(where);
    return candidate;
  };
  const auto sorted =
      ranked({from(Source::srv, "a", "1"), from(Source::database, "b", "2"),
              from(Source::autoconfig, "a", "3"), from(Source::autoconfig, "c", "4")});
  ASSERT_EQ(sorted.size(), 3U);
  EXPECT_EQ(sorted[0].where, "3");
  EXPECT_EQ(sorted[1].where, "4");
  EXPECT_EQ(sorted[2].where, "2");
}

}  // namespace
}  // namespace sterna::discover
