// SPDX-License-Identifier: Apache-2.0
// What holds for every plan, tried on thousands of worlds made by two users and an unreliable
// machine.
//
// A failure prints its seed; STERNA_SEED=n runs that one alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "model.h"
#include "notation.h"
#include "tests/support/sanitized.h"

namespace sterna::sync::test {
namespace {

using Random = std::mt19937_64;

// An observation of a world in which much has happened since the last pass.
Input random_world(std::uint64_t seed) {
  Model model(seed);
  Random random(seed + 1);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = random() % 12; i > 0; --i) model.mutate();
    model.pass({.skip = 0.1, .unrecorded = 0.1});
  }
  for (std::uint64_t i = 1 + random() % 12; i > 0; --i) model.mutate();
  return model.observe();
}

constexpr std::uint64_t kWorlds = ::sterna::test::kSanitized ? 150 : 1500;

void for_each_world(const std::function<void(Input, Random&)>& check) {
  const char* asked = std::getenv("STERNA_SEED");
  const std::uint64_t first = asked ? std::strtoull(asked, nullptr, 10) : 1;
  const std::uint64_t count = asked ? 1 : kWorlds;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("STERNA_SEED=" + std::to_string(seed));
    Random random(seed);
    check(random_world(seed), random);
    if (testing::Test::HasFailure()) return;
  }
}

bool is_removal(const Action& action) {
  return std::holds_alternative<DeleteOut>(action.what) ||
         std::holds_alternative<DeleteIn>(action.what);
}

// By mailbox and UID: how they are carried out may change with what else is known.
std::set<MessageKey> removals(const Plan& plan) {
  std::set<MessageKey> keys;
  for (const Action& action : plan.actions) {
    if (const auto* out = std::get_if<DeleteOut>(&action.what)) {
      keys.insert({out->where.mailbox, out->uid});
    }
    if (const auto* in = std::get_if<DeleteIn>(&action.what)) {
      keys.insert({in->where.mailbox, in->uid});
    }
  }
  return keys;
}

template <class Items>
std::size_t pick(const Items& items, Random& random) {
  return items.empty() ? 0 : random() % items.size();
}

TEST(Property, NothingIsRemovedWhereEverythingIsUnknown) {
  for_each_world([](Input input, Random&) {
    for (MailboxInput& in : input.mailboxes) in.remote.coverage = Coverage::unknown;
    EXPECT_EQ(removals(plan(input)).size(), 0U);
    for (MailboxInput& in : input.mailboxes) {
      in.remote.coverage = Coverage::complete;
      in.local.coverage = Coverage::unknown;
    }
    EXPECT_EQ(removals(plan(input)).size(), 0U);
  });
}

TEST(Property, NothingIsRemovedFromAMailboxOfWhichASideIsUnknown) {
  for_each_world([](Input input, Random& random) {
    MailboxInput& in = input.mailboxes[pick(input.mailboxes, random)];
    switch (random() % 4) {
      case 0:
        in.remote.coverage = Coverage::unknown;
        break;
      case 1:
        in.local.coverage = Coverage::unknown;
        break;
      case 2:
        in.local.suspect = true;
        break;
      default:
        in.remote.uidvalidity = UidValidity(5);
        break;
    }
    for (const MessageKey& key : removals(plan(input))) EXPECT_NE(key.mailbox, in.id);
  });
}

TEST(Property, NothingLeavesAMailboxOfWhichASideIsUnknown) {
  for_each_world([](Input input, Random& random) {
    MailboxInput& in = input.mailboxes[pick(input.mailboxes, random)];
    if (random() % 2 == 0) {
      in.remote.coverage = Coverage::unknown;
    } else {
      in.local.suspect = true;
    }
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<MoveOut>(&action.what);
      const auto* move_in = std::get_if<MoveIn>(&action.what);
      const auto* upload = std::get_if<Upload>(&action.what);
      if (out) EXPECT_NE(out->to.mailbox, in.id);
      if (out && in.remote.coverage == Coverage::unknown) EXPECT_NE(out->from.mailbox, in.id);
      if (move_in) EXPECT_NE(move_in->to.mailbox, in.id);
      if (move_in && in.local.suspect) EXPECT_NE(move_in->file_mailbox, in.id);
      if (upload) EXPECT_NE(upload->where.mailbox, in.id);
    }
  });
}

TEST(Property, ADisappearedFileIsNotSentWhileAnyMailboxHereIsUnknown) {
  for_each_world([](Input input, Random& random) {
    MailboxInput& in = input.mailboxes[pick(input.mailboxes, random)];
    in.local.coverage = random() % 2 == 0 ? Coverage::unknown : Coverage::changes;
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<DeleteOut>(&action.what);
      if (!out) continue;
      EXPECT_TRUE(out->proof.starts_with("replaced") || out->proof.starts_with("its copy"))
          << out->proof;
    }
  });
}

TEST(Property, TakingAnAbsenceAwayNeverAddsARemoval) {
  for_each_world([](Input input, Random& random) {
    const std::set<MessageKey> before = removals(plan(input));
    MailboxInput& in = input.mailboxes[pick(input.mailboxes, random)];
    if (random() % 2 == 0 && !in.local.gone.empty()) {
      in.local.gone.erase(in.local.gone.begin() +
                          static_cast<std::ptrdiff_t>(pick(in.local.gone, random)));
    } else if (!in.remote.gone.empty()) {
      in.remote.gone.remove(random() % 2 == 0 ? in.remote.gone.first() : in.remote.gone.last());
    }
    for (const MessageKey& key : removals(plan(input))) {
      // What is still seen to be gone may be deleted where before it was explained as a move of
      // what is equal; nothing that was not gone before may, but for what an earlier pass began.
      const auto row = std::ranges::find(input.rows, key, &MessageRow::key);
      const bool known = row != input.rows.end();
      const bool begun =
          !input.intents.empty() ||
          (known && (row->state == RowState::deleting || row->state == RowState::dropping));
      if (before.contains(key) || begun) continue;
      const MailboxInput& of = *std::ranges::find(input.mailboxes, key.mailbox, &MailboxInput::id);
      const bool locally = std::ranges::find(of.local.gone, key.uid) != of.local.gone.end();
      EXPECT_TRUE(locally || of.remote.gone.contains(key.uid));
    }
  });
}

TEST(Property, WithoutAbsencesNothingIsRemovedThatWasNotBegun) {
  for_each_world([](Input input, Random&) {
    for (MailboxInput& in : input.mailboxes) {
      in.local.gone.clear();
      in.remote.gone = UidSet();
    }
    std::erase_if(input.rows, [](const MessageRow& row) {
      return row.state == RowState::deleting || row.state == RowState::dropping;
    });
    std::erase_if(input.intents,
                  [](const Intent& intent) { return intent.kind == IntentKind::move_out; });
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<DeleteOut>(&action.what);
      EXPECT_TRUE(!is_removal(action) || (out && out->proof.starts_with("replaced")));
    }
  });
}

TEST(Property, TheOrderOfObservationsDoesNotMatter) {
  for_each_world([](Input input, Random& random) {
    const std::string expected = told(input);
    const std::string wanted = show_wanted(input);
    std::ranges::shuffle(input.mailboxes, random);
    std::ranges::shuffle(input.rows, random);
    std::ranges::shuffle(input.intents, random);
    for (MailboxInput& in : input.mailboxes) {
      std::ranges::shuffle(in.local.arrived, random);
      std::ranges::shuffle(in.local.changed, random);
      std::ranges::shuffle(in.local.gone, random);
      std::ranges::shuffle(in.remote.details, random);
      std::ranges::shuffle(in.remote.flags, random);
    }
    EXPECT_EQ(told(input), expected);
    EXPECT_EQ(show_wanted(input), wanted);
  });
}

TEST(Property, EveryActionHasAReasonAndEveryRemovalAProof) {
  for_each_world([](Input input, Random&) {
    for (const Action& action : plan(input).actions) {
      EXPECT_FALSE(action.reason.empty());
      const auto* out = std::get_if<DeleteOut>(&action.what);
      const auto* in = std::get_if<DeleteIn>(&action.what);
      if (out) EXPECT_FALSE(out->proof.empty());
      if (in) EXPECT_FALSE(in->proof.empty());
    }
  });
}

TEST(Property, EveryRemovalOfTheServerKnowsWhatItRemoves) {
  for_each_world([](Input input, Random&) {
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<DeleteOut>(&action.what);
      const auto* move = std::get_if<MoveOut>(&action.what);
      if (out) EXPECT_GT(out->identity.size, 0U);
      if (out) EXPECT_EQ(out->where.uidvalidity, validity_of(out->where.mailbox));
      if (move) EXPECT_GT(move->identity.size, 0U);
      if (move) EXPECT_EQ(move->from.uidvalidity, validity_of(move->from.mailbox));
    }
  });
}

TEST(Property, DeletionsComeLast) {
  for_each_world([](Input input, Random&) {
    const Plan result = plan(input);
    EXPECT_TRUE(std::ranges::is_sorted(result.actions, {},
                                       [](const Action& action) { return action.what.index(); }));
  });
}

TEST(Property, TheBrakeLetsNoMoreThroughThanItsThreshold) {
  for_each_world([](Input input, Random& random) {
    const std::uint64_t at_least = 1 + random() % 3;
    for (MailboxInput& in : input.mailboxes) {
      in.brake = {0.0, at_least};
      in.window = {random() % 2, random() % 2, 0, 10};
    }
    std::erase_if(input.rows,
                  [](const MessageRow& row) { return row.state == RowState::deleting; });
    std::map<std::pair<MailboxId, bool>, std::uint64_t> count;
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<DeleteOut>(&action.what);
      const auto* in = std::get_if<DeleteIn>(&action.what);
      const bool finishes =
          out && (out->proof.starts_with("replaced") || out->proof.starts_with("its copy"));
      if (out && !finishes) ++count[{out->where.mailbox, true}];
      if (in) ++count[{in->where.mailbox, false}];
    }
    for (const MailboxInput& in : input.mailboxes) {
      if (in.role == Role::trash) continue;
      const std::uint64_t remote = count[{in.id, true}];
      const std::uint64_t local = count[{in.id, false}];
      EXPECT_TRUE(remote == 0 || remote + in.window.removed_remote < at_least);
      EXPECT_TRUE(local == 0 || local + in.window.removed_local < at_least);
    }
  });
}

TEST(Property, NoFileAndNoNewMessageIsTakenTwice) {
  for_each_world([](Input input, Random&) {
    std::set<std::uint64_t> files;
    std::set<MessageKey> messages;
    const auto take_file = [&](const LocalFile& file) {
      EXPECT_TRUE(files.insert(file.file.ino).second) << file.name;
    };
    const auto take = [&](MailboxId mailbox, Uid uid) {
      EXPECT_TRUE(messages.insert({mailbox, uid}).second) << uid.value;
    };
    const Plan result = plan(input);
    for (const Action& action : result.actions) {
      if (const auto* pair = std::get_if<Pair>(&action.what)) {
        take_file(pair->file);
        take(pair->where.mailbox, pair->uid);
      } else if (const auto* move = std::get_if<MoveIn>(&action.what)) {
        take_file(move->file);
        take(move->to.mailbox, move->new_uid);
      } else if (const auto* out = std::get_if<MoveOut>(&action.what)) {
        take_file(out->file);
        take(out->from.mailbox, out->uid);
      } else if (const auto* upload = std::get_if<Upload>(&action.what)) {
        take_file(upload->file);
      } else if (const auto* pull = std::get_if<PullFlags>(&action.what)) {
        take_file(pull->file);
      } else if (const auto* download = std::get_if<Download>(&action.what)) {
        for (const Uid uid : download->uids.expand(100'000)) take(download->where.mailbox, uid);
      }
    }
    for (const Held& held : result.held) {
      if (held.file && held.kind == HeldKind::orphan) take_file(*held.file);
    }
  });
}

TEST(Property, NothingNewIsForgotten) {
  for_each_world([](Input input, Random&) {
    const Plan result = plan(input);
    std::string text = show(input, result);
    for (const Action& action : result.actions) {
      const auto* push = std::get_if<PushFlags>(&action.what);
      if (push && push->file) text += push->file->name + "\n";
    }
    for (const MailboxInput& in : input.mailboxes) {
      for (const LocalArrival& arrival : in.local.arrived) {
        EXPECT_TRUE(text.contains(arrival.file.base)) << arrival.file.base << " in\n" << text;
      }
    }
  });
}

// A cursor that passes an absence which nothing was made of would never tell it again.
TEST(Property, WhatIsGoneFromTheServerIsActedUponOrItsMailboxWaits) {
  for_each_world([](Input input, Random& random) {
    MailboxInput& unknown = input.mailboxes[pick(input.mailboxes, random)];
    if (random() % 3 == 0) unknown.local.suspect = true;
    for (Intent& intent : input.intents) intent.looks = static_cast<unsigned>(random() % 5);
    const Plan result = plan(input);
    std::string text;
    for (const char c : show(input, result)) text += c == '=' ? ' ' : c;
    for (const MessageRow& row : input.rows) {
      const MailboxInput& in =
          *std::ranges::find(input.mailboxes, row.key.mailbox, &MailboxInput::id);
      if (!is_on_server(row.state) || !in.remote.gone.contains(row.key.uid)) continue;
      const std::string key = " " + in.name.text() + "/" + std::to_string(row.key.uid.value);
      const bool acted = text.contains(key + " ") || text.contains(key + "\n");
      const bool waits =
          std::ranges::find(result.waiting, in.id, &Waiting::mailbox) != result.waiting.end();
      EXPECT_TRUE(acted || waits) << key << " " << to_string(row.state) << " in\n" << text;
    }
  });
}

TEST(Property, NoUploadGoesWhereSomethingNewIsNotToldApart) {
  for_each_world([](Input input, Random&) {
    for (MailboxInput& in : input.mailboxes) {
      if (in.remote.details.size() % 2 == 0) in.remote.details.clear();
    }
    for (const Action& action : plan(input).actions) {
      const auto* upload = std::get_if<Upload>(&action.what);
      if (!upload) continue;
      const MailboxInput& in =
          *std::ranges::find(input.mailboxes, upload->where.mailbox, &MailboxInput::id);
      EXPECT_LE(in.remote.arrived.count(), in.remote.details.size());
    }
  });
}

TEST(Property, WhileAdoptingNothingIsRemoved) {
  for_each_world([](Input input, Random&) {
    std::erase_if(input.rows,
                  [](const MessageRow& row) { return row.state == RowState::deleting; });
    for (MailboxInput& in : input.mailboxes) in.adopting = true;
    for (const Action& action : plan(input).actions) {
      const auto* out = std::get_if<DeleteOut>(&action.what);
      EXPECT_TRUE(!is_removal(action) || (out && out->proof.starts_with("replaced")));
    }
  });
}

}  // namespace
}  // namespace sterna::sync::test
