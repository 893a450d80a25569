// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace sterna::store {
namespace {

using namespace std::string_literals;

TEST(Facts, AreSetReplacedAndUnset) {
  const StateDirectory state;
  const auto store = state.open();
  EXPECT_EQ(must(store->get("epoch")), std::nullopt);
  change(*store, [&] { must(store->set("epoch", "1")); });
  EXPECT_EQ(must(store->get("epoch")), "1");
  change(*store, [&] { must(store->set("epoch", "2")); });
  EXPECT_EQ(must(store->get("epoch")), "2");
  change(*store, [&] { must(store->unset("epoch")); });
  EXPECT_EQ(must(store->get("epoch")), std::nullopt);
}

TEST(Facts, ComeBackOctetByOctet) {
  const StateDirectory state;
  const auto store = state.open();
  for (const std::string& value : {""s, "a\0b"s, "\xff\xfe"s, "it's \"quoted\""s, "\n"s}) {
    change(*store, [&] { must(store->set("value", value)); });
    EXPECT_EQ(must(store->get("value")), value);
  }
  change(*store, [&] { must(store->set("value", std::string_view())); });
  EXPECT_EQ(must(store->get("value")), "");
}

TEST(Facts, AreFoundByTheBeginningOfTheirKeys) {
  const StateDirectory state;
  const auto store = state.open();
  change(*store, [&] {
    for (const char* key : {"kept:1:b", "kept:1:", "kept:1:a\xff", "kept:12:a", "kept:2:a", "kept"})
      must(store->set(key, "1"));
  });
  const std::vector<std::string> found{"kept:1:", "kept:1:a\xff", "kept:1:b"};
  EXPECT_EQ(must(store->keys_with_prefix("kept:1:")), found);
  EXPECT_TRUE(must(store->keys_with_prefix("gone:")).empty());
}

}  // namespace
}  // namespace sterna::store
