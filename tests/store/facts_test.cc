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

}  // namespace
}  // namespace sterna::store
