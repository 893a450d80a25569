// SPDX-License-Identifier: Apache-2.0
// What is freed is looked at as a debugger would: through the kernel.
#include "sterna/base/wiping_heap.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "sterna/base/unique_fd.h"
#include "tests/support/sanitized.h"

namespace sterna {
namespace {

// The heap writes into the first octets of what is freed.
constexpr std::size_t kOctets = 200;
constexpr std::string_view kCanary = "canary";

char* fill(void* memory) {
  char* octets = static_cast<char*>(memory);
  std::memset(octets, ' ', kOctets);
  std::memcpy(octets + kOctets - kCanary.size(), kCanary.data(), kCanary.size());
  return octets;
}

std::string filled_text() {
  std::string text(kOctets, ' ');
  fill(text.data());
  return text;
}

// At an address, whoever owns it by now.
bool is_canary_at(std::uintptr_t place) {
  char octets[kOctets] = {};
  const UniqueFd memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  const ssize_t count = ::pread(memory.get(), octets, sizeof octets, static_cast<off_t>(place));
  return count == static_cast<ssize_t>(kOctets) &&
         std::string_view(octets, kOctets).ends_with(kCanary);
}

std::uintptr_t place_of(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory);
}

// In the frame of a call that has returned, deeper than that of whoever looks at it.
[[gnu::noinline]] std::uintptr_t leave_on_stack() {
  char octets[20'000];
  return place_of(fill(static_cast<char*>(octets)));
}

TEST(WipeLeftovers, OverwritesWhatCallsLeftBehind) {
  if (test::kSanitized) GTEST_SKIP() << "a sanitizer has frames of its own";
  EXPECT_TRUE(is_canary_at(leave_on_stack())) << "or the next one shows nothing";
  const std::uintptr_t place = leave_on_stack();
  wipe_leftovers();
  EXPECT_FALSE(is_canary_at(place));
}

TEST(WipingHeap, ShowsWhatFreeLeavesBehind) {
  char* octets = fill(std::malloc(kOctets));
  const std::uintptr_t place = place_of(octets);
  EXPECT_TRUE(is_canary_at(place));
  std::free(octets);
  EXPECT_TRUE(is_canary_at(place)) << "or the other tests show nothing";
}

TEST(WipingHeap, FreesWhatItOverwrote) {
  char* octets = fill(std::malloc(kOctets));
  const std::uintptr_t place = place_of(octets);
  wiping_free(octets);
  EXPECT_FALSE(is_canary_at(place));
  wiping_free(nullptr);
}

TEST(WipingHeap, MovesWhatGrowsAndOverwritesWhereItWas) {
  char* octets = fill(wiping_realloc(nullptr, kOctets));
  const std::uintptr_t place = place_of(octets);
  char* larger = static_cast<char*>(wiping_realloc(octets, 10 * kOctets));
  ASSERT_NE(larger, nullptr);
  EXPECT_TRUE(std::string_view(larger, kOctets).ends_with(kCanary));
  EXPECT_FALSE(is_canary_at(place));

  const std::uintptr_t place_of_larger = place_of(larger);
  char* smaller = static_cast<char*>(wiping_realloc(larger, 3));
  ASSERT_NE(smaller, nullptr);
  EXPECT_EQ(std::string_view(smaller, 3), "   ");
  EXPECT_FALSE(is_canary_at(place_of_larger));
  EXPECT_EQ(wiping_realloc(smaller, 0), nullptr);
}

TEST(WipingHeap, KeepsWhatCannotGrow) {
  char* octets = fill(std::malloc(kOctets));
  const volatile std::size_t too_much = SIZE_MAX / 2 - 1;
  if (!test::kSanitized) EXPECT_EQ(wiping_realloc(octets, too_much), nullptr);
  EXPECT_TRUE(std::string_view(octets, kOctets).ends_with(kCanary));
  wiping_free(octets);
}

// Where the old buffer of a text was that had to grow.
std::uintptr_t grow(std::string text) {
  const std::uintptr_t place = place_of(text.data());
  text.append(text.capacity(), 'x');
  EXPECT_NE(place_of(text.data()), place);
  return place;
}

TEST(WipedDeletes, OverwriteWhileOneLives) {
  if (test::kSanitized) GTEST_SKIP() << "sanitizers have a delete of their own";
  {
    const WipedDeletes outer;
    {
      const WipedDeletes inner;
    }
    EXPECT_FALSE(is_canary_at(grow(filled_text())));
    auto object = std::make_unique<char[]>(kOctets);
    const std::uintptr_t place = place_of(fill(object.get()));
    object.reset();
    EXPECT_FALSE(is_canary_at(place));
  }
  EXPECT_TRUE(is_canary_at(grow(filled_text()))) << "and the others stay as fast as they were";
}

class OpensslDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void use_openssl() {
  const bool wipes = make_openssl_wipe();
  char* octets = fill(OPENSSL_malloc(kOctets));
  const std::uintptr_t place = place_of(octets);
  octets = static_cast<char*>(OPENSSL_realloc(octets, 2 * kOctets));
  const bool moved = octets && std::string_view(octets, kOctets).ends_with(kCanary);
  const bool left = is_canary_at(place);
  const std::uintptr_t second = place_of(octets);
  OPENSSL_free(octets);
  ::_exit(wipes && moved && !left && !is_canary_at(second) ? 0 : 1);
}

TEST_F(OpensslDeathTest, WipesWhereItIsToldInTime) {
  EXPECT_EXIT(use_openssl(), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void come_too_late() {
  OPENSSL_free(OPENSSL_malloc(kOctets));
  ::_exit(make_openssl_wipe() ? 1 : 0);
}

TEST_F(OpensslDeathTest, SaysThatItWasToldTooLate) {
  EXPECT_EXIT(come_too_late(), ::testing::ExitedWithCode(0), "what it frees is not overwritten");
}

}  // namespace
}  // namespace sterna
