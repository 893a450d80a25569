// SPDX-License-Identifier: Apache-2.0
#include "news.h"

#include <algorithm>

#include "kept.h"

namespace sterna::account {

bool is_no_news(const Engine& engine, const MailboxWork& work) {
  if (!engine.news || engine.news->mailboxes.contains(work.row.wire.octets)) return false;
  const LocalDelta& local = work.input.local;
  const bool is_edited = std::ranges::any_of(local.changed, &LocalChange::content_changed);
  return !work.input.adopting && work.row.cursor.uidvalidity && local.arrived.empty() &&
         local.gone.empty() && !is_edited && !work.input.acts_on_deleted();
}

std::vector<MailboxWork*> without_news(const Engine& engine) {
  std::vector<MailboxWork*> found;
  for (const auto& work : engine.mailboxes) {
    if (work->requested && is_no_news(engine, *work)) found.push_back(work.get());
  }
  return found;
}

}  // namespace sterna::account
