// SPDX-License-Identifier: Apache-2.0
#include "describe_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace sterna::account {
namespace {

// Reasons of one action in one mailbox; the rest of them is told as one.
constexpr std::size_t kReasonsMax = 6;

// Notes in the base: a sync that does nothing else has nothing to do.
bool changes_no_side(const sync::Action& action) {
  return std::holds_alternative<sync::Record>(action.what) ||
         std::holds_alternative<sync::Forget>(action.what) ||
         std::holds_alternative<sync::Missed>(action.what) ||
         std::holds_alternative<sync::CloseIntent>(action.what);
}

class Lines {
 public:
  explicit Lines(Engine& engine) : engine_(engine) {}

  void add(MailboxId id, std::string_view action, std::uint64_t count, std::string reason) {
    const MailboxWork* work = engine_.find(id);
    const std::string name = work ? work->name() : std::string();
    std::vector<PlannedLine>& lines = lines_[{name, std::string(action)}];
    for (PlannedLine& line : lines) {
      if (line.reason != reason) continue;
      line.count += count;
      return;
    }
    if (lines.size() == kReasonsMax) {
      lines.back().count += count;
      lines.back().reason = "for several other reasons";
      return;
    }
    lines.push_back({name, std::string(action), count, std::move(reason)});
  }

  void give_to(std::vector<PlannedLine>& plan) {
    for (auto& [key, lines] : lines_) {
      for (PlannedLine& line : lines) plan.push_back(std::move(line));
    }
  }

 private:
  Engine& engine_;
  std::map<std::pair<std::string, std::string>, std::vector<PlannedLine>> lines_;
};

// A mailbox that would be made here has not been looked into on the server: what is missed there
// may be in it.
std::string_view where_it_may_be(const Engine& engine) {
  const bool any = std::ranges::any_of(
      engine.report.plan, [](const PlannedLine& line) { return line.action == "create_local"; });
  return any ? ", unless it was moved into a mailbox that is to be made" : "";
}

}  // namespace

void describe_plan(Engine& engine, const sync::Plan& plan) {
  Lines lines(engine);
  const std::string_view doubt = where_it_may_be(engine);
  for (const sync::Action& action : plan.actions) {
    if (changes_no_side(action)) continue;
    const MailboxId mailbox = sync::mailbox_of(action);
    const auto* fetch = std::get_if<sync::Download>(&action.what);
    const std::string_view kind = sync::kind_of(action);
    lines.add(mailbox, kind, fetch ? fetch->uids.count() : 1,
              fmt::format("{}{}", action.reason, kind == "delete_in" ? doubt : ""));
    // What an edit replaces leaves the server in the pass after this one.
    const auto* upload = std::get_if<sync::Upload>(&action.what);
    if (upload && upload->replaces) {
      lines.add(mailbox, "delete_out", 1, "replaced by what was edited here");
    }
  }
  for (const sync::Held& held : plan.held) {
    lines.add(held.mailbox, fmt::format("held_{}", sync::to_string(held.kind)), 1, held.reason);
  }
  for (const sync::Waiting& waiting : plan.waiting) {
    if (waiting.pending) lines.add(waiting.mailbox, "wait", 1, waiting.reason);
  }
  lines.give_to(engine.report.plan);
}

}  // namespace sterna::account
