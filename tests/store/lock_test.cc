// SPDX-License-Identifier: Apache-2.0
// One writer a directory; readers beside it.
#include <gmock/gmock.h>

#include "child.h"
#include "support.h"

namespace sterna::store {
namespace {

using ::testing::HasSubstr;

TEST(Lock, KeepsASecondWriterOut) {
  const StateDirectory state;
  auto store = state.open();
  const auto second = Store::open(state.path(), false);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::locked);
  EXPECT_EQ(second.error().scope(), ErrorScope::account);
  EXPECT_THAT(second.error().message(),
              HasSubstr("another sterna uses the state in " + state.path()));
  store.reset();
  EXPECT_TRUE(Store::open(state.path(), false));
}

TEST(Lock, OfAnotherProcessEndsWhenItIsKilled) {
  const StateDirectory state;
  Child child([&](const Child::Report& report) {
    const auto store = state.open();
    report();
    ::pause();
    return 0;
  });
  ASSERT_TRUE(child.wait_for(1));
  const auto beside = Store::open(state.path(), false);
  ASSERT_FALSE(beside);
  EXPECT_EQ(beside.error().code(), ErrorCode::locked);
  child.kill();
  EXPECT_TRUE(Store::open(state.path(), false));
}

TEST(Lock, LetsAReaderSeeWhatIsCommittedBesideAWriter) {
  const StateDirectory state;
  const auto writer = state.open();
  change(*writer, [&] { must(writer->set("epoch", "1")); });
  const auto reader = state.open_to_read();
  {
    Store::Transaction transaction = must(writer->begin(Durability::full));
    must(writer->set("epoch", "2"));
    EXPECT_EQ(must(reader->get("epoch")), "1");
    EXPECT_EQ(must(writer->get("epoch")), "2");
    must(transaction.commit());
  }
  EXPECT_EQ(must(reader->get("epoch")), "2");
}

TEST(Lock, AReaderDoesNotKeepAWriterOut) {
  const StateDirectory state;
  state.open();
  const auto reader = state.open_to_read();
  {
    const auto writer = state.open();
    change(*writer, [&] { must(writer->set("epoch", "1")); });
    must(writer->checkpoint());
  }
  EXPECT_EQ(must(reader->get("epoch")), "1");
  const auto writer = state.open();
  change(*writer, [&] { must(writer->set("epoch", "2")); });
  EXPECT_EQ(must(reader->get("epoch")), "2");
}

TEST(Lock, AReaderInAnotherProcessSeesTheWritersCommits) {
  const StateDirectory state;
  const auto writer = state.open();
  change(*writer, [&] { must(writer->set("epoch", "1")); });
  Child reader([&](const Child::Report&) {
    return must(state.open_to_read()->get("epoch")) == "1" ? 0 : 2;
  });
  EXPECT_EQ(reader.wait(), 0);
  change(*writer, [&] { must(writer->set("epoch", "2")); });
  EXPECT_EQ(must(writer->get("epoch")), "2");
}

}  // namespace
}  // namespace sterna::store
