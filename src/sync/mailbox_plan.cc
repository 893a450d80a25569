// SPDX-License-Identifier: Apache-2.0
// The table of mailboxes:
//
//   remote \ local | present        | absent         | renamed        | suspect
//   present        | -              | remove if empty| RENAME         | freeze
//   absent         | remove if empty| forget         | CREATE         | freeze
//   renamed        | rename         | hold           | server's name  | freeze
//   unknown        | wait           | wait           | wait           | freeze
//
// "Remove if empty" means empty as counted now on the side where it would go. Otherwise it is made
// anew on the other side if nothing in it is known to both (all of it is new), else held, and then
// emptied or made anew as the user says.
#include "sterna/sync/mailbox_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "mailbox_order.h"
#include "mailbox_world.h"

namespace sterna::sync {
namespace {

using Actions = std::vector<MailboxAction>;

bool may_push(const MailboxPolicy& policy) {
  return policy.direction != Direction::pull;
}
bool may_pull(const MailboxPolicy& policy) {
  return policy.direction != Direction::push;
}
bool creates_local(const MailboxPolicy& policy) {
  return policy.create == Create::both || policy.create == Create::local;
}
bool creates_remote(const MailboxPolicy& policy) {
  return may_push(policy) && (policy.create == Create::both || policy.create == Create::remote);
}

template <class Number>
std::string counted(const std::optional<Number>& messages) {
  if (!messages) return "not counted";
  return std::to_string(*messages) + (*messages == 1U ? " message" : " messages");
}

class MailboxPlanner {
 public:
  explicit MailboxPlanner(const MailboxesInput& input) : world_(input) {}

  Actions plan() {
    for (const KnownView& view : world_.known()) decide(view);
    for (const RemoteMailbox* remote : world_.new_remote()) decide_new_remote(*remote);
    for (const LocalMailbox* local : world_.new_local()) decide_new_local(*local);
    put_in_order(actions_, world_.input());
    return std::move(actions_);
  }

 private:
  void act(MailboxActionKind what, std::string reason) {
    actions_.push_back({std::move(what), std::move(reason)});
  }
  void wait(const KnownView& view, std::string reason) {
    act(WaitMailbox{view.row().id, view.row().name}, std::move(reason));
  }
  void hold(const KnownView& view, MailboxHeld kind, std::string reason) {
    act(HoldMailbox{view.row().id, view.row().name, kind}, std::move(reason));
  }

  void decide(const KnownView& view) {
    if (!view.known->policy.included) {
      return act(ForgetMailbox{view.row().id}, "excluded by the configuration");
    }
    // A rename leaves the subscription behind: it is followed first, so that the directory stands
    // for the mailbox that the server has.
    if (view.remote_state == Presence::present && !view.remote->subscribed) {
      return act(ForgetMailbox{view.row().id}, "not subscribed on the server");
    }
    if (view.local_state == Presence::suspect) {
      if (may_be_made_whole(view)) {
        return act(CreateLocal{view.row().id, *view.remote},
                   "its folder here is not whole, and no message of it was deleted");
      }
      return act(Freeze{view.row().id}, "its directory is incomplete, or another one");
    }
    if (!view.row().has_local || !view.row().has_remote) return complete(view);
    if (view.remote_state == Presence::unknown) {
      return wait(view, world_.input().remote_complete
                            ? "missing in one list of the server: the next one tells"
                            : "the server's list is incomplete");
    }
    if (view.local_state == Presence::unknown) return wait(view, "the Maildir was not read whole");
    switch (view.remote_state) {
      case Presence::present:
        return stayed_on_server(view);
      case Presence::absent:
        return gone_from_server(view);
      case Presence::renamed:
        return renamed_on_server(view);
      case Presence::unknown:
      case Presence::suspect:
        return;
    }
  }

  // Nothing that is missing where a mailbox is paired anew, or that nobody looked into, was
  // deleted.
  static bool can_lack_nothing(const KnownView& view) {
    const KnownMailbox& known = *view.known;
    const bool looked_into = known.row.cursor.uidvalidity || has_rows(known);
    return (known.row.pair_anew || !looked_into) && may_pull(known.policy);
  }
  static bool has_rows(const KnownMailbox& known) {
    return known.files != 0 || known.on_server != 0;
  }

  // The backup is older than the mailbox, or has no empty directories. Without rows nothing can be
  // lost.
  static bool may_be_made_whole(const KnownView& view) {
    if (view.local->whole || view.remote_state != Presence::present) return false;
    const KnownMailbox& known = *view.known;
    return (known.row.pair_anew || !has_rows(known)) && may_pull(known.policy);
  }

  // A row that lacks a side: its making was cut short, or `create` does not allow it.
  void complete(const KnownView& view) {
    const MailboxRow& row = view.row();
    const bool on_server =
        view.remote_state == Presence::present || view.remote_state == Presence::renamed;
    const bool here = view.local_state == Presence::present;
    if (on_server && here) {
      return act(AdoptBoth{row.id, *view.remote, *view.local}, "on both sides by now");
    }
    if (view.remote_state == Presence::unknown || view.local_state == Presence::unknown) {
      return wait(view, "not both sides are known");
    }
    // What the user asked to have back is made whatever the policy says of new ones.
    const bool restores = view.known->answer == HeldAnswer::restore;
    if (on_server && restores) {
      return act(CreateLocal{row.id, *view.remote}, "brought back by the user");
    }
    if (here && row.has_local && restores) {
      return act(CreateRemote{row.id, *view.local}, "brought back by the user");
    }
    if (on_server) return create_local(row.id, *view.remote);
    if (here && row.has_local) return create_remote(row.id, *view.local);
    act(ForgetMailbox{row.id}, "on no side any more");
  }

  void stayed_on_server(const KnownView& view) {
    if (view.local_state == Presence::absent) return gone_here(view);
    if (view.local->name == view.remote->name) {
      if (view.local->name == view.row().name) return;
      return act(RenameRow{view.row().id, *view.remote, *view.local},
                 "renamed before, now recorded");
    }
    if (!may_push(view.known->policy)) {
      return hold(view, MailboxHeld::name, "renamed here; the direction is pull");
    }
    act(RenameRemote{view.row().id, view.remote->name, view.remote->wire, *view.local, false},
        "renamed here");
  }

  void gone_here(const KnownView& view) {
    const MailboxPolicy& policy = view.known->policy;
    const std::optional<std::uint32_t> messages = view.remote->messages;
    if (view.known->answer == HeldAnswer::restore) {
      return act(CreateLocal{view.row().id, *view.remote}, "brought back by the user");
    }
    if (messages.value_or(0) > 0 && view.known->on_server == 0 && creates_local(policy)) {
      return act(CreateLocal{view.row().id, *view.remote},
                 "removed here; all that is in it on the server came since");
    }
    if (view.row().name.is_inbox()) {
      return hold(view, MailboxHeld::kept, "its directory is gone; INBOX is never removed");
    }
    if (!may_push(policy) || policy.local_delete == LocalDelete::ignore) {
      return hold(view, MailboxHeld::kept,
                  "its directory is gone; the policy keeps it on the server");
    }
    const bool applied = view.known->answer == HeldAnswer::apply;
    // With mail in it, it is held: the backup may still be on its way.
    if (messages == 0U && can_lack_nothing(view) && !applied) {
      return act(CreateLocal{view.row().id, *view.remote},
                 "its folder here is missing, and was not deleted");
    }
    if (messages == 0U) {
      return remove_remote(view);
    }
    if (applied) {
      return act(EmptyRemote{view.row().id, view.row().name, view.remote->wire},
                 "removed here, and applied by the user");
    }
    hold(view, MailboxHeld::remote,
         "its directory is gone, and there is mail in it on the server: " + counted(messages));
  }

  // DELETE must leave what lies below alone (RFC 3501 section 6.3.4), and there are servers where
  // it does not: nothing may be there that is not here, too.
  void remove_remote(const KnownView& view) {
    const std::string above = view.remote->name.text() + '/';
    bool listed = false;
    for (const RemoteMailbox& one : world_.input().remote) {
      if (!one.name.text().starts_with(above)) continue;
      listed = true;
      if (is_here_too(one)) continue;
      if (may_come_here(one)) {
        return wait(view,
                    one.name.text() + ", which lies below it on the server, is settled first");
      }
      return hold(view, MailboxHeld::kept,
                  "removed here, and empty; but below it on the server lies " + one.name.text() +
                      ", which is not synced, and some servers would remove that, too");
    }
    if (view.remote->has_children && !listed) {
      return hold(view, MailboxHeld::kept,
                  "removed here, and empty; but something lies below it on the server that cannot "
                  "be synced, and some servers would remove that, too");
    }
    act(RemoveRemote{view.row().id, view.remote->wire,
                     "its directory is gone from the whole Maildir; STATUS tells no message"},
        "removed here, empty on the server");
  }

  // All that is in it, as far as numbers tell.
  bool is_here_too(const RemoteMailbox& one) const {
    if (!one.selectable || one.messages == 0U) return true;
    const KnownView* view = view_of(one);
    if (!view || !view->known->policy.included || !one.subscribed) return false;
    const bool here =
        view->local_state == Presence::present || view->local_state == Presence::renamed;
    const KnownMailbox& known = *view->known;
    return here && one.messages == known.on_server && known.files >= known.on_server;
  }

  // A sync brings it here, or the user is asked about it.
  bool may_come_here(const RemoteMailbox& one) const {
    if (!one.policy.included || !one.subscribed || !may_pull(one.policy)) return false;
    return view_of(one) != nullptr || creates_local(one.policy);
  }

  const KnownView* view_of(const RemoteMailbox& remote) const {
    const auto found = std::ranges::find(world_.known(), &remote, &KnownView::remote);
    return found == world_.known().end() ? nullptr : &*found;
  }

  void gone_from_server(const KnownView& view) {
    const MailboxRow& row = view.row();
    if (row.name.is_inbox()) return wait(view, "the server does not list INBOX");
    if (view.local_state == Presence::absent) {
      return act(ForgetMailbox{row.id}, "gone on both sides");
    }
    if (view.local_state == Presence::renamed) return renamed_here_gone_there(view);
    if (view.known->answer == HeldAnswer::restore) {
      return act(CreateRemote{row.id, *view.local}, "brought back by the user");
    }
    const MailboxPolicy& policy = view.known->policy;
    const std::optional<std::uint64_t> messages = view.local->messages;
    if (messages.value_or(0) > 0 && view.known->files == 0 && creates_remote(policy)) {
      return act(CreateRemote{row.id, *view.local},
                 "removed on the server; all that is in it here came since");
    }
    if (!may_pull(policy) || policy.remote_delete == RemoteDelete::ignore) {
      return hold(view, MailboxHeld::kept, "gone from the server; the policy keeps it here");
    }
    if (messages == 0U) {
      return act(
          RemoveLocal{row.id, view.local->path, "missing in two complete lists of the server"},
          "removed on the server, empty here");
    }
    if (view.known->answer == HeldAnswer::apply) {
      return act(EmptyLocal{row.id, row.name, view.local->path},
                 "removed on the server, and applied by the user");
    }
    hold(view, MailboxHeld::local,
         "gone from the server, and there is mail in it here: " + counted(messages));
  }

  void renamed_here_gone_there(const KnownView& view) {
    if (const RemoteMailbox* there = world_.remote(view.local->name)) {
      // Its UIDVALIDITY tells whether it is the same one; if not, both are paired.
      const auto unclaimed = world_.new_remote();
      if (std::ranges::find(unclaimed, there) != unclaimed.end()) {
        return act(RenameRow{view.row().id, *there, *view.local}, "under the same name by now");
      }
      return hold(view, MailboxHeld::name,
                  "gone from the server, and renamed here to the name of another mailbox");
    }
    if (!creates_remote(view.local->policy)) {
      return hold(view, MailboxHeld::kept,
                  "gone from the server, renamed here; the policy creates none there");
    }
    create_remote(view.row().id, *view.local);
  }

  void renamed_on_server(const KnownView& view) {
    const MailboxRow& row = view.row();
    if (!view.remote->policy.included) {
      return act(ForgetMailbox{row.id}, "renamed on the server to a name that is excluded");
    }
    if (view.local_state == Presence::absent) {
      if (view.known->answer == HeldAnswer::restore) {
        return act(CreateLocal{row.id, *view.remote}, "brought back by the user");
      }
      return hold(view, MailboxHeld::kept, "renamed on the server, and its directory here is gone");
    }
    if (view.local->name == view.remote->name) {
      return act(RenameRow{row.id, *view.remote, *view.local}, "renamed on both sides");
    }
    if (!may_pull(view.known->policy)) {
      return hold(view, MailboxHeld::name, "renamed on the server; the direction is push");
    }
    act(RenameLocal{row.id, view.local->name, view.local->path, *view.remote, false},
        view.local_state == Presence::renamed ? "renamed on both sides: the server's name"
                                              : "renamed on the server");
  }

  void create_local(MailboxId id, const RemoteMailbox& remote,
                    std::string reason = "on the server only") {
    if (!remote.name.is_inbox() && !creates_local(remote.policy)) return;
    act(CreateLocal{id, remote}, std::move(reason));
  }

  void create_remote(MailboxId id, const LocalMailbox& local) {
    if (local.name.is_inbox() || !creates_remote(local.policy)) return;
    act(CreateRemote{id, local}, "here only");
  }

  void decide_new_remote(const RemoteMailbox& remote) {
    if (!remote.policy.included || !remote.subscribed) return;
    const LocalMailbox* local = world_.local(remote.name);
    if (local && is_new(*local)) {
      // It lacks new or tmp, as one that a lost power left half made, or a backup without empty
      // directories.
      if (local->suspect) return make_whole(remote);
      return act(AdoptBoth{MailboxId(), remote, *local}, "on both sides");
    }
    if (local) {
      return act(WaitMailbox{MailboxId(), remote.name}, "its name here belongs to another mailbox");
    }
    if (!world_.input().local_complete) {
      return act(WaitMailbox{MailboxId(), remote.name}, "the Maildir was not read whole");
    }
    create_local(MailboxId(), remote);
  }

  void make_whole(const RemoteMailbox& remote) {
    if (remote.name.is_inbox() || creates_local(remote.policy)) {
      return create_local(MailboxId(), remote, "its folder here is not whole");
    }
    act(WaitMailbox{MailboxId(), remote.name, true},
        "its folder here is not whole, and `create` makes none here");
  }

  void decide_new_local(const LocalMailbox& local) {
    if (!local.policy.included || world_.remote(local.name)) return;
    if (local.suspect) {
      if (!creates_remote(local.policy)) return;
      return act(WaitMailbox{MailboxId(), local.name, true},
                 "its folder here is not whole, and is not made on the server");
    }
    if (local.name.is_inbox()) {
      return act(WaitMailbox{MailboxId(), local.name}, "the server does not list INBOX");
    }
    if (!world_.input().remote_complete) {
      return act(WaitMailbox{MailboxId(), local.name}, "the server's list is incomplete");
    }
    create_remote(MailboxId(), local);
  }

  bool is_new(const LocalMailbox& local) const {
    return std::ranges::none_of(world_.known(),
                                [&](const KnownView& view) { return view.local == &local; });
  }

  MailboxWorld world_;
  Actions actions_;
};

}  // namespace

std::vector<SupposedRename> supposed_renames(const MailboxesInput& input) {
  return MailboxWorld(input).supposed_renames();
}

std::vector<MailboxAction> plan_mailboxes(const MailboxesInput& input) {
  return MailboxPlanner(input).plan();
}

}  // namespace sterna::sync
