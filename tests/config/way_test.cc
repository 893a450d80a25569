// SPDX-License-Identifier: Apache-2.0
// Tunnel, proxy, and where a password comes from that stands in no file of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace sterna::config {
namespace {

using ::testing::ElementsAre;

AccountConfig account_with(const std::string& lines) {
  const Home home;
  const auto loaded = home.load_text(std::string(kMinimal) + lines + "\n");
  EXPECT_TRUE(loaded) << loaded.error().front().message;
  return loaded->accounts.front();
}

TEST(Proxy, IsAHostAndAPort) {
  const ProxyConfig proxy = account_with("proxy = \"socks5h://proxy.example.org:1080\"").proxy;
  EXPECT_EQ(proxy.host, "proxy.example.org");
  EXPECT_EQ(proxy.port, 1080);
  EXPECT_EQ(proxy.user, "");
  EXPECT_TRUE(proxy.password.empty());
}

TEST(Proxy, MayHaveAnAddressAndALoginInEscapes) {
  const ProxyConfig proxy =
      account_with("proxy = \"socks5h://ann%40work:p%3Aw%2F%25@[::1]:9050/\"").proxy;
  EXPECT_EQ(proxy.host, "::1");
  EXPECT_EQ(proxy.port, 9050);
  EXPECT_EQ(proxy.user, "ann@work");
  EXPECT_EQ(proxy.password.reveal(), "p:w/%");
}

TEST(Proxy, OfNothingIsNone) {
  EXPECT_EQ(account_with("proxy = \"\"").proxy, ProxyConfig());
}

TEST(Proxy, IsRefusedWithoutShowingWhatMayBeAPassword) {
  for (const char* text :
       {"socks5h://ann:hunter2@x", "socks5h://ann:hunter2@x:0", "socks5h://ann:hunter2@x:65536",
        "socks5h://:hunter2@x:1", "socks5h://ann:hunter2%@x:1", "socks5h://ann:hunter2%00@x:1",
        "socks5h://ann:hunter2@::1:1", "socks5://ann:hunter2@x:1"}) {
    const Home home;
    const auto loaded =
        home.load_text(std::string(kMinimal) + "proxy = \"" + std::string(text) + "\"\n");
    ASSERT_FALSE(loaded) << text;
    for (const Problem& problem : loaded.error()) {
      EXPECT_THAT(problem.message + problem.hint, ::testing::Not(::testing::HasSubstr("hunter2")));
    }
  }
}

TEST(Tunnel, LeavesEncryptionToItselfUnlessAsked) {
  const AccountConfig plain = account_with("tunnel = [\"ssh\", \"host\", \"imap\"]");
  EXPECT_THAT(plain.tunnel, ElementsAre("ssh", "host", "imap"));
  EXPECT_EQ(plain.tls.mode, TlsMode::none);
  const AccountConfig inside =
      account_with("tunnel = \"ssh -W imap:143 host\"\ntls = { mode = \"starttls\" }");
  EXPECT_THAT(inside.tunnel, ElementsAre("/bin/sh", "-c", "ssh -W imap:143 host"));
  EXPECT_EQ(inside.tls.mode, TlsMode::starttls);
}

TEST(Tunnel, NeedsAHostForTlsAlone) {
  const Home home;
  EXPECT_TRUE(home.load_text("[account.a]\nuser = \"ann\"\ntunnel = [\"imapd\"]\n"));
  const auto loaded = home.load_text(
      "[account.a]\nuser = \"ann\"\ntunnel = [\"nc\"]\ntls = { mode = \"implicit\" }\n");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().front().message, ::testing::HasSubstr("needs `host`"));
}

TEST(Tunnel, OfNothingIsNone) {
  const AccountConfig account = account_with("tunnel = []");
  EXPECT_TRUE(account.tunnel.empty());
  EXPECT_EQ(account.tls.mode, TlsMode::implicit);
}

TEST(SecretSource, OfTheServiceManagerOrTheKeyring) {
  const auto credential = account_with("credential = \"mail\"").secret;
  ASSERT_TRUE(std::holds_alternative<PasswordCredential>(credential));
  EXPECT_EQ(std::get<PasswordCredential>(credential).name, "mail");
  EXPECT_TRUE(std::holds_alternative<PasswordKeyring>(account_with("keyring = true").secret));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(account_with("keyring = false").secret));
  EXPECT_TRUE(std::holds_alternative<PasswordCredential>(
      account_with("keyring = false\ncredential = \"mail\"").secret));
}

}  // namespace
}  // namespace sterna::config
