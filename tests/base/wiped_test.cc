// SPDX-License-Identifier: Apache-2.0
// What held a secret has nothing of it afterwards, wherever the octets of a string lie: a short one
// has them in itself, and leaves them there when it is moved or dies.
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sterna/base/secret.h"

namespace sterna {
namespace {

const std::string kShort = "canary";
const std::string kLong = "canary that is too long to lie within the string itself";

// Also what is no longer part of anything.
bool holds(const void* place, std::size_t size, std::string_view what) {
  const volatile char* octets = static_cast<const volatile char*>(place);
  std::string seen;
  for (std::size_t i = 0; i < size; ++i) seen += octets[i];
  return seen.find(what) != std::string::npos;
}

// A place that outlives what is made in it.
template <class T>
class Place {
 public:
  template <class... Arguments>
  T& make(Arguments&&... arguments) {
    return *std::construct_at(reinterpret_cast<T*>(octets_), std::forward<Arguments>(arguments)...);
  }
  void end(T& made) { std::destroy_at(&made); }
  bool holds(std::string_view what) const { return sterna::holds(octets_, sizeof octets_, what); }

 private:
  alignas(T) std::byte octets_[sizeof(T)] = {};
};

TEST(Place, ShowsWhatAStringLeavesBehind) {
  Place<std::string> place;
  place.end(place.make(kShort));
  EXPECT_TRUE(place.holds("anary")) << "or the other tests show nothing";
}

TEST(Secret, OverwritesTheStringThatItIsMadeOf) {
  Place<std::string> place;
  std::string& from = place.make(kShort);
  const Secret secret(std::move(from));
  EXPECT_EQ(secret.reveal(), kShort);
  EXPECT_TRUE(from.empty());
  EXPECT_FALSE(place.holds("anary"));

  std::string long_one = kLong;
  const char* octets = long_one.data();
  const Secret long_secret(std::move(long_one));
  EXPECT_EQ(long_secret.reveal(), kLong);
  EXPECT_EQ(long_one.data(), octets) << "the memory is still there to be looked at";
  EXPECT_FALSE(holds(octets, kLong.size(), "anary"));
}

TEST(Secret, LeavesAStringThatItOnlyCopiesAlone) {
  const std::string from = kShort;
  const Secret secret(from);
  EXPECT_EQ(secret.reveal(), from);
  EXPECT_EQ(from, kShort);
}

TEST(Secret, LeavesNothingWhereItDied) {
  Place<Secret> place;
  place.end(place.make(kShort));
  EXPECT_FALSE(place.holds("anary"));
}

TEST(WipedString, LeavesNothingWhereItDiedOrWasMovedFrom) {
  Place<WipedString> place;
  WipedString& first = place.make(kShort);
  EXPECT_TRUE(place.holds("anary"));
  WipedString moved(std::move(first));
  EXPECT_EQ(moved, kShort);
  EXPECT_TRUE(first.empty());
  EXPECT_FALSE(place.holds("anary"));
  first = std::move(moved);
  EXPECT_EQ(first, kShort);
  EXPECT_TRUE(moved.empty());
  place.end(first);
  EXPECT_FALSE(place.holds("anary"));
}

TEST(WipedString, LeavesNothingOfItsOldValueBehindAShorterOne) {
  WipedString text(kLong);
  const char* octets = text.data();
  text = WipedString(kShort);
  EXPECT_EQ(text, kShort);
  ASSERT_EQ(text.data(), octets);
  EXPECT_FALSE(holds(octets + kShort.size(), kLong.size() - kShort.size(), "within"));
  const WipedString other("x");
  text = other;
  EXPECT_EQ(text, other);
  ASSERT_EQ(text.data(), octets);
  EXPECT_FALSE(holds(octets, kLong.size(), "anary"));
}

TEST(WipedString, SurvivesItself) {
  WipedString text(kLong);
  WipedString& same = text;
  text = same;
  EXPECT_EQ(text, kLong);
  text = std::move(same);
  EXPECT_EQ(text, kLong);
}

}  // namespace
}  // namespace sterna
