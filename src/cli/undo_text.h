// SPDX-License-Identifier: Apache-2.0
// What `sterna undo` tells people, and scripts. Pure.
#pragma once

#include <string>
#include <vector>

#include "sterna/account/undo.h"
#include "style.h"

namespace sterna::cli {

struct UndoRow {
  std::string account;
  account::UndoLine line;
};

// A row a message, with its number; below it who wrote it, and why it went.
std::string undo_text(const std::vector<UndoRow>& rows, const Style& style = {});

// A line a message that is back, and one for what is not as one may think.
std::string restored_text(const std::string& account, const account::Restoration& restoration);

}  // namespace sterna::cli
