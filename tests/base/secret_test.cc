// SPDX-License-Identifier: Apache-2.0
// A secret leaves nothing behind: not where it was moved from, not where another one took its
// place.
#include "sterna/base/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

namespace sterna {
namespace {

// Nobody prints one by accident.
static_assert(!fmt::is_formattable<Secret>::value);
template <class T>
concept Streamed = requires(std::ostream& out, const T& value) { out << value; };
static_assert(Streamed<std::string> && !Streamed<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

// Short enough to lie within the string itself, and too long for it.
const std::string kShort = "hunter2";
const std::string kLong = "correct horse battery staple and some more";

// The octets of a string that was emptied and still owns them.
bool is_clean(const char* octets, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (static_cast<const volatile char*>(octets)[i] != '\0') return false;
  }
  return true;
}

TEST(Wipe, OverwritesAndEmpties) {
  for (std::string word : {kShort, kLong}) {
    const std::size_t size = word.size();
    wipe(word);
    EXPECT_TRUE(word.empty());
    EXPECT_TRUE(is_clean(word.data(), size));
    wipe(word);
    EXPECT_TRUE(word.empty());
  }
}

TEST(Secret, IsCopiedWhole) {
  const Secret first(kLong);
  Secret second = first;
  EXPECT_EQ(second.reveal(), kLong);
  second = Secret(kShort);
  EXPECT_EQ(second.reveal(), kShort);
  second = first;
  EXPECT_EQ(second.reveal(), kLong);
  EXPECT_EQ(first.reveal(), kLong);
}

TEST(Secret, LeavesNothingWhereItWasMovedFrom) {
  for (const std::string& word : {kShort, kLong}) {
    Secret from(word);
    const char* const octets = from.reveal().data();
    const Secret made(std::move(from));
    EXPECT_EQ(made.reveal(), word);
    EXPECT_TRUE(from.empty());
    EXPECT_TRUE(is_clean(octets, word.size()));

    Secret again(word);
    const char* const old_octets = again.reveal().data();
    Secret assigned;
    assigned = std::move(again);
    EXPECT_EQ(assigned.reveal(), word);
    EXPECT_TRUE(again.empty());
    EXPECT_TRUE(is_clean(old_octets, word.size()));
  }
}

TEST(Secret, IsOverwrittenByOneThatIsShorter) {
  Secret place(kLong);
  const char* const octets = place.reveal().data();
  place = Secret(kShort);
  EXPECT_EQ(place.reveal(), kShort);
  ASSERT_EQ(place.reveal().data(), octets);  // the same place, or this shows nothing
  EXPECT_TRUE(is_clean(octets + kShort.size(), kLong.size() - kShort.size()));
}

TEST(Secret, SurvivesItself) {
  Secret secret(kLong);
  Secret& same = secret;
  secret = same;
  EXPECT_EQ(secret.reveal(), kLong);
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), kLong);
}

}  // namespace
}  // namespace sterna
