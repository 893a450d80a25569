// SPDX-License-Identifier: Apache-2.0
// The moments of a sync at which a test lets the process die: one in each line of the order of
// effects (docs/safety.md, section 3). `STERNA_DIE_AT=NAME` in the environment is SIGKILL at that
// moment, `NAME:N` at the Nth time, `any:N` at the Nth step of all; only in builds with
// STERNA_STEPS, elsewhere nothing is left. Thread-safe: files are placed and flushed on workers.
//
// scripts/kill-rounds reads the names from here, and lint finds those that nothing says.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace sterna {

// What comes before the dot says which deed of a user leads there; see tests/torture/steps.py.
inline constexpr std::string_view kSteps[] = {
    // The base: all rows of a transaction are written, and then they are committed.
    "store.writing",
    "store.committed",
    // A first sync, or one whose state was lost: ids in the base, ids in the marker.
    "tree.recorded",
    "tree.marked",
    // The epoch: announced in the base, moved in the marker, settled in the base.
    "epoch.announced",
    "epoch.marked",
    "epoch.recorded",
    // A pass: the plan is made, carried out, and the cursors are saved; at last the sync is noted.
    "plan.begun",
    "plan.executed",
    "cursors.saved",
    "sync.recorded",
    // A file that comes: written without a name, named, flushed with its directory, recorded.
    "delivery.written",
    "delivery.placed",
    "delivery.flushed",
    "download.recorded",
    // A file that changes its name, its mailbox, or its file system: done, flushed, recorded.
    "flags_in.renamed",
    "move_in.renamed",
    "undo.copied",
    "undo.moved",
    "local.flushed",
    "local.recorded",
    // A file that goes: intended, moved into the undo area, flushed, recorded.
    "delete_in.intended",
    "delete_in.flushed",
    "delete_in.recorded",
    "repair.recorded",
    // What goes out: durable here or intended, said, answered, recorded; what a server stored of an
    // upload is learned, and what was marked for an EXPUNGE that it refuses is unmarked.
    "flags_out.flushed",
    "flags_out.answered",
    "flags_out.recorded",
    "upload.intended",
    "upload.sent",
    "upload.answered",
    "upload.recorded",
    "upload.learned",
    "move_out.intended",
    "move_out.copied",
    "move_out.answered",
    "move_out.recorded",
    "delete_out.intended",
    "delete_out.copied",
    "delete_out.answered",
    "delete_out.unmarked",
    "delete_out.recorded",
    // A last copy, before it is expunged: in the undo area, and entered there.
    "undo.fetched",
    "undo.entered",
    // An expunge without UIDPLUS: others spared, ours marked, ours gone, the others as they were.
    "expunge.spared",
    "expunge.marked",
    "expunge.done",
    "expunge.restored",
    // What was kept long enough: the entry is gone, the file is not.
    "trim.recorded",
    // Mailboxes.
    "mailbox.half_made",
    "mailbox.made_here",
    "mailbox.made_there",
    "mailbox.recorded",
    "unmailbox.half_gone",
    "unmailbox.gone_here",
    "unmailbox.gone_there",
    "unmailbox.recorded",
    "rename.intended",
    "rename.done_there",
    "rename.done_here",
    "rename.recorded",
    // A mailbox whose UIDs mean nothing any more.
    "adoption.begun",
};

// One of kSteps; anything else does not compile.
class StepName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): at_step("upload.sent") is the whole use.
  consteval StepName(const char* name) : index_(index_of(name)) {}
  std::string_view text() const { return kSteps[index_]; }

 private:
  static consteval std::size_t index_of(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kSteps); ++i) {
      if (kSteps[i] == name) return i;
    }
    throw "not in kSteps";
  }

  std::size_t index_;
};

#ifdef STERNA_STEPS
void at_step(StepName step);
#else
constexpr void at_step(StepName) {}
#endif

}  // namespace sterna
