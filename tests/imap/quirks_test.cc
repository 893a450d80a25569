// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/quirks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sterna/imap/outcome.h"
#include "sterna/imap/told_to_wait.h"

namespace sterna::imap {
namespace {

Quirks quirks(std::string_view greeting, std::string_view capabilities, std::string_view host) {
  return quirks_for(greeting, Capabilities::parse(capabilities), host);
}

TEST(QuirksTest, AnOrdinaryServerHasNone) {
  EXPECT_EQ(quirks("Dovecot (Debian) ready.", "IMAP4rev1 QRESYNC", "mail.example.org"), Quirks());
}

struct Server {
  std::string_view greeting;
  std::string_view capabilities;
  std::string_view host;
  Quirks expected;
};

TEST(QuirksTest, ServersAreRecognised) {
  const std::vector<Server> servers = {
      {"Gimap ready",
       "X-GM-EXT-1",
       "",
       {.connections_max = 5,
        .download_mb_a_day = 2500,
        .upload_mb_a_day = 500,
        .hides_old_messages = true,
        .deletes_at_once = true,
        .append_deduplicates = true}},
      {"The Microsoft Exchange IMAP4 service is ready.",
       "",
       "",
       {.pipeline_depth_max = 4,
        .connections_max = 8,
        .idle_unreliable = true,
        .size_unreliable = true,
        .append_rewrites = true,
        .substitutes_messages = true}},
      {"",
       "XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ",
       "imap.mail.yahoo.com",
       {.command_line_octets_max = 1000,
        .connections_max = 2,
        .idle_unreliable = true,
        .hides_old_messages = true}},
      {"",
       "XAPPLEPUSHSERVICE",
       "imap.mail.me.com",
       {.connections_max = 4, .no_qresync = true, .ask_capability_after_login = true}},
      {"localhost Cyrus IMAP 3.6.1 server ready",
       "",
       "",
       {.no_mailbox_id = true, .binds_by_finished = true}},
      {"localhost Cyrus IMAP 3.8.0-beta1 server ready", "", "", {.binds_by_finished = true}},
      // With what it answers to ID behind a greeting of somebody else's.
      {"ready Cyrus IMAPD 3.6.1-Debian-3.6.1-4 Project Cyrus",
       "",
       "",
       {.no_mailbox_id = true, .binds_by_finished = true}},
      {"ready Microsoft.Exchange.Imap4.Imap4Server 15.20",
       "",
       "",
       {.pipeline_depth_max = 4,
        .connections_max = 8,
        .idle_unreliable = true,
        .size_unreliable = true,
        .append_rewrites = true,
        .substitutes_messages = true}},
      {"localhost Cyrus IMAP v2.4.17 server ready", "", "", {.binds_by_finished = true}},
      {"Courier-IMAP ready.", "", "", {.connections_max = 4, .idle_unreliable = true}},
      {"Proton Mail Bridge 03.08.01 - gluon session ID 3",
       "",
       "127.0.0.1",
       {.append_rewrites = true, .no_uid_expunge = true}},
      {"", "", "imap.163.com", {.connections_max = 2, .id_required = true}},
      {"", "", "imap.exmail.qq.com", {.connections_max = 1, .ask_capability_after_login = true}},
      {"", "", "imap.yandex.com", {.connections_max = 2}},
      {"", "IMAPrev1", "", {.connections_max = 2, .size_unreliable = true}},
  };
  for (const auto& [greeting, capabilities, host, expected] : servers) {
    EXPECT_EQ(quirks(greeting, capabilities, host), expected) << greeting << capabilities << host;
  }
}

TEST(QuirksTest, OthersThatShareOneMarkAreNot) {
  EXPECT_EQ(quirks("", "XAPPLEPUSHSERVICE", "imap.fastmail.com"), Quirks());
  EXPECT_EQ(quirks("", "", "notqq.com"), Quirks());
  EXPECT_EQ(quirks("", "", "imap.yandex.com.example.org"), Quirks());
}

TEST(QuirksTest, EachHostOfAServerIsIts) {
  EXPECT_TRUE(quirks("", "XAPPLEPUSHSERVICE QRESYNC", "p01-imap.mail.me.com").no_qresync);
  EXPECT_TRUE(quirks("", "", "imap.126.com").id_required);
}

Done refusal(StatusKind status, Code code, std::string text,
             CommandKind kind = CommandKind::append) {
  return {CommandId{1}, kind, status, {code, std::string(to_string(code)), {}}, std::move(text)};
}

TEST(QuirksTest, AreSetByName) {
  for (const std::string_view name : quirk_names()) {
    Quirks quirks;
    EXPECT_TRUE(set_quirk(quirks, name, 1)) << name;
    EXPECT_FALSE(quirks == Quirks()) << name;
  }
  Quirks quirks;
  EXPECT_EQ(describe(quirks), "");
  EXPECT_FALSE(set_quirk(quirks, "no_such_habit", 1));
  EXPECT_TRUE(set_quirk(quirks, "no_qresync", 1) && quirks.no_qresync);
  EXPECT_TRUE(set_quirk(quirks, "no_qresync", 0) && !quirks.no_qresync);
  EXPECT_TRUE(set_quirk(quirks, "connections_max", 7) && quirks.connections_max == 7);
  set_quirk(quirks, "no_uid_expunge", 1);
  EXPECT_EQ(describe(quirks), "connections_max=7, no_uid_expunge");
}

TEST(OutcomeTest, CodesDecide) {
  const Error quota = error_from(refusal(StatusKind::no, Code::over_quota, "full"));
  EXPECT_TRUE(quota.is(ErrorCode::over_quota));
  EXPECT_EQ(quota.disposition(), Disposition::needs_user);
  EXPECT_NE(quota.message().find("full"), std::string::npos);
  const Error big = error_from(refusal(StatusKind::no, Code::too_big, ""));
  EXPECT_EQ(big.scope(), ErrorScope::message);
  EXPECT_TRUE(error_from(refusal(StatusKind::no, Code::try_create, "")).is(ErrorCode::not_found));
  EXPECT_EQ(error_from(refusal(StatusKind::no, Code::unavailable, "")).disposition(),
            Disposition::retry);
}

TEST(OutcomeTest, WhatAlsoADiskCouldRefuseSaysThatTheServerDid) {
  for (const Code code : {Code::no_perm, Code::non_existent, Code::already_exists, Code::corruption,
                          Code::over_quota}) {
    EXPECT_NE(error_from(refusal(StatusKind::no, code, "")).hint().find("server"),
              std::string::npos);
  }
}

TEST(OutcomeTest, WhatFailsInOneMailboxStopsNoOther) {
  const auto scope_of = [](Code code, CommandKind kind, const char* text = "") {
    return error_from(refusal(StatusKind::no, code, text, kind)).scope();
  };
  for (const Code code : {Code::limit, Code::unavailable, Code::contact_admin}) {
    for (const CommandKind kind : {CommandKind::create, CommandKind::rename, CommandKind::search,
                                   CommandKind::select, CommandKind::fetch, CommandKind::append}) {
      EXPECT_EQ(scope_of(code, kind), ErrorScope::mailbox);
    }
    for (const CommandKind kind :
         {CommandKind::login, CommandKind::authenticate, CommandKind::list}) {
      EXPECT_EQ(scope_of(code, kind), ErrorScope::account);
    }
  }
  EXPECT_EQ(scope_of(Code::throttled, CommandKind::fetch), ErrorScope::account);
  EXPECT_EQ(scope_of(Code::unavailable, CommandKind::select,
                     "User is authenticated but not "
                     "connected."),
            ErrorScope::account);
}

TEST(OutcomeTest, WithoutACodeTheCommandDecides) {
  const Error login = error_from(refusal(StatusKind::no, Code::none, "no", CommandKind::login));
  EXPECT_TRUE(login.is(ErrorCode::login));
  EXPECT_EQ(login.disposition(), Disposition::needs_user);
  const Error no = error_from(refusal(StatusKind::no, Code::none, "no"));
  EXPECT_TRUE(no.is(ErrorCode::server_no));
  EXPECT_EQ(no.disposition(), Disposition::retry);
  const Error bad = error_from(refusal(StatusKind::bad, Code::none, "what?"));
  EXPECT_TRUE(bad.is(ErrorCode::server_bad));
  EXPECT_EQ(bad.disposition(), Disposition::give_up);
}

TEST(OutcomeTest, WordsThatMeanLaterAreNotTakenForWrongCredentials) {
  for (const char* text :
       {"Too many simultaneous connections. (Failure)", "User is authenticated but not connected.",
        "Maximum number of connections from user+IP exceeded"}) {
    for (const StatusKind status : {StatusKind::no, StatusKind::bad}) {
      const Error error = error_from(refusal(status, Code::none, text, CommandKind::login));
      EXPECT_FALSE(error.is(ErrorCode::login)) << text;
      EXPECT_EQ(error.disposition(), Disposition::retry);
      EXPECT_EQ(error.scope(), ErrorScope::account);
    }
  }
}

TEST(ToldToWait, NamedTimes) {
  using namespace std::chrono_literals;
  EXPECT_EQ(named_wait("Request is throttled. Suggested Backoff Time: 92415 milliseconds"),
            92415ms);
  EXPECT_EQ(named_wait("Too many logins, try again in 5 minutes."), 5min);
  EXPECT_EQ(named_wait("please retry after 90 sec"), 90s);
  EXPECT_EQ(named_wait("Suggested Backoff Time: 99999999999999999999 milliseconds"), 1h);
  EXPECT_EQ(named_wait("try again in 3 hours"), 1h);
  for (const char* text : {"Suggested Backoff Time: soon", "again in a minute", "again in 5",
                           "again in -5 minutes", "wait", "server 15"}) {
    EXPECT_EQ(named_wait(text), std::nullopt) << text;
  }
}

TEST(ToldToWait, WhatConcernsTheAccountAndPasses) {
  using namespace std::chrono_literals;
  const auto told = [](Code code, std::string text, CommandKind kind) {
    return told_to_wait(error_from(refusal(StatusKind::no, code, text, kind)));
  };
  EXPECT_EQ(told(Code::none, "Too many simultaneous connections. (Failure)", CommandKind::login),
            5min);
  EXPECT_EQ(told(Code::none, "Account exceeded command or bandwidth limits.", CommandKind::fetch),
            1h);
  EXPECT_EQ(told(Code::unavailable, "no reason", CommandKind::login), 30s);
  EXPECT_EQ(told(Code::none, "Temporary failure", CommandKind::login), 30s);
  EXPECT_EQ(told(Code::none, "Suggested Backoff Time: 0 milliseconds", CommandKind::fetch), 1s);
  // Of one message or one mailbox, and wrong credentials.
  EXPECT_EQ(told(Code::none, "message is temporarily broken", CommandKind::fetch), std::nullopt);
  EXPECT_EQ(told(Code::unavailable, "Server error", CommandKind::fetch), std::nullopt);
  EXPECT_EQ(told(Code::none, "Login failed. Please try again.", CommandKind::login), std::nullopt);
  EXPECT_EQ(told(Code::auth_failed, "try again later", CommandKind::login), std::nullopt);
}

TEST(ToldToWait, AByeThatSaysSoIsNoLineThatWasCut) {
  using namespace std::chrono_literals;
  const auto told = [](std::string text) {
    UntaggedStatus bye;
    bye.text = std::move(text);
    return told_to_wait(error_from_bye(bye));
  };
  EXPECT_EQ(told("Account exceeded command or bandwidth limits."), 1h);
  EXPECT_EQ(told("Down for maintenance, back soon"), 2min);
  EXPECT_EQ(told("Server shutting down."), std::nullopt);
  EXPECT_EQ(told("Autologout; idle for too long"), std::nullopt);
}

TEST(OutcomeTest, WhatTheServerSaysIsMadePrintable) {
  const Error error = error_from(refusal(StatusKind::no, Code::none, "\x1b[2Jgone"));
  EXPECT_EQ(error.message().find('\x1b'), std::string::npos);
  const Error bye = error_from_bye({StatusKind::bye, {}, "idle \x07too long"});
  EXPECT_TRUE(bye.is(ErrorCode::disconnected));
  EXPECT_EQ(bye.message().find('\x07'), std::string::npos);
}

}  // namespace
}  // namespace sterna::imap
