// SPDX-License-Identifier: Apache-2.0
// No message leaves the server while something here, or in another account, may be the same and has
// not been acknowledged by a server yet (rule 17; section 1, 18 and 19).
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "decide.h"
#include "match.h"

namespace sterna::sync {
namespace {

// Files of this account whose way to the server is open, by all that may tell them from a row.
class Births {
 public:
  explicit Births(World& world) {
    for (const FileView& file : world.files()) {
      if (!file.waits && !file.uploads) continue;
      const LocalArrival& arrival = *file.arrival;
      if (!file.is_clear() && !(arrival.denied && arrival.stable)) unclear_ = true;
      stems_.insert(file.stem);
      sizes_.insert(arrival.file.file.size);
      if (!arrival.identity) unread_sizes_.insert(arrival.file.file.size);
      contents_.add(arrival.identity);
      contents_.add(arrival.plain);
    }
  }

  bool may_include(const RowView& row) const {
    if (unclear_ || stems_.contains(std::string(stem_of(row.row->base_name)))) return true;
    if (unread_sizes_.contains(row.row->file.size)) return true;
    if (row.identity) return contents_.may_include(row.identity);
    return sizes_.contains(row.row->file.size);
  }

 private:
  bool unclear_ = false;
  std::set<std::string> stems_;
  std::set<std::uint64_t> sizes_;
  std::set<std::uint64_t> unread_sizes_;
  ContentSet contents_;
};

// The same of other accounts.
class Elsewhere {
 public:
  explicit Elsewhere(const Input& input) {
    for (const BirthElsewhere& birth : input.births_elsewhere) {
      if (birth.unclear) {
        any_.add(birth);
        continue;
      }
      by_stem_[std::string(stem_of(birth.base_name))].add(birth);
      if (!birth.identity) by_unread_size_[birth.size].add(birth);
      by_file_size_[birth.size].add(birth);
      add_content(birth, birth.identity);
      add_content(birth, birth.plain);
    }
  }

  // The one for which the row's message has to stay; nullptr: there is none.
  const BirthElsewhere* find(const RowView& row) const {
    const MessageRow& known = *row.row;
    Found found = any_;
    if (!known.base_name.empty()) found.add(at(by_stem_, stem_of(known.base_name)));
    found.add(at(by_unread_size_, known.file.size));
    if (row.identity) {
      found.add(at(by_content_, *content_key(row.identity)));
    } else {
      found.add(at(by_file_size_, known.file.size));
      found.add(at(by_wire_size_, known.remote_size));
    }
    return found.moving ? found.moving : found.stuck;
  }

 private:
  // One that its account is going to send comes first: it is soon known better.
  struct Found {
    const BirthElsewhere* moving = nullptr;
    const BirthElsewhere* stuck = nullptr;

    void add(const BirthElsewhere& birth) {
      const BirthElsewhere*& place = birth.obstacle.empty() ? moving : stuck;
      if (!place) place = &birth;
    }
    void add(const Found& other) {
      if (!moving) moving = other.moving;
      if (!stuck) stuck = other.stuck;
    }
  };

  template <class Key>
  using By = std::map<Key, Found, std::less<>>;
  template <class Key, class Sought>
  static Found at(const By<Key>& births, const Sought& key) {
    const auto found = births.find(key);
    return found == births.end() ? Found() : found->second;
  }

  void add_content(const BirthElsewhere& birth, const std::optional<Identity>& identity) {
    if (!identity) return;
    by_content_[*content_key(identity)].add(birth);
    by_wire_size_[identity->size].add(birth);
  }

  Found any_;
  By<std::string> by_stem_;
  By<ContentKey> by_content_;
  By<std::uint64_t> by_unread_size_;
  By<std::uint64_t> by_file_size_;
  By<std::uint64_t> by_wire_size_;
};

// A file that nobody is going to send is a matter for the user.
void keep_for(Draft& draft, const RowView& row, const BirthElsewhere& birth) {
  std::string reason = "deleted here; " + birth.what;
  if (birth.obstacle.empty()) return draft.wait(row, reason);
  draft.hold(HeldKind::moved_away, row, std::nullopt, reason + ": " + birth.obstacle);
}

// One file that two rows have, and that went back to the place of the first one, from where its
// message had gone to that of the second: each would take the other's for deleted.
bool have_one_file(const RowView& one, const RowView& other) {
  return is_one_file(one.row->file, other.row->file) &&
         stem_of(one.row->base_name) == stem_of(other.row->base_name);
}

bool is_local(const Removal& removal) {
  return std::holds_alternative<DeleteIn>(removal.action.what);
}

// The file is the second one's, moved.
void part_rows_of_one_file(Draft& draft) {
  std::map<Inode, const RowView*> here_by_file;
  for (const Removal& one : draft.removals) {
    if (is_local(one)) here_by_file.emplace(inode_of(one.row->row->file), one.row);
  }
  std::set<const RowView*> settled;
  for (const Removal& there : draft.removals) {
    const auto found = here_by_file.find(inode_of(there.row->row->file));
    if (is_local(there) || found == here_by_file.end()) continue;
    const RowView* here = found->second;
    if (!have_one_file(*here, *there.row) || !settled.insert(here).second) continue;
    settled.insert(there.row);
    draft.wait(*there.row, "its file went back to where its message had been");
    draft.act(Forget{here->mailbox->where(), here->key().uid, RowState::tombstone, true},
              "its file is that of its message elsewhere");
  }
  std::erase_if(draft.removals, [&](const Removal& one) { return settled.contains(one.row); });
}

bool keeps_its_file(const Removal& removal) {
  const auto* out = std::get_if<DeleteOut>(&removal.action.what);
  return !out || out->file_remains;
}

}  // namespace

void settle_removals(Draft& draft) {
  part_rows_of_one_file(draft);
  const Births births(draft.world);
  const Elsewhere elsewhere(draft.world.input());
  std::vector<Removal> settled;
  for (Removal& removal : draft.removals) {
    const RowView& row = *removal.row;
    if (keeps_its_file(removal)) {
      settled.push_back(std::move(removal));
    } else if (births.may_include(row)) {
      draft.wait(row, "deleted here; something new may be the same, and goes first");
    } else if (const auto* birth = draft.is_let_go(row) ? nullptr : elsewhere.find(row)) {
      keep_for(draft, row, *birth);
    } else {
      settled.push_back(std::move(removal));
    }
  }
  draft.removals = std::move(settled);
}

}  // namespace sterna::sync
