// SPDX-License-Identifier: Apache-2.0
#include "pairings.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "decisions.h"
#include "sterna/base/bytes.h"
#include "time_units.h"

namespace sterna::account {
namespace {

// When the last two were, in lived time; none: that long ago, or never.
struct Pairings {
  std::optional<std::uint64_t> before_last;
  std::optional<std::uint64_t> last;
};

Result<Pairings> pairings_of(const Engine& engine, MailboxId mailbox) {
  STERNA_TRY(const auto text, engine.store->get(pairings_key(mailbox)));
  if (!text) return Pairings{};
  const std::size_t space = text->find(' ');
  if (space == std::string::npos) return Pairings{{}, parse_number(*text)};
  return Pairings{parse_number(text->substr(0, space)), parse_number(text->substr(space + 1))};
}

}  // namespace

Status may_pair_anew(const Engine& engine, const MailboxWork& work) {
  STERNA_TRY(const Pairings known, pairings_of(engine, work.row.id));
  if (!known.before_last) return {};
  const std::int64_t left_ms =
      static_cast<std::int64_t>(*known.before_last) + kDayMs - engine.store->lived_ms();
  if (left_ms <= 0) return {};
  return fail(
      Error(ErrorCode::protocol, "its UIDVALIDITY changed for the third time in a day")
          .with_scope(ErrorScope::mailbox)
          .with_hint("nothing of it is synced or deleted until a day after the first time; tell "
                     "whoever runs the server that it must stay (RFC 3501, 2.3.1.1), or leave the "
                     "mailbox out by `mailboxes`"));
}

Status note_pairing(const Engine& engine, MailboxId mailbox) {
  STERNA_TRY(const Pairings known, pairings_of(engine, mailbox));
  const std::int64_t now = engine.store->lived_ms();
  return engine.store->set(pairings_key(mailbox), known.last
                                                      ? fmt::format("{} {}", *known.last, now)
                                                      : fmt::format("{}", now));
}

}  // namespace sterna::account
