// SPDX-License-Identifier: Apache-2.0
#include "local_user.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/maildir/file_name.h"

namespace sterna::simulation {
std::string base_of(const std::string& path) {
  return maildir::parse_file_name(path.substr(path.rfind('/') + 1)).base;
}

std::vector<std::string> LocalUser::folders_with(std::string_view part) const {
  std::vector<std::string> found;
  std::vector<std::string> open{""};
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    const std::string path = name.empty() ? root_ : root_ + "/" + name;
    for (const std::string& child : disk_.names(path)) {
      if (child == part) found.push_back(name);
      const bool inner = child == "cur" || child == "new" || child == "tmp";
      if (inner || disk_.stat(path + "/" + child).type != io::FileType::directory) continue;
      open.push_back(name.empty() ? child : name + "/" + child);
    }
  }
  std::ranges::sort(found);
  return found;
}

maildir::KeywordTable LocalUser::keywords_of(const std::string& mailbox) const {
  const std::string path = root_ + "/" + mailbox + "/dovecot-keywords";
  if (!disk_.exists(path)) return {};
  return maildir::KeywordTable::parse(disk_.read(path));
}

std::vector<LocalUser::File> LocalUser::files() const {
  std::vector<File> files;
  for (const std::string& mailbox : mailboxes()) {
    const std::string home = root_ + "/" + mailbox;
    const maildir::KeywordTable table = keywords_of(mailbox);
    for (const std::string part : {"/new", "/cur"}) {
      for (const std::string& name : names_in(home + part)) {
        const maildir::FileName parsed = maildir::parse_file_name(name);
        const std::string octets =
            as_sent(with_line_ends(disk_.read(home + part + "/" + name), "\n", "\r\n"));
        files.push_back(
            {{token_of(octets), mailbox, table.flags_of(parsed.mask, parsed.keywords), octets},
             home + part + "/" + name});
      }
    }
  }
  return files;
}

std::vector<LocalUser::File> LocalUser::sole_files() const {
  std::vector<File> whole = sole(files(), diary_.ledger);
  std::erase_if(whole, [this](const File& file) { return is_being_written(file.path); });
  return whole;
}
std::vector<Copy> LocalUser::copies() const {
  return only_copies(files());
}

std::vector<std::string> LocalUser::bases_of(const std::string& token) const {
  std::vector<std::string> bases;
  for (const File& file : files()) {
    if (file.copy.token == token) bases.push_back(base_of(file.path));
  }
  return bases;
}

std::string LocalUser::token_of_base(const std::string& base_name) const {
  for (const File& file : files()) {
    if (base_of(file.path) == base_name) return file.copy.token;
  }
  return "";
}

void LocalUser::clean_up(const std::vector<std::string>& on_server) {
  copied_.clear();
  written_.clear();
  for (const std::string_view part : {"cur", "new", "tmp"}) {
    for (const std::string& mailbox : folders_with(part)) {
      const bool ours = std::ranges::find(on_server, mailbox) == on_server.end();
      if (ours) disk_.make_maildir(root_ + "/" + mailbox);
    }
  }
  for (const std::string& mailbox : mailboxes()) {
    const std::string home = root_ + "/" + mailbox;
    for (const std::string& name : names_in(home + "/tmp")) disk_.unlink(home + "/tmp/" + name);
    for (const std::string part : {"/new", "/cur"}) {
      for (const std::string& name : names_in(home + part)) {
        const std::string path = home + part + "/" + name;
        if (base_of(name).ends_with(kReaders) && disk_.read(path).empty()) disk_.unlink(path);
      }
    }
  }
}

std::vector<std::string> LocalUser::whole_mailboxes() const {
  std::vector<std::string> names = mailboxes();
  std::erase_if(names, [this](const std::string& name) {
    const std::string home = root_ + "/" + name;
    return !disk_.exists(home + "/tmp") || !disk_.exists(home + "/new");
  });
  return names;
}

std::vector<std::string> LocalUser::names_in(const std::string& path) const {
  return disk_.exists(path) ? disk_.names(path) : std::vector<std::string>{};
}

void LocalUser::remove_base(const std::string& base_name) {
  for (const File& file : files()) {
    if (base_of(file.path) == base_name) return disk_.unlink(file.path);
  }
}

std::uint32_t LocalUser::letters_for(const std::string& mailbox, const FlagSet& flags) {
  const std::string path = root_ + "/" + mailbox + "/dovecot-keywords";
  maildir::KeywordTable table = keywords_of(mailbox);
  const std::vector<std::string> missing = table.missing(flags);
  for (const std::string& keyword : missing) static_cast<void>(table.add(keyword));
  if (!missing.empty()) {
    disk_.write(path, table.print());
    disk_.flush(path);
  }
  return table.letters_of(flags);
}

std::string LocalUser::name_for(const std::string& mailbox, const std::string& base,
                                const FlagSet& flags) {
  maildir::FileName name;
  name.base = base;
  name.kind = maildir::InfoKind::flags;
  name.mask = flags.mask();
  name.keywords = letters_for(mailbox, flags);
  return maildir::print_file_name(name);
}

bool LocalUser::act(std::string_view what, Deed& deed) {
  if (what == "deliver") return deliver(deed), true;
  if (what == "make") return make(deed), true;
  if (what == "copy-in") return copy_in(deed), true;
  if (what == "open") return open(deed), true;
  if (what == "mark-all") return mark_all(), true;
  if (what == "move-all") return do_to_all(deed, &LocalUser::move), true;
  if (what == "remove-all") return do_to_all(deed, &LocalUser::remove), true;
  if (what == "finish") return finish(), true;
  using Act = void (LocalUser::*)(Deed&, const File&);
  constexpr std::pair<std::string_view, Act> kActs[] = {
      {"flag", &LocalUser::flag},     {"move", &LocalUser::move},
      {"remove", &LocalUser::remove}, {"save", &LocalUser::save},
      {"copy", &LocalUser::copy},     {"edit", &LocalUser::edit},
      {"strike", &LocalUser::strike}, {"save-draft", &LocalUser::save_draft}};
  for (const auto& [name, act] : kActs) {
    if (what != name) continue;
    const std::vector<File> seen = sole_files();
    if (const File* file = deed.pick(seen)) (this->*act)(deed, *file);
    return true;
  }
  return false;
}

void LocalUser::deliver(Deed& deed) {
  const std::vector<std::string> names = whole_mailboxes();
  if (names.empty()) return;
  const std::string token = deed.token();
  const std::string mailbox = *deed.pick(names);
  const FlagSet flags = deed.flags();
  const std::string home = root_ + "/" + mailbox;
  const std::string base = fmt::format("{}.{}{}", diary_.now_s, token, kReaders);
  const std::string name = flags.empty() ? "new/" + base : "cur/" + name_for(mailbox, base, flags);
  disk_.write(home + "/tmp/" + base, with_line_ends(deed.message(token), "\r\n", "\n"));
  disk_.rename(home + "/tmp/" + base, home + "/" + name);
  diary_.ledger.born(Side::local, token, mailbox, flags);
  diary_.tell(Side::local, fmt::format("{} into {} ({})", token, mailbox, flags.to_string()));
}

void LocalUser::make(Deed& deed) {
  const std::string name = deed.mailbox_name();
  disk_.make_maildir(root_ + "/" + name);
  diary_.tell(Side::local, "mailbox " + name);
}

void LocalUser::flag(Deed& deed, const File& file) {
  switch_flag(file, deed.flag());
}

void LocalUser::switch_flag(const File& file, const std::string& flag) {
  FlagSet flags = file.copy.flags;
  const bool on = toggle(flags, flag);
  disk_.rename(file.path, root_ + "/" + file.copy.mailbox + "/cur/" +
                              name_for(file.copy.mailbox, base_of(file.path), flags));
  diary_.ledger.flagged(Side::local, file.copy.token, flag, on);
  diary_.tell(Side::local, fmt::format("{} {} {}", file.copy.token, on ? "sets" : "clears", flag));
}

// As a reader that knows nothing of keywords does it, the name stays: only where letters mean the
// same in both mailboxes. One that knows them, such as Dovecot, gives a new name with the letters
// of the new mailbox.
void LocalUser::move(Deed& deed, const File& file) {
  const std::string to = *deed.pick(mailboxes());
  if (to == file.copy.mailbox) return;
  std::string base = base_of(file.path);
  const bool unknown = maildir::parse_origin(base) && !diary_.is_recorded(base);
  if (!(keywords_of(to) == keywords_of(file.copy.mailbox)) || deed.chance.chance(20)) {
    // Its name is all that says where a file came from that no row knows yet (docs/safety.md,
    // section 5).
    if (unknown) return;
    base = fmt::format("{}.{}.moved{}{}", diary_.now_s, file.copy.token, ++moves_, kReaders);
  }
  disk_.rename(file.path, root_ + "/" + to + "/cur/" + name_for(to, base, file.copy.flags));
  diary_.ledger.moved(Side::local, file.copy.token, to);
  if (unknown) diary_.ledger.may_be_a_part(file.copy.token);
  diary_.tell(Side::local, fmt::format("{} from {} to {}", file.copy.token, file.copy.mailbox, to));
}

// A file that was placed and not recorded before the sync died cannot be missed: it may as well
// never have been placed.
void LocalUser::remove(Deed&, const File& file) {
  const std::string base = base_of(file.path);
  const bool unknown = maildir::parse_origin(base) && !diary_.is_recorded(base);
  disk_.unlink(file.path);
  diary_.ledger.removed(file.copy.token, file.copy.mailbox);
  if (unknown) diary_.ledger.left_open(file.copy.token);
  diary_.tell(Side::local, fmt::format("{} deleted in {}", file.copy.token, file.copy.mailbox));
}

}  // namespace sterna::simulation
