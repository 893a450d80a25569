// SPDX-License-Identifier: Apache-2.0
// What another account has that may be a message which is to leave a server: by its Maildir and its
// state alone.
#include "src/account/look_elsewhere.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "src/account/decisions.h"
#include "src/account/inspect_parts.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/marker.h"
#include "tests/account/account_world.h"

namespace sterna::account::test {
namespace {

using Births = std::vector<sync::BirthElsewhere>;

constexpr const char* kBase = "17.M1P1.host";
constexpr const char* kFile = "INBOX/cur/17.M1P1.host:2,S";
const std::string kContent = "Subject: x\nMessage-ID: <x@example.org>\n\nA few words.\n";

std::string with_crlf(const std::string& text) {
  std::string wire;
  for (const char c : text) wire += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return wire;
}

// The account of AccountWorld is the other one here.
class LookElsewhere : public AccountWorld {
 protected:
  LookElsewhere() : search_{files(), {}, {}, 0, std::chrono::seconds(1)} {
    make_mailbox("INBOX");
    neighbour_.name = settings_.name;
    neighbour_.maildir = settings_.maildir;
    neighbour_.state_dir = settings_.state_dir;
    neighbour_.to_remote = settings_.to_remote;
    neighbour_.sends = [](const MailboxName&, Role) { return true; };
    leaves(kContent, "1.gone");
    later(std::chrono::minutes(1));
  }

  // A message of that content, in a file of that name, is to leave the other server.
  void leaves(const std::string& content, const std::string& base) {
    MessageRow row;
    row.base_name = base;
    row.file.size = content.size();
    search_.leaving.add(row, with_crlf(content).size());
  }
  void later(std::chrono::seconds time) {
    search_.now_ns = loop_.clock().wall_ns() + std::chrono::nanoseconds(time).count();
  }

  Births look() { return look_elsewhere(search_, neighbour_); }
  // The only one that is found.
  sync::BirthElsewhere one() {
    Births births = look();
    EXPECT_EQ(births.size(), 1U);
    return births.empty() ? sync::BirthElsewhere() : std::move(births.front());
  }

  struct stat stat_of(const std::string& path) const {
    struct stat info{};
    EXPECT_EQ(::stat((settings_.maildir + "/" + path).c_str(), &info), 0) << path;
    return info;
  }
  Place place_of(const std::string& path) const {
    const struct stat info = stat_of(path);
    return {info.st_dev, info.st_ino};
  }
  // As a sync of that account leaves it.
  MessageRow row_of(MailboxId mailbox, const std::string& path) const {
    MessageRow made = row(mailbox, 1, kBase);
    const struct stat info = stat_of(path);
    made.file.dev = info.st_dev;
    made.file.ino = info.st_ino;
    made.file.size = static_cast<std::uint64_t>(info.st_size);
    return made;
  }
  static Identity identity_of(const std::string& content) {
    maildir::IdentityBuilder builder;
    builder.update(content);
    return to_identity(builder.finish());
  }
  MailboxId inbox(store::Store& base) { return inbox_ = add_mailbox(base, "INBOX", "INBOX"); }
  void settle_stamp() {
    auto root = files().open_root(settings_.maildir + "/INBOX", false);
    ASSERT_TRUE(root);
    const auto stamp = maildir::stamp_mailbox(**root);
    ASSERT_TRUE(stamp);
    write([&](store::Store& base) {
      MailboxRow row = base.mailboxes()->front();
      row.stamp = stamp->encode();
      EXPECT_TRUE(base.update_mailbox(row));
    });
  }
  void set(std::string_view key, std::string_view value) {
    write([&](store::Store& base) { EXPECT_TRUE(base.set(key, value)); });
  }

  Neighbour neighbour_;
  ElsewhereSearch search_;
  MailboxId inbox_;
};

TEST_F(LookElsewhere, AFileWithoutARowIsNew) {
  write_file(kFile, kContent);
  const sync::BirthElsewhere birth = one();
  EXPECT_FALSE(birth.unclear);
  EXPECT_EQ(birth.base_name, kBase);
  EXPECT_EQ(birth.size, kContent.size());
  ASSERT_TRUE(birth.identity);
  EXPECT_TRUE(birth.identity->same_as(identity_of(with_crlf(kContent))));
  EXPECT_EQ(birth.what, "account work has " + settings_.maildir + "/" + kFile +
                            ", which its server has not got");
  EXPECT_EQ(birth.obstacle, "");
}

TEST_F(LookElsewhere, WhatHasItsRowIsNot) {
  write_file(kFile, kContent);
  write([&](store::Store& base) { EXPECT_TRUE(base.put_message(row_of(inbox(base), kFile))); });
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, AFileInThePlaceOfAnotherIsNewUnlessItIsTheSame) {
  write_file(kFile, kContent);
  write([&](store::Store& base) {
    MessageRow other = row_of(inbox(base), kFile);
    ++other.file.ino;
    other.identity = identity_of("Subject: another\n\n");
    EXPECT_TRUE(base.put_message(other));
  });
  EXPECT_EQ(one().base_name, kBase);
  write([&](store::Store& base) {
    MessageRow same = row_of(inbox_, kFile);
    ++same.file.ino;
    same.identity = identity_of(kContent);
    EXPECT_TRUE(base.put_message(same));
  });
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, WhatMovedWithinThatAccountIsNotNew) {
  make_mailbox("Archive");
  write_file("Archive/cur/17.M1P1.host:2,S", kContent);
  write([&](store::Store& base) {
    EXPECT_TRUE(base.put_message(row_of(inbox(base), "Archive/cur/17.M1P1.host:2,S")));
    add_mailbox(base, "Archive", "Archive");
  });
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, ARowInAnotherStateIsNoAcknowledgement) {
  write_file(kFile, kContent);
  write([&](store::Store& base) {
    MessageRow gone = row_of(inbox(base), kFile);
    gone.state = RowState::tombstone;
    gone.identity = identity_of(kContent);
    EXPECT_TRUE(base.put_message(gone));
  });
  EXPECT_EQ(one().base_name, kBase);
}

TEST_F(LookElsewhere, LineEndsMakeNoDifference) {
  write_file(kFile, with_crlf(kContent));
  EXPECT_TRUE(one().identity->same_as(identity_of(kContent)));
}

TEST_F(LookElsewhere, WhatAMailProgramAddedIsToldApart) {
  write_file(kFile, "Content-Length: 13\n" + kContent);
  const sync::BirthElsewhere birth = one();
  EXPECT_FALSE(birth.identity->same_as(identity_of(kContent)));
  ASSERT_TRUE(birth.plain);
  EXPECT_TRUE(birth.plain->same_as(identity_of(kContent)));
}

TEST_F(LookElsewhere, WhatCannotBeItBySizeIsNotRead) {
  write_file(kFile, kContent + std::string(5000, 'x'));
  write_file("INBOX/cur/18.small:2,", "A: b\n\n");
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, WhatHasTheNameIsFoundWhateverItsSize) {
  leaves("Subject: y\n\n", kBase);
  write_file(kFile, kContent + std::string(5000, 'x'));
  EXPECT_EQ(one().base_name, kBase);
}

TEST_F(LookElsewhere, AMailboxThatTheStateHasSettledIsNotListed) {
  write_file(kFile, kContent);
  write([&](store::Store& base) { inbox(base); });
  settle_stamp();
  EXPECT_TRUE(look().empty());
  write_file("INBOX/new/18.other", kContent);
  EXPECT_EQ(look().size(), 2U);
}

TEST_F(LookElsewhere, WhatTheSettingsKeepIsFoundAllTheSame) {
  write_file(kFile, kContent);
  write_file("INBOX/new/18.other", kContent);
  write([&](store::Store& base) {
    EXPECT_TRUE(base.set(consumed_key(inbox(base), kBase), kDecided));
  });
  settle_stamp();
  const sync::BirthElsewhere birth = one();
  EXPECT_EQ(birth.base_name, kBase);
  EXPECT_EQ(birth.obstacle, "its settings keep the file here");
}

TEST_F(LookElsewhere, AMailboxThatTheStateDoesNotKnowIsListed) {
  make_mailbox("Lists/dev");
  write_file("Lists/dev/new/1.here", kContent);
  std::string asked;
  neighbour_.sends = [&](const MailboxName& name, Role) {
    asked = name.text();
    return false;
  };
  EXPECT_EQ(one().obstacle, "its settings keep the file here");
  EXPECT_EQ(asked, "Lists/dev");
}

TEST_F(LookElsewhere, ThatAnAccountIsDisabledIsSaid) {
  write_file(kFile, kContent);
  neighbour_.enabled = false;
  EXPECT_EQ(one().obstacle, "that account is disabled");
}

TEST_F(LookElsewhere, WhatWasRefusedOrIsHeldThereIsSaid) {
  write_file(kFile, kContent);
  write_file("INBOX/new/18.other", kContent);
  write([&](store::Store& base) {
    inbox(base);
    store::Failure failure;
    failure.mailbox = inbox_;
    failure.base_name = kBase;
    failure.action = "upload";
    failure.reason = "over quota";
    EXPECT_TRUE(base.put_failure(failure));
    store::HeldEntry held;
    held.kind = "orphan";
    held.mailbox = inbox_;
    held.base_name = "18.other";
    EXPECT_TRUE(base.replace_held({held}));
  });
  std::set<std::string> obstacles;
  for (const sync::BirthElsewhere& birth : look()) obstacles.insert(birth.obstacle);
  EXPECT_EQ(obstacles,
            (std::set<std::string>{"it could not be sent: over quota", "it is held there"}));
}

TEST_F(LookElsewhere, AFileThatIsNotSentForADayIsAMatterForTheUser) {
  write_file(kFile, kContent);
  later(std::chrono::hours(23));
  EXPECT_EQ(one().obstacle, "");
  later(std::chrono::hours(25));
  EXPECT_EQ(one().obstacle, "it was not sent for more than a day");
}

TEST_F(LookElsewhere, AFileOfThisMomentMayBeAnyMessage) {
  write_file(kFile, "not whole yet");
  later(std::chrono::seconds(0));
  neighbour_.enabled = false;
  const sync::BirthElsewhere birth = one();
  EXPECT_TRUE(birth.unclear);
  EXPECT_EQ(birth.obstacle, "");
}

TEST_F(LookElsewhere, WhatThatAccountFetchedAMomentAgoIsWhole) {
  set("tree", print_id(0xabc));
  const std::string base =
      maildir::derive_base_name({TreeId{0xabc}, MailboxId{1}, UidValidity{2}, Uid{3}, 4, 0});
  write_file("INBOX/new/" + base, "Subject: y\n\n");
  later(std::chrono::seconds(0));
  EXPECT_TRUE(look().empty());
  write_file("INBOX/new/" + base, kContent);
  EXPECT_FALSE(one().unclear);
}

TEST_F(LookElsewhere, AnAccountThatNeverSyncedAndHasNoMaildirIsInNobodysWay) {
  std::filesystem::remove_all(settings_.maildir);
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, AMaildirThatIsNotThereAnyMoreMayHoldAnything) {
  std::filesystem::remove_all(settings_.maildir);
  set("state", print_id(0xaa));
  set("tree", print_id(0xbb));
  const sync::BirthElsewhere birth = one();
  EXPECT_TRUE(birth.unclear);
  EXPECT_EQ(birth.what, "what is new in account work is not known");
  EXPECT_EQ(birth.obstacle, "its Maildir is not there");
}

TEST_F(LookElsewhere, AMaildirWithoutItsMarkerIsAnotherOne) {
  set("state", print_id(0xaa));
  set("tree", print_id(0xbb));
  EXPECT_TRUE(one().unclear);
  EXPECT_NE(one().obstacle, "");
  neighbour_.enabled = false;
  EXPECT_TRUE(look().empty());
  auto root = files().open_root(settings_.maildir, false);
  ASSERT_TRUE(
      maildir::write_marker(**root, {TreeId{0xbb}, StateId{0xaa}, files().machine_id(), 1}));
  neighbour_.enabled = true;
  EXPECT_TRUE(look().empty());
}

TEST_F(LookElsewhere, AStateThatCannotBeReadMayHideAnything) {
  std::filesystem::create_directories(settings_.state_dir);
  std::ofstream(settings_.state_dir + "/state.db") << std::string(8192, 'x');
  const sync::BirthElsewhere birth = one();
  EXPECT_TRUE(birth.unclear);
  EXPECT_NE(birth.obstacle, "");
}

TEST_F(LookElsewhere, AMailboxThatIsNotWholeMayHoldAnything) {
  std::filesystem::create_directories(settings_.maildir + "/Half/cur");
  EXPECT_TRUE(one().unclear);
}

TEST_F(LookElsewhere, WhatIsOfThisAccountIsNoOtherAccounts) {
  write_file(kFile, kContent);
  search_.own = {place_of("")};
  EXPECT_TRUE(look().empty());
  search_.own = {place_of("INBOX/cur")};
  EXPECT_TRUE(look().empty());
  search_.own = {place_of("INBOX")};
  EXPECT_EQ(one().base_name, kBase);
}

TEST_F(LookElsewhere, IsTheSameInTheOtherLayout) {
  neighbour_.layout = maildir::LayoutKind::maildir_plus_plus;
  neighbour_.inbox = "";
  std::filesystem::remove_all(settings_.maildir);
  make_mailbox(".");
  make_mailbox(".Lists.dev");
  write_file("cur/1.a:2,", kContent);
  write_file(".Lists.dev/cur/1.b:2,", kContent);
  EXPECT_EQ(look().size(), 2U);
}

// --- beside the planner

class PlanBesideNeighbours : public LookElsewhere {
 protected:
  PlanBesideNeighbours()
      : own_(settings_), engine_(services(), own_, {}, progress_, Log(), report_) {
    own_.name = "own";
    own_.maildir = dir_ / "own";
    own_.neighbours = std::make_shared<const std::vector<Neighbour>>(1, neighbour_);
    // Files of this moment may be any message; these tests are about what they are.
    own_.settles = std::chrono::milliseconds(0);
    engine_.root = std::move(*files().open_root(own_.maildir, true));
    sync::MailboxInput in;
    in.id = MailboxId{1};
    in.name = MailboxName("INBOX");
    in.base_uidvalidity = in.remote.uidvalidity = UidValidity{7};
    in.remote.coverage = in.local.coverage = Coverage::complete;
    in.remote.began = in.local.began = input_.generation = Generation{5};
    input_.mailboxes.push_back(std::move(in));
    input_.trash_unsynced = true;
  }

  // A message whose file is gone.
  MessageKey gone(std::uint32_t uid, const std::string& content) {
    MessageRow made = row(MailboxId{1}, uid, "1.gone" + std::to_string(uid));
    made.file.size = content.size();
    made.identity = identity_of(content);
    made.remote_size = made.identity->size;
    made.remote_since = made.local_since = Generation{1};
    input_.rows.push_back(made);
    input_.mailboxes.front().local.gone.push_back(made.key.uid);
    return made.key;
  }
  sync::Plan plan() {
    auto made = loop_.run(plan_beside_neighbours(engine_, input_));
    EXPECT_TRUE(made) << made.error().describe();
    return made.value_or(sync::Plan());
  }

  Settings own_;
  Progress progress_;
  AccountReport report_;
  Engine engine_;
  sync::Input input_;
};

TEST_F(PlanBesideNeighbours, WhatIsNewThereStays) {
  gone(1, kContent);
  gone(2, "Subject: y\n\n");
  write_file(kFile, kContent);
  const sync::Plan made = plan();
  ASSERT_EQ(made.actions.size(), 1U);
  EXPECT_EQ(std::get<sync::DeleteOut>(made.actions.front().what).uid, Uid{2});
  ASSERT_EQ(made.waiting.size(), 1U);
  EXPECT_EQ(made.waiting.front().uid, Uid{1});
  EXPECT_NE(made.waiting.front().reason.find("account work has "), std::string::npos);
}

TEST_F(PlanBesideNeighbours, WithoutADeletionNothingIsLookedAt) {
  std::filesystem::create_directories(settings_.state_dir);
  std::ofstream(settings_.state_dir + "/state.db") << std::string(8192, 'x');
  EXPECT_TRUE(plan().held.empty());
  EXPECT_TRUE(input_.births_elsewhere.empty());
  gone(1, kContent);
  EXPECT_EQ(plan().held.size(), 1U);
}

// Two are the same message, and one of them is approved. Both stay for what is new there, and the
// third one alone is too little for the brake: it has to be looked for, too.
TEST_F(PlanBesideNeighbours, WhatPassesTheBrakeThenIsLookedForToo) {
  const std::string large = "Subject: z\n\n" + std::string(9000, 'z') + "\n";
  input_.mailboxes.front().brake = {0.0, 2};
  input_.approvals.push_back({gone(1, kContent), UidValidity{7}});
  gone(2, kContent);
  gone(3, large);
  write_file(kFile, kContent);
  write_file("INBOX/new/18.large", large);
  const sync::Plan made = plan();
  EXPECT_TRUE(made.actions.empty());
  EXPECT_TRUE(made.held.empty());
  EXPECT_EQ(made.waiting.size(), 3U);
}

}  // namespace
}  // namespace sterna::account::test
