// SPDX-License-Identifier: Apache-2.0
// MailboxWorld: every mailbox of the base with what was seen of it on both sides, and what was seen
// that the base does not know. Names nominate, and so do equal UIDVALIDITY, UIDNEXT and count in
// one LIST; MAILBOXID, dev and inode of cur, an open intent, or the content prove a rename. What an
// open intent explains is our own doing: the mailbox is present, under a name that the row does not
// have yet.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "sterna/sync/mailbox_plan.h"

namespace sterna::sync {

enum class Presence : std::uint8_t {
  unknown,  // not seen, and absence is not proven
  present,
  absent,
  renamed,  // seen under another name, which somebody gave it
  suspect,  // local only: missing parts, or another directory
};

struct KnownView {
  const KnownMailbox* known = nullptr;
  Presence remote_state = Presence::unknown;
  Presence local_state = Presence::unknown;
  const RemoteMailbox* remote = nullptr;  // where present or renamed
  const LocalMailbox* local = nullptr;    // where present, renamed or suspect

  const MailboxRow& row() const { return known->row; }
};

class MailboxWorld {
 public:
  explicit MailboxWorld(const MailboxesInput& input);
  MailboxWorld(const MailboxWorld&) = delete;
  MailboxWorld& operator=(const MailboxWorld&) = delete;

  const MailboxesInput& input() const { return input_; }
  const std::vector<KnownView>& known() const { return known_; }  // ascending by name
  // By name; nullptr if there is none. A remote name that cannot be selected counts as none.
  const RemoteMailbox* remote(const MailboxName& name) const;
  const LocalMailbox* local(const MailboxName& name) const;
  // What belongs to no row, ascending by name.
  std::vector<const RemoteMailbox*> new_remote() const;
  std::vector<const LocalMailbox*> new_local() const;
  // What the numbers suggest, whether it was proven or not.
  std::vector<SupposedRename> supposed_renames() const;

 private:
  void find_moved_remote(KnownView& view);
  void find_named_remote(KnownView& view);
  void find_moved_local(KnownView& view);
  void find_named_local(KnownView& view);
  const RemoteMailbox* renamed_by_us(const KnownView& view) const;
  bool explains(const Intent& intent, const KnownView& view, const RemoteMailbox& target) const;
  const RemoteMailbox* renamed_remote(const KnownView& view) const;
  const RemoteMailbox* renamed_by_id(const MailboxRow& row) const;
  const RemoteMailbox* renamed_by_counts(const MailboxRow& row) const;
  bool may_be_renamed_by_counts(const MailboxRow& row, const RemoteMailbox& remote) const;
  bool shares_its_uidvalidity(const RemoteMailbox& remote) const;

  const MailboxesInput& input_;
  std::vector<KnownView> known_;
  std::map<MailboxName, const RemoteMailbox*> remote_by_name_;
  std::map<MailboxName, const LocalMailbox*> local_by_name_;
  std::map<MailboxName, const KnownMailbox*> in_base_;
  std::set<const RemoteMailbox*> taken_remote_;
  std::set<const LocalMailbox*> taken_local_;
};

}  // namespace sterna::sync
