// SPDX-License-Identifier: Apache-2.0
// The day's allowance: how much a server lets through in a day, where it is known to count
// (imap::Quirks). Who goes beyond is locked out for up to a day, with all other clients of the
// account; so what is much waits here instead, mailbox by mailbox, the newest first.
//
// All that the account's connections carry is counted. A part of what may be fetched is kept for
// what arrives while the rest of a mailbox waits, and a part for other clients.
#pragma once

#include "engine.h"
#include "sterna/imap/quirks.h"

namespace sterna::account {

enum class Share : std::uint8_t {
  most,  // for what was there before
  all    // for what arrives meanwhile
};

// ErrorCode::day_limit where that is used up; it says from when on it is not.
Status check_fetched(Engine& engine, const imap::Quirks& quirks, Share share);
// In octets: what may be sent yet, of what may be in a day.
struct SendRoom {
  std::uint64_t left = 0;
  std::uint64_t whole = 0;
};
// None: however much.
Result<std::optional<SendRoom>> may_be_sent(Engine& engine, const imap::Quirks& quirks);
// Why one of so many waits, while `before` are sent.
Result<Error> not_sent(Engine& engine, const imap::Quirks& quirks, std::uint64_t before,
                       std::uint64_t octets);
// How much may be asked for at a time, so that what is on its way is little of a day's; 0: however
// much.
std::uint64_t octets_at_a_time(const imap::Quirks& quirks);

// For the next syncs: within the transaction that records what was fetched or sent, and at the end.
Status keep_counted(Engine& engine);

// Of `uids` what may be fetched now, and why not all of it.
struct Today {
  UidSet uids;
  Share share = Share::most;
  std::optional<Error> rest;
};
Result<Today> what_today(Engine& engine, const imap::Quirks& quirks, const MailboxWork& work,
                         UidSet uids);

// A mailbox whose rest waits has no cursor and is listed whole at each look, which counts: that is
// once an hour, or when there is news of it on either side.
Status rest_for_a_while(Engine& engine, const MailboxWork& work);
// Why it is not looked at now; none: it is.
Result<std::optional<Error>> why_resting(Engine& engine, const imap::Quirks& quirks,
                                         const MailboxWork& work);

}  // namespace sterna::account
