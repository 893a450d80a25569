// SPDX-License-Identifier: Apache-2.0
// No message leaves the server while something here, or in another account, may be the same and has
// not been acknowledged by a server yet (rule 17; section 1, 18 and 19).
#include <set>
#include <string>
#include <utility>

#include "decide.h"
#include "match.h"

namespace sterna::sync {
namespace {

// Files whose way to the server is open, by all that may tell them from a row.
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
      if (const auto key = content_key(file.arrival->identity)) contents_.insert(*key);
      if (const auto key = content_key(file.arrival->plain)) contents_.insert(*key);
    }
    for (const Identity& identity : world.input().births_elsewhere) {
      contents_.insert(*content_key(identity));
    }
  }

  bool may_include(const RowView& row) const {
    if (unclear_ || stems_.contains(std::string(stem_of(row.row->base_name)))) return true;
    if (unread_sizes_.contains(row.row->file.size)) return true;
    if (row.identity) return contents_.contains(*content_key(row.identity));
    return sizes_.contains(row.row->file.size);
  }

 private:
  bool unclear_ = false;
  std::set<std::string> stems_;
  std::set<std::uint64_t> sizes_;
  std::set<std::uint64_t> unread_sizes_;
  std::set<ContentKey> contents_;
};

bool keeps_its_file(const Removal& removal) {
  const auto* out = std::get_if<DeleteOut>(&removal.action.what);
  return !out || out->file_remains;
}

}  // namespace

void settle_removals(Draft& draft) {
  const Births births(draft.world);
  std::vector<Removal> settled;
  for (Removal& removal : draft.removals) {
    if (!keeps_its_file(removal) && births.may_include(*removal.row)) {
      draft.wait(*removal.row, "deleted here; something new may be the same, and goes first");
    } else {
      settled.push_back(std::move(removal));
    }
  }
  draft.removals = std::move(settled);
}

}  // namespace sterna::sync
