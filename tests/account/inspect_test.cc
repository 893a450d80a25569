// SPDX-License-Identifier: Apache-2.0
// What the state tells without a server, and what check says of the disk.
#include "sterna/account/inspect.h"

#include <algorithm>

#include "src/account/check_parts.h"
#include "src/account/inspect_parts.h"
#include "tests/account/account_world.h"

namespace sterna::account::test {
namespace {

class Inspect : public AccountWorld {
 protected:
  void set(std::string_view key, std::string_view value) {
    write([&](store::Store& base) { ASSERT_TRUE(base.set(key, value)); });
  }

  std::vector<CheckLine> check_offline() {
    return loop_.run(check_account(services(), settings_, true, Log{}));
  }
  static const CheckLine* line(const std::vector<CheckLine>& lines, std::string_view what) {
    const auto it = std::ranges::find(lines, what, &CheckLine::what);
    return it == lines.end() ? nullptr : &*it;
  }
};

TEST_F(Inspect, WithoutAStateNothingWasEverSyncedAndNothingIsMade) {
  auto state = read_state(files(), settings_);
  ASSERT_TRUE(state) << state.error().describe();
  EXPECT_EQ(state->name, "work");
  EXPECT_FALSE(state->ever_synced);
  EXPECT_TRUE(read_history(settings_, {})->empty());
  EXPECT_TRUE(read_held(settings_)->empty());
  EXPECT_EQ(*decide_held(settings_, HeldDecision::apply, std::nullopt), 0U);
  EXPECT_FALSE(std::filesystem::exists(settings_.state_dir));
}

TEST_F(Inspect, TheStateTellsOfMailboxesAndTheLastSync) {
  write([&](store::Store& base) {
    const MailboxId inbox = add_mailbox(base, "INBOX", "INBOX");
    add_mailbox(base, "Archive", "Archive");
    ASSERT_TRUE(base.put_message(row(inbox, 1, "a")));
    ASSERT_TRUE(base.put_message(row(inbox, 2, "b", RowState::stub)));
    ASSERT_TRUE(base.put_message(row(inbox, 3, "", RowState::dropped)));
    ASSERT_TRUE(base.set("last_sync_ms", "1700000000000"));
    ASSERT_TRUE(base.set("last_error", "no answer"));
    ASSERT_TRUE(
        base.set("mailboxes_behind", "7:0 " + std::to_string(inbox.value) + ":1600000000001"));
  });
  auto state = read_state(files(), settings_);
  ASSERT_TRUE(state) << state.error().describe();
  EXPECT_TRUE(state->ever_synced);
  EXPECT_EQ(state->last_sync_ms, 1700000000000);
  EXPECT_EQ(state->error, "no answer");
  ASSERT_EQ(state->mailboxes.size(), 2U);
  EXPECT_EQ(state->mailboxes[0].name, "Archive");
  EXPECT_EQ(state->mailboxes[0].last_sync_ms, 0);
  EXPECT_EQ(state->mailboxes[1].path, settings_.maildir + "/INBOX");
  EXPECT_EQ(state->mailboxes[1].messages, 2U);
  EXPECT_EQ(state->mailboxes[1].last_sync_ms, 1600000000001);
}

TEST_F(Inspect, WhatIsPendingAndWhatIsParkedIsCountedOnce) {
  make_mailbox("INBOX");
  write_file("INBOX/cur/new-one:2,S", "Subject: x\n\n");
  write([&](store::Store& base) {
    const MailboxId inbox = add_mailbox(base, "INBOX", "INBOX");
    ASSERT_TRUE(base.put_message(row(inbox, 1, "", RowState::wanted)));
    ASSERT_TRUE(base.put_message(row(inbox, 2, "", RowState::deleting)));
    ASSERT_TRUE(base.put_message(row(inbox, 3, "", RowState::quarantined)));
    ASSERT_TRUE(base.put_failure({inbox, Uid{3}, "", "download", 2, 99, "no body"}));
    ASSERT_TRUE(base.put_failure({inbox, Uid{}, "new-one", "upload", 1, 98, "too big"}));
    Intent removal;
    removal.kind = IntentKind::delete_out;
    removal.mailbox = inbox;
    removal.uid = Uid{2};
    ASSERT_TRUE(base.add_intent(removal));
    Intent upload;
    upload.mailbox = inbox;
    upload.base_name = "other";
    ASSERT_TRUE(base.add_intent(upload));
  });
  auto state = read_state(files(), settings_);
  ASSERT_TRUE(state) << state.error().describe();
  EXPECT_EQ(state->pending, 3U);  // fetch 1, delete 2, upload "other"
  EXPECT_EQ(state->quarantined, 2U);
  ASSERT_EQ(state->parked.size(), 2U);
  const auto upload = std::ranges::find(state->parked, "upload", &ParkedMessage::action);
  ASSERT_NE(upload, state->parked.end());
  EXPECT_EQ(upload->path, settings_.maildir + "/INBOX/cur/new-one:2,S");
  EXPECT_EQ(upload->reason, "too big");
  EXPECT_EQ(upload->next_try_ms, 98);
}

TEST_F(Inspect, AMarkerIsHeldOnlyWhileItIsNotBack) {
  std::filesystem::create_directories(settings_.maildir);
  set("tree", "0000000000000001");
  set("state", "00000000000000aa");
  set("marker_held", "1");
  EXPECT_TRUE(read_state(files(), settings_)->marker_held);
  {
    auto root = files().open_root(settings_.maildir, false);
    maildir::Marker marker;
    marker.tree = TreeId{1};
    marker.state = StateId{0xaa};
    marker.machine = files().machine_id();
    ASSERT_TRUE(maildir::write_marker(**root, marker));
  }
  EXPECT_FALSE(read_state(files(), settings_)->marker_held);
  set("state", "00000000000000bb");
  EXPECT_TRUE(read_state(files(), settings_)->marker_held);
}

TEST_F(Inspect, AMaildirThatIsGoneIsToldFromAMarkerThatIsMissing) {
  set("tree", "0000000000000001");
  set("state", "00000000000000aa");
  set("marker_held", "1");
  auto state = read_state(files(), settings_);
  ASSERT_TRUE(state->marker_held);
  ASSERT_TRUE(state->maildir_gone);
  EXPECT_EQ(state->maildir_gone->message(),
            "the Maildir " + settings_.maildir + " is not there; is its disk mounted?");
  EXPECT_EQ(state->maildir_gone->hint(),
            "mount it; or, to begin anew, move " + settings_.state_dir + " away");
  std::filesystem::create_directories(settings_.maildir);
  state = read_state(files(), settings_);
  EXPECT_TRUE(state->marker_held);
  EXPECT_FALSE(state->maildir_gone);
}

TEST_F(Inspect, HistoryOfOneFileIsFoundByAnyOfItsNames) {
  write([&](store::Store& base) {
    ASSERT_TRUE(base.add_history(
        {1, "INBOX", Uid{1}, "INBOX/new/one", "downloaded", "local", "", "new on the server"}));
    ASSERT_TRUE(base.add_history(
        {2, "INBOX", Uid{2}, "INBOX/new/two", "downloaded", "local", "", "new on the server"}));
    ASSERT_TRUE(base.add_history(
        {3, "INBOX", Uid{1}, "INBOX/cur/one:2,S", "flags", "local", "\\Seen", "changed there"}));
  });
  auto all = read_history(settings_, {.limit = 2});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].event, "flags");
  EXPECT_EQ((*all)[0].path, settings_.maildir + "/INBOX/cur/one:2,S");
  auto one = read_history(settings_, {.path = "/somewhere/INBOX/cur/one:2,FS"});
  ASSERT_TRUE(one);
  ASSERT_EQ(one->size(), 2U);
  EXPECT_EQ((*one)[1].at_ms, 1);
}

TEST_F(Inspect, OfflineCheckFindsADiskThatWorksAndLeavesNothingBehind) {
  make_mailbox("INBOX");
  std::filesystem::create_directories(settings_.state_dir);
  const auto lines = check_offline();
  for (const CheckLine& found : lines) {
    EXPECT_NE(found.status, CheckStatus::failed) << found.what << ": " << found.detail;
  }
  ASSERT_NE(line(lines, "Maildir"), nullptr);
  ASSERT_NE(line(lines, "state"), nullptr);
  ASSERT_NE(line(lines, "marker"), nullptr);
  EXPECT_EQ(line(lines, "login"), nullptr);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(settings_.maildir), {}), 1);
  EXPECT_TRUE(std::filesystem::is_empty(settings_.state_dir));
}

TEST_F(Inspect, OfflineCheckMakesNoDirectoryThatIsMissing) {
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "Maildir"), nullptr);
  EXPECT_EQ(line(lines, "Maildir")->status, CheckStatus::ok);
  EXPECT_NE(line(lines, "Maildir")->detail.find("can be made"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(Inspect, OfflineCheckNamesWhatIsInTheWay) {
  std::ofstream(settings_.maildir) << "a file";
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "Maildir"), nullptr);
  EXPECT_EQ(line(lines, "Maildir")->status, CheckStatus::failed);
  ASSERT_TRUE(line(lines, "Maildir")->error);
  EXPECT_NE(line(lines, "Maildir")->detail.find(settings_.maildir), std::string::npos);
  EXPECT_NE(line(lines, "Maildir")->hint.find("move it away"), std::string::npos);
}

TEST_F(Inspect, OfflineCheckSpeaksOfTheStateThatCannotBeMadeAndNotOfItsProbe) {
  settings_.state_dir = "/proc/nowhere/work";  // nobody makes a directory there
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "state"), nullptr);
  EXPECT_EQ(line(lines, "state")->status, CheckStatus::failed);
  EXPECT_EQ(line(lines, "state")
                ->detail.find("/proc/nowhere/work, to be made in /proc: making a directory: "),
            0U)
      << line(lines, "state")->detail;
  EXPECT_EQ(line(lines, "state")->detail.find(".sterna-check"), std::string::npos);
  EXPECT_FALSE(line(lines, "state")->hint.empty());
}

TEST_F(Inspect, OfflineCheckNamesWhatIsParked) {
  make_mailbox("INBOX");
  write([&](store::Store& base) {
    const MailboxId inbox = add_mailbox(base, "INBOX", "INBOX");
    for (std::uint32_t uid = 1; uid <= 12; ++uid) {
      ASSERT_TRUE(
          base.put_failure({inbox, Uid{uid}, "", "store_flags", 2, 99, "Permission denied"}));
    }
  });
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "parked"), nullptr);
  EXPECT_EQ(line(lines, "parked")->status, CheckStatus::warning);
  EXPECT_EQ(line(lines, "parked")->detail, "INBOX, UID 1: store flags: Permission denied");
  EXPECT_EQ(std::ranges::count(lines, "parked", &CheckLine::what), 11);
  EXPECT_EQ(std::ranges::count(lines, "and 2 more", &CheckLine::detail), 1);
}

TEST_F(Inspect, OfflineCheckOfAMaildirThatIsGoneOffersNoAdoption) {
  set("tree", "0000000000000001");
  set("state", "00000000000000aa");
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "marker"), nullptr);
  EXPECT_EQ(line(lines, "marker")->status, CheckStatus::failed);
  EXPECT_NE(line(lines, "marker")->hint.find("mount it"), std::string::npos);
  EXPECT_EQ(line(lines, "marker")->hint.find("adopt"), std::string::npos);
}

TEST_F(Inspect, OfflineCheckTellsAMissingMarkerAndHowToMendIt) {
  make_mailbox("INBOX");
  set("tree", "0000000000000001");
  set("state", "00000000000000aa");
  const auto lines = check_offline();
  ASSERT_NE(line(lines, "marker"), nullptr);
  EXPECT_EQ(line(lines, "marker")->status, CheckStatus::failed);
  EXPECT_NE(line(lines, "marker")->hint.find("sterna adopt work"), std::string::npos);
}

TEST_F(Inspect, WhoCannotGetThePasswordStillLearnsThatTheServerIsNotThere) {
  settings_.endpoint.host = "127.0.0.1";
  settings_.endpoint.port = 1;
  const auto lines = loop_.run(check_account(services(), settings_, false, Log{}));
  ASSERT_NE(line(lines, "TCP"), nullptr);
  EXPECT_EQ(line(lines, "TCP")->status, CheckStatus::failed);
  EXPECT_TRUE(line(lines, "TCP")->error->is(ErrorCode::connect));
  ASSERT_NE(line(lines, "login"), nullptr);
  EXPECT_EQ(line(lines, "login")->status, CheckStatus::skipped);
}

TEST_F(Inspect, AnAuthorityThatIsMissingIsNoProofOfAConnection) {
  settings_.endpoint.host = "127.0.0.1";
  settings_.endpoint.port = 1;
  settings_.endpoint.tls_mode = io::TlsMode::implicit;
  settings_.endpoint.tls.ca_file = dir_ / "missing.pem";
  const auto lines = loop_.run(check_account(services(), settings_, false, Log{}));
  ASSERT_NE(line(lines, "TCP"), nullptr);
  EXPECT_EQ(line(lines, "TCP")->status, CheckStatus::failed);
  EXPECT_EQ(line(lines, "TLS")->status, CheckStatus::skipped);
}

ServerMailbox mailbox_with(const std::string& name, Role role) {
  ServerMailbox mailbox;
  mailbox.name = MailboxName(name);
  mailbox.role = role;
  return mailbox;
}

TEST_F(Inspect, CheckSaysWhichMailboxHasWhichRole) {
  settings_.roles[Role::trash] = MailboxName("Bin");
  Findings found;
  report_roles(found, settings_,
               {mailbox_with("Bin", Role::trash), mailbox_with("Gesendet", Role::sent),
                mailbox_with("Work", Role::none)});
  ASSERT_EQ(found.lines.size(), 1U);
  EXPECT_EQ(found.lines[0].status, CheckStatus::ok);
  EXPECT_EQ(found.lines[0].detail, "trash = Bin, sent = Gesendet");
}

TEST_F(Inspect, CheckNamesARoleThatIsGivenToNothing) {
  settings_.roles[Role::trash] = MailboxName("Nope");
  Findings found;
  report_roles(found, settings_, {mailbox_with("Trash", Role::trash)});
  ASSERT_EQ(found.lines.size(), 2U);
  EXPECT_EQ(found.lines[1].status, CheckStatus::warning);
  EXPECT_EQ(found.lines[1].detail, "roles.trash = Nope: the server has no such mailbox");
  EXPECT_EQ(found.lines[1].hint, "sterna mailboxes work lists what there is");
}

TEST_F(Inspect, CheckNamesTheRolesOfAPresetThatTheServerLacksInOneLine) {
  settings_.preset = "yahoo";
  settings_.roles = {{Role::trash, MailboxName("Bin")},
                     {Role::drafts, MailboxName("Draft")},
                     {Role::junk, MailboxName("Bulk")}};
  settings_.preset_roles = {Role::trash, Role::drafts, Role::junk};
  Findings found;
  // Its names need not be there where the server tells the roles.
  report_roles(found, settings_,
               {mailbox_with("Trash", Role::trash), mailbox_with("Entwürfe", Role::drafts),
                mailbox_with("Spam", Role::junk)});
  EXPECT_EQ(found.lines.size(), 1U);

  found.lines.clear();
  report_roles(found, settings_, {mailbox_with("Trash", Role::trash)});
  ASSERT_EQ(found.lines.size(), 2U);
  EXPECT_EQ(found.lines[1].status, CheckStatus::warning);
  EXPECT_EQ(found.lines[1].what, "roles");
  EXPECT_EQ(found.lines[1].detail,
            "the preset yahoo expects drafts = Draft, junk = Bulk: no mailbox of the server has "
            "such a role");
  EXPECT_EQ(found.lines[1].hint,
            "where another mailbox is meant, name it: roles.drafts, roles.junk (sterna mailboxes "
            "work lists what there is)");
}

TEST_F(Inspect, CheckNamesARoleOfTheUsersBesideAPreset) {
  settings_.preset = "yahoo";
  settings_.roles = {{Role::trash, MailboxName("Old")}};
  Findings found;
  report_roles(found, settings_,
               {mailbox_with("Old", Role::none), mailbox_with("Trash", Role::trash)});
  ASSERT_EQ(found.lines.size(), 2U);
  EXPECT_EQ(found.lines[1].detail, "roles.trash = Old has no effect: Trash has that role");
}

TEST_F(Inspect, CheckNamesARoleThatTheServerGivesToAnother) {
  settings_.roles[Role::trash] = MailboxName("Old");
  Findings found;
  report_roles(found, settings_,
               {mailbox_with("Old", Role::none), mailbox_with("Trash", Role::trash)});
  ASSERT_EQ(found.lines.size(), 2U);
  EXPECT_EQ(found.lines[1].detail, "roles.trash = Old has no effect: Trash has that role");
}

TEST_F(Inspect, CheckSaysThatDeletionsAreExpungedWhereThereIsNoTrash) {
  Findings found;
  report_roles(found, settings_, {mailbox_with("INBOX", Role::inbox)});
  ASSERT_EQ(found.lines.size(), 2U);
  EXPECT_EQ(found.lines[0].detail, "no mailbox has one");
  EXPECT_EQ(found.lines[1].what, "Trash");
  EXPECT_EQ(found.lines[1].status, CheckStatus::warning);
  settings_.policy_for = [](const MailboxName&) {
    MailboxPolicy policy;
    policy.local_delete = sync::LocalDelete::expunge;
    return policy;
  };
  found.lines.clear();
  report_roles(found, settings_, {mailbox_with("INBOX", Role::inbox)});
  EXPECT_EQ(found.lines.size(), 1U);
}

TEST_F(Inspect, VerifyOfAMaildirThatIsGoneIsHeld) {
  set("tree", "0000000000000001");
  set("state", "00000000000000aa");
  const auto verified = loop_.run(verify_account(services(), settings_, false, Log{}));
  ASSERT_EQ(verified.errors.size(), 1U);
  EXPECT_TRUE(verified.errors[0].is(ErrorCode::marker));
  EXPECT_NE(verified.errors[0].hint().find("mount it"), std::string::npos);
}

TEST_F(Inspect, VerifyWithoutAStateSaysHowToGetOne) {
  const auto verified = loop_.run(verify_account(services(), settings_, false, Log{}));
  ASSERT_EQ(verified.errors.size(), 1U);
  EXPECT_TRUE(verified.errors[0].is(ErrorCode::not_found));
  EXPECT_EQ(verified.errors[0].hint(), "sterna sync work");
}

}  // namespace
}  // namespace sterna::account::test
