// SPDX-License-Identifier: Apache-2.0
// Answers of the DNS, octet by octet (RFC 1035 section 4), and a name server of a few lines.
#include "sterna/net/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/dns_answer.h"
#include "sterna/net/loop.h"

namespace sterna::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using std::string_literals::operator""s;

std::string number(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}
std::string name(std::string_view dotted) {
  std::string octets;
  while (!dotted.empty()) {
    const std::string_view label = dotted.substr(0, dotted.find('.'));
    octets += static_cast<char>(label.size());
    octets += label;
    dotted.remove_prefix(std::min(dotted.size(), label.size() + 1));
  }
  return octets + '\0';
}
// Each answer is about the name of the question, by a pointer to it.
std::string message(unsigned type, const std::vector<std::string>& answers) {
  std::string octets = number(1) + number(0x8180) + number(1) +
                       number(static_cast<unsigned>(answers.size())) + number(0) + number(0);
  octets += name("_imaps._tcp.example.org") + number(type) + number(1);
  for (const std::string& data : answers) {
    octets += number(0xc00c) + number(type) + number(1) + number(0) + number(60) +
              number(static_cast<unsigned>(data.size())) + data;
  }
  return octets;
}
constexpr unsigned kMx = 15;
constexpr unsigned kSrv = 33;

TEST(DnsAnswer, HasServices) {
  const std::string answer =
      message(kSrv, {number(10) + number(5) + number(993) + name("imap.example.org"),
                     number(0) + number(0) + number(0) + name("")});
  EXPECT_THAT(parse_srv(answer), ElementsAre(io::SrvRecord{10, 5, 993, "imap.example.org"},
                                             io::SrvRecord{0, 0, 0, ""}));
  EXPECT_THAT(parse_mx(answer), IsEmpty());
}

TEST(DnsAnswer, HasExchangesWithCompressedNames) {
  // Behind the header and "_imaps._tcp." stands "example.org".
  const std::string answer = message(kMx, {number(10) + "\x02mx\xc0\x18"s});
  EXPECT_THAT(parse_mx(answer), ElementsAre(io::MxRecord{10, "mx.example.org"}));
}

TEST(DnsAnswer, CutAnywhereOrDamagedAnywhereIsBounded) {
  std::vector<std::string> many(300, number(1) + number(1) + number(993) + name("a.example"));
  const std::string whole = message(kSrv, many);
  EXPECT_EQ(parse_srv(whole).size(), kDnsRecordsMax);
  const std::string small = message(kSrv, {many[0], many[1]});
  for (std::size_t size = 0; size < small.size(); ++size)
    EXPECT_LE(parse_srv(small.substr(0, size)).size(), 2U);
  for (std::size_t at = 0; at < small.size(); ++at) {
    for (const int with : {0x00, 0xc0, 0xff}) {
      std::string damaged = small;
      damaged[at] = static_cast<char>(with);
      EXPECT_LE(parse_srv(damaged).size(), kDnsRecordsMax);
    }
  }
  // A name that points at itself.
  const std::string at_itself = message(kMx, {number(1) + number(0xc000 + 12 + 29 + 12 + 2)});
  EXPECT_THAT(parse_mx(at_itself), IsEmpty());
}

TEST(Dns, WantsAnAddressAndAPort) {
  Loop loop;
  for (const char* wrong : {"127.0.0.1", "localhost:53", "127.0.0.1:", "127.0.0.1:99999", ":53"})
    EXPECT_FALSE(make_dns(loop, wrong)) << wrong;
  EXPECT_TRUE(make_dns(loop, "127.0.0.1:53"));
  EXPECT_TRUE(make_dns(loop));
}

TEST(Dns, SaysThatNobodyAnswers) {
  Loop loop;
  auto dns = make_dns(loop, "127.0.0.1:1");
  ASSERT_TRUE(dns);
  const auto records = loop.run((*dns)->mx("example.org"));
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code(), ErrorCode::resolve);
}

}  // namespace
}  // namespace sterna::net
