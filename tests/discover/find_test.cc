// SPDX-License-Identifier: Apache-2.0
// The search on virtual time, with a web and a DNS of a few lines.
#include "sterna/discover/find.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/virtual_clock.h"

namespace sterna::discover {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string describes(std::string_view host) {
  return fmt::format(
      "<clientConfig><emailProvider><incomingServer type=\"imap\"><hostname>{}</hostname>"
      "<port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username>"
      "<authentication>password-cleartext</authentication></incomingServer></emailProvider>"
      "</clientConfig>",
      host);
}

class Web : public io::Http {
 public:
  explicit Web(io::Clock& clock) : clock_(clock) {}
  coro::Task<Result<io::HttpAnswer>> send(io::HttpRequest request) override {
    asked.push_back(request.url);
    STERNA_CO_CHECK(co_await clock_.sleep(takes));
    const auto it = answers.find(request.url);
    if (it == answers.end()) co_return fail(ErrorCode::resolve, "no such host");
    co_return it->second;
  }
  void has(const std::string& url, std::string_view body) {
    io::HttpAnswer answer;
    answer.status = 200;
    answer.body = WipedString(std::string(body));
    answers[url] = answer;
  }
  void leads(const std::string& url, std::string to) {
    io::HttpAnswer answer;
    answer.status = 302;
    answer.redirect = std::move(to);
    answers[url] = answer;
  }

  std::map<std::string, io::HttpAnswer> answers;
  std::vector<std::string> asked;
  std::chrono::milliseconds takes = 1s;

 private:
  io::Clock& clock_;
};

class Names : public io::Dns {
 public:
  explicit Names(io::Clock& clock) : clock_(clock) {}
  coro::Task<Result<std::vector<io::SrvRecord>>> srv(std::string name) override {
    STERNA_CO_CHECK(co_await clock_.sleep(1s));
    if (fails) co_return fail(ErrorCode::resolve, "nobody answers");
    co_return services[name];
  }
  coro::Task<Result<std::vector<io::MxRecord>>> mx(std::string name) override {
    STERNA_CO_CHECK(co_await clock_.sleep(1s));
    if (fails) co_return fail(ErrorCode::resolve, "nobody answers");
    co_return exchanges[name];
  }

  std::map<std::string, std::vector<io::SrvRecord>> services;
  std::map<std::string, std::vector<io::MxRecord>> exchanges;
  bool fails = false;

 private:
  io::Clock& clock_;
};

class Zero : public io::Random {
 public:
  std::uint64_t next() override { return 0; }
};

class FindTest : public ::testing::Test {
 protected:
  Found search(std::string database = "") {
    Question question;
    question.address = {"ann", "example.org"};
    question.database = std::move(database);
    question.known_exchange = [this](const std::string& host) { return known(host); };
    return clock_.run(find({web_, dns_, clock_, zero_}, std::move(question)));
  }
  std::optional<Candidate> known(const std::string& host) {
    if (host != "mx.known.example") return std::nullopt;
    Candidate candidate;
    candidate.host = "imap.known.example";
    candidate.logins = {Login::password};
    return candidate;
  }
  static std::vector<std::string> hosts(const Found& found) {
    std::vector<std::string> names;
    for (const Candidate& candidate : found.candidates) names.push_back(candidate.host);
    return names;
  }

  test::VirtualClock clock_;
  Web web_{clock_};
  Names dns_{clock_};
  Zero zero_;
};

TEST_F(FindTest, AsksAllAtOnceAndRanksWhatItHears) {
  web_.has("https://autoconfig.example.org/mail/config-v1.1.xml", describes("a.example.org"));
  web_.has("https://example.org/.well-known/autoconfig/mail/config-v1.1.xml",
           describes("b.example.org"));
  dns_.services["_imaps._tcp.example.org"] = {{0, 0, 993, "c.example.org"}};
  dns_.services["_imap._tcp.example.org"] = {{0, 0, 143, "d.example.org"}};
  dns_.exchanges["example.org"] = {{10, "mx.known.example"}};
  const Found found = search();
  EXPECT_THAT(hosts(found), ElementsAre("a.example.org", "b.example.org", "imap.known.example",
                                        "c.example.org", "d.example.org"));
  EXPECT_EQ(clock_.monotonic(), 1s);
  EXPECT_EQ(found.candidates[0].where, "https://autoconfig.example.org/mail/config-v1.1.xml");
  EXPECT_EQ(found.candidates[2].source, Source::known_exchange);
  EXPECT_EQ(found.candidates[3].mode, io::TlsMode::implicit);
  EXPECT_EQ(found.candidates[4].mode, io::TlsMode::starttls);
}

TEST_F(FindTest, AsksTheDomainsAboveAnUnknownExchange) {
  dns_.exchanges["example.org"] = {{10, "mx1.mail.provider.co.uk"}};
  web_.has("https://autoconfig.provider.co.uk/mail/config-v1.1.xml",
           describes("imap.provider.co.uk"));
  const Found found = search();
  EXPECT_THAT(hosts(found), ElementsAre("imap.provider.co.uk"));
  EXPECT_EQ(found.candidates[0].source, Source::exchange_autoconfig);
  EXPECT_EQ(found.candidates[0].user, "ann@example.org");
}

TEST_F(FindTest, AsksTheDatabaseOnlyWhereItMay) {
  web_.has("https://database.example/example.org", describes("imap.provider.example"));
  EXPECT_THAT(search().candidates, IsEmpty());
  EXPECT_THAT(web_.asked, Not(Contains(HasSubstr("database"))));
  const Found found = search("https://database.example/");
  EXPECT_THAT(hosts(found), ElementsAre("imap.provider.example"));
  EXPECT_EQ(found.candidates[0].source, Source::database);
}

TEST_F(FindTest, NeverTellsAnybodyTheAddress) {
  search("https://database.example/");
  EXPECT_THAT(web_.asked, Not(Contains(HasSubstr("ann"))));
}

TEST_F(FindTest, FollowsFewRedirectsAndNoneThatIsNotEncrypted) {
  const std::string first = "https://autoconfig.example.org/mail/config-v1.1.xml";
  web_.leads(first, "https://www.example.org/config");
  web_.has("https://www.example.org/config", describes("a.example.org"));
  EXPECT_THAT(hosts(search()), ElementsAre("a.example.org"));

  web_.leads(first, "http://www.example.org/config");
  EXPECT_THAT(search().candidates, IsEmpty());

  web_.leads(first, first);
  const Found round = search();
  EXPECT_THAT(round.candidates, IsEmpty());
  EXPECT_EQ(round.tried[0].outcome, "leads on and on");
}

TEST_F(FindTest, EndsInTimeWhereNobodyAnswers) {
  web_.takes = 1h;
  dns_.fails = true;
  const Found found = search("https://database.example/");
  EXPECT_THAT(found.candidates, IsEmpty());
  EXPECT_EQ(found.tried.size(), 6U) << "each with its outcome";
  EXPECT_LE(clock_.monotonic(), 20s);
}

TEST_F(FindTest, SaysWhatTheServiceRecordsSaid) {
  dns_.services["_imaps._tcp.example.org"] = {{0, 0, 0, ""}};
  const Found found = search();
  EXPECT_THAT(found.candidates, IsEmpty());
  EXPECT_EQ(found.tried[3].what, "_imaps._tcp.example.org");
  EXPECT_EQ(found.tried[3].outcome, "says that it is not offered");
  EXPECT_EQ(found.tried[4].outcome, "no such record");
}

}  // namespace
}  // namespace sterna::discover
