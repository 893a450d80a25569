// SPDX-License-Identifier: Apache-2.0
// SCRAM by the examples of RFC 5802 section 5 and RFC 7677 section 3. With -PLUS and "y" there is
// none: those were calculated from the same numbers by a few lines of Python, which give the
// examples of the RFCs, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sterna/auth/sasl.h"

namespace sterna::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Vector {
  const char* name;
  Mechanism mechanism;
  std::string nonce;
  ChannelBinding binding;
  bool binding_offered;
  std::string client_first;
  std::string server_first;
  std::string client_final;
  std::string server_final;
};

void PrintTo(const Vector& v, std::ostream* out) {
  *out << v.name;
}

std::string octets_from(int first, int step, int count) {
  std::string octets;
  for (int i = 0; i < count; ++i) octets += static_cast<char>(first + step * i);
  return octets;
}

const std::string kNonce1 = "fyko+d2lbbFgONRv9qkxdawL";
const std::string kFirst1 =
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
const std::string kNonce256 = "rOprNGfwEbeRWgbNEkqO";
const std::string kWhole256 = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string kFirst256 = "r=" + kWhole256 + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const ChannelBinding kExporter{"tls-exporter", octets_from(0, 1, 32)};
const ChannelBinding kEndPoint{"tls-server-end-point", octets_from(255, -1, 32)};
const ChannelBinding kUnique{"tls-unique", octets_from(0, 1, 12)};

const Vector kVectors[] = {
    {"Rfc5802",
     Mechanism::scram_sha_1,
     kNonce1,
     {},
     false,
     "n,,n=user,r=" + kNonce1,
     kFirst1,
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"Rfc7677",
     Mechanism::scram_sha_256,
     kNonce256,
     {},
     false,
     "n,,n=user,r=" + kNonce256,
     kFirst256,
     "c=biws,r=" + kWhole256 + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {"CouldBeBoundAndIsNotOffered", Mechanism::scram_sha_256, kNonce256, kExporter, false,
     "y,,n=user,r=" + kNonce256, kFirst256,
     "c=eSws,r=" + kWhole256 + ",p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
     "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U="},
    {"UnboundThoughOffered", Mechanism::scram_sha_256, kNonce256, kExporter, true,
     "n,,n=user,r=" + kNonce256, kFirst256,
     "c=biws,r=" + kWhole256 + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {"BoundByExporter", Mechanism::scram_sha_256_plus, kNonce256, kExporter, true,
     "p=tls-exporter,,n=user,r=" + kNonce256, kFirst256,
     "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=" + kWhole256 +
         ",p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
     "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs="},
    {"BoundByTheCertificate", Mechanism::scram_sha_256_plus, kNonce256, kEndPoint, true,
     "p=tls-server-end-point,,n=user,r=" + kNonce256, kFirst256,
     "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCws//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=,r=" +
         kWhole256 + ",p=PcWgDB3Kiu3rPqBUMSbTWsLYEgChGS2Uz03dlWLX7kc=",
     "v=vkQ5Uo8MeniudKhtqtBeafnxx31nDOp7KoexJb6mpmI="},
    {"Sha1BoundByFinished", Mechanism::scram_sha_1_plus, kNonce1, kUnique, true,
     "p=tls-unique,,n=user,r=" + kNonce1, kFirst1,
     "c=cD10bHMtdW5pcXVlLCwAAQIDBAUGBwgJCgs=,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
     "p=ResgVA2w6fEFiwzXkrPSGTt/RSg=",
     "v=HKBeWjn99U5AvtgAjz6m1d81mhk="},
};

std::unique_ptr<SaslExchange> begin(const Vector& v, std::string user = "user",
                                    std::string password = "pencil") {
  auto sasl = start_sasl(v.mechanism, {.user = std::move(user),
                                       .secret = Secret(std::move(password)),
                                       .nonce = v.nonce,
                                       .binding = v.binding,
                                       .binding_offered = v.binding_offered});
  EXPECT_TRUE(sasl) << sasl.error().describe();
  return std::move(*sasl);
}

class ScramVector : public ::testing::TestWithParam<Vector> {};

TEST_P(ScramVector, IsTheExchange) {
  const Vector& v = GetParam();
  const auto sasl = begin(v);
  EXPECT_TRUE(sasl->speaks_first());
  EXPECT_EQ(sasl->respond("")->reveal(), v.client_first);
  EXPECT_TRUE(sasl->works_long());
  EXPECT_FALSE(sasl->has_shown_secret());
  const auto proof = sasl->respond(v.server_first);
  ASSERT_TRUE(proof) << proof.error().describe();
  EXPECT_EQ(proof->reveal(), v.client_final);
  EXPECT_TRUE(sasl->has_shown_secret());
  EXPECT_FALSE(sasl->accept());
  const auto end = sasl->respond(v.server_final);
  ASSERT_TRUE(end) << end.error().describe();
  EXPECT_TRUE(end->empty());
  EXPECT_TRUE(sasl->accept());
  EXPECT_FALSE(sasl->respond(""));
}

INSTANTIATE_TEST_SUITE_P(Table, ScramVector, ::testing::ValuesIn(kVectors),
                         [](const auto& info) { return std::string(info.param.name); });

struct BadFirst {
  const char* name;
  std::string message;
  ErrorCode code;
  std::string_view says;
};

void PrintTo(const BadFirst& c, std::ostream* out) {
  *out << c.name;
}

class ScramServerFirst : public ::testing::TestWithParam<BadFirst> {};

TEST_P(ScramServerFirst, IsRefusedBeforeThePasswordComesIn) {
  const BadFirst& c = GetParam();
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  const auto proof = sasl->respond(c.message);
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().code(), c.code);
  EXPECT_THAT(proof.error().describe(), HasSubstr(c.says));
  EXPECT_FALSE(sasl->has_shown_secret());
  EXPECT_FALSE(sasl->accept());
}

const std::string kRest = ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
INSTANTIATE_TEST_SUITE_P(
    Table, ScramServerFirst,
    ::testing::Values(
        BadFirst{"Empty", "", ErrorCode::protocol, "nonce, salt and iterations"},
        BadFirst{"NonceNotExtended", "r=" + kNonce256 + kRest, ErrorCode::login, "our nonce"},
        BadFirst{"NonceOfAnotherLogin", "r=aOprNGfwEbeRWgbNEkqOxxxx" + kRest, ErrorCode::login,
                 "our nonce"},
        BadFirst{"TooFewIterations", "r=" + kWhole256 + ",s=W22ZaJ0S,i=4095", ErrorCode::login,
                 "4095 times only"},
        BadFirst{"NoIterations", "r=" + kWhole256 + ",s=W22ZaJ0S,i=", ErrorCode::protocol,
                 "no number"},
        BadFirst{"IterationsOfNoNumber", "r=" + kWhole256 + ",s=W22ZaJ0S,i=4096x",
                 ErrorCode::protocol, "no number"},
        BadFirst{"NegativeIterations", "r=" + kWhole256 + ",s=W22ZaJ0S,i=-4096",
                 ErrorCode::protocol, "no number"},
        BadFirst{"TooManyIterations", "r=" + kWhole256 + ",s=W22ZaJ0S,i=2000001", ErrorCode::login,
                 "more than 2000000 times"},
        BadFirst{"IterationsBeyondAnyNumber",
                 "r=" + kWhole256 + ",s=W22ZaJ0S,i=99999999999999999999", ErrorCode::login,
                 "more than 2000000 times"},
        BadFirst{"NoSalt", "r=" + kWhole256 + ",s=,i=4096", ErrorCode::protocol, "no salt"},
        BadFirst{"SaltOfNoBase64", "r=" + kWhole256 + ",s=***,i=4096", ErrorCode::protocol,
                 "no salt"},
        BadFirst{"ExtensionThatMustBeKnown", "m=x," + kFirst256, ErrorCode::protocol, "nonce"},
        BadFirst{"TooLong", kFirst256 + ",x=" + std::string(5000, 'y'), ErrorCode::protocol,
                 "too long"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Scram, AnExtensionBehindIsPassedOver) {
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  EXPECT_TRUE(sasl->respond(kFirst256 + ",x=unheard-of"));
}

TEST(Scram, AWrongSignatureOfTheServerIsNoLogin) {
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  ASSERT_TRUE(sasl->respond(kFirst256));
  const auto end = sasl->respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::login);
  EXPECT_THAT(end.error().describe(), HasSubstr("does not know the password"));
  EXPECT_FALSE(sasl->accept());
}

TEST(Scram, AnOkWithoutASignatureIsNoLogin) {
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  EXPECT_FALSE(sasl->accept());
  ASSERT_TRUE(sasl->respond(kFirst256));
  const Status accepted = sasl->accept();
  ASSERT_FALSE(accepted);
  EXPECT_THAT(accepted.error().describe(), HasSubstr("without having proved"));
}

TEST(Scram, AnErrorOfTheServerIsKeptAndNoLogin) {
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  ASSERT_TRUE(sasl->respond(kFirst256));
  const auto end = sasl->respond("e=channel-bindings-dont-match\x1b[2J");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->empty());
  EXPECT_THAT(sasl->complaint(), HasSubstr("channel-bindings-dont-match"));
  EXPECT_THAT(sasl->complaint(), Not(HasSubstr("\x1b")));
  EXPECT_FALSE(sasl->accept());
  EXPECT_FALSE(sasl->respond(kVectors[1].server_final));
}

TEST(Scram, AnErrorInPlaceOfTheFirstMessageHasJudgedNothing) {
  const auto sasl = begin(kVectors[1]);
  ASSERT_TRUE(sasl->respond(""));
  ASSERT_TRUE(sasl->respond("e=unknown-user"));
  EXPECT_FALSE(sasl->has_shown_secret());
  EXPECT_EQ(sasl->complaint(), "unknown-user");
}

TEST(Scram, AConnectionOfSomebodyElseIsNoCaseForAnotherWay) {
  const auto sasl = begin(kVectors[4]);
  ASSERT_TRUE(sasl->respond(""));
  ASSERT_TRUE(sasl->respond(kFirst256));
  const auto end = sasl->respond("e=channel-bindings-dont-match");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::login);
  EXPECT_THAT(end.error().describe(), HasSubstr("not the one that we have"));
}

TEST(Scram, AnOfferThatWasTakenAwayIsNoCaseForAnotherWay) {
  const auto sasl = begin(kVectors[2]);
  ASSERT_TRUE(sasl->respond(""));
  const auto end = sasl->respond("e=server-does-support-channel-binding");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::login);
  EXPECT_THAT(end.error().describe(), HasSubstr("taken away"));
}

TEST(Scram, NamesAreEscaped) {
  const auto sasl = begin(kVectors[1], "a=b,c");
  EXPECT_EQ(sasl->respond("")->reveal(), "n,,n=a=3Db=2Cc,r=" + kNonce256);
}

TEST(Scram, NameAndPasswordAreWrittenAsRfc4013Asks) {
  // The examples of its section 3: a soft hyphen goes, a Roman nine is I and X.
  const auto typed = begin(kVectors[1], "I\xc2\xadX", "\xe2\x85\xa8");
  const auto meant = begin(kVectors[1], "IX", "IX");
  EXPECT_EQ(typed->respond("")->reveal(), meant->respond("")->reveal());
  EXPECT_EQ(typed->respond(kFirst256)->reveal(), meant->respond(kFirst256)->reveal());
}

TEST(Scram, WhatRfc4013ForbidsIsRefusedWithoutShowingIt) {
  for (const std::string password : {"bell\x07",
                                     "\xd8\xa7"
                                     "1",
                                     "no utf-8 \xff"}) {
    const auto sasl = start_sasl(Mechanism::scram_sha_256,
                                 {.user = "user", .secret = Secret(password), .nonce = "n"});
    ASSERT_FALSE(sasl) << password;
    EXPECT_EQ(sasl.error().code(), ErrorCode::secret);
    EXPECT_THAT(sasl.error().describe(), Not(HasSubstr("bell")));
    EXPECT_THAT(sasl.error().describe(), Not(HasSubstr("utf-8 \xff")));
    EXPECT_THAT(sasl.error().hint(), HasSubstr("plain"));
  }
}

}  // namespace
}  // namespace sterna::auth
