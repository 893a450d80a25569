// SPDX-License-Identifier: Apache-2.0
// The commands of the simulated server that read and change messages.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "sim_server.h"
#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

const std::string kStored = "X-Stored: here\r\n";
constexpr std::int64_t kNoDate = 1'600'000'000;  // of an APPEND that names none

std::string print_internal_date(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%d-%b-%Y %H:%M:%S +0000", &parts);
  return {text.data(), size};
}

std::int64_t parse_internal_date(const std::string& text) {
  std::tm parts{};
  if (!::strptime(text.c_str(), " %d-%b-%Y %H:%M:%S %z", &parts)) return kNoDate;
  const long east = parts.tm_gmtoff;
  return static_cast<std::int64_t>(::timegm(&parts)) - east;
}

void add_item(std::vector<Argument>& items, const std::string& name) {
  const auto is_it = [&](const Argument& item) { return ascii_iequals(item.text, name); };
  if (std::ranges::none_of(items, is_it)) items.push_back({Argument::Kind::word, name, {}});
}

FlagSet flags_of(const std::vector<Argument>& items) {
  std::vector<std::string> words;
  for (const Argument& item : items) words.push_back(item.text);
  return FlagSet::from_imap(words);
}

// Those that a client can set (RFC 3501 section 2.3.2), and keywords.
bool can_be_set(const std::vector<Argument>& items) {
  static const std::set<std::string> kFlags{"\\ANSWERED", "\\FLAGGED", "\\DELETED", "\\SEEN",
                                            "\\DRAFT"};
  return std::ranges::all_of(items, [](const Argument& item) {
    return !item.text.starts_with('\\') || kFlags.contains(ascii_upper(item.text));
  });
}

std::string header_of(const std::string& octets) {
  const std::size_t end = octets.find("\r\n\r\n");
  return end == std::string::npos ? octets : octets.substr(0, end + 4);
}

// Of a header without folded lines those fields that "BODY.PEEK[HEADER.FIELDS (A B)]" names.
std::string fields_of(const std::string& octets, const std::string& item) {
  const std::string names = item.substr(item.find('(') + 1, item.find(')') - item.find('(') - 1);
  if (octets.empty()) return "";
  std::string found;
  const std::string header = header_of(octets);
  for (std::size_t begin = 0; begin < header.size();) {
    const std::size_t end = header.find("\r\n", begin) + 2;
    const std::string line = header.substr(begin, end - begin);
    const std::string name = ascii_upper(line.substr(0, line.find(':')));
    if ((" " + names + " ").contains(" " + name + " ")) found += line;
    begin = end;
  }
  return found + "\r\n";
}

std::string literal(const std::string& octets) {
  if (octets.empty()) return "NIL";
  return fmt::format("{{{}}}\r\n{}", octets.size(), octets);
}

}  // namespace

ServerMailbox* SimSession::selected_mailbox() {
  if (!selected_) return nullptr;
  ServerMailbox* mailbox = state_.find(selected_->name);
  return mailbox && mailbox->uidvalidity == selected_->uidvalidity ? mailbox : nullptr;
}

// RFC 7162 section 3.1.2: the first command that asks for mod-sequences.
void SimSession::enable_condstore() {
  ServerMailbox* mailbox = selected_mailbox();
  if (!std::exchange(condstore_on_, true) && mailbox) {
    mailbox->modseq_asked = true;
    say(fmt::format("* OK [HIGHESTMODSEQ {}] highest", selected_->told_modseq));
  }
}

// "*" is the last message, and a range with it never ends before it.
std::optional<UidSet> SimSession::uids_of(const ClientCommand& command) const {
  const std::string& text = command.arguments[0].text;
  if (!text.ends_with('*')) return UidSet::parse(text);
  if (selected_->view.empty()) return UidSet();
  const std::uint32_t last = selected_->view.back();
  const std::uint64_t first = parse_number(text.substr(0, text.find(':'))).value_or(last);
  return UidSet::range(Uid{static_cast<std::uint32_t>(std::min<std::uint64_t>(first, last))},
                       Uid{last});
}

// RFC 9738: the highest are taken. The text of the answer, empty if all are.
std::string SimSession::limit(std::vector<std::uint32_t>& uids) const {
  const std::size_t most = abilities_.message_limit;
  if (most == 0 || uids.size() <= most) return "";
  uids.erase(uids.begin(), uids.end() - static_cast<std::ptrdiff_t>(most));
  return fmt::format("[MESSAGELIMIT {} {}] no more", most, uids.front());
}

std::vector<std::uint32_t> SimSession::in_view(const UidSet& uids) const {
  std::vector<std::uint32_t> found;
  for (const std::uint32_t uid : selected_->view) {
    if (uids.contains(Uid{uid})) found.push_back(uid);
  }
  return found;
}

std::size_t SimSession::number_of(std::uint32_t uid) const {
  const auto it = std::ranges::lower_bound(selected_->view, uid);
  return static_cast<std::size_t>(it - selected_->view.begin()) + 1;
}

bool SimSession::handle_messages(const ClientCommand& command) {
  const std::string& name = command.name;
  const std::size_t count = command.arguments.size();
  if (name == "APPEND" && count >= 2) return append(command), true;
  if (!selected_ && select_failed_ && name == "UID FETCH") {
    // Sent behind a SELECT whose answer was not known yet.
    return say(command.tag + " BAD no mailbox is open"), true;
  }
  if (!selected_) return false;
  const bool changes = name == "UID STORE" || name == "UID MOVE" || name.ends_with("EXPUNGE");
  if (changes && selected_->read_only) return false;
  if (name == "UID FETCH" && count >= 2) {
    fetch(command);
  } else if (name == "UID STORE" && count >= 3) {
    store(command);
  } else if (name == "UID SEARCH" && count >= 1) {
    search(command);
  } else if (name == "UID COPY" && count == 2) {
    copy(command);
  } else if (name == "UID MOVE" && count == 2 && abilities_.move) {
    copy(command);
  } else if (name == "EXPUNGE" || (name == "UID EXPUNGE" && count == 1 && abilities_.uidplus)) {
    expunge(command);
  } else {
    return false;
  }
  return true;
}

// Before and behind the literal.
bool SimSession::refuses_append(const ClientCommand& command) {
  const std::string name = command.arguments.empty() ? "" : command.arguments[0].text;
  for (const Argument& argument : command.arguments) {
    if (!can_be_set(argument.items)) return bad(command), true;
  }
  if (state_.find(ascii_iequals(name, "INBOX") ? "INBOX" : name)) return false;
  no(command, "[TRYCREATE] no such mailbox");
  return true;
}

void SimSession::append(const ClientCommand& command) {
  if (refuses_append(command)) return;
  const std::string& name = command.arguments[0].text;
  ServerMailbox* mailbox = state_.find(ascii_iequals(name, "INBOX") ? "INBOX" : name);
  std::vector<ServerMessage> stored;
  ServerMessage next{.flags = {}, .internal_date = kNoDate, .octets = {}};
  for (std::size_t i = 1; i < command.arguments.size(); ++i) {
    const Argument& argument = command.arguments[i];
    if (argument.literal) {
      if (argument.text.empty()) return no(command, "no message of no octets");
      next.octets = (abilities_.rewrites ? kStored : "") + argument.text;
      stored.push_back(std::exchange(next, {.flags = {}, .internal_date = kNoDate, .octets = {}}));
    } else if (argument.kind == Argument::Kind::list) {
      next.flags = flags_of(argument.items);
    } else {
      next.internal_date = parse_internal_date(argument.text);
    }
  }
  if (stored.empty() || (stored.size() > 1 && !abilities_.multiappend)) return bad(command);
  UidSet uids;
  for (const ServerMessage& message : stored) {
    const std::uint32_t uid = mailbox->append(message.octets, message.flags, message.internal_date);
    uids.add(Uid{uid});
    if (abilities_.filters) filter(*mailbox, uid);
    ++state_.changes_by_sessions;
  }
  ok(command, abilities_.uidplus && !abilities_.no_appenduid
                  ? fmt::format("[APPENDUID {} {}] stored", mailbox->uidvalidity, uids.to_string())
                  : "stored");
}

// As a rule of the user's on the server does it, before anybody saw the message.
void SimSession::filter(ServerMailbox& mailbox, std::uint32_t uid) {
  const std::string octets = mailbox.messages.at(uid).octets;
  const auto target = std::ranges::find_if(
      state_.mailboxes(), [&](const auto& one) { return &one.second != &mailbox; });
  if (octets.size() % 3 != 0 || target == state_.mailboxes().end()) return;
  state_.copy(mailbox, uid, *state_.find(target->first));
  mailbox.expunge(uid);
  if (state_.filtered) state_.filtered(octets, target->first);
}

std::string SimSession::fetch_item(const std::string& item, const ServerMessage& message) {
  if (item == "FLAGS") return fmt::format("FLAGS ({})", message.flags.to_string());
  if (item == "MODSEQ") return modseq(message.modseq);
  if (item == "INTERNALDATE") {
    return fmt::format("INTERNALDATE \"{}\"", print_internal_date(message.internal_date));
  }
  if (item == "EMAILID" && abilities_.objectid)
    return fmt::format("EMAILID (M{})", message.email_id);
  if (item == "RFC822.SIZE") return fmt::format("RFC822.SIZE {}", message.octets.size());
  if (item == "BODY.PEEK[HEADER]") return "BODY[HEADER] " + literal(header_of(message.octets));
  if (item.starts_with("BODY.PEEK[HEADER.FIELDS (")) {
    return "BODY" + item.substr(9) + " " + literal(fields_of(message.octets, item));
  }
  if (item == "BODY.PEEK[]") {
    ++state_.bodies_sent;
    return "BODY[] " + literal(message.octets);
  }
  return {};
}

std::string SimSession::fetch_line(std::size_t number, std::uint32_t uid,
                                   const ServerMessage& message,
                                   const std::vector<Argument>& items) {
  std::string text = fmt::format("UID {}", uid);
  for (const Argument& argument : items) {
    if (ascii_iequals(argument.text, "UID")) continue;
    text += " " + fetch_item(ascii_upper(argument.text), message);
  }
  return fmt::format("* {} FETCH ({})", number, text);
}

void SimSession::fetch(const ClientCommand& command) {
  const auto uids = uids_of(command);
  if (!uids || command.arguments[1].items.empty()) return bad(command);
  std::uint64_t since = 0;
  bool vanished = false;
  if (command.arguments.size() > 2) {
    const std::vector<Argument>& modifiers = command.arguments[2].items;
    if (!abilities_.condstore || modifiers.size() < 2) return bad(command);
    since = parse_number(modifiers[1].text).value_or(0);
    vanished = modifiers.size() == 3 && ascii_iequals(modifiers[2].text, "VANISHED");
    if (vanished && !qresync_on_) return bad(command);
    enable_condstore();
  }
  std::vector<Argument> items = command.arguments[1].items;
  const bool modseq_asked = std::ranges::any_of(
      items, [](const Argument& item) { return ascii_iequals(item.text, "MODSEQ"); });
  if (modseq_asked && !abilities_.condstore) return bad(command);
  if (modseq_asked) enable_condstore();
  if (since != 0) add_item(items, "MODSEQ");
  const ServerMailbox& mailbox = *selected_mailbox();
  if (vanished) tell_earlier(mailbox, *uids, since);
  bool all_whole = true;
  std::vector<std::uint32_t> asked = in_view(*uids);
  std::erase_if(asked, [&](std::uint32_t uid) {
    const auto it = mailbox.messages.find(uid);
    return it != mailbox.messages.end() && it->second.modseq <= since;
  });
  const std::string limited = limit(asked);
  for (const std::uint32_t uid : asked) {
    ServerMessage message = *mailbox.seen(uid);
    std::vector<Argument> told = items;
    if (!mailbox.messages.contains(uid)) {
      all_whole = fetch_gone(mailbox.vanished.at(uid), message, told) && all_whole;
    }
    if (tells_as(Manners::cyrus) && condstore_on_ && message.modseq > told_before_) {
      add_item(told, "MODSEQ");
    }
    if (message.modseq > since) say(fetch_line(number_of(uid), uid, message, told));
  }
  ok(command, !all_whole ? "[EXPUNGEISSUED] some are gone" : limited.empty() ? "done" : limited);
}

// What is left of a message that another session expunged; false if its octets are not.
bool SimSession::fetch_gone(std::uint64_t vanished_at, ServerMessage& message,
                            std::vector<Argument>& items) const {
  if (tells_as(Manners::cyrus)) {
    message.modseq = vanished_at;
    add_item(items, "FLAGS");
    return true;
  }
  const bool reads = std::ranges::any_of(
      items, [](const Argument& item) { return ascii_upper(item.text).starts_with("BODY"); });
  if (abilities_.gone == Gone::body || !reads) return true;
  if (abilities_.gone == Gone::made_up) {
    message.octets =
        "From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n\r\n"
        "This message is no longer available on the server.\r\n";
    return true;
  }
  message.octets.clear();
  message.internal_date = 0;
  return false;
}

// RFC 7162 section 3.2.6. Dovecot leaves out what it has not yet told as expunged.
void SimSession::tell_earlier(const ServerMailbox& mailbox, const UidSet& uids,
                              std::uint64_t since) {
  UidSet gone;
  for (const auto& [uid, modseq] : mailbox.vanished) {
    const bool untold = std::ranges::binary_search(selected_->view, uid);
    if (untold && tells_as(Manners::dovecot)) continue;
    if (modseq > since && uids.contains(Uid{uid})) gone.add(Uid{uid});
  }
  if (!gone.empty()) say("* VANISHED (EARLIER) " + gone.to_string());
}

void SimSession::store(const ClientCommand& command) {
  const auto uids = UidSet::parse(command.arguments[0].text);
  const std::size_t count = command.arguments.size();
  const std::string how = ascii_upper(command.arguments[count - 2].text);
  const FlagSet flags = flags_of(command.arguments[count - 1].items);
  const bool adds = how == "+FLAGS.SILENT";
  if (!can_be_set(command.arguments[count - 1].items)) return bad(command);
  if (!uids || (!adds && how != "-FLAGS.SILENT")) return bad(command);
  std::uint64_t unchanged_since = UINT64_MAX;
  if (count == 4) {
    if (!abilities_.condstore || command.arguments[1].items.size() != 2) return bad(command);
    unchanged_since = parse_number(command.arguments[1].items[1].text).value_or(0);
    enable_condstore();
  }
  ServerMailbox& mailbox = *selected_mailbox();
  const std::uint64_t before_all = mailbox.highest_modseq;
  mailbox.keep_keywords(flags);
  UidSet refused;
  std::vector<std::uint32_t> asked = in_view(*uids);
  const std::string limited = limit(asked);
  for (const std::uint32_t uid : asked) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end()) continue;
    if (it->second.modseq > unchanged_since) {
      refused.add(Uid{uid});
      continue;
    }
    ++state_.changes_by_sessions;
    ServerMessage& message = it->second;
    const FlagSet before = message.flags;
    const bool others_changed = message.modseq > selected_->told_modseq;
    mailbox.set_flags(uid, adds ? before.united(flags) : before.minus(flags));
    if (message.flags == before || tells_as(Manners::cyrus)) continue;
    message.modseq = mailbox.highest_modseq = before_all + 1;
    if (!others_changed) selected_->own.insert(uid);
  }
  if (tells_as(Manners::cyrus)) tell_stored(mailbox, *uids);
  if (!limited.empty()) return ok(command, limited);
  ok(command, refused.empty() ? "done" : fmt::format("[MODIFIED {}] not all", refused.to_string()));
}

void SimSession::search(const ClientCommand& command) {
  bool returns_all = false;
  bool deleted = false;
  UidSet wanted = UidSet::range(Uid{1}, Uid{UINT32_MAX});
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const std::string word = ascii_upper(command.arguments[i].text);
    const bool more = i + 1 < command.arguments.size();
    if (word == "RETURN" && more && abilities_.esearch) {
      returns_all = true;
      ++i;
    } else if (word == "UID" && more) {
      const auto uids = UidSet::parse(command.arguments[++i].text);
      if (!uids) return bad(command);
      wanted = *uids;
    } else if (word == "DELETED") {
      deleted = true;
    } else if (word != "ALL") {
      return bad(command);
    }
  }
  const ServerMailbox& mailbox = *selected_mailbox();
  UidSet found;
  std::string numbers;
  std::vector<std::uint32_t> asked = in_view(wanted);
  const std::string limited = limit(asked);
  for (const std::uint32_t uid : asked) {
    if (tells_as(Manners::cyrus) && !mailbox.messages.contains(uid)) continue;
    if (deleted && !mailbox.seen(uid)->flags.has(Flag::deleted)) continue;
    found.add(Uid{uid});
    numbers += fmt::format(" {}", uid);
  }
  if (returns_all) {
    say(fmt::format("* ESEARCH (TAG \"{}\") UID{}", command.tag,
                    found.empty() ? "" : " ALL " + found.to_string()));
  } else {
    say("* SEARCH" + numbers);
  }
  ok(command, limited.empty() ? "done" : limited);
}

// UID COPY and UID MOVE.
void SimSession::copy(const ClientCommand& command) {
  const auto uids = UidSet::parse(command.arguments[0].text);
  if (!uids) return bad(command);
  const std::string& name = command.arguments[1].text;
  ServerMailbox* target = state_.find(ascii_iequals(name, "INBOX") ? "INBOX" : name);
  ServerMailbox& source = *selected_mailbox();
  const std::vector<std::uint32_t> seen = in_view(*uids);
  const bool dovecot = tells_as(Manners::dovecot);
  if (dovecot && seen.empty()) return ok(command, "no messages");
  if (!target) return no(command, "[TRYCREATE] no such mailbox");
  const auto is_gone = [&source](std::uint32_t uid) { return !source.messages.contains(uid); };
  if (dovecot && std::ranges::any_of(seen, is_gone)) {
    return no(command, "[EXPUNGEISSUED] some are gone");
  }
  UidSet from;
  UidSet to;
  std::vector<std::uint32_t> copied;
  const bool moves = command.name == "UID MOVE";
  std::vector<std::uint32_t> asked = seen;
  std::erase_if(asked, is_gone);
  const std::string limited = moves ? limit(asked) : "";
  const bool half = moves && abilities_.half_move && asked.size() > 1;
  if (half) asked.pop_back();
  for (const std::uint32_t uid : asked) {
    to.add(Uid{state_.copy(source, uid, *target)});
    from.add(Uid{uid});
    copied.push_back(uid);
    ++state_.changes_by_sessions;
  }
  const std::string code = copied.empty() ? "" : copy_code(*target, from, to);
  if (!moves) return ok(command, code + "copied");
  if (!code.empty()) say("* OK " + code + "moved");
  expunge_all(source, copied);
  if (half) return no(command, "not all of them");
  ok(command, limited.empty() ? "moved" : limited);
}

std::string SimSession::copy_code(const ServerMailbox& target, UidSet from, UidSet to) const {
  if (!abilities_.uidplus || abilities_.no_copyuid) return "";
  if (abilities_.partial_copyuid && from.count() > 1) {
    from = from.minus(UidSet::range(from.last(), from.last()));
    to = to.minus(UidSet::range(to.last(), to.last()));
  }
  return fmt::format("[COPYUID {} {} {}] ", target.uidvalidity, from.to_string(), to.to_string());
}

void SimSession::expunge(const ClientCommand& command) {
  UidSet wanted = UidSet::range(Uid{1}, Uid{UINT32_MAX});
  if (!command.arguments.empty()) {
    const auto uids = UidSet::parse(command.arguments[0].text);
    if (!uids) return bad(command);
    wanted = *uids;
  }
  ServerMailbox& mailbox = *selected_mailbox();
  std::vector<std::uint32_t> gone;
  for (const std::uint32_t uid : in_view(wanted)) {
    const auto it = mailbox.messages.find(uid);
    if (it != mailbox.messages.end() && it->second.flags.has(Flag::deleted)) gone.push_back(uid);
  }
  expunge_all(mailbox, gone);
  const bool tells = tells_as(Manners::cyrus) && abilities_.condstore && !gone.empty();
  ok(command,
     tells ? fmt::format("[HIGHESTMODSEQ {}] expunged", mailbox.highest_modseq) : "expunged");
}

void SimSession::expunge_all(ServerMailbox& mailbox, const std::vector<std::uint32_t>& uids) {
  for (const std::uint32_t uid : uids) {
    const std::string octets = mailbox.messages.at(uid).octets;
    mailbox.expunge(uid);
    ++state_.changes_by_sessions;
    if (state_.gone) state_.gone(octets);
  }
  if (tells_as(Manners::cyrus)) tell_vanished(mailbox);
}

}  // namespace sterna::simulation
