// SPDX-License-Identifier: Apache-2.0
// What one of the two users does at one moment of a sync: the small tests that seeds of
// simulation_test.cc left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "stage.h"

namespace sterna::simulation {
namespace {

TEST_F(Stage, AMessageUnderANewUidWhoseFileIsMovedMeanwhileIsNotDoubled) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  moves("INBOX", uid, "m1");
  moves("m1", 1, "INBOX");
  server.find("INBOX")->set_flags(uid + 1, FlagSet{Flag::replied});
  at_command("BODY.PEEK[HEADER]", [&] {
    const std::string path = file_in("INBOX");
    disk.rename(path, "mail/m1/cur/" + path.substr(path.rfind('/') + 1) + ":2,");
  });
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"m1 t1:R"});
  EXPECT_EQ(messages(), Lines{"m1 t1 \\Answered"});
}

// Lines that a server says of the old mailbox in the answer to SELECT (RFC 7162 section 3.2.11).
TEST_F(Stage, FlagsOfTheMailboxBeforeAreNotThoseOfTheOneThatIsSelected) {
  abilities = {.condstore = true, .qresync = true};
  arrives("INBOX", "t1");
  arrives("m1", "t2");
  sync();
  arrives("INBOX", "t3");
  arrives("m1", "t4");
  at_command("SELECT \"m1\"", [&] { server.find("INBOX")->set_flags(1, FlagSet{Flag::draft}); });
  sync();
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t3", "INBOX t1:D", "m1 t2", "m1 t4"}));
}

TEST_F(Stage, AFlagOfAMessageThatIsMovedMeanwhileIsSaidWhereItIs) {
  const std::uint32_t uid = arrives("INBOX", "t1", FlagSet{Flag::replied});
  sync();
  disk.rename(file_in("INBOX"), without_letters(file_in("INBOX")) + ":2,");
  at_command("UID STORE", [&] { moves("INBOX", uid, "m1"); });
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"m1 t1"});
  EXPECT_EQ(messages(), Lines{"m1 t1"});
}

// Seen in both mailboxes of the server, it is fetched beside the file that was moved.
TEST_F(Stage, AMessageThatIsMovedOnBothSidesBetweenTheLooksIsNotDoubled) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  const std::string path = file_in("INBOX");
  disk.rename(path, "mail/m1/cur/" + path.substr(path.rfind('/') + 1) + ":2,S");
  arrives("m1", "t2");
  at_command("SELECT \"m1\"", [&] { moves("INBOX", uid, "m1"); });
  sync();
  sync();
  EXPECT_EQ(messages(), (Lines{"m1 t2", "m1 t1 \\Seen"}));
  EXPECT_EQ(files(), (Lines{"m1 t2", "m1 t1:S"}));
}

// The file that is one too many is known for that until it is gone.
class MovedOnBothSides : public Stage {
 protected:
  MovedOnBothSides() {
    mailboxes.emplace_back("m2");
    disk.make_maildir("mail/m2");
    server.create("m2");
    const std::uint32_t uid = arrives("INBOX", "t1");
    sync();
    const std::string path = file_in("INBOX");
    moved = "mail/m1/cur/" + path.substr(path.rfind('/') + 1);
    disk.rename(path, moved);
    arrives("m2", "t2");
    at_command("SELECT \"m2\"", [this, uid] { moves("INBOX", uid, "m2"); });
  }
  std::string moved;
};

TEST_F(MovedOnBothSides, ItIsNotDoubledThoughAReaderRenamesTheFileMeanwhile) {
  at_rename = [&] { disk.rename(moved, without_letters(moved) + ":2,S"); };
  sync();
  EXPECT_FALSE(at_rename);
  sync();
  EXPECT_EQ(messages(), (Lines{"m2 t2", "m2 t1 \\Seen"}));
  EXPECT_EQ(files(), (Lines{"m2 t2", "m2 t1:S"}));
}

TEST_F(MovedOnBothSides, ItIsNotDoubledThoughTheBrakeHoldsTheRemoval) {
  brake = sync::Brake{.share = 0, .at_least = 1};
  for (int syncs = 0; syncs < 4; ++syncs) {
    EXPECT_EQ(sync().held, 1U);
    EXPECT_EQ(messages(), (Lines{"m2 t2", "m2 t1"}));
    EXPECT_EQ(files(), (Lines{"m1 t1", "m2 t2", "m2 t1"}));
  }
  EXPECT_EQ(decide(account::HeldDecision::apply), 1U);
  sync();
  EXPECT_EQ(messages(), (Lines{"m2 t2", "m2 t1"}));
  EXPECT_EQ(files(), (Lines{"m2 t2", "m2 t1"}));
}

// A lost power left the beginning of its file.
class Damaged : public Stage {
 protected:
  void damage() {
    const std::string head = "Subject: t1\r\nX-Token: t1\r\n\r\n";
    server.find("INBOX")->append(head + "All of its words.\r\n", {}, 1'600'000'000);
    sync();
    path = file_in("INBOX");
    machine_.lose_power(1);
    whole = disk.read(path);
    disk.write(path, whole.substr(0, whole.size() - 7));
  }
  std::string path;
  std::string whole;
};

TEST_F(Damaged, AFileThatCannotBeTakenAwayIsNoEditInTheNextSync) {
  abilities = {.condstore = true, .qresync = true, .uidplus = true};
  damage();
  afterwards = std::chrono::seconds(1);
  for (int syncs = 0; syncs < 3; ++syncs) {
    EXPECT_EQ(run_refused(path.substr(path.rfind('/') + 1)).errors.empty(), syncs > 0);
    EXPECT_EQ(server.find("INBOX")->messages.count(1), 1U);
    EXPECT_EQ(messages(), Lines{"INBOX t1"});
  }
  static_cast<void>(clock_.run(clock_.sleep(std::chrono::hours(2))));
  sync();
  EXPECT_EQ(disk.read(file_in("INBOX")), whole);
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
}

// The server was restored, and others' messages have got as far as the UIDs that had been.
TEST_F(Stage, AMessageUnderTheUidOfAnotherIsFetchedAndTheOtherOneKept) {
  const auto with_id = [](const std::string& token) {
    return "Subject: " + token + "\r\nX-Token: " + token + "\r\nMessage-ID: <" + token +
           "@x>\r\n\r\n";
  };
  ServerMailbox& inbox = *server.find("INBOX");
  inbox.append(with_id("t1"), {}, 1'600'000'000);
  inbox.append(with_id("t2"), {}, 1'600'000'000);
  sync();
  inbox.messages.at(2).octets = with_id("t9 ");
  std::uint64_t held = 0;
  for (int syncs = 0; syncs < 30 && held == 0; ++syncs) held = sync().held;
  EXPECT_EQ(held, 1U);
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2", "INBOX t9 "}));
  EXPECT_EQ(messages(), (Lines{"INBOX t1", "INBOX t9 "}));
  EXPECT_EQ(decide(account::HeldDecision::restore), 1U);
  sync();
  EXPECT_EQ(messages(), (Lines{"INBOX t1", "INBOX t9 ", "INBOX t2"}));
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2", "INBOX t9 "}));
}

// Whether it is one can be said when the server is asked again.
TEST_F(Damaged, AFileIsNoEditWhereTheServerWasSilentAtFirst) {
  damage();
  server.not_understood = "SELECT";
  EXPECT_FALSE(run().errors.empty());
  server.not_understood.clear();
  sync();
  EXPECT_EQ(server.find("INBOX")->messages.count(1), 1U);
  EXPECT_EQ(disk.read(file_in("INBOX")), whole);
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
}

// What a fetch left that went with the power; until it is out of the way its message is not fetched
// beside it.
TEST_F(Stage, APartThatCannotBeTakenAwayIsRepairedWhenItCan) {
  arrives("INBOX", "t1");
  sync();
  std::string part = file_in("INBOX");
  part.replace(part.rfind("U1.") + 1, 1, "2");
  arrives("INBOX", "t2");
  machine_.lose_power(1);
  disk.write(part, "Subject: t2\nX-To");
  afterwards = std::chrono::seconds(1);
  for (int syncs = 0; syncs < 3; ++syncs) {
    EXPECT_EQ(run_refused(part.substr(part.rfind('/') + 1)).errors.empty(), syncs > 0);
    EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX (no token)"}));
  }
  static_cast<void>(clock_.run(clock_.sleep(std::chrono::hours(2))));
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t1", "INBOX t2"}));
}

// As if somebody had set the flag on the server, the deletion would wait for a decision.
TEST_F(Stage, AFileThatLostAFlagAndWasMovedIsDeletedAmidItsMove) {
  arrives("INBOX", "t1", FlagSet{Flag::seen, Flag::flagged});
  sync();
  const std::string path = without_letters(file_in("INBOX"));
  disk.rename(path + ":2,FS", "mail/m1/cur/t1:2,S");
  at_command("COPY", [&] { disk.unlink("mail/m1/cur/t1:2,S"); });
  sync();
  sync();
  EXPECT_EQ(files(), Lines{});
  EXPECT_EQ(messages(), Lines{});
}

// What the file was not given is not in its row, so that the next sync does not say it away.
TEST_F(Stage, AFlagOfTheServersSurvivesAFileThatIsMovedBackAmidItsMove) {
  abilities.uidplus = true;
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  server.find("INBOX")->set_flags(uid, FlagSet{Flag::draft});
  const std::string path = file_in("INBOX");
  const std::string moved = "mail/m1/cur/" + path.substr(path.rfind('/') + 1);
  const std::string base = without_letters(moved);
  disk.rename(path, base + ":2,S");
  at_command("COPY", [&] { disk.rename(base + ":2,S", without_letters(path) + ":2,S"); });
  sync();
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1:DS"});
  EXPECT_EQ(messages(), Lines{"INBOX t1 \\Draft \\Seen"});
}

// It has a letter in the mailbox that the message left, and none in the one where it is.
TEST_F(Stage, AKeywordThatIsTakenFromAMovedMessageStaysAwayAfterALostLine) {
  const std::uint32_t uid = arrives("INBOX", "t1", FlagSet::parse("later"));
  sync();
  moves("INBOX", uid, "m1");
  disk.rename(file_in("INBOX"), without_letters(file_in("INBOX")) + ":2,");
  sync_cut_at_rename();
  EXPECT_EQ(files(), Lines{"m1 t1"});
  EXPECT_EQ(messages(), Lines{"m1 t1 later"});
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"m1 t1"});
  EXPECT_EQ(messages(), Lines{"m1 t1"});
}

TEST_F(Stage, AKeywordThatIsTakenFromAMovedMessageStaysAwayWhereAnotherIsDeniedItsLetter) {
  const std::uint32_t uid = arrives("INBOX", "t1", FlagSet::parse("later work"));
  sync();
  ASSERT_EQ(files(), Lines{"INBOX t1:ab"});
  moves("INBOX", uid, "m1");
  disk.rename(file_in("INBOX"), without_letters(file_in("INBOX")) + ":2,b");
  disk.set_now_ns(clock_.wall_ns());
  disk.write("mail/m1/dovecot-uidlist.lock", "");
  EXPECT_FALSE(run().errors.empty());
  EXPECT_EQ(files(), Lines{"INBOX t1:b"}) << "nobody else has its keyword yet";
  disk.unlink("mail/m1/dovecot-uidlist.lock");
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"m1 t1:a"});
  EXPECT_EQ(messages(), Lines{"m1 t1 work"});
}

// To and fro on the server, while the user moves its file: it is in none of the places looked at.
TEST_F(Stage, AMovedFileWhoseMessageIsMovedMeanwhileIsNotSentAsNew) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  moves("INBOX", uid, "m1");
  moves("m1", 1, "INBOX");
  disk.rename(file_in("INBOX"), "mail/m1/cur/t1:2,R");
  at_command("BODY.PEEK[HEADER]", [&] { moves("INBOX", uid + 1, "m1"); });
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"m1 t1:R"});
  EXPECT_EQ(messages(), Lines{"m1 t1 \\Answered"});
}

TEST_F(Stage, AKeywordThatGetsItsLetterAmidTheLookIsSent) {
  arrives("INBOX", "t1", FlagSet{Flag::seen});
  arrives("INBOX", "t2");
  sync();
  const std::string path = file_of("t1");
  disk.rename(path, without_letters(path) + ":2,FS");  // something to look at
  // What was listed while the server lists is listed again.
  at_command("LIST", [&] { disk.rename(file_of("t2"), "mail/INBOX/cur/t2:2,S"); });
  bool struck = false;
  at_late_listing = [&] {
    struck = true;
    disk.write("mail/INBOX/dovecot-keywords", "0 work\n");
    disk.rename(file_of("t1"), without_letters(path) + ":2,FSa");
  };
  sync();
  EXPECT_TRUE(struck);
  sync();
  EXPECT_EQ(messages(), (Lines{"INBOX t1 \\Flagged \\Seen work", "INBOX t2 \\Seen"}));
}

TEST_F(Stage, AKeywordThatIsDeniedItsLetterComesWhenTheLockIsGone) {
  const std::uint32_t uid = arrives("INBOX", "t1", FlagSet::parse("work"));
  sync();
  server.find("INBOX")->set_flags(uid, FlagSet::parse("work later"));
  disk.rename(file_in("INBOX"), without_letters(file_in("INBOX")) + ":2,");
  at_command("SELECT", [&] { disk.write("mail/INBOX/dovecot-uidlist.lock", ""); });
  sync();
  disk.unlink("mail/INBOX/dovecot-uidlist.lock");
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1:b"});
  EXPECT_EQ(messages(), Lines{"INBOX t1 later"});
}

// To a mailbox that was looked at before, and found to be as it was.
TEST_F(Stage, AFileThatIsMovedBetweenTheLooksAtTwoMailboxesIsMoved) {
  arrives("INBOX", "t1");
  arrives("INBOX", "t2");
  sync();
  sync();
  disk.rename(file_of("t2"), "mail/INBOX/cur/t2:2,S");
  at_listing = [&] { disk.rename(file_of("t1"), "mail/m1/cur/t1:2,"); };
  bool sent = false;
  at_command("APPEND", [&] { sent = true; });
  sync();
  sync();
  EXPECT_FALSE(sent);
  EXPECT_EQ(files(), (Lines{"INBOX t2:S", "m1 t1"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t2 \\Seen", "m1 t1"}));
}

TEST_F(Stage, AFirstSyncThatWasCutBeforeTheMarkerBeginsAnew) {
  arrives("INBOX", "t1");
  sync_in_vain(".sterna");
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

TEST_F(Stage, AMarkerThatGoesLaterStopsTheAccount) {
  arrives("INBOX", "t1");
  sync_in_vain(".sterna");
  sync();
  disk.unlink("mail/.sterna");
  sync_in_vain("(nothing)");
  EXPECT_FALSE(disk.exists("mail/.sterna"));
}

// A program that never stops: what is at rest goes, and each pass finds more of it.
TEST_F(Stage, AMailboxThatNeverComesToRestHoldsASyncUpForAWhileAtMost) {
  sync();
  quiet = std::chrono::seconds(2);
  std::int64_t last_ns = 0;
  int delivered = 0;
  meanwhile = [&] {
    if (clock_.wall_ns() - last_ns < 300'000'000) return;
    last_ns = clock_.wall_ns();
    const std::string token = "t" + std::to_string(++delivered);
    disk.write("mail/INBOX/new/" + token, "Subject: " + token + "\nX-Token: " + token + "\n\n");
  };
  const account::AccountReport report = sync();
  EXPECT_GT(report.counts.uploaded, 40U);
  EXPECT_GT(report.seconds, 25);
  EXPECT_LT(report.seconds, 60);
}

// Whether it is a copy or was moved is not known as long as the mailbox that it left does not come
// to rest.
TEST_F(Stage, AFileThatLeftAMailboxThatNeverComesToRestIsNotSentAsNew) {
  arrives("INBOX", "t1");
  arrives("INBOX", "t2");
  sync();
  quiet = std::chrono::seconds(2);
  disk.rename(file_of("t1"), "mail/m1/cur/another-name:2,");
  std::int64_t last_ns = 0;
  int turns = 0;
  meanwhile = [&] {
    if (clock_.wall_ns() - last_ns < 300'000'000) return;
    last_ns = clock_.wall_ns();
    const std::string path = file_of("t2");
    disk.rename(path, without_letters(path) + (++turns % 2 == 0 ? ":2," : ":2,S"));
  };
  bool sent = false;
  at_command("APPEND", [&] { sent = true; });
  sync();
  EXPECT_GT(turns, 40);
  meanwhile = nullptr;
  sync();
  sync();
  EXPECT_FALSE(sent);
  const Lines found = messages();
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(std::ranges::count(found, "m1 t1"), 1);
}

TEST_F(Stage, WhatIsSentIsDurableHereBeforeItIsRecorded) {
  sync();
  disk.sync_all();
  disk.set_now_ns(clock_.wall_ns());
  disk.write("mail/INBOX/new/t1", "Subject: t1\nX-Token: t1\n\n");
  sync();
  disk.lose_power(1);
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
}

// A program that makes a folder does not flush it, and without its name its mail would be missed as
// if the user had deleted it.
TEST_F(Stage, AFolderWhoseMailIsSentIsDurableHereBeforeItIsRecorded) {
  sync();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string name = "made" + std::to_string(seed);
    disk.sync_all();
    disk.set_now_ns(clock_.wall_ns());
    disk.make_maildir("mail/" + name);
    disk.write("mail/" + name + "/new/1", "Subject: " + name + "\nX-Token: t1\n\n");
    sync();
    ASSERT_EQ(server.find(name)->messages.size(), 1U) << seed;
    disk.lose_power(seed);
    sync();
    sync();
    ASSERT_TRUE(server.find(name)) << seed;
    EXPECT_EQ(server.find(name)->messages.size(), 1U) << seed;
    EXPECT_TRUE(disk.exists("mail/" + name + "/cur")) << seed;
  }
}

// On a disk of its own, the Maildir may be behind the state.
TEST_F(Stage, AFlagThatIsSentIsInTheFilesNameAfterALostPower) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string token = "t" + std::to_string(seed);
    const std::uint32_t uid = arrives("INBOX", token);
    sync();
    disk.sync_all();
    disk.set_now_ns(clock_.wall_ns());
    const std::string path = file_of(token);
    disk.rename(path, "mail/INBOX/cur/" + path.substr(path.rfind('/') + 1) + ":2,S");
    sync();
    disk.lose_power(seed);
    sync();
    sync();
    EXPECT_EQ(letters_of(file_of(token)), ":S") << seed;
    EXPECT_TRUE(server.find("INBOX")->messages.at(uid).flags.has(Flag::seen)) << seed;
  }
}

TEST_F(Stage, AFileThatWasWrittenToInPlaceIsNotDeletedWithItsMessage) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  sync();  // from now on its stamp says that nothing is new
  disk.write(file_in("INBOX"), "Subject: t2\nX-Token: t2\n\nedited in place\n");
  server.find("INBOX")->expunge(uid);
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t2"});
  EXPECT_EQ(messages(), Lines{"INBOX t2"});
}

TEST_F(Stage, AnEditGetsTheFlagsThatItsMessageGotMeanwhile) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  const std::string path = file_in("INBOX");
  disk.write("mail/INBOX/tmp/t2", "Subject: t2\nX-Token: t2\n\nsaved again\n");
  disk.rename("mail/INBOX/tmp/t2", path);
  server.find("INBOX")->set_flags(uid, FlagSet{Flag::flagged});
  sync();
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t2:F"});
  EXPECT_EQ(messages(), Lines{"INBOX t2 \\Flagged"});
}

// What they answer of a message that is gone: tests/transcripts/scenarios/fetch_gone.txt.
const std::vector<Abilities>& servers_of_gone() {
  static const std::vector<Abilities> kAll{
      {.manners = Manners::dovecot, .uidplus = true},
      {.manners = Manners::dovecot, .uidplus = true, .gone = Gone::nil},
      {.manners = Manners::dovecot, .uidplus = true, .gone = Gone::made_up},
      {.manners = Manners::cyrus, .condstore = true, .qresync = true, .uidplus = true}};
  return kAll;
}

TEST_F(Stage, AMessageThatIsMovedBeforeItsBodyIsAskedForIsFetchedWhereItIs) {
  Lines all;
  for (const Abilities& one : servers_of_gone()) {
    abilities = one;
    const std::string token = "t" + std::to_string(all.size());
    const std::uint32_t uid = arrives("INBOX", token);
    bool asked = false;
    at_command("BODY.PEEK[]", [&] {
      asked = true;
      moves("INBOX", uid, "m1");
    });
    sync();
    sync();
    EXPECT_TRUE(asked);
    all.push_back("m1 " + token);
    Lines found = files();
    std::ranges::sort(found);
    EXPECT_EQ(found, all);
    EXPECT_EQ(messages(), all);
  }
}

TEST_F(Stage, AMessageThatIsMovedBackBeforeItsHeaderIsAskedForStaysOne) {
  Lines all;
  for (const Abilities& one : servers_of_gone()) {
    abilities = one;
    const std::string token = "t" + std::to_string(all.size());
    const std::uint32_t uid = arrives("INBOX", token);
    sync();
    moves("INBOX", uid, "m1");
    bool asked = false;
    at_command("BODY.PEEK[HEADER]", [&] {
      asked = true;
      moves("m1", server.find("m1")->messages.rbegin()->first, "INBOX");
    });
    sync();
    sync();
    EXPECT_TRUE(asked);
    all.push_back("INBOX " + token);
    Lines found = files();
    std::ranges::sort(found);
    EXPECT_EQ(found, all);
    EXPECT_EQ(messages(), all);
  }
}

TEST_F(Stage, AMessageThatIsMovedOnBothSidesIsOneWhateverTheMoment) {
  server.create("m2");
  disk.make_maildir("mail/m2");
  const auto count = [](const Lines& all, const std::string& token) {
    return std::ranges::count_if(all, [&](const std::string& one) { return one.ends_with(token); });
  };
  for (const auto& [from, to] : {std::pair("m1", "INBOX"), std::pair("INBOX", "m1")}) {
    for (int moment = 0; moment < 10; ++moment) {
      const std::string token = std::string("t") + from + std::to_string(moment);
      const std::uint32_t uid = arrives(from, token);
      sync();
      moves(from, uid, "m2");
      int listings = 0;
      meanwhile = [&, place = std::string(to)] {
        if (listings++ != moment) return;
        disk.rename(file_of(token), "mail/" + place + "/cur/moved." + token + ":2,");
      };
      sync();
      meanwhile = nullptr;
      sync();
      EXPECT_EQ(count(messages(), token), 1) << from << " " << moment;
      EXPECT_EQ(std::ranges::count_if(disk.files(),
                                      [&](const std::string& path) {
                                        return path.starts_with("mail/") &&
                                               token_of(disk.read(path)) == token;
                                      }),
                1)
          << from << " " << moment;
    }
  }
}

// The user said yes to the removal of a file, and not of what was written into it meanwhile.
TEST_F(Stage, AHeldFileThatIsWrittenToBeforeItIsRemovedStays) {
  abilities = {.condstore = true, .qresync = true};
  const std::string path = "mail/INBOX/cur/1600000001.1_1.host,U=9:2,";
  disk.write(path, "Subject: t9\nX-Token: t9\n\n");
  EXPECT_EQ(sync().held, 1U);
  EXPECT_EQ(decide(account::HeldDecision::apply), 1U);
  arrives("INBOX", "t1");
  at_command("SELECT", [&] { disk.write(path, "Subject: t9\nX-Token: t9\n\nmore\n"); });
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t9"}));
}

// Placed and not recorded, and the power went before all of it was on the disk.
TEST_F(Stage, APartOfAFetchThatTheUserFlaggedBeforeThePowerWentIsFetchedAgain) {
  arrives("INBOX", "t1");
  sync();
  const std::string first = file_in("INBOX");
  const std::string origin = first.substr(first.find(".S"));
  arrives("INBOX", "t2");
  disk.write("mail/INBOX/cur/1600000001" + origin.substr(0, origin.find('U')) + "U2.sterna:2,F",
             "Subject: t2\nX-Tok");
  disk.sync_all();
  machine_.lose_power(1);
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t1", "INBOX t2"}));
  EXPECT_EQ(decide(account::HeldDecision::apply), 0U);
}

}  // namespace
}  // namespace sterna::simulation
