// SPDX-License-Identifier: Apache-2.0
#include "last_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sterna/base/bytes.h"
#include "take_word.h"

namespace sterna::account {
namespace {

constexpr std::string_view kBehindKey = "mailboxes_behind";  // "ID:MS ID:MS"

Result<std::int64_t> account_time(store::Store& base) {
  STERNA_TRY(const std::optional<std::string> text, base.get(kLastSyncKey));
  return static_cast<std::int64_t>(parse_number(text.value_or(""), INT64_MAX).value_or(0));
}

bool failed_in(const Engine& engine, const MailboxWork& work) {
  if (engine.report.errors.empty()) return false;
  const std::string place = fmt::format("mailbox {}", work.name());
  return std::ranges::any_of(engine.report.errors, [&](const Error& error) {
    return std::ranges::find(error.context(), place) != error.context().end();
  });
}

std::string encode(const MailboxesBehind& behind) {
  std::string text;
  for (const auto& [id, at_ms] : behind) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", id, at_ms);
  }
  return text;
}

}  // namespace

Result<MailboxesBehind> mailboxes_behind(store::Store& base) {
  STERNA_TRY(const std::optional<std::string> stored, base.get(kBehindKey));
  MailboxesBehind behind;
  std::string_view rest = stored ? *stored : std::string_view();
  while (!rest.empty()) {
    const std::string_view one = take_word(rest);
    const std::size_t colon = one.find(':');
    const auto id = parse_number(one.substr(0, colon), INT64_MAX);
    if (!id || colon == std::string_view::npos) continue;
    const auto at_ms = parse_number(one.substr(colon + 1), INT64_MAX);
    behind[static_cast<std::int64_t>(*id)] = static_cast<std::int64_t>(at_ms.value_or(0));
  }
  return behind;
}

Status keep_last_sync(Engine& engine) {
  store::Store& base = *engine.store;
  STERNA_TRY(const std::int64_t before_ms, account_time(base));
  STERNA_TRY(const MailboxesBehind known, mailboxes_behind(base));
  STERNA_TRY(const std::vector<MailboxRow> rows, base.mailboxes());
  std::set<MailboxId> in_step;
  for (const auto& work : engine.mailboxes) {
    if (work->requested && !failed_in(engine, *work)) in_step.insert(work->row.id);
  }
  MailboxesBehind behind;
  for (const MailboxRow& row : rows) {
    if (in_step.contains(row.id)) continue;
    const auto at = known.find(row.id.value);
    const std::int64_t never_or_before = row.cursor.uid_next ? before_ms : 0;
    behind[row.id.value] = at == known.end() ? never_or_before : at->second;
  }
  if (behind != known) STERNA_CHECK(base.set(kBehindKey, encode(behind)));
  return base.set(kLastSyncKey, fmt::format("{}", engine.now_ms()));
}

}  // namespace sterna::account
