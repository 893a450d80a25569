// SPDX-License-Identifier: Apache-2.0
// The numbers of IMAP and of the state, each a type of its own.
#pragma once

#include <cstdint>

#include "sterna/base/ids.h"

namespace sterna {

// RFC 3501 section 2.3.1.1: 32 bits, 0 is "none". Numbers near 2^32 are legal.
using Uid = StrongId<struct UidTag, std::uint32_t>;
using UidValidity = StrongId<struct UidValidityTag, std::uint32_t>;
// A message sequence number: valid only at the moment of the response that carries it.
using SeqNum = StrongId<struct SeqNumTag, std::uint32_t>;
// RFC 7162: 63 bits, 0 is "none known".
using ModSeq = StrongId<struct ModSeqTag, std::uint64_t>;
// The row of a mailbox in the account's database; survives renames.
using MailboxId = StrongId<struct MailboxIdTag, std::int64_t>;
// The row of an intent.
using IntentId = StrongId<struct IntentIdTag, std::int64_t>;
// Counts passes of an account; each observation names the generation at which it began.
using Generation = StrongId<struct GenerationTag, std::int64_t>;
// One tree of Maildirs: random, made once, kept in its marker and in the name of every file that
// Sterna downloads into it. 0 is "none".
using TreeId = StrongId<struct TreeIdTag, std::uint64_t>;
// One database of an account: random, made with it. 0 is "none".
using StateId = StrongId<struct StateIdTag, std::uint64_t>;

inline constexpr Uid kUidMax{UINT32_MAX};

}  // namespace sterna
