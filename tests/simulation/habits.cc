// SPDX-License-Identifier: Apache-2.0
// What mail readers and other programs do to a Maildir beyond delivering, flagging, renaming and
// unlinking.
#include <fmt/format.h>

#include <algorithm>

#include "local_user.h"
#include "sterna/maildir/file_name.h"

namespace sterna::simulation {
namespace {

constexpr std::size_t kMarkedMax = 20;

// Of equal length, if the header of `octets` lets it.
std::string fitted(std::string octets, std::size_t size) {
  const std::size_t body = octets.find("\n\n") + 2;
  if (size > body) octets.resize(size, 'x');
  return octets;
}

}  // namespace

bool LocalUser::is_being_written(const std::string& path) const {
  return std::ranges::find(written_, path, &Written::path) != written_.end();
}

// A name of Sterna's is all that says where a file came from that no row knows yet (docs/safety.md,
// section 5).
bool LocalUser::is_known(const File& file) const {
  const std::string base = base_of(file.path);
  return !maildir::parse_origin(base) || diary_.is_recorded(base);
}

std::optional<std::string> LocalUser::pick_mailbox(const Deed& deed) const {
  const std::vector<std::string> names = whole_mailboxes();
  return names.empty() ? std::nullopt : std::optional(*deed.pick(names));
}

// The same message in a file of its own.
std::string LocalUser::put_anew(const File& file, const std::string& to) {
  const std::string base =
      fmt::format("{}.{}.{}{}", diary_.now_s, file.copy.token, ++moves_, kReaders);
  const std::string home = root_ + "/" + to;
  disk_.write(home + "/tmp/" + base, disk_.read(file.path));
  const std::string path = home + "/cur/" + name_for(to, base, file.copy.flags);
  disk_.rename(home + "/tmp/" + base, path);
  return path;
}

// mutt, mu4e: the message is written anew into the other mailbox, then the original goes.
void LocalUser::save(Deed& deed, const File& file) {
  const auto to = pick_mailbox(deed);
  if (!to || *to == file.copy.mailbox || !is_known(file)) return;
  put_anew(file, *to);
  disk_.unlink(file.path);
  diary_.ledger.saved(file.copy.token, *to);
  diary_.tell(Side::local,
              fmt::format("{} saved from {} to {}", file.copy.token, file.copy.mailbox, *to));
}

// afew: copies now, and unlinks the original in a later run.
void LocalUser::copy(Deed& deed, const File& file) {
  const auto to = pick_mailbox(deed);
  if (!to || *to == file.copy.mailbox || !is_known(file)) return;
  put_anew(file, *to);
  diary_.ledger.copied(file.copy.token);
  copied_.push_back({file.copy.token, file.path, *to});
  diary_.tell(Side::local,
              fmt::format("{} copied from {} to {}", file.copy.token, file.copy.mailbox, *to));
}

// An editor that writes into the file itself.
void LocalUser::edit(Deed& deed, const File& file) {
  if (!is_known(file)) return;
  const std::string token = deed.token();
  std::string octets = with_line_ends(deed.message(token), "\r\n", "\n");
  const bool fits = deed.chance.chance(30);
  if (fits) octets = fitted(std::move(octets), disk_.read(file.path).size());
  disk_.write(file.path, octets);
  edited_.insert(file.copy.mailbox);
  diary_.ledger.edited(file.copy.token, token, file.copy.mailbox, file.copy.flags);
  diary_.tell(Side::local, fmt::format("{} in {} edited{}, now {}", file.copy.token,
                                       file.copy.mailbox, fits ? " to fit" : "", token));
}

// To be deleted once the mailbox is left, or not after all.
void LocalUser::strike(Deed&, const File& file) {
  switch_flag(file, "\\Deleted");
}

// The new file first, under the old Message-ID.
void LocalUser::save_draft(Deed& deed, const File& file) {
  if (!is_known(file)) return;
  const std::string token = deed.token();
  const std::string id = "Message-ID: <" + file.copy.token + "@";
  const std::string octets = with_line_ends(deed.message(token), "Message-ID: <" + token + "@", id);
  const std::string home = root_ + "/" + file.copy.mailbox;
  const std::string base = fmt::format("{}.{}{}", diary_.now_s, token, kReaders);
  if (!disk_.exists(home + "/tmp")) return;
  disk_.write(home + "/tmp/" + base, with_line_ends(octets, "\r\n", "\n"));
  disk_.rename(home + "/tmp/" + base,
               home + "/cur/" + name_for(file.copy.mailbox, base, file.copy.flags));
  remove(deed, file);
  diary_.ledger.born(Side::local, token, file.copy.mailbox, file.copy.flags);
  diary_.ledger.keeps_id(token);
  diary_.tell(Side::local, fmt::format("{} saved again as {}", file.copy.token, token));
}

// cp: the file has its name before it has its content. It ends later, or is begun anew.
void LocalUser::copy_in(Deed& deed) {
  const auto mailbox = pick_mailbox(deed);
  if (!mailbox) return;
  const std::string token = deed.token();
  const std::string octets = with_line_ends(deed.message(token), "\r\n", "\n");
  const std::string path =
      fmt::format("{}/{}/new/{}.{}{}", root_, *mailbox, diary_.now_s, token, kReaders);
  const bool open = deed.chance.chance(50);
  const std::size_t body = octets.find("\n\n") + 2;
  disk_.write(path, octets.substr(0, open ? deed.chance.below(octets.size())
                                          : deed.chance.between(body, octets.size())));
  if (open) disk_.open_to_write(path);
  written_.push_back({path, octets, open});
  diary_.ledger.born(Side::local, token, *mailbox, {});
  diary_.tell(Side::local, fmt::format("{} begins to come into {}", token, *mailbox));
}

void LocalUser::complete() {
  for (const Written& one : std::exchange(written_, {})) {
    if (!disk_.exists(one.path)) continue;
    const std::size_t home = root_.size() + 1;
    const std::string mailbox = one.path.substr(home, one.path.rfind("/new/") - home);
    disk_.write(one.path, one.octets);
    if (one.open) disk_.close_written(one.path);
    const std::string token = token_of(one.octets);
    diary_.ledger.completed(token, mailbox);
    edited_.insert(mailbox);
    diary_.tell(Side::local, token + " is whole");
  }
}

void LocalUser::finish() {
  complete();
  for (const Copied& copied : std::exchange(copied_, {})) {
    for (const File& file : files()) {
      if (base_of(file.path) != base_of(copied.path) || file.copy.token != copied.token) continue;
      disk_.unlink(file.path);
      diary_.ledger.original_gone(copied.token);
      diary_.tell(Side::local, copied.token + ": the original is deleted");
    }
  }
}

// What was written in place is noticed where a mailbox is listed anyway: something else happens
// there.
void LocalUser::be_at_rest() {
  complete();
  for (const std::string& mailbox : std::exchange(edited_, {})) {
    const std::string home = root_ + "/" + mailbox;
    if (!disk_.exists(home + "/cur")) continue;
    disk_.write(home + "/cur/.look", "");
    disk_.unlink(home + "/cur/.look");
  }
}

// What is new is so no more.
void LocalUser::open(Deed& deed) {
  const auto mailbox = pick_mailbox(deed);
  if (!mailbox) return;
  const std::string home = root_ + "/" + *mailbox;
  for (const std::string& name : names_in(home + "/new")) {
    if (is_being_written(home + "/new/" + name)) continue;
    disk_.rename(home + "/new/" + name, home + "/cur/" + base_of(name) + ":2,");
  }
  diary_.tell(Side::local, *mailbox + " opened");
}

// As notmuch does it: one word of the user's, many renames.
void LocalUser::mark_all() {
  const std::vector<File> seen = sole_files();
  for (std::size_t i = 0; i < std::min(seen.size(), kMarkedMax); ++i) {
    const Copy& copy = seen[i].copy;
    FlagSet flags = copy.flags;
    if (!toggle(flags, "\\Seen")) continue;
    disk_.rename(seen[i].path, root_ + "/" + copy.mailbox + "/cur/" +
                                   name_for(copy.mailbox, base_of(seen[i].path), flags));
    diary_.ledger.flagged(Side::local, copy.token, "\\Seen", true);
  }
  diary_.tell(Side::local, "marks all as read");
}

// Of one mailbox.
void LocalUser::do_to_all(Deed& deed, void (LocalUser::*act)(Deed&, const File&)) {
  const auto mailbox = pick_mailbox(deed);
  for (const File& file : sole_files()) {
    if (file.copy.mailbox == mailbox) (this->*act)(deed, file);
  }
}

}  // namespace sterna::simulation
