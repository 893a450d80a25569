// SPDX-License-Identifier: Apache-2.0
#include "support.h"

namespace sterna::store {
namespace {

auto fields(const Intent& intent) {
  return std::tuple_cat(
      std::tuple(intent.kind, intent.mailbox, intent.uidvalidity, intent.uid, intent.target,
                 intent.target_uidvalidity, intent.target_uid_next, intent.target_name),
      std::tuple(intent.base_name, intent.flags.to_string(), intent.to_trash, intent.at_ms,
                 intent.looks, intent.stored),
      store::fields(intent.identity));
}

Intent whole_intent(MailboxId mailbox) {
  Intent intent;
  intent.kind = IntentKind::move_out;
  intent.mailbox = mailbox;
  intent.uidvalidity = UidValidity{UINT32_MAX};
  intent.uid = Uid{12};
  intent.target = MailboxId{4};
  intent.target_uidvalidity = UidValidity{5};
  intent.target_uid_next = kUidMax;
  intent.target_name = "Archive/2024";
  intent.base_name = "17.host,U=12";
  intent.identity = identity_of("moved");
  intent.flags = FlagSet::parse("\\Flagged $Forwarded todo");
  intent.to_trash = true;
  intent.at_ms = 1'700'000'000'123;
  intent.looks = 2;
  intent.stored = true;
  return intent;
}

TEST(Intents, ComeBackAsTheyWereWrittenAndInThatOrder) {
  const StateDirectory state;
  const Intent whole = whole_intent(MailboxId{3});
  std::vector<IntentId> ids;
  {
    const auto store = state.open();
    change(*store, [&] {
      ids.push_back(must(store->add_intent(whole)));
      ids.push_back(must(store->add_intent(Intent{})));
    });
  }
  const auto intents = must(state.open()->intents());
  ASSERT_EQ(intents.size(), 2U);
  EXPECT_EQ(intents[0].id, ids[0]);
  EXPECT_EQ(fields(intents[0]), fields(whole));
  EXPECT_EQ(intents[1].id, ids[1]);
  EXPECT_EQ(fields(intents[1]), fields(Intent{}));
}

TEST(Intents, OfEveryKindComeBack) {
  const StateDirectory state;
  const auto store = state.open();
  const IntentKind kinds[] = {IntentKind::upload,         IntentKind::move_out,
                              IntentKind::move_in,        IntentKind::delete_out,
                              IntentKind::mailbox_create, IntentKind::mailbox_rename,
                              IntentKind::mailbox_delete};
  change(*store, [&] {
    for (const IntentKind kind : kinds) {
      Intent intent;
      intent.kind = kind;
      must(store->add_intent(intent));
    }
  });
  const auto intents = must(store->intents());
  ASSERT_EQ(intents.size(), std::size(kinds));
  for (std::size_t i = 0; i < intents.size(); ++i) EXPECT_EQ(intents[i].kind, kinds[i]);
}

TEST(Intents, AreUpdatedAndClosedOneByOne) {
  const StateDirectory state;
  const auto store = state.open();
  Intent first;
  Intent second;
  change(*store, [&] {
    first.id = must(store->add_intent(first));
    second.id = must(store->add_intent(second));
  });
  second = [&] {
    Intent changed = whole_intent(MailboxId{8});
    changed.id = second.id;
    return changed;
  }();
  change(*store, [&] {
    must(store->update_intent(second));
    must(store->close_intent(first.id));
  });
  const auto intents = must(store->intents());
  ASSERT_EQ(intents.size(), 1U);
  EXPECT_EQ(intents[0].id, second.id);
  EXPECT_EQ(fields(intents[0]), fields(second));
}

}  // namespace
}  // namespace sterna::store
