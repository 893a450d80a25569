// SPDX-License-Identifier: Apache-2.0
// What the halves of `sterna check` share: the lines that they find, one a step.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hints.h"
#include "inspect_parts.h"
#include "sterna/account/inspect.h"

namespace sterna::account {

class Findings {
 public:
  void ok(std::string what, std::string detail) {
    lines.push_back({std::move(what), CheckStatus::ok, std::move(detail), {}, {}});
  }
  void warn(std::string what, std::string detail, std::string hint) {
    lines.push_back(
        {std::move(what), CheckStatus::warning, std::move(detail), std::move(hint), {}});
  }
  void failed(std::string what, Error error) {
    std::string hint = hint_for(error);
    std::string detail = error.describe();
    lines.push_back({std::move(what), CheckStatus::failed, std::move(detail), std::move(hint),
                     std::move(error)});
  }
  void skipped(std::string what) {
    lines.push_back({std::move(what), CheckStatus::skipped, {}, {}, {}});
  }

  std::vector<CheckLine> lines;
};

// The Maildir and the state, the room for both, and what a sync would do there. Blocks.
// `probe_name` is a directory that is made for a moment, and that nobody else uses.
void check_disk(Findings& findings, const Services& services, const Settings& settings,
                const std::string& probe_name);

// Which mailbox has which role, what of the settings' roles has no effect, and whether there is a
// Trash where deletions want one.
void report_roles(Findings& findings, const Settings& settings,
                  const std::vector<ServerMailbox>& mailboxes);

}  // namespace sterna::account
