// SPDX-License-Identifier: Apache-2.0
#include "src/account/backoff.h"

#include <gtest/gtest.h>

namespace sterna::account {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Says one number for ever.
class Always final : public io::Random {
 public:
  explicit Always(std::uint64_t number) : number_(number) {}
  std::uint64_t next() override { return number_; }

 private:
  std::uint64_t number_;
};

TEST(Backoff, DoublesUpToTheLongestWait) {
  const Patience patience{LifeState::offline, seconds(2), seconds(30)};
  // In the middle of the jitter.
  const auto wait = [&](unsigned failures) {
    milliseconds nominal = patience.first;
    for (unsigned i = 1; i < failures && nominal < patience.longest; ++i) nominal *= 2;
    nominal = std::min(nominal, patience.longest);
    Always middle(static_cast<std::uint64_t>(nominal.count() / 4));
    return wait_after(patience, failures, middle);
  };
  EXPECT_EQ(wait(1), seconds(2));
  EXPECT_EQ(wait(2), seconds(4));
  EXPECT_EQ(wait(4), seconds(16));
  EXPECT_EQ(wait(5), seconds(30));
  EXPECT_EQ(wait(4'000'000'000), seconds(30));
}

TEST(Backoff, SpreadsByAQuarterToEitherSide) {
  const Patience patience{LifeState::offline, seconds(2), seconds(30)};
  Always least(0);
  Always most(1000);
  EXPECT_EQ(wait_after(patience, 1, least), milliseconds(1500));
  EXPECT_EQ(wait_after(patience, 1, most), milliseconds(2500));
}

TEST(Backoff, WaitsAsToldAndNeverLess) {
  const Error told = Error(ErrorCode::server_bad, "Suggested Backoff Time: 92000 milliseconds")
                         .with_scope(ErrorScope::account)
                         .with_disposition(Disposition::retry);
  const Patience patience = patience_for(told);
  EXPECT_EQ(patience.state, LifeState::backoff);
  Always least(0);
  Always most(23'000);
  EXPECT_EQ(wait_after(patience, 1, least), seconds(92));
  EXPECT_EQ(wait_after(patience, 1, most), seconds(115));
  EXPECT_EQ(wait_after(patience, 2, least), seconds(184));
  EXPECT_EQ(wait_after(patience, 99, least), minutes(30));
}

TEST(Backoff, TriesNoRefusedPasswordInALoop) {
  const Patience patience = patience_for(Error(ErrorCode::login, "refused"));
  EXPECT_EQ(patience.state, LifeState::needs_auth);
  EXPECT_GE(patience.first, minutes(15));
}

TEST(Backoff, ComesBackSoonToALineThatWasCut) {
  for (const ErrorCode code :
       {ErrorCode::resolve, ErrorCode::connect, ErrorCode::disconnected, ErrorCode::timeout}) {
    const Patience patience = patience_for(Error(code, "gone"));
    EXPECT_EQ(patience.state, LifeState::offline);
    EXPECT_LE(patience.first, seconds(2));
    EXPECT_LE(patience.longest, minutes(5));
  }
}

TEST(Backoff, NamesEachStateAsTheContractDoes) {
  EXPECT_EQ(patience_for(Error(ErrorCode::marker, "foreign")).state, LifeState::held);
  EXPECT_EQ(patience_for(Error(ErrorCode::secret, "none")).state, LifeState::needs_secret);
  EXPECT_EQ(patience_for(Error(ErrorCode::certificate, "expired")).state, LifeState::error);
  EXPECT_EQ(patience_for(Error(ErrorCode::server_no, "later")).state, LifeState::backoff);
  EXPECT_EQ(to_string(LifeState::needs_auth), "needs-auth");
  EXPECT_EQ(to_string(LifeState::needs_secret), "needs-secret");
}

TEST(Backoff, AnotherNetworkMayMendWhatNoPersonAndNoServerAskedFor) {
  for (const ErrorCode code : {ErrorCode::connect, ErrorCode::resolve, ErrorCode::certificate,
                               ErrorCode::tls, ErrorCode::protocol, ErrorCode::timeout})
    EXPECT_TRUE(may_pass_with_network(Error(code, "portal"))) << to_string(code);
  for (const ErrorCode code :
       {ErrorCode::login, ErrorCode::secret, ErrorCode::marker, ErrorCode::locked,
        ErrorCode::config, ErrorCode::unsupported, ErrorCode::no_space, ErrorCode::day_limit,
        ErrorCode::over_quota, ErrorCode::server_no, ErrorCode::internal})
    EXPECT_FALSE(may_pass_with_network(Error(code, "here"))) << to_string(code);
  EXPECT_FALSE(may_pass_with_network(
      Error(ErrorCode::disconnected, "too many connections, try again in 5 minutes")));
}

TEST(EarlyTries, WhatWasOfflineIsTriedEachTime) {
  EarlyTries early;
  const Error error(ErrorCode::resolve, "no such host");
  EXPECT_EQ(early.at(error, seconds(10)), seconds(10));
  EXPECT_EQ(early.at(error, seconds(11)), seconds(11));
  EXPECT_EQ(early.at(Error(ErrorCode::login, "no"), seconds(12)), std::nullopt);
}

TEST(EarlyTries, WhatOnlyMayBeAPortalsDoingIsTriedAtOnceAndThenNotMoreOften) {
  EarlyTries early;
  const Error error(ErrorCode::tls, "no handshake");  // 15 seconds after the first of them
  EXPECT_EQ(early.at(error, seconds(10)), seconds(10));
  EXPECT_EQ(early.at(error, seconds(15)), seconds(25));
  EXPECT_EQ(early.at(error, seconds(20)), seconds(25));
  EXPECT_EQ(early.at(error, seconds(26)), seconds(40));
  EXPECT_EQ(early.at(error, minutes(9)), minutes(9));
}

TEST(Backoff, OnlyWordsOfConnectionsSayThatThereAreTooMany) {
  const auto refused = [](std::string words, Disposition disposition) {
    return tells_of_too_many(Error(ErrorCode::server_no, std::move(words))
                                 .with_scope(ErrorScope::account)
                                 .with_disposition(disposition));
  };
  EXPECT_TRUE(refused("Maximum number of connections from user+IP exceeded", Disposition::retry));
  EXPECT_TRUE(tells_of_too_many(Error(ErrorCode::disconnected, "BYE Too many connections")));
  EXPECT_FALSE(refused("User is authenticated but not connected.", Disposition::retry));
  EXPECT_FALSE(refused("ask whoever runs this", Disposition::needs_user));
  EXPECT_FALSE(tells_of_too_many(Error(ErrorCode::disconnected, "connection reset by peer")));
}

}  // namespace
}  // namespace sterna::account
