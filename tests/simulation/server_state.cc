// SPDX-License-Identifier: Apache-2.0
#include "server_state.h"

#include <utility>

#include "sterna/base/assert.h"

namespace sterna::simulation {
std::uint32_t ServerMailbox::append(std::string octets, FlagSet flags, std::int64_t internal_date,
                                    std::uint64_t email_id) {
  const std::uint32_t uid = uid_next++;
  keep_keywords(flags);
  if (email_id == 0) email_id = (std::uint64_t{uidvalidity} << 32) + uid;
  messages[uid] = {std::move(flags), ++highest_modseq, internal_date, std::move(octets), email_id};
  return uid;
}

void ServerMailbox::set_flags(std::uint32_t uid, FlagSet flags) {
  ServerMessage& message = messages.at(uid);
  if (message.flags == flags) return;
  keep_keywords(flags);
  message.flags = std::move(flags);
  message.modseq = ++highest_modseq;
}

void ServerMailbox::keep_keywords(const FlagSet& flags) {
  for (const std::string& word : flags.to_imap()) {
    if (!word.starts_with('\\')) keywords.add_keyword(word);
  }
}

void ServerMailbox::expunge(std::uint32_t uid) {
  const auto node = messages.extract(uid);
  STERNA_ASSERT(!node.empty());
  expunged[uid] = node.mapped();
  vanished[uid] = ++highest_modseq;
}

const ServerMessage* ServerMailbox::seen(std::uint32_t uid) const {
  for (const auto* all : {&messages, &expunged}) {
    const auto it = all->find(uid);
    if (it != all->end()) return &it->second;
  }
  return nullptr;
}

ServerMailbox* ServerState::find(const std::string& name) {
  const auto it = mailboxes_.find(name);
  return it == mailboxes_.end() ? nullptr : &it->second;
}

bool ServerState::create(const std::string& name) {
  const auto [it, fresh] = mailboxes_.try_emplace(name);
  if (fresh) it->second.uidvalidity = next_uidvalidity_++;
  if (fresh) it->second.id = ++next_id_;
  return fresh;
}

void ServerState::renumber(const std::string& name) {
  ServerMailbox& old = mailboxes_.at(name);
  ServerMailbox fresh;
  fresh.id = old.id;
  fresh.uidvalidity = next_uidvalidity_++;
  for (auto& [uid, message] : old.messages) {
    fresh.append(std::move(message.octets), message.flags, message.internal_date, message.email_id);
  }
  old = std::move(fresh);
}

bool ServerState::remove(const std::string& name) {
  return mailboxes_.erase(name) == 1;
}

bool ServerState::rename(const std::string& from, const std::string& to) {
  if (!mailboxes_.contains(from) || mailboxes_.contains(to)) return false;
  std::map<std::string, ServerMailbox> renamed;
  for (auto& [name, mailbox] : mailboxes_) {
    const bool below = name.starts_with(from + delimiter);
    renamed[name == from || below ? to + name.substr(from.size()) : name] = std::move(mailbox);
  }
  mailboxes_ = std::move(renamed);
  return true;
}

std::uint32_t ServerState::copy(ServerMailbox& from, std::uint32_t uid, ServerMailbox& to) {
  const ServerMessage message = from.messages.at(uid);
  return to.append(message.octets, message.flags, message.internal_date, message.email_id);
}

}  // namespace sterna::simulation
