// SPDX-License-Identifier: Apache-2.0
// What the user decides: the fate of what is held, and that a Maildir belongs to this account. Both
// take the lock of the state, so that no sync runs meanwhile, and change nothing but the state and
// the marker: the next sync carries them out, by the conventions of decisions.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "decisions.h"
#include "inspect_parts.h"
#include "mailbox_rows.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "sterna/sync/mailbox_plan.h"
#include "tree.h"

namespace sterna::account {
namespace {

// Sets the one decision and takes back the other.
Status decide_file(store::Store& base, const std::string& chosen, const std::string& other) {
  STERNA_CHECK(base.unset(other));
  return base.set(chosen, kDecided);
}

class Decider {
 public:
  Decider(store::Store& base, HeldDecision decision) : base_(base), decision_(decision) {}

  // Whether there was something to decide: not if the row is not what it was when it was held.
  Result<bool> decide(const store::HeldEntry& entry) {
    if (is_held_mailbox(entry)) return decide_mailbox(entry);
    if (!entry.uid) {
      STERNA_CHECK(decide_orphan(entry));
      return true;
    }
    STERNA_TRY(const std::optional<MessageRow> row, base_.message({entry.mailbox, entry.uid}));
    if (!row) return false;
    // UIDs count only under the UIDVALIDITY under which they were held (rule 22).
    STERNA_TRY(const UidValidity now, validity_of(entry.mailbox));
    if (now != entry.uidvalidity) return false;
    return decision_ == HeldDecision::apply ? apply(entry) : restore(entry, *row);
  }

 private:
  // What the policy keeps can only come back, and of two names the user chooses one himself.
  Result<bool> decide_mailbox(const store::HeldEntry& entry) {
    const bool kept = entry.kind == sync::to_string(sync::MailboxHeld::kept);
    if (entry.kind == sync::to_string(sync::MailboxHeld::name)) return false;
    if (kept && decision_ == HeldDecision::apply) return false;
    std::string apply = mailbox_apply_key(entry.mailbox);
    std::string restore = mailbox_restore_key(entry.mailbox);
    if (decision_ == HeldDecision::restore) std::swap(apply, restore);
    STERNA_CHECK(decide_file(base_, apply, restore));
    return true;
  }

  Status decide_orphan(const store::HeldEntry& entry) {
    std::string apply = orphan_apply_key(entry.mailbox, entry.base_name);
    std::string restore = orphan_restore_key(entry.base_name);
    if (decision_ == HeldDecision::restore) std::swap(apply, restore);
    return decide_file(base_, apply, restore);
  }

  Result<bool> apply(const store::HeldEntry& entry) {
    STERNA_CHECK(base_.unset(flags_restore_key(entry.mailbox, entry.uid)));
    const MessageKey row{entry.mailbox, entry.uid};
    STERNA_CHECK(base_.add_approval({row, entry.uidvalidity}));
    if (entry.kind == sync::to_string(sync::HeldKind::moved_away)) {
      STERNA_CHECK(base_.set(elsewhere_apply_key(row), std::to_string(entry.uidvalidity.value)));
    }
    return true;
  }

  Result<bool> restore(const store::HeldEntry& entry, MessageRow row) {
    STERNA_CHECK(base_.remove_approval(row.key));
    STERNA_CHECK(base_.unset(elsewhere_apply_key(row.key)));
    if (entry.kind == sync::to_string(sync::HeldKind::flags_lost)) {
      STERNA_CHECK(base_.set(flags_restore_key(entry.mailbox, entry.uid), kDecided));
      return true;
    }
    const bool has_file_row = row.state == RowState::present || row.state == RowState::stub;
    // A removal that was begun before it was held has its intent still, by which the next sync
    // takes its mark away.
    if (leaves_server(entry) && (has_file_row || row.state == RowState::deleting))
      return fetch_again(row);
    if (!has_file_row) return false;
    if (entry.kind == sync::to_string(sync::HeldKind::delete_local)) return upload_again(row);
    return false;
  }

  Result<bool> fetch_again(MessageRow& row) {
    row.state = RowState::wanted;
    row.base_name.clear();
    row.in_new = false;
    row.info.clear();
    row.file = {};
    STERNA_CHECK(base_.put_message(row));
    return true;
  }

  // A stub is not the message (rule 18): its server has the whole no more, and it stays held.
  Result<bool> upload_again(const MessageRow& row) {
    if (row.state == RowState::stub || row.base_name.empty()) return false;
    STERNA_CHECK(base_.remove_message(row.key));
    STERNA_CHECK(base_.unset(orphan_apply_key(row.key.mailbox, row.base_name)));
    STERNA_CHECK(base_.set(orphan_restore_key(row.base_name), kDecided));
    return true;
  }

  Result<UidValidity> validity_of(MailboxId id) {
    if (known_ != id) {
      STERNA_TRY(const std::vector<MailboxRow> rows, base_.mailboxes());
      const auto it = std::ranges::find(rows, id, &MailboxRow::id);
      validity_ = it == rows.end() ? UidValidity() : it->cursor.uidvalidity;
      known_ = id;
    }
    return validity_;
  }

  store::Store& base_;
  HeldDecision decision_;
  MailboxId known_;
  UidValidity validity_;
};

// What was decided is looked at again: without a stamp the mailbox is listed.
Status clear_stamps(store::Store& base, const std::vector<MailboxRow>& rows,
                    const std::set<MailboxId>& decided) {
  for (MailboxRow row : rows) {
    if (!decided.contains(row.id) || row.stamp.empty()) continue;
    row.stamp.clear();
    STERNA_CHECK(base.update_mailbox(row));
  }
  return {};
}

// --- adopt
// -----------------------------------------------------------------------------------------

struct FoundMarker {
  std::string words;
  std::optional<maildir::Marker> marker;
};

Result<FoundMarker> look_at_marker(io::Directory& root, std::uint64_t state,
                                   const std::string& machine) {
  auto marker = maildir::read_marker(root);
  if (!marker) {
    if (marker.error().is(ErrorCode::not_found)) return FoundMarker{"no marker", std::nullopt};
    if (!marker.error().is(ErrorCode::marker)) return fail(marker.error());
    return FoundMarker{"a damaged marker", std::nullopt};
  }
  const bool here = marker->machine.empty() || machine.empty() || marker->machine == machine;
  const bool ours = state != 0 && marker->state.value == state;
  std::string words = ours && here ? "this account's own marker"
                      : ours       ? "this account's marker, written on another machine"
                      : here       ? "the marker of another state on this machine"
                                   : "the marker of another state on another machine";
  return FoundMarker{std::move(words), std::move(*marker)};
}

Result<std::string> describe_mail(io::Directory& root, const Settings& settings,
                                  const std::vector<MailboxRow>& known) {
  STERNA_TRY(const LocalFolders folders, list_local(root, settings, known));
  std::uint64_t messages = 0;
  for (const LocalFolder& folder : folders.mailboxes) {
    if (!folder.complete) continue;
    STERNA_TRY(const std::uint64_t count, count_local(root, folder.path));
    messages += count;
  }
  return fmt::format("{} message{} in {} mailbox{}", messages, messages == 1 ? "" : "s",
                     folders.mailboxes.size(), folders.mailboxes.size() == 1 ? "" : "es");
}

std::uint64_t random_id(io::Random& random) {
  for (;;) {
    if (const std::uint64_t id = random.next(); id != 0) return id;
  }
}

// A Maildir of which a part is missing. A place without any is none: the disk of that mailbox may
// not be mounted.
bool is_incomplete(io::Directory& root, const maildir::MailboxPath& path) {
  const Result<maildir::HomeDirectory> home = maildir::open_path(root, path);
  if (!home) return false;
  const std::array parts{"cur", "new", "tmp"};
  const auto there = std::ranges::count_if(
      parts, [&](const char* part) { return (*home)->stat_at(part).has_value(); });
  return there == 1 || there == 2;
}

bool has_other_folder(io::Directory& root, const MailboxRow& row) {
  const maildir::MailboxPath path = maildir::parse_mailbox_path(row.path);
  if (is_incomplete(root, path)) return true;
  const auto dirs = maildir::open_mailbox(root, path);
  if (!dirs) return false;
  const Result<io::FileStat> cur = dirs->cur->stat();
  return cur && !is_cur_of(row, *cur);
}

// The mailboxes whose directory is another one than the base knows, or lacks a part.
std::vector<MailboxRow> replaced_mailboxes(io::Directory& root,
                                           const std::vector<MailboxRow>& known) {
  std::vector<MailboxRow> replaced;
  for (const MailboxRow& row : known) {
    if (!row.has_local || !row.cursor.uidvalidity || row.cur_ino == 0) continue;
    if (has_other_folder(root, row)) replaced.push_back(row);
  }
  return replaced;
}

// What is in their place now is right, the user says.
Result<std::vector<std::string>> adopt_replaced(store::Store& base, io::Directory& root,
                                                const std::vector<MailboxRow>& known) {
  std::vector<MailboxRow> replaced = replaced_mailboxes(root, known);
  std::vector<std::string> names;
  if (replaced.empty()) return names;
  STERNA_TRY(auto transaction, base.begin(store::Durability::full));
  for (MailboxRow& row : replaced) {
    row.pair_anew = true;
    STERNA_CHECK(base.update_mailbox(row));
    names.push_back(row.name.text());
  }
  STERNA_CHECK(transaction.commit());
  return names;
}

// The marker that this state and this tree shall have from now on. The tree keeps its id if the
// marker is this state's: the names of its files carry it.
Result<maildir::Marker> new_marker(store::Store& base, const FoundMarker& found, io::Random& random,
                                   std::string machine) {
  STERNA_TRY(std::uint64_t state, stored_id(base, "state"));
  STERNA_TRY(const std::uint64_t tree, stored_id(base, "tree"));
  STERNA_TRY(const std::optional<std::string> stored_epoch, base.get("epoch"));
  std::uint64_t epoch = parse_number(stored_epoch.value_or("")).value_or(0);
  if (state == 0) state = random_id(random);
  maildir::Marker marker;
  marker.state = StateId{state};
  marker.machine = std::move(machine);
  const bool ours = found.marker && (found.marker->state.value == state ||
                                     (tree != 0 && found.marker->tree.value == tree));
  marker.tree = ours ? found.marker->tree : TreeId{random_id(random)};
  if (ours) epoch = std::max(epoch, found.marker->epoch);
  marker.epoch = epoch + 1;
  return marker;
}

}  // namespace

Result<std::uint64_t> decide_held(const Settings& settings, HeldDecision decision,
                                  std::optional<MailboxName> mailbox,
                                  const std::set<std::int64_t>& ids) {
  {
    STERNA_TRY(const std::unique_ptr<store::Store> existing, open_base(settings));
    if (!existing) return 0;
  }
  STERNA_TRY(const std::unique_ptr<store::Store> base,
             store::Store::open(settings.state_dir, false));
  STERNA_TRY(auto transaction, base->begin(store::Durability::full));
  STERNA_TRY(const std::vector<MailboxRow> rows, base->mailboxes());
  STERNA_TRY(const std::vector<store::HeldEntry> entries, base->held());
  std::set<MailboxId> decided;
  std::uint64_t count = 0;
  Decider decider(*base, decision);
  for (const store::HeldEntry& entry : entries) {
    const auto it = std::ranges::find(rows, entry.mailbox, &MailboxRow::id);
    if (it == rows.end() || (mailbox && it->name != *mailbox)) continue;
    if (!ids.empty() && !ids.contains(entry.id)) continue;
    STERNA_TRY(const bool done, decider.decide(entry));
    if (!done) continue;
    ++count;
    decided.insert(entry.mailbox);
  }
  STERNA_CHECK(clear_stamps(*base, rows, decided));
  STERNA_CHECK(transaction.commit());
  return count;
}

Result<Adoption> adopt(Services& services, const Settings& settings) {
  auto root = services.files.open_root(settings.maildir, false);
  if (!root) {
    Error error = std::move(root).error();
    if (!error.is(ErrorCode::not_found)) return fail(std::move(error));
    return fail(Error(ErrorCode::not_found,
                      fmt::format("there is no Maildir at {}", printable(settings.maildir)))
                    .with_hint("mount it or make the directory; what is adopted must be there"));
  }
  STERNA_TRY(const std::unique_ptr<store::Store> base,
             store::Store::open(settings.state_dir, false));
  // It is let go of before the state is.
  const std::unique_ptr<io::Directory> tree_root = std::move(*root);
  STERNA_CHECK(lock_maildir(*tree_root, settings.maildir));
  STERNA_TRY(const std::uint64_t state, stored_id(*base, "state"));
  STERNA_TRY(const std::uint64_t tree, stored_id(*base, "tree"));
  STERNA_TRY(const std::vector<MailboxRow> known, base->mailboxes());
  const std::string machine = services.files.machine_id();
  STERNA_TRY(const FoundMarker found, look_at_marker(*tree_root, state, machine));
  STERNA_TRY(const std::string mail, describe_mail(*tree_root, settings, known));
  const bool sound = found.marker && state != 0 && tree != 0 &&
                     judge_marker(*tree_root, settings.name, machine, base.get()).has_value();
  if (sound) {
    STERNA_TRY(std::vector<std::string> replaced, adopt_replaced(*base, *tree_root, known));
    return Adoption{fmt::format("{}; {}", found.words, mail), false, std::move(replaced)};
  }
  STERNA_TRY(const maildir::Marker marker, new_marker(*base, found, services.random, machine));

  // The state first: with a marker that it does not know yet it stops, with a marker that it
  // expects it deletes nothing.
  STERNA_TRY(auto adopting, base->begin(store::Durability::full));
  STERNA_CHECK(base->set(kAdoptingKey, kDecided));
  STERNA_CHECK(base->set("tree", print_id(marker.tree.value)));
  STERNA_CHECK(base->set("state", print_id(marker.state.value)));
  STERNA_CHECK(base->set("epoch", fmt::format("{}", marker.epoch)));
  STERNA_CHECK(base->unset("epoch_pending"));
  STERNA_CHECK(adopting.commit());
  STERNA_CHECK(maildir::write_marker(*tree_root, marker));
  STERNA_TRY(auto adopted, base->begin(store::Durability::full));
  STERNA_CHECK(base->set("marker_held", ""));
  STERNA_CHECK(adopted.commit());
  return Adoption{fmt::format("{}; {}", found.words, mail), true, {}};
}

}  // namespace sterna::account
