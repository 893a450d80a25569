// SPDX-License-Identifier: Apache-2.0
// An IMAPAccount of mbsync: how to reach the server and how to log in.
#pragma once

#include <string_view>

#include "draft.h"
#include "mbsync_file.h"

namespace sterna::importer {

// `imap` is an IMAPAccount, or an IMAPStore that has no account of its own.
void carry_login(const MbsyncSection& imap, std::string_view about, Draft& draft, Remarks& remarks);

}  // namespace sterna::importer
