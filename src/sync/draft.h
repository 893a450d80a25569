// SPDX-License-Identifier: Apache-2.0
// Draft: a plan in the making. Removals are gathered apart from the rest, since they need the whole
// plan to be judged: whatever might be the same message must be settled first, and then the brake
// counts them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "world.h"

namespace sterna::sync {

enum class Side : std::uint8_t { remote, local };

// A removal that somebody's absence, or a message that moved on both sides, proposes. Those on the
// server that finish what a move or an edit began are none.
struct Removal {
  Side side = Side::remote;
  RowView* row = nullptr;
  Action action;
  bool begun_before = false;  // the brake let it through in an earlier pass
};

using Approved = std::set<std::pair<MessageKey, UidValidity>>;

struct Draft {
  explicit Draft(World& the_world) : world(the_world) {
    for (const Approval& approval : world.input().approvals) {
      approved.emplace(approval.key, approval.uidvalidity);
      if (approval.elsewhere) let_go.emplace(approval.key, approval.uidvalidity);
    }
  }

  World& world;
  Plan plan;
  std::vector<Removal> removals;
  std::uint64_t infos_lost = 0;     // by files of the whole account, as the brake counts them
  std::set<IntentId> kept_intents;  // still in doubt, or carried by an action
  Approved approved;                // by the user, for exactly these rows (22)
  Approved let_go;                  // of these, whatever other accounts have

  void act(ActionKind what, std::string reason) {
    plan.actions.push_back({std::move(what), std::move(reason)});
  }
  void propose(Side side, RowView& row, ActionKind what, std::string reason) {
    removals.push_back({side, &row, {std::move(what), std::move(reason)}});
  }
  bool is_approved(const RowView& row) const { return names(approved, row); }
  bool is_let_go(const RowView& row) const { return names(let_go, row); }
  // Everywhere where something was seen of it: no cursor or stamp may pass any of that.
  void wait(const RowView& row, const std::string& reason) {
    note(row, reason, row.mailbox->takes_changes());
  }
  void wait(FileView& file, const std::string& reason) {
    note(file, reason, file.mailbox->takes_changes());
  }
  void wait(const MailboxView& mailbox, Uid uid, std::string reason) {
    plan.waiting.push_back({mailbox.in->id, "", uid, std::move(reason), mailbox.takes_changes()});
  }
  void hold(HeldKind kind, const RowView& row, std::optional<LocalFile> file, std::string reason) {
    // What the verdict goes by has to be told again, and a file that was moved to be listed again.
    if (row.told || row.file) note(row, reason, false);
    const Where where = row.mailbox->where();
    plan.held.push_back({kind, where.mailbox, row.key().uid, where.uidvalidity, std::move(file),
                         std::move(reason)});
  }
  void hold(HeldKind kind, FileView& file, std::string reason) {
    if (file.from) note(file, reason, false);
    const Where where = file.mailbox->where();
    plan.held.push_back(
        {kind, where.mailbox, Uid(), where.uidvalidity, file.arrival->file, std::move(reason)});
  }

 private:
  static bool names(const Approved& rows, const RowView& row) {
    return rows.contains({row.key(), row.mailbox->where().uidvalidity});
  }
  void note(const RowView& row, const std::string& reason, bool pending) {
    plan.waiting.push_back({row.key().mailbox, row.row->base_name, row.key().uid, reason, pending});
    if (row.change && row.change->content_changed && !row.change->surely_edited) {
      plan.doubtful.insert(row.key().mailbox);
    }
    if (row.file && !row.file->message) note_file(*row.file, reason, false);
    if (row.message) note_message(*row.message, reason);
  }
  void note(FileView& file, const std::string& reason, bool pending) {
    if (file.from) return note(*file.from, reason, pending);
    note_file(file, reason, pending);
    if (file.elsewhere) note_message(*file.elsewhere, reason);
  }
  void note_file(FileView& file, const std::string& reason, bool pending) {
    file.waits = true;
    const LocalArrival& arrival = *file.arrival;
    if (arrival.after_restart && arrival.origin && arrival.origin->ours) {
      plan.unsettled_after_stop.insert(file.mailbox->in->id);
    }
    plan.waiting.push_back({file.mailbox->in->id, file.arrival->file.base, Uid(), reason, pending});
  }
  // Told of with its row or its file, and counted there.
  void note_message(const MessageView& message, const std::string& reason) {
    plan.waiting.push_back({message.mailbox->in->id, "", message.uid, reason, false});
  }
};

}  // namespace sterna::sync
