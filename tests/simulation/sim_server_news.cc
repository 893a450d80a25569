// SPDX-License-Identifier: Apache-2.0
// When a session of the simulated server tells what others changed, and how: see Manners.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim_server.h"
#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

bool tells(const std::string& name) {
  static const std::set<std::string> kTelling{"NOOP",       "IDLE",       "APPEND",   "EXPUNGE",
                                              "UID FETCH",  "UID STORE",  "UID COPY", "UID MOVE",
                                              "UID SEARCH", "UID EXPUNGE"};
  return kTelling.contains(name);
}

}  // namespace

// What a command did itself is always told.
bool SimSession::is_late(const std::string& name) {
  static const std::set<std::string> kLate{"APPEND", "UID FETCH", "UID SEARCH", "UID COPY"};
  return abilities_.lags && kLate.contains(name) && ++commands_ % 3 != 0;
}

std::string SimSession::modseq(std::uint64_t value) {
  selected_->said_modseq = std::max(selected_->said_modseq, value);
  return fmt::format("MODSEQ ({})", value);
}

// Numbers count down or, each behind the one before, up.
void SimSession::tell_vanished(const ServerMailbox& mailbox) {
  std::vector<std::uint32_t>& view = selected_->view;
  const auto is_gone = [&mailbox](std::uint32_t uid) { return !mailbox.messages.contains(uid); };
  UidSet gone;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (!is_gone(view[i])) continue;
    gone.add(Uid{view[i]});
    numbers.push_back(tells_as(Manners::cyrus) ? i + 1 - numbers.size() : i + 1);
  }
  if (gone.empty()) return;
  if (tells_as(Manners::dovecot)) std::ranges::reverse(numbers);
  if (qresync_on_) {
    say("* VANISHED " + gone.to_string());
  } else {
    for (const std::size_t number : numbers) say(fmt::format("* {} EXPUNGE", number));
  }
  std::erase_if(view, is_gone);
}

void SimSession::tell_new(const ServerMailbox& mailbox) {
  std::vector<std::uint32_t>& view = selected_->view;
  const std::size_t before = view.size();
  const std::uint32_t last = view.empty() ? 0 : view.back();
  for (auto it = mailbox.messages.upper_bound(last); it != mailbox.messages.end(); ++it) {
    view.push_back(it->first);
  }
  tell_keywords(mailbox);
  if (view.size() != before) say(fmt::format("* {} EXISTS", view.size()));
  selected_->told_uid_next = mailbox.uid_next;
  selected_->told_modseq = mailbox.highest_modseq;
}

void SimSession::tell_keywords(const ServerMailbox& mailbox) {
  const std::size_t keywords = mailbox.keywords.to_imap().size();
  if (std::exchange(selected_->told_keywords, keywords) != keywords) say_flags(mailbox);
}

// Of its own silent STORE a session is told the mod-sequence alone.
void SimSession::tell_message(std::uint32_t uid, const ServerMessage& message, bool with_uid) {
  const bool silent = selected_->own.contains(uid);
  if (silent && !condstore_on_) return;
  std::string text;
  if (qresync_on_ || with_uid) text = fmt::format("UID {} ", uid);
  if (condstore_on_) text += modseq(message.modseq) + " ";
  if (!silent) text += fmt::format("FLAGS ({}) ", message.flags.to_string());
  text.pop_back();
  say(fmt::format("* {} FETCH ({})", number_of(uid), text));
}

// Of the messages that the session knows, and that the command does not tell itself.
void SimSession::tell_flags(const ServerMailbox& mailbox, const ClientCommand& command) {
  tell_keywords(mailbox);
  const bool cyrus = tells_as(Manners::cyrus);
  const std::string& name = command.name;
  const bool with_uid = cyrus ? name.starts_with("UID ") && name != "UID SEARCH"
                              : condstore_on_ && name == "UID STORE";
  const UidSet answered = cyrus ? answered_itself(command) : UidSet();
  for (const std::uint32_t uid : selected_->view) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end() || it->second.modseq <= selected_->told_modseq) continue;
    if (!answered.contains(Uid{uid})) tell_message(uid, it->second, with_uid);
  }
  selected_->own.clear();
  selected_->told_modseq = mailbox.highest_modseq;
}

// The messages whose flags the answer to a FETCH or STORE has anyway.
UidSet SimSession::answered_itself(const ClientCommand& command) const {
  const bool stores = command.name == "UID STORE";
  if ((command.name != "UID FETCH" && !stores) || command.arguments.size() < 2) return {};
  const bool flags = std::ranges::any_of(command.arguments[1].items, [](const Argument& item) {
    return ascii_iequals(item.text, "FLAGS");
  });
  return flags || stores ? uids_of(command).value_or(UidSet()) : UidSet();
}

// As Cyrus does it, silent or not.
void SimSession::tell_stored(const ServerMailbox& mailbox, const UidSet& uids) {
  for (const std::uint32_t uid : in_view(uids)) {
    const auto it = mailbox.messages.find(uid);
    if (it == mailbox.messages.end() || it->second.modseq <= told_before_) continue;
    tell_message(uid, it->second, true);
  }
  tell_keywords(mailbox);
  selected_->told_modseq = mailbox.highest_modseq;
}

void SimSession::tell_before(const ClientCommand& command) {
  const std::string& name = command.name;
  const bool own_status = name == "STATUS" && !command.arguments.empty() &&
                          command.arguments[0].text == selected_->name;
  if (tells_as(Manners::dovecot) || name == "APPEND" || !(tells(name) || own_status)) return;
  const ServerMailbox& mailbox = *selected_mailbox();
  if (name != "UID FETCH" && name != "UID SEARCH" && !own_status) tell_vanished(mailbox);
  told_before_ = selected_->told_modseq;
  if (name.ends_with("EXPUNGE")) return;
  tell_flags(mailbox, command);
  tell_new(mailbox);
}

void SimSession::tell_behind(const ClientCommand& command) {
  const ServerMailbox& mailbox = *selected_mailbox();
  if (tells_as(Manners::cyrus)) {
    const std::string& name = command.name;
    if (name == "UID FETCH" || name == "APPEND") tell_vanished(mailbox);
    if (name == "APPEND" || name.ends_with("EXPUNGE")) tell_flags(mailbox, command);
    if (name != "UID FETCH" && tells(name)) tell_new(mailbox);
  } else if (tells(command.name)) {
    tell_flags(mailbox, command);
    tell_vanished(mailbox);
    tell_new(mailbox);
  }
}

void SimSession::idle(const ClientCommand& command) {
  say("+ idling");
  idle_ = command;
  tell_in_idle();
  if (abilities_.idles_not) ok(*std::exchange(idle_, std::nullopt));
}

void SimSession::end_idle(const ClientCommand& command) {
  if (!ascii_iequals(command.line, "DONE")) return bad(command);
  const ClientCommand begun = *std::exchange(idle_, std::nullopt);
  ok(begun);
}

void SimSession::tell_in_idle() {
  if (abilities_.idles_mutely) return;
  if (selected_ && !selected_mailbox()) {
    say("* BYE the mailbox is gone");
    ended_ = true;
    return;
  }
  if (selected_) {
    const ServerMailbox& mailbox = *selected_mailbox();
    tell_flags(mailbox, *idle_);
    tell_vanished(mailbox);
    tell_new(mailbox);
  }
  tell_notified(false);
}

std::string SimSession::tire_of_idle() {
  if (idle_ && !ended_) ok(*std::exchange(idle_, std::nullopt));
  return std::exchange(out_, {});
}

std::string SimSession::tell() {
  if (idle_ && !ended_) tell_in_idle();
  return std::exchange(out_, {});
}

// The STATUS of each mailbox comes before the answer.
void SimSession::notify(const ClientCommand& command) {
  const std::vector<Argument>& words = command.arguments;
  if (words.size() < 4 || !ascii_iequals(words[0].text, "SET") ||
      !ascii_iequals(words[1].text, "STATUS")) {
    return bad(command);
  }
  condstore_on_ = condstore_on_ || abilities_.condstore;
  notified_.emplace();
  tell_notified(true);
  ok(command);
}

void SimSession::tell_notified(bool first) {
  if (!notified_) return;
  std::map<std::string, Notified> now;
  for (const auto& [name, mailbox] : state_.mailboxes()) {
    const Notified one{mailbox.messages.size(), mailbox.uid_next, mailbox.highest_modseq};
    now[name] = one;
    const auto before = notified_->find(name);
    const bool known = before != notified_->end();
    if (!known && !first) say(fmt::format("* LIST () \"{}\" \"{}\"", state_.delimiter, name));
    if ((known && before->second == one) || (selected_ && selected_->name == name)) continue;
    const bool flags_alone =
        known && before->second.messages == one.messages && before->second.uid_next == one.uid_next;
    std::string counts = fmt::format("MESSAGES {} UIDNEXT {}", one.messages, one.uid_next);
    if (flags_alone) counts.clear();
    if (abilities_.condstore) {
      counts += fmt::format("{}HIGHESTMODSEQ {}", counts.empty() ? "" : " ", one.highest_modseq);
    }
    if (!counts.empty()) say(fmt::format("* STATUS \"{}\" ({})", name, counts));
  }
  for (const auto& [name, told] : *notified_) {
    if (now.contains(name)) continue;
    say(fmt::format("* LIST (\\NonExistent) \"{}\" \"{}\"", state_.delimiter, name));
  }
  notified_ = std::move(now);
}

}  // namespace sterna::simulation
