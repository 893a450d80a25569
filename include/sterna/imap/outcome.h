// SPDX-License-Identifier: Apache-2.0
// From a refusal of the server to an Error with scope and disposition (RFC 5530; docs/imap.md).
#pragma once

#include "sterna/base/error.h"
#include "sterna/imap/client.h"

namespace sterna::imap {

// The Error for a command that was answered NO or BAD. Precondition: !done.ok(). What may concern
// the account or one mailbox (LIMIT, UNAVAILABLE, CONTACTADMIN) concerns what the command does.
Error error_from(const Done& done);

// The Error for a BYE that was not asked for.
Error error_from_bye(const UntaggedStatus& bye);

}  // namespace sterna::imap
