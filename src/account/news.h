// SPDX-License-Identifier: Apache-2.0
// What a pass that looks at news alone (kept.h) takes as the base has it.
#pragma once

#include <vector>

#include "engine.h"

namespace sterna::account {

// The server would have told. A file that came, or was written anew, may be on the server already,
// and one that goes may have gone there: they ask for a look whatever was told.
bool is_no_news(const Engine& engine, const MailboxWork& work);
std::vector<MailboxWork*> without_news(const Engine& engine);

}  // namespace sterna::account
