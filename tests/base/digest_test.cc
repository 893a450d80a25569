// SPDX-License-Identifier: Apache-2.0
// Known answers: digests and hashes are stored, and have to be the same ever after.
#include "sterna/base/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sterna {
namespace {

using namespace std::string_literals;

TEST(Sha256, IsThatOfFips180) {
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  const std::string whole(1000, 'm');
  for (const std::size_t size : {1U, 63U, 64U, 65U, 999U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < whole.size(); at += size) hash.update(whole.substr(at, size));
    Sha256 moved = std::move(hash);
    EXPECT_EQ(moved.finish(), sha256(whole)) << size;
  }
}

TEST(Digest, IsReadFromThirtyTwoOctetsAlone) {
  const Digest digest = sha256("abc");
  EXPECT_EQ(Digest::from_bytes(digest.raw()), digest);
  EXPECT_EQ(Digest::from_bytes(digest.raw().substr(1)), std::nullopt);
  EXPECT_EQ(Digest::from_bytes(std::string(digest.raw()) + "x"), std::nullopt);
  EXPECT_EQ(Digest::from_bytes(""), std::nullopt);
}

TEST(Hash64, StaysWhatItWas) {
  EXPECT_EQ(hash64(""), 0xecba3df2c3383c52U);
  EXPECT_EQ(hash64("sterna"), 0x66411890633ca2c0U);
  EXPECT_EQ(hash64("\xff\0"s), 0x2ab544fdc0c6bcebU);
}

}  // namespace
}  // namespace sterna
