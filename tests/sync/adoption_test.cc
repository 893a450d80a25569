// SPDX-License-Identifier: Apache-2.0
// Adoption: the base is new, lost, restored, or of another UIDVALIDITY. Everything is paired by
// content, flags are united, nothing is deleted on any side.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

Input adopting(const Story& story) {
  Input input = read(story);
  for (MailboxInput& in : input.mailboxes) {
    in.adopting = true;
    in.base_uidvalidity = UidValidity();
  }
  return input;
}

std::string adopted(std::string_view remote, std::string_view local) {
  return told(adopting({"A B Trash:trash", "", remote, local}));
}

TEST(Adoption, PairsWhatIsTheSame) {
  EXPECT_EQ(adopted("A new 1 x S\nA new 2 y -", "A new n1 x S\nA new n2 y -"),
            "pair A/1 n1 S\npair A/2 n2 -\n");
}
TEST(Adoption, FetchesAndUploadsTheRest) {
  EXPECT_EQ(adopted("A new 1 x S", "A new n2 y S"), "download A/1\nupload A n2 S\n");
}
TEST(Adoption, DeletesNothing) {
  Input input = adopting({"A", "A 1 x S\nA 2 y S", "A gone 1", "A gone 2"});
  EXPECT_EQ(told(input), "wait A/1\nwait A/2\n");
}
TEST(Adoption, WhatMayBeTheMessageOfARowIsNotFetchedBesideItsFile) {
  Input input = read({"A", "A 1 x S", "A gone 1\nA new 7 x FS\nA new 8 y S", "A flags 1 RS"});
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(told(input), "download A/8\nwait A/1\nwait A/7\n");
  mailbox(input, "A").compared = true;
  EXPECT_EQ(told(input), "pair A/7 A1 FRS remote+R local+F forgets=A/1\ndownload A/8\n");
}
// Something in it may wait for ever, as where the mailbox is read-only: what was compared before is
// believed, and what is new is as doubtful as at first.
TEST(Adoption, OnceAllWasComparedAbsenceCounts) {
  Input input = adopting({"A Trash:trash", "A 1 x S\nA 2 y S\nA 3 z S", "A gone 1\nA readonly",
                          "A gone 3\nA new n1,U=7 w S mark=7"});
  mailbox(input, "A").compared = true;
  EXPECT_EQ(told(input), "forget A/3 dropped\ndelete_in A/1\nwait A n1,U=7\n");
  mailbox(input, "A").remote.read_only = false;
  EXPECT_EQ(told(input), "delete_in A/1\ndelete_out A/3 to_trash\nheld orphan A n1,U=7\n");
}
TEST(Adoption, WhatCameAfterAllWasComparedIsStillDoubted) {
  Input input = adopting({"A", "A 1 x S since=5\nA 2 y S since=5", "A gone 1", "A gone 2"});
  mailbox(input, "A").compared = true;
  EXPECT_EQ(told(input), "wait A/1\nwait A/2\n");
}
// Rows that were written since it began tell what both sides agreed on.
TEST(Adoption, FlagsOfWhatBothSidesMovedAreThoseOfItsRow) {
  Input both = read({"A B", "A 1 x DFS", "A gone 1\nB new 7 x FRS", "A gone 1\nB new A1 x DS"});
  mailbox(both, "A").adopting = true;
  EXPECT_EQ(told(both), "pair B/7 A1 RS remote-F local+R-D\nwait A/1\n");
  Input ours =
      read({"A B", "A 1 x DFS", "A gone 1\nB new 7 x FRS", "A gone 1\nB new A1 x DS from=A/1"});
  mailbox(ours, "A").adopting = true;
  EXPECT_EQ(told(ours), told(both));
  Input renamed = read({"A B", "A 1 x DS", "A gone 1\nB new 7 x S", "A gone 1\nB new n1 x DS"});
  mailbox(renamed, "A").adopting = true;
  EXPECT_EQ(told(renamed), "pair B/7 n1 S local-D\nwait A/1\n");
}
TEST(Adoption, FlagsAreUnitedWhereSeveralRowsMayBeMeant) {
  Input input = read({"A B", "A 1 x DS\nA 2 x S", "A gone 1\nA gone 2\nB new 7 x S",
                      "A gone 1\nA gone 2\nB new n1 x DS"});
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(told(input), "pair B/7 n1 DS remote+D\nwait A/1\nwait A/2\n");
}
TEST(Adoption, ASurplusFileOfAPairedMessageIsHeld) {
  EXPECT_EQ(adopted("A new 1 x S", "A new n1 x S mtime=1\nA new n2 x S mtime=2"),
            "pair A/1 n1 S\nheld orphan A n2\n");
}
TEST(Adoption, WhatIsHeldStaysHeldInLaterPasses) {
  EXPECT_EQ(told({"A", "", "", "A new n2 x S held"}), "held orphan A n2\n");
}

// --- marks of another synchronizer ---

TEST(ForeignMark, OfAMessageThatIsThereIsPaired) {
  EXPECT_EQ(adopted("A new 7 x S", "A new n1,U=7 x S mark=7"), "pair A/7 n1,U=7 S\n");
}
TEST(ForeignMark, SaysWhichOfEqualMessages) {
  EXPECT_EQ(adopted("A new 7 x S\nA new 8 x S", "A new n1,U=8 x S mark=8"),
            "pair A/8 n1,U=8 S\ndownload A/7\n");
}
TEST(ForeignMark, OfAMessageThatIsGoneIsHeld) {
  EXPECT_EQ(adopted("A new 8 y S", "A new n1,U=7 x S mark=7"),
            "download A/8\nheld orphan A n1,U=7\n");
}
TEST(ForeignMark, OfAMessageInAnotherMailboxTakesItsPlace) {
  EXPECT_EQ(adopted("B new 3 x S", "A new n1,U=7 x S mark=7"), "move_in A/0 -> B/3 A:n1,U=7 S\n");
}
TEST(ForeignMark, WaitsUntilEverythingIsToldApart) {
  EXPECT_EQ(adopted("B new 3 x S unseen", "A new n1,U=7 x S mark=7"),
            "download B/3\nwait A n1,U=7\n");
}
TEST(ForeignMark, WaitsForAMailboxThatWasNotSeen) {
  EXPECT_EQ(adopted("B unknown", "A new n1,U=7 x S mark=7"), "wait A n1,U=7\n");
}
TEST(ForeignMark, MeansNothingLater) {
  EXPECT_EQ(told({"A", "", "", "A new n1,U=7 x S mark=7"}), "upload A n1,U=7 S\n");
}

// --- our own names (rule 17) ---

TEST(OwnName, OfAMessageThatIsGoneIsHeld) {
  EXPECT_EQ(adopted("", "A new n1 x S from=A/7"), "held orphan A n1\n");
  EXPECT_EQ(told({"A", "", "", "A new n1 x S from=A/7"}), "held orphan A n1\n");
}
TEST(OwnName, OfAMessageInAnotherMailboxTakesItsPlace) {
  EXPECT_EQ(adopted("B new 3 x S", "A new n1 x S from=A/7"), "move_in A/0 -> B/3 A:n1 S\n");
}
TEST(OwnName, OfAMailboxThatWasNotSeenWaits) {
  EXPECT_EQ(told({"A B", "", "B unknown", "A new n1 x S from=B/7"}), "wait A n1\n");
}
TEST(OwnName, OfATombstoneIsTheUsersAgain) {
  EXPECT_EQ(told({"A", "A 7 x S tombstone name=n1", "", "A new n1 x S from=A/7"}),
            "upload A n1 S\n");
}
TEST(OwnName, BackAfterAnUncleanStopIsHeld) {
  EXPECT_EQ(told({"A", "A 7 x S tombstone name=n1", "", "A new n1 x S from=A/7 resurrected"}),
            "held resurrected A n1\n");
}
// A backup lacks the mailbox that it was moved to: it would be a second one.
TEST(OwnName, BackAfterAnUncleanStopWaitsForAMailboxThatMayHaveItsMessage) {
  for (const char* unseen : {"B suspect", "B unknown"}) {
    EXPECT_EQ(told({"A B", "B 1 x S name=n1", "",
                    "A new n1 x S from=A/7 resurrected\n" + std::string(unseen)}),
              "wait A n1\nunsettled A\n");
  }
  EXPECT_EQ(told({"A B", "B 1 x S", "", "A new n1 x S from=A/7 resurrected\nB suspect"}),
            "wait A n1\nunsettled A\n");
  EXPECT_EQ(told({"A B", "B 1 y S", "", "A new n1 x S from=A/7 resurrected\nB suspect"}),
            "held resurrected A n1\n");
}
TEST(OwnName, OfAMessageThatWasMovedThereHasTheFlagsThatWereAgreedOn) {
  const auto fetched = [](const char* remote, const char* local) {
    const std::string there = "A gone 1\nB new 7 x " + std::string(remote);
    const std::string here = "B new B7 x " + std::string(local) + " from=B/7";
    return told({"A B Trash:trash", "A 1 x FS", there, here});
  };
  EXPECT_EQ(fetched("S", "FS"), "pair B/7 B7 S local-F\ndelete_in A/1\n");
  EXPECT_EQ(fetched("RS", "FS"), "pair B/7 B7 RS local+R-F\ndelete_in A/1\n");
  EXPECT_EQ(fetched("FS", "S"), "pair B/7 B7 FS local+F\ndelete_in A/1\n");
  EXPECT_EQ(fetched("FS", "FRS"), "pair B/7 B7 FRS remote+R\ndelete_in A/1\n");
}
// Else it would be left over beside the file that was moved, and sent one day.
TEST(OwnName, OfAMessageThatWasMovedThereIsNoMove) {
  EXPECT_EQ(told({"A B Trash:trash", "A 1 x S", "A gone 1\nB new 7 x S", "B new B7 x S from=B/7"}),
            "pair B/7 B7 S\ndelete_in A/1\n");
}
TEST(OwnName, OfOtherContentIsNone) {
  EXPECT_EQ(told({"A B Trash:trash", "A 1 x S", "A gone 1\nB new 7 x S", "B new B7 y S from=B/7"}),
            "move_in A/1 -> B/7 A:A1 S\nheld orphan B B7\n");
}
TEST(OwnName, OfAMessageThatIsYetToBeFetchedIsNoProof) {
  EXPECT_EQ(told({"A", "A 7 x S wanted name=n1", "", "A new n1 torn S from=A/7"}),
            "download A/7\nheld orphan A n1\n");
}

// --- a part of what was fetched, left by a lost power ---

Input with_a_part(std::string_view base, std::string_view local, bool has_no_body = true) {
  Input input = read({"A B", base, base.empty() ? "A new 7 x S" : "A detail 7 x", local});
  for (MailboxInput& in : input.mailboxes) {
    for (LocalArrival& arrival : in.local.arrived) {
      arrival.identity->size = 50;
      if (has_no_body) arrival.identity->body = 0x71d862214c7e0e0a;  // of the digest of nothing
    }
  }
  return input;
}
TEST(Part, OfAMessageThatIsThereIsFetchedAgain) {
  EXPECT_EQ(told(with_a_part("", "A new n1 torn S from=A/7 late")),
            "download A/7\nrepair A/7 n1\n");
  EXPECT_EQ(told(with_a_part("A 7 x S wanted name=n1", "A new n1 torn S from=A/7 late")),
            "download A/7\nrepair A/7 n1\n");
}
TEST(Part, ThatWasMovedIsFetchedWhereItsMessageIs) {
  EXPECT_EQ(told(with_a_part("", "B new n1 torn S from=A/7 late")),
            "download A/7\nrepair A/7 n1 in B\n");
}
TEST(Part, WithoutARestartIsTheUsers) {
  EXPECT_EQ(told(with_a_part("", "A new n1 torn S from=A/7")), "download A/7\nheld orphan A n1\n");
}
TEST(Part, OfItsBodyIsFetchedAgain) {
  EXPECT_EQ(told(with_a_part("", "A new n1 x S from=A/7 late", false)),
            "download A/7\nrepair A/7 n1\n");
}
TEST(Part, WithAnotherHeaderAndABodyIsHeld) {
  EXPECT_EQ(told(with_a_part("", "A new n1 torn S from=A/7 late", false)),
            "download A/7\nheld orphan A n1\n");
}
TEST(Part, OfNoMessageIsHeld) {
  EXPECT_EQ(told(with_a_part("", "A new n1 torn S from=A/8 late")),
            "download A/7\nheld orphan A n1\n");
}
TEST(Part, OfOtherSizeIsHeld) {
  Input input = with_a_part("", "A new n1 torn S from=A/7 late");
  mailbox(input, "A").local.arrived.front().identity->size = 5000;
  EXPECT_EQ(told(input), "download A/7\nheld orphan A n1\n");
}

TEST(Part, WithoutAHeaderIsOneUpToTheWholeSize) {
  Input input = with_a_part("", "A new n1 torn S from=A/7 late headless", false);
  Identity& here = *mailbox(input, "A").local.arrived.front().identity;
  here.size = identity_of("x").size;
  EXPECT_EQ(told(input), "download A/7\nrepair A/7 n1\n");
  ++here.size;
  EXPECT_EQ(told(input), "download A/7\nheld orphan A n1\n");
  input.server_sizes_reliable = false;
  here.size = 0;
  EXPECT_EQ(told(input), "download A/7\nrepair A/7 n1\n");
}
TEST(Part, IsFetchedAgainWhereNothingIsSent) {
  Input input = with_a_part("", "A new n1 torn S from=A/7 late");
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "download A/7\nrepair A/7 n1\n");
}

// --- another UIDVALIDITY ---

TEST(UidValidityChange, WithoutAdoptionNothingIsKnownOfTheOldRows) {
  Input input = read({"A", "A 1 x S", "A gone 1", "A gone 1"});
  mailbox(input, "A").remote.uidvalidity = UidValidity(7);
  EXPECT_EQ(told(input), "wait A/1\n");
}
TEST(UidValidityChange, ActionsCarryTheNewOne) {
  Input input = adopting({"A", "", "A new 1 x S", "A new n1 x S"});
  mailbox(input, "A").base_uidvalidity = UidValidity(3);
  mailbox(input, "A").remote.uidvalidity = UidValidity(7);
  const Plan plan = sync::plan(input);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(std::get<Pair>(plan.actions.front().what).where.uidvalidity, UidValidity(7));
}

// --- paired anew: the base was let go, and with it what its rows knew of moved files ---

Input paired_anew(const Story& story) {
  Input input = adopting(story);
  for (MailboxInput& in : input.mailboxes) in.paired_anew = true;
  return input;
}

TEST(PairedAnew, WhatABackupHasWhereItLayBeforeTakesTheServersPlace) {
  EXPECT_EQ(told(paired_anew({"A B", "", "B new 3 x S", "A new n1 x S"})),
            "move_in A/0 -> B/3 A:n1 S\n");
}
TEST(PairedAnew, WhatIsNewWhereThereIsABaseMayBeACopy) {
  Input input = paired_anew({"A B", "", "A new 3 x S", "B new other x S"});
  mailbox(input, "B").adopting = mailbox(input, "B").paired_anew = false;
  EXPECT_EQ(told(input), "download A/3\nupload B other S\n");
}
TEST(PairedAnew, WhatIsInItsOwnMailboxBelongsThere) {
  EXPECT_EQ(told(paired_anew({"A B", "", "A new 2 x S\nB new 3 x S", "A new n1 x S"})),
            "pair A/2 n1 S\ndownload B/3\n");
}
TEST(PairedAnew, OtherContentIsTheUsers) {
  EXPECT_EQ(told(paired_anew({"A B", "", "B new 3 y S", "A new n1 x S"})),
            "download B/3\nupload A n1 S\n");
}
// A backup is restored to have back what was deleted.
TEST(PairedAnew, WhatWasDeletedThereIsRestored) {
  EXPECT_EQ(told(paired_anew({"A Trash:trash", "", "Trash new 3 x S", "A new n1 x S"})),
            "download Trash/3\nupload A n1 S\n");
}
TEST(PairedAnew, WhatMayBeInAMailboxThatIsNotThereWaitsForIt) {
  Input input = paired_anew({"A B", "B 3 x S", "", "B suspect\nA new n1 x S\nA new n2 y S"});
  EXPECT_EQ(told(input), "upload A n2 S\nwait A n1\n");
}
TEST(PairedAnew, WithoutABaseAFileElsewhereIsAnother) {
  EXPECT_EQ(adopted("B new 3 x S", "A new n1 x S"), "download B/3\nupload A n1 S\n");
}

// No absence is believed while adopting: a file of that content elsewhere may be the one.
TEST(Adoption, AFileMovedUnderAnotherNameIsNotSentAsNew) {
  Input input = read({"A B", "A 1 x S", "A gone 1", "A gone 1\nB new other x S"});
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(told(input), "wait A/1\nwait B other\n");
}

}  // namespace
}  // namespace sterna::sync::test
