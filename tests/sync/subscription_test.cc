// SPDX-License-Identifier: Apache-2.0
// Mailboxes that are listed and not subscribed, where only subscribed ones are synced: a change of
// the policy, never a deletion.
#include <gtest/gtest.h>

#include "mailbox_story.h"

namespace sterna::sync::test {
namespace {

TEST(Subscription, OneThatEndsForgetsTheRowAlone) {
  Mailboxes world;
  world.known("A");
  world.on_server("A").subscribed = false;
  EXPECT_EQ(world.told(), "forget A\n");
  world.gone_here("A");
  EXPECT_EQ(world.told(), "forget A\n");
}
TEST(Subscription, OneThatEndsThawsNothing) {
  Mailboxes world;
  world.known("A");
  world.on_server("A").subscribed = false;
  world.here("A").suspect = true;
  EXPECT_EQ(world.told(), "forget A\n");
}
TEST(Subscription, ARenameIsFollowedBeforeItIsForgotten) {
  Mailboxes world;
  world.known("A");
  world.renamed_on_server("A", "B");
  world.on_server("B").subscribed = false;
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
}
TEST(Subscription, WithoutOneNothingIsMadeOnEitherSide) {
  Mailboxes world;
  world.remote("A").subscribed = false;
  EXPECT_EQ(world.told(), "");
  world.local("A");
  EXPECT_EQ(world.told(), "");
  world.on_server("A").subscribed = true;
  EXPECT_EQ(world.told(), "adopt new A\n");
}

}  // namespace
}  // namespace sterna::sync::test
