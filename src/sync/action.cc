// SPDX-License-Identifier: Apache-2.0
// Names and places of actions, for logs, histories and tests.
#include <array>

#include "overloaded.h"
#include "sterna/sync/mailbox_plan.h"
#include "sterna/sync/plan.h"

namespace sterna::sync {

std::string_view kind_of(const Action& action) {
  constexpr std::array<std::string_view, 15> names{
      "pair",          "record",       "missed",     "download",  "move_in",
      "move_out",      "pull_flags",   "push_flags", "upload",    "repair",
      "clear_deleted", "close_intent", "forget",     "delete_in", "delete_out"};
  static_assert(names.size() == std::variant_size_v<ActionKind>);
  return names[action.what.index()];
}

MailboxId mailbox_of(const Action& action) {
  return std::visit(Overloaded{[](const MoveIn& move) { return move.to.mailbox; },
                               [](const MoveOut& move) { return move.to.mailbox; },
                               [](const CloseIntent&) { return MailboxId(); },
                               [](const auto& other) { return other.where.mailbox; }},
                    action.what);
}

std::string_view to_string(HeldKind kind) {
  constexpr std::array<std::string_view, 6> names{"delete_remote", "delete_local", "flags_lost",
                                                  "orphan",        "resurrected",  "moved_away"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view kind_of(const MailboxAction& action) {
  constexpr std::array<std::string_view, 15> names{
      "adopt",        "rename_row",    "step_aside",   "rename_local", "rename_remote",
      "create_local", "create_remote", "freeze",       "wait",         "hold",
      "forget",       "empty_local",   "empty_remote", "remove_local", "remove_remote"};
  static_assert(names.size() == std::variant_size_v<MailboxActionKind>);
  return names[action.what.index()];
}

MailboxId id_of(const MailboxAction& action) {
  return std::visit([](const auto& what) { return what.id; }, action.what);
}

std::string_view to_string(MailboxHeld kind) {
  constexpr std::array<std::string_view, 4> names{"mailbox_remote", "mailbox_local", "mailbox_kept",
                                                  "mailbox_name"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace sterna::sync
