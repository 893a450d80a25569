// SPDX-License-Identifier: Apache-2.0
// Mailboxes: a base, a LIST and a walk of the Maildir to be changed step by step, and the plan for
// them as text, one action a line: "rename_local A A -> B", "create_remote new C".
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sterna/base/digest.h"
#include "sterna/sync/mailbox_plan.h"

namespace sterna::sync::test {

// A world of mailboxes. known("A") is in the base and on both sides until something is changed.
class Mailboxes {
 public:
  Mailboxes() {
    input.remote_complete = true;
    input.local_complete = true;
  }

  KnownMailbox& known(const std::string& name) {
    KnownMailbox known;
    known.row.id = MailboxId(static_cast<std::int64_t>(input.base.size()) + 1);
    known.row.name = MailboxName(name);
    known.row.wire = WireName{name};
    known.row.path = name;
    known.row.has_local = known.row.has_remote = true;
    known.row.mailbox_id = "id-" + name;
    known.row.cur_dev = 1;
    known.row.cur_ino = inode(name);
    known.row.cursor.uidvalidity = UidValidity(static_cast<std::uint32_t>(inode(name)));
    known.row.cursor.uid_next = Uid(10);
    known.row.cursor.messages = 5;
    known.on_server = known.files = 5;
    remote(name);
    local(name);
    input.base.push_back(known);
    return input.base.back();
  }
  RemoteMailbox& remote(const std::string& name, const std::string& was = "") {
    const std::string& origin = was.empty() ? name : was;
    RemoteMailbox mailbox;
    mailbox.wire = WireName{name};
    mailbox.name = MailboxName(name);
    mailbox.mailbox_id = "id-" + origin;
    mailbox.uidvalidity = UidValidity(static_cast<std::uint32_t>(inode(origin)));
    mailbox.uid_next = Uid(10);
    mailbox.messages = 5;
    input.remote.push_back(mailbox);
    return input.remote.back();
  }
  LocalMailbox& local(const std::string& name, const std::string& was = "") {
    LocalMailbox mailbox;
    mailbox.name = MailboxName(name);
    mailbox.path = name;
    mailbox.cur_dev = 1;
    mailbox.cur_ino = inode(was.empty() ? name : was);
    mailbox.messages = 5;
    input.local.push_back(mailbox);
    return input.local.back();
  }

  RemoteMailbox& on_server(const std::string& name) {
    return *std::ranges::find(input.remote, MailboxName(name), &RemoteMailbox::name);
  }
  LocalMailbox& here(const std::string& name) {
    return *std::ranges::find(input.local, MailboxName(name), &LocalMailbox::name);
  }
  KnownMailbox& in_base(const std::string& name) {
    return *std::ranges::find_if(
        input.base, [&](const KnownMailbox& known) { return known.row.name.text() == name; });
  }

  // Gone for as many LISTs as count.
  void gone_from_server(const std::string& name, unsigned absences = 2) {
    std::erase_if(input.remote, [&](const auto& mailbox) { return mailbox.name.text() == name; });
    for (KnownMailbox& known : input.base) {
      if (known.row.name.text() == name) known.row.remote_absences = absences;
    }
  }
  void gone_here(const std::string& name) {
    std::erase_if(input.local, [&](const auto& mailbox) { return mailbox.name.text() == name; });
  }
  void renamed_on_server(const std::string& from, const std::string& to,
                         const std::string& origin = "") {
    gone_from_server(from, 1);
    remote(to, origin.empty() ? from : origin);
  }
  void renamed_here(const std::string& from, const std::string& to) {
    gone_here(from);
    local(to, from);
  }

  void trade_here(const std::string& one, const std::string& other) {
    gone_here(one);
    gone_here(other);
    local(one, other);
    local(other, one);
  }
  // A RENAME of ours, begun and not recorded.
  void intend(const std::string& name, const std::string& target) {
    Intent intent;
    intent.kind = IntentKind::mailbox_rename;
    intent.mailbox = in_base(name).row.id;
    intent.uidvalidity = in_base(name).row.cursor.uidvalidity;
    intent.target_name = target;
    input.intents.push_back(intent);
  }
  // A server without MAILBOXID.
  void forget_ids() {
    for (KnownMailbox& known : input.base) known.row.mailbox_id.clear();
    for (RemoteMailbox& mailbox : input.remote) mailbox.mailbox_id.clear();
  }

  std::string told() const {
    std::string text;
    for (const MailboxAction& action : plan_mailboxes(input)) {
      EXPECT_FALSE(action.reason.empty());
      text += std::string(kind_of(action)) +
              std::visit([&](const auto& what) { return show(what); }, action.what) + "\n";
    }
    return text;
  }

  MailboxesInput input;

 private:
  static std::uint64_t inode(const std::string& name) { return 1000 + hash64(name) % 1'000'000; }
  std::string name(MailboxId id) const {
    for (const KnownMailbox& known : input.base) {
      if (known.row.id == id) return " " + known.row.name.text();
    }
    return " new";
  }
  std::string show(const AdoptBoth& adopt) const {
    return name(adopt.id) + " " + adopt.remote.name.text();
  }
  std::string show(const CreateLocal& create) const {
    return name(create.id) + " " + create.remote.name.text();
  }
  std::string show(const CreateRemote& create) const {
    return name(create.id) + " " + create.local.name.text();
  }
  std::string show(const RenameLocal& rename) const {
    return name(rename.id) + " " + rename.from.text() + " -> " + rename.to.name.text() +
           (rename.with_parent ? " with parent" : "");
  }
  std::string show(const RenameRemote& rename) const {
    EXPECT_TRUE(rename.from_wire.octets.empty() || rename.from_wire.octets == rename.from.text());
    return name(rename.id) + " " + rename.from.text() + " -> " + rename.to.name.text() +
           (rename.with_parent ? " with parent" : "");
  }
  std::string show(const StepAside& aside) const {
    return name(aside.id) + " " + aside.from.text() + " -> " + aside.to.text() +
           (aside.remote ? " there" : " here");
  }
  std::string show(const EmptyLocal& empty) const { return name(empty.id); }
  std::string show(const EmptyRemote& empty) const { return name(empty.id); }
  std::string show(const RenameRow& rename) const {
    return name(rename.id) + " -> " + rename.remote.name.text();
  }
  std::string show(const RemoveLocal& remove) const {
    EXPECT_FALSE(remove.proof.empty());
    return name(remove.id);
  }
  std::string show(const RemoveRemote& remove) const {
    EXPECT_FALSE(remove.proof.empty());
    return name(remove.id);
  }
  std::string show(const Freeze& freeze) const { return name(freeze.id); }
  std::string show(const ForgetMailbox& forget) const { return name(forget.id); }
  std::string show(const HoldMailbox& hold) const { return " " + hold.name.text(); }
  std::string show(const WaitMailbox& wait) const { return " " + wait.name.text(); }
};

}  // namespace sterna::sync::test
