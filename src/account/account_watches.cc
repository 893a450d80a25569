// SPDX-License-Identifier: Apache-2.0
// What an account that lives makes of what its watches tell.
#include <algorithm>
#include <iterator>
#include <utility>

#include "account_impl.h"
#include "walk_local.h"

namespace sterna::account {

// Not for its own writes, nor for what was not watched before.
bool Account::Impl::needs_hook(const Due& due) const {
  const bool has_news = remote.has_news() && !remote.is_echo();
  return due.everything || has_news || local.is_told() ||
         schedule.due(now(), {}, std::nullopt).news;
}

// What a sync that failed was told of is known still, and not done.
void Account::Impl::look_ended(const News& news, bool in_vain) {
  if (!kept.failure && in_vain) {
    // A server that tells without end of what is not there does not keep us busy.
    schedule.told_in_vain(now());
    remote.told_in_vain(news, life_settings.poll_interval);
  }
  if (!kept.failure) return;
  for (const std::string& wire : news.mailboxes) remote.nominate_others(wire);
}

// By the account's first line, where the server has no NOTIFY: INBOX, or if that is not synced the
// first mailbox that is to be watched. None: there is none.
const KnownMailbox* Account::Impl::listened_to() const {
  auto found = std::ranges::find_if(kept.mailboxes,
                                    [](const KnownMailbox& one) { return one.name.is_inbox(); });
  if (found == kept.mailboxes.end() && life_settings.pushes)
    found = std::ranges::find_if(kept.mailboxes, life_settings.pushes, &KnownMailbox::name);
  return found == kept.mailboxes.end() ? nullptr : &*found;
}

// What deserves a line of its own, where one line does not tell of everything.
void Account::Impl::watch_beside() {
  const Connection* connection = kept.pool.open_primary();
  const bool possible = connection && remote.can_listen(*connection) && !remote.has_notify() &&
                        !connection->has(imap::Capability::notify) && !told_beside;
  if (!possible || !life_settings.pushes) return beside.cover_none();
  const KnownMailbox* first = listened_to();
  std::vector<KnownMailbox> mailboxes;
  std::ranges::copy_if(kept.mailboxes, std::back_inserter(mailboxes), [&](const auto& one) {
    return &one != first && life_settings.pushes(one.name);
  });
  beside.cover(std::move(mailboxes), connection->quirks.connections_max);
}

// Of which mailboxes the server tells; told when it changes.
void Account::Impl::note_pushed() {
  const bool listens = !schedule.is_waiting() && state_at_rest() == LifeState::watching;
  const bool all = listens && remote.has_notify();
  std::vector<std::string> pushed;
  if (all) {
    for (const KnownMailbox& mailbox : kept.mailboxes) pushed.push_back(mailbox.name.text());
  } else if (listens) {
    pushed = beside.listening();
    if (const KnownMailbox* first = listened_to())
      pushed.insert(pushed.begin(), first->name.text());
  }
  if (set_pushed(life, all ? "NOTIFY" : listens ? "IDLE" : "", std::move(pushed)))
    observer.on_life(self);
}

// Also while the server cannot be reached, and in a pause that was there before any sync: what
// changes here meanwhile is counted.
coro::Task<void> Account::Impl::watch_maildir() {
  const bool failed_here = kept.failure && !kept.failure->is_cancelled();
  const bool not_looked = failed_here || (pause_until && kept.directories.empty());
  if (not_looked) {
    auto walk = [this] { return directories_to_watch(services.files, settings); };
    if (auto found = co_await on_worker(services, walk)) kept.directories = std::move(*found);
  }
  if (!kept.directories.empty()) local.cover(kept.directories);
  // A disk may be mounted over what is watched now.
  if (not_looked) local.doubt_directories();
}

// No call to the kernel that waits for a disk can be broken off: it is told, and waited for.
void Account::Impl::on_disk(bool silent) {
  life.disk_silent = silent;
  if (silent) {
    log.warn(
        "no disk has answered for {} s, and is waited for: that of {}, of {}, or of another "
        "account, whose work came first",
        kDiskSilentMax.count(), settings.maildir, settings.state_dir);
  } else {
    log.info("the disk answers again");
  }
  observer.on_life(self);
}

}  // namespace sterna::account
