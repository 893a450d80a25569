// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "src/oauth/seal.h"
#include "tests/support/temp_dir.h"

namespace sterna::oauth {
namespace {

Secret secret(std::string text) {
  return Secret(std::move(text));
}

const std::string kKey(44, 'k');

Tokens tokens() {
  Tokens tokens;
  tokens.access = secret("access-canary");
  tokens.refresh = secret("refresh-canary");
  tokens.previous_refresh = secret("previous-canary");
  tokens.issued_ms = 5;
  tokens.expires_ms = 1'900'000'000'000;
  tokens.scope = "mail";
  tokens.client_id = "id";
  tokens.token_url = "https://login.example/token";
  tokens.user = "ann";
  return tokens;
}

class StoreTest : public ::testing::Test {
 protected:
  TokenStore store(std::optional<std::string> key = {}, const std::string& account = "work") {
    std::optional<Secret> given;
    if (key) given = secret(*key);
    return TokenStore(directory_, account, Result<std::optional<Secret>>(given));
  }
  std::string text() {
    std::ifstream file(directory_ + "/tokens");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& text) {
    std::ofstream(directory_ + "/tokens") << text;
    ::chmod((directory_ + "/tokens").c_str(), 0600);
  }

  test::TempDir temp_;
  std::string directory_ = temp_ / "state/work";
};

TEST_F(StoreTest, HasNothingBeforeALogin) {
  EXPECT_FALSE(store().read().value());
  EXPECT_TRUE(store().forget());
}

TEST_F(StoreTest, GivesBackWhatItWasGivenAndKeepsItToItsOwner) {
  ASSERT_TRUE(store().write(tokens()));
  EXPECT_EQ(store().read().value(), tokens());
  EXPECT_FALSE(store().is_encrypted());
  struct stat stat{};
  ASSERT_EQ(::stat((directory_ + "/tokens").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(directory_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777U, 0700U);
}

TEST_F(StoreTest, WritesJsonThatIsTheSameEachTime) {
  Tokens one = tokens();
  one.access = secret("quote\" back\\ \x01");
  one.user = "ann \"\xc3\xbc";
  ASSERT_TRUE(store().write(one));
  EXPECT_EQ(text(), R"({
  "access_token": "quote\" back\\ \u0001",
  "client_id": "id",
  "expires_ms": 1900000000000,
  "issued_ms": 5,
  "previous_refresh_token": "previous-canary",
  "refresh_token": "refresh-canary",
  "schema": 1,
  "scope": "mail",
  "token_url": "https://login.example/token",
  "user": "ann \"ü"
}
)");
  EXPECT_EQ(store().read().value(), one);
}

TEST_F(StoreTest, SurvivesALeftoverOfAWriterThatDied) {
  ASSERT_TRUE(store().write(tokens()));
  std::ofstream(directory_ + "/tokens.new") << "{\"half";
  EXPECT_EQ(store().read().value(), tokens());
  Tokens more = tokens();
  more.access = secret("another");
  ASSERT_TRUE(store().write(more));
  EXPECT_EQ(store().read().value(), more);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/tokens.new"));
}

TEST_F(StoreTest, EncryptsUnderAKey) {
  ASSERT_TRUE(store(kKey).write(tokens()));
  for (const char* canary : {"access-canary", "refresh-canary", "previous-canary", "ann"})
    EXPECT_EQ(text().find(canary), std::string::npos) << canary;
  EXPECT_TRUE(store().is_encrypted());
  EXPECT_EQ(store(kKey).read().value(), tokens());
}

TEST_F(StoreTest, SaysThatTheKeyIsMissingOrWrong) {
  ASSERT_TRUE(store(kKey).write(tokens()));
  const auto without = store().read();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), ErrorCode::secret);
  EXPECT_EQ(store(std::string(44, 'x')).read().error().code(), ErrorCode::secret);
  // What is sealed is of one account.
  EXPECT_EQ(store(kKey, "other").read().error().code(), ErrorCode::secret);
}

TEST_F(StoreTest, ReadsWhatWasWrittenWithoutAKeyAlsoWithOne) {
  ASSERT_TRUE(store().write(tokens()));
  EXPECT_EQ(store(kKey).read().value(), tokens());
}

TEST_F(StoreTest, RefusesAFileThatOthersCanRead) {
  ASSERT_TRUE(store().write(tokens()));
  ASSERT_EQ(::chmod((directory_ + "/tokens").c_str(), 0644), 0);
  const auto read = store().read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::secret);
}

TEST_F(StoreTest, CallsNonsenseCorrupt) {
  std::filesystem::create_directories(directory_);
  for (const char* text :
       {"", "{", "[]", "{\"schema\":1}", "{\"schema\":2,\"access_token\":\"a\"}",
        "{\"schema\":1,\"access_token\":\"a\",\"token_url\":\"u\",\"issued_ms\":-1}",
        "{\"schema\":1,\"sealed\":\"!\",\"nonce\":\"\",\"cipher\":\"\"}"}) {
    put(text);
    const auto read = store(kKey).read();
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::corrupt) << text;
  }
}

TEST_F(StoreTest, ForgetsWhatThereWas) {
  ASSERT_TRUE(store().write(tokens()));
  std::ofstream(directory_ + "/tokens.new") << "half";
  ASSERT_TRUE(store().forget());
  EXPECT_FALSE(store().read().value());
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/tokens.new"));
}

TEST_F(StoreTest, HasOneLock) {
  auto one = store().try_lock();
  ASSERT_TRUE(one.value());
  EXPECT_FALSE(store().try_lock().value());
  one->reset();
  EXPECT_TRUE(store().try_lock().value());
}

TEST_F(StoreTest, TakesItsKeyFromTheCredentialsOfTheUnit) {
  const auto with = [this](const std::string& text) {
    std::ofstream(temp_ / "sterna-token-key") << text;
    ::setenv("CREDENTIALS_DIRECTORY", temp_.path().c_str(), 1);
    auto key = token_key_of_environment();
    ::unsetenv("CREDENTIALS_DIRECTORY");
    return key;
  };
  EXPECT_FALSE(token_key_of_environment().value());
  EXPECT_EQ(with(kKey + "\n").value(), secret(kKey));
  EXPECT_EQ(with("short").error().code(), ErrorCode::secret);
  EXPECT_EQ(with(std::string(10'000, 'k')).error().code(), ErrorCode::secret);
}

TEST(Seal, OpensOnlyWhatItClosed) {
  const Secret key = secret(kKey);
  const auto sealed = seal(key, "about", secret("text"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(unseal(key, "about", *sealed).value(), secret("text"));
  EXPECT_FALSE(unseal(key, "other", *sealed));
  EXPECT_FALSE(unseal(secret("other"), "about", *sealed));
  for (std::size_t i = 0; i < sealed->text.size(); ++i) {
    Sealed changed = *sealed;
    changed.text[i] = static_cast<char>(changed.text[i] ^ 1);
    EXPECT_FALSE(unseal(key, "about", changed)) << i;
  }
  EXPECT_FALSE(unseal(key, "about", {.nonce = sealed->nonce, .text = "short"}));
  EXPECT_NE(seal(key, "about", secret("text"))->nonce, sealed->nonce);
}

}  // namespace
}  // namespace sterna::oauth
