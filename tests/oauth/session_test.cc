// SPDX-License-Identifier: Apache-2.0
// A session on virtual time, with a real store, and an endpoint of a few lines that rotates.
#include "sterna/oauth/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <set>

#include "sterna/coro/scope.h"
#include "tests/support/temp_dir.h"
#include "tests/support/virtual_clock.h"

namespace sterna::oauth {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class AtOnce : public io::Worker {
 public:
  coro::Task<void> run(std::function<void()> job) override {
    job();
    co_return;
  }
};

// Every refresh token is good once; what is asked takes a second.
class Endpoint : public io::Http {
 public:
  explicit Endpoint(io::Clock& clock) : clock_(clock) {}

  coro::Task<Result<io::HttpAnswer>> send(io::HttpRequest request) override {
    ++asked;
    forms.emplace_back(request.form->reveal());
    const std::string form = forms.back();
    STERNA_CO_CHECK(co_await clock_.sleep(1s));
    if (failure) co_return fail(*failure);
    io::HttpAnswer answer;
    answer.status = status;
    answer.retry_after = retry_after;
    if (status != 200) co_return answer;
    const std::string wanted = "refresh_token=" + refresh + "&";
    if (form.find(wanted) == std::string::npos) {
      answer.status = 400;
      answer.body = WipedString(std::string(R"({"error":"invalid_grant"})"));
      co_return answer;
    }
    ++generation;
    if (rotates) refresh = "r" + std::to_string(generation);
    answer.body = WipedString(R"({"access_token":"a)" + std::to_string(generation) +
                              R"(","expires_in":1000)" +
                              (rotates ? R"(,"refresh_token":")" + refresh + "\"}" : "}"));
    co_return answer;
  }

  int asked = 0;
  std::vector<std::string> forms;
  std::optional<Error> failure;
  int status = 200;
  std::optional<std::chrono::seconds> retry_after;
  bool rotates = true;
  int generation = 1;
  std::string refresh = "r1";

 private:
  io::Clock& clock_;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    client_.provider = "example";
    client_.token_url = "https://login.example/token";
    client_.id = "id";
  }

  TokenStore store() {
    return TokenStore(directory_, "work", Result<std::optional<Secret>>(std::optional<Secret>()));
  }
  Session session() {
    return Session({.clock = clock_, .worker = worker_, .http = endpoint_}, client_, store(),
                   "work", "ann");
  }
  void log_in(Session& session, std::optional<std::string> refresh = "r1",
              std::chrono::seconds lifetime = 1000s) {
    Grant grant;
    grant.access = Secret(std::string("a1"));
    if (refresh) grant.refresh = Secret(std::string(*refresh));
    grant.lifetime = lifetime;
    ASSERT_TRUE(clock_.run(session.adopt(std::move(grant))));
  }
  std::string token(Session& session) {
    const auto token = clock_.run(session.token());
    return token ? std::string(token->reveal()) : token.error().describe();
  }
  Error refused(Session& session) {
    auto token = clock_.run(session.token());
    EXPECT_FALSE(token);
    return token ? Error::cancelled() : token.error();
  }
  void pass(std::chrono::seconds time) { ASSERT_TRUE(clock_.run(clock_.sleep(time))); }
  Tokens stored() { return store().read().value().value(); }

  test::TempDir temp_;
  std::string directory_ = temp_ / "state/work";
  test::VirtualClock clock_;
  AtOnce worker_;
  Endpoint endpoint_{clock_};
  Client client_;
};

TEST_F(SessionTest, AsksForALoginWhereThereIsNone) {
  Session one = session();
  const Error error = refused(one);
  EXPECT_EQ(error.code(), ErrorCode::login);
  EXPECT_EQ(error.disposition(), Disposition::needs_user);
  EXPECT_THAT(error.hint(), HasSubstr("sterna auth work"));
}

TEST_F(SessionTest, GivesWhatIsGoodWithoutAskingAnybody) {
  Session one = session();
  log_in(one);
  pass(600s);
  EXPECT_EQ(token(one), "a1");
  EXPECT_EQ(endpoint_.asked, 0);
}

TEST_F(SessionTest, RenewsAheadOfTheEndAndStoresTheRotatedTokenFirst) {
  Session one = session();
  log_in(one);
  pass(810s);
  EXPECT_EQ(token(one), "a2");
  EXPECT_EQ(stored().access.reveal(), "a2");
  EXPECT_EQ(stored().refresh.reveal(), "r2");
  EXPECT_EQ(stored().previous_refresh.reveal(), "r1");
  EXPECT_EQ(token(one), "a2");
  EXPECT_EQ(endpoint_.asked, 1);
}

TEST_F(SessionTest, KnowsWhenWhatItGaveLastEnds) {
  Session one = session();
  EXPECT_EQ(one.expires_ms(), 0);
  log_in(one);
  EXPECT_EQ(one.expires_ms(), stored().expires_ms);
  pass(810s);
  EXPECT_EQ(token(one), "a2");
  EXPECT_EQ(one.expires_ms(), stored().expires_ms);
  ASSERT_TRUE(clock_.run(one.forget()));
  EXPECT_EQ(one.expires_ms(), 0);
}

TEST_F(SessionTest, KeepsARefreshTokenThatIsNotRotated) {
  endpoint_.rotates = false;
  Session one = session();
  log_in(one);
  for (int i = 2; i < 6; ++i) {
    pass(1000s);
    EXPECT_EQ(token(one), "a" + std::to_string(i));
    EXPECT_EQ(stored().refresh.reveal(), "r1");
  }
}

TEST_F(SessionTest, RefreshesOnceHoweverManyWant) {
  Session one = session();
  Session other = session();
  log_in(one);
  pass(2000s);
  std::set<std::string> tokens;
  const auto want = [&tokens](Session& session) -> coro::Task<void> {
    const auto token = co_await session.token();
    tokens.emplace(token ? std::string(token->reveal()) : token.error().describe());
  };
  const auto all = [&]() -> coro::Task<Status> {
    coro::Scope scope = co_await coro::make_scope();
    for (int i = 0; i < 25; ++i) {
      scope.spawn(want(one));
      scope.spawn(want(other));
    }
    co_await scope.join();
    co_return Status{};
  };
  EXPECT_TRUE(clock_.run(all()));
  EXPECT_EQ(endpoint_.asked, 1);
  EXPECT_EQ(tokens, std::set<std::string>{"a2"});
}

TEST_F(SessionTest, FailsOnceForAllWhoWaited) {
  Session one = session();
  log_in(one);
  pass(2000s);
  endpoint_.failure = Error(ErrorCode::timeout, "no answer");
  int failed = 0;
  const auto want = [&]() -> coro::Task<void> {
    const auto token = co_await one.token();
    if (!token) ++failed;
  };
  const auto all = [&]() -> coro::Task<Status> {
    coro::Scope scope = co_await coro::make_scope();
    for (int i = 0; i < 20; ++i) scope.spawn(want());
    co_await scope.join();
    co_return Status{};
  };
  EXPECT_TRUE(clock_.run(all()));
  EXPECT_EQ(failed, 20);
  EXPECT_EQ(endpoint_.asked, 1);
}

TEST_F(SessionTest, KeepsEverythingThroughTroublesOfTheNetwork) {
  Session one = session();
  log_in(one);
  const Tokens before = stored();
  endpoint_.failure = Error(ErrorCode::resolve, "no address");
  pass(850s);
  EXPECT_EQ(token(one), "a1");  // early, and nobody is disturbed
  pass(1000s);
  EXPECT_EQ(refused(one).code(), ErrorCode::resolve);
  endpoint_.failure.reset();
  endpoint_.status = 503;
  EXPECT_EQ(refused(one).disposition(), Disposition::retry);
  EXPECT_EQ(stored(), before);
  endpoint_.status = 200;
  EXPECT_EQ(token(one), "a2");
}

TEST_F(SessionTest, KeepsWhatIsGoodWhereAProxyRefusesItsUser) {
  Session one = session();
  log_in(one);
  endpoint_.failure = Error(ErrorCode::login, "the proxy refuses").with_hint("check `proxy`");
  pass(850s);
  EXPECT_EQ(token(one), "a1");
  pass(1000s);
  const Error error = refused(one);
  EXPECT_EQ(error.code(), ErrorCode::login);
  EXPECT_EQ(error.hint(), "check `proxy`") << "and not to log in anew";
  endpoint_.failure.reset();
  EXPECT_EQ(token(one), "a2");
}

TEST_F(SessionTest, DoesNotAskBeforeTheTimeThatTheEndpointSaid) {
  Session one = session();
  log_in(one);
  pass(2000s);
  endpoint_.status = 429;
  endpoint_.retry_after = 120s;
  EXPECT_THAT(refused(one).message(), HasSubstr("try again in 120 s"));
  endpoint_.status = 200;
  pass(60s);
  EXPECT_EQ(refused(one).disposition(), Disposition::retry);
  EXPECT_EQ(endpoint_.asked, 1);
  pass(61s);
  EXPECT_EQ(token(one), "a2");
}

TEST_F(SessionTest, SaysWithWhichCommandAConsentComesBack) {
  Session one = session();
  log_in(one);
  endpoint_.refresh = "revoked";
  pass(2000s);
  const Error error = refused(one);
  EXPECT_EQ(error.code(), ErrorCode::login);
  EXPECT_THAT(error.message(), HasSubstr("the consent is gone"));
  EXPECT_THAT(error.hint(), HasSubstr("sterna auth work"));
  EXPECT_EQ(stored().refresh.reveal(), "r1");
}

TEST_F(SessionTest, FallsBackToThePreviousRefreshToken) {
  Session one = session();
  log_in(one);
  pass(900s);
  EXPECT_EQ(token(one), "a2");
  endpoint_.refresh = "r1";  // the provider forgot that it rotated
  pass(900s);
  EXPECT_EQ(token(one), "a3");
  EXPECT_EQ(stored().previous_refresh.reveal(), "r1");
}

TEST_F(SessionTest, TakesWhatAnotherProcessRenewed) {
  Session one = session();
  Session other = session();
  log_in(one);
  pass(900s);
  EXPECT_EQ(token(other), "a2");
  EXPECT_EQ(token(one), "a2");
  EXPECT_EQ(endpoint_.asked, 1);
}

TEST_F(SessionTest, ForcesAnotherTokenOnlyForTheOneThatWasRefused) {
  Session one = session();
  log_in(one);
  const auto renew = [&](const std::string& refused) {
    return std::string(clock_.run(one.renewed(Secret(std::string(refused))))->reveal());
  };
  EXPECT_EQ(renew("a1"), "a2");
  EXPECT_EQ(renew("a1"), "a2");
  EXPECT_EQ(endpoint_.asked, 1);
  EXPECT_EQ(renew("a2"), "a3");
}

TEST_F(SessionTest, EndsWithItsAccessTokenWhereThereIsNoRefreshToken) {
  Session one = session();
  log_in(one, std::nullopt);
  pass(850s);
  EXPECT_EQ(endpoint_.asked, 0);
  pass(200s);
  const Error error = refused(one);
  EXPECT_EQ(error.code(), ErrorCode::login);
  EXPECT_THAT(error.message(), HasSubstr("no refresh token"));
}

TEST_F(SessionTest, SendsTokensToNoOtherEndpoint) {
  Session one = session();
  log_in(one);
  client_.token_url = "https://elsewhere.example/token";
  Session other = session();
  pass(2000s);
  EXPECT_EQ(refused(other).code(), ErrorCode::login);
  EXPECT_EQ(endpoint_.asked, 0);
}

TEST_F(SessionTest, GivesNoTokenAwayThatTheDiskDidNotTakeAndTriesAgain) {
  Session one = session();
  log_in(one);
  pass(2000s);
  // A directory in its place: root writes into any that is closed.
  std::filesystem::create_directories(directory_ + "/tokens.new/full");
  EXPECT_FALSE(clock_.run(one.token()));
  EXPECT_EQ(stored().refresh.reveal(), "r1");
  std::filesystem::remove_all(directory_ + "/tokens.new");
  EXPECT_EQ(token(one), "a2");
  EXPECT_EQ(stored().refresh.reveal(), "r2");
  EXPECT_EQ(endpoint_.asked, 1);
}

TEST_F(SessionTest, WaitsForWhoHasTheLock) {
  Session one = session();
  log_in(one);
  pass(2000s);
  auto lock = store().try_lock();
  ASSERT_TRUE(lock && *lock);
  clock_.schedule(10s, [&lock] { lock->reset(); });
  EXPECT_EQ(token(one), "a2");
  pass(2000s);
  lock = store().try_lock();
  EXPECT_EQ(refused(one).code(), ErrorCode::locked);
}

TEST_F(SessionTest, KeepsItselfFreshWithoutBeingAsked) {
  Session one = session();
  log_in(one);
  const auto live = [&]() -> coro::Task<Status> {
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(one.keep_fresh(Log()));
    STERNA_CO_CHECK(co_await clock_.sleep(10'000s));
    co_await scope.close();
    co_return Status{};
  };
  EXPECT_TRUE(clock_.run(live()));
  EXPECT_GE(endpoint_.asked, 12);
  EXPECT_LE(endpoint_.asked, 15);
  EXPECT_TRUE(is_valid(stored(), clock_.wall_ns() / 1'000'000));
}

TEST_F(SessionTest, ForgetsAndSaysWhatThereWas) {
  Session one = session();
  log_in(one);
  const auto there = clock_.run(one.forget());
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->refresh.reveal(), "r1");
  EXPECT_EQ(refused(one).code(), ErrorCode::login);
}

}  // namespace
}  // namespace sterna::oauth
