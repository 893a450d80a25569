// SPDX-License-Identifier: Apache-2.0
// What an account that lives makes of what its watches tell.
#include <utility>

#include "account_impl.h"
#include "walk_local.h"

namespace sterna::account {

// Not for its own writes, nor for what was not watched before.
bool Account::Impl::needs_hook(const Due& due) const {
  return due.everything || remote.has_news() || local.is_told() ||
         schedule.due(now(), {}, std::nullopt).news;
}

// What a sync that failed was told of is known still, and not done.
void Account::Impl::look_ended(const News& news, bool everything) {
  using Look = LocalWatch::Look;
  const Look how = everything ? Look::everything : Look::some;
  local.looked(kept.failure ? Look::failed : how, std::exchange(kept.own, {}));
  if (!kept.failure) return;
  for (const std::string& wire : news.mailboxes) remote.nominate(wire);
}

// Also while the server cannot be reached: what changes here meanwhile is counted.
coro::Task<void> Account::Impl::watch_maildir() {
  if (kept.failure && !kept.failure->is_cancelled()) {
    auto walk = [this] { return directories_to_watch(services.files, settings); };
    if (auto found = co_await on_worker(services, walk)) kept.directories = std::move(*found);
  }
  if (!kept.directories.empty()) local.cover(kept.directories);
}

}  // namespace sterna::account
