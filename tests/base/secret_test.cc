// SPDX-License-Identifier: Apache-2.0
// A secret leaves nothing behind: not where it was moved from, not where another one took its
// place.
#include "sterna/base/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
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

// What the kernel says of the pages: "lo" locked, "dd" left out of dumps (proc(5), smaps).
std::string flags_of_pages(const void* place) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(place);
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream words(line);
    words >> std::hex >> begin >> dash >> end;
    if (dash == '-') inside = begin <= wanted && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Secret, LiesInMemoryThatIsNeitherSwappedNorDumped) {
  for (const std::string& word : {kShort, kLong}) {
    const Secret secret(word);
    EXPECT_EQ(CRYPTO_secure_allocated(secret.reveal().data()), 1);
    const std::string flags = flags_of_pages(secret.reveal().data());
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur >= 512 * 1024) EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
  }
}

TEST(Secret, OneThatFindsNoRoomThereLiesElsewhere) {
  const Secret large(std::string(1 << 20, 'x'));
  EXPECT_EQ(large.reveal().size(), std::size_t{1} << 20);
  EXPECT_EQ(CRYPTO_secure_allocated(large.reveal().data()), 0);
}

TEST(Secret, IsMovedWithoutACopy) {
  for (const std::string& word : {kShort, kLong}) {
    Secret from(word);
    const char* const octets = from.reveal().data();
    const Secret made(std::move(from));
    EXPECT_EQ(made.reveal(), word);
    EXPECT_EQ(made.reveal().data(), octets);
    EXPECT_TRUE(from.empty());
  }
}

TEST(Secret, LeavesNothingBehind) {
  const char* octets = nullptr;
  const auto has_word = [&octets] { return std::string_view(octets, kLong.size()) == kLong; };
  {
    const Secret secret(kLong);
    octets = secret.reveal().data();
    EXPECT_TRUE(has_word());
  }
  EXPECT_FALSE(has_word());

  Secret place(kLong);
  octets = place.reveal().data();
  place = Secret(kShort);
  EXPECT_EQ(place.reveal(), kShort);
  EXPECT_FALSE(has_word());
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
