// SPDX-License-Identifier: Apache-2.0
// CRAM-MD5 by the example of RFC 2195 section 2, EXTERNAL by those of RFC 4422 appendix A.3, and
// the keyed hashes by RFC 6070.
#include <gtest/gtest.h>

#include "src/auth/crypto.h"
#include "src/auth/saslprep.h"
#include "sterna/auth/sasl.h"
#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

TEST(CramMd5, ExampleOfRfc2195) {
  auto sasl =
      start_sasl(Mechanism::cram_md5, {.user = "tim", .secret = Secret("tanstaaftanstaaf")});
  ASSERT_TRUE(sasl);
  EXPECT_EQ(sasl_name(Mechanism::cram_md5), "CRAM-MD5");
  EXPECT_FALSE((*sasl)->speaks_first());
  EXPECT_EQ((*sasl)->respond("<1896.697170952@postoffice.reston.mci.net>")->reveal(),
            "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_FALSE((*sasl)->respond(""));
}

TEST(CramMd5, AnEmptyChallengeIsNone) {
  auto sasl = start_sasl(Mechanism::cram_md5, {.user = "tim", .secret = Secret("x")});
  ASSERT_TRUE(sasl);
  const auto response = (*sasl)->respond("");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), ErrorCode::protocol);
}

TEST(External, NeedsNoSecretAndLeavesTheIdentityToTheCertificate) {
  auto sasl = start_sasl(Mechanism::external, {.user = "ann"});
  ASSERT_TRUE(sasl);
  EXPECT_TRUE((*sasl)->speaks_first());
  EXPECT_EQ((*sasl)->respond("")->reveal(), "");
  EXPECT_FALSE((*sasl)->respond(""));
}

TEST(External, SaysWhoseMailIsWanted) {
  auto sasl = start_sasl(Mechanism::external,
                         {.user = "ann", .authorization_identity = "fred@example.com"});
  ASSERT_TRUE(sasl);
  EXPECT_EQ((*sasl)->respond("")->reveal(), "fred@example.com");
}

TEST(Stretch, Rfc6070) {
  EXPECT_EQ(to_hex(*stretch(Hash::sha1, "password", "salt", 4096)),
            "4b007901b765489abead49d926f721d065a429c1");
  EXPECT_EQ(to_hex(*stretch(Hash::sha1, "password", "salt", 1)),
            "0c60c80f961f0e71f3a9b524af6012062fe037a6");
}

TEST(Saslprep, ExamplesOfRfc4013) {
  EXPECT_EQ(saslprep("I\xc2\xadX", "it")->reveal(), "IX");
  EXPECT_EQ(saslprep("user", "it")->reveal(), "user");
  EXPECT_EQ(saslprep("USER", "it")->reveal(), "USER");
  EXPECT_EQ(saslprep("\xc2\xaa", "it")->reveal(), "a");
  EXPECT_EQ(saslprep("\xe2\x85\xa8", "it")->reveal(), "IX");
  EXPECT_FALSE(saslprep("\x07", "it"));
  EXPECT_FALSE(saslprep("\xd8\xa7\x31", "it"));
}

TEST(Saslprep, WhatIsNewerThanItsTablesPasses) {
  EXPECT_EQ(saslprep("\xf0\x9f\x90\xa6", "it")->reveal(), "\xf0\x9f\x90\xa6");
}

TEST(Saslprep, ComposesWhatWasTypedInPieces) {
  EXPECT_EQ(saslprep("u\xcc\x88", "it")->reveal(), "\xc3\xbc");
  EXPECT_EQ(saslprep("a\xc2\xa0z", "it")->reveal(), "a z");
}

TEST(Saslprep, NothingAndTooMuchAreRefused) {
  EXPECT_FALSE(saslprep("", "it"));
  EXPECT_FALSE(saslprep("\xc2\xad", "it"));
  std::string long_one;
  while (long_one.size() < 5000) long_one += "\xc3\xbc";
  EXPECT_FALSE(saslprep(long_one, "it"));
}

}  // namespace
}  // namespace sterna::auth
