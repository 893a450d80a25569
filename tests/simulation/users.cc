// SPDX-License-Identifier: Apache-2.0
#include "users.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sterna/base/log.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/keywords.h"

namespace sterna::simulation {
namespace {

const std::vector<std::string>& flag_names() {
  static const std::vector<std::string> names{"\\Seen",     "\\Flagged", "\\Answered", "\\Draft",
                                              "$Forwarded", "work",      "later"};
  return names;
}

// Switches one flag; the result says to what.
bool toggle(FlagSet& flags, const std::string& name) {
  const FlagSet one = FlagSet::parse(name);
  const bool on = !flags.contains(one);
  flags = on ? flags.united(one) : flags.minus(one);
  return on;
}

std::string with_line_ends(const std::string& text, const std::string& from,
                           const std::string& to) {
  std::string out;
  for (std::size_t place = 0;;) {
    const std::size_t end = text.find(from, place);
    out += text.substr(place, end - place);
    if (end == std::string::npos) return out;
    out += to;
    place = end + from.size();
  }
}

std::string base_of(const std::string& path) {
  return maildir::parse_file_name(path.substr(path.rfind('/') + 1)).base;
}

// Those of `all` whose token occurs once.
template <class T>
std::vector<T> sole(std::vector<T> all) {
  std::map<std::string, int> counts;
  for (const T& one : all) ++counts[one.copy.token];
  std::erase_if(all, [&](const T& one) { return counts[one.copy.token] != 1; });
  return all;
}

template <class T>
std::vector<Copy> only_copies(std::vector<T> all) {
  std::vector<Copy> copies;
  for (T& one : all) copies.push_back(std::move(one.copy));
  return copies;
}

}  // namespace

std::string Diary::new_token() {
  return fmt::format("t{}", next_token++);
}
std::string Diary::new_mailbox_name() {
  const std::uint64_t number = next_mailbox++;
  return random.chance(30) ? fmt::format("Lists/m{}", number) : fmt::format("m{}", number);
}

std::string Diary::message(const std::string& token) {
  std::string text = fmt::format(
      "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: About {}\r\n", token);
  if (random.chance(80)) text += fmt::format("Message-ID: <{}@example.org>\r\n", token);
  text += fmt::format("X-Token: {}\r\n\r\n", token);
  const std::uint64_t lines = random.chance(3) ? 3000 : random.below(20);
  for (std::uint64_t i = 0; i < lines; ++i) text += fmt::format("line {:x}\r\n", random.next());
  return text;
}

FlagSet Diary::some_flags() {
  FlagSet flags;
  while (random.chance(35)) flags = flags.united(FlagSet::parse(random.pick(flag_names())));
  return flags;
}

void Diary::tell(Side side, const std::string& what) {
  note(fmt::format("{}: {}", side == Side::local ? "local" : "remote", what));
}
void Diary::note(std::string line) {
  Log().info("{}", line);
  story.push_back(std::move(line));
}

std::string token_of(const std::string& octets) {
  constexpr std::string_view kField = "X-Token: ";
  const std::size_t begin = octets.find(kField);
  if (begin == std::string::npos) return "(no token)";
  const std::size_t end = octets.find_first_of("\r\n", begin);
  return octets.substr(begin + kField.size(), end - begin - kField.size());
}

// --- the local user ---

std::vector<std::string> LocalUser::mailboxes() const {
  std::vector<std::string> found;
  std::vector<std::string> open{""};
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    const std::string path = name.empty() ? root_ : root_ + "/" + name;
    for (const std::string& child : disk_.names(path)) {
      if (child == "cur") found.push_back(name);
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
      for (const std::string& name : disk_.names(home + part)) {
        const maildir::FileName parsed = maildir::parse_file_name(name);
        const std::string octets =
            with_line_ends(disk_.read(home + part + "/" + name), "\n", "\r\n");
        files.push_back(
            {{token_of(octets), mailbox, table.flags_of(parsed.mask, parsed.keywords), octets},
             home + part + "/" + name});
      }
    }
  }
  return files;
}

std::vector<LocalUser::File> LocalUser::sole_files() const {
  return sole(files());
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

std::uint32_t LocalUser::letters_for(const std::string& mailbox, const FlagSet& flags) {
  const std::string path = root_ + "/" + mailbox + "/dovecot-keywords";
  maildir::KeywordTable table = keywords_of(mailbox);
  const std::vector<std::string> missing = table.missing(flags);
  for (const std::string& keyword : missing) static_cast<void>(table.add(keyword));
  if (!missing.empty()) disk_.write(path, table.print());
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

void LocalUser::act() {
  const std::uint64_t what = diary_.random.below(100);
  if (what < 30) return deliver();
  if (what < 33) return create_mailbox();
  const std::vector<File> seen = sole_files();
  if (seen.empty()) return deliver();
  const File& file = diary_.random.pick(seen);
  if (what < 65) return flag(file);
  if (what < 85) return move(file);
  remove(file);
}

void LocalUser::deliver() {
  const std::string token = diary_.new_token();
  const std::string mailbox = diary_.random.pick(mailboxes());
  const FlagSet flags = diary_.some_flags();
  const std::string home = root_ + "/" + mailbox;
  const std::string base = fmt::format("{}.{}.reader", diary_.now_s, token);
  const std::string name = flags.empty() ? "new/" + base : "cur/" + name_for(mailbox, base, flags);
  disk_.write(home + "/tmp/" + base, with_line_ends(diary_.message(token), "\r\n", "\n"));
  disk_.rename(home + "/tmp/" + base, home + "/" + name);
  diary_.ledger.born(Side::local, token, mailbox, flags);
  diary_.tell(Side::local, fmt::format("{} into {} ({})", token, mailbox, flags.to_string()));
}

void LocalUser::create_mailbox() {
  const std::string name = diary_.new_mailbox_name();
  disk_.make_maildir(root_ + "/" + name);
  diary_.tell(Side::local, "mailbox " + name);
}

void LocalUser::flag(const File& file) {
  FlagSet flags = file.copy.flags;
  const std::string& flag = diary_.random.pick(flag_names());
  const bool on = toggle(flags, flag);
  disk_.rename(file.path, root_ + "/" + file.copy.mailbox + "/cur/" +
                              name_for(file.copy.mailbox, base_of(file.path), flags));
  diary_.ledger.flagged(Side::local, file.copy.token, flag, on);
  diary_.tell(Side::local, fmt::format("{} {} {}", file.copy.token, on ? "sets" : "clears", flag));
}

// As a reader that knows nothing of keywords does it, the name stays: only where letters mean the
// same in both mailboxes. One that knows them, such as Dovecot, gives a new name with the letters
// of the new mailbox.
void LocalUser::move(const File& file) {
  const std::string to = diary_.random.pick(mailboxes());
  if (to == file.copy.mailbox) return;
  std::string base = base_of(file.path);
  if (!(keywords_of(to) == keywords_of(file.copy.mailbox)) || diary_.random.chance(20)) {
    // Its name is all that says where a file came from that no row knows yet (docs/safety.md,
    // section 5).
    if (maildir::parse_origin(base) && !diary_.is_recorded(base)) return;
    base = fmt::format("{}.{}.moved{}", diary_.now_s, file.copy.token, ++moves_);
  }
  disk_.rename(file.path, root_ + "/" + to + "/cur/" + name_for(to, base, file.copy.flags));
  diary_.ledger.moved(Side::local, file.copy.token, to);
  diary_.tell(Side::local, fmt::format("{} from {} to {}", file.copy.token, file.copy.mailbox, to));
}

// A file that was placed and not recorded before the sync died cannot be missed: it may as well
// never have been placed.
void LocalUser::remove(const File& file) {
  const std::string base = base_of(file.path);
  const bool unknown = maildir::parse_origin(base) && !diary_.is_recorded(base);
  disk_.unlink(file.path);
  diary_.ledger.deleted(Side::local, file.copy.token);
  if (unknown) diary_.ledger.left_open(file.copy.token);
  diary_.tell(Side::local, fmt::format("{} deleted in {}", file.copy.token, file.copy.mailbox));
}

// --- the remote user ---

std::string RemoteUser::wire_of(const std::string& mailbox) const {
  if (mailbox == "INBOX") return mailbox;
  return state_.prefix + with_line_ends(mailbox, "/", std::string(1, state_.delimiter));
}

std::string RemoteUser::name_of(const std::string& wire) const {
  if (wire == "INBOX") return wire;
  return with_line_ends(wire.substr(state_.prefix.size()), std::string(1, state_.delimiter), "/");
}

std::vector<RemoteUser::Message> RemoteUser::messages() const {
  std::vector<Message> found;
  for (const auto& [wire, mailbox] : state_.mailboxes()) {
    for (const auto& [uid, message] : mailbox.messages) {
      found.push_back(
          {{token_of(message.octets), name_of(wire), message.flags, message.octets}, wire, uid});
    }
  }
  return found;
}

std::vector<RemoteUser::Message> RemoteUser::sole_messages() const {
  return sole(messages());
}
std::vector<Copy> RemoteUser::copies() const {
  return only_copies(messages());
}

void RemoteUser::act() {
  const std::uint64_t what = diary_.random.below(100);
  if (what < 30) return deliver();
  if (what < 33) {
    const std::string name = diary_.new_mailbox_name();
    state_.create(wire_of(name));
    return diary_.tell(Side::remote, "mailbox " + name);
  }
  const std::vector<Message> seen = sole_messages();
  if (seen.empty()) return deliver();
  const Message& message = diary_.random.pick(seen);
  if (what < 65) return flag(message);
  if (what < 85) return move(message);
  remove(message);
}

// What was sent, and of which nobody here knows that it arrived, cannot be missed.
void RemoteUser::remove(const Message& message) {
  const bool in_doubt = diary_.is_in_doubt(message.copy.token);
  state_.find(message.wire)->expunge(message.uid);
  diary_.ledger.deleted(Side::remote, message.copy.token);
  if (in_doubt) diary_.ledger.left_open(message.copy.token);
  diary_.tell(Side::remote,
              fmt::format("{} deleted in {}", message.copy.token, message.copy.mailbox));
}

void RemoteUser::deliver() {
  const std::string token = diary_.new_token();
  std::vector<std::string> names;
  for (const auto& [wire, mailbox] : state_.mailboxes()) names.push_back(wire);
  const std::string wire = diary_.random.pick(names);
  const FlagSet flags = diary_.some_flags();
  state_.find(wire)->append(diary_.message(token), flags, diary_.now_s);
  diary_.ledger.born(Side::remote, token, name_of(wire), flags);
  diary_.tell(Side::remote, fmt::format("{} into {} ({})", token, wire, flags.to_string()));
}

void RemoteUser::flag(const Message& message) {
  FlagSet flags = message.copy.flags;
  const std::string& flag = diary_.random.pick(flag_names());
  const bool on = toggle(flags, flag);
  state_.find(message.wire)->set_flags(message.uid, flags);
  diary_.ledger.flagged(Side::remote, message.copy.token, flag, on);
  diary_.tell(Side::remote,
              fmt::format("{} {} {}", message.copy.token, on ? "sets" : "clears", flag));
}

void RemoteUser::move(const Message& message) {
  std::vector<std::string> names;
  for (const auto& [wire, mailbox] : state_.mailboxes()) names.push_back(wire);
  const std::string to = diary_.random.pick(names);
  if (to == message.wire) return;
  ServerMailbox& source = *state_.find(message.wire);
  state_.copy(source, message.uid, *state_.find(to));
  source.expunge(message.uid);
  diary_.ledger.moved(Side::remote, message.copy.token, name_of(to));
  diary_.tell(Side::remote, fmt::format("{} from {} to {}", message.copy.token,
                                        message.copy.mailbox, name_of(to)));
}

}  // namespace sterna::simulation
