// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backoff.h"

namespace sterna::account {

bool did_anything(const Counts& counts) {
  return counts.downloaded + counts.uploaded + counts.flags_in + counts.flags_out +
             counts.moved_in + counts.moved_out + counts.deleted_in + counts.deleted_out +
             counts.mailboxes_in + counts.mailboxes_out !=
         0;
}

bool changed_the_server(const Counts& counts) {
  return added_there(counts) || counts.flags_out + counts.mailboxes_out != 0;
}

bool added_there(const Counts& counts) {
  return counts.uploaded + counts.moved_out + counts.deleted_out != 0;
}

void add(Counts& sum, const Counts& more) {
  sum.downloaded += more.downloaded;
  sum.uploaded += more.uploaded;
  sum.flags_in += more.flags_in;
  sum.flags_out += more.flags_out;
  sum.moved_in += more.moved_in;
  sum.moved_out += more.moved_out;
  sum.deleted_in += more.deleted_in;
  sum.deleted_out += more.deleted_out;
  sum.mailboxes_in += more.mailboxes_in;
  sum.mailboxes_out += more.mailboxes_out;
  sum.bodies_fetched += more.bodies_fetched;
  sum.bytes_in += more.bytes_in;
  sum.bytes_out += more.bytes_out;
}

std::string summary_of(const Counts& counts) {
  std::string what;
  const auto tell = [&what](std::uint64_t count, std::string_view one, std::string_view many) {
    if (count == 0) return;
    what += fmt::format("{}{} {}", what.empty() ? "" : ", ", count, count == 1 ? one : many);
  };
  tell(counts.downloaded, "new here", "new here");
  tell(counts.uploaded, "sent", "sent");
  tell(counts.flags_in + counts.flags_out, "change of flags", "changes of flags");
  tell(counts.moved_in + counts.moved_out, "moved", "moved");
  tell(counts.deleted_in, "deleted here", "deleted here");
  tell(counts.deleted_out, "deleted on the server", "deleted on the server");
  tell(counts.mailboxes_in + counts.mailboxes_out, "mailbox", "mailboxes");
  return what;
}

void take_report(Life& life, const AccountReport& report, bool failed) {
  ++life.counters.syncs;
  add(life.counters.moved, report.counts);
  life.held = report.held;
  life.quarantined = report.quarantined;
  if (failed) return;
  life.waiting = 0;
  for (const WaitingLine& line : report.waiting) life.waiting += line.count;
}

void recall(Life& life, const AccountState& state) {
  life.held = state.held;
  life.quarantined = state.quarantined;
  life.waiting = state.pending;
  life.last_sync_ms = std::max(life.last_sync_ms, state.last_sync_ms);
}

void count_push(LifeCounters& counters, std::chrono::nanoseconds latency) {
  ++counters.pushes;
  counters.push_latency_sum += latency;
  counters.push_latency_max = std::max(counters.push_latency_max, latency);
}

bool set_pushed(Life& life, std::string by, std::vector<std::string> mailboxes) {
  if (life.push_by == by && life.pushed == mailboxes) return false;
  life.push_by = std::move(by);
  life.pushed = std::move(mailboxes);
  return true;
}

void Complaints::tell(const AccountReport& report, const Log& log) {
  std::set<std::string> now;
  for (const Error& error : report.errors) {
    if (error.is_cancelled()) continue;
    std::string text = error.describe();
    // The line has it in front already.
    const std::string prefix = fmt::format("account {}: ", report.account);
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    if (!error.hint().empty()) text += fmt::format(" ({})", error.hint());
    if (told_.contains(text)) {
      log.debug("{}", text);
    } else if (needs_person(patience_for(error).state)) {
      log.error("{}", text);
    } else {
      log.warn("{}", text);
    }
    now.insert(std::move(text));
  }
  told_ = std::move(now);
}

bool needs_person(LifeState state) {
  using enum LifeState;
  return state == needs_auth || state == needs_secret || state == held || state == error;
}

std::string_view to_string(LifeState state) {
  switch (state) {
    using enum LifeState;
    case starting:
      return "starting";
    case syncing:
      return "syncing";
    case watching:
      return "watching";
    case polling:
      return "polling";
    case offline:
      return "offline";
    case backoff:
      return "backoff";
    case paused:
      return "paused";
    case held:
      return "held";
    case needs_auth:
      return "needs-auth";
    case needs_secret:
      return "needs-secret";
    case error:
      return "error";
  }
  std::unreachable();
}

}  // namespace sterna::account
